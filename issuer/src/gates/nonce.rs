//! Nonces that need no storage: the minute they were made, under the service's own HMAC key. Any
//! issuer process accepts those of another. A repeat within ten minutes is harmless: requests read,
//! or upload entries whose sequence numbers tell duplicates.

use fugong_common::base64url;
use fugong_common::time::Millis;
use fugong_common::wire::NONCE_SECONDS;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const STAMP: usize = 8;
const RANDOM: usize = 8;
const TAG: usize = 32;

fn mac(secret: &[u8], message: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(b"fugong:nonce:1");
    mac.update(message);
    Some(mac)
}

/// A nonce for now.
pub(super) fn make(secret: &[u8], random: [u8; RANDOM], now: Millis) -> String {
    let mut bytes = now.0.to_be_bytes().to_vec();
    bytes.extend(random);
    if let Some(mac) = mac(secret, &bytes) {
        bytes.extend(mac.finalize().into_bytes());
    }
    base64url::encode(&bytes)
}

/// Whether we made it within the last ten minutes.
pub(super) fn is_fresh(secret: &[u8], nonce: &str, now: Millis) -> bool {
    let Ok(bytes) = base64url::decode(nonce) else { return false };
    if bytes.len() != STAMP + RANDOM + TAG {
        return false;
    }
    let (message, tag) = bytes.split_at(STAMP + RANDOM);
    let (stamp, _) = message.split_at(STAMP);
    let Ok(stamp) = stamp.try_into().map(i64::from_be_bytes) else { return false };
    let ours = mac(secret, message).is_some_and(|mac| mac.verify_slice(tag).is_ok());
    let age = now.since(Millis(stamp));
    ours && (-1000..NONCE_SECONDS * 1000).contains(&age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_ten_minutes_and_only_ours_count() {
        let now = Millis(1_581_264_000_000);
        let nonce = make(b"secret of this service", [7; 8], now);
        assert!(is_fresh(b"secret of this service", &nonce, now));
        assert!(is_fresh(b"secret of this service", &nonce, now.plus_minutes(9)));
        assert!(!is_fresh(b"secret of this service", &nonce, now.plus_minutes(11)));
        assert!(!is_fresh(b"secret of this service", &nonce, now.plus_minutes(-1)));
        assert!(!is_fresh(b"another secret", &nonce, now));
        assert!(!is_fresh(b"secret of this service", &nonce[1..], now));
        assert!(!is_fresh(b"secret of this service", "", now));
    }
}
