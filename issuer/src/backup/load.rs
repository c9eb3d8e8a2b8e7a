//! Taking an archive up: into an empty database, whole or not at all.

use std::collections::BTreeSet;
use std::path::Path;

use fugong_common::time::Millis;
use sqlx::QueryBuilder;

use super::BackupError;
use super::archive::{self, Contents, Piece, Value};
use super::schema::{self, Table};
use crate::db::{self, Db, DbError, Tx};
use crate::{gates, row};

/// Values bound in one statement: SQLite takes 32,766, PostgreSQL 65,535.
const BINDS: usize = 30_000;

/// Refuses a database that holds anything but an untouched schema.
///
/// # Errors
/// [`BackupError::NotEmpty`].
pub async fn require_empty(target: &Db) -> Result<(), BackupError> {
    let mut tx = target.read().await?;
    if schema::tables(&mut tx).await?.is_empty() {
        return Ok(());
    }
    for sql in [
        "SELECT COUNT(*) FROM divisions",
        "SELECT COUNT(*) FROM accounts",
        "SELECT COUNT(*) FROM signing_keys",
        "SELECT COUNT(*) FROM audit",
        "SELECT COUNT(*) FROM enterprises",
    ] {
        let rows = row!(&mut tx, (i64,), sql)?.map_or(0, |(rows,)| rows);
        if rows > 0 {
            return Err(BackupError::NotEmpty(target.name()));
        }
    }
    Ok(())
}

/// Loads an archive into an empty database and brings its schema up to date. `then` runs in the same
/// transaction, so that what a restore must do stands together with the rows, or not at all.
///
/// # Errors
/// The archive is damaged or newer than this program, the target not empty; the target is then as before.
pub async fn load<F>(
    path: &Path,
    target: &Db,
    mut progress: impl FnMut(&str, u64),
    then: F,
) -> Result<Contents, BackupError>
where
    F: AsyncFnOnce(&mut Tx, &Contents) -> Result<(), DbError>,
{
    let contents = archive::check(path)?;
    let known = db::newest_migration();
    if contents.header.schema > known {
        return Err(BackupError::Newer { archive: contents.header.schema, known });
    }
    require_empty(target).await?;
    target.migrate_to(contents.header.schema).await?;
    {
        let mut tx = target.read().await?;
        if db::applied(&mut tx).await? != Some(contents.header.schema) {
            return Err(BackupError::NotEmpty(target.name()));
        }
    }
    let mut tx = target.write().await?;
    fill(&mut tx, path, &contents, &mut progress).await?;
    db::migrate_in(&mut tx).await?;
    then(&mut tx, &contents).await?;
    tx.commit().await?;
    Ok(contents)
}

async fn fill(
    tx: &mut Tx,
    path: &Path,
    contents: &Contents,
    progress: &mut impl FnMut(&str, u64),
) -> Result<(), BackupError> {
    let tables = schema::tables(tx).await?;
    let keys = schema::foreign_keys_off(tx).await?;
    // What migrations put in: the archive brings its own.
    for table in &tables {
        schema::execute(tx, format!("DELETE FROM {}", schema::plain(&table.name)?)).await?;
    }
    let mut reader = archive::open(path)?;
    let mut into: Option<Table> = None;
    let mut months = BTreeSet::new();
    let mut done = 0;
    loop {
        match reader.next_piece()? {
            Piece::Table { name, columns } => {
                let table = tables
                    .iter()
                    .find(|table| table.name == name)
                    .ok_or_else(|| BackupError::Unknown(format!("there is no table {name}")))?;
                into = Some(chosen(table, &columns)?);
                progress(&name, done);
            }
            Piece::Rows(rows) => {
                let table = into
                    .as_ref()
                    .ok_or_else(|| BackupError::Damaged("rows of no table".to_owned()))?;
                if table.name == "scans" {
                    make_months(tx, table, &rows, &mut months).await?;
                }
                for chunk in rows.chunks((BINDS / table.columns.len().max(1)).max(1)) {
                    insert(tx, table, chunk).await?;
                    done += u64::try_from(chunk.len()).unwrap_or_default();
                }
                progress(&table.name, done);
            }
            Piece::End { sha256, .. } if sha256 == contents.sha256 => break,
            // The file is another than the one that was checked.
            Piece::End { .. } => return Err(BackupError::Damaged("it changed meanwhile".into())),
        }
    }
    schema::foreign_keys_on(tx, keys).await?;
    Ok(())
}

/// The table with its columns in the archive's order.
fn chosen(table: &Table, columns: &[String]) -> Result<Table, BackupError> {
    let found = columns.iter().map(|name| {
        table.columns.iter().find(|column| column.name == *name).cloned().ok_or_else(|| {
            BackupError::Unknown(format!("table {} has no column {name}", table.name))
        })
    });
    Ok(Table { name: table.name.clone(), columns: found.collect::<Result<_, _>>()? })
}

/// On `PostgreSQL` the months that are about to be filled: rows in the default partition would stand
/// in the way of making their month later.
async fn make_months(
    tx: &mut Tx,
    table: &Table,
    rows: &[Vec<Value>],
    made: &mut BTreeSet<String>,
) -> Result<(), BackupError> {
    let Some(at) = table.columns.iter().position(|column| column.name == "received_at") else {
        return Ok(());
    };
    for row in rows {
        let Some(Value::Integer(received)) = row.get(at) else { continue };
        let Some((name, from, to)) = gates::month_of(Millis(*received)) else { continue };
        if made.insert(name.clone()) {
            gates::store::scans::ensure_partition(tx, &name, from, to).await?;
        }
    }
    Ok(())
}

async fn insert(tx: &mut Tx, table: &Table, rows: &[Vec<Value>]) -> Result<(), BackupError> {
    let columns: Vec<String> =
        table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let head = format!("INSERT INTO {} ({}) ", table.name, columns.join(", "));
    match tx {
        Tx::Sqlite(t) => {
            let mut query = QueryBuilder::<sqlx::Sqlite>::new(head);
            query.push_values(rows, |mut line, row| {
                for value in row {
                    match value {
                        Value::Null => line.push_bind(None::<i64>),
                        Value::Integer(number) => line.push_bind(*number),
                        Value::Text(text) => line.push_bind(text.as_str()),
                        Value::Bytes(bytes) => line.push_bind(bytes.as_slice()),
                    };
                }
            });
            query.build().execute(&mut **t).await?;
        }
        Tx::Postgres(t) => {
            let mut query = QueryBuilder::<sqlx::Postgres>::new(head);
            query.push_values(rows, |mut line, row| {
                for (value, column) in row.iter().zip(&table.columns) {
                    match (value, column.kind.as_str()) {
                        // A NULL is bound with its column's type.
                        (Value::Null, "bigint") => line.push_bind(None::<i64>),
                        (Value::Null, "bytea") => line.push_bind(None::<Vec<u8>>),
                        (Value::Null, _) => line.push_bind(None::<String>),
                        (Value::Integer(number), _) => line.push_bind(*number),
                        (Value::Text(text), _) => line.push_bind(text.as_str()),
                        (Value::Bytes(bytes), _) => line.push_bind(bytes.as_slice()),
                    };
                }
            });
            query.build().execute(&mut **t).await?;
        }
    }
    Ok(())
}
