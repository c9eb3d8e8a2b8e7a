use proptest::prelude::*;

use super::samples::{DAY, NOW, T, entry, key, list, permit_key, root};
use super::*;
use crate::keys::{Signer, SoftwareKey};

fn chain(links: &[TrustLink]) -> Vec<u8> {
    TrustChain(links.to_vec()).to_bytes()
}

fn signed(list: &TrustList, root: &SoftwareKey) -> Vec<u8> {
    chain(&[TrustLink::sign(list, root).unwrap()])
}

fn store() -> TrustStore {
    let store = TrustStore::new(root().public_key().fingerprint(), DemoRoots::Refuse);
    store.accept(&signed(&list(), &root())).unwrap().store
}

/// Version 8, in which `to` follows the first root.
fn change(to: &SoftwareKey) -> TrustList {
    TrustList {
        version: 8,
        root: to.public_key(),
        root_number: 2,
        previous_root: Some(root().public_key()),
        ..list()
    }
}

fn change_link(to: &SoftwareKey) -> TrustLink {
    TrustLink::sign(&change(to), to).unwrap().countersign(&root()).unwrap()
}

const SITE: SiteCode = SiteCode(4403_0900_4001_0001);

fn span(nbf: u64, exp: u64) -> Span {
    Span { nbf, exp }
}

#[test]
fn a_key_carries_exactly_what_its_entry_allows() {
    let k = entry(&permit_key(), Role::Permit);
    let good = span(T, T + DAY);
    let carries = |span, sites: &[SiteCode], now| k.carries(Role::Permit, span, sites, now);
    assert_eq!(carries(good, &[SITE], NOW), Ok(()));
    assert_eq!(carries(span(k.nbf, k.exp), &[SITE], NOW), Ok(()), "both ends belong to it");
    assert_eq!(carries(span(k.sign_until, k.exp), &[SITE], NOW), Ok(()));
    assert_eq!(carries(span(k.nbf - 1, T), &[SITE], NOW), Err(KeyRefusal::OutsideWindow));
    assert_eq!(
        carries(span(k.sign_until + 1, k.exp), &[SITE], NOW),
        Err(KeyRefusal::OutsideWindow)
    );
    assert_eq!(carries(span(T, k.exp + 1), &[SITE], NOW), Err(KeyRefusal::OutlivesKey));
    assert_eq!(
        carries(good, &[SITE, SiteCode(4404_0000_0000_0000)], NOW),
        Err(KeyRefusal::OutOfScope)
    );
    assert_eq!(carries(good, &[SITE], Millis::from_seconds(k.exp)), Err(KeyRefusal::KeyEnded));
    assert_eq!(carries(good, &[SITE], Millis::from_seconds(k.exp - 1)), Ok(()));
    assert_eq!(k.carries(Role::Pass, good, &[SITE], NOW), Err(KeyRefusal::OtherRole(Role::Permit)));
}

#[test]
fn a_withdrawn_key_carries_nothing_from_its_hour_on() {
    let mut k = entry(&permit_key(), Role::Permit);
    k.revoked = Some(T + 3600);
    let later = Millis::from_seconds(T + 3600);
    assert_eq!(k.carries(Role::Permit, span(T, T + DAY), &[SITE], NOW), Ok(()));
    assert_eq!(
        k.carries(Role::Permit, span(T, T + DAY), &[SITE], later),
        Err(KeyRefusal::Withdrawn(T + 3600))
    );
    assert!(
        k.may_issue(Role::Permit, span(T, T + DAY), &[SITE], NOW).is_err(),
        "nothing new meanwhile"
    );
}

#[test]
fn issuing_stops_at_sign_until_and_never_outlives_the_key() {
    let k = entry(&permit_key(), Role::Permit);
    assert_eq!(k.may_issue(Role::Permit, span(T, k.exp), &[SITE], NOW), Ok(()));
    assert_eq!(
        k.may_issue(Role::Permit, span(T, k.exp + 1), &[SITE], NOW),
        Err(KeyRefusal::OutlivesKey)
    );
    let late = Millis::from_seconds(k.sign_until + 1);
    assert_eq!(
        k.may_issue(Role::Permit, span(T, k.exp), &[SITE], late),
        Err(KeyRefusal::OutsideWindow)
    );
}

#[test]
fn a_list_has_one_byte_form() {
    let bytes = list().to_bytes();
    assert_eq!(TrustList::from_bytes(&bytes).unwrap(), list());
    let mut turned = list();
    turned.keys.reverse();
    assert_eq!(turned.to_bytes(), bytes, "keys are written in order of their ids");
}

#[test]
fn faulty_lists_are_never_signed() {
    let faulty = |fault: ListFault, spoil: &dyn Fn(&mut TrustList)| {
        let mut list = list();
        spoil(&mut list);
        assert_eq!(TrustLink::sign(&list, &root()), Err(SealError::Fault(fault)));
    };
    let first = list().keys[0].id();
    faulty(ListFault::Span, &|l| l.exp = l.iat);
    faulty(ListFault::SameKeyId(first), &|l| l.keys.push(l.keys[0].clone()));
    faulty(ListFault::KeyWindow(first), &|l| l.keys[0].sign_until = l.keys[0].exp + 1);
    faulty(ListFault::KeyScope(first), &|l| l.keys[0].scope = vec![(2, 1)]);
    faulty(ListFault::KeyScope(first), &|l| l.keys[0].scope.clear());
    faulty(ListFault::Host("https://a".to_owned()), &|l| l.hosts.push("https://a".to_owned()));
    faulty(ListFault::RootListed, &|l| l.keys.push(entry(&root(), Role::Status)));
    faulty(ListFault::KeyList(key(9).key_id()), &|l| {
        let mut without = entry(&key(9), Role::Permit);
        without.list_uri = None;
        l.keys.push(without);
    });
    faulty(ListFault::KeyList(key(9).key_id()), &|l| {
        let mut same = entry(&key(9), Role::Permit);
        same.list_uri = l.keys.iter().find_map(|k| k.list_uri.clone());
        l.keys.push(same);
    });
}

#[test]
fn a_store_believes_the_root_it_was_told_and_no_other() {
    assert_eq!(store().list(), Some(&list()));
    let other = TrustStore::new(key(77).public_key().fingerprint(), DemoRoots::Refuse);
    assert_eq!(other.accept(&signed(&list(), &root())), Err(TrustError::OtherRoot));
    let forged = TrustList { root: key(77).public_key(), version: 8, ..list() };
    assert_eq!(store().accept(&signed(&forged, &key(77))), Err(TrustError::OtherRoot));
    assert_eq!(store().accept(&chain(&[])), Err(TrustError::OtherRoot));
    let again = store().accept(&signed(&list(), &root())).unwrap();
    assert_eq!(again, Accepted { store: store(), changed: false, root_changed: false });
}

#[test]
fn a_list_with_a_turned_bit_is_refused() {
    let good = signed(&TrustList { version: 8, ..list() }, &root());
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(store().accept(&bad).is_err(), "bit at byte {at}");
    }
}

#[test]
fn versions_only_rise() {
    let newer = TrustList { version: 8, iat: T, ..list() };
    let store = store().accept(&signed(&newer, &root())).unwrap();
    assert!(store.changed && !store.root_changed);
    let store = store.store;
    assert_eq!(store.accept(&signed(&list(), &root())), Err(TrustError::Older { held: 8, got: 7 }));
    assert!(!store.accept(&signed(&newer, &root())).unwrap().changed);
    let twin = TrustList { hosts: vec!["other.example".to_owned()], ..newer };
    assert_eq!(store.accept(&signed(&twin, &root())), Err(TrustError::SameVersionOtherList(8)));
}

#[test]
fn a_stranger_cannot_raise_the_alarm_about_two_lists() {
    // A genuine envelope whose payload was exchanged: same version, other list, signature that doesn't fit.
    let twin = TrustList { hosts: vec![], ..list() };
    let mut bytes =
        crate::envelope::seal(crate::keys::Kind::Trust, &root(), &twin.to_bytes()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let link =
        crate::cbor::Value::Array(vec![crate::cbor::Value::Array(vec![bytes.as_slice().into()])]);
    assert!(matches!(store().accept(&link.encode()), Err(TrustError::Envelope(_))));
}

#[test]
fn a_new_root_needs_both_signatures_and_then_stands_alone() {
    let second = key(21);
    let alone = TrustLink::sign(&change(&second), &second).unwrap();
    assert_eq!(
        store().accept(&chain(std::slice::from_ref(&alone))),
        Err(TrustError::SignatureMissing)
    );
    let accepted = store().accept(&chain(&[change_link(&second)])).unwrap();
    assert!(accepted.root_changed);
    assert_eq!(accepted.store.root(), second.public_key().fingerprint());
    let next = TrustList { version: 9, previous_root: None, ..change(&second) };
    assert!(accepted.store.accept(&signed(&next, &second)).unwrap().changed);
    let by_old = TrustList { version: 9, ..list() };
    assert_eq!(accepted.store.accept(&signed(&by_old, &root())), Err(TrustError::OtherRoot));
    assert_eq!(alone.countersign(&key(22)), Err(SealError::OtherRoot));
}

#[test]
fn two_changes_of_root_are_followed_one_by_one_and_never_jumped() {
    let (second, third) = (key(21), key(22));
    let onward = TrustList {
        version: 9,
        root: third.public_key(),
        root_number: 3,
        previous_root: Some(second.public_key()),
        ..list()
    };
    let onward = TrustLink::sign(&onward, &third).unwrap().countersign(&second).unwrap();
    assert_eq!(
        store().accept(&chain(std::slice::from_ref(&onward))),
        Err(TrustError::RootChangeMissing { held: 1, got: 3 })
    );
    let whole =
        TrustChain::default().with(change_link(&second)).unwrap().with(onward.clone()).unwrap();
    let accepted = store().accept(&whole.to_bytes()).unwrap();
    assert_eq!(accepted.store.root(), third.public_key().fingerprint());
    // A gate enrolled or restarted under the newest root reads the same chain.
    let fresh = TrustStore::new(third.public_key().fingerprint(), DemoRoots::Refuse);
    assert_eq!(fresh.accept(&whole.to_bytes()).unwrap().store, accepted.store);
    // And one that was enrolled under the first root, but has no list yet, too.
    let first = TrustStore::new(root().public_key().fingerprint(), DemoRoots::Refuse);
    assert_eq!(first.accept(&whole.to_bytes()).unwrap().store, accepted.store);
    assert_eq!(first.accept(&chain(&[onward])), Err(TrustError::OtherRoot));
}

#[test]
fn a_chain_forgets_lists_that_changed_no_root() {
    let chain = TrustChain::default().with(TrustLink::sign(&list(), &root()).unwrap()).unwrap();
    let chain = chain.with(change_link(&key(21))).unwrap();
    let next = TrustList { version: 9, previous_root: None, ..change(&key(21)) };
    let chain = chain.with(TrustLink::sign(&next, &key(21)).unwrap()).unwrap();
    let versions: Vec<_> =
        chain.0.iter().map(|link| link.unverified_list().unwrap().version).collect();
    assert_eq!(versions, [8, 9]);
}

#[test]
fn an_enrolled_gate_refuses_the_sample_town() {
    let demo = TrustList { version: 8, demo: true, ..list() };
    assert_eq!(store().accept(&signed(&demo, &root())), Err(TrustError::Demo));
    let town = TrustStore::new(root().public_key().fingerprint(), DemoRoots::Accept);
    assert!(town.accept(&signed(&demo, &root())).unwrap().store.list().unwrap().demo);
}

#[test]
fn the_key_set_shows_public_keys_and_leaves_out_withdrawn_ones() {
    let mut list = list();
    let set = list.jwks();
    assert_eq!(set["keys"].as_array().unwrap().len(), 4);
    assert_eq!(set["keys"][0]["kty"], "OKP");
    assert_eq!(set["keys"][0]["kid"], list.keys[0].id().to_string());
    list.keys[0].revoked = Some(T);
    assert_eq!(list.jwks()["keys"].as_array().unwrap().len(), 3);
}

proptest! {
    #[test]
    fn a_store_holds_the_greatest_version_it_was_ever_offered(versions in proptest::collection::vec(0_u64..20, 1..12)) {
        let mut store = store();
        let mut greatest = 7;
        for version in versions {
            let offered = signed(&TrustList { version, ..list() }, &root());
            match store.accept(&offered) {
                Ok(accepted) => {
                    prop_assert!(version >= greatest);
                    store = accepted.store;
                    greatest = version;
                }
                Err(error) => prop_assert_eq!(error, TrustError::Older { held: greatest, got: version }),
            }
        }
        prop_assert_eq!(store.list().unwrap().version, greatest);
    }

    #[test]
    fn acceptance_is_the_conjunction_of_the_rules(nbf in 0_u64..12, exp in 0_u64..12, now in 0_u64..12, site in 0_u64..6) {
        let key = TrustedKey { nbf: 2, sign_until: 6, exp: 9, scope: vec![(1, 2), (4, 4)], ..entry(&permit_key(), Role::Permit) };
        let accepted = key.carries(Role::Permit, span(nbf, exp), &[SiteCode(site)], Millis::from_seconds(now)).is_ok();
        prop_assert_eq!(accepted, (2..=6).contains(&nbf) && exp <= 9 && now < 9 && [1, 2, 4].contains(&site));
    }
}
