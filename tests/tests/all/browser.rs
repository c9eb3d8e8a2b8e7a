//! The town in a real browser, as officers, guards and passers-by click through it.

use std::path::Path;
use std::time::Duration;

use fantoccini::Locator;
use fugong_common::placard::pass_text;
use fugong_common::reader::{PictureLimits, read_picture};
use fugong_issuer::permits::store as permits;
use fugong_issuer::{passes, people};
use fugong_tests::browser::{BACKSPACE, Browser, DESK, ENTER, ESCAPE, PHONE};
use fugong_tests::patience::until;
use fugong_tests::person::Person;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::{PASSWORD, Stack};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use qrcode::{Color, EcLevel, QrCode};
use tokio::time::sleep;

use crate::main_job::placard_text;

/// Waits for one signature, the director's; the rest of its route has signed.
const WAITING: &str = "芝罘湾机械有限公司（示例）";
const OWN: &str = "云锦服饰有限公司（示例）";

async fn sign_in(browser: &Browser, stack: &Stack, name: &str) {
    browser.client.delete_all_cookies().await.unwrap();
    browser.open(&format!("{}/sign-in", stack.origin())).await;
    browser.enter("#name", name).await;
    browser.enter("#password", PASSWORD).await;
    browser.click("form[action='/sign-in'] button").await;
    browser.read("待办").await;
}

/// What the browser's camera will see: a hand that holds the code not quite still.
fn film(text: &str, path: &Path) {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
    let modules = u32::try_from(code.width()).unwrap();
    let scale = 640 / (modules + 8);
    let mut reel = Vec::new();
    for shake in 0..6_u32 {
        let mut frame = RgbImage::from_pixel(1280, 720, Rgb([214, 209, 201]));
        let (left, top) = (300 + shake * 3, 40 + shake * 2);
        for y in 0..(modules + 8) * scale {
            for x in 0..(modules + 8) * scale {
                let at = |n: u32| (n / scale).checked_sub(4).filter(|n| *n < modules);
                let dark = at(x).zip(at(y)).is_some_and(|(x, y)| {
                    code[(usize::try_from(x).unwrap(), usize::try_from(y).unwrap())] == Color::Dark
                });
                let ink = if dark { [28, 28, 30] } else { [246, 246, 244] };
                frame.put_pixel(left + x, top + y, Rgb(ink));
            }
        }
        frame.write_with_encoder(JpegEncoder::new_with_quality(&mut reel, 88)).unwrap();
    }
    std::fs::write(path, reel).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_signs_issues_and_prints_in_a_browser() {
    let stack = Stack::new(Kind::Sqlite).await;
    let browser = Browser::start(PHONE, None).await;
    browser.open(&format!("{}/sign-in", stack.origin())).await;
    browser.inspect("officer-1-sign-in").await;
    sign_in(&browser, &stack, "director").await;
    browser.inspect("officer-2-to-do").await;
    browser.resize(DESK).await;
    browser.inspect("officer-2-to-do-desk").await;
    browser.resize(PHONE).await;
    browser.follow(WAITING).await;
    browser.see("button[form=sign]").await;
    browser.inspect("officer-3-case").await;
    browser.click("button[form=sign][value=stay]").await;
    browser.read("已批准，待发牌").await;
    browser.inspect("officer-4-signed").await;
    let case = browser.path().await;

    // The clerk at the window issues it.
    sign_in(&browser, &stack, "intake").await;
    browser.inspect("officer-5-to-do-of-intake").await;
    browser.open(&format!("{}{case}", stack.origin())).await;
    browser.click("button[form=issue]").await;
    browser.read("已发牌").await;
    browser.inspect("officer-6-issued").await;
    if !browser.path().await.starts_with("/permits/") {
        browser.click("a[href^='/permits/'].primary").await;
    }
    browser.see("select#format").await;
    browser.inspect("officer-7-permit").await;
    browser.resize(DESK).await;
    browser.inspect("officer-7-permit-desk").await;
    let permit = browser.path().await;
    for (path, name) in [("/permits", "permits"), ("/applications", "applications")] {
        browser.open(&format!("{}{path}", stack.origin())).await;
        browser.inspect(&format!("officer-8-{name}-desk")).await;
        browser.resize(PHONE).await;
        browser.inspect(&format!("officer-8-{name}")).await;
        browser.resize(DESK).await;
    }

    // The same in English.
    browser.open(&format!("{}/lang/en?to=/", stack.origin())).await;
    browser.inspect("officer-9-to-do-english").await;
    for path in [&case, &permit] {
        browser.open(&format!("{}{path}", stack.origin())).await;
        browser.inspect("officer-9-english").await;
    }
    browser.close().await;

    // What comes out of the printer leads to this permit.
    let intake = stack.officer("intake").await;
    let print = |format| [("sheet", "A4"), ("format", format), ("copies", "1")];
    let path = format!("{permit}/print");
    let pdf = intake.download_form(&path, &print("pdf")).await;
    assert!(pdf.starts_with(b"%PDF-"));
    let png = intake.download_form(&path, &print("png")).await;
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let texts = read_picture(&png, &PictureLimits::UPLOAD).unwrap();
    assert_eq!(texts, [link_of(&stack, permit.trim_start_matches("/permits/")).await]);
    if let Some(directory) = std::env::var_os("FUGONG_SCREENSHOTS") {
        std::fs::write(Path::new(&directory).join("placard.png"), png).unwrap();
    }
}

async fn link_of(stack: &Stack, permit_id: &str) -> String {
    use fugong_common::placard::{Origin, placard_url};
    let mut tx = stack.inside.db().read().await.unwrap();
    let permit = permits::find(&mut tx, permit_id).await.unwrap().unwrap();
    placard_url(&Origin::parse(&stack.origin()).unwrap(), &permit.token)
}

/// Waits until the browser is paired and the gate has heard of its guards: the first one's name and
/// PIN.
async fn first_guard(browser: &Browser, stack: &Stack) -> (&'static str, &'static str) {
    let (name, _, pin) = fugong_quickstart::town::GUARDS[0];
    // An address opened before the form is answered would take its place.
    until("it is paired", async || browser.path().await != "/pair").await;
    until("the guards are known", async || {
        browser.open(&format!("{}/sign-on", stack.gate_origin())).await;
        browser.text().await.contains(name)
    })
    .await;
    (name, pin)
}

/// Pairs by the link, waits for the first sync and signs on with the number pad.
async fn go_on_duty(browser: &Browser, stack: &Stack) {
    let code = stack.pairing_code().await;
    browser.open(&format!("{}/pair?code={code}", stack.gate_origin())).await;
    browser.inspect("gate-1-pair").await;
    browser.see("#label").await.clear().await.unwrap();
    browser.enter("#label", "三号门手机").await;
    browser.click("form[action='/pair'] button").await;
    let (name, pin) = first_guard(browser, stack).await;
    browser.inspect("gate-2-guards").await;
    browser.follow(name).await;
    browser.see("[data-pin-pad]").await;
    for digit in pin.chars() {
        browser.click(&format!("[data-pin-pad] [data-key='{digit}']")).await;
    }
    browser.inspect("gate-3-pin").await;
    browser.click("form.pin button.primary").await;
    browser.see("#station[data-stage=ready]").await;
    browser.inspect("gate-4-ready").await;
}

/// Looks a worker up by number for the placard that was just scanned.
async fn choose_worker(browser: &Browser, number: &str, name: &str) {
    browser.click("#act-form button[value=people]").await;
    browser.see("#query").await;
    browser.inspect(&format!("{name}-people")).await;
    browser.enter("#query", number).await;
    browser.click("form[action='/people'] button.primary").await;
    browser.see("form[action='/people/choose'] button").await;
    browser.inspect(&format!("{name}-found")).await;
    browser.click("form[action='/people/choose'] button").await;
    browser.see("#station[data-stage=measure]").await;
}

/// The page's line to the service that reads its frames gets slow.
const SLOW_FRAMES: &str = "const ask = window.fetch;\
    window.framesRead = 0;\
    window.fetch = async (url, sent) => {\
      if (!String(url).includes('frame')) return ask(url, sent);\
      await new Promise((go) => setTimeout(go, 4000));\
      const answer = await ask(url, sent);\
      const { texts } = await answer.clone().json();\
      window.framesRead += texts.length;\
      return answer;\
    };";

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_scans_by_camera_and_by_scanner_in_a_browser() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let placard = placard_text(&stack).await;
    let reel = stack.dir.path().join("cam.mjpeg");
    film(&placard, &reel);
    let browser = Browser::start(PHONE, Some(&reel)).await;
    go_on_duty(&browser, &stack).await;

    browser.click("#camera-open").await;
    choose_worker(&browser, "0001", "gate-5").await;
    browser.inspect("gate-6-measure").await;
    for digit in ["3", "6", "5"] {
        browser.click(&format!("#measure-form [data-key='{digit}']")).await;
    }
    browser.see("#station[data-tone=go]").await;
    browser.inspect("gate-7-go").await;
    browser.read("36.5").await;

    // The placard is still in view; the green does not yield to it, also where frames come so
    // slowly that the placard might have gone between two of them.
    browser.evaluate(SLOW_FRAMES).await;
    until("it is seen in frames that come slowly", async || {
        browser.evaluate("return window.framesRead").await.as_u64() >= Some(3)
    })
    .await;
    sleep(Duration::from_secs(1)).await;
    assert!(browser.client.find(Locator::Css("#station[data-tone=go]")).await.is_ok());

    // The next one, with the camera put away: a scanner types faster than fingers.
    browser.click("[data-next]").await;
    browser.see("#station[data-stage=ready]").await;
    browser.click("#camera-open").await;
    browser.scanner(&placard, |_| FAST).await;
    choose_worker(&browser, "0002", "gate-8").await;
    browser.resize(DESK).await;
    browser.inspect("gate-8-measure-desk").await;

    // The same in English.
    browser.open(&format!("{}/lang/en?to=/", stack.gate_origin())).await;
    browser.inspect("gate-9-english").await;
    browser.open(&format!("{}/lang/zh?to=/records", stack.gate_origin())).await;
    browser.inspect("gate-9-records-desk").await;
    let records = browser.text().await;
    assert_eq!(records.matches("36.5").count(), 1, "let in once, recorded once:\n{records}");
    browser.close().await;
}

/// As a scanner types.
const FAST: Duration = Duration::from_millis(4);
/// Slower than scanners are told by, faster than fingers.
const HALTING: Duration = Duration::from_millis(60);

/// As one that falters over a bad radio link, after so many letters.
fn faltering(after: usize, millis: u64) -> impl Fn(usize) -> Duration {
    move |at| if at == after { Duration::from_millis(millis) } else { FAST }
}

/// As fingers type.
const BY_HAND: Duration = Duration::from_millis(180);

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_with_keyboard_and_scanner_alone_goes_from_pairing_to_the_record() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    let app = &stack.inside;
    let mut tx = app.db().write().await.unwrap();
    let people = people::store::list_on_roster(&mut tx, &stack.town.enterprise_id).await.unwrap();
    let current =
        permits::list_current_of(&mut tx, &stack.town.enterprise_id, app.now()).await.unwrap();
    let (issued, change) = passes::issue(app, &mut tx, &people[..1], &current).await.unwrap();
    app.commit(tx, change).await.unwrap();
    let pass = pass_text(&issued[0].token);
    stack.enrol().await;
    let placard = placard_text(&stack).await;
    let browser = Browser::start(DESK, None).await;

    // With the code in the link, the focus is on the browser's name; Enter pairs.
    let code = stack.pairing_code().await;
    browser.open(&format!("{}/pair?code={code}", stack.gate_origin())).await;
    browser.tab_to("#label").await;
    browser.keys(&format!("1{ENTER}"), BY_HAND).await;
    let (name, pin) = first_guard(&browser, &stack).await;
    let link = browser.client.find(Locator::LinkText(name)).await.unwrap();
    let link = link.attr("href").await.unwrap().unwrap();
    browser.tab_to(&format!("a[href='{link}']")).await;
    browser.keys(ENTER, BY_HAND).await;
    browser.see("[data-pin-pad]").await;
    browser.tab_to("#pin").await;
    browser.keys(&format!("{pin}{ENTER}"), BY_HAND).await;
    browser.see("#station[data-stage=ready]").await;

    // A pass: the scanner types it, three digits record it, Escape is the next person.
    browser.scanner(&pass, faltering(pass.len() / 2, 250)).await;
    browser.see("#station[data-stage=measure]").await;
    browser.read(&people[0].name).await;
    browser.keys("365", BY_HAND).await;
    browser.see("#station[data-tone=go]").await;
    browser.keys(ESCAPE, BY_HAND).await;
    browser.see("#station[data-stage=ready]").await;

    // A placard: Enter presses the blue button, the number finds one person, Enter chooses.
    browser.scanner(&placard, faltering(12, 2500)).await;
    browser.see("#act-form button[value=people]").await;
    browser.keys(ENTER, BY_HAND).await;
    browser.see("#query").await;
    browser.tab_to("#query").await;
    browser.keys(&format!("0002{ENTER}"), BY_HAND).await;
    browser.see("form[action='/people/choose'] button:focus").await;
    browser.keys(ENTER, BY_HAND).await;
    browser.see("#station[data-stage=measure]").await;
    // A high one waits for Enter. A code that comes too haltingly to be heard as one adds nothing to
    // it, and its Enter is not the guard's.
    browser.keys("376", BY_HAND).await;
    browser.see(".verdict.stop").await;
    browser.scanner("FG1:365365", |_| HALTING).await;
    browser.see("#station[data-stage=measure] .verdict.stop").await;
    browser.read("37.6").await;
    // The last digit is taken back, and a normal one records itself.
    browser.keys(&format!("{BACKSPACE}0"), BY_HAND).await;
    browser.see("#station[data-tone=go]").await;
    browser.keys(ESCAPE, BY_HAND).await;
    browser.see("#station[data-stage=ready]").await;

    // Out again: minus turns the lane round, and leaving needs no reading.
    browser.keys("-", BY_HAND).await;
    browser.scanner(&pass, |_| FAST).await;
    browser.see("#station[data-tone=go]").await;

    // The menu by Tab and Enter, and what was recorded.
    browser.tab_to(".nav-line a[href='/records']").await;
    browser.keys(ENTER, BY_HAND).await;
    browser.read("今日核验记录").await;
    let records = browser.text().await;
    assert!(records.contains("36.5") && records.contains("37.0"), "{records}");
    let passed =
        browser.evaluate("return document.querySelectorAll('tbody .chip.go').length").await;
    assert_eq!(passed, 3, "{records}");
    browser.inspect("keyboard-records").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passer_by_reads_the_verdict_in_a_browser() {
    let stack = Stack::new(Kind::Sqlite).await;
    let placard = placard_text(&stack).await;
    let browser = Browser::start(PHONE, None).await;
    browser.open(&placard).await;
    // Valid, for so many people at a time, and the name to compare with the place.
    browser.read("许可有效").await;
    browser.read("同时到场不超过 400 人").await;
    browser.read(OWN).await;
    browser.inspect("public-1-valid").await;
    browser.follow("English").await;
    browser.see("html[lang=en]").await;
    browser.inspect("public-2-valid-english").await;
    browser.follow("中文").await;
    browser.see("html[lang=zh-Hans]").await;
    browser.click("a[href*='report'].danger").await;
    browser.see("textarea#text").await;
    browser.inspect("public-3-report").await;

    // An inspector suspends it meanwhile: whoever reads it again is told.
    let inspector: Person = stack.officer("inspector").await;
    let path = format!("/permits/{}/suspend", stack.town.permit_id);
    let suspended = inspector.send(&path, &[("reason", "入口无人测温，人员未登记")]).await;
    assert!(suspended.status.is_success(), "{}", suspended.body);
    browser.open(&placard).await;
    browser.read("已暂停").await;
    browser.inspect("public-4-suspended").await;

    // A digit changed by hand is no placard of this town.
    let last = placard.chars().last().unwrap();
    let mut forged = placard.clone();
    forged.pop();
    forged.push(if last == '0' { '1' } else { '0' });
    browser.open(&forged).await;
    browser.see(".verdict").await;
    assert!(!browser.text().await.contains(OWN));
    browser.inspect("public-5-forged").await;
    browser.close().await;
}
