//! Premises: list, file with tenants, and the form.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use serde::Deserialize;
use serde_json::json;

use super::store::{self, Details, Premises, PremisesLine, Tenant};
use super::{Kind, PremisesWords, SiteCodeError, next_site_code};
use crate::accounts::store::{InCharge, list_in_charge};
use crate::authz::{Action, Place};
use crate::db::{DbError, Tx};
use crate::divisions::store::Division;
use crate::divisions::{self, Scale};
use crate::enterprises::choices::{self, Choice};
use crate::enterprises::{self, timeline};
use crate::fields::{self, Errors};
use crate::web::{self, Frame, Nav, Page, Paging, Routes, Tone, html, html_form, see_other};
use crate::{applications, gates, people, permits};

/// Tenants shown on one file.
const TENANTS: i64 = 500;

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/premises", Action::ReadEnterprises, list)
        .get("/premises/new", Action::EditEnterprises, new_form)
        .post("/premises/new", Action::EditEnterprises, add)
        .get("/premises/{id}", Action::ReadEnterprises, show)
        .get("/premises/{id}/edit", Action::EditEnterprises, edit_form)
        .post("/premises/{id}/edit", Action::EditEnterprises, edit)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    q: String,
    kind: String,
    after: i64,
}

struct Line {
    row: PremisesLine,
    kind: String,
}

#[derive(Template)]
#[template(path = "premises/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static PremisesWords,
    query: ListQuery,
    kinds: Vec<Choice>,
    lines: Vec<Line>,
    next: Option<String>,
    first: Option<String>,
    may_edit: bool,
}

async fn list(page: Page, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    if page.actor.post.role.is_of_enterprise() {
        return Ok(see_other("/enterprises"));
    }
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let mut rows =
        store::list(&mut tx, &bounds, &query.q, &query.kind, query.after, page.now, Paging::FETCH)
            .await?;
    drop(tx);
    let address = |after: &str| {
        format!("/premises?q={}&kind={}{after}", web::encode(&query.q), web::encode(&query.kind))
    };
    let next = Paging::cut(&mut rows, |row| row.site_code.to_string())
        .map(|after| address(&format!("&after={after}")));
    let first = (query.after > 0).then(|| address(""));
    html(&ListPage {
        frame: page.frame(Nav::Enterprises),
        w: PremisesWords::of(page.lang),
        kinds: kinds(&page, &query.kind),
        lines: rows
            .into_iter()
            .map(|row| Line { kind: Kind::say(&row.kind, page.lang), row })
            .collect(),
        next,
        first,
        may_edit: page.actor.may(Action::EditEnterprises),
        query,
    })
}

fn kinds(page: &Page, chosen: &str) -> Vec<Choice> {
    Kind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.title(page.lang), chosen)).collect()
}

struct TenantLine {
    row: Tenant,
    scale: &'static str,
    since: String,
}

#[derive(Template)]
#[template(path = "premises/file.html")]
struct FilePage {
    frame: Frame,
    w: &'static PremisesWords,
    p: Premises,
    kind: String,
    is_container: bool,
    division: String,
    container: Option<Premises>,
    inside: Vec<Premises>,
    tenants: Vec<TenantLine>,
    in_charge: Vec<InCharge>,
    may_edit: bool,
    may_add_gate: bool,
}

async fn find(page: &Page, tx: &mut Tx, id: &str, action: Action) -> Result<Premises, Problem> {
    let row = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(action, row.place())?;
    Ok(row)
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let (w, lang, zone) = (PremisesWords::of(page.lang), page.lang, page.zone());
    let mut tx = page.app.db().read().await?;
    let p = find(&page, &mut tx, &id, Action::ReadEnterprises).await?;
    let division = divisions::store::ancestry(&mut tx, &p.division_path).await?;
    let container = match &p.container_id {
        Some(container) => store::find(&mut tx, container).await?,
        None => None,
    };
    let inside = store::list_in_container(&mut tx, &id).await?;
    let tenants = store::list_tenants(&mut tx, &id, page.now, TENANTS).await?;
    let in_charge = list_in_charge(&mut tx, &p.division_path, lang, page.now).await?;
    drop(tx);
    let frame = page.frame(Nav::Enterprises);
    let frame = match page.done.as_deref() {
        Some("added") => frame.notice(Tone::Ok, fill(w.added, &[("code", &p.site_code)])),
        Some("saved") => frame.notice(Tone::Ok, w.saved),
        _ => frame,
    };
    html(&FilePage {
        frame,
        w,
        kind: Kind::say(&p.kind, lang),
        is_container: p.kind()?.is_container(),
        division: division.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(" › "),
        // A container may lie in a division that the reader doesn't reach.
        container: container.filter(|container| page.reach().covers(container.place())),
        inside,
        tenants: tenants
            .into_iter()
            .map(|row| TenantLine {
                scale: Scale::parse(&row.scale).map_or("", |scale| scale.title(lang)),
                since: zone.date(Millis(row.valid_from)),
                row,
            })
            .collect(),
        in_charge,
        may_edit: page.actor.may(Action::EditEnterprises),
        may_add_gate: page.actor.may(Action::ManageGates),
        p,
    })
}

/// The form as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PremisesForm {
    name: String,
    kind: String,
    address: String,
    entrance: String,
    division: String,
    container: String,
    /// The enterprise that will work there, when its file led to the form.
    enterprise: String,
    revision: i64,
}

#[derive(Template)]
#[template(path = "premises/form.html")]
struct FormPage {
    frame: Frame,
    w: &'static PremisesWords,
    id: String,
    form: PremisesForm,
    errors: Errors,
    kinds: Vec<Choice>,
    divisions: Vec<Choice>,
    containers: Vec<Choice>,
    enterprise_name: String,
}

impl FormPage {
    fn faults(&self) -> String {
        fill(self.w.faults, &[("n", &self.errors.len())])
    }

    /// What a field is called, for the list of faults.
    fn label(&self, field: &str) -> &'static str {
        match field {
            "name" => self.w.name,
            "kind" => self.w.kind,
            "address" => self.w.address,
            "entrance" => self.w.entrance,
            "division" => self.w.division,
            "container" => self.w.container,
            _ => "",
        }
    }

    fn for_enterprise(&self) -> String {
        fill(self.w.for_enterprise, &[("name", &self.enterprise_name)])
    }
}

async fn show_form(
    page: &Page,
    id: &str,
    form: PremisesForm,
    errors: Errors,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let divisions = choices::divisions(&mut tx, page, &form.division).await?;
    let containers = store::list_containers(&mut tx, &page.reach().bounds()).await?;
    let enterprise = find_enterprise(page, &mut tx, &form.enterprise).await?;
    drop(tx);
    let shown = FormPage {
        frame: page.frame(Nav::Enterprises),
        w: PremisesWords::of(page.lang),
        id: id.to_owned(),
        kinds: kinds(page, &form.kind),
        divisions,
        containers: containers
            .into_iter()
            .filter(|container| container.id != id)
            .map(|container| Choice::new(container.id, container.name, &form.container))
            .collect(),
        enterprise_name: enterprise.map(|e| e.name).unwrap_or_default(),
        form,
        errors,
    };
    html_form(&shown, !shown.errors.is_empty())
}

async fn find_enterprise(
    page: &Page,
    tx: &mut Tx,
    id: &str,
) -> Result<Option<enterprises::store::Enterprise>, Problem> {
    if id.is_empty() {
        return Ok(None);
    }
    let found = enterprises::store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::EditEnterprises, found.place())?;
    Ok(Some(found))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewQuery {
    enterprise: String,
}

async fn new_form(page: Page, Query(query): Query<NewQuery>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let enterprise = find_enterprise(&page, &mut tx, &query.enterprise).await?;
    drop(tx);
    let division = enterprise
        .as_ref()
        .map_or_else(|| page.actor.post.division_id.clone(), |e| e.division_id.clone());
    let form = PremisesForm {
        kind: Kind::Plant.code().into(),
        name: enterprise.map(|e| e.name).unwrap_or_default(),
        division,
        enterprise: query.enterprise,
        ..PremisesForm::default()
    };
    show_form(&page, "", form, Errors::default()).await
}

/// What was typed, checked against what the actor reaches.
async fn parse(
    page: &Page,
    tx: &mut Tx,
    id: &str,
    form: &PremisesForm,
) -> Result<Result<(Details, Division), Errors>, Problem> {
    let (w, lang) = (PremisesWords::of(page.lang), page.lang);
    let mut errors = Errors::default();
    let name = errors.take("name", lang, fields::needed(&form.name));
    let address = errors.take("address", lang, fields::needed(&form.address));
    let entrance = errors.take("entrance", lang, fields::line(&form.entrance));
    let kind = Kind::parse(&form.kind);
    if kind.is_none() {
        errors.add("kind", w.choose);
    }
    let within = |node: &Division| page.reach().covers(Place::in_division(&node.path));
    let division = divisions::store::find(tx, &form.division).await?.filter(within);
    if division.is_none() {
        errors.add("division", w.choose);
    }
    let mut container_id = None;
    if !form.container.is_empty() {
        let container = store::find(tx, &form.container)
            .await?
            .filter(|container| page.reach().covers(container.place()));
        let fits = match &container {
            Some(container) if container.id != id => !store::lies_in(tx, &container.id, id).await?,
            _ => false,
        };
        if fits {
            container_id = container.map(|container| container.id);
        } else {
            errors.add("container", w.bad_container);
        }
    }
    Ok(match (kind, division) {
        (Some(kind), Some(division)) if errors.is_empty() => {
            Ok((Details { kind, name, address, entrance, container_id }, division))
        }
        _ => Err(errors),
    })
}

async fn add(page: Page, Form(form): Form<PremisesForm>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let enterprise = find_enterprise(&page, &mut tx, &form.enterprise).await?;
    let (details, division) = match parse(&page, &mut tx, "", &form).await? {
        Ok(parsed) => parsed,
        Err(errors) => {
            drop(tx);
            return show_form(&page, "", form, errors).await;
        }
    };
    let code = match next_site_code(&mut tx, &division.path).await {
        Ok(code) => code,
        Err(SiteCodeError::Db(error)) => return Err(error.into()),
        Err(error) => {
            drop(tx);
            let (zh, en) = error.texts();
            let mut errors = Errors::default();
            errors.add("division", page.lang.of(zh, en));
            return show_form(&page, "", form, errors).await;
        }
    };
    let id = page.app.new_id();
    let at = (division.id.as_str(), division.path.as_str());
    match store::insert(&mut tx, &id, code, &details, at, page.now).await {
        // Somebody took the number at the same moment.
        Err(DbError::Duplicate) => {
            drop(tx);
            let mut errors = Errors::default();
            errors.add("conflict", PremisesWords::of(page.lang).number_taken);
            return show_form(&page, "", form, errors).await;
        }
        done => done?,
    }
    let detail = format!("{code} {}", details.name);
    page.record(&mut tx, "premises.add", ("premises", &id), &division.id, &detail).await?;
    let Some(enterprise) = enterprise else {
        tx.commit().await?;
        return Ok(see_other(&format!("/premises/{id}?done=added")));
    };
    store::occupy(&mut tx, &enterprise.id, &id, page.now).await?;
    let facts = json!({ "premises": details.name });
    let by = &page.actor.account_id;
    timeline::note(&mut tx, &enterprise.id, page.now, "premises.occupied", &facts, by).await?;
    let change = people::note_roster_change(&page.app, &mut tx, &enterprise.id).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/enterprises/{}?done=saved#premises", enterprise.id)))
}

async fn edit_form(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let p = find(&page, &mut tx, &id, Action::EditEnterprises).await?;
    drop(tx);
    let form = PremisesForm {
        name: p.name,
        kind: p.kind,
        address: p.address,
        entrance: p.entrance,
        division: p.division_id,
        container: p.container_id.unwrap_or_default(),
        enterprise: String::new(),
        revision: p.revision,
    };
    show_form(&page, &id, form, Errors::default()).await
}

async fn edit(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<PremisesForm>,
) -> Result<Response, Problem> {
    let w = PremisesWords::of(page.lang);
    let mut tx = page.app.db().write().await?;
    let before = find(&page, &mut tx, &id, Action::EditEnterprises).await?;
    let (details, division) = match parse(&page, &mut tx, &id, &form).await? {
        Ok(parsed) => parsed,
        Err(errors) => {
            drop(tx);
            return show_form(&page, &id, form, errors).await;
        }
    };
    let at = (division.id.as_str(), division.path.as_str());
    if !store::update(&mut tx, &id, form.revision, &details, at, page.now).await? {
        drop(tx);
        let mut errors = Errors::default();
        errors.add("conflict", w.conflict);
        let form = PremisesForm { revision: before.revision, ..form };
        return show_form(&page, &id, form, errors).await;
    }
    if division.id != before.division_id {
        // Who is to look after the place looks after what was granted there, too.
        applications::follow_premises(&mut tx, &id, at).await?;
        permits::follow_premises(&mut tx, before.site_code, at).await?;
        gates::follow_premises(&mut tx, &id, at).await?;
    }
    page.record(&mut tx, "premises.edit", ("premises", &id), &division.id, &details.name).await?;
    let mut sites = vec![before.site_code];
    if details.container_id != before.container_id
        && let Some(container) = &details.container_id
    {
        // Its gate doesn't know yet that these premises are its own.
        sites.extend(store::find(&mut tx, container).await?.map(|container| container.site_code));
    }
    let mut change = 0;
    for site in sites {
        change = page.app.note_change(&mut tx, "premises", &site.to_string()).await?;
    }
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/premises/{id}?done=saved")))
}
