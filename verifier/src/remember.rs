//! Signatures that were found good, so that a pass shown every morning is checked once.

use std::collections::HashMap;

use fugong_common::keys::Kind;

/// Tokens remembered in one generation; two generations are kept. A park of 100,000 people fits whole, in at most 9 MB.
const GENERATION: usize = 65_536;

/// A bounded memory in two generations: what is asked for again moves to the young one, and when that is full the old one is
/// forgotten. Cheaper than a list of uses, and as good for crowds that come every day.
#[derive(Debug, Default)]
pub struct Remembered {
    young: HashMap<[u8; 32], Kind>,
    old: HashMap<[u8; 32], Kind>,
}

impl Remembered {
    /// Whether this token (by its SHA-256) was found to be signed as this kind.
    pub fn holds(&mut self, token: &[u8; 32], kind: Kind) -> bool {
        if self.young.get(token) == Some(&kind) {
            return true;
        }
        let known = self.old.get(token) == Some(&kind);
        if known {
            self.add(*token, kind);
        }
        known
    }

    pub fn add(&mut self, token: [u8; 32], kind: Kind) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, kind);
    }

    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(n: usize) -> [u8; 32] {
        let mut token = [0; 32];
        token[..8].copy_from_slice(&n.to_be_bytes());
        token
    }

    #[test]
    fn a_token_is_remembered_for_the_kind_it_was_checked_as() {
        let mut remembered = Remembered::default();
        remembered.add(token(1), Kind::Permit);
        assert!(remembered.holds(&token(1), Kind::Permit));
        assert!(!remembered.holds(&token(1), Kind::Pass));
        assert!(!remembered.holds(&token(2), Kind::Permit));
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let mut remembered = Remembered::default();
        for n in 0..3 * GENERATION {
            remembered.add(token(n), Kind::Pass);
            assert!(remembered.holds(&token(0), Kind::Pass), "asked for all along, at {n}");
        }
        assert!(remembered.len() <= 2 * GENERATION);
        assert!(!remembered.holds(&token(1), Kind::Pass));
    }
}
