//! A gate's side of the line: a device with a key, its signed requests, and what it takes out of the answers.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, Method, Request, Response};
use fugong_common::device::DeviceClaim;
use fugong_common::entropy::SeededEntropy;
use fugong_common::keys::{Fingerprint, Signer, SoftwareKey};
use fugong_common::manifest::Manifest;
use fugong_common::time::Clock;
use fugong_common::trust::{DemoRoots, TrustStore};
use fugong_common::wire::{EnrolAnswer, EnrolRequest, NonceAnswer, PartName, part_path};
use serde_json::Value;

use crate::db::Tx;
use crate::gates::enrol;
use crate::gates::store::{self, NewGate};
use crate::permits::testing::{NOW, SITE, Town};
use crate::{keys, run};

pub const GATE: &str = "g1";

/// A town with premises, one enterprise there with a permit and two people, and a gate to be enrolled.
pub async fn town() -> Town {
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

pub fn device(seed: u64) -> SoftwareKey {
    SoftwareKey::generate(&SeededEntropy::new(seed))
}

pub async fn code(town: &Town) -> (String, Fingerprint) {
    let mut tx = town.app.db().write().await.unwrap();
    let list = keys::store::newest(&mut tx).await.unwrap().unwrap();
    let enrolment =
        enrol::invite(&town.app, &mut tx, GATE, list.list.root.fingerprint()).await.unwrap();
    tx.commit().await.unwrap();
    (enrolment.code, enrolment.root)
}

pub async fn present(town: &Town, code: &str, key: &SoftwareKey) -> (u16, Value) {
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
pub async fn enrolled(town: &Town, key: &SoftwareKey) -> EnrolAnswer {
    let (code, _) = code(town).await;
    let (status, answer) = present(town, &code, key).await;
    assert_eq!(status, 200, "{answer}");
    let mut tx = town.app.db().write().await.unwrap();
    assert!(store::confirm(&mut tx, GATE, key.public_key().as_bytes()).await.unwrap());
    let change = town.app.note_change(&mut tx, "gate", GATE).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    serde_json::from_value(answer).unwrap()
}

pub async fn nonce(town: &Town) -> String {
    let answer: NonceAnswer =
        serde_json::from_str(&town.get("/api/gate/nonce", "").await.1).unwrap();
    answer.nonce
}

pub async fn ask(
    town: &Town,
    key: &SoftwareKey,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> (u16, Vec<u8>) {
    ask_with(town, key, method, path, body, &nonce(town).await).await
}

pub async fn ask_with(
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
pub struct Fetched {
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
pub async fn fetch(
    town: &Town,
    key: &SoftwareKey,
    path: &str,
    more: &[(HeaderName, String)],
) -> Fetched {
    let mut request = signed(town, key, Method::GET, path, Vec::new(), &nonce(town).await);
    for (name, value) in more {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    Fetched::read(town.send(request).await).await
}

/// Opens what has no end of its own.
pub async fn stream(town: &Town, key: &SoftwareKey, path: &str) -> Body {
    let request = signed(town, key, Method::GET, path, Vec::new(), &nonce(town).await);
    let response = town.send(request).await;
    assert_eq!(response.status(), 200);
    response.into_body()
}

pub fn code_of(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap();
    body["code"].as_str().unwrap_or_default().to_owned()
}

/// Pulls and checks a whole bundle as a gate does.
pub async fn pull(
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

pub fn part(parts: &[(PartName, Vec<u8>)], wanted: PartName) -> &[u8] {
    &parts.iter().find(|(name, _)| *name == wanted).unwrap().1
}

/// Adds many people to the first enterprise's roster; its gates learn of it.
pub async fn many_people(town: &Town) {
    let mut tx = town.app.db().write().await.unwrap();
    for n in 100..300 {
        run!(
            &mut tx,
            "INSERT INTO people (id, enterprise_id, worker_number, name, name_key, created_at, updated_at) \
             VALUES ($1, 'e1', $1, '工友', '工友', 0, 0)",
            format!("x{n}")
        )
        .unwrap();
    }
    roster_changed(town, tx, SITE.0).await;
}

/// Commits a change to the roster of a site.
pub async fn roster_changed(town: &Town, mut tx: Tx, site: u64) {
    let change = town.app.note_change(&mut tx, "roster", &site.to_string()).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
}
