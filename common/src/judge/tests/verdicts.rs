//! Every verdict by its case, and which fault is named where there are several.

use super::*;
use crate::claims::Validity;
use crate::envelope;
use crate::keys::{Signer, SoftwareKey};
use crate::placard::{Origin, placard_url};
use crate::status::DEFAULT_LIFETIME_SECONDS;
use crate::trust::samples::{DAY, HOST, NOW, T, key, pass_key, permit_key, status_key};

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
