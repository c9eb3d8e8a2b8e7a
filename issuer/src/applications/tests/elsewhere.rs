//! An enterprise whose premises lie in another division than its own seat, under other rules and
//! another clock.

use fugong_common::time::{Millis, Zone};

use super::bench::{Bench, full_form};
use super::stories::submitted;
use crate::accounts::Role;
use crate::applications::{ActError, FilingForm, draft, store, submit};
use crate::divisions::{Level, Regime, RegimeKind, RegimeSettings, store as divisions};
use crate::run;

/// 18:00 on Sunday, 9 February in Berlin; it is Monday in Shanghai already.
const SUNDAY_THERE: &str = "2020-02-09";

/// Gives the first enterprise a hall in a far district with a calendar, terms and a time to decide of
/// its own.
async fn hall_far_away(bench: &Bench) {
    let mut tx = bench.app.db().write().await.unwrap();
    for (id, parent, level, code) in [
        ("hb", None, Level::District, "370699000000"),
        ("hb-c", Some("hb"), Level::Community, "370699001001"),
    ] {
        let parent = match parent {
            Some(parent) => divisions::find(&mut tx, parent).await.unwrap(),
            None => None,
        };
        let new = divisions::NewDivision {
            id,
            parent: parent.as_ref(),
            level,
            code,
            name: "远方",
            zone: "Europe/Berlin",
            hotline: "",
            document_pattern: "",
            valid_from: Millis(0),
        };
        divisions::insert(&mut tx, new).await.unwrap();
    }
    let settings =
        RegimeSettings { permit_days: 10, decide_within_days: 5, ..RegimeSettings::default() };
    rules(&mut tx, "hb", RegimeKind::Approval, settings).await;
    run!(
        &mut tx,
        "INSERT INTO premises (id, site_code, kind, name, address, entrance, division_id, division_path, created_at, \
         updated_at) VALUES ('far', 3706990010010001, 'plant', '二号厂房', '港口路 1 号', '', 'hb-c', '/hb/hb-c/', 0, 0)"
    )
    .unwrap();
    run!(
        &mut tx,
        "INSERT INTO occupancies (enterprise_id, premises_id, valid_from) VALUES ('e1', 'far', 1)"
    )
    .unwrap();
    tx.commit().await.unwrap();
    bench.clock.set(berlin().start_of(SUNDAY_THERE).unwrap().plus_hours(18));
}

async fn rules(tx: &mut crate::db::Tx, division: &str, kind: RegimeKind, settings: RegimeSettings) {
    let regime = Regime {
        id: format!("{division}-rules"),
        kind,
        rule_version: 2,
        settings,
        starts_at: Millis(1),
        division_id: division.into(),
    };
    divisions::insert_regime(tx, &regime, "", Millis(1)).await.unwrap();
}

fn berlin() -> Zone {
    Zone::parse("Europe/Berlin").unwrap()
}

fn form_for(premises: &str, planned_on: &str, term_days: &str) -> FilingForm {
    FilingForm {
        premises: premises.into(),
        planned_on: planned_on.into(),
        term_days: term_days.into(),
        ..full_form("e1")
    }
}

/// Fields with which something is wrong when this is submitted.
async fn faults(bench: &Bench, form: &FilingForm) -> Vec<&'static str> {
    let page = bench.by("e1-contact", Role::Contact).await;
    let new = draft(&page, "e1", Some(form.clone())).await.unwrap();
    match submit(&page, &new.id, &new.seen(), form).await {
        Err(ActError::Fields(faults)) => faults.into_iter().map(|fault| fault.field).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_division_of_the_premises_decides_days_terms_and_the_time_to_decide() {
    let bench = Bench::new().await;
    hall_far_away(&bench).await;
    // There it is still Sunday, and permits hold for ten days at most.
    assert_eq!(faults(&bench, &form_for("far", SUNDAY_THERE, "30")).await, ["term_days"]);
    assert_eq!(faults(&bench, &form_for("far", "2020-02-08", "10")).await, ["planned_on"]);
    assert_eq!(faults(&bench, &form_for("e1-p", SUNDAY_THERE, "30")).await, ["planned_on"]);

    let page = bench.by("e1-contact", Role::Contact).await;
    let form = form_for("far", SUNDAY_THERE, "10");
    let new = draft(&page, "e1", Some(form.clone())).await.unwrap();
    let far = submit(&page, &new.id, &new.seen(), &form).await.unwrap();
    assert_eq!(far.division_id, "hb-c");
    assert!(far.receipt.unwrap().contains("370699-20200209"));
    // Five working days after Sunday, the 9th, end with Friday, the 14th.
    assert_eq!(Some(far.stages.due_at), berlin().end_of("2020-02-14"));
    let mut tx = bench.app.db().read().await.unwrap();
    let revision = store::find_revision(&mut tx, &far.id, far.case.revision).await.unwrap();
    assert_eq!(revision.unwrap().filing.term_days, 10);
    drop(tx);
    // The other hall lies at home.
    let near = submitted(&bench, "e1").await;
    assert!(near.receipt.unwrap().contains("370602-20200210"));
}

#[tokio::test]
async fn approval_that_is_abolished_at_the_seat_is_still_asked_for_elsewhere() {
    let bench = Bench::new().await;
    let mut tx = bench.app.db().write().await.unwrap();
    rules(&mut tx, "c1", RegimeKind::Abolished, RegimeSettings::default()).await;
    tx.commit().await.unwrap();
    let page = bench.by("e1-contact", Role::Contact).await;
    let refused = draft(&page, "e1", None).await;
    assert!(matches!(refused, Err(ActError::Problem(_))), "there is nothing else: {refused:?}");

    hall_far_away(&bench).await;
    assert_eq!(faults(&bench, &form_for("e1-p", "2020-02-12", "30")).await, ["premises"]);
    let page = bench.by("e1-contact", Role::Contact).await;
    let form = form_for("far", "2020-02-12", "10");
    let new = draft(&page, "e1", Some(form.clone())).await.unwrap();
    let filed = submit(&page, &new.id, &new.seen(), &form).await.unwrap();
    assert_eq!(filed.case.state.code(), "submitted");
}

#[tokio::test]
async fn what_was_typed_while_the_rules_were_abolished_can_be_copied() {
    let bench = Bench::new().await;
    let page = bench.by("e1-contact", Role::Contact).await;
    let begun = draft(&page, "e1", None).await.unwrap();
    let mut tx = bench.app.db().write().await.unwrap();
    rules(&mut tx, "c1", RegimeKind::Abolished, RegimeSettings::default()).await;
    tx.commit().await.unwrap();
    let contact = bench.browser("e1-contact", Role::Contact).await;
    for path in ["/applications/new".to_owned(), format!("/applications/{}/edit", begun.id)] {
        let typed = "分三批返岗，食堂停用";
        let sent = [
            ("do", "submit"),
            ("seen_state", "draft"),
            ("seen_revision", "0"),
            ("conditions", typed),
        ];
        let answer = contact.post(&path, &sent).await;
        assert_eq!(answer.status, 409, "{path}");
        assert!(answer.body.contains("已取消复工审批"), "{}", answer.body);
        assert!(answer.body.contains(typed), "{}", answer.body);
    }
}
