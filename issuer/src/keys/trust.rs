//! Building and signing the next trust list.

use std::fmt;

use fugong_common::keys::Signer;
use fugong_common::time::Millis;
use fugong_common::trust::{SealError, TrustChain, TrustLink, TrustList};

use super::store::{self, OwnKey, StoredList};
use crate::app::App;
use crate::audit::Act;
use crate::db::DbError;
use crate::{restores, status};

/// Why no new list was signed.
#[derive(Debug)]
pub enum TrustFault {
    Db(DbError),
    Seal(SealError),
    /// The root given is not the one in force, and that one has not signed too.
    OtherRoot {
        in_force: String,
    },
    /// The old root was given although it is still the root, or is not the one in force.
    NotTheOldRoot,
    /// There is no key to list.
    NoKeys,
}

impl fmt::Display for TrustFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Db(error) => write!(f, "{error}"),
            Self::Seal(error) => write!(f, "{error}"),
            Self::OtherRoot { in_force } => write!(
                f,
                "the root in force has fingerprint {in_force}. Sign with it, or, to change the root, \
                 give the file of the old one too with --old-root"
            ),
            Self::NotTheOldRoot => f.write_str(
                "--old-root is for a change of root, and must be the root in force until now",
            ),
            Self::NoKeys => f.write_str("there is no key to list: make some with `issuer key new`"),
        }
    }
}

impl std::error::Error for TrustFault {}

impl From<DbError> for TrustFault {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<SealError> for TrustFault {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

/// What the next list is made from.
#[derive(Debug)]
pub struct Next<'a> {
    pub before: Option<&'a TrustList>,
    pub keys: Vec<OwnKey>,
    pub hosts: Vec<String>,
    pub days: i64,
    pub demo: bool,
    /// Versions to leave out: a restore does not know which were given since the archive.
    pub skip: u64,
}

/// The next version, signed by nobody yet. Keys that have ended are left out.
///
/// # Errors
/// A root other than the one in force without the old one's consent; no keys.
pub fn next_list(
    next: Next<'_>,
    root: &dyn Signer,
    old_root: Option<&dyn Signer>,
    now: Millis,
) -> Result<TrustList, TrustFault> {
    let public = root.public_key();
    let (root_number, previous_root) = match (next.before, old_root) {
        (None, None) => (1, None),
        (Some(before), None) if before.root == public => (before.root_number, None),
        (Some(before), Some(old)) if old.public_key() == before.root && before.root != public => {
            (before.root_number.saturating_add(1), Some(before.root))
        }
        (Some(before), None) => {
            let in_force = before.root.fingerprint().to_string();
            return Err(TrustFault::OtherRoot { in_force });
        }
        (_, Some(_)) => return Err(TrustFault::NotTheOldRoot),
    };
    let mut keys: Vec<_> = next.keys.into_iter().map(|key| key.entry).collect();
    keys.retain(|key| key.exp > now.seconds());
    if keys.is_empty() {
        return Err(TrustFault::NoKeys);
    }
    keys.sort_by_key(fugong_common::trust::TrustedKey::id);
    Ok(TrustList {
        version: next
            .before
            .map_or(1, |before| before.version.saturating_add(1).saturating_add(next.skip)),
        iat: now.seconds(),
        exp: now.plus_days(next.days).seconds(),
        hosts: next.hosts,
        keys,
        root: public,
        root_number,
        previous_root,
        demo: next.demo,
    })
}

/// Signs version N + 1 over the database's keys, stores and publishes it, and signs the status
/// lists that it names for the first time.
///
/// # Errors
/// [`TrustFault`]; nothing is stored then.
pub async fn sign(
    app: &App,
    root: &dyn Signer,
    old_root: Option<&dyn Signer>,
    days: i64,
    demo: bool,
) -> Result<StoredList, TrustFault> {
    let now = app.now();
    let mut tx = app.db().write().await?;
    let before = store::newest(&mut tx).await?;
    let restored = restores::newest(&mut tx).await?;
    let first_since = match (&before, restored) {
        (Some(before), Some(restored)) => Millis::from_seconds(before.list.iat) < restored.at,
        _ => false,
    };
    let config = app.config();
    let mut hosts = vec![config.host().to_owned()];
    hosts.extend(config.hosts.iter().cloned());
    hosts.dedup();
    let next = Next {
        before: before.as_ref().map(|stored| &stored.list),
        keys: store::list(&mut tx).await?,
        hosts,
        days,
        demo,
        skip: if first_since { restores::VERSIONS } else { 0 },
    };
    let list = next_list(next, root, old_root, now)?;
    let mut link = TrustLink::sign(&list, root)?;
    if let Some(old) = old_root {
        link = link.countersign(old)?;
    }
    let chain = match &before {
        Some(stored) => TrustChain::from_bytes(&stored.chain).unwrap_or_default(),
        None => TrustChain::default(),
    };
    let chain = chain
        .with(link)
        .map_err(|_| DbError::corrupt("trust_lists", "chain", "the newest"))?
        .to_bytes();
    store::insert_list(&mut tx, &chain, &list).await?;
    let signed = status::sign_all(app, &mut tx, &list).await?;
    let detail =
        format!("version {}, {} keys, {signed} status lists", list.version, list.keys.len());
    let act = Act {
        at: now,
        account_id: "",
        post_id: "",
        action: "trust.sign",
        subject: "trust",
        subject_id: &list.version.to_string(),
        division_id: "",
        detail: &detail,
    };
    app.record(&mut tx, act).await?;
    let change = app.note_change(&mut tx, "trust", &list.version.to_string()).await?;
    app.commit(tx, change).await?;
    Ok(StoredList { chain, list })
}
