//! An import from upload to the word to begin: read, previewed, read again as chosen.

use fugong_common::hex;
use fugong_common::lang::Lang;
use sha2::{Digest, Sha256};

use super::columns::{self, Subject};
use super::grid::{Book, Sheet};
use super::plan::{Failure, Policy, SheetInfo, Summary};
use super::read::{self, ReadError};
use super::rows::{apart, load};
use super::store::{self, Import, State};
use super::understood::understand;
use crate::app::App;
use crate::db::DbError;
use crate::passes::PassError;

/// Who brings which file.
#[derive(Clone, Debug)]
pub struct Upload {
    pub subject: Subject,
    /// Whose roster; empty for enterprises.
    pub enterprise_id: String,
    /// Below which enterprises are put; of a roster, the enterprise's.
    pub division_id: String,
    pub account_id: String,
    pub file_name: String,
    pub lang: Lang,
}

/// Why a file is not previewed.
#[derive(Debug)]
pub enum JobError {
    Read(ReadError),
    Db(DbError),
    /// The import, its rows or its division are gone.
    Gone,
    Failed(String),
}

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<PassError> for JobError {
    fn from(error: PassError) -> Self {
        match error {
            PassError::Db(error) => Self::Db(error),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<ReadError> for JobError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Reads a file and keeps it for its preview; returns the import's id.
pub async fn prepare(app: &App, upload: Upload, bytes: Vec<u8>) -> Result<String, JobError> {
    let subject = upload.subject;
    let (book, packed, file_sha256) = apart(move || {
        let book = read::read(&bytes)?;
        let packed = book.pack().map_err(|_| ReadError::Broken)?;
        Ok::<_, ReadError>((book, packed, hex::encode(&Sha256::digest(&bytes))))
    })
    .await??;
    let summary = Summary {
        lang: Some(upload.lang),
        file_sha256,
        sheets: book
            .sheets
            .iter()
            .map(|sheet| SheetInfo {
                name: sheet.name.clone(),
                rows: sheet.rows.len(),
                formulas: sheet.formulas,
                merged: sheet.merged,
            })
            .collect(),
        sheet: best_sheet(subject, &book),
        ..Summary::default()
    };
    let mut import = Import {
        id: app.new_id(),
        subject,
        enterprise_id: upload.enterprise_id,
        division_id: upload.division_id,
        account_id: upload.account_id,
        file_name: upload.file_name,
        state: State::Previewed,
        summary,
        total: 0,
        done: 0,
        bad: 0,
        created_at: app.now(),
        touched_at: app.now(),
        expires_at: app.now(),
    };
    choose_sheet(app, &mut import, &book).await?;
    understand(app, &mut import, book).await?;
    let mut tx = app.db().write().await?;
    store::insert(&mut tx, &import, &packed, app.now()).await?;
    tx.commit().await?;
    Ok(import.id)
}

/// The first sheet in which headers are recognised, else the first.
fn best_sheet(subject: Subject, book: &Book) -> usize {
    let known = |sheet: &Sheet| columns::find_header_row(subject, sheet).is_some();
    book.sheets.iter().position(known).unwrap_or(0)
}

/// Sets header row and mapping for the chosen sheet: as last time for these headers, else as
/// recognised.
async fn choose_sheet(app: &App, import: &mut Import, book: &Book) -> Result<(), JobError> {
    let summary = &mut import.summary;
    let sheet = book.sheets.get(summary.sheet).ok_or(JobError::Gone)?;
    summary.header_row = columns::find_header_row(import.subject, sheet);
    choose_row(app, import, book).await
}

async fn choose_row(app: &App, import: &mut Import, book: &Book) -> Result<(), JobError> {
    let summary = &mut import.summary;
    let sheet = book.sheets.get(summary.sheet).ok_or(JobError::Gone)?;
    summary.headers = columns::headers(sheet, summary.header_row.unwrap_or(0));
    let mut tx = app.db().read().await?;
    let digest = columns::digest(&summary.headers);
    let known = store::find_mapping(&mut tx, import.subject, &digest).await?;
    let guessed = columns::to_codes(&columns::guess(import.subject, &summary.headers));
    summary.remembered = known.as_ref().is_some_and(|known| *known != guessed);
    summary.mapping = known.unwrap_or(guessed);
    Ok(())
}

/// How a sheet is to be read, as chosen on the preview page.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub sheet: usize,
    /// From 0.
    pub header_row: usize,
    /// Field codes by column; of use only for the same sheet and header row.
    pub mapping: Vec<String>,
    pub policy: Policy,
    pub full: bool,
    pub no_code_reason: String,
}

/// Reads a previewed import again as chosen.
pub async fn read_again(app: &App, import: &mut Import, reading: Reading) -> Result<(), JobError> {
    let book = load(app, &import.id).await?;
    let before = (import.summary.sheet, import.summary.header_row);
    import.summary.policy = reading.policy;
    import.summary.full = reading.full;
    import.summary.no_code_reason = reading.no_code_reason;
    if reading.sheet != before.0 && reading.sheet < book.sheets.len() {
        import.summary.sheet = reading.sheet;
        choose_sheet(app, import, &book).await?;
    } else if Some(reading.header_row) != before.1 {
        import.summary.header_row = Some(reading.header_row);
        choose_row(app, import, &book).await?;
    } else if !reading.mapping.is_empty() {
        let chosen = columns::from_codes(import.subject, &reading.mapping);
        import.summary.mapping = columns::to_codes(&chosen);
    }
    understand(app, import, book).await?;
    let mut tx = app.db().write().await?;
    if !store::set_preview(&mut tx, import).await? {
        return Err(JobError::Gone);
    }
    tx.commit().await?;
    Ok(())
}

/// Begins a previewed import and remembers its mapping; returns the imports that it takes the place
/// of, or `None` if it had begun.
///
/// An import whose process was killed would go on later and bring back what a newer sheet has put
/// right. So a roster's import ends any other of that roster, and a sheet of enterprises ends its
/// uploader's earlier import of the same file: their next step finds them ended and writes nothing.
pub async fn begin(app: &App, import: &Import) -> Result<Option<Vec<Import>>, DbError> {
    let mut tx = app.db().write().await?;
    if !store::begin(&mut tx, &import.id, app.now()).await? {
        return Ok(None);
    }
    let digest = columns::digest(&import.summary.headers);
    store::remember(&mut tx, import.subject, &digest, &import.summary.mapping).await?;
    let running = store::list_running(&mut tx, import.subject, &import.enterprise_id).await?;
    let mut ended = Vec::new();
    for mut other in running.into_iter().filter(|other| takes_place_of(import, other)) {
        other.summary.failure = Failure::Replaced;
        other.summary.forget_samples();
        if store::finish(&mut tx, &other, State::Failed, None, app.now()).await? {
            ended.push(other);
        }
    }
    tx.commit().await?;
    Ok(Some(ended))
}

fn takes_place_of(import: &Import, other: &Import) -> bool {
    other.id != import.id
        && match import.subject {
            Subject::People => true,
            Subject::Enterprises => {
                other.account_id == import.account_id
                    && other.summary.file_sha256 == import.summary.file_sha256
            }
        }
}
