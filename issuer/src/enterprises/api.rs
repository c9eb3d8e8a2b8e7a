//! Enterprises for programs: `/api/enterprises…`.

use axum::Json;
use axum::extract::{Path, Query};
use fugong_common::service::api::Operation;
use fugong_common::service::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::store::{self, Enterprise, EnterpriseLine, Filter};
use crate::authz::Action;
use crate::web::{Page, Paging, Routes};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/enterprises", Action::ReadEnterprises, list)
        .told(
            Operation::new("listEnterprises", "Enterprises within reach, by name, 50 at a time")
                .query::<Search>()
                .gives::<Listed>(200, "A page of them"),
        )
        .get("/api/enterprises/{id}", Action::ReadEnterprises, show)
        .told(
            Operation::new("readEnterprise", "One enterprise")
                .part("id", "Its id, as in lists")
                .gives::<Body>(200, "The enterprise")
                .refuses(&[404]),
        )
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
struct Search {
    /// Part of the name, or the beginning of the code.
    q: String,
    kind: String,
    scale: String,
    /// State of the survey; `none` for those not surveyed.
    survey: String,
    /// `next` of the page before.
    after: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EnterpriseLine)]
struct Line {
    id: String,
    /// Absent where the shop has no unified social credit code.
    uscc: Option<String>,
    name: String,
    kind: String,
    scale: String,
    division: String,
    survey: String,
}

impl From<EnterpriseLine> for Line {
    fn from(row: EnterpriseLine) -> Self {
        Self {
            id: row.id,
            uscc: row.uscc,
            name: row.name,
            kind: row.kind,
            scale: row.scale,
            division: row.division_name,
            survey: row.survey_state,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Enterprises)]
struct Listed {
    enterprises: Vec<Line>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

async fn list(page: Page, Query(search): Query<Search>) -> Result<Json<Listed>, Problem> {
    let bounds = page.reach().bounds();
    let filter = Filter {
        bounds: &bounds,
        search: search.q.trim(),
        kind: &search.kind,
        scale: &search.scale,
        survey: &search.survey,
    };
    let mut tx = page.app.db().read().await?;
    let mut rows = store::list(&mut tx, &filter, &search.after, Paging::FETCH).await?;
    let next = Paging::cut(&mut rows, |row| row.id.clone());
    Ok(Json(Listed { enterprises: rows.into_iter().map(Line::from).collect(), next }))
}

/// Telephone numbers stay with the pages.
#[derive(Serialize, ToSchema)]
#[schema(as = Enterprise)]
struct Body {
    id: String,
    uscc: Option<String>,
    /// Why there is no code.
    no_code_reason: String,
    name: String,
    kind: String,
    scale: String,
    industry: String,
    division_id: String,
    responsible: String,
    survey: String,
    survey_staff: i64,
    /// Unix milliseconds.
    created_at: i64,
    updated_at: i64,
    revision: i64,
}

impl From<Enterprise> for Body {
    fn from(row: Enterprise) -> Self {
        Self {
            id: row.id,
            uscc: row.uscc,
            no_code_reason: row.no_code_reason,
            name: row.name,
            kind: row.kind,
            scale: row.scale,
            industry: row.industry,
            division_id: row.division_id,
            responsible: row.responsible_name,
            survey: row.survey_state,
            survey_staff: row.survey_staff,
            created_at: row.created_at,
            updated_at: row.updated_at,
            revision: row.revision,
        }
    }
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Json<Body>, Problem> {
    let mut tx = page.app.db().read().await?;
    let row = store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ReadEnterprises, row.place())?;
    Ok(Json(row.into()))
}
