//! A verifier comes to a gate and leaves it: the one-time code, the comparison of its key, the cut-off.

use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::Response;
use fugong_common::hex;
use fugong_common::service::problem::Problem;
use serde::Deserialize;

use super::file::{Shown, ShownCode, show_file};
use super::{find_gate, keep};
use crate::authz::Action;
use crate::fields::{Errors, needed};
use crate::gates::words::GateWords;
use crate::gates::{GateState, enrol, store};
use crate::web::{Page, conflict, see_other};
use crate::{keys, print};

pub async fn make_code(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    let list = keys::store::newest(&mut tx)
        .await?
        .ok_or_else(|| conflict(GateWords::both(|w| w.no_root)))?;
    if !matches!(gate.state()?, GateState::New | GateState::Waiting) {
        drop(tx);
        return changed_meanwhile(&page, &id).await;
    }
    let enrolment = enrol::invite(&page.app, &mut tx, &id, list.list.root.fingerprint()).await?;
    page.record(&mut tx, "gate.code", ("gate", &id), &gate.division_id, "").await?;
    tx.commit().await?;
    let text = enrolment.to_string();
    let qr = print::Qr::new(&text, print::Correction::M).map_err(Problem::internal)?;
    let (qr, qr_size) = (qr.path(), qr.outer_modules());
    let command =
        format!("verifier enrol {} {} --root {}", enrolment.issuer, enrolment.code, enrolment.root);
    let code = Some(ShownCode { text, command, qr, qr_size });
    show_file(&page, &id, Shown { code, ..Shown::default() }).await
}

async fn changed_meanwhile(page: &Page, id: &str) -> Result<Response, Problem> {
    let error = GateWords::of(page.lang).changed_meanwhile;
    let mut response = show_file(page, id, Shown { error, ..Shown::default() }).await?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}

#[derive(Deserialize)]
pub struct Compared {
    #[serde(default)]
    device_key: String,
}

pub async fn confirm(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<Compared>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    let key = hex::decode(&form.device_key).unwrap_or_default();
    if !store::confirm(&mut tx, &id, &key).await? {
        drop(tx);
        return changed_meanwhile(&page, &id).await;
    }
    keep(&page, tx, &gate, "gate.confirm", &form.device_key).await?;
    Ok(see_other(&format!("/gates/{id}?done=confirmed")))
}

#[derive(Deserialize)]
pub struct Reason {
    #[serde(default)]
    reason: String,
}

pub async fn cut_off(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<Reason>,
) -> Result<Response, Problem> {
    let mut errors = Errors::default();
    let reason = errors.take("reason", page.lang, needed(&form.reason));
    if !errors.is_empty() {
        let shown = Shown { reason: form.reason, errors, ..Shown::default() };
        return show_file(&page, &id, shown).await;
    }
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    if store::cut_off(&mut tx, &id).await? {
        keep(&page, tx, &gate, "gate.cut_off", &reason).await?;
    }
    Ok(see_other(&format!("/gates/{id}?done=cut_off")))
}

pub async fn renew(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<Compared>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    let key = hex::decode(&form.device_key).unwrap_or_default();
    if !store::renew(&mut tx, &id, &key).await? {
        drop(tx);
        return changed_meanwhile(&page, &id).await;
    }
    keep(&page, tx, &gate, "gate.renew", &form.device_key).await?;
    Ok(see_other(&format!("/gates/{id}?done=added")))
}
