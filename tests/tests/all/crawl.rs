//! Every page of both services, in both languages, as every kind of reader sees it.

use std::collections::{BTreeMap, BTreeSet};

use fugong_common::lang::Lang;
use fugong_issuer::authz::Access;
use fugong_tests::markup::Markup;
use fugong_tests::person::{Answer, Person};
use fugong_tests::scratch::Kind;
use fugong_tests::stack::Stack;
use serde_json::Value;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::main_job::{let_in, placard_text};

/// So many pages of one pattern: enough for every state that the town has.
const OF_A_KIND: usize = 20;
/// People are all alike.
const OF_PEOPLE: usize = 2;

/// Columns that hold what people typed.
const TYPED: &[(&str, &str)] = &[
    (
        "enterprises",
        "name, no_code_reason, industry, line, responsible_name, contact_name, epidemic_officer",
    ),
    ("enterprise_scales", "evidence"),
    ("premises", "name, address, entrance"),
    ("people", "name, job, came_from"),
    ("accounts", "name"),
    ("divisions", "name, document_pattern"),
    ("posts", "line"),
    ("gates", "name"),
    ("guards", "name"),
    ("permits", "document_number, facts"),
    ("permit_acts", "reason"),
    ("application_events", "detail"),
    ("application_revisions", "CAST(content AS TEXT)"),
    ("site_checks", "note, meeting_note"),
    ("regimes", "settings"),
];
/// Of what is kept as JSON: what has an English form of its own, and must be shown in it.
const TOLD_IN_BOTH: &[&str] = &["zh", "en", "title", "post", "issued_as"];

/// Names and texts that somebody typed, as the database holds them: all that stays Chinese on an
/// English page.
async fn typed(stack: &Stack) -> BTreeSet<String> {
    let path = stack.issuer_data().join("issuer.db");
    let address = format!("sqlite://{}?mode=ro", path.display());
    let mut db = SqliteConnection::connect(&address).await.expect("the database can be read");
    let mut typed = BTreeSet::new();
    for (table, columns) in TYPED {
        let query = sqlx::AssertSqlSafe(format!("SELECT {columns} FROM {table}"));
        for row in sqlx::query(query).fetch_all(&mut db).await.expect("the table is there") {
            for at in 0..row.len() {
                let text: String = row.try_get(at).unwrap_or_default();
                match serde_json::from_str(&text) {
                    Ok(json @ (Value::Object(_) | Value::Array(_))) => gather(&json, &mut typed),
                    _ => keep(&text, &mut typed),
                }
            }
        }
    }
    typed
}

fn gather(json: &Value, typed: &mut BTreeSet<String>) {
    match json {
        Value::String(text) => keep(text, typed),
        Value::Array(all) => all.iter().for_each(|one| gather(one, typed)),
        Value::Object(all) => all
            .iter()
            .filter(|(key, _)| !TOLD_IN_BOTH.contains(&key.as_str()))
            .for_each(|(_, one)| gather(one, typed)),
        _ => {}
    }
}

/// A text of several lines is shown line by line; a pattern, filled in.
fn keep(text: &str, typed: &mut BTreeSet<String>) {
    let pieces = text.split(['\n', '{', '}']).map(str::trim);
    typed.extend(pieces.filter(|piece| !piece.is_ascii()).map(str::to_owned));
}

/// The address with ids taken out, for counting pages of a kind.
fn pattern(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let part = |part: &str| {
        let id = part.len() > 7 && part.contains(|c: char| c.is_ascii_digit());
        if id { "*".to_owned() } else { part.to_owned() }
    };
    let parts: Vec<String> = path.split('/').map(part).collect();
    let names: BTreeSet<&str> =
        query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!("{}?{}", parts.join("/"), names.into_iter().collect::<Vec<_>>().join("&"))
}

/// Files, and what ends the visit.
fn is_page(path: &str) -> bool {
    !path.starts_with("/lang/")
        && !path.starts_with("/assets/")
        && ![".svg", ".xlsx", ".csv", ".pdf", ".json"].iter().any(|end| path.contains(end))
        && !path.contains("/template/")
}

/// One reader's walk through all that links lead to.
struct Walk<'a> {
    who: &'a str,
    lang: Lang,
    person: Person,
    typed: &'a BTreeSet<String>,
    seen: BTreeSet<String>,
    kinds: BTreeMap<String, usize>,
    faults: Vec<String>,
}

impl<'a> Walk<'a> {
    async fn begin(who: &'a str, person: Person, lang: Lang, typed: &'a BTreeSet<String>) -> Self {
        let code = lang.code();
        person.open(&format!("/lang/{code}?to=/healthz")).await;
        let (seen, kinds, faults) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        Self { who, lang, person, typed, seen, kinds, faults }
    }

    fn hold(&mut self, what: &str, answer: &Answer) -> Markup {
        let markup = Markup::read(&answer.body);
        for fault in markup.faults(self.lang, self.typed) {
            self.faults.push(format!("{} {:?} {what}: {fault}", self.who, self.lang));
        }
        markup
    }

    /// Follows every link from these pages on.
    async fn from(&mut self, starts: &[&str]) {
        let mut ahead: Vec<String> = starts.iter().rev().map(|start| (*start).to_owned()).collect();
        while let Some(path) = ahead.pop() {
            let kind = pattern(&path);
            let most = if kind.starts_with("/people/") { OF_PEOPLE } else { OF_A_KIND };
            let times = self.kinds.entry(kind).or_default();
            if *times >= most || !self.seen.insert(path.clone()) {
                continue;
            }
            *times += 1;
            let answer = self.person.open(&path).await;
            // The audit log may name a draft, which only its enterprise sees.
            let gone = answer.status.as_u16() == 404 && !path.starts_with("/applications/");
            if answer.status.is_server_error() || gone {
                self.faults.push(format!("{} {path}: {}", self.who, answer.status));
                continue;
            }
            // A download.
            if !answer.body.starts_with("<!doctype html>") {
                continue;
            }
            let markup = self.hold(&path, &answer);
            let here = path.split('?').next().unwrap_or_default();
            for link in markup.links() {
                let link = if link.starts_with('?') { format!("{here}{link}") } else { link };
                let other = format!("lang={}", self.lang.other().code());
                if is_page(&link) && !link.contains(&other) {
                    ahead.push(link);
                }
            }
        }
    }

    /// Sends a form that cannot be taken: the page with its faults.
    async fn faulty(&mut self, path: &str, form: &[(&str, &str)]) {
        let answer = self.person.send(path, form).await;
        let status = answer.status.as_u16();
        if !matches!(status, 200 | 401 | 403 | 404 | 422) {
            self.faults.push(format!("{} {path}: {}", self.who, answer.status));
        }
        self.hold(&format!("POST {path}"), &answer);
    }
}

fn assert_none(faults: Vec<String>) {
    let mut told = BTreeMap::new();
    let n = faults.len();
    for fault in faults {
        // One example of each is enough to mend it.
        let (place, what) = fault.split_once(": ").unwrap_or(("", &fault));
        told.entry(what.to_owned()).or_insert_with(|| place.to_owned());
    }
    let list: Vec<String> =
        told.iter().map(|(what, place)| format!("{what}\n    on {place}")).collect();
    assert!(list.is_empty(), "{n} faults:\n{}", list.join("\n"));
}

fn fits(route: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len()
        && route.iter().zip(&path).all(|(part, own)| part.starts_with('{') || part == own)
}

/// Routes that bring files, or pages that only an act leads to; the walk below makes those acts.
const NOT_LINKED: &[&str] = &[
    // Nothing of the town was edited after it was sent.
    "/applications/{id}/compare",
    "/enterprises/export.xlsx",
    "/imports/template/{subject}",
    "/imports/{id}/progress",
    "/imports/{id}/bad.xlsx",
    "/permits/{id}/specimen.svg",
    "/settings/audit/verify/progress",
    "/set-up/{secret}",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_issuer_is_in_order_in_both_languages() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    let_in(&stack, &guard, &placard, "0001", 365).await;
    let public = placard.strip_prefix(&stack.origin()).expect("it is our own").to_owned();
    let typed = typed(&stack).await;
    let new = format!("/applications/new?enterprise={}", stack.town.enterprise_id);
    let records = format!("/enterprises/{}/records", stack.town.enterprise_id);
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for lang in [Lang::Zh, Lang::En] {
        for who in ["admin", "intake", "checker", "leading", "director", "inspector", "responsible"]
        {
            let mut walk = Walk::begin(who, stack.officer(who).await, lang, &typed).await;
            walk.from(&["/", "/settings/password", "/people"]).await;
            if who == "intake" {
                walk.from(&[&new, &records, "/permits?q=nobody", "/enterprises?q=nobody"]).await;
                walk.faulty("/enterprises/new", &[("name", "")]).await;
                walk.faulty("/premises/new", &[("name", "")]).await;
                let new = [("enterprise", stack.town.enterprise_id.as_str()), ("step", "submit")];
                walk.faulty("/applications/new", &new).await;
                let csv = "单位名称,统一社会信用代码,规模\n甲公司,1,规上\n,,\n甲公司,1,规上\n";
                let sheet = ("file", "a.csv", csv.as_bytes().to_vec());
                let fields = [("division", "yuhuangding")];
                let answer = walk.person.upload("/enterprises/import", &fields, sheet).await;
                walk.hold("an import", &answer);
                seen.insert(answer.path);
            }
            if who == "admin" {
                walk.faulty("/settings/accounts/new", &[("name", "")]).await;
                walk.faulty("/gates", &[("name", "")]).await;
                walk.faulty("/settings/password", &[("present", "x")]).await;
            }
            if who == "inspector" {
                let answer = walk
                    .person
                    .upload("/inspections/look", &[("text", &placard)], ("picture", "", Vec::new()))
                    .await;
                walk.hold("a scan", &answer);
                seen.insert(answer.path);
            }
            seen.append(&mut walk.seen);
            faults.append(&mut walk.faults);
        }
        let mut walk = Walk::begin("nobody", Person::new(&stack.origin()), lang, &typed).await;
        walk.from(&["/sign-in", "/v", "/v/", "/v/hello", &public, "/report"]).await;
        walk.faulty("/sign-in", &[("name", "admin"), ("password", "wrong")]).await;
        walk.faulty("/v", &[("number", "FG-00000")]).await;
        walk.faulty("/report", &[("kind", "")]).await;
        seen.append(&mut walk.seen);
        faults.append(&mut walk.faults);
    }
    for route in fugong_issuer::web::declare(&stack.inside).table() {
        let page = route.method == "GET"
            && !matches!(route.action.access(), Access::Device)
            && !route.path.starts_with("/api/")
            && !NOT_LINKED.contains(&route.path);
        if page && !seen.iter().any(|path| fits(route.path, path)) {
            faults.push(format!("{}: no link leads there", route.path));
        }
    }
    assert_none(faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_gate_is_in_order_in_both_languages() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    let_in(&stack, &guard, &placard, "0001", 365).await;
    let_in(&stack, &guard, &placard, "0002", 376).await;
    let typed = typed(&stack).await;
    let mut faults = Vec::new();
    for lang in [Lang::Zh, Lang::En] {
        let mut walk = Walk::begin("a guard", guard.clone(), lang, &typed).await;
        walk.from(&["/", "/sign-on", "/pair", "/enrol"]).await;
        for text in [placard.as_str(), "FG-00000", "hello", "https://elsewhere.example/v/1"] {
            walk.faulty("/scan", &[("text", text), ("direction", "in")]).await;
        }
        walk.faulty("/scan", &[("text", &placard), ("direction", "out")]).await;
        walk.faulty("/people", &[("query", "00")]).await;
        walk.faulty("/people", &[("query", "王")]).await;
        let visit = [("name", "甲"), ("phone", "1"), ("host", "")];
        walk.faulty("/visitor", &visit).await;
        faults.append(&mut walk.faults);
        let mut walk = Walk::begin("nobody", Person::new(&stack.gate_origin()), lang, &typed).await;
        walk.from(&["/pair", "/enrol"]).await;
        walk.faulty("/pair", &[("code", "wrong"), ("label", "x")]).await;
        faults.append(&mut walk.faults);
    }
    assert_none(faults);
}
