//! What a scan showed, and what the inspector found there.

use askama::Template;
use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::words::fill;
use serde::Deserialize;

use super::frame_of;
use crate::authz::Action;
use crate::enterprises::timeline;
use crate::inspections::store::{self, NewVisit, Scan, Visit};
use crate::inspections::words::InspectionWords;
use crate::permits::pages::{place, say_state, say_term};
use crate::permits::{self, By, Permit, PermitWords, State};
use crate::web::{Frame, Page, Tone, html, see_other};

struct VisitLine {
    time: String,
    what: String,
    by: String,
    note: String,
}

#[derive(Template)]
#[template(path = "inspections/result.html")]
struct ResultPage {
    frame: Frame,
    w: &'static InspectionWords,
    p: &'static PermitWords,
    tone: &'static str,
    icon: String,
    word: &'static str,
    advice: &'static str,
    checked_at: String,
    permit: Option<Permit>,
    state: (Tone, &'static str),
    term: String,
    mode: String,
    /// Whether it lies within the inspector's reach.
    inside: bool,
    may_suspend: bool,
    suspend_why: String,
    visits: Vec<VisitLine>,
}

fn visit_line(page: &Page, visit: Visit) -> VisitLine {
    let (w, p) = (InspectionWords::of(page.lang), PermitWords::of(page.lang));
    let mut what = w.visit(visit.findings);
    if visit.posted == 0 {
        what = format!("{what} · {}", w.not_posted);
    }
    VisitLine {
        time: page.zone().say_time(page.lang, Millis(visit.at), page.now),
        what,
        by: fill(p.by, &[("name", &visit.name), ("post", &visit.post)]),
        note: visit.note,
    }
}

pub async fn result(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let (w, p) = (InspectionWords::of(page.lang), PermitWords::of(page.lang));
    let mut tx = page.app.db().read().await?;
    let found: Option<Scan> = store::find_scan(&mut tx, &id).await?;
    let scan = found
        .filter(|scan| scan.account_id == page.actor.account_id)
        .ok_or_else(Problem::not_found)?;
    let permit = match &scan.permit_id {
        Some(permit_id) => permits::store::find(&mut tx, permit_id).await?,
        None => None,
    };
    let inside = permit
        .as_ref()
        .is_some_and(|permit| page.require(Action::ScanPlacards, place(permit)).is_ok());
    let visits = match &permit {
        Some(permit) if inside => {
            store::list_visits(&mut tx, &permit.place.enterprise_id, 5).await?
        }
        _ => Vec::new(),
    };
    let suspendable = permit.as_ref().filter(|permit| {
        permit.state == State::Issued && page.require(Action::SuspendPermits, place(permit)).is_ok()
    });
    let mut suspend_why = String::new();
    if let Some(permit) = suspendable {
        let role = page.actor.post.role;
        let event = permits::acts::suspension_by(&page.app, &mut tx, permit, role).await?;
        if let permits::Event::Suspend { lapses_at } = event {
            suspend_why = p.suspension(lapses_at, page.now);
        }
    }
    drop(tx);
    let verdict = Verdict::from_code(&scan.verdict).unwrap_or(Verdict::UpdateGate);
    let zone = page.zone();
    let time = zone.say_time(page.lang, Millis(scan.at), page.now);
    html(&ResultPage {
        frame: frame_of(&page, w),
        w,
        p,
        tone: verdict.tone().class(),
        icon: verdict.icon().svg(),
        word: verdict.public_word(page.lang),
        advice: verdict.public_advice(page.lang),
        checked_at: fill(w.checked_at, &[("time", &time)]),
        state: permit.as_ref().map_or((Tone::Unknown, ""), |permit| say_state(p, permit, page.now)),
        term: permit.as_ref().map(|permit| say_term(p, permit)).unwrap_or_default(),
        mode: permit.as_ref().map(|permit| p.mode(permit.claims.mode)).unwrap_or_default(),
        inside,
        may_suspend: suspendable.is_some(),
        suspend_why,
        visits: visits.into_iter().map(|visit| visit_line(&page, visit)).collect(),
        permit,
    })
}

#[derive(Deserialize)]
pub struct VisitForm {
    #[serde(default)]
    findings: String,
    #[serde(default)]
    posted: String,
    #[serde(default)]
    note: String,
}

pub async fn visit(
    page: Page,
    Path(permit_id): Path<String>,
    Form(form): Form<VisitForm>,
) -> Result<Response, Problem> {
    let findings = form.findings.trim().parse::<i64>().ok().filter(|n| (0..=99).contains(n));
    let findings = findings.ok_or_else(|| {
        Problem::invalid().field("findings", InspectionWords::both(|w| w.findings_wrong))
    })?;
    let note: String =
        form.note.trim().chars().filter(|c| !c.is_control() || *c == '\n').take(1000).collect();
    let new = NewVisit { findings, posted: !form.posted.is_empty(), note };
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let permit = permits::store::find(&mut tx, &permit_id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ScanPlacards, place(&permit))?;
    let by = By::from(&page.actor);
    store::insert_visit(&mut tx, &app.new_id(), &permit, &by, page.now, &new).await?;
    let (zh, en) = InspectionWords::both(|w| w.visit(findings));
    let said = timeline::both(&zh, &en);
    let facts = serde_json::json!({ "result": said, "findings": findings });
    let enterprise_id = &permit.place.enterprise_id;
    timeline::note(&mut tx, enterprise_id, page.now, "inspection.done", &facts, &by.account_id)
        .await?;
    let detail = findings.to_string();
    let subject = ("permit", permit.id.as_str());
    page.record(&mut tx, "inspection.visit", subject, &permit.place.division_id, &detail).await?;
    tx.commit().await?;
    Ok(see_other("/inspections?done=visited"))
}
