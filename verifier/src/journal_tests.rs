use std::sync::Arc;

use fugong_common::clock::ClockState;
use fugong_common::entropy::SeededEntropy;
use fugong_common::journal::{Entry, EntryKind, Known};
use fugong_common::verdict::Verdict;

use super::*;
use crate::presence::PersonKey;

const NOON: Millis = Millis(1_581_220_800_000);

fn draft(kind: EntryKind, verdict: Option<Verdict>) -> Draft {
    let known =
        Known { key: None, list_seq: None, rule_version: Some(3), clock: ClockState::Trusted };
    Draft { at: NOON, kind, verdict, known, cites: None }
}

fn passed(worker: &str) -> Append {
    Append {
        draft: draft(EntryKind::Temperature, Some(Verdict::Valid)),
        sealed: Sealed { worker: Some(worker.to_owned()), ..Sealed::default() },
        shown: true,
        moved: Some(Move::Entered {
            person: PersonKey::worker(worker),
            lineage: [1; 8],
            name: "王*明".to_owned(),
            enterprise: "云锦服饰（示例）".to_owned(),
            visitor: false,
        }),
    }
}

async fn journal(store: &Store) -> Journal {
    let entropy = Arc::new(SeededEntropy::new(1));
    let journal = Journal::start(store.clone(), entropy, watch::Sender::new(0)).await.unwrap();
    if journal.standing().is_none() {
        journal.open_new(draft(EntryKind::Opened, None), Sealed::default()).await.unwrap();
    }
    journal
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_wait_together_share_one_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let journal = journal(&store).await;
    let waiters: Vec<_> = (0..400)
        .map(|n| {
            let journal = journal.clone();
            tokio::spawn(async move { journal.append(passed(&format!("W{n}"))).await.unwrap() })
        })
        .collect();
    let mut numbers = Vec::new();
    for waiter in waiters {
        numbers.push(waiter.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=400).collect::<Vec<_>>());
    assert!(journal.commits() < 100, "{} commits for 400 entries", journal.commits());
    assert_eq!(journal.presence(Presence::count), 400);
    let verified = Journal::verify_all(&store).await.unwrap();
    assert_eq!(verified.len(), 1);
    assert_eq!((verified[0].entries, &verified[0].fault), (401, &None));
}

#[tokio::test]
async fn a_restart_takes_the_chain_and_the_people_inside_up_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let first = journal(&store).await;
    assert_eq!(first.append(passed("W1")).await, Ok(1));
    drop(first);
    let second = journal(&store).await;
    assert_eq!(second.append(passed("W2")).await, Ok(2));
    assert_eq!(second.presence(Presence::count), 2);
    assert!(Journal::verify_all(&store).await.unwrap()[0].fault.is_none());
}

#[tokio::test]
async fn answers_that_the_disk_refuses_are_counted_and_accounted_for_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let journal = journal(&store).await;
    let rename = async |from: &'static str| sqlx::query(from).execute(store.pool()).await.unwrap();
    rename("ALTER TABLE entries RENAME TO lost").await;
    assert_eq!(journal.append(passed("W1")).await, Err(NotRecorded));
    assert_eq!(journal.append(passed("W2")).await, Err(NotRecorded));
    assert_eq!(journal.not_recorded(), 2);
    assert_eq!(journal.presence(Presence::count), 0, "what isn't recorded didn't happen");
    assert_eq!(NotRecordedCount::open(dir.path()).unwrap().count(), 2);
    rename("ALTER TABLE lost RENAME TO entries").await;
    assert_eq!(journal.append(passed("W3")).await, Ok(2));
    assert_eq!(journal.not_recorded(), 0);
    let account = journal.find_record(1).await.unwrap().unwrap();
    assert_eq!(Entry::decode(&account.chained).unwrap().draft.kind, EntryKind::NotRecorded);
    let sealed = Sealed::from_bytes(&account.sealed.unwrap().bytes).unwrap();
    assert_eq!(sealed.text.as_deref(), Some("2"));
    assert!(Journal::verify_all(&store).await.unwrap()[0].fault.is_none());
}

#[tokio::test]
async fn a_commit_that_came_through_and_was_reported_as_failed_stops_nobody_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let journal = journal(&store).await;
    let before = journal.standing();
    assert_eq!(journal.append(passed("W1")).await, Ok(1));
    // Nobody here has heard of it.
    *lock(&journal.shared.standing) = before;
    *lock(&journal.shared.presence) = Presence::default();
    assert_eq!(journal.append(passed("W2")).await, Err(NotRecorded), "its number is taken");
    assert_eq!(journal.append(passed("W3")).await, Ok(3), "behind the account of what was missed");
    assert_eq!(journal.presence(Presence::count), 2, "as the file has it");
    assert!(Journal::verify_all(&store).await.unwrap()[0].fault.is_none());
}

#[tokio::test]
async fn purging_what_was_sent_leaves_the_chain_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let journal = journal(&store).await;
    for worker in ["W1", "W2", "W3"] {
        journal.append(passed(worker)).await.unwrap();
    }
    let number = journal.standing().unwrap().number;
    journal.set_sent(number, 3).await.unwrap();
    assert_eq!(journal.purge_sent(NOON).await.unwrap(), 0, "nothing is old enough");
    assert_eq!(journal.purge_sent(NOON.plus_hours(1)).await.unwrap(), 3);
    assert!(journal.find_record(2).await.unwrap().unwrap().sealed.is_none());
    assert!(journal.find_record(3).await.unwrap().unwrap().sealed.is_some(), "not sent yet");
    assert!(Journal::verify_all(&store).await.unwrap()[0].fault.is_none());
}

#[tokio::test]
async fn a_changed_entry_is_found_by_verification() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let journal = journal(&store).await;
    journal.append(passed("W1")).await.unwrap();
    journal.append(passed("W2")).await.unwrap();
    let forged = Head::start(Hex([0; 16]))
        .append(&draft(EntryKind::Note, None), &Sealed::default(), [0; 16])
        .0;
    sqlx::query("UPDATE entries SET chained = $1 WHERE seq = 1")
        .bind(forged.chained)
        .execute(store.pool())
        .await
        .unwrap();
    assert!(Journal::verify_all(&store).await.unwrap()[0].fault.is_some());
}
