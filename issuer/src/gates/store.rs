//! Gates, codes, guards, journals and records as rows.

use fugong_common::time::Millis;

use super::GateState;
use crate::authz::Bounds;
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
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<GateRow>, DbError> {
    row!(
        tx,
        GateRow,
        "SELECT g.id, g.name, g.premises_id, p.name AS premises_name, g.division_id, g.division_path, g.state, \
         g.device_key, g.software, g.capacity, g.grace_hours, g.last_seen_at, g.seen_seq, g.created_at \
         FROM gates g JOIN premises p ON p.id = g.premises_id WHERE g.id = $1",
        id
    )
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
        "SELECT g.id, g.name, g.premises_id, p.name AS premises_name, g.division_id, g.division_path, g.state, \
         g.device_key, g.software, g.capacity, g.grace_hours, g.last_seen_at, g.seen_seq, g.created_at \
         FROM gates g JOIN premises p ON p.id = g.premises_id \
         WHERE g.division_path >= $1 AND g.division_path < $2 AND g.id > $3 ORDER BY g.id LIMIT $4",
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

/// Lets a gate be enrolled (again): its old device no longer counts once a new one comes.
pub async fn put_code(
    tx: &mut Tx,
    gate_id: &str,
    locator: &str,
    code_sha256: &[u8],
    expires_at: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO enrolment_codes (gate_id, locator, code_sha256, expires_at, wrong_tries) \
         VALUES ($1, $2, $3, $4, 0) \
         ON CONFLICT (gate_id) DO UPDATE SET locator = $2, code_sha256 = $3, expires_at = $4, wrong_tries = 0",
        gate_id,
        locator,
        code_sha256,
        expires_at.0
    )?;
    Ok(())
}

/// Uses a code up; the gate it was for. The delete is the single use. A wrong code counts against
/// the one it was meant for.
pub async fn take_code(
    tx: &mut Tx,
    locator: &str,
    code_sha256: &[u8],
    tries_allowed: i64,
    now: Millis,
) -> Result<Option<String>, DbError> {
    let found = row!(
        tx,
        (String,),
        "DELETE FROM enrolment_codes WHERE locator = $1 AND code_sha256 = $2 AND expires_at > $3 \
         AND wrong_tries < $4 RETURNING gate_id",
        locator,
        code_sha256,
        now.0,
        tries_allowed
    )?;
    if found.is_none() {
        run!(
            tx,
            "UPDATE enrolment_codes SET wrong_tries = wrong_tries + 1 WHERE locator = $1",
            locator
        )?;
    }
    Ok(found.map(|(id,)| id))
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
/// wipe whenever it comes back, and another gate takes its place.
pub async fn renew(tx: &mut Tx, id: &str) -> Result<bool, DbError> {
    Ok(run!(
        tx,
        "UPDATE gates SET state = 'new', device_key = NULL WHERE id = $1 AND state IN ('waiting', 'confirmed')",
        id
    )? == 1)
}

pub async fn seen(tx: &mut Tx, id: &str, seq: i64, now: Millis) -> Result<(), DbError> {
    run!(tx, "UPDATE gates SET last_seen_at = $2, seen_seq = $3 WHERE id = $1", id, now.0, seq)?;
    Ok(())
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GuardRow {
    pub id: String,
    pub name: String,
    pub role: String,
    pub pin_hash: String,
}

pub async fn list_guards(tx: &mut Tx, gate_id: &str) -> Result<Vec<GuardRow>, DbError> {
    rows!(
        tx,
        GuardRow,
        "SELECT id, name, role, pin_hash FROM guards WHERE gate_id = $1 AND ended_at IS NULL ORDER BY id",
        gate_id
    )
}

pub async fn insert_guard(
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

pub async fn end_guard(tx: &mut Tx, gate_id: &str, id: &str, now: Millis) -> Result<bool, DbError> {
    Ok(run!(
        tx,
        "UPDATE guards SET ended_at = $3 WHERE id = $2 AND gate_id = $1 AND ended_at IS NULL",
        gate_id,
        id,
        now.0
    )? == 1)
}

/// The service's own key of this name; the first caller's proposal becomes it.
pub async fn secret(tx: &mut Tx, name: &str, proposal: &[u8]) -> Result<Vec<u8>, DbError> {
    run!(
        tx,
        "INSERT INTO service_secrets (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        name,
        proposal
    )?;
    row!(tx, (Vec<u8>,), "SELECT secret FROM service_secrets WHERE name = $1", name)?
        .map(|(secret,)| secret)
        .ok_or(DbError::corrupt("service_secrets", "name", name))
}

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

pub async fn find_journal(tx: &mut Tx, id: &str) -> Result<Option<JournalRow>, DbError> {
    row!(
        tx,
        JournalRow,
        "SELECT id, gate_id, next_seq, head, opened_at, unread, purged FROM journals WHERE id = $1",
        id
    )
}

/// Takes a journal's row under lock, opening it if it is new. `None`: it belongs to another gate.
pub async fn lock_journal(
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

pub async fn list_journals(tx: &mut Tx, gate_id: &str) -> Result<Vec<JournalRow>, DbError> {
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

pub async fn insert_dispute(
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
pub async fn has_dispute(tx: &mut Tx, gate_id: &str, bytes: &[u8]) -> Result<bool, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM journal_disputes WHERE gate_id = $1 AND bytes = $2",
        gate_id,
        bytes
    )?;
    Ok(found.is_some_and(|(count,)| count > 0))
}

/// The uploads themselves, oldest first.
pub async fn list_disputed_bytes(tx: &mut Tx, gate_id: &str) -> Result<Vec<Vec<u8>>, DbError> {
    let found = rows!(
        tx,
        (Vec<u8>,),
        "SELECT bytes FROM journal_disputes WHERE gate_id = $1 ORDER BY received_at, id",
        gate_id
    )?;
    Ok(found.into_iter().map(|(bytes,)| bytes).collect())
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DisputeRow {
    pub id: String,
    pub journal_id: String,
    pub fault: String,
    pub received_at: i64,
    pub settled_at: Option<i64>,
}

pub async fn list_disputes(tx: &mut Tx, gate_id: &str) -> Result<Vec<DisputeRow>, DbError> {
    rows!(
        tx,
        DisputeRow,
        "SELECT id, journal_id, fault, received_at, settled_at FROM journal_disputes WHERE gate_id = $1 \
         ORDER BY received_at DESC LIMIT 50",
        gate_id
    )
}

pub async fn count_open_disputes(tx: &mut Tx, gate_id: &str) -> Result<i64, DbError> {
    let count = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM journal_disputes WHERE gate_id = $1 AND settled_at IS NULL",
        gate_id
    )?;
    Ok(count.map_or(0, |(count,)| count))
}

/// How the gates stand, all together.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct ContactCount {
    pub confirmed: i64,
    /// Confirmed, and not heard of since a given instant.
    pub silent: i64,
    pub open_disputes: i64,
}

pub async fn count_by_contact(tx: &mut Tx, since: Millis) -> Result<ContactCount, DbError> {
    let count = row!(
        tx,
        ContactCount,
        "SELECT COUNT(*) AS confirmed, \
         COALESCE(CAST(SUM(CASE WHEN COALESCE(last_seen_at, 0) < $1 THEN 1 ELSE 0 END) AS BIGINT), 0) AS silent, \
         (SELECT COUNT(*) FROM journal_disputes WHERE settled_at IS NULL) AS open_disputes \
         FROM gates WHERE state = 'confirmed'",
        since.0
    )?;
    Ok(count.unwrap_or_default())
}

pub async fn settle_dispute(
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

/// A line of the record (domain A52).
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Scan {
    pub enterprise_id: String,
    pub received_at: i64,
    pub journal_id: String,
    pub seq: i64,
    pub gate_id: String,
    pub at: i64,
    pub kind: String,
    pub verdict: String,
    pub direction: String,
    pub worker: String,
    pub name: String,
    pub vehicle: String,
    pub tenths_celsius: Option<i64>,
    pub operator: String,
    pub note: String,
    pub rule_version: i64,
    pub clock_certain: i64,
}

/// A line with the names of its gate and enterprise.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ScanLine {
    #[sqlx(flatten)]
    pub scan: Scan,
    pub gate_name: String,
    pub enterprise_name: String,
    /// The guard's name, or what the gate wrote where it is no guard's id.
    pub operator_name: String,
}

/// How many rows one INSERT carries: 17 values each, below the 32,766 binds of `SQLite`.
const ROWS_AT_ONCE: usize = 400;

pub async fn insert_scans(tx: &mut Tx, scans: &[Scan]) -> Result<(), DbError> {
    for chunk in scans.chunks(ROWS_AT_ONCE) {
        match tx {
            Tx::Sqlite(t) => {
                insert_into(chunk).build().execute(&mut **t).await?;
            }
            Tx::Postgres(t) => {
                insert_into(chunk).build().execute(&mut **t).await?;
            }
        }
    }
    Ok(())
}

fn insert_into<'a, DB: sqlx::Database>(chunk: &'a [Scan]) -> sqlx::QueryBuilder<DB>
where
    &'a str: sqlx::Encode<'a, DB> + sqlx::Type<DB>,
    String: sqlx::Encode<'a, DB> + sqlx::Type<DB>,
    i64: sqlx::Encode<'a, DB> + sqlx::Type<DB>,
    Option<i64>: sqlx::Encode<'a, DB> + sqlx::Type<DB>,
{
    let mut query = sqlx::QueryBuilder::new(
        "INSERT INTO scans (enterprise_id, received_at, journal_id, seq, gate_id, at, kind, verdict, direction, \
         worker, name, vehicle, tenths_celsius, operator, note, rule_version, clock_certain) ",
    );
    query.push_values(chunk, |mut row, scan| {
        row.push_bind(scan.enterprise_id.clone())
            .push_bind(scan.received_at)
            .push_bind(scan.journal_id.clone())
            .push_bind(scan.seq)
            .push_bind(scan.gate_id.clone())
            .push_bind(scan.at)
            .push_bind(scan.kind.clone())
            .push_bind(scan.verdict.clone())
            .push_bind(scan.direction.clone())
            .push_bind(scan.worker.clone())
            .push_bind(scan.name.clone())
            .push_bind(scan.vehicle.clone())
            .push_bind(scan.tenths_celsius)
            .push_bind(scan.operator.clone())
            .push_bind(scan.note.clone())
            .push_bind(scan.rule_version)
            .push_bind(scan.clock_certain);
    });
    query
}

/// Where a page of records begins: behind this line.
#[derive(Clone, Debug)]
pub struct After {
    pub received_at: i64,
    pub journal_id: String,
    pub seq: i64,
}

impl After {
    /// From the newest on.
    pub fn newest() -> Self {
        Self { received_at: i64::MAX, journal_id: String::new(), seq: 0 }
    }
}

/// An enterprise's record, newest first.
pub async fn list_of_enterprise(
    tx: &mut Tx,
    enterprise_id: &str,
    after: &After,
    limit: i64,
) -> Result<Vec<ScanLine>, DbError> {
    rows!(
        tx,
        ScanLine,
        "SELECT s.*, COALESCE(g.name, '') AS gate_name, COALESCE(e.name, '') AS enterprise_name, \
         COALESCE(u.name, s.operator) AS operator_name FROM scans s \
         LEFT JOIN gates g ON g.id = s.gate_id LEFT JOIN enterprises e ON e.id = s.enterprise_id \
         LEFT JOIN guards u ON u.id = s.operator \
         WHERE s.enterprise_id = $1 AND (s.received_at, s.journal_id, s.seq) < ($2, $3, $4) \
         ORDER BY s.received_at DESC, s.journal_id DESC, s.seq DESC LIMIT $5",
        enterprise_id,
        after.received_at,
        &after.journal_id,
        after.seq,
        limit
    )
}

/// How often a verdict was given, with how many temperatures, and how often the guard let nobody in
/// all the same.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct VerdictCount {
    pub verdict: String,
    pub direction: String,
    pub checks: i64,
    pub measured: i64,
    pub refused: i64,
}

/// An enterprise's checks made from one instant until before another. Nothing is received before
/// it is made, so that the key's second column cuts what is older.
pub async fn count_by_verdict(
    tx: &mut Tx,
    enterprise_id: &str,
    from: Millis,
    to: Millis,
) -> Result<Vec<VerdictCount>, DbError> {
    rows!(
        tx,
        VerdictCount,
        "SELECT verdict, direction, COUNT(*) AS checks, COUNT(tenths_celsius) AS measured, \
         COUNT(CASE WHEN kind = 'check' AND substr(note || ' ', 1, 8) = 'refused ' THEN 1 END) AS refused FROM scans \
         WHERE enterprise_id = $1 AND received_at >= $2 AND at >= $2 AND at < $3 \
         GROUP BY verdict, direction ORDER BY verdict, direction",
        enterprise_id,
        from.0,
        to.0
    )
}

/// What one gate recorded, newest first.
pub async fn list_of_gate(
    tx: &mut Tx,
    gate_id: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<ScanLine>, DbError> {
    rows!(
        tx,
        ScanLine,
        "SELECT s.*, COALESCE(g.name, '') AS gate_name, COALESCE(e.name, '') AS enterprise_name, \
         COALESCE(u.name, s.operator) AS operator_name FROM scans s \
         LEFT JOIN gates g ON g.id = s.gate_id LEFT JOIN enterprises e ON e.id = s.enterprise_id \
         LEFT JOIN guards u ON u.id = s.operator \
         WHERE s.gate_id = $1 AND s.received_at < $2 \
         ORDER BY s.received_at DESC, s.journal_id DESC, s.seq DESC LIMIT $3",
        gate_id,
        before,
        limit
    )
}

/// Makes the partitions of a month on `PostgreSQL`; does nothing on `SQLite`.
pub async fn ensure_partition(
    tx: &mut Tx,
    name: &str,
    from: Millis,
    to: Millis,
) -> Result<(), DbError> {
    if let Tx::Postgres(t) = tx {
        let exists: Option<(i64,)> =
            sqlx::query_as("SELECT CAST(1 AS BIGINT) FROM pg_class WHERE relname = $1")
                .bind(name)
                .fetch_optional(&mut **t)
                .await?;
        if exists.is_none() {
            let statement = format!(
                "CREATE TABLE IF NOT EXISTS {name} PARTITION OF scans FOR VALUES FROM ({}) TO ({})",
                from.0, to.0
            );
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut **t).await?;
        }
    }
    Ok(())
}
