//! Issuer and gate in one process on embedded databases, with a small town of sample enterprises.

pub mod stage;
pub mod start;
pub mod town;

pub use start::{Gate, NotStarted, Options, Started, start, start_gate_alone};
