//! What in-crate tests share: an application on a fresh database, and a small tree of divisions.

use std::sync::Arc;

use fugong_common::entropy::SeededEntropy;
use fugong_common::time::{ManualClock, Millis};

use crate::app::App;
use crate::config::Config;
use crate::db::Db;
use crate::divisions::{Level, store};

/// 2020-02-10 09:12 in Shanghai.
pub(crate) const NOW: Millis = Millis(1_581_297_120_000);

/// An application on a fresh database; the directory lives as long as the value.
#[derive(Debug)]
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    _dir: tempfile::TempDir,
}

/// Uses `PostgreSQL` where `FUGONG_TEST_POSTGRES` names a server, `SQLite` otherwise.
pub(crate) async fn app() -> TestApp {
    let dir = tempfile::tempdir().unwrap();
    let url = match std::env::var("FUGONG_TEST_POSTGRES") {
        Ok(server) => Some(fresh_postgres(&server, dir.path()).await),
        Err(_) => None,
    };
    let db = Db::open(url.as_deref(), dir.path()).await.unwrap();
    db.migrate().await.unwrap();
    let clock = Arc::new(ManualClock::new(NOW));
    let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
    let handle: Arc<dyn fugong_common::time::Clock> = clock.clone();
    let app = App::new(db, handle, Arc::new(SeededEntropy::new(7)), config);
    TestApp { app, clock, _dir: dir }
}

/// The address of a new database on a `PostgreSQL` server.
pub(crate) async fn fresh_postgres(server: &str, dir: &std::path::Path) -> String {
    let unique = dir.file_name().unwrap().to_string_lossy().to_lowercase().replace('.', "t");
    let pool = sqlx::PgPool::connect(server).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE en_{unique}"));
    sqlx::query(create).execute(&pool).await.unwrap();
    pool.close().await;
    format!("{}/en_{unique}", server.trim_end_matches('/'))
}

/// 芝罘区 with a street, two communities and a grid. Ids: `zf`, `zf-xiangyang`, `zf-c1`, `zf-c2`, `zf-g1`.
pub(crate) async fn divisions(app: &App) {
    let mut tx = app.db().write().await.unwrap();
    let nodes = [
        ("zf", None, Level::District, "370602000000", "芝罘区"),
        ("zf-xiangyang", Some("zf"), Level::Street, "370602001000", "向阳街道"),
        ("zf-c1", Some("zf-xiangyang"), Level::Community, "370602001001", "第一社区"),
        ("zf-c2", Some("zf-xiangyang"), Level::Community, "370602001002", "第二社区"),
        ("zf-g1", Some("zf-c1"), Level::Grid, "370602001001", "第一网格"),
    ];
    for (id, parent, level, code, name) in nodes {
        let parent = match parent {
            Some(parent) => store::find(&mut tx, parent).await.unwrap(),
            None => None,
        };
        let new = store::NewDivision {
            id,
            parent: parent.as_ref(),
            level,
            code,
            name,
            zone: "Asia/Shanghai",
            hotline: "",
            document_pattern: "",
            valid_from: Millis(0),
        };
        store::insert(&mut tx, new).await.unwrap();
    }
    tx.commit().await.unwrap();
}
