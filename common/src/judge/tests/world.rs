//! A gate's knowledge in which everything is in order, and what people show there.

use std::collections::BTreeMap;

use super::*;
use crate::claims::Validity;
use crate::envelope;
use crate::keys::{Signer, SoftwareKey};
use crate::pass::WorkerNumber;
use crate::permit::{Approval, Category, PostKind, Route, Subject};
use crate::person::Name;
use crate::placard::{Origin, pass_text, placard_url};
use crate::status::{DEFAULT_LIFETIME_SECONDS, DEFAULT_TTL_SECONDS, StatusList};
use crate::trust::samples::{DAY, HOST, NOW, T, list, pass_key, permit_key};
use crate::uscc::Uscc;
use crate::wire::PassLink;

pub const SITE: SiteCode = SiteCode(4403_0900_4001_0001);
pub const OTHER_SITE: SiteCode = SiteCode(4403_0900_4001_0002);
pub const LINEAGE: Lineage = Lineage([7; 8]);
pub const REFERENCE: PassReference = PassReference([9; 8]);
pub const GATE: Place<'static> = Place::Gate { sites: &[SITE], offline_grace_seconds: 7 * DAY };
pub const PERMIT_INDEX: u32 = 3;
pub const PASS_INDEX: u32 = 4;

/// A gate's knowledge in which everything is in order; tests spoil one thing each.
pub struct World {
    pub trust: Option<TrustList>,
    pub statuses: BTreeMap<KeyId, StatusClaims>,
    pub elapsed_seconds: u64,
    pub register: Option<Vec<PermitRecord>>,
    pub people: Vec<PersonRecord>,
}

impl World {
    pub fn good() -> Self {
        let claims = |uri: &str| StatusClaims {
            uri: uri.to_owned(),
            iat: T - 60,
            exp: T - 60 + DEFAULT_LIFETIME_SECONDS,
            ttl: DEFAULT_TTL_SECONDS,
            seq: 12,
            list: StatusList::new(100),
        };
        Self {
            trust: Some(list()),
            statuses: [
                (permit_key().key_id(), claims("permits")),
                (pass_key().key_id(), claims("passes")),
            ]
            .into(),
            elapsed_seconds: 0,
            register: Some(vec![record()]),
            people: vec![person()],
        }
    }

    pub fn with(mut self, spoil: impl Fn(&mut Self)) -> Self {
        spoil(&mut self);
        self
    }

    pub fn set(&mut self, key: &SoftwareKey, index: u32, status: Status) {
        self.statuses.get_mut(&key.key_id()).unwrap().list.set(index, status).unwrap();
    }

    pub fn age(&mut self, seconds: u64) {
        for claims in self.statuses.values_mut() {
            claims.iat = T - seconds;
            claims.exp = claims.iat + DEFAULT_LIFETIME_SECONDS;
        }
    }

    pub fn trusted(&mut self, key: &SoftwareKey) -> &mut TrustedKey {
        let keys = &mut self.trust.as_mut().unwrap().keys;
        keys.iter_mut().find(|entry| entry.public == key.public_key()).unwrap()
    }
}

impl Known for World {
    fn trust(&self) -> Option<&TrustList> {
        self.trust.as_ref()
    }

    fn status(&self, key: KeyId) -> Option<HeldStatus<'_>> {
        let elapsed_seconds = self.elapsed_seconds;
        self.statuses.get(&key).map(|claims| HeldStatus { claims, elapsed_seconds })
    }

    fn permit(&self, serial: Serial) -> Option<PermitRecord> {
        self.register.as_ref()?.iter().find(|record| record.serial == serial).cloned()
    }

    fn permits_of(&self, lineage: Lineage) -> Option<Vec<PermitRecord>> {
        Some(
            self.register
                .as_ref()?
                .iter()
                .filter(|record| record.lineage == lineage)
                .cloned()
                .collect(),
        )
    }

    fn person(&self, reference: PassReference) -> Option<PersonRecord> {
        self.people.iter().find(|person| person.reference == Some(reference)).cloned()
    }
}

pub fn validity() -> Validity {
    Validity::new(T - DAY, T + 20 * DAY).unwrap()
}

pub fn permit() -> Permit {
    Permit {
        subject: Subject::Coded(Uscc::parse("91350100M000100Y43").unwrap()),
        serial: Serial([1; 8]),
        validity: validity(),
        name: Name::parse("云锦服饰（示例）").unwrap(),
        site: SITE,
        category: Category::Ordinary,
        status_index: PERMIT_INDEX,
        mode: Mode::OnSite,
        approval: Approval {
            route: Route::TriParty,
            posts: [PostKind::Secretary].into(),
            rule_version: 1,
        },
        evidence: [2; 16],
    }
}

pub fn pass() -> Pass {
    Pass {
        worker: WorkerNumber::parse("W-1").unwrap(),
        serial: Serial([2; 8]),
        validity: validity(),
        name: Name::parse("张某某").unwrap(),
        role: Name::parse("缝制工").unwrap(),
        status_index: PASS_INDEX,
        lineage: LINEAGE,
        sites: [SITE].into(),
    }
}

pub fn record() -> PermitRecord {
    PermitRecord {
        serial: Serial([1; 8]),
        enterprise_id: "e17".to_owned(),
        enterprise: "云锦服饰（示例）".to_owned(),
        lineage: LINEAGE,
        status_index: PERMIT_INDEX,
        key: permit_key().key_id(),
        validity: validity(),
        site: SITE,
        mode: Mode::OnSite,
    }
}

pub fn person() -> PersonRecord {
    PersonRecord {
        worker: "W-1".to_owned(),
        name: "张某某".to_owned(),
        last_four: None,
        role: "缝制工".to_owned(),
        enterprise_id: "e17".to_owned(),
        enterprise: "云锦服饰（示例）".to_owned(),
        lineage: LINEAGE,
        not_before: None,
        isolating_until: None,
        reference: Some(REFERENCE),
        pass: Some(PassLink {
            serial: Serial([2; 8]),
            status_index: PASS_INDEX,
            key: pass_key().key_id(),
        }),
        sites: vec![],
        left: false,
    }
}

/// The text of a placard under this host.
pub fn placard_under(host: &str, permit: &Permit) -> String {
    let token = envelope::seal(Kind::Permit, &permit_key(), &permit.encode()).unwrap();
    placard_url(&Origin::parse(&format!("https://{host}")).unwrap(), &token)
}

pub fn placard(permit: &Permit) -> String {
    placard_under(HOST, permit)
}

pub fn pass_code(pass: &Pass) -> String {
    pass_text(&envelope::seal(Kind::Pass, &pass_key(), &pass.encode()).unwrap())
}

pub fn at(now: Millis) -> Moment {
    Moment { now, clock: ClockState::Trusted }
}

pub fn judge_text(text: &str, world: &World, place: Place<'_>, moment: Moment) -> Judgement {
    judge(&Scanned::read(text), world, place, moment)
}

pub fn verdict(text: &str, world: &World) -> (Verdict, Reason) {
    let judgement = judge_text(text, world, GATE, at(NOW));
    (judgement.verdict, judgement.reasons[0])
}

/// Payload of the permit with a claim that this program doesn't know.
pub fn newer_payload() -> Vec<u8> {
    use crate::cbor::Value;
    let Value::Map(mut claims) = Value::decode(&permit().encode()).unwrap() else {
        panic!("a map")
    };
    claims.push((99_i64.into(), 1_u64.into()));
    Value::Map(claims).encode()
}
