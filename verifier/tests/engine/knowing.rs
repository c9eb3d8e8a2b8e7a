//! What the gate knows and how old it may be: hints, deltas, days without network, a clock set back.

use std::time::Duration;

use fugong_common::status::Status;
use fugong_common::verdict::Verdict;
use fugong_verifier::error::GateError;
use fugong_verifier::view::{Condition, Direction, Step};

use crate::bed::{Bed, end, on_duty, serve, until};
use crate::issuer::{NOON, PIN};

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_reaches_a_connected_gate_at_once_even_between_scan_and_reading() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let scanned = bed.scan(&guard, &bed.pass(6)).await;
    assert_eq!(scanned.step, Step::Measure);
    bed.clock.advance_millis(2_000);
    let seq = bed.issuer.change(|state| state.permit_status(Status::Suspended));
    // By the hint alone: the gate's next look of its own is an hour away.
    bed.seq(seq).await;
    let stopped = bed.gate().measure(&guard, scanned.session, 365).await.unwrap();
    assert_eq!((stopped.verdict, stopped.step), (Verdict::Suspended, Step::Stopped));
    let placard = bed.issuer.state().placard();
    assert_eq!(bed.scan(&guard, &placard).await.verdict, Verdict::Suspended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_comes_with_a_hint_is_in_force_before_any_pull() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let placard = bed.issuer.state().placard();
    let wholes = bed.issuer.state().wholes;
    let (old, pulled) = (bed.issuer.state().permit_list(), bed.gate().machine().manifest_seq);
    // Nothing can be pulled; the line over which hints come is still open.
    bed.issuer.state().away = true;
    bed.clock.advance_millis(2_000);
    let seq = bed.issuer.publish(|state| state.permit_status(Status::Suspended));
    let list = bed.issuer.state().permit_list();
    bed.issuer.send_list(&list);
    let scanned = bed.becomes(&guard, &placard, Verdict::Suspended).await;
    assert_eq!(scanned.step, Step::Stopped);
    assert_eq!(bed.gate().machine().manifest_seq, pulled, "before any pull");

    // Neither an older list nor nonsense takes it back.
    bed.issuer.send_list(&old);
    bed.issuer.send_list(b"nonsense");
    let mut forged = list.clone();
    *forged.last_mut().unwrap() ^= 1;
    bed.issuer.send_list(&forged);

    // The pull brings the rest; what has come by itself isn't fetched again.
    bed.issuer.state().away = false;
    bed.gate().sync_now();
    bed.seq(seq).await;
    assert_eq!(bed.issuer.state().wholes, wholes + 1, "only the list of passes");
    assert_eq!(bed.scan(&guard, &placard).await.verdict, Verdict::Suspended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_comes_during_a_pull_is_not_taken_back_by_it() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let placard = bed.issuer.state().placard();
    bed.issuer.hold_parts(true);
    bed.clock.advance_millis(2_000);
    let earlier = bed.issuer.change(|state| state.put_person(21, |_| ()));
    until("the pull is under way", || bed.issuer.waiting() > 0).await;
    bed.issuer.publish(|state| state.permit_status(Status::Suspended));
    let list = bed.issuer.state().permit_list();
    bed.issuer.send_list(&list);
    bed.becomes(&guard, &placard, Verdict::Suspended).await;
    bed.issuer.hold_parts(false);
    until("it is pulled", || bed.gate().machine().manifest_seq >= Some(earlier)).await;
    assert_eq!(bed.gate().status().roster_len, 21, "what was pulled is in use");
    assert_eq!(bed.scan(&guard, &placard).await.verdict, Verdict::Suspended);
    // Nor by a restart without the issuer.
    bed.issuer.state().away = true;
    let (issuer, clock, dir) = bed.stop().await;
    let (running, shutdown) = serve(dir.path(), &clock).await;
    let guard = on_duty(&running).await;
    let text = issuer.state().placard();
    let scanned = running.gate.scan(&guard, &text, Direction::In).await.unwrap();
    assert_eq!(scanned.verdict, Verdict::Suspended, "kept on disk");
    end(running, shutdown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_roster_comes_as_a_delta_and_is_in_use_at_once() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let wholes = bed.issuer.state().wholes;
    let until_tomorrow = NOON.seconds() + 86_400;
    let seq = bed.issuer.change(|state| {
        state.put_person(7, |person| person.isolating_until = Some(until_tomorrow));
        state.put_person(21, |_| ());
    });
    bed.seq(seq).await;
    assert_eq!(bed.gate().status().roster_len, 21);
    assert_eq!(bed.issuer.state().deltas, 1);
    // Both status lists were signed anew; roster and the rest were not sent again.
    assert!(bed.issuer.state().wholes <= wholes + 2);
    let scanned = bed.scan(&guard, &bed.pass(7)).await;
    assert_eq!((scanned.verdict, scanned.step), (Verdict::Isolating, Step::Stopped));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_days_without_network_only_the_roster_goes_in_and_only_if() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    bed.issuer.state().confirmed = false;
    bed.clock.set(NOON.plus_days(5));
    let scanned = bed.scan(&guard, &bed.pass(9)).await;
    assert_eq!((scanned.verdict, scanned.step), (Verdict::Conditional, Step::Confirm));
    assert!(matches!(scanned.conditions[..], [Condition::StatusOld { .. }]));
    assert_eq!(scanned.offline_order.as_deref(), Some("按离线值守规定办理。"));
    bed.clock.set(NOON.plus_days(8));
    let stale = bed.scan(&guard, &bed.pass(9)).await;
    assert_eq!((stale.verdict, stale.step), (Verdict::Stale, Step::Stopped));
    let approved =
        bed.gate().approve(&guard, stale.session, "g2", PIN, "值班领导同意").await.unwrap();
    assert_eq!(approved.step, Step::Measure);
    let passed = bed.gate().measure(&guard, stale.session, 365).await.unwrap();
    assert_eq!(passed.step, Step::Passed);
    let refused = bed.gate().approve(&guard, stale.session, "g1", PIN, "x").await;
    assert_eq!(refused, Err(GateError::NoOverride));
}

#[tokio::test(flavor = "multi_thread")]
async fn todays_status_code_brings_a_gate_without_network_up_to_date() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let placard = bed.issuer.state().placard();
    bed.issuer.state().confirmed = false;
    bed.clock.set(NOON.plus_days(8));
    assert_eq!(bed.scan(&guard, &placard).await.verdict, Verdict::Stale);
    let code = bed.issuer.state().status_code();
    assert_eq!(bed.scan(&guard, &code).await.step, Step::StatusTaken);
    let scanned = bed.scan(&guard, &placard).await;
    assert_eq!((scanned.verdict, scanned.step), (Verdict::Measure, Step::ChoosePerson));
    let (_, clock, dir) = bed.stop().await;
    let (running, shutdown) = serve(dir.path(), &clock).await;
    assert!(running.gate.machine().status_lists.iter().any(|(_, age)| *age < 10), "kept on disk");
    end(running, shutdown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_override_an_old_status_but_nobody_lets_in_who_isolates() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let until_later = NOON.plus_days(60).seconds();
    let seq = bed.issuer.change(|state| {
        state.put_person(7, |person| person.isolating_until = Some(until_later));
    });
    bed.seq(seq).await;
    bed.issuer.state().confirmed = false;
    bed.clock.set(NOON.plus_days(20));
    let isolating = bed.scan(&guard, &bed.pass(7)).await;
    assert_eq!((isolating.verdict, isolating.step), (Verdict::Isolating, Step::Stopped));
    assert_eq!(isolating.also, [Verdict::Stale]);
    assert!(!isolating.override_possible);
    let refused = bed.gate().approve(&guard, isolating.session, "g2", PIN, "老职工").await;
    assert_eq!(refused, Err(GateError::NoOverride));
    let healthy = bed.scan(&guard, &bed.pass(8)).await;
    assert!(healthy.verdict == Verdict::Stale && healthy.override_possible);
    let measured = bed.gate().approve(&guard, healthy.session, "g2", PIN, "老职工").await.unwrap();
    assert_eq!(measured.step, Step::Measure);
    let passed = bed.gate().measure(&guard, healthy.session, 365).await.unwrap();
    assert_eq!(passed.step, Step::Passed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_makes_nothing_valid_until_the_issuer_tells_the_time() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    // Out of reach, so that nobody corrects the clock meanwhile.
    bed.issuer.state().confirmed = false;
    bed.clock.set(NOON.plus_days(-3));
    let scanned = bed.scan(&guard, &bed.pass(8)).await;
    assert_eq!((scanned.verdict, scanned.step), (Verdict::ClockUncertain, Step::Stopped));
    assert!(scanned.offline_order.is_some() && scanned.override_possible);
    let early = bed.gate().set_clock(&guard, NOON).await;
    assert_eq!(early, Err(GateError::LeaderNeeded));
    let (issuer, clock, dir) = bed.stop().await;
    issuer.state().confirmed = true;
    let (running, shutdown) = serve(dir.path(), &clock).await;
    // The issuer's clock is as far back as the gate's, and behind what was signed: it isn't believed.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(running.gate.status().clock.code(), "uncertain");
    clock.set(NOON.plus_hours(1));
    running.gate.sync_now();
    until("trust", || running.gate.status().clock.code() == "trusted").await;
    end(running, shutdown).await;
}
