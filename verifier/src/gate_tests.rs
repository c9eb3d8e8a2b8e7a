use fugong_common::claims::Lineage;
use fugong_common::claims::Validity;
use fugong_common::keys::KeyId;
use fugong_common::wire::{PassLink, PermitRecord};

use super::*;

const NOW: Millis = Millis(1_581_220_800_000);
const SITES: &[SiteCode] = &[SiteCode(1)];

fn record() -> PermitRecord {
    PermitRecord {
        serial: Serial([1; 8]),
        enterprise_id: "e1".to_owned(),
        enterprise: "云锦服饰（示例）".to_owned(),
        lineage: Lineage([7; 8]),
        status_index: 1,
        key: KeyId([0; 4]),
        validity: Validity::new(NOW.seconds() + 5, NOW.seconds() + 10).unwrap(),
        site: SiteCode(1),
        mode: Mode::OnSite,
    }
}

fn worker() -> PersonRecord {
    PersonRecord {
        worker: "W1".to_owned(),
        name: "王小明".to_owned(),
        last_four: None,
        role: "缝制工".to_owned(),
        enterprise_id: "e1".to_owned(),
        enterprise: "云锦服饰（示例）".to_owned(),
        lineage: Lineage([7; 8]),
        not_before: None,
        isolating_until: None,
        reference: None,
        pass: Some(PassLink { serial: Serial([2; 8]), status_index: 1, key: KeyId([0; 4]) }),
        sites: Vec::new(),
        left: false,
    }
}

fn judged(verdict: Verdict, reasons: &[Reason]) -> Judgement {
    Judgement {
        verdict,
        reasons: reasons.to_vec(),
        credential: Some(Credential::Registered(record())),
        key: None,
        list_seq: None,
        status_age_seconds: Some(300_000),
        status: None,
    }
}

fn good() -> Judgement {
    judged(Verdict::Valid, &[Reason::Good])
}

fn answer(judgement: &Judgement, who: Who<'_>, direction: Direction, crowd: Crowd) -> Decision {
    decide(&Case { judgement, who, direction, sites: SITES, crowd, now: NOW })
}

fn enters(judgement: &Judgement, who: Who<'_>) -> (Verdict, Next) {
    let decision = answer(judgement, who, Direction::In, Crowd::default());
    (decision.verdict, decision.next)
}

#[test]
fn every_refusal_of_the_judge_stops_whoever_wants_in_and_is_said_as_it_is() {
    for verdict in Verdict::ALL {
        if matches!(verdict, Verdict::Valid | Verdict::Conditional) {
            continue;
        }
        for who in [Who::Nobody, Who::Worker(&worker(), None), Who::Visitor] {
            let judgement = judged(verdict, &[Reason::Listed]);
            assert_eq!(enters(&judgement, who), (verdict, Next::Stop), "{verdict} {who:?}");
        }
    }
}

#[test]
fn nobody_goes_in_without_a_temperature() {
    let worker = worker();
    for verdict in Verdict::ALL {
        for who in [Who::Nobody, Who::Worker(&worker, None), Who::Stranger, Who::Visitor] {
            let decision =
                answer(&judged(verdict, &[Reason::Good]), who, Direction::In, Crowd::default());
            assert_ne!(decision.next, Next::Pass, "{verdict} {who:?}");
            assert!(!decision.verdict.admits(), "{verdict} {who:?}");
        }
    }
}

#[test]
fn a_good_placard_asks_who_a_good_pass_asks_for_the_temperature() {
    let worker = worker();
    assert_eq!(enters(&good(), Who::Nobody), (Verdict::Measure, Next::ChoosePerson));
    let shown = Some(Serial([2; 8]));
    assert_eq!(enters(&good(), Who::Worker(&worker, shown)), (Verdict::Measure, Next::Measure));
    assert_eq!(enters(&good(), Who::Visitor), (Verdict::Measure, Next::Measure));
}

#[test]
fn each_thing_that_speaks_against_a_person_has_its_verdict() {
    type Change = fn(&mut PersonRecord, u64);
    let soon = NOW.seconds() + 1;
    let cases: [(Change, Verdict); 5] = [
        (|p, _| p.left = true, Verdict::NotOnRoster),
        (|p, _| p.lineage = Lineage([8; 8]), Verdict::NotOnRoster),
        (|p, soon| p.isolating_until = Some(soon), Verdict::Isolating),
        (|p, soon| p.not_before = Some(soon), Verdict::NotYet),
        (|p, _| p.pass.as_mut().unwrap().serial = Serial([9; 8]), Verdict::PassLost),
    ];
    for (change, verdict) in cases {
        let mut worker = worker();
        change(&mut worker, soon);
        let got = enters(&good(), Who::Worker(&worker, Some(Serial([2; 8]))));
        assert_eq!(got, (verdict, Next::Stop));
    }
    assert_eq!(enters(&good(), Who::Stranger), (Verdict::NotOnRoster, Next::Stop));
    let mut released = worker();
    released.isolating_until = Some(NOW.seconds());
    released.not_before = Some(NOW.seconds());
    assert_eq!(enters(&good(), Who::Worker(&released, None)), (Verdict::Measure, Next::Measure));
}

#[test]
fn an_old_status_lets_only_people_of_the_roster_in_and_only_if() {
    let worker = worker();
    let old = judged(Verdict::Conditional, &[Reason::Grace]);
    let decision = answer(&old, Who::Worker(&worker, None), Direction::In, Crowd::default());
    assert_eq!((decision.verdict, decision.next), (Verdict::Conditional, Next::Confirm));
    assert_eq!(decision.conditions, [Condition::StatusOld { age_seconds: 300_000 }]);
    assert_eq!(enters(&old, Who::Visitor), (Verdict::Stale, Next::Stop));
}

#[test]
fn a_typed_number_is_never_enough_by_itself() {
    let worker = worker();
    let typed = judged(Verdict::Conditional, &[Reason::FoundByNumber]);
    let placard = answer(&typed, Who::Nobody, Direction::In, Crowd::default());
    assert_eq!((placard.verdict, placard.next), (Verdict::Conditional, Next::ChoosePerson));
    assert_eq!(enters(&typed, Who::Worker(&worker, None)), (Verdict::Conditional, Next::Confirm));
}

#[test]
fn caps_and_people_seen_inside_only_ask() {
    let worker = worker();
    let crowd = |crowd: Crowd| {
        let decision = answer(&good(), Who::Worker(&worker, None), Direction::In, crowd);
        (decision.verdict, decision.next, decision.conditions)
    };
    let full = Crowd { inside: 400, capacity: Some(400), ..Crowd::default() };
    assert_eq!(
        crowd(full),
        (Verdict::CapFull, Next::Confirm, vec![Condition::PremisesFull { inside: 400, cap: 400 }])
    );
    let of_enterprise = Crowd { of_enterprise: 60, enterprise_cap: Some(60), ..Crowd::default() };
    assert_eq!(crowd(of_enterprise).0, Verdict::CapFull);
    let again = Crowd { since: Some(NOW), ..full };
    assert_eq!(
        crowd(again),
        (Verdict::Conditional, Next::Confirm, vec![Condition::AlreadyInside { since: NOW }])
    );
    let room = Crowd { inside: 399, capacity: Some(400), ..Crowd::default() };
    assert_eq!(crowd(room), (Verdict::Measure, Next::Measure, Vec::new()));
}

#[test]
fn a_worker_of_another_site_is_pointed_out() {
    let mut worker = worker();
    worker.sites = vec![SiteCode(2)];
    let got = answer(&good(), Who::Worker(&worker, None), Direction::In, Crowd::default());
    assert_eq!((got.next, got.conditions), (Next::Confirm, vec![Condition::OtherSite]));
}

#[test]
fn whoever_leaves_needs_no_temperature_and_is_never_held() {
    let worker = worker();
    let leaves = |judgement: &Judgement, who| {
        let decision = answer(judgement, who, Direction::Out, Crowd::default());
        (decision.verdict, decision.next)
    };
    assert_eq!(leaves(&good(), Who::Worker(&worker, None)), (Verdict::Valid, Next::Pass));
    assert_eq!(leaves(&good(), Who::Visitor), (Verdict::Valid, Next::Pass));
    for verdict in [Verdict::Revoked, Verdict::Suspended, Verdict::Stale, Verdict::Expired] {
        let judgement = judged(verdict, &[Reason::Listed]);
        let got = answer(&judgement, Who::Worker(&worker, None), Direction::Out, Crowd::default());
        assert_eq!((got.verdict, got.next), (Verdict::Conditional, Next::Confirm));
        assert_eq!(got.conditions, [Condition::Leaving { because: verdict }]);
    }
    let forged = Judgement { credential: None, ..judged(Verdict::Forged, &[Reason::Signature]) };
    assert_eq!(leaves(&forged, Who::Stranger), (Verdict::Forged, Next::Stop));
}

#[test]
fn a_reading_is_never_raised_and_a_second_high_one_refuses() {
    let limits = Thresholds::USUAL;
    for (tenths, seen_high, weighed) in [
        (365, false, Weighed::Go),
        (372, true, Weighed::Go),
        (373, false, Weighed::Recheck),
        (373, true, Weighed::Refuse),
        (345, false, Weighed::Again),
        (345, true, Weighed::Again),
        (339, false, Weighed::Implausible),
        (431, true, Weighed::Implausible),
    ] {
        assert_eq!(
            weigh(&limits, Temperature::from_tenths(tenths), seen_high),
            weighed,
            "{tenths}"
        );
    }
}

#[test]
fn no_two_people_override_an_authority_a_forgery_an_isolation_or_a_fever() {
    for verdict in [
        Verdict::Revoked,
        Verdict::Suspended,
        Verdict::Superseded,
        Verdict::Expired,
        Verdict::Forged,
        Verdict::ForeignLink,
        Verdict::Isolating,
        Verdict::Fever,
        Verdict::RemoteOnly,
        Verdict::KeyWithdrawn,
    ] {
        assert!(!may_override(verdict), "{verdict}");
    }
    assert!(may_override(Verdict::Stale) && may_override(Verdict::NotOnRoster));
}

#[test]
fn an_override_of_the_judges_refusal_never_lets_in_somebody_isolating_or_not_yet_due() {
    let soon = Some(NOW.seconds() + 1);
    for judged_as in [Verdict::Stale, Verdict::WrongSite, Verdict::ClockUncertain] {
        let judgement = judged(judged_as, &[Reason::Listed]);
        let isolating = PersonRecord { isolating_until: soon, ..worker() };
        let waiting = PersonRecord { not_before: soon, ..worker() };
        for (person, verdict) in [(isolating, Verdict::Isolating), (waiting, Verdict::NotYet)] {
            let who = Who::Worker(&person, None);
            let decision = answer(&judgement, who, Direction::In, Crowd::default());
            assert_eq!((decision.verdict, decision.next), (verdict, Next::Stop));
            assert_eq!(decision.also, [judged_as]);
            assert!(!may_override_all(&decision.against()), "{judged_as} {verdict}");
        }
    }
}

#[test]
fn a_lost_pass_hides_no_isolation_and_nothing_beside_it_is_overridden() {
    let lost = Some(Serial([9; 8]));
    let soon = Some(NOW.seconds() + 1);
    let isolating = PersonRecord { isolating_until: soon, left: true, ..worker() };
    assert_eq!(enters(&good(), Who::Worker(&isolating, lost)).0, Verdict::Isolating);
    let listed = judged(Verdict::PassLost, &[Reason::Listed]);
    assert_eq!(enters(&listed, Who::Worker(&isolating, None)).0, Verdict::Isolating);
    let worker = worker();
    let against = |judgement: &Judgement| {
        answer(judgement, Who::Worker(&worker, lost), Direction::In, Crowd::default()).against()
    };
    assert_eq!(against(&good()), [Verdict::PassLost]);
    assert!(may_override_all(&against(&good())));
    let stale = judged(Verdict::Stale, &[Reason::StatusTooOld]);
    assert_eq!(against(&stale), [Verdict::Stale, Verdict::PassLost]);
    assert!(!may_override_all(&against(&stale)));
}

#[test]
fn a_pass_that_the_roster_does_not_name_is_refused() {
    let without = PersonRecord { pass: None, ..worker() };
    let shown = Some(Serial([2; 8]));
    assert_eq!(enters(&good(), Who::Worker(&without, shown)), (Verdict::PassLost, Next::Stop));
    assert_eq!(enters(&good(), Who::Worker(&without, None)), (Verdict::Measure, Next::Measure));
}
