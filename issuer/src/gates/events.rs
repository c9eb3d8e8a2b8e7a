//! The push hint: tells a connected gate that there is something to pull. Content never travels here.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use fugong_common::wire::{HEARTBEAT_SECONDS, MANIFEST_EVENT};
use futures_util::Stream;

use super::{GateState, store};
use crate::app::App;
use crate::changes;
use crate::db::DbError;

/// Follows changes for one gate until it is cut off or leaves.
pub(super) fn follow(
    app: App,
    gate_id: String,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = app.watch_changes();
    let state = Follower { app, gate_id, changes, told: 0 };
    let stream = futures_util::stream::unfold(state, |mut state| async move {
        let seq = state.next().await?;
        Some((Ok(Event::default().event(MANIFEST_EVENT).data(seq.to_string())), state))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(HEARTBEAT_SECONDS)))
}

struct Follower {
    app: App,
    gate_id: String,
    changes: tokio::sync::watch::Receiver<i64>,
    told: i64,
}

impl Follower {
    /// The next change that concerns this gate; `None` ends the stream.
    async fn next(&mut self) -> Option<i64> {
        loop {
            let newest = *self.changes.borrow_and_update();
            if self.told == 0 && newest > 0 {
                self.told = newest;
                return Some(newest);
            }
            if newest > self.told {
                match self.concerned(newest).await {
                    Ok(Some(true)) => {
                        self.told = newest;
                        return Some(newest);
                    }
                    Ok(Some(false)) => self.told = newest,
                    Ok(None) => return None,
                    // The gate's own pull every minute makes up for it.
                    Err(error) => tracing::warn!(%error, "cannot look for a gate's changes"),
                }
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = self.app.shutdown().begun() => return None,
            }
        }
    }

    /// Whether something up to `newest` concerns the gate; `None` when it is in use no longer.
    async fn concerned(&self, newest: i64) -> Result<Option<bool>, DbError> {
        let recent = self.app.recent_changes(self.told, newest).await?;
        let Some(recent) = recent else { return Ok(Some(true)) };
        let about_me =
            |change: &changes::Change| change.kind == "gate" && change.scope == self.gate_id;
        if recent.iter().any(about_me) {
            let mut tx = self.app.db().read().await?;
            let gate = store::find(&mut tx, &self.gate_id).await?;
            if gate.is_none_or(|gate| gate.state != GateState::Confirmed.code()) {
                return Ok(None);
            }
        }
        Ok(Some(recent.iter().any(|change| self.app.bundles().concerns(&self.gate_id, change))))
    }
}
