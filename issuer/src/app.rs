//! What every handler holds: database, clock, randomness, configuration.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use fugong_common::entropy::{self, Entropy};
use fugong_common::service::assets::Assets;
use fugong_common::service::client::crowd;
use fugong_common::service::limit::{Rate, RateLimiter};
use fugong_common::service::serve::Shutdown;
use fugong_common::time::{Clock, Millis};
use tokio::sync::{Mutex, Semaphore, watch};

use crate::audit::Act;
use crate::changes::Change;
use crate::config::Config;
use crate::db::{Db, DbError, Tx};
use crate::gates::{Bundles, Streams};
use crate::keys::KeyRing;
use crate::print::{FontError, Fonts};
use crate::{audit, changes};

/// A shared address may belong to a whole office; a guesser gets little from it beyond what the
/// accounts' own rest allows.
const SIGN_INS: Rate = Rate { burst: 30, refill_millis: 2_000 };

/// How far back changes are kept in memory for those who wait.
const KEEP_RECENT: i64 = 2000;

/// A market's whole staff may share one address; nobody guesses 64 random bits at this pace.
const NUMBERS: Rate = Rate { burst: 30, refill_millis: 2_000 };
const REPORTS: Rate = Rate { burst: 5, refill_millis: 60_000 };

/// The composed service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    config: Config,
    changes: watch::Sender<i64>,
    assets: Assets,
    sign_ins: RateLimiter<IpAddr>,
    numbers: RateLimiter<IpAddr>,
    reports: RateLimiter<IpAddr>,
    keys: KeyRing,
    fonts: OnceLock<Fonts>,
    /// Pages are drawn by at most so many at once: it takes a processor and much memory.
    drawing: Arc<Semaphore>,
    bundles: Bundles,
    streams: Streams,
    recent: Mutex<Recent>,
    shutdown: Shutdown,
}

/// Changes read lately, so that a thousand waiting gates read them once.
#[derive(Debug, Default)]
struct Recent {
    /// Complete behind this number.
    from: i64,
    changes: Arc<Vec<Change>>,
}

impl App {
    pub fn new(db: Db, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, config: Config) -> Self {
        Self(Arc::new(Inner {
            db,
            clock,
            entropy,
            keys: KeyRing::new(&config),
            fonts: OnceLock::new(),
            drawing: Arc::new(Semaphore::new(2)),
            config,
            changes: watch::Sender::new(0),
            assets: crate::web::assets(),
            sign_ins: RateLimiter::new(SIGN_INS, 50_000),
            numbers: RateLimiter::new(NUMBERS, 50_000),
            reports: RateLimiter::new(REPORTS, 50_000),
            bundles: Bundles::default(),
            streams: Streams::default(),
            recent: Mutex::default(),
            shutdown: Shutdown::new(),
        }))
    }

    pub fn db(&self) -> &Db {
        &self.0.db
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub fn now(&self) -> Millis {
        self.0.clock.now()
    }

    pub fn entropy(&self) -> &dyn Entropy {
        self.0.entropy.as_ref()
    }

    pub fn entropy_handle(&self) -> Arc<dyn Entropy> {
        Arc::clone(&self.0.entropy)
    }

    /// The private keys of this machine.
    pub fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    /// The fonts of everything printed, loaded when first wanted.
    ///
    /// # Errors
    /// Names the folder or file of extra fonts that cannot be used.
    pub fn fonts(&self) -> Result<Fonts, FontError> {
        if let Some(fonts) = self.0.fonts.get() {
            return Ok(fonts.clone());
        }
        let fonts = match &self.0.config.extra_fonts {
            Some(folder) => Fonts::with_folder(folder)?,
            None => Fonts::built_in()?,
        };
        Ok(self.0.fonts.get_or_init(|| fonts).clone())
    }

    /// Taken while pages are drawn.
    pub fn drawing(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.drawing)
    }

    /// The files that pages link to.
    pub fn assets(&self) -> &Assets {
        &self.0.assets
    }

    /// The wish to stop, for streams that would never end by themselves.
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// What this process has built for gates.
    pub fn bundles(&self) -> &Bundles {
        &self.0.bundles
    }

    /// The gates that listen to this process.
    pub fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// The changes behind `from` up to `to`, read once for all who wait; `None` when they are too
    /// many to look at one by one.
    pub async fn recent_changes(&self, from: i64, to: i64) -> Result<Option<Vec<Change>>, DbError> {
        let mut recent = self.0.recent.lock().await;
        let newest = recent.changes.last().map_or(recent.from, |change| change.seq);
        if from < recent.from || newest < to {
            let start = if from < recent.from || newest - recent.from > KEEP_RECENT {
                from
            } else {
                recent.from
            };
            let mut tx = self.db().read().await?;
            let Some(found) = changes::since(&mut tx, start).await? else { return Ok(None) };
            *recent = Recent { from: start, changes: Arc::new(found) };
        }
        let known = Arc::clone(&recent.changes);
        drop(recent);
        Ok(Some(
            known.iter().filter(|change| change.seq > from && change.seq <= to).cloned().collect(),
        ))
    }

    /// Counts an attempt to sign in from an address; the seconds to wait when there were too many.
    pub fn admit_sign_in(&self, address: IpAddr) -> Result<(), u64> {
        self.0
            .sign_ins
            .check(crowd(address), self.now())
            .map_err(|limited| limited.retry_after_seconds)
    }

    /// Counts a check number that somebody typed; false when there were too many from this address.
    pub fn admit_number(&self, address: IpAddr) -> bool {
        self.0.numbers.check(crowd(address), self.now()).is_ok()
    }

    /// Counts a report of the public from an address; the seconds to wait when there were too many.
    ///
    /// # Errors
    /// Seconds until the next may succeed.
    pub fn admit_report(&self, address: IpAddr) -> Result<(), u64> {
        let checked = self.0.reports.check(crowd(address), self.now());
        checked.map_err(|too_many| too_many.retry_after_seconds)
    }

    /// A fresh id that sorts by the time it was made (UUID version 7).
    pub fn new_id(&self) -> String {
        let millis = u64::try_from(self.now().0).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &entropy::bytes(self.entropy()))
            .into_uuid()
            .to_string()
    }

    /// Follows changes as they become visible to this process: the newest change's number.
    pub fn watch_changes(&self) -> watch::Receiver<i64> {
        self.0.changes.subscribe()
    }

    /// Tells this process's followers at once; the others learn of it through the database.
    pub fn announce(&self, seq: i64) {
        self.0.changes.send_if_modified(|known| {
            let newer = seq > *known;
            *known = (*known).max(seq);
            newer
        });
    }

    /// Commits, then tells followers that `change` (from [`changes::record`]) is visible.
    pub async fn commit(&self, tx: Tx, change: i64) -> Result<(), DbError> {
        tx.commit().await?;
        self.announce(change);
        Ok(())
    }

    /// Records an act in the transaction that performs it.
    pub async fn record(&self, tx: &mut Tx, act: Act<'_>) -> Result<(), DbError> {
        audit::append(tx, self.entropy(), act).await
    }

    /// Notes for gates and other processes that something of `kind` changed within `scope`.
    pub async fn note_change(&self, tx: &mut Tx, kind: &str, scope: &str) -> Result<i64, DbError> {
        changes::record(tx, kind, scope, self.now()).await
    }
}
