//! Scratch databases: a fresh file, or a fresh database on the server that `scripts/test` started.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, PgConnection};

/// Which database a journey or contract runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A fresh database's address; `None` stands for the embedded file in the data directory.
///
/// # Panics
/// Where there is no PostgreSQL server: a test that skips itself proves nothing.
pub async fn database(kind: Kind, data_dir: &Path) -> Option<String> {
    std::fs::create_dir_all(data_dir).expect("the data directory can be made");
    if kind == Kind::Sqlite {
        return None;
    }
    let server = std::env::var("FUGONG_TEST_POSTGRES")
        .expect("FUGONG_TEST_POSTGRES names a scratch server: run scripts/test, which starts one");
    let name = format!("fugong_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
    let mut admin = PgConnection::connect(&format!("{server}/postgres"))
        .await
        .expect("the scratch server answers");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut admin).await.expect("a database can be made");
    Some(format!("{server}/{name}"))
}
