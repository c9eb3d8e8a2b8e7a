//! `issuer import` and `issuer export`: spreadsheets from the server's own terminal.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use fugong_common::lang::Lang;
use fugong_common::uscc::Uscc;
use fugong_common::{aside, say};

use super::CommandError;
use crate::app::App;
use crate::authz::Reach;
use crate::imports::columns::Subject;
use crate::imports::job::{self, JobError, Reading, Upload};
use crate::imports::plan::Policy;
use crate::imports::{store, taking};
use crate::{divisions, enterprises};

#[derive(Debug, Subcommand)]
pub(super) enum ImportCommand {
    /// Take in a sheet of enterprises; rows that can't be taken are written beside it
    #[command(after_help = "Example:\n  issuer import enterprises 台账.xlsx --division 370602")]
    Enterprises {
        #[command(flatten)]
        sheet: SheetArgs,
        /// Code or id of the division for rows that name none
        #[arg(long)]
        division: String,
        /// Why enterprises without a credit code have none; without it such rows are not taken
        #[arg(long, default_value = "")]
        no_code_reason: String,
    },
    /// Take in the roster of one enterprise
    #[command(
        after_help = "Example:\n  issuer import people 花名册.xlsx --enterprise 91350100M000100Y43 --full"
    )]
    People {
        #[command(flatten)]
        sheet: SheetArgs,
        /// Credit code or id of the enterprise
        #[arg(long)]
        enterprise: String,
        /// The sheet is the whole roster: who isn't in it has left
        #[arg(long)]
        full: bool,
        /// Go on although more than 5 % of the roster would be marked as left
        #[arg(long)]
        confirm_left: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct SheetArgs {
    /// XLSX, XLS or CSV
    file: PathBuf,
    /// What happens to files that exist already: keep (fill gaps only), take (the sheet wins), skip
    #[arg(long, default_value = "keep", value_parser = parse_policy)]
    existing: Policy,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

fn parse_policy(code: &str) -> Result<Policy, String> {
    Policy::parse(code).ok_or_else(|| "one of keep, take, skip".to_owned())
}

#[derive(Debug, Subcommand)]
pub(super) enum ExportCommand {
    /// Write enterprises as XLSX or CSV, under headers that an import knows
    #[command(
        after_help = "Example:\n  issuer export enterprises --out enterprises.xlsx --division 370602"
    )]
    Enterprises {
        /// File to write; its ending decides: .xlsx or .csv
        #[arg(long)]
        out: PathBuf,
        /// Code or id of a division; without it everything
        #[arg(long)]
        division: Option<String>,
        /// Headers in English
        #[arg(long)]
        english: bool,
    },
}

fn said(text: impl Into<String>) -> CommandError {
    CommandError::Said(text.into())
}

async fn find_division(app: &App, text: &str) -> Result<divisions::store::Division, CommandError> {
    let mut tx = app.db().read().await?;
    divisions::store::find_by_code_or_id(&mut tx, text).await?.ok_or_else(|| {
        said(format!("there is no division {text}; add it in the console, or name its id"))
    })
}

pub(super) async fn import(app: &App, command: ImportCommand) -> Result<(), CommandError> {
    let (sheet, upload, reading, confirmed) = match command {
        ImportCommand::Enterprises { sheet, division, no_code_reason } => {
            let division = find_division(app, &division).await?;
            let upload = upload(Subject::Enterprises, &sheet.file, "", &division.id);
            let reading = Reading { policy: sheet.existing, no_code_reason, ..Reading::default() };
            (sheet, upload, reading, true)
        }
        ImportCommand::People { sheet, enterprise, full, confirm_left } => {
            let mut tx = app.db().read().await?;
            let found = match Uscc::parse(&enterprise) {
                Ok(uscc) => enterprises::store::find_by_uscc(&mut tx, uscc.as_str()).await?,
                Err(_) => enterprises::store::find(&mut tx, &enterprise).await?,
            };
            drop(tx);
            let e = found.ok_or_else(|| said(format!("no enterprise {enterprise} is on file")))?;
            let upload = upload(Subject::People, &sheet.file, &e.id, &e.division_id);
            let reading = Reading { policy: sheet.existing, full, ..Reading::default() };
            (sheet, upload, reading, confirm_left)
        }
    };
    // Where no service runs, nobody else clears away what has outlived its time.
    let mut tx = app.db().write().await?;
    store::purge(&mut tx, app.now()).await?;
    tx.commit().await?;
    let bytes = std::fs::read(&sheet.file).map_err(|error| {
        CommandError::Io(format!("cannot read {}", sheet.file.display()), error)
    })?;
    let id = job::prepare(app, upload, bytes).await.map_err(failed)?;
    let done = take(app, &id, &sheet, reading, confirmed).await;
    // What was only looked at leaves nothing behind; what has begun is not touched by this.
    let mut tx = app.db().write().await?;
    store::discard(&mut tx, &id).await?;
    tx.commit().await?;
    done
}

/// Shows what would be done with a prepared sheet and, unless that is all, does it.
async fn take(
    app: &App,
    id: &str,
    sheet: &SheetArgs,
    reading: Reading,
    confirmed: bool,
) -> Result<(), CommandError> {
    let mut import = find(app, id).await?;
    let reading = Reading {
        sheet: import.summary.sheet,
        header_row: import.summary.header_row.unwrap_or(0),
        ..reading
    };
    job::read_again(app, &mut import, reading).await.map_err(failed)?;
    let counts = import.summary.preview;
    say!(
        "{} rows: {} new, {} changed, {} the same as on file, {} bad{}",
        import.total,
        counts.added,
        counts.changed,
        counts.same,
        counts.bad,
        if counts.leaving > 0 { format!(", {} leaving", counts.leaving) } else { String::new() }
    );
    if import.summary.header_row.is_none() {
        return Err(said(
            "no headers were recognised: download a template from the import page, or import there and say what \
             each column means",
        ));
    }
    if sheet.dry_run {
        for bad in &import.summary.bad_samples {
            say!("  row {}: {}", bad.row, bad.faults.join("; "));
        }
        return Ok(());
    }
    if counts.needs_confirmation() && !confirmed {
        return Err(said(format!(
            "{} of {} people on the roster would be marked as left; look at the sheet again, then add --confirm-left",
            counts.leaving, counts.on_roster
        )));
    }
    for ended in job::begin(app, &import).await?.unwrap_or_default() {
        say!(
            "an earlier import had come to row {} of {} and is ended; what it took is recognised",
            ended.done,
            ended.total - ended.bad
        );
    }
    let bar = Progress::new(import.total - import.bad);
    taking::run(app, id, |import| bar.show(import.done)).await.map_err(failed)?;
    bar.end();
    report(app, id, &sheet.file).await
}

fn upload(subject: Subject, file: &Path, enterprise_id: &str, division_id: &str) -> Upload {
    Upload {
        subject,
        enterprise_id: enterprise_id.to_owned(),
        division_id: division_id.to_owned(),
        account_id: String::new(),
        file_name: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        lang: Lang::En,
    }
}

async fn find(app: &App, id: &str) -> Result<store::Import, CommandError> {
    let mut tx = app.db().read().await?;
    store::find(&mut tx, id).await?.ok_or_else(|| said("the import is gone"))
}

fn failed(error: JobError) -> CommandError {
    match error {
        JobError::Read(error) => said(error.say(Lang::En)),
        JobError::Db(error) => CommandError::Db(error),
        JobError::Gone => said("the import is gone: run the command again"),
        JobError::Failed(reason) => said(reason),
    }
}

/// Says what was done, and writes the bad rows beside the sheet.
async fn report(app: &App, id: &str, file: &Path) -> Result<(), CommandError> {
    let import = find(app, id).await?;
    let taken = import.summary.taken;
    say!(
        "{} added, {} changed, {} unchanged, {} premises registered, {} left",
        taken.added,
        taken.changed,
        taken.same,
        taken.premises,
        taken.leaving
    );
    if taken.unplaced > 0 {
        say!(
            "{} addresses have no premises: their community's site numbers are used up; name sub-district and \
             community in the sheet",
            taken.unplaced
        );
    }
    let mut tx = app.db().read().await?;
    if let Some(sheet) = store::find_bad_sheet(&mut tx, id).await? {
        let beside = file.with_extension("bad.xlsx");
        write_whole(&beside, &sheet)?;
        say!("{} rows were not taken: {} says why", import.bad, beside.display());
    }
    Ok(())
}

pub(super) async fn export(app: &App, command: ExportCommand) -> Result<(), CommandError> {
    let ExportCommand::Enterprises { out, division, english } = command;
    let ending = out.extension().unwrap_or_default().to_ascii_lowercase();
    if ending != "xlsx" && ending != "csv" {
        return Err(said("the file's name must end in .xlsx or .csv"));
    }
    let reach = match &division {
        Some(text) => Reach::Division(find_division(app, text).await?.path),
        None => Reach::Division("/".to_owned()),
    };
    let lang = if english { Lang::En } else { Lang::Zh };
    let bar = Progress::new(0);
    let show = |n: usize| bar.show(i64::try_from(n).unwrap_or(i64::MAX));
    let table =
        enterprises::export::collect(app.db(), &reach.bounds(), lang, app.now(), show).await?;
    bar.end();
    let bytes = if ending == "csv" {
        enterprises::export::csv(&table).map_err(|error| said(error.to_string()))?
    } else {
        let name = lang.of("企业台账", "Enterprises");
        enterprises::export::xlsx(&table, name).map_err(|error| said(error.to_string()))?
    };
    write_whole(&out, &bytes)?;
    say!("{} enterprises written to {}", table.rows.len(), out.display());
    Ok(())
}

/// Writes a file beside its place and moves it there when it is whole: a command that is cut off
/// leaves the older file, or none.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = std::fs::File::create(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&part, path));
    written.map_err(|error| CommandError::Io(format!("cannot write {}", path.display()), error))
}

/// A line that is rewritten on a terminal; silent elsewhere.
struct Progress {
    total: i64,
    shown: bool,
}

impl Progress {
    fn new(total: i64) -> Self {
        Self { total, shown: std::io::stderr().is_terminal() }
    }

    fn show(&self, done: i64) {
        if !self.shown {
            return;
        }
        let mut out = std::io::stderr();
        let _ = match self.total {
            0 => write!(out, "\r{done} rows"),
            total => write!(out, "\r{done} of {total} rows"),
        };
        let _ = out.flush();
    }

    fn end(&self) {
        if self.shown {
            aside!();
        }
    }
}
