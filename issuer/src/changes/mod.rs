//! How issuer processes and waiting gates learn that something changed: a numbered row in the
//! transaction that changes it, a wake-up where the database has one, and polling behind it.

use std::time::Duration;

use fugong_common::time::Millis;
use sqlx::postgres::PgListener;

use crate::app::App;
use crate::db::{Db, DbError, Tx};
use crate::{row, rows, run};

const CHANNEL: &str = "fugong_changes";
const POLL: Duration = Duration::from_millis(500);
/// Rows older than this are of no use to anybody: a gate that was away asks for everything.
const KEEP_DAYS: i64 = 2;

/// Numbers a change; its row is visible exactly when the transaction commits.
pub async fn record(tx: &mut Tx, kind: &str, scope: &str, now: Millis) -> Result<i64, DbError> {
    let (seq,) = row!(
        tx,
        (i64,),
        "UPDATE counters SET value = value + 1 WHERE name = 'changes' RETURNING value"
    )?
    .ok_or(DbError::corrupt("counters", "name", "changes"))?;
    run!(
        tx,
        "INSERT INTO changes (seq, kind, scope, at, audit_sha256) \
         SELECT $1, $2, $3, $4, sha256 FROM audit_head WHERE id = 1",
        seq,
        kind,
        scope,
        now.0
    )?;
    if seq % 1000 == 0 {
        run!(tx, "DELETE FROM changes WHERE at < $1", now.plus_days(-KEEP_DAYS).0)?;
    }
    if let Tx::Postgres(_) = tx {
        run!(tx, "SELECT pg_notify($1, $2)", CHANNEL, seq.to_string())?;
    }
    Ok(seq)
}

/// The newest change's number.
pub async fn newest(tx: &mut Tx) -> Result<i64, DbError> {
    Ok(row!(tx, (i64,), "SELECT value FROM counters WHERE name = 'changes'")?.map_or(0, |(n,)| n))
}

/// Announces what other processes change until the service stops. With `SQLite` there is but one
/// process that changes things while serving, except for the command line: polling sees that.
pub async fn follow(app: App) {
    let mut listener = match app.db() {
        Db::Postgres(pool) => listen(pool).await,
        Db::Sqlite { .. } => None,
    };
    loop {
        match &mut listener {
            Some(connection) => {
                let _ = tokio::time::timeout(POLL * 4, connection.recv()).await;
            }
            None => tokio::time::sleep(POLL).await,
        }
        let seq = match app.db().read().await {
            Ok(mut tx) => newest(&mut tx).await,
            Err(error) => Err(error),
        };
        match seq {
            Ok(seq) => app.announce(seq),
            Err(error) => {
                tracing::warn!(%error, "cannot look for changes");
                tokio::time::sleep(POLL * 4).await;
            }
        }
    }
}

async fn listen(pool: &sqlx::PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(pool).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}

/// A change as a row.
#[derive(Clone, Debug, sqlx::FromRow)]
struct ChangeRow {
    seq: i64,
    kind: String,
    scope: String,
    at: i64,
    audit_sha256: Vec<u8>,
}

/// A change: what kind of thing, and whose (an enterprise, a site code, a gate; empty: everybody's).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub seq: i64,
    pub kind: String,
    pub scope: String,
    pub at: Millis,
    pub audit_sha256: Vec<u8>,
}

impl From<ChangeRow> for Change {
    fn from(row: ChangeRow) -> Self {
        Self {
            seq: row.seq,
            kind: row.kind,
            scope: row.scope,
            at: Millis(row.at),
            audit_sha256: row.audit_sha256,
        }
    }
}

/// The newest change.
pub async fn last(tx: &mut Tx) -> Result<Option<Change>, DbError> {
    let row = row!(
        tx,
        ChangeRow,
        "SELECT seq, kind, scope, at, audit_sha256 FROM changes ORDER BY seq DESC LIMIT 1"
    )?;
    Ok(row.map(Change::from))
}

/// More changes than this are not worth looking at one by one.
const LOOK_AT: i64 = 5000;

/// The changes behind `seq`; `None` when they are too many, or no longer all kept.
pub async fn since(tx: &mut Tx, seq: i64) -> Result<Option<Vec<Change>>, DbError> {
    let found = rows!(
        tx,
        ChangeRow,
        "SELECT seq, kind, scope, at, audit_sha256 FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2",
        seq,
        LOOK_AT
    )?;
    let whole = found.first().is_none_or(|first| first.seq == seq + 1);
    let few = i64::try_from(found.len()).unwrap_or(i64::MAX) < LOOK_AT;
    Ok((whole && few).then(|| found.into_iter().map(Change::from).collect()))
}
