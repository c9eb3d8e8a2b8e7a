//! A gate's journal: entries chained by their hashes, with what concerns people in a sealed part beside the chain.
//!
//! The chained bytes hold SHA-256(salt ‖ sealed part) and nothing about anybody. Purging deletes sealed part and salt; without the salt the
//! digest tells nothing about a part that could otherwise be guessed, and the chain still verifies.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::wire::Hex;

mod batch;
mod entry;
#[cfg(test)]
mod tests;

pub use batch::{Batch, BatchError};
pub use entry::{Direction, Draft, Entry, EntryError, EntryKind, Known, Sealed};

/// Random name of a journal, made at enrolment and again after a detected restore.
pub type JournalId = Hex<16>;

/// What concerns people, with its salt.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedPart {
    /// 128 random bits.
    pub salt: [u8; 16],
    /// Bytes of a [`Sealed`].
    pub bytes: Vec<u8>,
}

impl SealedPart {
    /// What the chain holds of it.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::new().chain_update(self.salt).chain_update(&self.bytes).finalize().into()
    }
}

/// Names and temperatures stay out of logs.
impl fmt::Debug for SealedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedPart({} bytes)", self.bytes.len())
    }
}

/// An entry as it is stored and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The chained bytes, see [`Entry`].
    pub chained: Vec<u8>,
    /// `None` once purged.
    pub sealed: Option<SealedPart>,
}

impl Record {
    /// Its number, also where the entry is of a newer version than this program reads.
    pub fn seq(&self) -> Option<u64> {
        entry::read_link(&self.chained).map(|link| link.seq)
    }

    /// Hash that the next entry cites.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.chained).into()
    }
}

/// Where a journal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which journal.
    pub id: JournalId,
    /// Sequence number of the next entry; the first is 0.
    pub next_seq: u64,
    /// Hash of the last entry, or of the beginning.
    pub hash: [u8; 32],
}

/// Why entries don't continue a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// Entries are missing.
    Gap {
        /// The number wanted.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// Another entry with this number is known already: two histories under one name.
    Fork {
        /// The first number in which they differ, as far as can be seen.
        seq: u64,
    },
    /// The entry doesn't cite the one before it: changed after it was written.
    Broken {
        /// Its number.
        seq: u64,
    },
    /// The sealed part isn't the one that was chained.
    SealedPart {
        /// Its entry's number.
        seq: u64,
    },
    /// Bytes without the fields that every entry begins with.
    Unreadable {
        /// Place among the entries offered, from 0.
        place: usize,
    },
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { expected, found } => {
                write!(f, "entry {expected} is missing (found {found})")
            }
            Self::Fork { seq } => {
                write!(f, "two different entries carry number {seq}: keep both and tell a person")
            }
            Self::Broken { seq } => write!(
                f,
                "entry {seq} does not follow from the one before it: the journal was changed"
            ),
            Self::SealedPart { seq } => {
                write!(f, "the sealed part of entry {seq} is not the one recorded")
            }
            Self::Unreadable { place } => {
                write!(f, "what stands at place {place} is not a journal entry")
            }
        }
    }
}

impl std::error::Error for ChainFault {}

/// What entries mean for a journal that they continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Where it stands after them.
    pub head: Head,
    /// How many of them, from the first, were known already.
    pub duplicates: usize,
}

/// The fields that every version of an entry begins with, so that chains are checked before entries are understood.
struct Link {
    seq: u64,
    previous: [u8; 32],
    sealed_digest: [u8; 32],
}

impl Head {
    /// A new journal.
    pub fn start(id: JournalId) -> Self {
        let hash = Sha256::new().chain_update(b"fugong:journal:1").chain_update(id.0).finalize();
        Self { id, next_seq: 0, hash: hash.into() }
    }

    /// Writes the next entry. The returned head counts only once the record is on disk.
    pub fn append(&self, draft: &Draft, sealed: &Sealed, salt: [u8; 16]) -> (Record, Self) {
        let part = SealedPart { salt, bytes: sealed.to_bytes() };
        let chained = entry::encode(draft, self.next_seq, &self.hash, &part.digest());
        let record = Record { chained, sealed: Some(part) };
        let head =
            Self { id: self.id, next_seq: self.next_seq.saturating_add(1), hash: record.hash() };
        (record, head)
    }

    /// Checks entries against this head. They may begin before it: what is known already is compared through `known`,
    /// which gives the hash of an entry that this side holds.
    ///
    /// # Errors
    /// [`ChainFault`]; nothing of the entries is to be counted then.
    pub fn follow(
        &self,
        records: &[Record],
        known: impl Fn(u64) -> Option<[u8; 32]>,
    ) -> Result<Followed, ChainFault> {
        let mut head = *self;
        let mut duplicates = 0;
        let mut before: Option<(u64, [u8; 32])> = None;
        for (place, record) in records.iter().enumerate() {
            let link = entry::read_link(&record.chained).ok_or(ChainFault::Unreadable { place })?;
            let (seq, hash) = (link.seq, record.hash());
            if let Some((seq_before, hash_before)) = before {
                let expected = seq_before.saturating_add(1);
                if seq != expected {
                    return Err(ChainFault::Gap { expected, found: seq });
                }
                if link.previous != hash_before {
                    return Err(ChainFault::Broken { seq });
                }
            }
            if record.sealed.as_ref().is_some_and(|part| part.digest() != link.sealed_digest) {
                return Err(ChainFault::SealedPart { seq });
            }
            if seq > head.next_seq {
                return Err(ChainFault::Gap { expected: head.next_seq, found: seq });
            }
            if seq < head.next_seq {
                // An entry that this side cannot show is not taken for the same.
                if known(seq) != Some(hash) {
                    return Err(ChainFault::Fork { seq });
                }
                duplicates += 1;
            } else if link.previous != head.hash {
                return Err(if seq == 0 {
                    ChainFault::Broken { seq }
                } else {
                    ChainFault::Fork { seq: seq - 1 }
                });
            } else {
                head = Self { id: head.id, next_seq: seq.saturating_add(1), hash };
            }
            before = Some((seq, hash));
        }
        Ok(Followed { head, duplicates })
    }

    /// Checks a whole journal from its beginning.
    ///
    /// # Errors
    /// The first [`ChainFault`].
    pub fn verify(id: JournalId, records: &[Record]) -> Result<Self, ChainFault> {
        Self::start(id).follow(records, |_| None).map(|followed| followed.head)
    }
}
