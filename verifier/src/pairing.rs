//! Guard browsers pair with the verifier by a one-time code; afterwards a cookie's secret tells them apart.

use fugong_common::entropy::{self, Entropy};
use fugong_common::time::Millis;
use fugong_common::{base64url, hex};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Minutes that a pairing code is good for.
pub const CODE_MINUTES: i64 = 10;
/// Wrong tries after which a code is dead.
pub const CODE_TRIES: u32 = 5;

/// Letters and digits that nobody mistakes for each other.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A fresh code of 40 random bits, eight characters: `7K2M-4Q9D`.
pub fn new_code(entropy: &dyn Entropy) -> String {
    let random: [u8; 8] = entropy::bytes(entropy);
    let mut code = String::with_capacity(9);
    for (at, byte) in random.iter().enumerate() {
        if at == 4 {
            code.push('-');
        }
        code.extend(ALPHABET.get(usize::from(byte & 31)).map(|c| char::from(*c)));
    }
    code
}

/// SHA-256 of what was typed, once case, dashes, spaces and look-alikes are forgiven.
pub fn code_hash(typed: &str) -> [u8; 32] {
    let plain: String = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        })
        .collect();
    Sha256::digest(plain.as_bytes()).into()
}

/// The code that is good now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenCode {
    pub hash: [u8; 32],
    pub expires_at: Millis,
    pub wrong_tries: u32,
}

/// What a try at the code comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Pair, and forget the code.
    Fits,
    /// Count it.
    Wrong,
    /// Dead: expired, or tried too often.
    Dead,
}

impl OpenCode {
    pub fn attempt(&self, typed: &str, now: Millis) -> Attempt {
        if now >= self.expires_at || self.wrong_tries >= CODE_TRIES {
            Attempt::Dead
        } else if bool::from(code_hash(typed).ct_eq(&self.hash)) {
            Attempt::Fits
        } else {
            Attempt::Wrong
        }
    }
}

/// A cookie secret of 256 random bits and the hash that is kept of it.
pub fn new_secret(entropy: &dyn Entropy) -> (String, [u8; 32]) {
    let secret = base64url::encode(&entropy::bytes::<32>(entropy));
    let hash = secret_hash(&secret);
    (secret, hash)
}

/// The secret has full entropy: a plain hash keeps it from being read out of the database.
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Short name of a pair for logs.
pub fn short(hash: &[u8; 32]) -> String {
    hex::encode(hash.first_chunk::<4>().unwrap_or(&[0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::entropy::SeededEntropy;

    const NOON: Millis = Millis(1_581_220_800_000);

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = new_code(&SeededEntropy::new(1));
        assert_eq!(code.len(), 9);
        assert_eq!(code_hash(&code), code_hash(&code.to_lowercase().replace('-', " ")));
        assert_eq!(code_hash("1O-IL"), code_hash("1011"));
        assert_ne!(code, new_code(&SeededEntropy::new(2)));
    }

    #[test]
    fn a_code_dies_after_ten_minutes_or_five_wrong_tries() {
        let open = OpenCode { hash: code_hash("7K2M4Q9D"), expires_at: NOON, wrong_tries: 0 };
        assert_eq!(open.attempt("7k2m-4q9d", NOON.plus_seconds(-1)), Attempt::Fits);
        assert_eq!(open.attempt("7k2m-4q9e", NOON.plus_seconds(-1)), Attempt::Wrong);
        assert_eq!(open.attempt("7k2m-4q9d", NOON), Attempt::Dead);
        let tired = OpenCode { wrong_tries: CODE_TRIES, ..open };
        assert_eq!(tired.attempt("7k2m-4q9d", NOON.plus_seconds(-1)), Attempt::Dead);
    }
}
