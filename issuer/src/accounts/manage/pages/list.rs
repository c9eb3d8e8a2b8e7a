//! The list of accounts.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use fugong_common::service::problem::Problem;
use serde::Deserialize;

use super::state;
use crate::accounts::manage::store;
use crate::accounts::manage::words::ManageWords;
use crate::accounts::store as all;
use crate::web::{Frame, Nav, Page, Paging, Tone, encode, html};

struct Line {
    id: String,
    sign_in: String,
    name: String,
    state: &'static str,
    tone: Tone,
    posts: Vec<String>,
}

#[derive(Template)]
#[template(path = "accounts/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static ManageWords,
    lines: Vec<Line>,
    search: String,
    next: Option<String>,
    is_first: bool,
}

#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    search: String,
    #[serde(default)]
    after: String,
}

pub async fn list(page: Page, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let w = ManageWords::of(page.lang);
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let mut found =
        store::list(&mut tx, &bounds, &query.search, &query.after, Paging::FETCH).await?;
    let next = Paging::cut(&mut found, |line| line.sign_in.clone()).map(|after| {
        format!("/settings/accounts?search={}&after={}", encode(&query.search), encode(&after))
    });
    let mut lines = Vec::with_capacity(found.len());
    for account in found {
        let posts = all::list_posts(&mut tx, &account.id, page.lang, page.now).await?;
        let (state, tone) = state(
            w,
            account.active == 1,
            account.has_password == 1,
            account.locked_until > page.now.0,
        );
        lines.push(Line {
            id: account.id,
            sign_in: account.sign_in,
            name: account.name,
            state,
            tone,
            posts: posts
                .iter()
                .map(|post| format!("{} · {}", post.title, post.division_name))
                .collect(),
        });
    }
    drop(tx);
    let is_first = query.after.is_empty();
    let frame = page.frame(Nav::Settings);
    html(&ListPage { frame, w, lines, search: query.search, next, is_first })
}
