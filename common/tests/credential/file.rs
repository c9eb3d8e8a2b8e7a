//! The public file of vectors: its form, and how this implementation judges what stands in it.

use std::collections::BTreeMap;

use fugong_common::base64url;
use fugong_common::claims::Lineage;
use fugong_common::clock::ClockState;
use fugong_common::judge::{HeldStatus, Judgement, Known, Moment, Place, judge};
use fugong_common::keys::{Fingerprint, KeyId, PublicKey, Role};
use fugong_common::permit::SiteCode;
use fugong_common::placard::Scanned;
use fugong_common::records::RecordSet;
use fugong_common::serial::{PassReference, Serial};
use fugong_common::status::StatusClaims;
use fugong_common::time::Millis;
use fugong_common::trust::{Accepted, DemoRoots, TrustError, TrustList, TrustStore};
use fugong_common::verdict::Verdict;
use fugong_common::wire::{PermitRecord, PersonRecord};
use serde::{Deserialize, Serialize};

/// Everything is base64url without padding unless it says otherwise; instants are Unix seconds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Vectors {
    pub about: String,
    pub keys: Vec<KeyFacts>,
    pub trust: BTreeMap<String, Trust>,
    pub status_lists: BTreeMap<String, Held>,
    pub registers: BTreeMap<String, String>,
    pub rosters: BTreeMap<String, String>,
    pub cases: Vec<Case>,
    pub chains: Vec<ChainCase>,
    pub lists: Vec<ListCase>,
    pub digits: Vec<DigitsCase>,
}

/// So that others can make tokens too. Nobody may ever list these keys.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeyFacts {
    pub name: String,
    pub role: Option<Role>,
    /// Hexadecimal.
    pub seed: String,
    pub public: PublicKey,
    pub id: KeyId,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Trust {
    pub root: Fingerprint,
    pub chain: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Held {
    /// The permit or pass key that the list belongs to.
    pub of: KeyId,
    pub token: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Gate {
    pub sites: Vec<SiteCode>,
    pub offline_grace_seconds: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Case {
    pub name: String,
    pub text: String,
    pub now: u64,
    /// `false`: this machine does not know what time it is.
    pub clock_trusted: bool,
    /// Seconds that the machine has counted since it took its lists.
    pub elapsed_seconds: u64,
    /// `null`: judged in public.
    pub gate: Option<Gate>,
    /// Names into `trust`, `status_lists`, `registers`, `rosters`.
    pub trust: Option<String>,
    pub status_lists: Vec<String>,
    pub register: Option<String>,
    pub roster: Option<String>,
    pub verdict: Verdict,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ChainCase {
    pub name: String,
    pub root: Fingerprint,
    /// Whether lists of sample towns are believed.
    pub samples: bool,
    pub chain: String,
    /// `null`: refused.
    pub accepted: Option<Follows>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    pub version: u64,
    pub root: Fingerprint,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ListCase {
    pub name: String,
    pub trust: String,
    pub now: u64,
    pub of: KeyId,
    pub token: String,
    pub accepted: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct DigitsCase {
    pub text: String,
    /// Hexadecimal; `null`: refused.
    pub bytes: Option<String>,
}

pub fn bytes(text: &str) -> Vec<u8> {
    base64url::decode(text).unwrap()
}

pub fn follow(root: Fingerprint, samples: bool, chain: &[u8]) -> Result<Accepted, TrustError> {
    let demo = if samples { DemoRoots::Accept } else { DemoRoots::Refuse };
    TrustStore::new(root, demo).accept(chain)
}

impl Vectors {
    pub fn trust_list(&self, name: &str) -> TrustList {
        let trust = &self.trust[name];
        let accepted = follow(trust.root, false, &bytes(&trust.chain)).unwrap();
        accepted.store.list().unwrap().clone()
    }

    pub fn judge(&self, case: &Case) -> Judgement {
        let now = Millis::from_seconds(case.now);
        let clock = if case.clock_trusted { ClockState::Trusted } else { ClockState::Uncertain };
        let trust = case.trust.as_ref().map(|name| self.trust_list(name));
        let lists = case.status_lists.iter().filter_map(|name| {
            let held = &self.status_lists[name];
            let of = trust.as_ref()?.find_key(held.of)?;
            // A list that cannot be opened is as good as none.
            let claims = StatusClaims::open(&bytes(&held.token), trust.as_ref()?, of, now).ok()?;
            Some((held.of, claims))
        });
        let set = |name: &String, sets: &BTreeMap<String, String>| {
            RecordSet::from_bytes(&bytes(&sets[name])).unwrap()
        };
        let knowledge = Knowledge {
            statuses: lists.collect(),
            elapsed_seconds: case.elapsed_seconds,
            register: case.register.as_ref().map(|name| set(name, &self.registers)),
            roster: case.roster.as_ref().map(|name| set(name, &self.rosters)),
            trust: trust.clone(),
        };
        let place = match &case.gate {
            None => Place::Public,
            Some(gate) => Place::Gate {
                sites: &gate.sites,
                offline_grace_seconds: gate.offline_grace_seconds,
            },
        };
        judge(&Scanned::read(&case.text), &knowledge, place, Moment { now, clock })
    }
}

struct Knowledge {
    trust: Option<TrustList>,
    statuses: BTreeMap<KeyId, StatusClaims>,
    elapsed_seconds: u64,
    register: Option<RecordSet>,
    roster: Option<RecordSet>,
}

impl Known for Knowledge {
    fn trust(&self) -> Option<&TrustList> {
        self.trust.as_ref()
    }

    fn status(&self, key: KeyId) -> Option<HeldStatus<'_>> {
        let elapsed_seconds = self.elapsed_seconds;
        self.statuses.get(&key).map(|claims| HeldStatus { claims, elapsed_seconds })
    }

    fn permit(&self, serial: Serial) -> Option<PermitRecord> {
        let value = self.register.as_ref()?.find(&serial.0)?;
        Some(PermitRecord::from_bytes(&serial.0, value).unwrap())
    }

    fn permits_of(&self, lineage: Lineage) -> Option<Vec<PermitRecord>> {
        let records = self.register.as_ref()?.iter();
        let read = records.map(|(key, value)| PermitRecord::from_bytes(key, value).unwrap());
        Some(read.filter(|record| record.lineage == lineage).collect())
    }

    fn person(&self, reference: PassReference) -> Option<PersonRecord> {
        let records = self.roster.as_ref()?.iter();
        let mut read = records.map(|(key, value)| PersonRecord::from_bytes(key, value).unwrap());
        read.find(|person| person.reference == Some(reference))
    }
}
