//! Counts of what is due, for same-day clearance (domain A37).

use fugong_common::time::Millis;

use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::row;

/// Open applications within reach whose time ends today, and those whose time is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Due {
    pub today: i64,
    pub late: i64,
}

/// `end_of_today` is the first instant of tomorrow where the office is.
pub async fn count_due(
    tx: &mut Tx,
    bounds: &Bounds,
    now: Millis,
    end_of_today: Millis,
) -> Result<Due, DbError> {
    let found = row!(
        tx,
        Due,
        "SELECT COUNT(CASE WHEN due_at > $1 THEN 1 END) AS today, COUNT(CASE WHEN due_at <= $1 THEN 1 END) AS late \
         FROM applications WHERE open = 1 AND due_at > 0 AND due_at <= $2 AND state <> 'returned' \
         AND division_path >= $3 AND division_path < $4 AND ($5 = '' OR enterprise_id = $5)",
        now.0,
        end_of_today.0,
        &bounds.from,
        &bounds.to,
        &bounds.own
    )?;
    Ok(found.unwrap_or_default())
}
