//! One scan session: permit or pass, person, vehicle, temperature and direction, from the scan to its record.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use fugong_common::placard::Scanned;
use fugong_common::temperature::Temperature;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::wire::PersonRecord;

use crate::view::{Condition, Direction, Recorded, ScanOutcome, SessionId, Step, Vehicle, Visitor};

/// What began the session; judged anew at every step.
#[derive(Clone, Debug)]
pub enum Source {
    Scanned(Scanned),
    /// Looked up: worker number.
    Worker(String),
}

/// Who it is about.
#[derive(Clone, Debug)]
pub enum Subject {
    Nobody,
    Worker(Box<PersonRecord>),
    /// Name on a good pass that the roster doesn't know.
    Stranger(String),
    Visitor(Visitor),
}

/// Where the session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A placard holds; somebody has to be named.
    AwaitingPerson,
    /// The guard looks whether these are met.
    Confirming(Vec<Condition>),
    /// The thermometer is next.
    Measuring,
    /// Entry `seq` lets them pass; may be corrected for ten seconds. `seq` is missing where the disk refused.
    Passed { seq: Option<u64> },
    /// Not let in. With the verdict, for an override.
    Stopped(Verdict),
}

impl State {
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::AwaitingPerson | Self::Confirming(_) | Self::Measuring)
    }
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub source: Source,
    pub subject: Subject,
    pub direction: Direction,
    pub vehicle: Option<Vehicle>,
    pub state: State,
    /// Conditions that the guard saw to be met.
    pub confirmed: Vec<Condition>,
    /// Verdicts that two people decided against.
    pub overridden: Vec<Verdict>,
    /// First high reading; another one refuses.
    pub high: Option<Temperature>,
    /// Refused once: may turn round, but not in again.
    pub barred: bool,
    /// Entry that was put right by a later one; that happens once.
    pub corrected: Option<u64>,
}

/// A session and its last answer.
#[derive(Debug)]
pub struct Slot {
    /// One step at a time; the second waits and finds the session where the first left it.
    pub session: tokio::sync::Mutex<Session>,
    last: Mutex<ScanOutcome>,
}

impl Slot {
    fn last(&self) -> MutexGuard<'_, ScanOutcome> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last answer.
    pub fn outcome(&self) -> ScanOutcome {
        self.last().clone()
    }

    pub fn answer(&self, outcome: &ScanOutcome) {
        *self.last() = outcome.clone();
    }

    /// When nobody will come back to it.
    fn is_over(&self, now: Millis, parked: bool) -> bool {
        let outcome = self.last();
        let minutes = match outcome.step {
            Step::Passed | Step::Stopped | Step::StatusTaken => 5,
            _ if parked => 240,
            _ => 30,
        };
        now.since(outcome.at).abs() > minutes * 60_000
    }
}

/// Sessions in memory. A restart forgets open ones; whoever stands there is scanned again.
#[derive(Debug, Default)]
pub struct Sessions(RwLock<Open>);

#[derive(Debug, Default)]
struct Open {
    slots: HashMap<SessionId, Arc<Slot>>,
    /// Oldest first; may still name some that are gone.
    order: VecDeque<SessionId>,
    /// In the waiting area. Few, and never forgotten to make room.
    parked: HashSet<SessionId>,
}

/// More than any gate has open at once: at ten a second, those of a quarter of an hour. About 16 MB.
const MOST: usize = 8192;

impl Open {
    /// Forgets the oldest beyond the limit, at the cost of one step a session, however many there are.
    fn make_room(&mut self) {
        for _ in 0..self.order.len() {
            if self.slots.len() <= MOST {
                return;
            }
            let Some(oldest) = self.order.pop_front() else { return };
            if self.parked.contains(&oldest) {
                self.order.push_back(oldest);
            } else {
                self.slots.remove(&oldest);
            }
        }
    }
}

impl Sessions {
    fn read(&self) -> RwLockReadGuard<'_, Open> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Open> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn find(&self, id: SessionId) -> Option<Arc<Slot>> {
        self.read().slots.get(&id).cloned()
    }

    pub fn insert(&self, session: Session, outcome: ScanOutcome) {
        let id = session.id;
        let slot = Slot { session: tokio::sync::Mutex::new(session), last: Mutex::new(outcome) };
        let mut open = self.write();
        open.order.push_back(id);
        open.slots.insert(id, Arc::new(slot));
        open.make_room();
    }

    /// To the waiting area, or back from it.
    pub fn set_parked(&self, id: SessionId, parked: bool) {
        let mut open = self.write();
        if parked && open.slots.contains_key(&id) {
            open.parked.insert(id);
        } else {
            open.parked.remove(&id);
        }
    }

    /// Forgets what nobody will come back to.
    pub fn tidy(&self, now: Millis) {
        let mut open = self.write();
        let Open { slots, order, parked } = &mut *open;
        slots.retain(|id, slot| !slot.is_over(now, parked.contains(id)));
        order.retain(|id| slots.contains_key(id));
        parked.retain(|id| slots.contains_key(id));
    }

    /// Last answers of the sessions in the waiting area, oldest first.
    pub fn parked(&self) -> Vec<ScanOutcome> {
        let open = self.read();
        let waiting = open.parked.iter().filter_map(|id| open.slots.get(id));
        let mut parked: Vec<_> = waiting.map(|slot| slot.outcome()).collect();
        parked.sort_by_key(|outcome| outcome.at);
        parked
    }

    pub fn count_parked(&self) -> u32 {
        u32::try_from(self.read().parked.len()).unwrap_or(u32::MAX)
    }

    /// The session whose passing is entry `seq`, if that is as it was written at first.
    pub fn find_passed(&self, seq: u64) -> Option<Arc<Slot>> {
        let is_it = |slot: &&Arc<Slot>| {
            let last = slot.last();
            last.step == Step::Passed
                && last.corrects.is_none()
                && last.recorded == Recorded::Yes { seq }
        };
        self.read().slots.values().find(is_it).cloned()
    }

    /// Whether entry `seq` was put right by a later one, or is such a later one.
    pub fn was_corrected(&self, seq: u64) -> bool {
        self.read().slots.values().any(|slot| {
            let last = slot.last();
            last.corrects == Some(seq)
                || last.corrects.is_some() && last.recorded == Recorded::Yes { seq }
        })
    }

    /// Forgets everything: the gate was cut off.
    pub fn clear(&self) {
        *self.write() = Open::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples::outcome;

    fn insert(sessions: &Sessions, n: u64) -> SessionId {
        let id = SessionId(n);
        let session = Session {
            id,
            source: Source::Scanned(Scanned::Other),
            subject: Subject::Nobody,
            direction: Direction::In,
            vehicle: None,
            state: State::Measuring,
            confirmed: Vec::new(),
            overridden: Vec::new(),
            high: None,
            barred: false,
            corrected: None,
        };
        let mut answer = outcome(Verdict::Measure, Step::Measure);
        answer.session = id;
        sessions.insert(session, answer);
        id
    }

    #[test]
    fn the_oldest_sessions_are_forgotten_beyond_the_limit_but_nobody_who_waits_apart() {
        let sessions = Sessions::default();
        let (waiting, first) = (insert(&sessions, 0), insert(&sessions, 1));
        sessions.set_parked(waiting, true);
        let most = u64::try_from(MOST).unwrap();
        for n in 2..most {
            insert(&sessions, n);
        }
        assert!(sessions.find(first).is_some(), "as many as fit");
        let newest = insert(&sessions, most);
        assert!(sessions.find(first).is_none(), "the oldest makes room");
        for n in most + 1..3 * most {
            insert(&sessions, n);
        }
        assert!(sessions.find(waiting).is_some() && sessions.find(newest).is_none());
        assert_eq!(sessions.count_parked(), 1);
        assert_eq!(sessions.read().slots.len(), MOST);
        sessions.set_parked(waiting, false);
        assert_eq!(sessions.count_parked(), 0);
    }
}
