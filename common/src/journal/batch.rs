//! Entries on their way to the issuer, signed by the device.

use std::fmt;

use super::{JournalId, Record, SealedPart};
use crate::cbor::{CborError, Value};
use crate::envelope::{self, EnvelopeError, Unverified};
use crate::keys::{KeyId, Kind, PublicKey, SignError, Signer};
use crate::wire::Hex;

const VERSION: u64 = 1;

/// Consecutive records of one journal: `[1, id, [[chained, salt, sealed] or [chained], …]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which journal.
    pub id: JournalId,
    /// In order.
    pub records: Vec<Record>,
}

/// Why bytes aren't a batch. They are kept all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// Not signed by this device.
    Envelope(EnvelopeError),
    /// Another version.
    UnknownVersion(u64),
    /// Not a batch.
    Malformed,
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope(error) => write!(f, "journal batch: {error}"),
            Self::UnknownVersion(version) => {
                write!(f, "journal batch of version {version}; update this program")
            }
            Self::Malformed => f.write_str("not a journal batch"),
        }
    }
}

impl std::error::Error for BatchError {}

impl From<EnvelopeError> for BatchError {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}

impl From<CborError> for BatchError {
    fn from(_: CborError) -> Self {
        Self::Malformed
    }
}

impl Batch {
    /// Records that fit comfortably into one request.
    pub const MAX_RECORDS: usize = 2000;

    fn to_bytes(&self) -> Vec<u8> {
        let records = self.records.iter().map(|record| {
            let mut parts = vec![record.chained.as_slice().into()];
            if let Some(part) = &record.sealed {
                parts.extend([part.salt.into(), part.bytes.as_slice().into()]);
            }
            Value::Array(parts)
        });
        Value::Array(vec![VERSION.into(), self.id.0.into(), Value::Array(records.collect())])
            .encode()
    }

    fn from_bytes(payload: &[u8]) -> Result<Self, BatchError> {
        let mut fields = Value::decode(payload)?.array()?.into_iter();
        let version = fields.next().ok_or(BatchError::Malformed)?.unsigned()?;
        if version != VERSION {
            return Err(BatchError::UnknownVersion(version));
        }
        let (Some(id), Some(records), None) = (fields.next(), fields.next(), fields.next()) else {
            return Err(BatchError::Malformed);
        };
        let records = records.array()?.into_iter().map(record_from).collect::<Result<_, _>>()?;
        Ok(Self { id: Hex(id.byte_array()?), records })
    }

    /// Signs the batch with the device key.
    ///
    /// # Errors
    /// The key didn't sign.
    pub fn seal(&self, device: &dyn Signer) -> Result<Vec<u8>, SignError> {
        envelope::seal(Kind::Journal, device, &self.to_bytes())
    }

    /// Reads a batch that `device` signed. The chain is not checked here: see [`Head::follow`](super::Head::follow).
    ///
    /// # Errors
    /// [`BatchError`].
    pub fn open(bytes: &[u8], device: &PublicKey) -> Result<Self, BatchError> {
        Self::from_bytes(Unverified::parse(Kind::Journal, bytes)?.verify(device)?)
    }

    /// Which device key claims to have signed.
    ///
    /// # Errors
    /// [`BatchError::Envelope`].
    pub fn signer(bytes: &[u8]) -> Result<KeyId, BatchError> {
        Ok(Unverified::parse(Kind::Journal, bytes)?.key_id())
    }
}

fn record_from(value: Value) -> Result<Record, BatchError> {
    let mut parts = value.array()?.into_iter();
    let chained = parts.next().ok_or(BatchError::Malformed)?.bytes()?;
    let sealed = match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) => None,
        (Some(salt), Some(bytes), None) => {
            Some(SealedPart { salt: salt.byte_array()?, bytes: bytes.bytes()? })
        }
        _ => return Err(BatchError::Malformed),
    };
    Ok(Record { chained, sealed })
}
