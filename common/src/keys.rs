//! Ed25519 keys, what they may sign, and who signs with them.

use std::fmt;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes, SecretDocument,
};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::base64url;
use crate::entropy::{self, Entropy};
use crate::hex;

/// A public key that has been looked at: a point on the curve, and not of small order.
///
/// In JSON it is base64url, as `x` of a JWK (RFC 8037) is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    key: VerifyingKey,
    /// Asked for several times with every check.
    id: KeyId,
}

impl PublicKey {
    /// Takes 32 bytes that are an Ed25519 public key.
    ///
    /// # Errors
    /// Not on the curve, or of small order (such a key verifies signatures that nobody made).
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPublicKey)?;
        if key.is_weak() { Err(KeyError::NotAPublicKey) } else { Ok(Self::of(key)) }
    }

    fn of(key: VerifyingKey) -> Self {
        Self { key, id: Fingerprint::of(key.as_bytes()).short() }
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The first four bytes of [`fingerprint`](Self::fingerprint).
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// SHA-256 of the 32 bytes: what people compare when they enrol a gate.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.as_bytes())
    }

    /// Whether this key made `signature` over `message`.
    ///
    /// Strict (RFC 8032 §8.4 and cofactorless): one signature per message and signing, so bits can't be
    /// turned without the signature failing.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex::encode(self.as_bytes()))
    }
}

impl TryFrom<String> for PublicKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        let bytes = base64url::decode(&text).map_err(|_| KeyError::NotAPublicKey)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| KeyError::NotAPublicKey)?;
        Self::from_bytes(&bytes)
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        base64url::encode(key.as_bytes())
    }
}

/// SHA-256 of a public key. Shown and stored as 64 hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub [u8; 32]);

/// Names a key inside an envelope: the first four bytes of its fingerprint, unique in a trust list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    pub fn of(key: &PublicKey) -> Self {
        key.id
    }
}

impl Fingerprint {
    fn of(key: &[u8; 32]) -> Self {
        Self(Sha256::digest(key).into())
    }

    fn short(self) -> KeyId {
        let [a, b, c, d, ..] = self.0;
        KeyId([a, b, c, d])
    }
}

macro_rules! hexadecimal {
    ($name:ident, $bytes:literal, $error:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = KeyError;

            /// Forgives case, and the spaces and colons that people put between groups.
            fn from_str(text: &str) -> Result<Self, KeyError> {
                let plain: String =
                    text.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
                hex::decode_array::<$bytes>(&plain.to_ascii_lowercase())
                    .map(Self)
                    .ok_or(KeyError::$error)
            }
        }

        impl TryFrom<String> for $name {
            type Error = KeyError;

            fn try_from(text: String) -> Result<Self, KeyError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

hexadecimal!(Fingerprint, 32, NotAFingerprint);
hexadecimal!(KeyId, 4, NotAKeyId);

/// Why bytes or a text are not the key, or the name of a key, that was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    NotAPublicKey,
    NotAFingerprint,
    NotAKeyId,
    /// Not an Ed25519 key in PKCS#8, or an encrypted one.
    NotAPrivateKey,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAPublicKey => "not an Ed25519 public key",
            Self::NotAFingerprint => "not a fingerprint: 64 hexadecimal characters are wanted",
            Self::NotAKeyId => "not a key id: 8 hexadecimal characters are wanted",
            Self::NotAPrivateKey => {
                "not an Ed25519 key in PKCS#8; if the file is encrypted, give its passphrase"
            }
        })
    }
}

impl std::error::Error for KeyError {}

/// What a key of the trust list may sign. A key has one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Permit,
    Pass,
    Status,
    Manifest,
}

impl Role {
    /// The only kind of message that a key of this role may sign.
    pub fn kind(self) -> Kind {
        match self {
            Self::Permit => Kind::Permit,
            Self::Pass => Kind::Pass,
            Self::Status => Kind::Status,
            Self::Manifest => Kind::Manifest,
        }
    }
}

/// What a signed message is. The kind goes into the signature, so that no message can be taken
/// for one of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Permit,
    Pass,
    Trust,
    Manifest,
    Device,
    Journal,
    Certificate,
    Report,
    Status,
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Permit,
        Self::Pass,
        Self::Trust,
        Self::Manifest,
        Self::Device,
        Self::Journal,
        Self::Certificate,
        Self::Report,
        Self::Status,
    ];

    /// `fugong:<kind>:1`. Empty for status lists: their draft gives them a type header instead,
    /// which sets them apart just as well, and lets foreign readers verify them.
    pub fn external_aad(self) -> &'static [u8] {
        match self {
            Self::Permit => b"fugong:permit:1",
            Self::Pass => b"fugong:pass:1",
            Self::Trust => b"fugong:trust:1",
            Self::Manifest => b"fugong:manifest:1",
            Self::Device => b"fugong:device:1",
            Self::Journal => b"fugong:journal:1",
            Self::Certificate => b"fugong:certificate:1",
            Self::Report => b"fugong:report:1",
            Self::Status => b"",
        }
    }
}

/// Why nothing was signed. The text is for the log of the machine that holds the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignError(pub String);

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the signing key did not sign: {}", self.0)
    }
}

impl std::error::Error for SignError {}

/// Holds a private key, here or in a hardware module, and signs with it.
pub trait Signer: Send + Sync + fmt::Debug {
    fn public_key(&self) -> PublicKey;

    /// A plain Ed25519 signature (RFC 8032) over `message`.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;

    fn key_id(&self) -> KeyId {
        KeyId::of(&self.public_key())
    }
}

/// A private key in memory, wiped when dropped.
pub struct SoftwareKey(SigningKey);

impl SoftwareKey {
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::from_seed(&entropy::bytes(entropy))
    }

    /// The private key of RFC 8032 §5.1.5: 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads unencrypted PKCS#8 (RFC 8410), with or without the public key inside.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_der(der).map(Self).map_err(|_| KeyError::NotAPrivateKey)
    }

    /// Reads an unencrypted `PRIVATE KEY` PEM block.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| KeyError::NotAPrivateKey)
    }

    /// Unencrypted PKCS#8; the document wipes itself when dropped.
    pub fn to_pkcs8_der(&self) -> Result<SecretDocument, SignError> {
        // Without the public key: OpenSSL reads only version 1 of the format.
        KeypairBytes { secret_key: self.0.to_bytes(), public_key: None }
            .to_pkcs8_der()
            .map_err(|error| SignError(error.to_string()))
    }

    /// Unencrypted PKCS#8 as a `PRIVATE KEY` PEM block; the text wipes itself when dropped.
    pub fn to_pkcs8_pem(
        &self,
    ) -> Result<impl AsRef<str> + std::ops::Deref<Target = String>, SignError> {
        self.to_pkcs8_der()?
            .to_pem("PRIVATE KEY", LineEnding::LF)
            .map_err(|error| SignError(error.to_string()))
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> PublicKey {
        // Made from a private key, so it needs no second look.
        PublicKey::of(self.0.verifying_key())
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareKey({})", self.key_id())
    }
}

#[cfg(test)]
mod tests;
