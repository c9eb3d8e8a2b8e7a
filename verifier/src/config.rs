//! Configuration: a TOML file, overridden by the environment, overridden by flags.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fugong_common::service::client::{BadProxy, Proxies};
use fugong_common::service::origin::Origin;
use serde::Deserialize;

/// Everything the verifier can be told on its own machine. Rules of the gate come signed from the issuer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the journal, the device key and the issuer's bundle live. One `serve` at a time.
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    /// Plain address on this machine, beside TLS: browsers open cameras on `http://127.0.0.1` without a certificate.
    pub listen_local: Option<SocketAddr>,
    /// How guard browsers reach this verifier: `http(s)://host[:port]`, no path.
    pub origin: String,
    /// More origins under which it may be reached, such as an address in the local network.
    pub more_origins: Vec<String>,
    /// PEM files of a certificate chain and its key; without them plain HTTP is spoken.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// PEM file of a certificate authority that the issuer's certificate is checked against, beside none else.
    pub issuer_ca: Option<PathBuf>,
    /// Seconds between two looks at the issuer when no hint comes.
    pub pull_seconds: u64,
    /// Hours after which the personal part of an entry that the issuer has is deleted here.
    pub keep_sent_hours: u32,
    /// Proxies in front, as addresses or networks: what they write into `X-Forwarded-For` is believed.
    pub proxies: Vec<String>,
    /// Roots of sample towns are refused unless this is set.
    pub accept_sample: bool,
    pub log_json: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("gate-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
            listen_local: None,
            origin: "http://127.0.0.1:8081".to_owned(),
            more_origins: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            issuer_ca: None,
            pull_seconds: 60,
            keep_sent_hours: 24,
            proxies: Vec::new(),
            accept_sample: false,
            log_json: false,
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
    PullSeconds,
    Proxy(BadProxy),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::Malformed(path, message) => write!(f, "{}: {message}", path.display()),
            Self::Origin(origin) => write!(
                f,
                "origin {origin:?} must be http:// or https:// with a lower-case host and no path, \
                 for example https://gate.example.com:8443"
            ),
            Self::Tls => {
                f.write_str("tls_certificate and tls_key are given together or not at all")
            }
            Self::Proxy(error) => write!(f, "proxies: {error}"),
            Self::PullSeconds => f.write_str("pull_seconds must be 1 to 3600"),
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
        self.origins()?;
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            return Err(ConfigError::Tls);
        }
        if !(1..=3600).contains(&self.pull_seconds) {
            return Err(ConfigError::PullSeconds);
        }
        self.proxies()?;
        Ok(self)
    }

    /// Every origin under which requests are accepted, the main one first.
    pub fn origins(&self) -> Result<Vec<Origin>, ConfigError> {
        std::iter::once(&self.origin)
            .chain(&self.more_origins)
            .map(|origin| Origin::parse(origin).map_err(|_| ConfigError::Origin(origin.clone())))
            .collect()
    }

    /// Whose word about a request's client is taken.
    pub fn proxies(&self) -> Result<Proxies, ConfigError> {
        Proxies::parse(&self.proxies).map_err(ConfigError::Proxy)
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("gate.sqlite")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_configuration_is_understood() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verifier.sample.toml");
        let sample = Config::read(Path::new(path)).unwrap().check().unwrap();
        assert!(sample.origins().unwrap()[0].is_https());
        assert_ne!(sample, Config::default());
    }

    #[test]
    fn a_misspelt_field_is_named() {
        let error = toml::from_str::<Config>("listten = '127.0.0.1:1'").unwrap_err().to_string();
        assert!(error.contains("listten"), "{error}");
    }

    #[test]
    fn settings_that_do_not_fit_together_are_refused() {
        let with = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check()
        };
        assert!(matches!(
            with(|c| c.origin = "https://a.example/x".into()),
            Err(ConfigError::Origin(_))
        ));
        assert!(matches!(with(|c| c.tls_key = Some("k.pem".into())), Err(ConfigError::Tls)));
        assert!(matches!(with(|c| c.pull_seconds = 0), Err(ConfigError::PullSeconds)));
        assert!(matches!(with(|c| c.proxies = vec!["x".into()]), Err(ConfigError::Proxy(_))));
        assert!(with(|_| ()).is_ok());
    }
}
