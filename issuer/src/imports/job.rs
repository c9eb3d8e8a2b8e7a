//! An import from upload to end: read, previewed, taken in chunks, ended.

use std::time::Duration;

use fugong_common::lang::Lang;
use fugong_common::time::{Millis, Zone};
use jiff::civil::Date;
use tokio::sync::Semaphore;

use super::columns::{self, Subject};
use super::enterprises::{self, Against, Bad, Evaluated};
use super::grid::{Book, Sheet};
use super::places::Places;
use super::plan::{Counts, Sample, SheetInfo, Summary};
use super::read::{self, ReadError};
use super::store::{self, Import, State};
use super::{people, sheets, take_enterprises, take_people};
use crate::app::App;
use crate::audit::Act;
use crate::authz::Reach;
use crate::db::{DbError, Tx};
use crate::divisions;

/// Files read at once; each may take hundreds of megabytes.
static READERS: Semaphore = Semaphore::const_new(2);
/// Records of one transaction.
const CHUNK: usize = 2000;
/// Rows shown as understood, and bad rows shown with their reasons.
const SAMPLES: usize = 8;

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

impl From<ReadError> for JobError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JobError> {
    let _permit = READERS.acquire().await.map_err(|_| JobError::Gone)?;
    tokio::task::spawn_blocking(work).await.map_err(|error| JobError::Failed(error.to_string()))
}

/// Reads a file and keeps it for its preview; returns the import's id.
pub async fn prepare(app: &App, upload: Upload, bytes: Vec<u8>) -> Result<String, JobError> {
    let subject = upload.subject;
    let (book, packed) = apart(move || {
        let book = read::read(&bytes)?;
        let packed = book.pack().map_err(|_| ReadError::Broken)?;
        Ok::<_, ReadError>((book, packed))
    })
    .await??;
    let summary = Summary {
        lang: Some(upload.lang),
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
        expires_at: app.now(),
    };
    choose_sheet(app, &mut import, &book).await?;
    preview(app, &mut import, book).await?;
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
    pub policy: super::plan::Policy,
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
    preview(app, import, book).await?;
    let mut tx = app.db().write().await?;
    if !store::set_preview(&mut tx, import).await? {
        return Err(JobError::Gone);
    }
    tx.commit().await?;
    Ok(())
}

async fn load(app: &App, id: &str) -> Result<Book, JobError> {
    let mut tx = app.db().read().await?;
    let packed = store::find_rows(&mut tx, id).await?.ok_or(JobError::Gone)?;
    drop(tx);
    apart(move || Book::unpack(&packed)).await?.ok_or(JobError::Gone)
}

/// What an import's rows are read against.
struct Ground {
    places: Places,
    reach: Reach,
    zone: Zone,
    today: Date,
}

async fn ground(app: &App, tx: &mut Tx, import: &Import) -> Result<Ground, JobError> {
    let division = divisions::store::find(tx, &import.division_id).await?.ok_or(JobError::Gone)?;
    let reach = Reach::Division(division.path.clone());
    let nodes = divisions::store::list_within(tx, &reach.bounds(), app.now()).await?;
    let zone = Zone::parse(&division.zone).unwrap_or_else(|_| Zone::utc());
    let today = zone.date(app.now()).parse().map_err(|_| JobError::Gone)?;
    Ok(Ground { places: Places::new(nodes), reach, zone, today })
}

/// A sheet's rows, told apart.
enum Rows {
    Enterprises(Evaluated<enterprises::Record>),
    People(Evaluated<people::Record>),
}

/// A sheet with its rows told apart and what they were read against.
struct Read {
    sheet: Sheet,
    rows: Rows,
    ground: Ground,
}

async fn evaluate(import: &Import, mut book: Book, ground: Ground) -> Result<Read, JobError> {
    let summary = import.summary.clone();
    let subject = import.subject;
    if summary.sheet >= book.sheets.len() {
        return Err(JobError::Gone);
    }
    let sheet = book.sheets.swap_remove(summary.sheet);
    apart(move || {
        let mapping = columns::from_codes(subject, &summary.mapping);
        let header = summary.header_row.unwrap_or(0);
        let rows = match subject {
            Subject::Enterprises => {
                let against = Against {
                    places: &ground.places,
                    today: ground.today,
                    no_code_reason: &summary.no_code_reason,
                };
                Rows::Enterprises(enterprises::evaluate(&sheet, header, &mapping, &against))
            }
            Subject::People => {
                Rows::People(people::evaluate(&sheet, header, &mapping, ground.today, &ground.zone))
            }
        };
        Read { sheet, rows, ground }
    })
    .await
}

/// Computes the figures and examples of a preview.
async fn preview(app: &App, import: &mut Import, book: Book) -> Result<(), JobError> {
    let mut tx = app.db().read().await?;
    let ground = ground(app, &mut tx, import).await?;
    drop(tx);
    let mut read = evaluate(import, book, ground).await?;
    let mut tx = app.db().read().await?;
    let (counts, bad, good) = match &mut read.rows {
        Rows::Enterprises(rows) => {
            let under = under_enterprises(import, &read.ground, app.now());
            let steps = take_enterprises::decide(&mut tx, &rows.records, &under).await?;
            let (counts, more) = take_enterprises::count(&rows.records, &steps);
            rows.bad.extend(more);
            let good: Vec<usize> = rows.records.iter().map(|record| record.row).collect();
            (counts, std::mem::take(&mut rows.bad), good)
        }
        Rows::People(rows) => {
            let under = under_people(import, app.now());
            let change = take_people::decide_in(app, &mut tx, &rows.records, &under).await?;
            rows.bad.extend(change.bad);
            let good: Vec<usize> = rows.records.iter().map(|record| record.row).collect();
            (change.counts, std::mem::take(&mut rows.bad), good)
        }
    };
    drop(tx);
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    import.bad = length(bad.len());
    import.total = length(good.len()) + import.bad;
    import.summary.preview = Counts { bad: import.bad, ..counts };
    let lang = import.summary.lang.unwrap_or_default();
    let mapping = columns::from_codes(import.subject, &import.summary.mapping);
    let sample = |row: usize, faults: Vec<String>| sample(&read, &mapping, row, faults);
    import.summary.samples =
        good.iter().take(SAMPLES).map(|row| sample(*row, Vec::new())).collect();
    import.summary.bad_samples = bad
        .iter()
        .take(SAMPLES)
        .map(|bad| sample(bad.row, bad.faults.iter().map(|fault| fault.say(lang)).collect()))
        .collect();
    Ok(())
}

/// A row as understood, column by mapped column.
fn sample(
    read: &Read,
    mapping: &[Option<columns::Field>],
    row: usize,
    faults: Vec<String>,
) -> Sample {
    use columns::Field;
    let cells = read.sheet.rows.get(row.saturating_sub(1));
    let mut shown = Vec::new();
    for (at, field) in mapping.iter().enumerate() {
        let Some(field) = field else { continue };
        let cell = cells.and_then(|cells| cells.get(at)).cloned().unwrap_or_default();
        let day = match field {
            Field::ReturnedOn | Field::NotBefore | Field::SurveyPlannedOn => {
                super::values::day(&cell, read.ground.today).ok().flatten()
            }
            _ => None,
        };
        let note = match &day {
            Some(day) if day.guessed => "guessed",
            _ if cell.formula => "formula",
            _ if cell.merged => "merged",
            _ => "",
        };
        shown.push((day.map_or_else(|| cell.text(), |day| day.day), note.to_owned()));
    }
    Sample { row, cells: shown, faults }
}

fn under_enterprises<'a>(
    import: &'a Import,
    ground: &'a Ground,
    now: Millis,
) -> take_enterprises::Under<'a> {
    take_enterprises::Under {
        places: &ground.places,
        reach: &ground.reach,
        policy: import.summary.policy,
        file_name: &import.file_name,
        account_id: &import.account_id,
        now,
    }
}

fn under_people(import: &Import, now: Millis) -> take_people::Under<'_> {
    take_people::Under {
        enterprise_id: &import.enterprise_id,
        policy: import.summary.policy,
        full: import.summary.full,
        now,
    }
}

/// Begins a previewed import and remembers its mapping. False: it had begun.
pub async fn begin(app: &App, import: &Import) -> Result<bool, DbError> {
    let mut tx = app.db().write().await?;
    if !store::begin(&mut tx, &import.id, app.now()).await? {
        return Ok(false);
    }
    let digest = columns::digest(&import.summary.headers);
    store::remember(&mut tx, import.subject, &digest, &import.summary.mapping).await?;
    tx.commit().await?;
    Ok(true)
}

/// Takes a begun import in to its end. A failure is noted in the import for its uploader.
pub async fn run(app: &App, id: &str, progress: impl Fn(&Import) + Send) -> Result<(), JobError> {
    let done = take(app, id, &progress).await;
    if let Err(error) = &done {
        let reason = match error {
            JobError::Read(_) | JobError::Gone => return done,
            JobError::Db(error) => error.to_string(),
            JobError::Failed(reason) => reason.clone(),
        };
        tracing::error!(import = id, %reason, "an import failed");
        let mut tx = app.db().write().await?;
        if let Some(mut import) = store::find(&mut tx, id).await? {
            "failed".clone_into(&mut import.summary.failure);
            forget_samples(&mut import.summary);
            store::finish(&mut tx, &import, State::Failed, None, app.now()).await?;
            tx.commit().await?;
        }
    }
    done
}

/// Examples are rows of people: gone with the rows.
fn forget_samples(summary: &mut Summary) {
    summary.samples.clear();
    summary.bad_samples.clear();
}

async fn take(app: &App, id: &str, progress: &(impl Fn(&Import) + Send)) -> Result<(), JobError> {
    let mut tx = app.db().read().await?;
    let mut import = store::find(&mut tx, id).await?.ok_or(JobError::Gone)?;
    let ground = ground(app, &mut tx, &import).await?;
    drop(tx);
    if import.state != State::Running {
        return Ok(());
    }
    forget_samples(&mut import.summary);
    let book = load(app, id).await?;
    let read = evaluate(&import, book, ground).await?;
    let bad = match &read.rows {
        Rows::Enterprises(rows) => take_chunks(app, &mut import, &read, rows, progress).await?,
        Rows::People(rows) => return take_roster(app, import, &read, rows, progress).await,
    };
    let Some(bad) = bad else { return Ok(()) };
    let sheet = bad_sheet(&import, &read.sheet, &bad)?;
    let mut tx = app.db().write().await?;
    end(app, &mut tx, &mut import, &bad, sheet).await?;
    tx.commit().await?;
    progress(&import);
    Ok(())
}

/// Takes enterprises chunk by chunk; all bad rows, or nothing if another process has gone on.
async fn take_chunks(
    app: &App,
    import: &mut Import,
    read: &Read,
    rows: &Evaluated<enterprises::Record>,
    progress: &(impl Fn(&Import) + Send),
) -> Result<Option<Vec<Bad>>, JobError> {
    // Which files lie elsewhere is found out before anything is written, so that going on after
    // an interruption finds the same.
    let mut bad = rows.bad.clone();
    let mut tx = app.db().read().await?;
    let under = under_enterprises(import, &read.ground, app.now());
    let steps = take_enterprises::decide(&mut tx, &rows.records, &under).await?;
    drop(tx);
    bad.extend(take_enterprises::count(&rows.records, &steps).1);
    bad.sort_by_key(|bad| bad.row);
    loop {
        let from = usize::try_from(import.done).unwrap_or(usize::MAX);
        let chunk: Vec<_> = rows.records.iter().skip(from).take(CHUNK).cloned().collect();
        if chunk.is_empty() {
            return Ok(Some(bad));
        }
        let taken = take_chunk(app, import, read, &chunk).await?;
        if !taken {
            return Ok(None);
        }
        progress(import);
    }
}

/// One chunk, one transaction; false: another process has gone on.
async fn take_chunk(
    app: &App,
    import: &mut Import,
    read: &Read,
    chunk: &[enterprises::Record],
) -> Result<bool, JobError> {
    let mut tries = 0;
    loop {
        let mut tx = app.db().write().await?;
        let under = under_enterprises(import, &read.ground, app.now());
        let counts = match take_enterprises::take(app, &mut tx, chunk, &under).await {
            Ok(counts) => counts,
            // Somebody filed one of the codes a moment ago: it is on file now.
            Err(DbError::Duplicate) if tries < 3 => {
                tries += 1;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let taken = &mut import.summary.taken;
        taken.added += counts.added;
        taken.changed += counts.changed;
        taken.same += counts.same;
        taken.premises += counts.premises;
        let to = import.done + i64::try_from(chunk.len()).unwrap_or(0);
        if !store::advance(&mut tx, import, to, app.now()).await? {
            return Ok(false);
        }
        tx.commit().await?;
        import.done = to;
        return Ok(true);
    }
}

/// Takes a roster whole, in one transaction.
async fn take_roster(
    app: &App,
    mut import: Import,
    read: &Read,
    rows: &Evaluated<people::Record>,
    progress: &(impl Fn(&Import) + Send),
) -> Result<(), JobError> {
    let mut tx = app.db().write().await?;
    let change = {
        let under = under_people(&import, app.now());
        let change = take_people::decide_in(app, &mut tx, &rows.records, &under).await?;
        take_people::write(&mut tx, &change, &under, &import.account_id).await?;
        change
    };
    let mut bad = rows.bad.clone();
    bad.extend(change.bad);
    bad.sort_by_key(|bad| bad.row);
    import.summary.taken = change.counts;
    import.done = i64::try_from(rows.records.len()).unwrap_or(0);
    let sheet = bad_sheet(&import, &read.sheet, &bad)?;
    if !end(app, &mut tx, &mut import, &bad, sheet).await? {
        return Ok(());
    }
    let told = crate::people::note_roster_change(app, &mut tx, &import.enterprise_id).await?;
    app.commit(tx, told).await?;
    progress(&import);
    Ok(())
}

fn bad_sheet(import: &Import, sheet: &Sheet, bad: &[Bad]) -> Result<Option<Vec<u8>>, JobError> {
    if bad.is_empty() {
        return Ok(None);
    }
    let lang = import.summary.lang.unwrap_or_default();
    sheets::bad_rows(sheet, &import.summary.headers, bad, lang)
        .map(Some)
        .map_err(|error| JobError::Failed(error.to_string()))
}

/// Marks an import as finished, with its audit record; false: another process did.
async fn end(
    app: &App,
    tx: &mut Tx,
    import: &mut Import,
    bad: &[Bad],
    sheet: Option<Vec<u8>>,
) -> Result<bool, JobError> {
    import.bad = i64::try_from(bad.len()).unwrap_or(i64::MAX);
    import.summary.taken.bad = import.bad;
    import.state = State::Finished;
    if !store::finish(tx, import, State::Finished, sheet.as_deref(), app.now()).await? {
        return Ok(false);
    }
    let taken = &import.summary.taken;
    let detail = format!(
        "{}: +{} ~{} ={} -{} !{}",
        import.file_name, taken.added, taken.changed, taken.same, taken.leaving, taken.bad
    );
    let (subject, subject_id) = match import.subject {
        Subject::Enterprises => ("import", &import.id),
        Subject::People => ("enterprise", &import.enterprise_id),
    };
    let act = Act {
        at: app.now(),
        account_id: &import.account_id,
        post_id: "",
        action: match import.subject {
            Subject::Enterprises => "enterprise.import",
            Subject::People => "person.import",
        },
        subject,
        subject_id,
        division_id: &import.division_id,
        detail: &detail,
    };
    app.record(tx, act).await?;
    Ok(true)
}

/// Runs a begun import beside the request that began it.
pub fn spawn(app: &App, id: String) {
    let app = app.clone();
    tokio::spawn(async move {
        // A failure is in the import's row and in the log.
        let _ = run(&app, &id, |_| {}).await;
    });
}

/// Deletes what has outlived its time, and goes on with imports whose process is gone, until the
/// service stops.
pub async fn keep_tidy(app: App) {
    loop {
        match tidy(&app).await {
            Ok(stale) => stale.into_iter().for_each(|id| spawn(&app, id)),
            Err(error) => tracing::warn!(%error, "cannot tidy imports"),
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
}

/// Purges, and takes over what others left; the ids to go on with.
pub async fn tidy(app: &App) -> Result<Vec<String>, DbError> {
    let now = app.now();
    let mut tx = app.db().write().await?;
    store::purge(&mut tx, now).await?;
    let mut mine = Vec::new();
    for id in store::list_stale(&mut tx, now).await? {
        if store::take_over(&mut tx, &id, now).await? {
            mine.push(id);
        }
    }
    tx.commit().await?;
    Ok(mine)
}
