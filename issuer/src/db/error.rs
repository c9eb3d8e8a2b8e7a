//! What can go wrong with a database, told apart as far as a caller can act on it.

use sqlx::error::ErrorKind;

/// A database's refusal or failure.
#[derive(Debug)]
pub enum DbError {
    /// A unique index holds this value already.
    Duplicate,
    /// A row it refers to is missing, or a row that others refer to would go.
    Reference,
    /// A CHECK was violated: a rule in the code and the schema disagree.
    Check(String),
    /// A text with a character that the database cannot hold: U+0000 on `PostgreSQL`.
    Text,
    /// Could not be reached, or is too busy: worth trying again.
    Unavailable(String),
    /// A row that its own rules say cannot be: names table, column and row.
    Corrupt {
        table: &'static str,
        column: &'static str,
        row: String,
    },
    /// Neither `postgres://` nor `sqlite://`.
    UnknownScheme,
    Migration(String),
    Other(sqlx::Error),
}

impl DbError {
    pub fn corrupt(table: &'static str, column: &'static str, row: impl Into<String>) -> Self {
        Self::Corrupt { table, column, row: row.into() }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) => match inner.kind() {
                ErrorKind::UniqueViolation => Self::Duplicate,
                ErrorKind::ForeignKeyViolation => Self::Reference,
                ErrorKind::CheckViolation => Self::Check(inner.message().to_owned()),
                // character_not_in_repertoire, untranslatable_character
                _ if matches!(inner.code().as_deref(), Some("22021" | "22P05")) => Self::Text,
                _ => Self::Other(error),
            },
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Other(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for DbError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(error.to_string())
    }
}

impl std::fmt::Display for DbError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Duplicate => f.write_str("a row with this key exists already"),
            Self::Reference => f.write_str("a row that is referred to is missing"),
            Self::Check(message) => write!(f, "a check was violated: {message}"),
            Self::Text => f.write_str("a text holds a character that the database cannot keep"),
            Self::Unavailable(message) => write!(f, "the database cannot be reached: {message}"),
            Self::Corrupt { table, column, row } => {
                write!(f, "{table}.{column} of row {row} holds a value that cannot be")
            }
            Self::UnknownScheme => {
                f.write_str("the database address must begin with postgres:// or sqlite://")
            }
            Self::Migration(message) => {
                write!(f, "the schema could not be brought up to date: {message}")
            }
            Self::Other(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for DbError {}
