//! Guards at a real gate: over the whole service, on disk, with everything really signed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod foreign_codes;
mod support;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use fugong_common::entropy::SeededEntropy;
use fugong_common::service::serve::Shutdown;
use fugong_common::time::{ManualClock, Millis};
use fugong_verifier::{Config, Gate, pages};
use serde_json::{Value, json};
use support::{PIN, Town};
use tower::ServiceExt as _;

/// 2020-02-24 08:12:58 in Shanghai.
const NOW: Millis = Millis(1_582_503_178_000);
const OURS: &str = "http://127.0.0.1:8081";
const OVER_TLS: &str = "https://gate3.example:8443";

struct Lane {
    app: Router,
    gate: Gate,
    town: Town,
    clock: Arc<ManualClock>,
    cookie: String,
    _folder: tempfile::TempDir,
}

/// An answer with its body read.
struct Answer {
    status: StatusCode,
    location: Option<String>,
    set_cookie: Option<String>,
    text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let header = |name| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let (location, set_cookie) = (header(header::LOCATION), header(header::SET_COOKIE));
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 22).await.unwrap();
        Self { status, location, set_cookie, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Value of the first attribute of this name.
    fn attribute(&self, name: &str) -> &str {
        let start = format!("{name}=\"");
        self.text.split_once(&start).unwrap().1.split('"').next().unwrap()
    }
}

impl Lane {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let town = support::seed(folder.path(), NOW).await;
        Self::of(folder, town).await
    }

    async fn of(folder: tempfile::TempDir, town: Town) -> Self {
        let clock = Arc::new(ManualClock::new(NOW));
        let more_origins = vec![OVER_TLS.to_owned()];
        let data_dir = folder.path().to_owned();
        let config = Config { data_dir, more_origins, ..Config::default() };
        let entropy = Arc::new(SeededEntropy::new(11));
        let gate = Gate::open(config, clock.clone(), entropy.clone()).await.unwrap();
        let app = pages::app(&gate, entropy, Shutdown::new()).unwrap();
        Self { app, gate, town, clock, cookie: String::new(), _folder: folder }
    }

    /// With a paired browser and a guard on duty.
    async fn manned() -> Self {
        let mut lane = Self::open().await;
        lane.pair().await;
        let form = format!("guard=g1&pin={PIN}");
        assert_eq!(lane.post("/sign-on", form).await.location.as_deref(), Some("/"));
        lane
    }

    async fn pair(&mut self) {
        let code = self.gate.pairing_code().await.unwrap().code;
        let answer = self.post("/pair", format!("code={code}&label=east")).await;
        assert_eq!(answer.location.as_deref(), Some("/sign-on"));
        let cookie = answer.set_cookie.unwrap();
        assert!(cookie.ends_with("; HttpOnly; SameSite=Strict"), "{cookie}");
        cookie.split(';').next().unwrap().clone_into(&mut self.cookie);
    }

    async fn send(&self, method: &str, path: &str, kind: &str, origin: &str, body: Body) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8081")
            .header("origin", origin)
            .header("cookie", &self.cookie)
            .header("content-type", kind);
        let response = self.app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        Answer::of(response).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "text/plain", OURS, Body::empty()).await
    }

    async fn post(&self, path: &str, form: impl Into<String>) -> Answer {
        let kind = "application/x-www-form-urlencoded";
        self.send("POST", path, kind, OURS, Body::from(form.into())).await
    }

    async fn ask(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, "application/json", OURS, Body::from(body.to_string())).await
    }

    async fn show(&self, text: &str) -> Answer {
        let text = text.replace(':', "%3A").replace('/', "%2F");
        self.post("/scan", format!("text={text}&direction=in")).await
    }
}

#[tokio::test]
async fn a_guard_without_a_script_checks_measures_and_lets_in() {
    let lane = Lane::manned().await;
    let asked = lane.show(&lane.town.passes[0]).await;
    assert!(asked.text.contains("<title>请测温") && asked.text.contains("张晓梅"));
    let session = asked.attribute("data-session").to_owned();
    let path = format!("/session/{session}/measure");
    let refused = lane.post(&path, "temperature=29.9&direction=in").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("<title>请测温"), "the same step stays on");
    assert!(refused.text.contains("name=\"temperature\" value=\"29.9\""), "{}", refused.text);
    let done = lane.post(&path, "temperature=36.5&direction=in").await;
    assert_eq!((done.status, done.attribute("data-tone")), (StatusCode::OK, "go"));
    assert!(done.text.contains("36.5 ℃ · 进") && done.text.contains("已记录 08:12:58"));
    let again = lane.post(&path, "temperature=36.5&direction=in").await;
    assert_eq!(again.status, 409, "a finished session takes no second reading");
    assert_eq!(lane.gate.status().inside, 1);
    assert!(lane.get("/inside").await.text.contains("张*梅"));
    assert!(lane.get("/records").await.text.contains("36.5 ℃"));
}

#[tokio::test]
async fn a_high_reading_waits_apart_while_the_lane_goes_on() {
    let lane = Lane::manned().await;
    let session = lane.show(&lane.town.passes[1]).await.attribute("data-session").to_owned();
    let high = lane.post(&format!("/session/{session}/measure"), "temperature=376").await;
    assert_eq!(high.attribute("data-tone"), "stop");
    assert!(high.text.contains("体温异常") && high.text.contains("临时观察区"));
    let next = lane.show(&lane.town.passes[2]).await;
    assert!(next.text.contains("<title>请测温") && next.text.contains("李强"), "parked, in sight");
    let back = lane.post(&format!("/session/{session}/act"), "do=resume").await;
    assert_eq!((back.attribute("data-stage"), back.attribute("data-tone")), ("measure", "step"));
    let cool = lane.post(&format!("/session/{session}/measure"), "temperature=368").await;
    assert_eq!(cool.attribute("data-tone"), "go");
}

#[tokio::test]
async fn a_reading_is_put_right_within_ten_seconds_and_not_later() {
    let lane = Lane::manned().await;
    let session = lane.show(&lane.town.passes[0]).await.attribute("data-session").to_owned();
    let done = lane.post(&format!("/session/{session}/measure"), "temperature=365").await;
    let path = done.text.split("action=\"/correct/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/correct/{path}");
    let asked = lane.post(&path, "do=ask").await;
    assert!(asked.text.contains("<title>更正") && asked.text.contains("36.5 ℃"));
    let slipped = lane.post(&path, "temperature=3666").await;
    assert_eq!(slipped.status, 422);
    assert!(slipped.text.contains("<title>更正") && slipped.text.contains("value=\"3666\""));
    let put_right = lane.post(&path, "temperature=366").await;
    assert!(put_right.text.contains("36.6 ℃"));
    lane.clock.advance_millis(11_000);
    assert_eq!(lane.post(&path, "do=ask").await.status, 409);
}

#[tokio::test]
async fn a_reading_is_put_right_once_and_then_offered_no_more() {
    let lane = Lane::manned().await;
    let session = lane.show(&lane.town.passes[0]).await.attribute("data-session").to_owned();
    let done = lane.post(&format!("/session/{session}/measure"), "temperature=365").await;
    let path = done.text.split("action=\"/correct/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/correct/{path}");
    let put_right = lane.post(&path, "temperature=366").await;
    assert_eq!(put_right.status, 200);
    assert!(!put_right.text.contains("/correct/"), "neither the entry nor its correction");
    for body in ["do=ask", "temperature=367", "do=not_passed"] {
        let again = lane.post(&path, body).await;
        assert_eq!(again.status, 409, "{body}");
        assert!(again.text.contains("已更正过"), "{body}");
    }
    let rows = lane.gate.recent(10).await.unwrap();
    assert!(rows.iter().all(|row| row.correctable_until.is_none()));
    let later = lane.post(&format!("/correct/{}", rows[0].seq), "temperature=367").await;
    assert!(later.status == 409 && later.text.contains("已更正过"), "nor is the correction");
    assert_eq!(lane.gate.recent(1).await.unwrap()[0].tenths, Some(366));
}

#[tokio::test]
async fn a_look_up_that_cannot_be_recorded_shows_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let town = support::seed(folder.path(), NOW).await;
    let store = fugong_verifier::store::Store::open(folder.path()).await.unwrap();
    let full =
        "CREATE TRIGGER full BEFORE INSERT ON journals BEGIN SELECT RAISE(ABORT, 'full'); END";
    sqlx::query(full).execute(store.pool()).await.unwrap();
    store.close().await;
    let mut lane = Lane::of(folder, town).await;
    assert_eq!(lane.gate.machine().journal_id, "", "the disk took no journal");
    lane.pair().await;
    lane.post("/sign-on", format!("guard=g1&pin={PIN}")).await;
    let asked = lane.ask("/api/lookup", json!({"query": "2148"})).await;
    assert!(!asked.text.contains("李"), "{}", asked.text);
    assert_eq!(asked.json()["code"], "not_recorded");
}

#[tokio::test]
async fn a_browser_that_pairs_over_tls_keeps_its_secret_for_tls_whatever_else_is_served() {
    let lane = Lane::open().await;
    let kind = "application/x-www-form-urlencoded";
    for (origin, host, secure) in
        [(OVER_TLS, "gate3.example:8443", true), (OURS, "127.0.0.1:8081", false)]
    {
        let code = lane.gate.pairing_code().await.unwrap().code;
        let request = Request::post("/pair").header("host", host).header("origin", origin);
        let request = request.header("content-type", kind);
        let body = Body::from(format!("code={code}&label=east"));
        let response = lane.app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let cookie = Answer::of(response).await.set_cookie.unwrap();
        assert_eq!(cookie.contains("; Secure"), secure, "{origin}: {cookie}");
    }
}

#[tokio::test]
async fn placards_say_what_they_are() {
    let lane = Lane::manned().await;
    let placard = lane.show(&lane.town.placard).await;
    assert!(placard.text.contains("许可有效") && placard.text.contains("value=\"people\""));
    let suspended = lane.show(&lane.town.suspended).await;
    assert!(suspended.text.contains("<title>已暂停") && suspended.text.contains("状态清单"));
    let elsewhere = lane.show(&lane.town.elsewhere).await;
    assert!(elsewhere.text.contains("<title>非本场所许可"));
    let poster = lane.show("https://poster.example/sale").await;
    assert!(poster.text.contains("<title>不是复工许可"));
}

#[tokio::test]
async fn whom_the_guard_does_not_let_in_is_shown_red_and_recorded() {
    let lane = Lane::manned().await;
    let session = lane.show(&lane.town.passes[3]).await.attribute("data-session").to_owned();
    let parked = lane.post(&format!("/session/{session}/act"), "do=park").await;
    assert!(parked.text.contains("<title>临时观察区"));
    let refused = lane.post(&format!("/session/{session}/act"), "do=refuse").await;
    assert!(refused.text.contains("<title>不予放行"), "{}", refused.attribute("data-title"));
    assert_eq!(refused.attribute("data-tone"), "stop");
    assert_eq!(lane.gate.status().inside, 0);
    let records = lane.get("/records").await.text;
    assert!(records.contains("</svg>不予放行</span>") && !records.contains("</svg>请测温"));
}

#[tokio::test]
async fn a_refusal_is_the_guards_whatever_the_gate_had_answered_and_counts_as_one() {
    let lane = Lane::manned().await;
    // A reading that is too low asks for another; the guard has seen enough.
    let session = lane.show(&lane.town.passes[3]).await.attribute("data-session").to_owned();
    let low = lane.post(&format!("/session/{session}/measure"), "temperature=34.5").await;
    assert!(low.text.contains("<title>读数偏低"), "{}", low.attribute("data-title"));
    let act = format!("/session/{session}/act");
    lane.post(&act, "do=refuse&reason=不肯复测").await;
    let row = lane.gate.recent(1).await.unwrap().remove(0);
    assert!(row.refused, "{row:?}");
    // The gate would have let this one in under a condition that the guard did not see met.
    let serial = lane.town.passes[2].clone();
    let session = lane.show(&serial).await.attribute("data-session").to_owned();
    lane.post(&format!("/session/{session}/measure"), "temperature=36.5").await;
    let again = lane.show(&serial).await;
    let session = again.attribute("data-session").to_owned();
    assert!(again.text.contains("value=\"confirm\""), "{}", again.attribute("data-title"));
    lane.post(&format!("/session/{session}/act"), "do=refuse&reason=人证不符").await;
    let records = lane.get("/records").await.text;
    assert_eq!(records.matches("</svg>不予放行</span>").count(), 2, "{records}");
    let shift = lane.get("/shift").await.text;
    assert!(shift.contains("本班核验 3 次，放行 1，不予放行 2"), "{shift}");
}

#[tokio::test]
async fn a_script_gets_the_station_alone() {
    let lane = Lane::manned().await;
    let part = lane.get("/part").await.text;
    assert!(part.contains("id=\"bar\"") && part.contains("id=\"station\""));
    assert!(!part.contains("<html") && !part.contains("id=\"desk\""));
}

#[tokio::test]
async fn programs_get_the_answer_and_how_it_is_said() {
    let lane = Lane::manned().await;
    let asked = lane.ask("/api/scan", json!({"text": lane.town.passes[0]})).await.json();
    assert_eq!((&asked["verdict"], &asked["step"]), (&json!("measure"), &json!("measure")));
    assert_eq!(asked["panel"]["limits"]["fever"], 373);
    let body = json!({"session": asked["session"], "tenths": 365});
    let done = lane.ask("/api/measure", body).await.json();
    assert_eq!((&done["verdict"], &done["recorded"]["state"]), (&json!("valid"), &json!("yes")));
    assert_eq!(done["panel"]["word"], "放行");
    let status = lane.get("/api/status").await.json();
    assert_eq!((&status["inside"], &status["capacity"]), (&json!(1), &json!(400)));
    assert_eq!(status["said"]["inside_text"], "在场 1 / 上限 400");
    let found = lane.ask("/api/lookup", json!({"query": "2148"})).await.json();
    assert_eq!(found["people"][0]["name"], "李*");
    let bad = lane.ask("/api/measure", json!({"session": "0000000000000001", "tenths": 365})).await;
    assert_eq!((bad.status.as_u16(), bad.json()["code"].clone()), (410, json!("no_session")));
}

#[tokio::test]
async fn a_stranger_gets_nowhere() {
    let mut lane = Lane::open().await;
    assert_eq!(lane.get("/").await.location.as_deref(), Some("/pair"));
    assert_eq!(lane.ask("/api/scan", json!({"text": "FG"})).await.json()["code"], "not_paired");
    assert_eq!(lane.ask("/api/frame", json!({})).await.status, 401);
    lane.pair().await;
    assert_eq!(lane.get("/").await.location.as_deref(), Some("/sign-on"));
    assert_eq!(lane.ask("/api/scan", json!({"text": "FG"})).await.json()["code"], "sign_on");
    let form = format!("guard=g1&pin={PIN}");
    let kind = "application/x-www-form-urlencoded";
    let foreign =
        lane.send("POST", "/sign-on", kind, "https://evil.example", Body::from(form)).await;
    assert_eq!(foreign.json()["code"], "cross_origin");
}

#[tokio::test]
async fn frames_are_read_for_paired_browsers_and_bounded() {
    let lane = Lane::manned().await;
    let mut png = std::io::Cursor::new(Vec::new());
    image::GrayImage::new(64, 48).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let body = Body::from(png.into_inner());
    let seen = lane.send("POST", "/api/frame", "image/png", OURS, body).await;
    assert_eq!(seen.json(), json!({"texts": []}));
    let large = Body::from(vec![0_u8; pages::FRAME_BYTES + 1]);
    let refused = lane.send("POST", "/api/frame", "image/png", OURS, large).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["code"].clone()),
        (413, json!("too_large"))
    );
}

#[tokio::test]
async fn guessing_pairing_codes_and_pins_is_slowed_down() {
    let lane = Lane::open().await;
    let mut last = StatusCode::OK;
    for _ in 0..25 {
        last = lane.post("/pair", "code=0000-0000&label=x").await.status;
    }
    assert_eq!(last, 429);
    let lane = Lane::manned().await;
    for _ in 0..5 {
        let wrong = lane.post("/sign-on", "guard=g2&pin=000000").await;
        assert!(wrong.text.contains("密码不正确"), "{}", wrong.text);
    }
    let locked = lane.post("/sign-on", format!("guard=g2&pin={PIN}")).await;
    assert_eq!(locked.status, 429);
    assert!(locked.text.contains("已锁定"));
}

#[tokio::test]
async fn a_shift_is_handed_over_and_only_its_leader_makes_pairing_codes() {
    let lane = Lane::manned().await;
    assert_eq!(lane.post("/device/code", "").await.status, 403);
    let form = format!("to=g3&pin={PIN}&note=ok");
    assert_eq!(lane.post("/shift", form).await.location.as_deref(), Some("/"));
    let page = lane.post("/device/code", "").await;
    assert!(page.text.contains("/pair?code=") && page.text.contains("<svg viewBox"));
    assert!(page.text.contains("值守：赵德胜"));
    assert_eq!(lane.post("/sign-off", "").await.location.as_deref(), Some("/sign-on"));
    assert_eq!(lane.get("/").await.location.as_deref(), Some("/sign-on"));
}

#[tokio::test]
async fn a_wrong_pin_loses_neither_the_reason_nor_who_was_to_agree() {
    let lane = Lane::manned().await;
    // A clock that was set back: what it says of anybody's term is worth nothing.
    lane.clock.advance_millis(-3 * 86_400_000);
    let asked = lane.show(&lane.town.passes[0]).await;
    let session = asked.attribute("data-session").to_owned();
    let path = format!("/session/{session}/override");
    assert_eq!(lane.get(&path).await.status, StatusCode::OK, "{}", asked.text);
    let refused = lane.post(&path, "leader=g3&pin=000001&reason=值班长认识").await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    assert!(refused.text.contains("值班长认识</textarea>"), "{}", refused.text);
    assert!(refused.text.contains("value=\"g3\" required checked"), "{}", refused.text);
    assert!(!refused.text.contains("000001"), "a PIN is on no page");
    let form = format!("leader=g3&pin={PIN}&reason=值班长认识");
    let agreed = lane.post(&path, form.clone()).await;
    assert_eq!(agreed.attribute("data-stage"), "measure");
    // Sent twice: it says that there is nothing left to agree to.
    let again = lane.post(&path, form).await;
    assert_eq!(again.status, 403);
    assert!(again.text.contains("role=\"alert\""), "{}", again.text);
}

/// A photo of these codes, one above the other.
fn photo(texts: &[&str]) -> Vec<u8> {
    const MODULE: u32 = 6;
    let codes = texts.iter().map(|text| {
        let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::Q).unwrap();
        (u32::try_from(code.width()).unwrap(), code)
    });
    let codes: Vec<_> = codes.collect();
    let side = (codes.iter().map(|(width, _)| *width).max().unwrap() + 8) * MODULE;
    let height = side * u32::try_from(codes.len()).unwrap();
    let mut picture = image::GrayImage::from_pixel(side, height, image::Luma([255]));
    for (nth, (width, code)) in codes.iter().enumerate() {
        let top = side * u32::try_from(nth).unwrap();
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let (column, row) = (x / MODULE, y.saturating_sub(top) / MODULE);
            let inside =
                y >= top && (4..width + 4).contains(&column) && (4..width + 4).contains(&row);
            if inside {
                let at = (usize::try_from(column - 4).unwrap(), usize::try_from(row - 4).unwrap());
                *pixel = image::Luma([code[at].select(0, 255)]);
            }
        }
    }
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

impl Lane {
    async fn upload(&self, picture: &[u8]) -> Answer {
        let mut body =
            b"--x\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\
            content-type: image/png\r\n\r\n"
                .to_vec();
        body.extend(picture);
        body.extend(b"\r\n--x--\r\n");
        self.send("POST", "/photo", "multipart/form-data; boundary=x", OURS, Body::from(body)).await
    }
}

#[tokio::test]
async fn a_photo_is_read_and_one_with_two_permits_is_asked_about() {
    let lane = Lane::manned().await;
    let one = lane.upload(&photo(&[&lane.town.suspended])).await;
    assert!(one.text.contains("<title>已暂停"), "{}", one.attribute("data-title"));
    let two = lane.upload(&photo(&[&lane.town.placard, &lane.town.suspended])).await;
    assert!(two.text.contains("多个不同的许可") && two.text.contains("<title>请扫码"));
    let none = lane.upload(&photo(&["x"])[..200]).await;
    assert_eq!(none.status, 415);
    assert!(none.text.contains("<title>请扫码"), "the page stays, under what to do");
}
