//! A small town for tests: one street, two enterprises, people with posts, keys under a root.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, header};
use fugong_common::entropy::SeededEntropy;
use fugong_common::permit::{Category, Mode, PostKind, Route, SiteCode};
use fugong_common::service::serve::Shutdown;
use fugong_common::time::{Clock, ManualClock, Millis};
use fugong_common::uscc::Uscc;
use tempfile::TempDir;
use tower::ServiceExt;

use super::facts::{Approver, By, Contact, Facts, IssueFacts, IssueRequest, Place, Terms};
use super::{Permit, issue};
use crate::accounts::{Role, Secret, store as accounts};
use crate::app::App;
use crate::config::Config;
use crate::divisions::{Level, store as divisions};
use crate::keys::bootstrap::bootstrap;
use crate::run;
use crate::testing::empty_database;

/// 10 February 2020, 09:00 in Shanghai.
pub(crate) const NOW: Millis = Millis(1_581_296_400_000);
pub(crate) const SITE: SiteCode = SiteCode(3_706_020_010_010_001);

pub(crate) struct Town {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub folder: TempDir,
    pub path: String,
}

impl std::fmt::Debug for Town {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Town")
    }
}

impl Town {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(NOW));
        let config = Config { data_dir: folder.path().join("data"), ..Config::default() };
        std::fs::create_dir_all(&config.data_dir).unwrap();
        let db = empty_database(&config.data_dir).await;
        db.migrate().await.unwrap();
        let shared: Arc<dyn Clock> = clock.clone();
        let app = App::new(db, shared, Arc::new(SeededEntropy::new(11)), config);
        let mut town = Self { app, clock, folder, path: String::new() };
        town.settle().await;
        bootstrap(&town.app, &town.root(), true, 60).await.unwrap();
        town
    }

    pub fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("root.pem")
    }

    pub fn later(&self, millis: i64) {
        self.clock.advance_millis(millis);
    }

    async fn settle(&mut self) {
        let mut tx = self.app.db().write().await.unwrap();
        let district = divisions::NewDivision {
            id: "zf",
            parent: None,
            level: Level::District,
            code: "370602000000",
            name: "芝罘区",
            zone: "Asia/Shanghai",
            hotline: "0535-12345",
            document_pattern: "芝复准〔{year}〕{number} 号",
            valid_from: Millis(0),
        };
        divisions::insert(&mut tx, district).await.unwrap();
        let district = divisions::find(&mut tx, "zf").await.unwrap().unwrap();
        let street = divisions::NewDivision {
            id: "yhd",
            parent: Some(&district),
            level: Level::Street,
            code: "370602001000",
            name: "毓璜顶街道",
            zone: "Asia/Shanghai",
            hotline: "",
            document_pattern: "",
            valid_from: Millis(0),
        };
        divisions::insert(&mut tx, street).await.unwrap();
        self.path = divisions::find(&mut tx, "yhd").await.unwrap().unwrap().path;
        for (id, uscc, name) in [("e1", Some(uscc()), "云锦服饰有限公司"), ("e2", None, "老王面馆")]
        {
            run!(
                &mut tx,
                "INSERT INTO enterprises (id, uscc, no_code_reason, name, name_key, kind, scale, division_id, \
                 division_path, responsible_name, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $4, 'company', 'small', 'yhd', $5, '张卫东', 0, 0)",
                id,
                &uscc,
                if uscc.is_some() { "" } else { "个体摊位" },
                name,
                &self.path
            )
            .unwrap();
        }
        tx.commit().await.unwrap();
    }

    pub fn place(&self, enterprise_id: &str) -> Place {
        Place {
            enterprise_id: enterprise_id.to_owned(),
            premises_id: "p1".to_owned(),
            site: SITE,
            division_id: "yhd".to_owned(),
            division_path: self.path.clone(),
        }
    }

    /// An approved application of the first enterprise for thirty days.
    pub fn request(&self, application_id: &str) -> IssueRequest {
        IssueRequest {
            application_id: application_id.to_owned(),
            place: self.place("e1"),
            terms: Terms {
                category: Category::Priority,
                mode: Mode::Partial { cap: 400 },
                route: Route::DualSignature,
                rule_version: 3,
                valid_from: NOW.plus_hours(-9),
                valid_to: NOW.plus_hours(-9).plus_days(30),
                evidence: [5; 16],
            },
            facts: Facts {
                name: "云锦服饰有限公司".to_owned(),
                uscc: uscc(),
                no_code_reason: String::new(),
                address: "芝罘区示例路 12 号".to_owned(),
                entrance: "3 号门".to_owned(),
                responsible: "张卫东".to_owned(),
                epidemic_officer: Contact { name: "刘芳".into(), phone: "0535-6200001".into() },
                grid_officer: Contact { name: "陈志强".into(), phone: String::new() },
                conditions: vec!["食堂分餐错峰".to_owned()],
                approvers: vec![
                    Approver {
                        post: PostKind::Secretary,
                        title: "街道党工委书记".into(),
                        name: "王建国".into(),
                        at: NOW.plus_hours(-20),
                    },
                    Approver {
                        post: PostKind::Director,
                        title: "街道办主任".into(),
                        name: "李晓敏".into(),
                        at: NOW.plus_hours(-18),
                    },
                ],
                issue: IssueFacts::default(),
            },
        }
    }

    /// Issues the first enterprise's permit.
    pub async fn issued(&self, application_id: &str) -> Permit {
        let mut tx = self.app.db().write().await.unwrap();
        let (permit, change) =
            issue(&self.app, &mut tx, self.request(application_id), &officer()).await.unwrap();
        self.app.commit(tx, change).await.unwrap();
        permit
    }

    pub async fn find(&self, id: &str) -> Permit {
        let mut tx = self.app.db().read().await.unwrap();
        super::store::find(&mut tx, id).await.unwrap().unwrap()
    }

    /// The cookie of somebody signed in who holds this post at the street.
    pub async fn sign_in(&self, name: &str, role: Role) -> String {
        let mut tx = self.app.db().write().await.unwrap();
        accounts::insert(&mut tx, name, name, name, "x", NOW).await.unwrap();
        let post = accounts::NewPost {
            id: &format!("post-{name}"),
            account_id: name,
            role,
            division_id: "yhd",
            enterprise_id: if role.is_of_enterprise() { "e1" } else { "" },
            title: "",
            line: "",
            valid_from: Millis(0),
        };
        let post_id = post.id.to_owned();
        accounts::insert_post(&mut tx, post).await.unwrap();
        let secret = Secret::new(self.app.entropy());
        let end = self.app.now().plus_days(1);
        accounts::insert_session(&mut tx, &secret.sha256, name, &post_id, self.app.now(), end)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        format!("fugong_issuer={}", secret.text)
    }

    pub fn router(&self) -> Router {
        crate::web::router(&self.app, Shutdown::new()).unwrap()
    }

    /// Sends a request as a browser would; `cookie` empty: nobody signed in.
    pub async fn send(&self, request: Request<Body>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        parts.headers.insert(header::HOST, "127.0.0.1:8080".parse().unwrap());
        if parts.method != axum::http::Method::GET {
            parts.headers.insert(header::ORIGIN, "http://127.0.0.1:8080".parse().unwrap());
        }
        parts.extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4000))));
        self.router().oneshot(Request::from_parts(parts, body)).await.unwrap()
    }

    pub async fn get(&self, path: &str, cookie: &str) -> (u16, String) {
        let request = Request::get(path).header("cookie", cookie).header("accept", "text/html");
        text(self.send(request.body(Body::empty()).unwrap()).await).await
    }

    pub async fn post(&self, path: &str, cookie: &str, form: &str) -> (u16, String) {
        let request = Request::post(path)
            .header("cookie", cookie)
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded");
        text(self.send(request.body(Body::from(form.to_owned())).unwrap()).await).await
    }

    pub async fn post_json(&self, path: &str, cookie: &str, body: &str) -> (u16, String) {
        let request =
            Request::post(path).header("cookie", cookie).header("content-type", "application/json");
        text(self.send(request.body(Body::from(body.to_owned())).unwrap()).await).await
    }
}

pub(crate) async fn text(response: Response<Body>) -> (u16, String) {
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn uscc() -> String {
    Uscc::complete("91370602MA3C4D5E6").unwrap().as_str().to_owned()
}

pub(crate) fn officer() -> By {
    By {
        account_id: "wang".into(),
        post_id: "post-wang".into(),
        name: "王建国".into(),
        post: "街道党工委书记".into(),
    }
}
