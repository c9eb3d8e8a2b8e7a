//! What gates record comes in: once, in order, and with everything that contradicts it.

use axum::http::Method;
use fugong_common::clock::ClockState;
use fugong_common::journal::{Batch, Direction, Draft, EntryKind, Head, Known, Record, Sealed};
use fugong_common::keys::Signer;
use fugong_common::verdict::Verdict;
use fugong_common::wire::{Hex, problem};

use super::gate::{GATE, ask, code_of, device, enrolled, town};
use crate::accounts::Role;
use crate::db::Tx;
use crate::gates::store::scans::{self, After};
use crate::gates::store::{self, disputes, journals};
use crate::gates::{Intake, intake, take_in};
use crate::permits::testing::{NOW, Town};
use crate::run;
use crate::testing::plan;

fn entry(head: &Head, n: u64) -> (Record, Head) {
    let draft = Draft {
        at: NOW.plus_seconds(i64::try_from(n).unwrap()),
        kind: EntryKind::Check,
        verdict: Some(Verdict::Valid),
        known: Known {
            key: None,
            list_seq: Some(1),
            rule_version: Some(3),
            clock: ClockState::Trusted,
        },
        cites: None,
    };
    let sealed = Sealed {
        enterprise_id: Some("e1".into()),
        worker: Some("A0001".into()),
        name: Some("王芳".into()),
        direction: Some(Direction::In),
        temperature_tenths: Some(365),
        operator: Some("刘芳".into()),
        ..Sealed::default()
    };
    head.append(&draft, &sealed, [u8::try_from(n % 251).unwrap(); 16])
}

pub fn entries(head: Head, count: u64) -> (Vec<Record>, Head) {
    let mut head = head;
    let mut records = Vec::new();
    for n in 0..count {
        let (record, next) = entry(&head, n + head.next_seq);
        records.push(record);
        head = next;
    }
    (records, head)
}

pub async fn count(town: &Town) -> usize {
    let mut tx = town.app.db().read().await.unwrap();
    scans::list_of_enterprise(&mut tx, "e1", &After::newest(), 10_000).await.unwrap().len()
}

#[tokio::test]
async fn an_upload_that_is_repeated_or_overlaps_counts_once() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let id = Hex([9; 16]);
    let (records, _) = entries(Head::start(id), 10);
    let batch = |records: &[Record]| Batch { id, records: records.to_vec() }.seal(&key).unwrap();
    let public = key.public_key();
    let first = take_in(&town.app, GATE, &public, &batch(&records[..6])).await.unwrap();
    assert!(matches!(first, Intake::Taken { head, duplicates: 0 } if head.next_seq == 6));
    let again = take_in(&town.app, GATE, &public, &batch(&records[..6])).await.unwrap();
    assert!(matches!(again, Intake::Taken { head, duplicates: 6 } if head.next_seq == 6));
    let rest = take_in(&town.app, GATE, &public, &batch(&records[3..])).await.unwrap();
    assert!(
        matches!(rest, Intake::Taken { head, duplicates: 3 } if head.next_seq == 10),
        "{rest:?}"
    );
    assert_eq!(count(&town).await, 10);
    let ahead = entries(entries(Head::start(id), 20).1, 2).0;
    let gap = take_in(&town.app, GATE, &public, &batch(&ahead)).await.unwrap();
    assert!(matches!(gap, Intake::Disputed { head, .. } if head.next_seq == 10));
    assert_eq!(count(&town).await, 10);
}

#[tokio::test]
async fn whoever_sends_a_journals_beginning_again_makes_nobody_read_all_of_it() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let id = Hex([9; 16]);
    let (records, _) = entries(Head::start(id), 12);
    let batch = |records: &[Record]| Batch { id, records: records.to_vec() }.seal(&key).unwrap();
    for part in records.chunks(2) {
        take_in(&town.app, GATE, &key.public_key(), &batch(part)).await.unwrap();
    }
    let mut tx = town.app.db().read().await.unwrap();
    let row = journals::find(&mut tx, &id.to_string()).await.unwrap().unwrap();
    let held = intake::head_of(&row, id).unwrap();
    for (part, wanted) in [(&records[..3], 0..3), (&records[4..6], 4..6), (&records[9..], 9..12)] {
        let known = intake::known_hashes(&mut tx, &held, part, &key.public_key()).await;
        let known: std::collections::BTreeSet<u64> = known.unwrap().into_keys().collect();
        assert_eq!(known, wanted.collect(), "of the journal's six batches only those repeated");
    }
}

#[tokio::test]
async fn a_fork_is_kept_told_and_not_counted() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let id = Hex([9; 16]);
    let (records, _) = entries(Head::start(id), 4);
    let body = Batch { id, records }.seal(&key).unwrap();
    assert_eq!(ask(&town, &key, Method::POST, "/api/gate/journal", body).await.0, 200);
    // The same numbers, other content: a copy of the box went its own way.
    let mut head = Head::start(id);
    let mut other = Vec::new();
    for n in 0..4 {
        let (record, next) = entry(&head, n + 77);
        other.push(record);
        head = next;
    }
    let body = Batch { id, records: other }.seal(&key).unwrap();
    for _ in 0..2 {
        let body = body.clone();
        let (status, answer) = ask(&town, &key, Method::POST, "/api/gate/journal", body).await;
        assert_eq!((status, code_of(&answer).as_str()), (409, problem::JOURNAL_FORK));
    }
    // Handed over as what it is, again and again where receipts were lost: kept once.
    for _ in 0..2 {
        let body = body.clone();
        let kept = ask(&town, &key, Method::POST, "/api/gate/journal/branch", body).await;
        assert_eq!(kept.0, 204);
    }
    let noise = ask(&town, &key, Method::POST, "/api/gate/journal/branch", vec![7; 90]).await;
    assert_eq!(noise.0, 400);
    let mut tx = town.app.db().read().await.unwrap();
    let disputes = disputes::list(&mut tx, GATE).await.unwrap();
    assert_eq!((disputes.len(), disputes[0].fault.as_str()), (1, "fork"));
    drop(tx);
    assert_eq!(count(&town).await, 4);
}

#[tokio::test]
async fn a_branch_is_refused_rather_than_dropped_while_too_many_wait_for_a_person() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let mut tx = town.app.db().write().await.unwrap();
    for n in 0..200 {
        disputes::insert(&mut tx, &format!("d{n}"), GATE, "", "fork", &[1], NOW).await.unwrap();
    }
    tx.commit().await.unwrap();
    let id = Hex([9; 16]);
    let body = Batch { id, records: entries(Head::start(id), 2).0 }.seal(&key).unwrap();
    let path = "/api/gate/journal/branch";
    let (status, answer) = ask(&town, &key, Method::POST, path, body.clone()).await;
    assert_eq!((status, code_of(&answer).as_str()), (503, problem::DISPUTES_FULL));
    let mut tx = town.app.db().write().await.unwrap();
    assert!(disputes::settle(&mut tx, GATE, "d0", "wang", NOW).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(ask(&town, &key, Method::POST, path, body).await.0, 204);
}

#[tokio::test]
async fn disputes_are_counted_and_listed_without_reading_what_was_uploaded() {
    let town = town().await;
    enrolled(&town, &device(1)).await;
    let mut tx = town.app.db().write().await.unwrap();
    for n in 0..2_000 {
        let id = format!("d{n}");
        disputes::insert(&mut tx, &id, GATE, "", "fork", &[1; 200], NOW.plus_millis(n))
            .await
            .unwrap();
        if n % 500 != 7 {
            assert!(disputes::settle(&mut tx, GATE, &id, "wang", NOW).await.unwrap());
        }
    }
    assert!(disputes::holds(&mut tx, GATE, &[1; 200]).await.unwrap());
    assert!(!disputes::holds(&mut tx, GATE, &[1; 199]).await.unwrap());
    assert!(!disputes::holds(&mut tx, GATE, &[2; 200]).await.unwrap());
    assert_eq!(disputes::count_open(&mut tx, GATE).await.unwrap(), 4);
    assert_eq!(store::count_by_contact(&mut tx, NOW).await.unwrap().open_disputes, 4);
    let listed = disputes::list(&mut tx, GATE).await.unwrap();
    assert_eq!((listed.len(), listed[0].id.as_str()), (50, "d1999"));
    if matches!(tx, Tx::Postgres(_)) {
        run!(&mut tx, "ANALYZE journal_disputes").unwrap();
    }
    for (sql, index) in [
        (disputes::COUNT_OPEN, "journal_disputes_open"),
        (disputes::LIST, "journal_disputes_by_gate"),
    ] {
        let plan = plan!(&mut tx, sql, GATE);
        assert!(plan.contains(index), "{plan}");
    }
    let plan = plan!(&mut tx, store::COUNT_BY_CONTACT, NOW.0);
    assert!(plan.contains("journal_disputes_open"), "{plan}");
}

#[tokio::test]
async fn entries_that_lost_their_personal_part_are_counted_and_the_chain_goes_on() {
    let town = town().await;
    let key = device(1);
    enrolled(&town, &key).await;
    let id = Hex([9; 16]);
    let (mut records, _) = entries(Head::start(id), 5);
    records[1].sealed = None;
    records[2].sealed = None;
    let body = Batch { id, records }.seal(&key).unwrap();
    assert_eq!(ask(&town, &key, Method::POST, "/api/gate/journal", body).await.0, 200);
    let mut tx = town.app.db().read().await.unwrap();
    let journals = journals::list(&mut tx, GATE).await.unwrap();
    assert_eq!((journals[0].next_seq, journals[0].purged), (5, 2));
    drop(tx);
    let admin = town.sign_in("admin", Role::Administrator).await;
    let (_, page) = town.get(&format!("/gates/{GATE}"), &admin).await;
    assert!(page.contains("个人内容已在门岗删除 2"), "{page}");
}
