//! Uploads that contradict what is known, kept for people.

use fugong_common::time::Millis;

use crate::db::{DbError, Tx};
use crate::{row, rows, run};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DisputeRow {
    pub id: String,
    pub journal_id: String,
    pub fault: String,
    pub received_at: i64,
    pub settled_at: Option<i64>,
}

pub async fn insert(
    tx: &mut Tx,
    id: &str,
    gate_id: &str,
    journal_id: &str,
    fault: &str,
    bytes: &[u8],
    now: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO journal_disputes (id, gate_id, journal_id, fault, received_at, bytes) VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        gate_id,
        journal_id,
        fault,
        now.0,
        bytes
    )?;
    Ok(())
}

/// Whether this very upload is kept already. Signatures are deterministic: what is sent again is the same.
/// Lengths are compared first: they are known without reading megabytes.
pub async fn holds(tx: &mut Tx, gate_id: &str, bytes: &[u8]) -> Result<bool, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM journal_disputes WHERE gate_id = $1 AND length(bytes) = $3 AND bytes = $2",
        gate_id,
        bytes,
        i64::try_from(bytes.len()).unwrap_or(i64::MAX)
    )?;
    Ok(found.is_some_and(|(count,)| count > 0))
}

/// All that it asks for stands in the index: the uploads beside it are megabytes.
pub(in crate::gates) const LIST: &str = "SELECT id, journal_id, fault, received_at, settled_at FROM journal_disputes \
     WHERE gate_id = $1 ORDER BY received_at DESC LIMIT 50";

pub async fn list(tx: &mut Tx, gate_id: &str) -> Result<Vec<DisputeRow>, DbError> {
    rows!(tx, DisputeRow, LIST, gate_id)
}

/// The uploads themselves, oldest first.
pub async fn list_bytes(tx: &mut Tx, gate_id: &str) -> Result<Vec<Vec<u8>>, DbError> {
    let found = rows!(
        tx,
        (Vec<u8>,),
        "SELECT bytes FROM journal_disputes WHERE gate_id = $1 ORDER BY received_at, id",
        gate_id
    )?;
    Ok(found.into_iter().map(|(bytes,)| bytes).collect())
}

pub(in crate::gates) const COUNT_OPEN: &str =
    "SELECT COUNT(*) FROM journal_disputes WHERE gate_id = $1 AND settled_at IS NULL";

pub async fn count_open(tx: &mut Tx, gate_id: &str) -> Result<i64, DbError> {
    let count = row!(tx, (i64,), COUNT_OPEN, gate_id)?;
    Ok(count.map_or(0, |(count,)| count))
}

pub async fn settle(
    tx: &mut Tx,
    gate_id: &str,
    id: &str,
    by: &str,
    now: Millis,
) -> Result<bool, DbError> {
    Ok(run!(
        tx,
        "UPDATE journal_disputes SET settled_at = $3, settled_by = $4 WHERE id = $2 AND gate_id = $1 AND settled_at IS NULL",
        gate_id,
        id,
        now.0,
        by
    )? == 1)
}
