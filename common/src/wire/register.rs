//! Records of the `register` part: the permits of the gate's sites, by serial.

use crate::cbor::Value;
use crate::claims::{ClaimsError, Lineage, Validity};
use crate::keys::KeyId;
use crate::permit::{Mode, SiteCode};
use crate::serial::Serial;

/// A permit as the gate's register knows it: enough to answer a typed serial and to judge a pass by its permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermitRecord {
    /// `cti` of the permit.
    pub serial: Serial,
    /// The issuer's id of the enterprise.
    pub enterprise_id: String,
    /// For people.
    pub enterprise: String,
    /// Survives reissue.
    pub lineage: Lineage,
    /// Index in the status list of `key`.
    pub status_index: u32,
    /// The permit key.
    pub key: KeyId,
    /// When it counts.
    pub validity: Validity,
    /// Place of the permit.
    pub site: SiteCode,
    /// On site, at most so many, or remote only.
    pub mode: Mode,
}

const VERSION: u64 = 1;

impl PermitRecord {
    /// Key in the register.
    pub fn key(&self) -> &[u8] {
        &self.serial.0
    }

    /// Value in the register: a CBOR map with small keys.
    pub fn to_bytes(&self) -> Vec<u8> {
        Value::map([
            (0, VERSION.into()),
            (1, self.enterprise_id.as_str().into()),
            (2, self.enterprise.as_str().into()),
            (3, self.lineage.0.into()),
            (4, self.status_index.into()),
            (5, self.key.0.into()),
            (6, self.validity.not_before().into()),
            (7, self.validity.expires().into()),
            (8, self.site.0.into()),
            (9, self.mode.to_value()),
        ])
        .encode()
    }

    /// Reads a record; the rule for added fields is that of [`PersonRecord`](super::PersonRecord::from_bytes).
    ///
    /// # Errors
    /// [`ClaimsError`]; the gate keeps its old bundle.
    pub fn from_bytes(key: &[u8], value: &[u8]) -> Result<Self, ClaimsError> {
        let serial =
            key.try_into().map_err(|_| ClaimsError::Malformed("a serial of 8 bytes is wanted"))?;
        let mut fields = Value::decode(value)?.fields()?;
        let version = fields.take(0)?.unsigned()?;
        if version != VERSION {
            return Err(ClaimsError::UnknownVersion(version));
        }
        Ok(Self {
            serial: Serial(serial),
            enterprise_id: fields.take(1)?.text()?,
            enterprise: fields.take(2)?.text()?,
            lineage: Lineage(fields.take(3)?.byte_array()?),
            status_index: fields.take(4)?.unsigned32()?,
            key: KeyId(fields.take(5)?.byte_array()?),
            validity: Validity::new(fields.take(6)?.unsigned()?, fields.take(7)?.unsigned()?)
                .ok_or(ClaimsError::Malformed("ends before it starts"))?,
            site: SiteCode(fields.take(8)?.unsigned()?),
            mode: Mode::from_value(fields.take(9)?)?,
        })
    }
}
