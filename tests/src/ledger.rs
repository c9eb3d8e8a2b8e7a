//! What a gate answered to load, noted by those who asked.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::person::Person;

/// What the gate answered.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Answered "done".
    acknowledged: Mutex<Vec<String>>,
    /// Asked, and no answer or a refusal: it may stand in the record, once.
    unknown: Mutex<Vec<String>>,
    number: AtomicU64,
    over: AtomicBool,
}

impl Ledger {
    pub fn count(&self) -> usize {
        lock(&self.acknowledged).len()
    }

    /// The texts that were answered "done", from the `from`th on.
    pub fn acknowledged(&self, from: usize) -> Vec<String> {
        lock(&self.acknowledged).get(from..).unwrap_or_default().to_vec()
    }

    /// The texts of which nobody knows.
    pub fn unknown(&self) -> Vec<String> {
        lock(&self.unknown).clone()
    }

    /// Ends the load.
    pub fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks people up as fast as the gate answers.
pub fn load(guard: &Arc<RwLock<Person>>, ledger: &Arc<Ledger>, seed: u64) -> JoinHandle<()> {
    let (guard, ledger) = (Arc::clone(guard), Arc::clone(ledger));
    tokio::spawn(async move {
        while !ledger.over.load(Ordering::SeqCst) {
            let number = ledger.number.fetch_add(1, Ordering::SeqCst);
            let text = format!("风暴 {seed} 第 {number} 次");
            let person = guard.read().unwrap_or_else(PoisonError::into_inner).clone();
            let body = json!({ "query": text });
            let asked = person.try_post_json("/api/lookup", &body);
            match timeout(Duration::from_secs(10), asked).await {
                Ok(Some((status, _))) if status.is_success() => {
                    lock(&ledger.acknowledged).push(text);
                    sleep(Duration::from_millis(30)).await;
                }
                _ => {
                    lock(&ledger.unknown).push(text);
                    sleep(Duration::from_millis(60)).await;
                }
            }
        }
    })
}
