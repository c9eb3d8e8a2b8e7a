//! A gate's guards: named with a PIN, and ended.

use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::person::clean_name;
use fugong_common::service::problem::Problem;
use fugong_common::{entropy, hex};
use serde::Deserialize;

use super::file::{Shown, show_file};
use super::{find_gate, keep};
use crate::accounts;
use crate::authz::Action;
use crate::fields::Errors;
use crate::gates::pin::is_fair;
use crate::gates::store::guards;
use crate::gates::words::GateWords;
use crate::web::{Page, see_other};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct GuardForm {
    pub name: String,
    pub role: String,
    pin: String,
}

pub async fn add(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<GuardForm>,
) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let mut errors = Errors::default();
    let name = clean_name(form.name.trim()).ok();
    if name.is_none() {
        errors.add("guard_name", w.bad_name);
    }
    if !is_fair(&form.pin) {
        errors.add("pin", w.bad_pin);
    }
    let Some(name) = name.filter(|_| errors.is_empty()) else {
        // A PIN is typed anew each time: it is on no page.
        let guard = GuardForm { pin: String::new(), ..form };
        return show_file(&page, &id, Shown { guard, errors, ..Shown::default() }).await;
    };
    let role = if form.role == "shift_leader" { "shift_leader" } else { "guard" };
    let hashing = {
        let (app, pin) = (page.app.clone(), form.pin.clone());
        accounts::apart(move || accounts::hash_pin(app.entropy(), &pin))
    };
    let hash = hashing.await?;
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    // Short, because a guard's name and id stand in every entry.
    let guard_id = hex::encode(&entropy::bytes::<4>(page.app.entropy()));
    guards::insert(&mut tx, &guard_id, &id, name.as_str(), role, &hash).await?;
    keep(&page, tx, &gate, "guard.add", name.as_str()).await?;
    Ok(see_other(&format!("/gates/{id}?done=saved")))
}

pub async fn end(
    page: Page,
    Path((id, guard)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    if guards::end(&mut tx, &id, &guard, page.now).await? {
        keep(&page, tx, &gate, "guard.end", &guard).await?;
    }
    Ok(see_other(&format!("/gates/{id}?done=saved")))
}
