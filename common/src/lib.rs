//! What both services mean by permit, pass, status, trust, scan and verdict.
//!
//! Everything here is pure: no database, no clock, no files, no HTTP. Two features add what the
//! services share beyond that: `reader` finds QR codes in pictures, `service` is HTTP plumbing.

pub mod entropy;
pub mod lang;
pub mod records;
pub mod time;
pub mod verdict;
pub mod words;
