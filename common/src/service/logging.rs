//! The log: to standard error, as text for people or JSON for collectors.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    #[default]
    Text,
    Json,
}

impl Style {
    /// Reads `text` or `json`, e.g. from a flag or `FUGONG_LOG_FORMAT`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// What is logged where nothing else was asked for.
pub const USUAL: &str = "info,hyper=warn,h2=warn,rustls=warn,sqlx=warn";

/// Starts the log. `filter` is a list such as `info,fugong_issuer=debug`; an unreadable one falls
/// back to the usual and says so. A process that already logs is left as it is.
pub fn start(style: Style, filter: Option<&str>) {
    let asked = filter.map(str::trim).filter(|text| !text.is_empty());
    let parsed = asked.map(EnvFilter::try_new);
    let unreadable = matches!(parsed, Some(Err(_)));
    let filter = parsed.and_then(Result::ok).unwrap_or_else(|| EnvFilter::new(USUAL));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match style {
        Style::Text => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_writer(std::io::stderr)
                    .with_target(false),
            )
            .try_init(),
        Style::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
    };
    if started.is_ok() && unreadable {
        tracing::warn!(filter = asked, "unreadable log filter; using {USUAL}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_twice_or_with_nonsense_is_harmless() {
        start(Style::Text, Some("info,=nonsense=["));
        start(Style::Json, None);
        tracing::info!("still here");
    }

    #[test]
    fn styles_are_named() {
        assert_eq!(Style::parse(" JSON "), Some(Style::Json));
        assert_eq!(Style::parse("xml"), None);
    }
}
