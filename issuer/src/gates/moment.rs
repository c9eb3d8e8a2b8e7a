//! What the bundles of all gates are cut from at one change: read once, however many gates ask. Whatever stands here is a
//! function of the change's number, as the manifests are.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use fugong_common::base64url;
use fugong_common::time::Millis;
use fugong_common::trust::TrustedKey;
use fugong_common::wire::{PartName, SENT_ALONG_BYTES};
use sha2::{Digest, Sha256};

use super::shelf::{Kept, Sha};
use crate::app::App;
use crate::changes::{self, Change};
use crate::db::{DbError, Tx};
use crate::keys::store::StoredList;
use crate::{divisions, keys, status};

/// One change, and what every gate is given at it.
#[derive(Debug)]
pub(super) struct Moment {
    pub newest: Change,
    pub trust: StoredList,
    /// The trust list and the status lists, by name of the part.
    pub common: BTreeMap<String, (Sha, Kept)>,
    /// Status lists as they are sent along with a hint.
    pub sent_along: Vec<SentAlong>,
    /// What happened since an earlier change, by that one's number.
    since: Mutex<HashMap<i64, Arc<Since>>>,
}

/// A status list that is short enough to be sent along.
#[derive(Debug)]
pub(super) struct SentAlong {
    pub digest: Sha,
    /// In base64url.
    pub text: String,
}

/// What happened between two changes.
#[derive(Debug)]
pub(super) struct Since {
    /// `None` when they are too many, or no longer all kept.
    pub changes: Option<Vec<Change>>,
    /// Other rules came into force.
    pub regime_begins: bool,
}

impl Moment {
    /// Reads what a moment consists of; `None` before the first trust list was signed.
    pub(super) async fn read(tx: &mut Tx, newest: Change) -> Result<Option<Self>, DbError> {
        let Some(trust) = keys::store::newest(tx).await? else { return Ok(None) };
        let (mut common, mut sent_along) = (BTreeMap::new(), Vec::new());
        let mut put = |name: PartName, bytes: Vec<u8>| {
            let digest: Sha = Sha256::digest(&bytes).into();
            if matches!(name, PartName::Status(_)) && bytes.len() <= SENT_ALONG_BYTES {
                sent_along.push(SentAlong { digest, text: base64url::encode(&bytes) });
            }
            common.insert(name.to_string(), (digest, Kept::new(bytes)));
        };
        put(PartName::Trust, trust.chain.clone());
        // A list under a withdrawn or ended key opens nowhere any more, and would spoil the whole bundle.
        let counts = |key: &&TrustedKey| key.revoked.is_none() && key.exp > newest.at.seconds();
        for key in trust.list.keys.iter().filter(|key| key.list_uri.is_some()).filter(counts) {
            let name = key.id();
            if let Some(stored) = status::store::find_token(tx, &name.to_string()).await? {
                put(PartName::Status(name), stored.token);
            }
        }
        Ok(Some(Self { newest, trust, common, sent_along, since: Mutex::default() }))
    }

    /// What happened since the change with this number, at `at`.
    pub(super) async fn since(
        &self,
        tx: &mut Tx,
        seq: i64,
        at: Millis,
    ) -> Result<Arc<Since>, DbError> {
        let lock = || self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&seq) {
            return Ok(Arc::clone(known));
        }
        let since = Arc::new(Since {
            changes: changes::since(tx, seq).await?,
            regime_begins: divisions::store::regime_begins(tx, at, self.newest.at).await?,
        });
        lock().insert(seq, Arc::clone(&since));
        Ok(since)
    }
}

/// The moment of the newest change within a snapshot; `None` before anything can be given to gates.
pub(super) async fn now(app: &App, tx: &mut Tx) -> Result<Option<Arc<Moment>>, DbError> {
    let Some(newest) = changes::last(tx).await? else { return Ok(None) };
    if let Some(known) = app.bundles().moment().filter(|known| known.newest.seq == newest.seq) {
        return Ok(Some(known));
    }
    let Some(moment) = Moment::read(tx, newest).await? else { return Ok(None) };
    let moment = Arc::new(moment);
    app.bundles().set_moment(&moment);
    Ok(Some(moment))
}

/// The moment of this change or a later one, read once for all who wait for it.
pub(super) async fn reached(app: &App, seq: i64) -> Result<Option<Arc<Moment>>, DbError> {
    let known = || app.bundles().moment().filter(|known| known.newest.seq >= seq);
    if let Some(known) = known() {
        return Ok(Some(known));
    }
    let _turn = app.bundles().moment_turn().await;
    match known() {
        Some(known) => Ok(Some(known)),
        None => now(app, &mut app.db().snapshot().await?).await,
    }
}
