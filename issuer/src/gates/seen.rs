//! When which gate last asked, and up to which change it was told. Only pages show it: so it is noted beside the answer and
//! written together with all others a second later, instead of making a thousand gates wait for a commit each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fugong_common::time::Millis;

use super::store;
use crate::app::App;
use crate::db::DbError;

const GATHER: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub struct Seen(Mutex<BTreeMap<String, (i64, Millis)>>);

impl Seen {
    /// A gate was told of everything up to the change `seq`.
    pub(super) fn note(&self, gate_id: &str, seq: i64, at: Millis) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.insert(gate_id.to_owned(), (seq, at));
    }

    fn take(&self) -> BTreeMap<String, (i64, Millis)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes what was noted, in one order for all processes, so that none waits for another in a circle.
pub(super) async fn write(app: &App) -> Result<(), DbError> {
    let noted = app.bundles().seen().take();
    if noted.is_empty() {
        return Ok(());
    }
    let mut tx = app.db().write().await?;
    for (gate_id, (seq, at)) in &noted {
        store::seen(&mut tx, gate_id, *seq, *at).await?;
    }
    tx.commit().await
}

/// Writes every second until the service stops. What is lost then is told again with each gate's next question.
pub async fn keep_writing(app: App) {
    loop {
        if let Err(error) = write(&app).await {
            tracing::warn!(%error, "cannot note which gates asked");
        }
        tokio::time::sleep(GATHER).await;
    }
}
