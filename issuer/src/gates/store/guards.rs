//! Guards as rows.

use fugong_common::time::Millis;

use crate::db::{DbError, Tx};
use crate::{rows, run};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GuardRow {
    pub id: String,
    pub name: String,
    pub role: String,
    pub pin_hash: String,
}

pub async fn list(tx: &mut Tx, gate_id: &str) -> Result<Vec<GuardRow>, DbError> {
    rows!(
        tx,
        GuardRow,
        "SELECT id, name, role, pin_hash FROM guards WHERE gate_id = $1 AND ended_at IS NULL ORDER BY id",
        gate_id
    )
}

pub async fn insert(
    tx: &mut Tx,
    id: &str,
    gate_id: &str,
    name: &str,
    role: &str,
    pin_hash: &str,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO guards (id, gate_id, name, role, pin_hash) VALUES ($1, $2, $3, $4, $5)",
        id,
        gate_id,
        name,
        role,
        pin_hash
    )?;
    Ok(())
}

pub async fn end(tx: &mut Tx, gate_id: &str, id: &str, now: Millis) -> Result<bool, DbError> {
    Ok(run!(
        tx,
        "UPDATE guards SET ended_at = $3 WHERE id = $2 AND gate_id = $1 AND ended_at IS NULL",
        gate_id,
        id,
        now.0
    )? == 1)
}
