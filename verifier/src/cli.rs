//! The verifier's command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use fugong_common::keys::Fingerprint;
use fugong_common::lang::Lang;
use fugong_common::service::ambient::{SystemClock, SystemEntropy};
use fugong_common::service::serve::Shutdown;
use fugong_common::service::{logging, metrics};
use fugong_common::time::{Clock as _, Millis};
use fugong_common::wire::Enrolment;
use fugong_common::{aside, say};

use crate::check::{Basis, answer, texts_of};
use crate::clock::GateClock;
use crate::config::Config;
use crate::doctor::{Weight, examine};
use crate::duty::make_code;
use crate::enrol::{Enrolled, Standing, enrol};
use crate::issuer::client;
use crate::journal::Journal;
use crate::serve::run;
use crate::store::{DirLock, Store};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The gate: checks placards and passes without a network, and records what it answered.
#[derive(Debug, Parser)]
#[command(name = "verifier", version, about, arg_required_else_help = true)]
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
    #[arg(long, global = true, env = "VERIFIER_CONFIG")]
    config: Option<PathBuf>,
    /// Directory of journal, device key and bundle
    #[arg(long, global = true, env = "VERIFIER_DATA")]
    data: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, global = true, env = "VERIFIER_LISTEN")]
    listen: Option<SocketAddr>,
    /// How guard browsers reach this verifier, for example <https://gate3.example.com:8443>
    #[arg(long, global = true, env = "VERIFIER_ORIGIN")]
    origin: Option<String>,
    /// Believe the root of a sample town
    #[arg(long, global = true, env = "VERIFIER_ACCEPT_SAMPLE")]
    accept_sample: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the guards' pages and keep up with the issuer
    #[command(
        after_help = "Example:\n  verifier serve --config /etc/fugong-verifier/verifier.toml"
    )]
    Serve,
    /// Make this verifier a gate of an issuer
    #[command(
        after_help = "Example:\n  verifier enrol https://permits.example.gov.cn 7K2M4Q9D… --root 3f2a…\n  verifier enrol \"FGE1 https://permits.example.gov.cn 7K2M4Q9D… 3f2a…\""
    )]
    Enrol {
        /// Address of the issuer, or the whole text of the enrolment code
        url: String,
        /// One-time code from the console
        code: Option<String>,
        /// SHA-256 of the root key, as the administrator reads it out
        #[arg(long)]
        root: Option<Fingerprint>,
    },
    /// Say what a picture of a placard, or a text, is worth; exit status 0 only for valid
    #[command(
        after_help = "Examples:\n  verifier check placard.png --data /var/lib/fugong-verifier\n  verifier check placard.png --root 3f2a… --trust trust.cbor --status status.cwt\n  verifier check FG-7K2M4-4Q9DX-01C7R --data gate-data --json"
    )]
    Check(Check),
    /// Look at the journal
    Journal {
        #[command(subcommand)]
        command: JournalCommand,
    },
    /// Make a code with which one more browser pairs, also beside a running `serve`
    #[command(after_help = "Example:\n  verifier pair --config /etc/fugong-verifier/verifier.toml")]
    Pair,
    /// Say what is wrong with this gate and how to mend it, also beside a running `serve`
    #[command(after_help = "Example:\n  verifier doctor --data /var/lib/fugong-verifier")]
    Doctor,
}

#[derive(Debug, Subcommand)]
enum JournalCommand {
    /// Check every chain from its beginning
    #[command(after_help = "Example:\n  verifier journal verify --data /var/lib/fugong-verifier")]
    Verify,
}

#[derive(Debug, Args)]
struct Check {
    /// Pictures (PNG, JPEG), text files, or texts: a placard's link, a pass, a check number
    #[arg(required = true, value_name = "FILE-OR-TEXT")]
    items: Vec<String>,
    /// SHA-256 of the root key; with --trust and --status instead of a gate's data
    #[arg(long, requires = "trust")]
    root: Option<Fingerprint>,
    /// File with the list of signing authorities
    #[arg(long, requires = "root")]
    trust: Option<PathBuf>,
    /// File with a status list; may be given several times
    #[arg(long, requires = "root")]
    status: Vec<PathBuf>,
    /// Judge as of this instant, for example 2020-02-10T09:00:00+08:00
    #[arg(long)]
    at: Option<String>,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            aside!("verifier: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(dispatch(cli)).and_then(|code| {
        fugong_common::service::say::finish()
            .map_err(|error| format!("cannot write what was asked for: {error}"))?;
        Ok(code)
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            aside!("verifier: {error}");
            // 2, so that "could not check" differs from "not valid".
            ExitCode::from(2)
        }
    }
}

fn configured(settings: Settings) -> Result<Config, Failure> {
    let mut config = match &settings.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    if let Some(data) = settings.data {
        config.data_dir = data;
    }
    if let Some(listen) = settings.listen {
        config.listen = listen;
    }
    if let Some(origin) = settings.origin {
        config.origin = origin;
    }
    config.accept_sample |= settings.accept_sample;
    Ok(config.check()?)
}

async fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let config = configured(cli.settings)?;
    match cli.command {
        Command::Serve => serve(config).await,
        Command::Enrol { url, code, root } => {
            let enrolment = match (code, root) {
                (Some(code), Some(root)) => {
                    Enrolment { issuer: url.trim_end_matches('/').to_owned(), code, root }
                }
                (None, None) => url.parse()?,
                _ => return Err("give URL, CODE and --root, or the whole enrolment text".into()),
            };
            enrol_here(&config, &enrolment).await
        }
        Command::Check(check) => check_items(&config, check).await,
        Command::Journal { command: JournalCommand::Verify } => verify_journal(&config).await,
        Command::Pair => pair(&config).await,
        Command::Doctor => doctor(&config).await,
    }
}

async fn serve(config: Config) -> Result<ExitCode, Failure> {
    let style = if config.log_json { logging::Style::Json } else { logging::Style::Text };
    logging::start(style, std::env::var("RUST_LOG").ok().as_deref());
    // Refused only where this process has a recorder already, which goes on counting.
    drop(metrics::start());
    let shutdown = Shutdown::on_signals()?;
    let origin = config.origin.clone();
    let running = run(config, Arc::new(SystemClock), Arc::new(SystemEntropy), shutdown).await?;
    say!("verifier listening on {} for {origin}", running.address);
    if running.gate.wants_pairing() {
        if running.gate.code_waits().await? {
            say!("pair a browser with the code that was made before: {origin}/pair");
        } else {
            let code = running.gate.pairing_code().await?.code;
            say!("pair a browser within ten minutes: {origin}/pair?code={code}");
        }
    }
    running.finished().await?;
    Ok(ExitCode::SUCCESS)
}

async fn enrol_here(config: &Config, enrolment: &Enrolment) -> Result<ExitCode, Failure> {
    let lock = DirLock::take(&config.data_dir)?;
    let store = Store::open(&config.data_dir).await?;
    let http = client(config)?;
    aside!("asking {} …", enrolment.issuer);
    let now = SystemClock.now();
    let enrolled = enrol(&store, config, &http, &SystemEntropy, enrolment, now).await?;
    store.close().await;
    drop(lock);
    say!("enrolled as {} ({})", enrolled.gate_name, enrolled.gate_id);
    say!("device fingerprint: {}", enrolled.device_fingerprint());
    say!(
        "compare it in the console and confirm the gate there; then run: verifier serve --data {}",
        config.data_dir.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn instant(text: &str) -> Result<Millis, Failure> {
    let at: jiff::Timestamp = text
        .parse()
        .map_err(|_| format!("{text:?} is no instant; write it like 2020-02-10T09:00:00+08:00"))?;
    Ok(Millis(at.as_millisecond()))
}

async fn check_items(config: &Config, check: Check) -> Result<ExitCode, Failure> {
    let now = check.at.as_deref().map_or_else(|| Ok(SystemClock.now()), instant)?;
    let basis = match (check.root, &check.trust) {
        (Some(root), Some(trust)) => Basis::from_files(root, trust, &check.status, now)?,
        _ => Basis::Gate(Box::new(crate::pull::read_bundle(config, now).await?)),
    };
    let lang = Lang::pick(None, std::env::var("LANG").ok().as_deref());
    let mut all_valid = true;
    for item in &check.items {
        for text in texts_of(item)? {
            let answer = answer(&basis, item, &text, now, lang);
            all_valid &= answer.verdict.admits();
            if check.json {
                say!("{}", serde_json::to_string(&answer)?);
                continue;
            }
            say!("{}: {}", answer.source, answer.word);
            say!("  {}", answer.instruction);
            for line in answer.name.iter().chain(&answer.reasons) {
                say!("  {line}");
            }
        }
    }
    Ok(if all_valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn verify_journal(config: &Config) -> Result<ExitCode, Failure> {
    let store = Store::open_existing(&config.data_dir).await?;
    let mut whole = true;
    for checked in Journal::verify_all(&store).await? {
        match &checked.fault {
            None => say!("journal {}: {} entries, chain whole", checked.id, checked.entries),
            Some(fault) => {
                whole = false;
                say!("journal {}: {fault}", checked.id);
            }
        }
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes the code's hash where `serve` looks at every try; the directory's lock isn't needed for that.
async fn pair(config: &Config) -> Result<ExitCode, Failure> {
    let store = Store::open_existing(&config.data_dir).await?;
    match Enrolled::load(&store).await?.map(|enrolled| enrolled.standing) {
        None => return Err("not enrolled yet: run `verifier enrol` first".into()),
        Some(Standing::CutOff) => {
            return Err("this gate was cut off: enrol it again with a new code first".into());
        }
        Some(Standing::Waiting | Standing::Confirmed) => {}
    }
    // The code ends by the gate's own time, which may have been set right against the machine's.
    let clock = GateClock::resume(crate::clock::load(&store).await?, 0);
    let now = clock.read(SystemClock.now(), 0).now;
    let code = make_code(&store, &SystemEntropy, now).await?;
    store.close().await;
    say!("pairing code: {}", code.code);
    say!("open within ten minutes: {}/pair?code={}", config.origin, code.code);
    say!("it pairs one browser; earlier codes are dead");
    Ok(ExitCode::SUCCESS)
}

async fn doctor(config: &Config) -> Result<ExitCode, Failure> {
    let mut bad = false;
    for finding in examine(config, SystemClock.now()).await? {
        let mark = match finding.weight {
            Weight::Good => "ok  ",
            Weight::Look => "look",
            Weight::Bad => "bad ",
        };
        bad |= finding.weight == Weight::Bad;
        say!("{mark} {}", finding.text);
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
