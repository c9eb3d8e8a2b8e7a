//! The signed envelope: `COSE_Sign1` with tag 18 (RFC 9052 §4.2), in one byte form.
//!
//! ```text
//! 18([ h'protected', {}, h'payload', h'64 bytes of signature' ])
//! protected = { 1: -19 (Ed25519, RFC 9864), 4: h'key id' }
//! status lists only: also 16: "application/statuslist+cwt" (draft-ietf-oauth-status-list-21)
//! signed    = [ "Signature1", h'protected', h'external_aad', h'payload' ]
//! ```
//!
//! The header names the algorithm because the standard wants it; the reader never chooses by it.

use std::fmt;

use crate::cbor::{CborError, Value};
use crate::keys::{KeyId, Kind, PublicKey, SignError, Signer};

/// Longest permit or pass, so that it always fits one QR code.
pub const MAX_TOKEN_BYTES: usize = 512;

/// Every envelope starts so: tag 18, an array of four.
pub const START: [u8; 2] = [0xd2, 0x84];

const COSE_SIGN1: u64 = 18;
const HEADER_ALGORITHM: i64 = 1;
const HEADER_KEY_ID: i64 = 4;
const HEADER_TYPE: i64 = 16;
const ED25519: i64 = -19;
const STATUS_LIST_TYPE: &str = "application/statuslist+cwt";

/// Signs `payload` (CBOR) as a message of `kind`.
pub fn seal(kind: Kind, signer: &dyn Signer, payload: &[u8]) -> Result<Vec<u8>, SignError> {
    let protected = protected(kind, signer.key_id());
    let signature = signer.sign(&signed_bytes(kind, &protected, payload))?;
    let parts = vec![protected.into(), Value::Map(vec![]), payload.into(), signature.into()];
    let envelope = Value::Tag(COSE_SIGN1, Box::new(Value::Array(parts))).encode();
    if too_long(kind, &envelope) {
        return Err(SignError(format!("the token has {} bytes, more than fit", envelope.len())));
    }
    Ok(envelope)
}

/// An envelope in good form whose signature nobody has checked.
#[derive(Debug, Clone)]
pub struct Unverified {
    kind: Kind,
    key_id: KeyId,
    protected: Vec<u8>,
    payload: Vec<u8>,
    signature: [u8; 64],
}

impl Unverified {
    /// Reads an envelope offered as `kind`.
    pub fn parse(kind: Kind, bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if too_long(kind, bytes) {
            return Err(EnvelopeError::TooLong);
        }
        let Value::Tag(COSE_SIGN1, inner) = Value::decode(bytes)? else {
            return Err(EnvelopeError::NotAnEnvelope);
        };
        let [protected, unprotected, payload, signature] = inner.items()?;
        if unprotected != Value::Map(vec![]) {
            return Err(EnvelopeError::UnexpectedHeader);
        }
        let protected = protected.bytes()?;
        let mut header = Value::decode(&protected)?.fields()?;
        if header.take(HEADER_ALGORITHM)? != ED25519.into() {
            return Err(EnvelopeError::UnexpectedHeader);
        }
        let key_id = KeyId(header.take(HEADER_KEY_ID)?.byte_array()?);
        let wanted_type = (kind == Kind::Status).then(|| STATUS_LIST_TYPE.into());
        if header.take_optional(HEADER_TYPE) != wanted_type {
            return Err(EnvelopeError::UnexpectedHeader);
        }
        header.finish().map_err(|_| EnvelopeError::UnexpectedHeader)?;
        Ok(Self {
            kind,
            key_id,
            protected,
            payload: payload.bytes()?,
            signature: signature.byte_array()?,
        })
    }

    /// Who claims to have signed; look the key up by it.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What it would say if it were genuine. Decide nothing by it.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload, once `key` is seen to have signed it as this kind.
    pub fn verify(&self, key: &PublicKey) -> Result<&[u8], EnvelopeError> {
        self.verify_as(self.kind, key)
    }

    /// The same for a form that several kinds share, permits and passes: which one it is follows from the key.
    pub fn verify_as(&self, kind: Kind, key: &PublicKey) -> Result<&[u8], EnvelopeError> {
        let same_form = |kind| matches!(kind, Kind::Permit | Kind::Pass);
        if kind != self.kind && !(same_form(kind) && same_form(self.kind)) {
            return Err(EnvelopeError::NotAnEnvelope);
        }
        if key.key_id() != self.key_id {
            return Err(EnvelopeError::OtherKey);
        }
        let message = signed_bytes(kind, &self.protected, &self.payload);
        if key.verifies(&message, &self.signature) {
            Ok(&self.payload)
        } else {
            Err(EnvelopeError::BadSignature)
        }
    }
}

/// Why bytes are not a genuine message of the kind they were offered as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvelopeError {
    /// A permit or pass of more than [`MAX_TOKEN_BYTES`].
    TooLong,
    /// Not a `COSE_Sign1`, cut short, or not in its one byte form.
    NotAnEnvelope,
    /// Another algorithm, another type, or header fields that we don't write.
    UnexpectedHeader,
    /// The key offered for checking is not the one that the envelope names.
    OtherKey,
    /// The named key did not sign these bytes as this kind.
    BadSignature,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "longer than any permit or pass",
            Self::NotAnEnvelope => "not a signed message, or damaged",
            Self::UnexpectedHeader => "a signed message of another sort",
            Self::OtherKey => "signed by another key than the one given",
            Self::BadSignature => "the signature doesn't fit: forged or damaged",
        })
    }
}

impl std::error::Error for EnvelopeError {}

impl From<CborError> for EnvelopeError {
    fn from(_: CborError) -> Self {
        Self::NotAnEnvelope
    }
}

fn protected(kind: Kind, key_id: KeyId) -> Vec<u8> {
    let mut header =
        vec![(HEADER_ALGORITHM.into(), ED25519.into()), (HEADER_KEY_ID.into(), key_id.0.into())];
    if kind == Kind::Status {
        header.push((HEADER_TYPE.into(), STATUS_LIST_TYPE.into()));
    }
    Value::Map(header).encode()
}

/// `Sig_structure` of RFC 9052 §4.4.
fn signed_bytes(kind: Kind, protected: &[u8], payload: &[u8]) -> Vec<u8> {
    Value::Array(vec![
        "Signature1".into(),
        protected.into(),
        kind.external_aad().into(),
        payload.into(),
    ])
    .encode()
}

fn too_long(kind: Kind, bytes: &[u8]) -> bool {
    matches!(kind, Kind::Permit | Kind::Pass) && bytes.len() > MAX_TOKEN_BYTES
}

#[cfg(test)]
mod tests;
