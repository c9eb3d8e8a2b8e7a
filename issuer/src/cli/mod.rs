//! The issuer's command line.

mod audit;
pub(crate) mod backup;
pub(crate) mod doctor;
mod keys;
mod placard;
pub mod serve;
mod sheets;
mod users;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use fugong_common::service::ambient::{SystemClock, SystemEntropy};
use fugong_common::{aside, say};

use crate::app::App;
use crate::config::{Config, ConfigError};
use crate::db::{Db, DbError};

/// Reopening permits: takes an enterprise from filing to a signed, printed placard.
#[derive(Debug, Parser)]
#[command(name = "issuer", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Settings that every command shares; flags win over the environment, that over the file.
#[derive(Debug, Args)]
struct Settings {
    /// Configuration file (TOML)
    #[arg(long, global = true, env = "FUGONG_CONFIG")]
    config: Option<PathBuf>,
    /// Directory of the embedded database and the keys
    #[arg(long, global = true, env = "FUGONG_DATA")]
    data: Option<PathBuf>,
    /// postgres://… instead of the embedded database
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// How people and placards reach this issuer, for example <https://fugong.example.gov.cn>
    #[arg(long, global = true, env = "FUGONG_ORIGIN")]
    origin: Option<String>,
    /// Address to listen on
    #[arg(long, global = true, env = "FUGONG_LISTEN")]
    listen: Option<std::net::SocketAddr>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the console, the public page and the gates
    #[command(after_help = "Example:\n  issuer serve --config /etc/fugong/issuer.toml")]
    Serve,
    /// Bring the database's schema up to date
    #[command(
        after_help = "Example:\n  DATABASE_URL=postgres://fugong@localhost/fugong issuer migrate"
    )]
    Migrate,
    /// Say what is wrong with this installation and how to mend it
    #[command(after_help = "Example:\n  issuer doctor --data /var/lib/fugong/issuer")]
    Doctor,
    /// Accounts: add, list, reset
    #[command(subcommand)]
    User(users::UserCommand),
    /// Take in spreadsheets: enterprises, people
    #[command(subcommand)]
    Import(sheets::ImportCommand),
    /// Write spreadsheets: enterprises
    #[command(subcommand)]
    Export(sheets::ExportCommand),
    /// Signing keys: new, list, retire
    #[command(subcommand)]
    Key(keys::KeyCommand),
    /// The list of signing authorities: sign, show
    #[command(subcommand)]
    Trust(keys::TrustCommand),
    /// Write placards as files
    #[command(
        after_help = "Example:\n  issuer placard FG-7K2M4-4Q9DX-01C7R --out placards --format png"
    )]
    Placard(placard::PlacardArgs),
    /// Write everything but private keys into one archive, while the service goes on
    #[command(after_help = "Example:\n  issuer backup --out /var/backups/fugong")]
    Backup(backup::BackupArgs),
    /// Take up an archive after a loss, and bring gates and issuer together again
    #[command(
        after_help = "Examples:\n  issuer restore --from fugong-2020-02-10-011200.backup --check\n  issuer restore --from fugong-2020-02-10-011200.backup\n  issuer restore --status\n  issuer restore --finish"
    )]
    Restore(backup::RestoreArgs),
    /// Move everything to another, empty database; nothing is lost, the old one serves no more
    #[command(after_help = "Example:\n  issuer move --to postgres://fugong@localhost/fugong")]
    Move(backup::MoveArgs),
    /// The audit log: verify
    #[command(subcommand)]
    Audit(audit::AuditCommand),
}

/// What ends a command.
#[derive(Debug)]
pub enum CommandError {
    Config(ConfigError),
    Db(DbError),
    Serve(serve::StartError),
    Io(String, std::io::Error),
    /// A sentence that says what to do.
    Said(String),
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(error) => write!(f, "{error}"),
            Self::Db(error) => write!(f, "{error}"),
            Self::Serve(error) => write!(f, "{error}"),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
            Self::Said(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for CommandError {}

impl From<DbError> for CommandError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl Settings {
    fn resolve(self) -> Result<Config, ConfigError> {
        let mut config = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::default(),
        };
        if let Some(data) = self.data {
            config.data_dir = data;
        }
        if self.database_url.is_some() {
            config.database_url = self.database_url;
        }
        if let Some(origin) = self.origin {
            config.origin = origin;
        }
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        config.check()
    }
}

/// Opens the database of a configuration and brings its schema up to date.
pub(crate) async fn open(config: Config) -> Result<App, CommandError> {
    std::fs::create_dir_all(&config.data_dir).map_err(|error| {
        CommandError::Io(format!("cannot create {}", config.data_dir.display()), error)
    })?;
    let db = Db::open(config.database_url.as_deref(), &config.data_dir).await?;
    db.migrate().await?;
    let app = App::new(db, Arc::new(SystemClock), Arc::new(SystemEntropy), config);
    backup::retire_keys(&app).await?;
    Ok(app)
}

/// Parses the arguments and runs the command.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::Io("cannot start".to_owned(), error))
        .and_then(|runtime| runtime.block_on(run(cli)))
        .and_then(|code| match fugong_common::service::say::finish() {
            Ok(()) => Ok(code),
            Err(error) => {
                Err(CommandError::Said(format!("cannot write what was asked for: {error}")))
            }
        });
    match done {
        Ok(code) => code,
        Err(error) => {
            aside!("issuer: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, CommandError> {
    let config = cli.settings.resolve()?;
    match cli.command {
        Command::Serve => serve::command(config).await?,
        Command::Migrate => {
            let app = open(config).await?;
            say!("{}: the schema is up to date", app.db().name());
        }
        Command::Backup(args) => backup::backup(&open(config).await?, args).await?,
        Command::Restore(args) => return backup::restore(config, args).await,
        Command::Move(args) => backup::move_to(config, args).await?,
        Command::Doctor => return doctor::command(config).await,
        Command::Import(command) => sheets::import(&open(config).await?, command).await?,
        Command::Export(command) => sheets::export(&open(config).await?, command).await?,
        Command::Key(command) => keys::key(&open(config).await?, command).await?,
        Command::Trust(command) => keys::trust(&open(config).await?, command).await?,
        Command::Placard(args) => placard::command(&open(config).await?, args).await?,
        Command::User(command) => users::command(&open(config).await?, command).await?,
        Command::Audit(command) => return audit::command(&open(config).await?, command).await,
    }
    Ok(ExitCode::SUCCESS)
}
