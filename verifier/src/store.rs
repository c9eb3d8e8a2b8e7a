//! The data directory: an exclusive lock, the `SQLite` file, the device key, and a count that needs no free space.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fugong_common::keys::{KeyError, SoftwareKey};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/verifier");

/// Why the data directory cannot be used.
#[derive(Debug)]
pub enum StoreError {
    Directory(PathBuf, std::io::Error),
    /// No gate was ever enrolled in this directory.
    Nothing(PathBuf),
    /// Another `serve` has it.
    Locked(PathBuf),
    Database(sqlx::Error),
    Migration(MigrateError),
    Key(PathBuf, KeyError),
    /// A stored row that this program would never have written.
    Corrupt {
        table: &'static str,
        column: &'static str,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path, error) => write!(
                f,
                "cannot use {}: {error}; create it and give this user the right to write there",
                path.display()
            ),
            Self::Nothing(dir) => write!(
                f,
                "no gate was enrolled in {}: run `verifier enrol` first, or name its directory with --data",
                dir.display()
            ),
            Self::Locked(path) => write!(
                f,
                "another verifier is serving from {}; stop it first, or give this one a data directory of its own",
                path.display()
            ),
            Self::Database(error) => write!(f, "gate database: {error}"),
            Self::Migration(error) => {
                write!(f, "gate database: {error}; it may have been written by a newer verifier")
            }
            Self::Key(path, error) => write!(
                f,
                "{}: {error}; restore it from a backup, or enrol again with an empty data directory",
                path.display()
            ),
            Self::Corrupt { table, column } => {
                write!(f, "gate database: {table}.{column} is damaged; run `verifier doctor`")
            }
        }
    }
}

impl std::error::Error for StoreError {}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// What a gate keeps.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
    dir: PathBuf,
}

impl Store {
    /// Opens and migrates the database of this directory, creating both where they are missing.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        make_private_dir(dir)?;
        let options = SqliteConnectOptions::new()
            .filename(dir.join("gate.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            // What is deleted for privacy is overwritten, not only unlinked.
            .pragma("secure_delete", "on")
            .pragma("cache_size", "-4000");
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        MIGRATIONS.run(&pool).await.map_err(StoreError::Migration)?;
        Ok(Self { pool, dir: dir.to_owned() })
    }

    /// Opens the database of a directory that a verifier has used.
    ///
    /// # Errors
    /// There is none; nothing is created.
    pub async fn open_existing(dir: &Path) -> Result<Self, StoreError> {
        existing(dir)?;
        Self::open(dir).await
    }

    /// Opens the same for reading alone, beside a running `serve` or without one; migrates nothing.
    ///
    /// # Errors
    /// There is none.
    pub async fn open_reading(dir: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(existing(dir)?)
            .read_only(true)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        Ok(Self { pool, dir: dir.to_owned() })
    }

    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A transaction that holds the write lock from its beginning.
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The database of a directory that has one.
fn existing(dir: &Path) -> Result<PathBuf, StoreError> {
    let file = dir.join("gate.sqlite");
    match std::fs::metadata(&file) {
        Ok(_) => Ok(file),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(StoreError::Nothing(dir.to_owned()))
        }
        Err(error) => Err(StoreError::Directory(file, error)),
    }
}

fn make_private_dir(dir: &Path) -> Result<(), StoreError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| StoreError::Directory(dir.to_owned(), error))
}

/// Holds the data directory for one `serve`; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct DirLock(#[expect(dead_code, reason = "held, not read")] File);

impl DirLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another process has it.
    pub fn take(dir: &Path) -> Result<Self, StoreError> {
        make_private_dir(dir)?;
        let path = dir.join("serve.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| StoreError::Directory(path.clone(), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(dir.to_owned())),
            Err(TryLockError::Error(error)) => Err(StoreError::Directory(path, error)),
        }
    }
}

const KEY_FILE: &str = "device.pem";

/// The device key, if one was made.
pub fn load_device_key(dir: &Path) -> Result<Option<SoftwareKey>, StoreError> {
    let path = dir.join(KEY_FILE);
    let pem = match std::fs::read_to_string(&path) {
        Ok(pem) => pem,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::Directory(path, error)),
    };
    SoftwareKey::from_pkcs8_pem(&pem).map(Some).map_err(|error| StoreError::Key(path, error))
}

/// Writes the device key for this user alone, on disk before it returns.
pub fn save_device_key(dir: &Path, key: &SoftwareKey) -> Result<(), StoreError> {
    make_private_dir(dir)?;
    let path = dir.join(KEY_FILE);
    let failed = |error| StoreError::Directory(path.clone(), error);
    let pem =
        key.to_pkcs8_pem().map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    let fresh = dir.join("device.pem.new");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut file =
        OpenOptions::new().create_new(true).write(true).mode(0o600).open(&fresh).map_err(failed)?;
    file.write_all(pem.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&fresh, &path).map_err(failed)?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)
}

/// Takes the device key away.
pub fn remove_device_key(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(KEY_FILE);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Directory(path, error))
        }
        _ => Ok(()),
    }
}

/// Counts answers that couldn't be recorded. A full disk takes no new bytes, a database page least of all, but it lets
/// bytes that are already there be overwritten: so the count lives in a file that gets its full size at the start.
#[derive(Debug)]
pub struct NotRecordedCount {
    file: File,
    count: u64,
}

impl NotRecordedCount {
    const BYTES: usize = 4096;

    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("not-recorded.count");
        let failed = |error| StoreError::Directory(path.clone(), error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() < Self::BYTES {
            bytes.resize(Self::BYTES, 0);
            file.seek(SeekFrom::Start(0)).map_err(failed)?;
            file.write_all(&bytes).map_err(failed)?;
            file.sync_all().map_err(failed)?;
        }
        let count = bytes.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
        Ok(Self { file, count })
    }

    /// The count of a directory, without touching it; 0 where nothing was ever counted.
    pub fn peek(dir: &Path) -> Result<u64, StoreError> {
        let path = dir.join("not-recorded.count");
        let mut first = [0; 8];
        let read = File::open(&path).and_then(|mut file| file.read_exact(&mut first));
        match read {
            Ok(()) => Ok(u64::from_be_bytes(first)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(StoreError::Directory(path, error)),
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Sets the count in place. A disk that refuses even this leaves the count right until the restart.
    pub fn set(&mut self, count: u64) {
        self.count = count;
        let written = self
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.write_all(&count.to_be_bytes()))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            tracing::error!(%error, count, "answers were not recorded, nor could they be counted on disk");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::keys::Signer as _;
    use std::os::unix::fs::PermissionsExt as _;

    #[tokio::test]
    async fn every_commit_waits_for_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).await.unwrap();
        for _ in 0..4 {
            let mut connection = store.pool.acquire().await.unwrap();
            let mode = sqlx::query_scalar::<_, String>("PRAGMA journal_mode");
            assert_eq!(mode.fetch_one(&mut *connection).await.unwrap(), "wal");
            // FULL: in this mode the log is synced at every commit, at NORMAL only now and then.
            let level = sqlx::query_scalar::<_, i64>("PRAGMA synchronous");
            assert_eq!(level.fetch_one(&mut *connection).await.unwrap(), 2);
            // The next turn opens another.
            drop(connection.detach());
        }
    }

    #[test]
    fn a_second_serve_on_one_data_directory_is_told_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let first = DirLock::take(dir.path()).unwrap();
        let refused = DirLock::take(dir.path()).unwrap_err().to_string();
        assert!(refused.contains("another verifier is serving"), "{refused}");
        drop(first);
        assert!(DirLock::take(dir.path()).is_ok());
    }

    #[tokio::test]
    async fn a_directory_without_a_gate_leads_to_enrolment_and_stays_empty() {
        let dir = tempfile::tempdir().unwrap();
        for opened in
            [Store::open_existing(dir.path()).await, Store::open_reading(dir.path()).await]
        {
            let said = opened.unwrap_err().to_string();
            assert!(said.contains("verifier enrol"), "{said}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_device_key_is_for_this_user_alone_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        assert!(load_device_key(dir.path()).unwrap().is_none());
        let key = SoftwareKey::from_seed(&[7; 32]);
        save_device_key(dir.path(), &key).unwrap();
        let mode = std::fs::metadata(dir.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let loaded = load_device_key(dir.path()).unwrap().unwrap();
        assert_eq!(loaded.public_key(), key.public_key());
        remove_device_key(dir.path()).unwrap();
        remove_device_key(dir.path()).unwrap();
        assert!(load_device_key(dir.path()).unwrap().is_none());
    }

    #[test]
    fn the_count_of_unrecorded_answers_survives_and_never_grows_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut count = NotRecordedCount::open(dir.path()).unwrap();
        count.set(3);
        drop(count);
        let count = NotRecordedCount::open(dir.path()).unwrap();
        assert_eq!(count.count(), 3);
        assert_eq!(count.file.metadata().unwrap().len(), 4096);
    }

    #[tokio::test]
    async fn a_fresh_directory_gets_its_tables() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("new")).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM journals")
            .fetch_one(store.pool())
            .await
            .unwrap();
        assert_eq!(rows, 0);
    }
}
