//! Which tables and columns there are: asked of the database, so that a table that is added later
//! cannot be forgotten by a backup.

use sqlx::AssertSqlSafe;

use super::BackupError;
use crate::db::Tx;
use crate::{on, rows, run};

/// A table, and the columns it has, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Column {
    pub name: String,
    /// As the database calls its type.
    pub kind: String,
}

/// A name that may stand in a statement: ours are all of this form.
pub(super) fn plain(name: &str) -> Result<&str, BackupError> {
    let fits = !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if fits { Ok(name) } else { Err(BackupError::Unknown(format!("name {name:?}"))) }
}

/// Every table of ours, by name. Partitions are read and written through the table they belong to.
pub(super) async fn tables(tx: &mut Tx) -> Result<Vec<Table>, BackupError> {
    let names: Vec<(String,)> = match tx {
        Tx::Sqlite(_) => rows!(
            tx,
            (String,),
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|' \
             AND name <> '_sqlx_migrations' ORDER BY name"
        )?,
        Tx::Postgres(_) => rows!(
            tx,
            (String,),
            "SELECT CAST(c.relname AS TEXT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
             AND c.relname <> '_sqlx_migrations' ORDER BY c.relname COLLATE \"C\""
        )?,
    };
    let mut tables = Vec::with_capacity(names.len());
    for (name,) in names {
        plain(&name)?;
        let columns = match tx {
            Tx::Sqlite(_) => rows!(
                tx,
                Column,
                "SELECT name, lower(type) AS kind FROM pragma_table_info($1) ORDER BY cid",
                &name
            )?,
            Tx::Postgres(_) => rows!(
                tx,
                Column,
                "SELECT CAST(a.attname AS TEXT) AS name, format_type(a.atttypid, NULL) AS kind \
                 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
                 JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE c.relname = $1 AND n.nspname = current_schema() AND a.attnum > 0 \
                 AND NOT a.attisdropped ORDER BY a.attnum",
                &name
            )?,
        };
        for column in &columns {
            plain(&column.name)?;
        }
        tables.push(Table { name, columns });
    }
    Ok(tables)
}

/// A foreign key of `PostgreSQL`, to be dropped while rows come in any order and put back after.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct ForeignKey {
    pub table_name: String,
    pub name: String,
    pub definition: String,
}

/// Lets rows come in any order until [`foreign_keys_on`].
pub(super) async fn foreign_keys_off(tx: &mut Tx) -> Result<Vec<ForeignKey>, BackupError> {
    if let Tx::Sqlite(_) = tx {
        run!(tx, "PRAGMA defer_foreign_keys = ON")?;
        return Ok(Vec::new());
    }
    let keys = rows!(
        tx,
        ForeignKey,
        "SELECT CAST(c.relname AS TEXT) AS table_name, CAST(k.conname AS TEXT) AS name, \
         pg_get_constraintdef(k.oid) AS definition FROM pg_constraint k \
         JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname = current_schema() \
         ORDER BY c.relname, k.conname"
    )?;
    for key in &keys {
        let (table, name) = (plain(&key.table_name)?, plain(&key.name)?);
        execute(tx, format!("ALTER TABLE {table} DROP CONSTRAINT {name}")).await?;
    }
    Ok(keys)
}

/// Holds every row to its references again. On `SQLite` the commit does.
pub(super) async fn foreign_keys_on(tx: &mut Tx, keys: Vec<ForeignKey>) -> Result<(), BackupError> {
    for key in keys {
        let (table, name) = (plain(&key.table_name)?, plain(&key.name)?);
        let statement = format!("ALTER TABLE {table} ADD CONSTRAINT {name} {}", key.definition);
        execute(tx, statement).await?;
    }
    Ok(())
}

/// A statement that was put together from names of the catalogue.
pub(super) async fn execute(tx: &mut Tx, statement: String) -> Result<(), BackupError> {
    on!(tx, c => sqlx::query(AssertSqlSafe(statement)).execute(c).await.map(|_| ()))?;
    Ok(())
}
