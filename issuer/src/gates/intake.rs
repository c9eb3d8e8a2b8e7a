//! Journals come in: signed bytes are stored before they are read, the journal's row is locked and
//! is the duplicate check, and whatever isn't understood is kept, flagged, and blocks nobody.

use std::collections::HashMap;

use fugong_common::clock::ClockState;
use fugong_common::hex;
use fugong_common::journal::{
    Batch, BatchError, ChainFault, Entry, EntryKind, Head, JournalId, Record, Sealed,
};
use fugong_common::keys::PublicKey;
use fugong_common::time::Millis;
use fugong_common::wire::Hex;

use super::store::scans::{self, Scan};
use super::store::{disputes, journals};
use crate::app::App;
use crate::db::{DbError, Tx};

/// What became of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intake {
    /// Everything new is on disk.
    Taken { head: Head, duplicates: u64 },
    /// It contradicts what is known; kept for people. The issuer stands at `head`.
    Disputed { fault: ChainFault, head: Head },
    /// Not a batch by this gate, kept nowhere.
    Refused(BatchError),
    /// The journal belongs to another gate.
    Foreign,
}

/// Takes a signed batch in. Everything of it becomes durable together, or nothing.
pub async fn take_in(
    app: &App,
    gate_id: &str,
    device: &PublicKey,
    bytes: &[u8],
) -> Result<Intake, DbError> {
    let batch = match Batch::open(bytes, device) {
        Ok(batch) => batch,
        Err(error) => return Ok(Intake::Refused(error)),
    };
    let now = app.now();
    let start = Head::start(batch.id);
    let mut tx = app.db().write().await?;
    let name = batch.id.to_string();
    let Some(row) = journals::lock(&mut tx, &name, gate_id, &start.hash, now).await? else {
        return Ok(Intake::Foreign);
    };
    let held = head_of(&row, batch.id)?;
    let known = known_hashes(&mut tx, &held, &batch.records, device).await?;
    let followed = match held.follow(&batch.records, |seq| known.get(&seq).copied()) {
        Ok(followed) => followed,
        Err(fault) => {
            // A gap is no contradiction: the gate only began too far on.
            if !matches!(fault, ChainFault::Gap { .. }) {
                keep(app, &mut tx, gate_id, &name, fault_code(fault), bytes).await?;
            }
            tx.commit().await?;
            return Ok(Intake::Disputed { fault, head: held });
        }
    };
    let duplicates = u64::try_from(followed.duplicates).unwrap_or(u64::MAX);
    let fresh = batch.records.get(followed.duplicates..).unwrap_or_default();
    if fresh.is_empty() {
        tx.commit().await?;
    } else {
        let span = (signed(held.next_seq), signed(followed.head.next_seq));
        journals::insert_batch(&mut tx, &name, span, bytes, now).await?;
        let (scans, unread) = interpret(gate_id, &name, held.next_seq, fresh, now);
        scans::insert(&mut tx, &scans).await?;
        journals::move_head(&mut tx, &name, span.1, &followed.head.hash, unread).await?;
        let purged = fresh.iter().filter(|record| record.sealed.is_none()).count();
        if purged > 0 {
            journals::count_purged(&mut tx, &name, i64::try_from(purged).unwrap_or(i64::MAX))
                .await?;
        }
        tx.commit().await?;
        measure(&scans, now);
    }
    Ok(Intake::Taken { head: followed.head, duplicates })
}

/// Verdicts by code, and how long ago the newest entry was made when it came in.
fn measure(scans: &[Scan], now: Millis) {
    for scan in scans.iter().filter(|scan| !scan.verdict.is_empty()) {
        metrics::counter!("fugong_scans_received_total", "verdict" => scan.verdict.clone())
            .increment(1);
    }
    if let Some(newest) = scans.iter().map(|scan| scan.at).max() {
        // Up to 68 years: exact in a float.
        let late = i32::try_from(now.since(Millis(newest)).max(0) / 1000).unwrap_or(i32::MAX);
        metrics::histogram!("fugong_journal_lag_seconds").record(f64::from(late));
    }
}

/// Keeps an upload that must not count, for people to look at.
pub(super) async fn quarantine(
    app: &App,
    gate_id: &str,
    fault: &str,
    bytes: &[u8],
) -> Result<(), DbError> {
    let mut tx = app.db().write().await?;
    keep(app, &mut tx, gate_id, "", fault, bytes).await?;
    tx.commit().await
}

/// What became of a history that contradicts the known one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Branch {
    /// On disk, for people.
    Kept,
    /// People have to look at what is there already.
    Full,
    Refused(BatchError),
}

/// Keeps what stands only in a gate's other history of a journal, once.
pub(super) async fn take_branch(
    app: &App,
    gate_id: &str,
    device: &PublicKey,
    bytes: &[u8],
) -> Result<Branch, DbError> {
    let batch = match Batch::open(bytes, device) {
        Ok(batch) => batch,
        Err(error) => return Ok(Branch::Refused(error)),
    };
    let mut tx = app.db().write().await?;
    let kept = keep(app, &mut tx, gate_id, &batch.id.to_string(), "fork", bytes).await?;
    tx.commit().await?;
    Ok(if kept { Branch::Kept } else { Branch::Full })
}

/// Keeps an upload for people. One that is there already, because its receipt was lost, is not kept
/// twice; false where too many wait.
async fn keep(
    app: &App,
    tx: &mut Tx,
    gate_id: &str,
    journal: &str,
    fault: &str,
    bytes: &[u8],
) -> Result<bool, DbError> {
    if disputes::holds(tx, gate_id, bytes).await? {
        return Ok(true);
    }
    // A thief with the device's key must not fill the disk.
    if disputes::count_open(tx, gate_id).await? >= KEEP_DISPUTES {
        return Ok(false);
    }
    disputes::insert(tx, &app.new_id(), gate_id, journal, fault, bytes, app.now()).await?;
    Ok(true)
}

/// More unsettled uploads of one gate are refused without being kept.
const KEEP_DISPUTES: i64 = 200;

/// Where a stored journal stands.
pub(super) fn head_of(row: &journals::JournalRow, id: JournalId) -> Result<Head, DbError> {
    let corrupt = |column| DbError::corrupt("journals", column, &row.id);
    let next_seq = u64::try_from(row.next_seq).map_err(|_| corrupt("next_seq"))?;
    let hash = row.head.as_slice().try_into().map_err(|_| corrupt("head"))?;
    Ok(Head { id, next_seq, hash })
}

const fn fault_code(fault: ChainFault) -> &'static str {
    match fault {
        ChainFault::Fork { .. } => "fork",
        ChainFault::Gap { .. } => "gap",
        ChainFault::Broken { .. } | ChainFault::SealedPart { .. } => "broken",
        ChainFault::Unreadable { .. } => "unreadable",
    }
}

fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// The hashes of entries that the upload repeats, from the batches in which they first came. Of these
/// one at a time is in memory, and of a journal of millions no more than the upload is long: whoever
/// sends its beginning again must not make the issuer read all of it.
pub(super) async fn known_hashes(
    tx: &mut Tx,
    held: &Head,
    records: &[Record],
    device: &PublicKey,
) -> Result<HashMap<u64, [u8; 32]>, DbError> {
    let mut known = HashMap::new();
    let first = records.first().and_then(Record::seq);
    let Some(first) = first.filter(|first| *first < held.next_seq) else { return Ok(known) };
    let length = u64::try_from(records.len()).unwrap_or(u64::MAX);
    let wanted = first..first.saturating_add(length).min(held.next_seq);
    let (name, mut from) = (held.id.to_string(), signed(wanted.start));
    while from < signed(wanted.end) {
        let Some((end, bytes)) = journals::find_batch(tx, &name, from).await? else { break };
        if let Ok(batch) = Batch::open(&bytes, device) {
            for record in batch.records {
                if let Some(seq) = record.seq().filter(|seq| wanted.contains(seq)) {
                    known.insert(seq, record.hash());
                }
            }
        }
        // Also of a row that cannot be: the walk ends.
        from = end.max(from + 1);
    }
    Ok(known)
}

/// Entries as lines of the record, and how many could not be read.
fn interpret(
    gate_id: &str,
    journal_id: &str,
    from: u64,
    records: &[Record],
    now: Millis,
) -> (Vec<Scan>, i64) {
    let mut scans = Vec::with_capacity(records.len());
    let mut unread = 0;
    for (seq, record) in (from..).zip(records) {
        let sealed = record
            .sealed
            .as_ref()
            .map_or_else(|| Ok(Sealed::default()), |part| Sealed::from_bytes(&part.bytes));
        match (Entry::decode(&record.chained), sealed) {
            (Ok(entry), Ok(sealed)) => scans.extend(line(gate_id, journal_id, &entry, sealed, now)),
            _ => {
                unread += 1;
                scans.push(unread_line(gate_id, journal_id, seq, now));
            }
        }
    }
    (scans, unread)
}

/// A line of the record; what a gate notes of its own running stays in the journal.
fn line(
    gate_id: &str,
    journal_id: &str,
    entry: &Entry,
    sealed: Sealed,
    now: Millis,
) -> Option<Scan> {
    if matches!(
        entry.draft.kind,
        EntryKind::Bundle | EntryKind::Clock | EntryKind::Opened | EntryKind::Pairing
    ) {
        return None;
    }
    Some(Scan {
        enterprise_id: sealed.enterprise_id.unwrap_or_default(),
        received_at: now.0,
        journal_id: journal_id.to_owned(),
        seq: signed(entry.seq),
        gate_id: gate_id.to_owned(),
        at: entry.draft.at.0,
        kind: entry.draft.kind.code().to_owned(),
        verdict: entry.draft.verdict.map_or("", |verdict| verdict.code()).to_owned(),
        direction: sealed.direction.map_or("", |direction| direction.code()).to_owned(),
        worker: sealed.worker.unwrap_or_default(),
        name: sealed.name.unwrap_or_default(),
        vehicle: sealed.vehicle.unwrap_or_default(),
        tenths_celsius: sealed.temperature_tenths.map(i64::from),
        operator: sealed.operator.unwrap_or_default(),
        note: sealed.text.unwrap_or_default(),
        rule_version: entry.draft.known.rule_version.map_or(0, i64::from),
        clock_certain: i64::from(entry.draft.known.clock == ClockState::Trusted),
    })
}

fn unread_line(gate_id: &str, journal_id: &str, seq: u64, now: Millis) -> Scan {
    Scan {
        enterprise_id: String::new(),
        received_at: now.0,
        journal_id: journal_id.to_owned(),
        seq: signed(seq),
        gate_id: gate_id.to_owned(),
        at: now.0,
        kind: "unread".to_owned(),
        verdict: String::new(),
        direction: String::new(),
        worker: String::new(),
        name: String::new(),
        vehicle: String::new(),
        tenths_celsius: None,
        operator: String::new(),
        note: String::new(),
        rule_version: 0,
        clock_certain: 0,
    }
}

/// Reads a journal's name from a path.
pub(super) fn parse_journal_id(text: &str) -> Option<JournalId> {
    hex::decode_array(text).map(Hex)
}
