//! Status lists: what holds, what is suspended, what is over, signed and numbered.
//!
//! The row of a list is the lock under which it changes: a transaction that changes a status takes
//! the next `seq`, writes what differs from valid, signs the whole and stores the token, so that a
//! list that anybody can fetch always carries the newest mark, in any number of processes.

pub mod pages;
pub mod store;

use std::fmt;
use std::time::Duration;

use fugong_common::keys::{KeyId, Role};
use fugong_common::status::{
    DEFAULT_LIFETIME_SECONDS, DEFAULT_TTL_SECONDS, MAX_ENTRIES, OutOfRange, Status, StatusClaims,
    StatusList,
};
use fugong_common::time::Millis;
use fugong_common::trust::{Span, TrustList, TrustedKey};

pub use store::{StoredToken, find_mark, find_token, take_index};

use crate::app::App;
use crate::db::{DbError, Tx};
use crate::keys::{self, NoKey, Signing};
use crate::restores;

/// Lists are signed again this often, so that a gate that is connected always holds a fresh one.
const SIGN_EVERY: Duration = Duration::from_mins(2);
/// Lists are declared longer than they are used, in steps: a gate that holds an older list must find
/// the permits issued since, and the length shall not tell how many there are.
const STEP: u32 = 65_536;
const SPARE: u32 = 8192;

/// Entries that a list declares when so many are in use.
fn declared(in_use: u32) -> u32 {
    in_use.saturating_add(SPARE).div_ceil(STEP).saturating_mul(STEP).min(MAX_ENTRIES)
}

/// What stops a status from being changed.
#[derive(Debug)]
pub enum StatusFault {
    Db(DbError),
    Key(NoKey),
    /// Nothing can follow the status it has: somebody else was quicker.
    Final(Status),
}

impl fmt::Display for StatusFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Db(error) => write!(f, "{error}"),
            Self::Key(error) => write!(f, "{error}"),
            Self::Final(_) => f.write_str(
                "it was revoked or replaced meanwhile, which nothing can follow: reload and look",
            ),
        }
    }
}

impl std::error::Error for StatusFault {}

impl From<DbError> for StatusFault {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<NoKey> for StatusFault {
    fn from(error: NoKey) -> Self {
        Self::Key(error)
    }
}

impl From<StatusFault> for fugong_common::service::problem::Problem {
    fn from(fault: StatusFault) -> Self {
        match fault {
            StatusFault::Db(error) => error.into(),
            StatusFault::Key(error) => error.into(),
            StatusFault::Final(_) => crate::web::conflict((
                "此项已作废，不能再变更",
                "This is over and can't be changed",
            )),
        }
    }
}

/// Changes one status and signs the list anew, in the caller's transaction. Returns the list's new
/// number. The caller notes the change `status` with the key id as its scope.
///
/// # Errors
/// [`StatusFault`]; the caller's transaction is then to be dropped.
pub async fn set(
    app: &App,
    tx: &mut Tx,
    key_id: &str,
    index: i64,
    status: Status,
) -> Result<i64, StatusFault> {
    set_all(app, tx, key_id, &[index], status).await
}

/// Changes the status of many at once under one number of the list: it is signed once, however many
/// they are.
///
/// # Errors
/// As [`set`].
pub async fn set_all(
    app: &App,
    tx: &mut Tx,
    key_id: &str,
    indexes: &[i64],
    status: Status,
) -> Result<i64, StatusFault> {
    let locked = store::lock(tx, key_id).await?;
    for index in indexes {
        let held = store::find_mark(tx, key_id, *index).await?;
        if !held.may_become(status) {
            return Err(StatusFault::Final(held));
        }
        store::mark(tx, key_id, *index, status).await?;
    }
    let list = keys::store::require(tx).await??;
    sign_locked(app, tx, &list, key_id, &locked).await?;
    Ok(locked.seq)
}

/// Signs one list whose row the transaction has locked.
async fn sign_locked(
    app: &App,
    tx: &mut Tx,
    trust: &TrustList,
    key_id: &str,
    locked: &store::Locked,
) -> Result<(), StatusFault> {
    // What happened since the archive is still unknown: a list now could bring it back to life.
    if restores::gathering(tx).await?.is_some() {
        return Ok(());
    }
    let now = app.now();
    let corrupt = || DbError::corrupt("status_lists", "key_id", key_id);
    let id: KeyId = key_id.parse().map_err(|_| corrupt())?;
    let of = trust.find_key(id).ok_or(NoKey::NoneListed(Role::Permit))?;
    let lifetime = store::usable_seconds(tx, now).await?.unwrap_or(DEFAULT_LIFETIME_SECONDS);
    let signing = signer(app, trust, of, now)?;
    let in_use = u32::try_from(locked.next_index).unwrap_or(MAX_ENTRIES);
    let mut list = StatusList::new(declared(in_use));
    for (index, status) in store::marks(tx, key_id).await? {
        list.set(index, status).map_err(|_| corrupt())?;
    }
    if let Some(from) = locked.lost_from.and_then(|from| u32::try_from(from).ok()) {
        suspend_lost(&mut list, from).map_err(|_| corrupt())?;
    }
    let claims = StatusClaims {
        uri: of.list_uri.clone().unwrap_or_default(),
        iat: now.seconds(),
        exp: now.seconds().saturating_add(lifetime).min(signing.entry.exp),
        ttl: DEFAULT_TTL_SECONDS,
        seq: u64::try_from(locked.seq).unwrap_or_default(),
        list,
    };
    let token = claims.seal(&*signing.key).map_err(|error| NoKey::Failed(error.to_string()))?;
    store::keep_token(tx, key_id, &token, now).await?;
    Ok(())
}

/// Permits that were issued after the archive are genuine, but nobody here knows them: their holders
/// are sent to the office, which issues anew.
fn suspend_lost(list: &mut StatusList, from: u32) -> Result<(), OutOfRange> {
    for index in from..list.entries() {
        if list.get(index)? == Status::Valid {
            list.set(index, Status::Suspended)?;
        }
    }
    Ok(())
}

/// The status key whose scope holds the whole scope of `of`.
fn signer(app: &App, trust: &TrustList, of: &TrustedKey, now: Millis) -> Result<Signing, NoKey> {
    let mut fitting = trust.clone();
    fitting.keys.retain(|key| {
        key.role == Role::Status
            && of.scope.iter().all(|(from, to)| key.scope.iter().any(|(f, t)| f <= from && to <= t))
    });
    let span = Span { nbf: now.seconds(), exp: now.seconds() };
    keys::choose(&fitting, app.keys(), Role::Status, span, &[], now)
}

/// Signs every list that a trust list names and that can still matter; returns how many. A list
/// that cannot be signed for want of a status key is left as it is.
pub async fn sign_all(app: &App, tx: &mut Tx, trust: &TrustList) -> Result<usize, DbError> {
    let mut signed = 0;
    for key in trust.keys.iter().filter(|key| key.list_uri.is_some() && key.revoked.is_none()) {
        let id = key.id().to_string();
        let locked = store::lock(tx, &id).await?;
        match sign_locked(app, tx, trust, &id, &locked).await {
            Ok(()) => signed += 1,
            Err(StatusFault::Db(error)) => return Err(error),
            Err(StatusFault::Key(error)) => {
                tracing::error!(key = %id, %error, "a status list is not signed");
            }
            Err(StatusFault::Final(_)) => {}
        }
    }
    Ok(signed)
}

/// Signs the lists that are older than [`SIGN_EVERY`]; of several processes one does it.
///
/// # Errors
/// The database's, once all that could be signed are: one list that can't be read makes no other grow old.
pub async fn refresh(app: &App) -> Result<usize, DbError> {
    let now = app.now();
    let every = i64::try_from(SIGN_EVERY.as_millis()).unwrap_or(i64::MAX);
    let before = now.plus_millis(-every);
    let mut tx = app.db().read().await?;
    let Some(trust) = keys::store::newest(&mut tx).await?.map(|stored| stored.list) else {
        return Ok(0);
    };
    if restores::gathering(&mut tx).await?.is_some() {
        return Ok(0);
    }
    let due = store::due(&mut tx, before, now).await?;
    drop(tx);
    let (mut signed, mut failed) = (0, None);
    let listed = |id: &String| id.parse().is_ok_and(|id| trust.find_key(id).is_some());
    for key_id in due.into_iter().filter(listed) {
        let tx = app.db().write().await?;
        match sign_due(app, tx, &trust, &key_id, before).await {
            Ok(true) => signed += 1,
            Ok(false) => {}
            Err(StatusFault::Db(error)) => {
                tracing::error!(key = %key_id, %error, "a status list grows old: it cannot be read");
                failed = Some(error);
            }
            Err(fault) => {
                tracing::error!(key = %key_id, error = %fault, "a status list grows old: it cannot be signed");
            }
        }
    }
    failed.map_or(Ok(signed), Err)
}

/// Signs one list unless another process has.
async fn sign_due(
    app: &App,
    mut tx: Tx,
    trust: &TrustList,
    key_id: &str,
    before: Millis,
) -> Result<bool, StatusFault> {
    let Some(locked) = store::lock_if_due(&mut tx, key_id, before).await? else { return Ok(false) };
    sign_locked(app, &mut tx, trust, key_id, &locked).await?;
    let change = app.note_change(&mut tx, "status", key_id).await?;
    app.commit(tx, change).await?;
    Ok(true)
}

/// Keeps the lists fresh until the service stops.
pub async fn keep_fresh(app: App) {
    loop {
        if let Err(error) = refresh(&app).await {
            tracing::error!(%error, "status lists could not be signed again");
        }
        tokio::time::sleep(SIGN_EVERY / 8).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_declared_longer_than_it_is_used() {
        assert_eq!(declared(0), 65_536);
        assert_eq!(declared(57_344), 65_536);
        assert_eq!(declared(57_345), 131_072);
        assert_eq!(declared(MAX_ENTRIES), MAX_ENTRIES);
    }
}
