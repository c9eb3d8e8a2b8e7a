//! What is kept of people outside the databases: nothing. Logs and figures of both services after
//! everything that people do with them, and get wrong.

use fugong_common::person::last_four;
use fugong_common::placard::pass_text;
use fugong_common::verdict::Verdict;
use fugong_issuer::enterprises::store as enterprises;
use fugong_issuer::passes::store as passes;
use fugong_issuer::people::store as people;
use fugong_issuer::permits::store as permits;
use fugong_quickstart::town::{ACCOUNTS, GUARDS};
use fugong_tests::patience::until;
use fugong_tests::person::Person;
use fugong_tests::process::Service;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::{PASSWORD, Stack, measure, scan};
use serde_json::{Value, json};

use crate::main_job::{let_in, placard_text};

/// A worker whom this journey adds.
const NAME: &str = "欧阳Quill";
const PHONE: &str = "13987650011";
const ID_NUMBER: &str = "37060219900307708X";
const VISITOR: &str = "司徒Zora";
const VISITORS_PHONE: &str = "13987650022";
const PLATE: &str = "鲁F7Q31K";
const CALLERS_PHONE: &str = "13987650033";
const OFFICERS_PHONE: &str = "13987650044";
const WRONG_PASSWORD: &str = "Tr0ub4dor-and-three";
const WRONG_PIN: &str = "918275";

/// Everything that must not be found, with what it is.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    /// Keeps a text in the forms in which it may be written down.
    fn add(&mut self, what: &'static str, text: &str) {
        assert!(text.chars().count() >= 2, "{what} {text:?} would be found anywhere");
        let percent = |upper: bool| {
            let byte = |byte: &u8| match (byte.is_ascii_alphanumeric(), upper) {
                (true, _) => char::from(*byte).to_string(),
                (false, true) => format!("%{byte:02X}"),
                (false, false) => format!("%{byte:02x}"),
            };
            text.as_bytes().iter().map(byte).collect::<String>()
        };
        let escaped = text.escape_default().to_string();
        let unit = |unit: u16| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        };
        let json: String = text.encode_utf16().map(unit).collect();
        for form in [text.to_owned(), percent(true), percent(false), escaped, json] {
            if !self.0.iter().any(|(_, known)| *known == form) {
                self.0.push((what, form));
            }
        }
    }

    fn add_all(&mut self, what: &'static str, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        for text in texts {
            self.add(what, text.as_ref());
        }
    }

    /// A long text, a part of which would be as bad.
    fn add_pieces(&mut self, what: &'static str, text: &str) {
        for piece in text.as_bytes().chunks(24).filter(|piece| piece.len() == 24) {
            self.add(what, std::str::from_utf8(piece).expect("it is ASCII"));
        }
    }

    fn found_in(&self, text: &str) -> Vec<&'static str> {
        let mut found: Vec<_> = self
            .0
            .iter()
            .filter(|(_, secret)| text.contains(secret.as_str()))
            .map(|(what, _)| *what)
            .collect();
        // Whatever is Chinese was typed by somebody or is about somebody.
        if text.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c)) {
            found.push("a Chinese text");
        }
        found.dedup();
        found
    }
}

/// The lines of a log as JSON, without their times: six digits of a PIN may be somebody's microseconds.
fn lines(log: &str) -> Vec<String> {
    let line = |line: &str| {
        let mut json: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let said = json.as_object_mut().expect("a line is an object");
        assert!(said.remove("timestamp").is_some() && said.contains_key("level"), "{line}");
        json.to_string()
    };
    log.lines().map(line).collect()
}

/// Names and labels of figures, without the values.
fn figures(metrics: &str) -> Vec<String> {
    let samples = metrics.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    samples.map(|line| line.rsplit_once(' ').expect("a value").0.to_owned()).collect()
}

#[test]
fn the_search_finds_what_it_is_for() {
    let mut secrets = Secrets::default();
    secrets.add("a name", "欧阳Quill");
    secrets.add("a PIN", "482913");
    secrets.add_pieces("a token", &"0123456789".repeat(10));
    for text in ["x=%E6%AC%A7%E9%98%B3Quill", "\\u6b27\\u9633Quill", "\\u{6b27}\\u{9633}Quill"] {
        assert_eq!(secrets.found_in(text), ["a name"], "{text}");
    }
    let log = "{\"timestamp\":\"2020-02-10T09:00:00.482913Z\",\"level\":\"INFO\",\"millis\":4}\n";
    assert_eq!(secrets.found_in(&lines(log).concat()), Vec::<&str>::new());
    assert_eq!(secrets.found_in("pin=482913"), ["a PIN"]);
    assert_eq!(secrets.found_in(&"0123456789".repeat(9)), ["a token"]);
    assert_eq!(secrets.found_in("单位"), ["a Chinese text"]);
    assert_eq!(figures("# HELP a b\na{x=\"1\"} 0.482913\n"), ["a{x=\"1\"}"]);
}

/// What the database holds of the town's people, enterprises and permits.
async fn learn(stack: &Stack, secrets: &mut Secrets) {
    let everywhere = fugong_issuer::authz::Reach::Division("/".into()).bounds();
    let mut tx = stack.inside.db().read().await.unwrap();
    for row in enterprises::list_rows(&mut tx, &everywhere, "", 100).await.unwrap() {
        secrets.add("an enterprise's name", &row.name);
        let enterprise = enterprises::find(&mut tx, &row.id).await.unwrap().unwrap();
        secrets.add_all("a social credit code", enterprise.uscc);
        for person in people::list_on_roster(&mut tx, &row.id).await.unwrap() {
            secrets.add("a worker's name", &person.name);
        }
        for permit in permits::list_current_of(&mut tx, &row.id, stack.inside.now()).await.unwrap()
        {
            secrets.add("a serial", &permit.serial.to_string());
            secrets.add("a serial", &permit.serial.to_hex());
            secrets.add("a serial", &permit.serial.to_string().replace('-', ""));
            secrets.add("a document's number", &permit.document_number);
            secrets.add("an address", &permit.facts.address);
            secrets.add_pieces("a token", &fugong_common::base64url::encode(&permit.token));
            secrets.add_pieces("a token", &fugong_common::digits::encode(&permit.token));
        }
        for pass in passes::list_current(&mut tx, &row.id).await.unwrap() {
            secrets.add("a pass's reference", &pass.reference.to_string());
            secrets.add("a serial", &pass.serial.to_hex());
            secrets.add_pieces("a token", &fugong_common::digits::encode(&pass.token));
        }
    }
    secrets.add_all("an officer's name", ACCOUNTS.iter().map(|account| account.1));
    secrets.add_all("a guard's name", GUARDS.iter().map(|guard| guard.0));
    secrets.add_all("a PIN", GUARDS.iter().map(|guard| guard.2));
    secrets.add_all("a PIN", [WRONG_PIN]);
    secrets.add_all("a password", [PASSWORD, WRONG_PASSWORD]);
    secrets.add_all("a name", [NAME, VISITOR]);
    secrets.add_all("a telephone number", [PHONE, VISITORS_PHONE, CALLERS_PHONE, OFFICERS_PHONE]);
    secrets.add("a number plate", PLATE);
    secrets.add("an identity number", ID_NUMBER);
    secrets.add("a document's last four", &last_four(ID_NUMBER).unwrap());
}

/// A cookie's value, without its name.
fn cookie(person: &Person) -> String {
    let cookie = person.cookie();
    cookie.split_once('=').unwrap_or_else(|| panic!("no cookie: {cookie}")).1.to_owned()
}

/// The part of a page behind a mark, as far as it may belong to a secret.
fn secret_behind(page: &str, mark: &str) -> String {
    let rest = page.split(mark).nth(1).unwrap_or_else(|| panic!("no {mark} in\n{page}"));
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
}

async fn at_the_offices(stack: &Stack, placard: &str, serial: &str, secrets: &mut Secrets) {
    let stranger = Person::new(&stack.origin());
    let wrong = [("name", "admin"), ("password", WRONG_PASSWORD)];
    assert_eq!(stranger.send("/sign-in", &wrong).await.status, 401);

    let admin = stack.officer("admin").await;
    let new = [
        ("sign_in", "novice"),
        ("name", NAME),
        ("phone", OFFICERS_PHONE),
        ("role", "intake"),
        ("division", "yuhuangding"),
    ];
    let made = admin.send("/settings/accounts/new", &new).await;
    let link = secret_behind(&made.body, "/set-up/");
    secrets.add("an invitation", &link);
    assert!(stranger.open(&format!("/set-up/{link}")).await.status.is_success());

    let id = &stack.town.enterprise_id;
    let intake = stack.officer("intake").await;
    let worker = [
        ("worker_number", "0801"),
        ("name", NAME),
        ("phone", PHONE),
        ("id_number", ID_NUMBER),
        ("job", "裁剪工"),
    ];
    let path = format!("/enterprises/{id}/people/new");
    let added = intake.send(&path, &worker).await;
    assert!(added.status.is_success(), "{}", added.body);
    // The same once more, and a search for a name, a document and a serial.
    assert!(!intake.send(&path, &worker).await.status.is_success());
    for search in [
        format!("/people?look={NAME}"),
        format!("/enterprises?q={NAME}"),
        format!("/permits?q={serial}"),
        format!("/enterprises/{id}/records?after={NAME}"),
        format!("/no/such/page/{NAME}?phone={PHONE}"),
    ] {
        intake.open(&search).await;
    }
    for name in [NAME, PHONE] {
        let found = intake.send("/people", &[("q", name)]).await;
        assert!(found.status.is_success(), "{}", found.body);
        let roster = format!("/enterprises/{id}/people");
        let found = intake.send(&roster, &[("q", name), ("shown", "")]).await;
        assert!(found.status.is_success(), "{}", found.body);
    }
    let contact = stack.officer("contact").await;
    let passes = format!("/enterprises/{id}/passes");
    let issued = contact.send(&format!("{passes}/issue"), &[("which", "missing")]).await;
    assert!(issued.status.is_success(), "{}", issued.body);
    assert!(
        contact.download_form(&format!("{passes}/print"), &[("which", "all")]).await.len() > 1000
    );

    let inspector = stack.officer("inspector").await;
    let none = || ("picture", "", Vec::new());
    let looked = inspector.upload("/inspections/look", &[("text", placard)], none()).await;
    assert!(looked.status.is_success(), "{}", looked.body);
    let picture = ("picture", NAME, b"no picture".to_vec());
    assert!(inspector.upload("/inspections/look", &[], picture).await.status.is_client_error());
    for officer in [&admin, &intake, &contact, &inspector] {
        secrets.add("a cookie", &cookie(officer));
    }

    // Passers-by: the placard's link, cut short, prolonged, typed, reported.
    let path = placard.strip_prefix(&stack.origin()).unwrap();
    for path in [path.to_owned(), format!("{path}9"), path[..path.len() - 9].to_owned()] {
        assert!(stranger.open(&path).await.body.contains("<html"), "{path}");
    }
    stranger.open(&format!("/v/{NAME}")).await;
    assert!(stranger.send("/v", &[("number", serial)]).await.status.is_success());
    for text in [placard, serial, NAME] {
        let (status, _) = stranger.post_json("/api/verify", &json!({ "text": text })).await;
        assert!(status.is_success(), "{status}");
    }
    let (status, _) = stranger.post_json("/api/verify", &json!({ "text": { NAME: PHONE } })).await;
    assert!(status.is_client_error(), "{status}");
    let report = [
        ("kind", "mismatch"),
        ("place", "示例路 12 号"),
        ("text", "牌上的单位与实际不符，门口写着另一家。"),
        ("contact", CALLERS_PHONE),
    ];
    assert!(stranger.send("/report", &report).await.status.is_success());
}

async fn at_the_gate(stack: &Stack, guard: &Person, placard: &str, serial: &str) {
    let stranger = Person::new(&stack.gate_origin());
    let code = [("code", "AAAA-BBBB"), ("label", NAME)];
    assert!(stranger.send("/pair", &code).await.status.is_client_error());
    let pin = [("guard", "nobody"), ("pin", WRONG_PIN)];
    assert!(guard.send("/sign-on", &pin).await.status.is_client_error());

    assert_eq!(let_in(stack, guard, placard, "0001", 365).await["verdict"], "valid");
    assert_eq!(let_in(stack, guard, placard, "0002", 376).await["verdict"], "fever");
    let four = last_four(ID_NUMBER).unwrap();
    until("the gate knows the new worker", async || {
        let (_, found) = guard.post_json("/api/lookup", &json!({ "query": four })).await;
        found["people"].as_array().is_some_and(|people| people.len() == 1)
    })
    .await;
    for query in [NAME, four.as_str(), PHONE] {
        guard.send("/people", &[("query", query)]).await;
    }

    // A visitor: incomplete, and then let in under the placard.
    let session = scan(guard, placard, "in").await["session"].clone();
    let text = session.as_str().unwrap();
    let mut visit = vec![("session", text), ("direction", "in"), ("name", VISITOR), ("phone", "1")];
    assert_eq!(guard.send("/visitor", &visit).await.status, 422);
    visit[3].1 = VISITORS_PHONE;
    visit.extend([("plate", PLATE), ("purpose", "送样")]);
    assert!(guard.send("/visitor", &visit).await.status.is_success());
    assert_eq!(measure(guard, &session, 364).await["verdict"], "valid");

    // A pass, as a code and as a typed reference; and whatever is none.
    let mut tx = stack.inside.db().read().await.unwrap();
    let issued = passes::list_current(&mut tx, &stack.town.enterprise_id).await.unwrap();
    drop(tx);
    let text = pass_text(&issued[0].token);
    until("the gate knows the pass", async || {
        scan(guard, &text, "in").await["verdict"] != Verdict::NotOnRoster.code()
    })
    .await;
    let reference = issued[1].reference.to_string();
    let cut = &placard[..placard.len() - 9];
    for text in [reference.as_str(), serial, cut, NAME, PHONE] {
        scan(guard, text, "in").await;
        guard.send("/scan", &[("text", text), ("direction", "in")]).await;
    }
    let (status, _) =
        guard.post_json("/api/measure", &json!({ "session": NAME, "tenths": PHONE })).await;
    assert!(status.is_client_error(), "{status}");
    guard.open(&format!("/records?verdict={NAME}")).await;
    guard.open(&format!("/session/{NAME}/{PHONE}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_logs_nor_figures_say_anything_of_anybody() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    // What is new to the gate it learns by a hint.
    stack.pull_seconds = Some(3600);
    // From the start anew, and more than anybody logs in earnest.
    stack.kill_issuer().await;
    std::fs::remove_file(stack.dir.path().join("issuer.log")).unwrap();
    stack.log_json = Some("debug");
    stack.start_issuer().await;

    let mut secrets = Secrets::default();
    let admin = stack.officer("admin").await;
    let page = admin.send(&format!("/gates/{}/code", stack.town.gate_id), &[]).await;
    secrets.add("an enrolment code", &secret_behind(&page.body, &format!("{} ", stack.origin())));
    stack.enrol().await;
    secrets.add("a pairing code", &stack.pairing_code().await);
    let guard = stack.guard().await;
    let leader = stack.on_duty(1).await;
    secrets.add_all("a cookie", [&guard, &leader].map(cookie));

    let placard = placard_text(&stack).await;
    let mut tx = stack.inside.db().read().await.unwrap();
    let permit = permits::find(&mut tx, &stack.town.permit_id).await.unwrap().unwrap();
    drop(tx);
    let serial = permit.serial.to_string();
    at_the_offices(&stack, &placard, &serial, &mut secrets).await;
    at_the_gate(&stack, &guard, &placard, &serial).await;
    let officer = stack.officer("intake").await;
    let records = format!("/enterprises/{}/records", stack.town.enterprise_id);
    until("the records have come in", async || {
        let page = officer.open(&records).await.body;
        page.contains(VISITOR) && page.contains("37.6")
    })
    .await;
    learn(&stack, &mut secrets).await;

    for (name, service, origin) in
        [("issuer", &stack.issuer, stack.origin()), ("verifier", &stack.gate, stack.gate_origin())]
    {
        let log = lines(&service.as_ref().map(Service::logged).unwrap_or_default());
        let answered = log.iter().filter(|line| line.contains("\"answered\"")).count();
        assert!(answered > 20, "{name} logged {answered} requests");
        let metrics = Person::new(&origin).open("/metrics").await.body;
        let figures = figures(&metrics);
        assert!(figures.len() > 20, "{name} has figures:\n{metrics}");
        for line in log.iter().chain(&figures) {
            let found = secrets.found_in(line);
            assert!(found.is_empty(), "{name} tells {found:?}: {line}");
        }
    }
}
