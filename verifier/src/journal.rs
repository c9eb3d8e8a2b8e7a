//! The gate's journal on disk: one writer, one fsync for everybody who waits.
//!
//! Every answer that lets somebody pass waits until its entry is committed. One task takes all entries that wait, writes them in
//! one transaction, moves the head in memory only after the commit, and then answers them all; while it commits, the next group
//! gathers. If the disk refuses, everybody in the group is told "not recorded", and the answers are counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fugong_common::entropy::Entropy;
use fugong_common::journal::{Draft, Head, JournalId, Record, Sealed, SealedPart};
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::wire::Hex;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use tokio::sync::{mpsc, oneshot, watch};

use crate::presence::{Move, Presence};
use crate::store::{NotRecordedCount, Store, StoreError};
use crate::writer::Writer;

/// Entries that may wait. Beyond it callers wait for a place, which slows the door instead of filling the memory.
const WAITING: usize = 4096;

/// An entry on its way to the disk.
#[derive(Clone, Debug)]
pub struct Append {
    pub draft: Draft,
    pub sealed: Sealed,
    /// Shown among the last checks.
    pub shown: bool,
    /// Somebody went in or out.
    pub moved: Option<Move>,
}

/// The disk refused: the answer may be shown, but under NOT RECORDED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRecorded;

/// Where the journal stands, as of the last commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Row of `journals`.
    pub number: i64,
    pub head: Head,
    /// Entries below this are at the issuer.
    pub sent_seq: u64,
}

pub(crate) enum Request {
    Append(Box<Append>, oneshot::Sender<Result<u64, NotRecorded>>),
    Open(Box<(Draft, Sealed)>, oneshot::Sender<Result<Standing, NotRecorded>>),
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub standing: Mutex<Option<Standing>>,
    pub presence: Mutex<Presence>,
    pub not_recorded: AtomicU64,
    pub commits: AtomicU64,
    pub changed: watch::Sender<u64>,
}

/// Handle to the writer.
#[derive(Clone, Debug)]
pub struct Journal {
    requests: mpsc::Sender<Request>,
    shared: Arc<Shared>,
    store: Store,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Append(..) => "Append",
            Self::Open(..) => "Open",
            Self::Close(_) => "Close",
        })
    }
}

/// Number, sent, chained bytes, sealed part.
type ShownRow = (i64, bool, Vec<u8>, Option<Vec<u8>>);

/// A journal that was checked from its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub id: JournalId,
    /// Entries found good.
    pub entries: u64,
    /// What is wrong after them.
    pub fault: Option<String>,
}

/// Which shown entries are wanted.
#[derive(Clone, Copy, Debug)]
pub struct ShownQuery {
    pub since: Millis,
    pub verdict: Option<Verdict>,
    pub skip: u32,
    pub limit: u32,
}

impl Default for ShownQuery {
    /// All of them.
    fn default() -> Self {
        Self { since: Millis(i64::MIN), verdict: None, skip: 0, limit: u32::MAX }
    }
}

/// A shown entry.
#[derive(Clone, Debug)]
pub struct Shown {
    pub seq: u64,
    /// The issuer has it.
    pub sent: bool,
    pub record: Record,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `SQLite` integers are signed; sequence numbers stay far below.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn standing_from(row: &SqliteRow) -> Result<Standing, StoreError> {
    let corrupt = |column| move |_: Vec<u8>| StoreError::Corrupt { table: "journals", column };
    let id: [u8; 16] = row.try_get::<Vec<u8>, _>("id")?.try_into().map_err(corrupt("id"))?;
    let hash: [u8; 32] = row.try_get::<Vec<u8>, _>("head")?.try_into().map_err(corrupt("head"))?;
    Ok(Standing {
        number: row.try_get("number")?,
        head: Head { id: Hex(id), next_seq: unsigned(row.try_get("next_seq")?), hash },
        sent_seq: unsigned(row.try_get("sent_seq")?),
    })
}

/// Where a journal stands in the file.
pub(crate) async fn find_standing(store: &Store, number: i64) -> Result<Standing, StoreError> {
    let row = sqlx::query("SELECT * FROM journals WHERE number = $1")
        .bind(number)
        .fetch_one(store.pool())
        .await?;
    standing_from(&row)
}

fn record_from(chained: Vec<u8>, sealed: Option<Vec<u8>>) -> Record {
    let sealed = sealed.and_then(|bytes| {
        let (salt, bytes) = bytes.split_first_chunk::<16>()?;
        Some(SealedPart { salt: *salt, bytes: bytes.to_vec() })
    });
    Record { chained, sealed }
}

impl Journal {
    /// Takes up the last journal of the store, if there is one, and starts the writer.
    pub async fn start(
        store: Store,
        entropy: Arc<dyn Entropy>,
        changed: watch::Sender<u64>,
    ) -> Result<Self, StoreError> {
        let row = sqlx::query("SELECT * FROM journals ORDER BY number DESC LIMIT 1")
            .fetch_optional(store.pool())
            .await?;
        let standing = row.as_ref().map(standing_from).transpose()?;
        let presence = Presence::load(store.pool()).await?;
        let count = NotRecordedCount::open(store.dir())?;
        let shared = Arc::new(Shared {
            standing: Mutex::new(standing),
            presence: Mutex::new(presence),
            not_recorded: AtomicU64::new(count.count()),
            commits: AtomicU64::new(0),
            changed,
        });
        let (requests, waiting) = mpsc::channel(WAITING);
        let writer = Writer {
            store: store.clone(),
            entropy,
            shared: Arc::clone(&shared),
            count,
            connection: None,
        };
        tokio::spawn(writer.run(waiting));
        Ok(Self { requests, shared, store })
    }

    /// Records an entry; returns its number once it is on disk.
    ///
    /// # Errors
    /// [`NotRecorded`]; the answer was counted.
    pub async fn append(&self, append: Append) -> Result<u64, NotRecorded> {
        let (done, answer) = oneshot::channel();
        self.requests
            .send(Request::Append(Box::new(append), done))
            .await
            .map_err(|_| NotRecorded)?;
        answer.await.map_err(|_| NotRecorded)?
    }

    /// Opens a new journal, whose first entry is `draft` and may cite the head of the one before.
    ///
    /// # Errors
    /// [`NotRecorded`]; the old journal goes on.
    pub async fn open_new(&self, draft: Draft, sealed: Sealed) -> Result<Standing, NotRecorded> {
        let (done, answer) = oneshot::channel();
        self.requests
            .send(Request::Open(Box::new((draft, sealed)), done))
            .await
            .map_err(|_| NotRecorded)?;
        answer.await.map_err(|_| NotRecorded)?
    }

    /// Lets go of the file once everything that waits is written.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.requests.send(Request::Close(done)).await.is_ok() {
            // Nobody answers once the writer is gone, and with it its connection.
            let _ = closed.await;
        }
    }

    pub fn standing(&self) -> Option<Standing> {
        *lock(&self.shared.standing)
    }

    /// Answers that the disk refused to record and that no entry accounts for yet.
    pub fn not_recorded(&self) -> u64 {
        self.shared.not_recorded.load(Ordering::Relaxed)
    }

    /// Transactions committed since the start.
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// Looks at who is inside.
    pub fn presence<T>(&self, look: impl FnOnce(&Presence) -> T) -> T {
        look(&lock(&self.shared.presence))
    }

    /// Records of a journal from `from`, at most `limit`.
    pub async fn list_records(
        &self,
        number: i64,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Record>, sqlx::Error> {
        let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT chained, sealed FROM entries WHERE journal = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
        )
        .bind(number)
        .bind(signed(from))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.store.pool())
        .await?;
        Ok(rows.into_iter().map(|(chained, sealed)| record_from(chained, sealed)).collect())
    }

    /// Shown entries of every journal, newest first.
    pub async fn list_shown(&self, query: ShownQuery) -> Result<Vec<Shown>, sqlx::Error> {
        let rows: Vec<ShownRow> = sqlx::query_as(
            "SELECT e.seq, e.seq < j.sent_seq, e.chained, e.sealed FROM entries e \
             JOIN journals j ON j.number = e.journal \
             WHERE e.shown = 1 AND e.at >= $4 AND ($1 IS NULL OR e.verdict = $1) \
             ORDER BY e.journal DESC, e.seq DESC LIMIT $2 OFFSET $3",
        )
        .bind(query.verdict.map(Verdict::code))
        .bind(i64::from(query.limit))
        .bind(i64::from(query.skip))
        .bind(query.since.0)
        .fetch_all(self.store.pool())
        .await?;
        let shown = |(seq, sent, chained, sealed)| Shown {
            seq: unsigned(seq),
            sent,
            record: record_from(chained, sealed),
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// How many shown entries there are.
    pub async fn count_shown(&self, query: ShownQuery) -> Result<u32, sqlx::Error> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM entries \
             WHERE shown = 1 AND at >= $2 AND ($1 IS NULL OR verdict = $1)",
        )
        .bind(query.verdict.map(Verdict::code))
        .bind(query.since.0)
        .fetch_one(self.store.pool())
        .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// One record of the current journal.
    pub async fn find_record(&self, seq: u64) -> Result<Option<Record>, sqlx::Error> {
        let Some(standing) = self.standing() else { return Ok(None) };
        let found = self.list_records(standing.number, seq, 1).await?;
        Ok(if seq < standing.head.next_seq { found.into_iter().next() } else { None })
    }

    /// Notes that the issuer has the entries below `sent`; fewer than before where the issuer itself was restored.
    pub async fn set_sent(&self, number: i64, sent: u64) -> Result<(), sqlx::Error> {
        let same = |s: &Standing| s.number == number && s.sent_seq == sent;
        if self.standing().is_some_and(|standing| same(&standing)) {
            return Ok(());
        }
        sqlx::query("UPDATE journals SET sent_seq = $1 WHERE number = $2")
            .bind(signed(sent))
            .bind(number)
            .execute(self.store.pool())
            .await?;
        if let Some(standing) = lock(&self.shared.standing).as_mut().filter(|s| s.number == number)
        {
            standing.sent_seq = sent;
        }
        self.shared.changed.send_modify(|n| *n = n.wrapping_add(1));
        Ok(())
    }

    /// Nobody is inside any more, as far as this gate may know: it was cut off.
    pub(crate) fn forget_people(&self) {
        *lock(&self.shared.presence) = Presence::default();
    }

    /// Journals that the issuer doesn't have whole yet, oldest first, without forked ones.
    pub async fn list_unsent(&self) -> Result<Vec<Standing>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM journals WHERE sent_seq < next_seq AND forked = 0 ORDER BY number",
        )
        .fetch_all(self.store.pool())
        .await?;
        rows.iter().map(standing_from).collect()
    }

    /// Every journal that isn't forked, oldest first, also those that the issuer has had whole.
    pub async fn list_whole_histories(&self) -> Result<Vec<Standing>, StoreError> {
        let rows = sqlx::query("SELECT * FROM journals WHERE forked = 0 ORDER BY number")
            .fetch_all(self.store.pool())
            .await?;
        rows.iter().map(standing_from).collect()
    }

    /// Forked journals that the issuer hasn't been handed whole, and the current one if it is forked.
    pub async fn list_branches(&self) -> Result<Vec<Standing>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM journals WHERE forked = 1 AND (sent_seq < next_seq \
             OR number = (SELECT max(number) FROM journals)) ORDER BY number",
        )
        .fetch_all(self.store.pool())
        .await?;
        rows.iter().map(standing_from).collect()
    }

    /// The same with forked ones: all of which the issuer hasn't seen every entry.
    pub async fn list_incomplete(&self) -> Result<Vec<Standing>, StoreError> {
        let rows = sqlx::query("SELECT * FROM journals WHERE sent_seq < next_seq ORDER BY number")
            .fetch_all(self.store.pool())
            .await?;
        rows.iter().map(standing_from).collect()
    }

    /// Stops uploads of a journal of which the issuer holds another history.
    pub async fn mark_forked(&self, number: i64) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE journals SET forked = 1 WHERE number = $1")
            .bind(number)
            .execute(self.store.pool())
            .await?;
        Ok(())
    }

    /// Deletes the personal part and salt of entries that the issuer has had since before `before`; the chain still verifies.
    pub async fn purge_sent(&self, before: Millis) -> Result<u64, sqlx::Error> {
        let done = sqlx::query(
            "UPDATE entries SET sealed = NULL WHERE sealed IS NOT NULL AND at < $1 AND seq < \
             (SELECT sent_seq FROM journals WHERE journals.number = entries.journal)",
        )
        .bind(before.0)
        .execute(self.store.pool())
        .await?;
        Ok(done.rows_affected())
    }

    /// Checks every journal from its beginning.
    pub async fn verify_all(store: &Store) -> Result<Vec<Checked>, StoreError> {
        // One view of all of it: a running `serve` goes on writing meanwhile.
        let mut view = store.pool().begin().await?;
        let rows =
            sqlx::query("SELECT * FROM journals ORDER BY number").fetch_all(&mut *view).await?;
        let mut found = Vec::new();
        for row in &rows {
            let standing = standing_from(row)?;
            let mut head = Head::start(standing.head.id);
            let mut fault = None;
            loop {
                let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as(
                    "SELECT chained, sealed FROM entries WHERE journal = $1 AND seq >= $2 \
                     ORDER BY seq LIMIT 2000",
                )
                .bind(standing.number)
                .bind(signed(head.next_seq))
                .fetch_all(&mut *view)
                .await?;
                if rows.is_empty() {
                    break;
                }
                let records: Vec<_> = rows.into_iter().map(|(c, s)| record_from(c, s)).collect();
                match head.follow(&records, |_| None) {
                    Ok(followed) => head = followed.head,
                    Err(found) => {
                        fault = Some(found.to_string());
                        break;
                    }
                }
            }
            if fault.is_none() && head != standing.head {
                fault = Some(format!(
                    "the journal ends at {}, but {} entries were acknowledged",
                    head.next_seq, standing.head.next_seq
                ));
            }
            found.push(Checked { id: standing.head.id, entries: head.next_seq, fault });
        }
        Ok(found)
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
