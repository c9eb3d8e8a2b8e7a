//! Waiting for what other processes bring about. How quickly it comes is the benchmark's to
//! measure: here a slow machine costs time, never a failure.

use std::time::{Duration, Instant};

use tokio::time::sleep;

/// Longer than the busiest machine needs, shorter than the runner's limit for a whole journey.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// Asks again and again whether something holds; whether it did before patience ended.
pub async fn comes(mut holds: impl AsyncFnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if holds().await {
            return true;
        }
        sleep(Duration::from_millis(25)).await;
    }
    false
}

/// Waits until something holds.
///
/// # Panics
/// With what was waited for, once patience ends.
pub async fn until(what: &str, holds: impl AsyncFnMut() -> bool) {
    assert!(comes(holds).await, "never happened: {what}");
}
