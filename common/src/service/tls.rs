//! TLS: the server side from PEM files, and the client side's provider.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, from a certificate chain (leaf first) and its key.
///
/// # Errors
/// Names the file and what is wrong with it.
pub fn from_pem_files(chain: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |path: &Path, error| TlsError::File { path: path.to_owned(), source: error };
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .map_err(|error| read(chain, error))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate(chain.to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| read(key, error))?;
    let refused =
        |source| TlsError::Refused { chain: chain.to_owned(), key: key.to_owned(), source };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_no_client_auth()
        .with_single_cert(certificates, secret)
        .map_err(refused)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Makes `ring` this process's TLS provider, for HTTP clients. Later calls change nothing.
pub fn install_provider() {
    if CryptoProvider::get_default().is_none() {
        // Lost only to another thread that installs the same one.
        let _ = ring::default_provider().install_default();
    }
}

/// Why there is no TLS.
#[derive(Debug)]
pub enum TlsError {
    /// Not readable, or not PEM.
    File {
        path: PathBuf,
        source: rustls::pki_types::pem::Error,
    },
    NoCertificate(PathBuf),
    /// Certificate and key don't belong together, or use an algorithm that isn't supported.
    Refused {
        chain: PathBuf,
        key: PathBuf,
        source: rustls::Error,
    },
    /// A site certificate needs at least one name or address, written without scheme and port.
    BadHost(String),
    Make(rcgen::Error),
    Store {
        path: PathBuf,
        source: io::Error,
    },
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => write!(
                f,
                "can't read {}: {source}. Give a PEM file that this account may read",
                path.display()
            ),
            Self::NoCertificate(path) => write!(
                f,
                "{} holds no certificate. It must hold the server's certificate and those between it and the root, in PEM",
                path.display()
            ),
            Self::Refused { chain, key, source } => write!(
                f,
                "{} and {} can't be used together: {source}. Check that the key belongs to the first certificate",
                chain.display(),
                key.display()
            ),
            Self::BadHost(host) => write!(
                f,
                "{host:?} can't stand in a certificate; write host names or addresses such as gate.example.cn or 192.168.1.20"
            ),
            Self::Make(source) => write!(f, "can't make a certificate: {source}"),
            Self::Store { path, source } => {
                write!(f, "can't write {}: {source}. Check owner and free space", path.display())
            }
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Refused { source, .. } => Some(source),
            Self::Make(source) => Some(source),
            Self::Store { source, .. } => Some(source),
            Self::NoCertificate(_) | Self::BadHost(_) => None,
        }
    }
}
