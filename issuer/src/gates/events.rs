//! The push hint: tells a connected gate that there is something to pull. Content never travels here.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use fugong_common::wire::{HEARTBEAT_SECONDS, MANIFEST_EVENT};
use futures_util::Stream;
use tokio::sync::oneshot;

use super::{GateState, store};
use crate::app::App;
use crate::changes;
use crate::db::DbError;

/// A gate listens once; a broken line may leave it another for a while.
const STREAMS_OF_ONE: usize = 4;

/// The open streams of each gate, oldest first.
#[derive(Debug, Default)]
pub struct Streams(Mutex<HashMap<String, VecDeque<oneshot::Sender<()>>>>);

impl Streams {
    /// One more for this gate; ends the oldest of too many. What is returned resolves when this
    /// one has to end.
    fn open(&self, gate_id: &str) -> oneshot::Receiver<()> {
        let (end, ended) = oneshot::channel();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(gate_id.to_owned()).or_default();
        own.retain(|stream| !stream.is_closed());
        if own.len() >= STREAMS_OF_ONE {
            own.pop_front();
        }
        own.push_back(end);
        ended
    }
}

/// Follows changes for one gate until it is cut off or leaves.
pub(super) fn follow(
    app: App,
    gate_id: String,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = app.watch_changes();
    let ended = app.streams().open(&gate_id);
    let state = Follower { app, gate_id, changes, ended, told: 0 };
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
    ended: oneshot::Receiver<()>,
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
                _ = &mut self.ended => return None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_listens_too_often_loses_its_oldest_stream_and_nobody_elses() {
        let streams = Streams::default();
        let mut other = streams.open("g2");
        let mut own: Vec<_> = (0..=STREAMS_OF_ONE).map(|_| streams.open("g1")).collect();
        assert!(own[0].try_recv().is_err_and(|end| end == oneshot::error::TryRecvError::Closed));
        for stream in own.iter_mut().skip(1).chain([&mut other]) {
            assert_eq!(stream.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        }
        drop(own);
        let mut again = streams.open("g1");
        assert_eq!(again.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        assert_eq!(streams.0.lock().unwrap()["g1"].len(), 1, "closed ones are forgotten");
    }
}
