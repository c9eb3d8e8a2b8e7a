//! An enterprise's passes: issue, print, revoke.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Form, Path};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;

use super::words::PassWords;
use super::{Grounds, cards, issue, revoke_of, store};
use crate::authz::Action;
use crate::db::Tx;
use crate::enterprises::store::{self as enterprises, Enterprise};
use crate::fields::Sent;
use crate::people::store::{self as people, Person};
use crate::permits::{self, By};
use crate::print::pass_sheet_pdf;
use crate::web::{Frame, Nav, Page, Refused, Routes, Tone, html_again, see_other};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/enterprises/{id}/passes", Action::IssuePasses, list)
        .post("/enterprises/{id}/passes/issue", Action::IssuePasses, issue_many)
        .post("/enterprises/{id}/passes/print", Action::IssuePasses, print)
        .post("/enterprises/{id}/passes/revoke", Action::IssuePasses, revoke)
}

struct Line {
    person_id: String,
    number: String,
    name: String,
    job: String,
    tone: Tone,
    state: String,
    reference: String,
    term: String,
    held: bool,
    ticked: bool,
    /// To be revoked, with the reason as it was typed.
    is_ending: bool,
    reason: String,
}

#[derive(Template)]
#[template(path = "passes/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static PassWords,
    enterprise: Enterprise,
    has_permit: bool,
    lines: Vec<Line>,
}

async fn enterprise(page: &Page, tx: &mut Tx, id: &str) -> Result<Enterprise, Problem> {
    let found = enterprises::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::IssuePasses, found.place())?;
    Ok(found)
}

async fn list(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    show_list(&page, &id, &Sent::default(), None).await
}

/// The list again, with what was ticked and typed.
async fn again(page: Page, id: &str, sent: &Sent, problem: Problem) -> Result<Response, Problem> {
    let refused = Refused::of(problem, page.lang)?;
    show_list(&page, id, sent, Some(&refused)).await
}

async fn show_list(
    page: &Page,
    id: &str,
    sent: &Sent,
    refused: Option<&Refused>,
) -> Result<Response, Problem> {
    let w = PassWords::of(page.lang);
    let (zone, now) = (page.zone(), page.now);
    let mut tx = page.app.db().read().await?;
    let enterprise = enterprise(page, &mut tx, id).await?;
    let roster = people::list_on_roster(&mut tx, id).await?;
    let held = store::list_current(&mut tx, id).await?;
    let permits = permits::store::list_current_of(&mut tx, id, now).await?;
    drop(tx);
    let held: HashMap<&str, &store::Pass> =
        held.iter().map(|pass| (pass.person_id.as_str(), pass)).collect();
    let grounds = Grounds::of(&permits).ok();
    // As it is printed on the card.
    let printed = grounds.as_ref().map_or(&zone, |grounds| &grounds.zone);
    let day = |seconds| printed.date(Millis::from_seconds(seconds));
    let lines = roster.iter().map(|person| {
        let pass = held.get(person.id.as_str());
        let (tone, state) = match pass {
            Some(pass) if pass.printed => (Tone::Ok, w.printed.to_owned()),
            Some(_) => (Tone::Warn, w.issued.to_owned()),
            None if person.not_before > now.0 => {
                let start = zone.say_day(page.lang, Millis(person.not_before), now);
                (Tone::Unknown, fill(w.waiting, &[("day", &start)]))
            }
            None => (Tone::Unknown, w.none.to_owned()),
        };
        let validity = pass.map(|pass| pass.claims.validity);
        let is_ending = sent.value("revoke") == person.id;
        Line {
            person_id: person.id.clone(),
            number: person.worker_number.clone(),
            name: person.name.clone(),
            job: person.job.clone(),
            tone,
            state,
            reference: pass.map(|pass| pass.reference.to_string()).unwrap_or_default(),
            term: validity.map_or(String::new(), |validity| {
                let (from, to) = (day(validity.not_before()), day(validity.last_second()));
                fill(w.until, &[("from", &from), ("to", &to)])
            }),
            held: pass.is_some(),
            ticked: sent.ticks("person", &person.id),
            is_ending,
            reason: if is_ending { sent.value("reason").to_owned() } else { String::new() },
        }
    });
    let lines: Vec<Line> = lines.collect();
    let mut frame = page.frame(Nav::People);
    let issued = page.done.as_deref().and_then(|done| done.strip_prefix("issued-"));
    if let Some(n) = issued.and_then(|n| n.parse::<u32>().ok()) {
        frame = frame.notice(Tone::Ok, fill(w.done_issued, &[("n", &n)]));
    } else if page.done.as_deref() == Some("revoked") {
        frame = frame.notice(Tone::Ok, w.done_revoked);
    }
    // Whose pass has ended meanwhile has no form for the reason any more.
    let has_field = lines.iter().any(|line| line.is_ending && line.held);
    let kept = if has_field { "" } else { sent.value("reason") };
    let frame = frame.refused(refused).kept(kept);
    let has_permit = grounds.is_some();
    html_again(&ListPage { frame, w, enterprise, has_permit, lines }, refused)
}

fn invalid(text: fn(&PassWords) -> &'static str) -> Problem {
    Problem::invalid().detail(PassWords::both(text))
}

/// Those ticked, or all, in the roster's order.
fn chosen(roster: Vec<Person>, sent: &Sent, all: bool) -> Vec<Person> {
    roster.into_iter().filter(|person| all || sent.ticks("person", &person.id)).collect()
}

async fn issue_many(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    match issued(&page, &id, &sent).await {
        Ok(n) => Ok(see_other(&format!("/enterprises/{id}/passes?done=issued-{n}"))),
        Err(problem) => again(page, &id, &sent, problem).await,
    }
}

async fn issued(page: &Page, id: &str, sent: &Sent) -> Result<usize, Problem> {
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let enterprise = enterprise(page, &mut tx, id).await?;
    let missing = sent.ticks("which", "missing");
    let mut chosen = chosen(people::list_on_roster(&mut tx, id).await?, sent, missing);
    if missing {
        let held = store::list_current(&mut tx, id).await?;
        chosen.retain(|person| !held.iter().any(|pass| pass.person_id == person.id));
    }
    if chosen.is_empty() && !missing {
        return Err(invalid(|w| w.nothing_selected));
    }
    let permits = permits::store::list_current_of(&mut tx, id, page.now).await?;
    let (issued, change) = issue(app, &mut tx, &chosen, &permits).await?;
    let detail = issued.len().to_string();
    let subject = ("enterprise", id);
    page.record(&mut tx, "pass.issue", subject, &enterprise.division_id, &detail).await?;
    app.commit(tx, change).await?;
    Ok(issued.len())
}

async fn print(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    match printed(&page, &id, &sent).await {
        Ok(sheet) => Ok(sheet),
        Err(problem) => again(page, &id, &sent, problem).await,
    }
}

async fn printed(page: &Page, id: &str, sent: &Sent) -> Result<Response, Problem> {
    let app = &page.app;
    let mut tx = app.db().read().await?;
    let enterprise = enterprise(page, &mut tx, id).await?;
    let all = sent.ticks("which", "all");
    let chosen = chosen(people::list_on_roster(&mut tx, id).await?, sent, all);
    let mut held: HashMap<String, store::Pass> = store::list_current(&mut tx, id)
        .await?
        .into_iter()
        .map(|pass| (pass.person_id.clone(), pass))
        .collect();
    let passes: Vec<_> = chosen.iter().filter_map(|person| held.remove(&person.id)).collect();
    if passes.is_empty() {
        return Err(invalid(|w| w.nothing_to_print));
    }
    let permits = permits::store::list_current_of(&mut tx, id, page.now).await?;
    drop(tx);
    let cards = cards(&Grounds::of(&permits)?, &passes);
    let fonts = app.fonts().map_err(Problem::internal)?;
    let turn = app.drawing().acquire_owned().await.map_err(Problem::internal)?;
    let title = PassWords::of(Lang::Zh).title;
    let drawn = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        pass_sheet_pdf(&fonts, title, &cards)
    });
    let pdf = drawn
        .await
        .map_err(Problem::internal)?
        .map_err(|error| permits::issue::print_problem(&error))?;
    let mut tx = app.db().write().await?;
    for pass in &passes {
        store::mark_printed(&mut tx, &pass.id, page.now).await?;
    }
    let detail = passes.len().to_string();
    let subject = ("enterprise", id);
    page.record(&mut tx, "pass.print", subject, &enterprise.division_id, &detail).await?;
    tx.commit().await?;
    let mut response = (StatusCode::OK, pdf).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    let disposition = HeaderValue::from_static("attachment; filename=\"passes.pdf\"");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

async fn revoke(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    match revoked(&page, &id, &sent).await {
        Ok(()) => Ok(see_other(&format!("/enterprises/{id}/passes?done=revoked"))),
        Err(problem) => again(page, &id, &sent, problem).await,
    }
}

async fn revoked(page: &Page, id: &str, sent: &Sent) -> Result<(), Problem> {
    let person_id = sent.value("revoke");
    if person_id.is_empty() {
        return Err(invalid(|w| w.nothing_selected));
    }
    let reason =
        permits::parse_reason(sent.value("reason")).ok_or_else(|| invalid(|w| w.reason_missing))?;
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let enterprise = enterprise(page, &mut tx, id).await?;
    let person = people::find(&mut tx, person_id)
        .await?
        .filter(|person| person.enterprise_id == id)
        .ok_or_else(Problem::not_found)?;
    let by = By::from(&page.actor);
    let change = revoke_of(app, &mut tx, &person, &by, &enterprise.division_id, &reason).await?;
    Ok(app.commit(tx, change).await?)
}
