//! A gate's data on disk as it stands after its first pull: what an issuer gives, signed by keys
//! that anybody can make. For the gate's own tests, a sample gate, and measurements.

#![allow(clippy::expect_used, reason = "where the stage can't be set there is nothing to try")]

use std::collections::BTreeMap;
use std::path::Path;

use fugong_common::claims::Validity;
use fugong_common::keys::{Role, Signer, SoftwareKey};
use fugong_common::manifest::Manifest;
use fugong_common::records::RecordSet;
use fugong_common::status::{StatusClaims, StatusList};
use fugong_common::time::Millis;
use fugong_common::trust::{TrustChain, TrustLink, TrustList, TrustedKey};
use fugong_common::wire::{PartName, Settings};
use fugong_verifier::store::{Store, save_device_key};
use sha2::{Digest, Sha256};

const URI: &str = "https://permits.example/status";
const AUDIENCE: &str = "https://permits.example#g1";

/// The issuer's keys.
#[derive(Debug)]
pub struct Keys {
    pub root: SoftwareKey,
    pub permits: SoftwareKey,
    pub passes: SoftwareKey,
    pub states: SoftwareKey,
    pub manifests: SoftwareKey,
}

/// What the issuer gives, before it is signed.
#[derive(Debug)]
pub struct Given {
    /// Where the gate would ask for more.
    pub issuer: &'static str,
    /// When lists and manifest were signed.
    pub signed_at: Millis,
    pub permit_states: StatusList,
    pub pass_states: StatusList,
    pub register: RecordSet,
    pub roster: RecordSet,
    pub settings: Settings,
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

/// The term of everything that is valid at `now`.
pub fn validity(now: Millis) -> Validity {
    Validity::new(now.plus_days(-10).seconds(), now.plus_days(30).seconds()).expect("a term")
}

impl Keys {
    /// The same ones every time.
    pub fn known() -> Self {
        Self { root: key(1), permits: key(2), passes: key(3), states: key(4), manifests: key(5) }
    }

    fn trust(&self, signed_at: Millis, now: Millis) -> Vec<u8> {
        let trusted = |key: &SoftwareKey, role: Role, list: Option<&str>| TrustedKey {
            public: key.public_key(),
            role,
            nbf: now.plus_days(-30).seconds(),
            sign_until: now.plus_days(60).seconds(),
            exp: now.plus_days(90).seconds(),
            revoked: None,
            scope: vec![(0, u64::MAX >> 1)],
            list_uri: list.map(|name| format!("{URI}/{name}")),
        };
        let mut keys = vec![
            trusted(&self.permits, Role::Permit, Some("permits")),
            trusted(&self.passes, Role::Pass, Some("passes")),
            trusted(&self.states, Role::Status, None),
            trusted(&self.manifests, Role::Manifest, None),
        ];
        keys.sort_by_key(TrustedKey::id);
        let list = TrustList {
            version: 1,
            iat: signed_at.seconds(),
            exp: now.plus_days(60).seconds(),
            hosts: vec!["permits.example".to_owned()],
            keys,
            root: self.root.public_key(),
            root_number: 1,
            previous_root: None,
            demo: false,
        };
        let link = TrustLink::sign(&list, &self.root).expect("the root signs");
        TrustChain::default().with(link).expect("a first list").to_bytes()
    }

    fn states_of(&self, name: &str, list: &StatusList, signed_at: Millis, now: Millis) -> Vec<u8> {
        let claims = StatusClaims {
            uri: format!("{URI}/{name}"),
            iat: signed_at.seconds(),
            exp: now.plus_days(30).seconds(),
            ttl: 300,
            seq: 1,
            list: list.clone(),
        };
        claims.seal(&self.states).expect("a status key signs")
    }

    fn manifest(
        &self,
        parts: &BTreeMap<String, Vec<u8>>,
        signed_at: Millis,
        now: Millis,
    ) -> Vec<u8> {
        let digests = parts.iter().map(|(name, part)| (name.clone(), Sha256::digest(part).into()));
        let manifest = Manifest {
            audience: AUDIENCE.to_owned(),
            seq: 1,
            iat: signed_at.seconds(),
            exp: now.plus_days(30).seconds(),
            parts: digests.collect(),
            audit_head: [0; 32],
        };
        manifest.seal(&self.manifests).expect("a manifest key signs")
    }
}

/// Signs it all and writes a confirmed gate into `dir` that has pulled it at `now`.
pub async fn write(dir: &Path, now: Millis, keys: &Keys, given: &Given) {
    let signed_at = given.signed_at;
    let status = |of: &SoftwareKey| PartName::Status(of.key_id()).to_string();
    let list = |name: &str, list: &StatusList| keys.states_of(name, list, signed_at, now);
    let parts = BTreeMap::from([
        (PartName::Trust.to_string(), keys.trust(signed_at, now)),
        (status(&keys.permits), list("permits", &given.permit_states)),
        (status(&keys.passes), list("passes", &given.pass_states)),
        (PartName::Register.to_string(), given.register.to_bytes()),
        (PartName::Roster.to_string(), given.roster.to_bytes()),
        (PartName::Settings.to_string(), given.settings.to_bytes().expect("JSON")),
    ]);
    save_device_key(dir, &key(9)).expect("the device key is written");
    let store = Store::open(dir).await.expect("the store opens");
    let mut transaction = store.begin().await.expect("a transaction");
    let enrolment = sqlx::query(
        "INSERT INTO enrolment (one, issuer, gate_id, gate_name, audience, root, state, enrolled_at) \
         VALUES (1, $1, 'g1', $2, $3, $4, 'confirmed', $5)",
    )
    .bind(given.issuer)
    .bind(&given.settings.gate_name)
    .bind(AUDIENCE)
    .bind(keys.root.public_key().fingerprint().0.to_vec())
    .bind(now.0);
    enrolment.execute(&mut *transaction).await.expect("written");
    let manifest =
        sqlx::query("INSERT INTO manifest (one, seq, bytes, received_at) VALUES (1, 1, $1, $2)")
            .bind(keys.manifest(&parts, signed_at, now))
            .bind(now.0);
    manifest.execute(&mut *transaction).await.expect("written");
    for (name, bytes) in &parts {
        let part = sqlx::query(
            "INSERT INTO parts (name, digest, bytes, received_elapsed) VALUES ($1, $2, $3, 0)",
        )
        .bind(name)
        .bind(Sha256::digest(bytes).to_vec())
        .bind(bytes);
        part.execute(&mut *transaction).await.expect("written");
    }
    transaction.commit().await.expect("written");
    store.close().await;
}
