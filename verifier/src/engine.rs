//! The gate as its pages use it: one handle, cheap to clone.

use std::sync::Arc;

use fugong_common::entropy::Entropy;
use fugong_common::time::{Clock, Millis};

use crate::config::Config;
use crate::error::{GateError, PinError};
use crate::view::{
    Correction, Direction, EnrolmentStatus, GateStatus, HostRow, InsideRow, Machine, PairRow,
    PersonRow, RecentRow, RecordPage, RecordQuery, ScanOutcome, SessionId, ShiftFacts, Vehicle,
    Visitor,
};

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
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    clock: Arc<dyn Clock>,
    #[expect(dead_code)]
    entropy: Arc<dyn Entropy>,
    changes: tokio::sync::watch::Sender<u64>,
}

impl Gate {
    /// Opens the data directory: takes its lock, migrates the database, loads what was enrolled and pulled.
    pub async fn open(
        config: Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, GateError> {
        Ok(Self(Arc::new(Inner {
            config,
            clock,
            entropy,
            changes: tokio::sync::watch::Sender::new(0),
        })))
    }

    /// The configuration that it was opened with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// What stands at the top of every page.
    pub fn status(&self) -> GateStatus {
        GateStatus::unenrolled(self.0.clock.now())
    }

    pub fn enrolment(&self) -> EnrolmentStatus {
        self.status().enrolment
    }

    /// Changes by one with everything that a page shows: an entry, a bundle, the connection.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// A fresh one-time code, good for ten minutes; earlier ones die. The first is printed at start
    /// while no browser is paired, later ones are asked for by a shift leader or `verifier pair`.
    pub async fn pairing_code(&self) -> Result<PairingCode, GateError> {
        Err(GateError::NotRecorded)
    }

    /// Pairs a browser; the secret goes into its cookie and is kept here only as a hash.
    pub async fn pair(&self, code: &str, label: &str) -> Result<(Pair, String), GateError> {
        let _ = (code, label);
        Err(GateError::Pin(PinError::NotPaired))
    }

    /// The pair of this cookie secret.
    pub fn find_pair(&self, secret: &str) -> Option<Pair> {
        let _ = secret;
        None
    }

    /// Who may sign on here, by name.
    pub fn guards(&self) -> Vec<GuardName> {
        Vec::new()
    }

    /// Signs a guard on at a browser; whoever was signed on there is signed off.
    pub async fn sign_on(&self, pair: &Pair, guard: &str, pin: &str) -> Result<Guard, GateError> {
        let _ = (pair, guard, pin);
        Err(GateError::NotEnrolled)
    }

    /// Who is signed on at this browser.
    pub fn guard_of(&self, pair: &Pair) -> Option<Guard> {
        let _ = pair;
        None
    }

    /// Ends the guard's duty at this browser.
    pub async fn sign_off(&self, pair: &Pair) -> Result<(), GateError> {
        let _ = pair;
        Err(GateError::NotEnrolled)
    }

    /// Hands the browser over to the next guard, who types the PIN; the note is recorded (at most 500 characters).
    pub async fn hand_over(
        &self,
        pair: &Pair,
        to: &str,
        pin: &str,
        note: &str,
    ) -> Result<Guard, GateError> {
        let _ = (pair, to, pin, note);
        Err(GateError::NotEnrolled)
    }

    /// Judges what was scanned or typed, and opens a session where something can follow.
    pub async fn scan(
        &self,
        guard: &Guard,
        text: &str,
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, text, direction);
        Err(GateError::NotEnrolled)
    }

    /// Opens a session for somebody found by look-up, who carries no pass.
    pub async fn person(
        &self,
        guard: &Guard,
        worker: &str,
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, worker, direction);
        Err(GateError::NotEnrolled)
    }

    /// Says which of the enterprise's people stands before the placard, in [`Step::ChoosePerson`](crate::view::Step::ChoosePerson).
    pub async fn choose_person(
        &self,
        guard: &Guard,
        session: SessionId,
        worker: &str,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session, worker);
        Err(GateError::NotEnrolled)
    }

    /// Registers a visitor under the placard of this session.
    pub async fn visitor(
        &self,
        guard: &Guard,
        session: SessionId,
        visitor: Visitor,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session, visitor);
        Err(GateError::NotEnrolled)
    }

    /// Registers a visitor of an enterprise chosen from [`Gate::hosts`], without a placard at hand.
    pub async fn visitor_of(
        &self,
        guard: &Guard,
        host_serial: &str,
        visitor: Visitor,
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, host_serial, visitor, direction);
        Err(GateError::NotEnrolled)
    }

    /// Notes the vehicle of an open session.
    pub async fn vehicle(
        &self,
        guard: &Guard,
        session: SessionId,
        vehicle: Vehicle,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session, vehicle);
        Err(GateError::NotEnrolled)
    }

    /// Takes a reading in tenths of a degree.
    pub async fn measure(
        &self,
        guard: &Guard,
        session: SessionId,
        tenths: i16,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session, tenths);
        Err(GateError::NotEnrolled)
    }

    /// The guard has seen that every listed condition is met.
    pub async fn confirm_condition(
        &self,
        guard: &Guard,
        session: SessionId,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session);
        Err(GateError::NotEnrolled)
    }

    /// The guard doesn't let them in.
    pub async fn refuse(
        &self,
        guard: &Guard,
        session: SessionId,
        reason: &str,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session, reason);
        Err(GateError::NotEnrolled)
    }

    /// Two-person override: a shift leader other than the guard types the PIN and gives a reason.
    pub async fn approve(
        &self,
        guard: &Guard,
        session: SessionId,
        leader: &str,
        pin: &str,
        reason: &str,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session, leader, pin, reason);
        Err(GateError::NotEnrolled)
    }

    /// Corrects an entry of the last ten seconds by a further entry that cites it.
    pub async fn correct(
        &self,
        guard: &Guard,
        seq: u64,
        correction: Correction,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, seq, correction);
        Err(GateError::NotEnrolled)
    }

    /// At most five masked people by name, last four, worker number or pass reference. Each look-up is recorded.
    pub async fn lookup(&self, guard: &Guard, query: &str) -> Result<Vec<PersonRow>, GateError> {
        let _ = (guard, query);
        Err(GateError::NotEnrolled)
    }

    /// Enterprises that visitors may come to.
    pub fn hosts(&self) -> Vec<HostRow> {
        Vec::new()
    }

    /// A session as it was last answered, while it is open.
    pub fn session(&self, session: SessionId) -> Option<ScanOutcome> {
        let _ = session;
        None
    }

    /// Sessions in the waiting area, oldest first.
    pub fn parked(&self) -> Vec<ScanOutcome> {
        Vec::new()
    }

    /// The last `n` checks (at most 200), newest first.
    pub async fn recent(&self, n: u32) -> Result<Vec<RecentRow>, GateError> {
        let _ = n;
        Ok(Vec::new())
    }

    /// Who is inside now, newest first.
    pub fn inside(&self) -> Vec<InsideRow> {
        Vec::new()
    }

    /// An administrator at this machine sets the time, where the clock is uncertain. Recorded.
    pub async fn set_clock(&self, guard: &Guard, now: Millis) -> Result<(), GateError> {
        let _ = (guard, now);
        Err(GateError::NotEnrolled)
    }

    /// The other way was meant: judges an open session anew for it.
    pub async fn turn(
        &self,
        guard: &Guard,
        session: SessionId,
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session, direction);
        Err(GateError::NotEnrolled)
    }

    /// Takes a session out of the waiting area, to be measured again.
    pub async fn resume(
        &self,
        guard: &Guard,
        session: SessionId,
    ) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session);
        Err(GateError::NotEnrolled)
    }

    /// Puts an open session aside in the waiting area, so that the lane goes on.
    pub async fn park(&self, guard: &Guard, session: SessionId) -> Result<ScanOutcome, GateError> {
        let _ = (guard, session);
        Err(GateError::NotEnrolled)
    }

    /// Today's entries, a page at a time.
    pub async fn records(&self, query: RecordQuery) -> Result<RecordPage, GateError> {
        let _ = query;
        Ok(RecordPage::default())
    }

    /// What the guard's shift did since the sign-on.
    pub async fn shift(&self, guard: &Guard) -> Result<ShiftFacts, GateError> {
        let _ = guard;
        Ok(ShiftFacts::default())
    }

    /// Every paired browser.
    pub async fn pairs(&self) -> Result<Vec<PairRow>, GateError> {
        Ok(Vec::new())
    }

    /// Ends a pairing: that browser can do nothing any more.
    pub async fn unpair(&self, guard: &Guard, pair: i64) -> Result<(), GateError> {
        let _ = (guard, pair);
        Err(GateError::NotEnrolled)
    }

    /// What the device page shows beside the status.
    pub fn machine(&self) -> Machine {
        Machine::default()
    }

    /// Asks for a pull and an upload now; the connection's state shows how it went.
    pub fn sync_now(&self) {}
}
