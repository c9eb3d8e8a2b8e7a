//! What a gate signs with every request, so that neither its clock nor a session has to be believed.
//!
//! `{0: version, 1: method, 2: path and query, 3: SHA-256 of the body, 4: audience, 5: nonce, 6: gate id}`

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::base64url;
use crate::cbor::{CborError, Value};
use crate::envelope::{self, Unverified};
use crate::keys::{Kind, PublicKey, SignError, Signer};
use crate::wire::AUTHORIZATION_SCHEME;

#[cfg(test)]
mod tests;

const VERSION: u64 = 1;
/// Far more than a claim needs; longer headers aren't decoded.
const MAX_HEADER_CHARACTERS: usize = 4096;

/// One request in the words of the gate that sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceClaim {
    /// Upper case.
    pub method: String,
    /// As on the request line, query included.
    pub path_and_query: String,
    /// SHA-256 of the body as sent; of nothing, if there is none.
    pub body_sha256: [u8; 32],
    /// The issuer, as it named itself at enrolment.
    pub audience: String,
    /// The newest nonce that the issuer gave out.
    pub nonce: String,
    /// Who is asking.
    pub gate_id: String,
}

/// Why a request isn't taken for the gate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceError {
    /// No such header, or not in its form.
    Header,
    /// The gate's key didn't sign it.
    Signature,
    /// It was signed for another request: this field differs.
    OtherRequest(&'static str),
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => write!(
                f,
                "the request needs Authorization: {AUTHORIZATION_SCHEME} and a signed claim"
            ),
            Self::Signature => f.write_str("the request is not signed by this gate's key"),
            Self::OtherRequest(field) => {
                write!(f, "the signature is for another request ({field} differs)")
            }
        }
    }
}

impl std::error::Error for DeviceError {}

/// A claim whose signature nobody has checked. Its gate id tells which key to look up.
#[derive(Clone, Debug)]
pub struct UnverifiedClaim {
    claim: DeviceClaim,
    envelope: Unverified,
}

impl DeviceClaim {
    /// The value of the `Authorization` header.
    ///
    /// # Errors
    /// The key didn't sign.
    pub fn authorization(&self, device: &dyn Signer) -> Result<String, SignError> {
        let payload = Value::map([
            (0, VERSION.into()),
            (1, self.method.as_str().into()),
            (2, self.path_and_query.as_str().into()),
            (3, self.body_sha256.into()),
            (4, self.audience.as_str().into()),
            (5, self.nonce.as_str().into()),
            (6, self.gate_id.as_str().into()),
        ]);
        let sealed = envelope::seal(Kind::Device, device, &payload.encode())?;
        Ok(format!("{AUTHORIZATION_SCHEME} {}", base64url::encode(&sealed)))
    }

    /// SHA-256 of a body, for [`body_sha256`](Self::body_sha256).
    pub fn digest_of(body: &[u8]) -> [u8; 32] {
        Sha256::digest(body).into()
    }

    /// Whether the claim is about this request. The nonce is for whoever gave it out.
    ///
    /// # Errors
    /// [`DeviceError::OtherRequest`] with the first field that differs.
    pub fn is_for(
        &self,
        method: &str,
        path_and_query: &str,
        body: &[u8],
        audience: &str,
    ) -> Result<(), DeviceError> {
        self.is_for_head(method, path_and_query, audience)?;
        self.covers(body)
    }

    /// The same before the body was read: what isn't signed for is not worth reading.
    ///
    /// # Errors
    /// As [`is_for`](Self::is_for).
    pub fn is_for_head(
        &self,
        method: &str,
        path_and_query: &str,
        audience: &str,
    ) -> Result<(), DeviceError> {
        if self.method != method {
            return Err(DeviceError::OtherRequest("method"));
        }
        if self.path_and_query != path_and_query {
            return Err(DeviceError::OtherRequest("path"));
        }
        if self.audience != audience {
            return Err(DeviceError::OtherRequest("audience"));
        }
        Ok(())
    }

    /// Whether this body was signed for.
    ///
    /// # Errors
    /// As [`is_for`](Self::is_for).
    pub fn covers(&self, body: &[u8]) -> Result<(), DeviceError> {
        if bool::from(self.body_sha256.ct_eq(&Self::digest_of(body))) {
            Ok(())
        } else {
            Err(DeviceError::OtherRequest("body"))
        }
    }

    fn from_bytes(payload: &[u8]) -> Result<Self, CborError> {
        let mut fields = Value::decode(payload)?.fields()?;
        if fields.take(0)?.unsigned()? != VERSION {
            return Err(CborError::Unexpected { wanted: "a device claim of version 1" });
        }
        let claim = Self {
            method: fields.take(1)?.text()?,
            path_and_query: fields.take(2)?.text()?,
            body_sha256: fields.take(3)?.byte_array()?,
            audience: fields.take(4)?.text()?,
            nonce: fields.take(5)?.text()?,
            gate_id: fields.take(6)?.text()?,
        };
        fields.finish()?;
        Ok(claim)
    }
}

impl UnverifiedClaim {
    /// Reads the value of an `Authorization` header.
    ///
    /// # Errors
    /// [`DeviceError::Header`].
    pub fn parse(header: &str) -> Result<Self, DeviceError> {
        let token = header
            .strip_prefix(AUTHORIZATION_SCHEME)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or(DeviceError::Header)?;
        if token.len() > MAX_HEADER_CHARACTERS {
            return Err(DeviceError::Header);
        }
        let bytes = base64url::decode(token).map_err(|_| DeviceError::Header)?;
        let envelope = Unverified::parse(Kind::Device, &bytes).map_err(|_| DeviceError::Header)?;
        let claim = DeviceClaim::from_bytes(envelope.payload()).map_err(|_| DeviceError::Header)?;
        Ok(Self { claim, envelope })
    }

    /// Who claims to be asking: look the gate's key up by it.
    pub fn gate_id(&self) -> &str {
        &self.claim.gate_id
    }

    /// The claim, once the gate's key is seen to have signed it.
    ///
    /// # Errors
    /// [`DeviceError::Signature`].
    pub fn verify(self, device: &PublicKey) -> Result<DeviceClaim, DeviceError> {
        match self.envelope.verify(device) {
            Ok(_) => Ok(self.claim),
            Err(_) => Err(DeviceError::Signature),
        }
    }
}
