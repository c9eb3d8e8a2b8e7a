use fugong_common::person::Name;

use super::store::{self, Shown};
use super::{Details, IdNumber, note_roster_change};
use crate::accounts::Role;
use crate::app::App;
use crate::audit;
use crate::authz::Reach;
use crate::db::DbError;
use crate::enterprises::tests::add as add_enterprise;
use crate::permits::testing::Town;
use crate::testing::{self, NOW};
use crate::{changes, premises};

const C1: (&str, &str) = ("zf-c1", "/zf/zf-xiangyang/zf-c1/");

pub(crate) fn person(number: &str, name: &str) -> Details {
    Details {
        worker_number: number.into(),
        name: Name::parse(name).unwrap(),
        phone: "13800138000".into(),
        id_number: None,
        job: "缝纫工".into(),
        came_from: String::new(),
        returned_on: String::new(),
        not_before: 0,
    }
}

async fn enterprise() -> (testing::TestApp, App) {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    add_enterprise(&test.app, 1, C1).await.unwrap();
    let app = test.app.clone();
    (test, app)
}

#[tokio::test]
async fn who_looked_for_people_and_who_read_a_roster_is_recorded() {
    let town = Town::new().await;
    let mut tx = town.app.db().write().await.unwrap();
    store::insert(&mut tx, "w1", "e1", &person("0001", "王小明"), NOW).await.unwrap();
    tx.commit().await.unwrap();
    let intake = town.sign_in("intake", Role::Intake).await;
    // What is asked goes in the body; the answer has an address without it.
    let search = axum::http::Request::post("/people")
        .header("cookie", &intake)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from("q= 王 "));
    let answer = town.send(search.unwrap()).await;
    assert_eq!(answer.status(), 303);
    let found = answer.headers()["location"].to_str().unwrap().to_owned();
    let other = town.sign_in("other", Role::Intake).await;
    assert!(found.starts_with("/people?look=") && !found.contains('%'), "{found}");
    assert!(!town.get(&found, &other).await.1.contains("王小明"), "searches are one's own");
    for (path, shown) in [
        ("/people", false),
        ("/people?q=%E7%8E%8B", false),
        ("/people?look=1", false),
        ("/people?look=x", false),
        (&found, true),
        ("/enterprises/e1/people", true),
        ("/enterprises/e1/people?shown=left", false),
    ] {
        let (status, page) = town.get(path, &intake).await;
        assert_eq!((status, page.contains("王小明")), (200, shown), "{path}");
    }
    let mut tx = town.app.db().read().await.unwrap();
    let bounds = Reach::Division("/".into()).bounds();
    let filter = audit::Filter {
        bounds: &bounds,
        whole: true,
        account_id: "intake",
        subject: "",
        subject_id: "",
    };
    let lines = audit::list(&mut tx, &filter, i64::MAX, 10).await.unwrap();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line.action.as_str(), line.subject_id.as_str(), line.detail.as_str()))
        .collect();
    assert_eq!(told, [("people.read", "e1", ""), ("people.read", "yhd", "王")]);
    drop(tx);
    // Whoever comes back to it later looks again; the day after, it is asked anew.
    town.later(3_600_000);
    let (_, page) = town.get(&found, &intake).await;
    assert!(page.contains("王小明") && page.contains("value=\"王\""), "{page}");
    let mut tx = town.app.db().read().await.unwrap();
    assert_eq!(audit::list(&mut tx, &filter, i64::MAX, 10).await.unwrap().len(), 3);
    drop(tx);
    town.later(12 * 3_600_000);
    assert!(!town.get(&found, &intake).await.1.contains("王小明"));
}

#[tokio::test]
async fn a_roster_is_searched_without_a_name_in_its_address() {
    let town = Town::new().await;
    let mut tx = town.app.db().write().await.unwrap();
    for n in 0..60 {
        let (id, number) = (format!("w{n}"), format!("{n:04}"));
        store::insert(&mut tx, &id, "e1", &person(&number, "王小明"), NOW).await.unwrap();
    }
    store::insert(&mut tx, "li", "e1", &person("0100", "李芳"), NOW).await.unwrap();
    tx.commit().await.unwrap();
    let contact = town.sign_in("contact", Role::Contact).await;
    let path = "/enterprises/e1/people";
    let search = axum::http::Request::post(path)
        .header("cookie", &contact)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from("q=王小明&shown="));
    let answer = town.send(search.unwrap()).await;
    let found = answer.headers()["location"].to_str().unwrap().to_owned();
    let (status, page) = town.get(&found, &contact).await;
    assert!(status == 200 && page.contains("王小明") && !page.contains("李芳"), "{page}");
    let next = page.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let next = next.replace("&#38;", "&");
    let (_, page) = town.get(&next, &contact).await;
    assert!(page.contains("0059") && !page.contains("0001") && !page.contains("李芳"), "{page}");
    let far = town.post("/enterprises/e2/people", &contact, "q=王").await;
    assert_eq!(far.0, 404);
}

#[tokio::test]
async fn figures_come_from_the_files_and_are_never_typed() {
    let (_test, app) = enterprise().await;
    let mut tx = app.db().write().await.unwrap();
    let returned = Details {
        returned_on: "2020-02-08".into(),
        came_from: "湖北黄冈".into(),
        ..person("0002", "李娜")
    };
    let waiting = Details { not_before: NOW.plus_days(3).0, ..person("0003", "赵强") };
    for (id, details) in [("p1", person("0001", "王小明")), ("p2", returned), ("p3", waiting)] {
        store::insert(&mut tx, id, "e1", &details, NOW).await.unwrap();
    }
    let counts = store::counts(&mut tx, "e1", NOW).await.unwrap();
    assert_eq!(
        (counts.on_roster, counts.returned, counts.from_elsewhere, counts.waiting, counts.left),
        (3, 1, 1, 1, 0)
    );
    assert_eq!(store::counts(&mut tx, "e1", NOW.plus_days(4)).await.unwrap().waiting, 0);
}

#[tokio::test]
async fn who_left_and_who_came_back_is_told_by_day() {
    let (_test, app) = enterprise().await;
    let mut tx = app.db().write().await.unwrap();
    store::insert(&mut tx, "p1", "e1", &person("0001", "王小明"), NOW).await.unwrap();
    let one = store::find(&mut tx, "p1").await.unwrap().unwrap();
    let (evening, morning) = (NOW.plus_hours(8), NOW.plus_days(1));
    assert!(store::mark_left(&mut tx, &one, evening).await.unwrap());
    assert!(!store::mark_left(&mut tx, &one, evening).await.unwrap());
    assert_eq!(store::list_on_roster(&mut tx, "e1").await.unwrap().len(), 0);
    assert_eq!(store::list(&mut tx, "e1", "", Shown::Left, NOW, "", 50).await.unwrap().len(), 1);
    assert!(store::bring_back(&mut tx, &one, morning).await.unwrap());
    let moves = store::list_movements(&mut tx, "e1", NOW).await.unwrap();
    let kinds: Vec<_> = moves.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, ["joined", "left", "back"]);
}

#[tokio::test]
async fn a_roster_is_searched_by_name_number_and_last_four() {
    let (_test, app) = enterprise().await;
    let mut tx = app.db().write().await.unwrap();
    let carded = Details {
        id_number: Some(IdNumber::parse("11010519491231002X").unwrap()),
        ..person("0002", "李娜")
    };
    store::insert(&mut tx, "p1", "e1", &person("0001", "王小明"), NOW).await.unwrap();
    store::insert(&mut tx, "p2", "e1", &carded, NOW).await.unwrap();
    for (search, found) in [("", 2), ("小明", 1), ("0002", 1), ("002x", 1), ("无此人", 0)] {
        let list = store::list(&mut tx, "e1", search, Shown::OnRoster, NOW, "", 50).await.unwrap();
        assert_eq!(list.len(), found, "{search}");
    }
    let bounds = Reach::Division("/zf/".into()).bounds();
    let found = store::search(&mut tx, &bounds, "王小", "", 50).await.unwrap();
    assert_eq!(found[0].enterprise_name, "示例企业001");
    let other = Reach::Enterprise("e2".into()).bounds();
    assert_eq!(store::search(&mut tx, &other, "王", "", 50).await.unwrap().len(), 0);
}

#[tokio::test]
async fn worker_numbers_count_on_and_are_unique_within_the_enterprise() {
    let (_test, app) = enterprise().await;
    add_enterprise(&app, 2, C1).await.unwrap();
    let mut tx = app.db().write().await.unwrap();
    assert_eq!(store::next_worker_number(&mut tx, "e1").await.unwrap(), "0001");
    store::insert(&mut tx, "p1", "e1", &person("0041", "王小明"), NOW).await.unwrap();
    store::insert(&mut tx, "p2", "e1", &person("A-7", "李娜"), NOW).await.unwrap();
    assert_eq!(store::next_worker_number(&mut tx, "e1").await.unwrap(), "0042");
    store::insert(&mut tx, "p3", "e2", &person("0041", "赵强"), NOW).await.unwrap();
    let again = store::insert(&mut tx, "p4", "e1", &person("0041", "钱进"), NOW).await;
    assert!(matches!(again, Err(DbError::Duplicate)));
}

#[tokio::test]
async fn an_edit_of_a_person_that_saw_an_older_revision_is_refused() {
    let (_test, app) = enterprise().await;
    let mut tx = app.db().write().await.unwrap();
    store::insert(&mut tx, "p1", "e1", &person("0001", "王小明"), NOW).await.unwrap();
    let changed = person("0001", "王晓明");
    assert!(store::update(&mut tx, "p1", 1, &changed, NOW).await.unwrap());
    assert!(!store::update(&mut tx, "p1", 1, &person("0001", "王小敏"), NOW).await.unwrap());
    assert_eq!(store::find(&mut tx, "p1").await.unwrap().unwrap().name, "王晓明");
}

#[tokio::test]
async fn a_change_is_told_to_every_site_where_the_enterprise_works() {
    let (_test, app) = enterprise().await;
    let mut tx = app.db().write().await.unwrap();
    assert_eq!(note_roster_change(&app, &mut tx, "e1").await.unwrap(), 0);
    let details = premises::store::Details {
        kind: premises::Kind::Plant,
        name: "一号厂房".into(),
        address: "幸福中路 1 号".into(),
        entrance: String::new(),
        container_id: None,
    };
    premises::store::insert(&mut tx, "p", 3_706_020_010_010_001, &details, C1, NOW).await.unwrap();
    premises::store::occupy(&mut tx, "e1", "p", NOW).await.unwrap();
    let change = note_roster_change(&app, &mut tx, "e1").await.unwrap();
    assert_eq!(changes::newest(&mut tx).await.unwrap(), change);
    assert_eq!(change, 1);
}
