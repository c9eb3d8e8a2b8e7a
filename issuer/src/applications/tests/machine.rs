//! The machine, driven by anything that may come.

use fugong_common::time::Millis;
use proptest::prelude::*;

use crate::accounts::Role;
use crate::applications::{Case, Event, Fault, Finding, Person, Refusal, State};
use crate::approvals::{Round, Signer};
use crate::divisions::{Regime, RegimeKind, RegimeSettings, Scale};

const SIGNING: [Role; 4] = [Role::Secretary, Role::Director, Role::Department, Role::LeadingGroup];

fn person(name: &str) -> Person {
    Person { account_id: name.into(), name: name.into(), post: "岗位".into() }
}

fn round(scale: Scale) -> Round {
    let regime = Regime {
        id: "r".into(),
        kind: RegimeKind::Approval,
        rule_version: 3,
        settings: RegimeSettings::default(),
        starts_at: Millis(0),
        division_id: "zf".into(),
    };
    Round::begin(&regime, scale, "")
}

fn signer(account: u8, role: Role) -> Signer {
    Signer {
        account_id: format!("a{account}"),
        post_id: format!("a{account}-{}", role.code()),
        role,
        line: String::new(),
        name: format!("甲{account}"),
        post: role.code().into(),
    }
}

fn any_scale() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Above), Just(Scale::Below), Just(Scale::Small)]
}

/// Six people of whom anybody may hold any post.
fn any_signature() -> impl Strategy<Value = Event> {
    (0..6_u8, 0..SIGNING.len())
        .prop_map(|(who, role)| Event::Sign { signer: signer(who, SIGNING[role]), at: Millis(1) })
}

fn any_event() -> impl Strategy<Value = Event> {
    let finding =
        (any::<bool>(), any::<bool>(), any_scale()).prop_map(|(meets, attended, scale)| {
            Event::RecordCheck {
                finding: Finding { meets, attended, note: String::new() },
                round: round(scale),
            }
        });
    let faults =
        prop::collection::vec(Just(Fault { phrase: "roster".into(), note: String::new() }), 0..3);
    prop_oneof![
        3 => Just(Event::Submit),
        3 => Just(Event::Accept),
        3 => Just(Event::SendChecker { checker: person("c"), planned_on: "2020-02-11".into() }),
        4 => finding,
        12 => any_signature(),
        1 => faults.prop_map(|faults| Event::Return { faults, by: person("i") }),
        1 => Just(Event::Amend),
        1 => Just(Event::Classify),
        1 => any_scale().prop_map(|scale| Event::Reroute { round: round(scale) }),
        1 => Just(Event::Refuse { reason: "r".into(), basis: "b".into(), complain: "c".into(), by: person("s") }),
        1 => Just(Event::Withdraw { reason: String::new(), by: person("e") }),
        2 => Just(Event::Issue { permit_id: "p".into() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_approved_without_all_parties_by_different_persons(
        events in prop::collection::vec(any_event(), 1..80)
    ) {
        let mut case = Case::draft();
        for event in events {
            let Ok(next) = case.clone().apply(event) else { continue };
            if let State::Approved(round) | State::Issued { round, .. } = &next.state {
                let mut accounts: Vec<_> = round.given.iter().map(|g| &g.account_id).collect();
                accounts.sort();
                accounts.dedup();
                prop_assert_eq!(accounts.len(), round.step.parties.len());
                for party in &round.step.parties {
                    let given = round.signature(party);
                    let entitled = given
                        .and_then(|given| Role::parse(&given.role))
                        .is_some_and(|role| party.takes(role));
                    prop_assert!(entitled);
                }
            }
            case = next;
        }
    }

    #[test]
    fn an_edit_is_a_new_revision_and_voids_what_was_signed(
        events in prop::collection::vec(any_event(), 1..80)
    ) {
        let mut case = Case::draft();
        for event in events {
            let edits = event.makes_revision();
            let Ok(next) = case.clone().apply(event) else { continue };
            prop_assert_eq!(next.revision, case.revision + i64::from(edits));
            if edits {
                prop_assert!(next.given().is_empty());
                prop_assert!(!next.state.keeps_signatures());
            }
            case = next;
        }
    }

    #[test]
    fn final_states_stay(events in prop::collection::vec(any_event(), 1..80), last in any_event()) {
        let mut case = Case::draft();
        for event in events {
            case = case.clone().apply(event).unwrap_or(case);
        }
        prop_assume!(case.state.is_final());
        let refused = case.clone().apply(last.clone());
        let wrong = Refusal::Wrong { state: case.state.code(), event: last.code() };
        prop_assert_eq!(refused, Err(wrong));
    }

    #[test]
    fn a_failed_visit_or_an_absent_responsible_person_leads_to_no_signature(
        meets in any::<bool>(), attended in any::<bool>(), signature in any_signature()
    ) {
        let finding = Finding { meets, attended, note: String::new() };
        let checked = [
            Event::Submit,
            Event::Accept,
            Event::SendChecker { checker: person("c"), planned_on: "2020-02-11".into() },
            Event::RecordCheck { finding, round: round(Scale::Small) },
        ]
        .into_iter()
        .try_fold(Case::draft(), Case::apply)
        .unwrap();
        let may_sign = matches!(checked.state, State::Signing(_));
        prop_assert_eq!(may_sign, meets && attended);
        if !may_sign {
            prop_assert!(checked.apply(signature).is_err());
        }
    }
}

#[test]
fn every_state_reads_back_from_its_json_under_its_own_code() {
    let by = person("甲");
    let round = round(Scale::Above).sign(signer(1, Role::Director), Millis(5)).unwrap();
    let states = [
        State::Draft,
        State::Submitted,
        State::Held { until: Millis(9) },
        State::SiteCheck(crate::applications::Check::Sent {
            checker: by.clone(),
            planned_on: "2020-02-11".into(),
        }),
        State::Signing(round.clone()),
        State::Returned {
            faults: vec![Fault { phrase: "plan".into(), note: "缺签字页".into() }],
            by: by.clone(),
        },
        State::Approved(round.clone()),
        State::Issued { round, permit_id: "p".into() },
        State::Refused {
            reason: "r".into(),
            basis: "b".into(),
            complain: "c".into(),
            by: by.clone(),
        },
        State::Withdrawn { reason: String::new(), by },
    ];
    for (state, code) in states.into_iter().zip(State::CODES) {
        assert_eq!(state.code(), code);
        let json = serde_json::to_string(&state).unwrap();
        assert!(json.contains(&format!("\"state\":\"{code}\"")), "{json}");
        assert_eq!(serde_json::from_str::<State>(&json).unwrap(), state);
    }
}

#[test]
fn a_return_that_names_nothing_is_refused() {
    let submitted = Case::draft().apply(Event::Submit).unwrap();
    let refused = submitted.apply(Event::Return { faults: Vec::new(), by: person("i") });
    assert_eq!(refused, Err(Refusal::NothingToMend));
}
