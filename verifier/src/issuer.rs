//! Requests to the issuer, each signed by the device over method, path, body and a nonce.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use flate2::read::GzDecoder;
use fugong_common::device::DeviceClaim;
use fugong_common::time::Millis;
use fugong_common::wire::{self, GateProblem, JournalHead, NonceAnswer, problem};
use futures_util::StreamExt as _;
use reqwest::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap,
    HeaderValue, RANGE,
};
use reqwest::{Client, Method, Response, StatusCode};

use crate::config::Config;
use crate::enrol::Enrolled;

/// Largest part that is taken: a roster of a million people and some.
const MOST_BYTES: u64 = 256 << 20;

/// Why the issuer didn't give what was asked.
#[derive(Debug)]
pub enum IssuerError {
    Unreachable(String),
    /// An administrator hasn't confirmed this gate yet.
    Waiting,
    /// This gate was cut off.
    CutOff,
    Problem {
        code: String,
        detail: String,
        journal: Option<JournalHead>,
    },
    /// Not what the protocol says.
    Unexpected(String),
    /// The device key didn't sign.
    Key(String),
}

impl fmt::Display for IssuerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => write!(f, "the issuer cannot be reached: {error}"),
            Self::Waiting => {
                f.write_str("an administrator has to confirm this gate in the console")
            }
            Self::CutOff => f.write_str("this gate was cut off by the issuer; enrol it again"),
            Self::Problem { code, detail, .. } => write!(f, "the issuer says {code}: {detail}"),
            Self::Unexpected(what) => write!(f, "unexpected answer of the issuer: {what}"),
            Self::Key(error) => f.write_str(error),
        }
    }
}

impl std::error::Error for IssuerError {}

fn unreachable(error: reqwest::Error) -> IssuerError {
    // Without the address: it stands beside, and with it a part's digest would fill the line.
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    IssuerError::Unreachable(text)
}

/// An HTTP client for this configuration.
///
/// # Errors
/// The certificate authority's file, or the system's certificates, cannot be used.
pub fn client(config: &Config) -> Result<Client, String> {
    fugong_common::service::tls::install_provider();
    let mut builder = Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(50))
        .redirect(reqwest::redirect::Policy::none())
        // What the issuer refuses is read in logs and terminals, which speak English.
        .default_headers(HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static("en"))]))
        .user_agent(concat!("fugong-verifier/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = &config.issuer_ca {
        let pem = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        builder = builder.tls_certs_only(certificates);
    }
    builder.build().map_err(|error| error.to_string())
}

/// The issuer, as this gate speaks with it.
#[derive(Debug)]
pub struct Issuer {
    http: Client,
    nonce: Mutex<Option<String>>,
}

/// A part as it came.
#[derive(Debug)]
pub enum Fetched {
    Whole(Vec<u8>),
    Delta(Vec<u8>),
}

/// The beginning of a part, in the form in which it travels: a broken download goes on where it broke, without being unpacked.
#[derive(Debug, Default)]
struct Begun {
    packed: bool,
    bytes: Vec<u8>,
}

impl Begun {
    /// Each form has its file; the compressed one goes first.
    fn files(partial: &Path) -> [(bool, PathBuf); 2] {
        [(true, partial.with_extension("gz")), (false, partial.to_owned())]
    }

    fn load(partial: &Path) -> Self {
        let mut found = Self::files(partial).into_iter().filter_map(|(packed, path)| {
            let bytes = std::fs::read(path).ok().filter(|bytes| !bytes.is_empty())?;
            Some(Self { packed, bytes })
        });
        found.next().unwrap_or_default()
    }

    fn keep(&self, partial: &Path) -> std::io::Result<()> {
        Self::forget(partial);
        if self.bytes.is_empty() {
            return Ok(());
        }
        let mut files = Self::files(partial).into_iter();
        let Some((_, path)) = files.find(|(packed, _)| *packed == self.packed) else {
            return Ok(());
        };
        partial.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, &self.bytes)
    }

    fn forget(partial: &Path) {
        for (_, path) in Self::files(partial) {
            let _ = std::fs::remove_file(path);
        }
    }

    fn plain(self) -> Result<Vec<u8>, IssuerError> {
        if !self.packed {
            return Ok(self.bytes);
        }
        let mut plain = Vec::new();
        GzDecoder::new(self.bytes.as_slice())
            .take(MOST_BYTES)
            .read_to_end(&mut plain)
            .map_err(|error| IssuerError::Unexpected(format!("gzip: {error}")))?;
        Ok(plain)
    }
}

impl Issuer {
    pub fn new(http: Client) -> Self {
        Self { http, nonce: Mutex::new(None) }
    }

    fn take_nonce(&self) -> Option<String> {
        self.nonce.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep_nonce(&self, headers: &HeaderMap) {
        let nonce = headers.get(wire::NONCE_HEADER).and_then(|value| value.to_str().ok());
        if let Some(nonce) = nonce {
            *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(nonce.to_owned());
        }
    }

    /// A fresh nonce, and what time it is for the issuer.
    pub async fn fresh_nonce(&self, enrolled: &Enrolled) -> Result<Millis, IssuerError> {
        let response = self
            .http
            .get(format!("{}{}", enrolled.issuer, wire::NONCE))
            .timeout(Duration::from_secs(20))
            .send()
            .await
            .map_err(unreachable)?;
        let response = checked(response).await?;
        let answer: NonceAnswer =
            response.json().await.map_err(|e| IssuerError::Unexpected(e.to_string()))?;
        *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer.nonce);
        Ok(answer.now_ms)
    }

    async fn send(
        &self,
        enrolled: &Enrolled,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
        patience: Option<Duration>,
    ) -> Result<Response, IssuerError> {
        let mut again = true;
        loop {
            let nonce = if let Some(nonce) = self.take_nonce() {
                nonce
            } else {
                self.fresh_nonce(enrolled).await?;
                self.take_nonce().unwrap_or_default()
            };
            let claim = DeviceClaim {
                method: method.as_str().to_owned(),
                path_and_query: path.to_owned(),
                body_sha256: DeviceClaim::digest_of(body),
                audience: enrolled.audience.clone(),
                nonce,
                gate_id: enrolled.gate_id.clone(),
            };
            let authorization = claim
                .authorization(&*enrolled.device)
                .map_err(|error| IssuerError::Key(error.to_string()))?;
            let mut request = self
                .http
                .request(method.clone(), format!("{}{path}", enrolled.issuer))
                .headers(headers.clone())
                .header(AUTHORIZATION, authorization)
                .body(body.to_vec());
            if let Some(patience) = patience {
                request = request.timeout(patience);
            }
            let response = request.send().await.map_err(unreachable)?;
            self.keep_nonce(response.headers());
            match checked(response).await {
                Err(IssuerError::Problem { code, .. })
                    if again && code == problem::NONCE_EXPIRED =>
                {
                    again = false;
                    self.take_nonce();
                }
                other => return other,
            }
        }
    }

    /// The newest manifest.
    pub async fn manifest(&self, enrolled: &Enrolled) -> Result<Vec<u8>, IssuerError> {
        let patience = Some(Duration::from_secs(30));
        let headers = HeaderMap::new();
        let response =
            self.send(enrolled, &Method::GET, wire::MANIFEST, &headers, &[], patience).await?;
        let bytes = response.bytes().await.map_err(unreachable)?;
        Ok(bytes.to_vec())
    }

    /// A part at this path. What came before a broken line is kept in `partial`, and asked for no more.
    pub async fn part(
        &self,
        enrolled: &Enrolled,
        path: &str,
        partial: &Path,
    ) -> Result<Fetched, IssuerError> {
        let mut begun = Begun::load(partial);
        let mut headers = HeaderMap::new();
        if begun.packed || begun.bytes.is_empty() {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let whole = path.split('?').next().unwrap_or(path);
        let path = if begun.bytes.is_empty() {
            path
        } else {
            let range = format!("bytes={}-", begun.bytes.len());
            if let Ok(range) = HeaderValue::from_str(&range) {
                headers.insert(RANGE, range);
            }
            // A delta begins from a held part, a remainder from these bytes: not both.
            whole
        };
        let response = match self.send(enrolled, &Method::GET, path, &headers, &[], None).await {
            Err(error) => {
                // Whatever is wrong with the remainder, the next try begins anew.
                if !matches!(error, IssuerError::Unreachable(_)) {
                    Begun::forget(partial);
                }
                return Err(error);
            }
            Ok(response) => response,
        };
        let is = |name, value: &str| {
            let header = response.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok());
            header.is_some_and(|header| header.starts_with(value))
        };
        let (delta, packed) = (is(CONTENT_TYPE, wire::DELTA_TYPE), is(CONTENT_ENCODING, "gzip"));
        let goes_on = response.status() == StatusCode::PARTIAL_CONTENT && packed == begun.packed;
        if !goes_on {
            begun = Begun { packed, bytes: Vec::new() };
        }
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            match chunk {
                Ok(chunk) => begun.bytes.extend_from_slice(&chunk),
                Err(error) => {
                    if !delta && let Err(error) = begun.keep(partial) {
                        tracing::warn!(%error, "the beginning of a part was not kept");
                    }
                    return Err(unreachable(error));
                }
            }
            if u64::try_from(begun.bytes.len()).unwrap_or(u64::MAX) > MOST_BYTES {
                return Err(IssuerError::Unexpected("a part of more than 256 MiB".to_owned()));
            }
        }
        Begun::forget(partial);
        let bytes = begun.plain()?;
        Ok(if delta { Fetched::Delta(bytes) } else { Fetched::Whole(bytes) })
    }

    /// Where the issuer stands with a journal.
    pub async fn journal_head(
        &self,
        enrolled: &Enrolled,
        id: &[u8; 16],
    ) -> Result<JournalHead, IssuerError> {
        let path = wire::journal_path(id);
        let patience = Some(Duration::from_secs(30));
        let headers = HeaderMap::new();
        let response = self.send(enrolled, &Method::GET, &path, &headers, &[], patience).await?;
        response.json().await.map_err(|error| IssuerError::Unexpected(error.to_string()))
    }

    /// Hands a signed batch over.
    pub async fn send_batch(
        &self,
        enrolled: &Enrolled,
        batch: &[u8],
    ) -> Result<wire::JournalAnswer, IssuerError> {
        let headers = cose();
        let patience = Some(Duration::from_mins(1));
        let response =
            self.send(enrolled, &Method::POST, wire::JOURNAL, &headers, batch, patience).await?;
        response.json().await.map_err(|error| IssuerError::Unexpected(error.to_string()))
    }

    /// Hands over a batch of a history that contradicts the one the issuer knows; it is kept for people.
    pub async fn send_branch(&self, enrolled: &Enrolled, batch: &[u8]) -> Result<(), IssuerError> {
        let patience = Some(Duration::from_mins(1));
        let headers = cose();
        let path = wire::JOURNAL_BRANCH;
        self.send(enrolled, &Method::POST, path, &headers, batch, patience).await.map(|_| ())
    }

    /// Tells an issuer that was set back what this gate holds.
    pub async fn tell_held(
        &self,
        enrolled: &Enrolled,
        path: &str,
        bytes: &[u8],
    ) -> Result<(), IssuerError> {
        let patience = Some(Duration::from_mins(1));
        let headers = cose();
        let response = self.send(enrolled, &Method::POST, path, &headers, bytes, patience).await?;
        let answer: wire::HeldAnswer =
            response.json().await.map_err(|error| IssuerError::Unexpected(error.to_string()))?;
        if answer.learned > 0 || !answer.believed {
            let wire::HeldAnswer { learned, believed } = answer;
            tracing::warn!(path, learned, believed, "told the issuer what this gate holds");
        }
        Ok(())
    }

    /// The stream of hints; it has no end of its own, and a silence of 50 seconds breaks it.
    pub async fn events(&self, enrolled: &Enrolled) -> Result<Response, IssuerError> {
        let headers = HeaderMap::new();
        self.send(enrolled, &Method::GET, wire::EVENTS, &headers, &[], None).await
    }
}

fn cose() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(wire::COSE_TYPE));
    headers
}

async fn checked(response: Response) -> Result<Response, IssuerError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = response.bytes().await.unwrap_or_default();
    let Ok(told) = serde_json::from_slice::<GateProblem>(&body) else {
        return Err(if status.is_server_error() {
            IssuerError::Unreachable(status.to_string())
        } else {
            IssuerError::Unexpected(status.to_string())
        });
    };
    Err(match (status, told.code.as_str()) {
        (StatusCode::FORBIDDEN, problem::GATE_WAITING) => IssuerError::Waiting,
        (StatusCode::GONE, problem::GATE_CUT_OFF) => IssuerError::CutOff,
        _ if status.is_server_error() => IssuerError::Unreachable(told.code),
        _ => IssuerError::Problem { code: told.code, detail: told.detail, journal: told.journal },
    })
}

#[cfg(test)]
#[path = "issuer_tests.rs"]
mod tests;
