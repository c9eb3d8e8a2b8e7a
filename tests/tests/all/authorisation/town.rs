//! The sample town copied for each role, and requests to its router as somebody.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header};
use fugong_common::lang::Lang;
use fugong_common::service::ambient::{SystemClock, SystemEntropy};
use fugong_common::service::serve::Shutdown;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_issuer::accounts::{Role, Secret, store as accounts};
use fugong_issuer::app::App;
use fugong_issuer::cli::serve::open;
use fugong_issuer::config::Config;
use fugong_issuer::db::Db;
use fugong_issuer::keys::bootstrap::bootstrap;
use fugong_issuer::web::{RouteLine, declare, router};
use fugong_issuer::{audit, divisions, enterprises, gates, inspections, people, permits, premises};
use fugong_quickstart::town;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

const ORIGIN: &str = "http://127.0.0.1:8080";
/// A well-formed id that nobody has.
const NOBODYS: &str = "01890000-0000-7000-8000-000000000000";
/// What forms of all kinds ask for, so that requests come as far as a question of reach.
const FORM: &str = "reason=%E6%B6%88%E6%AF%92%E4%B8%8D%E5%88%B0%E4%BD%8D&name=%E7%8E%8B%E8%8A%B3&revision=1&pin=482913&role=guard\
     &text=%E8%AF%B4%E6%98%8E&note=%E8%AF%B4%E6%98%8E&state=submitted&seen_state=submitted&seen_revision=1&format=svg\
     &which=all&id=x&left_on=2020-02-10&scale=small&evidence=%E8%AF%B4%E6%98%8E&kind=in_order&outcome=in_order&premises=x";

/// Real ids, all in one street.
#[derive(Clone, Debug, Default)]
struct Ids {
    enterprise: String,
    other_enterprise: String,
    permit: String,
    key: String,
    application: String,
    person: String,
    premises: String,
    gate: String,
    guard: String,
    account: String,
    post: String,
    regime: String,
    scan: String,
    report: String,
}

pub struct Fixture {
    dir: TempDir,
    ids: Ids,
}

fn config(dir: &Path) -> Config {
    Config { data_dir: dir.to_owned(), demo: true, ..Config::default() }
}

pub async fn open_at(dir: &Path) -> App {
    open(config(dir), Arc::new(SystemClock), Arc::new(SystemEntropy)).await.unwrap()
}

/// The sample town, with a report and an inspector's scan beside what it has.
pub async fn fixture() -> Fixture {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("town");
    let app = open_at(&data).await;
    bootstrap(&app, &dir.path().join("root.pem"), true, town::BACK_DAYS + 10).await.unwrap();
    app.keys().load().unwrap();
    let town = town::settle(&app, "town-of-the-tests").await.unwrap();
    let now = app.now();
    let mut tx = app.db().read().await.unwrap();
    let permit = permits::store::find(&mut tx, &town.permit_id).await.unwrap().unwrap();
    let enterprise = enterprises::store::find(&mut tx, &town.enterprise_id).await.unwrap().unwrap();
    let street = divisions::store::find(&mut tx, "yuhuangding").await.unwrap().unwrap();
    let bounds = fugong_issuer::authz::Reach::Division(street.path).bounds();
    let all =
        enterprises::store::Filter { bounds: &bounds, search: "", kind: "", scale: "", survey: "" };
    let listed = enterprises::store::list(&mut tx, &all, "", 50).await.unwrap();
    let other = listed.into_iter().find(|line| line.id != enterprise.id).unwrap();
    let person = people::store::list_all(&mut tx, &enterprise.id).await.unwrap().remove(0);
    let sites = premises::store::list_of_enterprise(&mut tx, &enterprise.id, now).await.unwrap();
    let guard = gates::store::guards::list(&mut tx, &town.gate_id).await.unwrap().remove(0);
    let mut regime = divisions::store::list_regimes(&mut tx, "zhifu").await.unwrap().remove(0);
    (regime.id, regime.division_id) = (app.new_id(), "yuhuangding".to_owned());
    let account = accounts::find_by_sign_in(&mut tx, "contact").await.unwrap().unwrap();
    let posts = accounts::list_posts(&mut tx, &account.id, Lang::Zh, now).await.unwrap();
    let inspector = accounts::find_by_sign_in(&mut tx, "inspector").await.unwrap().unwrap();
    drop(tx);
    let mut tx = app.db().write().await.unwrap();
    let scan = app.new_id();
    inspections::store::insert_scan(
        &mut tx,
        &scan,
        now,
        &inspector.id,
        Verdict::Valid,
        Some(&permit.id),
    )
    .await
    .unwrap();
    divisions::store::insert_regime(&mut tx, &regime, "", now).await.unwrap();
    tx.commit().await.unwrap();
    let report = inspections::store::NewReport {
        kind: inspections::store::ReportKind::parse("forged").unwrap(),
        place: "示例路 3 号".into(),
        text: "牌子是打印的".into(),
        contact: String::new(),
    };
    inspections::store::take_report(&app, Some(&permit), report).await.unwrap();
    let mut tx = app.db().read().await.unwrap();
    let reports = inspections::store::list_reports(&mut tx, &bounds, false, "", 10).await.unwrap();
    drop(tx);
    let ids = Ids {
        enterprise: enterprise.id,
        other_enterprise: other.id,
        application: permit.application_id.clone(),
        key: permit.key_id,
        permit: permit.id,
        person: person.id,
        premises: sites[0].id.clone(),
        gate: town.gate_id,
        guard: guard.id,
        account: account.id,
        post: posts[0].id.clone(),
        regime: regime.id,
        scan,
        report: reports[0].id.clone(),
    };
    app.db().close().await;
    Fixture { dir, ids }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The town once more, for somebody to change.
pub struct Copy {
    app: App,
    router: Router,
    ids: Ids,
}

#[derive(Debug)]
pub struct Told {
    pub status: u16,
    pub location: String,
    pub body: String,
}

impl Told {
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or(Value::Null);
        body["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Fixture {
    pub async fn copy(&self, name: &str) -> Copy {
        let data = self.dir.path().join(name);
        copy(&self.dir.path().join("town"), &data);
        let app = open_at(&data).await;
        app.keys().load().unwrap();
        let router = router(&app, Shutdown::new()).unwrap();
        Copy { app, router, ids: self.ids.clone() }
    }
}

impl Copy {
    pub fn routes(&self) -> Vec<RouteLine> {
        declare(&self.app).table().to_vec()
    }

    /// A session of somebody new in a role at a division or enterprise.
    async fn sign_in(&self, role: Role, division: &str, enterprise: &str) -> String {
        let id = self.app.new_id();
        let now = self.app.now();
        let mut tx = self.app.db().write().await.unwrap();
        accounts::insert(&mut tx, &id, &id, "测试", "x", now).await.unwrap();
        let post_id = format!("post-{id}");
        let post = accounts::NewPost {
            id: &post_id,
            account_id: &id,
            role,
            division_id: division,
            enterprise_id: if role.is_of_enterprise() { enterprise } else { "" },
            title: "",
            line: "",
            valid_from: Millis(0),
        };
        accounts::insert_post(&mut tx, post).await.unwrap();
        let secret = Secret::new(self.app.entropy());
        let end = now.plus_hours(8);
        accounts::insert_session(&mut tx, &secret.sha256, &id, &post_id, now, end).await.unwrap();
        tx.commit().await.unwrap();
        format!("fugong_issuer={}", secret.text)
    }

    pub async fn inside(&self, role: Role) -> String {
        self.sign_in(role, "yuhuangding", &self.ids.enterprise).await
    }

    /// Somebody in the same role elsewhere.
    pub async fn outside(&self, role: Role) -> String {
        let division = if role.is_of_enterprise() { "yuhuangding" } else { "xiangyang" };
        self.sign_in(role, division, &self.ids.other_enterprise).await
    }

    /// A route's path with real ids, or with one that nobody has.
    pub fn path(&self, line: &RouteLine, real: bool) -> String {
        let segments: Vec<&str> = line.path.split('/').filter(|part| *part != "api").collect();
        let ids = &self.ids;
        let mut out = line.path.to_owned();
        let before = |part: &str| {
            let at = segments.iter().position(|segment| *segment == part).unwrap_or(0);
            segments.get(at.wrapping_sub(1)).copied().unwrap_or_default()
        };
        for part in segments.iter().filter(|part| part.starts_with('{')) {
            let id = match (*part, before(part)) {
                ("{id}", "enterprises") => &ids.enterprise,
                ("{id}", "permits") | ("{permit_id}", "visits") => &ids.permit,
                ("{id}", "applications") => &ids.application,
                ("{id}", "people") => &ids.person,
                ("{id}", "premises") | ("{premises}", _) => &ids.premises,
                ("{id}", "gates") => &ids.gate,
                ("{guard}", _) => &ids.guard,
                ("{id}", "accounts") => &ids.account,
                ("{id}", "divisions") => "yuhuangding",
                ("{id}", "regimes") => &ids.regime,
                ("{key}", "status-codes") => &ids.key,
                ("{post}", _) => &ids.post,
                ("{id}", "scans") => &ids.scan,
                ("{id}", "reports") => &ids.report,
                ("{subject}", _) => "people",
                (
                    "{dispute}" | "{text}" | "{serial}" | "{secret}" | "{name}" | "{digest}"
                    | "{key}",
                    _,
                )
                | ("{id}", "imports" | "status" | "journal") => NOBODYS,
                other => panic!("no example for {other:?} of {}", line.path),
            };
            let id = if real || *part == "{subject}" { id } else { NOBODYS };
            out = out.replacen(part, id, 1);
        }
        if line.path == "/people/import" && line.method == Method::GET {
            out.push_str(&format!("?enterprise={}", ids.enterprise));
        }
        out
    }

    pub async fn ask(
        &self,
        method: &Method,
        path: &str,
        cookie: &str,
        origin: &[(&str, &str)],
    ) -> Told {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:8080")
            .header(header::ACCEPT, "application/json");
        if !cookie.is_empty() {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in origin {
            request = request.header(*name, *value);
        }
        let body = if *method == Method::GET {
            Body::empty()
        } else if path.starts_with("/api/") {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(r#"{"reason":"消毒不到位"}"#)
        } else if path.ends_with("/import") && !path.starts_with("/settings/") {
            request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
            let enterprise = &self.ids.enterprise;
            Body::from(format!(
                "--b\r\nContent-Disposition: form-data; name=\"enterprise\"\r\n\r\n{enterprise}\r\n--b--\r\n"
            ))
        } else {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            Body::from(format!("{FORM}&enterprise={}", self.ids.enterprise))
        };
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4000))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let location = response.headers().get(header::LOCATION);
        let location = location.map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let is_stream = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|mime| mime.as_bytes().starts_with(b"text/event-stream"));
        let bytes = if is_stream {
            Vec::new()
        } else {
            to_bytes(response.into_body(), 64 << 20).await.unwrap().to_vec()
        };
        let body = String::from_utf8_lossy(&bytes).replace(&id, "-");
        Told { status, location, body }
    }

    pub async fn browse(&self, line: &RouteLine, cookie: &str, real: bool) -> Told {
        let path = self.path(line, real);
        self.ask(&line.method, &path, cookie, &[("origin", ORIGIN)]).await
    }

    /// How much stands in every table that an act would add to. Each act leaves a line in the audit.
    pub async fn written(&self) -> Vec<(String, i64)> {
        let Db::Sqlite { reader, .. } = self.app.db() else { panic!("this town is on SQLite") };
        let tables: Vec<(String,)> = sqlx::query_as(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        )
        .fetch_all(reader)
        .await
        .unwrap();
        let mut counts = Vec::new();
        for (name,) in tables {
            let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM \"{name}\""));
            let (count,): (i64,) = sqlx::query_as(sql).fetch_one(reader).await.unwrap();
            counts.push((name, count));
        }
        let mut tx = self.app.db().read().await.unwrap();
        let head = audit::head(&mut tx).await.unwrap();
        counts.push((format!("{head:?}"), 0));
        counts
    }
}
