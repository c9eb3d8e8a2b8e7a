use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::claims::Validity;
use crate::envelope;
use crate::keys::{Signer, SoftwareKey};
use crate::lang::Lang;
use crate::pass::WorkerNumber;
use crate::permit::{Approval, Category, PostKind, Route, Subject};
use crate::person::Name;
use crate::placard::{Origin, pass_text, placard_url};
use crate::status::{DEFAULT_LIFETIME_SECONDS, DEFAULT_TTL_SECONDS, StatusList};
use crate::time::Zone;
use crate::trust::samples::{
    DAY, HOST, NOW, T, key, list, manifest_key, pass_key, permit_key, status_key,
};
use crate::uscc::Uscc;
use crate::wire::PassLink;

const SITE: SiteCode = SiteCode(4403_0900_4001_0001);
const OTHER_SITE: SiteCode = SiteCode(4403_0900_4001_0002);
const LINEAGE: Lineage = Lineage([7; 8]);
const REFERENCE: PassReference = PassReference([9; 8]);
const GATE: Place<'static> = Place::Gate { sites: &[SITE], offline_grace_seconds: 7 * DAY };
const PERMIT_INDEX: u32 = 3;
const PASS_INDEX: u32 = 4;

/// A gate's knowledge in which everything is in order; tests spoil one thing each.
struct World {
    trust: Option<TrustList>,
    statuses: BTreeMap<KeyId, StatusClaims>,
    elapsed_seconds: u64,
    register: Option<Vec<PermitRecord>>,
    people: Vec<PersonRecord>,
}

impl World {
    fn good() -> Self {
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

    fn with(mut self, spoil: impl Fn(&mut Self)) -> Self {
        spoil(&mut self);
        self
    }

    fn set(&mut self, key: &SoftwareKey, index: u32, status: Status) {
        self.statuses.get_mut(&key.key_id()).unwrap().list.set(index, status).unwrap();
    }

    fn age(&mut self, seconds: u64) {
        for claims in self.statuses.values_mut() {
            claims.iat = T - seconds;
            claims.exp = claims.iat + DEFAULT_LIFETIME_SECONDS;
        }
    }

    fn trusted(&mut self, key: &SoftwareKey) -> &mut TrustedKey {
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

fn validity() -> Validity {
    Validity::new(T - DAY, T + 20 * DAY).unwrap()
}

fn permit() -> Permit {
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

fn pass() -> Pass {
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

fn record() -> PermitRecord {
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

fn person() -> PersonRecord {
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
fn placard_under(host: &str, permit: &Permit) -> String {
    let token = envelope::seal(Kind::Permit, &permit_key(), &permit.encode()).unwrap();
    placard_url(&Origin::parse(&format!("https://{host}")).unwrap(), &token)
}

fn placard(permit: &Permit) -> String {
    placard_under(HOST, permit)
}

fn pass_code(pass: &Pass) -> String {
    pass_text(&envelope::seal(Kind::Pass, &pass_key(), &pass.encode()).unwrap())
}

fn at(now: Millis) -> Moment {
    Moment { now, clock: ClockState::Trusted }
}

fn judge_text(text: &str, world: &World, place: Place<'_>, moment: Moment) -> Judgement {
    judge(&Scanned::read(text), world, place, moment)
}

fn verdict(text: &str, world: &World) -> (Verdict, Reason) {
    let judgement = judge_text(text, world, GATE, at(NOW));
    (judgement.verdict, judgement.reasons[0])
}

/// Payload of the permit with a claim that this program doesn't know.
fn newer_payload() -> Vec<u8> {
    use crate::cbor::Value;
    let Value::Map(mut claims) = Value::decode(&permit().encode()).unwrap() else {
        panic!("a map")
    };
    claims.push((99_i64.into(), 1_u64.into()));
    Value::Map(claims).encode()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, read as a whole")]
fn one_case_for_every_verdict() {
    let good = World::good;
    let official = Origin::parse(&format!("https://{HOST}")).unwrap();
    let sealed = |kind, key: &SoftwareKey, payload: &[u8]| {
        placard_url(&official, &envelope::seal(kind, key, payload).unwrap())
    };
    let mut bytes = envelope::seal(Kind::Permit, &permit_key(), &permit().encode()).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let turned = placard_url(&official, &bytes);
    let cases = vec![
        (Verdict::Valid, Reason::Good, placard(&permit()), good()),
        (Verdict::NotPermit, Reason::NotOurs, "https://weixin.example/poster".to_owned(), good()),
        (Verdict::Forged, Reason::Damaged, "FG1:12345".to_owned(), good()),
        (Verdict::Forged, Reason::Signature, turned, good()),
        (
            Verdict::UnknownKey,
            Reason::KeyNotListed(key(99).key_id()),
            sealed(Kind::Permit, &key(99), &permit().encode()),
            good(),
        ),
        (
            Verdict::UnknownKey,
            Reason::NoTrustList,
            placard(&permit()),
            good().with(|w| w.trust = None),
        ),
        (
            Verdict::ForeignLink,
            Reason::ForeignHost,
            placard_under("permits.evil.example", &permit()),
            good(),
        ),
        (
            Verdict::UpdateGate,
            Reason::NewerClaims,
            sealed(Kind::Permit, &permit_key(), &newer_payload()),
            good(),
        ),
        (
            Verdict::KeyWithdrawn,
            Reason::Key(KeyRefusal::Withdrawn(T - 5)),
            placard(&permit()),
            good().with(|w| w.trusted(&permit_key()).revoked = Some(T - 5)),
        ),
        (
            Verdict::KeyNotEntitled,
            Reason::Key(KeyRefusal::OutOfScope),
            placard(&permit()),
            good().with(|w| w.trusted(&permit_key()).scope = vec![(1, 2)]),
        ),
        (
            Verdict::KeyNotEntitled,
            Reason::Key(KeyRefusal::OtherRole(Role::Status)),
            sealed(Kind::Permit, &status_key(), &permit().encode()),
            good(),
        ),
        (
            Verdict::Revoked,
            Reason::Listed,
            placard(&permit()),
            good().with(|w| w.set(&permit_key(), PERMIT_INDEX, Status::Revoked)),
        ),
        (
            Verdict::Suspended,
            Reason::Listed,
            placard(&permit()),
            good().with(|w| w.set(&permit_key(), PERMIT_INDEX, Status::Suspended)),
        ),
        (
            Verdict::Superseded,
            Reason::Listed,
            placard(&permit()),
            good().with(|w| w.set(&permit_key(), PERMIT_INDEX, Status::Superseded)),
        ),
        (
            Verdict::NotYet,
            Reason::Dates,
            placard(&Permit { validity: Validity::new(T + 1, T + DAY).unwrap(), ..permit() }),
            good(),
        ),
        (
            Verdict::Expired,
            Reason::Dates,
            placard(&Permit { validity: Validity::new(T - DAY, T).unwrap(), ..permit() }),
            good(),
        ),
        (
            Verdict::WrongSite,
            Reason::OtherSite,
            placard(&Permit { site: OTHER_SITE, ..permit() }),
            good(),
        ),
        (
            Verdict::RemoteOnly,
            Reason::Mode,
            placard(&Permit { mode: Mode::RemoteOnly, ..permit() }),
            good(),
        ),
        (
            Verdict::Stale,
            Reason::NoStatusList,
            placard(&permit()),
            good().with(|w| w.statuses.clear()),
        ),
        (
            Verdict::Stale,
            Reason::StatusTooOld,
            placard(&permit()),
            good().with(|w| w.age(7 * DAY + 1)),
        ),
        (
            Verdict::Stale,
            Reason::IndexUnknown,
            placard(&Permit { status_index: 100, ..permit() }),
            good(),
        ),
        (
            Verdict::Stale,
            Reason::TrustListOver,
            placard(&permit()),
            good().with(|w| w.trust.as_mut().unwrap().exp = T),
        ),
        (
            Verdict::Conditional,
            Reason::Grace,
            placard(&permit()),
            good().with(|w| w.age(DEFAULT_LIFETIME_SECONDS + 1)),
        ),
        (Verdict::Conditional, Reason::FoundByNumber, Serial([1; 8]).to_string(), good()),
        (Verdict::NotPermit, Reason::NumberNotFound, Serial([8; 8]).to_string(), good()),
        (Verdict::Valid, Reason::Good, pass_code(&pass()), good()),
        (Verdict::Valid, Reason::Good, REFERENCE.to_string(), good()),
        (Verdict::NotOnRoster, Reason::NumberNotFound, PassReference([8; 8]).to_string(), good()),
        (
            Verdict::PassLost,
            Reason::Listed,
            pass_code(&pass()),
            good().with(|w| w.set(&pass_key(), PASS_INDEX, Status::Superseded)),
        ),
        (
            Verdict::PassLost,
            Reason::Listed,
            REFERENCE.to_string(),
            good().with(|w| w.set(&pass_key(), PASS_INDEX, Status::Suspended)),
        ),
        (
            Verdict::PassLost,
            Reason::NoPassInForce,
            REFERENCE.to_string(),
            good().with(|w| w.people[0].pass = None),
        ),
        (
            Verdict::WrongSite,
            Reason::OtherSite,
            pass_code(&Pass { sites: [OTHER_SITE].into(), ..pass() }),
            good(),
        ),
        (
            Verdict::WrongSite,
            Reason::NoPermitHere,
            pass_code(&pass()),
            good().with(|w| w.register = Some(vec![])),
        ),
        (
            Verdict::Suspended,
            Reason::Listed,
            pass_code(&pass()),
            good().with(|w| w.set(&permit_key(), PERMIT_INDEX, Status::Suspended)),
        ),
        (
            Verdict::RemoteOnly,
            Reason::Mode,
            pass_code(&pass()),
            good().with(|w| w.register.as_mut().unwrap()[0].mode = Mode::RemoteOnly),
        ),
    ];
    for (expected, reason, text, world) in &cases {
        assert_eq!(verdict(text, world), (*expected, *reason), "{text}");
    }
    // What this module can answer; the rest belongs to the gate's own rules.
    let own_rules = [
        Verdict::Measure,
        Verdict::CapFull,
        Verdict::Isolating,
        Verdict::Fever,
        Verdict::LowReading,
    ];
    for wanted in Verdict::ALL {
        let tried = cases.iter().any(|case| case.0 == wanted) || wanted == Verdict::ClockUncertain;
        assert_eq!(tried, !own_rules.contains(&wanted), "{wanted}");
    }
}

#[test]
fn an_uncertain_clock_is_never_valid_but_known_harm_is_still_named() {
    let moment = Moment { now: NOW, clock: ClockState::Uncertain };
    let judged = |text: &str, world: &World| judge_text(text, world, GATE, moment).verdict;
    assert_eq!(judged(&placard(&permit()), &World::good()), Verdict::ClockUncertain);
    assert_eq!(judged(&pass_code(&pass()), &World::good()), Verdict::ClockUncertain);
    let suspended = World::good().with(|w| w.set(&permit_key(), PERMIT_INDEX, Status::Suspended));
    assert_eq!(judged(&placard(&permit()), &suspended), Verdict::Suspended);
    assert_eq!(judged(&pass_code(&pass()), &suspended), Verdict::Suspended);
}

/// Every fault of the list is present in the first world and mended one by one: the verdicts must come in the documented order.
#[test]
fn faults_are_named_in_the_documented_order() {
    let text_under = |host: &str| {
        let permit = Permit {
            site: OTHER_SITE,
            mode: Mode::RemoteOnly,
            validity: Validity::new(T - 2 * DAY, T - DAY).unwrap(),
            ..permit()
        };
        placard_under(host, &permit)
    };
    let foreign = text_under("permits.evil.example");
    let mut moment = Moment { now: NOW, clock: ClockState::Uncertain };
    let mut world = World::good();
    world.set(&permit_key(), PERMIT_INDEX, Status::Revoked);
    world.trusted(&permit_key()).revoked = Some(1);
    world.trusted(&permit_key()).scope = vec![(1, 2)];
    let permits = world.trusted(&permit_key()).public;
    world.trusted(&permit_key()).public = key(98).public_key();
    let judged = |text: &str, world: &World, place: Place<'_>, moment: Moment| {
        judge_text(text, world, place, moment).verdict
    };

    assert_eq!(judged(&foreign, &world, GATE, moment), Verdict::UnknownKey);
    world.trusted(&key(98)).public = permits;
    assert_eq!(judged(&foreign, &world, GATE, moment), Verdict::ForeignLink);
    let text = text_under(HOST);
    assert_eq!(judged(&text, &world, GATE, moment), Verdict::KeyWithdrawn);
    world.trusted(&permit_key()).revoked = None;
    assert_eq!(judged(&text, &world, GATE, moment), Verdict::KeyNotEntitled);
    world.trusted(&permit_key()).scope = vec![(0, u64::MAX)];
    assert_eq!(judged(&text, &world, GATE, moment), Verdict::Revoked);
    world.statuses = World::good().with(|w| w.age(30 * DAY)).statuses;
    assert_eq!(judged(&text, &world, GATE, moment), Verdict::ClockUncertain);
    moment.clock = ClockState::Trusted;
    assert_eq!(judged(&text, &world, GATE, moment), Verdict::Expired);
    moment.now = Millis::from_seconds(T - DAY - 1);
    world.elapsed_seconds = 30 * DAY;
    assert_eq!(judged(&text, &world, GATE, moment), Verdict::WrongSite);
    let here = Place::Gate { sites: &[OTHER_SITE], offline_grace_seconds: 7 * DAY };
    assert_eq!(judged(&text, &world, here, moment), Verdict::RemoteOnly);
    let on_site = placard(&Permit { validity: Validity::new(T - 2 * DAY, T).unwrap(), ..permit() });
    assert_eq!(judged(&on_site, &world, GATE, moment), Verdict::Stale);
    world.elapsed_seconds = 5 * DAY;
    world.age(DAY);
    assert_eq!(judged(&on_site, &world, GATE, moment), Verdict::Conditional);
    world.elapsed_seconds = 0;
    assert_eq!(judged(&on_site, &world, GATE, moment), Verdict::Valid);
}

#[test]
fn a_key_signs_its_own_kind_only() {
    let official = Origin::parse(&format!("https://{HOST}")).unwrap();
    for (signer, role_kind) in [(permit_key(), Kind::Permit), (pass_key(), Kind::Pass)] {
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != role_kind) {
            for payload in [permit().encode(), pass().encode()] {
                let token = envelope::seal(kind, &signer, &payload).unwrap();
                let text = placard_url(&official, &token);
                assert_eq!(
                    verdict(&text, &World::good()).0,
                    Verdict::Forged,
                    "{kind:?} by {role_kind:?} key"
                );
            }
        }
    }
    let manifest = envelope::seal(Kind::Manifest, &manifest_key(), &permit().encode()).unwrap();
    assert_eq!(verdict(&placard_url(&official, &manifest), &World::good()).0, Verdict::Forged);
}

#[test]
fn dates_hold_from_their_first_second_to_before_their_last() {
    let text = placard(&permit());
    let fresh = |now: u64| {
        let world =
            World::good().with(|w| w.statuses.values_mut().for_each(|claims| claims.iat = now));
        let world =
            world.with(|w| w.statuses.values_mut().for_each(|claims| claims.exp = now + DAY));
        judge_text(&text, &world, GATE, at(Millis::from_seconds(now))).verdict
    };
    let (nbf, exp) = (validity().not_before(), validity().expires());
    assert_eq!(fresh(nbf - 1), Verdict::NotYet);
    assert_eq!(fresh(nbf), Verdict::Valid);
    assert_eq!(fresh(exp - 1), Verdict::Valid);
    assert_eq!(fresh(exp), Verdict::Expired);
}

#[test]
fn a_permit_whose_key_has_ended_is_expired_and_one_that_outlives_it_is_refused() {
    let ended = |w: &mut World| w.trusted(&permit_key()).exp = validity().expires();
    let text = placard(&permit());
    let later = at(Millis::from_seconds(validity().expires()));
    assert_eq!(
        judge_text(&text, &World::good().with(ended), GATE, later).verdict,
        Verdict::Expired
    );
    let shorter = World::good().with(|w| w.trusted(&permit_key()).exp = validity().expires() - 1);
    assert_eq!(
        verdict(&text, &shorter),
        (Verdict::KeyNotEntitled, Reason::Key(KeyRefusal::OutlivesKey))
    );
    let unfit = World::good().with(|w| w.trusted(&permit_key()).nbf = T);
    assert_eq!(
        verdict(&text, &unfit),
        (Verdict::KeyNotEntitled, Reason::Key(KeyRefusal::OutsideWindow))
    );
}

#[test]
fn a_pass_by_its_reference_ends_with_its_key() {
    let text = REFERENCE.to_string();
    let ended = World::good().with(|w| w.trusted(&pass_key()).exp = T);
    assert_eq!(verdict(&text, &ended), (Verdict::Expired, Reason::Key(KeyRefusal::KeyEnded)));
    let lost = World::good().with(|w| w.trusted(&pass_key()).exp = T);
    let lost = lost.with(|w| w.set(&pass_key(), PASS_INDEX, Status::Revoked));
    assert_eq!(verdict(&text, &lost).0, Verdict::PassLost, "known harm is still named first");
    let lasting = World::good().with(|w| w.trusted(&pass_key()).exp = T + 1);
    assert_eq!(verdict(&text, &lasting).0, Verdict::Valid);
}

#[test]
fn the_public_page_has_no_grace_no_site_and_counts_nobody() {
    let judged = |permit: &Permit, world: &World| {
        judge_text(&placard(permit), world, Place::Public, at(NOW)).verdict
    };
    assert_eq!(judged(&Permit { site: OTHER_SITE, ..permit() }, &World::good()), Verdict::Valid);
    let old = World::good().with(|w| w.age(DEFAULT_LIFETIME_SECONDS + 1));
    assert_eq!(judged(&permit(), &old), Verdict::Stale);
    let partial = Permit { mode: Mode::Partial { cap: 60 }, ..permit() };
    assert_eq!(judged(&partial, &World::good()), Verdict::Valid);
    assert_eq!(verdict(&placard(&partial), &World::good()).0, Verdict::Valid);
}

#[test]
fn a_cap_is_said_beside_the_verdict_and_lowers_none() {
    let partial = placard(&Permit { mode: Mode::Partial { cap: 60 }, ..permit() });
    for place in [Place::Public, GATE] {
        let judgement = judge_text(&partial, &World::good(), place, at(NOW));
        assert_eq!(judgement.verdict, Verdict::Valid);
        assert_eq!(judgement.reasons, [Reason::Good, Reason::Cap(60)]);
    }
    let mut world = World::good();
    world.set(&permit_key(), PERMIT_INDEX, Status::Suspended);
    let judgement = judge_text(&partial, &world, Place::Public, at(NOW));
    assert_eq!(judgement.verdict, Verdict::Suspended);
    assert!(!judgement.reasons.contains(&Reason::Cap(60)));
}

#[test]
fn of_several_permits_of_one_lineage_the_best_speaks_for_the_pass() {
    let mut world = World::good();
    world.set(&permit_key(), PERMIT_INDEX, Status::Superseded);
    assert_eq!(verdict(&pass_code(&pass()), &world).0, Verdict::Superseded);
    let reissued = PermitRecord { serial: Serial([6; 8]), status_index: 7, ..record() };
    world.register.as_mut().unwrap().push(reissued);
    assert_eq!(verdict(&pass_code(&pass()), &world).0, Verdict::Valid);
    world.set(&permit_key(), 7, Status::Suspended);
    assert_eq!(verdict(&pass_code(&pass()), &world).0, Verdict::Suspended);
}

#[test]
fn a_typed_number_is_never_better_than_only_if() {
    let world = World::good().with(|w| w.age(DEFAULT_LIFETIME_SECONDS + 1));
    let judgement = judge_text(&Serial([1; 8]).to_string(), &world, GATE, at(NOW));
    assert_eq!(judgement.verdict, Verdict::Conditional);
    assert_eq!(judgement.reasons, [Reason::Grace, Reason::FoundByNumber]);
    let suspended = World::good().with(|w| w.set(&permit_key(), PERMIT_INDEX, Status::Suspended));
    assert_eq!(verdict(&Serial([1; 8]).to_string(), &suspended).0, Verdict::Suspended);
}

#[test]
fn a_judgement_tells_what_the_journal_wants() {
    let judgement = judge_text(&placard(&permit()), &World::good(), GATE, at(NOW));
    assert_eq!(judgement.key, Some(permit_key().key_id()));
    assert_eq!((judgement.list_seq, judgement.status_age_seconds), (Some(12), Some(60)));
    assert_eq!(judgement.status, Some(Status::Valid));
    assert_eq!(judgement.credential, Some(Credential::Permit(permit())));
}

#[test]
fn an_unreadable_link_is_a_damaged_placard_under_an_official_host_and_a_poster_elsewhere() {
    let other = envelope::seal(Kind::Manifest, &manifest_key(), &[0xa0]).unwrap();
    let not_ours = crate::base64url::encode(&[&other[..other.len() - 1], &[0, 0]].concat());
    for body in ["hello", "dQw4w9WgXcQ", "12345", not_ours.as_str()] {
        let official = verdict(&format!("https://{HOST}/v/{body}"), &World::good());
        assert_eq!(official, (Verdict::Forged, Reason::Damaged), "{body}");
        let elsewhere = verdict(&format!("https://video.example/v/{body}"), &World::good());
        assert_eq!(elsewhere, (Verdict::NotPermit, Reason::NotOurs), "{body}");
    }
    let odd = format!("https://{HOST}/x/{not_ours}");
    assert_eq!(verdict(&odd, &World::good()), (Verdict::NotPermit, Reason::NotOurs));
    let untold = World::good().with(|w| w.trust = None);
    assert_eq!(verdict("https://video.example/v/hello", &untold).0, Verdict::Forged);
}

#[test]
fn claims_are_shown_only_when_their_signature_is_good() {
    let mut token = envelope::seal(Kind::Permit, &permit_key(), &permit().encode()).unwrap();
    let last = token.len() - 1;
    token[last] ^= 1;
    let judgement = judge(&Scanned::Bare(token), &World::good(), GATE, at(NOW));
    assert_eq!(judgement.credential, None);
    assert_eq!(judgement.key, Some(permit_key().key_id()), "for the journal: what it claims");
    let foreign = judge_text(
        &placard_under("permits.evil.example", &permit()),
        &World::good(),
        GATE,
        at(NOW),
    );
    assert!(foreign.credential.is_some(), "genuine, and worth a report");
}

#[test]
fn details_name_the_first_day_and_the_age_for_the_instruction() {
    let zone = Zone::parse("Asia/Shanghai").unwrap();
    let text =
        placard(&Permit { validity: Validity::new(T + 2 * DAY, T + 9 * DAY).unwrap(), ..permit() });
    let judgement = judge_text(&text, &World::good(), GATE, at(NOW));
    let details =
        judgement.details(Lang::Zh, &zone, NOW, crate::temperature::Thresholds::USUAL.fever_from());
    assert_eq!(
        judgement.verdict.instruction(Lang::Zh, &details),
        "2 月 12 日起生效，此前不予放行。"
    );
}

#[test]
fn the_reasons_have_no_faults() {
    assert_eq!(crate::words::faults(judgement::ReasonWords::PAIRS), Vec::<String>::new());
    assert_eq!(
        Reason::Cap(60).say(Lang::En),
        "Partial reopening: at most 60 people on site at a time"
    );
    assert!(Reason::KeyNotListed(KeyId([1, 2, 3, 4])).say(Lang::Zh).contains("01020304"));
}

proptest! {
    #[test]
    fn no_single_turned_bit_of_a_token_is_ever_valid(byte in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut token = envelope::seal(Kind::Permit, &permit_key(), &permit().encode()).unwrap();
        let byte = byte.index(token.len());
        token[byte] ^= 1 << bit;
        let judgement = judge(&Scanned::Bare(token), &World::good(), GATE, at(NOW));
        prop_assert!(matches!(judgement.verdict, Verdict::Forged | Verdict::UnknownKey));
    }

    #[test]
    fn any_text_gets_an_answer_and_none_by_chance_is_let_in(text in "\\PC{0,200}") {
        let judgement = judge_text(&text, &World::good(), GATE, at(NOW));
        prop_assert!(!judgement.verdict.admits());
        prop_assert!(!judgement.reasons.is_empty());
    }
}
