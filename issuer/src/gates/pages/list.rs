//! The list of gates, and adding one.

use askama::Template;
use axum::extract::{Form, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use serde::Deserialize;

use super::{GateForm, GateLine, Wanted, gate_line};
use crate::authz::{Action, Place};
use crate::db::Tx;
use crate::gates::store::{self, NewGate};
use crate::gates::words::GateWords;
use crate::web::{Frame, Nav, Page, Paging, Tone, html_form, see_other};
use crate::{changes, premises, restores};

#[derive(Template)]
#[template(path = "gates/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static GateWords,
    gates: Vec<GateLine>,
    next: Option<String>,
    premises: Vec<premises::store::PremisesLine>,
    may_manage: bool,
    form: GateForm,
    error: String,
}

#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    after: String,
    #[serde(default)]
    premises: String,
}

pub async fn list(page: Page, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let form = GateForm { premises: query.premises, ..GateForm::default() };
    show_list(&page, &query.after, form, "").await
}

async fn show_list(
    page: &Page,
    after: &str,
    form: GateForm,
    error: &str,
) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let newest = changes::newest(&mut tx).await?;
    let mut gates = store::list(&mut tx, &bounds, after, Paging::FETCH).await?;
    let restored = restores::gathering(&mut tx).await?.is_some();
    let next = Paging::cut(&mut gates, |gate| gate.id.clone());
    let may_manage = page.actor.may(Action::ManageGates);
    let premises = if may_manage {
        offered_premises(page, &mut tx, &form.premises).await?
    } else {
        Vec::new()
    };
    drop(tx);
    let gates =
        gates.into_iter().map(|gate| gate_line(page, w, gate, newest)).collect::<Result<_, _>>()?;
    let frame = page.frame(Nav::Gates);
    let frame = if restored { frame.notice(Tone::Warn, w.restored) } else { frame };
    let shown =
        ListPage { frame, w, gates, next, premises, may_manage, form, error: error.to_owned() };
    html_form(&shown, !error.is_empty())
}

/// Premises that the form offers: as many as a list can hold, and the chosen ones whatever their
/// place in it. In a district of thousands their own page leads here.
async fn offered_premises(
    page: &Page,
    tx: &mut Tx,
    chosen: &str,
) -> Result<Vec<premises::store::PremisesLine>, Problem> {
    let bounds = page.reach().bounds();
    let mut offered =
        premises::store::list(tx, &bounds, "", "", 0, page.now, OFFERED_PREMISES).await?;
    if !offered.iter().any(|line| line.id == chosen)
        && let Some(found) = premises::store::find(tx, chosen).await?
    {
        let after = found.site_code - 1;
        let lines = premises::store::list(tx, &bounds, "", "", after, page.now, 1).await?;
        offered.extend(lines.into_iter().filter(|line| line.id == chosen));
    }
    Ok(offered)
}

const OFFERED_PREMISES: i64 = 300;

pub async fn add(page: Page, Form(form): Form<GateForm>) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let Wanted { name, capacity, grace_hours } = match form.read(w) {
        Ok(wanted) => wanted,
        Err(error) => return show_list(&page, "", form, error).await,
    };
    let mut tx = page.app.db().write().await?;
    let premises = premises::store::find(&mut tx, &form.premises)
        .await?
        .filter(|premises| page.reach().covers(Place::in_division(&premises.division_path)));
    let Some(premises) = premises else {
        drop(tx);
        return show_list(&page, "", form, w.bad_premises).await;
    };
    let id = page.app.new_id();
    let gate = NewGate {
        id: &id,
        name: name.as_str(),
        premises_id: &premises.id,
        division_id: &premises.division_id,
        division_path: &premises.division_path,
        capacity,
        grace_hours,
        created_at: page.now,
    };
    store::insert(&mut tx, gate).await?;
    page.record(&mut tx, "gate.add", ("gate", &id), &premises.division_id, name.as_str()).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/gates/{id}?done=added")))
}
