//! A gate or an issuer that was set back to an earlier day.

use std::path::Path;

use fugong_common::journal::{Entry, EntryKind, Record};
use fugong_common::status::Status;
use fugong_common::verdict::Verdict;
use fugong_verifier::view::{Direction, Recorded};
use fugong_verifier::{Guard, Running};

use crate::bed::{Bed, end, serve, until};
use crate::issuer::Issuer;

/// Looks somebody up, which is recorded under a text of its own.
async fn note(running: &Running, guard: &Guard, text: &str) {
    running.gate.lookup(guard, text).await.unwrap();
}

fn holds(records: &[Record], text: &str) -> bool {
    let holds = |record: &Record| {
        let sealed = record.sealed.as_ref().expect("nothing was purged");
        sealed.bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    records.iter().any(holds)
}

fn times(issuer: &Issuer, text: &str) -> usize {
    let state = issuer.state();
    let lists = state.journals.values().map(|(_, records)| records.as_slice());
    lists.filter(|records| holds(records, text)).count()
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_gate_opens_a_new_journal_that_cites_the_old_head() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    until("sent", || bed.gate().status().to_send == 0).await;
    let old = bed.gate().machine();
    let (issuer, clock, dir) = bed.stop().await;
    let scratch = tempfile::tempdir().unwrap();
    let (file, kept) = (dir.path().join("gate.sqlite"), scratch.path().join("copy"));
    copy(&file, &kept);
    let (running, shutdown) = serve(dir.path(), &clock).await;
    until("bundle", || running.gate.status().roster_len == 20).await;
    let text = issuer.state().pass(1);
    running.gate.scan(&guard, &text, Direction::In).await.unwrap();
    until("sent", || running.gate.status().to_send == 0).await;
    end(running, shutdown).await;
    copy(&kept, &file);
    let (running, shutdown) = serve(dir.path(), &clock).await;
    running.gate.scan(&guard, &text, Direction::In).await.unwrap();
    until("another journal", || running.gate.machine().journal_id != old.journal_id).await;
    until("sent", || running.gate.status().to_send == 0).await;
    let opened = running.gate.journal().find_record(0).await.unwrap().unwrap();
    let opened = Entry::decode(&opened.chained).unwrap();
    assert_eq!(opened.draft.kind, EntryKind::Opened);
    assert!(opened.draft.cites.is_some());
    assert_eq!(issuer.state().journals.len(), 2);
    end(running, shutdown).await;
}

/// A gate writes before and after its database was set back; the issuer has `since` entries in between.
async fn set_back(since: u32, after: u32) {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    note(&bed.running, &guard, "复制之前").await;
    until("sent", || bed.gate().status().to_send == 0).await;
    let (issuer, clock, dir) = bed.stop().await;
    let scratch = tempfile::tempdir().unwrap();
    let (file, kept) = (dir.path().join("gate.sqlite"), scratch.path().join("copy"));
    copy(&file, &kept);
    let (running, shutdown) = serve(dir.path(), &clock).await;
    until("bundle", || running.gate.status().roster_len == 20).await;
    for n in 0..since {
        note(&running, &guard, &format!("之后的第 {n} 项")).await;
    }
    until("sent", || running.gate.status().to_send == 0).await;
    end(running, shutdown).await;

    copy(&kept, &file);
    issuer.state().away = true;
    let (running, shutdown) = serve(dir.path(), &clock).await;
    for n in 0..after {
        note(&running, &guard, &format!("恢复后的第 {n} 项")).await;
    }
    issuer.state().away = false;
    running.gate.sync_now();
    let lost = |n: &u32| {
        let text = format!("恢复后的第 {n} 项");
        !holds(&issuer.state().branches, &text) && times(&issuer, &text) == 0
    };
    until("everything is at the issuer", || (0..after).filter(lost).count() == 0).await;
    for n in 0..since {
        assert_eq!(times(&issuer, &format!("之后的第 {n} 项")), 1);
    }
    // What comes now goes into a journal of its own.
    note(&running, &guard, "重新开始").await;
    until("the new journal arrives", || times(&issuer, "重新开始") == 1).await;
    assert_eq!(issuer.state().journals.len(), 2);
    end(running, shutdown).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_set_back_behind_the_issuer_hands_over_what_it_wrote_under_taken_numbers() {
    set_back(30, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_set_back_and_already_ahead_again_hands_over_its_other_history() {
    set_back(3, 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_was_set_back_is_told_what_the_gate_holds_and_gets_every_journal_again() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    for n in 0..20 {
        note(&bed.running, &guard, &format!("第 {n} 项")).await;
    }
    until("sent", || bed.gate().status().to_send == 0).await;
    // Nothing waits to be sent: only the issuer's own word brings the gate to look again.
    let lists = {
        let mut state = bed.issuer.state();
        state.restored = true;
        for (head, records) in state.journals.values_mut() {
            records.truncate(5);
            *head = fugong_common::journal::Head::verify(head.id, records).unwrap();
        }
        state.parts_named("status/").count()
    };
    assert_eq!(times(&bed.issuer, "第 19 项"), 0);
    bed.gate().sync_now();
    until("the gate tells", || bed.issuer.state().held.contains_key("manifest")).await;
    until("the journal is whole", || times(&bed.issuer, "第 19 项") == 1).await;
    let held = bed.issuer.state().held.clone();
    assert!(held.contains_key("trust"));
    assert_eq!(held.keys().filter(|name| name.starts_with("status/")).count(), lists);
    // It goes on meanwhile, and takes the issuer's bundles again afterwards.
    let pass = bed.issuer.state().pass(3);
    let answer = bed.gate().scan(&guard, &pass, Direction::In).await.unwrap();
    assert_eq!(answer.verdict, Verdict::Measure);
    bed.issuer.state().restored = false;
    let seq = bed.issuer.change(|_| ());
    bed.seq(seq).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_list_that_forgot_a_revocation_brings_nobody_back_also_after_a_restart() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let placard = bed.issuer.state().placard();
    let seq = bed.issuer.change(|state| state.permit_status(Status::Revoked));
    bed.seq(seq).await;
    let seq = bed.issuer.change(|state| state.permits.set(1, Status::Valid).unwrap());
    bed.seq(seq).await;
    let answer = bed.gate().scan(&guard, &placard, Direction::In).await.unwrap();
    assert_eq!(answer.verdict, Verdict::Revoked);
    assert!(matches!(answer.recorded, Recorded::Yes { .. }));
    until("the issuer is told", || {
        bed.issuer.state().held.keys().any(|name| name.starts_with("status/"))
    })
    .await;
    let (issuer, clock, dir) = bed.stop().await;
    issuer.state().away = true;
    let (running, shutdown) = serve(dir.path(), &clock).await;
    let answer = running.gate.scan(&guard, &placard, Direction::In).await.unwrap();
    assert_eq!(answer.verdict, Verdict::Revoked);
    end(running, shutdown).await;
}
