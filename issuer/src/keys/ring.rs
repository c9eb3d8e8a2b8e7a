//! The private keys that this process can sign with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use fugong_common::entropy::Entropy;
use fugong_common::keys::{KeyId, Role, Signer, SoftwareKey};

use super::disk::{self, DiskError};
use crate::config::Config;

/// Loaded from the data directory at start. A key made meanwhile by the command line is found when
/// it is first wanted.
#[derive(Debug)]
pub struct KeyRing {
    folder: PathBuf,
    passphrase_file: Option<PathBuf>,
    held: RwLock<BTreeMap<KeyId, Arc<SoftwareKey>>>,
    /// Never used again, wherever their files may be: a restore lost sight of what they signed.
    retired: RwLock<BTreeSet<KeyId>>,
}

impl KeyRing {
    pub fn new(config: &Config) -> Self {
        Self {
            folder: config.keys_dir(),
            passphrase_file: config.passphrase_file.clone(),
            held: RwLock::default(),
            retired: RwLock::default(),
        }
    }

    /// Reads every key file. Returns how many keys are held now.
    ///
    /// # Errors
    /// The first file that cannot be used.
    pub fn load(&self) -> Result<usize, DiskError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(DiskError::Io(self.folder.clone(), error)),
        };
        let passphrase = self.passphrase()?;
        for entry in entries {
            let path = entry.map_err(|error| DiskError::Io(self.folder.clone(), error))?.path();
            if path.extension().is_some_and(|extension| extension == "pem") {
                self.hold(disk::read(&path, passphrase.as_deref())?);
            }
        }
        Ok(self.held.read().unwrap_or_else(PoisonError::into_inner).len())
    }

    /// The signer with this id, if this machine has its file.
    pub fn signer(&self, role: Role, id: KeyId) -> Option<Arc<SoftwareKey>> {
        if self.retired.read().unwrap_or_else(PoisonError::into_inner).contains(&id) {
            return None;
        }
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if held.is_some() {
            return held;
        }
        let path = self.folder.join(disk::file_name(role, id));
        if !path.exists() {
            return None;
        }
        let opened = self.passphrase().and_then(|phrase| disk::read(&path, phrase.as_deref()));
        match opened {
            Ok(key) if key.key_id() == id => Some(self.hold(key)),
            Ok(_) => {
                tracing::error!(file = %path.display(), "this key file holds another key than its name says");
                None
            }
            Err(error) => {
                tracing::error!(%error, "a signing key cannot be used");
                None
            }
        }
    }

    /// Signs with this key no more.
    pub fn retire(&self, id: KeyId) {
        self.retired.write().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Makes a key and keeps it in a file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn make(&self, role: Role, entropy: &dyn Entropy) -> Result<Arc<SoftwareKey>, DiskError> {
        let key = SoftwareKey::generate(entropy);
        let path = self.folder.join(disk::file_name(role, key.key_id()));
        disk::write(&path, &key, self.passphrase()?.as_deref(), entropy)?;
        Ok(self.hold(key))
    }

    fn passphrase(&self) -> Result<Option<String>, DiskError> {
        self.passphrase_file.as_deref().map(disk::read_passphrase).transpose()
    }

    fn hold(&self, key: SoftwareKey) -> Arc<SoftwareKey> {
        let key = Arc::new(key);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(held.entry(key.key_id()).or_insert(key))
    }
}
