//! What the issuer gave this gate: every part checked against one signed manifest, taken into use together or not at all.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fugong_common::claims::Lineage;
use fugong_common::envelope::Unverified;
use fugong_common::judge::{HeldStatus, Known};
use fugong_common::keys::{Fingerprint, KeyId, Kind};
use fugong_common::manifest::{Manifest, ManifestError};
use fugong_common::serial::{PassReference, Serial};
use fugong_common::status::{Arrival, StatusClaims, StatusError};
use fugong_common::time::{Millis, Zone};
use fugong_common::trust::{DemoRoots, TrustError, TrustList, TrustStore, TrustedKey};
use fugong_common::wire::{PartName, PermitRecord, PersonRecord, Settings, SettingsError};
use sha2::{Digest as _, Sha256};

use crate::engine::plausible;
use crate::remember::Remembered;
use crate::roster::{Register, Roster, RosterError};

/// A part's bytes and when they came.
#[derive(Clone, Debug)]
pub struct Part {
    pub bytes: Arc<[u8]>,
    /// Running time of this machine, counted in milliseconds, when it came.
    pub received_elapsed: i64,
}

/// Why a bundle isn't taken into use. The one before stays.
#[derive(Debug)]
pub enum BundleError {
    Trust(TrustError),
    Manifest(ManifestError),
    Missing(String),
    Settings(SettingsError),
    Records(&'static str, RosterError),
    Status(KeyId, StatusError),
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trust(error) => write!(f, "{error}"),
            Self::Manifest(error) => write!(f, "{error}"),
            Self::Missing(name) => write!(f, "part {name} is missing; it is fetched again"),
            Self::Settings(error) => write!(f, "{error}"),
            Self::Records(part, error) => write!(f, "{part}: {error}"),
            Self::Status(key, error) => write!(f, "status list of key {key}: {error}"),
        }
    }
}

impl std::error::Error for BundleError {}

impl From<TrustError> for BundleError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}

impl From<ManifestError> for BundleError {
    fn from(error: ManifestError) -> Self {
        Self::Manifest(error)
    }
}

/// A status list in use.
#[derive(Clone, Debug)]
pub struct HeldList {
    pub claims: StatusClaims,
    pub bytes: Arc<[u8]>,
    pub received_elapsed: i64,
}

impl HeldList {
    /// By the wall clock or by this machine's count, whichever is more.
    pub fn age_seconds(&self, now: Millis, elapsed: i64) -> u64 {
        self.claims.age_seconds(now, elapsed_seconds(self.received_elapsed, elapsed))
    }
}

/// Parts in use. Replaced as a whole.
#[derive(Debug)]
pub struct Bundle {
    pub manifest: Manifest,
    pub manifest_bytes: Vec<u8>,
    /// Root and list believed.
    pub trust: TrustStore,
    pub settings: Settings,
    pub zone: Zone,
    /// Readings that a thermometer can show, lowest and highest in tenths.
    pub plausible: (i16, i16),
    pub lists: BTreeMap<KeyId, HeldList>,
    pub roster: Roster,
    pub register: Register,
    pub parts: BTreeMap<String, Part>,
    remembered: Arc<Mutex<Remembered>>,
}

/// For whom a bundle must be.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    pub root: Fingerprint,
    pub demo: DemoRoots,
    pub audience: &'a str,
    /// Not before the clock's floor, however wrong the wall clock is.
    pub now: Millis,
}

impl Bundle {
    /// Checks a manifest and its parts. Status lists that are held in a newer version stay.
    ///
    /// # Errors
    /// [`BundleError`]; nothing changes.
    pub fn assemble(
        recipient: Recipient<'_>,
        manifest_bytes: &[u8],
        parts: BTreeMap<String, Part>,
        held: Option<&Self>,
    ) -> Result<Self, BundleError> {
        let of = |name: PartName| {
            let name = name.to_string();
            parts.get(&name).cloned().ok_or(BundleError::Missing(name))
        };
        let before = held.map_or_else(
            || TrustStore::new(recipient.root, recipient.demo),
            |held| held.trust.clone(),
        );
        let trust = before.accept(&of(PartName::Trust)?.bytes)?.store;
        let list = trust.list().ok_or(TrustError::OtherRoot)?;
        let opened = Manifest::open(manifest_bytes, list, recipient.audience, recipient.now)?;
        opened.manifest.follows(
            manifest_bytes,
            held.map(|held| (&held.manifest, held.manifest_bytes.as_slice())),
        )?;
        for (name, part) in &parts {
            opened.manifest.check_part(name, &part.bytes)?;
        }
        let settings =
            Settings::parse(&of(PartName::Settings)?.bytes).map_err(BundleError::Settings)?;
        opened.speaks_for(list, &settings.sites)?;
        let zone = settings.zone().map_err(BundleError::Settings)?;
        let roster_bytes = of(PartName::Roster)?.bytes;
        let roster = match held.filter(|held| Arc::ptr_eq(held.roster.bytes(), &roster_bytes)) {
            Some(held) => held.roster.clone(),
            None => Roster::read(&roster_bytes)
                .map_err(|error| BundleError::Records("roster", error))?,
        };
        let register = Register::read(&of(PartName::Register)?.bytes)
            .map_err(|error| BundleError::Records("register", error))?;
        let mut lists = BTreeMap::new();
        for (name, part) in &parts {
            let Ok(PartName::Status(id)) = name.parse() else { continue };
            let Some(key) = list.find_key(id) else { continue };
            let known = held.and_then(|held| held.lists.get(&id));
            match newest_list(part, list, key, known, recipient.now) {
                Ok(newest) => {
                    lists.insert(id, newest);
                }
                // A list whose status key was withdrawn is worth nothing, but must not keep the
                // rest away: least of all the trust list that says so. Without it the permits of
                // its key are "status too old".
                Err(BundleError::Status(id, StatusError::Key(_) | StatusError::UnknownKey)) => {
                    tracing::warn!(list = %id, "a status list is not under a key that may sign it");
                }
                Err(error) => return Err(error),
            }
        }
        let remembered = match held.filter(|held| held.trust.list() == Some(list)) {
            Some(held) => Arc::clone(&held.remembered),
            // Another trust list: every signature is looked at anew.
            None => Arc::new(Mutex::new(Remembered::default())),
        };
        Ok(Self {
            manifest: opened.manifest,
            manifest_bytes: manifest_bytes.to_vec(),
            trust,
            plausible: plausible(settings.temperature),
            settings,
            zone,
            lists,
            roster,
            register,
            parts,
            remembered,
        })
    }

    /// Takes a status list that came by itself, on paper or along with a hint; no bundle where the
    /// same is held already.
    ///
    /// # Errors
    /// Not of a listed key, older than the one held, or not a status list.
    pub fn with_list(
        &self,
        bytes: &[u8],
        now: Millis,
        elapsed: i64,
    ) -> Result<(Option<Self>, KeyId), StatusError> {
        let trust = self.trust.list().ok_or(StatusError::UnknownKey)?;
        let mut refused = StatusError::UnknownKey;
        for key in trust.keys.iter().filter(|key| key.list_uri.is_some()) {
            let claims = match StatusClaims::open(bytes, trust, key, now) {
                Ok(claims) => claims,
                // The list names itself only inside: another key's list is told by its URI.
                Err(error @ (StatusError::OtherList(_) | StatusError::Key(_))) => {
                    refused = error;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let id = key.id();
            let held = self.lists.get(&id);
            let arrival = claims.follows(bytes, held.map(|held| (&held.claims, &*held.bytes)))?;
            if arrival == Arrival::Same {
                return Ok((None, id));
            }
            let list = HeldList { claims, bytes: bytes.into(), received_elapsed: elapsed };
            let mut lists = self.lists.clone();
            lists.insert(id, list);
            let bundle = Self {
                manifest: self.manifest.clone(),
                manifest_bytes: self.manifest_bytes.clone(),
                trust: self.trust.clone(),
                settings: self.settings.clone(),
                zone: self.zone.clone(),
                plausible: self.plausible,
                lists,
                roster: self.roster.clone(),
                register: self.register.clone(),
                parts: self.parts.clone(),
                remembered: Arc::clone(&self.remembered),
            };
            return Ok((Some(bundle), id));
        }
        Err(refused)
    }

    /// Greatest signing time among the objects in use.
    pub fn newest_iat(&self) -> Millis {
        let lists = self.lists.values().map(|list| list.claims.iat);
        let trust = self.trust.list().map(|list| list.iat);
        let newest = lists.chain(trust).chain([self.manifest.iat]).max().unwrap_or(0);
        Millis::from_seconds(newest)
    }

    /// Lists that stay in use although the issuer sent ones with higher numbers: those forgot what is final.
    pub fn forgotten(&self) -> impl Iterator<Item = (KeyId, &HeldList)> {
        self.lists.iter().map(|(key, list)| (*key, list)).filter(|(key, list)| {
            let part = self.parts.get(&PartName::Status(*key).to_string());
            part.is_some_and(|part| {
                part.bytes != list.bytes
                    && StatusClaims::peek_seq(&part.bytes) > Some(list.claims.seq)
            })
        })
    }

    /// Age in seconds of the oldest status list in use.
    pub fn status_age_seconds(&self, now: Millis, elapsed: i64) -> Option<u64> {
        self.lists
            .values()
            .map(|list| {
                list.claims.age_seconds(now, elapsed_seconds(list.received_elapsed, elapsed))
            })
            .max()
    }

    /// What the judge may ask, at this count of running time.
    pub fn known(&self, elapsed: i64) -> Knowledge<'_> {
        Knowledge { bundle: self, elapsed }
    }
}

fn elapsed_seconds(received: i64, elapsed: i64) -> u64 {
    u64::try_from(elapsed.saturating_sub(received) / 1000).unwrap_or(0)
}

fn newest_list(
    part: &Part,
    trust: &TrustList,
    key: &TrustedKey,
    held: Option<&HeldList>,
    now: Millis,
) -> Result<HeldList, BundleError> {
    let refused = |error| BundleError::Status(key.id(), error);
    let claims = StatusClaims::open(&part.bytes, trust, key, now).map_err(refused)?;
    let offered = HeldList {
        claims,
        bytes: Arc::clone(&part.bytes),
        received_elapsed: part.received_elapsed,
    };
    let known = held.map(|held| (&held.claims, &*held.bytes));
    match (offered.claims.follows(&part.bytes, known), held) {
        (Ok(Arrival::Newer), _) | (Ok(Arrival::Same), None) => Ok(offered),
        // A list that came by itself may be newer than this bundle: it stays.
        (Ok(Arrival::Same) | Err(StatusError::Older { .. }), Some(held)) => {
            // The trust list may have changed: the held bytes must stand under the new one too.
            StatusClaims::open(&held.bytes, trust, key, now).map_err(refused)?;
            Ok(held.clone())
        }
        // An issuer that forgot a revocation must not keep the rest away, and not be followed either.
        (Err(error @ StatusError::Revived { .. }), Some(held)) => {
            tracing::error!(list = %key.id(), %error, "the held status list stays in use");
            StatusClaims::open(&held.bytes, trust, key, now).map_err(refused)?;
            Ok(held.clone())
        }
        (Err(error), _) => Err(refused(error)),
    }
}

/// The bundle in the eyes of the judge.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge<'a> {
    bundle: &'a Bundle,
    elapsed: i64,
}

impl Known for Knowledge<'_> {
    fn trust(&self) -> Option<&TrustList> {
        self.bundle.trust.list()
    }

    fn status(&self, key: KeyId) -> Option<HeldStatus<'_>> {
        self.bundle.lists.get(&key).map(|list| HeldStatus {
            claims: &list.claims,
            elapsed_seconds: elapsed_seconds(list.received_elapsed, self.elapsed),
        })
    }

    fn permit(&self, serial: Serial) -> Option<PermitRecord> {
        self.bundle.register.find(serial).cloned()
    }

    fn permits_of(&self, lineage: Lineage) -> Option<Vec<PermitRecord>> {
        Some(self.bundle.register.list_lineage(lineage).cloned().collect())
    }

    fn person(&self, reference: PassReference) -> Option<PersonRecord> {
        self.bundle.roster.find_reference(reference)
    }

    /// A signature that held once holds as long as the trust list is the same; only good ones are remembered.
    fn signed(&self, kind: Kind, token: &[u8], unverified: &Unverified, key: &TrustedKey) -> bool {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let lock = || self.bundle.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if lock().holds(&digest, kind) {
            return true;
        }
        let good = unverified.verify_as(kind, &key.public).is_ok();
        if good {
            lock().add(digest, kind);
        }
        good
    }
}
