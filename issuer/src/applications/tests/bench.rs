//! A district with a street, its officers, and an enterprise with its own people.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use fugong_common::lang::Lang;
use fugong_common::service::serve::Shutdown;
use fugong_common::time::{ManualClock, Millis};

use tower::ServiceExt;

use crate::accounts::{Actor, Post, Role, Secret, store as accounts};
use crate::app::App;
use crate::applications::{Application, FilingForm};
use crate::divisions::{Level, Regime, RegimeKind, RegimeSettings, store as divisions};
use crate::run;
use crate::testing::{self, TestApp};
use crate::web::{Page, encode};

// A Monday.
pub(crate) use crate::testing::NOW;

pub(crate) struct Bench {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    _test: TestApp,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let test = testing::app().await;
        let bench = Self { app: test.app.clone(), clock: test.clock.clone(), _test: test };
        bench.settle().await;
        bench
    }

    async fn settle(&self) {
        let mut tx = self.app.db().write().await.unwrap();
        let nodes = [
            ("zf", None, Level::District, "370602000000", "芝罘区"),
            ("xy", Some("zf"), Level::Street, "370602001000", "向阳街道"),
            ("c1", Some("xy"), Level::Community, "370602001001", "第一社区"),
            ("fs", Some("zf"), Level::Street, "370602002000", "东山街道"),
        ];
        testing::plant(&mut tx, &nodes).await;
        let regime = Regime {
            id: "r1".into(),
            kind: RegimeKind::Approval,
            rule_version: 1,
            settings: RegimeSettings::default(),
            starts_at: Millis(0),
            division_id: "zf".into(),
        };
        divisions::insert_regime(&mut tx, &regime, "", NOW).await.unwrap();
        let people = [
            ("intake", "陈晓", Role::Intake, "xy"),
            ("checker", "孙立", Role::Checker, "xy"),
            ("secretary", "李书记", Role::Secretary, "xy"),
            ("director", "周主任", Role::Director, "xy"),
            ("department", "吴科长", Role::Department, "zf"),
            ("group", "郑组长", Role::LeadingGroup, "zf"),
            ("far", "冯受理", Role::Intake, "fs"),
        ];
        for (id, name, role, division) in people {
            self.person(&mut tx, id, name, role, division, "").await;
        }
        tx.commit().await.unwrap();
        self.enterprise("e1", "云锦服饰有限公司", "above").await;
        self.enterprise("e2", "老王面馆", "below").await;
    }

    pub(crate) async fn person(
        &self,
        tx: &mut crate::db::Tx,
        id: &str,
        name: &str,
        role: Role,
        division_id: &str,
        enterprise_id: &str,
    ) {
        accounts::insert(tx, id, id, name, "", NOW).await.unwrap();
        self.post(tx, id, role, division_id, enterprise_id).await;
    }

    pub(crate) async fn post(
        &self,
        tx: &mut crate::db::Tx,
        account_id: &str,
        role: Role,
        division_id: &str,
        enterprise_id: &str,
    ) {
        let post_id = format!("{account_id}-{}", role.code());
        let post = accounts::NewPost {
            id: &post_id,
            account_id,
            role,
            division_id,
            enterprise_id,
            title: "",
            line: "",
            valid_from: Millis(0),
        };
        accounts::insert_post(tx, post).await.unwrap();
    }

    /// Adds an enterprise in the first community with premises and a contact of its own.
    pub(crate) async fn enterprise(&self, id: &str, name: &str, scale: &str) {
        let mut tx = self.app.db().write().await.unwrap();
        run!(
            &mut tx,
            "INSERT INTO enterprises (id, no_code_reason, name, name_key, kind, scale, division_id, division_path, \
             responsible_name, responsible_phone, epidemic_officer, epidemic_phone, created_at, updated_at) \
             VALUES ($1, '新开办', $2, $2, 'company', $3, 'c1', '/zf/xy/c1/', '张卫东', '13800000001', '何敏', \
             '13800000002', 0, 0)",
            id,
            name,
            scale
        )
        .unwrap();
        let premises = format!("{id}-p");
        let site = divisions::next_site_number(&mut tx, "c1").await.unwrap();
        run!(
            &mut tx,
            "INSERT INTO premises (id, site_code, kind, name, address, entrance, division_id, division_path, created_at, \
             updated_at) VALUES ($1, $2, 'plant', '一号厂房', '向阳路 8 号', '东门', 'c1', '/zf/xy/c1/', 0, 0)",
            &premises,
            3_706_020_010_010_000 + site
        )
        .unwrap();
        run!(
            &mut tx,
            "INSERT INTO occupancies (enterprise_id, premises_id, valid_from) VALUES ($1, $2, 0)",
            id,
            &premises
        )
        .unwrap();
        let contact = format!("{id}-contact");
        self.person(&mut tx, &contact, "钱经办", Role::Contact, "c1", id).await;
        tx.commit().await.unwrap();
    }

    /// A request by somebody in one of his roles, now.
    pub(crate) async fn by(&self, account_id: &str, role: Role) -> Page {
        let mut tx = self.app.db().read().await.unwrap();
        let now = self.app.now();
        let account = accounts::find(&mut tx, account_id).await.unwrap().unwrap();
        let posts: Vec<Post> =
            accounts::list_posts(&mut tx, account_id, Lang::Zh, now).await.unwrap();
        let post = posts.iter().find(|post| post.role == role).unwrap().clone();
        let actor = Actor {
            account_id: account.id,
            sign_in: account.sign_in,
            name: account.name,
            post,
            posts,
        };
        Page { app: self.app.clone(), actor, lang: Lang::Zh, now, here: "/".into(), done: None }
    }

    pub(crate) async fn find(&self, id: &str) -> Application {
        let mut tx = self.app.db().read().await.unwrap();
        crate::applications::store::find(&mut tx, id).await.unwrap().unwrap()
    }
}

/// A form in which nothing is missing.
pub(crate) fn full_form(enterprise_id: &str) -> FilingForm {
    FilingForm {
        premises: format!("{enterprise_id}-p"),
        kind: "first".into(),
        planned_on: "2020-02-12".into(),
        term_days: "30".into(),
        people: "126".into(),
        class: "ordinary".into(),
        class_reason: String::new(),
        mode: "partial".into(),
        cap: "60".into(),
        conditions: "分批返岗".into(),
        responsible_name: "张卫东".into(),
        responsible_phone: "13800000001".into(),
        epidemic_name: "何敏".into(),
        epidemic_phone: "0535-6881234".into(),
    }
}

/// Somebody in a browser.
pub(crate) struct Browser<'a> {
    bench: &'a Bench,
    cookie: String,
}

impl Bench {
    /// Signs somebody in as one of his posts.
    pub(crate) async fn browser(&self, account_id: &str, role: Role) -> Browser<'_> {
        let mut tx = self.app.db().write().await.unwrap();
        let secret = Secret::new(self.app.entropy());
        let now = self.app.now();
        let post_id = format!("{account_id}-{}", role.code());
        let end = now.plus_days(1);
        accounts::insert_session(&mut tx, &secret.sha256, account_id, &post_id, now, end)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Browser { bench: self, cookie: format!("fugong_issuer={}", secret.text) }
    }
}

impl Browser<'_> {
    async fn send(&self, request: axum::http::request::Builder, body: String) -> Answer {
        let mut request = request
            .header(header::HOST, "127.0.0.1:8080")
            .header(header::ORIGIN, "http://127.0.0.1:8080")
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT, "text/html")
            .body(Body::from(body))
            .unwrap();
        let address = SocketAddr::from(([192, 0, 2, 1], 4000));
        request.extensions_mut().insert(ConnectInfo(address));
        let router = crate::web::router(&self.bench.app, Shutdown::new()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let location = response.headers().get(header::LOCATION);
        let location = location.map_or("", |to| to.to_str().unwrap()).to_owned();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 16 << 20).await.unwrap();
        Answer { status, location, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str, language: &str) -> Answer {
        let request = Request::get(path).header(header::ACCEPT_LANGUAGE, language);
        self.send(request, String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> =
            fields.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
        let request = Request::post(path)
            .header(header::ACCEPT_LANGUAGE, "zh-CN")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, body.join("&")).await
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) body: String,
}

impl Answer {
    /// What the page says, without its markup and without what people have typed.
    pub(crate) fn words(&self) -> String {
        let mut words = String::new();
        // Its own attributes come first.
        let mut inside = true;
        let main = self.body.split_once("<main").map_or("", |(_, main)| main);
        for c in main.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    words.push(' ');
                }
                c if !inside => words.push(c),
                _ => {}
            }
        }
        words
    }
}
