//! Spreadsheets as they come (domain A07, section E): read, shown as understood, taken knowingly.
//!
//! A file is read into a [`grid::Book`] and kept, packed, for at most an hour while somebody looks
//! at its preview; the raw file is never kept. Taking it in runs in chunks: each transaction writes
//! whole rows together with how far it has come, so that an import that was cut off goes on where it
//! stopped, and taking the same sheet again changes nothing.

pub mod columns;
pub mod enterprises;
pub mod fault;
pub mod grid;
pub mod job;
pub mod pages;
pub mod people;
pub mod places;
pub mod plan;
mod preview;
pub mod read;
mod rows;
pub mod sheets;
pub mod store;
pub mod take_enterprises;
pub mod take_people;
pub mod taking;
mod understood;
pub mod upkeep;
pub mod values;
mod words;

pub use words::ImportWords;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod job_tests;

#[cfg(test)]
mod handover_tests;
