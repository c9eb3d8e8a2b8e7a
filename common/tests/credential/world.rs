//! The small town that the vectors tell of: its keys, its lists, its people, and how tokens are
//! made there, rightly and wrongly.

use std::collections::BTreeSet;

use curve25519_dalek::Scalar;
use curve25519_dalek::scalar::clamp_integer;
use fugong_common::base64url;
use fugong_common::cbor::Value;
use fugong_common::claims::{Lineage, Validity};
use fugong_common::envelope;
use fugong_common::keys::{Kind, Role, Signer, SoftwareKey};
use fugong_common::pass::{Pass, WorkerNumber};
use fugong_common::permit::{Approval, Category, Mode, Permit, PostKind, Route, SiteCode, Subject};
use fugong_common::person::Name;
use fugong_common::placard::{Origin, pass_text, placard_url};
use fugong_common::records::RecordSet;
use fugong_common::serial::{PassReference, Serial};
use fugong_common::status::{Status, StatusClaims, StatusList};
use fugong_common::trust::{TrustList, TrustedKey};
use fugong_common::uscc::Uscc;
use fugong_common::wire::{PassLink, PermitRecord, PersonRecord};
use sha2::{Digest as _, Sha512};

/// 10 February 2020, 09:00 in Shanghai.
pub const T: u64 = 1_581_296_400;
pub const DAY: u64 = 86_400;
pub const HOURS_72: u64 = 72 * 3600;
pub const HOST: &str = "permits.example";
pub const SITE: SiteCode = SiteCode(4_403_090_040_010_001);
pub const OTHER_SITE: SiteCode = SiteCode(4_403_090_040_010_002);
pub const DISTRICT: (u64, u64) = (4_403_000_000_000_000, 4_403_999_999_999_999);
pub const LINEAGE: Lineage = Lineage([7; 8]);
/// Ends of the permit key, as [`entry`] has them.
pub const KEY_NBF: u64 = T - 30 * DAY;
pub const SIGN_UNTIL: u64 = T + 30 * DAY;
pub const KEY_EXP: u64 = T + 60 * DAY;
/// Indexes by state, in both lists.
pub const VALID: u32 = 3;
pub const REVOKED: u32 = 5;
pub const SUSPENDED: u32 = 6;
pub const SUPERSEDED: u32 = 7;
pub const ENTRIES: u32 = 100;

pub fn key(number: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[number; 32])
}

pub fn root() -> SoftwareKey {
    key(1)
}
pub fn permit_key() -> SoftwareKey {
    key(2)
}
pub fn pass_key() -> SoftwareKey {
    key(3)
}
pub fn status_key() -> SoftwareKey {
    key(4)
}
pub fn manifest_key() -> SoftwareKey {
    key(5)
}
/// Of role status, for a part of the permit key's district.
pub fn narrow_status_key() -> SoftwareKey {
    key(6)
}
pub fn second_root() -> SoftwareKey {
    key(8)
}
pub fn third_root() -> SoftwareKey {
    key(9)
}
/// On no list.
pub fn stranger() -> SoftwareKey {
    key(99)
}

pub fn list_uri(key: &SoftwareKey) -> String {
    format!("https://{HOST}/api/status/{}", key.key_id())
}

pub fn entry(key: &SoftwareKey, role: Role) -> TrustedKey {
    TrustedKey {
        public: key.public_key(),
        role,
        nbf: KEY_NBF,
        sign_until: SIGN_UNTIL,
        exp: KEY_EXP,
        revoked: None,
        scope: vec![DISTRICT],
        list_uri: matches!(role, Role::Permit | Role::Pass).then(|| list_uri(key)),
    }
}

pub fn trust_list() -> TrustList {
    let narrow = TrustedKey {
        scope: vec![(DISTRICT.0, SITE.0)],
        ..entry(&narrow_status_key(), Role::Status)
    };
    let mut keys = vec![
        entry(&permit_key(), Role::Permit),
        entry(&pass_key(), Role::Pass),
        entry(&status_key(), Role::Status),
        entry(&manifest_key(), Role::Manifest),
        narrow,
    ];
    keys.sort_by_key(TrustedKey::id);
    TrustList {
        version: 7,
        iat: T - DAY,
        exp: T + 365 * DAY,
        hosts: vec![HOST.to_owned(), "permits.example:8443".to_owned()],
        keys,
        root: root().public_key(),
        root_number: 1,
        previous_root: None,
        demo: false,
    }
}

/// The list with the entry of `of` changed.
pub fn with_key(of: &SoftwareKey, change: impl Fn(&mut TrustedKey)) -> TrustList {
    let mut list = trust_list();
    let entry = list.keys.iter_mut().find(|entry| entry.public == of.public_key()).unwrap();
    change(entry);
    list
}

pub fn status_claims(of: &SoftwareKey) -> StatusClaims {
    let mut list = StatusList::new(ENTRIES);
    for (index, status) in [
        (REVOKED, Status::Revoked),
        (SUSPENDED, Status::Suspended),
        (SUPERSEDED, Status::Superseded),
    ] {
        list.set(index, status).unwrap();
    }
    let iat = T - 60;
    StatusClaims { uri: list_uri(of), iat, exp: iat + HOURS_72, ttl: 300, seq: 12, list }
}

pub fn validity() -> Validity {
    Validity::new(T - DAY, T + 20 * DAY).unwrap()
}

pub fn between(not_before: u64, expires: u64) -> Validity {
    Validity::new(not_before, expires).unwrap()
}

pub fn permit() -> Permit {
    Permit {
        subject: Subject::Coded(Uscc::parse("91350100M000100Y43").unwrap()),
        serial: Serial([1; 8]),
        validity: validity(),
        name: Name::parse("云锦服饰（示例）").unwrap(),
        site: SITE,
        category: Category::Priority,
        status_index: VALID,
        mode: Mode::OnSite,
        approval: Approval {
            route: Route::TriParty,
            posts: BTreeSet::from([PostKind::Secretary, PostKind::Director]),
            rule_version: 3,
        },
        evidence: [0xee; 16],
    }
}

pub fn pass() -> Pass {
    Pass {
        worker: WorkerNumber::parse("0A1F3-0007").unwrap(),
        serial: Serial([2; 8]),
        validity: validity(),
        name: Name::parse("张某某").unwrap(),
        role: Name::parse("缝制工").unwrap(),
        status_index: VALID,
        lineage: LINEAGE,
        sites: [SITE].into(),
    }
}

pub fn record() -> PermitRecord {
    PermitRecord {
        serial: permit().serial,
        enterprise_id: "e17".to_owned(),
        enterprise: "云锦服饰（示例）".to_owned(),
        lineage: LINEAGE,
        status_index: VALID,
        key: permit_key().key_id(),
        validity: validity(),
        site: SITE,
        mode: Mode::OnSite,
    }
}

pub fn person(worker: &str, reference: u8, pass: Option<u32>) -> PersonRecord {
    let link =
        |status_index| PassLink { serial: Serial([2; 8]), status_index, key: pass_key().key_id() };
    PersonRecord {
        worker: worker.to_owned(),
        name: "张某某".to_owned(),
        last_four: Some("2148".to_owned()),
        role: "缝制工".to_owned(),
        enterprise_id: "e17".to_owned(),
        enterprise: "云锦服饰（示例）".to_owned(),
        lineage: LINEAGE,
        not_before: None,
        isolating_until: None,
        reference: Some(PassReference([reference; 8])),
        pass: pass.map(link),
        sites: vec![],
        left: false,
    }
}

pub fn register(records: &[PermitRecord]) -> String {
    let mut set = RecordSet::new();
    for record in records {
        set.put(record.key(), record.to_bytes());
    }
    base64url::encode(&set.to_bytes())
}

pub fn roster(people: &[PersonRecord]) -> String {
    let mut set = RecordSet::new();
    for person in people {
        set.put(person.key(), person.to_bytes());
    }
    base64url::encode(&set.to_bytes())
}

pub fn sealed(kind: Kind, key: &SoftwareKey, payload: &[u8]) -> Vec<u8> {
    envelope::seal(kind, key, payload).unwrap()
}

pub fn token(permit: &Permit) -> Vec<u8> {
    sealed(Kind::Permit, &permit_key(), &permit.encode())
}

pub fn url(token: &[u8]) -> String {
    url_under(HOST, token)
}

pub fn url_under(host: &str, token: &[u8]) -> String {
    placard_url(&Origin::parse(&format!("https://{host}")).unwrap(), token)
}

pub fn placard(permit: &Permit) -> String {
    url(&token(permit))
}

pub fn pass_code(pass: &Pass) -> String {
    pass_text(&sealed(Kind::Pass, &pass_key(), &pass.encode()))
}

/// Claims with one of them set, added or taken out; in the container if `inside`.
pub fn spoiled(claims: &[u8], inside: bool, key: i64, value: Option<Value>) -> Vec<u8> {
    let Value::Map(mut entries) = Value::decode(claims).unwrap() else { panic!("a map") };
    let target = if inside {
        let (_, Value::Map(container)) = entries.last_mut().unwrap() else { panic!("a map") };
        container
    } else {
        &mut entries
    };
    target.retain(|(candidate, _)| *candidate != Value::from(key));
    target.extend(value.map(|value| (key.into(), value)));
    Value::Map(entries).encode()
}

/// The protected header as it should be.
pub fn header(key: &SoftwareKey) -> Vec<u8> {
    Value::map([(1, Value::from(-19_i64)), (4, key.key_id().0.into())]).encode()
}

/// What a signature covers (RFC 9052 §4.4).
pub fn to_sign(protected: &[u8], aad: &[u8], payload: &[u8]) -> Vec<u8> {
    Value::Array(vec!["Signature1".into(), protected.into(), aad.into(), payload.into()]).encode()
}

/// A `COSE_Sign1` of whatever shape, with a signature that fits it.
pub fn made(protected: &[u8], unprotected: Value, payload: &[u8], key: &SoftwareKey) -> Vec<u8> {
    let message = to_sign(protected, Kind::Permit.external_aad(), payload);
    let signature = key.sign(&message).unwrap();
    assembled(protected, unprotected, payload.into(), &signature)
}

pub fn assembled(
    protected: &[u8],
    unprotected: Value,
    payload: Value,
    signature: &[u8],
) -> Vec<u8> {
    let parts = vec![protected.into(), unprotected, payload, signature.into()];
    Value::Tag(18, Box::new(parts.into())).encode()
}

/// The permit under the signature that adds the group's order to `S`: RFC 8032 §5.1.7 refuses it.
pub fn with_large_s(token: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut token = token.to_vec();
    let start = token.len() - 32;
    let mut carry = 0_u16;
    for (byte, add) in token[start..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    token
}

/// The permit under a signature that only the key's holder can make, whose `R` is the neutral
/// point: `S = k·a` fulfils the equation, and a lax reader takes it.
pub fn with_small_r(permit: &Permit, seed: u8) -> Vec<u8> {
    let signer = key(seed);
    let (protected, payload) = (header(&signer), permit.encode());
    let message = to_sign(&protected, Kind::Permit.external_aad(), &payload);
    let expanded: [u8; 64] = Sha512::digest([seed; 32]).into();
    let secret = Scalar::from_bytes_mod_order(clamp_integer(expanded[..32].try_into().unwrap()));
    let mut neutral = [0_u8; 32];
    neutral[0] = 1;
    let hash = Sha512::new()
        .chain_update(neutral)
        .chain_update(signer.public_key().as_bytes())
        .chain_update(message)
        .finalize();
    let s = Scalar::from_bytes_mod_order_wide(&hash.into()) * secret;
    let signature = [neutral, s.to_bytes()].concat();
    assembled(&protected, Value::Map(vec![]), payload.into(), &signature)
}
