//! The two databases behind one text. The only room that knows there are two.
//!
//! `SQLite` is embedded: WAL, foreign keys, `synchronous=FULL`, one writer connection on which
//! every writing transaction is `BEGIN IMMEDIATE`. `PostgreSQL` serves any number of issuer
//! processes; there, writers lock the rows they read with guarded updates.

mod error;
mod migrate;
mod within;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Executor as _, Postgres, Sqlite, Transaction};

pub use error::DbError;
pub use migrate::{applied, migrate_in, newest_migration};
pub use within::KEYS;

/// Runs one body on whichever database a transaction is on.
#[macro_export]
macro_rules! on {
    ($tx:expr, $c:ident => $body:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(t) => {
                let $c = &mut **t;
                $body
            }
            $crate::db::Tx::Postgres(t) => {
                let $c = &mut **t;
                $body
            }
        }
    };
}

/// All rows of a query: `rows!(tx, Row, "select …", bind, …)`.
#[macro_export]
macro_rules! rows {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::on!($tx, c => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(c).await)
            .map_err($crate::db::DbError::from)
    };
}

/// The first row of a query, if any: `row!(tx, Row, "select …", bind, …)`.
#[macro_export]
macro_rules! row {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::on!($tx, c => sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_optional(c).await)
            .map_err($crate::db::DbError::from)
    };
}

/// Runs a statement and counts the rows it touched.
#[macro_export]
macro_rules! run {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::on!($tx, c => sqlx::query($sql)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()))
            .map_err($crate::db::DbError::from)
    };
}

/// Inserts many rows by one statement: `bulk!(tx, "INSERT INTO t (a, b) ", rows, |b, row| { b.push_bind(…); }, " ON CONFLICT …")`.
/// Keep rows times columns below 32,766, `SQLite`'s number of parameters. Counts the rows it touched.
#[macro_export]
macro_rules! bulk {
    ($tx:expr, $head:expr, $rows:expr, |$b:ident, $row:ident| $body:block, $tail:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(t) => {
                let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new($head);
                query.push_values($rows, |mut $b, $row| $body);
                query.push($tail);
                query.build().execute(&mut **t).await.map(|done| done.rows_affected())
            }
            $crate::db::Tx::Postgres(t) => {
                let mut query = sqlx::QueryBuilder::<sqlx::Postgres>::new($head);
                query.push_values($rows, |mut $b, $row| $body);
                query.push($tail);
                query.build().execute(&mut **t).await.map(|done| done.rows_affected())
            }
        }
        .map_err($crate::db::DbError::from)
    };
}

/// A connection that did nothing for longer is asked whether it still stands.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// A database that holds the issuer's records.
#[derive(Clone, Debug)]
pub enum Db {
    Sqlite { reader: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

/// A transaction on either. Dropped without `commit`, it is rolled back.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Opens `postgres://…`, or the `SQLite` file `issuer.db` in `data_dir` when no address is given.
    pub async fn open(url: Option<&str>, data_dir: &Path) -> Result<Self, DbError> {
        match url {
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Self::open_postgres(url).await
            }
            Some(url) => match url.strip_prefix("sqlite://") {
                Some(path) => Self::open_sqlite(Path::new(path)).await,
                None => Err(DbError::UnknownScheme),
            },
            None => Self::open_sqlite(&data_dir.join("issuer.db")).await,
        }
    }

    async fn open_postgres(url: &str) -> Result<Self, DbError> {
        let options = PgConnectOptions::from_str(url)?.application_name("fugong-issuer");
        let pool = PgPoolOptions::new()
            .max_connections(24)
            .acquire_timeout(Duration::from_secs(10))
            // One that was in use a moment ago is alive: asking it costs as much as a query.
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for >= TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            // Filters that are empty texts match all: a plan for any text would be one for few rows.
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute("SET plan_cache_mode = force_custom_plan").await.map(drop)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }

    async fn open_sqlite(path: &Path) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            // What is deleted, sheets of people among it, is overwritten in the file.
            .pragma("secure_delete", "on")
            .pragma("cache_size", "-32000");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options.clone())
            .await?;
        let reader = SqlitePoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.optimize_on_close(true, None))
            .await?;
        Ok(Self::Sqlite { reader, writer })
    }

    /// A consistent view for reading.
    pub async fn read(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Self::Sqlite { reader, .. } => Tx::Sqlite(reader.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A view in which everything read belongs to one instant, also across several statements.
    pub async fn snapshot(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Self::Sqlite { .. } => self.read().await?,
            Self::Postgres(pool) => Tx::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            ),
        })
    }

    /// A writing transaction. On `SQLite` it holds the write lock from the start, so that what it
    /// reads cannot change before it writes; on `PostgreSQL` guard or lock the rows you read.
    pub async fn write(&self) -> Result<Tx, DbError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Brings the schema up to date; returns the number of migrations known.
    pub async fn migrate(&self) -> Result<usize, DbError> {
        migrate::run(self).await
    }

    /// Brings the schema to an earlier version, for rows that were written under it.
    pub async fn migrate_to(&self, version: i64) -> Result<(), DbError> {
        migrate::run_to(self, version).await
    }

    /// Answers whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        let mut tx = self.read().await?;
        row!(&mut tx, (i64,), "SELECT CAST(1 AS BIGINT)")?;
        Ok(())
    }

    /// What people call it, for `doctor` and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// Closes all connections; pending work is finished first.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { reader, writer } => {
                reader.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes everything in the transaction durable, or nothing.
    pub async fn commit(self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
