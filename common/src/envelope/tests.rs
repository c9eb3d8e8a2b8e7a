use coset::{
    CborSerializable as _, CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable as _,
    iana,
};
use proptest::prelude::*;

use super::*;
use crate::digits;
use crate::keys::SoftwareKey;

fn key() -> SoftwareKey {
    SoftwareKey::from_seed(&[42; 32])
}

fn some_payload() -> Vec<u8> {
    Value::map([(2, "91350100M000100Y43".into()), (4, 1_583_020_800_u64.into())]).encode()
}

fn sealed(kind: Kind) -> Vec<u8> {
    seal(kind, &key(), &some_payload()).unwrap()
}

/// What anybody who offers `bytes` as `kind` would get past us.
fn accepted(kind: Kind, bytes: &[u8]) -> Option<Vec<u8>> {
    let unverified = Unverified::parse(kind, bytes).ok()?;
    unverified.verify(&key().public_key()).ok().map(<[u8]>::to_vec)
}

#[test]
fn a_sealed_message_is_read_back_and_names_its_key() {
    for kind in Kind::ALL {
        let bytes = sealed(kind);
        assert!(bytes.starts_with(&START));
        let unverified = Unverified::parse(kind, &bytes).unwrap();
        assert_eq!(unverified.key_id(), key().key_id());
        assert_eq!(unverified.payload(), some_payload());
        assert_eq!(unverified.verify(&key().public_key()), Ok(&*some_payload()));
    }
}

#[test]
fn no_kind_passes_for_another() {
    for kind in Kind::ALL {
        let bytes = sealed(kind);
        for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
            assert_eq!(accepted(other, &bytes), None, "{kind:?} offered as {other:?}");
        }
    }
}

#[test]
fn another_key_is_refused_even_under_the_same_key_id() {
    let other = SoftwareKey::from_seed(&[43; 32]);
    let unverified = Unverified::parse(Kind::Permit, &sealed(Kind::Permit)).unwrap();
    assert_eq!(unverified.verify(&other.public_key()), Err(EnvelopeError::OtherKey));
    let posing = Unverified { key_id: other.key_id(), ..unverified };
    assert_eq!(posing.verify(&other.public_key()), Err(EnvelopeError::BadSignature));
}

#[test]
fn every_bit_counts() {
    for kind in [Kind::Permit, Kind::Status] {
        let genuine = sealed(kind);
        for at in 0..genuine.len() * 8 {
            let mut changed = genuine.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(accepted(kind, &changed), None, "{kind:?}, bit {at}");
        }
    }
}

#[test]
fn every_digit_counts() {
    let genuine = digits::encode(&sealed(Kind::Permit));
    for at in 0..genuine.len() {
        for digit in b'0'..=b'9' {
            let mut changed = genuine.clone().into_bytes();
            if changed[at] == digit {
                continue;
            }
            changed[at] = digit;
            let changed = digits::decode(std::str::from_utf8(&changed).unwrap());
            let passed = changed.ok().and_then(|bytes| accepted(Kind::Permit, &bytes));
            assert_eq!(passed, None, "digit {at} as {}", char::from(digit));
        }
    }
}

#[test]
fn nothing_may_be_missing_or_follow() {
    let genuine = sealed(Kind::Permit);
    for length in 0..genuine.len() {
        let refused = Unverified::parse(Kind::Permit, &genuine[..length]).unwrap_err();
        assert_eq!(refused, EnvelopeError::NotAnEnvelope);
    }
    let longer = [genuine.as_slice(), &[0]].concat();
    assert_eq!(Unverified::parse(Kind::Permit, &longer).unwrap_err(), EnvelopeError::NotAnEnvelope);
}

#[test]
fn tokens_have_a_greatest_length_and_lists_have_none() {
    let long = Value::Bytes(vec![0; 600]).encode();
    assert!(seal(Kind::Permit, &key(), &long).is_err());
    assert!(seal(Kind::Pass, &key(), &long).is_err());
    let list = seal(Kind::Status, &key(), &long).unwrap();
    assert_eq!(accepted(Kind::Status, &list), Some(long));
    assert_eq!(Unverified::parse(Kind::Permit, &list).unwrap_err(), EnvelopeError::TooLong);
}

#[test]
fn headers_that_we_do_not_write_are_refused_though_rightly_signed() {
    let key_id = || (4_i64.into(), Value::from(key().key_id().0));
    let algorithm = |number: i64| (1_i64.into(), Value::from(number));
    let extra = || (16_i64.into(), Value::from("x"));
    let wrong = [
        (vec![algorithm(-8), key_id()], vec![], "the older name of the algorithm"),
        (vec![algorithm(-7), key_id()], vec![], "another algorithm"),
        (vec![key_id()], vec![], "no algorithm"),
        (vec![algorithm(-19)], vec![], "no key id"),
        (vec![algorithm(-19), key_id(), extra()], vec![], "one field more"),
        (vec![algorithm(-19), key_id()], vec![extra()], "an unprotected field"),
        (vec![algorithm(-19)], vec![key_id()], "an unprotected key id"),
    ];
    for (protected, unprotected, what) in wrong {
        let protected = Value::Map(protected).encode();
        let message = signed_bytes(Kind::Permit, &protected, &some_payload());
        let signature = key().sign(&message).unwrap();
        let parts = vec![
            protected.into(),
            Value::Map(unprotected),
            some_payload().into(),
            signature.into(),
        ];
        let bytes = Value::Tag(18, Box::new(parts.into())).encode();
        assert!(Unverified::parse(Kind::Permit, &bytes).is_err(), "{what}");
    }
}

#[test]
fn other_shapes_are_refused() {
    let Value::Tag(18, inner) = Value::decode(&sealed(Kind::Permit)).unwrap() else {
        panic!("tag 18 was expected")
    };
    let items = inner.clone().array().unwrap();
    let mut detached = items.clone();
    detached[2] = Value::Null;
    for (shape, what) in [
        (*inner.clone(), "no tag"),
        (Value::Tag(98, inner.clone()), "the tag of COSE_Sign"),
        (Value::Tag(61, Box::new(Value::Tag(18, inner))), "the tag of CWT around it"),
        (Value::Tag(18, Box::new(detached.into())), "no payload"),
        (Value::Tag(18, Box::new(items[..3].to_vec().into())), "no signature"),
    ] {
        assert_eq!(
            Unverified::parse(Kind::Permit, &shape.encode()).unwrap_err(),
            EnvelopeError::NotAnEnvelope,
            "{what}"
        );
    }
}

#[test]
fn an_independent_reader_verifies_what_we_make() {
    for kind in Kind::ALL {
        let read = CoseSign1::from_tagged_slice(&sealed(kind)).unwrap();
        assert_eq!(
            read.protected.header.alg,
            Some(coset::Algorithm::Assigned(iana::Algorithm::Ed25519))
        );
        assert_eq!(read.protected.header.key_id, key().key_id().0);
        assert!(read.unprotected.is_empty());
        assert_eq!(read.payload.as_deref(), Some(&*some_payload()));
        let verified = read.verify_signature(kind.external_aad(), |signature, message| {
            let signature = signature.try_into().map_err(|_| ())?;
            if key().public_key().verifies(message, signature) { Ok(()) } else { Err(()) }
        });
        assert_eq!(verified, Ok(()), "{kind:?}");
    }
}

/// Made by the independent writer, with `aad` in the signature.
fn foreign(kind: Kind, aad: &[u8]) -> Vec<u8> {
    let mut header =
        HeaderBuilder::new().algorithm(iana::Algorithm::Ed25519).key_id(key().key_id().0.to_vec());
    if kind == Kind::Status {
        header =
            header.value(16, coset::cbor::Value::Text("application/statuslist+cwt".to_owned()));
    }
    CoseSign1Builder::new()
        .protected(header.build())
        .payload(some_payload())
        .create_signature(aad, |message| key().sign(message).unwrap().to_vec())
        .build()
        .to_tagged_vec()
        .unwrap()
}

#[test]
fn we_read_what_an_independent_writer_makes_and_write_the_same_bytes() {
    for kind in Kind::ALL {
        let theirs = foreign(kind, kind.external_aad());
        assert_eq!(accepted(kind, &theirs), Some(some_payload()), "{kind:?}");
        assert_eq!(theirs, sealed(kind), "{kind:?}");
        assert_eq!(accepted(kind, &foreign(kind, b"fugong:other:1")), None, "{kind:?}");
    }
}

#[test]
fn an_untagged_message_of_the_independent_writer_is_refused() {
    let read = CoseSign1::from_tagged_slice(&foreign(Kind::Permit, b"fugong:permit:1")).unwrap();
    assert_eq!(accepted(Kind::Permit, &read.to_vec().unwrap()), None);
}

proptest! {
    #[test]
    fn any_payload_survives(payload in proptest::collection::vec(any::<u8>(), 0..400)) {
        for kind in Kind::ALL {
            let bytes = seal(kind, &key(), &payload).unwrap();
            prop_assert_eq!(accepted(kind, &bytes), Some(payload.clone()));
        }
    }

    #[test]
    fn any_changed_run_of_bytes_never_verifies(
        at in 0..120_usize, run in proptest::collection::vec(any::<u8>(), 0..6), drop in 0..6_usize,
    ) {
        let genuine = sealed(Kind::Permit);
        let end = (at + drop).min(genuine.len());
        let changed = [&genuine[..at.min(genuine.len())], run.as_slice(), &genuine[end..]].concat();
        prop_assume!(changed != genuine);
        prop_assert_eq!(accepted(Kind::Permit, &changed), None);
    }

    #[test]
    fn no_bytes_make_the_reader_stumble(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [START.as_slice(), &tail].concat();
        prop_assert_eq!(accepted(Kind::Permit, &bytes), None);
    }
}
