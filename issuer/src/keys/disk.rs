//! Private keys as files: PKCS#8 PEM, readable by their owner alone, under a passphrase if there
//! is one (PBES2: PBKDF2 with SHA-256 and AES-256-CBC, which OpenSSL reads too).

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fugong_common::entropy::{self, Entropy};
use fugong_common::keys::{KeyId, Role, SoftwareKey};
use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::pbes2;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};

const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
/// What OWASP asks of PBKDF2 with SHA-256 (2023).
const ITERATIONS: u32 = 600_000;
/// No key file is longer; whatever is, is something else.
const LONGEST_BYTES: u64 = 16 * 1024;

/// What is wrong with a key file, and what to do.
#[derive(Debug)]
pub enum DiskError {
    Io(PathBuf, std::io::Error),
    /// There is a file of this name already; keys are never overwritten.
    Exists(PathBuf),
    NotAKey(PathBuf),
    /// Encrypted, and no passphrase was given.
    Locked(PathBuf),
    WrongPassphrase(PathBuf),
    Encoding(String),
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Exists(path) => {
                write!(f, "{} exists and is left as it is; name another file", path.display())
            }
            Self::NotAKey(path) => write!(
                f,
                "{} is not an Ed25519 key in PKCS#8 PEM; put the backup of it back",
                path.display()
            ),
            Self::Locked(path) => write!(
                f,
                "{} is encrypted: name the file that holds its passphrase",
                path.display()
            ),
            Self::WrongPassphrase(path) => {
                write!(f, "the passphrase does not open {}", path.display())
            }
            Self::Encoding(what) => write!(f, "the key could not be written: {what}"),
        }
    }
}

impl std::error::Error for DiskError {}

/// Name of the file of a signing key, e.g. `permit-1a2b3c4d.pem`.
pub fn file_name(role: Role, id: KeyId) -> String {
    format!("{}-{id}.pem", super::role_code(role))
}

/// The passphrase in a file: its first line.
pub fn read_passphrase(path: &Path) -> Result<String, DiskError> {
    let text = std::fs::read_to_string(path).map_err(|e| DiskError::Io(path.to_owned(), e))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Reads a key file.
///
/// # Errors
/// Names the file and what to do.
pub fn read(path: &Path, passphrase: Option<&str>) -> Result<SoftwareKey, DiskError> {
    let io = |error| DiskError::Io(path.to_owned(), error);
    if std::fs::metadata(path).map_err(io)?.len() > LONGEST_BYTES {
        return Err(DiskError::NotAKey(path.to_owned()));
    }
    let pem = std::fs::read_to_string(path).map_err(io)?;
    let not_a_key = || DiskError::NotAKey(path.to_owned());
    let (label, document) = SecretDocument::from_pem(&pem).map_err(|_| not_a_key())?;
    let plain = match label {
        PLAIN => document,
        ENCRYPTED => {
            let passphrase = passphrase.ok_or_else(|| DiskError::Locked(path.to_owned()))?;
            let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
                .map_err(|_| not_a_key())?;
            info.decrypt(passphrase).map_err(|_| DiskError::WrongPassphrase(path.to_owned()))?
        }
        _ => return Err(not_a_key()),
    };
    SoftwareKey::from_pkcs8_der(plain.as_bytes()).map_err(|_| not_a_key())
}

/// Writes a key file that only its owner may read. An existing file is never touched.
///
/// # Errors
/// Names the file and what to do.
pub fn write(
    path: &Path,
    key: &SoftwareKey,
    passphrase: Option<&str>,
    entropy: &dyn Entropy,
) -> Result<(), DiskError> {
    let encoding = |error: &dyn fmt::Display| DiskError::Encoding(error.to_string());
    let der = key.to_pkcs8_der().map_err(|error| encoding(&error))?;
    let pem = match passphrase {
        None => der.to_pem(PLAIN, LineEnding::LF),
        Some(passphrase) => {
            let (salt, iv): ([u8; 16], [u8; 16]) =
                (entropy::bytes(entropy), entropy::bytes(entropy));
            let parameters =
                pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, iv)
                    .map_err(|error| encoding(&error))?;
            let info =
                PrivateKeyInfoRef::try_from(der.as_bytes()).map_err(|error| encoding(&error))?;
            info.encrypt_with_params(parameters, passphrase)
                .map_err(|error| encoding(&error))?
                .to_pem(ENCRYPTED, LineEnding::LF)
        }
    };
    let pem = pem.map_err(|error| encoding(&error))?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| DiskError::Io(folder.to_owned(), e))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => DiskError::Exists(path.to_owned()),
        _ => DiskError::Io(path.to_owned(), error),
    })?;
    file.write_all(pem.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| DiskError::Io(path.to_owned(), error))
}

/// Whether others than its owner may read a file; `None` where that can't be told.
#[cfg(unix)]
pub fn is_open_to_others(path: &Path) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub fn is_open_to_others(_: &Path) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::entropy::SeededEntropy;
    use fugong_common::keys::Signer;

    fn key() -> SoftwareKey {
        SoftwareKey::from_seed(&[7; 32])
    }

    #[test]
    fn a_key_comes_back_from_its_file_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join(file_name(Role::Permit, key().key_id()));
        write(&path, &key(), None, &SeededEntropy::new(1)).unwrap();
        assert_eq!(read(&path, None).unwrap().public_key(), key().public_key());
        assert_ne!(is_open_to_others(&path), Some(true));
        assert!(matches!(
            write(&path, &key(), None, &SeededEntropy::new(1)),
            Err(DiskError::Exists(_))
        ));
    }

    #[test]
    fn an_encrypted_key_opens_with_its_passphrase_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.pem");
        write(&path, &key(), Some("公示牌 2020"), &SeededEntropy::new(1)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        assert!(matches!(read(&path, None), Err(DiskError::Locked(_))));
        assert!(matches!(read(&path, Some("wrong")), Err(DiskError::WrongPassphrase(_))));
        let opened = read(&path, Some("公示牌 2020")).unwrap();
        assert_eq!(opened.public_key(), key().public_key());
    }

    #[test]
    fn other_files_are_no_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.pem");
        for text in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(read(&path, None), Err(DiskError::NotAKey(_))), "{text}");
        }
        std::fs::write(&path, "x".repeat(20_000)).unwrap();
        assert!(matches!(read(&path, None), Err(DiskError::NotAKey(_))));
    }
}
