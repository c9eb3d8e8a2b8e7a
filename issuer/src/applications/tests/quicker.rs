//! Two people and one case: who was quicker, what the other one keeps, and who goes on when somebody is
//! gone.

use std::time::Duration;

use fugong_common::permit::Category;

use super::bench::{Answer, Bench, Browser, full_form};
use super::stories::{checker, in_signing, sign_as, submitted};
use crate::accounts::Role;
use crate::applications::{
    ActError, Application, FilingForm, Mine, Task, accept, amend, classify, draft, follow_premises,
    store, submit, to_do, withdraw,
};
use crate::keys::bootstrap::bootstrap;
use crate::permits::issuing::issue_approved;

fn seen(answer: &Answer) -> [(&'static str, String); 2] {
    ["seen_state", "seen_revision"].map(|name| {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) = answer.body.split_once(&mark).expect("a form that says what it saw");
        (name, rest.split('"').next().unwrap().to_owned())
    })
}

/// The fields of a whole form as a browser sends them.
fn fields(form: &FilingForm) -> Vec<(String, String)> {
    let serde_json::Value::Object(all) = serde_json::to_value(form).unwrap() else { panic!() };
    all.into_iter().map(|(key, value)| (key, value.as_str().unwrap().to_owned())).collect()
}

async fn accepted(bench: &Bench, application: &Application) -> Application {
    let intake = bench.by("intake", Role::Intake).await;
    let visit = Some((checker(), "2020-02-11".to_owned()));
    accept(&intake, &application.id, &application.seen(), visit).await.unwrap()
}

#[tokio::test]
async fn who_edits_while_the_office_accepts_keeps_the_form_and_sends_it_again() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let contact = bench.browser("e1-contact", Role::Contact).await;
    let path = format!("/applications/{}/edit", application.id);
    let opened = seen(&contact.get(&path, "zh-CN").await);
    accepted(&bench, &application).await;
    let form =
        FilingForm { conditions: "分三批返岗，食堂停用".into(), ..full_form("e1") };
    let send = async |seen: &[(&str, String)]| {
        let typed = fields(&form);
        let mut sent: Vec<(&str, &str)> =
            typed.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        sent.extend(seen.iter().map(|(key, value)| (*key, value.as_str())));
        sent.push(("do", "submit"));
        contact.post(&path, &sent).await
    };
    let late = send(&opened).await;
    assert_eq!(late.status, 409);
    for kept in ["分三批返岗，食堂停用", "您填写的内容保留在下面", "待现场核查"]
    {
        assert!(late.body.contains(kept), "{kept}");
    }
    let again = send(&seen(&late)).await;
    assert_eq!(again.location, format!("/applications/{}?done=submitted", application.id));
    assert_eq!(bench.find(&application.id).await.form.conditions, "分三批返岗，食堂停用");
}

#[tokio::test]
async fn a_form_sent_twice_is_one_application() {
    let bench = Bench::new().await;
    let contact = bench.by("e1-contact", Role::Contact).await;
    let file = async || {
        let new = draft(&contact, "e1", Some(full_form("e1"))).await.unwrap();
        submit(&contact, &new.id, &new.seen(), &full_form("e1")).await
    };
    let (one, other) = tokio::join!(file(), file());
    let (taken, refused) = match (one, other) {
        (Ok(taken), Err(refused)) | (Err(refused), Ok(taken)) => (taken, refused),
        both => panic!("{both:?}"),
    };
    let ActError::Fields(faults) = refused else { panic!("{refused:?}") };
    assert_eq!(faults[0].field, "premises");
    assert!(faults[0].message.contains(taken.receipt.as_deref().unwrap()), "{faults:?}");
    // Once it is gone, the next may come.
    withdraw(&contact, &taken.id, &taken.seen(), "改期".into()).await.unwrap();
    assert_eq!(file().await.unwrap().state().code(), "submitted");
}

#[tokio::test]
async fn a_return_to_somebody_who_has_just_edited_keeps_what_it_names() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let intake = bench.browser("intake", Role::Intake).await;
    let path = format!("/applications/{}/return", application.id);
    let opened = seen(&intake.get(&path, "zh-CN").await);
    let contact = bench.by("e1-contact", Role::Contact).await;
    amend(&contact, &application.id, &application.seen(), &full_form("e1")).await.unwrap();
    let send = async |seen: &[(&str, String)]| {
        let mut sent =
            vec![("phrase", "plan"), ("note_roster", "缺 3 人"), ("other", "请附租赁合同")];
        sent.extend(seen.iter().map(|(key, value)| (*key, value.as_str())));
        intake.post(&path, &sent).await
    };
    let late = send(&opened).await;
    assert_eq!(late.status, 409);
    for kept in ["缺 3 人", "请附租赁合同", "您填写的内容保留在下面", "value=\"plan\" checked"]
    {
        assert!(late.body.contains(kept), "{kept}");
    }
    assert_eq!(send(&seen(&late)).await.status, 303);
    assert_eq!(bench.find(&application.id).await.state().code(), "returned");
}

#[tokio::test]
async fn a_visit_whose_case_was_classed_meanwhile_is_not_made_twice() {
    let bench = Bench::new().await;
    let sent_out = accepted(&bench, &submitted(&bench, "e1").await).await;
    let checker = bench.browser("checker", Role::Checker).await;
    let path = format!("/applications/{}/check", sent_out.id);
    let opened = seen(&checker.get(&path, "zh-CN").await);
    let intake = bench.by("intake", Role::Intake).await;
    let reason = "生产防护服".to_owned();
    classify(&intake, &sent_out.id, &sent_out.seen(), Category::Green, reason).await.unwrap();
    let send = async |seen: &[(&str, String)]| {
        let mut sent = vec![
            ("result_mechanism", "meets"),
            ("result_people", "meets"),
            ("result_materials", "meets"),
            ("result_management", "not_applicable"),
            ("attended", "1"),
            ("meeting_note", "厂区会议室"),
            ("note", "测温设备齐备"),
        ];
        sent.extend(seen.iter().map(|(key, value)| (*key, value.as_str())));
        checker.post(&path, &sent).await
    };
    let late = send(&opened).await;
    assert_eq!(late.status, 409);
    for kept in ["厂区会议室", "测温设备齐备", "您填写的内容保留在下面"] {
        assert!(late.body.contains(kept), "{kept}");
    }
    assert_eq!(send(&seen(&late)).await.status, 303);
    assert_eq!(bench.find(&sent_out.id).await.state().code(), "signing");
}

#[tokio::test]
async fn a_class_a_visit_and_a_withdrawal_keep_what_was_typed_for_them() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let path = format!("/applications/{}", application.id);
    let intake = bench.browser("intake", Role::Intake).await;
    let contact = bench.browser("e1-contact", Role::Contact).await;
    let opened = seen(&intake.get(&path, "zh-CN").await);
    let withdrawing = seen(&contact.get(&format!("{path}/withdraw"), "zh-CN").await);
    let with = |seen: &[(&'static str, String)], typed: &[(&'static str, &str)]| {
        let seen = seen.iter().map(|(key, value)| (*key, value.clone()));
        seen.chain(typed.iter().map(|(key, value)| (*key, (*value).to_owned()))).collect::<Vec<_>>()
    };
    let post = async |browser: &Browser<'_>, what: &str, sent: &[(&str, String)]| {
        let sent: Vec<_> = sent.iter().map(|(key, value)| (*key, value.as_str())).collect();
        browser.post(&format!("{path}/{what}"), &sent).await
    };
    // A visit on a day that has passed, and a class without its reason.
    let visit = with(&opened, &[("checker", "checker"), ("planned_on", "2020-02-01")]);
    let answer = post(&intake, "accept", &visit).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("value=\"2020-02-01\""), "{}", answer.body);
    let class = with(&opened, &[("class", "green"), ("class_reason", " ")]);
    let answer = post(&intake, "class", &class).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("<option value=\"green\" selected>"), "{}", answer.body);
    // Somebody else is quicker.
    accepted(&bench, &application).await;
    let class = with(&opened, &[("class", "green"), ("class_reason", "生产防护服")]);
    let answer = post(&intake, "class", &class).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("value=\"生产防护服\""), "{}", answer.body);
    let again = with(&seen(&answer), &[("class", "green"), ("class_reason", "生产防护服")]);
    assert_eq!(post(&intake, "class", &again).await.status, 303);
    let late = with(&withdrawing, &[("reason", "改到下月复工")]);
    let answer = post(&contact, "withdraw", &late).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("改到下月复工</textarea>"), "{}", answer.body);
    let again = with(&seen(&answer), &[("reason", "改到下月复工")]);
    assert_eq!(post(&contact, "withdraw", &again).await.status, 303);
    // Where the case has no such form any more, the words can be copied.
    let answer = post(&contact, "withdraw", &again).await;
    assert_eq!(answer.status, 409);
    for kept in ["您填写的内容（未保存）", "改到下月复工"] {
        assert!(answer.body.contains(kept), "{}", answer.body);
    }
    let answer = post(&intake, "class", &class).await;
    assert!(answer.status == 409 && answer.body.contains("生产防护服"), "{}", answer.body);
    let form =
        FilingForm { conditions: "分三批返岗，食堂停用".into(), ..full_form("e1") };
    let mut sent: Vec<(&str, String)> = with(&opened, &[("do", "submit")]);
    let typed = fields(&form);
    sent.extend(typed.iter().map(|(key, value)| (key.as_str(), value.clone())));
    let answer = post(&contact, "edit", &sent).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("分三批返岗，食堂停用"), "{}", answer.body);
}

#[tokio::test]
async fn what_one_officer_filed_at_the_counter_another_mends() {
    let bench = Bench::new().await;
    let mut tx = bench.app.db().write().await.unwrap();
    bench.person(&mut tx, "relief", "接班人员", Role::Intake, "xy", "").await;
    tx.commit().await.unwrap();
    let intake = bench.browser("intake", Role::Intake).await;
    let typed = fields(&full_form("e2"));
    let mut sent: Vec<(&str, &str)> =
        typed.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    sent.extend([("enterprise", "e2"), ("do", "save")]);
    let saved = intake.post("/applications/new", &sent).await;
    let path = saved.location.trim_end_matches("/edit?done=saved").to_owned();
    let id = path.trim_start_matches("/applications/").to_owned();
    let relief = bench.browser("relief", Role::Intake).await;
    let edit = format!("{path}/edit");
    assert_eq!(relief.get(&edit, "zh-CN").await.status, 404, "a draft is its writer's own");
    let mut sent: Vec<(&str, &str)> =
        typed.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    sent.extend([("seen_state", "draft"), ("seen_revision", "0"), ("do", "submit")]);
    assert_ne!(relief.post(&edit, &sent).await.status, 303);
    assert_eq!(intake.post(&edit, &sent).await.status, 303);
    let named = [("seen_state", "submitted"), ("seen_revision", "1"), ("other", "请更正电话")];
    assert_eq!(intake.post(&format!("{path}/return"), &named).await.status, 303);
    let shown = relief.get(&edit, "zh-CN").await;
    assert!(shown.status == 200 && shown.body.contains("请更正电话"));
    let seen = seen(&shown);
    let mut sent: Vec<(&str, &str)> =
        typed.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    sent.extend(seen.iter().map(|(key, value)| (*key, value.as_str())));
    sent.push(("do", "submit"));
    assert_eq!(relief.post(&edit, &sent).await.status, 303);
    assert_eq!(bench.find(&id).await.state().code(), "submitted");
}

#[tokio::test]
async fn open_applications_go_where_their_premises_are_resolved_to() {
    let bench = Bench::new().await;
    let moved = submitted(&bench, "e1").await;
    let stays = submitted(&bench, "e2").await;
    let mut tx = bench.app.db().write().await.unwrap();
    assert_eq!(follow_premises(&mut tx, "e1-p", ("fs", "/zf/fs/")).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(bench.find(&moved.id).await.division_path, "/zf/fs/");
    assert_eq!(bench.find(&stays.id).await.division_path, "/zf/xy/c1/");
    let waiting = async |who: &str| {
        let page = bench.by(who, Role::Intake).await;
        let bounds = page.reach().bounds();
        let mine = Mine { role: Role::Intake, account_id: who, line: "", bounds: &bounds };
        let mut tx = bench.app.db().read().await.unwrap();
        let found = to_do::list(&mut tx, &mine, Task::Accept, 9).await.unwrap();
        found.into_iter().map(|line| line.id).collect::<Vec<_>>()
    };
    assert_eq!(waiting("far").await, [moved.id]);
    assert_eq!(waiting("intake").await, [stays.id]);
}

/// On `PostgreSQL` two who wait for each other are both let down; on `SQLite` one writes at a time.
#[tokio::test(flavor = "multi_thread")]
async fn issuing_and_another_act_on_the_same_case_never_wait_for_each_other() {
    let bench = Bench::new().await;
    let root = bench.app.config().data_dir.join("root.pem");
    bootstrap(&bench.app, &root, true, 60).await.unwrap();
    bench.app.fonts().unwrap();
    let signing = in_signing(&bench, "e2").await;
    let one = sign_as(&bench, &signing, "secretary", Role::Secretary).await;
    let approved = sign_as(&bench, &one, "director", Role::Director).await;
    assert_eq!(approved.state().code(), "approved");
    let page = bench.by("intake", Role::Intake).await;
    // Somebody has opened the case and is about to write what he did into the log.
    let mut other = bench.app.db().write().await.unwrap();
    store::lock(&mut other, &approved.id).await.unwrap();
    let issuing = {
        let (page, id, seen) = (page.clone(), approved.id.clone(), approved.seen());
        tokio::spawn(async move { issue_approved(&page, &id, &seen).await.map(|permit| permit.id) })
    };
    tokio::time::sleep(Duration::from_secs(2)).await;
    let subject = ("application", approved.id.as_str());
    page.record(&mut other, "application.amend", subject, "c1", "").await.unwrap();
    other.commit().await.unwrap();
    let permit_id = issuing.await.unwrap().unwrap();
    assert!(!permit_id.is_empty());
    assert_eq!(bench.find(&approved.id).await.state().code(), "issued");
}
