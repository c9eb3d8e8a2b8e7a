//! People come to the gate and go in, or don't.

use fugong_common::journal::{Entry, EntryKind, Sealed};
use fugong_common::verdict::Verdict;
use fugong_verifier::error::GateError;
use fugong_verifier::view::{Condition, Correction, Direction, Recorded, Step, Visitor};

use crate::bed::{Bed, until};
use crate::issuer::PERMIT;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_measured_let_in_and_out_and_the_issuer_gets_every_entry() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let scanned = bed.scan(&guard, &bed.pass(3)).await;
    assert_eq!((scanned.verdict, scanned.step), (Verdict::Measure, Step::Measure));
    assert!(matches!(scanned.recorded, Recorded::Yes { .. }));
    let again = bed.gate().measure(&guard, scanned.session, 345).await.unwrap();
    assert_eq!((again.verdict, again.step), (Verdict::LowReading, Step::MeasureAgain));
    let implausible = bed.gate().measure(&guard, scanned.session, 999).await;
    assert_eq!(implausible, Err(GateError::Implausible { from: 340, to: 430 }));
    let passed = bed.gate().measure(&guard, scanned.session, 365).await.unwrap();
    assert_eq!((passed.verdict, passed.step), (Verdict::Valid, Step::Passed));
    assert_eq!(bed.gate().status().inside, 1);
    assert_eq!(
        bed.gate().measure(&guard, scanned.session, 365).await,
        Err(GateError::WrongStep),
        "one passing, one entry"
    );
    let twice = bed.scan(&guard, &bed.pass(3)).await;
    assert_eq!((twice.verdict, twice.step), (Verdict::Conditional, Step::Confirm));
    assert!(matches!(twice.conditions[..], [Condition::AlreadyInside { .. }]));
    let out = bed.gate().scan(&guard, &bed.pass(3), Direction::Out).await.unwrap();
    assert_eq!((out.verdict, out.step), (Verdict::Valid, Step::Passed));
    assert_eq!(bed.gate().status().inside, 0);
    let recent = bed.gate().recent(10).await.unwrap();
    assert_eq!(recent[0].direction, Some(Direction::Out));
    assert_eq!(recent[1].tenths, Some(365));
    assert!(recent[1].name.contains('*'), "{}", recent[1].name);
    let next = bed.gate().machine().journal_next_seq;
    until("everything sent", || bed.gate().status().to_send == 0).await;
    let state = bed.issuer.state();
    let (head, records) = state.journals.values().next().unwrap();
    assert_eq!(head.next_seq, next);
    let kinds: Vec<_> =
        records.iter().map(|r| Entry::decode(&r.chained).unwrap().draft.kind).collect();
    assert_eq!(kinds[0], EntryKind::Opened);
    assert!(kinds.contains(&EntryKind::Bundle) && kinds.contains(&EntryKind::SignOn));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_high_readings_refuse_and_are_reported_and_the_lane_goes_on_between() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let first = bed.scan(&guard, &bed.pass(1)).await;
    let high = bed.gate().measure(&guard, first.session, 376).await.unwrap();
    assert_eq!((high.verdict, high.step), (Verdict::Fever, Step::Recheck));
    assert_eq!(bed.gate().status().parked, 1);
    let other = bed.scan(&guard, &bed.pass(2)).await;
    let passed = bed.gate().measure(&guard, other.session, 366).await.unwrap();
    assert_eq!(passed.step, Step::Passed);
    let resumed = bed.gate().resume(&guard, first.session).await.unwrap();
    assert_eq!((resumed.verdict, resumed.step), (Verdict::Fever, Step::MeasureAgain));
    let refused = bed.gate().measure(&guard, first.session, 380).await.unwrap();
    assert_eq!((refused.verdict, refused.step), (Verdict::Fever, Step::Stopped));
    assert!(!refused.override_possible && !refused.visitor_possible);
    assert_eq!(bed.gate().status().parked, 0);
    let turned = bed.gate().turn(&guard, first.session, Direction::In).await;
    assert_eq!(turned, Err(GateError::WrongStep), "turning round opens nothing");
    let Recorded::Yes { seq } = refused.recorded else { panic!("not recorded") };
    let record = bed.gate().journal().find_record(seq).await.unwrap().unwrap();
    let entry = Entry::decode(&record.chained).unwrap();
    assert_eq!(entry.draft.verdict, Some(Verdict::Fever));
    let sealed = Sealed::from_bytes(&record.sealed.unwrap().bytes).unwrap();
    assert_eq!(sealed.temperature_tenths, Some(380));
    assert_eq!(sealed.text.as_deref(), Some("first:37.6"));
    assert_eq!(bed.gate().status().inside, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placard_asks_who_and_people_and_visitors_go_in_under_it() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let placard = bed.issuer.state().placard();
    let scanned = bed.scan(&guard, &placard).await;
    assert_eq!((scanned.verdict, scanned.step), (Verdict::Measure, Step::ChoosePerson));
    assert_eq!(scanned.enterprise.unwrap().serial, Some(PERMIT.to_string()));
    let rows = bed.gate().lookup(&guard, "0004").await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].name.contains('*'));
    let chosen = bed.gate().choose_person(&guard, scanned.session, &rows[0].worker).await.unwrap();
    assert_eq!((chosen.verdict, chosen.step), (Verdict::Measure, Step::Measure));

    let scanned = bed.scan(&guard, &placard).await;
    let mut visitor =
        Visitor { name: "来访人".into(), phone: "123".into(), ..Visitor::default() };
    let refused = bed.gate().visitor(&guard, scanned.session, visitor.clone()).await;
    assert_eq!(refused, Err(GateError::VisitorIncomplete));
    visitor.phone = "138 0013 8000".into();
    visitor.plate = Some("鲁F12345".into());
    let registered = bed.gate().visitor(&guard, scanned.session, visitor).await.unwrap();
    assert_eq!((registered.verdict, registered.step), (Verdict::Measure, Step::Measure));
    let passed = bed.gate().measure(&guard, scanned.session, 362).await.unwrap();
    assert_eq!(passed.step, Step::Passed);
    assert!(bed.gate().inside()[0].visitor);
    assert_eq!(bed.gate().recent(1).await.unwrap()[0].plate.as_deref(), Some("鲁F12345"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_number_needs_a_look_at_the_document() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let typed = bed.scan(&guard, &PERMIT.to_string()).await;
    assert_eq!((typed.verdict, typed.step), (Verdict::Conditional, Step::ChoosePerson));
    let chosen = bed.gate().choose_person(&guard, typed.session, "W5").await.unwrap();
    assert_eq!(chosen.step, Step::Confirm);
    assert_eq!(chosen.conditions, [Condition::CompareDocument]);
    let confirmed = bed.gate().confirm_condition(&guard, typed.session).await.unwrap();
    assert_eq!(confirmed.step, Step::Measure);
    let passed = bed.gate().measure(&guard, typed.session, 365).await.unwrap();
    assert_eq!((passed.verdict, passed.step), (Verdict::Valid, Step::Passed));
    let Recorded::Yes { seq } = passed.recorded else { panic!("not recorded") };
    let record = bed.gate().journal().find_record(seq).await.unwrap().unwrap();
    let entry = Entry::decode(&record.chained).unwrap();
    assert_eq!(entry.draft.verdict, Some(Verdict::Conditional), "the journal keeps the condition");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_looked_up_by_the_own_number_and_shown_by_it() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let seq = bed.issuer.change(|state| {
        state.put_person(31, |person| person.worker = "AB12C-0777".to_owned());
        state.put_person(32, |person| {
            person.worker = "0F9E8-0777".to_owned();
            person.enterprise = "海港食品（示例）".to_owned();
        });
        state.put_person(33, |person| person.worker = "AB12D-0888".to_owned());
        state.put_person(34, |person| person.worker = "AB12E-0888".to_owned());
    });
    bed.seq(seq).await;
    let rows = bed.gate().lookup(&guard, "0777").await.unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.number == "0777"), "their enterprises tell them apart");
    let rows = bed.gate().lookup(&guard, "0888").await.unwrap();
    let numbers: Vec<_> = rows.iter().map(|row| row.number.as_str()).collect();
    assert_eq!(numbers, ["AB12D-0888", "AB12E-0888"], "two of one name are told apart");
    assert_eq!(bed.gate().lookup(&guard, "ab12c-0777").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_can_be_corrected_for_ten_seconds() {
    let bed = Bed::start().await;
    let guard = bed.guard().await;
    let pass = async |n| {
        let scanned = bed.scan(&guard, &bed.pass(n)).await;
        let passed = bed.gate().measure(&guard, scanned.session, 365).await.unwrap();
        let Recorded::Yes { seq } = passed.recorded else { panic!("not recorded") };
        seq
    };
    let seq = pass(10).await;
    let corrected = bed.gate().correct(&guard, seq, Correction::DidNotPass).await.unwrap();
    assert_eq!(corrected.step, Step::Stopped);
    assert_eq!(bed.gate().status().inside, 0);
    let seq = pass(11).await;
    let wrong = Correction::Temperature { tenths: 378 };
    let corrected = bed.gate().correct(&guard, seq, wrong.clone()).await.unwrap();
    assert_eq!((corrected.verdict, corrected.step), (Verdict::Fever, Step::Recheck));
    assert_eq!(bed.gate().status().inside, 0);
    let seq = pass(12).await;
    bed.clock.advance_millis(10_001);
    assert_eq!(bed.gate().correct(&guard, seq, wrong).await, Err(GateError::TooLateToCorrect));
}
