//! The gate and the issuer apart: for a suspension, for a thousand scans, through kills.

use std::collections::BTreeSet;
use std::time::Instant;

use fugong_common::placard::pass_text;
use fugong_issuer::gates::store::disputes;
use fugong_issuer::gates::store::scans::{self, After};
use fugong_issuer::passes;
use fugong_issuer::people::store as people;
use fugong_issuer::permits::{By, Event, acts, store as permits};
use fugong_tests::patience::until;
use fugong_tests::person::Person;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::{Stack, measure, scan};
use serde_json::Value;

use crate::main_job::{let_in, placard_text};

async fn suspend_inside(stack: &Stack) {
    let mut tx = stack.inside.db().write().await.unwrap();
    let permit = permits::find(&mut tx, &stack.town.permit_id).await.unwrap().unwrap();
    let event = Event::Suspend { lapses_at: None };
    let by = By { name: "韩梅".into(), ..By::default() };
    let (_, change) =
        acts::act(&stack.inside, &mut tx, &permit, event, &by, "消毒不到位").await.unwrap();
    stack.inside.commit(tx, change).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_reaches_a_gate_that_was_offline_when_it_comes_back() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    stack.kill_issuer().await;
    suspend_inside(&stack).await;
    // It cannot know yet, and says how old its knowledge is.
    let answer = scan(&guard, &placard, "in").await;
    assert_eq!(answer["step"], "choose_person", "{answer}");
    assert!(answer["status_age_seconds"].is_u64(), "{answer}");
    stack.start_issuer().await;
    until("the gate refuses", async || {
        scan(&guard, &placard, "in").await["verdict"] == "suspended"
    })
    .await;
}

/// The gate's entries at the issuer, by their places in the journal, that are of this direction and
/// have this temperature.
async fn received(stack: &Stack, way: &str, tenths: Option<i64>) -> Vec<(String, i64)> {
    let mut tx = stack.inside.db().read().await.unwrap();
    let lines =
        scans::list_of_enterprise(&mut tx, &stack.town.enterprise_id, &After::newest(), 100_000)
            .await
            .unwrap();
    let ours = lines.into_iter().map(|line| line.scan).filter(|scan| {
        scan.verdict == "valid" && scan.direction == way && scan.tenths_celsius == tenths
    });
    ours.map(|scan| (scan.journal_id, scan.seq)).collect()
}

/// People who come and go, and how often each of them.
const PEOPLE: usize = 20;
const TIMES: usize = 50;
const ALL: usize = PEOPLE * TIMES;

/// Passes of people who may come in, and the gate knows it.
async fn passes_of_people(stack: &Stack, guard: &Person) -> Vec<String> {
    let (app, id) = (&stack.inside, &stack.town.enterprise_id);
    let mut tx = app.db().write().await.unwrap();
    let people = people::list_on_roster(&mut tx, id).await.unwrap();
    let current = permits::list_current_of(&mut tx, id, app.now()).await.unwrap();
    let (issued, change) = passes::issue(app, &mut tx, &people, &current).await.unwrap();
    app.commit(tx, change).await.unwrap();
    let texts: Vec<String> = issued.iter().map(|pass| pass_text(&pass.token)).collect();
    until("the gate knows the passes", async || {
        scan(guard, &texts[0], "in").await["verdict"] == "measure"
    })
    .await;
    let mut passes = Vec::new();
    for text in texts {
        // Some start only in some days.
        if scan(guard, &text, "in").await["verdict"] == "measure" {
            passes.push(text);
        }
    }
    passes.truncate(PEOPLE);
    assert_eq!(passes.len(), PEOPLE);
    passes
}

/// All of them come in and go out so often, at once, over connections that stay open; how many of
/// either were let through and told that it is recorded.
async fn come_and_go(guard: &Person, passes: &[String], times: usize) -> (usize, usize) {
    let recorded = |answer: &Value| {
        usize::from(answer["verdict"] == "valid" && answer["recorded"]["state"] == "yes")
    };
    let walks = passes.iter().map(|pass| async move {
        let (mut came, mut went) = (0, 0);
        for _ in 0..times {
            let session = scan(guard, pass, "in").await["session"].clone();
            came += recorded(&measure(guard, &session, 364).await);
            went += recorded(&scan(guard, pass, "out").await);
        }
        (came, went)
    });
    let walks = futures_util::future::join_all(walks).await;
    walks.into_iter().fold((0, 0), |sum, walk| (sum.0 + walk.0, sum.1 + walk.1))
}

async fn a_thousand_scans_while_the_issuer_is_away(kind: Kind) {
    let mut stack = Stack::new(kind).await;
    // What is new to the gate it learns by a hint.
    stack.pull_seconds = Some(3600);
    stack.enrol().await;
    let guard = stack.guard().await;
    let passes = passes_of_people(&stack, &guard).await;
    stack.kill_issuer().await;
    let begun = Instant::now();
    assert_eq!(come_and_go(&guard, &passes, TIMES / 2).await, (ALL / 2, ALL / 2));
    // Power fails at the gate, too.
    stack.kill_gate().await;
    stack.start_gate().await;
    assert_eq!(come_and_go(&guard, &passes, TIMES / 2).await, (ALL / 2, ALL / 2));
    println!("{ALL} let in and {ALL} out, recorded without the issuer in {:?}", begun.elapsed());
    assert_eq!(received(&stack, "in", Some(364)).await, [], "the issuer was away");
    stack.start_issuer().await;
    until("everything has come in", async || received(&stack, "out", None).await.len() >= ALL)
        .await;
    for (way, tenths) in [("in", Some(364)), ("out", None)] {
        let all = received(&stack, way, tenths).await;
        let once: BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len(), once.len()), (ALL, ALL), "{way}: each entry stands once");
    }
    let mut tx = stack.inside.db().read().await.unwrap();
    let disputes = disputes::list(&mut tx, &stack.town.gate_id).await.unwrap();
    assert!(disputes.is_empty(), "{disputes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_scans_made_without_the_issuer_arrive_once_on_sqlite() {
    a_thousand_scans_while_the_issuer_is_away(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_scans_made_without_the_issuer_arrive_once_on_postgres() {
    a_thousand_scans_while_the_issuer_is_away(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_guard_saw_recorded_survives_a_power_cut() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    stack.kill_issuer().await;
    let answer = let_in(&stack, &guard, &placard, "0003", 366).await;
    assert_eq!(answer["recorded"]["state"], "yes", "{answer}");
    stack.kill_gate().await;
    stack.start_gate().await;
    // The browser stays paired and the guard on duty; an unfinished reading is asked for again.
    let inside = guard.open("/inside").await;
    assert!(inside.status.is_success(), "{}", inside.body);
    let records_page = guard.open("/records").await;
    assert!(records_page.body.contains("36.6"), "{}", records_page.body);
    let answer = scan(&guard, &placard, "in").await;
    assert_eq!(answer["step"], "choose_person", "{answer}");
    stack.start_issuer().await;
    until("it arrives", async || received(&stack, "in", Some(366)).await.len() == 1).await;
    let out = scan(&guard, &placard, "out").await;
    assert!(out["session"].is_string(), "{out}");
}
