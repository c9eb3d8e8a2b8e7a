//! Randomness as an argument: keys, serials and salts take it from whoever composes the service.

use std::fmt::Debug;
use std::sync::Mutex;
use std::sync::PoisonError;

use sha2::{Digest, Sha256};

/// A source of unpredictable bytes. The operating system's in a service, a seeded one in tests.
pub trait Entropy: Send + Sync + Debug {
    fn fill(&self, out: &mut [u8]);
}

/// `N` fresh bytes.
pub fn bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut out = [0; N];
    entropy.fill(&mut out);
    out
}

/// Repeatable bytes from a seed: SHA-256 over seed and a counter. For tests and sample data only.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: [u8; 32],
    counter: Mutex<u64>,
}

impl SeededEntropy {
    pub fn new(seed: u64) -> Self {
        Self { seed: Sha256::digest(seed.to_be_bytes()).into(), counter: Mutex::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) {
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in out.chunks_mut(32) {
            *counter += 1;
            let block = Sha256::new().chain_update(self.seed).chain_update(counter.to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(block.finalize()) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence_and_never_repeats_within_it() {
        let (a, b) = (SeededEntropy::new(7), SeededEntropy::new(7));
        let first: [u8; 40] = bytes(&a);
        assert_eq!(first, bytes::<40>(&b));
        assert_ne!(first, bytes::<40>(&a));
        assert_ne!(first, bytes::<40>(&SeededEntropy::new(8)));
    }
}
