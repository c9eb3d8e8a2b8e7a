//! Status lists: 2 bits a permit or pass, signed, small enough to print.
//!
//! `application/statuslist+cwt` of draft-ietf-oauth-status-list-21. Beside the draft's claims (2 `sub`, 4 `exp`, 6 `iat`, 65534 `ttl`, 65533 `status_list`)
//! the private container −65537 holds `{0: version, 1: seq, 2: entries}`. Maps are sorted as RFC 8949 §4.2.1 wants it, so `lst` stands before `bits`; the draft's
//! examples show the other order and prescribe none.

use std::fmt;
use std::io::Read;

use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};

use crate::cbor::Value;
use crate::envelope::{self, Unverified};
use crate::keys::{Kind, SignError, Signer};
use crate::time::Millis;
use crate::trust::{TrustList, TrustedKey};

mod error;
#[cfg(test)]
mod tests;

pub use error::StatusError;

/// Seconds after which a gate with network fetches a list again.
pub const DEFAULT_TTL_SECONDS: u64 = 300;
/// Seconds that a list is usable without network: 72 h. Regime data may say otherwise.
pub const DEFAULT_LIFETIME_SECONDS: u64 = 72 * 3600;
/// Most entries of one list: 4 MiB inflated. A key whose list is full is followed by a new one.
pub const MAX_ENTRIES: u32 = 1 << 24;

/// State of a permit or pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// 0, VALID.
    Valid,
    /// 1, INVALID of the draft. Final.
    Revoked,
    /// 2, SUSPENDED.
    Suspended,
    /// 3, `APPLICATION_SPECIFIC`: replaced by a newer one of the same lineage. Final.
    Superseded,
}

impl Status {
    /// Its two bits.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Revoked => 1,
            Self::Suspended => 2,
            Self::Superseded => 3,
        }
    }

    const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Valid,
            1 => Self::Revoked,
            2 => Self::Suspended,
            _ => Self::Superseded,
        }
    }

    /// Whether nothing can follow.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Revoked | Self::Superseded)
    }

    /// Whether `next` may follow. Staying is no transition.
    pub fn may_become(self, next: Self) -> bool {
        !self.is_final() && self != next
    }
}

/// The index lies behind the end of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// What was asked for.
    pub index: u32,
    /// Entries of the list.
    pub entries: u32,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status index {} lies outside a list of {}", self.index, self.entries)
    }
}

impl std::error::Error for OutOfRange {}

/// States by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    entries: u32,
    packed: Vec<u8>,
}

const fn packed_len(entries: u32) -> usize {
    entries.div_ceil(4) as usize
}

impl StatusList {
    /// A list of so many valid entries; more than [`MAX_ENTRIES`] are cut off.
    pub fn new(entries: u32) -> Self {
        let entries = entries.min(MAX_ENTRIES);
        Self { entries, packed: vec![0; packed_len(entries)] }
    }

    /// Number of entries.
    pub const fn entries(&self) -> u32 {
        self.entries
    }

    /// State at this index.
    ///
    /// # Errors
    /// [`OutOfRange`]: never taken for valid.
    pub fn get(&self, index: u32) -> Result<Status, OutOfRange> {
        let out = OutOfRange { index, entries: self.entries };
        let byte =
            self.packed.get(index as usize / 4).filter(|_| index < self.entries).ok_or(out)?;
        // The draft counts from the least significant bits (§4.1).
        Ok(Status::from_bits(byte >> (index % 4 * 2)))
    }

    /// Writes a state. Which state may follow which is for [`Status::may_become`] and whoever holds the lock.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn set(&mut self, index: u32, status: Status) -> Result<(), OutOfRange> {
        let out = OutOfRange { index, entries: self.entries };
        let byte =
            self.packed.get_mut(index as usize / 4).filter(|_| index < self.entries).ok_or(out)?;
        let shift = index % 4 * 2;
        *byte = *byte & !(3 << shift) | status.bits() << shift;
        Ok(())
    }

    /// The first index that is final here and no longer final in `newer`.
    fn first_revived(&self, newer: &Self) -> Option<u32> {
        let bytes = self.packed.iter().zip(&newer.packed).enumerate();
        let mut changed = bytes.filter(|(_, (held, newer))| held != newer);
        changed.find_map(|(at, _)| {
            let from = u32::try_from(at).ok()?.checked_mul(4)?;
            (from..from.saturating_add(4)).find(|index| {
                let is_final = |list: &Self| list.get(*index).map(Status::is_final);
                is_final(self) == Ok(true) && is_final(newer) == Ok(false)
            })
        })
    }

    fn deflate(packed: &[u8]) -> Vec<u8> {
        let mut deflated = Vec::new();
        let read = ZlibEncoder::new(packed, Compression::best()).read_to_end(&mut deflated);
        debug_assert!(read.is_ok(), "memory doesn't fail to be read");
        deflated
    }

    /// Inflates to exactly the declared size and not a byte further: what would be longer is refused before it is stored.
    fn inflate(deflated: &[u8], len: usize) -> Option<Vec<u8>> {
        let mut packed = Vec::new();
        let limit = u64::try_from(len).ok()?.checked_add(1)?;
        ZlibDecoder::new(deflated).take(limit).read_to_end(&mut packed).ok()?;
        (packed.len() == len).then_some(packed)
    }

    fn to_value(bits: u64, packed: &[u8]) -> Value {
        Value::Map(vec![
            ("lst".into(), Self::deflate(packed).as_slice().into()),
            ("bits".into(), bits.into()),
        ])
    }

    fn from_value(value: Value, entries: u32) -> Result<Self, StatusError> {
        let Value::Map(pairs) = value else { return Err(StatusError::Malformed) };
        let [(lst_key, lst), (bits_key, bits)] =
            <[_; 2]>::try_from(pairs).map_err(|_| StatusError::Malformed)?;
        if lst_key != "lst".into() || bits_key != "bits".into() || bits.unsigned()? != 2 {
            return Err(StatusError::Malformed);
        }
        if entries > MAX_ENTRIES {
            return Err(StatusError::TooLarge(entries));
        }
        let packed = Self::inflate(&lst.bytes()?, packed_len(entries))
            .ok_or(StatusError::OtherSize { entries })?;
        Ok(Self { entries, packed })
    }
}

/// Everything that a status list token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusClaims {
    /// `sub`: the list's URI, as the trust entry of its permit or pass key names it.
    pub uri: String,
    /// Unix seconds of signing.
    pub iat: u64,
    /// Unix seconds until which it is usable.
    pub exp: u64,
    /// Seconds for which it is fresh.
    pub ttl: u64,
    /// Rises with every token that is signed for this list, also when only `iat` changes.
    pub seq: u64,
    /// The states.
    pub list: StatusList,
}

const SUB: i64 = 2;
const EXP: i64 = 4;
const IAT: i64 = 6;
const STATUS_LIST: i64 = 65533;
const TTL: i64 = 65534;
const CONTAINER: i64 = -65537;
const VERSION: u64 = 1;

/// How far what is known may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgeBand {
    /// At most `ttl` old.
    Fresh,
    /// At most as old as `exp` allows.
    Usable,
    /// At most `offline_grace` old: conditional at best.
    Grace,
    /// Older.
    TooOld,
}

/// What an accepted token means for what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Keep the new one.
    Newer,
    /// The very same bytes.
    Same,
}

impl StatusClaims {
    /// The payload.
    pub fn to_bytes(&self) -> Vec<u8> {
        Value::map([
            (SUB, self.uri.as_str().into()),
            (EXP, self.exp.into()),
            (IAT, self.iat.into()),
            (STATUS_LIST, StatusList::to_value(2, &self.list.packed)),
            (TTL, self.ttl.into()),
            (
                CONTAINER,
                Value::map([
                    (0, VERSION.into()),
                    (1, self.seq.into()),
                    (2, self.list.entries.into()),
                ]),
            ),
        ])
        .encode()
    }

    /// Signs the list.
    ///
    /// # Errors
    /// The key didn't sign.
    pub fn seal(&self, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        envelope::seal(Kind::Status, signer, &self.to_bytes())
    }

    fn from_bytes(payload: &[u8]) -> Result<Self, StatusError> {
        let mut fields = Value::decode(payload)?.fields()?;
        let mut container = fields.take(CONTAINER)?.fields()?;
        let version = container.take(0)?.unsigned()?;
        if version != VERSION {
            return Err(StatusError::UnknownVersion(version));
        }
        let (seq, entries) = (container.take(1)?.unsigned()?, container.take(2)?.unsigned32()?);
        container.finish()?;
        let claims = Self {
            uri: fields.take(SUB)?.text()?,
            iat: fields.take(IAT)?.unsigned()?,
            exp: fields.take(EXP)?.unsigned()?,
            ttl: fields.take(TTL)?.unsigned()?,
            seq,
            list: StatusList::from_value(fields.take(STATUS_LIST)?, entries)?,
        };
        fields.finish()?;
        if claims.exp < claims.iat { Err(StatusError::Malformed) } else { Ok(claims) }
    }

    /// The number that a token claims to have. Decide nothing by it.
    pub fn peek_seq(bytes: &[u8]) -> Option<u64> {
        let unverified = Unverified::parse(Kind::Status, bytes).ok()?;
        Some(Self::from_bytes(unverified.payload()).ok()?.seq)
    }

    /// Reads the list that belongs to `of`, a permit or pass key of `trust`. Nothing is inflated before the signature is checked.
    ///
    /// The signing key must have the status role and a scope that covers the whole scope of `of`: one district's key cannot
    /// bring another district's permits back to life. Call again for held bytes whenever the trust list changes.
    ///
    /// # Errors
    /// [`StatusError`], but not `Older` and `SameSeqOtherBytes`, which [`StatusClaims::follows`] tells.
    pub fn open(
        bytes: &[u8],
        trust: &TrustList,
        of: &TrustedKey,
        now: Millis,
    ) -> Result<Self, StatusError> {
        let unverified = Unverified::parse(Kind::Status, bytes)?;
        let key = trust.find_key(unverified.key_id()).ok_or(StatusError::UnknownKey)?;
        let claims = Self::from_bytes(unverified.verify(&key.public)?)?;
        key.may_sign_list(of, claims.iat, claims.exp, now).map_err(StatusError::Key)?;
        if of.list_uri.as_deref() == Some(claims.uri.as_str()) {
            Ok(claims)
        } else {
            Err(StatusError::OtherList(claims.uri))
        }
    }

    /// Whether this list, read from `bytes`, may take the place of `held`.
    ///
    /// # Errors
    /// A lower seq is refused, unless that list knows of something final which the held one has forgotten; the same seq on
    /// other bytes is an alarm, and so is a newer list that takes back what was final: an issuer that was set back must not
    /// bring revoked permits back to life.
    pub fn follows(
        &self,
        bytes: &[u8],
        held: Option<(&Self, &[u8])>,
    ) -> Result<Arrival, StatusError> {
        match held {
            None => Ok(Arrival::Newer),
            Some((held, _)) if held.uri != self.uri => {
                Err(StatusError::OtherList(self.uri.clone()))
            }
            // What is final stays so, in whatever order lists come.
            Some((held, _))
                if self.seq < held.seq && self.list.first_revived(&held.list).is_none() =>
            {
                Err(StatusError::Older { held: held.seq, got: self.seq })
            }
            Some((held, _)) if self.seq < held.seq => Ok(Arrival::Newer),
            Some((held, _)) if self.seq > held.seq => match held.list.first_revived(&self.list) {
                None => Ok(Arrival::Newer),
                Some(index) => Err(StatusError::Revived { index }),
            },
            Some((_, held_bytes)) if held_bytes == bytes => Ok(Arrival::Same),
            Some(_) => Err(StatusError::SameSeqOtherBytes(self.seq)),
        }
    }

    /// Seconds since signing: by the wall clock or by the time that this machine has counted since it received the list, whichever is more.
    pub fn age_seconds(&self, now: Millis, elapsed_seconds: u64) -> u64 {
        now.seconds().saturating_sub(self.iat).max(elapsed_seconds)
    }

    /// What that age allows. `offline_grace_seconds` is 0 where there is no grace, as on the public page.
    pub fn band(&self, age_seconds: u64, offline_grace_seconds: u64) -> AgeBand {
        let lifetime = self.exp.saturating_sub(self.iat);
        if age_seconds <= self.ttl.min(lifetime) {
            AgeBand::Fresh
        } else if age_seconds <= lifetime {
            AgeBand::Usable
        } else if age_seconds <= offline_grace_seconds {
            AgeBand::Grace
        } else {
            AgeBand::TooOld
        }
    }
}
