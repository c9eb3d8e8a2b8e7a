//! Imports under way as rows, and how headers were read last time.

use fugong_common::time::Millis;

use super::columns::Subject;
use super::plan::Summary;
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

/// A preview is kept for so long; so is what a finished import leaves to its uploader.
pub const PREVIEW_HOURS: i64 = 1;
pub const RESULT_HOURS: i64 = 24;
/// A running import that gave no sign of life for so long has lost its process.
pub const STALE_SECONDS: i64 = 90;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Previewed,
    Running,
    Finished,
    Failed,
}

impl State {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Previewed => "previewed",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        [Self::Previewed, Self::Running, Self::Finished, Self::Failed]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

#[derive(sqlx::FromRow)]
struct ImportRow {
    id: String,
    kind: String,
    enterprise_id: String,
    division_id: String,
    account_id: String,
    file_name: String,
    state: String,
    summary: String,
    total: i64,
    done: i64,
    bad: i64,
    created_at: i64,
    touched_at: i64,
    expires_at: i64,
}

/// An import without its rows.
#[derive(Clone, Debug)]
pub struct Import {
    pub id: String,
    pub subject: Subject,
    /// Whose roster; empty for a sheet of enterprises.
    pub enterprise_id: String,
    /// Below which enterprises are put.
    pub division_id: String,
    /// Who uploaded it, and alone may see it; empty for the command line.
    pub account_id: String,
    pub file_name: String,
    pub state: State,
    pub summary: Summary,
    pub total: i64,
    pub done: i64,
    pub bad: i64,
    pub created_at: Millis,
    /// The last sign of life of its process.
    pub touched_at: Millis,
    pub expires_at: Millis,
}

impl Import {
    /// Whether its process is gone, and another has yet to take it over.
    pub fn is_cut_off(&self, now: Millis) -> bool {
        self.state == State::Running && self.touched_at < now.plus_seconds(-STALE_SECONDS)
    }
}

impl ImportRow {
    fn into_import(self) -> Result<Import, DbError> {
        let corrupt = |column| DbError::corrupt("imports", column, &self.id);
        Ok(Import {
            subject: Subject::parse(&self.kind).ok_or_else(|| corrupt("kind"))?,
            state: State::parse(&self.state).ok_or_else(|| corrupt("state"))?,
            summary: serde_json::from_str(&self.summary).map_err(|_| corrupt("summary"))?,
            id: self.id,
            enterprise_id: self.enterprise_id,
            division_id: self.division_id,
            account_id: self.account_id,
            file_name: self.file_name,
            total: self.total,
            done: self.done,
            bad: self.bad,
            created_at: Millis(self.created_at),
            touched_at: Millis(self.touched_at),
            expires_at: Millis(self.expires_at),
        })
    }
}

fn json(summary: &Summary) -> String {
    serde_json::to_string(summary).unwrap_or_default()
}

/// Keeps a file that was read, to be previewed.
pub async fn insert(
    tx: &mut Tx,
    import: &Import,
    packed: &[u8],
    now: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO imports (id, kind, enterprise_id, division_id, account_id, file_name, state, rows, summary, total, \
         bad, created_at, touched_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)",
        &import.id,
        import.subject.code(),
        &import.enterprise_id,
        &import.division_id,
        &import.account_id,
        &import.file_name,
        import.state.code(),
        packed,
        json(&import.summary),
        import.total,
        import.bad,
        now.0,
        now.plus_hours(PREVIEW_HOURS).0
    )?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Import>, DbError> {
    row!(
        tx,
        ImportRow,
        "SELECT id, kind, enterprise_id, division_id, account_id, file_name, state, summary, total, done, bad, \
         created_at, touched_at, expires_at FROM imports WHERE id = $1",
        id
    )?
    .map(ImportRow::into_import)
    .transpose()
}

/// The packed book, unless it was taken or purged.
pub async fn find_rows(tx: &mut Tx, id: &str) -> Result<Option<Vec<u8>>, DbError> {
    let found = row!(tx, (Option<Vec<u8>>,), "SELECT rows FROM imports WHERE id = $1", id)?;
    Ok(found.and_then(|(rows,)| rows))
}

/// The sheet of bad rows with their reasons.
pub async fn find_bad_sheet(tx: &mut Tx, id: &str) -> Result<Option<Vec<u8>>, DbError> {
    let found = row!(tx, (Option<Vec<u8>>,), "SELECT bad_sheet FROM imports WHERE id = $1", id)?;
    Ok(found.and_then(|(sheet,)| sheet))
}

/// Changes how a previewed import is read. False: it has begun or is gone.
pub async fn set_preview(tx: &mut Tx, import: &Import) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE imports SET summary = $2, total = $3, bad = $4 WHERE id = $1 AND state = 'previewed'",
        &import.id,
        json(&import.summary),
        import.total,
        import.bad
    )?;
    Ok(touched == 1)
}

/// Begins a previewed import. False: somebody else did, or it is gone.
pub async fn begin(tx: &mut Tx, id: &str, now: Millis) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE imports SET state = 'running', touched_at = $2, expires_at = $3 WHERE id = $1 AND state = 'previewed'",
        id,
        now.0,
        now.plus_hours(PREVIEW_HOURS).0
    )?;
    Ok(touched == 1)
}

/// Takes over a running import whose process is gone. False: it gave a sign of life meanwhile.
pub async fn take_over(tx: &mut Tx, id: &str, now: Millis) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE imports SET touched_at = $2 WHERE id = $1 AND state = 'running' AND touched_at < $3",
        id,
        now.0,
        now.plus_seconds(-STALE_SECONDS).0
    )?;
    Ok(touched == 1)
}

/// Running imports whose process is gone.
pub async fn list_stale(tx: &mut Tx, now: Millis) -> Result<Vec<String>, DbError> {
    let found = rows!(
        tx,
        (String,),
        "SELECT id FROM imports WHERE state = 'running' AND touched_at < $1 AND expires_at > $2 ORDER BY id",
        now.plus_seconds(-STALE_SECONDS).0,
        now.0
    )?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Running imports of one roster, or of sheets of enterprises; the oldest first.
pub async fn list_running(
    tx: &mut Tx,
    subject: Subject,
    enterprise_id: &str,
) -> Result<Vec<Import>, DbError> {
    let found = rows!(
        tx,
        ImportRow,
        "SELECT id, kind, enterprise_id, division_id, account_id, file_name, state, summary, total, done, bad, \
         created_at, touched_at, expires_at FROM imports WHERE kind = $1 AND enterprise_id = $2 AND state = 'running' \
         ORDER BY id",
        subject.code(),
        enterprise_id
    )?;
    found.into_iter().map(ImportRow::into_import).collect()
}

/// Moves on from `done` to `to` in the transaction that writes those rows. False: another process
/// has gone on with it, and this transaction must not be committed.
pub async fn advance(tx: &mut Tx, import: &Import, to: i64, now: Millis) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE imports SET done = $3, summary = $4, touched_at = $5 WHERE id = $1 AND state = 'running' AND done = $2",
        &import.id,
        import.done,
        to,
        json(&import.summary),
        now.0
    )?;
    Ok(touched == 1)
}

/// Ends a running import: its rows go at once, the sheet of bad ones stays for a day.
pub async fn finish(
    tx: &mut Tx,
    import: &Import,
    state: State,
    bad_sheet: Option<&[u8]>,
    now: Millis,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE imports SET state = $2, rows = NULL, summary = $3, bad = $4, bad_sheet = $5, done = $6, touched_at = $7, \
         expires_at = $8 WHERE id = $1 AND state = 'running'",
        &import.id,
        state.code(),
        json(&import.summary),
        import.bad,
        bad_sheet,
        import.done,
        now.0,
        now.plus_hours(RESULT_HOURS).0
    )?;
    Ok(touched == 1)
}

/// Drops a preview that nobody wants.
pub async fn discard(tx: &mut Tx, id: &str) -> Result<bool, DbError> {
    Ok(run!(tx, "DELETE FROM imports WHERE id = $1 AND state = 'previewed'", id)? == 1)
}

/// Deletes what has outlived its time; counts it.
pub async fn purge(tx: &mut Tx, now: Millis) -> Result<u64, DbError> {
    run!(tx, "DELETE FROM imports WHERE expires_at <= $1", now.0)
}

/// Imports of one account that are still there, newest first.
pub async fn list_of_account(
    tx: &mut Tx,
    account_id: &str,
    subject: Subject,
    limit: i64,
) -> Result<Vec<Import>, DbError> {
    let found = rows!(
        tx,
        ImportRow,
        "SELECT id, kind, enterprise_id, division_id, account_id, file_name, state, summary, total, done, bad, \
         created_at, touched_at, expires_at FROM imports WHERE account_id = $1 AND kind = $2 ORDER BY created_at DESC, id LIMIT $3",
        account_id,
        subject.code(),
        limit
    )?;
    found.into_iter().map(ImportRow::into_import).collect()
}

/// Remembers how a set of headers was read.
pub async fn remember(
    tx: &mut Tx,
    subject: Subject,
    headers_sha256: &[u8],
    mapping: &[String],
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO import_mappings (kind, headers_sha256, mapping) VALUES ($1, $2, $3) \
         ON CONFLICT (kind, headers_sha256) DO UPDATE SET mapping = excluded.mapping",
        subject.code(),
        headers_sha256,
        serde_json::to_string(mapping).unwrap_or_default()
    )?;
    Ok(())
}

/// How these headers were read last time, as field codes by column.
pub async fn find_mapping(
    tx: &mut Tx,
    subject: Subject,
    headers_sha256: &[u8],
) -> Result<Option<Vec<String>>, DbError> {
    let found = row!(
        tx,
        (String,),
        "SELECT mapping FROM import_mappings WHERE kind = $1 AND headers_sha256 = $2",
        subject.code(),
        headers_sha256
    )?;
    Ok(found.and_then(|(mapping,)| serde_json::from_str(&mapping).ok()))
}
