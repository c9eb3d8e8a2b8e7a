//! Permits lie where their premises do: whoever is to look after the place looks after them.

use crate::db::{DbError, Tx};
use crate::run;

/// The premises with this site code were resolved to another division; so are its permits, also
/// those that are over.
pub async fn follow_premises(
    tx: &mut Tx,
    site_code: i64,
    (division_id, division_path): (&str, &str),
) -> Result<(), DbError> {
    run!(
        tx,
        "UPDATE permits SET division_id = $2, division_path = $3 WHERE site_code = $1",
        site_code,
        division_id,
        division_path
    )?;
    Ok(())
}
