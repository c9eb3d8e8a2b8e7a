//! Journals as rows: where each stands, and the signed batches as they came.

use fugong_common::time::Millis;

use crate::db::{DbError, Tx};
use crate::{row, rows, run};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct JournalRow {
    pub id: String,
    pub gate_id: String,
    pub next_seq: i64,
    pub head: Vec<u8>,
    pub opened_at: i64,
    pub unread: i64,
    /// Entries that came without their personal part: the gate had deleted it.
    pub purged: i64,
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<JournalRow>, DbError> {
    row!(
        tx,
        JournalRow,
        "SELECT id, gate_id, next_seq, head, opened_at, unread, purged FROM journals WHERE id = $1",
        id
    )
}

/// Takes a journal's row under lock, opening it if it is new. `None`: it belongs to another gate.
pub async fn lock(
    tx: &mut Tx,
    id: &str,
    gate_id: &str,
    start: &[u8],
    now: Millis,
) -> Result<Option<JournalRow>, DbError> {
    run!(
        tx,
        "INSERT INTO journals (id, gate_id, next_seq, head, opened_at) VALUES ($1, $2, 0, $3, $4) \
         ON CONFLICT (id) DO NOTHING",
        id,
        gate_id,
        start,
        now.0
    )?;
    row!(
        tx,
        JournalRow,
        "UPDATE journals SET next_seq = next_seq WHERE id = $1 AND gate_id = $2 \
         RETURNING id, gate_id, next_seq, head, opened_at, unread, purged",
        id,
        gate_id
    )
}

pub async fn list(tx: &mut Tx, gate_id: &str) -> Result<Vec<JournalRow>, DbError> {
    rows!(
        tx,
        JournalRow,
        "SELECT id, gate_id, next_seq, head, opened_at, unread, purged FROM journals WHERE gate_id = $1 ORDER BY opened_at DESC",
        gate_id
    )
}

pub async fn move_head(
    tx: &mut Tx,
    id: &str,
    next_seq: i64,
    head: &[u8],
    unread: i64,
) -> Result<(), DbError> {
    run!(
        tx,
        "UPDATE journals SET next_seq = $2, head = $3, unread = unread + $4 WHERE id = $1",
        id,
        next_seq,
        head,
        unread
    )?;
    Ok(())
}

/// Counts entries that came without their personal part.
pub async fn count_purged(tx: &mut Tx, id: &str, purged: i64) -> Result<(), DbError> {
    run!(tx, "UPDATE journals SET purged = purged + $2 WHERE id = $1", id, purged)?;
    Ok(())
}

pub async fn insert_batch(
    tx: &mut Tx,
    journal_id: &str,
    (first_seq, end_seq): (i64, i64),
    bytes: &[u8],
    now: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO journal_batches (journal_id, first_seq, end_seq, received_at, bytes) VALUES ($1, $2, $3, $4, $5)",
        journal_id,
        first_seq,
        end_seq,
        now.0,
        bytes
    )?;
    Ok(())
}

/// The stored batch in which an entry came first, and where the next one begins. Batches follow one
/// another without gaps.
pub async fn find_batch(
    tx: &mut Tx,
    journal_id: &str,
    seq: i64,
) -> Result<Option<(i64, Vec<u8>)>, DbError> {
    row!(
        tx,
        (i64, Vec<u8>),
        "SELECT end_seq, bytes FROM journal_batches WHERE journal_id = $1 AND first_seq <= $2 \
         ORDER BY first_seq DESC LIMIT 1",
        journal_id,
        seq
    )
}
