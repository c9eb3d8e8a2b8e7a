//! The inspectors' pages: scan, result, visit; and the reports of the public.

mod reports;
mod result;
mod scan;

use askama::Template;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::response::Response;
use axum::routing::post;
use fugong_common::reader::PictureLimits;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;

use self::reports::{ReportLine, report_line};
use super::store;
use super::words::InspectionWords;
use crate::authz::Action;
use crate::web::{Frame, Nav, Page, Routes, html};

pub fn routes(routes: Routes) -> Routes {
    let pictures = DefaultBodyLimit::max(PictureLimits::UPLOAD.bytes + (64 << 10));
    routes
        .get("/inspections", Action::ScanPlacards, index)
        .get("/inspections/scan", Action::ScanPlacards, scan::scan)
        .add(
            Method::POST,
            "/inspections/look",
            Action::ScanPlacards,
            post(scan::look_at).layer(pictures),
        )
        .post("/inspections/frames", Action::ScanPlacards, scan::frame)
        .get("/inspections/scans/{id}", Action::ScanPlacards, result::result)
        .post("/inspections/visits/{permit_id}", Action::ScanPlacards, result::visit)
        .get("/inspections/reports", Action::ReadReports, reports::reports)
        .post("/inspections/reports/{id}/handle", Action::ReadReports, reports::handle)
}

struct ScanLine {
    id: String,
    time: String,
    word: &'static str,
    tone: &'static str,
    enterprise: String,
}

#[derive(Template)]
#[template(path = "inspections/index.html")]
struct IndexPage {
    frame: Frame,
    w: &'static InspectionWords,
    scans: Vec<ScanLine>,
    reads_reports: bool,
    reports: Vec<ReportLine>,
}

/// The layout, with what the act before the redirect has done.
fn frame_of(page: &Page, w: &InspectionWords) -> Frame {
    let done = match page.done.as_deref() {
        Some("visited") => Some(w.done_visited),
        Some("handled") => Some(w.done_handled),
        _ => None,
    };
    page.frame(Nav::Inspections).done(done)
}

async fn index(page: Page) -> Result<Response, Problem> {
    let w = InspectionWords::of(page.lang);
    let zone = page.zone();
    let mut tx = page.app.db().read().await?;
    let scans = store::list_scans(&mut tx, &page.actor.account_id, 20).await?;
    let reads_reports = page.actor.may(Action::ReadReports);
    let reports = if reads_reports {
        store::list_reports(&mut tx, &page.reach().bounds(), false, "", 10).await?
    } else {
        Vec::new()
    };
    drop(tx);
    let scans = scans.into_iter().map(|scan| {
        let verdict = Verdict::from_code(&scan.verdict).unwrap_or(Verdict::UpdateGate);
        ScanLine {
            id: scan.id,
            time: zone.say_time(page.lang, Millis(scan.at), page.now),
            word: verdict.public_word(page.lang),
            tone: verdict.tone().class(),
            enterprise: scan.enterprise,
        }
    });
    html(&IndexPage {
        frame: frame_of(&page, w),
        w,
        scans: scans.collect(),
        reads_reports,
        reports: reports.into_iter().map(|report| report_line(&page, report)).collect(),
    })
}
