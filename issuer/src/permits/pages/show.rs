//! One permit: what it says, how it stands, what was done to it, and what may be done now.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use fugong_common::serial::Serial;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;

use super::{find, place, say_state, say_term};
use crate::accounts::say_post;
use crate::authz::Action;
use crate::permits::facts::{Approver, Contact};
use crate::permits::printing::{self, PrintForm};
use crate::permits::state::{Event, Standing, State};
use crate::permits::store::{self, ActLine};
use crate::permits::words::PermitWords;
use crate::permits::{Permit, acts};
use crate::web::{Frame, Nav, Page, Refused, Tone, html_again};

struct Entry {
    time: String,
    exact: String,
    what: String,
    by: String,
    reason: String,
}

struct Approval {
    title: String,
    name: String,
    time: String,
}

/// An act that asks for a reason.
struct Offer {
    path: &'static str,
    open: &'static str,
    why: String,
    button: &'static str,
    danger: bool,
    /// What was typed, and what is wrong with it.
    typed: String,
    error: &'static str,
    begun: bool,
}

impl Offer {
    /// Bare, with what was typed into it.
    fn of(path: &'static str, typed: Option<&Typed>) -> Self {
        let typed = typed.filter(|typed| typed.path == path);
        Self {
            path,
            open: "",
            why: String::new(),
            button: "",
            danger: false,
            typed: typed.map(|typed| typed.text.clone()).unwrap_or_default(),
            error: typed.map_or("", |typed| typed.error),
            begun: typed.is_some(),
        }
    }
}

#[derive(Template)]
#[template(path = "permits/show.html")]
struct ShowPage {
    frame: Frame,
    w: &'static PermitWords,
    permit: Permit,
    tone: Tone,
    state: &'static str,
    /// Since when, or until when.
    state_note: String,
    code: String,
    class: &'static str,
    mode: String,
    route: &'static str,
    term: String,
    issued: String,
    approvals: Vec<Approval>,
    epidemic_officer: String,
    grid_officer: String,
    replaces: String,
    copies: String,
    status_at: String,
    history: Vec<Entry>,
    offers: Vec<Offer>,
    /// What to do instead of what is not offered any more.
    renew: &'static str,
    /// Suspended: what to do about that comes first.
    waits: bool,
    may_print: bool,
    may_hand_over: bool,
    hand_over: Offer,
    print: PrintForm,
    printable: bool,
}

/// What was typed into one of the forms and could not be taken.
pub struct Typed {
    path: &'static str,
    text: String,
    /// Beside the field.
    error: &'static str,
    print: PrintForm,
    refused: Refused,
}

impl Typed {
    /// Into the form that leads to `path`: something is wrong with it.
    pub fn fault(path: &'static str, text: String, error: &'static str) -> Self {
        let refused = Refused::fault(error);
        Self { path, text, error, print: PrintForm::default(), refused }
    }

    /// It was not done for another reason.
    pub fn refused(path: &'static str, text: String, refused: Refused) -> Self {
        Self { path, text, error: "", print: PrintForm::default(), refused }
    }

    /// What was to be printed.
    pub fn print(print: PrintForm, refused: Refused) -> Self {
        Self { path: "print", text: String::new(), error: "", print, refused }
    }
}

async fn offers(
    page: &Page,
    permit: &Permit,
    typed: Option<&Typed>,
) -> Result<Vec<Offer>, Problem> {
    let w = PermitWords::of(page.lang);
    let may = |action: Action| page.require(action, place(permit)).is_ok();
    let takes = |event: Event| permit.after(event, page.now).is_ok();
    let mut offers = Vec::new();
    let mut offer = |path, open, why: String, button, danger| {
        offers.push(Offer { open, why, button, danger, ..Offer::of(path, typed) });
    };
    if may(Action::ConfirmSuspensions) && takes(Event::Confirm) {
        offer("confirm", w.confirm, w.confirm_why.to_owned(), w.confirm, false);
    }
    if may(Action::ResumePermits) && takes(Event::Resume) {
        offer("resume", w.resume, w.resume_why.to_owned(), w.resume_now, false);
    }
    if may(Action::ReissuePermits) && takes(Event::Supersede) {
        offer("reissue", w.reissue, w.reissue_why.to_owned(), w.reissue_now, false);
    }
    if may(Action::SuspendPermits) {
        let mut tx = page.app.db().read().await?;
        let event = acts::suspension_by(&page.app, &mut tx, permit, page.actor.post.role).await?;
        let fits = permit.state == State::Issued && takes(event);
        if let (true, Event::Suspend { lapses_at }) = (fits, event) {
            let why = w.suspension(lapses_at, page.now);
            offer("suspend", w.suspend, why, w.suspend_now, true);
        }
    }
    if may(Action::RevokePermits) && takes(Event::Revoke) {
        offer("revoke", w.revoke, w.revoke_why.to_owned(), w.revoke_now, true);
    }
    Ok(offers)
}

fn done_text(w: &PermitWords, done: &str) -> Option<&'static str> {
    Some(match done {
        "suspended" => w.done_suspended,
        "confirmed" => w.done_confirmed,
        "resumed" => w.done_resumed,
        "revoked" => w.done_revoked,
        "reissued" => w.done_reissued,
        "issued" => w.done_issued,
        "handed-over" => w.done_handed_over,
        _ => return None,
    })
}

pub async fn show(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let permit = find(&page, &id, Action::ReadPermits).await?;
    render(&page, permit, None).await
}

pub async fn render(
    page: &Page,
    permit: Permit,
    typed: Option<Typed>,
) -> Result<Response, Problem> {
    let w = PermitWords::of(page.lang);
    let (lang, now, zone) = (page.lang, page.now, page.zone());
    let mut tx = page.app.db().read().await?;
    let acts = store::list_acts(&mut tx, &permit.id).await?;
    drop(tx);
    let history = acts.into_iter().map(|act| history_entry(page, w, act)).collect();
    let (tone, state) = say_state(w, &permit, now);
    let facts = &permit.facts;
    let issued_as = say_post(&facts.issue.issued_as, lang);
    let by = fill(w.by, &[("name", &facts.issue.issued_by), ("post", &issued_as)]);
    let done = page.done.as_deref().and_then(|done| done_text(w, done));
    let offers = offers(page, &permit, typed.as_ref()).await?;
    let may = |action: Action| page.require(action, place(&permit)).is_ok();
    let printable = printing::is_printable(&permit, now);
    let may_print = may(Action::PrintPermits);
    let may_hand_over =
        may_print && printable && may(Action::IssuePermits) && !permit.state.is_final();
    let has_field = |typed: &&Typed| {
        offers.iter().any(|offer| offer.path == typed.path)
            || (may_hand_over && typed.path == "hand-over")
    };
    let kept = typed.as_ref().filter(|typed| !has_field(typed));
    let kept = kept.map(|typed| typed.text.clone()).unwrap_or_default();
    let refused = typed.as_ref().map(|typed| &typed.refused);
    let frame = page.frame(Nav::Permits).done(done.filter(|_| typed.is_none()));
    let shown = ShowPage {
        frame: frame.refused(refused).kept(kept),
        w,
        tone,
        state,
        state_note: state_note(page, w, permit.state),
        code: if facts.uscc.is_empty() {
            fill(w.no_code, &[("reason", &facts.no_code_reason)])
        } else {
            facts.uscc.clone()
        },
        class: w.class(permit.claims.category),
        mode: w.mode(permit.claims.mode),
        route: w.route(permit.claims.approval.route),
        term: say_term(w, &permit),
        issued: format!("{} {by}", zone.say_time(lang, permit.issued_at, now)),
        approvals: facts.approvers.iter().map(|given| approval(page, given)).collect(),
        epidemic_officer: say_contact(&facts.epidemic_officer),
        grid_officer: say_contact(&facts.grid_officer),
        replaces: Serial::from_hex(&permit.replaces).map(|s| s.to_string()).unwrap_or_default(),
        copies: fill(w.copies_n, &[("n", &permit.copies)]),
        status_at: fill(w.status_at, &[("key", &permit.key_id), ("index", &permit.status_index)]),
        history,
        offers,
        renew: if permit.standing(now) == Standing::Expired { w.renew } else { "" },
        waits: matches!(permit.state, State::Suspended { .. }),
        may_print,
        may_hand_over,
        hand_over: Offer::of("hand-over", typed.as_ref()),
        print: typed.as_ref().map(|typed| typed.print.clone()).unwrap_or_default(),
        printable,
        permit,
    };
    html_again(&shown, refused)
}

/// Since when, or until when, a state holds.
fn state_note(page: &Page, w: &PermitWords, state: State) -> String {
    let say = |at: Millis| page.zone().say_time(page.lang, at, page.now);
    match state {
        State::Suspended { lapses_at: Some(at), .. } => fill(w.lapses, &[("time", &say(at))]),
        State::Suspended { since: at, .. } | State::Revoked { at } | State::Superseded { at } => {
            fill(w.since, &[("time", &say(at))])
        }
        State::Issued => String::new(),
    }
}

fn approval(page: &Page, given: &Approver) -> Approval {
    Approval {
        title: say_post(&given.title, page.lang),
        name: given.name.clone(),
        time: page.zone().say_time(page.lang, given.at, page.now),
    }
}

fn say_contact(contact: &Contact) -> String {
    format!("{} {}", contact.name, contact.phone).trim().to_owned()
}

fn history_entry(page: &Page, w: &PermitWords, act: ActLine) -> Entry {
    let zone = page.zone();
    let told = matches!(act.act.as_str(), "print" | "hand_over");
    Entry {
        time: zone.say_time(page.lang, Millis(act.at), page.now),
        exact: zone.stamp(Millis(act.at)),
        what: w.act(&act.act, &act.reason),
        by: if act.name.is_empty() {
            w.by_system.to_owned()
        } else {
            fill(w.by, &[("name", &act.name), ("post", &say_post(&act.post, page.lang))])
        },
        reason: if told { String::new() } else { act.reason },
    }
}
