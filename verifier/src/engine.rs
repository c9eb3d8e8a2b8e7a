//! The gate as its pages use it: one handle, cheap to clone.
//!
//! Steps of a scan are in [`scan`](crate::scan), pairing and guards in [`duty`](crate::duty), look-up and lists in
//! [`people`](crate::people), the issuer's side in [`sync`](crate::sync). All of them are methods of [`Gate`].

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use fugong_common::clock::ClockState;
use fugong_common::entropy::{self, Entropy};
use fugong_common::journal::{Draft, EntryKind, Known, Sealed};
use fugong_common::service::ambient::MonotonicClock;
use fugong_common::temperature::{Reading as Classified, Temperature, Thresholds};
use fugong_common::time::{Clock, Millis};
use tokio::sync::{Notify, watch};

use crate::bundle::Bundle;
use crate::clock::{GateClock, Reading};
use crate::config::Config;
use crate::duty::Duty;
use crate::enrol::{Enrolled, Standing};
use crate::error::GateError;
use crate::journal::{Append, Journal, NotRecorded};
use crate::look::Look;
use crate::presence::Presence;
use crate::session::Sessions;
use crate::store::{DirLock, Store, StoreError};
use crate::sync::Link;
use crate::view::{Bearings, EnrolmentStatus, GateStatus, Machine, SessionId};

/// A guard who is signed on at a paired browser. Made by [`Gate::sign_on`] and [`Gate::guard_of`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    pub id: String,
    pub name: String,
    /// Shift leader: may approve overrides and pair further browsers.
    pub leader: bool,
}

/// A browser that was paired. Made by [`Gate::pair`] and [`Gate::find_pair`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub id: i64,
    pub label: String,
}

/// A one-time code with which a browser pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairingCode {
    /// Eight characters to type.
    pub code: String,
    pub expires_at: Millis,
}

/// Name of a guard to choose from at sign-on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardName {
    pub id: String,
    pub name: String,
    pub leader: bool,
}

/// The gate of one data directory.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").field(&self.0.config.data_dir).finish()
    }
}

struct Inner {
    config: Config,
    wall: Arc<dyn Clock>,
    running: MonotonicClock,
    entropy: Arc<dyn Entropy>,
    changes: watch::Sender<u64>,
    store: Store,
    journal: Journal,
    time: Mutex<GateClock>,
    enrolled: RwLock<Option<Arc<Enrolled>>>,
    bundle: RwLock<Option<Arc<Bundle>>>,
    /// Held by whoever puts another bundle in the place of the present one.
    bundle_turn: tokio::sync::Mutex<()>,
    sessions: Sessions,
    duty: Mutex<Duty>,
    link: Mutex<Link>,
    sync_now: Notify,
    _lock: DirLock,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Readings that a thermometer can show, as (lowest, highest) in tenths.
pub(crate) fn plausible(limits: Thresholds) -> (i16, i16) {
    let fits = |tenths: &i16| {
        limits.classify(Temperature::from_tenths(*tenths)) != Classified::Implausible
    };
    let (low, high) = (limits.low_below().tenths(), limits.fever_from().tenths());
    // The limits' own bounds aren't public; they lie within what any display shows.
    let from = (0..=low).find(fits).unwrap_or(low);
    let to = (high..=999).rev().find(fits).unwrap_or(high);
    (from, to)
}

impl Gate {
    /// Opens the data directory: takes its lock, migrates the database, loads what was enrolled and pulled. Contacts nobody.
    ///
    /// # Errors
    /// [`StoreError`], which says what to do.
    pub async fn open(
        config: Config,
        wall: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StoreError> {
        let dir_lock = DirLock::take(&config.data_dir)?;
        let store = Store::open(&config.data_dir).await?;
        let running = MonotonicClock::start();
        let time = GateClock::resume(crate::clock::load(&store).await?, running.elapsed_millis());
        let changes = watch::Sender::new(0);
        let journal = Journal::start(store.clone(), Arc::clone(&entropy), changes.clone()).await?;
        let enrolled = Enrolled::load(&store).await?.map(Arc::new);
        let duty = Duty::load(&store).await?;
        let gate = Self(Arc::new(Inner {
            config,
            wall,
            running,
            entropy,
            changes,
            store,
            journal,
            time: Mutex::new(time),
            enrolled: RwLock::new(enrolled),
            bundle: RwLock::new(None),
            bundle_turn: tokio::sync::Mutex::new(()),
            sessions: Sessions::default(),
            duty: Mutex::new(duty),
            link: Mutex::new(Link::default()),
            sync_now: Notify::new(),
            _lock: dir_lock,
        }));
        gate.load_bundle().await?;
        gate.begin_journal().await?;
        Ok(gate)
    }

    /// An enrolled gate without a journal gets one; one that was enrolled anew cites the head of the one before.
    async fn begin_journal(&self) -> Result<(), StoreError> {
        if self.enrolled().is_none_or(|enrolled| enrolled.standing == Standing::CutOff) {
            return Ok(());
        }
        let current = match self.journal().standing() {
            None => false,
            Some(standing) => {
                sqlx::query_scalar(
                    "SELECT j.opened_at >= e.enrolled_at FROM journals j, enrolment e \
                 WHERE j.number = $1 AND e.one = 1",
                )
                .bind(standing.number)
                .fetch_one(self.store().pool())
                .await?
            }
        };
        if !current {
            self.open_journal("enrolled").await;
        }
        Ok(())
    }

    /// As `new_journal`; where the disk refuses, the old one goes on and every answer says NOT RECORDED until it gives way.
    pub(crate) async fn open_journal(&self, why: &str) {
        if let Err(NotRecorded) = self.new_journal(why).await {
            tracing::error!(why, "no new journal could be opened");
        }
    }

    /// Opens a journal that cites the head of the one before, if there is one.
    pub(crate) async fn new_journal(&self, why: &str) -> Result<(), NotRecorded> {
        let before = self.journal().standing();
        let draft = Draft {
            at: self.now(),
            kind: EntryKind::Opened,
            verdict: None,
            known: self.known_now(),
            cites: before.map(|standing| standing.head.hash),
        };
        let text = match before {
            Some(standing) => {
                format!("{why}; after {} {}", standing.head.id, standing.head.next_seq)
            }
            None => why.to_owned(),
        };
        let sealed = Sealed { text: Some(text), ..Sealed::default() };
        self.journal().open_new(draft, sealed).await.map(|_| ())
    }

    /// The configuration that it was opened with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.0.entropy
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// The journal, for doctors and benchmarks.
    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn duty(&self) -> MutexGuard<'_, Duty> {
        lock(&self.0.duty)
    }

    pub(crate) fn link(&self) -> MutexGuard<'_, Link> {
        lock(&self.0.link)
    }

    pub(crate) fn sync_wanted(&self) -> &Notify {
        &self.0.sync_now
    }

    /// Asks the issuer now instead of at the next turn.
    pub fn sync_now(&self) {
        self.0.sync_now.notify_one();
    }

    pub(crate) fn enrolled(&self) -> Option<Arc<Enrolled>> {
        self.0.enrolled.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_enrolled(&self, enrolled: Option<Enrolled>) {
        *self.0.enrolled.write().unwrap_or_else(PoisonError::into_inner) = enrolled.map(Arc::new);
        self.changed();
    }

    pub(crate) fn bundle(&self) -> Option<Arc<Bundle>> {
        self.0.bundle.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whoever replaces the bundle by one that builds on it takes his turn first.
    pub(crate) async fn bundle_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.bundle_turn.lock().await
    }

    pub(crate) fn set_bundle(&self, bundle: Option<Bundle>) {
        if let Some(bundle) = &bundle {
            let running = self.0.running.elapsed_millis();
            lock(&self.0.time).raise_floor(bundle.newest_iat(), running);
        }
        *self.0.bundle.write().unwrap_or_else(PoisonError::into_inner) = bundle.map(Arc::new);
        self.changed();
    }

    pub(crate) fn changed(&self) {
        self.0.changes.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Changes by one with everything that a page shows: an entry, a bundle, the connection.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    pub(crate) fn time(&self) -> Reading {
        lock(&self.0.time).read(self.0.wall.now(), self.0.running.elapsed_millis())
    }

    pub(crate) fn now(&self) -> Millis {
        self.time().now
    }

    pub(crate) fn floor(&self) -> Millis {
        lock(&self.0.time).floor()
    }

    /// Writes down how long this machine has run and what time it was last sure of.
    pub(crate) async fn keep_time(&self) -> Result<(), sqlx::Error> {
        let kept = lock(&self.0.time).keep(self.0.wall.now(), self.0.running.elapsed_millis());
        crate::clock::store(self.store(), &kept).await
    }

    /// Believes another clock than the machine's own. Recorded.
    pub(crate) async fn take_time(&self, said: Millis, by: &str) -> bool {
        let taken = lock(&self.0.time).set(self.0.wall.now(), said);
        if taken {
            let sealed = Sealed { text: Some(format!("set by {by}")), ..Sealed::default() };
            self.note(EntryKind::Clock, None, sealed).await;
            if let Err(error) = self.keep_time().await {
                tracing::error!(%error, "the time was not stored");
            }
            self.changed();
        }
        taken
    }

    /// A shift leader sets the time, where the clock is uncertain. Recorded.
    pub async fn set_clock(&self, guard: &Guard, now: Millis) -> Result<(), GateError> {
        if !guard.leader {
            return Err(GateError::LeaderNeeded);
        }
        if self.take_time(now, &guard.id).await { Ok(()) } else { Err(GateError::TooEarly) }
    }

    pub(crate) fn known_now(&self) -> Known {
        let bundle = self.bundle();
        Known {
            key: None,
            list_seq: None,
            rule_version: bundle.map(|bundle| bundle.settings.rule_version),
            clock: self.time().state,
        }
    }

    /// Writes an entry that isn't shown among the checks.
    pub(crate) async fn record(
        &self,
        kind: EntryKind,
        cites: Option<[u8; 32]>,
        sealed: Sealed,
    ) -> Result<u64, NotRecorded> {
        let draft = Draft { at: self.now(), kind, verdict: None, known: self.known_now(), cites };
        self.journal().append(Append { draft, sealed, shown: false, moved: None }).await
    }

    /// The same for what happens whether or not it can be recorded; a disk that refuses is counted by the journal.
    pub(crate) async fn note(&self, kind: EntryKind, cites: Option<[u8; 32]>, sealed: Sealed) {
        if self.journal().standing().is_some()
            && let Err(NotRecorded) = self.record(kind, cites, sealed).await
        {
            tracing::error!(kind = kind.code(), "an event was not recorded");
        }
    }

    pub(crate) fn new_session_id(&self) -> SessionId {
        SessionId(u64::from_be_bytes(entropy::bytes(self.entropy())))
    }

    /// What the gate knows now.
    ///
    /// # Errors
    /// Not enrolled and confirmed, or nothing pulled yet.
    pub(crate) fn look(&self) -> Result<Look, GateError> {
        if !self.is_confirmed() {
            return Err(GateError::NotEnrolled);
        }
        let bundle = self.bundle().ok_or(GateError::NoBundle)?;
        let Reading { now, state, elapsed } = self.time();
        Ok(Look { bundle, now, clock: state, elapsed })
    }

    /// Entries of the current journal that the issuer lacks.
    pub(crate) fn to_send(&self) -> u64 {
        self.journal().standing().map_or(0, |s| s.head.next_seq.saturating_sub(s.sent_seq))
    }

    /// Whether the issuer's people have confirmed this gate.
    pub fn is_confirmed(&self) -> bool {
        self.enrolled().is_some_and(|enrolled| enrolled.standing == Standing::Confirmed)
    }

    pub fn enrolment(&self) -> EnrolmentStatus {
        let Some(enrolled) = self.enrolled() else { return EnrolmentStatus::NotEnrolled };
        enrolled.status()
    }

    /// What every sentence needs: little, for it is asked with every answer.
    pub fn bearings(&self) -> Bearings {
        let now = self.now();
        match self.bundle() {
            Some(bundle) => Bearings {
                zone: bundle.zone.clone(),
                now,
                plausible_tenths: bundle.plausible,
                low_tenths: bundle.settings.temperature.low_below().tenths(),
                fever_tenths: bundle.settings.temperature.fever_from().tenths(),
            },
            None => Bearings::of(&GateStatus::unenrolled(now)),
        }
    }

    /// What stands at the top of every page.
    pub fn status(&self) -> GateStatus {
        let Reading { now, state, elapsed } = self.time();
        let bundle = self.bundle();
        let link = self.link().clone();
        let mut status = GateStatus {
            enrolment: self.enrolment(),
            online: link.online,
            since: link.since,
            trouble: link.trouble,
            to_send: self.to_send(),
            clock: state,
            not_recorded: self.journal().not_recorded(),
            inside: self.journal().presence(Presence::count),
            parked: self.sessions().count_parked(),
            ..GateStatus::unenrolled(now)
        };
        if let Some(enrolled) = self.enrolled() {
            status.name.clone_from(&enrolled.gate_name);
        }
        if let Some(bundle) = bundle {
            let settings = &bundle.settings;
            status.name.clone_from(&settings.gate_name);
            status.status_age_seconds = bundle.status_age_seconds(now, elapsed);
            status.roster_age_seconds = Some(now.seconds().saturating_sub(bundle.manifest.iat));
            status.roster_len = bundle.roster.len();
            status.capacity = settings.capacity;
            status.time_zone.clone_from(&settings.time_zone);
            status.fever_tenths = settings.temperature.fever_from().tenths();
            status.low_tenths = settings.temperature.low_below().tenths();
            status.plausible_tenths = bundle.plausible;
            status.sample = settings.sample;
        }
        status
    }

    /// What an administrator wants to see of the verifier itself.
    pub fn machine(&self) -> Machine {
        let Reading { now, elapsed, .. } = self.time();
        let mut machine = Machine { last_sync: self.link().last_sync, ..Machine::default() };
        if let Some(enrolled) = self.enrolled() {
            machine.gate_id.clone_from(&enrolled.gate_id);
            machine.root_fingerprint = Some(enrolled.root.to_string());
        }
        if let Some(bundle) = self.bundle() {
            machine.root_fingerprint = Some(bundle.trust.root().to_string());
            machine.manifest_seq = Some(bundle.manifest.seq);
            machine.manifest_at = Some(Millis::from_seconds(bundle.manifest.iat));
            machine.trust_version = bundle.trust.list().map(|list| list.version);
            machine.status_lists = bundle
                .lists
                .values()
                .map(|list| (list.claims.seq, list.age_seconds(now, elapsed)))
                .collect();
        }
        if let Some(standing) = self.journal().standing() {
            machine.journal_id = standing.head.id.to_string();
            machine.journal_next_seq = standing.head.next_seq;
            machine.journal_head = fugong_common::hex::encode(&standing.head.hash);
        }
        machine
    }

    /// Whether somebody at this machine has to make a pairing code: nobody is paired yet.
    pub fn wants_pairing(&self) -> bool {
        self.duty().is_bare()
    }

    /// Small work of every few seconds: sessions nobody comes back to, the time, parts that needn't be kept.
    pub(crate) async fn tidy(&self) {
        let now = self.now();
        self.sessions().tidy(now);
        let at_least =
            lock(&self.0.time).at_least(self.0.wall.now(), self.0.running.elapsed_millis());
        let before = at_least.plus_hours(-i64::from(self.config().keep_sent_hours));
        if self.time().state == ClockState::Trusted
            && let Err(error) = self.journal().purge_sent(before).await
        {
            tracing::warn!(%error, "sent entries were not purged");
        }
        if let Err(error) = self.keep_time().await {
            tracing::warn!(%error, "the time was not stored");
        }
    }
}
