//! The public file `tests/vectors/credential.json`: made here, and judged here. Other
//! implementations read the same file; `tests/interop` holds one of them.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::PathBuf;

use flate2::read::ZlibDecoder;
use fugong_common::envelope::Unverified;
use fugong_common::hex;
use fugong_common::keys::{Kind, Role, Signer};
use fugong_common::permit::Mode;
use fugong_common::person::Name;
use fugong_common::serial::Serial;
use fugong_common::status::StatusClaims;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::wire::PermitRecord;
use fugong_common::{base64url, cbor, digits, judge::Judgement};
use serde::Serialize;
use serde_json::{Value, json};

use super::file::{Follows, KeyFacts, Vectors, bytes, follow};
use super::world::*;
use super::{cases, objects};

fn named<T>(pairs: Vec<(&str, T)>) -> std::collections::BTreeMap<String, T> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn made_anew() -> Vectors {
    let facts = |name: &str, number: u8, role: Option<Role>| KeyFacts {
        name: name.to_owned(),
        role,
        seed: hex::encode(&[number; 32]),
        public: key(number).public_key(),
        id: key(number).key_id(),
    };
    let renewed = [
        PermitRecord {
            serial: Serial([3; 8]),
            validity: between(T - 9 * DAY, T - DAY),
            ..record()
        },
        record(),
    ];
    let suspended = PermitRecord { status_index: SUSPENDED, ..record() };
    let people = [
        person("0A1F3-0007", 9, Some(VALID)),
        person("0A1F3-0008", 10, Some(REVOKED)),
        person("0A1F3-0009", 11, None),
    ];
    Vectors {
        about: "Test vectors of the credential; README.md beside this file says how to read them. Never list these keys anywhere.".to_owned(),
        keys: vec![
            facts("root", 1, None),
            facts("permit", 2, Some(Role::Permit)),
            facts("pass", 3, Some(Role::Pass)),
            facts("status", 4, Some(Role::Status)),
            facts("manifest", 5, Some(Role::Manifest)),
            facts("status of a narrower scope", 6, Some(Role::Status)),
            facts("second root", 8, None),
            facts("third root", 9, None),
            facts("stranger", 99, None),
        ],
        trust: named(objects::trust_lists()),
        status_lists: named(objects::held_lists()),
        registers: named(vec![
            ("usual", register(&[record()])),
            ("empty", register(&[])),
            ("suspended", register(&[suspended])),
            ("remote", register(&[PermitRecord { mode: Mode::RemoteOnly, ..record() }])),
            ("renewed", register(&renewed)),
        ]),
        rosters: named(vec![("usual", roster(&people))]),
        cases: cases::all(),
        chains: objects::chain_cases(),
        lists: objects::list_cases(),
        digits: objects::digits_cases(),
    }
}

/// Status lists by signer and inflated claims: what a compressor makes of a list differs between
/// machines, and so does the signature above it. That the committed lists open, or don't, is held
/// by the judgements.
fn without_deflate(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let bytes = base64url::decode(&text).unwrap_or_default();
            Unverified::parse(Kind::Status, &bytes).map_or(Value::String(text), |list| {
                let claims = cbor::Value::decode(list.payload()).map(inflated);
                json!({"under": list.key_id().to_string(), "claims": format!("{claims:?}")})
            })
        }
        Value::Array(all) => all.into_iter().map(without_deflate).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, without_deflate(value))).collect()
        }
        other => other,
    }
}

/// Byte strings that are zlib streams as what is in them; others as they are.
fn inflated(value: cbor::Value) -> cbor::Value {
    match value {
        cbor::Value::Bytes(bytes) => {
            let mut plain = Vec::new();
            let read = ZlibDecoder::new(&*bytes).take(8 << 20).read_to_end(&mut plain);
            cbor::Value::Bytes(if read.is_ok() { plain } else { bytes })
        }
        cbor::Value::Array(all) => cbor::Value::Array(all.into_iter().map(inflated).collect()),
        cbor::Value::Map(fields) => cbor::Value::Map(
            fields.into_iter().map(|(key, value)| (key, inflated(value))).collect(),
        ),
        other => other,
    }
}

/// Compares a file of `tests/vectors` with what is made now; writes it instead where
/// `FUGONG_WRITE_VECTORS` is set.
pub fn holds(file: &str, content: &impl Serialize) {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors")).join(file);
    let made = serde_json::to_value(content).unwrap();
    if std::env::var_os("FUGONG_WRITE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(content).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    // As values: in what order an object's fields stand is not ours to promise.
    let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
    assert!(
        without_deflate(kept) == without_deflate(made),
        "{file} is not what is made now: run with FUGONG_WRITE_VECTORS=1, and look at what changed"
    );
}

pub fn committed() -> Vectors {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/credential.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_public_vectors_are_what_is_made_here() {
    holds("credential.json", &made_anew());
}

#[test]
fn every_public_vector_gets_its_verdict() {
    let vectors = committed();
    let differing: Vec<_> = vectors
        .cases
        .iter()
        .map(|case| (case, vectors.judge(case)))
        .filter(|(case, judgement)| judgement.verdict != case.verdict)
        .map(|(case, Judgement { verdict, reasons, .. })| {
            format!("{}: {verdict} {reasons:?}, not {}", case.name, case.verdict)
        })
        .collect();
    assert_eq!(differing, Vec::<String>::new());
    let names: BTreeSet<_> = vectors.cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), vectors.cases.len(), "every case has a name of its own");
}

/// What is left out needs a gate's own rules: a reading, a count, a person's isolation.
#[test]
fn the_public_vectors_hold_every_verdict_that_follows_from_bytes() {
    use Verdict::{CapFull, Fever, Isolating, LowReading, Measure};
    let seen: BTreeSet<_> = committed().cases.iter().map(|case| case.verdict).collect();
    let left_out: BTreeSet<_> = [Measure, CapFull, Isolating, Fever, LowReading].into();
    let all: BTreeSet<_> = Verdict::ALL.into_iter().collect();
    assert_eq!(&all - &seen, left_out);
}

#[test]
fn every_public_trust_chain_is_followed_or_refused() {
    for case in committed().chains {
        let followed = follow(case.root, case.samples, &bytes(&case.chain));
        let followed = followed.map(|accepted| Follows {
            version: accepted.store.list().unwrap().version,
            root: accepted.store.root(),
        });
        assert_eq!(followed.as_ref().ok(), case.accepted.as_ref(), "{}: {followed:?}", case.name);
    }
}

#[test]
fn every_public_status_list_is_opened_or_refused() {
    let vectors = committed();
    for case in &vectors.lists {
        let trust = vectors.trust_list(&case.trust);
        let of = trust.find_key(case.of).unwrap();
        let now = Millis::from_seconds(case.now);
        let opened = StatusClaims::open(&bytes(&case.token), &trust, of, now);
        assert_eq!(opened.is_ok(), case.accepted, "{}: {:?}", case.name, opened.err());
    }
}

#[test]
fn every_public_text_of_digits_is_read_or_refused() {
    for case in committed().digits {
        let read = digits::decode(&case.text).ok().map(|bytes| hex::encode(&bytes));
        assert_eq!(read, case.bytes, "{}", case.text);
    }
}

#[test]
fn names_of_keys_are_those_of_their_seeds() {
    for facts in committed().keys {
        let seed = hex::decode_array(&facts.seed).unwrap();
        let key = fugong_common::keys::SoftwareKey::from_seed(&seed);
        assert_eq!((key.public_key(), key.key_id()), (facts.public, facts.id), "{}", facts.name);
        assert!(Name::parse(&facts.name).is_ok());
    }
}
