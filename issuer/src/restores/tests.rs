//! An issuer set back to yesterday, and what its gates still know of today.

use std::path::Path;
use std::sync::Arc;

use fugong_common::entropy::SeededEntropy;
use fugong_common::keys::{KeyId, Role, Signer as _};
use fugong_common::placard::{Origin, placard_url};
use fugong_common::status::{Status, StatusClaims};
use fugong_common::trust::Span;
use tempfile::TempDir;

use super::held::{Told, take_list, take_trust};
use super::{FinishError, finish, gathering, make_successors, restore};
use crate::accounts::Role as Post;
use crate::app::App;
use crate::applications::store as applications;
use crate::backup::write_file;
use crate::divisions::store as divisions;
use crate::keys::{self, NoKey, disk, trust};
use crate::permits::testing::{Town, officer};
use crate::permits::{Event, Permit, State, acts, issue};
use crate::testing::empty_database;
use crate::{row, status};

async fn act(town: &Town, permit: &Permit, event: Event) {
    let permit = town.find(&permit.id).await;
    let mut tx = town.app.db().write().await.unwrap();
    let (_, change) =
        acts::act(&town.app, &mut tx, &permit, event, &officer(), "消毒不到位").await.unwrap();
    town.app.commit(tx, change).await.unwrap();
}

async fn token(app: &App, key: KeyId) -> Option<Vec<u8>> {
    let mut tx = app.db().read().await.unwrap();
    status::find_token(&mut tx, &key.to_string()).await.unwrap().map(|stored| stored.token)
}

async fn chain(app: &App) -> Vec<u8> {
    let mut tx = app.db().read().await.unwrap();
    keys::store::newest(&mut tx).await.unwrap().unwrap().chain
}

/// The archive taken up in an empty database, by an issuer whose old key files are still about.
async fn restored(town: Town, archive: &Path, scratch: &TempDir) -> Town {
    let db = empty_database(scratch.path()).await;
    let clock: Arc<dyn fugong_common::time::Clock> = town.clock.clone();
    let entropy = Arc::new(SeededEntropy::new(77));
    let app = App::new(db, clock, entropy, town.app.config().clone());
    restore(&app, archive, app.db(), |_, _| ()).await.unwrap();
    crate::cli::backup::retire_keys(&app).await.unwrap();
    make_successors(&app).await.unwrap();
    Town { app, clock: town.clock, folder: town.folder, path: town.path }
}

async fn sign_trust(town: &Town) {
    let root = disk::read(&town.root(), None).unwrap();
    trust::sign(&town.app, &root, None, 400, true).await.unwrap();
}

async fn public_page(town: &Town, permit: &Permit) -> String {
    let url = placard_url(&Origin::parse(&town.app.config().origin).unwrap(), &permit.token);
    let path = url.strip_prefix(&town.app.config().origin).unwrap();
    town.get(&format!("{path}?lang=en"), "").await.1
}

#[tokio::test]
async fn what_a_gate_saw_revoked_stays_revoked_after_a_restore() {
    let town = Town::new().await;
    let (kept, revoked) = (town.issued("a1").await, town.issued("a2").await);
    status::refresh(&town.app).await.unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let archive = scratch.path().join("a.backup");
    write_file(&town.app, &archive, |_, _| ()).await.unwrap();
    // Today: one is revoked, another is issued, and the gates learn of both.
    town.later(3_600_000);
    act(&town, &revoked, Event::Revoke).await;
    let lost = town.issued("a3").await;
    town.later(200_000);
    status::refresh(&town.app).await.unwrap();
    let key: KeyId = kept.key_id.parse().unwrap();
    let held = token(&town.app, key).await.unwrap();
    let held_chain = chain(&town.app).await;

    town.later(3_600_000);
    let town = restored(town, &archive, &scratch).await;
    let mut tx = town.app.db().read().await.unwrap();
    assert!(gathering(&mut tx).await.unwrap().is_some());
    assert!(row!(&mut tx, (i64,), "SELECT COUNT(*) FROM sessions").unwrap() == Some((0,)));
    drop(tx);
    // The old keys sign nothing, whatever files lie about, and no list is signed yet.
    let mut tx = town.app.db().read().await.unwrap();
    let list = keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    let span = Span { nbf: town.app.now().seconds(), exp: town.app.now().seconds() };
    for role in [Role::Permit, Role::Status, Role::Manifest] {
        let chosen = keys::choose(&list, town.app.keys(), role, span, &[], town.app.now());
        assert!(matches!(chosen, Err(NoKey::NotHere(_))), "{role:?} {chosen:?}");
    }
    drop(tx);
    sign_trust(&town).await;
    status::refresh(&town.app).await.unwrap();
    assert_eq!(token(&town.app, key).await, None);
    for permit in [&kept, &revoked, &lost] {
        let page = public_page(&town, permit).await;
        assert!(page.contains("too old"), "{page}");
    }

    let mut tx = town.app.db().write().await.unwrap();
    assert_eq!(take_trust(&town.app, &mut tx, &held_chain).await.unwrap(), Told::Known);
    assert_eq!(take_list(&town.app, &mut tx, key, &held).await.unwrap(), Told::Learned(1));
    assert_eq!(take_list(&town.app, &mut tx, key, &held).await.unwrap(), Told::Known);
    tx.commit().await.unwrap();
    assert!(matches!(town.find(&revoked.id).await.state, State::Revoked { .. }));
    finish(&town.app, false).await.unwrap();

    let mut tx = town.app.db().read().await.unwrap();
    let list = keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    let of = list.find_key(key).unwrap().clone();
    drop(tx);
    let now = town.app.now();
    let ours = token(&town.app, key).await.unwrap();
    let ours = StatusClaims::open(&ours, &list, &of, now).unwrap();
    let theirs = StatusClaims::open(&held, &list, &of, now).unwrap();
    assert!(ours.follows(b"ours", Some((&theirs, b"theirs"))).is_ok(), "gates take the new list");
    let says = |permit: &Permit| ours.list.get(permit.claims.status_index).unwrap();
    assert_eq!(
        [says(&kept), says(&revoked), says(&lost)],
        [Status::Valid, Status::Revoked, Status::Suspended]
    );
    assert!(public_page(&town, &revoked).await.contains("revoked"));
    assert!(public_page(&town, &lost).await.contains("suspended"));
    // A permit that is issued now stands under a new key.
    let mut request = town.request("a4");
    request.terms.valid_from = now;
    let mut tx = town.app.db().write().await.unwrap();
    let (new, change) = issue(&town.app, &mut tx, request, &officer()).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    assert_ne!(new.key_id, kept.key_id);
}

#[tokio::test]
async fn a_key_that_was_withdrawn_after_the_backup_is_not_listed_as_good_again() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let scratch = tempfile::tempdir().unwrap();
    let archive = scratch.path().join("a.backup");
    write_file(&town.app, &archive, |_, _| ()).await.unwrap();
    town.later(60_000);
    let key: KeyId = permit.key_id.parse().unwrap();
    let young = town.app.keys().make(Role::Permit, town.app.entropy()).unwrap().public_key();
    let mut tx = town.app.db().write().await.unwrap();
    let entry = keys::store::find(&mut tx, key).await.unwrap().unwrap().entry;
    let list_uri = Some(format!("{}/api/status/{}", town.app.config().origin, young.key_id()));
    let young = fugong_common::trust::TrustedKey { public: young, list_uri, ..entry };
    keys::store::insert(&mut tx, &young, town.app.now()).await.unwrap();
    assert!(keys::store::withdraw(&mut tx, key, town.app.now(), "lost").await.unwrap());
    tx.commit().await.unwrap();
    sign_trust(&town).await;
    let held = chain(&town.app).await;

    let town = restored(town, &archive, &scratch).await;
    sign_trust(&town).await;
    let mut tx = town.app.db().write().await.unwrap();
    let told = take_trust(&town.app, &mut tx, &held).await.unwrap();
    assert_eq!(told, Told::Learned(2), "one withdrawn, one unknown");
    tx.commit().await.unwrap();
    // What the root signed before that is not enough.
    assert!(matches!(finish(&town.app, false).await, Err(FinishError::TrustList)));
    sign_trust(&town).await;
    finish(&town.app, false).await.unwrap();
    let mut tx = town.app.db().read().await.unwrap();
    let list = keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    assert!(list.version > 1000, "{}", list.version);
    assert!(list.find_key(key).unwrap().revoked.is_some());
    assert!(list.find_key(young.id()).is_some());
    assert!(town.app.keys().signer(Role::Permit, young.id()).is_none(), "it signs here no more");
    let page = public_page(&town, &permit).await;
    assert!(page.contains("key withdrawn") || page.contains("withdrawn"), "{page}");
}

#[tokio::test]
async fn a_list_from_before_the_backup_brings_no_suspension_back() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    act(&town, &permit, Event::Suspend { lapses_at: None }).await;
    let key: KeyId = permit.key_id.parse().unwrap();
    let old = token(&town.app, key).await.unwrap();
    act(&town, &permit, Event::Resume).await;
    let scratch = tempfile::tempdir().unwrap();
    let archive = scratch.path().join("a.backup");
    write_file(&town.app, &archive, |_, _| ()).await.unwrap();
    let town = restored(town, &archive, &scratch).await;
    let mut tx = town.app.db().write().await.unwrap();
    assert_eq!(take_list(&town.app, &mut tx, key, &old).await.unwrap(), Told::Known);
    assert_eq!(take_list(&town.app, &mut tx, key, b"no list").await.unwrap(), Told::Unfounded);
    tx.commit().await.unwrap();
    assert_eq!(town.find(&permit.id).await.state, State::Issued);
    // Somebody who was signed in when the archive was made is signed out; the office signs in anew.
    let cookie = town.sign_in("wang", Post::Secretary).await;
    assert_eq!(town.get("/permits", &cookie).await.0, 200);
}

/// The next number of a document, a receipt and a report.
async fn next_numbers(town: &Town, year: i64, day: &str) -> (i64, String, i64) {
    let mut tx = town.app.db().write().await.unwrap();
    let document = divisions::next_document_number(&mut tx, "zf", year).await.unwrap();
    let receipt = applications::next_receipt(&mut tx, &format!("370602-{day}")).await.unwrap();
    let taken = "UPDATE counters SET value = value + 1 WHERE name = 'reports' RETURNING value";
    let report = row!(&mut tx, (i64,), taken).unwrap().unwrap().0;
    tx.commit().await.unwrap();
    (document, receipt, report)
}

#[tokio::test]
async fn numbers_on_papers_given_after_the_backup_are_not_given_again() {
    let town = Town::new().await;
    assert_eq!(town.issued("a1").await.document_number, "芝复准〔2020〕1 号");
    assert_eq!(next_numbers(&town, 2020, "20200210").await, (2, "370602-20200210-0001".into(), 1));
    let scratch = tempfile::tempdir().unwrap();
    let archive = scratch.path().join("a.backup");
    write_file(&town.app, &archive, |_, _| ()).await.unwrap();
    // Lost: another permit, and another receipt and report on the next day.
    town.later(25 * 3_600_000);
    assert_eq!(town.issued("a2").await.document_number, "芝复准〔2020〕3 号");
    assert_eq!(next_numbers(&town, 2020, "20200211").await, (4, "370602-20200211-0001".into(), 2));

    town.later(3_600_000);
    let town = restored(town, &archive, &scratch).await;
    let next = next_numbers(&town, 2020, "20200211").await;
    // Two days have begun since, for each of which 10,000 are left out.
    assert_eq!(next, (20_003, "370602-20200211-20001".into(), 20_002));
    sign_trust(&town).await;
    finish(&town.app, false).await.unwrap();
    let mut request = town.request("a3");
    request.terms.valid_from = town.app.now();
    let mut tx = town.app.db().write().await.unwrap();
    let (new, change) = issue(&town.app, &mut tx, request, &officer()).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    assert_eq!(new.document_number, "芝复准〔2020〕20004 号");
    // The next day and year begin anew: nothing was given in them.
    assert_eq!(
        next_numbers(&town, 2021, "20210101").await,
        (1, "370602-20210101-0001".into(), 20_003)
    );
}

#[tokio::test]
async fn a_year_that_began_after_the_backup_does_not_begin_again_after_the_restore() {
    let town = Town::new().await;
    // The end of December; the archive has given numbers of that year alone.
    town.later(324 * 86_400_000);
    assert_eq!(next_numbers(&town, 2020, "20201230").await.0, 1);
    let scratch = tempfile::tempdir().unwrap();
    let archive = scratch.path().join("a.backup");
    write_file(&town.app, &archive, |_, _| ()).await.unwrap();
    town.later(3 * 86_400_000);
    assert_eq!(next_numbers(&town, 2021, "20210102").await.0, 1, "on a paper, and lost");
    let town = restored(town, &archive, &scratch).await;
    assert_eq!(next_numbers(&town, 2021, "20210102").await.0, 40_001);
    assert_eq!(next_numbers(&town, 2021, "20210102").await.0, 40_002);
}
