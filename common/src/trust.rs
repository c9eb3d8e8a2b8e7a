//! The list of signing authorities: who may sign what, when and for which places, signed by an offline root.
//!
//! Payload: `{4: exp, 6: iat, -65537: {0: form, 1: version, 2: hosts, 3: keys, 4: root, 5: root number, 6: previous root, 7: demo}}`, see `form`.

use std::collections::HashSet;
use std::fmt;

use crate::claims::Validity;
use crate::keys::{KeyId, PublicKey, Role};
use crate::permit::SiteCode;
use crate::time::Millis;

mod form;
mod jwks;
#[cfg(test)]
pub(crate) mod samples;
mod store;
#[cfg(test)]
mod tests;

pub use store::{Accepted, DemoRoots, SealError, TrustChain, TrustError, TrustLink, TrustStore};

/// A key that the root vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// The key; its id follows from it.
    pub public: PublicKey,
    /// The one thing it may sign.
    pub role: Role,
    /// Unix seconds: earliest `nbf` (for lists and manifests `iat`) of what it signs.
    pub nbf: u64,
    /// Unix seconds: latest such beginning.
    pub sign_until: u64,
    /// Unix seconds: latest `exp` of what it signs; at this instant nothing by it holds any more.
    pub exp: u64,
    /// Unix seconds from which everything by this key is refused ("key withdrawn").
    pub revoked: Option<u64>,
    /// Inclusive ranges of site codes.
    pub scope: Vec<(u64, u64)>,
    /// URI of the status list, for permit and pass keys.
    pub list_uri: Option<String>,
}

/// What a token claims about itself, as far as its key is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Unix seconds, beginning.
    pub nbf: u64,
    /// Unix seconds, end.
    pub exp: u64,
}

impl From<Validity> for Span {
    fn from(validity: Validity) -> Self {
        Self { nbf: validity.not_before(), exp: validity.expires() }
    }
}

/// Why a listed key doesn't carry what it signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefusal {
    /// Withdrawn since this instant (Unix seconds).
    Withdrawn(u64),
    /// The key has this role, another was needed.
    OtherRole(Role),
    /// Begins before the key was allowed to sign or after.
    OutsideWindow,
    /// Ends after the key does.
    OutlivesKey,
    /// Not for this place.
    OutOfScope,
    /// The key itself has ended.
    KeyEnded,
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Withdrawn(_) => f.write_str("the signing key was withdrawn; have it reissued"),
            Self::OtherRole(role) => write!(f, "the signing key is for another purpose ({role:?})"),
            Self::OutsideWindow => f.write_str("signed outside the time in which the key may sign"),
            Self::OutlivesKey => f.write_str("would outlive the key that signed it"),
            Self::OutOfScope => f.write_str("the signing key is not for this place"),
            Self::KeyEnded => f.write_str("the signing key has ended"),
        }
    }
}

impl std::error::Error for KeyRefusal {}

impl TrustedKey {
    /// First four bytes of the key's fingerprint.
    pub fn id(&self) -> KeyId {
        self.public.key_id()
    }

    /// Whether the key is withdrawn at `now`.
    pub fn is_withdrawn(&self, now: Millis) -> bool {
        self.revoked.is_some_and(|since| since <= now.seconds())
    }

    /// Whether this place lies within the key's scope.
    pub fn covers(&self, site: SiteCode) -> bool {
        self.scope.iter().any(|(from, to)| (*from..=*to).contains(&site.0))
    }

    /// The acceptance rule: not withdrawn, role, `nbf ≤ token.nbf ≤ sign_until`, `token.exp ≤ exp`, every site within scope, `now < exp`; in this order.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn carries(
        &self,
        role: Role,
        span: Span,
        sites: &[SiteCode],
        now: Millis,
    ) -> Result<(), KeyRefusal> {
        if let Some(since) = self.revoked.filter(|_| self.is_withdrawn(now)) {
            return Err(KeyRefusal::Withdrawn(since));
        }
        if self.role != role {
            return Err(KeyRefusal::OtherRole(self.role));
        }
        if !(self.nbf..=self.sign_until).contains(&span.nbf) {
            return Err(KeyRefusal::OutsideWindow);
        }
        if span.exp > self.exp {
            return Err(KeyRefusal::OutlivesKey);
        }
        if !sites.iter().all(|site| self.covers(*site)) {
            return Err(KeyRefusal::OutOfScope);
        }
        if now.seconds() >= self.exp { Err(KeyRefusal::KeyEnded) } else { Ok(()) }
    }

    /// Whether this status key may sign the list of `of`: its scope holds the whole scope of that key.
    pub(crate) fn may_sign_list(
        &self,
        of: &Self,
        iat: u64,
        exp: u64,
        now: Millis,
    ) -> Result<(), KeyRefusal> {
        self.carries(Role::Status, Span { nbf: iat, exp }, &[], now)?;
        let covered =
            of.scope.iter().all(|(from, to)| self.scope.iter().any(|(f, t)| f <= from && to <= t));
        if covered { Ok(()) } else { Err(KeyRefusal::OutOfScope) }
    }

    /// Whether this key may still sign something that begins now and ends at `exp`: issuing refuses what would outlive its key.
    ///
    /// # Errors
    /// As for [`TrustedKey::carries`].
    pub fn may_issue(
        &self,
        role: Role,
        span: Span,
        sites: &[SiteCode],
        now: Millis,
    ) -> Result<(), KeyRefusal> {
        if now.seconds() > self.sign_until || self.revoked.is_some() {
            return Err(self.revoked.map_or(KeyRefusal::OutsideWindow, KeyRefusal::Withdrawn));
        }
        self.carries(role, span, sites, now)
    }
}

/// One version of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustList {
    /// Only rises.
    pub version: u64,
    /// Unix seconds of signing.
    pub iat: u64,
    /// Unix seconds; from then on nobody can tell whether a key was withdrawn.
    pub exp: u64,
    /// Official hosts, `host` or `host:port`, lower case.
    pub hosts: Vec<String>,
    /// Keys in order of their ids.
    pub keys: Vec<TrustedKey>,
    /// The root in force from this version on.
    pub root: PublicKey,
    /// Counts root changes.
    pub root_number: u32,
    /// In the list that changes the root: the one before, which signs too.
    pub previous_root: Option<PublicKey>,
    /// A sample town's list; enrolled gates refuse it.
    pub demo: bool,
}

/// Why a list isn't one that may be signed or believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListFault {
    /// Ends before it begins.
    Span,
    /// Two keys with one id: make one of them anew.
    SameKeyId(KeyId),
    /// Not `nbf ≤ sign_until ≤ exp`.
    KeyWindow(KeyId),
    /// No range, or one that ends before it begins.
    KeyScope(KeyId),
    /// A permit or pass key without a list, another key with one, or two keys with the same list.
    KeyList(KeyId),
    /// The root is listed as an ordinary key: a key has one role.
    RootListed,
    /// A host with capitals, a scheme or a path.
    Host(String),
    /// A root change that keeps the root.
    SameRoot,
}

impl fmt::Display for ListFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span => f.write_str("the list ends before it begins"),
            Self::SameKeyId(id) => write!(f, "two keys have the id {id}; make one of them anew"),
            Self::KeyWindow(id) => write!(f, "key {id}: needs nbf ≤ sign_until ≤ exp"),
            Self::KeyScope(id) => {
                write!(f, "key {id}: needs site ranges that begin before they end")
            }
            Self::KeyList(id) => write!(
                f,
                "key {id}: permit and pass keys need a status list of their own, others none"
            ),
            Self::RootListed => f.write_str("the root may sign nothing but this list; take it out"),
            Self::Host(host) => {
                write!(f, "host {host:?}: write it in lower case, without scheme and path")
            }
            Self::SameRoot => f.write_str("the list announces a new root but names the old one"),
        }
    }
}

impl std::error::Error for ListFault {}

impl TrustList {
    /// The key with this id.
    pub fn find_key(&self, id: KeyId) -> Option<&TrustedKey> {
        self.keys.iter().find(|key| key.id() == id)
    }

    /// Whether links under this host are official.
    pub fn names_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known == host)
    }

    /// Whether nobody should rely on it any more.
    pub fn is_over(&self, now: Millis) -> bool {
        now.seconds() >= self.exp
    }

    /// What must hold for every list, signed or to be signed.
    ///
    /// # Errors
    /// The first fault, naming the key.
    pub fn check(&self) -> Result<(), ListFault> {
        if self.exp <= self.iat {
            return Err(ListFault::Span);
        }
        if self.previous_root == Some(self.root) {
            return Err(ListFault::SameRoot);
        }
        if let Some(host) = self.hosts.iter().find(|host| !is_plain_host(host)) {
            return Err(ListFault::Host(host.clone()));
        }
        let (mut ids, mut lists) = (HashSet::new(), HashSet::new());
        for key in &self.keys {
            let id = key.id();
            if !ids.insert(id) {
                return Err(ListFault::SameKeyId(id));
            }
            if key.public == self.root || Some(key.public) == self.previous_root {
                return Err(ListFault::RootListed);
            }
            if !(key.nbf <= key.sign_until && key.sign_until <= key.exp) {
                return Err(ListFault::KeyWindow(id));
            }
            if key.scope.is_empty() || key.scope.iter().any(|(from, to)| from > to) {
                return Err(ListFault::KeyScope(id));
            }
            let listed = match key.list_uri.as_deref() {
                Some(uri) => {
                    matches!(key.role, Role::Permit | Role::Pass)
                        && !uri.is_empty()
                        && lists.insert(uri)
                }
                None => matches!(key.role, Role::Status | Role::Manifest),
            };
            if !listed {
                return Err(ListFault::KeyList(id));
            }
        }
        Ok(())
    }
}

fn is_plain_host(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b))
}
