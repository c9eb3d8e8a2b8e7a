//! The issuer: takes an enterprise from filing through checks and joint approval to a signed,
//! printed placard, and keeps it honest afterwards.
// What is printed goes through `say!` and `aside!`, which bear that nobody listens.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod accounts;
pub mod app;
pub mod applications;
pub mod approvals;
pub mod audit;
pub mod authz;
pub mod backup;
pub mod changes;
pub mod cli;
pub mod config;
pub mod db;
pub mod desk;
pub mod divisions;
pub mod enterprises;
pub mod fields;
pub mod gates;
pub mod imports;
pub mod inspections;
pub mod keys;
pub mod passes;
pub mod people;
pub mod permits;
pub mod premises;
pub mod print;
pub mod restores;
pub mod samples;
pub mod settings;
pub mod status;
pub mod verify;
mod watch;
pub mod web;

#[cfg(test)]
pub(crate) mod testing;
