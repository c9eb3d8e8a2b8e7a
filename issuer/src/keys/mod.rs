//! Signing keys, and the trust list by which an offline root vouches for them.
//!
//! A key lives through: made (in the database, its private half in a file), listed (the root has
//! signed a trust list that names it), signing until `sign_until`, still verifying until `exp`.
//! Its successor is listed before that, so that both overlap. A withdrawn key is refused at once;
//! what it signed has to be reissued (domain D32).

pub mod bootstrap;
pub mod disk;
pub(crate) mod doctor;
pub mod pages;
mod ring;
pub mod store;
pub mod trust;
mod words;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use axum::http::StatusCode;
use fugong_common::keys::{KeyId, Role, SoftwareKey};
use fugong_common::permit::SiteCode;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::trust::{KeyRefusal, Span, TrustList, TrustedKey};

pub use ring::KeyRing;

/// Every site there can be.
pub const EVERYWHERE: (u64, u64) = (0, 9_999_999_999_999_999);
/// How long a key signs, and how long it is good for, unless told otherwise.
pub const SIGN_DAYS: i64 = 180;
pub const KEY_DAYS: i64 = 400;
/// How long a trust list holds.
pub const LIST_DAYS: i64 = 400;

pub const ROLES: [Role; 4] = [Role::Permit, Role::Pass, Role::Status, Role::Manifest];

/// As stored and as typed on the command line.
pub const fn role_code(role: Role) -> &'static str {
    match role {
        Role::Permit => "permit",
        Role::Pass => "pass",
        Role::Status => "status",
        Role::Manifest => "manifest",
    }
}

pub fn parse_role(code: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| role_code(*role) == code)
}

/// Why nothing can be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// The root has not signed a trust list yet.
    NoTrustList,
    /// The newest trust list has ended.
    TrustListOver,
    /// The trust list names no key of this role.
    NoneListed(Role),
    /// The key that comes nearest may not sign this.
    Refused(KeyRefusal),
    /// The key is listed, but this machine does not hold it.
    NotHere(KeyId),
    /// The key itself failed.
    Failed(String),
}

impl NoKey {
    /// What to do, in both languages.
    pub fn say(&self) -> (String, String) {
        match self {
            Self::NoTrustList | Self::NoneListed(_) => (
                "尚无可用的签发密钥。请系统管理员生成密钥，并用根密钥签署签发机构清单。".into(),
                "There is no signing key yet. An administrator has to make one and sign the list of signing authorities with the root key.".into(),
            ),
            Self::TrustListOver => (
                "签发机构清单已过期。请系统管理员用根密钥重新签署。".into(),
                "The list of signing authorities has run out. An administrator has to sign a new one with the root key.".into(),
            ),
            Self::Refused(KeyRefusal::OutlivesKey) => (
                "有效期超过签发密钥的期限。请缩短有效期，或请系统管理员启用新密钥。".into(),
                "It would outlive the signing key. Choose an earlier last day, or ask an administrator for a new key.".into(),
            ),
            Self::Refused(KeyRefusal::OutOfScope) => (
                "签发密钥不适用于该场所所在辖区。请系统管理员为本辖区启用密钥。".into(),
                "The signing key is not for the division of this site. An administrator has to add one for it.".into(),
            ),
            Self::Refused(_) => (
                "签发密钥已停止签发。请系统管理员启用新密钥。".into(),
                "The signing key signs no longer. An administrator has to add a new one.".into(),
            ),
            Self::NotHere(id) => (
                format!("本机没有密钥 {id} 的文件。请系统管理员恢复密钥文件。"),
                format!("This machine does not hold the file of key {id}. An administrator has to restore it."),
            ),
            Self::Failed(_) => (
                "密钥未能签名。请系统管理员查看日志。".into(),
                "The key did not sign. An administrator finds the cause in the log.".into(),
            ),
        }
    }
}

impl fmt::Display for NoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say().1)
    }
}

impl std::error::Error for NoKey {}

impl From<NoKey> for Problem {
    fn from(error: NoKey) -> Self {
        let code = match &error {
            NoKey::Refused(KeyRefusal::OutlivesKey) => "outlives_key",
            NoKey::Refused(KeyRefusal::OutOfScope) => "key_scope",
            NoKey::Failed(cause) => {
                tracing::error!(cause, "a signing key failed");
                "no_signing_key"
            }
            _ => "no_signing_key",
        };
        Self::new(StatusCode::CONFLICT, code, ("无法签发", "It cannot be signed"))
            .detail(error.say())
    }
}

/// A key that may sign, and the means to.
#[derive(Clone, Debug)]
pub struct Signing {
    pub entry: TrustedKey,
    pub key: Arc<SoftwareKey>,
}

/// The key of a role that may sign something for `span` at `sites`: the youngest that fits and whose
/// file is here.
///
/// # Errors
/// [`NoKey`]: of several refusals the youngest key's.
pub fn choose(
    list: &TrustList,
    ring: &KeyRing,
    role: Role,
    span: Span,
    sites: &[SiteCode],
    now: Millis,
) -> Result<Signing, NoKey> {
    if list.is_over(now) {
        return Err(NoKey::TrustListOver);
    }
    let mut keys: Vec<&TrustedKey> = list.keys.iter().filter(|key| key.role == role).collect();
    keys.sort_by_key(|key| std::cmp::Reverse(key.nbf));
    let mut refusal = NoKey::NoneListed(role);
    for entry in keys {
        let why = match entry.may_issue(role, span, sites, now) {
            Ok(()) => match ring.signer(role, entry.id()) {
                Some(key) => return Ok(Signing { entry: entry.clone(), key }),
                None => NoKey::NotHere(entry.id()),
            },
            Err(refused) => NoKey::Refused(refused),
        };
        if matches!(refusal, NoKey::NoneListed(_)) {
            refusal = why;
        }
    }
    Err(refusal)
}
