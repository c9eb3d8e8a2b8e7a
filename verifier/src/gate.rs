//! The decision at the gate. Pure: what was judged, who it is, how many are inside, which way, and nothing else.
//!
//! The judge has looked at signature, key, status, dates and place. Here come the gate's own rules, in this order:
//!
//! 1. whoever leaves is let out: never green on a bad permit, but never held either
//! 2. what the judge refuses is refused
//! 3. the person: on the roster, in force, not in isolation, already begun (domain A36)
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
}

impl Decision {
    fn stop(verdict: Verdict) -> Self {
        Self { verdict, next: Next::Stop, conditions: Vec::new(), valid_from: None }
    }
}

/// Decides.
pub fn decide(case: &Case<'_>) -> Decision {
    match case.direction {
        Direction::In => enter(case),
        Direction::Out => leave(case),
    }
}

fn enter(case: &Case<'_>) -> Decision {
    let judged = case.judgement.verdict;
    if !matches!(judged, Verdict::Valid | Verdict::Conditional) {
        let valid_from = case.judgement.credential.as_ref().and_then(Credential::validity);
        return Decision {
            valid_from: valid_from.map(Validity::not_before),
            ..Decision::stop(judged)
        };
    }
    if let Some(refused) = person(case) {
        return refused;
    }
    let mut conditions = judged_conditions(case.judgement);
    let old = conditions.iter().any(|c| matches!(c, Condition::StatusOld { .. }));
    if old && matches!(case.who, Who::Visitor) {
        return Decision::stop(Verdict::Stale);
    }
    if matches!(case.who, Who::Nobody) {
        let verdict = if conditions.is_empty() { Verdict::Measure } else { Verdict::Conditional };
        return Decision { verdict, next: Next::ChoosePerson, conditions, valid_from: None };
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
    Decision { verdict, next, conditions, valid_from: None }
}

/// What speaks against this person, whatever the permit says.
fn person(case: &Case<'_>) -> Option<Decision> {
    let record = match case.who {
        Who::Nobody | Who::Visitor => return None,
        Who::Stranger => return Some(Decision::stop(Verdict::NotOnRoster)),
        Who::Worker(record, shown) => {
            let dead = |in_force: Serial| shown.is_some_and(|shown| shown != in_force);
            if record.left || !belongs(record, case.judgement) {
                return Some(Decision::stop(Verdict::NotOnRoster));
            }
            // The status list says so too, but a roster may be newer than a list.
            if record.pass.is_some_and(|pass| dead(pass.serial)) {
                return Some(Decision::stop(Verdict::PassLost));
            }
            record
        }
    };
    let now = case.now.seconds();
    if record.isolating_until.is_some_and(|until| now < until) {
        return Some(Decision::stop(Verdict::Isolating));
    }
    if let Some(not_before) = record.not_before.filter(|from| now < *from) {
        let stop = Decision::stop(Verdict::NotYet);
        return Some(Decision { valid_from: Some(not_before), ..stop });
    }
    None
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
        return Decision {
            verdict: Verdict::Conditional,
            next: Next::ChoosePerson,
            conditions: Vec::new(),
            valid_from: None,
        };
    }
    let against = match judged {
        Verdict::Valid | Verdict::Conditional => person(case).map(|decision| decision.verdict),
        bad => Some(bad),
    };
    match against {
        None => Decision {
            verdict: Verdict::Valid,
            next: Next::Pass,
            conditions: Vec::new(),
            valid_from: None,
        },
        Some(because) => Decision {
            verdict: Verdict::Conditional,
            next: Next::Confirm,
            conditions: vec![Condition::Leaving { because }],
            valid_from: None,
        },
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

/// Whether the person may be registered as a visitor of somebody's instead (glossary: wrong site, not on the roster).
pub const fn may_visit(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::WrongSite | Verdict::NotOnRoster)
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
