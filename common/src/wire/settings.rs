//! The `settings` part: what an administrator decided for one gate.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::permit::SiteCode;
use crate::temperature::Thresholds;
use crate::time::Zone;

/// JSON of the `settings` part. Unknown fields are skipped, so that an issuer may be newer than its gates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// For people: "3 号门".
    pub gate_name: String,
    /// Sites whose permits open this gate; a park's gate serves many.
    pub sites: Vec<SiteCode>,
    /// Code of the division that the gate answers to.
    pub division: String,
    /// For people.
    pub division_name: String,
    /// IANA name, such as `Asia/Shanghai`.
    pub time_zone: String,
    /// Which regime's data these are.
    pub regime: String,
    /// Stated in every journal entry.
    pub rule_version: u32,
    /// What a reading means.
    pub temperature: Thresholds,
    /// Up to this age of a status list a gate may let people in conditionally.
    pub offline_grace_seconds: u64,
    /// Most people inside at once, if the premises have such a limit.
    #[serde(default)]
    pub capacity: Option<u32>,
    /// Hosts on which this issuer answers, for opening links; the trust list says which are official.
    pub issuer_hosts: Vec<String>,
    /// Who may sign on here.
    pub guards: Vec<Guard>,
    /// The division's order for gates without network, shown when it applies.
    pub offline_order: String,
    /// Belongs to the sample town; every page of the gate says so.
    #[serde(default)]
    pub sample: bool,
}

/// Someone who may sign on at this gate.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Named in journal entries.
    pub id: String,
    /// For people.
    pub name: String,
    /// What they may do.
    pub role: GuardRole,
    /// Argon2id in PHC string form, checked offline.
    pub pin_hash: String,
}

/// Hashes of short numbers can be guessed: keep them out of logs.
impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// What a guard may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardRole {
    /// 值守人员: checks and records.
    Guard,
    /// 带班人员: also second person of an override, and hand-over.
    ShiftLeader,
}

/// Why settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// Not the JSON expected; with the place.
    Malformed(String),
    /// No site: nothing could ever open the gate.
    NoSite,
    /// The time zone database doesn't hold it.
    TimeZone(String),
    /// Two guards share an id.
    DuplicateGuard(String),
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(place) => write!(
                f,
                "the gate's settings cannot be read ({place}); save them again in the console"
            ),
            Self::NoSite => f.write_str("the gate serves no site; choose its sites in the console"),
            Self::TimeZone(name) => write!(f, "unknown time zone {name:?}; correct the division's"),
            Self::DuplicateGuard(id) => {
                write!(f, "two guards are called {id}; remove one in the console")
            }
        }
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Seven days.
    pub const DEFAULT_OFFLINE_GRACE_SECONDS: u64 = 7 * 24 * 3600;

    /// Reads and checks the part.
    ///
    /// # Errors
    /// [`SettingsError`]; a gate then keeps its old bundle.
    pub fn parse(bytes: &[u8]) -> Result<Self, SettingsError> {
        let settings: Self = serde_json::from_slice(bytes)
            .map_err(|error| SettingsError::Malformed(error.to_string()))?;
        settings.check()?;
        Ok(settings)
    }

    /// What [`Settings::parse`] demands beyond the JSON.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.sites.is_empty() {
            return Err(SettingsError::NoSite);
        }
        self.zone()?;
        let mut ids = HashSet::new();
        match self.guards.iter().find(|guard| !ids.insert(guard.id.as_str())) {
            Some(guard) => Err(SettingsError::DuplicateGuard(guard.id.clone())),
            None => Ok(()),
        }
    }

    /// The time zone by which days begin here.
    ///
    /// # Errors
    /// [`SettingsError::TimeZone`].
    pub fn zone(&self) -> Result<Zone, SettingsError> {
        Zone::parse(&self.time_zone).map_err(|_| SettingsError::TimeZone(self.time_zone.clone()))
    }

    /// The part's bytes.
    ///
    /// # Errors
    /// [`SettingsError`] if a gate would refuse them.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SettingsError> {
        self.check()?;
        serde_json::to_vec(self).map_err(|error| SettingsError::Malformed(error.to_string()))
    }
}
