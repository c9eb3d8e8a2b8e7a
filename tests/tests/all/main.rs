//! Everything that needs more than one crate: journeys through the real binaries.

mod gate_away;
mod keys;
mod main_job;
