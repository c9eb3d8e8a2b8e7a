//! Gates as rows, and in rooms of their own what hangs on them: codes and keys, guards, journals,
//! uploads that contradict them, and the record that is read out of them.

pub mod disputes;
pub mod guards;
pub mod journals;
pub mod scans;
pub mod secrets;

use fugong_common::time::Millis;

use super::GateState;
use crate::authz::{Bounds, Place};
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GateRow {
    pub id: String,
    pub name: String,
    pub premises_id: String,
    pub premises_name: String,
    pub division_id: String,
    pub division_path: String,
    pub state: String,
    pub device_key: Option<Vec<u8>>,
    pub software: String,
    pub capacity: Option<i64>,
    pub grace_hours: Option<i64>,
    pub last_seen_at: Option<i64>,
    pub seen_seq: i64,
    pub created_at: i64,
}

impl GateRow {
    pub fn state(&self) -> Result<GateState, DbError> {
        GateState::parse(&self.state).ok_or_else(|| DbError::corrupt("gates", "state", &self.id))
    }

    /// Where it stands, for authorisation of posts that reach divisions.
    pub fn place(&self) -> Place<'_> {
        Place::in_division(&self.division_path)
    }
}

macro_rules! columns {
    () => {
        "SELECT g.id, g.name, g.premises_id, p.name AS premises_name, g.division_id, g.division_path, g.state, \
         g.device_key, g.software, g.capacity, g.grace_hours, g.last_seen_at, g.seen_seq, g.created_at \
         FROM gates g JOIN premises p ON p.id = g.premises_id "
    };
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<GateRow>, DbError> {
    row!(tx, GateRow, concat!(columns!(), "WHERE g.id = $1"), id)
}

/// A page of gates within bounds, oldest first.
pub async fn list(
    tx: &mut Tx,
    bounds: &Bounds,
    after: &str,
    limit: i64,
) -> Result<Vec<GateRow>, DbError> {
    rows!(
        tx,
        GateRow,
        concat!(
            columns!(),
            "WHERE g.division_path >= $1 AND g.division_path < $2 AND g.id > $3 ORDER BY g.id LIMIT $4"
        ),
        &bounds.from,
        &bounds.to,
        after,
        limit
    )
}

/// Whether a gate within bounds is confirmed.
pub async fn has_confirmed(tx: &mut Tx, bounds: &Bounds) -> Result<bool, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM gates WHERE division_path >= $1 AND division_path < $2 AND state = 'confirmed'",
        &bounds.from,
        &bounds.to
    )?;
    Ok(found.is_some_and(|(n,)| n > 0))
}

/// A gate to be enrolled.
#[derive(Clone, Debug)]
pub struct NewGate<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub premises_id: &'a str,
    pub division_id: &'a str,
    pub division_path: &'a str,
    pub capacity: Option<i64>,
    pub grace_hours: Option<i64>,
    pub created_at: Millis,
}

pub async fn insert(tx: &mut Tx, gate: NewGate<'_>) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO gates (id, name, premises_id, division_id, division_path, state, capacity, grace_hours, created_at) \
         VALUES ($1, $2, $3, $4, $5, 'new', $6, $7, $8)",
        gate.id,
        gate.name,
        gate.premises_id,
        gate.division_id,
        gate.division_path,
        gate.capacity,
        gate.grace_hours,
        gate.created_at.0
    )?;
    Ok(())
}

pub async fn update(
    tx: &mut Tx,
    id: &str,
    name: &str,
    capacity: Option<i64>,
    grace_hours: Option<i64>,
) -> Result<(), DbError> {
    run!(
        tx,
        "UPDATE gates SET name = $2, capacity = $3, grace_hours = $4 WHERE id = $1",
        id,
        name,
        capacity,
        grace_hours
    )?;
    Ok(())
}

/// A verifier has presented its key. Only a gate that is not in use takes one.
pub async fn present_device(
    tx: &mut Tx,
    id: &str,
    key: &[u8],
    software: &str,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE gates SET state = 'waiting', device_key = $2, software = $3 WHERE id = $1 AND state IN ('new', 'waiting')",
        id,
        key,
        software
    )?;
    Ok(touched == 1)
}

/// Confirms the device that a person has compared: guarded by the very key that was shown.
pub async fn confirm(tx: &mut Tx, id: &str, key: &[u8]) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE gates SET state = 'confirmed' WHERE id = $1 AND state = 'waiting' AND device_key = $2",
        id,
        key
    )?;
    Ok(touched == 1)
}

pub async fn cut_off(tx: &mut Tx, id: &str) -> Result<bool, DbError> {
    run!(tx, "DELETE FROM enrolment_codes WHERE gate_id = $1", id)?;
    Ok(run!(tx, "UPDATE gates SET state = 'cut_off' WHERE id = $1 AND state <> 'cut_off'", id)?
        == 1)
}

/// Makes a gate ready for another verifier. One that was cut off stays so: its box must be told to
/// wipe whenever it comes back, and another gate takes its place. Guarded by the key of the box that
/// is to go: a page from before its replacement came doesn't take that one away, too.
pub async fn renew(tx: &mut Tx, id: &str, key: &[u8]) -> Result<bool, DbError> {
    Ok(run!(
        tx,
        "UPDATE gates SET state = 'new', device_key = NULL WHERE id = $1 AND device_key = $2 \
         AND state IN ('waiting', 'confirmed')",
        id,
        key
    )? == 1)
}

pub async fn seen(tx: &mut Tx, id: &str, seq: i64, now: Millis) -> Result<(), DbError> {
    run!(tx, "UPDATE gates SET last_seen_at = $2, seen_seq = $3 WHERE id = $1", id, now.0, seq)?;
    Ok(())
}

/// How the gates stand, all together.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct ContactCount {
    pub confirmed: i64,
    /// Confirmed, and not heard of since a given instant.
    pub silent: i64,
    pub open_disputes: i64,
}

pub(in crate::gates) const COUNT_BY_CONTACT: &str = "SELECT COUNT(*) AS confirmed, \
     COALESCE(CAST(SUM(CASE WHEN COALESCE(last_seen_at, 0) < $1 THEN 1 ELSE 0 END) AS BIGINT), 0) AS silent, \
     (SELECT COUNT(*) FROM journal_disputes WHERE settled_at IS NULL) AS open_disputes \
     FROM gates WHERE state = 'confirmed'";

pub async fn count_by_contact(tx: &mut Tx, since: Millis) -> Result<ContactCount, DbError> {
    let count = row!(tx, ContactCount, COUNT_BY_CONTACT, since.0)?;
    Ok(count.unwrap_or_default())
}
