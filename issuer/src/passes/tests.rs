use fugong_common::keys::{Kind, Role};
use fugong_common::status::{Status, StatusClaims};

use super::*;
use crate::accounts::Role as Post;
use crate::permits::testing::{NOW, Town, officer};
use crate::run;

async fn worker(town: &Town, id: &str, name: &str, not_before: Millis) -> Person {
    let mut tx = town.app.db().write().await.unwrap();
    run!(
        &mut tx,
        "INSERT INTO people (id, enterprise_id, worker_number, name, name_key, job, not_before, created_at, updated_at) \
         VALUES ($1, 'e1', $2, $3, $3, '缝纫工', $4, 0, 0)",
        id,
        id.to_uppercase(),
        name,
        not_before.0
    )
    .unwrap();
    let person = crate::people::store::find(&mut tx, id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    person
}

async fn issued(town: &Town, people: &[Person]) -> Result<Vec<Pass>, PassError> {
    let mut tx = town.app.db().write().await.unwrap();
    let permits = permits::store::list_current_of(&mut tx, "e1", town.app.now()).await.unwrap();
    let (passes, change) = issue(&town.app, &mut tx, people, &permits).await?;
    town.app.commit(tx, change).await.unwrap();
    Ok(passes)
}

async fn published(town: &Town, pass: &Pass) -> Status {
    let mut tx = town.app.db().read().await.unwrap();
    let trust = keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    let token = status::find_token(&mut tx, &pass.key_id).await.unwrap().unwrap().token;
    let of = trust.find_key(pass.key_id.parse().unwrap()).unwrap();
    let claims = StatusClaims::open(&token, &trust, of, town.app.now()).unwrap();
    claims.list.get(pass.claims.status_index).unwrap()
}

#[tokio::test]
async fn a_pass_hangs_on_its_permits_line_and_starts_when_the_person_does() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let now = worker(&town, "w1", "王小明", Millis(0)).await;
    let later = worker(&town, "w2", "李芳", NOW.plus_days(5)).await;
    let passes = issued(&town, &[now, later]).await.unwrap();
    assert_eq!(passes[0].claims.lineage, permit.lineage);
    assert_eq!(passes[0].claims.validity, permit.claims.validity);
    assert_eq!(passes[1].claims.validity.not_before(), NOW.plus_days(5).seconds());
    assert!(passes[0].reference.to_string().len() <= 20);
    assert_eq!(published(&town, &passes[0]).await, Status::Valid);
    let mut tx = town.app.db().read().await.unwrap();
    let trust = keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    let entry = trust.find_key(passes[0].key_id.parse().unwrap()).unwrap();
    let unverified =
        fugong_common::envelope::Unverified::parse(Kind::Pass, &passes[0].token).unwrap();
    assert!(unverified.verify(&entry.public).is_ok());
    assert_eq!(entry.role, Role::Pass);
}

#[tokio::test]
async fn without_a_permit_in_force_nobody_gets_a_pass() {
    let town = Town::new().await;
    let person = worker(&town, "w1", "王小明", Millis(0)).await;
    let refused = issued(&town, std::slice::from_ref(&person)).await;
    assert!(matches!(refused, Err(PassError::NoPermit)));
    let permit = town.issued("a1").await;
    let after = worker(&town, "w3", "赵六", NOW.plus_days(60)).await;
    let refused = issued(&town, &[person, after]).await;
    assert!(matches!(refused, Err(PassError::StartsTooLate(name)) if name == "赵六"));
    let mut tx = town.app.db().read().await.unwrap();
    let held = store::list_current(&mut tx, &permit.place.enterprise_id).await.unwrap();
    assert!(held.is_empty(), "all or none");
}

#[tokio::test]
async fn a_second_pass_replaces_the_first_and_a_revoked_one_is_over() {
    let town = Town::new().await;
    town.issued("a1").await;
    let person = worker(&town, "w1", "王小明", Millis(0)).await;
    let first = issued(&town, std::slice::from_ref(&person)).await.unwrap().remove(0);
    let second = issued(&town, std::slice::from_ref(&person)).await.unwrap().remove(0);
    assert_eq!(published(&town, &first).await, Status::Superseded);
    assert_eq!(published(&town, &second).await, Status::Valid);
    let mut tx = town.app.db().write().await.unwrap();
    let change =
        revoke_of(&town.app, &mut tx, &person, &officer(), "yhd", "证件遗失").await.unwrap();
    assert!(change > 0);
    town.app.commit(tx, change).await.unwrap();
    assert_eq!(published(&town, &second).await, Status::Revoked);
    let mut tx = town.app.db().write().await.unwrap();
    let again = revoke_of(&town.app, &mut tx, &person, &officer(), "yhd", "再次").await.unwrap();
    assert_eq!(again, 0, "nothing left to revoke");
}

#[tokio::test]
async fn an_enterprise_issues_and_prints_for_its_own_people() {
    let town = Town::new().await;
    town.issued("a1").await;
    worker(&town, "w1", "王小明", Millis(0)).await;
    worker(&town, "w2", "李芳", Millis(0)).await;
    let contact = town.sign_in("contact", Post::Contact).await;
    assert_eq!(town.get("/enterprises/e2/passes", &contact).await.0, 404);
    let path = "/enterprises/e1/passes";
    let (_, page) = town.get(path, &contact).await;
    assert!(page.contains("王小明") && page.contains("未发"));
    assert_eq!(town.post(&format!("{path}/issue"), &contact, "").await.0, 422);
    assert_eq!(town.post(&format!("{path}/issue"), &contact, "person=w1").await.0, 303);
    assert_eq!(town.post(&format!("{path}/issue"), &contact, "which=missing").await.0, 303);
    let (status, pdf) = town.post(&format!("{path}/print"), &contact, "which=all").await;
    assert!(status == 200 && pdf.starts_with("%PDF"));
    let form = "revoke=w1&reason=遗失";
    let (status, page) = town.post(&format!("{path}/revoke"), &contact, form).await;
    assert!(status == 422 && page.contains("value=\"遗失\""), "{page}");
    let form = "revoke=w1&reason=证件遗失";
    assert_eq!(town.post(&format!("{path}/revoke"), &contact, form).await.0, 303);
    let mut tx = town.app.db().read().await.unwrap();
    let held = store::list_current(&mut tx, "e1").await.unwrap();
    assert_eq!(held.iter().map(|pass| pass.person_id.as_str()).collect::<Vec<_>>(), ["w2"]);
}

#[tokio::test]
async fn those_ticked_stay_ticked_when_no_pass_can_be_issued() {
    let town = Town::new().await;
    worker(&town, "w1", "王小明", Millis(0)).await;
    let contact = town.sign_in("contact", Post::Contact).await;
    let path = "/enterprises/e1/passes/issue";
    let (status, page) = town.post(path, &contact, "person=w1").await;
    assert_eq!(status, 409);
    assert!(page.contains("value=\"w1\" checked"), "{page}");
}

#[tokio::test]
async fn who_leaves_takes_no_pass_along() {
    let town = Town::new().await;
    town.issued("a1").await;
    let person = worker(&town, "w1", "王小明", Millis(0)).await;
    let pass = issued(&town, std::slice::from_ref(&person)).await.unwrap().remove(0);
    let contact = town.sign_in("contact", Post::Contact).await;
    let (status, page) = town.post("/people/w1/left", &contact, "left_on=2020-02-30").await;
    assert!(status == 422 && page.contains("value=\"2020-02-30\""), "{page}");
    assert_eq!(town.post("/people/w1/left", &contact, "left_on=2020-02-10").await.0, 303);
    assert_eq!(published(&town, &pass).await, Status::Revoked);
}

#[test]
fn whatever_stops_a_pass_is_said_in_words_that_say_what_to_do() {
    let name = || "赵六".to_owned();
    let errors = [
        (PassError::NoPermit, "Have one issued or resumed first"),
        (
            PassError::StartsTooLate(name()),
            "赵六 starts after the permit has ended. Correct the date",
        ),
        (
            PassError::Person(name()),
            "of 赵六 hold characters that can't be used. Correct the roster",
        ),
        (PassError::Key(NoKey::NoTrustList), "sign the list of signing authorities"),
        (PassError::Status(StatusFault::Final(Status::Revoked)), "reload and look"),
        (PassError::Fonts("x.ttf is not a usable font".to_owned()), "not a usable font"),
    ];
    for (error, words) in errors {
        let said = error.to_string();
        assert!(said.contains(words), "{error:?} says {said:?}");
        let debug = format!("{error:?}");
        assert!(!said.contains(debug.split('(').next().unwrap()), "{said}");
    }
}
