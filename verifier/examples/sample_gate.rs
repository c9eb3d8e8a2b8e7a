//! A gate with five people on its roster and nobody to sync with, to look at its pages:
//!
//! `cargo run -p fugong-verifier --example sample_gate -- FOLDER`
//!
//! prints a pairing code, the guards' PIN and what people would show.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a program for development")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::sync::Arc;

use fugong_common::service::ambient::{SystemClock, SystemEntropy};
use fugong_common::service::serve::{Limits, Shutdown, bind};
use fugong_common::time::Clock as _;
use fugong_verifier::{Config, Gate, pages};

#[tokio::main]
async fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "sample-gate".into()));
    let town = support::seed(&folder, SystemClock.now()).await;
    let config = Config { data_dir: folder, ..Config::default() };
    let gate = Gate::open(config.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy));
    let gate = gate.await.unwrap();
    let code = gate.pairing_code().await.unwrap();
    println!("http://{}/pair?code={}", config.listen, code.code);
    println!("PIN {}", support::PIN);
    println!("{}\n{}\n{}", town.placard, town.suspended, town.elsewhere);
    town.passes.iter().for_each(|pass| println!("{pass}"));
    let shutdown = Shutdown::on_signals().unwrap();
    let app = pages::app(&gate, Arc::new(SystemEntropy), shutdown.clone()).unwrap();
    let listening = bind(config.listen).await.unwrap();
    listening.run(app, None, Limits::default(), shutdown).await.unwrap();
}
