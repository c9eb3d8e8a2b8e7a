//! The schema's history: the same numbers and names for both databases.

use sqlx::migrate::Migrator;

use super::{Db, DbError, Tx};
use crate::row;

static SQLITE: Migrator = sqlx::migrate!("../migrations/issuer/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/issuer/postgres");

pub(super) async fn run(db: &Db) -> Result<usize, DbError> {
    match db {
        Db::Sqlite { writer, .. } => SQLITE.run(writer).await?,
        Db::Postgres(pool) => POSTGRES.run(pool).await?,
    }
    Ok(SQLITE.iter().count())
}

pub(super) async fn run_to(db: &Db, version: i64) -> Result<(), DbError> {
    match db {
        Db::Sqlite { writer, .. } => SQLITE.run_to(version, writer).await?,
        Db::Postgres(pool) => POSTGRES.run_to(version, pool).await?,
    }
    Ok(())
}

/// Brings the schema up to date within a transaction, so that it holds together with its rows or not at all.
pub async fn migrate_in(tx: &mut Tx) -> Result<(), DbError> {
    match tx {
        Tx::Sqlite(t) => SQLITE.run_direct(None, &mut **t, false).await?,
        Tx::Postgres(t) => POSTGRES.run_direct(None, &mut **t, false).await?,
    }
    Ok(())
}

/// The newest migration that this program knows.
pub fn newest_migration() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// The newest migration that a database has had.
pub async fn applied(tx: &mut Tx) -> Result<Option<i64>, DbError> {
    let found =
        row!(tx, (Option<i64>,), "SELECT MAX(version) FROM _sqlx_migrations WHERE success")?;
    Ok(found.and_then(|(version,)| version))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What both files say once their dialects are set aside. A block between `-- dialect` and
    /// `-- end` may differ.
    fn shape(sql: &str) -> String {
        let mut shape = String::new();
        let mut own = false;
        for line in sql.lines() {
            match line.trim() {
                "-- dialect" => own = true,
                "-- end" => own = false,
                line if !own => {
                    shape.push_str(line);
                    shape.push('\n');
                }
                _ => {}
            }
        }
        shape
            .replace(" COLLATE \"C\"", "")
            .replace(" BIGINT", " INTEGER")
            .replace(" BYTEA", " BLOB")
            .replace(") STRICT;", ");")
    }

    #[test]
    fn both_databases_get_the_same_schema() {
        let (ours, theirs): (Vec<_>, Vec<_>) = (SQLITE.iter().collect(), POSTGRES.iter().collect());
        assert_eq!(ours.len(), theirs.len());
        for (sqlite, postgres) in ours.iter().zip(theirs) {
            assert_eq!(sqlite.version, postgres.version);
            assert_eq!(sqlite.description, postgres.description);
            assert_eq!(
                shape(sqlite.sql.as_str()),
                shape(postgres.sql.as_str()),
                "{}",
                sqlite.description
            );
        }
    }
}
