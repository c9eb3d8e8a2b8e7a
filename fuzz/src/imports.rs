//! The issuer's spreadsheet reader by its files: the rest of the issuer would take minutes to build
//! with instrumentation. The paths give it the name that it has at home, `crate::imports`.

#![allow(dead_code)]

#[path = "../../issuer/src/imports/grid.rs"]
pub mod grid;
#[path = "../../issuer/src/imports/read/mod.rs"]
pub mod read;
