//! Enterprises and shops: one enterprise one file (domain A05), found among forty thousand,
//! edited without overwriting one another, with scale as a dated fact (A30).

pub mod api;
pub mod bulk;
pub mod choices;
mod details;
pub mod export;
pub mod file;
mod form;
pub mod pages;
pub mod store;
pub mod timeline;
mod words;

pub(crate) use details::coded;
pub use details::{Code, Details, Kind, Survey, SurveyState};
pub use form::EnterpriseForm;
pub use words::EnterpriseWords;

#[cfg(test)]
pub(crate) mod tests;
