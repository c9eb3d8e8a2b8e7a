//! The record: what journals say of people at gates, line by line.

use fugong_common::time::Millis;

use crate::db::{DbError, Tx};
use crate::{bulk, rows};

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

pub async fn insert(tx: &mut Tx, scans: &[Scan]) -> Result<(), DbError> {
    for chunk in scans.chunks(ROWS_AT_ONCE) {
        bulk!(
            tx,
            "INSERT INTO scans (enterprise_id, received_at, journal_id, seq, gate_id, at, kind, verdict, direction, \
             worker, name, vehicle, tenths_celsius, operator, note, rule_version, clock_certain) ",
            chunk,
            |row, scan| {
                row.push_bind(&scan.enterprise_id)
                    .push_bind(scan.received_at)
                    .push_bind(&scan.journal_id)
                    .push_bind(scan.seq)
                    .push_bind(&scan.gate_id)
                    .push_bind(scan.at)
                    .push_bind(&scan.kind)
                    .push_bind(&scan.verdict)
                    .push_bind(&scan.direction)
                    .push_bind(&scan.worker)
                    .push_bind(&scan.name)
                    .push_bind(&scan.vehicle)
                    .push_bind(scan.tenths_celsius)
                    .push_bind(&scan.operator)
                    .push_bind(&scan.note)
                    .push_bind(scan.rule_version)
                    .push_bind(scan.clock_certain);
            },
            ""
        )?;
    }
    Ok(())
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

macro_rules! lines {
    () => {
        "SELECT s.*, COALESCE(g.name, '') AS gate_name, COALESCE(e.name, '') AS enterprise_name, \
         COALESCE(u.name, s.operator) AS operator_name FROM scans s \
         LEFT JOIN gates g ON g.id = s.gate_id LEFT JOIN enterprises e ON e.id = s.enterprise_id \
         LEFT JOIN guards u ON u.id = s.operator "
    };
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
        concat!(
            lines!(),
            "WHERE s.enterprise_id = $1 AND (s.received_at, s.journal_id, s.seq) < ($2, $3, $4) \
             ORDER BY s.received_at DESC, s.journal_id DESC, s.seq DESC LIMIT $5"
        ),
        enterprise_id,
        after.received_at,
        &after.journal_id,
        after.seq,
        limit
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
        concat!(
            lines!(),
            "WHERE s.gate_id = $1 AND s.received_at < $2 \
             ORDER BY s.received_at DESC, s.journal_id DESC, s.seq DESC LIMIT $3"
        ),
        gate_id,
        before,
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
