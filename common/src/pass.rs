//! The claims of a worker pass, and their bytes inside the signed token.
//!
//! A pass says who may come in on whose permit, and nothing more of the person: no identity
//! number, no telephone, no reason of health.
//!
//! ```text
//! {  2: "W7K2M4Q9DX",                sub: worker number, a pseudonym
//!    4: 1583020800, 5: 1581264000,   exp and nbf, seconds: valid while nbf <= now < exp
//!    7: h'8 random bytes',           cti
//!    -65537: {
//!      0: 1,                         version, read before anything else
//!      1: "王小明",                   short name, for comparing with the person
//!      2: "缝纫工",                   role
//!      3: 731,                       index in the status list of the signing key
//!      4: h'8 bytes',                lineage of the enterprise's permits
//!      5: [4403090040010001] } }     sites, ascending
//! ```

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cbor::Value;
use crate::claims::{self, CONTAINER, EXPIRES, NOT_BEFORE, SUBJECT, TOKEN_ID};
pub use crate::claims::{ClaimsError, Lineage, Validity};
use crate::permit::SiteCode;
use crate::person::Name;
pub use crate::serial::PassReference;
use crate::serial::Serial;

/// What [`Pass::encode`] writes and [`Pass::decode`] understands.
pub const VERSION: u64 = 1;

/// Names a worker within the division without telling who it is: 1 to 24 letters, digits and
/// dashes of ASCII, upper case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkerNumber(String);

impl WorkerNumber {
    const MAX_BYTES: usize = 24;

    pub fn parse(text: &str) -> Result<Self, ClaimsError> {
        let fit = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'-';
        if (1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(fit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClaimsError::Malformed("worker number"))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for WorkerNumber {
    type Error = ClaimsError;

    fn try_from(text: String) -> Result<Self, ClaimsError> {
        Self::parse(&text)
    }
}

impl From<WorkerNumber> for String {
    fn from(number: WorkerNumber) -> Self {
        number.0
    }
}

/// The claims of a worker pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    pub worker: WorkerNumber,
    pub serial: Serial,
    pub validity: Validity,
    pub name: Name,
    pub role: Name,
    /// Index in the status list of the key that signs. Never used twice.
    pub status_index: u32,
    pub lineage: Lineage,
    pub sites: BTreeSet<SiteCode>,
}

impl Pass {
    /// The payload to be sealed as [`Kind::Pass`](crate::keys::Kind::Pass).
    pub fn encode(&self) -> Vec<u8> {
        let sites: Vec<Value> = self.sites.iter().map(|site| site.0.into()).collect();
        let container = Value::map([
            (0, VERSION.into()),
            (1, self.name.as_str().into()),
            (2, self.role.as_str().into()),
            (3, self.status_index.into()),
            (4, self.lineage.0.into()),
            (5, sites.into()),
        ]);
        Value::map([
            (SUBJECT, self.worker.as_str().into()),
            (EXPIRES, self.validity.expires().into()),
            (NOT_BEFORE, self.validity.not_before().into()),
            (TOKEN_ID, self.serial.0.into()),
            (CONTAINER, container),
        ])
        .encode()
    }

    /// Reads the payload of a pass.
    ///
    /// # Errors
    /// As for [`Permit::decode`](crate::permit::Permit::decode): over a good signature every error
    /// means that this reader is too old.
    pub fn decode(payload: &[u8]) -> Result<Self, ClaimsError> {
        let (mut claims, mut container) = claims::open(payload, VERSION)?;
        let pass = Self {
            worker: WorkerNumber::parse(&claims.take(SUBJECT)?.text()?)?,
            serial: Serial(claims.take(TOKEN_ID)?.byte_array()?),
            validity: claims::take_validity(&mut claims)?,
            name: claims::take_name(&mut container, 1)?,
            role: claims::take_name(&mut container, 2)?,
            status_index: container.take(3)?.unsigned32()?,
            lineage: Lineage(container.take(4)?.byte_array()?),
            sites: sites(container.take(5)?)?,
        };
        claims.finish()?;
        container.finish()?;
        Ok(pass)
    }
}

/// One order only: two byte forms of one pass would be two passes to whoever compares bytes.
fn sites(value: Value) -> Result<BTreeSet<SiteCode>, ClaimsError> {
    let listed: Vec<SiteCode> = value
        .array()?
        .into_iter()
        .map(|site| site.unsigned().map(SiteCode))
        .collect::<Result<_, _>>()?;
    if listed.is_sorted_by(|left, right| left < right) {
        Ok(listed.into_iter().collect())
    } else {
        Err(ClaimsError::Malformed("sites out of order"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Pass {
        Pass {
            worker: WorkerNumber::parse("W7K2M4Q9DX").unwrap(),
            serial: Serial([9; 8]),
            validity: Validity::new(1_581_264_000, 1_583_020_800).unwrap(),
            name: Name::parse("王小明").unwrap(),
            role: Name::parse("缝纫工").unwrap(),
            status_index: 731,
            lineage: Lineage::starting_with(Serial([7; 8])),
            sites: [SiteCode(4_403_090_040_010_001), SiteCode(4_403_090_040_010_002)].into(),
        }
    }

    /// The sample with one value of its container exchanged, or dropped.
    fn with(key: i64, value: Option<Value>) -> Vec<u8> {
        let mut claims = Value::decode(&sample().encode()).unwrap();
        let Value::Map(entries) = &mut claims else { panic!("claims are a map") };
        let Some((_, Value::Map(container))) = entries.last_mut() else { panic!("no container") };
        container.retain(|(candidate, _)| *candidate != Value::from(key));
        container.extend(value.map(|value| (key.into(), value)));
        claims.encode()
    }

    #[test]
    fn a_pass_is_read_back_as_it_was_written() {
        assert_eq!(Pass::decode(&sample().encode()), Ok(sample()));
    }

    #[test]
    fn another_version_or_an_unknown_claim_asks_for_an_update() {
        let newer = with(0, Some(2_u64.into()));
        assert_eq!(Pass::decode(&newer), Err(ClaimsError::UnknownVersion(2)));
        assert_eq!(Pass::decode(&with(6, Some(0_u64.into()))), Err(ClaimsError::UnknownTerm));
    }

    #[test]
    fn claims_that_we_would_never_sign_are_refused() {
        let unsorted = Value::Array(vec![2_u64.into(), 1_u64.into()]);
        let twice = Value::Array(vec![2_u64.into(), 2_u64.into()]);
        for (key, value) in [
            (1, Some("".into())),
            (5, Some(unsorted)),
            (5, Some(twice)),
            (4, Some([0; 7].into())),
            (3, None),
        ] {
            let refused = Pass::decode(&with(key, value.clone()));
            assert!(matches!(refused, Err(ClaimsError::Malformed(_))), "{key}: {value:?}");
        }
        for number in ["", "w7k2", "W 7", "WWWWWWWWWWWWWWWWWWWWWWWWW"] {
            assert!(WorkerNumber::parse(number).is_err(), "{number:?}");
        }
    }

    proptest! {
        #[test]
        fn any_pass_is_read_back(
            worker in "[0-9A-Z-]{1,24}", name in "[\u{4e00}-\u{9fff}]{1,10}",
            serial: [u8; 8], lineage: [u8; 8], status_index: u32,
            starts in 0..u64::MAX - 1, sites: BTreeSet<u64>,
        ) {
            let pass = Pass {
                worker: WorkerNumber::parse(&worker).unwrap(),
                serial: Serial(serial),
                validity: Validity::new(starts, starts + 1).unwrap(),
                name: Name::parse(&name).unwrap(),
                role: Name::parse(&name).unwrap(),
                status_index,
                lineage: Lineage(lineage),
                sites: sites.into_iter().map(SiteCode).collect(),
            };
            prop_assert_eq!(Pass::decode(&pass.encode()), Ok(pass));
        }
    }
}
