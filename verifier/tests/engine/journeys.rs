use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fugong_common::entropy::SeededEntropy;
use fugong_common::journal::{Entry, EntryKind, Sealed};
use fugong_common::service::serve::Shutdown;
use fugong_common::status::Status;
use fugong_common::time::ManualClock;
use fugong_common::verdict::Verdict;
use fugong_verifier::enrol::enrol;
use fugong_verifier::error::GateError;
use fugong_verifier::issuer::client;
use fugong_verifier::store::Store;
use fugong_verifier::view::{
    Condition, Correction, Direction, EnrolmentStatus, Recorded, ScanOutcome, Step, Visitor,
};
use fugong_verifier::{Config, Gate, Guard, Running, run};

use crate::issuer::{Issuer, NOON, PERMIT, PIN};

pub struct Bed {
    pub issuer: Issuer,
    pub clock: Arc<ManualClock>,
    pub running: Running,
    pub shutdown: Shutdown,
    pub dir: tempfile::TempDir,
}

pub fn config(dir: &Path) -> Config {
    Config {
        data_dir: dir.to_owned(),
        listen: ([127, 0, 0, 1], 0).into(),
        // Whatever the gate learns in these tests it learns by hints.
        pull_seconds: 3600,
        ..Config::default()
    }
}

/// Waits until something holds; the background work takes its moment.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..400 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never: {what}");
}

pub async fn enrol_at(issuer: &Issuer, dir: &Path) {
    let store = Store::open(dir).await.unwrap();
    let config = config(dir);
    let http = client(&config).unwrap();
    enrol(&store, &config, &http, &SeededEntropy::new(5), &issuer.enrolment(), NOON).await.unwrap();
    store.close().await;
}

pub async fn serve(dir: &Path, clock: &Arc<ManualClock>) -> (Running, Shutdown) {
    let shutdown = Shutdown::new();
    let entropy = Arc::new(fugong_common::service::ambient::SystemEntropy);
    let running = run(config(dir), clock.clone(), entropy, shutdown.clone()).await.unwrap();
    (running, shutdown)
}

impl Bed {
    /// An enrolled, confirmed gate that has its bundle.
    pub async fn start() -> Self {
        let clock = Arc::new(ManualClock::new(NOON));
        let issuer = Issuer::start(clock.clone()).await;
        let dir = tempfile::tempdir().unwrap();
        enrol_at(&issuer, dir.path()).await;
        issuer.state().confirmed = true;
        let (running, shutdown) = serve(dir.path(), &clock).await;
        let bed = Self { issuer, clock, running, shutdown, dir };
        until("a bundle", || bed.gate().status().roster_len == 20).await;
        until("a listener", || bed.issuer.listeners() > 0).await;
        bed
    }

    pub fn gate(&self) -> &Gate {
        &self.running.gate
    }

    async fn guard(&self) -> Guard {
        let code = self.gate().pairing_code().await.unwrap().code;
        let (pair, _) = self.gate().pair(&code, "东侧通道").await.unwrap();
        self.gate().sign_on(&pair, "g1", PIN).await.unwrap()
    }

    async fn scan(&self, guard: &Guard, text: &str) -> ScanOutcome {
        self.gate().scan(guard, text, Direction::In).await.unwrap()
    }

    fn pass(&self, n: u32) -> String {
        self.issuer.state().pass(n)
    }

    async fn seq(&self, seq: u64) {
        until("the manifest", || self.gate().machine().manifest_seq == Some(seq)).await;
    }

    pub async fn stop(self) -> (Issuer, Arc<ManualClock>, tempfile::TempDir) {
        self.shutdown.begin();
        self.running.finished().await.unwrap();
        (self.issuer, self.clock, self.dir)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_waits_for_its_confirmation_and_then_works() {
    let clock = Arc::new(ManualClock::new(NOON));
    let issuer = Issuer::start(clock.clone()).await;
    let dir = tempfile::tempdir().unwrap();
    enrol_at(&issuer, dir.path()).await;
    let (running, shutdown) = serve(dir.path(), &clock).await;
    let waiting = |e: &EnrolmentStatus| matches!(e, EnrolmentStatus::Waiting { .. });
    until("an answer", || running.gate.status().online).await;
    assert!(waiting(&running.gate.enrolment()));
    issuer.state().confirmed = true;
    running.gate.sync_now();
    until("confirmed", || !waiting(&running.gate.enrolment())).await;
    assert_eq!(running.gate.status().name, "3 号门");
    shutdown.begin();
    running.finished().await.unwrap();
}

#[tokio::test]
async fn a_verifier_that_belongs_to_nobody_serves_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (running, shutdown) = serve(dir.path(), &Arc::new(ManualClock::new(NOON))).await;
    assert_eq!(running.gate.enrolment(), EnrolmentStatus::NotEnrolled);
    let page = reqwest::get(format!("http://{}/healthz", running.address)).await.unwrap();
    assert!(page.status().is_success());
    let again = run(
        config(dir.path()),
        Arc::new(ManualClock::new(NOON)),
        Arc::new(SeededEntropy::new(1)),
        Shutdown::new(),
    );
    assert!(again.await.unwrap_err().to_string().contains("another verifier is serving"));
    shutdown.begin();
    running.finished().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_measured_let_in_and_out_and_the_issuer_gets_every_entry() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let scanned = bed.scan(&guard, &bed.pass(3)).await;
    assert_eq!((scanned.verdict, scanned.step), (Verdict::Measure, Step::Measure));
    assert!(matches!(scanned.recorded, Recorded::Yes { .. }));
    let again = bed.gate().measure(&guard, scanned.session, 345).await.unwrap();
    assert_eq!((again.verdict, again.step), (Verdict::LowReading, Step::MeasureAgain));
    let implausible = bed.gate().measure(&guard, scanned.session, 999).await;
    assert_eq!(implausible, Err(GateError::Implausible { from: 340, to: 430 }));
    let passed = bed.gate().measure(&guard, scanned.session, 365).await.unwrap();
    assert_eq!((passed.verdict, passed.step), (Verdict::Valid, Step::Passed));
    assert_eq!(bed.gate().status().inside, 1);
    assert_eq!(
        bed.gate().measure(&guard, scanned.session, 365).await,
        Err(GateError::WrongStep),
        "one passing, one entry"
    );
    let twice = bed.scan(&guard, &bed.pass(3)).await;
    assert_eq!((twice.verdict, twice.step), (Verdict::Conditional, Step::Confirm));
    assert!(matches!(twice.conditions[..], [Condition::AlreadyInside { .. }]));
    let out = bed.gate().scan(&guard, &bed.pass(3), Direction::Out).await.unwrap();
    assert_eq!((out.verdict, out.step), (Verdict::Valid, Step::Passed));
    assert_eq!(bed.gate().status().inside, 0);
    let recent = bed.gate().recent(10).await.unwrap();
    assert_eq!(recent[0].direction, Some(Direction::Out));
    assert_eq!(recent[1].tenths, Some(365));
    assert!(recent[1].name.contains('*'), "{}", recent[1].name);
    let next = bed.gate().machine().journal_next_seq;
    until("everything sent", || bed.gate().status().to_send == 0).await;
    let state = bed.issuer.state();
    let (head, records) = state.journals.values().next().unwrap();
    assert_eq!(head.next_seq, next);
    let kinds: Vec<_> =
        records.iter().map(|r| Entry::decode(&r.chained).unwrap().draft.kind).collect();
    assert_eq!(kinds[0], EntryKind::Opened);
    assert!(kinds.contains(&EntryKind::Bundle) && kinds.contains(&EntryKind::SignOn));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_high_readings_refuse_and_are_reported_and_the_lane_goes_on_between() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let first = bed.scan(&guard, &bed.pass(1)).await;
    let high = bed.gate().measure(&guard, first.session, 376).await.unwrap();
    assert_eq!((high.verdict, high.step), (Verdict::Fever, Step::Recheck));
    assert_eq!(bed.gate().status().parked, 1);
    let other = bed.scan(&guard, &bed.pass(2)).await;
    let passed = bed.gate().measure(&guard, other.session, 366).await.unwrap();
    assert_eq!(passed.step, Step::Passed);
    let resumed = bed.gate().resume(&guard, first.session).await.unwrap();
    assert_eq!((resumed.verdict, resumed.step), (Verdict::Fever, Step::MeasureAgain));
    let refused = bed.gate().measure(&guard, first.session, 380).await.unwrap();
    assert_eq!((refused.verdict, refused.step), (Verdict::Fever, Step::Stopped));
    assert!(!refused.override_possible && !refused.visitor_possible);
    assert_eq!(bed.gate().status().parked, 0);
    let turned = bed.gate().turn(&guard, first.session, Direction::In).await;
    assert_eq!(turned, Err(GateError::WrongStep), "turning round opens nothing");
    let Recorded::Yes { seq } = refused.recorded else { panic!("not recorded") };
    let record = bed.gate().journal().find_record(seq).await.unwrap().unwrap();
    let entry = Entry::decode(&record.chained).unwrap();
    assert_eq!(entry.draft.verdict, Some(Verdict::Fever));
    let sealed = Sealed::from_bytes(&record.sealed.unwrap().bytes).unwrap();
    assert_eq!(sealed.temperature_tenths, Some(380));
    assert_eq!(sealed.text.as_deref(), Some("first:37.6"));
    assert_eq!(bed.gate().status().inside, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placard_asks_who_and_people_and_visitors_go_in_under_it() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let placard = bed.issuer.state().placard();
    let scanned = bed.scan(&guard, &placard).await;
    assert_eq!((scanned.verdict, scanned.step), (Verdict::Measure, Step::ChoosePerson));
    assert_eq!(scanned.enterprise.unwrap().serial, Some(PERMIT.to_string()));
    let rows = bed.gate().lookup(&guard, "0004").await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].name.contains('*'));
    let chosen = bed.gate().choose_person(&guard, scanned.session, &rows[0].worker).await.unwrap();
    assert_eq!((chosen.verdict, chosen.step), (Verdict::Measure, Step::Measure));

    let scanned = bed.scan(&guard, &placard).await;
    let mut visitor =
        Visitor { name: "来访人".into(), phone: "123".into(), ..Visitor::default() };
    let refused = bed.gate().visitor(&guard, scanned.session, visitor.clone()).await;
    assert_eq!(refused, Err(GateError::VisitorIncomplete));
    visitor.phone = "138 0013 8000".into();
    visitor.plate = Some("鲁F12345".into());
    let registered = bed.gate().visitor(&guard, scanned.session, visitor).await.unwrap();
    assert_eq!((registered.verdict, registered.step), (Verdict::Measure, Step::Measure));
    let passed = bed.gate().measure(&guard, scanned.session, 362).await.unwrap();
    assert_eq!(passed.step, Step::Passed);
    assert!(bed.gate().inside()[0].visitor);
    assert_eq!(bed.gate().recent(1).await.unwrap()[0].plate.as_deref(), Some("鲁F12345"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_number_needs_a_look_at_the_document() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let typed = bed.scan(&guard, &PERMIT.to_string()).await;
    assert_eq!((typed.verdict, typed.step), (Verdict::Conditional, Step::ChoosePerson));
    let chosen = bed.gate().choose_person(&guard, typed.session, "W5").await.unwrap();
    assert_eq!(chosen.step, Step::Confirm);
    assert_eq!(chosen.conditions, [Condition::CompareDocument]);
    let confirmed = bed.gate().confirm_condition(&guard, typed.session).await.unwrap();
    assert_eq!(confirmed.step, Step::Measure);
    let passed = bed.gate().measure(&guard, typed.session, 365).await.unwrap();
    assert_eq!((passed.verdict, passed.step), (Verdict::Valid, Step::Passed));
    let Recorded::Yes { seq } = passed.recorded else { panic!("not recorded") };
    let record = bed.gate().journal().find_record(seq).await.unwrap().unwrap();
    let entry = Entry::decode(&record.chained).unwrap();
    assert_eq!(entry.draft.verdict, Some(Verdict::Conditional), "the journal keeps the condition");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_reaches_a_connected_gate_within_a_second_even_between_scan_and_reading() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let scanned = bed.scan(&guard, &bed.pass(6)).await;
    assert_eq!(scanned.step, Step::Measure);
    bed.clock.advance_millis(2_000);
    let seq = bed.issuer.change(|state| state.permit_status(Status::Suspended));
    let waited = tokio::time::timeout(Duration::from_secs(2), bed.seq(seq)).await;
    assert!(waited.is_ok(), "the hint came too late");
    let stopped = bed.gate().measure(&guard, scanned.session, 365).await.unwrap();
    assert_eq!((stopped.verdict, stopped.step), (Verdict::Suspended, Step::Stopped));
    let placard = bed.issuer.state().placard();
    assert_eq!(bed.scan(&guard, &placard).await.verdict, Verdict::Suspended);
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
async fn a_cut_off_wipes_what_the_issuer_gave_and_keeps_the_journal() {
    let bed = Bed::start().await;
    bed.guard().await;
    let entries = bed.gate().machine().journal_next_seq;
    bed.issuer.state().cut_off = true;
    bed.gate().sync_now();
    until("cut off", || bed.gate().enrolment() == EnrolmentStatus::CutOff).await;
    assert_eq!(bed.gate().status().roster_len, 0);
    assert!(bed.gate().guards().is_empty());
    assert_eq!(bed.gate().machine().journal_next_seq, entries);
    let (_, clock, dir) = bed.stop().await;
    let store = Store::open(dir.path()).await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT (SELECT count(*) FROM parts) + (SELECT count(*) FROM manifest) + (SELECT count(*) FROM pairs)")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
    store.close().await;
    let (again, shutdown) = serve(dir.path(), &clock).await;
    assert_eq!(again.gate.enrolment(), EnrolmentStatus::CutOff);
    shutdown.begin();
    again.finished().await.unwrap();
}

/// Of a gate's entries: how many there are, how many still have their personal part, how many the issuer never saw.
async fn entries(dir: &Path) -> (i64, i64, i64) {
    let store = Store::open_reading(dir).await.unwrap();
    let counts = sqlx::query_as(
        "SELECT count(*), count(sealed), (SELECT sum(next_seq - sent_seq) FROM journals) FROM entries",
    );
    let counts = counts.fetch_one(store.pool()).await.unwrap();
    store.close().await;
    counts
}

impl Bed {
    /// Somebody passed just before the cut-off, and the line couldn't carry it any more.
    async fn with_unsent_entry(&self) {
        let guard = self.guard().await;
        until("everything sent", || self.gate().status().to_send == 0).await;
        self.issuer.state().cut_off = true;
        let scanned = self.scan(&guard, &self.pass(3)).await;
        self.gate().measure(&guard, scanned.session, 365).await.unwrap();
        self.gate().sync_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_gate_hands_over_what_was_unsent_before_it_forgets_who_it_was() {
    let bed = Bed::start().await;
    bed.with_unsent_entry().await;
    until("cut off", || bed.gate().enrolment() == EnrolmentStatus::CutOff).await;
    let key = bed.dir.path().join("device.pem");
    until("the key is gone", || !key.exists()).await;
    let quarantined = bed.issuer.state().quarantined.clone();
    assert!(quarantined.len() >= 2, "the check and the passing");
    assert!(quarantined.iter().all(|record| record.sealed.is_some()), "evidence with its persons");
    let (all, personal, unseen) = entries(bed.dir.path()).await;
    assert!(all > 0);
    assert_eq!((personal, unseen), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cut_off_gate_could_not_hand_over_stays_until_it_can() {
    let bed = Bed::start().await;
    bed.issuer.state().line_broken = true;
    bed.with_unsent_entry().await;
    until("cut off", || bed.gate().enrolment() == EnrolmentStatus::CutOff).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (_, personal, unseen) = entries(bed.dir.path()).await;
    assert!(unseen >= 2 && personal == unseen, "{personal} of {unseen} unseen entries");
    assert!(bed.dir.path().join("device.pem").exists(), "they still have to be signed");
    bed.issuer.state().line_broken = false;
    bed.gate().sync_now();
    let key = bed.dir.path().join("device.pem");
    until("the key is gone", || !key.exists()).await;
    assert_eq!(entries(bed.dir.path()).await.1, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_that_is_enrolled_anew_begins_a_new_journal_that_cites_the_old_one() {
    let bed = Bed::start().await;
    bed.issuer.state().cut_off = true;
    bed.gate().sync_now();
    let key = bed.dir.path().join("device.pem");
    until("the key is gone", || !key.exists()).await;
    let before = bed.gate().journal().standing().unwrap().head;
    let (issuer, clock, dir) = bed.stop().await;
    issuer.state().cut_off = false;
    let store = Store::open(dir.path()).await.unwrap();
    let config = config(dir.path());
    let later = NOON.plus_hours(1);
    let (http, code) = (client(&config).unwrap(), issuer.enrolment());
    enrol(&store, &config, &http, &SeededEntropy::new(6), &code, later).await.unwrap();
    store.close().await;
    clock.set(later.plus_minutes(1));
    let (again, shutdown) = serve(dir.path(), &clock).await;
    let standing = again.gate.journal().standing().unwrap();
    assert_ne!(standing.head.id, before.id);
    let first = again.gate.journal().find_record(0).await.unwrap().unwrap();
    assert_eq!(Entry::decode(&first.chained).unwrap().draft.cites, Some(before.hash));
    shutdown.begin();
    again.finished().await.unwrap();
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
async fn a_worker_is_looked_up_by_the_own_number_and_shown_by_it() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let seq = bed.issuer.change(|state| {
        state.put_person(31, |person| person.worker = "AB12C-0777".to_owned());
        state.put_person(32, |person| {
            person.worker = "0F9E8-0777".to_owned();
            person.enterprise = "海港食品（示例）".to_owned();
        });
        state.put_person(33, |person| person.worker = "AB12D-0888".to_owned());
        state.put_person(34, |person| person.worker = "AB12E-0888".to_owned());
    });
    bed.seq(seq).await;
    let rows = bed.gate().lookup(&guard, "0777").await.unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.number == "0777"), "their enterprises tell them apart");
    let rows = bed.gate().lookup(&guard, "0888").await.unwrap();
    let numbers: Vec<_> = rows.iter().map(|row| row.number.as_str()).collect();
    assert_eq!(numbers, ["AB12D-0888", "AB12E-0888"], "two of one name are told apart");
    assert_eq!(bed.gate().lookup(&guard, "ab12c-0777").await.unwrap().len(), 1);
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
    shutdown.begin();
    running.finished().await.unwrap();
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
    shutdown.begin();
    running.finished().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_can_be_corrected_for_ten_seconds() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let pass = async |n| {
        let scanned = bed.scan(&guard, &bed.pass(n)).await;
        let passed = bed.gate().measure(&guard, scanned.session, 365).await.unwrap();
        let Recorded::Yes { seq } = passed.recorded else { panic!("not recorded") };
        seq
    };
    let seq = pass(10).await;
    let corrected = bed.gate().correct(&guard, seq, Correction::DidNotPass).await.unwrap();
    assert_eq!(corrected.step, Step::Stopped);
    assert_eq!(bed.gate().status().inside, 0);
    let seq = pass(11).await;
    let wrong = Correction::Temperature { tenths: 378 };
    let corrected = bed.gate().correct(&guard, seq, wrong.clone()).await.unwrap();
    assert_eq!((corrected.verdict, corrected.step), (Verdict::Fever, Step::Recheck));
    assert_eq!(bed.gate().status().inside, 0);
    let seq = pass(12).await;
    bed.clock.advance_millis(10_001);
    assert_eq!(bed.gate().correct(&guard, seq, wrong).await, Err(GateError::TooLateToCorrect));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_pins_lock_out_and_a_code_pairs_one_browser() {
    let bed = Bed::start().await;
    let code = bed.gate().pairing_code().await.unwrap().code;
    let (pair, secret) = bed.gate().pair(&code, "手机").await.unwrap();
    assert!(bed.gate().pair(&code, "另一台").await.is_err());
    assert_eq!(bed.gate().find_pair(&secret), Some(pair.clone()));
    assert_eq!(bed.gate().find_pair("x"), None);
    for _ in 0..5 {
        let refused = bed.gate().sign_on(&pair, "g1", "0000").await.unwrap_err();
        assert_eq!(refused.code(), "pin_wrong");
    }
    let locked = bed.gate().sign_on(&pair, "g1", PIN).await.unwrap_err();
    assert_eq!(locked.code(), "pin_locked");
    bed.clock.advance_millis(31_000);
    let guard = bed.gate().sign_on(&pair, "g1", PIN).await.unwrap();
    assert_eq!(bed.gate().guard_of(&pair), Some(guard));
    let next = bed.gate().hand_over(&pair, "g2", PIN, "一切正常").await.unwrap();
    assert!(next.leader);
    let (_, clock, dir) = bed.stop().await;
    let (running, shutdown) = serve(dir.path(), &clock).await;
    assert_eq!(
        running.gate.guard_of(&running.gate.find_pair(&secret).unwrap()),
        Some(next.clone())
    );
    running.gate.unpair(&next, pair.id).await.unwrap();
    assert_eq!(running.gate.find_pair(&secret), None);
    shutdown.begin();
    running.finished().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_gate_opens_a_new_journal_that_cites_the_old_head() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    until("sent", || bed.gate().status().to_send == 0).await;
    let old = bed.gate().machine();
    let (issuer, clock, dir) = bed.stop().await;
    let backup = dir.path().join("../backup.sqlite");
    let backup = dir.path().with_file_name(format!(
        "{}-{}",
        dir.path().file_name().unwrap().to_str().unwrap(),
        backup.file_name().unwrap().to_str().unwrap()
    ));
    std::fs::copy(dir.path().join("gate.sqlite"), &backup).unwrap();
    let (running, shutdown) = serve(dir.path(), &clock).await;
    until("bundle", || running.gate.status().roster_len == 20).await;
    let text = issuer.state().pass(1);
    running.gate.scan(&guard, &text, Direction::In).await.unwrap();
    until("sent", || running.gate.status().to_send == 0).await;
    shutdown.begin();
    running.finished().await.unwrap();
    std::fs::copy(&backup, dir.path().join("gate.sqlite")).unwrap();
    std::fs::remove_file(&backup).unwrap();
    let (running, shutdown) = serve(dir.path(), &clock).await;
    running.gate.scan(&guard, &text, Direction::In).await.unwrap();
    until("another journal", || running.gate.machine().journal_id != old.journal_id).await;
    until("sent", || running.gate.status().to_send == 0).await;
    let opened = running.gate.journal().find_record(0).await.unwrap().unwrap();
    let opened = Entry::decode(&opened.chained).unwrap();
    assert_eq!(opened.draft.kind, EntryKind::Opened);
    assert!(opened.draft.cites.is_some());
    assert_eq!(issuer.state().journals.len(), 2);
    shutdown.begin();
    running.finished().await.unwrap();
}
