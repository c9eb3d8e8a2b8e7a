use fugong_common::keys::Signer as _;
use fugong_common::status::{Status, StatusClaims};
use fugong_common::trust::{DemoRoots, TrustStore};

use super::bootstrap::{Terms, make_key};
use super::*;
use crate::permits::testing::{NOW, Town, officer};
use crate::permits::{self, Changes, State};
use crate::status;

fn root_of(town: &Town) -> SoftwareKey {
    disk::read(&town.root(), None).unwrap()
}

async fn newest(town: &Town) -> store::StoredList {
    let mut tx = town.app.db().read().await.unwrap();
    store::newest(&mut tx).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_verifier_that_knows_the_root_takes_the_published_list_and_gates_refuse_a_sample_towns() {
    let town = Town::new().await;
    let root = root_of(&town).public_key().fingerprint();
    let (_, body) = town.get("/api/jwks", "").await;
    assert!(body.contains("\"OKP\""));
    let chain = newest(&town).await.chain;
    let taken = TrustStore::new(root, DemoRoots::Accept).accept(&chain).unwrap().store;
    let list = taken.list().unwrap();
    assert_eq!((list.version, list.keys.len()), (1, 4));
    assert!(list.names_host("127.0.0.1:8080"));
    assert!(TrustStore::new(root, DemoRoots::Refuse).accept(&chain).is_err());
}

#[tokio::test]
async fn a_new_root_needs_the_old_ones_signature_and_verifiers_follow() {
    let town = Town::new().await;
    let old = root_of(&town);
    let held = TrustStore::new(old.public_key().fingerprint(), DemoRoots::Accept)
        .accept(&newest(&town).await.chain)
        .unwrap()
        .store;
    let new = SoftwareKey::from_seed(&[77; 32]);
    let alone = trust::sign(&town.app, &new, None, 10, true).await;
    assert!(matches!(alone, Err(trust::TrustFault::OtherRoot { .. })));
    trust::sign(&town.app, &new, Some(&old), 10, true).await.unwrap();
    // And one more under the new root: the change stays in the chain.
    let last = trust::sign(&town.app, &new, None, 10, true).await.unwrap();
    assert_eq!((last.list.version, last.list.root_number), (3, 2));
    let followed = held.accept(&last.chain).unwrap();
    assert!(followed.root_changed);
    assert_eq!(followed.store.root(), new.public_key().fingerprint());
}

#[tokio::test]
async fn of_two_overlapping_keys_the_younger_signs_and_the_older_still_verifies() {
    let town = Town::new().await;
    let before = town.issued("a1").await;
    let mut terms = Terms::usual(town.app.now());
    terms.nbf = NOW.plus_days(-1);
    let younger = make_key(&town.app, Role::Permit, terms).await.unwrap();
    // Not listed yet: the older one goes on.
    assert_eq!(town.issued("a2").await.key_id, before.key_id);
    trust::sign(&town.app, &root_of(&town), None, 10, true).await.unwrap();
    let after = town.issued("a3").await;
    assert_eq!(after.key_id, younger.id().to_string());
    let list = newest(&town).await.list;
    for permit in [&before, &after] {
        let entry = list.find_key(permit.key_id.parse().unwrap()).unwrap();
        let span = Span::from(permit.claims.validity);
        assert_eq!(entry.carries(Role::Permit, span, &[permit.place.site], town.app.now()), Ok(()));
    }
}

#[tokio::test]
async fn permits_of_a_withdrawn_key_are_listed_and_reissued_under_another() {
    let town = Town::new().await;
    let old = town.issued("a1").await;
    make_key(&town.app, Role::Permit, Terms::usual(NOW.plus_days(-1))).await.unwrap();
    let mut tx = town.app.db().write().await.unwrap();
    let id: KeyId = old.key_id.parse().unwrap();
    assert!(store::withdraw(&mut tx, id, town.app.now(), "丢失").await.unwrap());
    assert!(!store::withdraw(&mut tx, id, town.app.now(), "再次").await.unwrap());
    tx.commit().await.unwrap();
    trust::sign(&town.app, &root_of(&town), None, 10, true).await.unwrap();
    let mut tx = town.app.db().write().await.unwrap();
    assert_eq!(permits::store::count_by_key(&mut tx, &old.key_id).await.unwrap(), 1);
    let (new, change) =
        permits::reissue(&town.app, &mut tx, &old, Changes::default(), &officer(), "密钥停用")
            .await
            .unwrap();
    town.app.commit(tx, change).await.unwrap();
    assert_ne!(new.key_id, old.key_id);
    assert!(matches!(town.find(&old.id).await.state, State::Superseded { .. }));
    let mut tx = town.app.db().read().await.unwrap();
    assert_eq!(permits::store::count_by_key(&mut tx, &old.key_id).await.unwrap(), 0);
    let token = status::find_token(&mut tx, &new.key_id).await.unwrap().unwrap().token;
    let list = store::newest(&mut tx).await.unwrap().unwrap().list;
    let of = list.find_key(new.key_id.parse().unwrap()).unwrap();
    let claims = StatusClaims::open(&token, &list, of, town.app.now()).unwrap();
    assert_eq!(claims.list.get(new.claims.status_index), Ok(Status::Valid));
}

#[tokio::test]
async fn a_key_for_another_division_does_not_sign_here() {
    let town = Town::new().await;
    let mut list = newest(&town).await.list;
    for key in &mut list.keys {
        key.scope = vec![(4_403_000_000_000_000, 4_403_999_999_999_999)];
    }
    let span = Span { nbf: NOW.seconds(), exp: NOW.plus_days(1).seconds() };
    let site = crate::permits::testing::SITE;
    let refused = choose(&list, town.app.keys(), Role::Permit, span, &[site], NOW).unwrap_err();
    assert_eq!(refused, NoKey::Refused(KeyRefusal::OutOfScope));
    assert!(refused.say().0.contains("辖区"));
}

#[tokio::test]
async fn without_the_key_file_nothing_is_signed_and_the_key_is_named() {
    let town = Town::new().await;
    let list = newest(&town).await.list;
    let elsewhere = KeyRing::new(&crate::config::Config {
        data_dir: town.folder.path().join("elsewhere"),
        ..crate::config::Config::default()
    });
    let span = Span { nbf: NOW.seconds(), exp: NOW.plus_days(1).seconds() };
    let refused = choose(&list, &elsewhere, Role::Permit, span, &[], NOW);
    assert!(matches!(refused, Err(NoKey::NotHere(_))), "{refused:?}");
    assert_eq!(elsewhere.load().unwrap(), 0);
}

#[tokio::test]
async fn published_lists_are_confirmed_by_tag() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let uri = format!("/api/status/{}", permit.key_id);
    let request = axum::http::Request::get(&uri).body(axum::body::Body::empty()).unwrap();
    let response = town.send(request).await;
    assert_eq!(response.headers()["content-type"], "application/statuslist+cwt");
    let tag = response.headers()["etag"].clone();
    let again = axum::http::Request::get(&uri).header("if-none-match", tag);
    let again = again.body(axum::body::Body::empty()).unwrap();
    assert_eq!(town.send(again).await.status(), 304);
    assert_eq!(town.get("/api/status/00000000", "").await.0, 404);
    assert_eq!(town.get("/api/status/nonsense", "").await.0, 404);
}
