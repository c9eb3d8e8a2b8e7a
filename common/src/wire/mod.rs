//! The gate protocol: paths, headers, media types and JSON bodies that issuer and verifier share.
//!
//! Records inside the signed bundle: [`PersonRecord`], [`PermitRecord`], [`Settings`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::keys::{Fingerprint, KeyId, PublicKey};
use crate::{base64url, hex};

mod bodies;
pub mod person;
pub mod register;
pub mod settings;
#[cfg(test)]
mod tests;

pub use bodies::*;
pub use person::{PassLink, PersonRecord};
pub use register::PermitRecord;
pub use settings::{Guard, GuardRole, Settings, SettingsError};

/// `POST`: a new gate presents its one-time code. The only call without a device signature.
pub const ENROL: &str = "/api/gate/enrol";
/// `GET`: a nonce for the next signed request.
pub const NONCE: &str = "/api/gate/nonce";
/// `GET`: the newest manifest as `COSE_Sign1`.
pub const MANIFEST: &str = "/api/gate/manifest";
/// `GET`: parts of the bundle, below this; see [`part_path`].
pub const PARTS: &str = "/api/gate/parts";
/// `GET`: server-sent events; see [`MANIFEST_EVENT`] and [`STATUS_EVENT`].
pub const EVENTS: &str = "/api/gate/events";
/// `POST`: a signed batch of journal entries; `GET` below this: where the issuer stands.
pub const JOURNAL: &str = "/api/gate/journal";

/// `POST`: a signed batch of a history that contradicts the one which the issuer holds under the same journal's name. Kept for people.
pub const JOURNAL_BRANCH: &str = "/api/gate/journal/branch";
/// `POST` below this: what the gate holds, signed as it came, for an issuer that was set back; see [`held_path`].
pub const HELD: &str = "/api/gate/held";

/// Scheme of the `Authorization` header; after it one space and base64url of the signed [`DeviceClaim`](crate::device::DeviceClaim).
pub const AUTHORIZATION_SCHEME: &str = "Fugong-Device";
/// Response header with the nonce for the next request (lower case, as HTTP/2 wants it).
pub const NONCE_HEADER: &str = "fugong-nonce";
/// Name of the event that says "a manifest with this seq exists".
pub const MANIFEST_EVENT: &str = "manifest";
/// Name of the event that carries a changed status list itself, in base64url: what stops a permit
/// need not wait until a thousand gates have pulled. Sent ahead of the [`MANIFEST_EVENT`] of the
/// same change; the pull that follows brings the same list again.
pub const STATUS_EVENT: &str = "status";
/// Bytes of the longest status list that is sent along; of a longer one gates are only told.
pub const SENT_ALONG_BYTES: usize = 64 * 1024;
/// Query parameter of a part: digest (hex) of the version that the gate holds, to get a delta.
pub const FROM_PARAMETER: &str = "from";

/// Media type of manifests and journal batches.
pub const COSE_TYPE: &str = "application/cose";
/// Media type of a [`Delta`](crate::records::Delta).
pub const DELTA_TYPE: &str = "application/vnd.fugong.delta+cbor";
/// Media type of a whole part.
pub const PART_TYPE: &str = "application/octet-stream";

/// Seconds that a nonce is good for.
pub const NONCE_SECONDS: i64 = 600;
/// Seconds that an enrolment code is good for.
pub const ENROLMENT_SECONDS: i64 = 900;
/// Wrong tries after which an enrolment code is dead.
pub const ENROLMENT_TRIES: u32 = 5;
/// Seconds between two comment lines on the event stream.
pub const HEARTBEAT_SECONDS: u64 = 15;

/// Stable codes of the problem bodies (RFC 9457) that a gate acts upon.
pub mod problem {
    /// 401: take a fresh nonce and repeat the request.
    pub const NONCE_EXPIRED: &str = "nonce_expired";
    /// 401: the device signature doesn't fit the request.
    pub const DEVICE_SIGNATURE: &str = "device_signature";
    /// 403: an administrator hasn't confirmed this gate yet.
    pub const GATE_WAITING: &str = "gate_waiting";
    /// 410: this gate was cut off. It wipes what it holds.
    pub const GATE_CUT_OFF: &str = "gate_cut_off";
    /// 409: same seq, other hash. Open a new journal that cites the old head.
    pub const JOURNAL_FORK: &str = "journal_fork";
    /// 409: the batch begins behind what the issuer has; send from its `next_seq`.
    pub const JOURNAL_GAP: &str = "journal_gap";
    /// 409, instead of a manifest: the issuer was restored from a backup. Tell it what this gate holds (trust chain, status
    /// lists, and last the manifest), and compare every journal with it again.
    pub const ISSUER_RESTORED: &str = "issuer_restored";
    /// 404: unknown, used, expired or mistyped too often; all look alike.
    pub const ENROLMENT_CODE: &str = "enrolment_code";
    /// 503: so much of this gate waits for a person that no more of it is kept; keep it and try again.
    pub const DISPUTES_FULL: &str = "disputes_full";
    /// 404: the part is no longer kept in this version; pull the manifest again.
    pub const PART_GONE: &str = "part_gone";
}

/// Name of a part of the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartName {
    /// Trust chain bytes, see [`crate::trust`].
    Trust,
    /// [`Settings`] as JSON.
    Settings,
    /// [`PersonRecord`]s by worker number.
    Roster,
    /// [`PermitRecord`]s by serial.
    Register,
    /// Status list token of this permit or pass key.
    Status(KeyId),
}

impl PartName {
    /// Whether the part is a [`RecordSet`](crate::records::RecordSet), for which deltas exist.
    pub const fn has_deltas(self) -> bool {
        matches!(self, Self::Roster | Self::Register)
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trust => f.write_str("trust"),
            Self::Settings => f.write_str("settings"),
            Self::Roster => f.write_str("roster"),
            Self::Register => f.write_str("register"),
            Self::Status(key) => write!(f, "status/{key}"),
        }
    }
}

/// No part has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPart;

impl fmt::Display for UnknownPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no part of the bundle has this name; this program may be older than the issuer",
        )
    }
}

impl std::error::Error for UnknownPart {}

impl FromStr for PartName {
    type Err = UnknownPart;

    fn from_str(name: &str) -> Result<Self, UnknownPart> {
        let part = match name {
            "trust" => Self::Trust,
            "settings" => Self::Settings,
            "roster" => Self::Roster,
            "register" => Self::Register,
            _ => {
                let id = name.strip_prefix("status/").ok_or(UnknownPart)?;
                Self::Status(id.parse().map_err(|_| UnknownPart)?)
            }
        };
        // Key ids forgive capitals and colons when people type them; names of parts have one form.
        if part.to_string() == name { Ok(part) } else { Err(UnknownPart) }
    }
}

/// Path (and query) of a part with this digest, as a delta from `held` where that helps.
pub fn part_path(name: PartName, digest: &[u8; 32], held: Option<&[u8; 32]>) -> String {
    let path = format!("{PARTS}/{name}/{}", hex::encode(digest));
    match held.filter(|_| name.has_deltas()) {
        Some(held) => format!("{path}?{FROM_PARAMETER}={}", hex::encode(held)),
        None => path,
    }
}

/// Path under which a gate tells what it holds of a part.
pub fn held_path(name: PartName) -> String {
    format!("{HELD}/{name}")
}

/// Path under which a gate tells the manifest it holds, an empty body where it has none. The last of what it tells.
pub fn held_manifest_path() -> String {
    format!("{HELD}/manifest")
}

/// Path of a journal's state at the issuer.
pub fn journal_path(id: &[u8; 16]) -> String {
    format!("{JOURNAL}/{}", hex::encode(id))
}

/// Bytes that stand in JSON as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex<const N: usize>(pub [u8; N]);

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> TryFrom<String> for Hex<N> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        hex::decode_array(&text)
            .map(Self)
            .ok_or_else(|| format!("{} hexadecimal characters are wanted", N * 2))
    }
}

impl<const N: usize> From<Hex<N>> for String {
    fn from(bytes: Hex<N>) -> Self {
        bytes.to_string()
    }
}

/// Bytes that stand in JSON as base64url without padding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Base64Url(pub Vec<u8>);

impl TryFrom<String> for Base64Url {
    type Error = base64url::Base64UrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        base64url::decode(&text).map(Self)
    }
}

impl From<Base64Url> for String {
    fn from(bytes: Base64Url) -> Self {
        base64url::encode(&bytes.0)
    }
}
