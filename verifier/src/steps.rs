//! What a guard does with an open session: name the person, measure, confirm, refuse, approve, correct.

use fugong_common::journal::EntryKind;
use fugong_common::remark;
use fugong_common::temperature::Temperature;
use fugong_common::verdict::Verdict;

use crate::engine::{Gate, Guard};
use crate::error::GateError;
use crate::gate::{self, Next, Weighed};
use crate::scan::{
    CORRECTION_MILLIS, LONGEST_TEXT, Note, Outcome, checked, clean, clean_optional, vehicle_of,
};
use crate::session::{State, Subject};
use crate::view::{Correction, Direction, ScanOutcome, SessionId, Step, Vehicle, Visitor};

impl Gate {
    /// Says which of the enterprise's people stands before the placard, in [`Step::ChoosePerson`].
    pub async fn choose_person(
        &self,
        guard: &Guard,
        session: SessionId,
        worker: &str,
    ) -> Result<ScanOutcome, GateError> {
        self.step(guard, session, |gate, look, session, judged| {
            if session.state != State::AwaitingPerson {
                return Err(GateError::WrongStep);
            }
            let record = look.bundle.roster.find(worker).filter(|person| !person.left);
            let record = record.ok_or(GateError::NoSuchPerson)?;
            if judged.lineage.is_some_and(|lineage| lineage != record.lineage) {
                return Err(GateError::NoSuchPerson);
            }
            session.subject = Subject::Worker(Box::new(record));
            *judged = gate.judge(look, session);
            Ok(Self::enter_state(session, judged, EntryKind::Check))
        })
        .await
    }

    /// Registers a visitor under the placard of this session.
    pub async fn visitor(
        &self,
        guard: &Guard,
        session: SessionId,
        visitor: Visitor,
    ) -> Result<ScanOutcome, GateError> {
        let visitor = checked(&visitor)?;
        self.step(guard, session, |gate, look, session, judged| {
            if session.state != State::AwaitingPerson {
                return Err(GateError::WrongStep);
            }
            if let Some(vehicle) = vehicle_of(&visitor) {
                session.vehicle = Some(vehicle);
            }
            session.subject = Subject::Visitor(visitor);
            *judged = gate.judge(look, session);
            Ok(Self::enter_state(session, judged, EntryKind::Visitor))
        })
        .await
    }

    /// Notes the vehicle of an open session.
    pub async fn vehicle(
        &self,
        guard: &Guard,
        session: SessionId,
        vehicle: Vehicle,
    ) -> Result<ScanOutcome, GateError> {
        let vehicle = Vehicle {
            plate: clean(&vehicle.plate, 20)?,
            kind: clean_optional(vehicle.kind.as_ref(), 20)?,
            purpose: clean_optional(vehicle.purpose.as_ref(), 200)?,
            riders: vehicle.riders,
        };
        if vehicle.plate.is_empty() {
            return Err(GateError::BadText);
        }
        let before = self.session(session).ok_or(GateError::NoSession)?;
        self.step(guard, session, |_, _, session, _| {
            if !session.state.is_open() {
                return Err(GateError::WrongStep);
            }
            session.vehicle = Some(vehicle);
            Ok(Outcome {
                verdict: before.verdict,
                step: before.step,
                conditions: before.conditions,
                valid_from: before.valid_from,
                tenths: before.tenths,
                note: None,
            })
        })
        .await
    }

    /// The other way was meant; the session is judged for it.
    pub async fn turn(
        &self,
        guard: &Guard,
        session: SessionId,
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        self.step(guard, session, |gate, look, session, judged| {
            // Whoever was refused may leave; turning round twice doesn't open the gate.
            let stopped = matches!(session.state, State::Stopped(_));
            let barred = session.barred || stopped;
            if !session.state.is_open() && !stopped || barred && direction == Direction::In {
                return Err(GateError::WrongStep);
            }
            session.barred = barred;
            session.direction = direction;
            session.confirmed.clear();
            *judged = gate.judge(look, session);
            let mut outcome = Self::enter_state(session, judged, EntryKind::Check);
            if session.state == State::Measuring && session.high.is_some() {
                outcome.step = Step::MeasureAgain;
                outcome.verdict = Verdict::Fever;
            }
            Ok(outcome)
        })
        .await
    }

    /// Takes a reading in tenths of a degree.
    pub async fn measure(
        &self,
        guard: &Guard,
        session: SessionId,
        tenths: i16,
    ) -> Result<ScanOutcome, GateError> {
        self.step(guard, session, |_, look, session, judged| {
            if session.state != State::Measuring {
                return Err(GateError::WrongStep);
            }
            let limits = &look.bundle.settings.temperature;
            let temperature = Temperature::from_tenths(tenths);
            let weighed = gate::weigh(limits, temperature, session.high.is_some());
            if weighed == Weighed::Implausible {
                let (from, to) = crate::engine::plausible(*limits);
                return Err(GateError::Implausible { from, to });
            }
            // Suspended while the thermometer was fetched: what holds now, holds.
            let overtaken =
                judged.decision.next == Next::Stop && !session.has_overridden(&judged.decision);
            if overtaken {
                let mut outcome = Self::enter_state(session, judged, EntryKind::Temperature);
                outcome.tenths = Some(tenths);
                return Ok(outcome);
            }
            Ok(session.weighed(judged, weighed, temperature))
        })
        .await
    }

    /// Parks a session in the waiting area; the lane goes on.
    pub async fn park(&self, guard: &Guard, session: SessionId) -> Result<ScanOutcome, GateError> {
        self.step(guard, session, |_, _, session, _| {
            if session.state != State::Measuring {
                return Err(GateError::WrongStep);
            }
            let high = session.high;
            let verdict = if high.is_some() { Verdict::Fever } else { Verdict::Measure };
            Ok(Outcome {
                verdict,
                step: Step::Recheck,
                conditions: Vec::new(),
                valid_from: None,
                tenths: high.map(Temperature::tenths),
                note: None,
            })
        })
        .await
    }

    /// Takes a parked session up again.
    pub async fn resume(
        &self,
        guard: &Guard,
        session: SessionId,
    ) -> Result<ScanOutcome, GateError> {
        self.step(guard, session, |_, _, session, judged| {
            if session.state != State::Measuring {
                return Err(GateError::WrongStep);
            }
            let high = session.high;
            if judged.decision.next == Next::Stop && !session.has_overridden(&judged.decision) {
                return Ok(Self::enter_state(session, judged, EntryKind::Check));
            }
            let (verdict, step) = match high {
                Some(_) => (Verdict::Fever, Step::MeasureAgain),
                None => (Verdict::Measure, Step::Measure),
            };
            Ok(Outcome {
                verdict,
                step,
                conditions: Vec::new(),
                valid_from: None,
                tenths: high.map(Temperature::tenths),
                note: None,
            })
        })
        .await
    }

    /// The guard has seen that every listed condition is met.
    pub async fn confirm_condition(
        &self,
        guard: &Guard,
        session: SessionId,
    ) -> Result<ScanOutcome, GateError> {
        self.step(guard, session, |_, _, session, judged| {
            let State::Confirming(conditions) = session.state.clone() else {
                return Err(GateError::WrongStep);
            };
            session.confirmed.extend(conditions);
            let mut outcome = Self::enter_state(session, judged, EntryKind::Check);
            // What is confirmed is written with the passing; a further question is only asked.
            if !matches!(outcome.step, Step::Passed | Step::Stopped) {
                outcome.note = None;
            }
            Ok(outcome)
        })
        .await
    }

    /// The guard doesn't let them in.
    pub async fn refuse(
        &self,
        guard: &Guard,
        session: SessionId,
        reason: &str,
    ) -> Result<ScanOutcome, GateError> {
        let reason = clean(reason, LONGEST_TEXT)?;
        let before = self.session(session).ok_or(GateError::NoSession)?;
        self.step(guard, session, |_, _, session, _| {
            if !session.state.is_open() {
                return Err(GateError::WrongStep);
            }
            session.state = State::Stopped(before.verdict);
            let mut note = Note::of(EntryKind::Check, before.verdict);
            note.text = Some(remark::refusal(&reason));
            Ok(Outcome {
                verdict: before.verdict,
                step: Step::Stopped,
                conditions: before.conditions,
                valid_from: None,
                tenths: before.tenths,
                note: Some(note),
            })
        })
        .await
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
        let reason = clean(reason, LONGEST_TEXT)?;
        if reason.is_empty() {
            return Err(GateError::BadText);
        }
        let before = self.session(session).ok_or(GateError::NoSession)?;
        if !before.override_possible {
            return Err(GateError::NoOverride);
        }
        let second = self.check_pin(leader, pin).await?;
        if !second.leader || second.id == guard.id {
            return Err(GateError::LeaderNeeded);
        }
        self.step(guard, session, |_, _, session, judged| {
            let State::Stopped(verdict) = session.state else { return Err(GateError::WrongStep) };
            if !gate::may_override(verdict) || !session.overridden.is_empty() {
                return Err(GateError::NoOverride);
            }
            // What was overridden must still be what stands against them, and all of it.
            let against = judged.decision.against();
            let changed = judged.decision.verdict != verdict || judged.decision.also != before.also;
            if !gate::may_override_all(&against) || !against.is_empty() && changed {
                return Err(GateError::NoOverride);
            }
            session.overridden = if against.is_empty() { vec![verdict] } else { against };
            let mut note = Note::of(EntryKind::Override, verdict);
            note.second = Some(second.id);
            let also =
                judged.decision.also.iter().map(|verdict| format!(" also:{}", verdict.code()));
            note.text = Some(reason + &also.collect::<String>());
            let (state, step, shown) = match session.direction {
                Direction::In => (State::Measuring, Step::Measure, Verdict::Measure),
                Direction::Out => (State::Passed { seq: None }, Step::Passed, Verdict::Valid),
            };
            if step == Step::Passed {
                note.moved = session.movement(judged);
            }
            session.state = state;
            Ok(Outcome {
                verdict: shown,
                step,
                conditions: Vec::new(),
                valid_from: None,
                tenths: None,
                note: Some(note),
            })
        })
        .await
    }

    /// The check whose passing is entry `seq`, while it may be put right.
    ///
    /// # Errors
    /// It was put right already, or more than ten seconds have passed.
    pub fn correctable(&self, seq: u64) -> Result<ScanOutcome, GateError> {
        if self.sessions().was_corrected(seq) {
            return Err(GateError::AlreadyCorrected);
        }
        let slot = self.sessions().find_passed(seq).ok_or(GateError::TooLateToCorrect)?;
        let passed = slot.outcome();
        let late = self.now().since(passed.at) > CORRECTION_MILLIS;
        if late { Err(GateError::TooLateToCorrect) } else { Ok(passed) }
    }

    /// Corrects an entry of the last ten seconds by a further entry that cites it.
    pub async fn correct(
        &self,
        guard: &Guard,
        seq: u64,
        correction: Correction,
    ) -> Result<ScanOutcome, GateError> {
        let before = self.correctable(seq)?;
        self.step(guard, before.session, |_, look, session, judged| {
            let late = look.now.since(before.at) > CORRECTION_MILLIS;
            // Somebody else may have been quicker.
            if session.corrected.is_some() {
                return Err(GateError::AlreadyCorrected);
            }
            if late || session.state != (State::Passed { seq: Some(seq) }) {
                return Err(GateError::TooLateToCorrect);
            }
            session.corrected(look, judged, seq, &before, &correction)
        })
        .await
    }
}
