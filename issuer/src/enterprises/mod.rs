//! Enterprises and shops: one enterprise one file (domain A05), found among forty thousand,
//! edited without overwriting one another, with scale as a dated fact (A30).

mod details;
pub mod store;
pub mod timeline;

pub(crate) use details::coded;
pub use details::{Code, Details, Kind, Survey, SurveyState};

#[cfg(test)]
pub(crate) mod tests;
