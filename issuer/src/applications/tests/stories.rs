//! Applications from draft to decision, on a real database.

use fugong_common::permit::Category;

use super::bench::{Bench, full_form};
use crate::accounts::Role;
use crate::applications::{
    ActError, Application, CHECK_GROUPS, CheckItem, Fault, FilingForm, Mine, Person, Recorded,
    Refusal, State, Task, accept, amend, approved_facts, classify, draft, list_checks, list_events,
    mark_issued, record_check, reroute, return_for_correction, save_draft, send_checker, sign,
    store, submit, to_do, withdraw,
};
use crate::approvals::{self, SignFault};
use crate::divisions::Scale;
use crate::web::Page;
use crate::{audit, rows};

pub(super) fn checker() -> Person {
    Person { account_id: "checker".into(), name: "孙立".into(), post: "核查人员".into() }
}

pub(super) fn good_visit() -> Recorded {
    let item = |group: &str| CheckItem {
        group_code: group.into(),
        item_code: group.into(),
        list_version: 1,
        result: "meets".into(),
        note: String::new(),
    };
    Recorded {
        items: CHECK_GROUPS.map(item).into(),
        note: "测温设备齐备".into(),
        attended: true,
        meeting_note: "厂区会议室".into(),
    }
}

pub(super) async fn submitted(bench: &Bench, enterprise: &str) -> Application {
    let page = bench.by(&format!("{enterprise}-contact"), Role::Contact).await;
    let new = draft(&page, enterprise, None).await.unwrap();
    submit(&page, &new.id, &new.seen(), &full_form(enterprise)).await.unwrap()
}

pub(super) async fn in_signing(bench: &Bench, enterprise: &str) -> Application {
    let application = submitted(bench, enterprise).await;
    let intake = bench.by("intake", Role::Intake).await;
    let visit = Some((checker(), "2020-02-11".to_owned()));
    let sent = accept(&intake, &application.id, &application.seen(), visit).await.unwrap();
    let page = bench.by("checker", Role::Checker).await;
    record_check(&page, &sent.id, &sent.seen(), &good_visit()).await.unwrap()
}

async fn shown(bench: &Bench, application: &Application) -> [u8; 32] {
    let mut tx = bench.app.db().read().await.unwrap();
    let found = store::find_revision(&mut tx, &application.id, application.case.revision).await;
    found.unwrap().unwrap().sha256
}

pub(super) async fn sign_as(
    bench: &Bench,
    application: &Application,
    who: &str,
    role: Role,
) -> Application {
    let page = bench.by(who, role).await;
    let digest = shown(bench, application).await;
    sign(&page, &application.id, &application.seen(), &digest).await.unwrap()
}

async fn waiting_for(bench: &Bench, page: &Page) -> Vec<Task> {
    let mut tx = bench.app.db().read().await.unwrap();
    let bounds = page.reach().bounds();
    let mine = Mine {
        role: page.actor.post.role,
        account_id: &page.actor.account_id,
        line: "",
        bounds: &bounds,
    };
    let mut found = Vec::new();
    for task in Task::ALL {
        let lines = to_do::list(&mut tx, &mine, task, 50).await.unwrap();
        found.extend(lines.iter().map(|_| task));
    }
    let counted = to_do::count(&mut tx, &mine).await.unwrap();
    let sum: i64 = counted.iter().map(|count| count.n).sum();
    assert_eq!(usize::try_from(sum), Ok(found.len()), "{counted:?}");
    found
}

#[tokio::test]
async fn a_filing_goes_from_draft_to_issue_and_leaves_a_whole_trail() {
    let bench = Bench::new().await;
    let signing = in_signing(&bench, "e1").await;
    assert_eq!(signing.receipt.as_deref(), Some("370602-20200210-0001"));
    bench.clock.advance_millis(60_000);
    let one = sign_as(&bench, &signing, "secretary", Role::Secretary).await;
    let two = sign_as(&bench, &one, "department", Role::Department).await;
    assert_eq!(two.case.state.code(), "signing");
    let approved = sign_as(&bench, &two, "group", Role::LeadingGroup).await;
    assert_eq!(approved.case.state.code(), "approved");

    let page = bench.by("intake", Role::Intake).await;
    let mut tx = bench.app.db().write().await.unwrap();
    let facts = approved_facts(&mut tx, &approved.id).await.unwrap().unwrap();
    assert_eq!(facts.signatures.len(), 3);
    assert_eq!(facts.approval.posts.len(), 3);
    assert_eq!(facts.filing.people, 126);
    mark_issued(&page, &mut tx, &approved.id, "permit-1").await.unwrap();
    assert_eq!(approved_facts(&mut tx, &approved.id).await.unwrap(), None);
    let again = mark_issued(&page, &mut tx, &approved.id, "permit-2").await;
    assert!(matches!(again, Err(ActError::Refused(Refusal::Wrong { state: "issued", .. }))));
    tx.commit().await.unwrap();

    let mut tx = bench.app.db().read().await.unwrap();
    let events = list_events(&mut tx, &approved.id).await.unwrap();
    let told: Vec<&str> = events.iter().rev().map(|event| event.event.as_str()).collect();
    assert_eq!(
        told,
        ["submit", "accept", "send_checker", "record_check", "sign", "sign", "sign", "issue"]
    );
    assert_eq!(events[3].stayed_ms, 60_000, "how long it waited for its first signature");
    let timeline = rows!(
        &mut tx,
        (String,),
        "SELECT kind FROM timeline WHERE enterprise_id = 'e1' ORDER BY at, id"
    );
    assert_eq!(timeline.unwrap().len(), 7);
    assert!(audit::verify(&mut tx).await.unwrap().is_ok());
    let done = bench.find(&approved.id).await;
    assert!(done.stages.submitted_at.0 > 0 && done.stages.checked_at.0 > 0);
    assert!(done.stages.decided_at.0 > 0 && done.stages.issued_at.0 > 0);
}

#[tokio::test]
async fn a_half_filled_form_is_kept_and_faults_come_all_at_once() {
    let bench = Bench::new().await;
    let page = bench.by("e1-contact", Role::Contact).await;
    let new = draft(&page, "e1", None).await.unwrap();
    let half = FilingForm { people: "一百".into(), mode: "partial".into(), ..new.form.clone() };
    let saved = save_draft(&page, &new.id, new.step, &half).await.unwrap();
    assert_eq!(saved.form, half);
    let Err(ActError::Fields(faults)) = submit(&page, &new.id, &saved.seen(), &half).await else {
        panic!("a form with faults was taken")
    };
    let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["planned_on", "people", "cap"]);
    let kept = bench.find(&new.id).await;
    assert_eq!((kept.form, kept.case.state), (half, State::Draft));
    let late = save_draft(&page, &new.id, new.step, &FilingForm::default()).await;
    assert!(matches!(late, Err(ActError::Conflict(_))), "an older page overwrote a newer draft");
}

#[tokio::test]
async fn a_visit_that_fails_bars_signing_until_another_passes() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let intake = bench.by("intake", Role::Intake).await;
    let (who, day) = (checker(), "2020-02-11".to_owned());
    let visit = Some((who.clone(), day.clone()));
    let sent = accept(&intake, &application.id, &application.seen(), visit).await.unwrap();
    let page = bench.by("checker", Role::Checker).await;
    let absent = Recorded { attended: false, ..good_visit() };
    let failed = record_check(&page, &sent.id, &sent.seen(), &absent).await.unwrap();
    assert_eq!(failed.case.state.code(), "site_check");
    let secretary = bench.by("secretary", Role::Secretary).await;
    let digest = shown(&bench, &failed).await;
    let signed = sign(&secretary, &failed.id, &failed.seen(), &digest).await;
    assert!(matches!(signed, Err(ActError::Conflict(_))));
    assert_eq!(waiting_for(&bench, &intake).await, [Task::Resend]);
    let again = send_checker(&intake, &failed.id, &failed.seen(), who, day).await.unwrap();
    assert_eq!(waiting_for(&bench, &page).await, [Task::Check]);
    let passed = record_check(&page, &again.id, &again.seen(), &good_visit()).await.unwrap();
    assert_eq!(passed.case.state.code(), "signing");
    let mut tx = bench.app.db().read().await.unwrap();
    let checks = list_checks(&mut tx, &passed.id).await.unwrap();
    assert_eq!(checks.len(), 2);
    assert_eq!(checks[0].result, "meets");
}

#[tokio::test]
async fn an_edit_after_a_signature_voids_it_and_keeps_it() {
    let bench = Bench::new().await;
    let signing = in_signing(&bench, "e2").await;
    let signed = sign_as(&bench, &signing, "secretary", Role::Secretary).await;
    let contact = bench.by("e2-contact", Role::Contact).await;
    let more = FilingForm { people: "140".into(), ..full_form("e2") };
    let amended = amend(&contact, &signed.id, &signed.seen(), &more).await.unwrap();
    assert_eq!((amended.case.revision, amended.case.state.code()), (2, "submitted"));
    assert_eq!(amended.receipt, signed.receipt, "the receipt number stays");
    let mut tx = bench.app.db().read().await.unwrap();
    let kept = approvals::store::list(&mut tx, &signed.id).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].voided_at.is_some());
    let revisions = store::list_revisions(&mut tx, &signed.id).await.unwrap();
    let changes =
        revisions[0].filing.changes_since(&revisions[1].filing, fugong_common::lang::Lang::Zh);
    let changes: Vec<_> =
        changes.iter().map(|change| (change.then.as_str(), change.now.as_str())).collect();
    assert_eq!(changes, [("126 人", "140 人")]);
}

#[tokio::test]
async fn two_who_sign_for_one_party_at_once_leave_one_signature() {
    let bench = Bench::new().await;
    let signing = in_signing(&bench, "e1").await;
    let digest = shown(&bench, &signing).await;
    let (secretary, director) =
        (bench.by("secretary", Role::Secretary).await, bench.by("director", Role::Director).await);
    let seen = signing.seen();
    let (one, two) = tokio::join!(
        sign(&secretary, &signing.id, &seen, &digest),
        sign(&director, &signing.id, &seen, &digest)
    );
    let refused = match (one, two) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        refused,
        ActError::Refused(Refusal::Sign(SignFault::PartyHasSigned(_))) | ActError::Conflict(_)
    ));
    let mut tx = bench.app.db().read().await.unwrap();
    assert_eq!(approvals::store::list(&mut tx, &signing.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_parties_who_sign_at_once_approve_together() {
    let bench = Bench::new().await;
    let signing = in_signing(&bench, "e2").await;
    let digest = shown(&bench, &signing).await;
    let (secretary, director) =
        (bench.by("secretary", Role::Secretary).await, bench.by("director", Role::Director).await);
    let seen = signing.seen();
    let (one, two) = tokio::join!(
        sign(&secretary, &signing.id, &seen, &digest),
        sign(&director, &signing.id, &seen, &digest)
    );
    one.unwrap();
    two.unwrap();
    assert_eq!(bench.find(&signing.id).await.case.state.code(), "approved");
}

#[tokio::test]
async fn one_person_in_two_posts_signs_once_and_is_not_asked_again() {
    let bench = Bench::new().await;
    let signing = in_signing(&bench, "e2").await;
    let mut tx = bench.app.db().write().await.unwrap();
    bench.post(&mut tx, "secretary", Role::Director, "xy", "").await;
    tx.commit().await.unwrap();
    let signed = sign_as(&bench, &signing, "secretary", Role::Secretary).await;
    let as_director = bench.by("secretary", Role::Director).await;
    assert_eq!(waiting_for(&bench, &as_director).await, []);
    let digest = shown(&bench, &signed).await;
    let twice = sign(&as_director, &signed.id, &signed.seen(), &digest).await;
    assert!(matches!(twice, Err(ActError::Refused(Refusal::Sign(SignFault::SamePerson)))));
}

#[tokio::test]
async fn the_second_officer_on_a_case_sees_the_new_state() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let intake = bench.by("intake", Role::Intake).await;
    let fault = Fault { phrase: "roster".into(), note: "缺 3 人".into() };
    let returned =
        return_for_correction(&intake, &application.id, &application.seen(), vec![fault]).await;
    assert_eq!(returned.unwrap().case.state.code(), "returned");
    let late = accept(&intake, &application.id, &application.seen(), None).await;
    let Err(ActError::Conflict(now)) = late else { panic!("{late:?}") };
    assert_eq!(now.case.state.code(), "returned");
}

#[tokio::test]
async fn what_was_returned_is_submitted_again_under_its_number() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let intake = bench.by("intake", Role::Intake).await;
    let faults = ["roster", "plan"].map(|p| Fault { phrase: p.into(), note: String::new() });
    let returned =
        return_for_correction(&intake, &application.id, &application.seen(), faults.into())
            .await
            .unwrap();
    let contact = bench.by("e1-contact", Role::Contact).await;
    assert_eq!(waiting_for(&bench, &contact).await, [Task::Mend]);
    let again = submit(&contact, &returned.id, &returned.seen(), &full_form("e1")).await.unwrap();
    assert_eq!((again.case.revision, &again.receipt), (2, &application.receipt));
    let gone = withdraw(&contact, &again.id, &again.seen(), "改期".into()).await.unwrap();
    assert!(gone.case.state.is_final());
    assert_eq!(waiting_for(&bench, &contact).await, []);
}

#[tokio::test]
async fn the_class_set_by_the_office_is_signed_too_and_survives_an_edit() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let intake = bench.by("intake", Role::Intake).await;
    let due = application.stages.due_at;
    let classed = classify(
        &intake,
        &application.id,
        &application.seen(),
        Category::Green,
        "生产防护服".into(),
    )
    .await
    .unwrap();
    assert_eq!((classed.class_rank, classed.case.revision), (0, 2));
    assert!(classed.stages.due_at < due, "the green channel has a shorter clock");
    let contact = bench.by("e1-contact", Role::Contact).await;
    let amended = amend(&contact, &classed.id, &classed.seen(), &full_form("e1")).await.unwrap();
    let mut tx = bench.app.db().read().await.unwrap();
    let revision = store::find_revision(&mut tx, &amended.id, 3).await.unwrap().unwrap();
    assert_eq!(revision.filing.class.class, Category::Green);
    assert!(revision.filing.class.set_by.contains("陈晓"));
}

#[tokio::test]
async fn a_change_of_scale_begins_signing_anew_under_the_other_route() {
    let bench = Bench::new().await;
    let signing = in_signing(&bench, "e1").await;
    let signed = sign_as(&bench, &signing, "secretary", Role::Secretary).await;
    let intake = bench.by("intake", Role::Intake).await;
    let mut tx = bench.app.db().write().await.unwrap();
    assert_eq!(reroute(&intake, &mut tx, "e1", Scale::Below).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let now = bench.find(&signed.id).await;
    let State::Signing(round) = &now.case.state else { panic!("{now:?}") };
    assert_eq!((round.step.parties.len(), round.given.len()), (2, 0));
    let one = sign_as(&bench, &now, "secretary", Role::Secretary).await;
    let two = sign_as(&bench, &one, "director", Role::Director).await;
    assert_eq!(two.case.state.code(), "approved");
}

#[tokio::test]
async fn other_streets_and_other_enterprises_find_nothing() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let far = bench.by("far", Role::Intake).await;
    let refused = accept(&far, &application.id, &application.seen(), None).await;
    let Err(ActError::Problem(problem)) = refused else { panic!("{refused:?}") };
    assert_eq!(problem.status(), 404);
    assert_eq!(waiting_for(&bench, &far).await, []);
    let other = bench.by("e2-contact", Role::Contact).await;
    let refused = amend(&other, &application.id, &application.seen(), &full_form("e1")).await;
    let Err(ActError::Problem(problem)) = refused else { panic!("{refused:?}") };
    assert_eq!(problem.status(), 404);
}
