//! Applications lie where their premises do, until they are decided, and there is one for a place at a time.

use super::store::{self, Application};
use super::waits;
use crate::db::{DbError, Tx};
use crate::rows;

/// Premises were resolved to another division; so are the open applications for them, with those whom
/// they wait for. Returns how many.
pub async fn follow_premises(
    tx: &mut Tx,
    premises_id: &str,
    (division_id, division_path): (&str, &str),
) -> Result<usize, DbError> {
    let open = rows!(
        tx,
        (String,),
        "SELECT DISTINCT a.id FROM occupancies o JOIN applications a ON a.enterprise_id = o.enterprise_id \
         WHERE o.premises_id = $1 AND a.open = 1 ORDER BY a.id",
        premises_id
    )?;
    let mut moved = 0;
    for (id,) in open {
        let Some(before) = store::lock(tx, &id).await? else { continue };
        let revision = store::find_revision(tx, &id, before.case.revision).await?;
        if revision.is_none_or(|revision| revision.filing.premises.id != premises_id) {
            continue;
        }
        let after = Application {
            division_id: division_id.to_owned(),
            division_path: division_path.to_owned(),
            ..before.clone()
        };
        if store::put(tx, &before.seen(), &after).await? {
            waits::rewrite(tx, &after).await?;
            moved += 1;
        }
    }
    Ok(moved)
}

/// The receipt of another open application of the same enterprise for the same premises, if any.
pub async fn find_rival(tx: &mut Tx, of: &Application) -> Result<Option<String>, DbError> {
    let open = rows!(
        tx,
        (String,),
        "SELECT id FROM applications WHERE enterprise_id = $1 AND open = 1 AND id <> $2 ORDER BY id",
        &of.enterprise_id,
        &of.id
    )?;
    for (id,) in open {
        let other =
            store::find(tx, &id).await?.filter(|other| other.form.premises == of.form.premises);
        if let Some(other) = other {
            return Ok(Some(other.receipt.unwrap_or_default()));
        }
    }
    Ok(None)
}
