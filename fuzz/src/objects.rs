//! Signed objects. The data is what stands behind the signature, which is always good here: so the
//! readers of claims are reached, and whoever takes a key cannot make us stumble either.

use fugong_common::base64url;
use fugong_common::cbor::Value;
use fugong_common::device::UnverifiedClaim;
use fugong_common::envelope;
use fugong_common::journal::{Batch, Head};
use fugong_common::keys::{Kind, Signer as _, SoftwareKey};
use fugong_common::manifest::Manifest;
use fugong_common::pass::Pass;
use fugong_common::permit::Permit;
use fugong_common::placard::Scanned;
use fugong_common::status::{MAX_ENTRIES, StatusClaims};
use fugong_common::trust::{DemoRoots, TrustChain, TrustList, TrustStore};
use fugong_common::verdict::Verdict;

use crate::world::{NOW, SITE, T, WORLD, judged, key};

fn sealed(kind: Kind, key: &SoftwareKey, payload: &[u8]) -> Option<Vec<u8>> {
    envelope::seal(kind, key, payload).ok()
}

/// Claims that are not understood ask for an update; understood ones have one byte form, and are
/// valid only where and when they say.
pub fn permit(data: &[u8]) {
    let permit = Permit::decode(data);
    if let Ok(permit) = &permit {
        assert_eq!(permit.encode(), data);
    }
    let Some(token) = sealed(Kind::Permit, &WORLD.permit, data) else { return };
    let verdict = judged(&Scanned::Bare(token)).verdict;
    match permit {
        Err(_) => assert_eq!(verdict, Verdict::UpdateGate),
        Ok(permit) => {
            assert_ne!(verdict, Verdict::UpdateGate);
            if verdict.admits() {
                let (from, to) = (permit.validity.not_before(), permit.validity.expires());
                assert!((from..to).contains(&T) && permit.site == SITE);
            }
        }
    }
}

pub fn pass(data: &[u8]) {
    let pass = Pass::decode(data);
    if let Ok(pass) = &pass {
        assert_eq!(pass.encode(), data);
    }
    let Some(token) = sealed(Kind::Pass, &WORLD.pass, data) else { return };
    let verdict = judged(&Scanned::Pass { token }).verdict;
    match pass {
        Err(_) => assert_eq!(verdict, Verdict::UpdateGate),
        Ok(pass) => {
            assert_ne!(verdict, Verdict::UpdateGate);
            if verdict.admits() {
                assert!((pass.validity.not_before()..pass.validity.expires()).contains(&T));
                assert!(pass.sites.is_empty() || pass.sites.contains(&SITE));
            }
        }
    }
}

/// A list is never longer than it may be, and reads the same when it is written again.
pub fn status(data: &[u8]) {
    let of = WORLD.trust.find_key(WORLD.permit.key_id()).unwrap();
    let open = |bytes: &[u8]| StatusClaims::open(bytes, &WORLD.trust, of, NOW);
    let _ = open(data);
    let Some(token) = sealed(Kind::Status, &WORLD.status, data) else { return };
    let Ok(claims) = open(&token) else { return };
    let entries = claims.list.entries();
    assert!(entries <= MAX_ENTRIES && claims.exp >= claims.iat);
    assert!(claims.list.get(entries).is_err());
    assert!(entries == 0 || claims.list.get(entries - 1).is_ok());
    if entries <= 4096 {
        assert_eq!(open(&claims.seal(&WORLD.status).unwrap()), Ok(claims));
    }
}

/// As a chain, and as a list under the root.
pub fn trust(data: &[u8]) {
    let store = TrustStore::new(WORLD.root.public_key().fingerprint(), DemoRoots::Refuse);
    if let Ok(chain) = TrustChain::from_bytes(data) {
        assert_eq!(chain.to_bytes(), data);
    }
    if let Ok(accepted) = store.accept(data) {
        assert!(accepted.store.list().is_some_and(|list| list.check().is_ok()));
    }
    if let Ok(list) = TrustList::from_bytes(data) {
        assert_eq!(list.to_bytes(), data);
        let _ = list.jwks();
    }
    let Some(signed) = sealed(Kind::Trust, &WORLD.root, data) else { return };
    let chain = Value::Array(vec![Value::Array(vec![signed.into()])]).encode();
    if let Ok(accepted) = store.accept(&chain) {
        let list = accepted.store.list().unwrap();
        assert!(list.check().is_ok() && !list.demo && list.to_bytes() == data);
        assert_eq!(list.root, WORLD.root.public_key());
    }
}

pub fn manifest(data: &[u8]) {
    let _ = Manifest::peek(data);
    let Some(signed) = sealed(Kind::Manifest, &WORLD.manifest, data) else { return };
    let audience = "https://permits.example#g1";
    let Ok(manifest) = Manifest::peek(&signed) else { return };
    assert_eq!(manifest.to_bytes(), data);
    if let Ok(opened) = Manifest::open(&signed, &WORLD.trust, audience, NOW) {
        assert_eq!((&opened.manifest, opened.manifest.audience.as_str()), (&manifest, audience));
        let _ = opened.speaks_for(&WORLD.trust, &[SITE]);
    }
}

pub fn batch(data: &[u8]) {
    let device = key(11);
    let _ = Batch::open(data, &device.public_key());
    let Some(signed) = sealed(Kind::Journal, &device, data) else { return };
    let Ok(batch) = Batch::open(&signed, &device.public_key()) else { return };
    assert_eq!(batch.seal(&device).unwrap(), signed);
    assert_eq!(Batch::signer(&signed), Ok(device.key_id()));
    if let Ok(head) = Head::verify(batch.id, &batch.records) {
        assert_eq!(head.next_seq, batch.records.len() as u64);
    }
}

/// The header of a gate's request, as text and as claims behind a good signature.
pub fn claim(data: &[u8]) {
    let device = key(11);
    if let Ok(header) = std::str::from_utf8(data)
        && let Ok(claim) = UnverifiedClaim::parse(header)
    {
        let _ = claim.verify(&device.public_key());
    }
    let Some(signed) = sealed(Kind::Device, &device, data) else { return };
    let header = format!("Fugong-Device {}", base64url::encode(&signed));
    let Ok(unverified) = UnverifiedClaim::parse(&header) else { return };
    let claim = unverified.verify(&device.public_key()).unwrap();
    assert_eq!(claim.authorization(&device).unwrap(), header);
    let _ = claim.is_for("GET", "/api/gate/manifest", b"", &claim.audience);
}
