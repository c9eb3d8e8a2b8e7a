//! The credential against others' measure: published attack vectors, other people's codes, and the
//! public vectors in `tests/vectors` that any implementation can be held to.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
// The world and the verdicts are the language that the tables are written in.
#![allow(clippy::enum_glob_use, clippy::too_many_lines, clippy::wildcard_imports)]

// Tables, one case a line.
#[rustfmt::skip]
mod cases;
mod file;
#[rustfmt::skip]
mod foreign;
#[rustfmt::skip]
mod objects;
mod signatures;
mod vectors;
mod world;
