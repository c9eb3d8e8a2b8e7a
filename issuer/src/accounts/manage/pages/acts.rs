//! What an administrator does to an account as a whole.

use axum::extract::Path;
use axum::response::Response;
use fugong_common::service::problem::Problem;

use super::Found;
use super::file::{Shown, show_file};
use crate::accounts::manage::Refusal;
use crate::accounts::{self, store as all};
use crate::web::{Page, see_other};

pub async fn reset(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let found = Found::managed(&page, &mut tx, &id).await?;
    found.record(&page, &mut tx, "account.reset", "").await?;
    tx.commit().await?;
    let link = accounts::pages::invite(&page.app, &id).await?;
    show_file(&page, &id, Shown { link, ..Shown::default() }).await
}

pub async fn switch_off(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    if id == page.actor.account_id {
        return Err(Refusal::Own.into());
    }
    let mut tx = page.app.db().write().await?;
    let found = Found::managed(&page, &mut tx, &id).await?;
    found.record(&page, &mut tx, "account.switch_off", "").await?;
    found.keep_administrators(&page, &mut tx, None).await?;
    all::set_active(&mut tx, &id, false).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=off")))
}

pub async fn switch_on(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let found = Found::managed(&page, &mut tx, &id).await?;
    all::set_active(&mut tx, &id, true).await?;
    found.record(&page, &mut tx, "account.switch_on", "").await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=on")))
}

pub async fn unlock(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let found = Found::managed(&page, &mut tx, &id).await?;
    all::clear_failures(&mut tx, &id).await?;
    found.record(&page, &mut tx, "account.unlock", "").await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=unlock")))
}
