//! The check of the whole chain for the log's page. It walks beside requests, in steps that hold up nobody, and keeps how far
//! it has come and how it ended in one row: so its result stays on the page, and a walk whose process is gone can be gone on
//! with. Every check begins at the first entry: what was found right once may have been changed since.

use fugong_common::time::Millis;

use super::store::{ends_as_stored, head, walk};
use super::{ChainFault, Link};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::{row, run};

/// Entries of one step.
const STEP: i64 = 5_000;
/// A walk that gave no sign of life for so long has lost its process.
const STALE_SECONDS: i64 = 60;

#[derive(sqlx::FromRow)]
struct CheckRow {
    account_id: String,
    started_at: i64,
    touched_at: i64,
    ended_at: i64,
    to_seq: i64,
    to_sha256: Option<Vec<u8>>,
    seq: i64,
    sha256: Option<Vec<u8>>,
    fault: String,
    fault_seq: i64,
}

/// How a check stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    Running,
    /// Its process is gone.
    CutOff,
    Whole,
    Faulty(ChainFault),
}

/// The last check that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub account_id: String,
    pub started_at: Millis,
    pub stand: Stand,
    /// The chain's end when it began; entries behind it are not part of this check.
    pub to: Link,
    /// How far it has come.
    pub at: Link,
}

impl CheckRow {
    fn into_check(self, now: Millis) -> Result<Option<Check>, DbError> {
        if self.started_at == 0 {
            return Ok(None);
        }
        let corrupt = |column| DbError::corrupt("audit_check", column, "1");
        let fault = ChainFault::from_row(&self.fault, self.fault_seq);
        let stand = match (self.ended_at, fault) {
            (0, _) if is_stale(Millis(self.touched_at), now) => Stand::CutOff,
            (0, _) => Stand::Running,
            (_, Some(fault)) => Stand::Faulty(fault),
            (_, None) if self.fault.is_empty() => Stand::Whole,
            (_, None) => return Err(corrupt("fault")),
        };
        Ok(Some(Check {
            account_id: self.account_id,
            started_at: Millis(self.started_at),
            stand,
            to: Link {
                seq: self.to_seq,
                sha256: self.to_sha256.ok_or_else(|| corrupt("to_sha256"))?,
            },
            at: Link { seq: self.seq, sha256: self.sha256.ok_or_else(|| corrupt("sha256"))? },
        }))
    }
}

fn is_stale(touched_at: Millis, now: Millis) -> bool {
    touched_at < now.plus_seconds(-STALE_SECONDS)
}

/// The last check; `None` before the first.
pub async fn find(tx: &mut Tx, now: Millis) -> Result<Option<Check>, DbError> {
    row!(
        tx,
        CheckRow,
        "SELECT account_id, started_at, touched_at, ended_at, to_seq, to_sha256, seq, sha256, fault, fault_seq \
         FROM audit_check WHERE id = 1"
    )?
    .map_or(Ok(None), |row| row.into_check(now))
}

/// Begins a check of everything there is now, or goes on with one that was cut off. False while one is running.
async fn begin(tx: &mut Tx, account_id: &str, now: Millis) -> Result<bool, DbError> {
    let silent_since = now.plus_seconds(-STALE_SECONDS);
    let taken_over = run!(
        tx,
        "UPDATE audit_check SET touched_at = $1 WHERE id = 1 AND started_at > 0 AND ended_at = 0 AND touched_at < $2",
        now.0,
        silent_since.0
    )?;
    if taken_over == 1 {
        return Ok(true);
    }
    let (to_seq, to_sha256) = head(tx).await?;
    let start = Link::start();
    let begun = run!(
        tx,
        "UPDATE audit_check SET account_id = $1, started_at = $2, touched_at = $2, ended_at = 0, to_seq = $3, \
         to_sha256 = $4, seq = $5, sha256 = $6, fault = '', fault_seq = 0 \
         WHERE id = 1 AND (started_at = 0 OR ended_at > 0)",
        account_id,
        now.0,
        to_seq,
        to_sha256,
        start.seq,
        start.sha256
    )?;
    Ok(begun == 1)
}

/// Begins a check and walks beside the request that asked for it; nothing while one is running.
///
/// # Errors
/// The database's.
pub async fn start(app: &App, account_id: &str) -> Result<(), DbError> {
    let mut tx = app.db().write().await?;
    let begun = begin(&mut tx, account_id, app.now()).await?;
    tx.commit().await?;
    if begun {
        let app = app.clone();
        tokio::spawn(async move {
            if let Err(error) = finish(&app, STEP).await {
                tracing::error!(%error, "the check of the audit log stopped");
            }
        });
    }
    Ok(())
}

/// Walks step by step until the running check has ended, or another process walks it.
///
/// # Errors
/// The database's; the check can be gone on with.
pub(super) async fn finish(app: &App, step: i64) -> Result<(), DbError> {
    while go_on(app, step).await? {}
    Ok(())
}

/// One step; whether there is more to do.
async fn go_on(app: &App, step: i64) -> Result<bool, DbError> {
    let mut tx = app.db().snapshot().await?;
    let Some(check) = find(&mut tx, app.now()).await? else { return Ok(false) };
    if !matches!(check.stand, Stand::Running | Stand::CutOff) {
        return Ok(false);
    }
    let mut at = check.at.clone();
    let fault = match walk(&mut tx, &mut at, check.to.seq, step).await? {
        Err(fault) => Some(fault),
        Ok(()) if at == check.to => {
            (!ends_as_stored(&mut tx).await?).then_some(ChainFault::HeadDiffers)
        }
        // It ends too early, or otherwise than it is said to.
        Ok(()) if at.seq == check.to.seq || at == check.at => Some(ChainFault::HeadDiffers),
        Ok(()) => None,
    };
    drop(tx);
    let is_over = fault.is_some() || at == check.to;
    let now = app.now();
    let (code, seq) = fault.as_ref().map_or(("", 0), ChainFault::to_row);
    let mut tx = app.db().write().await?;
    let moved = run!(
        &mut tx,
        "UPDATE audit_check SET touched_at = $1, ended_at = $2, seq = $3, sha256 = $4, fault = $5, fault_seq = $6 \
         WHERE id = 1 AND started_at = $7 AND ended_at = 0 AND seq = $8",
        now.0,
        if is_over { now.0 } else { 0 },
        at.seq,
        at.sha256,
        code,
        seq,
        check.started_at.0,
        check.at.seq
    )?;
    tx.commit().await?;
    Ok(moved == 1 && !is_over)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
