//! The same for programs, with a session: `/api/permits…`.

use axum::Json;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use fugong_common::permit::Mode;
use fugong_common::service::api::Operation;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::doing::{Doing, perform};
use super::pages;
use super::words::{PermitWords, parse_reason};
use super::{Permit, State, issuing, store};
use crate::applications::Seen;
use crate::authz::Action;
use crate::web::{Page, Paging, Routes};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/permits", Action::ReadPermits, list)
        .told(
            Operation::new("listPermits", "Permits within reach, newest first, 50 at a time")
                .query::<Search>()
                .gives::<Listed>(200, "A page of them"),
        )
        .get("/api/permits/{id}", Action::ReadPermits, show)
        .told(
            Operation::new("readPermit", "One permit")
                .part("id", "Its id, as in lists")
                .gives::<Body>(200, "The permit")
                .refuses(&[404]),
        )
        .post("/api/applications/{id}/issue", Action::IssuePermits, issue)
        .told(
            Operation::new("issuePermit", "Issues the permit of an approved application")
                .part("id", "The application's id")
                .takes::<Issue>()
                .gives::<Body>(201, "Signed and listed")
                .refuses(&[404, 409]),
        )
        .post("/api/permits/{id}/suspend", Action::SuspendPermits, suspend)
        .told(act("suspendPermit", "Suspends; by an inspector for a time, until a post confirms"))
        .post("/api/permits/{id}/confirm", Action::ConfirmSuspensions, confirm)
        .told(act("confirmSuspension", "Confirms an inspector's suspension"))
        .post("/api/permits/{id}/resume", Action::ResumePermits, resume)
        .told(act("resumePermit", "Ends a suspension"))
        .post("/api/permits/{id}/revoke", Action::RevokePermits, revoke)
        .told(act("revokePermit", "Revokes for good"))
}

fn act(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, summary)
        .part("id", "The permit's id")
        .takes::<Order>()
        .gives::<Done>(200, "Done, signed into the status list, and on its way to the gates")
        .refuses(&[404, 409])
}

/// A permit as programs read it. Instants are Unix milliseconds.
#[derive(Serialize, ToSchema)]
#[schema(as = Permit)]
struct Body {
    id: String,
    serial: String,
    document_number: String,
    enterprise_id: String,
    enterprise: String,
    site: u64,
    mode: Mode,
    /// `not_yet`, `valid`, `suspended`, `expired`, `revoked`, `superseded`.
    state: &'static str,
    lapses_at: Option<i64>,
    valid_from: u64,
    valid_to: u64,
    issued_at: i64,
    copies: i64,
    revision: i64,
}

impl Body {
    fn of(permit: &Permit, now: Millis) -> Self {
        let validity = permit.claims.validity;
        Self {
            id: permit.id.clone(),
            serial: permit.serial.to_string(),
            document_number: permit.document_number.clone(),
            enterprise_id: permit.place.enterprise_id.clone(),
            enterprise: permit.facts.name.clone(),
            site: permit.place.site.0,
            mode: permit.claims.mode,
            state: permit.standing(now).code(),
            lapses_at: permit.state.lapses_at().map(|at| at.0),
            valid_from: validity.not_before().saturating_mul(1000),
            valid_to: validity.expires().saturating_mul(1000),
            issued_at: permit.issued_at.0,
            copies: permit.copies,
            revision: permit.revision,
        }
    }
}

#[derive(Deserialize, IntoParams)]
struct Search {
    /// Part of the name, a document number, or a check number.
    #[serde(default)]
    q: String,
    /// `valid`, `not_yet`, `suspended`, `to_confirm`, `ends_soon`, `expired`, `revoked`, `superseded`.
    #[serde(default)]
    state: String,
    /// `next` of the page before.
    #[serde(default)]
    after: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Permits)]
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
    Ok(Json(Listed { permits: found.iter().map(|it| Body::of(it, page.now)).collect(), next }))
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Json<Body>, Problem> {
    Ok(Json(Body::of(&pages::find(&page, &id, Action::ReadPermits).await?, page.now)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Issue {
    /// The application's revision that was looked at.
    revision: i64,
}

async fn issue(
    page: Page,
    Path(id): Path<String>,
    Json(body): Json<Issue>,
) -> Result<(StatusCode, Json<Body>), Problem> {
    let seen = Seen { revision: body.revision, ..Seen::default() };
    let permit = issuing::issue_approved(&page, &id, &seen).await?;
    Ok((StatusCode::CREATED, Json(Body::of(&permit, page.now))))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Order {
    reason: String,
    /// The revision that was looked at; without it the newest is acted upon.
    revision: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PermitState)]
struct Done {
    /// As a permit's.
    state: &'static str,
    lapses_at: Option<i64>,
}

async fn order(page: &Page, id: &str, doing: Doing, order: Order) -> Result<Json<Done>, Problem> {
    let reason = parse_reason(&order.reason).ok_or_else(|| {
        Problem::invalid().field("reason", PermitWords::both(|w| w.reason_missing))
    })?;
    let (permit, state) = perform(page, id, doing, &reason, order.revision).await?;
    let standing = state.standing(permit.claims.validity, page.now);
    Ok(Json(Done { state: standing.code(), lapses_at: State::lapses_at(state).map(|at| at.0) }))
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
