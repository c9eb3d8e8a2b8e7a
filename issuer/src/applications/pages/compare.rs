//! What changed between two revisions.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Deserialize;

use super::super::filing::Change;
use super::super::store;
use super::find;
use super::words::CaseWords;
use crate::authz::Action;
use crate::web::{Frame, Nav, Page, html};

#[derive(Deserialize)]
pub struct Between {
    #[serde(default)]
    a: i64,
    #[serde(default)]
    b: i64,
}

#[derive(Template)]
#[template(path = "applications/compare.html")]
struct ComparePage {
    frame: Frame,
    c: &'static CaseWords,
    id: String,
    name: String,
    between: String,
    then: String,
    now: String,
    item: &'static str,
    changes: Vec<Change>,
}

pub async fn compare(
    page: Page,
    Path(id): Path<String>,
    Query(between): Query<Between>,
) -> Result<Response, Problem> {
    let c = CaseWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let found = find(&page, &mut tx, Action::ReadApplications, &id).await?;
    let older = store::find_revision(&mut tx, &id, between.a).await?;
    let newer = store::find_revision(&mut tx, &id, between.b).await?;
    let (Some(older), Some(newer)) = (older, newer) else { return Err(Problem::not_found()) };
    html(&ComparePage {
        frame: page.frame(Nav::Applications),
        c,
        id,
        name: found.enterprise_name,
        between: fill(c.compare_of, &[("a", &between.a), ("b", &between.b)]),
        then: fill(c.col_then, &[("n", &between.a)]),
        now: fill(c.col_then, &[("n", &between.b)]),
        item: c.col_item,
        changes: newer.filing.changes_since(&older.filing, page.lang),
    })
}
