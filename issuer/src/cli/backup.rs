//! `issuer backup`, `restore` and `move`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use fugong_common::service::ambient::{SystemClock, SystemEntropy};
use fugong_common::time::{Millis, Zone};
use fugong_common::{aside, say};

use super::{CommandError, open};
use crate::app::App;
use crate::backup::{self, Contents, Header};
use crate::config::Config;
use crate::db::{Db, Tx};
use crate::keys::role_code;
use crate::{audit, changes, permits, restores, row};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// File to write, or a directory in which it gets a name of its own
    #[arg(long, value_name = "FILE|DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["from", "status", "finish"]))]
pub(super) struct RestoreArgs {
    /// Load this archive into the configured database, which must be empty
    #[arg(long, value_name = "ARCHIVE")]
    from: Option<PathBuf>,
    /// With --from: only read the archive to its end and say what is in it
    #[arg(long, requires = "from")]
    check: bool,
    /// Say which gates have told what they hold
    #[arg(long)]
    status: bool,
    /// Sign lists and manifests again, after the gates have told what they hold
    #[arg(long)]
    finish: bool,
    /// With --finish: do not wait for gates that have told nothing
    #[arg(long, requires = "finish")]
    without_missing_gates: bool,
}

#[derive(Debug, Args)]
pub(super) struct MoveArgs {
    /// The new database, empty: `postgres://…` or `sqlite:///path/issuer.db`
    #[arg(long, value_name = "URL")]
    to: String,
}

fn said(error: impl std::fmt::Display) -> CommandError {
    CommandError::Said(error.to_string())
}

/// A line that is rewritten on a terminal; silent elsewhere.
fn progress(table: &str, rows: u64) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let _ = write!(err, "\r\x1b[K{rows} rows, {table}");
        let _ = err.flush();
    }
}

fn end_progress() {
    if std::io::stderr().is_terminal() {
        aside!();
    }
}

fn time(at: i64) -> String {
    let utc = Zone::utc();
    format!("{} {} UTC", utc.date(Millis(at)), utc.clock_time(Millis(at)))
}

/// Held while a process serves from a data directory, or sets its database back or away. On `SQLite`
/// one process serves; on `PostgreSQL` several may share a directory of keys.
#[derive(Debug)]
pub struct ServeLock(#[expect(dead_code, reason = "held, not read")] File);

impl ServeLock {
    /// Takes the lock for serving.
    ///
    /// # Errors
    /// Another process has it.
    pub fn for_serving(config: &Config, db: &Db) -> Result<Self, CommandError> {
        Self::take(config, matches!(db, Db::Postgres(_)))
    }

    fn alone(config: &Config) -> Result<Self, CommandError> {
        Self::take(config, false)
    }

    fn take(config: &Config, shared: bool) -> Result<Self, CommandError> {
        let path = config.data_dir.join("serve.lock");
        let io = |error| CommandError::Io(path.display().to_string(), error);
        std::fs::create_dir_all(&config.data_dir).map_err(io)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let file = options.open(&path).map_err(io)?;
        match if shared { file.try_lock_shared() } else { file.try_lock() } {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(said(format!(
                "another issuer works with {}; stop it first, or give this one a data directory of its own",
                config.data_dir.display()
            ))),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }
}

pub(super) async fn backup(app: &App, args: BackupArgs) -> Result<(), CommandError> {
    let written = backup::write_file(app, &args.out, progress).await;
    end_progress();
    let (path, header, rows) = written.map_err(said)?;
    say!("{rows} rows of {} written to {}", time(header.made_at), path.display());
    say!("private keys are not in it: copy {} apart", app.config().keys_dir().display());
    Ok(())
}

pub(super) async fn restore(config: Config, args: RestoreArgs) -> Result<ExitCode, CommandError> {
    match args.from {
        Some(archive) if args.check => {
            let contents = backup::check(&archive).map_err(said)?;
            describe(&contents);
            for (table, rows) in &contents.tables {
                say!("{rows:>12} {table}");
            }
        }
        Some(archive) => return restore_from(config, &archive).await,
        None if args.finish => {
            return finish(&open(config).await?, args.without_missing_gates).await;
        }
        None => return status(&open(config).await?).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(contents: &Contents) {
    let header = &contents.header;
    say!(
        "archive of {}, {} {} under {}, schema {}, {} rows, whole",
        time(header.made_at),
        header.database,
        header.software,
        header.origin,
        header.schema,
        contents.rows
    );
    say!("audit log to entry {}: {}", header.audit_seq, header.audit_sha256);
    say!("root {}, trust list {}", header.root, header.trust_version);
}

/// An issuer of another address would be a stranger to its own gates and placards.
fn require_same_issuer(config: &Config, header: &Header) -> Result<(), CommandError> {
    if config.origin == header.origin {
        return Ok(());
    }
    Err(said(format!(
        "this archive is of {}, and this issuer is configured as {}: its gates and placards know it by that address; \
         set origin to it",
        header.origin, config.origin
    )))
}

async fn restore_from(config: Config, archive: &Path) -> Result<ExitCode, CommandError> {
    let _alone = ServeLock::alone(&config)?;
    let header = backup::archive::open(archive).map_err(said)?.header;
    require_same_issuer(&config, &header)?;
    let db = Db::open(config.database_url.as_deref(), &config.data_dir).await?;
    let app = App::new(db, Arc::new(SystemClock), Arc::new(SystemEntropy), config);
    let loaded = restores::restore(&app, archive, app.db(), progress).await;
    end_progress();
    let contents = loaded.map_err(said)?;
    describe(&contents);
    let made = restores::make_successors(&app).await.map_err(said)?;
    for (role, id) in made {
        say!("key {id} for {} signatures made", role_code(role));
    }
    let mut tx = app.db().read().await?;
    if let Some(restore) = restores::newest(&mut tx).await? {
        say!(
            "numbers of documents, receipts and reports go on {} higher: those in between may stand on papers",
            restore.margin()
        );
    }
    say!(
        "\nWhat happened since {} is unknown here. The old keys sign no more; lists and manifests are not signed until this \
         is finished. Next:\n\
         1. issuer serve: gates tell what they hold, and send what the record lacks (issuer restore --status)\n\
         2. issuer trust sign --root FILE: the new keys\n\
         3. issuer restore --finish\n\
         4. do again what was done since: accounts and posts ended, gates cut off, guards ended, suspensions lifted;\n   \
         reissue what was issued since, and at leisure all that the old keys signed",
        time(contents.header.made_at)
    );
    Ok(ExitCode::SUCCESS)
}

async fn status(app: &App) -> Result<ExitCode, CommandError> {
    let mut tx = app.db().read().await?;
    let Some(restore) = restores::newest(&mut tx).await? else {
        say!("this database was never restored from an archive");
        return Ok(ExitCode::SUCCESS);
    };
    let tally = restores::tally(&mut tx, &restore.id).await?;
    say!("restored {} from an archive of {}", time(restore.at.0), time(restore.made_at.0));
    say!("{} gates have told what they hold", tally.told);
    for gate in &tally.missing {
        say!("missing: {gate}");
    }
    match restore.finished_at {
        Some(at) => say!("finished {}", time(at.0)),
        None => say!("not finished: nothing is signed yet"),
    }
    reissue_list(&mut tx).await?;
    Ok(if restore.finished_at.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the old keys signed and still counts.
async fn reissue_list(tx: &mut Tx) -> Result<(), CommandError> {
    for id in restores::retired_keys(tx).await? {
        let permits = permits::store::count_by_key(tx, &id.to_string()).await?;
        if permits > 0 {
            say!("{permits} permits of the old key {id} to be reissued: /permits?key={id}");
        }
    }
    Ok(())
}

async fn finish(app: &App, without_missing_gates: bool) -> Result<ExitCode, CommandError> {
    let tally = restores::finish(app, without_missing_gates).await.map_err(said)?;
    say!("{} gates told what they hold; lists and manifests are signed again", tally.told);
    for gate in &tally.missing {
        say!(
            "unknown: what only {gate} knows. It refuses a list that would bring back what was revoked"
        );
    }
    let mut tx = app.db().read().await?;
    reissue_list(&mut tx).await?;
    Ok(ExitCode::SUCCESS)
}

/// Whether other issuers use this database of `PostgreSQL`: their connections have our name.
async fn others_serve(app: &App) -> Result<bool, CommandError> {
    let Db::Postgres(pool) = app.db() else { return Ok(false) };
    let mut tx = app.db().read().await?;
    let all = row!(
        &mut tx,
        (i64,),
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'fugong-issuer'"
    )?
    .map_or(0, |(all,)| all);
    Ok(all > i64::from(pool.size()))
}

pub(super) async fn move_to(config: Config, args: MoveArgs) -> Result<(), CommandError> {
    let _alone = ServeLock::alone(&config)?;
    let archive = config.data_dir.join("moving.backup");
    let target = Db::open(Some(&args.to), &config.data_dir).await?;
    let app = open(config).await?;
    if others_serve(&app).await? {
        return Err(said("other issuers use this database: stop them first"));
    }
    backup::require_empty(&target).await.map_err(said)?;
    if let Err(error) = std::fs::remove_file(&archive)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(CommandError::Io(archive.display().to_string(), error));
    }
    let moved = carry(&app, &target, &archive).await;
    end_progress();
    let _ = std::fs::remove_file(&archive);
    let contents = moved?;
    say!(
        "{} rows moved from {} to {}. Set database_url to the new one and start; the old one serves no more. \
         Keys stay where they are: {}",
        contents.rows,
        app.db().name(),
        target.name(),
        app.config().keys_dir().display()
    );
    Ok(())
}

async fn carry(app: &App, target: &Db, archive: &Path) -> Result<Contents, CommandError> {
    backup::write_file(app, archive, progress).await.map_err(said)?;
    let loaded = backup::load(archive, target, progress, async |tx, contents| {
        restores::moved_in(tx, app, contents).await
    });
    let contents = loaded.await.map_err(said)?;
    let mut tx = app.db().write().await?;
    let now = (changes::newest(&mut tx).await?, audit::head(&mut tx).await?.0);
    if now != (contents.header.change, contents.header.audit_seq) {
        return Err(said(
            "somebody changed the old database meanwhile: empty the new one, stop every issuer, and move again",
        ));
    }
    restores::moved_out(&mut tx, app, &contents).await?;
    tx.commit().await?;
    Ok(contents)
}

/// Refuses to serve what was moved away.
///
/// # Errors
/// The database was moved.
pub async fn admit(app: &App) -> Result<(), CommandError> {
    let mut tx = app.db().read().await?;
    if restores::is_moved_out(&mut tx).await? {
        return Err(said(
            "this database was moved to another, which goes on in its place: set database_url to that one",
        ));
    }
    Ok(())
}

/// Keys that a restore ended are not used again, whatever files lie about.
pub async fn retire_keys(app: &App) -> Result<(), crate::db::DbError> {
    let mut tx = app.db().read().await?;
    for id in restores::retired_keys(&mut tx).await? {
        app.keys().retire(id);
    }
    Ok(())
}
