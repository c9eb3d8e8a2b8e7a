use super::store::{self, Details};
use super::{Kind, next_site_code};
use crate::authz::Reach;
use crate::enterprises::tests::add as add_enterprise;
use crate::testing::{self, NOW};

const C1: (&str, &str) = ("zf-c1", "/zf/zf-xiangyang/zf-c1/");
const G1: (&str, &str) = ("zf-g1", "/zf/zf-xiangyang/zf-c1/zf-g1/");
const STREET: (&str, &str) = ("zf-xiangyang", "/zf/zf-xiangyang/");

fn place(kind: Kind, name: &str, container: Option<&str>) -> Details {
    Details {
        kind,
        name: name.into(),
        address: "幸福中路 1 号".into(),
        entrance: String::new(),
        container_id: container.map(str::to_owned),
    }
}

#[test]
fn containers_are_places_with_tenants() {
    let containers: Vec<_> =
        Kind::ALL.iter().filter(|kind| kind.is_container()).map(|kind| kind.code()).collect();
    assert_eq!(
        containers,
        ["park", "mall", "building", "construction_site", "market", "logistics", "village"]
    );
}

#[tokio::test]
async fn a_site_code_is_its_communitys_code_and_a_number() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let mut tx = test.app.db().write().await.unwrap();
    assert_eq!(next_site_code(&mut tx, C1.1).await.unwrap(), 3_706_020_010_010_001);
    // A grid counts on in its community.
    assert_eq!(next_site_code(&mut tx, G1.1).await.unwrap(), 3_706_020_010_010_002);
    assert_eq!(next_site_code(&mut tx, STREET.1).await.unwrap(), 3_706_020_010_000_001);
}

#[tokio::test]
async fn a_taken_number_is_skipped() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let mut tx = test.app.db().write().await.unwrap();
    let details = place(Kind::Plant, "一号厂房", None);
    store::insert(&mut tx, "p1", 3_706_020_010_010_001, &details, C1, NOW).await.unwrap();
    assert_eq!(next_site_code(&mut tx, C1.1).await.unwrap(), 3_706_020_010_010_002);
}

#[tokio::test]
async fn a_park_shows_its_tenants_and_those_of_the_places_inside() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    for n in 1..=3 {
        add_enterprise(&test.app, n, C1).await.unwrap();
    }
    let mut tx = test.app.db().write().await.unwrap();
    for (id, kind, name, container) in [
        ("park", Kind::Park, "示例产业园", None),
        ("hall", Kind::Plant, "园内一号厂房", Some("park")),
        ("elsewhere", Kind::Shop, "临街商铺", None),
    ] {
        let code = next_site_code(&mut tx, C1.1).await.unwrap();
        store::insert(&mut tx, id, code, &place(kind, name, container), C1, NOW).await.unwrap();
    }
    for (enterprise, premises) in [("e1", "park"), ("e2", "hall"), ("e3", "elsewhere")] {
        assert!(store::occupy(&mut tx, enterprise, premises, NOW).await.unwrap());
        assert!(!store::occupy(&mut tx, enterprise, premises, NOW.plus_hours(1)).await.unwrap());
    }
    let tenants = store::list_tenants(&mut tx, "park", NOW, 50).await.unwrap();
    let told: Vec<_> =
        tenants.iter().map(|t| (t.enterprise_id.as_str(), t.premises_id.as_str())).collect();
    assert_eq!(told, [("e1", "park"), ("e2", "hall")]);
    // The park's gate lets the hall's people in too.
    assert_eq!(
        store::list_sites_of_enterprise(&mut tx, "e2", NOW).await.unwrap(),
        [3_706_020_010_010_001, 3_706_020_010_010_002]
    );
    assert!(store::lies_in(&mut tx, "hall", "park").await.unwrap());
    assert!(!store::lies_in(&mut tx, "park", "hall").await.unwrap());

    let later = NOW.plus_days(1);
    assert!(store::vacate(&mut tx, "e2", "hall", later).await.unwrap());
    assert!(!store::vacate(&mut tx, "e2", "hall", later).await.unwrap());
    assert_eq!(store::list_of_enterprise(&mut tx, "e2", NOW).await.unwrap().len(), 1);
    assert_eq!(store::list_of_enterprise(&mut tx, "e2", later).await.unwrap().len(), 0);

    let bounds = Reach::Division("/zf/".into()).bounds();
    let page = store::list(&mut tx, &bounds, "厂房", "", 0, NOW, 50).await.unwrap();
    let told: Vec<_> =
        page.iter().map(|p| (p.name.as_str(), p.container_name.as_str(), p.tenants)).collect();
    assert_eq!(told, [("园内一号厂房", "示例产业园", 1)]);
    let first = store::list(&mut tx, &bounds, "", "", 0, NOW, 2).await.unwrap();
    let rest = store::list(&mut tx, &bounds, "", "", first[1].site_code, NOW, 2).await.unwrap();
    assert_eq!((first.len(), rest.len()), (2, 1));
}

#[tokio::test]
async fn premises_edited_from_an_older_revision_stay_as_they_are() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let mut tx = test.app.db().write().await.unwrap();
    store::insert(&mut tx, "p", 3_706_020_010_010_001, &place(Kind::Plant, "旧名", None), C1, NOW)
        .await
        .unwrap();
    let renamed = place(Kind::Plant, "新名", None);
    assert!(store::update(&mut tx, "p", 1, &renamed, G1, NOW).await.unwrap());
    assert!(
        !store::update(&mut tx, "p", 1, &place(Kind::Plant, "迟到", None), C1, NOW).await.unwrap()
    );
    let found = store::find(&mut tx, "p").await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.site_code), ("新名", 3_706_020_010_010_001));
}
