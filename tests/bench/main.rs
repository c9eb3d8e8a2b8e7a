//! The benchmark: real services, real databases, real files, ratios within one run on one machine.
//!
//! `bench [CHAPTER…] [--smoke]` after `cargo build --release --workspace --bins`; chapters and figures are in
//! `docs/performance.md`. `--smoke` walks everything with tiny numbers, so that tests can see that it works.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a measurement that cannot go on ends at once; it measures by the machine's clock"
)]

mod bundle;
mod gate_server;
mod gates;
mod intake;
mod lists;
mod load;
mod park;
mod print;
mod say;
mod scans;
#[path = "../../verifier/tests/support/signed.rs"]
mod signed;
mod town;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// As in the services.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub smoke: bool,
}

impl Scale {
    /// The real number, or the one that only shows that it works.
    pub const fn of<T: Copy>(self, real: T, smoke: T) -> T {
        if self.smoke { smoke } else { real }
    }
}

type Chapter = (&'static str, fn(Scale));

const CHAPTERS: &[Chapter] = &[
    ("scans", scans::run),
    ("print", print::run),
    ("intake", intake::run),
    ("lists", lists::run),
    ("gates", gates::run),
    ("bundle", bundle::run),
];

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == "gate-server") {
        return gate_server::main(&args);
    }
    let smoke = args.iter().any(|arg| arg == "--smoke");
    args.retain(|arg| !arg.starts_with("--"));
    let is_chapter = |arg: &String| CHAPTERS.iter().any(|(name, _)| arg == name);
    if let Some(unknown) = args.iter().find(|arg| *arg != "all" && !is_chapter(arg)) {
        let names: Vec<_> = CHAPTERS.iter().map(|(name, _)| *name).collect();
        eprintln!("no chapter {unknown}; there are: all {}", names.join(" "));
        return ExitCode::FAILURE;
    }
    let all = args.is_empty() || args.iter().any(|arg| arg == "all");
    say::machine();
    for (name, run) in CHAPTERS {
        if all || args.iter().any(|arg| arg == name) {
            println!("\n== {name}");
            run(Scale { smoke });
        }
    }
    ExitCode::SUCCESS
}
