//! On `PostgreSQL` records are partitioned by month of receipt; months are made ahead of time.

use std::time::Duration;

use fugong_common::time::{Millis, Zone};

use super::store;
use crate::app::App;
use crate::db::{Db, DbError};

/// This month and so many more exist at any time.
const MONTHS_AHEAD: usize = 3;
const LOOK_EVERY: Duration = Duration::from_hours(6);

/// Makes the months that are missing, and looks again every few hours.
pub async fn keep_ahead(app: App) {
    while matches!(app.db(), Db::Postgres(_)) {
        if let Err(error) = make_ahead(&app).await {
            // Rows go to the default partition meanwhile: nothing is lost.
            tracing::warn!(%error, "cannot make partitions ahead");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Makes this month and the next ones.
pub(crate) async fn make_ahead(app: &App) -> Result<(), DbError> {
    let months = months_from(app.now(), MONTHS_AHEAD + 1);
    let mut tx = app.db().write().await?;
    for ((name, from), (_, to)) in months.iter().zip(months.iter().skip(1)) {
        store::scans::ensure_partition(&mut tx, name, *from, *to).await?;
    }
    tx.commit().await
}

/// The name and first instant (UTC) of so many months, this one first.
fn months_from(now: Millis, count: usize) -> Vec<(String, Millis)> {
    let utc = Zone::utc();
    let today = utc.date(now);
    let mut parts = today.split('-').filter_map(|part| part.parse::<i32>().ok());
    let (mut year, mut month) = (parts.next().unwrap_or(1970), parts.next().unwrap_or(1));
    let mut months = Vec::with_capacity(count);
    for _ in 0..count {
        if let Some(start) = utc.start_of(&format!("{year:04}-{month:02}-01")) {
            months.push((format!("scans_{year:04}_{month:02}"), start));
        }
        month += 1;
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
    months
}

/// The partition of an instant: its name, and the first instants of its month and of the next.
pub fn month_of(received: Millis) -> Option<(String, Millis, Millis)> {
    let mut months = months_from(received, 2).into_iter();
    let ((name, from), (_, to)) = (months.next()?, months.next()?);
    Some((name, from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_one_another_across_the_year() {
        let december = Zone::utc().start_of("2019-12-31").unwrap();
        let months = months_from(december, 3);
        let names: Vec<_> = months.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["scans_2019_12", "scans_2020_01", "scans_2020_02"]);
        assert_eq!(Zone::utc().date(months[1].1), "2020-01-01");
    }
}
