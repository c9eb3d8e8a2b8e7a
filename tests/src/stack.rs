//! An issuer and a gate as processes of their own, on either database, with the sample town.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fugong_common::service::ambient::{SystemClock, SystemEntropy};
use fugong_issuer::app::App;
use fugong_issuer::cli::serve::open;
use fugong_issuer::config::Config;
use fugong_issuer::keys::bootstrap::bootstrap;
use fugong_quickstart::town::{self, GUARDS, Town};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::patience::comes;
use crate::person::{Person, attribute};
use crate::process::{Service, free_port, run};
use crate::scratch::{self, Kind};

pub const PASSWORD: &str = "town-of-the-tests";

/// Everything of one town.
#[derive(Debug)]
pub struct Stack {
    pub dir: TempDir,
    pub town: Town,
    /// The same database from inside, for looking and for acts that a journey is not about.
    pub inside: App,
    pub issuer_address: SocketAddr,
    pub gate_address: SocketAddr,
    pub issuer: Option<Service>,
    pub gate: Option<Service>,
    kind: Kind,
    database_url: Option<String>,
    /// Where the issuer is reached, if not at its own address.
    front: Option<SocketAddr>,
    /// How often the issuer was set up anew: each time in a directory of its own.
    life: u32,
    /// How often the gate looks at the issuer, if not as usual.
    pub pull_seconds: Option<u64>,
    /// Services that are started log JSON, and whatever this filter chooses.
    pub log_json: Option<&'static str>,
    /// Offset of the gate's wall clock, once it has one.
    clock: Option<PathBuf>,
}

impl Stack {
    /// Builds the town and starts the issuer; the gate is enrolled and started by [`Stack::enrol`].
    pub async fn new(kind: Kind) -> Self {
        Self::build(kind, None).await
    }

    /// The same behind a proxy at `front`, which gates and placards take for the issuer.
    pub async fn behind(kind: Kind, front: SocketAddr) -> Self {
        Self::build(kind, Some(front)).await
    }

    async fn build(kind: Kind, front: Option<SocketAddr>) -> Self {
        let dir = TempDir::new().expect("a scratch directory can be made");
        let data_dir = dir.path().join("issuer-0");
        let database_url = scratch::database(kind, &data_dir).await;
        let issuer_address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let gate_address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let config = Config {
            data_dir,
            database_url: database_url.clone(),
            origin: format!("http://{}", front.unwrap_or(issuer_address)),
            listen: issuer_address,
            demo: true,
            ..Config::default()
        };
        let inside = open(config, Arc::new(SystemClock), Arc::new(SystemEntropy))
            .await
            .expect("the database opens");
        bootstrap(&inside, &dir.path().join("root.pem"), true, town::BACK_DAYS + 10)
            .await
            .expect("keys are made");
        inside.keys().load().expect("the keys can be read");
        let town = town::settle(&inside, PASSWORD).await.expect("the town is built");
        let mut stack = Self {
            dir,
            town,
            inside,
            issuer_address,
            gate_address,
            issuer: None,
            gate: None,
            kind,
            database_url,
            front,
            life: 0,
            pull_seconds: None,
            log_json: None,
            clock: None,
        };
        stack.start_issuer().await;
        stack
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.front.unwrap_or(self.issuer_address))
    }

    pub fn issuer_data(&self) -> PathBuf {
        self.dir.path().join(format!("issuer-{}", self.life))
    }

    pub fn root_key(&self) -> PathBuf {
        self.dir.path().join("root.pem")
    }

    pub fn gate_origin(&self) -> String {
        format!("http://{}", self.gate_address)
    }

    /// Where the issuer's database is, unless it is the file in its data directory.
    pub fn database_url(&self) -> Option<&str> {
        self.database_url.as_deref()
    }

    pub fn gate_data(&self) -> PathBuf {
        self.dir.path().join("gate")
    }

    pub async fn start_issuer(&mut self) {
        let log = self.dir.path().join("issuer.log");
        let mut env = self.issuer_env();
        env.extend(self.log_json.map(|filter| ("RUST_LOG", filter.to_owned())));
        let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let service = Service::start("issuer", self.issuer_address, &log, &["serve"], &env);
        self.issuer = Some(service.await);
    }

    /// What tells a command of the issuer where its database is.
    pub fn issuer_env(&self) -> Vec<(&'static str, String)> {
        let config = self.dir.path().join("issuer.toml");
        let settings = format!("demo = true\nlog_json = {}\n", self.log_json.is_some());
        std::fs::write(&config, settings).expect("the configuration can be written");
        let mut env = vec![
            ("FUGONG_CONFIG", config.display().to_string()),
            ("FUGONG_LISTEN", self.issuer_address.to_string()),
            ("FUGONG_ORIGIN", self.origin()),
            ("FUGONG_DATA", self.issuer_data().display().to_string()),
        ];
        env.extend(self.database_url.iter().map(|url| ("DATABASE_URL", url.clone())));
        env
    }

    /// Runs a command of the issuer against its database; exit status and what it printed.
    pub async fn issuer_command(&self, args: &[&str]) -> (i32, String) {
        let env = self.issuer_env();
        let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        run("issuer", args, &env).await
    }

    /// The same where it must succeed.
    pub async fn issuer_does(&self, args: &[&str]) -> String {
        let (status, output) = self.issuer_command(args).await;
        assert_eq!(status, 0, "issuer {args:?}: {output}");
        output
    }

    /// The issuer's machine is lost. On another one, with nothing but the archive and the root key,
    /// it is restored, as far as it can be before gates are heard; it isn't started.
    pub async fn lose_issuer(&mut self, archive: &Path) -> String {
        self.kill_issuer().await;
        self.inside.db().close().await;
        self.life += 1;
        self.database_url = scratch::database(self.kind, &self.issuer_data()).await;
        let said = self.issuer_does(&["restore", "--from", &archive.display().to_string()]).await;
        self.look_inside().await;
        said
    }

    /// From now on the issuer's data is in another database, and its keys where they were.
    pub async fn now_on(&mut self, database_url: &str) {
        self.inside.db().close().await;
        self.database_url = Some(database_url.to_owned());
        self.look_inside().await;
    }

    /// Opens the issuer's present database from inside.
    pub async fn look_inside(&mut self) {
        let config = Config {
            data_dir: self.issuer_data(),
            database_url: self.database_url.clone(),
            origin: self.origin(),
            listen: self.issuer_address,
            demo: true,
            ..Config::default()
        };
        self.inside = open(config, Arc::new(SystemClock), Arc::new(SystemEntropy))
            .await
            .expect("the database opens");
        self.inside.keys().load().expect("the keys can be read");
    }

    /// Sets the wall clock of the gate's machine, running or not, off by so many seconds.
    pub fn set_gate_clock(&mut self, seconds: i64) {
        let file = self.dir.path().join("gate-clock");
        let fresh = self.dir.path().join("gate-clock.new");
        std::fs::write(&fresh, format!("{seconds:+}\n")).expect("the offset can be written");
        std::fs::rename(&fresh, &file).expect("the offset can be written");
        self.clock = Some(file);
    }

    pub async fn start_gate(&mut self) {
        let mut config = format!("accept_sample = true\nlog_json = {}\n", self.log_json.is_some());
        if let Some(seconds) = self.pull_seconds {
            config.push_str(&format!("pull_seconds = {seconds}\n"));
        }
        let file = self.dir.path().join("gate.toml");
        std::fs::write(&file, config).expect("the configuration can be written");
        let args = [
            "serve".to_owned(),
            "--config".to_owned(),
            file.display().to_string(),
            "--data".to_owned(),
            self.gate_data().display().to_string(),
            "--listen".to_owned(),
            self.gate_address.to_string(),
            "--origin".to_owned(),
            self.gate_origin(),
        ];
        let log = self.dir.path().join("gate.log");
        let mut env = Vec::new();
        if let Some(clock) = &self.clock {
            // Only the wall clock is wrong: time goes on at its pace.
            env.push(("LD_PRELOAD", libfaketime().display().to_string()));
            env.push(("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()));
            env.push(("FAKETIME_NO_CACHE", "1".to_owned()));
            env.push(("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()));
        }
        env.extend(self.log_json.map(|filter| ("RUST_LOG", filter.to_owned())));
        let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.gate = Some(Service::start("verifier", self.gate_address, &log, &args, &env).await);
    }

    pub async fn kill_issuer(&mut self) {
        if let Some(issuer) = self.issuer.take() {
            issuer.kill().await;
        }
    }

    pub async fn kill_gate(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.kill().await;
        }
    }

    /// The issuer's process.
    pub fn issuer_id(&self) -> u32 {
        self.issuer.as_ref().map_or(0, Service::id)
    }

    /// The gate's process.
    pub fn gate_id(&self) -> u32 {
        self.gate.as_ref().map_or(0, Service::id)
    }

    /// Somebody at the console.
    pub async fn officer(&self, sign_in: &str) -> Person {
        let person = Person::new(&self.origin());
        person.sign_in(sign_in, PASSWORD).await;
        person
    }

    /// Enrols the gate as people do: a code from the console, the command, the comparison.
    pub async fn enrol(&mut self) {
        let admin = self.officer("admin").await;
        let path = format!("/gates/{}", self.town.gate_id);
        let page = admin.send(&format!("{path}/code"), &[]).await;
        let command = page
            .body
            .split("<pre class=\"code\">")
            .nth(1)
            .and_then(|rest| rest.split("</pre>").next())
            .unwrap_or_else(|| panic!("no command on the page:\n{}", page.body));
        let words: Vec<String> = command.split_whitespace().skip(1).map(str::to_owned).collect();
        let mut args = vec![
            "--accept-sample".to_owned(),
            "--data".to_owned(),
            self.gate_data().display().to_string(),
        ];
        args.extend(words);
        let (status, output) = run("verifier", &args, &[]).await;
        assert_eq!(status, 0, "{output}");
        let page = admin.open(&path).await;
        let key = attribute(&page.body, "name=\"device_key\"", "value")
            .expect("the page asks to compare");
        let confirmed = admin.send(&format!("{path}/confirm"), &[("device_key", &key)]).await;
        assert!(confirmed.status.is_success(), "{}", confirmed.body);
        self.start_gate().await;
        // Until it has heard of its confirmation, its pages only say that it waits for it.
        let stranger = Person::new(&self.gate_origin());
        let confirmed = comes(async || stranger.open("/").await.path != "/enrol").await;
        assert!(confirmed, "the gate hears nothing:\n{}", self.gate_log());
    }

    /// A guard with a paired browser, on duty.
    pub async fn guard(&self) -> Person {
        self.on_duty(0).await
    }

    /// One of the gate's people with a paired browser, on duty; the second is a shift leader.
    pub async fn on_duty(&self, which: usize) -> Person {
        let guard = Person::new(&self.gate_origin());
        let link = if which == 0 { self.pairing_code().await } else { self.another_code().await };
        let paired = guard.send("/pair", &[("code", link.as_str()), ("label", "1")]).await;
        assert!(paired.status.is_success(), "{}", paired.body);
        self.wait_until_synced(&guard).await;
        let (name, _, pin) = GUARDS[which];
        let page = guard.open("/sign-on").await;
        let before = page.body.split(name).next().unwrap_or_default();
        let id = before
            .rsplit("guard=")
            .next()
            .map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>())
            .unwrap_or_default();
        let on_duty = guard.send("/sign-on", &[("guard", &id), ("pin", pin)]).await;
        assert_eq!(on_duty.path, "/", "{}", on_duty.body);
        guard
    }

    /// The code that the gate prints once it listens.
    pub async fn pairing_code(&self) -> String {
        let mut code = None;
        let printed = comes(async || {
            let log = self.gate_log();
            let link = log.lines().rev().find_map(|line| line.split("/pair?code=").nth(1));
            code = link.map(|code| code.trim().to_owned());
            code.is_some()
        });
        assert!(printed.await, "the gate prints no pairing link:\n{}", self.gate_log());
        code.unwrap_or_default()
    }

    fn gate_log(&self) -> String {
        self.gate.as_ref().map(Service::log).unwrap_or_default()
    }

    /// A code for one more browser, made at the gate's machine.
    async fn another_code(&self) -> String {
        let data = self.gate_data().display().to_string();
        let (status, output) = run("verifier", &["pair", "--data", &data], &[]).await;
        assert_eq!(status, 0, "{output}");
        let code = output.lines().find_map(|line| line.strip_prefix("pairing code: "));
        code.expect("it prints the code").trim().to_owned()
    }

    async fn wait_until_synced(&self, guard: &Person) {
        let synced = comes(async || {
            let status = guard.open("/api/status").await;
            let status: Value = serde_json::from_str(&status.body).unwrap_or(Value::Null);
            status["status_age_seconds"].is_u64() && status["roster_len"].as_u64() > Some(0)
        });
        assert!(synced.await, "the gate has no bundle:\n{}", self.gate_log());
    }
}

/// The library that steps a process's clock.
///
/// # Panics
/// Where it is missing: a test that skips itself proves nothing.
fn libfaketime() -> PathBuf {
    let libraries = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    libraries
        .map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"))
        .find(|path| path.exists())
        .expect("libfaketime is installed (Debian: apt install faketime)")
}

/// Scans at the gate.
pub async fn scan(guard: &Person, text: &str, direction: &str) -> Value {
    let (status, answer) =
        guard.post_json("/api/scan", &json!({ "text": text, "direction": direction })).await;
    assert!(status.is_success(), "{status} {answer}");
    answer
}

/// Types a temperature.
pub async fn measure(guard: &Person, session: &Value, tenths: i16) -> Value {
    let (status, answer) =
        guard.post_json("/api/measure", &json!({ "session": session, "tenths": tenths })).await;
    assert!(status.is_success(), "{status} {answer}");
    answer
}
