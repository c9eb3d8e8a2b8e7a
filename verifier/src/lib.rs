//! The gate: verdicts without a network, a durable journal, and the pages that guards use.
// What is printed goes through `say!` and `aside!`, which bear that nobody listens.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod bundle;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod duty;
pub mod engine;
pub mod enrol;
pub mod error;
pub mod gate;
pub mod guards;
mod hints;
pub mod issuer;
pub mod journal;
pub mod look;
pub mod pages;
pub mod pairing;
pub mod passing;
pub mod people;
pub mod presence;
pub mod pull;
pub mod remember;
pub mod roster;
pub mod scan;
pub mod serve;
pub mod session;
pub mod steps;
pub mod store;
pub mod sync;
pub mod upload;
pub mod view;
mod writer;

pub use config::Config;
pub use engine::{Gate, Guard, GuardName, Pair, PairingCode};
pub use error::{GateError, PinError};
pub use serve::{Running, StartError, run};
