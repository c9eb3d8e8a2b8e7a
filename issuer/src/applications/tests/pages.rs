//! The pages as a browser gets them, in both languages.

use super::bench::{Answer, Bench, NOW};
use super::stories::{in_signing, sign_as, submitted};
use crate::accounts::Role;

/// Names and data of the samples, which may stand on a page of either language.
const DATA: [&str; 27] = [
    "云锦服饰有限公司",
    "老王面馆",
    "向阳街道",
    "第一社区",
    "芝罘区",
    "东山街道",
    "陈晓",
    "孙立",
    "李书记",
    "周主任",
    "吴科长",
    "郑组长",
    "冯受理",
    "张卫东",
    "何敏",
    "钱经办",
    "一号厂房",
    "向阳路 8 号",
    "东门",
    "分批返岗",
    "测温设备齐备",
    "厂区会议室",
    "缺 3 人",
    "改期",
    "食堂无隔板",
    "中文",
    "生产防护服",
];

fn assert_speaks(answer: &Answer, language: &str, where_: &str) {
    assert_eq!(answer.status, 200, "{where_} {language}: {}", answer.words());
    let mut words = answer.words();
    for data in DATA {
        words = words.replace(data, "");
    }
    if language == "zh-CN" {
        let english: Vec<&str> = words
            .split(|c: char| !c.is_ascii_alphabetic())
            .filter(|word| word.len() > 1)
            .filter(|word| !word.chars().all(|c| c.is_ascii_hexdigit()))
            .collect();
        assert_eq!(english, Vec::<&str>::new(), "English on the Chinese page {where_}");
    } else {
        let chinese: String =
            words.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
        assert_eq!(chinese, "", "Chinese on the English page {where_}");
    }
}

#[tokio::test]
async fn every_page_speaks_one_language_at_every_stage() {
    let bench = Bench::new().await;
    let early = submitted(&bench, "e2").await;
    let signing = in_signing(&bench, "e1").await;
    sign_as(&bench, &signing, "secretary", Role::Secretary).await;
    let intake = bench.browser("intake", Role::Intake).await;
    let department = bench.browser("department", Role::Department).await;
    let contact = bench.browser("e1-contact", Role::Contact).await;
    for language in ["zh-CN", "en"] {
        let pages = [
            (&intake, "/".to_owned()),
            (&intake, "/applications".to_owned()),
            (&intake, "/applications?state=signing&class=ordinary&search=none".to_owned()),
            (&intake, "/applications/new".to_owned()),
            (&intake, "/applications/new?enterprise=e1".to_owned()),
            (&intake, format!("/applications/{}", early.id)),
            (&intake, format!("/applications/{}/return", early.id)),
            (&department, "/".to_owned()),
            (&department, format!("/applications/{}", signing.id)),
            (&department, format!("/applications/{}/refuse", signing.id)),
            (&department, format!("/applications/{}/return", signing.id)),
            (&department, format!("/applications/{}/sheet", signing.id)),
            (&contact, "/".to_owned()),
            (&contact, "/applications".to_owned()),
            (&contact, format!("/applications/{}", signing.id)),
            (&contact, format!("/applications/{}/edit", signing.id)),
            (&contact, format!("/applications/{}/withdraw", signing.id)),
        ];
        for (browser, path) in pages {
            assert_speaks(&browser.get(&path, language).await, language, &path);
        }
    }
}

#[tokio::test]
async fn a_form_with_faults_comes_back_as_it_was_typed() {
    let bench = Bench::new().await;
    let contact = bench.browser("e1-contact", Role::Contact).await;
    let sent = [
        ("do", "submit"),
        ("premises", "e1-p"),
        ("kind", "first"),
        ("planned_on", "2020-02-01"),
        ("people", "很多"),
        ("conditions", "食堂无隔板"),
        ("mode", "on_site"),
        ("term_days", "30"),
        ("responsible_name", "张卫东"),
        ("responsible_phone", "13800000001"),
        ("epidemic_name", "何敏"),
        ("epidemic_phone", "13800000002"),
    ];
    let answer = contact.post("/applications/new", &sent).await;
    assert_eq!(answer.status, 422);
    for kept in ["很多", "食堂无隔板", "2020-02-01", "计划日期不能早于今天", "有 2 处"]
    {
        assert!(answer.body.contains(kept), "{kept}");
    }
    let mended: Vec<(&str, &str)> = sent
        .into_iter()
        .map(|(key, value)| match key {
            "planned_on" => (key, "2020-02-12"),
            "people" => (key, "１２６"),
            _ => (key, value),
        })
        .chain([("seen_state", "draft"), ("seen_revision", "0")])
        .collect();
    let (_, rest) = answer.body.split_once("action=\"/applications/").unwrap();
    let id = rest.split('/').next().unwrap();
    let again = contact.post(&format!("/applications/{id}/edit"), &mended).await;
    assert_eq!(again.location, format!("/applications/{id}?done=submitted"));
    let shown = contact.get(&again.location, "zh-CN").await;
    assert!(shown.body.contains("370602-20200210-0001"));
    assert!(shown.body.contains("126 人"));
}

#[tokio::test]
async fn a_case_is_cleared_by_the_keys_a_signer_presses() {
    let bench = Bench::new().await;
    let first = in_signing(&bench, "e1").await;
    bench.clock.advance_millis(1000);
    let second = in_signing(&bench, "e2").await;
    let secretary = bench.browser("secretary", Role::Secretary).await;
    let page = secretary.get(&format!("/applications/{}", first.id), "zh-CN").await;
    let (_, rest) = page.body.split_once("name=\"digest\" value=\"").unwrap();
    let digest = rest.split('"').next().unwrap();
    let sent =
        [("seen_state", "signing"), ("seen_revision", "1"), ("digest", digest), ("then", "next")];
    let path = format!("/applications/{}/sign", first.id);
    let answer = secretary.post(&path, &sent).await;
    assert_eq!(answer.location, format!("/applications/{}?done=next", second.id));
    let again = secretary.post(&path, &sent).await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains("您已对本申请签字"));
}

#[tokio::test]
async fn a_return_shows_every_fault_to_the_enterprise() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let intake = bench.browser("intake", Role::Intake).await;
    let path = format!("/applications/{}/return", application.id);
    let seen = [("seen_state", "submitted"), ("seen_revision", "1")];
    let nothing = intake.post(&path, &seen).await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.body.contains("请至少写明一项"));
    let named = [
        ("phrase", "roster"),
        ("note_roster", "缺 3 人"),
        ("phrase", "plan"),
        ("note_canteen", "食堂无隔板"),
        ("other", "请附租赁合同\n\n请更正电话"),
    ];
    let sent: Vec<(&str, &str)> = seen.into_iter().chain(named).collect();
    let answer = intake.post(&path, &sent).await;
    assert_eq!(answer.location, format!("/applications/{}?done=returned", application.id));
    let contact = bench.browser("e1-contact", Role::Contact).await;
    for page in ["", "/edit"] {
        let shown = contact.get(&format!("/applications/{}{page}", application.id), "zh-CN").await;
        for fault in [
            "员工花名册不完整：缺 3 人",
            "防控方案没有落实到人、到岗",
            "就餐未实行分餐错峰：食堂无隔板",
            "请附租赁合同",
            "请更正电话",
        ] {
            assert!(shown.body.contains(fault), "{fault} on {page}");
        }
    }
}

#[tokio::test]
async fn a_check_is_recorded_group_by_group_and_asks_for_what_is_missing() {
    let bench = Bench::new().await;
    let application = submitted(&bench, "e1").await;
    let intake = bench.browser("intake", Role::Intake).await;
    let seen = [("seen_state", "submitted"), ("seen_revision", "1")];
    let visit = [("checker", "checker"), ("planned_on", "2020-02-11")];
    let sent: Vec<(&str, &str)> = seen.into_iter().chain(visit).collect();
    let path = format!("/applications/{}/accept", application.id);
    assert_eq!(intake.post(&path, &sent).await.status, 303);
    let late = intake.post(&path, &sent).await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains("他人已先行处理，现在的状态是“待现场核查”"));

    let checker = bench.browser("checker", Role::Checker).await;
    let home = checker.get("/", "zh-CN").await;
    assert!(home.words().contains("孙立 2 月 11 日上门"), "{}", home.words());
    let path = format!("/applications/{}/check", application.id);
    let mut fields = vec![
        ("seen_state", "site_check"),
        ("seen_revision", "1"),
        ("result_mechanism", "meets"),
        ("result_people", "fails"),
        ("result_materials", "meets"),
        ("result_management", "meets"),
    ];
    let missing = checker.post(&path, &fields).await;
    assert_eq!(missing.status, 422);
    assert!(missing.body.contains("不符合的，请说明情况"));
    fields.extend([("note_people", "缺 3 人"), ("attended", "1")]);
    assert_eq!(checker.post(&path, &fields).await.status, 303);
    let shown = intake.get(&format!("/applications/{}", application.id), "zh-CN").await;
    assert!(shown.body.contains("核查不符合"));
    assert!(shown.body.contains("缺 3 人"));
    assert!(shown.body.contains("再次派人核查"));
}

#[tokio::test]
async fn drafts_and_other_peoples_cases_are_not_there() {
    let bench = Bench::new().await;
    let contact = bench.browser("e1-contact", Role::Contact).await;
    let saved = contact.post("/applications/new", &[("do", "save"), ("people", "5")]).await;
    let draft = saved.location.trim_end_matches("/edit?done=saved").to_owned();
    assert!(draft.starts_with("/applications/"), "{}", saved.location);
    assert_eq!(contact.get(&draft, "zh-CN").await.status, 200);
    let other = bench.browser("e2-contact", Role::Contact).await;
    let intake = bench.browser("intake", Role::Intake).await;
    assert_eq!(other.get(&draft, "zh-CN").await.status, 404);
    assert_eq!(intake.get(&draft, "zh-CN").await.status, 404);
    let application = submitted(&bench, "e1").await;
    let path = format!("/applications/{}", application.id);
    let far = bench.browser("far", Role::Intake).await;
    assert_eq!(far.get(&path, "zh-CN").await.status, 404);
    assert!(!far.get("/applications", "zh-CN").await.body.contains("云锦"));
    assert_eq!(other.get(&path, "zh-CN").await.status, 404);
    assert_eq!(intake.get(&path, "zh-CN").await.status, 200);
    assert_eq!(bench.find(&application.id).await.created_at, NOW);
}

#[tokio::test]
async fn an_officer_files_at_the_counter_and_the_page_says_so() {
    let bench = Bench::new().await;
    let intake = bench.browser("intake", Role::Intake).await;
    let found = intake.get("/applications/new?search=%E4%BA%91%E9%94%A6", "zh-CN").await;
    assert!(found.body.contains("/applications/new?enterprise=e1"));
    let sent = [
        ("do", "submit"),
        ("enterprise", "e1"),
        ("premises", "e1-p"),
        ("kind", "first"),
        ("planned_on", "2020-02-12"),
        ("people", "126"),
        ("mode", "remote"),
        ("term_days", "30"),
        ("responsible_name", "张卫东"),
        ("responsible_phone", "13800000001"),
        ("epidemic_name", "何敏"),
        ("epidemic_phone", "13800000002"),
    ];
    let filed = intake.post("/applications/new", &sent).await;
    assert!(filed.location.ends_with("?done=submitted"), "{filed:?}");
    let contact = bench.browser("e1-contact", Role::Contact).await;
    let shown = contact.get(&filed.location, "zh-CN").await;
    assert!(shown.words().contains("窗口代办"));
}

#[tokio::test]
async fn a_new_scale_entered_in_the_file_sends_the_open_application_down_the_other_route() {
    let bench = Bench::new().await;
    let signing = in_signing(&bench, "e1").await;
    sign_as(&bench, &signing, "secretary", Role::Secretary).await;
    let intake = bench.browser("intake", Role::Intake).await;
    let typed = [
        ("revision", "1"),
        ("scale", "below"),
        ("evidence", "统计局 1 月名单"),
        ("from", "2020-02-01"),
    ];
    let answer = intake.post("/enterprises/e1/scale", &typed).await;
    assert_eq!(answer.location, "/enterprises/e1?done=saved", "{}", answer.words());
    let now = bench.find(&signing.id).await;
    assert_eq!(now.scale.code(), "below");
    let shown = intake.get(&format!("/applications/{}", signing.id), "zh-CN").await;
    assert!(shown.body.contains("规模变更，重新会签"), "{}", shown.words());
}
