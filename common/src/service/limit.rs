//! Rate limits per key (an address, an account, a code), with bounded memory and time passed in.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::time::Millis;

/// A token bucket: `burst` at once, then one each `refill_millis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub burst: u32,
    pub refill_millis: i64,
}

impl Rate {
    /// So many in a minute, all of which may come at once.
    pub const fn per_minute(count: u32) -> Self {
        Self { burst: count, refill_millis: 60_000 / if count == 0 { 1 } else { count as i64 } }
    }
}

/// Come back later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// Seconds until the next try may succeed, at least 1.
    pub retry_after_seconds: u64,
}

impl From<TooMany> for super::problem::Problem {
    fn from(too_many: TooMany) -> Self {
        Self::too_many(too_many.retry_after_seconds)
    }
}

/// Counts uses per key. When more keys are active than it may remember, the further ones share one
/// bucket: an attacker with many addresses slows down other newcomers, but fills no memory and
/// frees no known key.
#[derive(Debug)]
pub struct RateLimiter<K> {
    rate: Rate,
    keys: usize,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    /// For each key, the instant at which its bucket is full again.
    full_at: HashMap<K, i64>,
    shared: i64,
    last_sweep: i64,
}

impl<K: Hash + Eq + Debug> RateLimiter<K> {
    /// Remembers at most `keys` keys.
    pub fn new(rate: Rate, keys: usize) -> Self {
        let state = State { full_at: HashMap::new(), shared: 0, last_sweep: 0 };
        Self { rate, keys, state: Mutex::new(state) }
    }

    /// Takes one token of the key's bucket.
    ///
    /// # Errors
    /// The bucket is empty.
    pub fn check(&self, key: K, now: Millis) -> Result<(), TooMany> {
        let now = now.0;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.full_at.contains_key(&key) && state.full_at.len() >= self.keys {
            // One sweep per refill time: a flood of new keys must not cost a scan each.
            if now.saturating_sub(state.last_sweep) >= self.rate.refill_millis
                || now < state.last_sweep
            {
                state.full_at.retain(|_, full_at| *full_at > now);
                state.last_sweep = now;
            }
            if state.full_at.len() >= self.keys {
                return self.take(&mut state.shared, now);
            }
        }
        self.take(state.full_at.entry(key).or_insert(now), now)
    }

    /// Forgets a key, e.g. after a sign-in that succeeded.
    pub fn forgive(&self, key: &K) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).full_at.remove(key);
    }

    fn take(&self, full_at: &mut i64, now: i64) -> Result<(), TooMany> {
        let whole = self.rate.refill_millis.saturating_mul(i64::from(self.rate.burst));
        // After a clock that was set back, no bucket is emptier than empty.
        let from = (*full_at).clamp(now, now.saturating_add(whole));
        let next = from.saturating_add(self.rate.refill_millis);
        let wait = next.saturating_sub(now.saturating_add(whole));
        if wait > 0 {
            *full_at = from;
            let seconds = u64::try_from(wait).unwrap_or_default().div_ceil(1000);
            return Err(TooMany { retry_after_seconds: seconds.max(1) });
        }
        *full_at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Millis = Millis(1_581_264_000_000);

    fn allowed(limiter: &RateLimiter<u32>, key: u32, now: Millis, tries: usize) -> usize {
        (0..tries).filter(|_| limiter.check(key, now).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_then_one_for_each_refill() {
        let limiter = RateLimiter::new(Rate::per_minute(6), 100);
        assert_eq!(allowed(&limiter, 1, T, 20), 6);
        assert_eq!(limiter.check(1, T), Err(TooMany { retry_after_seconds: 10 }));
        assert_eq!(allowed(&limiter, 1, T.plus_seconds(9), 5), 0);
        assert_eq!(allowed(&limiter, 1, T.plus_seconds(10), 5), 1);
        assert_eq!(allowed(&limiter, 1, T.plus_minutes(5), 20), 6);
    }

    #[test]
    fn keys_do_not_disturb_each_other_and_can_be_forgiven() {
        let limiter = RateLimiter::new(Rate::per_minute(2), 100);
        assert_eq!(allowed(&limiter, 1, T, 5), 2);
        assert_eq!(allowed(&limiter, 2, T, 5), 2);
        limiter.forgive(&1);
        assert_eq!(allowed(&limiter, 1, T, 5), 2);
    }

    #[test]
    fn a_flood_of_keys_fills_no_memory_and_frees_no_known_key() {
        let limiter = RateLimiter::new(Rate::per_minute(2), 10);
        assert_eq!(allowed(&limiter, 0, T, 5), 2);
        let passed = (1..5000).filter(|key| limiter.check(*key, T).is_ok()).count();
        assert_eq!(passed, 9 + 2, "nine more are remembered, the others share one bucket");
        assert!(limiter.state.lock().unwrap().full_at.len() <= 10);
        assert_eq!(allowed(&limiter, 0, T, 5), 0);
        assert_eq!(allowed(&limiter, 9999, T.plus_minutes(2), 5), 2, "room again after a while");
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out_for_longer_than_a_whole_bucket() {
        let limiter = RateLimiter::new(Rate::per_minute(2), 10);
        assert_eq!(allowed(&limiter, 1, T, 2), 2);
        let earlier = T.plus_days(-30);
        assert_eq!(allowed(&limiter, 1, earlier, 1), 0);
        assert_eq!(allowed(&limiter, 1, earlier.plus_minutes(1), 5), 2);
    }
}
