//! Everything that needs more than one crate: journeys through the real binaries.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends at once, saying why"
)]

mod abuse;
mod api;
mod authorisation;
mod bad_input;
mod browser;
mod clock;
mod closed_pipe;
mod crawl;
mod documents;
mod first_start;
mod gate_away;
mod imports;
mod keys;
mod main_job;
mod quiet_logs;
mod real_world;
mod restore;
mod storm;
