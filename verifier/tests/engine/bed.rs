//! A gate on its feet: enrolled at the small issuer, served in this process, with a clock that tests set.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fugong_common::entropy::SeededEntropy;
use fugong_common::service::serve::Shutdown;
use fugong_common::time::{ManualClock, Millis};
use fugong_common::verdict::Verdict;
use fugong_verifier::enrol::enrol;
use fugong_verifier::issuer::client;
use fugong_verifier::store::Store;
use fugong_verifier::view::{Direction, ScanOutcome};
use fugong_verifier::{Config, Gate, Guard, Running, run};

use crate::issuer::{Issuer, NOON, PIN};

pub struct Bed {
    pub issuer: Issuer,
    pub clock: Arc<ManualClock>,
    pub running: Running,
    pub shutdown: Shutdown,
    pub dir: tempfile::TempDir,
}

pub fn config(dir: &Path) -> Config {
    Config {
        data_dir: dir.to_owned(),
        listen: ([127, 0, 0, 1], 0).into(),
        // Whatever the gate learns in these tests it learns by hints.
        pull_seconds: 3600,
        ..Config::default()
    }
}

/// Longer than the busiest machine needs, shorter than the longest pause between two tries to
/// reach the issuer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something holds; the background work takes its moment, on a busy machine a long one.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = tokio::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

pub async fn enrol_at(issuer: &Issuer, dir: &Path) {
    enrol_as(issuer, dir, 5, NOON).await;
}

/// Enrols the verifier in `dir`; the seed makes its key.
pub async fn enrol_as(issuer: &Issuer, dir: &Path, seed: u64, now: Millis) {
    let store = Store::open(dir).await.unwrap();
    let config = config(dir);
    let http = client(&config).unwrap();
    let entropy = SeededEntropy::new(seed);
    enrol(&store, &config, &http, &entropy, &issuer.enrolment(), now).await.unwrap();
    store.close().await;
}

pub async fn serve(dir: &Path, clock: &Arc<ManualClock>) -> (Running, Shutdown) {
    let shutdown = Shutdown::new();
    let entropy = Arc::new(fugong_common::service::ambient::SystemEntropy);
    let running = run(config(dir), clock.clone(), entropy, shutdown.clone()).await.unwrap();
    (running, shutdown)
}

/// Ends what was served.
pub async fn end(running: Running, shutdown: Shutdown) {
    shutdown.begin();
    running.finished().await.unwrap();
}

/// A guard at a browser paired for the purpose.
pub async fn on_duty(running: &Running) -> Guard {
    let code = running.gate.pairing_code().await.unwrap().code;
    let (pair, _) = running.gate.pair(&code, "东侧通道").await.unwrap();
    running.gate.sign_on(&pair, "g1", PIN).await.unwrap()
}

impl Bed {
    /// An enrolled, confirmed gate that has its bundle.
    pub async fn start() -> Self {
        let clock = Arc::new(ManualClock::new(NOON));
        let issuer = Issuer::start(clock.clone()).await;
        let dir = tempfile::tempdir().unwrap();
        enrol_at(&issuer, dir.path()).await;
        issuer.state().confirmed = true;
        let (running, shutdown) = serve(dir.path(), &clock).await;
        let bed = Self { issuer, clock, running, shutdown, dir };
        until("a bundle", || bed.gate().status().roster_len == 20).await;
        until("a listener", || bed.issuer.listeners() > 0).await;
        bed
    }

    pub fn gate(&self) -> &Gate {
        &self.running.gate
    }

    pub async fn guard(&self) -> Guard {
        on_duty(&self.running).await
    }

    pub async fn scan(&self, guard: &Guard, text: &str) -> ScanOutcome {
        self.gate().scan(guard, text, Direction::In).await.unwrap()
    }

    /// Scans until the gate answers so.
    pub async fn becomes(&self, guard: &Guard, text: &str, wanted: Verdict) -> ScanOutcome {
        let begun = tokio::time::Instant::now();
        loop {
            let outcome = self.scan(guard, text).await;
            if outcome.verdict == wanted {
                return outcome;
            }
            assert!(begun.elapsed() < PATIENCE, "never {wanted:?}, but {outcome:?}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    pub fn pass(&self, n: u32) -> String {
        self.issuer.state().pass(n)
    }

    pub async fn seq(&self, seq: u64) {
        until("the manifest", || self.gate().machine().manifest_seq == Some(seq)).await;
    }

    pub async fn stop(self) -> (Issuer, Arc<ManualClock>, tempfile::TempDir) {
        end(self.running, self.shutdown).await;
        (self.issuer, self.clock, self.dir)
    }
}
