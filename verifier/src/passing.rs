//! What a session comes to: readings, passings, corrections, and what the journal says of them.

use fugong_common::journal::EntryKind;
use fugong_common::person::mask_name;
use fugong_common::temperature::Temperature;
use fugong_common::verdict::Verdict;

use crate::error::GateError;
use crate::gate::{self, Decision, Weighed};
use crate::look::{Judged, Look, person_facts, person_key};
use crate::presence::Move;
use crate::scan::{Note, Outcome};
use crate::session::{Session, State, Subject};
use crate::view::{Condition, Correction, Direction, ScanOutcome, Step};

impl Session {
    /// Whether the guard saw that this is met. Numbers in a condition may have moved meanwhile.
    pub(crate) fn has_confirmed(&self, condition: &Condition) -> bool {
        let same =
            |known: &Condition| std::mem::discriminant(known) == std::mem::discriminant(condition);
        self.confirmed.iter().any(same)
    }

    /// Whether two people decided against all that stops them now.
    pub(crate) fn has_overridden(&self, decision: &Decision) -> bool {
        let against = decision.against();
        !against.is_empty() && against.iter().all(|verdict| self.overridden.contains(verdict))
    }

    /// What the journal says of a passing: only what needed no condition is "valid".
    pub(crate) fn final_verdict(&self) -> Verdict {
        if self.confirmed.is_empty() && self.overridden.is_empty() {
            Verdict::Valid
        } else {
            Verdict::Conditional
        }
    }

    pub(crate) fn movement(&self, judged: &Judged) -> Option<Move> {
        let person = person_key(&self.subject)?;
        Some(match self.direction {
            Direction::Out => Move::Left { person },
            Direction::In => {
                let facts = person_facts(&self.subject)?;
                Move::Entered {
                    person,
                    lineage: judged.lineage.map_or([0; 8], |lineage| lineage.0),
                    name: mask_name(&facts.name),
                    enterprise: judged.enterprise(&self.subject).unwrap_or_default().name,
                    visitor: facts.visitor,
                }
            }
        })
    }

    /// Free text of a passing: a visitor's telephone and purpose, the vehicle, the conditions that were met.
    pub(crate) fn remarks(&self) -> Option<String> {
        let mut remarks = Vec::new();
        if let Subject::Visitor(visitor) = &self.subject {
            remarks.push(format!("tel:{}", visitor.phone.replace(' ', "")));
            remarks.extend(visitor.purpose.clone());
        }
        if let Some(vehicle) = &self.vehicle {
            remarks.extend(vehicle.kind.clone());
            remarks.extend(vehicle.riders.map(|riders| format!("+{riders}")));
            remarks.extend(vehicle.purpose.clone());
        }
        let conditions = self.confirmed.iter().map(|condition| format!("if:{}", condition.code()));
        remarks.extend(conditions);
        (!remarks.is_empty()).then(|| remarks.join(" "))
    }

    /// What a reading makes of the session.
    pub(crate) fn weighed(
        &mut self,
        judged: &Judged,
        weighed: Weighed,
        temperature: Temperature,
    ) -> Outcome {
        let high = self.high;
        let (state, step, verdict) = match weighed {
            Weighed::Implausible | Weighed::Again => {
                (State::Measuring, Step::MeasureAgain, Verdict::LowReading)
            }
            Weighed::Recheck => {
                self.high = Some(temperature);
                (State::Measuring, Step::Recheck, Verdict::Fever)
            }
            Weighed::Refuse => (State::Stopped(Verdict::Fever), Step::Stopped, Verdict::Fever),
            Weighed::Go => (State::Passed { seq: None }, Step::Passed, Verdict::Valid),
        };
        let mut note = Note::of(EntryKind::Temperature, verdict);
        note.text = self.remarks();
        if step == Step::Passed {
            note.verdict = Some(self.final_verdict());
            note.moved = self.movement(judged);
        }
        if let Some(high) = high {
            // Both readings travel with the report.
            let first = format!("first:{high}");
            note.text = Some(note.text.map_or(first.clone(), |text| format!("{first} {text}")));
        }
        if weighed == Weighed::Refuse {
            tracing::warn!("two high readings; refused and reported");
        }
        self.state = state;
        Outcome {
            verdict,
            step,
            conditions: if step == Step::Passed { self.confirmed.clone() } else { Vec::new() },
            valid_from: None,
            tenths: Some(temperature.tenths()),
            note: Some(note),
        }
    }

    pub(crate) fn corrected(
        &mut self,
        look: &Look,
        judged: &Judged,
        seq: u64,
        before: &ScanOutcome,
        correction: &Correction,
    ) -> Result<Outcome, GateError> {
        let undo = person_key(&self.subject).filter(|_| self.direction == Direction::In);
        let undo = undo.map(|person| Move::Left { person });
        let mut outcome = match correction {
            Correction::Direction { direction: Direction::Out } => {
                self.direction = Direction::Out;
                let mut note = Note::of(EntryKind::Correction, self.final_verdict());
                note.moved = self.movement(judged);
                passed(before, note)
            }
            // Whoever goes in is measured first: that is a new scan, not a correction.
            Correction::Direction { direction: Direction::In } => return Err(GateError::WrongStep),
            Correction::DidNotPass => {
                self.state = State::Stopped(before.verdict);
                let mut note = Note::of(EntryKind::Correction, before.verdict);
                note.text = Some("did_not_pass".to_owned());
                note.moved = undo;
                Outcome { step: Step::Stopped, ..passed(before, note) }
            }
            Correction::Temperature { tenths } => {
                if self.direction == Direction::Out {
                    return Err(GateError::WrongStep);
                }
                let limits = &look.bundle.settings.temperature;
                let temperature = Temperature::from_tenths(*tenths);
                let weighed = gate::weigh(limits, temperature, false);
                if weighed == Weighed::Implausible {
                    let (from, to) = crate::engine::plausible(*limits);
                    return Err(GateError::Implausible { from, to });
                }
                let mut outcome = self.weighed(judged, weighed, temperature);
                if let Some(note) = &mut outcome.note {
                    note.kind = EntryKind::Correction;
                    if outcome.step != Step::Passed {
                        note.moved = undo;
                    }
                }
                outcome
            }
        };
        if let Some(note) = &mut outcome.note {
            note.about = Some(seq);
        }
        self.corrected = Some(seq);
        Ok(outcome)
    }
}

fn passed(before: &ScanOutcome, note: Note) -> Outcome {
    Outcome {
        verdict: before.verdict,
        step: Step::Passed,
        conditions: before.conditions.clone(),
        valid_from: None,
        tenths: before.tenths,
        note: Some(note),
    }
}
