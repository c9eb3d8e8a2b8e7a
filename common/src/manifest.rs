//! The manifest of a gate's bundle: which bytes belong together.
//!
//! Payload: `{3: audience, 4: exp, 6: iat, -65537: {0: version, 1: seq, 2: {part name: SHA-256}, 3: audit head}}`.
//!
//! A gate reads a new manifest with [`Manifest::peek`] to see which parts it lacks, takes the part `trust` through its
//! [`TrustStore`](crate::trust::TrustStore) first, and opens the manifest with the list that results. Parts are replaced together or not at all.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::cbor::{CborError, Value};
use crate::envelope::{self, EnvelopeError, Unverified};
use crate::keys::{KeyId, Kind, Role, SignError, Signer};
use crate::permit::SiteCode;
use crate::status::Arrival;
use crate::time::Millis;
use crate::trust::{KeyRefusal, Span, TrustList};

#[cfg(test)]
mod tests;

const AUDIENCE: i64 = 3;
const EXP: i64 = 4;
const IAT: i64 = 6;
const CONTAINER: i64 = -65537;
const VERSION: u64 = 1;

/// What a gate is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The gate that it is for.
    pub audience: String,
    /// Rises with every manifest for this gate.
    pub seq: u64,
    /// Unix seconds of signing; moves the gate's clock floor.
    pub iat: u64,
    /// Unix seconds after which a gate should have heard from its issuer.
    pub exp: u64,
    /// SHA-256 of each part, by name (see [`PartName`](crate::wire::PartName)).
    pub parts: BTreeMap<String, [u8; 32]>,
    /// Head of the issuer's audit chain, which the gate's journal bears witness to.
    pub audit_head: [u8; 32],
}

/// A manifest whose signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it says.
    pub manifest: Manifest,
    /// The manifest key that signed.
    pub key: KeyId,
}

/// Why a manifest or part isn't taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestError {
    /// Not a signed message, or not by the key it names.
    Envelope(EnvelopeError),
    /// Signed, but not what a manifest holds.
    Malformed,
    /// A version that this program doesn't read.
    UnknownVersion(u64),
    /// The trust list doesn't name the signing key.
    UnknownKey(KeyId),
    /// The signing key may not sign this.
    Key(KeyRefusal),
    /// For another gate.
    OtherAudience(String),
    /// Older than what is held.
    Older {
        /// Held seq.
        held: u64,
        /// Offered seq.
        got: u64,
    },
    /// Two different manifests with one seq: a person has to know.
    SameSeqOtherBytes(u64),
    /// The manifest names no such part.
    PartUnknown(String),
    /// The part isn't the one that the manifest names.
    PartDigest(String),
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope(error) => write!(f, "manifest: {error}"),
            Self::Malformed => f.write_str("not a manifest; fetch it again"),
            Self::UnknownVersion(version) => {
                write!(f, "manifest of version {version}; update this verifier")
            }
            Self::UnknownKey(key) => write!(
                f,
                "manifest signed by key {key}, which the trust list doesn't name; fetch the trust list first"
            ),
            Self::Key(refusal) => write!(f, "manifest: {refusal}"),
            Self::OtherAudience(audience) => {
                write!(f, "the manifest is for gate {audience}; enrol this verifier again")
            }
            Self::Older { held, got } => {
                write!(f, "manifest {got} is older than {held}, which is held")
            }
            Self::SameSeqOtherBytes(seq) => write!(
                f,
                "two different manifests carry number {seq}: tell the issuer's administrator"
            ),
            Self::PartUnknown(name) => write!(f, "the manifest names no part {name}"),
            Self::PartDigest(name) => {
                write!(f, "part {name} is not the one that the manifest names; fetch it again")
            }
        }
    }
}

impl std::error::Error for ManifestError {}

impl From<EnvelopeError> for ManifestError {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}

impl From<CborError> for ManifestError {
    fn from(_: CborError) -> Self {
        Self::Malformed
    }
}

impl Manifest {
    /// The payload.
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts = self
            .parts
            .iter()
            .map(|(name, digest)| (name.as_str().into(), (*digest).into()))
            .collect();
        let container = Value::map([
            (0, VERSION.into()),
            (1, self.seq.into()),
            (2, Value::Map(parts)),
            (3, self.audit_head.into()),
        ]);
        Value::map([
            (AUDIENCE, self.audience.as_str().into()),
            (EXP, self.exp.into()),
            (IAT, self.iat.into()),
            (CONTAINER, container),
        ])
        .encode()
    }

    fn from_bytes(payload: &[u8]) -> Result<Self, ManifestError> {
        let mut fields = Value::decode(payload)?.fields()?;
        let mut container = fields.take(CONTAINER)?.fields()?;
        let version = container.take(0)?.unsigned()?;
        if version != VERSION {
            return Err(ManifestError::UnknownVersion(version));
        }
        let seq = container.take(1)?.unsigned()?;
        let Value::Map(parts) = container.take(2)? else { return Err(ManifestError::Malformed) };
        let parts =
            parts.into_iter().map(|(name, digest)| Ok((name.text()?, digest.byte_array()?)));
        let manifest = Self {
            audience: fields.take(AUDIENCE)?.text()?,
            seq,
            iat: fields.take(IAT)?.unsigned()?,
            exp: fields.take(EXP)?.unsigned()?,
            parts: parts.collect::<Result<_, CborError>>()?,
            audit_head: container.take(3)?.byte_array()?,
        };
        container.finish()?;
        fields.finish()?;
        Ok(manifest)
    }

    /// Signs the manifest.
    ///
    /// # Errors
    /// The key didn't sign.
    pub fn seal(&self, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        envelope::seal(Kind::Manifest, signer, &self.to_bytes())
    }

    /// Reads a manifest without believing it, to plan what to fetch.
    ///
    /// # Errors
    /// [`ManifestError`] where the form is wrong.
    pub fn peek(bytes: &[u8]) -> Result<Self, ManifestError> {
        Self::from_bytes(Unverified::parse(Kind::Manifest, bytes)?.payload())
    }

    /// Reads a manifest that a listed manifest key signed for this gate.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn open(
        bytes: &[u8],
        trust: &TrustList,
        audience: &str,
        now: Millis,
    ) -> Result<Opened, ManifestError> {
        let unverified = Unverified::parse(Kind::Manifest, bytes)?;
        let id = unverified.key_id();
        let key = trust.find_key(id).ok_or(ManifestError::UnknownKey(id))?;
        let manifest = Self::from_bytes(unverified.verify(&key.public)?)?;
        let span = Span { nbf: manifest.iat, exp: manifest.exp };
        key.carries(Role::Manifest, span, &[], now).map_err(ManifestError::Key)?;
        if manifest.audience != audience {
            return Err(ManifestError::OtherAudience(manifest.audience));
        }
        Ok(Opened { manifest, key: id })
    }

    /// Whether this manifest, read from `bytes`, may take the place of the one held.
    ///
    /// # Errors
    /// A lower seq is refused; the same seq on other bytes is an alarm.
    pub fn follows(
        &self,
        bytes: &[u8],
        held: Option<(&Self, &[u8])>,
    ) -> Result<Arrival, ManifestError> {
        match held {
            None => Ok(Arrival::Newer),
            Some((held, _)) if self.seq < held.seq => {
                Err(ManifestError::Older { held: held.seq, got: self.seq })
            }
            Some((held, _)) if self.seq > held.seq => Ok(Arrival::Newer),
            Some((_, held_bytes)) if held_bytes == bytes => Ok(Arrival::Same),
            Some(_) => Err(ManifestError::SameSeqOtherBytes(self.seq)),
        }
    }

    /// Whether these bytes are the part of this name.
    ///
    /// # Errors
    /// [`ManifestError::PartUnknown`] or [`ManifestError::PartDigest`].
    pub fn check_part(&self, name: &str, bytes: &[u8]) -> Result<(), ManifestError> {
        let digest =
            self.parts.get(name).ok_or_else(|| ManifestError::PartUnknown(name.to_owned()))?;
        let found: [u8; 32] = Sha256::digest(bytes).into();
        if found == *digest { Ok(()) } else { Err(ManifestError::PartDigest(name.to_owned())) }
    }
}

impl Opened {
    /// Whether the signing key may speak for a gate of these sites (they stand in the settings, which the manifest itself names).
    ///
    /// # Errors
    /// [`ManifestError::Key`] with `OutOfScope`.
    pub fn speaks_for(&self, trust: &TrustList, sites: &[SiteCode]) -> Result<(), ManifestError> {
        let key = trust.find_key(self.key).ok_or(ManifestError::UnknownKey(self.key))?;
        let covered = sites.iter().all(|site| key.covers(*site));
        if covered { Ok(()) } else { Err(ManifestError::Key(KeyRefusal::OutOfScope)) }
    }
}
