//! A regime published for a later day begins by itself; gates must learn of it then.

use std::time::Duration;

use fugong_common::time::Millis;

use super::store;
use crate::app::App;
use crate::db::DbError;

const LOOK_EVERY: Duration = Duration::from_secs(20);

/// After a start, regimes that began within this time are told again: nobody may have been there
/// to tell. Telling twice costs gates one look.
const LOOK_BACK_DAYS: i64 = 3;

/// Tells gates and other processes when a regime begins, until the service stops.
pub async fn follow(app: App) {
    let mut told = app.now().plus_days(-LOOK_BACK_DAYS);
    loop {
        let now = app.now();
        match tell(&app, told, now).await {
            Ok(()) => told = now,
            Err(error) => tracing::warn!(%error, "cannot look for regimes that begin"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn tell(app: &App, behind: Millis, by: Millis) -> Result<(), DbError> {
    let mut tx = app.db().read().await?;
    let begun = store::has_begun(&mut tx, behind, by).await?;
    drop(tx);
    if begun {
        let mut tx = app.db().write().await?;
        let change = app.note_change(&mut tx, "regime", "").await?;
        app.commit(tx, change).await?;
    }
    Ok(())
}
