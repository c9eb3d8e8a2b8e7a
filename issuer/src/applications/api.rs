//! Applications for programs: `/api/applications…`. What is decided with opinions and papers stays
//! with the pages.

use axum::Json;
use axum::extract::{Path, Query};
use fugong_common::service::api::Operation;
use fugong_common::service::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::pages;
use super::queue::{self, Cursor, Filter, QueueLine};
use super::state::State;
use super::store::Application;
use super::terms::{class_code, class_of_rank, class_rank, parse_class};
use crate::authz::Action;
use crate::divisions::Scale;
use crate::web::{Page, Paging, Routes};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/applications", Action::ReadApplications, list)
        .told(
            Operation::new(
                "listApplications",
                "The queue: applications within reach by class and age, 50 at a time",
            )
            .query::<Search>()
            .gives::<Listed>(200, "A page of it"),
        )
        .get("/api/applications/{id}", Action::ReadApplications, show)
        .told(
            Operation::new("readApplication", "One application")
                .part("id", "Its id, as in lists")
                .gives::<Body>(200, "The application")
                .refuses(&[404]),
        )
}

#[derive(Deserialize, IntoParams)]
struct Search {
    /// Ended ones instead of those under way.
    #[serde(default)]
    ended: bool,
    #[serde(default)]
    state: String,
    /// `green`, `priority`, `backbone`, `ordinary`.
    #[serde(default)]
    class: String,
    #[serde(default)]
    scale: String,
    /// Part of the enterprise's name, or a receipt number.
    #[serde(default)]
    q: String,
    /// `next` of the page before.
    #[serde(default)]
    after: String,
}

/// Instants are Unix milliseconds; 0 where there is none yet.
#[derive(Serialize, ToSchema)]
#[schema(as = Application)]
struct Body {
    id: String,
    receipt: String,
    enterprise_id: String,
    enterprise: String,
    class: Option<&'static str>,
    scale: String,
    state: &'static str,
    submitted_at: i64,
    due_at: i64,
    on_behalf: bool,
    /// Where one application is read: what acts on it name.
    revision: Option<i64>,
    /// The permit, once it is issued.
    permit_id: Option<String>,
}

fn permit_of(state: &State) -> Option<String> {
    match state {
        State::Issued { permit_id, .. } => Some(permit_id.clone()),
        _ => None,
    }
}

impl From<QueueLine> for Body {
    fn from(line: QueueLine) -> Self {
        Self {
            class: class_of_rank(line.class_rank).map(class_code),
            state: line.state.code(),
            permit_id: permit_of(&line.state),
            id: line.id,
            receipt: line.receipt,
            enterprise_id: line.enterprise_id,
            enterprise: line.enterprise_name,
            scale: line.scale,
            submitted_at: line.submitted_at.0,
            due_at: line.due_at.0,
            on_behalf: line.on_behalf,
            revision: None,
        }
    }
}

impl From<Application> for Body {
    fn from(found: Application) -> Self {
        Self {
            class: class_of_rank(found.class_rank).map(class_code),
            state: found.state().code(),
            permit_id: permit_of(found.state()),
            scale: found.scale.code().to_owned(),
            submitted_at: found.stages.submitted_at.0,
            due_at: found.stages.due_at.0,
            on_behalf: found.on_behalf,
            revision: Some(found.case.revision),
            id: found.id,
            receipt: found.receipt.unwrap_or_default(),
            enterprise_id: found.enterprise_id,
            enterprise: found.enterprise_name,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Applications)]
struct Listed {
    applications: Vec<Body>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

async fn list(page: Page, Query(search): Query<Search>) -> Result<Json<Listed>, Problem> {
    let bounds = page.reach().bounds();
    let filter = Filter {
        bounds: &bounds,
        open: !search.ended,
        state: if State::CODES.contains(&search.state.as_str()) { &search.state } else { "" },
        class_rank: parse_class(&search.class).map_or(-1, class_rank),
        scale: Scale::parse(&search.scale).map_or("", Scale::code),
        within: "",
        search: &search.q,
    };
    let after = Cursor::parse(&search.after);
    let mut tx = page.app.db().read().await?;
    let mut lines = queue::list(&mut tx, &filter, &after, Paging::FETCH).await?;
    let next = Paging::cut(&mut lines, |line| line.cursor().to_string());
    Ok(Json(Listed { applications: lines.into_iter().map(Body::from).collect(), next }))
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Json<Body>, Problem> {
    let mut tx = page.app.db().read().await?;
    let found = pages::find(&page, &mut tx, Action::ReadApplications, &id).await?;
    Ok(Json(found.into()))
}
