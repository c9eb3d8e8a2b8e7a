//! Status lists as rows.

use fugong_common::status::{MAX_ENTRIES, Status};
use fugong_common::time::Millis;

use crate::db::{DbError, Tx};
use crate::divisions;
use crate::{row, rows, run};

/// A list's row, held until the transaction ends.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Locked {
    pub seq: i64,
    pub next_index: i64,
    /// Indexes from here on were given away by an issuer that was lost.
    pub lost_from: Option<i64>,
}

/// Takes the next `seq` and the list's lock.
pub(super) async fn lock(tx: &mut Tx, key_id: &str) -> Result<Locked, DbError> {
    row!(
        tx,
        Locked,
        "UPDATE status_lists SET seq = seq + 1 WHERE key_id = $1 RETURNING seq, next_index, lost_from",
        key_id
    )?
    .ok_or(DbError::Reference)
}

/// The same, unless the list was signed after `before`.
pub(super) async fn lock_if_due(
    tx: &mut Tx,
    key_id: &str,
    before: Millis,
) -> Result<Option<Locked>, DbError> {
    row!(
        tx,
        Locked,
        "UPDATE status_lists SET seq = seq + 1 WHERE key_id = $1 AND signed_at <= $2 RETURNING seq, next_index, lost_from",
        key_id,
        before.0
    )
}

/// Lists last signed at `before` or earlier, or never yet, whose keys still count.
pub(super) async fn due(tx: &mut Tx, before: Millis, now: Millis) -> Result<Vec<String>, DbError> {
    let found = rows!(
        tx,
        (String,),
        "SELECT s.key_id FROM status_lists s JOIN signing_keys k ON k.key_id = s.key_id \
         WHERE s.signed_at <= $1 AND k.revoked_at IS NULL AND k.exp > $2 ORDER BY s.key_id",
        before.0,
        now.0
    )?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Takes an index that was never used.
///
/// # Errors
/// `Reference` when the list is full or unknown: time for a new key.
pub async fn take_index(tx: &mut Tx, key_id: &str) -> Result<i64, DbError> {
    row!(
        tx,
        (i64,),
        "UPDATE status_lists SET next_index = next_index + 1 WHERE key_id = $1 AND next_index < $2 \
         RETURNING next_index - 1",
        key_id,
        i64::from(MAX_ENTRIES)
    )?
    .map(|(index,)| index)
    .ok_or(DbError::Reference)
}

fn status_of(number: i64, key_id: &str) -> Result<Status, DbError> {
    match number {
        0 => Ok(Status::Valid),
        1 => Ok(Status::Revoked),
        2 => Ok(Status::Suspended),
        3 => Ok(Status::Superseded),
        _ => Err(DbError::corrupt("status_marks", "status", key_id)),
    }
}

/// What an index says now.
pub async fn find_mark(tx: &mut Tx, key_id: &str, index: i64) -> Result<Status, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT status FROM status_marks WHERE key_id = $1 AND status_index = $2",
        key_id,
        index
    )?;
    found.map_or(Ok(Status::Valid), |(number,)| status_of(number, key_id))
}

pub(crate) async fn mark(
    tx: &mut Tx,
    key_id: &str,
    index: i64,
    status: Status,
) -> Result<(), DbError> {
    if status == Status::Valid {
        run!(
            tx,
            "DELETE FROM status_marks WHERE key_id = $1 AND status_index = $2 AND status = 2",
            key_id,
            index
        )?;
        return Ok(());
    }
    run!(
        tx,
        "INSERT INTO status_marks (key_id, status_index, status) VALUES ($1, $2, $3) \
         ON CONFLICT (key_id, status_index) DO UPDATE SET status = excluded.status",
        key_id,
        index,
        i64::from(status.bits())
    )?;
    Ok(())
}

pub(crate) async fn marks(tx: &mut Tx, key_id: &str) -> Result<Vec<(u32, Status)>, DbError> {
    let found = rows!(
        tx,
        (i64, i64),
        "SELECT status_index, status FROM status_marks WHERE key_id = $1",
        key_id
    )?;
    let corrupt = |_| DbError::corrupt("status_marks", "status_index", key_id);
    found
        .into_iter()
        .map(|(index, status)| {
            Ok((u32::try_from(index).map_err(corrupt)?, status_of(status, key_id)?))
        })
        .collect()
}

pub(super) async fn keep_token(
    tx: &mut Tx,
    key_id: &str,
    token: &[u8],
    now: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "UPDATE status_lists SET token = $2, signed_at = $3 WHERE key_id = $1",
        key_id,
        token,
        now.0
    )?;
    Ok(())
}

/// A list's newest token.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StoredToken {
    pub key_id: String,
    pub seq: i64,
    pub token: Vec<u8>,
    pub signed_at: i64,
}

pub async fn find_token(tx: &mut Tx, key_id: &str) -> Result<Option<StoredToken>, DbError> {
    row!(
        tx,
        StoredToken,
        "SELECT key_id, seq, token, signed_at FROM status_lists WHERE key_id = $1 AND token IS NOT NULL",
        key_id
    )
}

/// How long a list is usable, by the regime of the uppermost division.
pub(super) async fn usable_seconds(tx: &mut Tx, now: Millis) -> Result<Option<u64>, DbError> {
    let Some(top) = divisions::store::find_top(tx).await? else { return Ok(None) };
    let regime = divisions::store::find_regime(tx, &top.path, now).await?;
    let hours = regime.map(|regime| regime.settings.status_usable_hours);
    Ok(hours.and_then(|hours| u64::try_from(hours).ok()).map(|hours| hours.saturating_mul(3600)))
}
