//! Restores as rows, and the statements that set a database's numbers right.

use std::collections::BTreeSet;

use fugong_common::keys::KeyId;
use fugong_common::time::{Millis, Zone};

use crate::applications::store::receipt_counter;
use crate::backup::Contents;
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

#[derive(sqlx::FromRow)]
struct RestoreRow {
    id: String,
    kind: String,
    at: i64,
    made_at: i64,
    finished_at: Option<i64>,
}

/// A restore or move that this database went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restore {
    pub id: String,
    pub at: Millis,
    /// When the archive's snapshot was taken: what happened after it is unknown here.
    pub made_at: Millis,
    pub finished_at: Option<Millis>,
}

/// Numbers on papers go on so much higher for each day that may be missing: more than the busiest
/// district gives in one.
const PAPERS_A_DAY: i64 = 10_000;

impl Restore {
    /// By how much numbers of documents, receipts and reports lie above those of the archive.
    pub fn margin(&self) -> i64 {
        let days = self.at.since(self.made_at).max(0) / 86_400_000 + 1;
        days.saturating_mul(PAPERS_A_DAY)
    }
}

impl From<RestoreRow> for Restore {
    fn from(row: RestoreRow) -> Self {
        Self {
            id: row.id,
            at: Millis(row.at),
            made_at: Millis(row.made_at),
            finished_at: row.finished_at.map(Millis),
        }
    }
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: &str,
    kind: &'static str,
    now: Millis,
    contents: &Contents,
) -> Result<Restore, DbError> {
    run!(
        tx,
        "INSERT INTO restores (id, kind, at, made_at, archive_sha256) VALUES ($1, $2, $3, $4, $5)",
        id,
        kind,
        now.0,
        contents.header.made_at,
        contents.sha256.to_vec()
    )?;
    let made_at = Millis(contents.header.made_at);
    Ok(Restore { id: id.to_owned(), at: now, made_at, finished_at: None })
}

/// The newest restore after a loss.
pub async fn newest(tx: &mut Tx) -> Result<Option<Restore>, DbError> {
    let found = row!(
        tx,
        RestoreRow,
        "SELECT id, kind, at, made_at, finished_at FROM restores WHERE kind = 'restored' \
         ORDER BY at DESC, id DESC LIMIT 1"
    )?;
    Ok(found.map(Restore::from))
}

/// The restore that is under way: gates are still asked what they hold.
pub async fn gathering(tx: &mut Tx) -> Result<Option<Restore>, DbError> {
    Ok(newest(tx).await?.filter(|restore| restore.finished_at.is_none()))
}

/// Whether this database was moved elsewhere: serving from it would make two histories.
pub async fn is_moved_out(tx: &mut Tx) -> Result<bool, DbError> {
    let last = row!(
        tx,
        RestoreRow,
        "SELECT id, kind, at, made_at, finished_at FROM restores ORDER BY at DESC, id DESC LIMIT 1"
    )?;
    Ok(last.is_some_and(|last| last.kind == "moved_out"))
}

pub(super) async fn finish(tx: &mut Tx, id: &str, now: Millis) -> Result<(), DbError> {
    run!(tx, "UPDATE restores SET finished_at = $2 WHERE id = $1", id, now.0)?;
    Ok(())
}

/// What was good once and may have been used up or ended since the archive.
pub(super) async fn forget_secrets(tx: &mut Tx) -> Result<(), DbError> {
    run!(tx, "DELETE FROM sessions")?;
    run!(tx, "DELETE FROM invitations")?;
    run!(tx, "DELETE FROM enrolment_codes")?;
    Ok(())
}

/// Ends the old keys' signing, and sets numbers above all that may have been given since.
pub(super) async fn jump(tx: &mut Tx, now: Millis, by: i64) -> Result<(), DbError> {
    run!(tx, "UPDATE counters SET value = value + $1 WHERE name = 'changes'", by)?;
    run!(
        tx,
        "UPDATE signing_keys SET retired_at = $1, \
         sign_until = CASE WHEN sign_until > $1 AND nbf <= $1 THEN $1 ELSE sign_until END \
         WHERE retired_at IS NULL",
        now.0
    )?;
    run!(
        tx,
        "UPDATE status_lists SET lost_from = COALESCE(lost_from, next_index), lost_seq = seq, seq = seq + $1, \
         token = NULL, signed_at = 0",
        by
    )?;
    Ok(())
}

/// Sets numbers that stand on papers above all that may have been given since: paper cannot be asked.
/// Those that begin anew with a year or a day are set for the year and day of the restore, whether
/// or not the archive has given any in them.
pub(super) async fn jump_papers(tx: &mut Tx, restore: &Restore) -> Result<(), DbError> {
    let by = restore.margin();
    let places = rows!(
        tx,
        (String, String),
        "SELECT DISTINCT zone, substr(code, 1, 6) FROM divisions ORDER BY 1, 2"
    )?;
    let mut zones = BTreeSet::new();
    for (zone, district) in places {
        let there =
            Zone::parse(&zone).map_err(|_| DbError::corrupt("divisions", "zone", zone.clone()))?;
        let day = there.date(restore.at).replace('-', "");
        jump_counter(tx, &receipt_counter(&format!("{district}-{day}")), by).await?;
        if !zones.insert(zone.clone()) {
            continue;
        }
        run!(
            tx,
            "UPDATE divisions SET \
             document_number = CASE WHEN document_year >= $2 THEN document_number + $3 ELSE $3 END, \
             document_year = CASE WHEN document_year >= $2 THEN document_year ELSE $2 END WHERE zone = $1",
            zone,
            i64::from(there.year(restore.at)),
            by
        )?;
    }
    jump_counter(tx, "reports", by).await
}

async fn jump_counter(tx: &mut Tx, name: &str, by: i64) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO counters (name, value) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value",
        name,
        by
    )?;
    Ok(())
}

/// Keys that sign no more on this issuer.
pub async fn retired_keys(tx: &mut Tx) -> Result<BTreeSet<KeyId>, DbError> {
    let found =
        rows!(tx, (String,), "SELECT key_id FROM signing_keys WHERE retired_at IS NOT NULL")?;
    Ok(found.into_iter().filter_map(|(id,)| id.parse().ok()).collect())
}

/// A key that a gate told of: it signed for the issuer that was lost.
pub(super) async fn retire(tx: &mut Tx, key_id: &str, now: Millis) -> Result<(), DbError> {
    run!(
        tx,
        "UPDATE signing_keys SET retired_at = $2 WHERE key_id = $1 AND retired_at IS NULL",
        key_id,
        now.0
    )?;
    run!(
        tx,
        "UPDATE status_lists SET lost_from = 0, lost_seq = 0 WHERE key_id = $1 AND lost_seq IS NULL",
        key_id
    )?;
    Ok(())
}

/// The number that a list had in the archive; `None` where it was never lost sight of.
pub(super) async fn lost_seq(tx: &mut Tx, key_id: &str) -> Result<Option<i64>, DbError> {
    let found =
        row!(tx, (Option<i64>,), "SELECT lost_seq FROM status_lists WHERE key_id = $1", key_id)?;
    Ok(found.and_then(|(seq,)| seq))
}

/// Lifts the number of changes above that of a manifest that somebody holds.
pub(super) async fn lift_changes(tx: &mut Tx, above: i64) -> Result<(), DbError> {
    run!(tx, "UPDATE counters SET value = $1 WHERE name = 'changes' AND value < $1", above)?;
    Ok(())
}

pub(super) async fn note_report(
    tx: &mut Tx,
    restore_id: &str,
    gate_id: &str,
    manifest_seq: i64,
    now: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO restore_reports (restore_id, gate_id, at, manifest_seq) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (restore_id, gate_id) DO UPDATE SET at = excluded.at, manifest_seq = excluded.manifest_seq",
        restore_id,
        gate_id,
        now.0,
        manifest_seq
    )?;
    Ok(())
}

/// How far the gates have told what they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub told: i64,
    /// Names of gates in use that have not.
    pub missing: Vec<String>,
}

pub async fn tally(tx: &mut Tx, restore_id: &str) -> Result<Tally, DbError> {
    let told =
        row!(tx, (i64,), "SELECT COUNT(*) FROM restore_reports WHERE restore_id = $1", restore_id)?;
    let missing = rows!(
        tx,
        (String,),
        "SELECT g.name FROM gates g WHERE g.state = 'confirmed' AND NOT EXISTS \
         (SELECT 1 FROM restore_reports r WHERE r.restore_id = $1 AND r.gate_id = g.id) ORDER BY g.id",
        restore_id
    )?;
    Ok(Tally {
        told: told.map_or(0, |(told,)| told),
        missing: missing.into_iter().map(|(name,)| name).collect(),
    })
}
