//! Bytes as decimal digits, so that a QR code can hold them in its numeric mode.
//!
//! Seven bytes, read as a little-endian number, become 17 digits; the last one to six bytes become
//! 3, 5, 8, 10, 13 or 15. That is 2.43 digits a byte at 3⅓ bits a digit: 1 % more than the bytes.

use std::fmt::{self, Write as _};

const GROUP_BYTES: usize = 7;
const GROUP_DIGITS: usize = 17;
/// Digits of the last group by its bytes.
const TAIL_DIGITS: [usize; GROUP_BYTES] = [0, 3, 5, 8, 10, 13, 15];

/// Why a text is not digits that [`encode`] wrote. Places count characters from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigitsError {
    /// Something other than a digit from 0 to 9.
    NotADigit { place: usize },
    /// No number of bytes gives so many digits: some were lost or added.
    Length(usize),
    /// The group that starts here is larger than its bytes can hold.
    TooLarge { place: usize },
}

impl fmt::Display for DigitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotADigit { place } => write!(f, "character {place} is not a digit"),
            Self::Length(digits) => write!(f, "{digits} digits: some were lost or added"),
            Self::TooLarge { place } => write!(f, "the digits from place {place} are not ours"),
        }
    }
}

impl std::error::Error for DigitsError {}

/// Writes `bytes` as decimal digits.
pub fn encode(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * GROUP_DIGITS / GROUP_BYTES + GROUP_DIGITS);
    for group in bytes.chunks(GROUP_BYTES) {
        let number = group.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let width = TAIL_DIGITS.get(group.len()).copied().unwrap_or(GROUP_DIGITS);
        // Writing to a String cannot fail.
        let _ = write!(digits, "{number:0width$}");
    }
    digits
}

/// Reads what [`encode`] wrote; one text per byte string, so nothing else is accepted.
pub fn decode(text: &str) -> Result<Vec<u8>, DigitsError> {
    if let Some(at) = text.chars().position(|c| !c.is_ascii_digit()) {
        return Err(DigitsError::NotADigit { place: at + 1 });
    }
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for (index, group) in text.as_bytes().chunks(GROUP_DIGITS).enumerate() {
        let count = match TAIL_DIGITS.iter().position(|digits| *digits == group.len()) {
            Some(count) => count,
            None if group.len() == GROUP_DIGITS => GROUP_BYTES,
            None => return Err(DigitsError::Length(text.len())),
        };
        let number = group.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        if number >> (8 * count) != 0 {
            return Err(DigitsError::TooLarge { place: index * GROUP_DIGITS + 1 });
        }
        bytes.extend(number.to_le_bytes().into_iter().take(count));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_bytes_are_eight_digits_with_the_lowest_byte_first() {
        assert_eq!(encode(&[0x61, 0x62, 0xff]), "16736865");
        assert_eq!(decode("16736865"), Ok(vec![0x61, 0x62, 0xff]));
        assert_eq!(encode(&[]), "");
        assert_eq!(encode(&[0xff; 7]), "72057594037927935");
        assert_eq!(encode(&[0, 0, 0, 0, 0, 0, 1, 1]), "00281474976710656001");
    }

    #[test]
    fn every_length_has_its_own_number_of_digits() {
        let widths = [0, 3, 5, 8, 10, 13, 15, 17, 20, 22, 25, 27, 30, 32, 34];
        for (length, width) in widths.into_iter().enumerate() {
            assert_eq!(encode(&vec![0xff; length]).len(), width);
            assert_eq!(decode(&encode(&vec![0xff; length])), Ok(vec![0xff; length]));
        }
    }

    #[test]
    fn a_value_that_its_bytes_cannot_hold_is_refused() {
        assert_eq!(decode("999"), Err(DigitsError::TooLarge { place: 1 }));
        for (bytes, digits) in [(1, 3), (2, 5), (3, 8), (4, 10), (5, 13), (6, 15), (7, 17)] {
            let limit = 1_u64 << (8 * bytes);
            assert!(decode(&format!("{:0digits$}", limit - 1)).is_ok());
            let above = format!("{limit:0digits$}");
            assert_eq!(decode(&above), Err(DigitsError::TooLarge { place: 1 }));
            let second = format!("{}{above}", "0".repeat(17));
            assert_eq!(decode(&second), Err(DigitsError::TooLarge { place: 18 }));
        }
    }

    #[test]
    fn lengths_and_characters_that_we_never_write_are_refused() {
        for digits in [1, 2, 4, 6, 7, 9, 11, 12, 14, 16, 18, 19, 21, 35] {
            assert_eq!(decode(&"0".repeat(digits)), Err(DigitsError::Length(digits)));
        }
        for (text, place) in [("12a", 3), (" 12", 1), ("+12", 1), ("1２3", 2), ("-12", 1)] {
            assert_eq!(decode(text), Err(DigitsError::NotADigit { place }));
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..520)) {
            let text = encode(&bytes);
            prop_assert!(text.bytes().all(|c| c.is_ascii_digit()));
            prop_assert_eq!(decode(&text).unwrap(), bytes);
        }

        #[test]
        fn an_accepted_text_is_the_only_one_for_its_bytes(text in "[0-9]{0,60}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
