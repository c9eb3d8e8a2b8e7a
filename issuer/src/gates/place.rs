//! Gates lie where their premises do.

use crate::db::{DbError, Tx};
use crate::run;

/// Premises were resolved to another division; so are their gates. The caller notes the change of the
/// premises' site, by which the gates learn of the rules that hold for them now.
pub async fn follow_premises(
    tx: &mut Tx,
    premises_id: &str,
    (division_id, division_path): (&str, &str),
) -> Result<(), DbError> {
    run!(
        tx,
        "UPDATE gates SET division_id = $2, division_path = $3 WHERE premises_id = $1",
        premises_id,
        division_id,
        division_path
    )?;
    Ok(())
}
