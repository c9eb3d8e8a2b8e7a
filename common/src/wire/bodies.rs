//! JSON bodies, and the text of the enrolment QR.

use super::{Base64Url, Deserialize, Fingerprint, FromStr, Hex, PublicKey, Serialize, fmt};
use crate::time::Millis;

/// Body of [`ENROL`](super::ENROL).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
pub struct EnrolRequest {
    /// One-time code as typed or scanned.
    pub code: String,
    /// The key that the verifier has just made.
    #[cfg_attr(feature = "service", schema(value_type = String))]
    pub device_key: PublicKey,
    /// Program and version, for the console.
    pub software: String,
}

/// Whether a gate works already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
pub enum GateState {
    /// An administrator has to compare the device key's fingerprint and confirm.
    Waiting,
    /// Confirmed.
    Confirmed,
}

/// Answer to [`EnrolRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
pub struct EnrolAnswer {
    /// Names the gate in every later request.
    pub gate_id: String,
    /// For people.
    pub gate_name: String,
    /// What manifests and device claims must name.
    pub audience: String,
    /// Root key; believed only if it fits the fingerprint that was scanned or typed.
    #[cfg_attr(feature = "service", schema(value_type = String))]
    pub root_key: PublicKey,
    /// Trust chain, as in the part `trust`.
    #[cfg_attr(feature = "service", schema(value_type = String))]
    pub trust_list: Base64Url,
    /// Always waiting at first.
    pub state: GateState,
}

/// Answer of [`NONCE`](super::NONCE).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
pub struct NonceAnswer {
    /// Opaque.
    pub nonce: String,
    /// The issuer's clock. A hint: only signed objects move a gate's clock floor.
    pub now_ms: Millis,
}

/// Where the issuer stands with a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
pub struct JournalHead {
    /// The next sequence number it wants.
    pub next_seq: u64,
    /// Hash of the last entry, or of the journal's beginning.
    #[cfg_attr(feature = "service", schema(value_type = String))]
    pub head: Hex<32>,
}

/// Answer to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
pub struct JournalAnswer {
    /// As in [`JournalHead`].
    pub next_seq: u64,
    /// As in [`JournalHead`].
    #[cfg_attr(feature = "service", schema(value_type = String))]
    pub head: Hex<32>,
    /// Entries that were there already.
    pub duplicates: u64,
}

/// Answer to what a gate tells that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
pub struct HeldAnswer {
    /// Things that the issuer did not know.
    pub learned: u64,
    /// False: not under a root or key that the issuer believes.
    pub believed: bool,
}

/// What a gate reads of a problem body (RFC 9457); the rest is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateProblem {
    /// One of [`problem`](super::problem), or another code.
    pub code: String,
    /// Sentence for the log.
    #[serde(default)]
    pub detail: String,
    /// With `journal_fork` and `journal_gap`: where the issuer stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<JournalHead>,
}

/// What an administrator hands to a verifier, as a QR or typed: `FGE1 <issuer URL> <code> <root fingerprint>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Scheme, host and port of the issuer, without a slash at the end.
    pub issuer: String,
    /// 128 random bits as the issuer wrote them.
    pub code: String,
    /// SHA-256 of the root key.
    pub root: Fingerprint,
}

impl fmt::Display for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FGE1 {} {} {}", self.issuer, self.code, self.root)
    }
}

/// The text isn't an enrolment code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnEnrolment;

impl fmt::Display for NotAnEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not an enrolment code; ask the administrator for the gate's code and scan it whole",
        )
    }
}

impl std::error::Error for NotAnEnrolment {}

impl FromStr for Enrolment {
    type Err = NotAnEnrolment;

    fn from_str(text: &str) -> Result<Self, NotAnEnrolment> {
        let words: Vec<_> = text.split_whitespace().collect();
        let ["FGE1", issuer, code, root] = words.as_slice() else { return Err(NotAnEnrolment) };
        if !(issuer.starts_with("https://") || issuer.starts_with("http://")) {
            return Err(NotAnEnrolment);
        }
        Ok(Self {
            issuer: issuer.trim_end_matches('/').to_owned(),
            code: (*code).to_owned(),
            root: root.parse().map_err(|_| NotAnEnrolment)?,
        })
    }
}
