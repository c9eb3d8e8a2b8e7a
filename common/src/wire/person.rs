//! Records of the `roster` part: what a gate may know about a person, and nothing more.
//!
//! A stolen box holds what stands here: short name, last four, a not-before date. Never a reason, a phone or an identity number.

use crate::cbor::{CborError, Value};
use crate::claims::{ClaimsError, Lineage};
use crate::keys::KeyId;
use crate::permit::SiteCode;
use crate::serial::{PassReference, Serial};

/// A person who may come to the gate's sites, under their worker number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRecord {
    /// Pseudonymous number on the pass.
    pub worker: String,
    /// Short or masked name, as the enterprise chose.
    pub name: String,
    /// Last four characters of the identity document, to compare.
    pub last_four: Option<String>,
    /// Trade or post.
    pub role: String,
    /// The issuer's id of the enterprise.
    pub enterprise_id: String,
    /// For people.
    pub enterprise: String,
    /// Lineage of the enterprise's permits.
    pub lineage: Lineage,
    /// Unix seconds before which the person doesn't start.
    pub not_before: Option<u64>,
    /// Unix seconds at which the isolation ends; no kind, no reason.
    pub isolating_until: Option<u64>,
    /// The small code on the pass.
    pub reference: Option<PassReference>,
    /// The pass in force.
    pub pass: Option<PassLink>,
    /// Sites where the person may work; empty: every site of the permit.
    pub sites: Vec<SiteCode>,
    /// Left the enterprise; kept until the gate has forgotten the pass.
    pub left: bool,
}

/// Where to look a pass up in the status lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassLink {
    /// `cti` of the pass.
    pub serial: Serial,
    /// Index in the status list of `key`.
    pub status_index: u32,
    /// The pass key.
    pub key: KeyId,
}

const VERSION: u64 = 1;

impl PersonRecord {
    /// Key in the roster.
    pub fn key(&self) -> &[u8] {
        self.worker.as_bytes()
    }

    /// Value in the roster: a CBOR map with small keys, absent where there is nothing to say.
    pub fn to_bytes(&self) -> Vec<u8> {
        Value::sparse([
            (0, Some(VERSION.into())),
            (1, Some(self.name.as_str().into())),
            (2, self.last_four.as_deref().map(Into::into)),
            (3, Some(self.role.as_str().into())),
            (4, Some(self.enterprise_id.as_str().into())),
            (5, Some(self.enterprise.as_str().into())),
            (6, Some(self.lineage.0.into())),
            (7, self.not_before.map(Into::into)),
            (8, self.isolating_until.map(Into::into)),
            (9, self.reference.map(|reference| reference.0.into())),
            (
                10,
                self.pass.map(|pass| {
                    Value::Array(vec![
                        pass.serial.0.into(),
                        pass.status_index.into(),
                        pass.key.0.into(),
                    ])
                }),
            ),
            (
                11,
                (!self.sites.is_empty())
                    .then(|| Value::Array(self.sites.iter().map(|site| site.0.into()).collect())),
            ),
            (12, self.left.then_some(true.into())),
        ])
        .encode()
    }

    /// Reads a record. Fields that only inform may be added without a new version and are skipped here;
    /// one that restricts comes with a new version, which is refused.
    ///
    /// # Errors
    /// [`ClaimsError`]; the gate keeps its old bundle.
    pub fn from_bytes(key: &[u8], value: &[u8]) -> Result<Self, ClaimsError> {
        let worker = std::str::from_utf8(key)
            .map_err(|_| ClaimsError::Malformed("a worker number is wanted"))?;
        let mut fields = Value::decode(value)?.fields()?;
        let version = fields.take(0)?.unsigned()?;
        if version != VERSION {
            return Err(ClaimsError::UnknownVersion(version));
        }
        let pass = fields.take_optional(10).map(|pass| -> Result<_, CborError> {
            let [serial, index, key] = pass.items()?;
            Ok(PassLink {
                serial: Serial(serial.byte_array()?),
                status_index: index.unsigned32()?,
                key: KeyId(key.byte_array()?),
            })
        });
        let sites = match fields.take_optional(11) {
            Some(sites) => sites
                .array()?
                .into_iter()
                .map(|site| Ok(SiteCode(site.unsigned()?)))
                .collect::<Result<_, CborError>>()?,
            None => Vec::new(),
        };
        Ok(Self {
            worker: worker.to_owned(),
            name: fields.take(1)?.text()?,
            last_four: fields.take_optional(2).map(Value::text).transpose()?,
            role: fields.take(3)?.text()?,
            enterprise_id: fields.take(4)?.text()?,
            enterprise: fields.take(5)?.text()?,
            lineage: Lineage(fields.take(6)?.byte_array()?),
            not_before: fields.take_optional(7).map(Value::unsigned).transpose()?,
            isolating_until: fields.take_optional(8).map(Value::unsigned).transpose()?,
            reference: fields
                .take_optional(9)
                .map(|r| r.byte_array().map(PassReference))
                .transpose()?,
            pass: pass.transpose()?,
            sites,
            left: fields.take_optional(12).map(Value::boolean).transpose()?.unwrap_or(false),
        })
    }
}
