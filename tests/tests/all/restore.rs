//! Backup, the loss of the issuer, and what stands afterwards; and the move to another database.

use std::path::PathBuf;

use fugong_common::placard::{Origin, placard_url};
use fugong_issuer::gates::store::scans::{self, After};
use fugong_issuer::permits::{By, Event, Permit, acts, store as permits};
use fugong_tests::patience::until;
use fugong_tests::person::Person;
use fugong_tests::scratch::{self, Kind};
use fugong_tests::stack::{Stack, scan};

use crate::main_job::{let_in, let_out, placard_text};

async fn act(stack: &Stack, permit: &Permit, event: Event) {
    let mut tx = stack.inside.db().write().await.unwrap();
    let permit = permits::find(&mut tx, &permit.id).await.unwrap().unwrap();
    let by = By { name: "韩梅".into(), ..By::default() };
    let (_, change) =
        acts::act(&stack.inside, &mut tx, &permit, event, &by, "消毒不到位").await.unwrap();
    stack.inside.commit(tx, change).await.unwrap();
}

/// Two permits that are in force, none of them the one that opens the first gate.
async fn two_others(stack: &Stack) -> (Permit, Permit) {
    let mut tx = stack.inside.db().read().await.unwrap();
    let everywhere =
        fugong_issuer::authz::Bounds { from: String::new(), to: "~".into(), own: String::new() };
    let filter = permits::Filter { state: permits::StateFilter::Valid, ..Default::default() };
    let now = stack.inside.now();
    let found = permits::list(&mut tx, &everywhere, &filter, now, "", 100).await.unwrap();
    let mut others = found.into_iter().filter(|permit| permit.id != stack.town.permit_id);
    (others.next().expect("the town has more permits"), others.next().expect("and one more"))
}

fn url_of(stack: &Stack, permit: &Permit) -> String {
    placard_url(&Origin::parse(&stack.origin()).unwrap(), &permit.token)
}

async fn public_page(stack: &Stack, permit: &Permit) -> String {
    let url = url_of(stack, permit);
    let path = url.strip_prefix(&stack.origin()).unwrap();
    Person::new(&stack.origin()).open(&format!("{path}?lang=en")).await.body
}

/// Numbers of entries at the issuer with this temperature.
async fn received(stack: &Stack, tenths: i64) -> usize {
    let mut tx = stack.inside.db().read().await.unwrap();
    let id = &stack.town.enterprise_id;
    let lines = scans::list_of_enterprise(&mut tx, id, &After::newest(), 100_000).await.unwrap();
    lines.iter().filter(|line| line.scan.tenths_celsius == Some(tenths)).count()
}

async fn backup(stack: &Stack) -> PathBuf {
    let folder = stack.dir.path().join("backups");
    std::fs::create_dir_all(&folder).unwrap();
    stack.issuer_does(&["backup", "--out", &folder.display().to_string()]).await;
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.pop().unwrap()
}

async fn the_issuer_is_lost_and_restored(kind: Kind) {
    let mut stack = Stack::new(kind).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    let (suspended, revoked) = two_others(&stack).await;
    act(&stack, &suspended, Event::Suspend { lapses_at: None }).await;
    let_in(&stack, &guard, &placard, "0001", 361).await;
    let_out(&stack, &guard, &placard, "0001").await;
    until("the first entry arrives", async || received(&stack, 361).await == 1).await;

    // While everything goes on.
    let archive = backup(&stack).await;
    let check =
        stack.issuer_does(&["restore", "--check", "--from", &archive.display().to_string()]).await;
    assert!(check.contains("whole") && check.contains(" permits"), "{check}");

    // After the backup: one more is revoked, and somebody is let in; the gate and the issuer know.
    act(&stack, &revoked, Event::Revoke).await;
    until("the gate knows", async || {
        scan(&guard, &url_of(&stack, &revoked), "in").await["verdict"] == "revoked"
    })
    .await;
    let_in(&stack, &guard, &placard, "0002", 362).await;
    let_out(&stack, &guard, &placard, "0002").await;
    until("the second entry arrives", async || received(&stack, 362).await == 1).await;

    let said = stack.lose_issuer(&archive).await;
    assert!(said.contains("trust sign"), "{said}");
    assert_eq!(received(&stack, 362).await, 0, "it happened after the archive");
    let (status, said) = stack.issuer_command(&["restore", "--finish"]).await;
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("have not told"), "{said}");
    stack.start_issuer().await;

    // Nobody is told that the revoked one holds, neither now nor later.
    let page = public_page(&stack, &revoked).await;
    assert!(page.contains("too old"), "{page}");
    until("the gate has told what it holds", async || {
        stack.issuer_command(&["restore", "--status"]).await.1.contains("1 gates have told")
    })
    .await;
    let root = stack.root_key().display().to_string();
    stack.issuer_does(&["trust", "sign", "--root", &root]).await;
    let said = stack.issuer_does(&["restore", "--finish"]).await;
    assert!(said.contains("to be reissued"), "{said}");
    stack.issuer_does(&["restore", "--status"]).await;

    // The gate takes the new bundle, whose numbers lie above those it holds.
    until("the gate takes the new bundle", async || {
        guard.open("/api/status").await.body.contains("\"trouble\":null")
            && guard.open("/api/status").await.body.contains("\"online\":true")
    })
    .await;
    for (permit, verdict, word) in
        [(&suspended, "suspended", "suspended"), (&revoked, "revoked", "revoked")]
    {
        let answer = scan(&guard, &url_of(&stack, permit), "in").await;
        assert_eq!(answer["verdict"], verdict, "{answer}");
        let page = public_page(&stack, permit).await;
        assert!(page.contains(word), "{page}");
    }
    let third = let_in(&stack, &guard, &placard, "0003", 363).await;
    assert_eq!(third["verdict"], "valid", "{third}");
    // Journals: what the archive lacked came again, once.
    for tenths in [361, 362, 363] {
        until("every entry is there once", async || received(&stack, tenths).await == 1).await;
    }
    let said = stack.issuer_does(&["audit", "verify"]).await;
    assert!(said.contains("follow from one another"), "{said}");
    // A suspension still reaches the gate.
    let mut tx = stack.inside.db().read().await.unwrap();
    let first = permits::find(&mut tx, &stack.town.permit_id).await.unwrap().unwrap();
    drop(tx);
    stack.look_inside().await;
    act(&stack, &first, Event::Suspend { lapses_at: None }).await;
    until("the gate refuses", async || {
        scan(&guard, &placard, "in").await["verdict"] == "suspended"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_nothing_revoked_is_valid_and_every_entry_is_there_once_on_sqlite() {
    the_issuer_is_lost_and_restored(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_nothing_revoked_is_valid_and_every_entry_is_there_once_on_postgres() {
    the_issuer_is_lost_and_restored(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_town_moves_to_postgres_and_its_gate_notices_nothing() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    let_in(&stack, &guard, &placard, "0001", 361).await;
    let_out(&stack, &guard, &placard, "0001").await;
    until("the entry arrives", async || received(&stack, 361).await == 1).await;
    let officer = stack.officer("inspector").await;
    let target = scratch::database(Kind::Postgres, &stack.issuer_data()).await.unwrap();
    let (status, said) = stack.issuer_command(&["move", "--to", &target]).await;
    assert_eq!(status, 1, "it still serves: {said}");
    assert!(said.contains("another issuer works"), "{said}");
    stack.kill_issuer().await;
    stack.issuer_does(&["move", "--to", &target]).await;
    let (status, said) = stack.issuer_command(&["serve"]).await;
    assert_eq!(status, 1, "the old one serves no more: {said}");
    assert!(said.contains("was moved"), "{said}");

    stack.now_on(&target).await;
    stack.start_issuer().await;
    // The officer is still signed in, the record still there, and the gate still hears of it at once.
    assert_eq!(received(&stack, 361).await, 1);
    until("the gate is online", async || {
        guard.open("/api/status").await.body.contains("\"online\":true")
    })
    .await;
    let path = format!("/permits/{}/suspend", stack.town.permit_id);
    let done = officer.send(&path, &[("reason", "入口无人测温，人员未登记")]).await;
    assert!(done.status.is_success(), "{}", done.body);
    until("the gate refuses", async || {
        scan(&guard, &placard, "in").await["verdict"] == "suspended"
    })
    .await;
}
