//! The gate: verdicts without a network, a durable journal, and what the scan page stands on.

pub mod config;
pub mod engine;
pub mod error;
pub mod view;

pub use config::Config;
pub use engine::{Gate, Guard, GuardName, Pair, PairingCode};
pub use error::{GateError, PinError};
