//! The inspectors' pages: scan, result, visit; and the reports of the public.

use askama::Template;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, Multipart, Path, Query};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use fugong_common::judge::Credential;
use fugong_common::lang::Lang;
use fugong_common::placard::Scanned;
use fugong_common::reader::{PictureError, PictureLimits, read_picture};
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::words::fill;
use serde::{Deserialize, Serialize};

use super::store::{self, NewVisit, Report, Scan, Visit};
use super::words::InspectionWords;
use crate::app::App;
use crate::authz::{Action, Place};
use crate::enterprises::timeline;
use crate::permits::pages::{place, say_state, say_term};
use crate::permits::{self, By, Permit, PermitWords, State};
use crate::verify::{Looked, look};
use crate::web::{Frame, Nav, Page, Paging, Routes, Tone, conflict, html, see_other, unreadable};

pub fn routes(routes: Routes) -> Routes {
    let pictures = DefaultBodyLimit::max(PictureLimits::UPLOAD.bytes + (64 << 10));
    routes
        .get("/inspections", Action::ScanPlacards, index)
        .get("/inspections/scan", Action::ScanPlacards, scan)
        .add(Method::POST, "/inspections/look", Action::ScanPlacards, post(look_at).layer(pictures))
        .post("/inspections/frames", Action::ScanPlacards, frame)
        .get("/inspections/scans/{id}", Action::ScanPlacards, result)
        .post("/inspections/visits/{permit_id}", Action::ScanPlacards, visit)
        .get("/inspections/reports", Action::ReadReports, reports)
        .post("/inspections/reports/{id}/handle", Action::ReadReports, handle)
}

struct ScanLine {
    id: String,
    time: String,
    word: &'static str,
    tone: &'static str,
    enterprise: String,
}

struct ReportLine {
    id: String,
    number: String,
    kind: &'static str,
    time: String,
    enterprise: String,
    permit_id: String,
    place: String,
    text: String,
    contact: String,
    handled: String,
    note: String,
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

#[derive(Template)]
#[template(path = "inspections/reports.html")]
struct ReportsPage {
    frame: Frame,
    w: &'static InspectionWords,
    handled: bool,
    reports: Vec<ReportLine>,
    next: Option<String>,
}

fn report_line(page: &Page, report: Report) -> ReportLine {
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

fn with_notice(page: &Page, w: &InspectionWords) -> Frame {
    let frame = page.frame(Nav::Inspections);
    match page.done.as_deref() {
        Some("visited") => frame.notice(Tone::Ok, w.done_visited),
        Some("handled") => frame.notice(Tone::Ok, w.done_handled),
        _ => frame,
    }
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
        frame: with_notice(&page, w),
        w,
        scans: scans.collect(),
        reads_reports,
        reports: reports.into_iter().map(|report| report_line(&page, report)).collect(),
    })
}

#[derive(Template)]
#[template(path = "inspections/scan.html")]
struct ScanPage {
    frame: Frame,
    w: &'static InspectionWords,
    script: String,
    typed: String,
    error: String,
    /// Several codes of one picture: text and what it seems to be.
    choices: Vec<(String, String)>,
}

impl ScanPage {
    fn new(page: &Page) -> Self {
        Self {
            frame: page.frame(Nav::Inspections),
            w: InspectionWords::of(page.lang),
            script: page.app.assets().url("inspect.js"),
            typed: String::new(),
            error: String::new(),
            choices: Vec::new(),
        }
    }

    fn refused(self, status: StatusCode) -> Result<Response, Problem> {
        html(&self).map(|page| (status, page).into_response())
    }
}

async fn scan(page: Page) -> Result<Response, Problem> {
    html(&ScanPage::new(&page))
}

/// Reads a picture on a thread of its own; at most two at once.
async fn texts_in(
    app: &App,
    picture: Bytes,
    limits: PictureLimits,
) -> Result<Result<Vec<String>, PictureError>, Problem> {
    let turn = app.drawing().acquire_owned().await.map_err(Problem::internal)?;
    let read = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        read_picture(&picture, &limits)
    });
    read.await.map_err(Problem::internal)
}

#[derive(Serialize)]
struct Texts {
    texts: Vec<String>,
}

/// A frame of a running camera, for browsers that read no codes themselves.
async fn frame(page: Page, body: Bytes) -> Result<Json<Texts>, Problem> {
    match texts_in(&page.app, body, PictureLimits::FRAME).await? {
        Ok(texts) => Ok(Json(Texts { texts })),
        Err(PictureError::NothingFound) => Ok(Json(Texts { texts: Vec::new() })),
        Err(error) => Err(picture_problem(&error)),
    }
}

fn picture_problem(error: &PictureError) -> Problem {
    Problem::invalid().field("picture", (error.say(Lang::Zh), error.say(Lang::En)))
}

async fn look_at(page: Page, mut form: Multipart) -> Result<Response, Problem> {
    let (mut text, mut picture) = (String::new(), Bytes::new());
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("text") => text = field.text().await.map_err(unreadable)?,
            Some("picture") => picture = field.bytes().await.map_err(unreadable)?,
            _ => {}
        }
    }
    let mut text = text.trim().to_owned();
    let answer = ScanPage::new(&page);
    if text.is_empty() && picture.is_empty() {
        let error = answer.w.nothing.to_owned();
        return ScanPage { error, ..answer }.refused(StatusCode::UNPROCESSABLE_ENTITY);
    }
    if text.is_empty() {
        let texts = match texts_in(&page.app, picture, PictureLimits::UPLOAD).await? {
            Ok(texts) => texts,
            Err(error) => {
                let error = error.say(page.lang);
                return ScanPage { error, ..answer }.refused(StatusCode::UNPROCESSABLE_ENTITY);
            }
        };
        match <[String; 1]>::try_from(texts) {
            Ok([only]) => text = only,
            Err(texts) => {
                let choices = choices(&page, texts).await?;
                return html(&ScanPage { choices, ..answer });
            }
        }
    }
    let mut tx = page.app.db().write().await?;
    match look(&mut tx, &Scanned::read(&text), page.now).await? {
        Looked::Pass => {
            let error = answer.w.pass.to_owned();
            ScanPage { error, ..answer }.refused(StatusCode::OK)
        }
        Looked::Judged(look) => {
            let id = page.app.new_id();
            let permit_id = look.permit.as_ref().map(|permit| permit.id.as_str());
            let account_id = &page.actor.account_id;
            let verdict = look.judgement.verdict;
            store::insert_scan(&mut tx, &id, page.now, account_id, verdict, permit_id).await?;
            tx.commit().await?;
            Ok(see_other(&format!("/inspections/scans/{id}")))
        }
    }
}

/// What each of several codes seems to be.
async fn choices(page: &Page, texts: Vec<String>) -> Result<Vec<(String, String)>, Problem> {
    let w = InspectionWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let mut choices = Vec::new();
    for (at, text) in texts.into_iter().enumerate() {
        let what = match look(&mut tx, &Scanned::read(&text), page.now).await? {
            Looked::Judged(look) => match &look.judgement.credential {
                Some(Credential::Permit(permit)) => permit.name.to_string(),
                _ => look.judgement.verdict.public_word(page.lang).to_owned(),
            },
            Looked::Pass => w.pass.to_owned(),
        };
        let label = fill(w.nth, &[("n", &(at + 1)), ("what", &what)]);
        choices.push((text, label));
    }
    Ok(choices)
}

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
    let mut what = match visit.findings {
        0 => w.visit_fine.to_owned(),
        n => fill(w.visit_findings, &[("n", &n)]),
    };
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

async fn result(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
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
    let mut suspend_why = p.suspend_why.to_owned();
    if let Some(permit) = suspendable {
        let role = page.actor.post.role;
        let event = permits::acts::suspension_by(&page.app, &mut tx, permit, role).await?;
        if let permits::Event::Suspend { lapses_at: Some(at) } = event {
            let hours = at.since(page.now) / 3_600_000;
            suspend_why.push_str(&fill(p.suspend_temporary, &[("hours", &hours)]));
        }
    }
    drop(tx);
    let verdict = Verdict::from_code(&scan.verdict).unwrap_or(Verdict::UpdateGate);
    let zone = page.zone();
    let time = zone.say_time(page.lang, Millis(scan.at), page.now);
    html(&ResultPage {
        frame: with_notice(&page, w),
        w,
        p,
        tone: verdict.tone().class(),
        icon: verdict.icon().svg(),
        word: verdict.public_word(page.lang),
        advice: verdict.public_advice(page.lang),
        checked_at: fill(w.checked_at, &[("time", &time)]),
        state: permit.as_ref().map_or((Tone::Unknown, ""), |permit| say_state(p, permit, page.now)),
        term: permit.as_ref().map(|permit| say_term(p, &zone, permit)).unwrap_or_default(),
        mode: permit.as_ref().map(|permit| p.mode(permit.claims.mode)).unwrap_or_default(),
        inside,
        may_suspend: suspendable.is_some(),
        suspend_why,
        visits: visits.into_iter().map(|visit| visit_line(&page, visit)).collect(),
        permit,
    })
}

#[derive(Deserialize)]
struct VisitForm {
    #[serde(default)]
    findings: String,
    #[serde(default)]
    posted: String,
    #[serde(default)]
    note: String,
}

async fn visit(
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
    let (zh, en) = InspectionWords::both(|w| match findings {
        0 => w.visit_fine.to_owned(),
        _ => fill(w.visit_findings, &[("n", &findings)]),
    });
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

#[derive(Deserialize)]
struct ReportsQuery {
    #[serde(default)]
    handled: String,
    #[serde(default)]
    after: String,
}

async fn reports(page: Page, Query(query): Query<ReportsQuery>) -> Result<Response, Problem> {
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
        frame: with_notice(&page, w),
        w,
        handled,
        reports: found.into_iter().map(|report| report_line(&page, report)).collect(),
        next: next.map(|after| format!("/inspections/reports?{switch}after={after}")),
    })
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    note: String,
}

async fn handle(
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
