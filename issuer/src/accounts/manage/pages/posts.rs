//! Posts are given and ended.

use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use serde::Deserialize;

use super::Found;
use super::file::{Shown, show_file};
use crate::accounts::manage::Refusal;
use crate::accounts::manage::posts::{PostForm, WantedPost, parse, parse_term};
use crate::accounts::manage::store;
use crate::accounts::manage::words::ManageWords;
use crate::accounts::store as all;
use crate::authz::Action;
use crate::db::Tx;
use crate::fields::Errors;
use crate::web::{Page, Refused, conflict, see_other};

/// Gives an account a post.
pub async fn give(
    page: &Page,
    tx: &mut Tx,
    account_id: &str,
    wanted: &WantedPost,
) -> Result<(), Problem> {
    let id = page.app.new_id();
    let post = all::NewPost {
        id: &id,
        account_id,
        role: wanted.role,
        division_id: &wanted.division.id,
        enterprise_id: &wanted.enterprise_id,
        title: &wanted.title,
        line: &wanted.line,
        valid_from: wanted.from,
    };
    all::insert_post(tx, post).await?;
    if let Some(until) = wanted.until {
        store::end_post(tx, account_id, &id, until, page.now).await?;
    }
    let detail = format!("{} · {}", wanted.role.title(page.lang), wanted.division.name);
    page.record(tx, "post.add", ("account", account_id), &wanted.division.id, &detail).await
}

pub async fn add(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<PostForm>,
) -> Result<Response, Problem> {
    let w = ManageWords::of(page.lang);
    let mut errors = Errors::default();
    let mut tx = page.app.db().write().await?;
    let found = Found::within_reach(&page, &mut tx, &id).await?;
    let wanted = parse(&page, &mut tx, &form, &mut errors).await?;
    if let Some(wanted) = &wanted
        && found.posts.iter().any(|post| {
            post.is_running(page.now)
                && post.role == wanted.role.code()
                && post.division_id == wanted.division.id
                && post.enterprise_id == wanted.enterprise_id
        })
    {
        errors.add("role", w.same_post);
    }
    let Some(wanted) = wanted.filter(|_| errors.is_empty()) else {
        drop(tx);
        return show_file(&page, &id, Shown { post: form, errors, ..Shown::default() }).await;
    };
    give(&page, &mut tx, &id, &wanted).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=post")))
}

#[derive(Deserialize)]
pub struct EndForm {
    #[serde(default)]
    until: String,
}

pub async fn end(
    page: Page,
    Path((id, post_id)): Path<(String, String)>,
    Form(form): Form<EndForm>,
) -> Result<Response, Problem> {
    match end_on(&page, &id, &post_id, &form.until).await {
        Ok(()) => Ok(see_other(&format!("/settings/accounts/{id}?done=end"))),
        Err(problem) => {
            let refused = Some(Refused::of(problem, page.lang)?);
            let ending = (post_id, form.until);
            show_file(&page, &id, Shown { ending, refused, ..Shown::default() }).await
        }
    }
}

async fn end_on(page: &Page, id: &str, post_id: &str, until: &str) -> Result<(), Problem> {
    if post_id == page.actor.post.id {
        return Err(Refusal::Own.into());
    }
    let mut tx = page.app.db().write().await?;
    let found = Found::within_reach(page, &mut tx, id).await?;
    let post = found.posts.iter().find(|post| post.id == post_id).ok_or_else(Problem::not_found)?;
    page.require(Action::ManageAccounts, post.place())?;
    let zone = page.zone_named(&post.zone);
    let (_, Some(until)) = parse_term(&zone, "", until, page.now) else {
        return Err(Problem::invalid().field("until", ManageWords::both(|w| w.bad_until)));
    };
    let detail = format!("{} · {}", post.say(page.lang)?, post.division_name);
    page.record(&mut tx, "post.end", ("account", id), &post.division_id, &detail).await?;
    found.keep_administrators(page, &mut tx, Some(post_id)).await?;
    let at = until.unwrap_or(page.now);
    if !store::end_post(&mut tx, id, post_id, at, page.now).await? {
        return Err(conflict(("该岗位已终止", "This post has ended already")));
    }
    Ok(tx.commit().await?)
}
