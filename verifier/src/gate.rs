//! The decision at the gate. Pure: what was judged, who it is, how many are inside, which way, and nothing else.
//!
//! The judge has looked at signature, key, status, dates and place. Here come the gate's own rules, in this order:
//!
//! 1. whoever leaves is let out: never green on a bad permit, but never held either
//! 2. what the judge refuses is refused
//! 3. so is a person: not in isolation, already begun (domain A36), on the roster, the pass in force
//!    All that speaks against somebody is collected: what nobody may override is said first, and hides behind nothing that two may
//! 4. conditions: old status (roster only), typed number, caps, seen inside already, another site's worker (domain A51)
//! 5. the temperature, for everybody who goes in (domain A47)

use fugong_common::claims::{Lineage, Validity};
use fugong_common::judge::{Credential, Judgement, Reason};
use fugong_common::permit::{Mode, SiteCode};
use fugong_common::serial::Serial;
use fugong_common::temperature::{Reading, Temperature, Thresholds};
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::wire::PersonRecord;

use crate::view::{Condition, Direction};

/// Who stands at the gate.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// A placard was shown; nobody is named yet.
    Nobody,
    /// Somebody on the roster. With the number of the pass that was shown, if one was.
    Worker(&'a PersonRecord, Option<Serial>),
    /// Somebody with a pass whom the roster doesn't know.
    Stranger,
    /// Registered at the gate.
    Visitor,
}

/// People inside, as far as the gate has seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crowd {
    pub inside: u32,
    /// Most people that the premises hold, if they have a limit.
    pub capacity: Option<u32>,
    pub of_enterprise: u32,
    /// Cap of the enterprise's permit.
    pub enterprise_cap: Option<u32>,
    /// Since when this very person is inside.
    pub since: Option<Millis>,
}

/// Everything that decides.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub judgement: &'a Judgement,
    pub who: Who<'a>,
    pub direction: Direction,
    /// Sites whose permits open this gate.
    pub sites: &'a [SiteCode],
    pub crowd: Crowd,
    pub now: Millis,
}

/// What follows from a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Say who it is.
    ChoosePerson,
    /// Confirm the conditions.
    Confirm,
    /// Take the temperature.
    Measure,
    /// Let pass.
    Pass,
    /// Don't.
    Stop,
}

/// The gate's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    pub next: Next,
    pub conditions: Vec<Condition>,
    /// Unix seconds, for "not yet valid".
    pub valid_from: Option<u64>,
    /// What else speaks against going in, beside `verdict`.
    pub also: Vec<Verdict>,
}

impl Decision {
    fn new(verdict: Verdict, next: Next, conditions: Vec<Condition>) -> Self {
        Self { verdict, next, conditions, valid_from: None, also: Vec::new() }
    }

    fn stop(verdict: Verdict) -> Self {
        Self::new(verdict, Next::Stop, Vec::new())
    }

    /// Everything that speaks against going in; empty unless it stops.
    pub fn against(&self) -> Vec<Verdict> {
        match self.next {
            Next::Stop => std::iter::once(self.verdict).chain(self.also.iter().copied()).collect(),
            _ => Vec::new(),
        }
    }
}

/// Decides.
pub fn decide(case: &Case<'_>) -> Decision {
    match case.direction {
        Direction::In => enter(case),
        Direction::Out => leave(case),
    }
}

/// One thing that speaks against somebody, and for "not yet valid" from when it won't.
#[derive(Clone, Copy)]
struct Refusal {
    verdict: Verdict,
    valid_from: Option<u64>,
}

impl From<Verdict> for Refusal {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, valid_from: None }
    }
}

/// Stops for all of them. What nobody may override goes before what two people may.
fn refused(refusals: &[Refusal]) -> Option<Decision> {
    let hard = refusals.iter().find(|refusal| !may_override(refusal.verdict));
    let first = hard.or(refusals.first())?;
    let mut also = Vec::new();
    for refusal in refusals {
        if refusal.verdict != first.verdict && !also.contains(&refusal.verdict) {
            also.push(refusal.verdict);
        }
    }
    Some(Decision { valid_from: first.valid_from, also, ..Decision::stop(first.verdict) })
}

fn enter(case: &Case<'_>) -> Decision {
    let judged = case.judgement.verdict;
    let mut refusals = Vec::new();
    if !matches!(judged, Verdict::Valid | Verdict::Conditional) {
        let validity = case.judgement.credential.as_ref().and_then(Credential::validity);
        let valid_from = validity.map(Validity::not_before);
        refusals.push(Refusal { verdict: judged, valid_from });
    }
    refusals.extend(person(case));
    if let Some(stop) = refused(&refusals) {
        return stop;
    }
    let mut conditions = judged_conditions(case.judgement);
    let old = conditions.iter().any(|c| matches!(c, Condition::StatusOld { .. }));
    if old && matches!(case.who, Who::Visitor) {
        return Decision::stop(Verdict::Stale);
    }
    if matches!(case.who, Who::Nobody) {
        let verdict = if conditions.is_empty() { Verdict::Measure } else { Verdict::Conditional };
        return Decision::new(verdict, Next::ChoosePerson, conditions);
    }
    conditions.extend(crowd_conditions(&case.crowd));
    if let Who::Worker(person, _) = case.who
        && !person.sites.is_empty()
        && !person.sites.iter().any(|site| case.sites.contains(site))
    {
        conditions.push(Condition::OtherSite);
    }
    let full = conditions.iter().any(|condition| {
        matches!(condition, Condition::PremisesFull { .. } | Condition::EnterpriseFull { .. })
    });
    let (verdict, next) = match (conditions.is_empty(), full) {
        (true, _) => (Verdict::Measure, Next::Measure),
        (false, true) => (Verdict::CapFull, Next::Confirm),
        (false, false) => (Verdict::Conditional, Next::Confirm),
    };
    Decision::new(verdict, next, conditions)
}

/// All that speaks against this person, whatever the permit says.
fn person(case: &Case<'_>) -> Vec<Refusal> {
    let (record, shown) = match case.who {
        Who::Nobody | Who::Visitor => return Vec::new(),
        Who::Stranger => return vec![Verdict::NotOnRoster.into()],
        Who::Worker(record, shown) => (record, shown),
    };
    let now = case.now.seconds();
    let mut refusals: Vec<Refusal> = Vec::new();
    if record.isolating_until.is_some_and(|until| now < until) {
        refusals.push(Verdict::Isolating.into());
    }
    if let Some(from) = record.not_before.filter(|from| now < *from) {
        refusals.push(Refusal { verdict: Verdict::NotYet, valid_from: Some(from) });
    }
    if record.left || !belongs(record, case.judgement) {
        refusals.push(Verdict::NotOnRoster.into());
    }
    // The status list says so too, but a roster may be newer than a list.
    if shown.is_some() && shown != record.pass.map(|pass| pass.serial) {
        refusals.push(Verdict::PassLost.into());
    }
    refusals
}

/// Whether a person works for the enterprise of what was shown. A permit's token names no lineage; then whoever
/// looked the person up has compared.
fn belongs(person: &PersonRecord, judgement: &Judgement) -> bool {
    let lineage: Option<Lineage> = judgement.credential.as_ref().and_then(Credential::lineage);
    lineage.is_none_or(|lineage| lineage == person.lineage)
}

fn judged_conditions(judgement: &Judgement) -> Vec<Condition> {
    if judgement.verdict != Verdict::Conditional {
        return Vec::new();
    }
    let mut conditions: Vec<_> = judgement
        .reasons
        .iter()
        .filter_map(|reason| match reason {
            Reason::Grace => Some(Condition::StatusOld {
                age_seconds: judgement.status_age_seconds.unwrap_or(0),
            }),
            Reason::FoundByNumber => Some(Condition::CompareDocument),
            _ => None,
        })
        .collect();
    if conditions.is_empty() {
        // A condition without a name is still one: the guard compares.
        conditions.push(Condition::CompareDocument);
    }
    conditions
}

fn crowd_conditions(crowd: &Crowd) -> Vec<Condition> {
    let mut conditions = Vec::new();
    // Who is inside already takes no further place.
    if let Some(since) = crowd.since {
        conditions.push(Condition::AlreadyInside { since });
        return conditions;
    }
    if let Some(cap) = crowd.capacity.filter(|cap| crowd.inside >= *cap) {
        conditions.push(Condition::PremisesFull { inside: crowd.inside, cap });
    }
    if let Some(cap) = crowd.enterprise_cap.filter(|cap| crowd.of_enterprise >= *cap) {
        conditions.push(Condition::EnterpriseFull { inside: crowd.of_enterprise, cap });
    }
    conditions
}

fn leave(case: &Case<'_>) -> Decision {
    let judged = case.judgement.verdict;
    // Nothing signed vouches for what was shown, so it names nobody who could be written down as leaving.
    let nobody_known = case.judgement.credential.is_none() || judged == Verdict::ForeignLink;
    if nobody_known {
        return Decision::stop(judged);
    }
    if matches!(case.who, Who::Nobody) {
        return Decision::new(Verdict::Conditional, Next::ChoosePerson, Vec::new());
    }
    let against = match judged {
        Verdict::Valid | Verdict::Conditional => refused(&person(case)).map(|stop| stop.verdict),
        bad => Some(bad),
    };
    match against {
        None => Decision::new(Verdict::Valid, Next::Pass, Vec::new()),
        Some(because) => {
            let leaving = vec![Condition::Leaving { because }];
            Decision::new(Verdict::Conditional, Next::Confirm, leaving)
        }
    }
}

/// Cap that a permit sets.
pub const fn cap_of(mode: Mode) -> Option<u32> {
    match mode {
        Mode::Partial { cap } => Some(cap),
        Mode::OnSite | Mode::RemoteOnly => None,
    }
}

/// What a reading comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// No thermometer shows that: type it again.
    Implausible,
    /// Too low: measure again, as often as it takes; nobody raises a reading.
    Again,
    /// High for the first time: to the waiting area.
    Recheck,
    /// High twice: refused and reported.
    Refuse,
    /// Normal.
    Go,
}

/// Weighs a reading. `seen_high` after a first high one.
pub fn weigh(limits: &Thresholds, temperature: Temperature, seen_high: bool) -> Weighed {
    match limits.classify(temperature) {
        Reading::Implausible => Weighed::Implausible,
        Reading::Low => Weighed::Again,
        Reading::Normal => Weighed::Go,
        Reading::Fever if seen_high => Weighed::Refuse,
        Reading::Fever => Weighed::Recheck,
    }
}

/// Whether two people may let somebody in against this verdict. Never against an authority's refusal, a bad signature,
/// an isolation or a fever.
pub const fn may_override(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Stale
            | Verdict::ClockUncertain
            | Verdict::UpdateGate
            | Verdict::NotOnRoster
            | Verdict::PassLost
            | Verdict::WrongSite
            | Verdict::CapFull
            | Verdict::Conditional
    )
}

/// Whether two people may let somebody in against all of this. A lost pass leaves the roster as the only witness; where
/// something else is wrong beside it, there is none.
pub fn may_override_all(against: &[Verdict]) -> bool {
    let alone = against.len() <= 1 || !against.contains(&Verdict::PassLost);
    alone && against.iter().all(|verdict| may_override(*verdict))
}

/// Whether the person may be registered as a visitor of somebody's instead (glossary: wrong site, not on the roster).
pub const fn may_visit(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::WrongSite | Verdict::NotOnRoster)
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
