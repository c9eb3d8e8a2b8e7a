//! Gates and what they recorded, for programs: `/api/gates…` and the figures of an enterprise.

use axum::Json;
use axum::extract::{Path, Query};
use fugong_common::service::api::Operation;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::{self, GateRow};
use crate::authz::Action;
use crate::enterprises;
use crate::web::{Page, Paging, Routes};

/// Figures cover so many days unless others are asked for.
const USUAL_DAYS: i64 = 30;

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/gates", Action::ReadGates, list)
        .told(
            Operation::new("listGates", "Gates within reach, oldest first, 50 at a time")
                .query::<Search>()
                .gives::<Listed>(200, "A page of them"),
        )
        .get("/api/gates/{id}", Action::ReadGates, show)
        .told(
            Operation::new("readGate", "One gate")
                .part("id", "Its id, as in lists")
                .gives::<Body>(200, "The gate")
                .refuses(&[404]),
        )
        .get("/api/enterprises/{id}/figures", Action::ReadRecords, figures)
        .told(
            Operation::new(
                "readFigures",
                "How often an enterprise's people and placards were checked, by verdict",
            )
            .part("id", "The enterprise's id")
            .query::<Span>()
            .gives::<CheckFigures>(200, "The figures; no person is named")
            .refuses(&[404, 422]),
        )
}

#[derive(Deserialize, IntoParams)]
struct Search {
    /// `next` of the page before.
    #[serde(default)]
    after: String,
}

/// Instants are Unix milliseconds.
#[derive(Serialize, ToSchema)]
#[schema(as = Gate)]
struct Body {
    id: String,
    name: String,
    premises_id: String,
    premises: String,
    /// `new`, `waiting`, `confirmed`, `cut_off`.
    state: String,
    software: String,
    /// Most people inside at once.
    capacity: Option<i64>,
    last_seen_at: Option<i64>,
    /// Newest bundle that it fetched.
    manifest_seq: i64,
}

impl From<GateRow> for Body {
    fn from(row: GateRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            premises_id: row.premises_id,
            premises: row.premises_name,
            state: row.state,
            software: row.software,
            capacity: row.capacity,
            last_seen_at: row.last_seen_at,
            manifest_seq: row.seen_seq,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Gates)]
struct Listed {
    gates: Vec<Body>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

async fn list(page: Page, Query(search): Query<Search>) -> Result<Json<Listed>, Problem> {
    let mut tx = page.app.db().read().await?;
    let mut found =
        store::list(&mut tx, &page.reach().bounds(), &search.after, Paging::FETCH).await?;
    let next = Paging::cut(&mut found, |gate| gate.id.clone());
    Ok(Json(Listed { gates: found.into_iter().map(Body::from).collect(), next }))
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Json<Body>, Problem> {
    let mut tx = page.app.db().read().await?;
    let gate = store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ReadGates, gate.place())?;
    Ok(Json(gate.into()))
}

#[derive(Deserialize, IntoParams)]
struct Span {
    /// Unix milliseconds; thirty days before `to` unless given.
    from: Option<i64>,
    /// Unix milliseconds, the first instant that no longer counts; now unless given.
    to: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct Figure {
    verdict: String,
    /// `in`, `out`, or empty where nobody's way was decided.
    direction: String,
    checks: i64,
    /// Of these, so many with a temperature.
    measured: i64,
    /// Of these, so many that the guard did not let in, whatever the gate had answered.
    refused: i64,
}

#[derive(Serialize, ToSchema)]
struct CheckFigures {
    enterprise_id: String,
    from: i64,
    to: i64,
    checks: i64,
    figures: Vec<Figure>,
}

async fn figures(
    page: Page,
    Path(id): Path<String>,
    Query(span): Query<Span>,
) -> Result<Json<CheckFigures>, Problem> {
    let mut tx = page.app.db().read().await?;
    let enterprise =
        enterprises::store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ReadRecords, enterprise.place())?;
    let to = span.to.unwrap_or(page.now.0);
    let usual = to.saturating_sub(USUAL_DAYS * 24 * 3_600_000);
    let from = span.from.unwrap_or(usual);
    if from >= to {
        let what = ("起始时间须早于结束时间", "It has to lie before `to`");
        return Err(Problem::invalid().field("from", what));
    }
    let counted = store::scans::count_by_verdict(&mut tx, &id, Millis(from), Millis(to)).await?;
    let figures: Vec<Figure> = counted
        .into_iter()
        .map(|row| Figure {
            verdict: row.verdict,
            direction: row.direction,
            checks: row.checks,
            measured: row.measured,
            refused: row.refused,
        })
        .collect();
    let checks = figures.iter().map(|figure| figure.checks).sum();
    Ok(Json(CheckFigures { enterprise_id: id, from, to, checks, figures }))
}
