//! What both services mean by permit, pass, status, trust, scan and verdict.
//!
//! Everything here is pure: no database, no clock, no files, no HTTP. Two features add what the
//! services share beyond that: `reader` finds QR codes in pictures, `service` is HTTP plumbing.
// What is printed goes through `say!` and `aside!`, which bear that nobody listens.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod base64url;
pub mod cbor;
pub mod claims;
pub mod clock;
pub mod device;
pub mod digits;
pub mod entropy;
pub mod envelope;
pub mod hex;
pub mod journal;
pub mod judge;
pub mod keys;
pub mod lang;
pub mod manifest;
pub mod pass;
pub mod permit;
pub mod person;
pub mod placard;
pub mod records;
pub mod remark;
pub mod serial;
pub mod status;
pub mod temperature;
pub mod time;
pub mod trust;
pub mod uscc;
pub mod verdict;
pub mod wire;
pub mod words;

#[cfg(feature = "reader")]
pub mod reader;
#[cfg(feature = "service")]
pub mod service;
