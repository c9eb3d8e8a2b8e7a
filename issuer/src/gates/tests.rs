//! A gate's life at the issuer, over the real router with real signatures.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, Method, Request, Response};
use fugong_common::clock::ClockState;
use fugong_common::device::DeviceClaim;
use fugong_common::entropy::SeededEntropy;
use fugong_common::journal::{Batch, Direction, Draft, EntryKind, Head, Known, Record, Sealed};
use fugong_common::keys::{Fingerprint, Signer, SoftwareKey};
use fugong_common::manifest::Manifest;
use fugong_common::permit::SiteCode;
use fugong_common::placard::Scanned;
use fugong_common::reader::{PictureLimits, read_picture};
use fugong_common::records::{self, Delta, RecordSet};
use fugong_common::status::StatusClaims;
use fugong_common::time::Clock;
use fugong_common::trust::{DemoRoots, TrustStore};
use fugong_common::verdict::Verdict;
use fugong_common::wire::{
    EnrolAnswer, EnrolRequest, Hex, NonceAnswer, PartName, PersonRecord, Settings, part_path,
    problem,
};
use serde_json::Value;

use super::store::{self, After, NewGate};
use super::{Intake, enrol, take_in};
use crate::accounts::Role;
use crate::authz::Bounds;
use crate::permits::testing::{NOW, SITE, Town, officer};
use crate::permits::{Event, State, acts};
use crate::{keys, run};

const GATE: &str = "g1";

/// A town with premises, one enterprise there with a permit and two people, and a gate to be enrolled.
pub(super) async fn town() -> Town {
    let town = Town::new().await;
    let mut tx = town.app.db().write().await.unwrap();
    run!(
        &mut tx,
        "INSERT INTO premises (id, site_code, kind, name, address, division_id, division_path, created_at, updated_at) \
         VALUES ('p1', $1, 'plant', '云锦厂区', '示例路 12 号', 'yhd', $2, 0, 0)",
        i64::try_from(SITE.0).unwrap(),
        &town.path
    )
    .unwrap();
    run!(
        &mut tx,
        "INSERT INTO occupancies (enterprise_id, premises_id, valid_from) VALUES ('e1', 'p1', 0)"
    )
    .unwrap();
    for (id, number, name) in [("w1", "A0001", "王芳"), ("w2", "A0002", "李强")] {
        run!(
            &mut tx,
            "INSERT INTO people (id, enterprise_id, worker_number, name, name_key, id_last_four, job, phone, id_number, \
             created_at, updated_at) VALUES ($1, 'e1', $2, $3, $3, '12AX', '缝制工', '13800000000', '11010119900101001X', 0, 0)",
            id,
            number,
            name
        )
        .unwrap();
    }
    let gate = NewGate {
        id: GATE,
        name: "3 号门",
        premises_id: "p1",
        division_id: "yhd",
        division_path: &town.path,
        capacity: Some(400),
        grace_hours: None,
        created_at: NOW,
    };
    store::insert(&mut tx, gate).await.unwrap();
    tx.commit().await.unwrap();
    town.issued("a1").await;
    crate::status::refresh(&town.app).await.unwrap();
    town
}

pub(super) fn device(seed: u64) -> SoftwareKey {
    SoftwareKey::generate(&SeededEntropy::new(seed))
}

async fn code(town: &Town) -> (String, Fingerprint) {
    let mut tx = town.app.db().write().await.unwrap();
    let list = keys::store::newest(&mut tx).await.unwrap().unwrap();
    let enrolment =
        enrol::invite(&town.app, &mut tx, GATE, list.list.root.fingerprint()).await.unwrap();
    tx.commit().await.unwrap();
    (enrolment.code, enrolment.root)
}

async fn present(town: &Town, code: &str, key: &SoftwareKey) -> (u16, Value) {
    let request = EnrolRequest {
        code: code.to_owned(),
        device_key: key.public_key(),
        software: "verifier 0.1.0".into(),
    };
    let body = serde_json::to_string(&request).unwrap();
    let (status, text) = town.post_json("/api/gate/enrol", "", &body).await;
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// An enrolled and confirmed gate.
pub(super) async fn enrolled(town: &Town, key: &SoftwareKey) -> EnrolAnswer {
    let (code, _) = code(town).await;
    let (status, answer) = present(town, &code, key).await;
    assert_eq!(status, 200, "{answer}");
    let mut tx = town.app.db().write().await.unwrap();
    assert!(store::confirm(&mut tx, GATE, key.public_key().as_bytes()).await.unwrap());
    let change = town.app.note_change(&mut tx, "gate", GATE).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    serde_json::from_value(answer).unwrap()
}

async fn ask(
    town: &Town,
    key: &SoftwareKey,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> (u16, Vec<u8>) {
    let nonce = town.get("/api/gate/nonce", "").await.1;
    let nonce: NonceAnswer = serde_json::from_str(&nonce).unwrap();
    ask_with(town, key, method, path, body, &nonce.nonce).await
}

async fn ask_with(
    town: &Town,
    key: &SoftwareKey,
    method: Method,
    path: &str,
    body: Vec<u8>,
    nonce: &str,
) -> (u16, Vec<u8>) {
    let request = signed(town, key, method, path, body, nonce);
    let answer = Fetched::read(town.send(request).await).await;
    (answer.status, answer.body)
}

fn signed(
    town: &Town,
    key: &SoftwareKey,
    method: Method,
    path: &str,
    body: Vec<u8>,
    nonce: &str,
) -> Request<Body> {
    let claim = DeviceClaim {
        method: method.to_string(),
        path_and_query: path.to_owned(),
        body_sha256: DeviceClaim::digest_of(&body),
        audience: format!("{}#{GATE}", town.app.config().origin),
        nonce: nonce.to_owned(),
        gate_id: GATE.to_owned(),
    };
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", claim.authorization(key).unwrap())
        .body(Body::from(body))
        .unwrap()
}

/// An answer with its headers.
pub(super) struct Fetched {
    pub status: u16,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Fetched {
    async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 64 << 20).await.unwrap().to_vec();
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Asks for something with further headers.
pub(super) async fn fetch(
    town: &Town,
    key: &SoftwareKey,
    path: &str,
    more: &[(HeaderName, String)],
) -> Fetched {
    let nonce: NonceAnswer =
        serde_json::from_str(&town.get("/api/gate/nonce", "").await.1).unwrap();
    let mut request = signed(town, key, Method::GET, path, Vec::new(), &nonce.nonce);
    for (name, value) in more {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    Fetched::read(town.send(request).await).await
}

fn code_of(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap();
    body["code"].as_str().unwrap_or_default().to_owned()
}

/// Pulls and checks a whole bundle as a gate does.
pub(super) async fn pull(
    town: &Town,
    key: &SoftwareKey,
    answer: &EnrolAnswer,
) -> (Manifest, Vec<(PartName, Vec<u8>)>) {
    let (status, bytes) = ask(town, key, Method::GET, "/api/gate/manifest", Vec::new()).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    let trust = TrustStore::new(answer.root_key.fingerprint(), DemoRoots::Accept);
    let trust = trust.accept(&answer.trust_list.0).unwrap().store;
    let opened =
        Manifest::open(&bytes, trust.list().unwrap(), &answer.audience, town.clock.now()).unwrap();
    let mut parts = Vec::new();
    for (name, digest) in &opened.manifest.parts {
        let name: PartName = name.parse().unwrap();
        let (status, bytes) =
            ask(town, key, Method::GET, &part_path(name, digest, None), Vec::new()).await;
        assert_eq!(status, 200, "{name}");
        opened.manifest.check_part(&name.to_string(), &bytes).unwrap();
        parts.push((name, bytes));
    }
    (opened.manifest, parts)
}

pub(super) fn part(parts: &[(PartName, Vec<u8>)], wanted: PartName) -> &[u8] {
    &parts.iter().find(|(name, _)| *name == wanted).unwrap().1
}

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
async fn a_request_that_is_altered_stale_or_signed_by_another_is_refused() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let (status, body) =
        ask(&town, &device(2), Method::GET, "/api/gate/manifest", Vec::new()).await;
    assert_eq!((status, code_of(&body).as_str()), (401, problem::DEVICE_SIGNATURE));
    let nonce: NonceAnswer =
        serde_json::from_str(&town.get("/api/gate/nonce", "").await.1).unwrap();
    town.later(11 * 60_000);
    let (status, body) =
        ask_with(&town, &key, Method::GET, "/api/gate/manifest", Vec::new(), &nonce.nonce).await;
    assert_eq!((status, code_of(&body).as_str()), (401, problem::NONCE_EXPIRED));
    let (status, _) = town.get("/api/gate/manifest", "").await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn a_suspension_makes_a_new_manifest_and_leaves_the_roster_part_as_it_was() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    let (before, _) = pull(&town, &key, &answer).await;
    let (again, _) = pull(&town, &key, &answer).await;
    assert_eq!(before, again, "nothing changed, so the bytes are the same");
    let mut tx = town.app.db().read().await.unwrap();
    let permit = crate::permits::store::find_by_application(&mut tx, "a1").await.unwrap().unwrap();
    drop(tx);
    let mut tx = town.app.db().write().await.unwrap();
    let event = Event::Suspend { lapses_at: None };
    let (state, change) =
        acts::act(&town.app, &mut tx, &permit, event, &officer(), "私自扩大用工").await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    assert!(matches!(state, State::Suspended { .. }));
    let (after, _) = pull(&town, &key, &answer).await;
    assert!(after.seq > before.seq);
    let changed: Vec<_> =
        after.parts.iter().filter(|(name, sha)| before.parts.get(*name) != Some(sha)).collect();
    assert!(changed.iter().all(|(name, _)| name.starts_with("status/")), "{changed:?}");
    assert_eq!(changed.len(), 1);
}

#[tokio::test]
async fn a_change_of_the_roster_travels_as_a_delta() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    let mut tx = town.app.db().write().await.unwrap();
    for n in 100..300 {
        let id = format!("x{n}");
        run!(
            &mut tx,
            "INSERT INTO people (id, enterprise_id, worker_number, name, name_key, created_at, updated_at) \
             VALUES ($1, 'e1', $1, '工友', '工友', 0, 0)",
            &id
        )
        .unwrap();
    }
    let change = town.app.note_change(&mut tx, "roster", &SITE.0.to_string()).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    let (before, parts) = pull(&town, &key, &answer).await;
    let old = RecordSet::from_bytes(part(&parts, PartName::Roster)).unwrap();
    let mut tx = town.app.db().write().await.unwrap();
    run!(&mut tx, "UPDATE people SET left_at = 1 WHERE id = 'w2'").unwrap();
    let change = town.app.note_change(&mut tx, "roster", &SITE.0.to_string()).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    let (after, _) = pull(&town, &key, &answer).await;
    let (had, has) = (before.parts["roster"], after.parts["roster"]);
    assert_ne!(had, has);
    let path = part_path(PartName::Roster, &has, Some(&had));
    let (status, bytes) = ask(&town, &key, Method::GET, &path, Vec::new()).await;
    assert_eq!(status, 200);
    let new = records::apply(&old, &Delta::from_bytes(&bytes).unwrap()).unwrap();
    assert_eq!(new.digest(), has);
    assert!(bytes.len() < old.to_bytes().len() / 10, "{} of {}", bytes.len(), old.to_bytes().len());
    // A roster of people of another site changes nothing here.
    let mut tx = town.app.db().write().await.unwrap();
    let change = town.app.note_change(&mut tx, "roster", "1").await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    let (other, _) = pull(&town, &key, &answer).await;
    assert_eq!(other.parts, after.parts);
}

fn entry(head: &Head, n: u64) -> (Record, Head) {
    let draft = Draft {
        at: NOW.plus_seconds(i64::try_from(n).unwrap()),
        kind: EntryKind::Check,
        verdict: Some(Verdict::Valid),
        known: Known {
            key: None,
            list_seq: Some(1),
            rule_version: Some(3),
            clock: ClockState::Trusted,
        },
        cites: None,
    };
    let sealed = Sealed {
        enterprise_id: Some("e1".into()),
        worker: Some("A0001".into()),
        name: Some("王芳".into()),
        direction: Some(Direction::In),
        temperature_tenths: Some(365),
        operator: Some("刘芳".into()),
        ..Sealed::default()
    };
    head.append(&draft, &sealed, [u8::try_from(n % 251).unwrap(); 16])
}

fn entries(head: Head, count: u64) -> (Vec<Record>, Head) {
    let mut head = head;
    let mut records = Vec::new();
    for n in 0..count {
        let (record, next) = entry(&head, n + head.next_seq);
        records.push(record);
        head = next;
    }
    (records, head)
}

async fn count(town: &Town) -> usize {
    let mut tx = town.app.db().read().await.unwrap();
    store::list_of_enterprise(&mut tx, "e1", &After::newest(), 10_000).await.unwrap().len()
}

#[tokio::test]
async fn an_upload_that_is_repeated_or_overlaps_counts_once() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let id = Hex([9; 16]);
    let (records, _) = entries(Head::start(id), 10);
    let batch = |records: &[Record]| Batch { id, records: records.to_vec() }.seal(&key).unwrap();
    let public = key.public_key();
    let first = take_in(&town.app, GATE, &public, &batch(&records[..6])).await.unwrap();
    assert!(matches!(first, Intake::Taken { head, duplicates: 0 } if head.next_seq == 6));
    let again = take_in(&town.app, GATE, &public, &batch(&records[..6])).await.unwrap();
    assert!(matches!(again, Intake::Taken { head, duplicates: 6 } if head.next_seq == 6));
    let rest = take_in(&town.app, GATE, &public, &batch(&records[3..])).await.unwrap();
    assert!(
        matches!(rest, Intake::Taken { head, duplicates: 3 } if head.next_seq == 10),
        "{rest:?}"
    );
    assert_eq!(count(&town).await, 10);
    let ahead = entries(entries(Head::start(id), 20).1, 2).0;
    let gap = take_in(&town.app, GATE, &public, &batch(&ahead)).await.unwrap();
    assert!(matches!(gap, Intake::Disputed { head, .. } if head.next_seq == 10));
    assert_eq!(count(&town).await, 10);
}

#[tokio::test]
async fn whoever_sends_a_journals_beginning_again_makes_nobody_read_all_of_it() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let id = Hex([9; 16]);
    let (records, _) = entries(Head::start(id), 12);
    let batch = |records: &[Record]| Batch { id, records: records.to_vec() }.seal(&key).unwrap();
    for part in records.chunks(2) {
        take_in(&town.app, GATE, &key.public_key(), &batch(part)).await.unwrap();
    }
    let mut tx = town.app.db().read().await.unwrap();
    let row = store::find_journal(&mut tx, &id.to_string()).await.unwrap().unwrap();
    let held = super::intake::head_of(&row, id).unwrap();
    for (part, wanted) in [(&records[..3], 0..3), (&records[4..6], 4..6), (&records[9..], 9..12)] {
        let known = super::intake::known_hashes(&mut tx, &held, part, &key.public_key()).await;
        let known: std::collections::BTreeSet<u64> = known.unwrap().into_keys().collect();
        assert_eq!(known, wanted.collect(), "of the journal's six batches only those repeated");
    }
}

#[tokio::test]
async fn a_fork_is_kept_told_and_not_counted() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let id = Hex([9; 16]);
    let (records, _) = entries(Head::start(id), 4);
    let body = Batch { id, records }.seal(&key).unwrap();
    assert_eq!(ask(&town, &key, Method::POST, "/api/gate/journal", body).await.0, 200);
    // The same numbers, other content: a copy of the box went its own way.
    let mut head = Head::start(id);
    let mut other = Vec::new();
    for n in 0..4 {
        let (record, next) = entry(&head, n + 77);
        other.push(record);
        head = next;
    }
    let body = Batch { id, records: other }.seal(&key).unwrap();
    for _ in 0..2 {
        let body = body.clone();
        let (status, answer) = ask(&town, &key, Method::POST, "/api/gate/journal", body).await;
        assert_eq!((status, code_of(&answer).as_str()), (409, problem::JOURNAL_FORK));
    }
    // Handed over as what it is, again and again where receipts were lost: kept once.
    for _ in 0..2 {
        let body = body.clone();
        let kept = ask(&town, &key, Method::POST, "/api/gate/journal/branch", body).await;
        assert_eq!(kept.0, 204);
    }
    let noise = ask(&town, &key, Method::POST, "/api/gate/journal/branch", vec![7; 90]).await;
    assert_eq!(noise.0, 400);
    let mut tx = town.app.db().read().await.unwrap();
    let disputes = store::list_disputes(&mut tx, GATE).await.unwrap();
    assert_eq!((disputes.len(), disputes[0].fault.as_str()), (1, "fork"));
    drop(tx);
    assert_eq!(count(&town).await, 4);
}

#[tokio::test]
async fn a_branch_is_refused_rather_than_dropped_while_too_many_wait_for_a_person() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let mut tx = town.app.db().write().await.unwrap();
    for n in 0..200 {
        store::insert_dispute(&mut tx, &format!("d{n}"), GATE, "", "fork", &[1], NOW)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let id = Hex([9; 16]);
    let body = Batch { id, records: entries(Head::start(id), 2).0 }.seal(&key).unwrap();
    let path = "/api/gate/journal/branch";
    let (status, answer) = ask(&town, &key, Method::POST, path, body.clone()).await;
    assert_eq!((status, code_of(&answer).as_str()), (503, problem::DISPUTES_FULL));
    let mut tx = town.app.db().write().await.unwrap();
    assert!(store::settle_dispute(&mut tx, GATE, "d0", "wang", NOW).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(ask(&town, &key, Method::POST, path, body).await.0, 204);
}

#[tokio::test]
async fn entries_that_lost_their_personal_part_are_counted_and_the_chain_goes_on() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let id = Hex([9; 16]);
    let (mut records, _) = entries(Head::start(id), 5);
    records[1].sealed = None;
    records[2].sealed = None;
    let body = Batch { id, records }.seal(&key).unwrap();
    assert_eq!(ask(&town, &key, Method::POST, "/api/gate/journal", body).await.0, 200);
    let mut tx = town.app.db().read().await.unwrap();
    let journals = store::list_journals(&mut tx, GATE).await.unwrap();
    assert_eq!((journals[0].next_seq, journals[0].purged), (5, 2));
    drop(tx);
    let admin = town.sign_in("admin", crate::accounts::Role::Administrator).await;
    let (_, page) = town.get(&format!("/gates/{GATE}"), &admin).await;
    assert!(page.contains("个人内容已在门岗删除 2"), "{page}");
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
    assert_eq!(store::list_disputes(&mut tx, GATE).await.unwrap()[0].fault, "cut_off");
    drop(tx);
    assert_eq!(count(&town).await, 0);
}

#[tokio::test]
async fn a_gate_of_a_park_serves_the_shops_inside() {
    let town = town().await;
    let mut tx = town.app.db().write().await.unwrap();
    for (id, site, container) in [("shop", SITE.0 + 1, "p1"), ("stall", SITE.0 + 2, "shop")] {
        run!(
            &mut tx,
            "INSERT INTO premises (id, site_code, kind, name, address, division_id, division_path, container_id, created_at, updated_at) \
             VALUES ($1, $2, 'shop', $1, '', 'yhd', $3, $4, 0, 0)",
            id,
            i64::try_from(site).unwrap(),
            &town.path,
            container
        )
        .unwrap();
    }
    let sites = super::bundle::sites_of(&mut tx, "p1").await.unwrap();
    assert_eq!(sites, [SITE, SiteCode(SITE.0 + 1), SiteCode(SITE.0 + 2)]);
    let bounds =
        Bounds { from: town.path.clone(), to: format!("{}~", town.path), own: String::new() };
    assert_eq!(store::list(&mut tx, &bounds, "", 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn todays_status_code_is_a_picture_that_a_gate_without_network_can_take() {
    let town = town().await;
    let intake = town.sign_in("intake", Role::Intake).await;
    let (status, page) = town.get("/gates/status-codes", &intake).await;
    assert_eq!(status, 200, "{page}");
    let (_, rest) = page.split_once("href=\"/gates/status-codes/").expect("a code to save");
    let key = rest.split('"').next().unwrap();
    let path = format!("/gates/status-codes/{key}");
    let request = Request::get(&path).header("cookie", &intake).body(Body::empty()).unwrap();
    let answer = town.send(request).await;
    assert_eq!(answer.headers()["content-type"], "image/png");
    let png = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let texts = read_picture(&png, &PictureLimits::UPLOAD).unwrap();
    let Scanned::TodayStatus(token) = Scanned::read(&texts[0]) else { panic!("{texts:?}") };
    let mut tx = town.app.db().read().await.unwrap();
    let trust = keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    let of = trust.find_key(key.parse().unwrap()).unwrap();
    assert!(StatusClaims::open(&token, &trust, of, NOW).is_ok());
}
