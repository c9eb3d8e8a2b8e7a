use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Request;
use fugong_common::cbor::Value as Cbor;
use fugong_common::lang::Lang;
use fugong_common::permit::Mode;
use fugong_common::verdict::Verdict;
use fugong_common::{base64url, digits, envelope};
use serde_json::{Value, json};

use super::*;
use crate::accounts::Role as Post;
use crate::keys::bootstrap::{Terms, make_key};
use crate::permits::page_tests::latin_words;
use crate::permits::testing::{NOW, Town, officer, text};
use crate::permits::{Changes, Event, IssueRequest, act, issue, reissue};

async fn issue_with(
    town: &Town,
    application: &str,
    change: impl FnOnce(&mut IssueRequest),
) -> Permit {
    let mut request = town.request(application);
    request.terms.mode = Mode::OnSite;
    change(&mut request);
    let mut tx = town.app.db().write().await.unwrap();
    let (permit, seq) = issue(&town.app, &mut tx, request, &officer()).await.unwrap();
    town.app.commit(tx, seq).await.unwrap();
    permit
}

async fn done(town: &Town, permit: &Permit, event: Event) {
    let mut tx = town.app.db().write().await.unwrap();
    let (_, seq) =
        act(&town.app, &mut tx, permit, event, &officer(), "消毒记录缺失").await.unwrap();
    town.app.commit(tx, seq).await.unwrap();
}

/// A token by the permit key over other claims than any that this program writes.
async fn newer_token(town: &Town, permit: &Permit) -> Vec<u8> {
    let mut claims = Cbor::decode(&permit.claims.encode()).unwrap();
    let Cbor::Map(entries) = &mut claims else { panic!("claims are a map") };
    let Some((_, Cbor::Map(container))) = entries.last_mut() else { panic!("no container") };
    container.first_mut().unwrap().1 = 2_u64.into();
    let key = town.app.keys().signer(Role::Permit, permit.key_id.parse().unwrap()).unwrap();
    envelope::seal(Kind::Permit, &*key, &claims.encode()).unwrap()
}

/// One placard for each verdict that the public page can give.
async fn placards(town: &Town) -> BTreeMap<&'static str, Vec<u8>> {
    let mut all = BTreeMap::new();
    let valid = issue_with(town, "a1", |_| {}).await;
    let mut forged = valid.token.clone();
    *forged.last_mut().unwrap() ^= 1;
    all.insert("forged", forged);
    all.insert("update_gate", newer_token(town, &valid).await);
    let stranger = fugong_common::keys::SoftwareKey::from_seed(&[99; 32]);
    all.insert(
        "unknown_key",
        envelope::seal(Kind::Permit, &stranger, &valid.claims.encode()).unwrap(),
    );
    all.insert("valid", valid.token);
    let remote = issue_with(town, "a3", |r| r.terms.mode = Mode::RemoteOnly).await;
    all.insert("remote_only", remote.token);
    let suspended = issue_with(town, "a4", |_| {}).await;
    done(town, &suspended, Event::Suspend { lapses_at: None }).await;
    all.insert("suspended", suspended.token);
    let revoked = issue_with(town, "a5", |_| {}).await;
    done(town, &revoked, Event::Revoke).await;
    all.insert("revoked", revoked.token);
    let replaced = issue_with(town, "a6", |_| {}).await;
    let mut tx = town.app.db().write().await.unwrap();
    let (_, seq) =
        reissue(&town.app, &mut tx, &replaced, Changes::default(), &officer(), "牌面破损")
            .await
            .unwrap();
    town.app.commit(tx, seq).await.unwrap();
    all.insert("superseded", replaced.token);
    let later = issue_with(town, "a7", |r| r.terms.valid_from = NOW.plus_days(3)).await;
    all.insert("not_yet", later.token);
    let short = issue_with(town, "a8", |r| r.terms.valid_to = NOW.plus_hours(1)).await;
    all.insert("expired", short.token);
    town.later(2 * 3_600_000);
    all
}

fn page_of(token: &[u8]) -> String {
    format!("/v/{}", digits::encode(token))
}

#[tokio::test]
async fn a_cap_is_said_in_plain_words_beside_the_verdict() {
    let town = Town::new().await;
    let partial = issue_with(&town, "a2", |r| r.terms.mode = Mode::Partial { cap: 60 }).await;
    let (_, zh) = town.get(&page_of(&partial.token), "").await;
    assert!(zh.contains("许可有效") && zh.contains("限员复工：同时到场不超过 60 人"), "{zh}");
    let (_, en) = town.get(&format!("{}?lang=en", page_of(&partial.token)), "").await;
    assert!(en.contains("at most 60 people on site at a time"), "{en}");
}

#[tokio::test]
async fn every_public_verdict_is_shown_first_in_either_language_and_in_no_other() {
    let town = Town::new().await;
    for (code, token) in placards(&town).await {
        let verdict = Verdict::from_code(code).unwrap();
        let (status, zh) = town.get(&page_of(&token), "").await;
        assert_eq!(status, 200, "{code}");
        let word = format!("<span class=\"cap\">{}</span></h1>", verdict.public_word(Lang::Zh));
        assert!(zh.contains(&word), "{code}: {zh}");
        assert!(zh.contains(verdict.public_advice(Lang::Zh)), "{code}");
        let foreign: Vec<_> = latin_words(&zh)
            .into_iter()
            .filter(|word| word != "English" && *word == word.to_lowercase())
            .collect();
        assert_eq!(foreign, Vec::<String>::new(), "{code}");
        let (_, en) = town.get(&format!("{}?lang=en", page_of(&token)), "").await;
        assert!(
            en.contains(&format!(
                "<span class=\"cap\">{}</span></h1>",
                verdict.public_word(Lang::En)
            )),
            "{code}"
        );
        assert!(!en.contains("有效期") && !en.contains("请"), "{code}: {en}");
    }
}

#[tokio::test]
async fn the_public_page_has_no_script_no_sign_in_no_redirect_and_passes_its_address_to_nobody() {
    let town = Town::new().await;
    let permit = issue_with(&town, "a1", |_| {}).await;
    for path in [page_of(&permit.token), format!("/v/{}", base64url::encode(&permit.token))] {
        let request = Request::get(&path).body(Body::empty()).unwrap();
        let response = town.send(request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(!response.headers().contains_key("set-cookie"));
        let (_, page) = text(response).await;
        assert!(!page.contains("<script") && !page.contains("sign-in") && !page.contains("登录"));
        assert!(!page.contains(&digits::encode(&permit.token)), "nothing on it repeats the token");
        for fact in [
            "云锦服饰有限公司",
            "芝罘区示例路 12 号 3 号门",
            "王建国",
            "暂无巡查记录",
            "0535-12345",
        ] {
            assert!(page.contains(fact), "{fact}");
        }
    }
}

#[tokio::test]
async fn a_suspension_shows_since_when_and_a_status_that_is_too_old_is_no_answer() {
    let town = Town::new().await;
    let permit = issue_with(&town, "a1", |_| {}).await;
    let path = page_of(&permit.token);
    done(&town, &permit, Event::Suspend { lapses_at: Some(NOW.plus_hours(48)) }).await;
    assert!(town.get(&path, "").await.1.contains("2 月 10 日 09:00 起临时暂停"));
    let permit = town.find(&permit.id).await;
    done(&town, &permit, Event::Confirm).await;
    assert!(town.get(&path, "").await.1.contains("起暂停，整改复查合格前"));
    done(&town, &town.find(&permit.id).await, Event::Resume).await;
    assert!(town.get(&path, "").await.1.contains("许可有效"));
    // Nobody has signed the list for four days.
    town.later(4 * 86_400_000);
    assert!(town.get(&path, "").await.1.contains("状态待更新"));
}

#[tokio::test]
async fn a_withdrawn_key_is_a_verdict_of_its_own() {
    let town = Town::new().await;
    let permit = issue_with(&town, "a1", |_| {}).await;
    make_key(&town.app, Role::Permit, Terms::usual(NOW.plus_days(-1))).await.unwrap();
    let mut tx = town.app.db().write().await.unwrap();
    let id = permit.key_id.parse().unwrap();
    keys::store::withdraw(&mut tx, id, NOW, "丢失").await.unwrap();
    tx.commit().await.unwrap();
    let root = keys::disk::read(&town.root(), None).unwrap();
    keys::trust::sign(&town.app, &root, None, 10, true).await.unwrap();
    let (_, page) = town.get(&page_of(&permit.token), "").await;
    assert!(page.contains("签发密钥已停用") && page.contains("换发新牌"));
}

#[tokio::test]
async fn a_pass_gets_one_fixed_page_genuine_or_not() {
    let town = Town::new().await;
    let mut tx = town.app.db().read().await.unwrap();
    let trust = keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    drop(tx);
    let entry = trust.keys.iter().find(|key| key.role == Role::Pass).unwrap();
    let key = town.app.keys().signer(Role::Pass, entry.id()).unwrap();
    let token = envelope::seal(Kind::Pass, &*key, &[0xa0]).unwrap();
    let mut pages = Vec::new();
    for path in
        [page_of(&token), format!("/v/FG1:{}", digits::encode(&token)), "/v/FG1:0123".into()]
    {
        let (status, page) = town.get(&path, "").await;
        assert_eq!(status, 200);
        pages.push(page);
    }
    assert!(pages[0].contains("这是员工出入证"));
    assert_eq!(pages[0], pages[1]);
    // Cut short it can't be told from a damaged placard.
    assert!(pages[2].contains("签名无效"));
}

#[tokio::test]
async fn unknown_mistyped_and_too_often_asked_numbers_look_alike() {
    let town = Town::new().await;
    let permit = issue_with(&town, "a1", |_| {}).await;
    let answer = async |number: &str| {
        let (status, page) = town.post("/v", "", &format!("number={number}")).await;
        assert_eq!(status, 200);
        page.replace(number, "")
    };
    let known = answer(&permit.serial.to_string()).await;
    assert!(known.contains("云锦服饰有限公司") && known.contains("编号可能抄自别处"));
    assert!(known.contains("有条件有效"), "a number alone never proves a placard");
    let unknown = answer(&Serial([9; 8]).to_string()).await;
    assert_eq!(unknown, answer("FG-7K2M4").await);
    assert!(unknown.contains("没有可显示的结果"));
    for _ in 0..40 {
        answer("FG-7K2M4").await;
    }
    assert_eq!(answer(&permit.serial.to_string()).await, unknown, "asked too often");
    town.later(10 * 60_000);
    assert!(answer(&permit.serial.to_string()).await.contains("云锦"));
}

#[tokio::test]
async fn addresses_and_bodies_that_are_too_long_are_refused_as_problems() {
    let town = Town::new().await;
    let (status, page) = town.get(&format!("/v/{}", "7".repeat(60_000)), "").await;
    assert_eq!(status, 414);
    assert!(page.contains("地址过长"));
    let long = json!({ "text": "7".repeat(1 << 20) }).to_string();
    let (status, body) = town.post_json("/api/verify", "", &long).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["code"]), (413, &"too_large".into()));
    let (_, page) = town.get("/v/hello", "").await;
    assert!(page.contains("签名无效"));
}

#[tokio::test]
async fn programs_get_the_same_verdicts_and_foreign_links_are_named() {
    let town = Town::new().await;
    for (code, token) in placards(&town).await {
        let body = json!({ "text": digits::encode(&token) }).to_string();
        let (status, answer) = town.post_json("/api/verify", "", &body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, answer["verdict"].as_str()), (200, Some(code)));
    }
    let permit = issue_with(&town, "b1", |_| {}).await;
    let link = format!("https://evil.example/v/{}", digits::encode(&permit.token));
    let (_, answer) = town.post_json("/api/verify", "", &json!({ "text": link }).to_string()).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["verdict"], "foreign_link");
    assert_eq!(town.get("/api/verify?token=1", "").await.0, 405);
}

#[tokio::test]
async fn other_peoples_codes_are_no_permits_for_programs_and_nothing_on_the_page() {
    let town = Town::new().await;
    let file = include_str!("../../../tests/vectors/foreign-texts.json");
    let file: Value = serde_json::from_str(file).unwrap();
    for specimen in file["texts"].as_array().unwrap() {
        let text = specimen["text"].as_str().unwrap();
        let body = json!({ "text": text }).to_string();
        let (status, answer) = town.post_json("/api/verify", "", &body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &answer["verdict"]), (200, &"not_permit".into()), "{specimen}");
        assert_eq!(answer["permit"], Value::Null, "{specimen}");
        let form =
            text.bytes().fold("number=".to_owned(), |form, byte| form + &format!("%{byte:02X}"));
        let (status, page) = town.post("/v", "", &form).await;
        assert!(status == 200 && page.contains("没有可显示的结果"), "{specimen}: {page}");
    }
}

#[tokio::test]
async fn a_report_reaches_the_street_and_its_sender_gets_a_number() {
    let town = Town::new().await;
    let permit = issue_with(&town, "a1", |_| {}).await;
    let path = format!("/report/{}", permit.serial.to_hex());
    let (_, page) = town.get(&path, "").await;
    assert!(page.contains("云锦服饰有限公司"));
    let (status, page) = town.post(&path, "", "kind=still_open&text=门").await;
    assert_eq!(status, 422);
    assert!(page.contains("请说明情况") && page.contains("门</textarea>"));
    let form = "kind=still_open&text=夜里仍在生产&contact=13800000000";
    let (status, page) = town.post(&path, "", form).await;
    assert!(status == 200 && page.contains("举报编号 1"));
    let (status, _) = town.post("/report", "", "kind=forged&text=牌子是打印的").await;
    assert_eq!(status, 422, "without a placard the place is needed");
    let inspector = town.sign_in("inspector", Post::Inspector).await;
    let (_, page) = town.get("/inspections", &inspector).await;
    assert!(page.contains("夜里仍在生产") && page.contains("13800000000"));
    let checker = town.sign_in("checker", Post::Checker).await;
    assert!(!town.get("/inspections", &checker).await.1.contains("夜里仍在生产"));
    for _ in 0..4 {
        assert_eq!(town.post(&path, "", form).await.0, 200);
    }
    let (status, page) = town.post(&path, "", form).await;
    assert_eq!(status, 429);
    assert!(page.contains("夜里仍在生产"), "what was written is kept");
}
