//! Configuration: a TOML file, overridden by the environment, overridden by flags.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fugong_common::service::client::{BadProxy, Proxies};
use serde::Deserialize;

/// Everything the service can be told. Durations and limits that offices decide live in regimes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the embedded database, keys and extra fonts live.
    pub data_dir: PathBuf,
    /// `postgres://…`; without it the embedded `SQLite` file is used.
    pub database_url: Option<String>,
    pub listen: SocketAddr,
    /// How people and placards reach this issuer: `https://host[:port]`, no path.
    pub origin: String,
    /// More hosts under which requests are accepted, such as an address in the local network.
    pub hosts: Vec<String>,
    /// PEM files of a certificate chain and its key; without them the service speaks plain HTTP,
    /// for a TLS proxy in front or for this machine only.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Fonts for characters that the built-in family lacks.
    pub extra_fonts: Option<PathBuf>,
    /// The passphrase of encrypted signing keys is read from this file.
    pub passphrase_file: Option<PathBuf>,
    /// Proxies in front, as addresses or networks: what they write into `X-Forwarded-For` is believed.
    pub proxies: Vec<String>,
    /// Log lines as JSON.
    pub log_json: bool,
    /// Marks every page and placard as sample data.
    pub demo: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            database_url: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            origin: "http://127.0.0.1:8080".to_owned(),
            hosts: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            extra_fonts: None,
            passphrase_file: None,
            proxies: Vec::new(),
            log_json: false,
            demo: false,
        }
    }
}

/// What is wrong with a configuration, and how to mend it.
#[derive(Debug)]
pub enum ConfigError {
    Unreadable(PathBuf, std::io::Error),
    Malformed(PathBuf, String),
    Origin(String),
    Tls,
    Proxy(BadProxy),
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::Malformed(path, message) => write!(f, "{}: {message}", path.display()),
            Self::Origin(origin) => write!(
                f,
                "origin {origin:?} must be http:// or https:// with a lower-case host and no path, \
                 for example https://fugong.example.gov.cn"
            ),
            Self::Tls => {
                f.write_str("tls_certificate and tls_key are given together or not at all")
            }
            Self::Proxy(error) => write!(f, "proxies: {error}"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// Names the file and the line or field that is wrong.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable(path.to_owned(), error))?;
        toml::from_str(&text)
            .map_err(|error| ConfigError::Malformed(path.to_owned(), error.to_string()))
    }

    /// Checks what single fields cannot say.
    pub fn check(self) -> Result<Self, ConfigError> {
        let rest =
            self.origin.strip_prefix("https://").or_else(|| self.origin.strip_prefix("http://"));
        let fine = rest.is_some_and(|host| {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b"-.:[]".contains(&b))
        });
        if !fine {
            return Err(ConfigError::Origin(self.origin));
        }
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            return Err(ConfigError::Tls);
        }
        Proxies::parse(&self.proxies).map_err(ConfigError::Proxy)?;
        Ok(self)
    }

    /// Whose word about a request's client is taken; [`check`](Self::check) has read them.
    pub fn proxies(&self) -> Proxies {
        Proxies::parse(&self.proxies).unwrap_or_default()
    }

    /// Host and port of the origin, as trust lists and placards name it.
    pub fn host(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, host)| host)
    }

    /// Whether browsers reach us over TLS, here or at a proxy.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    pub fn keys_dir(&self) -> PathBuf {
        self.data_dir.join("keys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_configuration_is_understood() {
        let sample = Config::read(Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../docs/issuer.sample.toml"
        )))
        .unwrap()
        .check()
        .unwrap();
        assert_eq!(sample.host(), "fugong.example.gov.cn");
        assert!(sample.is_https());
    }

    #[test]
    fn an_origin_with_capitals_or_a_path_is_refused() {
        for origin in ["https://Fugong.example", "https://a.example/x", "ftp://a", "https://"] {
            let config = Config { origin: origin.into(), ..Config::default() };
            assert!(matches!(config.check(), Err(ConfigError::Origin(_))), "{origin}");
        }
    }

    #[test]
    fn a_proxy_that_is_none_is_named() {
        let config = Config { proxies: vec!["gateway".into()], ..Config::default() };
        assert!(config.check().unwrap_err().to_string().contains("gateway"));
    }

    #[test]
    fn a_misspelt_field_is_named() {
        let error = toml::from_str::<Config>("listten = '127.0.0.1:1'").unwrap_err().to_string();
        assert!(error.contains("listten"), "{error}");
    }
}
