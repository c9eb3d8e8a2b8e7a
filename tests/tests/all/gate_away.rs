//! The gate and the issuer apart: for a suspension, for a thousand scans, through kills.

use std::collections::BTreeSet;

use fugong_issuer::gates::store::{self as records, After};
use fugong_issuer::permits::{By, Event, acts, store as permits};
use fugong_tests::scratch::Kind;
use fugong_tests::stack::{Stack, scan};

use crate::main_job::{let_in, let_out, placard_text, wait_for};

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
    wait_for("the gate refuses", 2400, async || {
        scan(&guard, &placard, "in").await["verdict"] == "suspended"
    })
    .await;
}

/// Entries of the journal at the issuer with this temperature, by their place in the journal.
async fn received(stack: &Stack, tenths: i64) -> Vec<(String, i64)> {
    let mut tx = stack.inside.db().read().await.unwrap();
    let lines =
        records::list_of_enterprise(&mut tx, &stack.town.enterprise_id, &After::newest(), 100_000)
            .await
            .unwrap();
    let ours = lines.into_iter().filter(|line| line.scan.tenths_celsius == Some(tenths));
    ours.map(|line| (line.scan.journal_id, line.scan.seq)).collect()
}

async fn a_thousand_scans_while_the_issuer_is_away(kind: Kind) {
    let mut stack = Stack::new(kind).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    stack.kill_issuer().await;
    let mut acknowledged = 0;
    for n in 0..250 {
        // A scan, a choice and a reading on the way in, a scan and a choice on the way out.
        let number = format!("{:04}", 1 + n % 20);
        let answer = let_in(&stack, &guard, &placard, &number, 364).await;
        let_out(&stack, &guard, &placard, &number).await;
        if answer["recorded"]["state"] == "yes" {
            acknowledged += 1;
        }
        if n == 120 {
            // Power fails at the gate, too.
            stack.kill_gate().await;
            stack.start_gate().await;
        }
    }
    assert_eq!(acknowledged, 250);
    stack.start_issuer().await;
    wait_for("everything has come in", 4000, async || received(&stack, 364).await.len() >= 250)
        .await;
    let all = received(&stack, 364).await;
    let once: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), once.len()), (250, 250), "each entry stands once");
    let mut tx = stack.inside.db().read().await.unwrap();
    let disputes = records::list_disputes(&mut tx, &stack.town.gate_id).await.unwrap();
    assert!(disputes.is_empty(), "{disputes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_entries_made_without_the_issuer_arrive_once_on_sqlite() {
    a_thousand_scans_while_the_issuer_is_away(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_entries_made_without_the_issuer_arrive_once_on_postgres() {
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
    wait_for("it arrives", 2400, async || received(&stack, 366).await.len() == 1).await;
    let out = scan(&guard, &placard, "out").await;
    assert!(out["session"].is_string(), "{out}");
}
