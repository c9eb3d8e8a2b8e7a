//! HTTP plumbing that both services share: the system's clock and randomness, TLS, listening and
//! stopping, security headers, languages, problem bodies, assets, metrics, logs, rate limits.

pub mod ambient;
pub mod api;
pub mod assets;
pub mod bodies;
pub mod camera;
pub mod client;
pub mod headers;
pub mod health;
pub mod language;
pub mod limit;
pub mod logging;
pub mod metrics;
pub mod origin;
pub mod problem;
pub mod say;
mod seats;
pub mod serve;
pub mod shell;
pub mod site_authority;
pub mod tls;
mod usual;
