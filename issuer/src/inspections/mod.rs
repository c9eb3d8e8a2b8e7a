//! Inspectors' scans inside the console, visits, and what the public reports.

pub mod pages;
pub mod store;
mod words;

#[cfg(test)]
mod tests;
