//! HTTP plumbing that both services share: the system's clock and randomness, TLS, listening and
//! stopping, security headers, languages, problem bodies, assets, metrics, logs, rate limits.

pub mod ambient;
pub mod assets;
pub mod headers;
pub mod language;
pub mod metrics;
pub mod origin;
pub mod problem;
pub mod serve;
pub mod shell;
mod usual;
