//! A browser as people use it: Chromium driven through chromedriver, at the size of a phone or a
//! desk, with everything that a page complains about kept.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::markup::english_words;
use crate::patience::comes;
use crate::process::free_port;

/// Width and height in CSS pixels.
pub type Size = (u32, u32);
pub const PHONE: Size = (390, 844);
pub const DESK: Size = (1280, 800);

/// Keys without a letter, as `WebDriver` names them.
pub const BACKSPACE: &str = "\u{e003}";
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";

/// The browser's own files. When a test ends early, nobody says goodbye to the browser: what still
/// runs on them is ended with them.
#[derive(Debug)]
struct Profile(TempDir);

impl Drop for Profile {
    fn drop(&mut self) {
        let pattern = self.0.path().as_os_str();
        // Without pkill a browser stays behind, as it would without this.
        let _ = std::process::Command::new("pkill").arg("-KILL").arg("-f").arg(pattern).status();
    }
}

/// A running browser. Ended when dropped.
#[derive(Debug)]
pub struct Browser {
    pub client: Client,
    driver: Child,
    driver_url: String,
    line: reqwest::Client,
    _profile: Profile,
    pictures: Option<PathBuf>,
}

impl Browser {
    /// Starts Chromium; a camera film (concatenated JPEGs) makes it see what the film shows.
    ///
    /// # Panics
    /// Where Chromium or chromedriver are missing: a test that skips itself proves nothing.
    pub async fn start(size: Size, film: Option<&Path>) -> Self {
        fugong_common::service::tls::install_provider();
        let profile = Profile(TempDir::new().expect("a scratch directory can be made"));
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .env("HOME", profile.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is installed (Debian: apt install chromium chromium-driver)");
        let driver_url = format!("http://127.0.0.1:{port}");
        let client = connect(&driver_url, capabilities(profile.0.path(), film)).await;
        let pictures = std::env::var_os("FUGONG_SCREENSHOTS").map(PathBuf::from);
        let line = reqwest::Client::new();
        let browser = Self { client, driver, driver_url, line, _profile: profile, pictures };
        browser.resize(size).await;
        browser
    }

    /// A command that only chromedriver knows.
    async fn ask(&self, path: &str, body: &Value) -> Value {
        let session = self.client.session_id().await.expect("it answers").expect("it has begun");
        let url = format!("{}/session/{session}/{path}", self.driver_url);
        let response = self.line.post(url).json(body).send().await.expect("chromedriver answers");
        let status = response.status();
        let answer: Value = response.json().await.expect("chromedriver answers in JSON");
        assert!(status.is_success(), "{path}: {answer}");
        answer["value"].clone()
    }

    pub async fn resize(&self, (width, height): Size) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", &metrics).await;
    }

    /// A command of the Chrome `DevTools` protocol.
    async fn command(&self, name: &str, params: &Value) {
        self.ask("goog/cdp/execute", &json!({ "cmd": name, "params": params })).await;
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.expect("the page opens");
    }

    /// Waits until something is there.
    pub async fn see(&self, css: &str) -> Element {
        self.find(Locator::Css(css), css).await
    }

    async fn find(&self, locator: Locator<'_>, what: &str) -> Element {
        let mut found = None;
        let there = comes(async || {
            // Before its scripts have run, a page is deaf to keys and fingers.
            if self.evaluate("return document.readyState").await == "complete" {
                found = self.client.find(locator).await.ok();
            }
            found.is_some()
        });
        assert!(there.await, "no {what}:\n{}", self.text().await);
        found.expect("it was found")
    }

    pub async fn click(&self, css: &str) {
        self.press(Locator::Css(css), css).await;
    }

    /// Follows a link by what it says.
    pub async fn follow(&self, text: &str) {
        self.press(Locator::LinkText(text), text).await;
    }

    async fn press(&self, locator: Locator<'_>, what: &str) {
        let mut refused = None;
        let pressed = comes(async || {
            match self.find(locator, what).await.click().await {
                Ok(()) => return true,
                // Parts of a page are drawn anew while it is looked at.
                Err(error) if error.is_stale_element_reference() => refused = Some(error),
                Err(error) => panic!("{what} cannot be clicked: {error}"),
            }
            false
        });
        assert!(pressed.await, "{what} cannot be clicked: {refused:?}");
    }

    /// Types into a field, or, where nothing takes the focus, onto the page.
    pub async fn enter(&self, css: &str, text: &str) {
        self.see(css).await.send_keys(text).await.expect("keys can be sent");
    }

    /// Presses keys one after the other, wherever the focus is.
    pub async fn keys(&self, keys: &str, between: Duration) {
        let mut hand = KeyActions::new("keyboard".to_owned());
        for value in keys.chars() {
            hand = hand.then(KeyAction::Down { value }).then(KeyAction::Up { value });
            if !between.is_zero() {
                hand = hand.then(KeyAction::Pause { duration: between });
            }
        }
        self.client.perform_actions(hand).await.expect("keys can be pressed");
    }

    /// A scanner types. Each key bears the time at which the scanner sends it, `gap` after the one
    /// before it, however long the driver takes; Enter ends a code.
    pub async fn scanner(&self, text: &str, gap: impl Fn(usize) -> Duration) {
        let mut at = SystemTime::now();
        for (position, key) in text.chars().map(String::from).chain(["Enter".into()]).enumerate() {
            at += gap(position);
            // Not ahead of the clock: it goes on from the last key when a hand presses the next.
            sleep(at.duration_since(SystemTime::now()).unwrap_or_default()).await;
            let at = at.duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
            let typed = if key == "Enter" { "\r" } else { &key };
            let down = json!({ "type": "keyDown", "key": key, "text": typed, "timestamp": at });
            self.command("Input.dispatchKeyEvent", &down).await;
            let up = json!({ "type": "keyUp", "key": key, "timestamp": at });
            self.command("Input.dispatchKeyEvent", &up).await;
        }
    }

    /// Tab by Tab until the focus is where it is wanted; every stop on the way is to be seen.
    pub async fn tab_to(&self, css: &str) {
        let here = "const it = document.activeElement, box = it.getBoundingClientRect();\
            const ringed = (one) => one && getComputedStyle(one).outlineStyle !== 'none';\
            const seen = it === document.body || ringed(it) || ringed(it.closest('label'));\
            return [it.matches(arguments[0]), seen, it === document.body || box.bottom > 0 && box.top < innerHeight, it.outerHTML.slice(0, 120)]";
        let mut stops = Vec::new();
        for _ in 0..40 {
            let stop =
                self.client.execute(here, vec![json!(css)]).await.expect("the page can be asked");
            assert_eq!(stop[1], json!(true), "the focus is not to be seen: {stop}");
            assert_eq!(stop[2], json!(true), "the focus is out of view: {stop}");
            if stop[0] == json!(true) {
                return;
            }
            stops.push(stop[3].clone());
            self.keys(TAB, Duration::ZERO).await;
        }
        panic!("no Tab leads to {css}: {stops:#?}");
    }

    /// Everything to be read on the page.
    pub async fn text(&self) -> String {
        self.evaluate("return document.body.innerText").await.as_str().unwrap_or_default().into()
    }

    /// Waits until the page says something.
    pub async fn read(&self, text: &str) {
        let says = comes(async || self.text().await.contains(text)).await;
        assert!(says, "the page never says {text}:\n{}", self.text().await);
    }

    pub async fn evaluate(&self, script: &str) -> Value {
        // Between two pages there is none to ask.
        self.client.execute(script, Vec::new()).await.unwrap_or(Value::Null)
    }

    pub async fn path(&self) -> String {
        self.client.current_url().await.expect("it answers").path().to_owned()
    }

    /// Keeps a picture where `FUGONG_SCREENSHOTS` says so.
    pub async fn picture(&self, name: &str) {
        let Some(directory) = &self.pictures else { return };
        std::fs::create_dir_all(directory).expect("the directory can be made");
        let png = self.client.screenshot().await.expect("a picture can be taken");
        std::fs::write(directory.join(format!("{name}.png")), png).expect("it can be written");
    }

    /// Holds the page to what holds for all of them, and keeps a picture of it.
    pub async fn inspect(&self, name: &str) {
        self.picture(name).await;
        let source = self.client.source().await.expect("it answers");
        assert!(!source.contains("{{") && !source.contains("{%"), "{name}: a template shows");
        let over = self
            .evaluate("return document.documentElement.scrollWidth - window.innerWidth")
            .await
            .as_f64();
        assert!(over.is_some_and(|over| over <= 0.0), "{name} is {over:?} px too wide");
        match self.evaluate("return document.documentElement.lang").await.as_str() {
            Some("zh-Hans") => self.inspect_chinese(name).await,
            Some("en") => self.inspect_english(name).await,
            other => panic!("{name}: language {other:?}"),
        }
        self.complaints(name).await;
    }

    async fn inspect_chinese(&self, name: &str) {
        let script = "const said = [document.title, document.body.innerText];\
            for (const it of document.querySelectorAll('[title],[placeholder],[aria-label],[alt]'))\
              for (const at of ['title', 'placeholder', 'aria-label', 'alt'])\
                if (it.hasAttribute(at)) said.push(it.getAttribute(at));\
            return said.join('\\n')";
        let said = self.evaluate(script).await;
        let words = english_words(said.as_str().unwrap_or_default());
        assert!(words.is_empty(), "{name} speaks English: {words:?}");
    }

    /// Names and data stay Chinese; labels, buttons and headings of columns do not.
    async fn inspect_english(&self, name: &str) {
        let script = "return [...document.querySelectorAll(\
              'main button, main label, th[scope=col], main dt, .nav > a, .nav-line > a')]\
            .filter((it) => it.lang !== 'zh-Hans' && !it.closest('[lang=zh-Hans]'))\
            .map((it) => it.innerText).filter((it) => /\\p{Script=Han}/u.test(it))";
        let chinese = self.evaluate(script).await;
        assert_eq!(chinese, json!([]), "{name} speaks Chinese");
    }

    /// Whatever the browser's console holds against the page: errors of scripts, refusals of the
    /// content security policy, files that are missing.
    async fn complaints(&self, name: &str) {
        let log = self.ask("se/log", &json!({ "type": "browser" })).await;
        let severe: Vec<&Value> =
            log.as_array().into_iter().flatten().filter(|line| line["level"] == "SEVERE").collect();
        assert!(severe.is_empty(), "{name}: {severe:#?}");
    }

    pub async fn close(mut self) {
        self.client.clone().close().await.expect("the browser ends");
        self.driver.kill().await.expect("chromedriver ends");
    }
}

async fn connect(url: &str, capabilities: Capabilities) -> Client {
    let mut last = None;
    let listens = comes(async || {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        last = Some(builder.capabilities(capabilities.clone()).connect(url).await);
        last.as_ref().is_some_and(Result::is_ok)
    });
    let _ = listens.await;
    last.expect("it was tried").expect("a browser starts")
}

fn capabilities(profile: &Path, film: Option<&Path>) -> Capabilities {
    let mut args: Vec<String> = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--window-size=1280,900",
    ]
    .map(str::to_owned)
    .to_vec();
    args.push(format!("--user-data-dir={}", profile.join("profile").display()));
    if let Some(film) = film {
        args.push("--use-fake-device-for-media-stream".to_owned());
        args.push("--use-fake-ui-for-media-stream".to_owned());
        args.push(format!("--use-file-for-fake-video-capture={}", film.display()));
    }
    let wanted = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": args, "prefs": { "intl.accept_languages": "zh-CN,zh" } },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    wanted.as_object().cloned().unwrap_or_default()
}
