use super::*;
use crate::trust::samples::{DAY, NOW, T, list, manifest_key, status_key};

fn manifest() -> Manifest {
    Manifest {
        audience: "gate-3".to_owned(),
        seq: 12,
        iat: T,
        exp: T + 3 * DAY,
        parts: [("roster", b"r"), ("trust", b"t")]
            .map(|(name, bytes)| (name.to_owned(), Sha256::digest(bytes).into()))
            .into(),
        audit_head: [8; 32],
    }
}

#[test]
fn a_signed_manifest_is_read_back_by_its_gate_only() {
    let bytes = manifest().seal(&manifest_key()).unwrap();
    let opened = Manifest::open(&bytes, &list(), "gate-3", NOW).unwrap();
    assert_eq!(opened.manifest, manifest());
    assert_eq!(Manifest::peek(&bytes), Ok(manifest()));
    assert_eq!(
        Manifest::open(&bytes, &list(), "gate-4", NOW),
        Err(ManifestError::OtherAudience("gate-3".to_owned()))
    );
    assert_eq!(opened.speaks_for(&list(), &[SiteCode(4403_0900_4001_0001)]), Ok(()));
    assert_eq!(
        opened.speaks_for(&list(), &[SiteCode(4404_0000_0000_0000)]),
        Err(ManifestError::Key(KeyRefusal::OutOfScope))
    );
}

#[test]
fn only_a_manifest_key_signs_manifests() {
    let bytes = manifest().seal(&status_key()).unwrap();
    assert_eq!(
        Manifest::open(&bytes, &list(), "gate-3", NOW),
        Err(ManifestError::Key(KeyRefusal::OtherRole(Role::Status)))
    );
    let mut without = list();
    without.keys.clear();
    assert!(matches!(
        Manifest::open(&bytes, &without, "gate-3", NOW),
        Err(ManifestError::UnknownKey(_))
    ));
}

#[test]
fn a_turned_bit_anywhere_is_refused() {
    let good = manifest().seal(&manifest_key()).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(Manifest::open(&bad, &list(), "gate-3", NOW).is_err(), "bit at byte {at}");
    }
}

#[test]
fn parts_are_checked_against_their_digest() {
    assert_eq!(manifest().check_part("roster", b"r"), Ok(()));
    assert_eq!(
        manifest().check_part("roster", b"x"),
        Err(ManifestError::PartDigest("roster".to_owned()))
    );
    assert_eq!(
        manifest().check_part("other", b"x"),
        Err(ManifestError::PartUnknown("other".to_owned()))
    );
}

#[test]
fn sequence_numbers_only_rise() {
    let (held, next) = (manifest(), Manifest { seq: 13, ..manifest() });
    assert_eq!(next.follows(b"13", Some((&held, b"12"))), Ok(Arrival::Newer));
    assert_eq!(held.follows(b"12", Some((&held, b"12"))), Ok(Arrival::Same));
    assert_eq!(
        held.follows(b"12'", Some((&held, b"12"))),
        Err(ManifestError::SameSeqOtherBytes(12))
    );
    assert_eq!(
        held.follows(b"12", Some((&next, b"13"))),
        Err(ManifestError::Older { held: 13, got: 12 })
    );
}
