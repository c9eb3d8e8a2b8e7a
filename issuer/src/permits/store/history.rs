//! What was done with a permit, by whom and why.

use fugong_common::time::Millis;

use crate::db::{DbError, Tx};
use crate::permits::facts::By;
use crate::{rows, run};

/// An entry of a permit's history.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ActLine {
    pub at: i64,
    pub act: String,
    pub account_id: String,
    pub name: String,
    pub post: String,
    pub reason: String,
}

pub(in crate::permits) async fn note_act(
    tx: &mut Tx,
    permit_id: &str,
    id: &str,
    at: Millis,
    act: &str,
    by: &By,
    reason: &str,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO permit_acts (permit_id, id, at, act, account_id, name, post, reason) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        permit_id,
        id,
        at.0,
        act,
        &by.account_id,
        &by.name,
        &by.post,
        reason
    )?;
    Ok(())
}

/// What was done with a permit, the latest first.
pub async fn list_acts(tx: &mut Tx, permit_id: &str) -> Result<Vec<ActLine>, DbError> {
    rows!(
        tx,
        ActLine,
        "SELECT at, act, account_id, name, post, reason FROM permit_acts WHERE permit_id = $1 ORDER BY at DESC, id DESC",
        permit_id
    )
}
