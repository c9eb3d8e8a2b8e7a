//! `cargo run --release`: the whole system on this machine, with a sample town.
#![deny(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use fugong_common::lang::Lang;
use fugong_common::service::ambient::{SystemClock, SystemEntropy};
use fugong_common::service::serve::Shutdown;
use fugong_common::service::{logging, metrics};
use fugong_common::{aside, say};
use fugong_quickstart::town::{ACCOUNTS, GUARDS};
use fugong_quickstart::{Gate, Options, Started, start, start_gate_alone};
use mimalloc::MiMalloc;

#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

/// The whole system in one process on embedded databases, with a small town of sample enterprises
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Examples:\n  cargo run --release\n  cargo run --release -- --lan\n  cargo run --release -- --gate-alone\n  cargo run --release -- --data elsewhere --issuer-port 9080 --gate-port 9081"
)]
struct Arguments {
    /// Where everything is kept; a second start finds it again [default: data, with --lan: data-lan]
    #[arg(long)]
    data: Option<PathBuf>,
    #[arg(long, default_value_t = 8080)]
    issuer_port: u16,
    #[arg(long, default_value_t = 8081)]
    gate_port: u16,
    /// Let phones in the local network come too, over TLS
    #[arg(long)]
    lan: bool,
    /// Start the gate without the issuer, as if its network were gone
    #[arg(long)]
    gate_alone: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Placards name the address they were printed for, so each address has a town of its own.
    let usual = if arguments.lan { "data-lan" } else { "data" };
    let options = Options {
        data: arguments.data.unwrap_or_else(|| PathBuf::from(usual)),
        issuer_port: arguments.issuer_port,
        gate_port: arguments.gate_port,
        lan: arguments.lan,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            aside!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(&options, arguments.gate_alone)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            aside!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options, gate_alone: bool) -> Result<(), Box<dyn std::error::Error>> {
    logging::start(
        logging::Style::Text,
        Some(&std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned())),
    );
    metrics::start()?;
    let shutdown = Shutdown::on_signals()?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    if gate_alone {
        let gate = start_gate_alone(options, clock, entropy, shutdown).await?;
        show_gate(&gate);
        say!("\nNo issuer is running: the gate goes on with what it holds, and keeps its records.");
        say!("Ctrl-C stops it; a start of both sends the records on.");
        gate.running.finished().await?;
        return Ok(());
    }
    say!("Starting; the first start builds the sample town and takes a few seconds.");
    let started = start(options, clock, entropy, shutdown).await?;
    introduce(&started);
    let (issuer, gate) = tokio::join!(started.issuer.finished(), started.gate.running.finished());
    issuer?;
    gate?;
    Ok(())
}

fn show_gate(gate: &Gate) {
    say!("\nGate      {}", gate.origin);
    say!("          pair this browser within ten minutes: {}", gate.pairing_link);
    for (name, leads, pin) in GUARDS {
        say!(
            "          {name}  PIN {pin}  {}",
            if *leads { "带班人员 / shift leader" } else { "值守人员 / guard" }
        );
    }
}

fn introduce(started: &Started) {
    say!("\n复工许可与门岗核验  Reopening permits and gate checks: sample town\n");
    say!("Console   {}/sign-in", started.issuer_origin);
    say!("          password of every account: {}", started.password);
    for (sign_in, name, role, _) in ACCOUNTS {
        say!("          {sign_in:<12} {name}  {} / {}", role.title(Lang::Zh), role.title(Lang::En));
    }
    say!(
        "          {:<12} 云锦程  主要负责人 / responsible person of the first enterprise",
        "responsible"
    );
    say!("          {:<12} 白雪  经办人 / its contact", "contact");
    show_gate(&started.gate);
    say!("\nPlacard   {} (and .png beside it)", started.placard.display());
    say!("Passes    {}", started.passes.display());
    if let Some(authority) = &started.authority {
        say!(
            "\nPhones    install {} as a trusted certificate first (see README)",
            authority.display()
        );
    }
    say!("\nCtrl-C stops both; the next start finds everything again.");
}
