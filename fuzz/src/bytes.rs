//! Byte forms that carry no signature of their own, or whose signature is not looked at yet.

use coset::{CborSerializable as _, TaggedCborSerializable as _};
use fugong_common::cbor::Value;
use fugong_common::envelope::{self, Unverified};
use fugong_common::journal::{Entry, Head, Record, Sealed};
use fugong_common::keys::{Kind, Signer as _};
use fugong_common::records::{self, Delta, RecordSet};
use fugong_common::wire::{Hex, PermitRecord, PersonRecord, Settings};

use crate::world::WORLD;

/// What we read, an independent reader reads as the same value.
pub fn cbor(data: &[u8]) {
    let Ok(value) = Value::decode(data) else { return };
    assert_eq!(value.encode(), data);
    let Some(ours) = translated(&value) else { return };
    let mut rest = data;
    let theirs: ciborium::Value = ciborium::de::from_reader(&mut rest).unwrap();
    assert!(rest.is_empty());
    assert_eq!(ours, theirs);
}

/// `None` for tags, which the other reader interprets.
fn translated(value: &Value) -> Option<ciborium::Value> {
    use ciborium::Value as Theirs;
    Some(match value {
        Value::Unsigned(n) => Theirs::Integer((*n).into()),
        Value::Negative(n) => Theirs::Integer((-1 - i128::from(*n)).try_into().ok()?),
        Value::Bytes(bytes) => Theirs::Bytes(bytes.clone()),
        Value::Text(text) => Theirs::Text(text.clone()),
        Value::Array(items) => Theirs::Array(items.iter().map(translated).collect::<Option<_>>()?),
        Value::Map(entries) => Theirs::Map(
            entries
                .iter()
                .map(|(key, value)| Some((translated(key)?, translated(value)?)))
                .collect::<Option<_>>()?,
        ),
        Value::Tag(..) => return None,
        Value::Bool(truth) => Theirs::Bool(*truth),
        Value::Null => Theirs::Null,
    })
}

/// An envelope that we read, the independent implementation reads alike. What verifies is what its
/// key would sign again: no second signature, no second form.
pub fn envelope(data: &[u8]) {
    let keys = [&WORLD.root, &WORLD.permit, &WORLD.pass, &WORLD.status, &WORLD.manifest];
    for kind in Kind::ALL {
        let Ok(unverified) = Unverified::parse(kind, data) else { continue };
        let theirs = coset::CoseSign1::from_tagged_slice(data).unwrap();
        assert_eq!(theirs.payload.as_deref(), Some(unverified.payload()));
        assert_eq!(theirs.protected.header.key_id, unverified.key_id().0);
        assert!(theirs.unprotected.is_empty());
        assert_eq!(theirs.signature.len(), 64);
        for key in keys.into_iter().filter(|key| key.key_id() == unverified.key_id()) {
            if let Ok(payload) = unverified.verify(&key.public_key()) {
                assert_eq!(envelope::seal(kind, key, payload).unwrap(), data);
            }
        }
        let untagged = theirs.to_vec().unwrap();
        assert!(Unverified::parse(kind, &untagged).is_err());
    }
}

/// The first byte says how the rest parts into two sets.
pub fn records(data: &[u8]) {
    let part = |bytes: &[u8]| {
        let set = RecordSet::from_bytes(bytes).ok()?;
        assert_eq!(set.to_bytes(), bytes);
        for (key, value) in set.iter() {
            if let Ok(record) = PermitRecord::from_bytes(key, value) {
                let again = PermitRecord::from_bytes(record.key(), &record.to_bytes());
                assert_eq!(again, Ok(record));
            }
            if let Ok(record) = PersonRecord::from_bytes(key, value) {
                let again = PersonRecord::from_bytes(record.key(), &record.to_bytes());
                assert_eq!(again, Ok(record));
            }
        }
        Some(set)
    };
    let Some((at, rest)) = data.split_first() else { return };
    let Some((old, new)) = rest.split_at_checked(usize::from(*at)) else { return };
    let Some(new) = part(new) else { return };
    let old = part(old).unwrap_or_default();
    let delta = records::diff(&old, &new);
    assert_eq!(records::apply(&old, &delta), Ok(new));
    assert_eq!(Delta::from_bytes(&delta.to_bytes()), Ok(delta));
}

pub fn delta(data: &[u8]) {
    let Ok(delta) = Delta::from_bytes(data) else { return };
    assert_eq!(delta.to_bytes(), data);
    // Nobody finds a set with that digest by chance: an empty one is the only start to try.
    if let Ok(set) = records::apply(&RecordSet::new(), &delta) {
        assert_eq!(set.digest(), delta.to);
    }
}

/// A journal's entries as they are chained, and the parts beside them.
pub fn entry(data: &[u8]) {
    let record = Record { chained: data.to_vec(), sealed: None };
    let head = Head::start(Hex([0; 16]));
    let _ = head.follow(&[record.clone(), record.clone()], |_| Some(record.hash()));
    if let Ok(entry) = Entry::decode(data) {
        assert_eq!(record.seq(), Some(entry.seq));
        if let Ok(followed) = head.follow(std::slice::from_ref(&record), |_| None) {
            assert_eq!((entry.seq, followed.duplicates), (0, 0));
            let (again, next) = head.append(&entry.draft, &Sealed::default(), [0; 16]);
            let read = Entry::decode(&again.chained).unwrap();
            assert_eq!((read.seq, read.draft), (0, entry.draft));
            assert_eq!(next.next_seq, 1);
        }
    }
    if let Ok(sealed) = Sealed::from_bytes(data) {
        assert_eq!(sealed.to_bytes(), data);
    }
}

pub fn settings(data: &[u8]) {
    let Ok(settings) = Settings::parse(data) else { return };
    let again = Settings::parse(&settings.to_bytes().unwrap()).unwrap();
    assert_eq!(again, settings);
}
