//! From the engine's answer to the panel that a guard reads: pure, so that every state is tested.

use fugong_common::journal::EntryKind;
use fugong_common::lang::Lang;
use fugong_common::time::{Millis, Zone, say_ago, say_span};
use fugong_common::verdict::{Details, Icon, Sound, Tone, Verdict};
use fugong_common::words::{capital, fill};

use super::keypad::Limits;
use super::shown::{Action, Line, Panel, Parked, Stage, Status};
use super::words::{FrameWords, ScanWords};
use crate::view::{
    Bearings, ClockState, Condition, Direction, GateStatus, Reason, RecentRow, Recorded,
    ScanOutcome, Step,
};

/// How long an entry can be corrected, in milliseconds (look: ten seconds).
pub const CORRECTION_MILLIS: i64 = 10_000;

/// What saying something needs beside the thing itself.
#[derive(Clone, Debug)]
pub struct Say {
    pub lang: Lang,
    pub zone: Zone,
    pub now: Millis,
    pub limits: Limits,
}

impl Say {
    /// Takes zone, limits and now from the gate.
    pub fn new(lang: Lang, bearings: Bearings) -> Self {
        let (min, max) = bearings.plausible_tenths;
        let limits = Limits { min, max, low: bearings.low_tenths, fever: bearings.fever_tenths };
        Self { lang, zone: bearings.zone, now: bearings.now, limits }
    }

    fn words(&self) -> &'static ScanWords {
        ScanWords::of(self.lang)
    }

    pub fn ago(&self, at: Millis) -> String {
        say_ago(self.lang, self.now.since(at) / 1000)
    }

    pub fn way(&self, direction: Direction) -> &'static str {
        match direction {
            Direction::In => self.words().way_in,
            Direction::Out => self.words().way_out,
        }
    }

    /// The line at the top of every page.
    pub fn status(&self, gate: &GateStatus, operator: Option<&str>) -> Status {
        let words = FrameWords::of(self.lang);
        let span = |since: Millis| say_span(self.lang, self.now.since(since) / 1000);
        let connection = match (gate.online, gate.since) {
            (true, _) => words.online.to_owned(),
            (false, Some(since)) => fill(words.offline_for, &[("span", &span(since))]),
            (false, None) => words.never_online.to_owned(),
        };
        let age = gate.status_age_seconds.map(|age| i64::try_from(age).unwrap_or(i64::MAX));
        Status {
            gate: gate.name.clone(),
            operator: operator.map(|name| fill(words.on_duty, &[("name", &name)])),
            online: gate.online,
            connection,
            to_send: gate.to_send,
            to_send_text: match gate.to_send {
                0 => words.all_sent.to_owned(),
                n => fill(words.to_send, &[("n", &thousands(n))]),
            },
            list_age: age.map_or_else(
                || words.status_none.to_owned(),
                |age| fill(words.status_updated, &[("ago", &say_ago(self.lang, age))]),
            ),
            // The list counts as fresh for its ttl of five minutes; an hour is worth a look, and
            // beyond the default of its exp (72 h) every answer is at best conditional (design §2).
            list_tone: match age {
                None => "stop",
                Some(age) if age > 72 * 3600 => "stop",
                Some(age) if age > 3600 => "warn",
                Some(_) => "",
            },
            inside_text: Some(match gate.capacity {
                Some(cap) => fill(
                    words.inside,
                    &[("n", &thousands(gate.inside.into())), ("cap", &thousands(cap.into()))],
                ),
                None => fill(words.inside_no_cap, &[("n", &thousands(gate.inside.into()))]),
            }),
            full: gate.capacity.is_some_and(|cap| gate.inside >= cap),
            clock_uncertain: gate.clock == ClockState::Uncertain,
            not_recorded: (gate.not_recorded > 0)
                .then(|| fill(words.not_recorded_why, &[("n", &gate.not_recorded)])),
            sample: gate.sample,
        }
    }

    /// The answer to a scan or to a step after it.
    pub fn panel(&self, outcome: &ScanOutcome) -> Panel {
        let words = self.words();
        let recorded = match outcome.recorded {
            Recorded::Yes { .. } => Some(self.recorded(outcome)),
            Recorded::No | Recorded::Nothing => None,
        };
        let mut panel = match outcome.step {
            Step::ChoosePerson | Step::StatusTaken => Panel::step(self.lang, outcome.verdict),
            // Nothing was wrong with the document: it was the guard who didn't let them in.
            Step::Stopped if guards_own(outcome) => Panel {
                word: capital(words.refuse),
                recorded,
                verdict: Some(outcome.verdict),
                ..Panel::of(self.lang, Verdict::Revoked, None)
            },
            Step::Recheck if outcome.verdict != Verdict::Fever => {
                Panel { word: words.parked.to_owned(), ..Panel::step(self.lang, outcome.verdict) }
            }
            // Good so far, but nobody has passed yet.
            step if outcome.verdict.admits() && step != Step::Passed => Panel {
                word: capital(outcome.verdict.public_word(self.lang)),
                ..Panel::step(self.lang, outcome.verdict)
            },
            // Back from the waiting area: a step again, whatever the first thermometer said.
            Step::Measure | Step::MeasureAgain if outcome.verdict != Verdict::LowReading => {
                Panel::of(self.lang, Verdict::Measure, None)
            }
            _ => Panel::of(self.lang, outcome.verdict, recorded),
        };
        panel.not_recorded |= outcome.recorded == Recorded::No;
        panel.session = Some(outcome.session.to_string());
        panel.act_to = Some(format!("/session/{}/act", outcome.session));
        panel.leaving = outcome.direction == Direction::Out;
        panel.why = self.why(outcome);
        panel.instruction = self.instruction(outcome);
        match outcome.step {
            Step::Measure | Step::MeasureAgain => {
                panel.stage = Stage::Measure;
                panel.limits = Some(self.limits);
                panel.measure_to = Some(format!("/session/{}/measure", outcome.session));
                panel.actions = vec![
                    Action::new("refuse", words.refuse, "danger"),
                    Action::new("park", words.park, ""),
                ];
            }
            Step::ChoosePerson => {
                let word = match (outcome.direction, outcome.conditions.is_empty()) {
                    (Direction::Out, _) => words.choose_word_out,
                    (Direction::In, true) => words.choose_word,
                    (Direction::In, false) => words.choose_word_only_if,
                };
                word.clone_into(&mut panel.word);
                panel.stage = Stage::Stopped;
                panel.actions = vec![
                    Action::new("people", words.look_up_do, "primary"),
                    Action::new("visitor", words.visitor_do, ""),
                    Action::new("refuse", words.refuse, "danger"),
                ];
            }
            Step::Confirm => {
                panel.actions = vec![
                    Action::new("confirm", words.condition_met, "primary"),
                    Action::new("refuse", words.refuse, "danger"),
                ];
            }
            Step::StatusTaken => {
                words.status_taken.clone_into(&mut panel.word);
                panel.stage = Stage::Stopped;
            }
            Step::Recheck => {
                panel.stage = Stage::Stopped;
                panel.actions = vec![Action::new("resume", words.remeasure, "")];
            }
            Step::Passed if panel.recorded.is_some() => {
                panel.stage = Stage::Done;
                panel.sound = Some(Sound::Admit.name());
                if let Recorded::Yes { seq } = outcome.recorded {
                    let left = (CORRECTION_MILLIS - self.now.since(outcome.at)) / 1000;
                    panel.act_to = Some(format!("/correct/{seq}"));
                    if outcome.corrects.is_none() {
                        panel.actions = vec![Action::new("ask", words.correct, "").seconds(left)];
                    }
                }
            }
            Step::Passed => {}
            Step::Stopped => {
                panel.stage = Stage::Stopped;
                if outcome.visitor_possible {
                    panel.actions.push(Action::new("visitor", words.visitor_do, ""));
                }
            }
        }
        if outcome.override_possible && !matches!(outcome.step, Step::Passed) {
            panel.actions.push(Action::new("override", words.override_do, ""));
        }
        if panel.not_recorded {
            panel.tone = Tone::Unknown.class();
            panel.icon = Some(Icon::DashedSquareQuestion.name());
            panel.sound = Some(Sound::Refuse.name());
            FrameWords::of(self.lang).not_recorded.clone_into(&mut panel.word);
            panel.recorded = None;
            panel.stage = Stage::Stopped;
        }
        panel
    }

    fn recorded(&self, outcome: &ScanOutcome) -> String {
        let words = self.words();
        let admitted = matches!(outcome.step, Step::Passed);
        let template = if admitted { words.recorded_at } else { words.answer_recorded_at };
        capital(&fill(template, &[("time", &self.zone.clock_time(outcome.at))]))
    }

    /// Who, with what reading and which way; then each condition.
    fn why(&self, outcome: &ScanOutcome) -> Vec<String> {
        let words = self.words();
        let mut lines = Vec::new();
        let mut who: Vec<String> = Vec::new();
        if let Some(person) = &outcome.person {
            who.push(person.name.clone());
            if person.visitor {
                who.push(words.visitor.to_owned());
            } else if !person.role.is_empty() {
                who.push(person.role.clone());
            }
            who.extend(person.number.as_ref().map(|n| fill(words.worker_number, &[("n", n)])));
        }
        if let Some(enterprise) = &outcome.enterprise
            && !enterprise.name.is_empty()
        {
            who.push(enterprise.name.clone());
        }
        if !who.is_empty() {
            lines.push(who.join(" · "));
        }
        let mut facts: Vec<String> = Vec::new();
        if let Some(tenths) = outcome.tenths {
            facts.push(degrees(tenths));
        }
        if outcome.session_matters() {
            facts.push(self.way(outcome.direction).to_owned());
        }
        if let Some(last_four) = outcome.person.as_ref().and_then(|p| p.last_four.as_ref())
            && matches!(outcome.step, Step::Measure | Step::MeasureAgain | Step::Confirm)
        {
            facts.push(fill(words.compare_last_four, &[("digits", last_four)]));
        }
        if !facts.is_empty() {
            lines.push(facts.join(" · "));
        }
        if outcome.step == Step::Stopped
            && let Some(reason) = outcome.reasons.first().filter(|it| **it != Reason::Good)
        {
            lines.push(reason.say(self.lang));
        }
        if let Some(enterprise) = &outcome.enterprise
            && let Some(cap) = enterprise.cap
            && outcome.step == Step::ChoosePerson
            && outcome.direction == Direction::In
        {
            lines.push(fill(words.cap_said, &[("cap", &cap), ("n", &enterprise.inside)]));
        }
        lines.extend(outcome.also.iter().map(|verdict| capital(verdict.word(self.lang))));
        lines.extend(outcome.conditions.iter().map(|condition| self.condition(*condition)));
        lines.extend(outcome.offline_order.iter().cloned());
        lines
    }

    fn condition(&self, condition: Condition) -> String {
        let words = self.words();
        match condition {
            Condition::StatusOld { age_seconds } => {
                let age = say_span(self.lang, i64::try_from(age_seconds).unwrap_or(i64::MAX));
                fill(words.if_status_old, &[("age", &age)])
            }
            Condition::CompareDocument => words.if_compare.to_owned(),
            Condition::PremisesFull { inside, cap } => {
                fill(words.if_premises_full, &[("n", &inside), ("cap", &cap)])
            }
            Condition::EnterpriseFull { inside, cap } => {
                fill(words.if_enterprise_full, &[("n", &inside), ("cap", &cap)])
            }
            Condition::AlreadyInside { since } => {
                let since = self.zone.say_time(self.lang, since, self.now);
                fill(words.if_already_inside, &[("since", &since)])
            }
            Condition::OtherSite => words.if_other_site.to_owned(),
            Condition::Leaving { because } => {
                fill(words.if_leaving, &[("word", &because.word(self.lang))])
            }
        }
    }

    fn instruction(&self, outcome: &ScanOutcome) -> String {
        let words = self.words();
        match outcome.step {
            Step::Stopped if guards_own(outcome) => words.refused_do.to_owned(),
            Step::ChoosePerson if outcome.direction == Direction::Out => {
                words.choose_do_out.to_owned()
            }
            Step::ChoosePerson => words.choose_do.to_owned(),
            Step::StatusTaken => words.status_taken_do.to_owned(),
            Step::Recheck => fill(words.recheck_do, &[("limit", &tenths_text(self.limits.fever))]),
            Step::Measure if outcome.direction == Direction::Out => words.measure_out.to_owned(),
            Step::Passed if outcome.direction == Direction::Out => words.left_do.to_owned(),
            Step::Passed => Verdict::Valid.instruction(self.lang, &outcome.details),
            _ => {
                let first_day = outcome.valid_from.map(|seconds| {
                    self.zone.say_day(self.lang, Millis::from_seconds(seconds), self.now)
                });
                let details = Details { first_day, ..outcome.details.clone() };
                outcome.verdict.instruction(self.lang, &details)
            }
        }
    }

    /// One line of the last checks; entries without a verdict (sign-on, look-up) are left out.
    pub fn line(&self, row: &RecentRow) -> Option<Line> {
        let verdict = row.verdict?;
        let mut who = vec![row.name.clone()];
        who.extend(row.plate.clone());
        who.retain(|part| !part.is_empty());
        // Where the personal part is gone: among finished checks, a document that only lacked a step
        // belongs to somebody whom the guard didn't let in; whoever passed has an entry of another kind.
        let lacked = row.kind == EntryKind::Check.code()
            && row.direction != Some(Direction::Out)
            && matches!(verdict, Verdict::Measure | Verdict::Conditional | Verdict::CapFull);
        let refused = row.refused || lacked;
        let looks = if refused { Verdict::Revoked } else { verdict };
        let word = match (refused, verdict.tone()) {
            (false, _) => verdict.word(self.lang).to_owned(),
            // What stood against them anyway is said, too.
            (true, Tone::Stop) => format!("{} · {}", verdict.word(self.lang), self.words().refuse),
            (true, _) => self.words().refuse.to_owned(),
        };
        Some(Line {
            time: self.zone.clock_time(row.at),
            tone: looks.tone().class(),
            icon: looks.icon().name(),
            word,
            who: who.join(" "),
            reading: row.tenths.map(degrees),
            way: row.direction.map(|direction| self.way(direction)).unwrap_or_default(),
            correct: row
                .correctable_until
                .map(|until| (row.seq, until.since(self.now) / 1000))
                .filter(|(_, left)| *left > 0),
        })
    }

    /// Somebody in the waiting area.
    pub fn parked(&self, outcome: &ScanOutcome) -> Parked {
        let name = outcome.person.as_ref().map(|person| person.name.clone()).unwrap_or_default();
        let reading = outcome.tenths.map(degrees).unwrap_or_default();
        Parked {
            session: outcome.session.to_string(),
            who: format!("{name} {reading}").trim().to_owned(),
            word: outcome.verdict.word(self.lang).to_owned(),
            ago: self.ago(outcome.at),
        }
    }
}

impl ScanOutcome {
    /// A reading is what is missing.
    pub fn wants_reading(&self) -> bool {
        matches!(self.step, Step::Measure | Step::MeasureAgain)
    }

    /// Whether somebody stands there whose way matters; a poster goes nowhere.
    fn session_matters(&self) -> bool {
        self.person.is_some()
    }
}

/// Whether a session ended without anything that would stop it by itself.
fn guards_own(outcome: &ScanOutcome) -> bool {
    matches!(
        outcome.verdict,
        Verdict::Measure | Verdict::Valid | Verdict::Conditional | Verdict::CapFull
    )
}

/// `36.5`.
pub fn tenths_text(tenths: i16) -> String {
    format!("{}.{}", tenths / 10, tenths.rem_euclid(10))
}

/// `36.5 ℃`.
pub fn degrees(tenths: i16) -> String {
    format!("{} ℃", tenths_text(tenths))
}

/// `1,208`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
