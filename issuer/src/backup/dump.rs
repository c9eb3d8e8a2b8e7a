//! Writing an archive from a database that goes on working.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use fugong_common::hex;
use fugong_common::time::Zone;
use futures_util::StreamExt as _;
use sqlx::{AssertSqlSafe, Column as _, Row, TypeInfo as _, ValueRef as _};

use super::BackupError;
use super::archive::{Header, ListedKey, Value, Writer};
use super::schema::{self, Table};
use crate::app::App;
use crate::db::Tx;
use crate::{audit, changes, keys};

/// Writes everything onto `out`, as one snapshot sees it; how many rows there were.
///
/// `progress` is told each table's name and the rows written so far.
pub async fn dump<W: Write>(
    app: &App,
    out: W,
    mut progress: impl FnMut(&str, u64),
) -> Result<(W, Header, u64), BackupError> {
    let io = |error| BackupError::Io(PathBuf::from("the archive"), error);
    let mut tx = app.db().snapshot().await?;
    let header = header(app, &mut tx).await?;
    let tables = schema::tables(&mut tx).await?;
    let mut writer = Writer::begin(out, &header).map_err(io)?;
    let mut done = 0;
    for table in &tables {
        let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        writer.table(&table.name, &columns).map_err(io)?;
        let select = select(table)?;
        match &mut tx {
            Tx::Sqlite(t) => {
                let mut found = sqlx::query(AssertSqlSafe(select)).fetch(&mut **t);
                while let Some(row) = found.next().await {
                    let row = row?;
                    let values = (0..columns.len()).map(|i| from_sqlite(&row, i));
                    writer.row(&values.collect::<Result<Vec<_>, _>>()?).map_err(io)?;
                    done += 1;
                }
            }
            Tx::Postgres(t) => {
                let mut found = sqlx::query(AssertSqlSafe(select)).fetch(&mut **t);
                while let Some(row) = found.next().await {
                    let row = row?;
                    let values = (0..columns.len()).map(|i| from_postgres(&row, i));
                    writer.row(&values.collect::<Result<Vec<_>, _>>()?).map_err(io)?;
                    done += 1;
                }
            }
        }
        progress(&table.name, done);
    }
    let (out, rows) = writer.finish().map_err(io)?;
    Ok((out, header, rows))
}

fn select(table: &Table) -> Result<String, BackupError> {
    let columns: Vec<String> =
        table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    Ok(format!("SELECT {} FROM {}", columns.join(", "), schema::plain(&table.name)?))
}

async fn header(app: &App, tx: &mut Tx) -> Result<Header, BackupError> {
    let trust = keys::store::newest(tx).await?.map(|stored| stored.list);
    let (audit_seq, audit_head) = audit::head(tx).await?;
    let keys = keys::store::list(tx).await?.into_iter().map(|own| ListedKey {
        id: own.entry.id().to_string(),
        role: keys::role_code(own.entry.role).to_owned(),
        public_key: hex::encode(own.entry.public.as_bytes()),
    });
    Ok(Header {
        software: concat!("issuer ", env!("CARGO_PKG_VERSION")).to_owned(),
        made_at: app.now().0,
        schema: crate::db::applied(tx).await?.unwrap_or_default(),
        database: app.db().name().to_owned(),
        origin: app.config().origin.clone(),
        hosts: app.config().hosts.clone(),
        demo: app.config().demo,
        trust_version: trust.as_ref().map_or(0, |list| list.version),
        root: trust.map(|list| list.root.fingerprint().to_string()).unwrap_or_default(),
        change: changes::newest(tx).await?,
        audit_seq,
        audit_sha256: hex::encode(&audit_head),
        keys: keys.collect(),
    })
}

fn of_kind(column: &str, kind: &str) -> BackupError {
    BackupError::Unknown(format!("column {column} holds {kind}, which archives don't carry"))
}

fn from_sqlite(row: &sqlx::sqlite::SqliteRow, at: usize) -> Result<Value, BackupError> {
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" => Value::Integer(row.try_get(at)?),
        "TEXT" => Value::Text(row.try_get(at)?),
        "BLOB" => Value::Bytes(row.try_get(at)?),
        other => return Err(of_kind(row.column(at).name(), other)),
    })
}

fn from_postgres(row: &sqlx::postgres::PgRow, at: usize) -> Result<Value, BackupError> {
    if row.try_get_raw(at)?.is_null() {
        return Ok(Value::Null);
    }
    let column = row.column(at);
    Ok(match column.type_info().name() {
        "INT8" => Value::Integer(row.try_get(at)?),
        "TEXT" => Value::Text(row.try_get(at)?),
        "BYTEA" => Value::Bytes(row.try_get(at)?),
        other => return Err(of_kind(column.name(), other)),
    })
}

/// Writes an archive into a file, or under a name of its own into a directory. The file appears whole
/// or not at all, on disk, and readable by its owner alone.
///
/// # Errors
/// There is such a file already; the disk or the database refuses.
pub async fn write_file(
    app: &App,
    out: &Path,
    progress: impl FnMut(&str, u64),
) -> Result<(PathBuf, Header, u64), BackupError> {
    let path = if out.is_dir() { out.join(file_name(app)) } else { out.to_owned() };
    if path.exists() {
        return Err(BackupError::Exists(path));
    }
    let mut part = path.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let failed = |error| BackupError::Io(part.clone(), error);
    // What a backup that was cut off left behind.
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(failed)?;
    let written = async {
        let (out, header, rows) = dump(app, BufWriter::new(file), progress).await?;
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        // Two backups into one file: the later one finds it taken.
        std::fs::hard_link(&part, &path).map_err(failed)?;
        Ok::<_, BackupError>((header, rows))
    };
    let written = written.await;
    let _ = std::fs::remove_file(&part);
    let (header, rows) = written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok((path, header, rows))
}

/// For example `fugong-2020-02-10-011200.backup`.
fn file_name(app: &App) -> String {
    let (utc, now) = (Zone::utc(), app.now());
    format!("fugong-{}-{}.backup", utc.date(now), utc.clock_time(now).replace(':', ""))
}
