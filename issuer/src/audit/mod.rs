//! What was done, by whom, as what: append-only and hash-chained, so that a changed or dropped
//! row shows. Personal detail is sealed beside the chain under a salt; purging it (seal and salt)
//! leaves the chain whole.

pub mod check;
pub mod pages;
mod store;
mod words;

pub use store::{Filter, Line, Link, append, head, list, verify};

use fugong_common::lang::Lang;
use fugong_common::time::Millis;
use sha2::{Digest, Sha256};

/// An act to record. `detail` is free of secrets; it may name persons and can be purged.
#[derive(Clone, Debug)]
pub struct Act<'a> {
    pub at: Millis,
    /// Empty for acts of the command line and the service itself.
    pub account_id: &'a str,
    pub post_id: &'a str,
    /// Stable code such as `permit.suspend`.
    pub action: &'a str,
    /// Kind of thing: `permit`, `enterprise`, …
    pub subject: &'a str,
    pub subject_id: &'a str,
    pub division_id: &'a str,
    pub detail: &'a str,
}

/// SHA-256(salt ‖ sealed).
pub fn seal_digest(salt: &[u8], sealed: &str) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(sealed.as_bytes()).finalize().into()
}

/// The chained bytes of a row: sequence, previous hash, instant and each text behind its length,
/// so that no two rows share one byte form.
pub fn chain_digest(seq: i64, prev: &[u8], act: &Act<'_>, sealed_sha256: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"fugong:audit:1");
    hash.update(seq.to_be_bytes());
    hash.update(prev);
    hash.update(act.at.0.to_be_bytes());
    for text in
        [act.account_id, act.post_id, act.action, act.subject, act.subject_id, act.division_id]
    {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.update(sealed_sha256);
    hash.finalize().into()
}

/// Where a chain breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// A number is missing before this one.
    Gap { seq: i64 },
    /// The row does not follow from the one before it, or was changed.
    Broken { seq: i64 },
    /// The detail beside the row is not the one that was recorded.
    DetailChanged { seq: i64 },
    /// The stored end of the chain is not the last row.
    HeadDiffers,
}

impl ChainFault {
    /// As it is kept: a code, and the entry.
    const fn to_row(&self) -> (&'static str, i64) {
        match self {
            Self::Gap { seq } => ("gap", *seq),
            Self::Broken { seq } => ("broken", *seq),
            Self::DetailChanged { seq } => ("detail", *seq),
            Self::HeadDiffers => ("head", 0),
        }
    }

    fn from_row(code: &str, seq: i64) -> Option<Self> {
        [Self::Gap { seq }, Self::Broken { seq }, Self::DetailChanged { seq }, Self::HeadDiffers]
            .into_iter()
            .find(|fault| fault.to_row().0 == code)
    }

    /// What is wrong with the chain, and what to do.
    pub fn say(&self, lang: Lang) -> String {
        let w = words::AuditWords::of(lang);
        let (text, seq) = match self {
            Self::Gap { seq } => (w.fault_gap, *seq),
            Self::Broken { seq } => (w.fault_broken, *seq),
            Self::DetailChanged { seq } => (w.fault_detail, *seq),
            Self::HeadDiffers => (w.fault_head, 0),
        };
        fugong_common::words::fill(text, &[("seq", &seq)])
    }
}
