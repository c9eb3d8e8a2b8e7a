//! Every page in every state and both languages, and who is turned away from where.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use axum::response::Response;
use fugong_common::entropy::SeededEntropy;
use fugong_common::lang::Lang;
use fugong_common::service::serve::Shutdown;
use fugong_common::time::ManualClock;
use fugong_common::verdict::Verdict;
use tower::ServiceExt;

use super::panel::Say;
use super::samples::{self, NOW, outcome, pages, usual_step};
use super::shown::{Panel, Stage};
use crate::config::Config;
use crate::engine::Gate;
use crate::view::{Bearings, Recorded, ScanOutcome, Step};

/// What a reader sees: no tags, no element whose language is said to be another one.
fn visible(html: &str, lang: Lang) -> String {
    let body = html.split_once("<title>").map_or(html, |(_, rest)| rest);
    let mut out = String::new();
    let mut rest = body;
    while let Some((text, tag)) = rest.split_once('<') {
        out.push_str(text);
        out.push(' ');
        let Some((tag, after)) = tag.split_once('>') else { break };
        rest = after;
        let other = format!("lang=\"{}\"", lang.other().tag());
        if tag.contains(&other) {
            let name = tag.split([' ', '>']).next().unwrap();
            rest = after.split_once(&format!("</{name}>")).map_or("", |(_, after)| after);
        }
        if tag.starts_with("template") {
            rest = after.split_once("</template>").map_or("", |(_, after)| after);
        }
    }
    out.push_str(rest);
    out
}

#[test]
fn every_route_for_programs_is_described() {
    let (_, document) = super::api::routes();
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    let told = [
        "/api/frame",
        "/api/lookup",
        "/api/measure",
        "/api/openapi.json",
        "/api/scan",
        "/api/status",
    ];
    assert_eq!(paths, told);
    // Such routes are added with their description, in `api.rs` and nowhere else.
    assert!(!include_str!("mod.rs").contains("route(\"/api"));
    let text = document.to_string();
    for name in text.split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
    }
}

#[test]
fn no_page_shows_a_gap_that_was_not_filled() {
    for lang in [Lang::Zh, Lang::En] {
        for (name, html) in pages(lang) {
            let text = visible(&html, lang);
            assert!(!text.contains(['{', '}']), "{name} {lang:?}: {text}");
        }
    }
}

#[test]
fn chinese_pages_hold_no_english() {
    // Numbers on placards, serials of passes, and the example issuer's address are data.
    const DATA: &[&str] = &[
        "FG", "F", "W", "Asia", "Shanghai", "K2M", "Q9D", "7K2M", "4Q9D", "5f5f", "https",
        "permits", "gate", "example", "pair", "code",
    ];
    for (name, html) in pages(Lang::Zh) {
        let text = visible(&html, Lang::Zh);
        for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            let english = word.chars().any(|c| c.is_ascii_alphabetic());
            assert!(!english || DATA.contains(&word), "{name}: {word:?} in {text}");
        }
    }
}

#[test]
fn english_pages_hold_no_chinese_but_names() {
    const DATA: &[&str] = &[
        "3 号门",
        "云锦服饰（示例）",
        "张晓梅",
        "缝制工",
        "王建国",
        "刘敏",
        "赵德胜",
        "张",
        "李",
        "王",
        "鲁",
        "东侧通道手机",
        "值班室电脑",
    ];
    for (name, html) in pages(Lang::En) {
        let mut text = visible(&html, Lang::En);
        for data in DATA {
            text = text.replace(data, "");
        }
        let chinese: String =
            text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect();
        assert_eq!(chinese, "", "{name}");
    }
}

#[test]
fn nothing_is_inline_that_the_content_security_policy_forbids() {
    for (name, html) in pages(Lang::Zh) {
        assert!(!html.contains(" style=") && !html.contains("<style"), "{name}");
        for script in html.split("<script").skip(1) {
            assert!(script.contains("src=\"/assets/"), "{name}: {script}");
        }
        for handler in [" onclick", " onload", " onsubmit", " onchange", "javascript:"] {
            assert!(!html.contains(handler), "{name}: {handler}");
        }
    }
}

#[test]
fn every_field_has_a_label_and_every_form_posts_here() {
    for (name, html) in pages(Lang::En) {
        for tag in html.split('<').filter(|tag| {
            tag.starts_with("input ") || tag.starts_with("select ") || tag.starts_with("textarea ")
        }) {
            let labelled = tag.contains("type=\"hidden\"") || tag.contains("type=\"radio\"");
            let id = tag.split("id=\"").nth(1).and_then(|rest| rest.split('"').next());
            let known = id.is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
            assert!(labelled || known, "{name}: {tag}");
        }
        for form in html.split("<form").skip(1) {
            assert!(form.split('>').next().unwrap().contains("action=\"/"), "{name}: {form}");
        }
    }
}

fn say(lang: Lang) -> Say {
    Say::new(lang, Bearings::of(&samples::gate("3 号门")))
}

#[test]
fn green_is_only_go_and_recorded() {
    for verdict in Verdict::ALL {
        for recorded in [Recorded::Yes { seq: 1 }, Recorded::No, Recorded::Nothing] {
            for step in [Step::Measure, Step::Confirm, Step::Passed, Step::Stopped, Step::Recheck] {
                let answer = ScanOutcome { recorded, ..outcome(verdict, step) };
                let panel = say(Lang::Zh).panel(&answer);
                let may = verdict.admits() && matches!(recorded, Recorded::Yes { .. });
                assert!(panel.tone != "go" || may, "{verdict} {step:?} {recorded:?}");
                assert!(panel.sound != Some("admit") || panel.stage == Stage::Done);
            }
        }
    }
}

#[test]
fn what_could_not_be_recorded_says_so_instead_of_the_verdict() {
    let unrecorded =
        ScanOutcome { recorded: Recorded::No, ..outcome(Verdict::Valid, Step::Passed) };
    let panel = say(Lang::Zh).panel(&unrecorded);
    assert_eq!((panel.word.as_str(), panel.tone), ("未能记录", "unknown"));
    assert!(panel.not_recorded && panel.recorded.is_none());
}

#[test]
fn a_panel_says_who_what_to_compare_and_what_to_do() {
    let panel = say(Lang::Zh).panel(&outcome(Verdict::Measure, Step::Measure));
    assert_eq!(panel.word, "请测温");
    assert_eq!(panel.why[0], "张晓梅 · 缝制工 · 工号 0113 · 云锦服饰（示例）");
    assert_eq!(panel.why[1], "进 · 证件后四位 2147，核对姓名和面容");
    assert_eq!(panel.instruction, "体温低于 37.3 ℃ 方可放行。");
    let panel = say(Lang::En).panel(&outcome(Verdict::Valid, Step::Passed));
    assert_eq!(panel.word, "Go in");
    assert_eq!(panel.why[1], "36.5 ℃ · In");
    assert_eq!(panel.recorded.as_deref(), Some("Recorded 08:12:58"));
    assert_eq!(panel.actions[0].seconds, Some(10));
    assert_eq!(panel.act_to.as_deref(), Some("/correct/41"));
}

#[test]
fn every_verdict_keeps_its_word_its_icon_and_something_to_do() {
    for lang in [Lang::Zh, Lang::En] {
        for verdict in Verdict::ALL {
            let panel = say(lang).panel(&outcome(verdict, usual_step(verdict)));
            assert_eq!(panel.word.to_lowercase(), verdict.word(lang).to_lowercase());
            assert_eq!(panel.icon, Some(verdict.icon().name()));
            assert!(!panel.instruction.is_empty() && !panel.svg().is_empty(), "{verdict}");
        }
    }
    assert!(Panel::ready(Lang::Zh).svg().is_empty());
}

#[test]
fn the_bar_says_how_old_everything_is() {
    let shown = say(Lang::Zh).status(&samples::offline(), Some("王建国"));
    assert_eq!(shown.connection, "离线 2 小时");
    assert_eq!(shown.to_send_text, "待上传 1,208");
    assert_eq!((shown.list_age.as_str(), shown.list_tone), ("状态更新于 2 小时前", "warn"));
    assert_eq!(shown.inside_text.as_deref(), Some("在场 312 / 上限 400"));
    let shown = say(Lang::En).status(&samples::trouble(), None);
    assert!(shown.clock_uncertain && shown.not_recorded.unwrap().contains("3 checks"));
    assert_eq!((shown.list_age.as_str(), shown.list_tone), ("no status list yet", "stop"));
}

async fn app() -> (tempfile::TempDir, Router) {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
    let entropy = Arc::new(SeededEntropy::new(7));
    let gate = Gate::open(config, Arc::new(ManualClock::new(NOW)), entropy.clone()).await.unwrap();
    let app = super::app(&gate, entropy, Shutdown::new()).unwrap();
    (dir, app)
}

async fn ask(app: &Router, method: &str, path: &str, body: &'static str) -> Response {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:8081")
        .header("origin", "http://127.0.0.1:8081")
        .header(
            "content-type",
            if path.starts_with("/api/") {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            },
        )
        .body(Body::from(body));
    app.clone().oneshot(request.unwrap()).await.unwrap()
}

#[tokio::test]
async fn before_enrolment_every_page_leads_to_how_to_enrol() {
    let (_dir, app) = app().await;
    for path in [
        "/", "/part", "/people", "/visitor", "/inside", "/records", "/shift", "/device",
        "/sign-on", "/pair",
    ] {
        let response = ask(&app, "GET", path, "").await;
        assert_eq!(response.status(), 303, "{path}");
        assert_eq!(response.headers()[header::LOCATION], "/enrol", "{path}");
    }
    let response = ask(&app, "GET", "/enrol", "").await;
    assert_eq!(response.status(), 200);
    let page = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    assert!(std::str::from_utf8(&page).unwrap().contains("本机尚未注册"));
}

#[tokio::test]
async fn a_program_is_refused_with_a_code_and_what_to_do() {
    let (_dir, app) = app().await;
    for (path, body) in [
        ("/api/scan", r#"{"text":"FG"}"#),
        ("/api/measure", r#"{"session":"0000000000000001","tenths":365}"#),
        ("/api/lookup", r#"{"query":"ab"}"#),
        ("/api/frame", ""),
    ] {
        let response = ask(&app, "POST", path, body).await;
        assert_eq!(response.status(), 503, "{path}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], "not_enrolled", "{path}");
        assert!(body["detail"].as_str().unwrap().contains("管理员"));
    }
}

#[tokio::test]
async fn machines_learn_whether_it_runs_and_whether_it_can_work() {
    let (_dir, app) = app().await;
    assert_eq!(ask(&app, "GET", "/healthz", "").await.status(), 200);
    let response = ask(&app, "GET", "/readyz", "").await;
    assert_eq!(response.status(), 503);
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    assert!(std::str::from_utf8(&body).unwrap().contains("enrolled"));
    assert_eq!(ask(&app, "GET", "/metrics", "").await.status(), 200);
}

/// Writes every page into the folder that `FUGONG_GALLERY` names, to be looked at in a browser.
#[test]
fn the_gallery_can_be_written() {
    let Some(folder) = std::env::var_os("FUGONG_GALLERY") else { return };
    let folder = std::path::PathBuf::from(folder);
    let assets = samples::assets();
    for lang in [Lang::Zh, Lang::En] {
        for (name, html) in pages(lang) {
            std::fs::write(folder.join(format!("{name}.{}.html", lang.code())), html).unwrap();
        }
    }
    let list: Vec<String> = assets.names().map(|name| assets.url(name)).collect();
    std::fs::write(folder.join("assets.txt"), list.join("\n")).unwrap();
}
