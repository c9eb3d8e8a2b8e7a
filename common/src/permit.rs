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

use crate::cbor::Value;
use crate::claims::{self, CONTAINER, EXPIRES, NOT_BEFORE, SUBJECT, TOKEN_ID};
use crate::person::Name;
use crate::serial::Serial;

mod terms;

pub use crate::claims::{ClaimsError, Phase, Validity};
pub use terms::{Approval, Category, Mode, NoCode, PostKind, Route, SiteCode, Subject};

/// What [`Permit::encode`] writes and [`Permit::decode`] understands.
pub const VERSION: u64 = 1;

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
            (EXPIRES, self.validity.expires().into()),
            (NOT_BEFORE, self.validity.not_before().into()),
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
        let (mut claims, mut container) = claims::open(payload, VERSION)?;
        let permit = Self {
            subject: claims.take(SUBJECT)?.text()?.parse()?,
            serial: Serial(claims.take(TOKEN_ID)?.byte_array()?),
            validity: claims::take_validity(&mut claims)?,
            name: claims::take_name(&mut container, 1)?,
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

#[cfg(test)]
mod tests;
