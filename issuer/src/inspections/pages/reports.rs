//! What the public reported.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use serde::Deserialize;

use super::frame_of;
use crate::authz::{Action, Place};
use crate::inspections::store::{self, Report};
use crate::inspections::words::InspectionWords;
use crate::permits;
use crate::web::{Frame, Page, Paging, Refused, conflict, html_again, see_other};

pub struct ReportLine {
    pub id: String,
    pub number: String,
    pub kind: &'static str,
    pub time: String,
    pub enterprise: String,
    pub permit_id: String,
    pub place: String,
    pub text: String,
    pub contact: String,
    pub handled: String,
    pub note: String,
    /// What became of it, as typed where that was not taken.
    pub typed: Option<String>,
}

#[derive(Template)]
#[template(path = "inspections/reports.html")]
struct ReportsPage {
    frame: Frame,
    w: &'static InspectionWords,
    handled: bool,
    reports: Vec<ReportLine>,
    next: Option<String>,
}

pub fn report_line(page: &Page, report: Report) -> ReportLine {
    let w = InspectionWords::of(page.lang);
    let zone = page.zone();
    let say = |at: i64| zone.say_time(page.lang, Millis(at), page.now);
    ReportLine {
        id: report.id,
        number: fill(w.number, &[("number", &report.number)]),
        kind: w.kind(&report.kind),
        time: say(report.at),
        enterprise: report.enterprise,
        permit_id: report.permit_id.unwrap_or_default(),
        place: report.place,
        text: report.text,
        contact: report.contact,
        handled: report.handled_at.map_or(String::new(), |at| {
            fill(w.handled_by, &[("name", &report.handled_by), ("time", &say(at))])
        }),
        note: report.handled_note,
        typed: None,
    }
}

#[derive(Default, Deserialize)]
pub struct ReportsQuery {
    #[serde(default)]
    handled: String,
    #[serde(default)]
    after: String,
}

pub async fn reports(page: Page, Query(query): Query<ReportsQuery>) -> Result<Response, Problem> {
    show_reports(&page, query, None).await
}

/// What was typed of a report that was not taken, and why.
struct Again {
    id: String,
    note: String,
    refused: Refused,
}

async fn show_reports(
    page: &Page,
    query: ReportsQuery,
    again: Option<Again>,
) -> Result<Response, Problem> {
    let w = InspectionWords::of(page.lang);
    let handled = !query.handled.is_empty();
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let mut found =
        store::list_reports(&mut tx, &bounds, handled, &query.after, Paging::FETCH).await?;
    let next = Paging::cut(&mut found, |report| report.id.clone());
    // It may stand on another page of the list, or be dealt with by now.
    if let Some(again) = &again
        && !found.iter().any(|report| report.id == again.id)
    {
        found.splice(0..0, store::find_report(&mut tx, &again.id).await?);
    }
    drop(tx);
    let switch = if handled { "handled=1&" } else { "" };
    let lines = found.into_iter().map(|report| {
        let line = report_line(page, report);
        let again = again.as_ref().filter(|again| again.id == line.id);
        ReportLine { typed: again.map(|again| again.note.clone()), ..line }
    });
    let reports: Vec<_> = lines.collect();
    let has_field =
        |again: &&Again| reports.iter().any(|line| line.id == again.id && line.handled.is_empty());
    let kept = again.as_ref().filter(|again| !has_field(again)).map(|again| again.note.clone());
    let refused = again.as_ref().map(|again| &again.refused);
    let shown = ReportsPage {
        frame: frame_of(page, w).refused(refused).kept(kept.unwrap_or_default()),
        w,
        handled,
        reports,
        next: next.map(|after| format!("/inspections/reports?{switch}after={after}")),
    };
    html_again(&shown, refused)
}

#[derive(Deserialize)]
pub struct Outcome {
    #[serde(default)]
    note: String,
}

pub async fn handle(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<Outcome>,
) -> Result<Response, Problem> {
    match note_outcome(&page, &id, &form.note).await {
        Ok(()) => Ok(see_other("/inspections/reports?done=handled")),
        Err(problem) => {
            let refused = Refused::of(problem, page.lang)?;
            let again = Again { id, note: form.note, refused };
            show_reports(&page, ReportsQuery::default(), Some(again)).await
        }
    }
}

async fn note_outcome(page: &Page, id: &str, typed: &str) -> Result<(), Problem> {
    let mut tx = page.app.db().write().await?;
    let report = store::find_report(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ReadReports, Place::in_division(&report.division_path))?;
    let note = permits::parse_reason(typed).ok_or_else(|| {
        Problem::invalid().field("note", InspectionWords::both(|w| w.outcome_missing))
    })?;
    if !store::handle_report(&mut tx, id, page.now, &page.actor.name, &note).await? {
        return Err(conflict(("举报已由他人处理", "Somebody else has dealt with this report")));
    }
    page.record(&mut tx, "report.handle", ("report", id), &report.division_id, &note).await?;
    Ok(tx.commit().await?)
}
