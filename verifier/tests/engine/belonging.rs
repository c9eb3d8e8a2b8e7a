//! To whom a verifier belongs: enrolment, confirmation, cut-off, enrolment anew.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fugong_common::entropy::SeededEntropy;
use fugong_common::journal::Entry;
use fugong_common::service::serve::Shutdown;
use fugong_common::time::ManualClock;
use fugong_verifier::run;
use fugong_verifier::store::Store;
use fugong_verifier::view::EnrolmentStatus;

use crate::bed::{Bed, config, end, enrol_as, enrol_at, serve, until};
use crate::issuer::{Issuer, NOON};

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
    end(running, shutdown).await;
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
    end(running, shutdown).await;
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
    end(again, shutdown).await;
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
    let later = NOON.plus_hours(1);
    enrol_as(&issuer, dir.path(), 6, later).await;
    clock.set(later.plus_minutes(1));
    let (again, shutdown) = serve(dir.path(), &clock).await;
    let standing = again.gate.journal().standing().unwrap();
    assert_ne!(standing.head.id, before.id);
    let first = again.gate.journal().find_record(0).await.unwrap().unwrap();
    assert_eq!(Entry::decode(&first.chained).unwrap().draft.cites, Some(before.hash));
    end(again, shutdown).await;
}
