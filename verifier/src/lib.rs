//! The gate: verdicts without a network, a durable journal, and what the scan page stands on.

pub mod bundle;
pub mod clock;
pub mod config;
pub mod engine;
pub mod error;
pub mod gate;
pub mod guards;
pub mod journal;
pub mod pages;
pub mod pairing;
pub mod presence;
pub mod remember;
pub mod roster;
pub mod store;
pub mod view;

pub use config::Config;
pub use engine::{Gate, Guard, GuardName, Pair, PairingCode};
pub use error::{GateError, PinError};
