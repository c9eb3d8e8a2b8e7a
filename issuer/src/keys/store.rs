//! Keys and trust lists as rows.

use fugong_common::keys::{KeyId, PublicKey};
use fugong_common::time::Millis;
use fugong_common::trust::{TrustChain, TrustList, TrustedKey};

use super::{NoKey, parse_role, role_code};
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

#[derive(sqlx::FromRow)]
struct KeyRow {
    key_id: String,
    role: String,
    public_key: Vec<u8>,
    nbf: i64,
    sign_until: i64,
    exp: i64,
    revoked_at: Option<i64>,
    revoked_reason: String,
    scope: String,
    list_uri: Option<String>,
    created_at: i64,
}

/// A key of ours, listed by the root or not yet.
#[derive(Clone, Debug)]
pub struct OwnKey {
    /// As it is, or will be, listed.
    pub entry: TrustedKey,
    pub revoked_reason: String,
    pub created_at: Millis,
}

impl KeyRow {
    fn into_key(self) -> Result<OwnKey, DbError> {
        let corrupt = |column| DbError::corrupt("signing_keys", column, &self.key_id);
        let public: [u8; 32] =
            self.public_key.as_slice().try_into().map_err(|_| corrupt("public_key"))?;
        Ok(OwnKey {
            entry: TrustedKey {
                public: PublicKey::from_bytes(&public).map_err(|_| corrupt("public_key"))?,
                role: parse_role(&self.role).ok_or_else(|| corrupt("role"))?,
                nbf: Millis(self.nbf).seconds(),
                sign_until: Millis(self.sign_until).seconds(),
                exp: Millis(self.exp).seconds(),
                revoked: self.revoked_at.map(|at| Millis(at).seconds()),
                scope: serde_json::from_str(&self.scope).map_err(|_| corrupt("scope"))?,
                list_uri: self.list_uri,
            },
            revoked_reason: self.revoked_reason,
            created_at: Millis(self.created_at),
        })
    }
}

/// Adds a key, and its empty status list where it has one.
pub async fn insert(tx: &mut Tx, entry: &TrustedKey, now: Millis) -> Result<(), DbError> {
    let id = entry.id().to_string();
    let scope = serde_json::to_string(&entry.scope).unwrap_or_default();
    run!(
        tx,
        "INSERT INTO signing_keys (key_id, role, public_key, nbf, sign_until, exp, scope, list_uri, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &id,
        role_code(entry.role),
        entry.public.as_bytes().to_vec(),
        Millis::from_seconds(entry.nbf).0,
        Millis::from_seconds(entry.sign_until).0,
        Millis::from_seconds(entry.exp).0,
        scope,
        &entry.list_uri,
        now.0
    )?;
    if entry.list_uri.is_some() {
        run!(tx, "INSERT INTO status_lists (key_id) VALUES ($1)", &id)?;
    }
    Ok(())
}

/// All keys, the youngest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<OwnKey>, DbError> {
    let found = rows!(tx, KeyRow, "SELECT * FROM signing_keys ORDER BY nbf DESC, role, key_id")?;
    found.into_iter().map(KeyRow::into_key).collect()
}

pub async fn find(tx: &mut Tx, id: KeyId) -> Result<Option<OwnKey>, DbError> {
    row!(tx, KeyRow, "SELECT * FROM signing_keys WHERE key_id = $1", id.to_string())?
        .map(KeyRow::into_key)
        .transpose()
}

/// Lets a key sign nothing that begins later; what it signed keeps its term.
pub async fn stop_signing(tx: &mut Tx, id: KeyId, at: Millis) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE signing_keys SET sign_until = $2 WHERE key_id = $1 AND sign_until > $2 AND nbf <= $2",
        id.to_string(),
        at.0
    )?;
    Ok(touched == 1)
}

/// Withdraws a key: the next trust list says that nothing it signed counts any more.
pub async fn withdraw(tx: &mut Tx, id: KeyId, at: Millis, reason: &str) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE signing_keys SET revoked_at = $2, revoked_reason = $3 WHERE key_id = $1 AND revoked_at IS NULL",
        id.to_string(),
        at.0,
        reason
    )?;
    Ok(touched == 1)
}

/// A trust list as stored.
#[derive(Clone, Debug)]
pub struct StoredList {
    /// What verifiers are given.
    pub chain: Vec<u8>,
    pub list: TrustList,
}

/// The newest trust list; `None` before the root has signed the first.
pub async fn newest(tx: &mut Tx) -> Result<Option<StoredList>, DbError> {
    let found = row!(
        tx,
        (i64, Vec<u8>),
        "SELECT version, chain FROM trust_lists ORDER BY version DESC LIMIT 1"
    )?;
    let Some((version, chain)) = found else { return Ok(None) };
    let corrupt = || DbError::corrupt("trust_lists", "chain", version.to_string());
    let links = TrustChain::from_bytes(&chain).map_err(|_| corrupt())?;
    let newest = links.0.last().ok_or_else(corrupt)?;
    let list = newest.unverified_list().map_err(|_| corrupt())?;
    Ok(Some(StoredList { chain, list }))
}

/// The newest trust list, for signing by it.
pub async fn require(tx: &mut Tx) -> Result<Result<TrustList, NoKey>, DbError> {
    Ok(newest(tx).await?.map(|stored| stored.list).ok_or(NoKey::NoTrustList))
}

/// Stores the next version; `Duplicate` when somebody else has just stored one.
pub async fn insert_list(tx: &mut Tx, chain: &[u8], list: &TrustList) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO trust_lists (version, chain, root, iat, exp) VALUES ($1, $2, $3, $4, $5)",
        i64::try_from(list.version).unwrap_or(i64::MAX),
        chain,
        list.root.fingerprint().to_string(),
        Millis::from_seconds(list.iat).0,
        Millis::from_seconds(list.exp).0
    )?;
    Ok(())
}
