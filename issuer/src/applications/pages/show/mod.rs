//! One application: facts in one column, decisions in the other, acts in a bar at the thumb.

mod check;
mod choices;
mod course;
mod signing;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;

use super::view::{Chip, class_chip, say_date, state_chip};
use super::words::{CaseWords, PHRASES};
use super::{find, say_sign_fault};
use crate::accounts::say_post;
use crate::applications::acts::zone_of;
use crate::applications::clock::{Elapsed, elapsed};
use crate::applications::deeds::{Deeds, Edit};
use crate::applications::history;
use crate::applications::state::{Check, State};
use crate::applications::store::{self, Application};
use crate::applications::words::ApplicationWords;
use crate::authz::Action;
use crate::fields::Sent;
use crate::web::{Frame, Nav, Page, Tone, html};

pub use check::{CheckView, group_title, latest as latest_check};
use choices::Choices;
use course::CourseView;
use signing::SigningView;

#[derive(Template)]
#[template(path = "applications/show.html")]
struct ShowPage {
    frame: Frame,
    w: &'static ApplicationWords,
    c: &'static CaseWords,
    id: String,
    name: String,
    receipt: String,
    state: Chip,
    class: Option<Chip>,
    route: String,
    on_behalf: bool,
    submitted: String,
    elapsed: Elapsed,
    carried: Carried,
    facts: Vec<(&'static str, String)>,
    check: Option<CheckView>,
    older_checks: usize,
    signing: SigningView,
    course: CourseView,
    choices: Choices,
    deeds: Deeds,
    why: String,
    edit_label: &'static str,
    send_label: &'static str,
    seen_state: &'static str,
    seen_revision: i64,
}

/// What a state carries that its page shows.
#[derive(Default)]
struct Carried {
    mend: Vec<String>,
    mend_by: String,
    /// Reason, basis, and where to complain.
    refusal: Option<(String, String, String)>,
    planned: String,
    permit_id: String,
    is_draft: bool,
}

impl Carried {
    fn of(state: &State, zone: &Zone, page: &Page) -> Self {
        match state {
            State::Draft => Self { is_draft: true, ..Self::default() },
            State::Returned { by, .. } => Self {
                mend: mend_lines(state, page.lang),
                mend_by: format!("{} · {}", by.name, say_post(&by.post, page.lang)),
                ..Self::default()
            },
            State::Refused { reason, basis, complain, .. } => Self {
                refusal: Some((reason.clone(), basis.clone(), complain.clone())),
                ..Self::default()
            },
            State::SiteCheck(Check::Sent { checker, planned_on }) => {
                let day = say_date(zone, planned_on, page.now, page.lang);
                let c = CaseWords::of(page.lang);
                Self {
                    planned: fill(c.check_planned, &[("name", &checker.name), ("day", &day)]),
                    ..Self::default()
                }
            }
            State::Issued { permit_id, .. } => {
                Self { permit_id: permit_id.clone(), ..Self::default() }
            }
            _ => Self::default(),
        }
    }
}

pub async fn show(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    show_with(&page, &id, Again::default()).await
}

/// What the page says and keeps of an act that was not done.
#[derive(Debug, Default)]
pub struct Again {
    pub notice: Option<(Tone, String)>,
    /// What was sent by one of the page's own forms.
    pub sent: Sent,
    /// Typed into a form that the case has no more.
    pub kept: String,
}

/// The page, with what an act that was not done leaves on it.
pub async fn show_with(page: &Page, id: &str, again: Again) -> Result<Response, Problem> {
    let lang = page.lang;
    let (w, c) = (ApplicationWords::of(lang), CaseWords::of(lang));
    let mut tx = page.app.db().read().await?;
    let found = find(page, &mut tx, Action::ReadApplications, id).await?;
    let zone = zone_of(page, &mut tx, &found.division_id).await?;
    let deeds = Deeds::of(&found, &page.actor);
    let revisions = store::list_revisions(&mut tx, id).await?;
    let current = revisions.first();
    let checks = history::list_checks(&mut tx, id).await?;
    let check = check::latest(&mut tx, &checks, &zone, page).await?;
    let signing = signing::view(&mut tx, page, &found, &zone, &deeds, current).await?;
    let course = course::view(&mut tx, page, &found, &zone, &revisions).await?;
    let choices = choices::view(&mut tx, page, &found, &zone, &deeds, current, &again.sent).await?;
    drop(tx);
    let reason = again.sent.value("class_reason");
    let kept = if deeds.classify || reason.is_empty() { again.kept } else { reason.to_owned() };
    let frame = page.frame(Nav::Applications).kept(kept);
    let frame = match again.notice.or_else(|| done_notice(page, &found, c)) {
        Some((tone, text)) => frame.notice(tone, text),
        None => frame,
    };
    let why = deeds.sign_fault.as_ref().map(|fault| say_sign_fault(fault, &found, &zone, page));
    let facts = current.map(|revision| revision.filing.lines(lang)).unwrap_or_default();
    html(&ShowPage {
        frame,
        w,
        c,
        state: state_chip(found.state(), lang),
        class: class_chip(found.class_rank, lang),
        route: format!("{} · {}", found.scale.title(lang), found.scale.route_title(lang)),
        on_behalf: found.on_behalf,
        submitted: match found.stages.submitted_at {
            Millis(0) => String::new(),
            at => fill(w.submitted_at, &[("time", &zone.say_time(lang, at, page.now))]),
        },
        elapsed: clock_of(&found, &zone, page),
        carried: Carried::of(found.state(), &zone, page),
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        check,
        older_checks: checks.iter().filter(|check| !check.result.is_empty()).count().max(1) - 1,
        signing,
        course,
        choices,
        why: why.unwrap_or_default(),
        edit_label: match deeds.edit {
            Some(Edit::Draft) => c.edit_draft,
            Some(Edit::Returned) => c.edit_returned,
            Some(Edit::Amend) | None => c.amend,
        },
        send_label: match found.state() {
            State::SiteCheck(Check::Failed { .. }) => c.send_again,
            State::SiteCheck(Check::Sent { .. }) => c.resend,
            _ => c.send_checker,
        },
        seen_state: found.state().code(),
        seen_revision: found.case.revision,
        deeds,
        receipt: found.receipt.unwrap_or_default(),
        name: found.enterprise_name,
        id: found.id,
    })
}

/// The office's clock; it rests once the application is returned, and stops at the end.
fn clock_of(found: &Application, zone: &Zone, page: &Page) -> Elapsed {
    if found.state().is_final() || matches!(found.state(), State::Returned { .. }) {
        return Elapsed::none();
    }
    elapsed(zone, (found.stages.submitted_at, found.stages.due_at), page.now, page.lang)
}

/// What the last act was, as the redirect after it says.
fn done_notice(page: &Page, found: &Application, c: &'static CaseWords) -> Option<(Tone, String)> {
    let text = match page.done.as_deref()? {
        "saved" => c.done_saved.to_owned(),
        "submitted" => {
            let receipt = found.receipt.as_deref().unwrap_or_default();
            fill(c.done_submitted, &[("receipt", &receipt)])
        }
        "accepted" => c.done_accepted.to_owned(),
        "sent" => c.done_sent.to_owned(),
        "checked" => c.done_checked.to_owned(),
        "signed" => c.done_signed.to_owned(),
        "next" => c.done_signed_next.to_owned(),
        "last" => c.done_signed_last.to_owned(),
        "returned" => c.done_returned.to_owned(),
        "refused" => c.done_refused.to_owned(),
        "withdrawn" => c.done_withdrawn.to_owned(),
        "classed" => c.done_classed.to_owned(),
        "issued" => c.done_issued.to_owned(),
        _ => return None,
    };
    Some((Tone::Ok, text))
}

/// Everything to mend, phrase and note together.
pub fn mend_lines(state: &State, lang: Lang) -> Vec<String> {
    let State::Returned { faults, .. } = state else { return Vec::new() };
    faults
        .iter()
        .map(|fault| {
            let phrase = PHRASES.iter().find(|(code, _, _)| *code == fault.phrase);
            let phrase = phrase.map_or("", |(_, zh, en)| lang.of(zh, en));
            match (phrase, fault.note.as_str()) {
                (phrase, "") => phrase.to_owned(),
                ("", note) => note.to_owned(),
                (phrase, note) => format!("{phrase}{}{note}", lang.of("：", ": ")),
            }
        })
        .collect()
}
