use serde_json::Value;

use super::testing::Town;
use super::*;
use crate::accounts::Role;
use crate::permits::testing::text;

/// Letters of a Chinese page that a reader sees, tags and attributes set aside.
pub(crate) fn latin_words(page: &str) -> Vec<String> {
    let (mut words, mut word, mut tag) = (Vec::new(), String::new(), false);
    let body = page.split_once("<body").map_or(page, |(_, body)| body);
    for c in body.chars() {
        match c {
            '<' => tag = true,
            '>' => tag = false,
            c if !tag && c.is_ascii_alphabetic() => {
                word.push(c);
                continue;
            }
            _ => {}
        }
        if word.len() > 3 {
            words.push(std::mem::take(&mut word));
        }
        word.clear();
    }
    words
}

#[tokio::test]
async fn an_inspector_suspends_for_now_and_a_secretary_confirms() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let inspector = town.sign_in("inspector", Role::Inspector).await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    let path = format!("/permits/{}", permit.id);
    let (status, page) = town.get(&path, &inspector).await;
    assert_eq!(status, 200);
    assert!(page.contains("48 小时内须由签批岗位确认") && !page.contains("撤销…"));
    let (status, page) =
        town.post(&format!("{path}/suspend"), &inspector, "reason=x&revision=1").await;
    assert_eq!(status, 422);
    assert!(page.contains("请填写理由"), "and what was typed stays");
    let form = "reason=消毒记录缺失&revision=1";
    let (status, _) = town.post(&format!("{path}/suspend"), &inspector, form).await;
    assert_eq!(status, 303);
    let (_, page) = town.get(&path, &secretary).await;
    assert!(page.contains("临时暂停") && page.contains("未确认的，自动恢复"));
    assert_eq!(town.post(&format!("{path}/confirm"), &inspector, form).await.0, 403);
    // The secretary's page is of the second revision by now.
    let (status, page) = town.post(&format!("{path}/confirm"), &secretary, form).await;
    assert_eq!(status, 409);
    assert!(page.contains("刚被他人处理"));
    let form = "reason=情况属实，整改前停业&revision=2";
    assert_eq!(town.post(&format!("{path}/confirm"), &secretary, form).await.0, 303);
    assert!(matches!(town.find(&permit.id).await.state, State::Suspended { lapses_at: None, .. }));
}

#[tokio::test]
async fn a_permit_outside_ones_reach_looks_as_if_it_were_not_there() {
    let town = Town::new().await;
    let mut request = town.request("a1");
    request.place = town.place("e2");
    let mut tx = town.app.db().write().await.unwrap();
    let (permit, change) = issue(&town.app, &mut tx, request, &testing::officer()).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    // A contact of the first enterprise.
    let contact = town.sign_in("contact", Role::Contact).await;
    assert_eq!(town.get(&format!("/permits/{}", permit.id), &contact).await.0, 404);
    assert_eq!(town.get(&format!("/api/permits/{}", permit.id), &contact).await.0, 404);
    let (_, list) = town.get("/permits", &contact).await;
    assert!(!list.contains(&permit.document_number));
}

#[tokio::test]
async fn programs_suspend_with_a_reason_and_learn_when_they_come_too_late() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let director = town.sign_in("director", Role::Director).await;
    let path = format!("/api/permits/{}/suspend", permit.id);
    assert_eq!(town.post_json(&path, "", r#"{"reason":"聚集生产"}"#).await.0, 401);
    let (status, body) = town.post_json(&path, &director, r#"{"reason":""}"#).await;
    assert_eq!(status, 422, "{body}");
    let (status, body) =
        town.post_json(&path, &director, r#"{"reason":"聚集生产","revision":1}"#).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["state"]), (200, &"suspended".into()));
    let (status, body) =
        town.post_json(&path, &director, r#"{"reason":"聚集生产","revision":1}"#).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["code"]), (409, &"conflict".into()));
    let (status, body) = town.post_json(&path, &director, r#"{"reason":"聚集生产"}"#).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["code"]), (409, &"permit_state".into()));
}

#[tokio::test]
async fn the_list_and_the_file_speak_one_language() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    for path in ["/permits".to_owned(), format!("/permits/{}", permit.id)] {
        let (_, page) = town.get(&format!("{path}?lang=zh"), &secretary).await;
        let foreign: Vec<_> =
            latin_words(&page).into_iter().filter(|w| w != "English" && w != "secretary").collect();
        assert_eq!(foreign, Vec::<String>::new(), "{path}");
        let (_, page) = town.get(&format!("{path}?lang=en"), &secretary).await;
        assert!(!page.contains("有效期") && page.contains("Valid"), "{path}");
    }
}

#[tokio::test]
async fn a_specimen_is_watermarked_and_holds_no_code() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let contact = town.sign_in("contact", Role::Contact).await;
    let (status, svg) = town.get(&format!("/permits/{}/specimen.svg", permit.id), &contact).await;
    assert_eq!(status, 200);
    assert!(svg.contains("样张 无效") && !svg.contains(&permit.serial.to_string()));
}

#[tokio::test]
async fn copies_are_counted_and_a_void_placard_is_not_printed() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    let path = format!("/permits/{}/print", permit.id);
    let (status, svg) = town.post(&path, &secretary, "format=svg&copies=1").await;
    assert_eq!(status, 200);
    assert!(svg.contains(&permit.serial.to_string()) && !svg.contains("样张"));
    let (status, pdf) = town.post(&path, &secretary, "sheet=A3&format=pdf&copies=2").await;
    assert!(status == 200 && pdf.starts_with("%PDF"));
    assert_eq!(town.find(&permit.id).await.copies, 3);
    let (status, pdf) = town.post("/permits/print", &secretary, "which=all&state=valid").await;
    assert!(status == 200 && pdf.starts_with("%PDF"));
    let (status, _) = town.post("/permits/print", &secretary, "which=some").await;
    assert_eq!(status, 422);
    assert_eq!(town.find(&permit.id).await.copies, 4);
    let revoke = format!("/permits/{}/revoke", permit.id);
    assert_eq!(town.post(&revoke, &secretary, "reason=弄虚作假").await.0, 303);
    assert_eq!(town.post(&path, &secretary, "format=svg").await.0, 409);
}

#[tokio::test]
async fn a_placard_that_was_replaced_while_it_was_drawn_is_not_handed_out() {
    let town = Town::new().await;
    let drawn = town.issued("a1").await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    let path = format!("/permits/{}/reissue", drawn.id);
    let (status, _) = town.post(&path, &secretary, "reason=名称更正换发&revision=1").await;
    assert_eq!(status, 303);
    let mut tx = town.app.db().write().await.unwrap();
    let by = testing::officer();
    let late = printing::note_copies(&town.app, &mut tx, &drawn, 1, &by).await;
    assert!(matches!(late, Err(ActError::Overtaken)), "{late:?}");
    drop(tx);
    assert_eq!(town.find(&drawn.id).await.copies, 0);
}

#[tokio::test]
async fn one_permit_that_cannot_be_reissued_holds_up_no_other() {
    let town = Town::new().await;
    let odd = town.issued("a1").await;
    let fine = town.issued("a2").await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    let mut tx = town.app.db().write().await.unwrap();
    // Printed with a font that is gone.
    crate::run!(
        &mut tx,
        "UPDATE permits SET facts = replace(facts, '张卫东', '张\u{2b81d}') WHERE id = $1",
        &odd.id
    )
    .unwrap();
    tx.commit().await.unwrap();
    let form =
        format!("id={}&id=nothing&id={}&reason=密钥更换&key={}", odd.id, fine.id, odd.key_id);
    let request = axum::http::Request::post("/permits/reissue")
        .header("cookie", &secretary)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(form))
        .unwrap();
    let answer = town.send(request).await;
    assert_eq!(answer.status(), 303);
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(town.find(&odd.id).await.state, State::Issued);
    assert!(matches!(town.find(&fine.id).await.state, State::Superseded { .. }));
    let (_, page) = town.get(&to, &secretary).await;
    assert!(page.contains("已换发 1 件；另有 1 件未能换发"), "{to}");
    // Those of a key are taken without ticking them, too: what can't be stands in nobody's way.
    let third = town.issued("a3").await;
    let rest = format!("which=all&reason=密钥更换&key={}", odd.key_id);
    let request = axum::http::Request::post("/permits/reissue")
        .header("cookie", &secretary)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(rest))
        .unwrap();
    let before = town.find(&third.id).await;
    assert_eq!(before.key_id, odd.key_id);
    assert_eq!(town.send(request).await.status(), 303);
    assert_eq!(town.find(&odd.id).await.state, State::Issued);
    assert!(matches!(town.find(&third.id).await.state, State::Superseded { .. }));
    // Alone it says why.
    let alone = format!("id={}&reason=密钥更换&key={}", odd.id, odd.key_id);
    let (status, page) = town.post("/permits/reissue", &secretary, &alone).await;
    assert!(status == 409 && page.contains("公示牌无法打印"), "{page}");
}

#[tokio::test]
async fn the_list_of_a_keys_permits_tells_a_key_that_ended_from_one_that_was_withdrawn() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    let path = format!("/permits?key={}", permit.key_id);
    let (_, page) = town.get(&path, &secretary).await;
    assert!(!page.contains("门岗仍认可这些许可") && !page.contains("门岗不再认可"));
    let id = permit.key_id.parse().unwrap();
    let mut tx = town.app.db().write().await.unwrap();
    crate::keys::store::stop_signing(&mut tx, id, town.app.now()).await.unwrap();
    tx.commit().await.unwrap();
    let (_, page) = town.get(&path, &secretary).await;
    assert!(page.contains("门岗仍认可这些许可") && !page.contains("门岗不再认可"));
    let mut tx = town.app.db().write().await.unwrap();
    crate::keys::store::withdraw(&mut tx, id, town.app.now(), "服务器失窃").await.unwrap();
    tx.commit().await.unwrap();
    assert!(town.get(&path, &secretary).await.1.contains("门岗不再认可"));
}

#[tokio::test]
async fn a_name_that_no_font_has_is_refused_before_it_is_signed() {
    let town = Town::new().await;
    let mut request = town.request("a1");
    request.facts.responsible = "张\u{2b81d}".into();
    let mut tx = town.app.db().write().await.unwrap();
    let refused = issue(&town.app, &mut tx, request, &testing::officer()).await.unwrap_err();
    assert!(refused.to_string().contains("U+2B81D"), "{refused}");
    let problem = fugong_common::service::problem::Problem::from(refused);
    assert_eq!(problem.code(), "not_printable");
}

#[tokio::test]
async fn the_hand_over_is_noted_with_who_took_it() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let director = town.sign_in("director", Role::Director).await;
    let path = format!("/permits/{}", permit.id);
    assert_eq!(town.post(&format!("{path}/hand-over"), &director, "name=").await.0, 422);
    assert_eq!(town.post(&format!("{path}/hand-over"), &director, "name=孙丽").await.0, 303);
    assert!(town.get(&path, &director).await.1.contains("领取：孙丽"));
}

#[tokio::test]
async fn the_page_of_keys_names_what_waits_and_what_is_withdrawn() {
    let town = Town::new().await;
    let administrator = town.sign_in("administrator", Role::Administrator).await;
    let (status, page) = town.get("/keys", &administrator).await;
    assert_eq!(status, 200);
    assert!(page.contains("签发中") && page.contains("状态清单"));
    let intake = town.sign_in("intake", Role::Intake).await;
    let request = axum::http::Request::get("/keys").header("cookie", intake);
    let request = request.body(axum::body::Body::empty()).unwrap();
    assert_eq!(text(town.send(request).await).await.0, 403);
}

#[tokio::test]
async fn a_character_that_no_database_keeps_is_the_askers_mistake() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    for path in
        ["/permits?q=%00", "/api/permits?q=%00", "/api/permits/%00", "/v/%00", "/applications/%00"]
    {
        let (status, body) = town.get(path, &secretary).await;
        assert!(matches!(status, 200 | 400 | 404), "{path}: {status} {body}");
    }
    let path = format!("/api/permits/{}/suspend", permit.id);
    let (status, body) = town.post_json(&path, &secretary, r#"{"reason":"a\u0000b"}"#).await;
    assert!(matches!(status, 400 | 422), "{status} {body}");
    assert_eq!(town.find(&permit.id).await.revision, permit.revision);
}

#[tokio::test]
async fn a_reason_outlives_whoever_was_quicker() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    let director = town.sign_in("director", Role::Director).await;
    let path = format!("/permits/{}", permit.id);
    let first = "reason=食堂没有分餐&revision=1";
    assert_eq!(town.post(&format!("{path}/suspend"), &secretary, first).await.0, 303);
    let late = "reason=车间通风不足&revision=1";
    // Revoking is still offered, over the newest revision: the reason stands in its field.
    let (status, page) = town.post(&format!("{path}/revoke"), &director, late).await;
    assert_eq!(status, 409);
    assert!(page.contains("车间通风不足</textarea>") && page.contains("value=\"2\""), "{page}");
    assert!(!page.contains("未保存"), "{page}");
    // Suspending is not any more: the reason can be copied.
    let (status, page) = town.post(&format!("{path}/suspend"), &director, late).await;
    assert_eq!(status, 409);
    assert!(page.contains("您填写的内容（未保存）") && page.contains("车间通风不足"), "{page}");
    let (status, page) = town.post(&format!("{path}/reissue"), &director, late).await;
    assert!(status == 409 && page.contains("车间通风不足"), "{page}");
    // So does the name of whoever was to take the placard.
    let (status, page) =
        town.post(&format!("{path}/hand-over"), &director, "name=孙\u{202e}丽").await;
    assert!(status == 422 && page.contains("孙\u{202e}丽"), "{page}");
    let resume = "reason=整改复查合格&revision=2";
    assert_eq!(town.post(&format!("{path}/resume"), &director, resume).await.0, 303);
    let (status, page) =
        town.post(&format!("{path}/hand-over"), &director, "name=孙\u{202e}丽").await;
    assert!(status == 422 && page.contains("value=\"孙\u{202e}丽\""), "{page}");
}

#[tokio::test]
async fn a_list_keeps_what_was_ticked_and_typed_below_it() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    let tick = format!("value=\"{}\" checked", permit.id);
    let form = format!("id={}&reason=换&sheet=A3&key={}", permit.id, permit.key_id);
    let (status, page) = town.post("/permits/reissue", &secretary, &form).await;
    assert_eq!(status, 422);
    assert!(page.contains("请填写理由") && page.contains(">换</textarea>"), "{page}");
    assert!(page.contains(&tick) && page.contains("<option selected>A3"), "{page}");
    let form = format!("reason=密钥更换&key={}", permit.key_id);
    let (status, page) = town.post("/permits/print", &secretary, &form).await;
    assert_eq!(status, 422);
    assert!(page.contains("请先选择许可") && page.contains("密钥更换</textarea>"), "{page}");
    let form = "sheet=A3&format=png&copies=51";
    let path = format!("/permits/{}/print", permit.id);
    let (status, page) = town.post(&path, &secretary, form).await;
    assert_eq!(status, 422);
    assert!(page.contains("value=\"51\"") && page.contains("<option selected>A3"), "{page}");
    assert!(page.contains("value=\"png\" selected"), "{page}");
}

#[tokio::test]
async fn what_has_expired_is_renewed_and_neither_reissued_nor_suspended() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let soon = town.issued("a2").await;
    let secretary = town.sign_in("secretary", Role::Secretary).await;
    let path = format!("/permits/{}", permit.id);
    let (_, page) = town.get(&path, &secretary).await;
    assert!(page.contains("换发…") && page.contains("暂停…") && !page.contains("办理延续"));
    town.later(20 * 86_400_000);
    let secretary = town.sign_in("later", Role::Secretary).await;
    let (_, page) = town.get(&path, &secretary).await;
    assert!(page.contains("有效，两周内到期") && page.contains("换发…"), "{page}");
    town.later(10 * 86_400_000);
    let secretary = town.sign_in("latest", Role::Secretary).await;
    assert_eq!(town.find(&permit.id).await.standing(town.app.now()), Standing::Expired);
    let (_, page) = town.get(&path, &secretary).await;
    assert!(page.contains("已到期") && page.contains("请申请单位办理延续"), "{page}");
    assert!(!page.contains("换发…") && !page.contains("暂停…"), "{page}");
    // Whoever still has the older page open is told, and keeps the reason.
    let late = "reason=名称更正换发&revision=1";
    let (status, page) = town.post(&format!("{path}/reissue"), &secretary, late).await;
    assert_eq!(status, 409);
    assert!(page.contains("许可已到期，不能换发") && page.contains("名称更正换发"), "{page}");
    // The list offers neither to print nor to reissue it, and finds it under one state.
    let (_, list) = town.get(&format!("/permits?key={}", permit.key_id), &secretary).await;
    assert!(!list.contains(&permit.id), "{list}");
    let (_, list) = town.get("/permits?state=expired", &secretary).await;
    assert!(list.contains(&permit.id) && !list.contains("name=\"id\""), "{list}");
    for state in ["valid", "ends_soon", "suspended"] {
        let (_, list) = town.get(&format!("/permits?state={state}"), &secretary).await;
        assert!(!list.contains(&permit.id), "{state}");
    }
    // Programs read the same.
    let (_, body) = town.get(&format!("/api/permits/{}", permit.id), &secretary).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["state"], "expired");
    let (_, listed) = town.get("/api/permits?state=expired", &secretary).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert!(listed["permits"].as_array().unwrap().iter().all(|it| it["state"] == "expired"));
    let path = format!("/api/permits/{}/suspend", permit.id);
    let (status, body) = town.post_json(&path, &secretary, r#"{"reason":"聚集生产"}"#).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["state"]), (409, &"expired".into()));
    // Fraud that comes to light afterwards is still said of it.
    let path = format!("/permits/{}/revoke", soon.id);
    assert_eq!(town.post(&path, &secretary, "reason=弄虚作假&revision=1").await.0, 303);
}
