//! An issuer that was set back to an earlier day.
//!
//! What happened since the archive is unknown to it: permits were issued, suspended, revoked; keys and
//! gates were added and withdrawn; numbers were given that must never be given again. So after
//! [`begin`] it signs nothing under its old keys, and no list or manifest at all, until its gates have
//! told what they hold ([`held`]): every gate holds every status list, signed and numbered. Whatever
//! is stricter wins. [`finish`] then signs new lists, whose numbers lie far above the old ones.
//! Numbers on papers (documents, receipts, reports) were given, too, and nobody tells of those: they
//! go on above all that can have been given.
//!
//! ```text
//! begin ──gates tell──▶ (trust sign by the root) ──finish──▶ lists and manifests are signed again
//! ```

pub mod held;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;

use fugong_common::keys::{KeyId, Role};
use fugong_common::time::Millis;
use fugong_common::trust::Span;

pub use store::{Restore, Tally, gathering, is_moved_out, newest, retired_keys, tally};

use crate::app::App;
use crate::audit::{self, Act};
use crate::backup::{BackupError, Contents};
use crate::db::{Db, DbError, Tx};
use crate::keys::bootstrap::{BootstrapError, Terms, make_key};
use crate::keys::{self, ROLES};
use crate::{changes, status};

/// Numbers of manifests and lists go on so far above those of the archive. Lists are signed every two
/// minutes, and a busy district makes some ten thousand changes a day: years of both.
const NUMBERS: i64 = 10_000_000;
/// The trust list's version goes on so far above that of the archive.
pub const VERSIONS: u64 = 1000;

/// Why a restore cannot be finished.
#[derive(Debug)]
pub enum FinishError {
    /// There is none under way.
    None,
    /// These gates have not told what they hold.
    Missing(Vec<String>),
    /// The root has to sign a trust list that names new keys, and everything that gates told of old ones.
    TrustList,
    Db(DbError),
    Status(String),
}

impl fmt::Display for FinishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no restore is under way"),
            Self::Missing(gates) => write!(
                f,
                "these gates have not told yet what they hold: {}. Let the issuer serve until they have, cut off those \
                 that never will, or go on with --without-missing-gates: what only they know stays unknown",
                gates.join(", ")
            ),
            Self::TrustList => f.write_str(
                "the root has to sign a new trust list first: `issuer trust sign --root FILE`",
            ),
            Self::Db(error) => write!(f, "{error}"),
            Self::Status(error) => write!(f, "the status lists cannot be signed: {error}"),
        }
    }
}

impl std::error::Error for FinishError {}

impl From<DbError> for FinishError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// What every database that was taken up from an archive must forget and jump over, in the
/// transaction that loaded it.
pub async fn begin(tx: &mut Tx, app: &App, contents: &Contents) -> Result<(), DbError> {
    let now = app.now();
    store::forget_secrets(tx).await?;
    store::jump(tx, Millis::from_seconds(now.seconds()), NUMBERS).await?;
    let restore = store::insert(tx, &app.new_id(), "restored", now, contents).await?;
    store::jump_papers(tx, &restore).await?;
    let higher = format!(", numbers on papers go on {} higher", restore.margin());
    record(tx, app, "restore.begin", contents, &higher).await?;
    changes::record(tx, "restore", "", now).await?;
    Ok(())
}

/// Marks both ends of a move. Nothing was lost: keys, numbers and sessions go on.
pub async fn moved_in(tx: &mut Tx, app: &App, contents: &Contents) -> Result<(), DbError> {
    store::insert(tx, &app.new_id(), "moved_in", app.now(), contents).await?;
    record(tx, app, "restore.moved", contents, "").await
}

/// The database that was moved away from: nothing may serve from it any more.
pub async fn moved_out(tx: &mut Tx, app: &App, contents: &Contents) -> Result<(), DbError> {
    store::insert(tx, &app.new_id(), "moved_out", app.now(), contents).await?;
    Ok(())
}

async fn record(
    tx: &mut Tx,
    app: &App,
    action: &str,
    contents: &Contents,
    more: &str,
) -> Result<(), DbError> {
    let header = &contents.header;
    let detail = format!(
        "archive {} of {}, {} rows, from {}{more}",
        fugong_common::hex::encode(&contents.sha256),
        header.made_at,
        contents.rows,
        header.database
    );
    let act = Act {
        at: app.now(),
        account_id: "",
        post_id: "",
        action,
        subject: "database",
        subject_id: "",
        division_id: "",
        detail: &detail,
    };
    audit::append(tx, app.entropy(), act).await
}

/// Makes a successor for each key that was still signing, in the same role and for the same sites.
/// They sign once the root has listed them.
///
/// # Errors
/// A key file cannot be written.
pub async fn make_successors(app: &App) -> Result<Vec<(Role, KeyId)>, BootstrapError> {
    let now = app.now();
    let mut tx = app.db().read().await?;
    let old = keys::store::list(&mut tx).await?;
    let retired = retired_keys(&mut tx).await?;
    drop(tx);
    let mut wanted: Vec<(Role, Vec<(u64, u64)>)> = Vec::new();
    for role in ROLES {
        let of_role = old.iter().map(|own| &own.entry).filter(|entry| {
            entry.role == role
                && entry.revoked.is_none()
                && entry.exp > now.seconds()
                && retired.contains(&entry.id())
        });
        for entry in of_role {
            let kind = (role, entry.scope.clone());
            if !wanted.contains(&kind) {
                wanted.push(kind);
            }
        }
        if !wanted.iter().any(|(of, _)| *of == role) {
            wanted.push((role, vec![keys::EVERYWHERE]));
        }
    }
    let mut made = Vec::with_capacity(wanted.len());
    for (role, scope) in wanted {
        let terms = Terms { scope, ..Terms::usual(now) };
        made.push((role, make_key(app, role, terms).await?.id()));
    }
    Ok(made)
}

/// Signs new lists over everything that is known by now, and lets gates have manifests again.
///
/// # Errors
/// [`FinishError`]; nothing changes then.
pub async fn finish(app: &App, without_missing_gates: bool) -> Result<Tally, FinishError> {
    let now = app.now();
    let mut tx = app.db().write().await?;
    let restore = gathering(&mut tx).await?.ok_or(FinishError::None)?;
    let tally = tally(&mut tx, &restore.id).await?;
    if !without_missing_gates && !tally.missing.is_empty() {
        return Err(FinishError::Missing(tally.missing));
    }
    let trust = keys::store::require(&mut tx).await?.map_err(|_| FinishError::TrustList)?;
    // Every key as it now is, ended, withdrawn or new, stands in the list that gates will be given.
    let own = keys::store::list(&mut tx).await?;
    let counts = own.iter().filter(|own| own.entry.exp > now.seconds());
    let knows = counts.into_iter().all(|own| trust.find_key(own.entry.id()) == Some(&own.entry));
    let span = Span { nbf: now.seconds(), exp: now.seconds() };
    let signs = [Role::Manifest, Role::Status]
        .into_iter()
        .all(|role| keys::choose(&trust, app.keys(), role, span, &[], now).is_ok());
    if !knows || !signs {
        return Err(FinishError::TrustList);
    }
    store::finish(&mut tx, &restore.id, now).await?;
    status::sign_all(app, &mut tx, &trust).await?;
    let act = Act {
        at: now,
        account_id: "",
        post_id: "",
        action: "restore.finish",
        subject: "database",
        subject_id: &restore.id,
        division_id: "",
        detail: &format!("{} gates told, {} did not", tally.told, tally.missing.len()),
    };
    app.record(&mut tx, act).await?;
    let change = app.note_change(&mut tx, "trust", "").await?;
    app.commit(tx, change).await?;
    Ok(tally)
}

/// Loads an archive after a loss and does what must be done with it at once.
///
/// # Errors
/// [`BackupError`]; the database is then as it was.
pub async fn restore(
    app: &App,
    path: &std::path::Path,
    target: &Db,
    progress: impl FnMut(&str, u64),
) -> Result<Contents, BackupError> {
    crate::backup::load(path, target, progress, async |tx, contents| begin(tx, app, contents).await)
        .await
}
