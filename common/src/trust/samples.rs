//! A small world for tests: a root, one key per role, and a list that names them.

use super::{TrustList, TrustedKey};
use crate::keys::{Role, Signer, SoftwareKey};
use crate::time::Millis;

/// 10 February 2020, 09:00 in Shanghai.
pub(crate) const NOW: Millis = Millis(1_581_296_400_000);
/// The same in seconds.
pub(crate) const T: u64 = 1_581_296_400;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const HOST: &str = "permits.example";

/// The private key with this number.
pub(crate) fn key(number: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[number; 32])
}

pub(crate) fn root() -> SoftwareKey {
    key(1)
}
pub(crate) fn permit_key() -> SoftwareKey {
    key(2)
}
pub(crate) fn pass_key() -> SoftwareKey {
    key(3)
}
pub(crate) fn status_key() -> SoftwareKey {
    key(4)
}
pub(crate) fn manifest_key() -> SoftwareKey {
    key(5)
}

/// An entry for `key`: signs from 30 days ago for 60 days, ends after 90, for all sites of division 4403.
pub(crate) fn entry(key: &SoftwareKey, role: Role) -> TrustedKey {
    let list_uri = matches!(role, Role::Permit | Role::Pass)
        .then(|| format!("https://{HOST}/status/{}", key.key_id()));
    TrustedKey {
        public: key.public_key(),
        role,
        nbf: T - 30 * DAY,
        sign_until: T + 30 * DAY,
        exp: T + 60 * DAY,
        revoked: None,
        scope: vec![(4403_0000_0000_0000, 4403_9999_9999_9999)],
        list_uri,
    }
}

/// Version 7 under [`root`].
pub(crate) fn list() -> TrustList {
    let mut keys = vec![
        entry(&permit_key(), Role::Permit),
        entry(&pass_key(), Role::Pass),
        entry(&status_key(), Role::Status),
        entry(&manifest_key(), Role::Manifest),
    ];
    keys.sort_by_key(TrustedKey::id);
    TrustList {
        version: 7,
        iat: T - DAY,
        exp: T + 365 * DAY,
        hosts: vec![HOST.to_owned()],
        keys,
        root: root().public_key(),
        root_number: 1,
        previous_root: None,
        demo: false,
    }
}
