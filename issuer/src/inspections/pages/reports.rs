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
use crate::web::{Frame, Page, Paging, conflict, html, see_other};

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
    }
}

#[derive(Deserialize)]
pub struct ReportsQuery {
    #[serde(default)]
    handled: String,
    #[serde(default)]
    after: String,
}

pub async fn reports(page: Page, Query(query): Query<ReportsQuery>) -> Result<Response, Problem> {
    let w = InspectionWords::of(page.lang);
    let handled = !query.handled.is_empty();
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let mut found =
        store::list_reports(&mut tx, &bounds, handled, &query.after, Paging::FETCH).await?;
    drop(tx);
    let next = Paging::cut(&mut found, |report| report.id.clone());
    let switch = if handled { "handled=1&" } else { "" };
    html(&ReportsPage {
        frame: frame_of(&page, w),
        w,
        handled,
        reports: found.into_iter().map(|report| report_line(&page, report)).collect(),
        next: next.map(|after| format!("/inspections/reports?{switch}after={after}")),
    })
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
    let note = permits::parse_reason(&form.note).ok_or_else(|| {
        Problem::invalid().field("note", InspectionWords::both(|w| w.outcome_missing))
    })?;
    let mut tx = page.app.db().write().await?;
    let report = store::find_report(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ReadReports, Place::in_division(&report.division_path))?;
    if !store::handle_report(&mut tx, &id, page.now, &page.actor.name, &note).await? {
        return Err(conflict(("举报已由他人处理", "Somebody else has dealt with this report")));
    }
    page.record(&mut tx, "report.handle", ("report", &id), &report.division_id, &note).await?;
    tx.commit().await?;
    Ok(see_other("/inspections/reports?done=handled"))
}
