//! What one entry says: chained for ever, or sealed beside the chain.
//!
//! Chained bytes: `[1, seq, previous, digest of sealed part, at (ms), kind, verdict, key id, list seq, rule version, clock, cites]`, absent as null.

use std::fmt;

use super::Link;
use crate::cbor::{CborError, Value};
use crate::clock::ClockState;
use crate::keys::KeyId;
use crate::serial::Serial;
use crate::time::Millis;
use crate::verdict::Verdict;

const VERSION: u64 = 1;
/// Fields of version 1.
const FIELDS: usize = 12;

macro_rules! codes {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$of:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            /// Every one once.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Stable name; never changed.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The one with this name, if this program knows it.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

codes! {
    /// What happened.
    pub enum EntryKind {
        /// The journal begins; cites the head of the one before, if there was one.
        Opened = "opened",
        /// A bundle was taken into use; cites the manifest's digest, which makes the gate a witness of the issuer's audit head.
        Bundle = "bundle",
        /// A placard, pass or number was checked, up to its verdict.
        Check = "check",
        /// A temperature was taken.
        Temperature = "temperature",
        /// A visitor without pass was registered.
        Visitor = "visitor",
        /// Someone looked people up.
        LookUp = "look_up",
        /// A guard signed on.
        SignOn = "sign_on",
        /// A guard signed off.
        SignOff = "sign_off",
        /// A shift was handed over.
        HandOver = "hand_over",
        /// An earlier entry was corrected.
        Correction = "correction",
        /// Two people let someone in against the verdict.
        Override = "override",
        /// A browser was paired or let go.
        Pairing = "pairing",
        /// The clock was set or found wanting.
        Clock = "clock",
        /// So many answers were given without being recorded.
        NotRecorded = "not_recorded",
        /// Anything else that a person should find again.
        Note = "note",
    }
}

codes! {
    /// Which way.
    pub enum Direction {
        /// Into the site.
        In = "in",
        /// Out of the site.
        Out = "out",
    }
}

/// What the gate knew when it decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Key that signed what was checked.
    pub key: Option<KeyId>,
    /// Seq of the status list consulted.
    pub list_seq: Option<u64>,
    /// Rule version of the settings in force.
    pub rule_version: Option<u32>,
    /// State of the clock.
    pub clock: ClockState,
}

/// An entry before it has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Wall clock.
    pub at: Millis,
    /// What happened.
    pub kind: EntryKind,
    /// What was answered.
    pub verdict: Option<Verdict>,
    /// What the gate knew.
    pub known: Known,
    /// For [`EntryKind::Opened`] and [`EntryKind::Bundle`].
    pub cites: Option<[u8; 32]>,
}

/// An entry in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Gapless from 0.
    pub seq: u64,
    /// Hash of the entry before, or of the beginning.
    pub previous: [u8; 32],
    /// Digest of salt and sealed part.
    pub sealed_digest: [u8; 32],
    /// What it says.
    pub draft: Draft,
}

/// Why chained bytes aren't understood. They are kept and flagged all the same, and block nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// Another version.
    UnknownVersion(u64),
    /// A kind, verdict or clock state that this program doesn't know.
    UnknownTerm(String),
    /// Not an entry.
    Malformed,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVersion(version) => {
                write!(f, "journal entry of version {version}; update this program")
            }
            Self::UnknownTerm(term) => {
                write!(f, "journal entry says {term:?}, which is unknown here; update this program")
            }
            Self::Malformed => f.write_str("not a journal entry"),
        }
    }
}

impl std::error::Error for EntryError {}

impl From<CborError> for EntryError {
    fn from(_: CborError) -> Self {
        Self::Malformed
    }
}

pub(super) fn encode(
    draft: &Draft,
    seq: u64,
    previous: &[u8; 32],
    sealed_digest: &[u8; 32],
) -> Vec<u8> {
    Value::Array(vec![
        VERSION.into(),
        seq.into(),
        (*previous).into(),
        (*sealed_digest).into(),
        draft.at.0.into(),
        draft.kind.code().into(),
        draft.verdict.map(Verdict::code).into(),
        draft.known.key.map(|key| key.0).into(),
        draft.known.list_seq.into(),
        draft.known.rule_version.into(),
        draft.known.clock.code().into(),
        draft.cites.into(),
    ])
    .encode()
}

pub(super) fn read_link(chained: &[u8]) -> Option<Link> {
    let mut fields = Value::decode(chained).ok()?.array().ok()?.into_iter();
    fields.next()?.unsigned().ok()?;
    Some(Link {
        seq: fields.next()?.unsigned().ok()?,
        previous: fields.next()?.byte_array().ok()?,
        sealed_digest: fields.next()?.byte_array().ok()?,
    })
}

impl Entry {
    /// Reads chained bytes.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn decode(chained: &[u8]) -> Result<Self, EntryError> {
        let fields = Value::decode(chained)?.array()?;
        let version = fields.first().cloned().ok_or(EntryError::Malformed)?.unsigned()?;
        if version != VERSION {
            return Err(EntryError::UnknownVersion(version));
        }
        let [
            _,
            seq,
            previous,
            sealed,
            at,
            kind,
            verdict,
            key,
            list_seq,
            rule_version,
            clock,
            cites,
        ] = <[Value; FIELDS]>::try_from(fields).map_err(|_| EntryError::Malformed)?;
        let kind = kind.text()?;
        let verdict = verdict.optional().map(Value::text).transpose()?;
        let clock = match clock.text()?.as_str() {
            "trusted" => ClockState::Trusted,
            "uncertain" => ClockState::Uncertain,
            other => return Err(EntryError::UnknownTerm(other.to_owned())),
        };
        Ok(Self {
            seq: seq.unsigned()?,
            previous: previous.byte_array()?,
            sealed_digest: sealed.byte_array()?,
            draft: Draft {
                at: Millis(at.integer()?),
                kind: EntryKind::from_code(&kind).ok_or(EntryError::UnknownTerm(kind))?,
                verdict: verdict
                    .map(|code| Verdict::from_code(&code).ok_or(EntryError::UnknownTerm(code)))
                    .transpose()?,
                known: Known {
                    key: key.optional().map(|key| key.byte_array().map(KeyId)).transpose()?,
                    list_seq: list_seq.optional().map(Value::unsigned).transpose()?,
                    rule_version: rule_version.optional().map(Value::unsigned32).transpose()?,
                    clock,
                },
                cites: cites.optional().map(Value::byte_array).transpose()?,
            },
        })
    }
}

/// What concerns people. Every field may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Permit that was shown or that the pass belongs to.
    pub permit: Option<Serial>,
    /// Pass that was shown.
    pub pass: Option<Serial>,
    /// The issuer's id of the enterprise.
    pub enterprise_id: Option<String>,
    /// Worker number.
    pub worker: Option<String>,
    /// Name as shown or typed.
    pub name: Option<String>,
    /// Last four characters of a document.
    pub last_four: Option<String>,
    /// Plate.
    pub vehicle: Option<String>,
    /// Which way.
    pub direction: Option<Direction>,
    /// Tenths of a degree Celsius.
    pub temperature_tenths: Option<i16>,
    /// Guard who was signed on.
    pub operator: Option<String>,
    /// Second person of an override or a hand-over.
    pub second_operator: Option<String>,
    /// Purpose, reason, remark.
    pub text: Option<String>,
    /// Number of the entry that this one corrects or completes.
    pub about_seq: Option<u64>,
}

impl Sealed {
    /// CBOR map with small keys, absent where there is nothing to say.
    pub fn to_bytes(&self) -> Vec<u8> {
        let text = |text: &Option<String>| text.as_deref().map(Into::into);
        Value::sparse([
            (0, Some(VERSION.into())),
            (1, self.permit.map(|serial| serial.0.into())),
            (2, self.pass.map(|serial| serial.0.into())),
            (3, text(&self.enterprise_id)),
            (4, text(&self.worker)),
            (5, text(&self.name)),
            (6, text(&self.last_four)),
            (7, text(&self.vehicle)),
            (8, self.direction.map(|direction| direction.code().into())),
            (9, self.temperature_tenths.map(|tenths| i64::from(tenths).into())),
            (10, text(&self.operator)),
            (11, text(&self.second_operator)),
            (12, text(&self.text)),
            (13, self.about_seq.map(Into::into)),
        ])
        .encode()
    }

    /// Reads a sealed part.
    ///
    /// # Errors
    /// [`EntryError`]; the part is kept all the same.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut fields = Value::decode(bytes)?.fields()?;
        let version = fields.take(0)?.unsigned()?;
        if version != VERSION {
            return Err(EntryError::UnknownVersion(version));
        }
        let direction = fields.take_optional(8).map(Value::text).transpose()?;
        let tenths = fields.take_optional(9).map(Value::integer).transpose()?;
        let mut text = |key| fields.take_optional(key).map(Value::text).transpose();
        let sealed = Self {
            enterprise_id: text(3)?,
            worker: text(4)?,
            name: text(5)?,
            last_four: text(6)?,
            vehicle: text(7)?,
            operator: text(10)?,
            second_operator: text(11)?,
            text: text(12)?,
            direction: direction
                .map(|code| Direction::from_code(&code).ok_or(EntryError::UnknownTerm(code)))
                .transpose()?,
            temperature_tenths: tenths
                .map(|tenths| i16::try_from(tenths).map_err(|_| EntryError::Malformed))
                .transpose()?,
            permit: fields
                .take_optional(1)
                .map(|serial| serial.byte_array().map(Serial))
                .transpose()?,
            pass: fields
                .take_optional(2)
                .map(|serial| serial.byte_array().map(Serial))
                .transpose()?,
            about_seq: fields.take_optional(13).map(Value::unsigned).transpose()?,
        };
        fields
            .finish()
            .map_err(|_| EntryError::UnknownTerm("field of a sealed part".to_owned()))?;
        Ok(sealed)
    }
}
