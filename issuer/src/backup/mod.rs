//! Backup, restore and the move from one database to the other, all through one archive.
//!
//! The archive holds every table as one instant's snapshot saw it, in a form that belongs to neither
//! database: what SQLite wrote, PostgreSQL takes up, and the reverse. It is written and read as a
//! stream, so that its size is no matter of memory, and checked whole before a row of it is believed.
//! Private keys stay out of it on purpose: whoever takes a backup can read, but never sign.
//!
//! What an issuer that was set back must and must not do is in [`crate::restores`].

pub mod archive;
mod dump;
mod load;
mod schema;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

pub use archive::{Contents, Header, ListedKey, check};
pub use dump::{dump, write_file};
pub use load::{load, require_empty};

use crate::db::DbError;

/// Why an archive was not written, or not taken up.
#[derive(Debug)]
pub enum BackupError {
    Io(PathBuf, std::io::Error),
    /// There is a file of this name already.
    Exists(PathBuf),
    /// Not an archive, or not whole: cut short or changed.
    Damaged(String),
    /// Written by a newer program.
    Newer {
        archive: i64,
        known: i64,
    },
    /// The target holds something already.
    NotEmpty(&'static str),
    /// Table or column that this program's schema of that version doesn't have, or a value of a kind it never writes.
    Unknown(String),
    Db(DbError),
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Exists(path) => {
                write!(f, "{} exists and is left as it is; name another file", path.display())
            }
            Self::Damaged(what) => {
                write!(f, "this archive cannot be used ({what}); take another copy of it")
            }
            Self::Newer { archive, known } => write!(
                f,
                "this archive is of schema {archive}, this program knows {known}: install the program that wrote it, or a newer one"
            ),
            Self::NotEmpty(name) => write!(
                f,
                "this {name} database holds data already; name an empty one (another data directory, or a new database)"
            ),
            Self::Unknown(what) => write!(f, "the archive and the schema disagree: {what}"),
            Self::Db(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for BackupError {}

impl From<DbError> for BackupError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}
