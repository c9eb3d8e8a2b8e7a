//! Why a status list isn't taken, and what to do.

use std::fmt;

use super::MAX_ENTRIES;
use crate::cbor::CborError;
use crate::envelope::EnvelopeError;
use crate::trust::KeyRefusal;

/// Why a status list isn't taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusError {
    /// Not a signed message, or not by the key it names.
    Envelope(EnvelopeError),
    /// Signed, but not what a status list holds.
    Malformed,
    /// A version that this program doesn't read.
    UnknownVersion(u64),
    /// More entries than [`MAX_ENTRIES`].
    TooLarge(u32),
    /// Inflates to something else than the declared number of entries.
    OtherSize {
        /// As declared.
        entries: u32,
    },
    /// The trust list doesn't name the signing key.
    UnknownKey,
    /// The signing key may not sign this list.
    Key(KeyRefusal),
    /// `sub` names another list.
    OtherList(String),
    /// Older than what is held: refused.
    Older {
        /// Held seq.
        held: u64,
        /// Offered seq.
        got: u64,
    },
    /// Two different lists with one seq: a person has to know.
    SameSeqOtherBytes(u64),
    /// A newer list that takes back what is final: its issuer has forgotten something. A person has to know.
    Revived {
        /// What it takes back.
        index: u32,
    },
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope(error) => write!(f, "status list: {error}"),
            Self::Malformed => f.write_str("not a status list; fetch it again"),
            Self::UnknownVersion(version) => {
                write!(f, "status list of version {version}; update this program")
            }
            Self::TooLarge(entries) => {
                write!(f, "status list of {entries} entries, more than {MAX_ENTRIES}")
            }
            Self::OtherSize { entries } => {
                write!(f, "status list doesn't hold the {entries} entries it declares")
            }
            Self::UnknownKey => f.write_str(
                "status list signed by a key that the trust list doesn't name; sync the trust list",
            ),
            Self::Key(refusal) => write!(f, "status list: {refusal}"),
            Self::OtherList(uri) => write!(f, "status list {uri:?} offered in place of another"),
            Self::Older { held, got } => {
                write!(f, "status list {got} is older than {held}, which is held")
            }
            Self::SameSeqOtherBytes(seq) => write!(
                f,
                "two different status lists carry number {seq}: tell the issuer's administrator"
            ),
            Self::Revived { index } => write!(
                f,
                "the status list takes back what was final at index {index}, and is refused: tell the issuer's administrator"
            ),
        }
    }
}

impl std::error::Error for StatusError {}

impl From<EnvelopeError> for StatusError {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}

impl From<CborError> for StatusError {
    fn from(_: CborError) -> Self {
        Self::Malformed
    }
}
