//! The list of enterprises, and the forms by which files are opened and changed.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Deserialize;
use serde_json::json;

use super::choices::{self, Choice};
use super::form::EnterpriseForm;
use super::store::{self, EnterpriseLine, Filter, NewEnterprise};
use super::{EnterpriseWords, Kind, SurveyState, file, timeline};
use crate::authz::{Action, Place, Reach};
use crate::db::{DbError, Tx};
use crate::divisions::store::Division;
use crate::divisions::{self, Scale};
use crate::fields::{self, Errors};
use crate::web::{self, Frame, Nav, Page, Paging, Routes, Tone, html, html_form, see_other};

pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .get("/enterprises", Action::ReadEnterprises, list)
        .get("/enterprises/new", Action::EditEnterprises, new_form)
        .post("/enterprises/new", Action::EditEnterprises, add)
        .get("/enterprises/{id}/edit", Action::EditEnterprises, edit_form)
        .post("/enterprises/{id}/edit", Action::EditEnterprises, edit);
    let routes =
        routes.get("/enterprises/export.xlsx", Action::ImportEnterprises, super::export::download);
    file::routes(routes)
}

/// What the list is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    q: String,
    kind: String,
    scale: String,
    survey: String,
    division: String,
    after: String,
}

impl ListQuery {
    fn is_narrowed(&self) -> bool {
        [&self.q, &self.kind, &self.scale, &self.survey, &self.division]
            .iter()
            .any(|part| !part.is_empty())
    }

    /// The address of the page behind `after`.
    fn behind(&self, after: &str) -> String {
        let mut parts = Vec::new();
        for (name, value) in [
            ("q", self.q.as_str()),
            ("kind", &self.kind),
            ("scale", &self.scale),
            ("survey", &self.survey),
            ("division", &self.division),
            ("after", after),
        ] {
            if !value.is_empty() {
                parts.push(format!("{name}={}", web::encode(value)));
            }
        }
        format!("/enterprises?{}", parts.join("&"))
    }
}

struct Line {
    row: EnterpriseLine,
    kind: String,
    scale: &'static str,
    survey: String,
    survey_tone: &'static str,
}

#[derive(Template)]
#[template(path = "enterprises/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static EnterpriseWords,
    query: ListQuery,
    kinds: Vec<Choice>,
    scales: Vec<Choice>,
    surveys: Vec<Choice>,
    divisions: Vec<Choice>,
    lines: Vec<Line>,
    found: String,
    coverage: String,
    next: Option<String>,
    first: Option<String>,
    may_edit: bool,
    may_import: bool,
}

async fn list(page: Page, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    if let Reach::Enterprise(id) = page.reach() {
        return own_file(&page, &id);
    }
    let w = EnterpriseWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let reach = narrowed(&mut tx, &page, &query.division).await?;
    let bounds = reach.bounds();
    let filter = Filter {
        bounds: &bounds,
        search: query.q.trim(),
        kind: &query.kind,
        scale: &query.scale,
        survey: &query.survey,
    };
    let mut rows = store::list(&mut tx, &filter, &query.after, Paging::FETCH).await?;
    let coverage = store::coverage(&mut tx, &bounds).await?;
    // What fits on the first page is counted already, and so is everything; only what lies between
    // is walked through once more.
    let found = match i64::try_from(rows.len()) {
        Ok(n) if query.after.is_empty() && n < Paging::FETCH => n,
        _ if filter.takes_all() => coverage.total,
        _ => store::count(&mut tx, &filter).await?,
    };
    let divisions = choices::divisions(&mut tx, &page, &query.division).await?;
    drop(tx);
    let next = Paging::cut(&mut rows, |row| row.id.clone()).map(|after| query.behind(&after));
    let first = (!query.after.is_empty()).then(|| query.behind(""));
    let lines = rows
        .into_iter()
        .map(|row| {
            let state = SurveyState::parse(&row.survey_state);
            Line {
                kind: Kind::say(&row.kind, page.lang),
                scale: Scale::parse(&row.scale).map_or("", |scale| scale.title(page.lang)),
                survey: state.map_or(w.not_surveyed, |state| state.title(page.lang)).to_owned(),
                survey_tone: match state {
                    Some(SurveyState::Reopened) => "ok",
                    Some(SurveyState::Closed) => "stop",
                    Some(SurveyState::Waiting) => "step",
                    None => "unk",
                },
                row,
            }
        })
        .collect();
    let mut surveys = choices::survey_states(page.lang, &query.survey);
    surveys.push(Choice::new("none", w.not_surveyed, &query.survey));
    html(&ListPage {
        frame: page.frame(Nav::Enterprises),
        w,
        kinds: choices::kinds(page.lang, &query.kind),
        scales: choices::scales(page.lang, &query.scale),
        surveys,
        divisions,
        lines,
        found: fill(w.found, &[("n", &found)]),
        coverage: fill(
            w.coverage,
            &[
                ("surveyed", &coverage.surveyed),
                ("total", &coverage.total),
                ("reopened", &coverage.reopened),
                ("waiting", &coverage.waiting),
                ("closed", &coverage.closed),
            ],
        ),
        next,
        first,
        may_edit: page.actor.may(Action::EditEnterprises),
        may_import: page.actor.may(Action::ImportEnterprises),
        query,
    })
}

/// An enterprise's people have one file: their own.
fn own_file(page: &Page, id: &str) -> Result<Response, Problem> {
    if !id.is_empty() {
        return Ok(see_other(&format!("/enterprises/{id}")));
    }
    let w = EnterpriseWords::of(page.lang);
    html(&NoFilePage { frame: page.frame(Nav::Enterprises), w })
}

#[derive(Template)]
#[template(path = "enterprises/no_file.html")]
struct NoFilePage {
    frame: Frame,
    w: &'static EnterpriseWords,
}

/// The reach narrowed to a division within it.
async fn narrowed(tx: &mut Tx, page: &Page, division: &str) -> Result<Reach, Problem> {
    if division.is_empty() {
        return Ok(page.reach());
    }
    let found = divisions::store::find(tx, division).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ReadEnterprises, Place::in_division(&found.path))?;
    Ok(Reach::Division(found.path))
}

#[derive(Template)]
#[template(path = "enterprises/form.html")]
struct FormPage {
    frame: Frame,
    w: &'static EnterpriseWords,
    /// Id of the file that is changed; empty for a new one.
    id: String,
    form: EnterpriseForm,
    errors: Errors,
    kinds: Vec<Choice>,
    scales: Vec<Choice>,
    divisions: Vec<Choice>,
}

impl FormPage {
    fn faults(&self) -> String {
        fill(self.w.faults, &[("n", &self.errors.len())])
    }

    /// What a field is called, for the list of faults.
    fn label(&self, field: &str) -> &'static str {
        match field {
            "name" => self.w.name,
            "uscc" => self.w.uscc,
            "no_code_reason" => self.w.no_code_reason,
            "kind" => self.w.kind,
            "scale" => self.w.scale,
            "evidence" => self.w.evidence,
            "industry" => self.w.industry,
            "line" => self.w.line,
            "division" => self.w.division,
            "responsible_name" => self.w.responsible,
            "contact_name" => self.w.contact,
            "epidemic_officer" => self.w.officer,
            "responsible_phone" | "contact_phone" | "epidemic_phone" => self.w.phone,
            _ => "",
        }
    }
}

async fn show_form(
    page: &Page,
    id: &str,
    form: EnterpriseForm,
    errors: Errors,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let divisions = choices::divisions(&mut tx, page, &form.division).await?;
    drop(tx);
    let shown = FormPage {
        frame: page.frame(Nav::Enterprises),
        w: EnterpriseWords::of(page.lang),
        id: id.to_owned(),
        kinds: choices::kinds(page.lang, &form.kind),
        scales: choices::scales(page.lang, &form.scale),
        divisions,
        form,
        errors,
    };
    html_form(&shown, !shown.errors.is_empty())
}

async fn new_form(page: Page) -> Result<Response, Problem> {
    let form = EnterpriseForm {
        kind: Kind::Company.code().into(),
        scale: Scale::Below.code().into(),
        division: page.actor.post.division_id.clone(),
        ..EnterpriseForm::default()
    };
    show_form(&page, "", form, Errors::default()).await
}

/// The division a form names, if the actor may put an enterprise there.
pub(super) async fn find_division(
    tx: &mut Tx,
    page: &Page,
    id: &str,
) -> Result<Option<Division>, DbError> {
    let found = divisions::store::find(tx, id).await?;
    let within = |node: &Division| page.reach().covers(Place::in_division(&node.path));
    Ok(found.filter(within))
}

/// Says whose code it is, without telling what lies beyond the actor's reach.
async fn who_has(tx: &mut Tx, page: &Page, uscc: &str) -> Result<String, DbError> {
    let w = EnterpriseWords::of(page.lang);
    let other = store::find_by_uscc(tx, uscc).await?;
    Ok(match other {
        Some(other) if page.reach().covers(other.place()) => {
            fill(w.taken, &[("name", &other.name)])
        }
        _ => w.taken_elsewhere.to_owned(),
    })
}

/// The form again, because another file has this code.
async fn taken(
    page: &Page,
    id: &str,
    form: EnterpriseForm,
    uscc: &str,
) -> Result<Response, Problem> {
    let mut errors = Errors::default();
    let mut tx = page.app.db().read().await?;
    errors.add("uscc", who_has(&mut tx, page, uscc).await?);
    drop(tx);
    show_form(page, id, form, errors).await
}

async fn add(page: Page, Form(form): Form<EnterpriseForm>) -> Result<Response, Problem> {
    let w = EnterpriseWords::of(page.lang);
    let parsed = form.parse(page.lang);
    let evidence = fields::line(&form.evidence);
    let mut tx = page.app.db().write().await?;
    let division = find_division(&mut tx, &page, &form.division).await?;
    let (details, evidence, division) = match (parsed, evidence, division) {
        (Ok(details), Ok(evidence), Some(division)) => (details, evidence, division),
        (parsed, evidence, division) => {
            drop(tx);
            let mut errors = parsed.err().unwrap_or_default();
            if let Err(error) = evidence {
                errors.add("evidence", error.say(page.lang));
            }
            if division.is_none() {
                errors.add("division", w.choose_division);
            }
            return show_form(&page, "", form, errors).await;
        }
    };
    if let Some(uscc) = details.code.uscc()
        && store::find_by_uscc(&mut tx, uscc).await?.is_some()
    {
        drop(tx);
        return taken(&page, "", form, uscc).await;
    }
    let id = page.app.new_id();
    let new = NewEnterprise {
        id: &id,
        details: &details,
        division_id: &division.id,
        division_path: &division.path,
        evidence: &evidence,
        by: &page.actor.account_id,
        now: page.now,
    };
    match store::insert(&mut tx, new).await {
        // Two counters entered it at the same moment.
        Err(DbError::Duplicate) => {
            drop(tx);
            return taken(&page, "", form, details.code.uscc().unwrap_or_default()).await;
        }
        done => done?,
    }
    let by = &page.actor.account_id;
    timeline::note(&mut tx, &id, page.now, "enterprise.added", &json!({}), by).await?;
    page.record(&mut tx, "enterprise.add", ("enterprise", &id), &division.id, &form.name).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/enterprises/{id}?done=added")))
}

async fn edit_form(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let row = store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    drop(tx);
    page.require(Action::EditEnterprises, row.place())?;
    show_form(&page, &id, EnterpriseForm::of(&row), Errors::default()).await
}

async fn edit(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<EnterpriseForm>,
) -> Result<Response, Problem> {
    let w = EnterpriseWords::of(page.lang);
    let mut tx = page.app.db().write().await?;
    let before = store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::EditEnterprises, before.place())?;
    // The scale is a dated fact with a form of its own.
    let form = EnterpriseForm { scale: before.scale.clone(), ..form };
    let parsed = form.parse(page.lang);
    let division = find_division(&mut tx, &page, &form.division).await?;
    let (details, division) = match (parsed, division) {
        (Ok(details), Some(division)) => (details, division),
        (parsed, division) => {
            drop(tx);
            let mut errors = parsed.err().unwrap_or_default();
            if division.is_none() {
                errors.add("division", w.choose_division);
            }
            return show_form(&page, &id, form, errors).await;
        }
    };
    if let Some(uscc) = details.code.uscc()
        && store::find_by_uscc(&mut tx, uscc).await?.is_some_and(|other| other.id != id)
    {
        drop(tx);
        return taken(&page, &id, form, uscc).await;
    }
    let to = (division.id.as_str(), division.path.as_str());
    let saved = match store::update(&mut tx, &id, form.revision, &details, to, page.now).await {
        Err(DbError::Duplicate) => {
            drop(tx);
            return taken(&page, &id, form, details.code.uscc().unwrap_or_default()).await;
        }
        done => done?,
    };
    if !saved {
        drop(tx);
        let mut errors = Errors::default();
        errors.add("conflict", w.conflict);
        // The values stay as typed; saving again goes over the newer file knowingly.
        let form = EnterpriseForm { revision: before.revision, ..form };
        return show_form(&page, &id, form, errors).await;
    }
    let after = store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    let facts = json!({ "fields": changed_fields(&before, &after) });
    timeline::note(&mut tx, &id, page.now, "enterprise.edited", &facts, &page.actor.account_id)
        .await?;
    page.record(&mut tx, "enterprise.edit", ("enterprise", &id), &division.id, "").await?;
    tx.commit().await?;
    Ok(see_other(&format!("/enterprises/{id}?done=saved")))
}

/// Which groups of facts an edit touched, in both languages.
fn changed_fields(before: &store::Enterprise, after: &store::Enterprise) -> serde_json::Value {
    let (zh, en) = EnterpriseWords::both(|w| w);
    let people = |row: &store::Enterprise| {
        [
            &row.responsible_name,
            &row.responsible_phone,
            &row.contact_name,
            &row.contact_phone,
            &row.epidemic_officer,
            &row.epidemic_phone,
        ]
        .map(Clone::clone)
    };
    let groups = [
        (
            (&before.uscc, &before.no_code_reason) != (&after.uscc, &after.no_code_reason),
            zh.fields_code,
            en.fields_code,
        ),
        (before.name != after.name, zh.fields_name, en.fields_name),
        (before.kind != after.kind, zh.fields_kind, en.fields_kind),
        (
            (&before.industry, &before.line) != (&after.industry, &after.line),
            zh.fields_industry,
            en.fields_industry,
        ),
        (before.division_id != after.division_id, zh.fields_division, en.fields_division),
        (people(before) != people(after), zh.fields_people, en.fields_people),
    ];
    let said = |text: fn(&(bool, &'static str, &'static str)) -> &'static str, between: &str| {
        groups.iter().filter(|group| group.0).map(text).collect::<Vec<_>>().join(between)
    };
    timeline::both(&said(|group| group.1, "、"), &said(|group| group.2, ", "))
}

/// The sentence for `?done=` on a file.
pub(super) fn with_notice(page: &Page, frame: Frame) -> Frame {
    let w = EnterpriseWords::of(page.lang);
    match page.done.as_deref() {
        Some("added") => frame.notice(Tone::Ok, w.added),
        Some("saved") => frame.notice(Tone::Ok, w.saved),
        Some("noted") => frame.notice(Tone::Ok, w.noted),
        _ => frame,
    }
}
