//! What gates hold, told to an issuer that was set back.
//!
//! Everything a gate was given is signed, by the root or by a key that the root listed. So it can be
//! believed whoever brings it, and nobody can bring what was never signed. What it says is only ever
//! taken against a permit, never for it: the worst that an old list does is to suspend again.

use std::collections::BTreeMap;

use fugong_common::keys::KeyId;
use fugong_common::manifest::Manifest;
use fugong_common::status::{Status, StatusClaims};
use fugong_common::time::Millis;
use fugong_common::trust::{DemoRoots, TrustStore};

use super::store;
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::permits::{By, Event, State, acts};
use crate::{keys, passes, permits, status};

/// What became of something that a gate told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// So many things were learned from it.
    Learned(usize),
    /// Known already.
    Known,
    /// Not under a root or key that is believed here.
    Unfounded,
}

/// Why what a gate told could not be kept.
#[derive(Debug)]
pub enum TellError {
    Db(DbError),
    Act(Box<acts::ActError>),
    Pass(Box<passes::PassError>),
}

impl From<DbError> for TellError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<acts::ActError> for TellError {
    fn from(error: acts::ActError) -> Self {
        Self::Act(Box::new(error))
    }
}

impl From<passes::PassError> for TellError {
    fn from(error: passes::PassError) -> Self {
        Self::Pass(Box::new(error))
    }
}

impl From<TellError> for fugong_common::service::problem::Problem {
    fn from(error: TellError) -> Self {
        match error {
            TellError::Db(error) => error.into(),
            TellError::Act(error) => (*error).into(),
            TellError::Pass(error) => (*error).into(),
        }
    }
}

/// Takes the trust chain that a gate holds: keys made, stopped and withdrawn since the archive, and
/// the list itself where it is newer than ours.
pub async fn take_trust(app: &App, tx: &mut Tx, chain: &[u8]) -> Result<Told, DbError> {
    let Some(ours) = keys::store::newest(tx).await? else { return Ok(Told::Unfounded) };
    let root = ours.list.root.fingerprint();
    let Ok(accepted) = TrustStore::new(root, DemoRoots::Accept).accept(chain) else {
        return Ok(Told::Unfounded);
    };
    let Some(theirs) = accepted.store.list() else { return Ok(Told::Unfounded) };
    let now = Millis::from_seconds(app.now().seconds());
    let mut learned = 0;
    for key in &theirs.keys {
        let id = key.id();
        let Some(own) = keys::store::find(tx, id).await? else {
            keys::store::insert(tx, key, now).await?;
            store::retire(tx, &id.to_string(), now).await?;
            if let Some(at) = key.revoked {
                withdraw(tx, id, at).await?;
            }
            app.keys().retire(id);
            learned += 1;
            continue;
        };
        if let (Some(at), None) = (key.revoked, own.entry.revoked) {
            withdraw(tx, id, at).await?;
            learned += 1;
        }
        if key.sign_until < own.entry.sign_until {
            let at = Millis::from_seconds(key.sign_until);
            learned += usize::from(keys::store::stop_signing(tx, id, at).await?);
        }
    }
    if theirs.version > ours.list.version {
        keys::store::insert_list(tx, chain, theirs).await?;
    }
    Ok(if learned == 0 { Told::Known } else { Told::Learned(learned) })
}

async fn withdraw(tx: &mut Tx, id: KeyId, at: u64) -> Result<(), DbError> {
    keys::store::withdraw(tx, id, Millis::from_seconds(at), "门岗持有的清单载明已撤销").await?;
    Ok(())
}

/// Takes a status list that a gate holds. What it calls revoked, replaced or suspended, and we do not,
/// happened after the archive.
pub async fn take_list(app: &App, tx: &mut Tx, id: KeyId, token: &[u8]) -> Result<Told, TellError> {
    let key_id = id.to_string();
    let Some(trust) = keys::store::newest(tx).await?.map(|stored| stored.list) else {
        return Ok(Told::Unfounded);
    };
    let Some(of) = trust.find_key(id) else { return Ok(Told::Unfounded) };
    let claims = match StatusClaims::open(token, &trust, of, app.now()) {
        Ok(claims) => claims,
        Err(error) => {
            tracing::warn!(%error, key = %id, "a gate told of a status list that cannot be believed");
            return Ok(Told::Unfounded);
        }
    };
    let seq = i64::try_from(claims.seq).unwrap_or(i64::MAX);
    match store::lost_seq(tx, &key_id).await? {
        Some(lost) if seq > lost => {}
        _ => return Ok(Told::Known),
    }
    let gathering = store::gathering(tx).await?.is_some();
    let marks: BTreeMap<u32, Status> =
        status::store::marks(tx, &key_id).await?.into_iter().collect();
    let mut learned = 0;
    for index in 0..claims.list.entries() {
        let Ok(theirs) = claims.list.get(index) else { continue };
        let ours = marks.get(&index).copied().unwrap_or(Status::Valid);
        let stricter = match theirs {
            Status::Revoked | Status::Superseded => !ours.is_final(),
            // A suspension may have been lifted long ago: only the restore itself asks for it.
            Status::Suspended => gathering && ours == Status::Valid,
            Status::Valid => false,
        };
        if stricter {
            learn(app, tx, &key_id, index, theirs).await?;
            learned += 1;
        }
    }
    Ok(if learned == 0 { Told::Known } else { Told::Learned(learned) })
}

const REASON: &str = "数据恢复：以门岗持有的状态清单为准";

async fn learn(
    app: &App,
    tx: &mut Tx,
    key_id: &str,
    index: u32,
    status: Status,
) -> Result<(), TellError> {
    let index = i64::from(index);
    if let Some(permit) = permits::store::find_by_index(tx, key_id, index).await? {
        let event = match (status, permit.state) {
            (Status::Suspended, _) => Event::Suspend { lapses_at: None },
            (Status::Superseded, State::Issued) => Event::Supersede,
            _ => Event::Revoke,
        };
        acts::act(app, tx, &permit, event, &By::default(), REASON).await?;
    } else if let Some(pass) = passes::store::find_by_index(tx, key_id, index).await? {
        passes::end(app, tx, &pass, status, REASON).await?;
    } else {
        status::store::mark(tx, key_id, index, status).await?;
    }
    Ok(())
}

/// Takes note that a gate has told all it holds; its manifest's number is none that we shall give.
pub async fn take_manifest(
    app: &App,
    tx: &mut Tx,
    gate_id: &str,
    audience: &str,
    bytes: &[u8],
) -> Result<Told, DbError> {
    let Some(restore) = store::gathering(tx).await? else { return Ok(Told::Known) };
    let trust = keys::store::newest(tx).await?.map(|stored| stored.list);
    let opened =
        trust.as_ref().and_then(|trust| Manifest::open(bytes, trust, audience, app.now()).ok());
    let seq = opened.map_or(0, |opened| i64::try_from(opened.manifest.seq).unwrap_or(0));
    store::lift_changes(tx, seq).await?;
    store::note_report(tx, &restore.id, gate_id, seq, app.now()).await?;
    Ok(Told::Learned(1))
}
