//! What in-crate tests share: fresh databases, an application on one, and small trees of divisions.

use std::path::Path;
use std::sync::Arc;

use fugong_common::entropy::SeededEntropy;
use fugong_common::time::{ManualClock, Millis};

use crate::app::App;
use crate::config::Config;
use crate::db::{Db, Tx};
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

/// Its database has all its tables.
pub(crate) async fn app() -> TestApp {
    let dir = tempfile::tempdir().unwrap();
    let db = empty_database(dir.path()).await;
    db.migrate().await.unwrap();
    let clock = Arc::new(ManualClock::new(NOW));
    let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
    let handle: Arc<dyn fugong_common::time::Clock> = clock.clone();
    let app = App::new(db, handle, Arc::new(SeededEntropy::new(7)), config);
    TestApp { app, clock, _dir: dir }
}

/// A database without tables: on `PostgreSQL` where `FUGONG_TEST_POSTGRES` names a server, on `SQLite`
/// in this directory otherwise.
pub(crate) async fn empty_database(dir: &Path) -> Db {
    let url = match std::env::var("FUGONG_TEST_POSTGRES") {
        Ok(server) => Some(fresh_postgres(&server, dir).await),
        Err(_) => None,
    };
    Db::open(url.as_deref(), dir).await.unwrap()
}

/// The address of a new database on a `PostgreSQL` server, named after a directory that is nobody else's.
pub(crate) async fn fresh_postgres(server: &str, dir: &Path) -> String {
    let path = dir.to_string_lossy().to_lowercase();
    let letters: Vec<char> = path.chars().filter(char::is_ascii_alphanumeric).collect();
    let unique: String = letters.iter().skip(letters.len().saturating_sub(40)).collect();
    let pool = sqlx::PgPool::connect(server).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE is_{unique}"));
    sqlx::query(create).execute(&pool).await.unwrap();
    pool.close().await;
    format!("{}/is_{unique}", server.trim_end_matches('/'))
}

/// A division to be: id, the one above, level, code, name.
pub(crate) type Node<'a> = (&'a str, Option<&'a str>, Level, &'a str, &'a str);

/// Adds divisions, those above before those below.
pub(crate) async fn plant(tx: &mut Tx, nodes: &[Node<'_>]) {
    for (id, parent, level, code, name) in nodes {
        let parent = match parent {
            Some(parent) => store::find(tx, parent).await.unwrap(),
            None => None,
        };
        let new = store::NewDivision {
            id,
            parent: parent.as_ref(),
            level: *level,
            code,
            name,
            zone: "Asia/Shanghai",
            hotline: "",
            document_pattern: "",
            valid_from: Millis(0),
        };
        store::insert(tx, new).await.unwrap();
    }
}

/// A division as it would be read, for rules that ask no database.
pub(crate) fn division(id: &str, path: &str, code: &str, name: &str) -> store::Division {
    store::Division {
        id: id.into(),
        parent_id: None,
        level: "street".into(),
        code: code.into(),
        name: name.into(),
        path: path.into(),
        zone: "Asia/Shanghai".into(),
        hotline: String::new(),
        document_pattern: String::new(),
        valid_from: 0,
        valid_to: None,
        revision: 1,
    }
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
    plant(&mut tx, &nodes).await;
    tx.commit().await.unwrap();
}

/// How the database means to answer a question with these binds.
macro_rules! plan {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        if matches!($tx, $crate::db::Tx::Sqlite(_)) {
            let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", $sql));
            let lines = $crate::rows!($tx, (i64, i64, i64, String), sql $(, $bind)*).unwrap();
            lines.into_iter().map(|line| line.3 + "\n").collect::<String>()
        } else {
            let sql = sqlx::AssertSqlSafe(format!("EXPLAIN {}", $sql));
            let lines = $crate::rows!($tx, (String,), sql $(, $bind)*).unwrap();
            lines.into_iter().map(|line| line.0 + "\n").collect::<String>()
        }
    };
}
pub(crate) use plan;
