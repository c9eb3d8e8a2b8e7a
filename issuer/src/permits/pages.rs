//! The console's pages of permits.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::serial::Serial;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;
use serde::Deserialize;

use super::facts::Contact;
use super::state::{Event, State};
use super::store::{self, Filter, StateFilter};
use super::words::{PermitWords, parse_reason};
use super::{ActError, By, Changes, Permit, acts, printing};
use crate::accounts::say_post;
use crate::audit::Act;
use crate::authz::{Action, Place};
use crate::keys;
use crate::web::{Frame, Nav, Page, Paging, Routes, Tone, conflict, html, see_other};

pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .get("/permits", Action::ReadPermits, list)
        .get("/permits/{id}", Action::ReadPermits, show)
        .post("/permits/{id}/suspend", Action::SuspendPermits, suspend)
        .post("/permits/{id}/confirm", Action::ConfirmSuspensions, confirm)
        .post("/permits/{id}/resume", Action::ResumePermits, resume)
        .post("/permits/{id}/revoke", Action::RevokePermits, revoke)
        .post("/permits/{id}/reissue", Action::ReissuePermits, reissue)
        .post("/permits/reissue", Action::ReissuePermits, reissue_many)
        .post("/permits/{id}/hand-over", Action::IssuePermits, hand_over);
    super::api::routes(printing::routes(routes))
}

/// For holding a permit against a post's reach.
pub fn place(permit: &Permit) -> Place<'_> {
    Place {
        division_path: &permit.place.division_path,
        enterprise_id: Some(&permit.place.enterprise_id),
    }
}

/// A permit within the actor's reach.
pub(super) async fn find(page: &Page, id: &str, action: Action) -> Result<Permit, Problem> {
    let mut tx = page.app.db().read().await?;
    let permit = store::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(action, place(&permit))?;
    Ok(permit)
}

/// A state in words and tone, time counted in.
pub fn say_state(w: &PermitWords, permit: &Permit, now: Millis) -> (Tone, &'static str) {
    let validity = permit.claims.validity;
    match permit.state {
        State::Revoked { .. } => (Tone::Stop, w.revoked),
        State::Superseded { .. } => (Tone::Unknown, w.superseded),
        State::Suspended { lapses_at: Some(_), .. } => (Tone::Stop, w.suspended_for_now),
        State::Suspended { .. } => (Tone::Stop, w.suspended),
        State::Issued if validity.expires() <= now.seconds() => (Tone::Unknown, w.expired),
        State::Issued if validity.not_before() > now.seconds() => (Tone::Unknown, w.not_yet),
        State::Issued if validity.expires() <= now.plus_days(14).seconds() => {
            (Tone::Warn, w.ends_soon)
        }
        State::Issued => (Tone::Ok, w.valid),
    }
}

/// First and last day in the division's time zone.
pub fn say_term(w: &PermitWords, zone: &Zone, permit: &Permit) -> String {
    let validity = permit.claims.validity;
    let day = |seconds| zone.date(Millis::from_seconds(seconds));
    fill(w.until, &[("from", &day(validity.not_before())), ("to", &day(validity.last_second()))])
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    after: String,
}

/// A search as typed: a check number is found whatever way it is written.
pub(super) fn filter(q: &str, state: &str, key: &str) -> Filter {
    Filter {
        search: q.trim().to_owned(),
        serial: Serial::parse_typed(q).map(Serial::to_hex).unwrap_or_default(),
        state: StateFilter::parse(state),
        key_id: key.to_owned(),
    }
}

struct Line {
    id: String,
    document: String,
    name: String,
    mode: String,
    term: String,
    tone: Tone,
    state: &'static str,
    copies: i64,
    printable: bool,
}

struct StateOption {
    code: &'static str,
    label: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "permits/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static PermitWords,
    search: Search,
    states: Vec<StateOption>,
    lines: Vec<Line>,
    next: Option<String>,
    may_print: bool,
    may_reissue: bool,
    key_banner: Option<String>,
}

const fn state_label(w: &PermitWords, state: StateFilter) -> &'static str {
    match state {
        StateFilter::All => w.all,
        StateFilter::Valid => w.valid,
        StateFilter::NotYet => w.not_yet,
        StateFilter::Suspended => w.suspended,
        StateFilter::ToConfirm => w.to_confirm,
        StateFilter::EndsSoon => w.ends_soon,
        StateFilter::Expired => w.expired,
        StateFilter::Revoked => w.revoked,
        StateFilter::Superseded => w.superseded,
    }
}

async fn list(page: Page, Query(search): Query<Search>) -> Result<Response, Problem> {
    let w = PermitWords::of(page.lang);
    let filter = filter(&search.q, &search.state, &search.key);
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let mut found =
        store::list(&mut tx, &bounds, &filter, page.now, &search.after, Paging::FETCH).await?;
    let key = match search.key.parse() {
        Ok(id) => keys::store::find(&mut tx, id).await?,
        Err(_) => None,
    };
    drop(tx);
    // A key that only signs no more, such as after a restore, still counts at the gates.
    let key_banner = key.and_then(|key| match key.entry.revoked {
        Some(_) => Some(w.key_withdrawn_banner),
        None => (key.entry.sign_until <= page.now.seconds()).then_some(w.key_ended_banner),
    });
    let key_banner = key_banner.map(|said| fill(said, &[("key", &search.key)]));
    let next = Paging::cut(&mut found, |permit| permit.id.clone());
    let zone = page.zone();
    let lines = found.iter().map(|permit| {
        let (tone, state) = say_state(w, permit, page.now);
        Line {
            id: permit.id.clone(),
            document: permit.document_number.clone(),
            name: permit.facts.name.clone(),
            mode: w.mode(permit.claims.mode),
            term: say_term(w, &zone, permit),
            tone,
            state,
            copies: permit.copies,
            printable: printing::is_printable(permit, page.now),
        }
    });
    let lines = lines.collect();
    let mut frame = page.frame(Nav::Permits);
    let batch = page.done.as_deref().and_then(|done| done.strip_prefix("batch-")?.split_once('-'));
    if let Some((done, left)) = batch
        && let (Ok(n), Ok(left)) = (done.parse::<u32>(), left.parse::<u32>())
    {
        frame = match left {
            0 => frame.notice(Tone::Ok, fill(w.done_batch, &[("n", &n)])),
            _ => frame.notice(Tone::Warn, fill(w.done_batch_left, &[("n", &n), ("left", &left)])),
        };
    }
    html(&ListPage {
        frame,
        w,
        states: StateFilter::ALL
            .into_iter()
            .map(|state| StateOption {
                code: state.code(),
                label: state_label(w, state),
                chosen: state == filter.state,
            })
            .collect(),
        lines,
        next: next.map(|after| {
            let e = crate::web::encode;
            format!(
                "/permits?q={}&state={}&key={}&after={}",
                e(&search.q),
                e(&search.state),
                e(&search.key),
                e(&after)
            )
        }),
        may_print: page.actor.may(Action::PrintPermits),
        may_reissue: !search.key.is_empty() && page.actor.may(Action::ReissuePermits),
        key_banner,
        search,
    })
}

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
    /// Suspended: what to do about that comes first.
    waits: bool,
    may_print: bool,
    may_hand_over: bool,
    printable: bool,
}

fn say_contact(contact: &Contact) -> String {
    format!("{} {}", contact.name, contact.phone).trim().to_owned()
}

/// What was typed into one of the forms and could not be taken.
struct Typed {
    path: &'static str,
    text: String,
    error: &'static str,
}

async fn offers(
    page: &Page,
    permit: &Permit,
    typed: Option<&Typed>,
) -> Result<Vec<Offer>, Problem> {
    let w = PermitWords::of(page.lang);
    let may = |action: Action| page.require(action, place(permit)).is_ok();
    let takes = |event: Event| permit.state.after(event, page.now).is_ok();
    let mut offers = Vec::new();
    let mut offer = |path, open, why: String, button, danger| {
        let typed = typed.filter(|typed| typed.path == path);
        offers.push(Offer {
            path,
            open,
            why,
            button,
            danger,
            typed: typed.map(|typed| typed.text.clone()).unwrap_or_default(),
            error: typed.map_or("", |typed| typed.error),
        });
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
            let hours = lapses_at.map(|at| at.since(page.now) / 3_600_000);
            let temporary = hours.map(|hours| fill(w.suspend_temporary, &[("hours", &hours)]));
            let why = format!("{}{}", w.suspend_why, temporary.unwrap_or_default());
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

async fn show(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let permit = find(&page, &id, Action::ReadPermits).await?;
    render(&page, permit, None).await
}

async fn render(page: &Page, permit: Permit, typed: Option<Typed>) -> Result<Response, Problem> {
    let w = PermitWords::of(page.lang);
    let (lang, now, zone) = (page.lang, page.now, page.zone());
    let mut tx = page.app.db().read().await?;
    let acts = store::list_acts(&mut tx, &permit.id).await?;
    drop(tx);
    let history = acts.into_iter().map(|act| history_entry(w, lang, &zone, now, act)).collect();
    let say = |at: Millis| zone.say_time(lang, at, now);
    let state_note = match permit.state {
        State::Suspended { lapses_at: Some(at), .. } => fill(w.lapses, &[("time", &say(at))]),
        State::Suspended { since: at, .. } | State::Revoked { at } | State::Superseded { at } => {
            fill(w.since, &[("time", &say(at))])
        }
        State::Issued => String::new(),
    };
    let (tone, state) = say_state(w, &permit, now);
    let facts = &permit.facts;
    let issued_as = say_post(&facts.issue.issued_as, lang);
    let by = fill(w.by, &[("name", &facts.issue.issued_by), ("post", &issued_as)]);
    let frame = page.frame(Nav::Permits);
    let frame = match page.done.as_deref().and_then(|done| done_text(w, done)) {
        Some(text) if typed.is_none() => frame.notice(Tone::Ok, text),
        _ => frame,
    };
    let offers = offers(page, &permit, typed.as_ref()).await?;
    let may = |action: Action| page.require(action, place(&permit)).is_ok();
    let status = if typed.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let response = html(&ShowPage {
        frame,
        w,
        tone,
        state,
        state_note,
        code: if facts.uscc.is_empty() {
            fill(w.no_code, &[("reason", &facts.no_code_reason)])
        } else {
            facts.uscc.clone()
        },
        class: w.class(permit.claims.category),
        mode: w.mode(permit.claims.mode),
        route: w.route(permit.claims.approval.route),
        term: say_term(w, &zone, &permit),
        issued: format!("{} {by}", say(permit.issued_at)),
        approvals: facts
            .approvers
            .iter()
            .map(|a| Approval {
                title: say_post(&a.title, lang),
                name: a.name.clone(),
                time: say(a.at),
            })
            .collect(),
        epidemic_officer: say_contact(&facts.epidemic_officer),
        grid_officer: say_contact(&facts.grid_officer),
        replaces: Serial::from_hex(&permit.replaces).map(|s| s.to_string()).unwrap_or_default(),
        copies: fill(w.copies_n, &[("n", &permit.copies)]),
        status_at: fill(w.status_at, &[("key", &permit.key_id), ("index", &permit.status_index)]),
        history,
        offers,
        waits: matches!(permit.state, State::Suspended { .. }),
        may_print: may(Action::PrintPermits),
        may_hand_over: may(Action::IssuePermits) && !permit.state.is_final(),
        printable: printing::is_printable(&permit, now),
        permit,
    })?;
    Ok((status, response).into_response())
}

fn history_entry(
    w: &PermitWords,
    lang: Lang,
    zone: &Zone,
    now: Millis,
    act: store::ActLine,
) -> Entry {
    let told = matches!(act.act.as_str(), "print" | "hand_over");
    Entry {
        time: zone.say_time(lang, Millis(act.at), now),
        exact: zone.stamp(Millis(act.at)),
        what: w.act(&act.act, &act.reason),
        by: if act.name.is_empty() {
            w.by_system.to_owned()
        } else {
            fill(w.by, &[("name", &act.name), ("post", &say_post(&act.post, lang))])
        },
        reason: if told { String::new() } else { act.reason },
    }
}

/// A reason, and the revision that the person looked at.
#[derive(Deserialize)]
struct ReasonForm {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    revision: Option<i64>,
}

/// What an officer can do to a permit by a form or a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Suspend,
    Confirm,
    Resume,
    Revoke,
}

impl Doing {
    pub const fn action(self) -> Action {
        match self {
            Self::Suspend => Action::SuspendPermits,
            Self::Confirm => Action::ConfirmSuspensions,
            Self::Resume => Action::ResumePermits,
            Self::Revoke => Action::RevokePermits,
        }
    }
}

/// Does it in one transaction: reach, revision, state, list, audit, change.
///
/// # Errors
/// A problem that says which of these stood against it.
pub async fn perform(
    page: &Page,
    id: &str,
    doing: Doing,
    reason: &str,
    revision: Option<i64>,
) -> Result<(Permit, State), Problem> {
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let permit = store::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(doing.action(), place(&permit))?;
    if revision.is_some_and(|seen| seen != permit.revision) {
        return Err(ActError::Overtaken.into());
    }
    let event = match doing {
        Doing::Suspend => acts::suspension_by(app, &mut tx, &permit, page.actor.post.role).await?,
        Doing::Confirm => Event::Confirm,
        Doing::Resume => Event::Resume,
        Doing::Revoke => Event::Revoke,
    };
    let by = By::from(&page.actor);
    let (state, change) = acts::act(app, &mut tx, &permit, event, &by, reason).await?;
    app.commit(tx, change).await?;
    Ok((permit, state))
}

async fn do_by_form(
    page: Page,
    id: String,
    form: ReasonForm,
    doing: Doing,
    (path, done): (&'static str, &'static str),
) -> Result<Response, Problem> {
    let w = PermitWords::of(page.lang);
    let Some(reason) = parse_reason(&form.reason) else {
        let permit = find(&page, &id, doing.action()).await?;
        let typed = Typed { path, text: form.reason, error: w.reason_missing };
        return render(&page, permit, Some(typed)).await;
    };
    perform(&page, &id, doing, &reason, form.revision).await?;
    Ok(see_other(&format!("/permits/{id}?done={done}")))
}

type IdPath = Path<String>;
type Answer = Result<Response, Problem>;

async fn suspend(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    do_by_form(page, id, form, Doing::Suspend, ("suspend", "suspended")).await
}

async fn confirm(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    do_by_form(page, id, form, Doing::Confirm, ("confirm", "confirmed")).await
}

async fn resume(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    do_by_form(page, id, form, Doing::Resume, ("resume", "resumed")).await
}

async fn revoke(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    do_by_form(page, id, form, Doing::Revoke, ("revoke", "revoked")).await
}

async fn reissue(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    let w = PermitWords::of(page.lang);
    let Some(reason) = parse_reason(&form.reason) else {
        let permit = find(&page, &id, Action::ReissuePermits).await?;
        let typed = Typed { path: "reissue", text: form.reason, error: w.reason_missing };
        return render(&page, permit, Some(typed)).await;
    };
    let mut tx = page.app.db().write().await?;
    let old = store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ReissuePermits, place(&old))?;
    if form.revision.is_some_and(|seen| seen != old.revision) {
        return Err(ActError::Overtaken.into());
    }
    let by = By::from(&page.actor);
    let (new, change) =
        super::reissue(&page.app, &mut tx, &old, Changes::default(), &by, &reason).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/permits/{}?done=reissued", new.id)))
}

/// The permits of a withdrawn key, under a new one (domain D32); each in its own transaction, so
/// that one that cannot be reissued does not hold up the others.
async fn reissue_many(page: Page, Form(fields): Form<Vec<(String, String)>>) -> Answer {
    let value = |name: &str| {
        fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    let reason = parse_reason(value("reason")).ok_or_else(|| {
        Problem::invalid().detail(super::words::both(|w| w.reason_missing.to_owned()))
    })?;
    let by = By::from(&page.actor);
    let mut reissued = 0_u32;
    let mut refused = Vec::new();
    for (_, id) in fields.iter().filter(|(key, _)| key == "id") {
        let mut tx = page.app.db().write().await?;
        let Some(old) = store::find(&mut tx, id).await? else { continue };
        if page.require(Action::ReissuePermits, place(&old)).is_err() {
            continue;
        }
        let done = super::reissue(&page.app, &mut tx, &old, Changes::default(), &by, &reason).await;
        match done {
            Ok((_, change)) => {
                page.app.commit(tx, change).await?;
                reissued += 1;
            }
            // Reissued, suspended or revoked meanwhile: nothing left to do for it.
            Err(super::IssueError::Twice | super::IssueError::State(_)) => {}
            Err(super::IssueError::Db(error)) => return Err(error.into()),
            Err(error) => refused.push(error),
        }
    }
    let left = refused.len();
    match refused.into_iter().next() {
        // The same for all of them, such as a key that is missing: say it at once.
        Some(error) if reissued == 0 => Err(error.into()),
        _ => Ok(see_other(&format!("/permits?key={}&done=batch-{reissued}-{left}", value("key")))),
    }
}

#[derive(Deserialize)]
struct HandOver {
    #[serde(default)]
    name: String,
}

/// Who took the placard (domain A40).
async fn hand_over(page: Page, Path(id): IdPath, Form(form): Form<HandOver>) -> Answer {
    let name = fugong_common::person::clean_name(&form.name).map_err(|_| {
        let what = super::words::both(|w| w.name_missing.to_owned());
        Problem::invalid().field("name", what)
    })?;
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let permit = store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::IssuePermits, place(&permit))?;
    if permit.state.is_final() {
        return Err(conflict(("此牌已作废，不再发放", "This placard is void and not handed out")));
    }
    let by = By::from(&page.actor);
    let act_id = app.new_id();
    store::note_act(&mut tx, &id, &act_id, page.now, "hand_over", &by, name.as_str()).await?;
    let act = Act {
        at: page.now,
        account_id: &by.account_id,
        post_id: &by.post_id,
        action: "permit.hand_over",
        subject: "permit",
        subject_id: &id,
        division_id: &permit.place.division_id,
        detail: name.as_str(),
    };
    app.record(&mut tx, act).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/permits/{id}?done=handed-over")))
}
