//! The steps of a scan session, each recorded before it is answered.

use fugong_common::journal::{Draft, EntryKind, Sealed};
use fugong_common::judge::{Credential, Judgement};
use fugong_common::placard::Scanned;
use fugong_common::serial::Serial;
use fugong_common::temperature::Temperature;
use fugong_common::verdict::{About, Details, Verdict};

use crate::engine::{Gate, Guard};
use crate::error::GateError;
use crate::gate::{self, Next};
use crate::journal::Append;
use crate::look::{Judged, Look, person_facts, subject_of};
use crate::presence::Move;
use crate::session::{Session, Source, State, Subject};
use crate::view::{Condition, Direction, Recorded, ScanOutcome, SessionId, Step, Vehicle, Visitor};

/// Milliseconds in which an entry may be corrected.
pub const CORRECTION_MILLIS: i64 = 10_000;
/// Longest free text of a form, in characters.
pub(crate) const LONGEST_TEXT: usize = 500;

/// What a step comes to, and what it writes down.
pub(crate) struct Outcome {
    pub verdict: Verdict,
    pub step: Step,
    pub conditions: Vec<Condition>,
    pub valid_from: Option<u64>,
    pub tenths: Option<i16>,
    pub note: Option<Note>,
}

pub(crate) struct Note {
    pub kind: EntryKind,
    pub verdict: Option<Verdict>,
    pub text: Option<String>,
    pub second: Option<String>,
    pub about: Option<u64>,
    pub moved: Option<Move>,
}

impl Note {
    pub(crate) fn of(kind: EntryKind, verdict: Verdict) -> Self {
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

pub(crate) fn clean_optional(
    text: Option<&String>,
    longest: usize,
) -> Result<Option<String>, GateError> {
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
        let judgement = look.judge_source(&source);
        let subject = subject.unwrap_or_else(|| subject_of(&judgement, &look.bundle));
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
            overridden: Vec::new(),
            high: None,
            barred: false,
            corrected: None,
        };
        let judged = self.journal().presence(|presence| look.decide(judgement, &session, presence));
        let kind = if visitor { EntryKind::Visitor } else { EntryKind::Check };
        let outcome = Self::enter_state(&mut session, &judged, kind);
        let answer = self.settle(look, guard, &mut session, &judged, outcome).await;
        self.sessions().insert(session, answer.clone());
        Ok(answer)
    }

    pub(crate) fn judge(&self, look: &Look, session: &Session) -> Judged {
        self.journal().presence(|presence| look.judge(session, presence))
    }

    /// Puts a session where the decision says, unless what it asks for was confirmed already.
    pub(crate) fn enter_state(session: &mut Session, judged: &Judged, kind: EntryKind) -> Outcome {
        let decision = &judged.decision;
        let open = |condition: &&Condition| !session.has_confirmed(condition);
        let conditions: Vec<_> = decision.conditions.iter().filter(open).copied().collect();
        let next = match decision.next {
            Next::Confirm if conditions.is_empty() => match session.direction {
                Direction::In => Next::Measure,
                Direction::Out => Next::Pass,
            },
            Next::Stop if session.has_overridden(decision) => match session.direction {
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
                && session.overridden.is_empty()
                && gate::may_override(outcome.verdict)
                && gate::may_override_all(&judged.decision.against()),
            also: if stopped { judged.decision.also.clone() } else { Vec::new() },
            corrects: session.corrected,
            recorded,
            at: look.now,
        }
    }

    /// One step of an open session: at most one at a time, judged anew.
    pub(crate) async fn step<F>(
        &self,
        guard: &Guard,
        id: SessionId,
        take: F,
    ) -> Result<ScanOutcome, GateError>
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
        self.sessions().set_parked(id, parked);
        slot.answer(&answer);
        *held = session;
        self.changed();
        Ok(answer)
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
        let taken = self.take_list(bytes).await;
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
            also: Vec::new(),
            corrects: None,
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
pub(crate) fn checked(visitor: &Visitor) -> Result<Visitor, GateError> {
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

pub(crate) fn vehicle_of(visitor: &Visitor) -> Option<Vehicle> {
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
