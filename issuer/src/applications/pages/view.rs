//! How states, classes and waits look on every page.

use fugong_common::lang::Lang;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::{capital, fill};

use super::super::clock::{Elapsed, elapsed};
use super::super::queue::QueueLine;
use super::super::state::{Check, State};
use super::super::terms::{class_of_rank, class_title};
use super::super::words::ApplicationWords;
use crate::divisions::Scale;

/// A chip: class of its tone, mark, words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    pub tone: &'static str,
    pub mark: &'static str,
    pub text: String,
}

impl Chip {
    fn new((tone, mark): (&'static str, &'static str), text: impl Into<String>) -> Self {
        Self { tone, mark, text: capital(&text.into()) }
    }
}

const STEP: (&str, &str) = ("step", "→");
const WAIT: (&str, &str) = ("warn", "▲");
const GO: (&str, &str) = ("ok", "✓");
const STOP: (&str, &str) = ("stop", "■");
const QUIET: (&str, &str) = ("unk", "●");

/// The state as a chip.
pub fn state_chip(state: &State, lang: Lang) -> Chip {
    let w = ApplicationWords::of(lang);
    match state {
        State::Draft => Chip::new(QUIET, w.s_draft),
        State::Submitted => Chip::new(STEP, w.s_submitted),
        State::Held { .. } => Chip::new(QUIET, w.s_held),
        State::SiteCheck(Check::Failed { .. }) => Chip::new(STOP, w.s_check_failed),
        State::SiteCheck(_) => Chip::new(STEP, w.s_site_check),
        State::Signing(round) => {
            let (given, all) = (round.given.len(), round.step.parties.len());
            Chip::new(WAIT, fill(w.s_signing, &[("given", &given), ("all", &all)]))
        }
        State::Returned { .. } => Chip::new(WAIT, w.s_returned),
        State::Approved(_) => Chip::new(STEP, w.s_approved),
        State::Issued { .. } => Chip::new(GO, w.s_issued),
        State::Refused { .. } => Chip::new(STOP, w.s_refused),
        State::Withdrawn { .. } => Chip::new(QUIET, w.s_withdrawn),
    }
}

/// The name of a state by its code, without what it carries.
pub fn state_title(code: &str, lang: Lang) -> &'static str {
    let w = ApplicationWords::of(lang);
    match code {
        "draft" => w.s_draft,
        "submitted" => w.s_submitted,
        "held" => w.s_held,
        "site_check" => w.s_site_check,
        "signing" => w.s_signing_plain,
        "returned" => w.s_returned,
        "approved" => w.s_approved,
        "issued" => w.s_issued,
        "refused" => w.s_refused,
        "withdrawn" => w.s_withdrawn,
        _ => "",
    }
}

/// The class as a chip; none for the ordinary one.
pub fn class_chip(rank: i64, lang: Lang) -> Option<Chip> {
    let class = class_of_rank(rank)?;
    let tone = match rank {
        0 => ("step", "★"),
        1 => ("step", "◆"),
        2 => ("unk", "◇"),
        _ => return None,
    };
    Some(Chip::new(tone, class_title(class, lang)))
}

/// What it waits for, in one line.
pub fn waits_for(state: &State, zone: &Zone, now: Millis, lang: Lang) -> String {
    let w = ApplicationWords::of(lang);
    match state {
        State::Draft => w.w_finish.to_owned(),
        State::Submitted => w.w_accept.to_owned(),
        State::SiteCheck(Check::Waiting) => w.w_send.to_owned(),
        State::SiteCheck(Check::Failed { .. }) => w.w_resend.to_owned(),
        State::SiteCheck(Check::Sent { checker, planned_on }) => {
            let today = zone.date(now);
            let day = say_date(zone, planned_on, now, lang);
            let text = match planned_on.cmp(&today) {
                std::cmp::Ordering::Less => w.w_check_late,
                std::cmp::Ordering::Equal => w.w_check_due,
                std::cmp::Ordering::Greater => w.w_check,
            };
            fill(text, &[("name", &checker.name), ("day", &day)])
        }
        State::Signing(round) => {
            let parties: Vec<&str> =
                round.next().into_iter().map(|party| party.title(lang)).collect();
            fill(w.w_sign, &[("parties", &parties.join(lang.of("、", ", ")))])
        }
        State::Approved(_) => w.w_issue.to_owned(),
        State::Returned { faults, .. } => fill(w.w_mend, &[("n", &faults.len())]),
        State::Held { .. }
        | State::Issued { .. }
        | State::Refused { .. }
        | State::Withdrawn { .. } => String::new(),
    }
}

/// A calendar day as people say it.
pub fn say_date(zone: &Zone, date: &str, now: Millis, lang: Lang) -> String {
    zone.start_of(date).map_or_else(|| date.to_owned(), |at| zone.say_day(lang, at, now))
}

/// A row of a queue or to-do list.
#[derive(Clone, Debug)]
pub struct Row {
    pub href: String,
    pub name: String,
    pub receipt: String,
    pub division: String,
    pub scale: &'static str,
    pub state: Chip,
    pub class: Option<Chip>,
    pub waits: String,
    pub elapsed: Elapsed,
    pub submitted: String,
    pub on_behalf: bool,
}

impl Row {
    pub fn of(line: QueueLine, zone: &Zone, now: Millis, lang: Lang) -> Self {
        let ended = line.state.is_final();
        let times = (line.submitted_at, line.due_at);
        // Once it is returned, the clock of the office rests.
        let resting = matches!(line.state, State::Returned { .. });
        Self {
            href: format!("/applications/{}", line.id),
            scale: Scale::parse(&line.scale).map_or("", |scale| scale.title(lang)),
            state: state_chip(&line.state, lang),
            class: class_chip(line.class_rank, lang),
            // Where the state says it already, once is enough.
            waits: match line.state {
                State::Draft | State::Submitted | State::Approved(_) => String::new(),
                ref state => waits_for(state, zone, now, lang),
            },
            elapsed: if ended || resting {
                Elapsed::none()
            } else {
                elapsed(zone, times, now, lang)
            },
            submitted: match line.submitted_at {
                Millis(0) => String::new(),
                at => zone.say_time(lang, at, now),
            },
            on_behalf: line.on_behalf,
            receipt: line.receipt,
            division: line.division_name,
            name: line.enterprise_name,
        }
    }
}
