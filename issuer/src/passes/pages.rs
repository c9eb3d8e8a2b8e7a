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
use serde::Deserialize;

use super::words::PassWords;
use super::{Grounds, cards, issue, revoke_of, store};
use crate::authz::Action;
use crate::db::Tx;
use crate::enterprises::store::{self as enterprises, Enterprise};
use crate::fields::Sent;
use crate::people::store::{self as people, Person};
use crate::permits::{self, By};
use crate::print::pass_sheet_pdf;
use crate::web::{Frame, Nav, Page, Routes, Tone, html, see_other};

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
    let w = PassWords::of(page.lang);
    let (zone, now) = (page.zone(), page.now);
    let mut tx = page.app.db().read().await?;
    let enterprise = enterprise(&page, &mut tx, &id).await?;
    let roster = people::list_on_roster(&mut tx, &id).await?;
    let held = store::list_current(&mut tx, &id).await?;
    let permits = permits::store::list_current_of(&mut tx, &id, now).await?;
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
        }
    });
    let lines = lines.collect();
    let mut frame = page.frame(Nav::People);
    let issued = page.done.as_deref().and_then(|done| done.strip_prefix("issued-"));
    if let Some(n) = issued.and_then(|n| n.parse::<u32>().ok()) {
        frame = frame.notice(Tone::Ok, fill(w.done_issued, &[("n", &n)]));
    } else if page.done.as_deref() == Some("revoked") {
        frame = frame.notice(Tone::Ok, w.done_revoked);
    }
    html(&ListPage { frame, w, has_permit: grounds.is_some(), enterprise, lines })
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
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let enterprise = enterprise(&page, &mut tx, &id).await?;
    let missing = sent.ticks("which", "missing");
    let mut chosen = chosen(people::list_on_roster(&mut tx, &id).await?, &sent, missing);
    if missing {
        let held = store::list_current(&mut tx, &id).await?;
        chosen.retain(|person| !held.iter().any(|pass| pass.person_id == person.id));
    }
    if chosen.is_empty() && !missing {
        return Err(invalid(|w| w.nothing_selected));
    }
    let permits = permits::store::list_current_of(&mut tx, &id, page.now).await?;
    let (issued, change) = issue(app, &mut tx, &chosen, &permits).await?;
    let detail = issued.len().to_string();
    let subject = ("enterprise", id.as_str());
    page.record(&mut tx, "pass.issue", subject, &enterprise.division_id, &detail).await?;
    app.commit(tx, change).await?;
    Ok(see_other(&format!("/enterprises/{id}/passes?done=issued-{}", issued.len())))
}

async fn print(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let app = &page.app;
    let mut tx = app.db().read().await?;
    let enterprise = enterprise(&page, &mut tx, &id).await?;
    let all = sent.ticks("which", "all");
    let chosen = chosen(people::list_on_roster(&mut tx, &id).await?, &sent, all);
    let mut held: HashMap<String, store::Pass> = store::list_current(&mut tx, &id)
        .await?
        .into_iter()
        .map(|pass| (pass.person_id.clone(), pass))
        .collect();
    let passes: Vec<_> = chosen.iter().filter_map(|person| held.remove(&person.id)).collect();
    if passes.is_empty() {
        return Err(invalid(|w| w.nothing_to_print));
    }
    let permits = permits::store::list_current_of(&mut tx, &id, page.now).await?;
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
    let subject = ("enterprise", id.as_str());
    page.record(&mut tx, "pass.print", subject, &enterprise.division_id, &detail).await?;
    tx.commit().await?;
    let mut response = (StatusCode::OK, pdf).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    let disposition = HeaderValue::from_static("attachment; filename=\"passes.pdf\"");
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

#[derive(Deserialize)]
struct Revoke {
    person: String,
    #[serde(default)]
    reason: String,
}

async fn revoke(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<Revoke>,
) -> Result<Response, Problem> {
    let reason =
        permits::parse_reason(&form.reason).ok_or_else(|| invalid(|w| w.reason_missing))?;
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let enterprise = enterprise(&page, &mut tx, &id).await?;
    let person = people::find(&mut tx, &form.person)
        .await?
        .filter(|person| person.enterprise_id == id)
        .ok_or_else(Problem::not_found)?;
    let by = By::from(&page.actor);
    let change = revoke_of(app, &mut tx, &person, &by, &enterprise.division_id, &reason).await?;
    app.commit(tx, change).await?;
    Ok(see_other(&format!("/enterprises/{id}/passes?done=revoked")))
}
