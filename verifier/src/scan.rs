//! The steps of a scan session, each recorded before it is answered.

use fugong_common::journal::{Draft, EntryKind, Sealed};
use fugong_common::judge::{Credential, Judgement};
use fugong_common::person::mask_name;
use fugong_common::placard::Scanned;
use fugong_common::serial::Serial;
use fugong_common::temperature::Temperature;
use fugong_common::verdict::{About, Details, Verdict};

use crate::engine::{Gate, Guard};
use crate::error::GateError;
use crate::gate::{self, Next, Weighed};
use crate::journal::Append;
use crate::look::{Judged, Look, person_facts, person_key, subject_of};
use crate::presence::Move;
use crate::session::{Session, Source, State, Subject};
use crate::view::{
    Condition, Correction, Direction, Recorded, ScanOutcome, SessionId, Step, Vehicle, Visitor,
};

/// Milliseconds in which an entry may be corrected.
pub const CORRECTION_MILLIS: i64 = 10_000;
/// Longest free text of a form, in characters.
const LONGEST_TEXT: usize = 500;

/// What a step comes to, and what it writes down.
struct Outcome {
    verdict: Verdict,
    step: Step,
    conditions: Vec<Condition>,
    valid_from: Option<u64>,
    tenths: Option<i16>,
    note: Option<Note>,
}

struct Note {
    kind: EntryKind,
    verdict: Option<Verdict>,
    text: Option<String>,
    second: Option<String>,
    about: Option<u64>,
    moved: Option<Move>,
}

impl Note {
    fn of(kind: EntryKind, verdict: Verdict) -> Self {
        let verdict = Some(verdict);
        Self { kind, verdict, text: None, second: None, about: None, moved: None }
    }
}

/// A text of a form: trimmed, bounded, without characters that no text needs.
pub(crate) fn clean(text: &str, longest: usize) -> Result<String, GateError> {
    let text = text.trim();
    let fit = text.chars().count() <= longest && !text.chars().any(char::is_control);
    if fit { Ok(text.to_owned()) } else { Err(GateError::BadText) }
}

fn clean_optional(text: Option<&String>, longest: usize) -> Result<Option<String>, GateError> {
    let text = text.map(|text| clean(text, longest)).transpose()?;
    Ok(text.filter(|text| !text.is_empty()))
}

impl Gate {
    /// Judges what was scanned or typed, and opens a session where something can follow.
    pub async fn scan(
        &self,
        guard: &Guard,
        text: &str,
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        let look = self.look()?;
        match Scanned::read(text) {
            Scanned::TodayStatus(bytes) => self.take_status(guard, &bytes, direction).await,
            scanned => self.begin(&look, guard, Source::Scanned(scanned), None, direction).await,
        }
    }

    /// Opens a session for somebody found by look-up, who carries no pass.
    pub async fn person(
        &self,
        guard: &Guard,
        worker: &str,
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        let look = self.look()?;
        let record = look.bundle.roster.find(worker).ok_or(GateError::NoSuchPerson)?;
        let source = Source::Worker(worker.to_owned());
        self.begin(&look, guard, source, Some(Subject::Worker(Box::new(record))), direction).await
    }

    /// Registers a visitor of an enterprise chosen from [`Gate::hosts`], without a placard at hand.
    pub async fn visitor_of(
        &self,
        guard: &Guard,
        host_serial: &str,
        visitor: Visitor,
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        let look = self.look()?;
        let serial = Serial::parse_typed(host_serial).map_err(|_| GateError::NoSuchHost)?;
        look.bundle.register.find(serial).ok_or(GateError::NoSuchHost)?;
        let visitor = checked(&visitor)?;
        let source = Source::Scanned(Scanned::Serial(serial));
        self.begin(&look, guard, source, Some(Subject::Visitor(visitor)), direction).await
    }

    async fn begin(
        &self,
        look: &Look,
        guard: &Guard,
        source: Source,
        subject: Option<Subject>,
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        let visitor = matches!(subject, Some(Subject::Visitor(_)));
        let subject = match subject {
            Some(subject) => subject,
            None => subject_of(&look.judge_source(&source), &look.bundle),
        };
        let vehicle = match &subject {
            Subject::Visitor(visitor) => vehicle_of(visitor),
            _ => None,
        };
        let mut session = Session {
            id: self.new_session_id(),
            source,
            subject,
            direction,
            vehicle,
            state: State::Stopped(Verdict::NotPermit),
            confirmed: Vec::new(),
            overridden: None,
            high: None,
            barred: false,
        };
        let judged = self.judge(look, &session);
        let kind = if visitor { EntryKind::Visitor } else { EntryKind::Check };
        let outcome = self.enter_state(&mut session, &judged, kind);
        let answer = self.settle(look, guard, &mut session, &judged, outcome).await;
        self.sessions().insert(session, answer.clone(), look.now);
        Ok(answer)
    }

    fn judge(&self, look: &Look, session: &Session) -> Judged {
        self.journal().presence(|presence| look.judge(session, presence))
    }

    /// Puts a session where the decision says, unless what it asks for was confirmed already.
    fn enter_state(&self, session: &mut Session, judged: &Judged, kind: EntryKind) -> Outcome {
        let decision = &judged.decision;
        let open = |condition: &&Condition| !session.has_confirmed(condition);
        let conditions: Vec<_> = decision.conditions.iter().filter(open).copied().collect();
        let next = match decision.next {
            Next::Confirm if conditions.is_empty() => match session.direction {
                Direction::In => Next::Measure,
                Direction::Out => Next::Pass,
            },
            Next::Stop if session.overridden == Some(decision.verdict) => match session.direction {
                Direction::In => Next::Measure,
                Direction::Out => Next::Pass,
            },
            next => next,
        };
        let mut note = Note::of(kind, decision.verdict);
        let (state, step, verdict) = match next {
            Next::ChoosePerson => (State::AwaitingPerson, Step::ChoosePerson, decision.verdict),
            Next::Confirm => {
                (State::Confirming(conditions.clone()), Step::Confirm, decision.verdict)
            }
            Next::Measure => (State::Measuring, Step::Measure, Verdict::Measure),
            Next::Pass => (State::Passed { seq: None }, Step::Passed, Verdict::Valid),
            Next::Stop => (State::Stopped(decision.verdict), Step::Stopped, decision.verdict),
        };
        note.verdict = Some(verdict);
        if step == Step::Passed {
            note.verdict = Some(session.final_verdict());
            note.moved = session.movement(judged);
            note.text = session.remarks();
        }
        session.state = state;
        Outcome {
            verdict,
            step,
            conditions: if step == Step::Passed { session.confirmed.clone() } else { conditions },
            valid_from: decision.valid_from,
            tenths: None,
            note: Some(note),
        }
    }

    /// Writes the note, and only then makes the answer.
    async fn settle(
        &self,
        look: &Look,
        guard: &Guard,
        session: &mut Session,
        judged: &Judged,
        outcome: Outcome,
    ) -> ScanOutcome {
        let shown = matches!(outcome.step, Step::Passed | Step::Stopped | Step::Recheck);
        let recorded = match outcome.note {
            None => Recorded::Nothing,
            Some(note) => {
                let mut sealed = sealed(guard, session, judged);
                sealed.temperature_tenths = outcome.tenths;
                sealed.text = note.text;
                sealed.second_operator = note.second;
                sealed.about_seq = note.about;
                let draft = Draft {
                    at: look.now,
                    kind: note.kind,
                    verdict: note.verdict,
                    known: look.known(Some(&judged.judgement)),
                    cites: None,
                };
                let append = Append { draft, sealed, shown, moved: note.moved };
                match self.journal().append(append).await {
                    Ok(seq) => Recorded::Yes { seq },
                    Err(_) => Recorded::No,
                }
            }
        };
        if let (State::Passed { seq }, Recorded::Yes { seq: written }) =
            (&mut session.state, recorded)
        {
            *seq = Some(written);
        }
        metrics::counter!("verifier_verdicts_total", "verdict" => outcome.verdict.code())
            .increment(1);
        let old = |condition: &Condition| matches!(condition, Condition::StatusOld { .. });
        let order = outcome.conditions.iter().any(old)
            || matches!(
                outcome.verdict,
                Verdict::Stale | Verdict::ClockUncertain | Verdict::UpdateGate
            );
        let settings = &look.bundle.settings;
        let stopped = outcome.step == Step::Stopped;
        let named = !matches!(session.subject, Subject::Nobody);
        ScanOutcome {
            session: session.id,
            verdict: outcome.verdict,
            step: outcome.step,
            direction: session.direction,
            enterprise: judged.enterprise(&session.subject),
            person: person_facts(&session.subject),
            conditions: outcome.conditions,
            offline_order: order
                .then(|| settings.offline_order.clone())
                .filter(|order| !order.is_empty()),
            reasons: judged.judgement.reasons.clone(),
            details: details(&judged.judgement, settings.temperature.fever_from()),
            valid_from: outcome.valid_from,
            status_age_seconds: judged.judgement.status_age_seconds,
            tenths: outcome.tenths,
            visitor_possible: stopped && gate::may_visit(outcome.verdict),
            override_possible: stopped
                && named
                && session.overridden.is_none()
                && gate::may_override(outcome.verdict),
            recorded,
            at: look.now,
        }
    }

    /// One step of an open session: at most one at a time, judged anew.
    async fn step<F>(&self, guard: &Guard, id: SessionId, take: F) -> Result<ScanOutcome, GateError>
    where
        F: FnOnce(&Self, &Look, &mut Session, &mut Judged) -> Result<Outcome, GateError>,
    {
        let look = self.look()?;
        let slot = self.sessions().find(id).ok_or(GateError::NoSession)?;
        let mut held = slot.session.lock().await;
        let mut session = held.clone();
        let mut judged = self.judge(&look, &session);
        let outcome = take(self, &look, &mut session, &mut judged)?;
        let parked = outcome.step == Step::Recheck;
        let answer = self.settle(&look, guard, &mut session, &judged, outcome).await;
        slot.set_parked(parked);
        slot.answer(&answer);
        *held = session;
        self.changed();
        Ok(answer)
    }

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
            Ok(gate.enter_state(session, judged, EntryKind::Check))
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
            Ok(gate.enter_state(session, judged, EntryKind::Visitor))
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
            let mut outcome = gate.enter_state(session, judged, EntryKind::Check);
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
        self.step(guard, session, |gate, look, session, judged| {
            if session.state != State::Measuring {
                return Err(GateError::WrongStep);
            }
            let limits = &look.bundle.settings.temperature;
            let temperature = Temperature::from_tenths(tenths);
            let weighed = gate::weigh(limits, temperature, session.high.is_some());
            if weighed == Weighed::Implausible {
                let (from, to) = crate::engine::plausible(limits);
                return Err(GateError::Implausible { from, to });
            }
            // Suspended while the thermometer was fetched: what holds now, holds.
            let overtaken = judged.decision.next == Next::Stop
                && session.overridden != Some(judged.decision.verdict);
            if overtaken {
                let mut outcome = gate.enter_state(session, judged, EntryKind::Temperature);
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
        self.step(guard, session, |gate, _, session, judged| {
            if session.state != State::Measuring {
                return Err(GateError::WrongStep);
            }
            let high = session.high;
            if judged.decision.next == Next::Stop
                && session.overridden != Some(judged.decision.verdict)
            {
                return Ok(gate.enter_state(session, judged, EntryKind::Check));
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
        self.step(guard, session, |gate, _, session, judged| {
            let State::Confirming(conditions) = session.state.clone() else {
                return Err(GateError::WrongStep);
            };
            session.confirmed.extend(conditions);
            let mut outcome = gate.enter_state(session, judged, EntryKind::Check);
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
            note.text = Some(format!("refused {reason}").trim_end().to_owned());
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
            if !gate::may_override(verdict) || session.overridden.is_some() {
                return Err(GateError::NoOverride);
            }
            // What was overridden must still be what stands against them.
            if judged.decision.next == Next::Stop && judged.decision.verdict != verdict {
                return Err(GateError::NoOverride);
            }
            session.overridden = Some(verdict);
            let mut note = Note::of(EntryKind::Override, verdict);
            note.second = Some(second.id);
            note.text = Some(reason);
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

    /// Corrects an entry of the last ten seconds by a further entry that cites it.
    pub async fn correct(
        &self,
        guard: &Guard,
        seq: u64,
        correction: Correction,
    ) -> Result<ScanOutcome, GateError> {
        let slot = self.sessions().find_passed(seq).ok_or(GateError::TooLateToCorrect)?;
        let before = slot.outcome();
        self.step(guard, before.session, |_, look, session, judged| {
            let late = look.now.since(before.at) > CORRECTION_MILLIS;
            if late || session.state != (State::Passed { seq: Some(seq) }) {
                return Err(GateError::TooLateToCorrect);
            }
            session.corrected(look, judged, seq, &before, &correction)
        })
        .await
    }

    /// A session as it was last answered, while it is remembered.
    pub fn session(&self, session: SessionId) -> Option<ScanOutcome> {
        self.sessions().find(session).map(|slot| slot.outcome())
    }

    /// Sessions in the waiting area, oldest first.
    pub fn parked(&self) -> Vec<ScanOutcome> {
        self.sessions().parked()
    }

    /// Takes today's status list from a printed code.
    async fn take_status(
        &self,
        guard: &Guard,
        bytes: &[u8],
        direction: Direction,
    ) -> Result<ScanOutcome, GateError> {
        let look = self.look()?;
        let taken = self.take_scanned_list(bytes, &look).await;
        let (verdict, step, text) = match &taken {
            Ok(key) => (Verdict::Measure, Step::StatusTaken, format!("status list of {key}")),
            Err(error) => (Verdict::NotPermit, Step::Stopped, error.to_string()),
        };
        let sealed =
            Sealed { operator: Some(guard.id.clone()), text: Some(text), ..Sealed::default() };
        let draft = Draft {
            at: look.now,
            kind: EntryKind::Note,
            verdict: None,
            known: look.known(None),
            cites: None,
        };
        let append = Append { draft, sealed, shown: false, moved: None };
        let recorded = match self.journal().append(append).await {
            Ok(seq) => Recorded::Yes { seq },
            Err(_) => Recorded::No,
        };
        Ok(ScanOutcome {
            session: self.new_session_id(),
            verdict,
            step,
            direction,
            enterprise: None,
            person: None,
            conditions: Vec::new(),
            offline_order: None,
            reasons: Vec::new(),
            details: Details::default(),
            valid_from: None,
            status_age_seconds: None,
            tenths: None,
            visitor_possible: false,
            override_possible: false,
            recorded,
            at: look.now,
        })
    }
}

fn details(judgement: &Judgement, fever_from: Temperature) -> Details {
    let about = judgement.credential.as_ref().map_or(About::Permit, Credential::about);
    Details { about, fever_from, first_day: None, status_age_seconds: judgement.status_age_seconds }
}

/// A visitor's form, looked at once. The plate names a vehicle, the rest stands in the sealed part.
fn checked(visitor: &Visitor) -> Result<Visitor, GateError> {
    let name = fugong_common::person::clean_name(&visitor.name)
        .map_err(|_| GateError::VisitorIncomplete)?;
    let phone = clean(&visitor.phone, 20)?;
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let written = phone.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' '));
    if digits < 7 || !written {
        return Err(GateError::VisitorIncomplete);
    }
    Ok(Visitor {
        name: name.as_str().to_owned(),
        phone,
        plate: clean_optional(visitor.plate.as_ref(), 20)?,
        purpose: clean_optional(visitor.purpose.as_ref(), 200)?,
    })
}

fn vehicle_of(visitor: &Visitor) -> Option<Vehicle> {
    let plate = visitor.plate.clone()?;
    Some(Vehicle { plate, ..Vehicle::default() })
}

fn sealed(guard: &Guard, session: &Session, judged: &Judged) -> Sealed {
    let credential = judged.judgement.credential.as_ref();
    let (permit, pass) = match credential {
        Some(Credential::Permit(permit)) => (Some(permit.serial), None),
        Some(Credential::Registered(record)) => (Some(record.serial), None),
        Some(Credential::Pass(pass)) => {
            (judged.permit.as_ref().map(|p| p.serial), Some(pass.serial))
        }
        Some(Credential::Listed(person)) => {
            (judged.permit.as_ref().map(|p| p.serial), person.pass.map(|pass| pass.serial))
        }
        None => (None, None),
    };
    let enterprise_id = judged.permit.as_ref().map(|permit| permit.enterprise_id.clone());
    let person = person_facts(&session.subject);
    Sealed {
        permit,
        pass,
        enterprise_id: enterprise_id.or(match &session.subject {
            Subject::Worker(record) => Some(record.enterprise_id.clone()),
            _ => None,
        }),
        worker: person.as_ref().and_then(|person| person.worker.clone()),
        name: person.as_ref().map(|person| person.name.clone()),
        last_four: person.and_then(|person| person.last_four),
        vehicle: session.vehicle.as_ref().map(|vehicle| vehicle.plate.clone()),
        direction: Some(session.direction.into()),
        operator: Some(guard.id.clone()),
        ..Sealed::default()
    }
}

impl Session {
    /// Whether the guard saw that this is met. Numbers in a condition may have moved meanwhile.
    fn has_confirmed(&self, condition: &Condition) -> bool {
        let same =
            |known: &Condition| std::mem::discriminant(known) == std::mem::discriminant(condition);
        self.confirmed.iter().any(same)
    }

    /// What the journal says of a passing: only what needed no condition is "valid".
    fn final_verdict(&self) -> Verdict {
        if self.confirmed.is_empty() && self.overridden.is_none() {
            Verdict::Valid
        } else {
            Verdict::Conditional
        }
    }

    fn movement(&self, judged: &Judged) -> Option<Move> {
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
    fn remarks(&self) -> Option<String> {
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
    fn weighed(&mut self, judged: &Judged, weighed: Weighed, temperature: Temperature) -> Outcome {
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

    fn corrected(
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
                    let (from, to) = crate::engine::plausible(limits);
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
