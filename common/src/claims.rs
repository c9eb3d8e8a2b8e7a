//! What the claims of permits and passes have in common (CWT, RFC 8392).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cbor::{CborError, Fields, Value};
use crate::hex;
use crate::person::Name;
use crate::serial::Serial;

// RFC 8392 §4.
pub(crate) const SUBJECT: i64 = 2;
pub(crate) const EXPIRES: i64 = 4;
pub(crate) const NOT_BEFORE: i64 = 5;
pub(crate) const TOKEN_ID: i64 = 7;
/// Holds our own claims; numbers below -65536 are for private use (RFC 8392 §9.1.1).
pub(crate) const CONTAINER: i64 = -65537;

/// One permit through all its reissues: the serial of the first. Passes hang on it, so that a
/// reissued permit doesn't void them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Lineage(pub [u8; 8]);

impl Lineage {
    pub fn starting_with(first: Serial) -> Self {
        Self(first.0)
    }

    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode_array(text).map(Self)
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lineage({self})")
    }
}

impl TryFrom<String> for Lineage {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_hex(&text).ok_or("16 hexadecimal characters are wanted")
    }
}

impl From<Lineage> for String {
    fn from(lineage: Lineage) -> Self {
        lineage.to_string()
    }
}

/// When a permit or pass counts, in Unix seconds: from `not_before`, up to but without `expires`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Validity {
    not_before: u64,
    expires: u64,
}

/// Where an instant lies with respect to a [`Validity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    NotYet,
    Valid,
    Expired,
}

impl Validity {
    /// `None` unless it starts before it ends.
    pub fn new(not_before: u64, expires: u64) -> Option<Self> {
        (not_before < expires).then_some(Self { not_before, expires })
    }

    pub fn not_before(self) -> u64 {
        self.not_before
    }

    pub fn expires(self) -> u64 {
        self.expires
    }

    /// The last second that counts; the day it falls on is printed as the last day.
    pub fn last_second(self) -> u64 {
        self.expires - 1
    }

    pub fn phase(self, now_seconds: u64) -> Phase {
        if now_seconds < self.not_before {
            Phase::NotYet
        } else if now_seconds < self.expires {
            Phase::Valid
        } else {
            Phase::Expired
        }
    }
}

/// Why claims can't be read. Over a good signature: update the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimsError {
    /// Another version of the claims.
    UnknownVersion(u64),
    /// A key, or a value of a closed list, that this version doesn't know.
    UnknownTerm,
    /// Not claims at all, or claims that we would never sign.
    Malformed(&'static str),
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVersion(version) => {
                write!(f, "version {version} is newer than this reader: update it")
            }
            Self::UnknownTerm => f.write_str("a claim newer than this reader: update it"),
            Self::Malformed(what) => write!(f, "not readable as claims: {what}"),
        }
    }
}

impl std::error::Error for ClaimsError {}

impl From<CborError> for ClaimsError {
    fn from(error: CborError) -> Self {
        match error {
            CborError::UnknownKey => Self::UnknownTerm,
            CborError::Missing(_) => Self::Malformed("a claim is missing"),
            CborError::Unexpected { wanted } => Self::Malformed(wanted),
            CborError::Malformed | CborError::NotDeterministic => Self::Malformed("CBOR"),
        }
    }
}

/// Splits a payload into its registered claims and its container, having checked the version
/// before looking at anything else.
pub(crate) fn open(payload: &[u8], version: u64) -> Result<(Fields, Fields), ClaimsError> {
    let mut claims = Value::decode(payload)?.fields()?;
    let mut container = claims.take(CONTAINER)?.fields()?;
    let found = container.take(0)?.unsigned()?;
    if found != version {
        return Err(ClaimsError::UnknownVersion(found));
    }
    Ok((claims, container))
}

pub(crate) fn take_validity(claims: &mut Fields) -> Result<Validity, ClaimsError> {
    let expires = claims.take(EXPIRES)?.unsigned()?;
    let not_before = claims.take(NOT_BEFORE)?.unsigned()?;
    Validity::new(not_before, expires).ok_or(ClaimsError::Malformed("ends before it starts"))
}

pub(crate) fn take_name(container: &mut Fields, key: i64) -> Result<Name, ClaimsError> {
    Name::parse(&container.take(key)?.text()?).map_err(|_| ClaimsError::Malformed("name"))
}
