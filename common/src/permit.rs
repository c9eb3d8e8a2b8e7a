//! The claims of a reopening permit, and their bytes inside the signed token.
//!
//! A CWT claims set (RFC 8392) whose own claims sit in one container under a private key:
//!
//! ```text
//! {  2: "91350100M000100Y43",        sub: the enterprise's code, or "NOCODE-" and ten characters
//!    4: 1583020800,                  exp, seconds: valid while nbf <= now < exp
//!    5: 1581264000,                  nbf, seconds
//!    7: h'8 random bytes',           cti: the serial
//!    -65537: {
//!      0: 1,                         version, read before anything else
//!      1: "…",                       name
//!      2: 4403090040010001,          site: 12 digits of the community, 4 of the site
//!      3: 2,                         category
//!      4: 731,                       index in the status list of the signing key
//!      5: [1, 60],                   mode: [0] on site, [1, cap] partial, [2] remote only
//!      6: [1, 3, 1],                 route, set of posts that signed (bit n = post n), rule version
//!      7: h'16 bytes' } }            start of the digest over the evidence
//! ```

use std::collections::BTreeSet;
use std::fmt;

use crate::cbor::{CborError, Fields, Value};
use crate::person::Name;
use crate::serial::Serial;

mod terms;

pub use terms::{Approval, Category, Mode, NoCode, PostKind, Route, SiteCode, Subject};

/// What [`Permit::encode`] writes and [`Permit::decode`] understands.
pub const VERSION: u64 = 1;

const SUBJECT: i64 = 2;
const EXPIRES: i64 = 4;
const NOT_BEFORE: i64 = 5;
const TOKEN_ID: i64 = 7;
pub(crate) const CONTAINER: i64 = -65537;

/// The claims of a reopening permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    pub subject: Subject,
    pub serial: Serial,
    pub validity: Validity,
    pub name: Name,
    pub site: SiteCode,
    pub category: Category,
    /// Index in the status list of the key that signs. Never used twice.
    pub status_index: u32,
    pub mode: Mode,
    pub approval: Approval,
    /// First 16 bytes of SHA-256 over the evidence in the enterprise's file.
    pub evidence: [u8; 16],
}

impl Permit {
    /// The payload to be sealed as [`Kind::Permit`](crate::keys::Kind::Permit).
    pub fn encode(&self) -> Vec<u8> {
        let container = Value::map([
            (0, VERSION.into()),
            (1, self.name.as_str().into()),
            (2, self.site.0.into()),
            (3, self.category.number().into()),
            (4, self.status_index.into()),
            (5, self.mode.to_value()),
            (6, self.approval.to_value()),
            (7, self.evidence.into()),
        ]);
        Value::map([
            (SUBJECT, self.subject.to_string().as_str().into()),
            (EXPIRES, self.validity.expires.into()),
            (NOT_BEFORE, self.validity.not_before.into()),
            (TOKEN_ID, self.serial.0.into()),
            (CONTAINER, container),
        ])
        .encode()
    }

    /// Reads the payload of a permit.
    ///
    /// # Errors
    /// If the signature over the payload was good, every error means "this reader is too old":
    /// the authority signed something that we don't understand. It is never "forged".
    pub fn decode(payload: &[u8]) -> Result<Self, ClaimsError> {
        let (mut claims, mut container) = open(payload, VERSION)?;
        let permit = Self {
            subject: claims.take(SUBJECT)?.text()?.parse()?,
            serial: Serial(claims.take(TOKEN_ID)?.byte_array()?),
            validity: take_validity(&mut claims)?,
            name: take_name(&mut container, 1)?,
            site: SiteCode(container.take(2)?.unsigned()?),
            category: Category::from_number(container.take(3)?.unsigned()?)?,
            status_index: container.take(4)?.unsigned32()?,
            mode: Mode::from_value(container.take(5)?)?,
            approval: Approval::from_value(container.take(6)?)?,
            evidence: container.take(7)?.byte_array()?,
        };
        claims.finish()?;
        container.finish()?;
        Ok(permit)
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
