//! What a connected gate hears, and what it doesn't have to wait for.

use axum::body::{Body, BodyDataStream};
use axum::http::Method;
use fugong_common::base64url;
use fugong_common::keys::SoftwareKey;
use fugong_common::manifest::Manifest;
use fugong_common::status::{Status, StatusClaims};
use fugong_common::wire::{EVENTS, MANIFEST, PartName};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};

use super::gate::{ask, device, enrolled, roster_changed, stream, town};
use crate::accounts::Role;
use crate::permits::store::{self as permits, Permit};
use crate::permits::testing::{SITE, Town};
use crate::run;

/// A line over which events come.
struct Events {
    body: BodyDataStream,
    text: String,
}

impl Events {
    /// Opens it, behind the first event, by which a gate pulls.
    async fn open(town: &Town, key: &SoftwareKey) -> Self {
        let body: Body = stream(town, key, EVENTS).await;
        let mut events = Self { body: body.into_data_stream(), text: String::new() };
        assert_eq!(events.next().await.0, "manifest");
        events
    }

    /// The next event: its name and its data.
    async fn next(&mut self) -> (String, String) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim().to_owned())
                };
                let (name, data) = (field("event:"), field("data:"));
                self.text = rest.to_owned();
                // Others are comments, by which the line is kept open.
                if let (Some(name), Some(data)) = (name, data) {
                    return (name, data);
                }
                continue;
            }
            let chunk = self.body.next().await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

async fn issued(town: &Town) -> Permit {
    let mut tx = town.app.db().read().await.unwrap();
    permits::find_by_application(&mut tx, "a1").await.unwrap().unwrap()
}

async fn suspend(town: &Town) {
    let inspector = town.sign_in("inspector", Role::Inspector).await;
    let permit = issued(town).await;
    let path = format!("/permits/{}/suspend", permit.id);
    let form = format!("reason=消毒记录缺失&revision={}", permit.revision);
    assert_eq!(town.post(&path, &inspector, &form).await.0, 303);
}

#[tokio::test]
async fn a_suspension_is_sent_along_with_the_hint() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let mut events = Events::open(&town, &key).await;

    // What is no matter of status is only hinted at.
    let tx = town.app.db().write().await.unwrap();
    roster_changed(&town, tx, SITE.0).await;
    let (name, before) = events.next().await;
    assert_eq!(name, "manifest");

    suspend(&town).await;
    let (name, list) = events.next().await;
    assert_eq!(name, "status");
    let list = base64url::decode(&list).unwrap();
    let permit = issued(&town).await;
    let mut tx = town.app.db().read().await.unwrap();
    let trust = crate::keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    drop(tx);
    let signed_by = trust.keys.iter().find(|key| key.id().to_string() == permit.key_id).unwrap();
    let claims = StatusClaims::open(&list, &trust, signed_by, town.app.now()).unwrap();
    let index = u32::try_from(permit.status_index).unwrap();
    assert_eq!(claims.list.get(index).unwrap(), Status::Suspended);
    let (name, after) = events.next().await;
    assert_eq!(name, "manifest");
    assert!(after.parse::<i64>().unwrap() > before.parse().unwrap());

    // The same that the manifest names, so that it is not fetched again; and said only once.
    let (_, manifest) = ask(&town, &key, Method::GET, MANIFEST, Vec::new()).await;
    let parts = Manifest::peek(&manifest).unwrap().parts;
    let digest: [u8; 32] = Sha256::digest(&list).into();
    assert_eq!(parts[&PartName::Status(signed_by.id()).to_string()], digest);
    let mut tx = town.app.db().write().await.unwrap();
    let change = town.app.note_change(&mut tx, "status", "").await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    assert_eq!(events.next().await.0, "manifest");
}

#[tokio::test]
async fn an_issuer_that_still_asks_what_gates_hold_sends_no_list() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let mut tx = town.app.db().write().await.unwrap();
    run!(
        &mut tx,
        "INSERT INTO restores (id, kind, at, made_at, archive_sha256) VALUES ('r1', 'restored', 1, 1, $1)",
        vec![0_u8; 32]
    )
    .unwrap();
    tx.commit().await.unwrap();
    let mut events = Events::open(&town, &key).await;
    suspend(&town).await;
    assert_eq!(events.next().await.0, "manifest");
}
