//! Imports beside the requests that began them, and after the processes that ran them.

use std::time::Duration;

use super::store;
use super::taking::run;
use crate::app::App;
use crate::db::DbError;

/// Runs a begun import beside the request that began it.
pub fn spawn(app: &App, id: String) {
    let app = app.clone();
    tokio::spawn(async move {
        // A failure is in the import's row and in the log.
        let _ = run(&app, &id, |_| {}).await;
    });
}

/// Deletes what has outlived its time, and goes on with imports whose process is gone, until the
/// service stops.
pub async fn keep_tidy(app: App) {
    loop {
        match tidy(&app).await {
            Ok(stale) => stale.into_iter().for_each(|id| spawn(&app, id)),
            Err(error) => tracing::warn!(%error, "cannot tidy imports"),
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
}

/// Purges, and takes over what others left; the ids to go on with.
pub async fn tidy(app: &App) -> Result<Vec<String>, DbError> {
    let now = app.now();
    let mut tx = app.db().write().await?;
    store::purge(&mut tx, now).await?;
    let mut mine = Vec::new();
    for id in store::list_stale(&mut tx, now).await? {
        if store::take_over(&mut tx, &id, now).await? {
            mine.push(id);
        }
    }
    tx.commit().await?;
    Ok(mine)
}
