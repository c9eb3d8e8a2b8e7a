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
use crate::fields::clip;
use crate::inspections::store::{self, NewVisit, Scan, Visit};
use crate::inspections::words::InspectionWords;
use crate::permits::pages::{place, say_state, say_term};
use crate::permits::{self, By, Permit, PermitWords, Standing};
use crate::web::{Frame, Page, Refused, Tone, html_again, see_other};

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
    scan_id: String,
    form: VisitForm,
    error: String,
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
    show_result(&page, &id, VisitForm::fresh(), None).await
}

async fn show_result(
    page: &Page,
    id: &str,
    form: VisitForm,
    refused: Option<&Refused>,
) -> Result<Response, Problem> {
    let (w, p) = (InspectionWords::of(page.lang), PermitWords::of(page.lang));
    let mut tx = page.app.db().read().await?;
    let found: Option<Scan> = store::find_scan(&mut tx, id).await?;
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
        matches!(permit.standing(page.now), Standing::Valid | Standing::NotYet)
            && page.require(Action::SuspendPermits, place(permit)).is_ok()
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
    let kept = if inside { "" } else { form.note.as_str() };
    let shown = ResultPage {
        frame: frame_of(page, w).refused(refused).kept(kept),
        scan_id: id.to_owned(),
        error: if form.findings().is_none() { w.findings_wrong.to_owned() } else { String::new() },
        form,
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
        visits: visits.into_iter().map(|visit| visit_line(page, visit)).collect(),
        permit,
    };
    html_again(&shown, refused)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct VisitForm {
    /// The scan on whose page the form stands.
    scan: String,
    findings: String,
    posted: String,
    note: String,
}

impl VisitForm {
    /// As it is before anybody has typed: nothing found, and the placard hangs where it should.
    fn fresh() -> Self {
        Self { findings: "0".into(), posted: "1".into(), ..Self::default() }
    }

    fn findings(&self) -> Option<i64> {
        self.findings.trim().parse::<i64>().ok().filter(|n| (0..=99).contains(n))
    }
}

pub async fn visit(
    page: Page,
    Path(permit_id): Path<String>,
    Form(form): Form<VisitForm>,
) -> Result<Response, Problem> {
    match note_visit(&page, &permit_id, &form).await {
        Ok(()) => Ok(see_other("/inspections?done=visited")),
        Err(problem) if form.scan.is_empty() => Err(problem),
        Err(problem) => {
            let refused = Refused::of(problem, page.lang)?;
            let scan = form.scan.clone();
            show_result(&page, &scan, form, Some(&refused)).await
        }
    }
}

async fn note_visit(page: &Page, permit_id: &str, form: &VisitForm) -> Result<(), Problem> {
    let findings = form.findings().ok_or_else(|| {
        Problem::invalid().field("findings", InspectionWords::both(|w| w.findings_wrong))
    })?;
    let note = clip(&form.note, 1000).chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let new = NewVisit { findings, posted: !form.posted.is_empty(), note };
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let permit = permits::store::find(&mut tx, permit_id).await?.ok_or_else(Problem::not_found)?;
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
    Ok(tx.commit().await?)
}
