//! The one task that writes the journal.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fugong_common::entropy::{self, Entropy};
use fugong_common::journal::{Draft, EntryKind, Head, JournalId, Known, Record, Sealed};
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::wire::Hex;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, QueryBuilder, Sqlite};
use tokio::sync::{mpsc, oneshot};

use crate::journal::{self, Append, NotRecorded, Request, Shared, Standing, lock, signed};
use crate::presence::{self, Presence};
use crate::store::{NotRecordedCount, Store, StoreError};

/// Entries that one transaction takes at most: bounds the wait of the first for the last.
const GROUP: usize = 1000;
/// Rows of one INSERT: `SQLite` binds so many values at once with ease.
const ROWS: usize = 64;
/// A group of up to so many is prepared once and remembered, as one of a hundred texts; larger ones are rare, and would take
/// megabytes.
const REMEMBERED_ROWS: usize = 32;
type Waiter = oneshot::Sender<Result<u64, NotRecorded>>;

#[derive(Debug)]
pub(crate) struct Writer {
    pub store: Store,
    pub entropy: Arc<dyn Entropy>,
    pub shared: Arc<Shared>,
    pub count: NotRecordedCount,
    /// Its own, so that nobody who passes waits behind a page that reads. After a failure another one.
    pub connection: Option<SqliteConnection>,
}

impl Writer {
    pub(crate) async fn run(mut self, mut waiting: mpsc::Receiver<Request>) {
        let mut requests = Vec::new();
        while waiting.recv_many(&mut requests, GROUP).await > 0 {
            gather(&mut waiting, &mut requests).await;
            let mut group: Vec<(Append, Waiter)> = Vec::new();
            for request in requests.drain(..) {
                match request {
                    Request::Append(append, done) => group.push((*append, done)),
                    Request::Open(opening, done) => {
                        let (draft, sealed) = *opening;
                        self.commit(std::mem::take(&mut group)).await;
                        // Whoever asked may be gone; the journal is open all the same.
                        let _ = done.send(self.open(draft, sealed).await);
                    }
                    Request::Close(done) => {
                        self.commit(std::mem::take(&mut group)).await;
                        self.close().await;
                        let _ = done.send(());
                    }
                }
            }
            self.commit(group).await;
        }
    }

    async fn commit(&mut self, group: Vec<(Append, Waiter)>) {
        if group.is_empty() {
            return;
        }
        let (appends, waiters): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        match self.write(&appends).await {
            Ok(first) => {
                for (seq, waiter) in (first..).zip(waiters) {
                    let _ = waiter.send(Ok(seq));
                }
            }
            Err(error) => {
                tracing::error!(%error, entries = waiters.len(), "not recorded");
                let missed = u64::try_from(waiters.len()).unwrap_or(u64::MAX);
                self.set_not_recorded(self.count.count().saturating_add(missed));
                for waiter in waiters {
                    let _ = waiter.send(Err(NotRecorded));
                }
            }
        }
        self.shared.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Lets go of the file, so that the last to close it leaves nothing beside it.
    async fn close(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the journal was not closed");
        }
    }

    async fn connection(&mut self) -> Result<SqliteConnection, sqlx::Error> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => Ok(self.store.pool().acquire().await?.detach()),
        }
    }

    /// After a failure: a commit that was reported as failed may have come through all the same, and the file knows.
    async fn stand_as_stored(&self) -> Result<(), StoreError> {
        let Some(known) = *lock(&self.shared.standing) else { return Ok(()) };
        let stored = journal::find_standing(&self.store, known.number).await?;
        if stored.head == known.head {
            return Ok(());
        }
        tracing::warn!("entries that were reported as not recorded are on record");
        let presence = Presence::load(self.store.pool()).await?;
        *lock(&self.shared.presence) = presence;
        if let Some(standing) = lock(&self.shared.standing).as_mut() {
            standing.head = stored.head;
        }
        Ok(())
    }

    fn set_not_recorded(&mut self, count: u64) {
        self.count.set(count);
        self.shared.not_recorded.store(count, Ordering::Relaxed);
    }

    /// Writes a group and returns the number of its first entry.
    async fn write(&mut self, appends: &[Append]) -> Result<u64, StoreError> {
        if self.connection.is_none() {
            self.stand_as_stored().await?;
        }
        let standing = *lock(&self.shared.standing);
        let mut standing =
            standing.ok_or(StoreError::Corrupt { table: "journals", column: "id" })?;
        let missed = self.count.count();
        let mut head = standing.head;
        let mut rows = Vec::with_capacity(appends.len() + 1);
        if missed > 0
            && let Some(next) = appends.first()
        {
            // What was missed is accounted for before anything else.
            let draft =
                Draft { kind: EntryKind::NotRecorded, verdict: None, cites: None, ..next.draft };
            let draft =
                Draft { known: Known { key: None, list_seq: None, ..draft.known }, ..draft };
            let sealed = Sealed { text: Some(missed.to_string()), ..Sealed::default() };
            self.chain(&mut head, &mut rows, &draft, &sealed, true);
        }
        let first = head.next_seq;
        for append in appends {
            self.chain(&mut head, &mut rows, &append.draft, &append.sealed, append.shown);
        }
        let mut connection = self.connection().await?;
        // An error leaves the transaction open; then the connection is dropped, and it with it.
        let mut group = QueryBuilder::new("BEGIN IMMEDIATE; ");
        insert(&mut group, standing.number, &rows);
        move_head(&mut group, standing.number, &head);
        let moves = appends.iter().filter_map(|a| Some((a.moved.as_ref()?, a.draft.at)));
        presence::store(&mut group, moves);
        group.push("COMMIT");
        group.build().persistent(rows.len() <= REMEMBERED_ROWS).execute(&mut connection).await?;
        self.connection = Some(connection);
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("verifier_journal_commits_total").increment(1);
        metrics::counter!("verifier_journal_entries_total")
            .increment(u64::try_from(rows.len()).unwrap_or(0));
        {
            let mut presence = lock(&self.shared.presence);
            for append in appends {
                if let Some(moved) = &append.moved {
                    presence.apply(moved, append.draft.at);
                }
            }
            // `mark_sent` may have moved `sent_seq` meanwhile.
            let mut current = lock(&self.shared.standing);
            standing.sent_seq = current.map_or(standing.sent_seq, |s| s.sent_seq);
            standing.head = head;
            *current = Some(standing);
        }
        if missed > 0 {
            self.set_not_recorded(0);
        }
        Ok(first)
    }

    fn chain(
        &self,
        head: &mut Head,
        rows: &mut Vec<Row>,
        draft: &Draft,
        sealed: &Sealed,
        shown: bool,
    ) {
        let seq = head.next_seq;
        let (record, next) = head.append(draft, sealed, entropy::bytes(&*self.entropy));
        *head = next;
        rows.push(Row { seq, record, at: draft.at, shown, verdict: draft.verdict });
    }

    async fn open(&mut self, draft: Draft, sealed: Sealed) -> Result<Standing, NotRecorded> {
        let id: JournalId = Hex(entropy::bytes(&*self.entropy));
        let mut head = Head::start(id);
        let mut rows = Vec::new();
        self.chain(&mut head, &mut rows, &draft, &sealed, false);
        let opened = async {
            let mut connection = self.connection().await?;
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            let number: i64 = sqlx::query_scalar(
                "INSERT INTO journals (id, next_seq, head, sent_seq, opened_at) \
                 VALUES ($1, 0, $2, 0, $3) RETURNING number",
            )
            .bind(id.0.as_slice())
            .bind(Head::start(id).hash.as_slice())
            .bind(draft.at.0)
            .fetch_one(&mut *transaction)
            .await?;
            let mut first = QueryBuilder::new("");
            insert(&mut first, number, &rows);
            move_head(&mut first, number, &head);
            first.build().execute(&mut *transaction).await?;
            transaction.commit().await?;
            self.connection = Some(connection);
            Ok::<_, sqlx::Error>(Standing { number, head, sent_seq: 0 })
        };
        match opened.await {
            Ok(standing) => {
                *lock(&self.shared.standing) = Some(standing);
                self.shared.changed.send_modify(|n| *n = n.wrapping_add(1));
                Ok(standing)
            }
            Err(error) => {
                tracing::error!(%error, "the new journal could not be opened");
                Err(NotRecorded)
            }
        }
    }
}

struct Row {
    seq: u64,
    record: Record,
    at: Millis,
    shown: bool,
    verdict: Option<Verdict>,
}

/// Under load, lets everybody else who can go on do so and bring their entries, until nobody does: the fuller a group, the
/// fewer commits. Where one waits alone, it goes at once.
async fn gather(waiting: &mut mpsc::Receiver<Request>, requests: &mut Vec<Request>) {
    let mut before = 0;
    while before < requests.len() && requests.len() < GROUP {
        before = requests.len();
        tokio::task::yield_now().await;
        while requests.len() < GROUP
            && let Ok(request) = waiting.try_recv()
        {
            requests.push(request);
        }
    }
}

fn insert(group: &mut QueryBuilder<Sqlite>, journal: i64, rows: &[Row]) {
    for rows in rows.chunks(ROWS) {
        group.push("INSERT INTO entries (journal, seq, chained, sealed, at, shown, verdict) ");
        group.push_values(rows, |mut values, row| {
            let sealed = row.record.sealed.as_ref().map(|part| {
                let mut bytes = part.salt.to_vec();
                bytes.extend_from_slice(&part.bytes);
                bytes
            });
            values
                .push_bind(journal)
                .push_bind(signed(row.seq))
                .push_bind(row.record.chained.as_slice())
                .push_bind(sealed)
                .push_bind(row.at.0)
                .push_bind(i64::from(row.shown))
                .push_bind(row.verdict.map(Verdict::code));
        });
        group.push("; ");
    }
}

fn move_head(group: &mut QueryBuilder<Sqlite>, journal: i64, head: &Head) {
    group.push("UPDATE journals SET next_seq = ").push_bind(signed(head.next_seq));
    group.push(", head = ").push_bind(head.hash.as_slice());
    group.push(" WHERE number = ").push_bind(journal).push("; ");
}
