//! From the one-time code to the cut-off, and who may speak as a gate at all.

use axum::http::Method;
use fugong_common::hex;
use fugong_common::journal::{Batch, Head};
use fugong_common::keys::Signer;
use fugong_common::records::RecordSet;
use fugong_common::wire::{EnrolAnswer, Hex, PartName, PersonRecord, Settings, problem};

use super::gate::{
    GATE, ask, ask_with, code, code_of, device, enrolled, nonce, part, present, pull, town,
};
use super::journals::{count, entries};
use crate::accounts::Role;
use crate::gates::store::{self, disputes};
use crate::permits::testing::SITE;

#[tokio::test]
async fn a_gate_works_once_a_person_has_compared_its_fingerprint() {
    let town = town().await;
    let key = device(1);
    let (code, root) = code(&town).await;
    let (status, answer) = present(&town, &code, &key).await;
    assert_eq!(status, 200, "{answer}");
    let answer: EnrolAnswer = serde_json::from_value(answer).unwrap();
    assert_eq!(answer.root_key.fingerprint(), root);
    let (status, body) = ask(&town, &key, Method::GET, "/api/gate/manifest", Vec::new()).await;
    assert_eq!((status, code_of(&body).as_str()), (403, problem::GATE_WAITING));
    let mut tx = town.app.db().write().await.unwrap();
    assert!(!store::confirm(&mut tx, GATE, device(2).public_key().as_bytes()).await.unwrap());
    assert!(store::confirm(&mut tx, GATE, key.public_key().as_bytes()).await.unwrap());
    tx.commit().await.unwrap();
    let (_, parts) = pull(&town, &key, &answer).await;
    let settings = Settings::parse(part(&parts, PartName::Settings)).unwrap();
    assert_eq!(
        (settings.gate_name.as_str(), settings.sites.as_slice()),
        ("3 号门", [SITE].as_slice())
    );
    let roster = RecordSet::from_bytes(part(&parts, PartName::Roster)).unwrap();
    let people: Vec<_> =
        roster.iter().map(|(k, v)| PersonRecord::from_bytes(k, v).unwrap()).collect();
    assert_eq!(people.len(), 2);
    // What a stolen box holds: short name and last four, never phone or identity number.
    for (name, bytes) in &parts {
        for secret in ["13800000000", "11010119900101001X"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{name} holds {secret}");
        }
    }
}

#[tokio::test]
async fn a_code_works_once_and_dies_after_five_wrong_tries_or_fifteen_minutes() {
    let town = town().await;
    let (first, _) = code(&town).await;
    for _ in 0..5 {
        let wrong = format!("{}AAAAAAAAAAAAAAAAAAAAAA", &first[..12]);
        assert_eq!(present(&town, &wrong, &device(1)).await.0, 404);
    }
    assert_eq!(present(&town, &first, &device(1)).await.0, 404);
    let (second, _) = code(&town).await;
    // Guesses at other codes don't wear this one out.
    for guess in 0..6 {
        assert_eq!(
            present(&town, &format!("0000000{guess}AAAAAAAAAAAAAAAAAAAAAA"), &device(1)).await.0,
            404
        );
    }
    assert_eq!(present(&town, &second, &device(1)).await.0, 200);
    assert_eq!(present(&town, &second, &device(2)).await.0, 404);
    let (third, _) = code(&town).await;
    town.later(16 * 60_000);
    assert_eq!(present(&town, &third, &device(2)).await.0, 404);
}

#[tokio::test]
async fn only_the_verifier_that_the_page_showed_is_let_go() {
    let town = town().await;
    let (old, new) = (device(1), device(2));
    enrolled(&town, &old).await;
    let administrator = town.sign_in("administrator", Role::Administrator).await;
    let form = format!("device_key={}", hex::encode(old.public_key().as_bytes()));
    let (_, page) = town.get("/gates/g1", &administrator).await;
    assert!(page.contains(&hex::encode(old.public_key().as_bytes())), "{page}");
    assert_eq!(town.post("/gates/g1/renew", &administrator, &form).await.0, 303);
    let (status, _) = ask(&town, &old, Method::GET, "/api/gate/manifest", Vec::new()).await;
    assert_ne!(status, 200);
    enrolled(&town, &new).await;
    // The same page, still open somewhere, and once more by the back button.
    for act in ["renew", "confirm"] {
        let path = format!("/gates/g1/{act}");
        let (status, page) = town.post(&path, &administrator, &form).await;
        assert!(status == 409 && page.contains("核验机已更换"), "{page}");
        let newest = hex::encode(new.public_key().as_bytes());
        assert!(page.contains(&newest), "the gate's page, as it is now: {page}");
    }
    let (status, _) = ask(&town, &new, Method::GET, "/api/gate/manifest", Vec::new()).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_request_that_is_altered_stale_or_signed_by_another_is_refused() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let (status, body) =
        ask(&town, &device(2), Method::GET, "/api/gate/manifest", Vec::new()).await;
    assert_eq!((status, code_of(&body).as_str()), (401, problem::DEVICE_SIGNATURE));
    let nonce = nonce(&town).await;
    town.later(11 * 60_000);
    let (status, body) =
        ask_with(&town, &key, Method::GET, "/api/gate/manifest", Vec::new(), &nonce).await;
    assert_eq!((status, code_of(&body).as_str()), (401, problem::NONCE_EXPIRED));
    let (status, _) = town.get("/api/gate/manifest", "").await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn a_gate_that_was_cut_off_is_told_to_wipe_and_its_uploads_are_quarantined() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let mut tx = town.app.db().write().await.unwrap();
    assert!(store::cut_off(&mut tx, GATE).await.unwrap());
    tx.commit().await.unwrap();
    let (status, body) = ask(&town, &key, Method::GET, "/api/gate/manifest", Vec::new()).await;
    assert_eq!((status, code_of(&body).as_str()), (410, problem::GATE_CUT_OFF));
    let id = Hex([9; 16]);
    let body = Batch { id, records: entries(Head::start(id), 2).0 }.seal(&key).unwrap();
    assert_eq!(ask(&town, &key, Method::POST, "/api/gate/journal", body).await.0, 410);
    let mut tx = town.app.db().read().await.unwrap();
    assert_eq!(disputes::list(&mut tx, GATE).await.unwrap()[0].fault, "cut_off");
    drop(tx);
    assert_eq!(count(&town).await, 0);
}
