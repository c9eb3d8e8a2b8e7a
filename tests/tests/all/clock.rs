//! The gate's clock set back, with both real binaries.

use fugong_issuer::gates::store::scans;
use fugong_tests::patience::until;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::{Stack, scan};
use serde_json::Value;

use crate::main_job::{let_in, let_out, placard_text};

const DAY: i64 = 86_400;

async fn status(guard: &fugong_tests::person::Person) -> Value {
    serde_json::from_str(&guard.open("/api/status").await.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_lets_nobody_in_until_the_issuer_or_a_leader_sets_it() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.pull_seconds = Some(2);
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    let first = let_in(&stack, &guard, &placard, "0001", 364).await;
    assert_eq!(first["verdict"], "valid", "{first}");

    // The box comes back from a power cut with a flat battery, and no network.
    stack.kill_issuer().await;
    stack.kill_gate().await;
    stack.set_gate_clock(-3 * DAY);
    stack.start_gate().await;
    assert_eq!(status(&guard).await["clock"], "uncertain");
    for _ in 0..3 {
        let answer = scan(&guard, &placard, "in").await;
        assert_eq!(answer["verdict"], "clock_uncertain", "{answer}");
    }

    // The issuer is back: it says what time it is, and the gate lets people in again.
    stack.start_issuer().await;
    until("the issuer sets the clock", async || status(&guard).await["clock"] == "trusted").await;
    let second = let_in(&stack, &guard, &placard, "0002", 365).await;
    assert_eq!(second["verdict"], "valid", "{second}");
    let_out(&stack, &guard, &placard, "0002").await;
    until("the uncertain answers stand in the record as such", async || {
        let mut tx = stack.inside.db().read().await.unwrap();
        let lines = scans::list_of_gate(&mut tx, &stack.town.gate_id, i64::MAX, 500).await.unwrap();
        lines.iter().filter(|line| line.scan.verdict == "clock_uncertain").count() == 3
            && lines.iter().all(|line| {
                (line.scan.clock_certain == 0) == (line.scan.verdict == "clock_uncertain")
            })
    })
    .await;

    // Stepped back while it runs, the issuer away: a shift leader sets it, never before the floor.
    let leader = stack.on_duty(1).await;
    stack.kill_issuer().await;
    stack.set_gate_clock(-5 * DAY);
    until("the gate notices", async || status(&guard).await["clock"] == "uncertain").await;
    let zone = fugong_common::time::Zone::parse("Asia/Shanghai").unwrap();
    let now = stack.inside.now();
    let local = |at| zone.stamp(at).replace(' ', "T");
    let refused = leader.send("/device/clock", &[("time", &local(now.plus_days(-1)))]).await;
    assert!(refused.status.is_client_error(), "{} {}", refused.status, refused.body);
    let answer = scan(&guard, &placard, "in").await;
    assert_eq!(answer["verdict"], "clock_uncertain", "{answer}");
    let not_his = guard.send("/device/clock", &[("time", &local(now.plus_minutes(1)))]).await;
    assert!(not_his.status.is_client_error(), "{}", not_his.status);
    let set = leader.send("/device/clock", &[("time", &local(now.plus_minutes(1)))]).await;
    assert!(set.status.is_success(), "{} {}", set.status, set.body);
    assert_eq!(status(&guard).await["clock"], "trusted");
    let third = let_in(&stack, &guard, &placard, "0003", 366).await;
    assert_eq!(third["verdict"], "valid", "{third}");

    // Somebody sets the machine's own clock right: with what was added to it, it is days ahead now,
    // which would call every list too old. The issuer sets that right too.
    stack.set_gate_clock(0);
    until("the gate is ahead", async || {
        status(&guard).await["status_age_seconds"].as_i64() > Some(4 * DAY)
    })
    .await;
    stack.start_issuer().await;
    until("the issuer sets the clock back", async || {
        let status = status(&guard).await;
        status["clock"] == "trusted" && status["status_age_seconds"].as_i64() < Some(600)
    })
    .await;
    let fourth = let_in(&stack, &guard, &placard, "0004", 364).await;
    assert_eq!(fourth["verdict"], "valid", "{fourth}");
}
