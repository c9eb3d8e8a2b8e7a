//! First keys: what an installation needs before it can sign anything.

use std::fmt;
use std::path::Path;

use fugong_common::keys::{Role, Signer as _, SoftwareKey};
use fugong_common::time::Millis;
use fugong_common::trust::TrustedKey;

use super::disk::{self, DiskError};
use super::store::{self, StoredList};
use super::trust::{self, TrustFault};
use super::{EVERYWHERE, KEY_DAYS, LIST_DAYS, ROLES, SIGN_DAYS};
use crate::app::App;
use crate::db::DbError;

/// Why there are no first keys.
#[derive(Debug)]
pub enum BootstrapError {
    Disk(DiskError),
    Trust(TrustFault),
    Db(DbError),
}

impl fmt::Display for BootstrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(error) => write!(f, "{error}"),
            Self::Trust(error) => write!(f, "{error}"),
            Self::Db(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for BootstrapError {}

impl From<DiskError> for BootstrapError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

impl From<TrustFault> for BootstrapError {
    fn from(error: TrustFault) -> Self {
        Self::Trust(error)
    }
}

impl From<DbError> for BootstrapError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// Term and place of a new key.
#[derive(Clone, Debug)]
pub struct Terms {
    pub nbf: Millis,
    pub sign_until: Millis,
    pub exp: Millis,
    pub scope: Vec<(u64, u64)>,
}

impl Terms {
    /// From an instant on, for the usual time, everywhere.
    pub fn usual(from: Millis) -> Self {
        Self {
            nbf: from,
            sign_until: from.plus_days(SIGN_DAYS),
            exp: from.plus_days(KEY_DAYS),
            scope: vec![EVERYWHERE],
        }
    }
}

/// Makes a key: its private half into a file, the rest into the database. It signs once the root
/// has listed it.
///
/// # Errors
/// The file or the row cannot be written.
pub async fn make_key(app: &App, role: Role, terms: Terms) -> Result<TrustedKey, BootstrapError> {
    let public = app.keys().make(role, app.entropy())?.public_key();
    let id = public.key_id();
    let list_uri = matches!(role, Role::Permit | Role::Pass)
        .then(|| format!("{}/api/status/{id}", app.config().origin));
    let entry = TrustedKey {
        public,
        role,
        nbf: terms.nbf.seconds(),
        sign_until: terms.sign_until.seconds(),
        exp: terms.exp.seconds(),
        revoked: None,
        scope: terms.scope,
        list_uri,
    };
    let mut tx = app.db().write().await?;
    store::insert(&mut tx, &entry, app.now()).await?;
    tx.commit().await?;
    Ok(entry)
}

/// Reads the root key, or makes it if there is no such file.
fn root_at(app: &App, path: &Path) -> Result<SoftwareKey, DiskError> {
    if path.exists() {
        return disk::read(path, None);
    }
    let root = SoftwareKey::generate(app.entropy());
    disk::write(path, &root, None, app.entropy())?;
    Ok(root)
}

/// Sees to it that everything is there for signing: a root in `root_path`, one key for each role,
/// and a signed trust list. Does nothing where a trust list exists already. `demo` marks the list
/// as a sample town's, which enrolled gates refuse. Keys reach `back_days` into the past, so that
/// sample data can be dated.
///
/// # Errors
/// [`BootstrapError`].
pub async fn bootstrap(
    app: &App,
    root_path: &Path,
    demo: bool,
    back_days: i64,
) -> Result<StoredList, BootstrapError> {
    let mut tx = app.db().read().await?;
    let newest = store::newest(&mut tx).await?;
    drop(tx);
    if let Some(stored) = newest {
        return Ok(stored);
    }
    let root = root_at(app, root_path)?;
    let from = app.now().plus_days(-back_days);
    for role in ROLES {
        let mut terms = Terms::usual(from);
        terms.sign_until = terms.sign_until.plus_days(back_days);
        terms.exp = terms.exp.plus_days(back_days);
        make_key(app, role, terms).await?;
    }
    Ok(trust::sign(app, &root, None, LIST_DAYS, demo).await?)
}
