//! Base64url without padding (RFC 4648 §5), for APIs, messages and files.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text is not base64url without padding, or its last character carries stray bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base64UrlError;

impl std::fmt::Display for Base64UrlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not base64url without padding: copy the text again in full")
    }
}

impl std::error::Error for Base64UrlError {}

/// Writes `bytes` in the URL-safe alphabet, without padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads what [`encode`] wrote; one text per byte string, so nothing else is accepted.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64UrlError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Base64UrlError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn padding_other_alphabet_spaces_and_stray_bits_are_refused() {
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        for wrong in ["-_8=", "+/8", "-_8 ", "-_9", "-_8\n", "a"] {
            assert_eq!(decode(wrong), Err(Base64UrlError), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn an_accepted_text_is_the_only_one_for_its_bytes(text in "[A-Za-z0-9_=+/-]{0,12}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
