use fugong_common::permit::{PostKind, Route};
use fugong_common::time::Millis;

use super::{Round, SignFault, Signer};
use crate::accounts::Role;
use crate::divisions::{Regime, RegimeKind, RegimeSettings, Scale};

fn round(scale: Scale) -> Round {
    let regime = Regime {
        id: "r".into(),
        kind: RegimeKind::Approval,
        rule_version: 4,
        settings: RegimeSettings::default(),
        starts_at: Millis(0),
        division_id: "zf".into(),
    };
    Round::begin(&regime, scale, "")
}

fn signer(account: &str, role: Role) -> Signer {
    Signer {
        account_id: account.into(),
        post_id: format!("{account}-{}", role.code()),
        role,
        line: String::new(),
        name: account.into(),
        post: role.code().into(),
    }
}

#[test]
fn each_route_is_complete_after_its_parties_and_not_before() {
    let table: [(Scale, &[Role], Route); 4] = [
        (Scale::Above, &[Role::Secretary, Role::Department, Role::LeadingGroup], Route::TriParty),
        (Scale::Below, &[Role::Director, Role::Secretary], Route::DualSignature),
        (Scale::Below, &[Role::Secretary, Role::Director], Route::DualSignature),
        (Scale::Small, &[Role::Director], Route::Light),
    ];
    for (scale, roles, route) in table {
        let mut round = round(scale);
        for (n, role) in roles.iter().enumerate() {
            assert!(!round.is_complete(), "{scale:?} before {role:?}");
            round = round.sign(signer(&format!("p{n}"), *role), Millis(1)).unwrap();
        }
        assert!(round.is_complete(), "{scale:?}");
        let approval = round.approval();
        assert_eq!((approval.route, approval.rule_version), (route, 4));
        assert_eq!(approval.posts.len(), roles.len());
    }
}

#[test]
fn the_three_parties_sign_in_order_and_the_two_posts_in_any() {
    let early = round(Scale::Above).sign(signer("b", Role::LeadingGroup), Millis(1));
    assert_eq!(early, Err(SignFault::NotYet(vec!["street".into()])));
    let below = round(Scale::Below);
    assert_eq!(below.next().len(), 2);
    assert!(below.sign(signer("a", Role::Director), Millis(1)).is_ok());
}

#[test]
fn two_posts_of_one_person_count_once() {
    let once = round(Scale::Below).sign(signer("a", Role::Secretary), Millis(1)).unwrap();
    let twice = once.clone().sign(signer("a", Role::Director), Millis(2));
    assert_eq!(twice, Err(SignFault::SamePerson));
    assert!(once.sign(signer("b", Role::Director), Millis(2)).unwrap().is_complete());
}

#[test]
fn a_party_signs_once_whichever_of_its_posts_comes_first() {
    let once = round(Scale::Above).sign(signer("a", Role::Secretary), Millis(1)).unwrap();
    let again = once.clone().sign(signer("b", Role::Director), Millis(2));
    assert_eq!(again, Err(SignFault::PartyHasSigned(Box::new(once.given[0].clone()))));
}

#[test]
fn only_the_department_of_the_enterprises_line_signs() {
    let mut round = round(Scale::Above);
    round.line = "industry".into();
    let round = round.sign(signer("a", Role::Secretary), Millis(1)).unwrap();
    let of = |line: &str| Signer { line: line.into(), ..signer("d", Role::Department) };
    assert_eq!(
        round.clone().sign(of("market"), Millis(2)),
        Err(SignFault::AnotherLine("industry".into()))
    );
    assert!(round.clone().sign(of("industry"), Millis(2)).is_ok());
    assert!(round.sign(of(""), Millis(2)).is_ok());
}

#[test]
fn posts_outside_the_route_sign_for_nobody() {
    let refused = round(Scale::Below).sign(signer("i", Role::Inspector), Millis(1));
    assert_eq!(refused, Err(SignFault::NotAParty));
    let department = round(Scale::Below).sign(signer("d", Role::Department), Millis(1));
    assert_eq!(department, Err(SignFault::NotAParty));
}

#[test]
fn a_filing_regime_is_stated_as_such_in_the_permit() {
    let mut round = round(Scale::Small);
    round.regime = RegimeKind::Filing.code().into();
    let approval = round.sign(signer("a", Role::Director), Millis(1)).unwrap().approval();
    assert_eq!(approval.route, Route::Filing);
    assert!(approval.posts.contains(&PostKind::Director));
}
