//! The operating system's clock and randomness. Nothing else asks for them: composition makes
//! these once and hands them down as `&dyn Clock` and `&dyn Entropy`.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::entropy::Entropy;
use crate::time::{Clock, Millis};

/// The wall clock of this machine. It may be wrong, and may step.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system clock")]
    fn now(&self) -> Millis {
        let (elapsed, sign) = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => (after, 1),
            Err(before) => (before.duration(), -1),
        };
        Millis(sign * i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Elapsed time that no one can set back. It starts at 0 and doesn't outlive the process.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock(Instant);

impl MonotonicClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the monotonic clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since [`start`](Self::start).
    pub fn elapsed_millis(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// Randomness of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        clippy::panic,
        reason = "the one place that asks the system for randomness; a machine without any must not sign"
    )]
    fn fill(&self, out: &mut [u8]) {
        if let Err(error) = getrandom::fill(out) {
            panic!("the operating system gives no randomness: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::bytes;

    #[test]
    fn the_system_clock_is_after_this_was_written_and_elapsed_time_never_falls() {
        assert!(SystemClock.now() > Millis(1_580_000_000_000));
        let elapsed = MonotonicClock::start();
        let first = elapsed.elapsed_millis();
        assert!(first >= 0 && elapsed.elapsed_millis() >= first);
    }

    #[test]
    fn randomness_differs_from_call_to_call() {
        assert_ne!(bytes::<32>(&SystemEntropy), bytes::<32>(&SystemEntropy));
    }
}
