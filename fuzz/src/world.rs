//! A gate that trusts four keys, so that targets reach what lies behind a good signature.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fugong_common::clock::ClockState;
use fugong_common::judge::{HeldStatus, Judgement, Known, Moment, Place, judge};
use fugong_common::keys::{KeyId, Role, Signer, SoftwareKey};
use fugong_common::permit::SiteCode;
use fugong_common::placard::Scanned;
use fugong_common::status::{StatusClaims, StatusList};
use fugong_common::time::Millis;
use fugong_common::trust::{TrustList, TrustedKey};

/// 10 February 2020, 09:00 in Shanghai: the instant of `tests/vectors`, whose keys these are too.
pub const T: u64 = 1_581_296_400;
pub const NOW: Millis = Millis(1_581_296_400_000);
pub const SITE: SiteCode = SiteCode(4_403_090_040_010_001);
pub const HOST: &str = "permits.example";
const DAY: u64 = 86_400;

pub fn key(number: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[number; 32])
}

pub struct World {
    pub root: SoftwareKey,
    pub permit: SoftwareKey,
    pub pass: SoftwareKey,
    pub status: SoftwareKey,
    pub manifest: SoftwareKey,
    pub trust: TrustList,
    statuses: BTreeMap<KeyId, StatusClaims>,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (permit, pass, status, manifest) = (key(2), key(3), key(4), key(5));
    let uri = |key: &SoftwareKey| format!("https://{HOST}/api/status/{}", key.key_id());
    let entry = |key: &SoftwareKey, role: Role| TrustedKey {
        public: key.public_key(),
        role,
        nbf: T - 30 * DAY,
        sign_until: T + 30 * DAY,
        exp: T + 60 * DAY,
        revoked: None,
        scope: vec![(4_403_000_000_000_000, 4_403_999_999_999_999)],
        list_uri: matches!(role, Role::Permit | Role::Pass).then(|| uri(key)),
    };
    let mut keys = vec![
        entry(&permit, Role::Permit),
        entry(&pass, Role::Pass),
        entry(&status, Role::Status),
        entry(&manifest, Role::Manifest),
    ];
    keys.sort_by_key(TrustedKey::id);
    let trust = TrustList {
        version: 7,
        iat: T - DAY,
        exp: T + 365 * DAY,
        hosts: vec![HOST.to_owned()],
        keys,
        root: key(1).public_key(),
        root_number: 1,
        previous_root: None,
        demo: false,
    };
    let claims = |of: &SoftwareKey| StatusClaims {
        uri: uri(of),
        iat: T - 60,
        exp: T + 3 * DAY,
        ttl: 300,
        seq: 12,
        list: StatusList::new(1000),
    };
    let statuses =
        [(permit.key_id(), claims(&permit)), (pass.key_id(), claims(&pass))].into_iter().collect();
    World { root: key(1), permit, pass, status, manifest, trust, statuses }
});

impl Known for World {
    fn trust(&self) -> Option<&TrustList> {
        Some(&self.trust)
    }

    fn status(&self, key: KeyId) -> Option<HeldStatus<'_>> {
        self.statuses.get(&key).map(|claims| HeldStatus { claims, elapsed_seconds: 0 })
    }
}

pub fn judged(scanned: &Scanned) -> Judgement {
    let place = Place::Gate { sites: &[SITE], offline_grace_seconds: 7 * DAY };
    judge(scanned, &*WORLD, place, Moment { now: NOW, clock: ClockState::Trusted })
}
