//! What the gate tells its pages: plain facts, already masked where the screen stands in the open.

use std::fmt;
use std::str::FromStr;

pub use fugong_common::clock::ClockState;
pub use fugong_common::judge::Reason;
use fugong_common::time::{Millis, Zone};
use fugong_common::verdict::{Details, Verdict};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// Which way somebody passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    #[default]
    In,
    Out,
}

impl From<Direction> for fugong_common::journal::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::In => Self::In,
            Direction::Out => Self::Out,
        }
    }
}

impl From<fugong_common::journal::Direction> for Direction {
    fn from(direction: fugong_common::journal::Direction) -> Self {
        match direction {
            fugong_common::journal::Direction::In => Self::In,
            fugong_common::journal::Direction::Out => Self::Out,
        }
    }
}

impl Direction {
    /// `in` or `out`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// Names one scan session, from the scan to its record. 16 hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String)]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text names no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASession;

impl fmt::Display for NotASession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session is named by 16 hexadecimal characters")
    }
}

impl std::error::Error for NotASession {}

impl FromStr for SessionId {
    type Err = NotASession;

    fn from_str(text: &str) -> Result<Self, NotASession> {
        let fit = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        fit.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten().ok_or(NotASession)
    }
}

impl TryFrom<String> for SessionId {
    type Error = NotASession;

    fn try_from(text: String) -> Result<Self, NotASession> {
        text.parse()
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.to_string()
    }
}

/// What the guard does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The placard holds; say who goes in: a person of the roster or a visitor.
    ChoosePerson,
    /// Confirm that the listed conditions are met, or refuse.
    Confirm,
    /// Take the temperature.
    Measure,
    /// The reading was too low to be a body's: measure again, indoors or at the wrist.
    MeasureAgain,
    /// High once: to the waiting area, another thermometer. The session is parked, the lane goes on.
    Recheck,
    /// Finished: somebody passed.
    Passed,
    /// Finished: somebody didn't pass, or there was nothing to decide.
    Stopped,
    /// Today's status code was read and taken; scan the placard or pass again.
    StatusTaken,
}

/// A condition under which somebody may go in; the guard confirms that it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "condition")]
pub enum Condition {
    /// The status is older than it should be, within what the offline order allows. Roster only.
    StatusOld { age_seconds: u64 },
    /// Found by a typed number, which anybody can read off a placard: compare document and face.
    CompareDocument,
    /// The premises hold as many people as they may.
    PremisesFull { inside: u32, cap: u32 },
    /// The enterprise has as many people inside as its permit allows.
    EnterpriseFull { inside: u32, cap: u32 },
    /// This person went in before and wasn't seen to leave.
    AlreadyInside { since: Millis },
    /// This person works at another of the permit's sites (domain A51).
    OtherSite,
    /// Somebody leaves on a permit or pass that would not let them in.
    Leaving { because: Verdict },
}

impl Condition {
    /// Stable name, as in JSON and in journal remarks.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::StatusOld { .. } => "status_old",
            Self::CompareDocument => "compare_document",
            Self::PremisesFull { .. } => "premises_full",
            Self::EnterpriseFull { .. } => "enterprise_full",
            Self::AlreadyInside { .. } => "already_inside",
            Self::OtherSite => "other_site",
            Self::Leaving { .. } => "leaving",
        }
    }
}

/// The enterprise that a permit or pass is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EnterpriseFacts {
    pub name: String,
    /// Check number of the permit, as printed; passes carry only its lineage.
    pub serial: Option<String>,
    /// Unix seconds, first second that no longer counts.
    pub expires: Option<u64>,
    /// At most so many people inside at a time.
    pub cap: Option<u32>,
    /// The enterprise's people inside now.
    pub inside: u32,
    /// The permit's site, as `440309004001-0001`.
    pub site: Option<String>,
}

/// The person who wants to pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonFacts {
    /// Pseudonymous worker number; `None` for visitors.
    pub worker: Option<String>,
    /// The number as the worker's own enterprise writes it.
    pub number: Option<String>,
    /// In full: the guard compares it with the document.
    pub name: String,
    pub last_four: Option<String>,
    pub role: String,
    pub visitor: bool,
}

/// Whether the answer is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Recorded {
    /// Entry `seq` of the journal holds it.
    Yes { seq: u64 },
    /// The disk refused; it is counted, and the page shows NOT RECORDED.
    No,
    /// Nothing to record.
    Nothing,
}

/// The answer to a scan, and to every step after it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ScanOutcome {
    pub session: SessionId,
    pub verdict: Verdict,
    pub step: Step,
    pub direction: Direction,
    pub enterprise: Option<EnterpriseFacts>,
    pub person: Option<PersonFacts>,
    /// To be confirmed under [`Step::Confirm`]; afterwards those that were.
    pub conditions: Vec<Condition>,
    /// The division's order for gates without network, where it applies.
    pub offline_order: Option<String>,
    /// Why, the deciding reason first; said by [`Reason::say`].
    #[serde(skip)]
    pub reasons: Vec<Reason>,
    /// What [`Verdict::instruction`] mentions. The first day is left to the page, which knows the language.
    #[serde(skip)]
    pub details: Details,
    /// Unix seconds from which it counts, for "not yet valid".
    pub valid_from: Option<u64>,
    /// Age of the status list that decided, in seconds.
    pub status_age_seconds: Option<u64>,
    /// Last reading in tenths of a degree.
    pub tenths: Option<i16>,
    /// Somebody who isn't let in by this may be registered as a visitor of another enterprise.
    pub visitor_possible: bool,
    /// A shift leader may let in with a second PIN, giving a reason.
    pub override_possible: bool,
    /// What else speaks against going in.
    pub also: Vec<Verdict>,
    /// The entry that this check was put right from; it happens once.
    pub corrects: Option<u64>,
    pub recorded: Recorded,
    pub at: Millis,
}

/// One line of the last checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecentRow {
    pub seq: u64,
    pub at: Millis,
    /// `scan`, `pass`, `refusal`, … as in the journal.
    pub kind: String,
    pub verdict: Option<Verdict>,
    pub direction: Option<Direction>,
    /// Masked.
    pub name: String,
    pub plate: Option<String>,
    pub tenths: Option<i16>,
    pub guard: String,
    /// The guard did not let them in, whatever had been answered.
    pub refused: bool,
    /// May still be corrected, and until when.
    pub correctable_until: Option<Millis>,
    pub sent: bool,
}

/// One who is inside now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InsideRow {
    /// Masked.
    pub name: String,
    pub enterprise: String,
    pub visitor: bool,
    pub since: Millis,
}

/// A masked row of the person look-up; at most five are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonRow {
    /// Chosen by this.
    pub worker: String,
    /// The number as the worker's own enterprise writes it; the whole one where two of the rows would look alike.
    pub number: String,
    /// Masked.
    pub name: String,
    pub last_four: Option<String>,
    pub role: String,
    pub enterprise: String,
}

/// An enterprise that visitors may come to: its permit is in the gate's register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostRow {
    /// Check number as printed; scan it or choose it.
    pub serial: String,
    pub enterprise: String,
}

/// Somebody who isn't on the roster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Visitor {
    pub name: String,
    pub phone: String,
    #[serde(default)]
    pub plate: Option<String>,
    #[serde(default)]
    pub purpose: Option<String>,
}

/// A vehicle that passes with the person (domain A46, A50).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vehicle {
    pub plate: String,
    /// `car`, `lorry`, `bus`, …; free text of at most 20 characters.
    #[serde(default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub purpose: Option<String>,
    /// How many ride along.
    #[serde(default)]
    pub riders: Option<u16>,
}

/// What was wrong with an entry of the last ten seconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "correction")]
pub enum Correction {
    /// The other direction was meant.
    Direction { direction: Direction },
    /// The reading was typed wrong; judged anew.
    Temperature { tenths: i16 },
    /// They turned round and didn't pass.
    DidNotPass,
}

/// Whether this verifier belongs to an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum EnrolmentStatus {
    /// Run `verifier enrol`.
    NotEnrolled,
    /// An administrator compares this fingerprint with the console and confirms.
    Waiting { gate_name: String, issuer: String, device_fingerprint: String },
    /// Works.
    Enrolled { gate_name: String, issuer: String, device_fingerprint: String },
    /// Cut off by the issuer; everything was wiped. Enrol again.
    CutOff,
}

/// Line at the top of every gate page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct GateStatus {
    pub name: String,
    pub enrolment: EnrolmentStatus,
    /// Connected to the issuer now.
    pub online: bool,
    /// Since when it is as `online` says; `None` before the first try.
    pub since: Option<Millis>,
    /// Why the last contact failed, for administrators.
    pub trouble: Option<String>,
    /// Journal entries that the issuer doesn't have yet.
    pub to_send: u64,
    /// Age of the oldest status list in use.
    pub status_age_seconds: Option<u64>,
    /// Age of the bundle: roster, register, settings.
    pub roster_age_seconds: Option<u64>,
    pub roster_len: usize,
    #[serde(serialize_with = "clock_code")]
    #[schema(value_type = String)]
    pub clock: ClockState,
    /// Answers given that the disk refused to record.
    pub not_recorded: u64,
    pub inside: u32,
    /// Most people inside at once, if the premises have such a limit.
    pub capacity: Option<u32>,
    /// Sessions in the waiting area, to be measured again.
    pub parked: u32,
    /// IANA time zone of the division.
    pub time_zone: String,
    /// Fever limit and plausible range in tenths, for the number pad.
    pub fever_tenths: i16,
    #[schema(value_type = Vec<i16>)]
    pub plausible_tenths: (i16, i16),
    /// Below this a reading is repeated.
    pub low_tenths: i16,
    /// Belongs to the sample town; every page says so.
    pub sample: bool,
    pub now: Millis,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde wants")]
fn clock_code<S: Serializer>(clock: &ClockState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(clock.code())
}

impl GateStatus {
    /// The status of a verifier that belongs to nobody yet.
    pub fn unenrolled(now: Millis) -> Self {
        Self {
            name: String::new(),
            enrolment: EnrolmentStatus::NotEnrolled,
            online: false,
            since: None,
            trouble: None,
            to_send: 0,
            status_age_seconds: None,
            roster_age_seconds: None,
            roster_len: 0,
            clock: ClockState::Trusted,
            not_recorded: 0,
            inside: 0,
            capacity: None,
            parked: 0,
            time_zone: "Asia/Shanghai".to_owned(),
            fever_tenths: 373,
            low_tenths: 350,
            plausible_tenths: (340, 430),
            sample: false,
            now,
        }
    }
}

/// Where and when something is said, and within which readings.
#[derive(Clone, Debug)]
pub struct Bearings {
    pub zone: Zone,
    pub now: Millis,
    /// Readings that a thermometer can show, lowest and highest.
    pub plausible_tenths: (i16, i16),
    pub low_tenths: i16,
    pub fever_tenths: i16,
}

impl Bearings {
    /// From the status that a page shows. An unknown zone is said in UTC.
    pub fn of(status: &GateStatus) -> Self {
        Self {
            zone: Zone::parse(&status.time_zone).unwrap_or_else(|_| Zone::utc()),
            now: status.now,
            plausible_tenths: status.plausible_tenths,
            low_tenths: status.low_tenths,
            fever_tenths: status.fever_tenths,
        }
    }
}

/// Which entries the records page asks for: those of the day that is running in the division.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordQuery {
    pub verdict: Option<Verdict>,
    /// Skip so many of the newest.
    pub skip: u32,
    /// At most 100.
    pub limit: u32,
}

/// One page of records, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecordPage {
    pub rows: Vec<RecentRow>,
    /// How many the day has that fit the question.
    pub total: u32,
}

/// What a shift did, for its hand-over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ShiftFacts {
    pub since: Option<Millis>,
    pub checks: u32,
    pub passed: u32,
    pub stopped: u32,
}

/// A paired browser as the device page lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairRow {
    pub id: i64,
    pub label: String,
    pub paired_at: Millis,
    /// Who is signed on there.
    pub guard: Option<String>,
}

/// What the device page shows beside [`GateStatus`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Hexadecimal; empty before enrolment.
    pub gate_id: String,
    /// SHA-256 of the root key, hexadecimal.
    pub root_fingerprint: Option<String>,
    pub manifest_seq: Option<u64>,
    pub manifest_at: Option<Millis>,
    pub trust_version: Option<u64>,
    /// Number and age in seconds of each status list in use.
    pub status_lists: Vec<(u64, u64)>,
    pub last_sync: Option<Millis>,
    /// Hexadecimal; empty before enrolment.
    pub journal_id: String,
    pub journal_next_seq: u64,
    /// Hexadecimal.
    pub journal_head: String,
}
