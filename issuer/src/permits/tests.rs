use fugong_common::status::{Status, StatusClaims};
use fugong_common::trust::KeyRefusal;

use super::testing::{NOW, Town, officer};
use super::*;
use crate::keys::{self, NoKey};
use crate::{audit, status};

/// What the published list of a permit's key says about it, checked as a verifier checks it.
async fn published(town: &Town, permit: &Permit) -> (Status, u64) {
    let mut tx = town.app.db().read().await.unwrap();
    let trust = keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    let token = status::find_token(&mut tx, &permit.key_id).await.unwrap().unwrap().token;
    let of = trust.find_key(permit.key_id.parse().unwrap()).unwrap();
    let claims = StatusClaims::open(&token, &trust, of, town.app.now()).unwrap();
    (claims.list.get(permit.claims.status_index).unwrap(), claims.seq)
}

async fn audit_actions(town: &Town, permit: &Permit) -> Vec<String> {
    let mut tx = town.app.db().read().await.unwrap();
    let everywhere = crate::authz::Reach::Division("/".into()).bounds();
    let of_permit = audit::Filter {
        bounds: &everywhere,
        whole: true,
        account_id: "",
        subject: "permit",
        subject_id: &permit.id,
    };
    let lines = audit::list(&mut tx, &of_permit, i64::MAX, 50).await.unwrap();
    lines.into_iter().map(|line| line.action).collect()
}

async fn done(town: &Town, id: &str, event: Event) -> Result<State, ActError> {
    let mut tx = town.app.db().write().await.unwrap();
    let permit = store::find(&mut tx, id).await.unwrap().unwrap();
    let (state, change) =
        act(&town.app, &mut tx, &permit, event, &officer(), "消毒记录缺失").await?;
    town.app.commit(tx, change).await.unwrap();
    Ok(state)
}

#[tokio::test]
async fn an_issued_permit_is_signed_numbered_and_valid_in_its_list() {
    let town = Town::new().await;
    let first = town.issued("a1").await;
    let second = town.issued("a2").await;
    assert_eq!(first.document_number, "芝复准〔2020〕1 号");
    assert_eq!(second.document_number, "芝复准〔2020〕2 号");
    assert_ne!(first.claims.status_index, second.claims.status_index);
    assert_eq!(first.facts.issue.authority, "芝罘区");
    assert_eq!(first.facts.issue.hotline, "0535-12345");
    assert_eq!(published(&town, &second).await.0, Status::Valid);
    let stored = town.find(&first.id).await;
    assert_eq!((stored.claims, stored.token), (first.claims, first.token));
    assert_eq!(audit_actions(&town, &second).await, ["permit.issue"]);
}

#[tokio::test]
async fn a_permit_that_would_outlive_its_key_is_refused_before_anything_is_signed() {
    let town = Town::new().await;
    let mut request = town.request("a1");
    request.terms.valid_to = NOW.plus_days(keys::KEY_DAYS + 61);
    let mut tx = town.app.db().write().await.unwrap();
    let refused = issue(&town.app, &mut tx, request, &officer()).await.unwrap_err();
    assert!(matches!(refused, IssueError::Key(NoKey::Refused(KeyRefusal::OutlivesKey))));
    drop(tx);
    assert_eq!(town.issued("a1").await.document_number, "芝复准〔2020〕1 号");
}

#[tokio::test]
async fn a_character_that_no_font_has_is_named_before_anything_is_signed() {
    let town = Town::new().await;
    let mut request = town.request("a1");
    request.facts.responsible = "田𠮷".into();
    let mut tx = town.app.db().write().await.unwrap();
    let refused = issue(&town.app, &mut tx, request, &officer()).await.unwrap_err();
    let IssueError::Print(error) = &refused else { panic!("{refused:?}") };
    assert!(error.zh().contains("𠮷 (U+20BB7, 主要负责人)"), "{}", error.zh());
    // Even where its transaction is committed, no index of the list has been taken.
    tx.commit().await.unwrap();
    let untouched = Town::new().await.issued("a1").await;
    assert_eq!(town.issued("a1").await.claims.status_index, untouched.claims.status_index);
}

#[tokio::test]
async fn a_term_that_is_over_and_an_application_without_signatures_are_refused() {
    let town = Town::new().await;
    let mut tx = town.app.db().write().await.unwrap();
    let mut over = town.request("a1");
    over.terms.valid_to = NOW;
    let refused = issue(&town.app, &mut tx, over, &officer()).await;
    assert!(matches!(refused, Err(IssueError::Term)));
    let mut unsigned = town.request("a1");
    unsigned.facts.approvers.clear();
    let refused = issue(&town.app, &mut tx, unsigned, &officer()).await;
    assert!(matches!(refused, Err(IssueError::NoApproval)));
}

#[tokio::test]
async fn one_application_is_issued_once() {
    let town = Town::new().await;
    town.issued("a1").await;
    let mut tx = town.app.db().write().await.unwrap();
    let again = issue(&town.app, &mut tx, town.request("a1"), &officer()).await;
    assert!(matches!(again, Err(IssueError::Twice)), "{again:?}");
}

#[tokio::test]
async fn a_suspension_is_in_list_history_audit_and_changes_at_once() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let (_, seq) = published(&town, &permit).await;
    let follower = town.app.watch_changes();
    let before = *follower.borrow();
    done(&town, &permit.id, Event::Suspend { lapses_at: None }).await.unwrap();
    assert_eq!(published(&town, &permit).await, (Status::Suspended, seq + 1));
    assert!(*follower.borrow() > before, "gates are told");
    assert_eq!(audit_actions(&town, &permit).await, ["permit.suspend", "permit.issue"]);
    let mut tx = town.app.db().read().await.unwrap();
    let history = store::list_acts(&mut tx, &permit.id).await.unwrap();
    assert_eq!(history[0].reason, "消毒记录缺失");
    assert_eq!(history[0].name, "王建国");
}

#[tokio::test]
async fn a_suspension_that_is_rolled_back_leaves_nothing() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let before = published(&town, &permit).await;
    let mut tx = town.app.db().write().await.unwrap();
    let event = Event::Suspend { lapses_at: None };
    act(&town.app, &mut tx, &permit, event, &officer(), "x").await.unwrap();
    drop(tx);
    assert_eq!(published(&town, &permit).await, before);
    assert_eq!(town.find(&permit.id).await.state, State::Issued);
    assert_eq!(audit_actions(&town, &permit).await, ["permit.issue"]);
    let mut tx = town.app.db().read().await.unwrap();
    assert_eq!(store::list_acts(&mut tx, &permit.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_officers_who_act_at_once_one_wins() {
    let town = Town::new().await;
    let seen = town.issued("a1").await;
    done(&town, &seen.id, Event::Suspend { lapses_at: None }).await.unwrap();
    done(&town, &seen.id, Event::Resume).await.unwrap();
    // The second officer still looks at the first state, which came back meanwhile.
    let mut tx = town.app.db().write().await.unwrap();
    let late = act(&town.app, &mut tx, &seen, Event::Revoke, &officer(), "x").await;
    assert!(matches!(late, Err(ActError::Overtaken)), "{late:?}");
}

#[tokio::test]
async fn a_revoked_permit_stays_revoked() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    done(&town, &permit.id, Event::Revoke).await.unwrap();
    for event in [Event::Resume, Event::Suspend { lapses_at: None }, Event::Supersede] {
        let refused = done(&town, &permit.id, event).await;
        assert!(matches!(refused, Err(ActError::Refused(_))), "{event:?}");
    }
    assert_eq!(published(&town, &permit).await.0, Status::Revoked);
}

#[tokio::test]
async fn an_unconfirmed_suspension_lapses_by_itself_and_a_confirmed_one_stays() {
    let town = Town::new().await;
    let (kept, lapsing) = (town.issued("a1").await, town.issued("a2").await);
    let end = NOW.plus_hours(48);
    for permit in [&kept, &lapsing] {
        done(&town, &permit.id, Event::Suspend { lapses_at: Some(end) }).await.unwrap();
    }
    done(&town, &kept.id, Event::Confirm).await.unwrap();
    assert_eq!(acts::sweep(&town.app).await.unwrap(), 0);
    town.later(48 * 3_600_000);
    assert_eq!(acts::sweep(&town.app).await.unwrap(), 1);
    assert_eq!(town.find(&lapsing.id).await.state, State::Issued);
    assert_eq!(published(&town, &lapsing).await.0, Status::Valid);
    assert!(matches!(town.find(&kept.id).await.state, State::Suspended { lapses_at: None, .. }));
    assert_eq!(audit_actions(&town, &lapsing).await[0], "permit.lapse");
}

#[tokio::test]
async fn rows_that_nobody_can_read_hold_up_no_suspension_that_lapses() {
    let town = Town::new().await;
    let mut odd = Vec::new();
    for n in 0..3 {
        odd.push(town.issued(&format!("a{n}")).await);
    }
    let fine = town.issued("a9").await;
    for permit in odd.iter().chain([&fine]) {
        let hours = if permit.id == fine.id { 48 } else { 47 };
        let lapses_at = Some(NOW.plus_hours(hours));
        done(&town, &permit.id, Event::Suspend { lapses_at }).await.unwrap();
    }
    let mut tx = town.app.db().write().await.unwrap();
    for permit in &odd {
        crate::run!(&mut tx, "UPDATE permits SET facts = '7' WHERE id = $1", &permit.id).unwrap();
    }
    tx.commit().await.unwrap();
    town.later(49 * 3_600_000);
    // There are more of them than are looked for at once.
    let swept = acts::sweep_by(&town.app, 2).await;
    assert!(matches!(swept, Err(crate::db::DbError::Corrupt { .. })), "{swept:?}");
    assert_eq!(town.find(&fine.id).await.state, State::Issued);
}

#[tokio::test]
async fn a_status_list_that_nobody_can_read_makes_no_other_grow_old() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    town.later(3 * 60_000);
    let mut tx = town.app.db().write().await.unwrap();
    let lists = crate::rows!(&mut tx, (String, i64), "SELECT key_id, signed_at FROM status_lists");
    let lists = lists.unwrap();
    assert_eq!(lists.len(), 2, "permits and passes");
    crate::run!(
        &mut tx,
        "INSERT INTO status_marks (key_id, status_index, status) VALUES ($1, -7, 2)",
        &permit.key_id
    )
    .unwrap();
    tx.commit().await.unwrap();
    let refreshed = status::refresh(&town.app).await;
    assert!(matches!(refreshed, Err(crate::db::DbError::Corrupt { .. })), "{refreshed:?}");
    let mut tx = town.app.db().read().await.unwrap();
    for (key_id, signed_at) in lists {
        let now = status::find_token(&mut tx, &key_id).await.unwrap().unwrap().signed_at;
        assert_eq!(now > signed_at, key_id != permit.key_id, "{key_id}");
    }
}

#[tokio::test]
async fn a_reissue_keeps_the_line_and_replaces_the_older_serial() {
    let town = Town::new().await;
    let old = town.issued("a1").await;
    let mut tx = town.app.db().write().await.unwrap();
    let (new, change) =
        reissue(&town.app, &mut tx, &old, Changes::default(), &officer(), "牌面破损")
            .await
            .unwrap();
    town.app.commit(tx, change).await.unwrap();
    assert_eq!(new.lineage, old.lineage);
    assert_eq!(new.document_number, old.document_number);
    assert_ne!(new.serial, old.serial);
    assert_eq!(published(&town, &old).await.0, Status::Superseded);
    assert_eq!(published(&town, &new).await.0, Status::Valid);
    let mut tx = town.app.db().read().await.unwrap();
    let successor = store::find_successor(&mut tx, old.serial).await.unwrap().unwrap();
    assert_eq!(successor.id, new.id);
    drop(tx);
    let mut tx = town.app.db().write().await.unwrap();
    let again = reissue(&town.app, &mut tx, &old, Changes::default(), &officer(), "x").await;
    assert!(matches!(again, Err(IssueError::Twice)), "the older one is no longer there to replace");
}

#[tokio::test]
async fn a_shop_without_a_code_keeps_one_name_in_all_its_permits() {
    let town = Town::new().await;
    let mut subjects = Vec::new();
    for application in ["a1", "a2"] {
        let mut request = town.request(application);
        request.place = town.place("e2");
        request.facts.name = "老王面馆".into();
        request.facts.uscc = String::new();
        let mut tx = town.app.db().write().await.unwrap();
        let (permit, change) = issue(&town.app, &mut tx, request, &officer()).await.unwrap();
        town.app.commit(tx, change).await.unwrap();
        subjects.push(permit.claims.subject.to_string());
    }
    assert!(subjects[0].starts_with("NOCODE-"));
    assert_eq!(subjects[0], subjects[1]);
}

#[tokio::test]
async fn lists_are_signed_again_when_they_grow_old_and_numbers_only_rise() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let (_, seq) = published(&town, &permit).await;
    assert_eq!(status::refresh(&town.app).await.unwrap(), 0, "still fresh");
    town.later(121_000);
    assert_eq!(status::refresh(&town.app).await.unwrap(), 2, "permits and passes");
    assert_eq!(status::refresh(&town.app).await.unwrap(), 0);
    assert_eq!(published(&town, &permit).await, (Status::Valid, seq + 1));
}

#[tokio::test]
async fn lists_show_what_people_look_for() {
    let town = Town::new().await;
    let first = town.issued("a1").await;
    town.later(1000);
    let second = town.issued("a2").await;
    done(&town, &second.id, Event::Suspend { lapses_at: Some(NOW.plus_hours(1)) }).await.unwrap();
    let bounds = crate::authz::Reach::Division(town.path.clone()).bounds();
    let mut tx = town.app.db().read().await.unwrap();
    let mut shown = async |filter: store::Filter, now| -> Vec<String> {
        let found = store::list(&mut tx, &bounds, &filter, now, "", 10).await.unwrap();
        found.into_iter().map(|permit| permit.id).collect()
    };
    let by = |state| store::Filter { state, ..store::Filter::default() };
    assert_eq!(shown(by(store::StateFilter::All), NOW).await, [&*second.id, &*first.id]);
    assert_eq!(shown(by(store::StateFilter::Valid), NOW).await, [&*first.id]);
    assert_eq!(shown(by(store::StateFilter::ToConfirm), NOW).await, [&*second.id]);
    assert_eq!(shown(by(store::StateFilter::Expired), NOW).await, Vec::<String>::new());
    // What is suspended stays so, at the gates and here, whatever its dates.
    let later = NOW.plus_days(60);
    assert_eq!(shown(by(store::StateFilter::Expired), later).await, [&*first.id]);
    assert_eq!(shown(by(store::StateFilter::Suspended), later).await, [&*second.id]);
    let named = store::Filter { search: "云锦 服饰".into(), ..store::Filter::default() };
    assert_eq!(shown(named, NOW).await.len(), 2);
    let numbered = store::Filter { search: "〔2020〕1号".into(), ..store::Filter::default() };
    assert_eq!(shown(numbered, NOW).await, [&*first.id]);
    let serial = store::Filter {
        search: "nothing".into(),
        serial: second.serial.to_hex(),
        ..store::Filter::default()
    };
    assert_eq!(shown(serial, NOW).await, [&*second.id]);
}
