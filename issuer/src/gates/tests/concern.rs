//! Whose business a gate is, and what it is to learn of: premises that are resolved elsewhere, places
//! that come to lie inside others, enterprises with several permits.

use fugong_common::permit::SiteCode;
use fugong_common::records::RecordSet;
use fugong_common::wire::{PartName, PermitRecord, PersonRecord, Settings};

use super::gate::{device, enrolled, part, pull, town};
use crate::accounts::{Role, Secret, store as accounts};
use crate::divisions::{Level, store as divisions};
use crate::gates::store;
use crate::gates::store::scans::{self, Scan};
use crate::permits::issue;
use crate::permits::testing::{NOW, SITE, Town, officer};
use crate::{passes, people, permits, run};

/// A community of the town's street, and the cookie of its own inspector.
async fn community(town: &Town) -> String {
    let mut tx = town.app.db().write().await.unwrap();
    let street = divisions::find(&mut tx, "yhd").await.unwrap().unwrap();
    let new = divisions::NewDivision {
        id: "c1",
        parent: Some(&street),
        level: Level::Community,
        code: "370602001001",
        name: "第一社区",
        zone: "Asia/Shanghai",
        hotline: "",
        document_pattern: "",
        valid_from: fugong_common::time::Millis(0),
    };
    divisions::insert(&mut tx, new).await.unwrap();
    accounts::insert(&mut tx, "near", "near", "near", "x", NOW).await.unwrap();
    let post = accounts::NewPost {
        id: "post-near",
        account_id: "near",
        role: Role::Inspector,
        division_id: "c1",
        enterprise_id: "",
        title: "",
        line: "",
        valid_from: fugong_common::time::Millis(0),
    };
    accounts::insert_post(&mut tx, post).await.unwrap();
    let secret = Secret::new(town.app.entropy());
    let (now, end) = (town.app.now(), town.app.now().plus_days(1));
    accounts::insert_session(&mut tx, &secret.sha256, "near", "post-near", now, end).await.unwrap();
    tx.commit().await.unwrap();
    format!("fugong_issuer={}", secret.text)
}

/// Adds premises of the street.
async fn premises(town: &Town, id: &str, site: u64, container: Option<&str>) {
    let mut tx = town.app.db().write().await.unwrap();
    run!(
        &mut tx,
        "INSERT INTO premises (id, site_code, kind, name, address, division_id, division_path, container_id, created_at, \
         updated_at) VALUES ($1, $2, 'shop', $1, '示例路', 'yhd', $3, $4, 0, 0)",
        id,
        i64::try_from(site).unwrap(),
        &town.path,
        container
    )
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn premises_that_are_resolved_elsewhere_take_their_permits_and_gates_along() {
    let town = town().await;
    let near = community(&town).await;
    let administrator = town.sign_in("administrator", Role::Administrator).await;
    let mut tx = town.app.db().read().await.unwrap();
    let permit = permits::store::find_by_application(&mut tx, "a1").await.unwrap().unwrap();
    drop(tx);
    let (page, suspend) =
        (format!("/permits/{}", permit.id), format!("/permits/{}/suspend", permit.id));
    assert_eq!(town.get(&page, &near).await.0, 404, "not the community's yet");
    let form = "name=云锦厂区&kind=plant&address=示例路 12 号&division=c1&revision=1";
    assert_eq!(town.post("/premises/p1/edit", &administrator, form).await.0, 303);
    let mut tx = town.app.db().read().await.unwrap();
    let gate = store::find(&mut tx, "g1").await.unwrap().unwrap();
    drop(tx);
    let wanted = format!("{}c1/", town.path);
    assert_eq!((gate.division_id.as_str(), &gate.division_path), ("c1", &wanted));
    assert_eq!(town.get(&page, &near).await.0, 200);
    assert_eq!(town.post(&suspend, &near, "reason=消毒记录缺失&revision=1").await.0, 303);
}

#[tokio::test]
async fn premises_that_come_to_lie_inside_others_are_known_to_their_gate_at_once() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    premises(&town, "shop", SITE.0 + 1, None).await;
    let administrator = town.sign_in("administrator", Role::Administrator).await;
    let served = async || {
        let (_, parts) = pull(&town, &key, &answer).await;
        Settings::parse(part(&parts, PartName::Settings)).unwrap().sites
    };
    assert_eq!(served().await, [SITE]);
    let form = "name=小店&kind=shop&address=示例路&division=yhd&container=p1&revision=1";
    assert_eq!(town.post("/premises/shop/edit", &administrator, form).await.0, 303);
    assert_eq!(served().await, [SITE, SiteCode(SITE.0 + 1)]);
}

#[tokio::test]
async fn no_gate_goes_on_longer_without_network_than_its_divisions_rule_lets_it() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    let administrator = town.sign_in("administrator", Role::Administrator).await;
    let hours = async |typed: &str| {
        let form = format!("name=3 号门&capacity=&grace={typed}");
        assert_eq!(town.post("/gates/g1", &administrator, &form).await.0, 303);
        let (_, parts) = pull(&town, &key, &answer).await;
        let settings = Settings::parse(part(&parts, PartName::Settings)).unwrap();
        settings.offline_grace_seconds / 3600
    };
    assert_eq!(hours("").await, 168);
    assert_eq!(hours("12").await, 12);
    assert_eq!(hours("1000000").await, 168);
    // What can't be taken is said beside what was typed.
    let form = "name=北门&capacity=many&grace=12";
    let (status, page) = town.post("/gates/g1", &administrator, form).await;
    assert_eq!(status, 422);
    assert!(page.contains("value=\"北门\"") && page.contains("value=\"many\""), "{page}");
}

#[tokio::test]
async fn people_of_an_enterprise_with_two_permits_hang_on_the_one_that_their_passes_do() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    // A unit inside, permitted later, with the lower site code.
    premises(&town, "unit", SITE.0 - 1, Some("p1")).await;
    town.later(60_000);
    let mut request = town.request("a2");
    request.place.premises_id = "unit".into();
    request.place.site = SiteCode(SITE.0 - 1);
    let mut tx = town.app.db().write().await.unwrap();
    issue(&town.app, &mut tx, request, &officer()).await.unwrap();
    let both = permits::store::list_current_of(&mut tx, "e1", town.app.now()).await.unwrap();
    assert_eq!(both.len(), 2);
    let everybody = people::store::list_on_roster(&mut tx, "e1").await.unwrap();
    let (given, change) = passes::issue(&town.app, &mut tx, &everybody, &both).await.unwrap();
    let told = town.app.note_change(&mut tx, "gate", "g1").await.unwrap();
    town.app.commit(tx, change.max(told)).await.unwrap();
    let (_, parts) = pull(&town, &key, &answer).await;
    let roster = RecordSet::from_bytes(part(&parts, PartName::Roster)).unwrap();
    let people: Vec<PersonRecord> =
        roster.iter().map(|(k, v)| PersonRecord::from_bytes(k, v).unwrap()).collect();
    assert_eq!(people.len(), 2);
    for person in people {
        assert_eq!(person.lineage, given[0].claims.lineage, "{}", person.name);
    }
}

#[tokio::test]
async fn a_pass_holds_at_every_site_of_an_enterprise_whichever_was_permitted_first() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    // Premises of another street corner, with a gate of their own.
    premises(&town, "far", SITE.0 + 1, None).await;
    town.later(60_000);
    let mut request = town.request("a2");
    request.place.premises_id = "far".into();
    request.place.site = SiteCode(SITE.0 + 1);
    let mut tx = town.app.db().write().await.unwrap();
    let (second, _) = issue(&town.app, &mut tx, request, &officer()).await.unwrap();
    let both = permits::store::list_current_of(&mut tx, "e1", town.app.now()).await.unwrap();
    let everybody = people::store::list_on_roster(&mut tx, "e1").await.unwrap();
    let (given, change) = passes::issue(&town.app, &mut tx, &everybody, &both).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    let held = async || {
        let (_, parts) = pull(&town, &key, &answer).await;
        let register = RecordSet::from_bytes(part(&parts, PartName::Register)).unwrap();
        let roster = RecordSet::from_bytes(part(&parts, PartName::Roster)).unwrap();
        let permits = register.iter().map(|(k, v)| PermitRecord::from_bytes(k, v).unwrap());
        let people = roster.iter().map(|(k, v)| PersonRecord::from_bytes(k, v).unwrap());
        let permits: Vec<_> = permits.map(|permit| (permit.serial, permit.lineage)).collect();
        (permits, people.map(|person| person.lineage).collect::<Vec<_>>())
    };
    let line = given[0].claims.lineage;
    assert!(given.iter().all(|pass| pass.claims.lineage == line && pass.claims.sites.len() == 2));
    let first = both.iter().find(|permit| permit.serial != second.serial).unwrap().serial;
    assert_eq!(held().await, (vec![(first, line)], vec![line, line]));
    // The same box serves the other site; its register has the newer permit alone.
    let mut tx = town.app.db().write().await.unwrap();
    run!(&mut tx, "UPDATE gates SET premises_id = 'far' WHERE id = 'g1'").unwrap();
    let told = town.app.note_change(&mut tx, "gate", "g1").await.unwrap();
    town.app.commit(tx, told).await.unwrap();
    assert_eq!(held().await, (vec![(second.serial, line)], vec![line, line]));
}

#[tokio::test]
async fn who_reads_names_and_temperatures_on_a_gates_page_is_recorded() {
    let town = town().await;
    let checker = town.sign_in("checker", Role::Checker).await;
    let recorded = async || {
        let mut tx = town.app.db().read().await.unwrap();
        let bounds = crate::authz::Reach::Division("/".into()).bounds();
        let filter = crate::audit::Filter {
            bounds: &bounds,
            whole: true,
            account_id: "checker",
            subject: "gate",
            subject_id: "g1",
        };
        let lines = crate::audit::list(&mut tx, &filter, i64::MAX, 10).await.unwrap();
        lines.into_iter().map(|line| line.action).collect::<Vec<_>>()
    };
    assert_eq!(town.get("/gates/g1", &checker).await.0, 200);
    assert_eq!(recorded().await, [""; 0], "nobody's name stood there");
    let mut tx = town.app.db().write().await.unwrap();
    let scan = Scan {
        enterprise_id: "e1".into(),
        received_at: NOW.0,
        journal_id: "00".repeat(16),
        seq: 0,
        gate_id: "g1".into(),
        at: NOW.0,
        kind: "check".into(),
        verdict: "valid".into(),
        direction: "in".into(),
        worker: "A0001".into(),
        name: "王芳".into(),
        vehicle: String::new(),
        tenths_celsius: Some(365),
        operator: "刘芳".into(),
        note: String::new(),
        rule_version: 3,
        clock_certain: 1,
    };
    scans::insert(&mut tx, &[scan]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(town.get("/gates/g1", &checker).await.1.contains("王芳"));
    assert_eq!(recorded().await, ["records.read"]);
}

#[tokio::test]
async fn a_gate_can_be_added_at_premises_that_no_list_has_room_for() {
    let town = town().await;
    let administrator = town.sign_in("administrator", Role::Administrator).await;
    for n in 1..=320 {
        premises(&town, &format!("s{n}"), SITE.0 + n, None).await;
    }
    let (_, page) = town.get("/premises/s320", &administrator).await;
    assert!(page.contains("/gates?premises=s320"), "{page}");
    let (_, page) = town.get("/gates?premises=s320", &administrator).await;
    assert!(page.contains("<option value=\"s320\" selected>"), "{page}");
    let (_, page) = town.get("/gates?premises=elsewhere", &administrator).await;
    assert!(!page.contains("value=\"elsewhere\""), "{page}");
    // A form that is refused keeps the choice.
    let form = "name=&premises=s320";
    let (status, page) = town.post("/gates", &administrator, form).await;
    assert!(status == 422 && page.contains("<option value=\"s320\" selected>"), "{page}");
}

#[tokio::test]
async fn a_gates_forms_come_back_as_they_were_typed_but_for_the_pin() {
    let town = town().await;
    let administrator = town.sign_in("administrator", Role::Administrator).await;
    let form = "name=刘敏&role=shift_leader&pin=111111";
    let (status, page) = town.post("/gates/g1/guards", &administrator, form).await;
    assert_eq!(status, 422);
    assert!(page.contains("value=\"刘敏\"") && page.contains("\"shift_leader\" selected"));
    assert!(page.contains("不能全部相同或连续") && !page.contains("111111"), "{page}");
    let (status, page) = town.post("/gates/g1/guards", &administrator, "name=&pin=").await;
    assert_eq!((status, page.matches("class=\"error\"").count()), (422, 2), "all at once");
    let reason = "长".repeat(101);
    let form = format!("reason={reason}");
    let (status, page) = town.post("/gates/g1/cut-off", &administrator, &form).await;
    assert!(status == 422 && page.contains(&format!("value=\"{reason}\"")), "{page}");
    let form = "name=南门&premises=elsewhere&capacity=40&grace=12";
    let (status, page) = town.post("/gates", &administrator, form).await;
    assert_eq!(status, 422);
    for kept in ["value=\"南门\"", "value=\"40\"", "value=\"12\""] {
        assert!(page.contains(kept), "{kept}");
    }
}
