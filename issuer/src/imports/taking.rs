//! A begun import to its end: enterprises chunk by chunk, a roster whole.

use fugong_common::lang::Lang;

use super::columns::Subject;
use super::enterprises::{self, Bad, Evaluated};
use super::grid::Sheet;
use super::job::JobError;
use super::plan::Failure;
use super::rows::{Read, Rows, evaluate, ground, load, under_enterprises, under_people};
use super::store::{self, Import, State};
use super::{people, sheets, take_enterprises, take_people};
use crate::app::App;
use crate::audit::Act;
use crate::db::{DbError, Tx};
use crate::passes;
use crate::people::PeopleWords;
use crate::permits::By;

/// Records of one transaction.
const CHUNK: usize = 2000;

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
            import.summary.failure = Failure::Fault;
            import.summary.forget_samples();
            store::finish(&mut tx, &import, State::Failed, None, app.now()).await?;
            tx.commit().await?;
        }
    }
    done
}

async fn take(app: &App, id: &str, progress: &(impl Fn(&Import) + Send)) -> Result<(), JobError> {
    let mut tx = app.db().read().await?;
    let mut import = store::find(&mut tx, id).await?.ok_or(JobError::Gone)?;
    let ground = ground(app, &mut tx, &import).await?;
    drop(tx);
    if import.state != State::Running {
        return Ok(());
    }
    import.summary.forget_samples();
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
        taken.unplaced += counts.unplaced;
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
    // Nobody who left comes in on a pass that was forgotten.
    let by = By { account_id: import.account_id.clone(), ..By::default() };
    let leaving = (import.enterprise_id.as_str(), change.leaving.as_slice());
    let reason = PeopleWords::of(Lang::Zh).mark_left;
    let ended =
        passes::revoke_of_many(app, &mut tx, leaving, &by, &import.division_id, reason).await?;
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
    app.commit(tx, told.max(ended)).await?;
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
