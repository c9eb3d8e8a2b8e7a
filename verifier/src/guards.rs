//! Guards sign on with a PIN that is checked offline against the signed settings.

use std::collections::BTreeMap;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier as _};
use fugong_common::time::Millis;

use crate::error::PinError;

/// Wrong PINs in a row before the first wait.
const FREE_TRIES: u32 = 5;
/// The first wait; each further wrong PIN doubles it.
const FIRST_WAIT_SECONDS: i64 = 30;
/// No wait is longer: a guard must be able to open the gate the same shift.
const LONGEST_WAIT_SECONDS: i64 = 900;

/// Wrong PINs in a row of one guard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    pub wrong: u32,
    pub locked_until: Millis,
}

impl Tries {
    /// # Errors
    /// [`PinError::Locked`] with the seconds to wait.
    pub fn check(self, now: Millis) -> Result<(), PinError> {
        let left = self.locked_until.since(now);
        if left <= 0 {
            return Ok(());
        }
        // A clock that was set back must not lock anybody out for longer than the longest wait.
        let seconds = (left / 1000 + 1).min(LONGEST_WAIT_SECONDS);
        Err(PinError::Locked { seconds: u64::try_from(seconds).unwrap_or(0) })
    }

    /// After one more wrong PIN.
    #[must_use]
    pub fn after_wrong(self, now: Millis) -> Self {
        let wrong = self.wrong.saturating_add(1);
        let locked_until = match wrong.checked_sub(FREE_TRIES) {
            None => self.locked_until,
            Some(over) => {
                let wait = FIRST_WAIT_SECONDS.saturating_mul(1 << over.min(10));
                now.plus_seconds(wait.min(LONGEST_WAIT_SECONDS))
            }
        };
        Self { wrong, locked_until }
    }
}

/// Tries of every guard, in memory; the store keeps a copy.
#[derive(Clone, Debug, Default)]
pub struct LockOut(BTreeMap<String, Tries>);

impl LockOut {
    pub fn new(kept: impl IntoIterator<Item = (String, Tries)>) -> Self {
        Self(kept.into_iter().collect())
    }

    pub fn of(&self, guard: &str) -> Tries {
        self.0.get(guard).copied().unwrap_or_default()
    }

    pub fn set(&mut self, guard: &str, tries: Tries) {
        if tries == Tries::default() {
            self.0.remove(guard);
        } else {
            self.0.insert(guard.to_owned(), tries);
        }
    }
}

/// Whether this PIN has this Argon2id hash. Takes tens of milliseconds: run it off the async threads.
pub fn pin_fits(pin: &str, phc: &str) -> bool {
    let Ok(hash) = PasswordHash::new(phc) else { return false };
    // Only what the issuer writes; nobody downgrades the function.
    hash.algorithm.as_str() == "argon2id"
        && Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis(1_581_220_800_000);

    #[test]
    fn five_wrong_pins_in_a_row_make_the_guard_wait_longer_each_time() {
        let mut tries = Tries::default();
        for _ in 0..4 {
            tries = tries.after_wrong(NOON);
            assert_eq!(tries.check(NOON), Ok(()));
        }
        tries = tries.after_wrong(NOON);
        assert_eq!(tries.check(NOON.plus_seconds(10)), Err(PinError::Locked { seconds: 21 }));
        assert_eq!(tries.check(NOON.plus_seconds(30)), Ok(()));
        tries = tries.after_wrong(NOON);
        assert_eq!(tries.locked_until, NOON.plus_seconds(60));
        for _ in 0..60 {
            tries = tries.after_wrong(NOON);
        }
        assert_eq!(tries.locked_until, NOON.plus_seconds(LONGEST_WAIT_SECONDS));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out_for_days() {
        let tries = Tries { wrong: 9, locked_until: NOON };
        assert_eq!(
            tries.check(NOON.plus_days(-3)),
            Err(PinError::Locked { seconds: LONGEST_WAIT_SECONDS.unsigned_abs() })
        );
    }

    #[test]
    fn a_hash_that_is_no_argon2id_fits_no_pin() {
        assert!(!pin_fits("1234", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"));
        assert!(!pin_fits("1234", ""));
    }
}
