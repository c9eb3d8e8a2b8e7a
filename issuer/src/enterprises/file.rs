//! One enterprise one file (domain A05): facts, premises, roster, survey, scale, timeline on one
//! page that also prints.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use serde::Deserialize;
use serde_json::json;

use super::choices::{self, Choice};
use super::pages::with_notice;
use super::store::{self, Enterprise, NewScale};
use super::{EnterpriseWords, Kind, Survey, SurveyState, timeline};
use crate::accounts::store::{InCharge, list_in_charge};
use crate::applications;
use crate::authz::Action;
use crate::db::Tx;
use crate::divisions::{self, Scale};
use crate::fields::{self, Errors};
use crate::people::{self, day};
use crate::premises::store::Premises;
use crate::web::{Frame, Nav, Page, Refused, Routes, html_again, see_other};
use crate::{people::store::Counts, premises};

/// Events on one page of the timeline.
const EVENTS: i64 = 60;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/enterprises/{id}", Action::ReadEnterprises, show)
        .post("/enterprises/{id}/scale", Action::EditEnterprises, change_scale)
        .post("/enterprises/{id}/survey", Action::EditEnterprises, survey)
        .post("/enterprises/{id}/note", Action::EditEnterprises, note)
        .post("/enterprises/{id}/premises", Action::EditEnterprises, occupy)
        .post("/enterprises/{id}/premises/{premises}/leave", Action::EditEnterprises, leave)
}

struct PlaceLine {
    row: Premises,
    kind: String,
}

struct ScaleShown {
    title: &'static str,
    evidence: String,
    from: String,
    by: String,
}

/// What was typed into one of the file's small forms that was not taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    revision: i64,
    scale: String,
    evidence: String,
    from: String,
    state: String,
    staff: String,
    planned_on: String,
    kind: String,
    text: String,
    site_code: String,
}

#[derive(Template)]
#[template(path = "enterprises/file.html")]
struct FilePage {
    frame: Frame,
    w: &'static EnterpriseWords,
    e: Enterprise,
    kind: String,
    scale: &'static str,
    survey: String,
    survey_tone: &'static str,
    surveyed: String,
    division: String,
    premises: Vec<PlaceLine>,
    counts: Counts,
    scales: Vec<ScaleShown>,
    days: Vec<timeline::Day>,
    earlier: Option<String>,
    in_charge: Vec<InCharge>,
    may_edit: bool,
    may_file: bool,
    may_read_people: bool,
    of_office: bool,
    typed: Typed,
    errors: Errors,
    scale_choices: Vec<Choice>,
    survey_choices: Vec<Choice>,
    note_choices: Vec<Choice>,
    today: String,
    printed: String,
}

#[derive(Debug, Deserialize)]
struct FileQuery {
    before: Option<i64>,
}

/// A file the actor may see.
async fn find(page: &Page, tx: &mut Tx, id: &str, action: Action) -> Result<Enterprise, Problem> {
    let row = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(action, row.place())?;
    Ok(row)
}

async fn show(
    page: Page,
    Path(id): Path<String>,
    Query(query): Query<FileQuery>,
) -> Result<Response, Problem> {
    let before = query.before.map_or(Millis(i64::MAX), Millis);
    render(&page, &id, before, Typed::default(), Errors::default(), None).await
}

async fn render(
    page: &Page,
    id: &str,
    before: Millis,
    typed: Typed,
    errors: Errors,
    refused: Option<&Refused>,
) -> Result<Response, Problem> {
    let (lang, now, zone) = (page.lang, page.now, page.zone());
    let w = EnterpriseWords::of(lang);
    let mut tx = page.app.db().read().await?;
    let e = find(page, &mut tx, id, Action::ReadEnterprises).await?;
    let division = divisions::store::ancestry(&mut tx, &e.division_path).await?;
    let premises = premises::store::list_of_enterprise(&mut tx, id, now).await?;
    let counts = people::store::counts(&mut tx, id, now).await?;
    let scales = store::list_scales(&mut tx, id).await?;
    let events = timeline::list(&mut tx, id, before, EVENTS, lang).await?;
    let in_charge = list_in_charge(&mut tx, &e.division_path, lang, now).await?;
    drop(tx);
    let full = i64::try_from(events.len()).unwrap_or(i64::MAX) == EVENTS;
    let earlier = events
        .last()
        .filter(|_| full)
        .map(|event| format!("/enterprises/{id}?before={}", event.at.0));
    let state = SurveyState::parse(&e.survey_state);
    let shown = FilePage {
        frame: with_notice(page, page.frame(Nav::Enterprises)).refused(refused),
        w,
        kind: Kind::say(&e.kind, lang),
        scale: e.scale()?.title(lang),
        survey: state.map_or(w.not_surveyed, |state| state.title(lang)).to_owned(),
        survey_tone: match state {
            Some(SurveyState::Reopened) => "ok",
            Some(SurveyState::Closed) => "stop",
            Some(SurveyState::Waiting) => "step",
            None => "unk",
        },
        surveyed: match e.surveyed_at {
            0 => String::new(),
            at => fill(w.surveyed, &[("time", &zone.say_time(lang, Millis(at), now))]),
        },
        division: division.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(" › "),
        premises: premises
            .into_iter()
            .map(|row| PlaceLine { kind: premises::Kind::say(&row.kind, lang), row })
            .collect(),
        counts,
        scales: scales
            .into_iter()
            .map(|line| ScaleShown {
                title: Scale::parse(&line.scale).map_or("", |scale| scale.title(lang)),
                evidence: line.evidence,
                from: zone.date(Millis(line.valid_from)),
                by: line.recorded_by,
            })
            .collect(),
        days: timeline::by_day(&events, &zone, lang, now),
        earlier,
        in_charge,
        may_edit: page.actor.may(Action::EditEnterprises),
        may_file: page.actor.may(Action::FileApplications),
        may_read_people: page.actor.may(Action::ReadPeople),
        of_office: !page.actor.post.role.is_of_enterprise(),
        scale_choices: choices::scales(
            lang,
            if typed.scale.is_empty() { &e.scale } else { &typed.scale },
        ),
        survey_choices: choices::survey_states(
            lang,
            if typed.state.is_empty() { &e.survey_state } else { &typed.state },
        ),
        note_choices: note_kinds(lang, &typed.kind),
        today: zone.date(now),
        printed: fill(w.printed, &[("time", &zone.stamp(now))]),
        typed,
        errors,
        e,
    };
    html_again(&shown, refused)
}

impl FilePage {
    fn staff(&self) -> String {
        match (&self.typed.staff, self.e.surveyed_at) {
            (typed, _) if !typed.is_empty() => typed.clone(),
            (_, 0) => String::new(),
            _ => self.e.survey_staff.to_string(),
        }
    }

    fn planned(&self) -> &str {
        if self.typed.planned_on.is_empty() {
            &self.e.survey_planned_on
        } else {
            &self.typed.planned_on
        }
    }

    fn scale_from(&self) -> &str {
        if self.typed.from.is_empty() { &self.today } else { &self.typed.from }
    }
}

fn note_kinds(lang: Lang, chosen: &str) -> Vec<Choice> {
    let w = EnterpriseWords::of(lang);
    let titles = [w.kind_policy, w.kind_system, w.kind_guidance, w.kind_supervision, w.kind_check];
    timeline::BY_HAND
        .iter()
        .zip(titles)
        .map(|(kind, title)| Choice::new(*kind, title, chosen))
        .collect()
}

/// Shows the file again with what was typed and why it was not taken.
async fn refuse(
    page: &Page,
    id: &str,
    typed: Typed,
    field: &'static str,
    what: impl Into<String>,
) -> Result<Response, Problem> {
    let mut errors = Errors::default();
    errors.add(field, what);
    let refused = Refused::fields(page.lang);
    render(page, id, Millis(i64::MAX), typed, errors, Some(&refused)).await
}

async fn change_scale(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let w = EnterpriseWords::of(page.lang);
    let mut tx = page.app.db().write().await?;
    let e = find(&page, &mut tx, &id, Action::EditEnterprises).await?;
    let fault = |tx: Tx| drop(tx);
    let scale = match Scale::parse(&typed.scale) {
        Some(scale) if scale.code() != e.scale => scale,
        _ => {
            fault(tx);
            return refuse(&page, &id, typed, "scale", w.scale_same).await;
        }
    };
    let evidence = match fields::needed(&typed.evidence) {
        Ok(evidence) => evidence,
        Err(error) => {
            fault(tx);
            return refuse(&page, &id, typed, "evidence", error.say(page.lang)).await;
        }
    };
    let Some(from) = page.zone().start_of(&typed.from) else {
        fault(tx);
        return refuse(&page, &id, typed, "from", w.bad_day).await;
    };
    if from > page.now {
        fault(tx);
        return refuse(&page, &id, typed, "from", w.scale_future).await;
    }
    let new = NewScale {
        id: &page.app.new_id(),
        scale,
        evidence: &evidence,
        valid_from: from,
        by: &page.actor.account_id,
    };
    if !store::set_scale(&mut tx, &id, typed.revision, new, page.now).await? {
        fault(tx);
        let refused = Refused::quicker(page.lang, EnterpriseWords::both(|w| w.conflict));
        let newest = Millis(i64::MAX);
        return render(&page, &id, newest, typed, Errors::default(), Some(&refused)).await;
    }
    let facts = json!({
        "scale": timeline::both(scale.title(Lang::Zh), scale.title(Lang::En)),
        "evidence": evidence,
    });
    let by = &page.actor.account_id;
    timeline::note(&mut tx, &id, page.now, "enterprise.scale", &facts, by).await?;
    applications::reroute(&page, &mut tx, &id, scale).await?;
    let detail = format!("{} → {}: {evidence}", e.scale, scale.code());
    page.record(&mut tx, "enterprise.scale", ("enterprise", &id), &e.division_id, &detail).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/enterprises/{id}?done=saved")))
}

async fn survey(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let w = EnterpriseWords::of(page.lang);
    let Some(state) = SurveyState::parse(&typed.state) else {
        return refuse(&page, &id, typed, "state", w.choose).await;
    };
    let staff = if typed.staff.trim().is_empty() { "0" } else { typed.staff.trim() };
    let Some(staff) = staff.parse::<u32>().ok().filter(|n| *n <= 1_000_000) else {
        return refuse(&page, &id, typed, "staff", w.bad_staff).await;
    };
    let Some(planned_on) = day(&typed.planned_on) else {
        return refuse(&page, &id, typed, "planned_on", w.bad_day).await;
    };
    let mut tx = page.app.db().write().await?;
    let e = find(&page, &mut tx, &id, Action::EditEnterprises).await?;
    let survey = Survey { state, staff, planned_on };
    store::set_survey(&mut tx, &id, &survey, page.now).await?;
    let facts = json!({
        "state": timeline::both(state.title(Lang::Zh), state.title(Lang::En)),
        "staff": staff,
    });
    let by = &page.actor.account_id;
    timeline::note(&mut tx, &id, page.now, "enterprise.surveyed", &facts, by).await?;
    page.record(&mut tx, "enterprise.survey", ("enterprise", &id), &e.division_id, state.code())
        .await?;
    tx.commit().await?;
    Ok(see_other(&format!("/enterprises/{id}?done=saved")))
}

async fn note(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let w = EnterpriseWords::of(page.lang);
    let Some(kind) = timeline::BY_HAND.into_iter().find(|kind| *kind == typed.kind) else {
        return refuse(&page, &id, typed, "kind", w.choose).await;
    };
    let text = match fields::needed(&typed.text) {
        Ok(text) => text,
        Err(error) => return refuse(&page, &id, typed, "text", error.say(page.lang)).await,
    };
    let mut tx = page.app.db().write().await?;
    let e = find(&page, &mut tx, &id, Action::EditEnterprises).await?;
    let by = &page.actor.account_id;
    timeline::note(&mut tx, &id, page.now, kind, &json!({ "text": text }), by).await?;
    page.record(&mut tx, "enterprise.note", ("enterprise", &id), &e.division_id, kind).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/enterprises/{id}?done=noted")))
}

async fn occupy(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let w = EnterpriseWords::of(page.lang);
    let mut tx = page.app.db().write().await?;
    let e = find(&page, &mut tx, &id, Action::EditEnterprises).await?;
    let digits: String =
        typed.site_code.chars().map(fields::narrow).filter(char::is_ascii_digit).collect();
    let found = match digits.parse() {
        Ok(code) => premises::store::find_by_site_code(&mut tx, code).await?,
        Err(_) => None,
    };
    let Some(place) = found.filter(|place| page.reach().covers(place.place())) else {
        drop(tx);
        return refuse(&page, &id, typed, "site_code", w.unknown_site).await;
    };
    if !premises::store::occupy(&mut tx, &id, &place.id, page.now).await? {
        drop(tx);
        return refuse(&page, &id, typed, "site_code", w.already_there).await;
    }
    let by = &page.actor.account_id;
    let facts = json!({ "premises": place.name });
    timeline::note(&mut tx, &id, page.now, "premises.occupied", &facts, by).await?;
    let detail = place.site_code.to_string();
    page.record(&mut tx, "premises.occupy", ("enterprise", &id), &e.division_id, &detail).await?;
    let change = people::note_roster_change(&page.app, &mut tx, &id).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/enterprises/{id}?done=saved")))
}

async fn leave(
    page: Page,
    Path((id, premises_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let e = find(&page, &mut tx, &id, Action::EditEnterprises).await?;
    let place =
        premises::store::find(&mut tx, &premises_id).await?.ok_or_else(Problem::not_found)?;
    // Gates of the place it leaves are told while it still counts as being there.
    let change = people::note_roster_change(&page.app, &mut tx, &id).await?;
    if !premises::store::vacate(&mut tx, &id, &premises_id, page.now).await? {
        return Ok(see_other(&format!("/enterprises/{id}")));
    }
    let by = &page.actor.account_id;
    let facts = json!({ "premises": place.name });
    timeline::note(&mut tx, &id, page.now, "premises.left", &facts, by).await?;
    let detail = place.site_code.to_string();
    page.record(&mut tx, "premises.leave", ("enterprise", &id), &e.division_id, &detail).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/enterprises/{id}?done=saved")))
}
