//! The same for programs, with a session: `/api/permits…`.

use axum::Json;
use axum::extract::{Path, Query};
use fugong_common::permit::Mode;
use fugong_common::service::problem::Problem;
use serde::{Deserialize, Serialize};

use super::pages::{self, Doing, perform};
use super::words::{both, parse_reason};
use super::{Permit, State, store};
use crate::authz::Action;
use crate::web::{Page, Paging, Routes};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/permits", Action::ReadPermits, list)
        .get("/api/permits/{id}", Action::ReadPermits, show)
        .post("/api/permits/{id}/suspend", Action::SuspendPermits, suspend)
        .post("/api/permits/{id}/confirm", Action::ConfirmSuspensions, confirm)
        .post("/api/permits/{id}/resume", Action::ResumePermits, resume)
        .post("/api/permits/{id}/revoke", Action::RevokePermits, revoke)
}

/// A permit as programs read it. Instants are Unix milliseconds.
#[derive(Serialize)]
struct Body {
    id: String,
    serial: String,
    document_number: String,
    enterprise_id: String,
    enterprise: String,
    site: u64,
    mode: Mode,
    state: &'static str,
    lapses_at: Option<i64>,
    valid_from: u64,
    valid_to: u64,
    issued_at: i64,
    copies: i64,
    revision: i64,
}

impl From<&Permit> for Body {
    fn from(permit: &Permit) -> Self {
        let validity = permit.claims.validity;
        Self {
            id: permit.id.clone(),
            serial: permit.serial.to_string(),
            document_number: permit.document_number.clone(),
            enterprise_id: permit.place.enterprise_id.clone(),
            enterprise: permit.facts.name.clone(),
            site: permit.place.site.0,
            mode: permit.claims.mode,
            state: permit.state.code(),
            lapses_at: permit.state.lapses_at().map(|at| at.0),
            valid_from: validity.not_before().saturating_mul(1000),
            valid_to: validity.expires().saturating_mul(1000),
            issued_at: permit.issued_at.0,
            copies: permit.copies,
            revision: permit.revision,
        }
    }
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: String,
}

#[derive(Serialize)]
struct Listed {
    permits: Vec<Body>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

async fn list(page: Page, Query(search): Query<Search>) -> Result<Json<Listed>, Problem> {
    let filter = pages::filter(&search.q, &search.state, "");
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let mut found =
        store::list(&mut tx, &bounds, &filter, page.now, &search.after, Paging::FETCH).await?;
    let next = Paging::cut(&mut found, |permit| permit.id.clone());
    Ok(Json(Listed { permits: found.iter().map(Body::from).collect(), next }))
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Json<Body>, Problem> {
    Ok(Json(Body::from(&pages::find(&page, &id, Action::ReadPermits).await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    reason: String,
    /// The revision that was looked at; without it the newest is acted upon.
    revision: Option<i64>,
}

#[derive(Serialize)]
struct Done {
    state: &'static str,
    lapses_at: Option<i64>,
}

async fn order(page: &Page, id: &str, doing: Doing, order: Order) -> Result<Json<Done>, Problem> {
    let reason = parse_reason(&order.reason)
        .ok_or_else(|| Problem::invalid().field("reason", both(|w| w.reason_missing.to_owned())))?;
    let (_, state) = perform(page, id, doing, &reason, order.revision).await?;
    Ok(Json(Done { state: state.code(), lapses_at: State::lapses_at(state).map(|at| at.0) }))
}

type Answer = Result<Json<Done>, Problem>;

async fn suspend(page: Page, Path(id): Path<String>, Json(body): Json<Order>) -> Answer {
    order(&page, &id, Doing::Suspend, body).await
}

async fn confirm(page: Page, Path(id): Path<String>, Json(body): Json<Order>) -> Answer {
    order(&page, &id, Doing::Confirm, body).await
}

async fn resume(page: Page, Path(id): Path<String>, Json(body): Json<Order>) -> Answer {
    order(&page, &id, Doing::Resume, body).await
}

async fn revoke(page: Page, Path(id): Path<String>, Json(body): Json<Order>) -> Answer {
    order(&page, &id, Doing::Revoke, body).await
}
