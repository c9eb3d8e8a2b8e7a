//! Tells a connected gate that there is something to pull. Of content only status lists travel here, ahead of the pull:
//! a thousand gates that pull at once keep each other waiting, and a suspension must not wait.

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use fugong_common::wire::{HEARTBEAT_SECONDS, MANIFEST_EVENT, STATUS_EVENT};
use futures_util::Stream;
use tokio::sync::oneshot;

use super::moment::{self, Moment};
use super::shelf::Sha;
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
    let (told, lists, events) = (0, HashSet::new(), VecDeque::new());
    let state = Follower { app, gate_id, changes, ended, told, lists, events };
    let stream = futures_util::stream::unfold(state, |mut state| async move {
        if state.events.is_empty() {
            state.wait().await?;
        }
        state.events.pop_front().map(|event| (Ok(event), state))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(HEARTBEAT_SECONDS)))
}

struct Follower {
    app: App,
    gate_id: String,
    changes: tokio::sync::watch::Receiver<i64>,
    ended: oneshot::Receiver<()>,
    told: i64,
    /// Status lists that this gate was sent, or had no need of.
    lists: HashSet<Sha>,
    /// To be said now.
    events: VecDeque<Event>,
}

/// What there is to say of a change.
enum Concern {
    Nothing,
    Pull,
    /// What is in force has changed.
    Status,
    /// The gate is in use no longer.
    Over,
}

impl Follower {
    /// Waits until something concerns this gate; `None` ends the stream.
    async fn wait(&mut self) -> Option<()> {
        loop {
            let newest = *self.changes.borrow_and_update();
            if newest > self.told {
                match self.say(newest).await {
                    Ok(Concern::Over) => return None,
                    Ok(Concern::Nothing) => self.told = newest,
                    Ok(Concern::Pull | Concern::Status) => {
                        self.told = newest;
                        let event = Event::default().event(MANIFEST_EVENT);
                        self.events.push_back(event.data(newest.to_string()));
                        return Some(());
                    }
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

    /// What concerns the gate up to `newest`; status lists that it lacks are said at once.
    async fn say(&mut self, newest: i64) -> Result<Concern, DbError> {
        // Whoever has just connected pulls everything.
        let begins = self.told == 0;
        let concern = if begins { Concern::Pull } else { self.concern(newest).await? };
        if begins || matches!(concern, Concern::Status) {
            match moment::reached(&self.app, newest).await {
                Ok(Some(moment)) => self.send_along(&moment, begins),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "gates have to pull a status list"),
            }
        }
        Ok(concern)
    }

    fn send_along(&mut self, moment: &Moment, begins: bool) {
        let known = std::mem::take(&mut self.lists);
        for list in &moment.sent_along {
            self.lists.insert(list.digest);
            if !begins && !known.contains(&list.digest) {
                self.events.push_back(Event::default().event(STATUS_EVENT).data(&list.text));
            }
        }
    }

    async fn concern(&self, newest: i64) -> Result<Concern, DbError> {
        let recent = self.app.recent_changes(self.told, newest).await?;
        let Some(recent) = recent else { return Ok(Concern::Status) };
        let about_me =
            |change: &changes::Change| change.kind == "gate" && change.scope == self.gate_id;
        if recent.iter().any(about_me) {
            let mut tx = self.app.db().read().await?;
            let gate = store::find(&mut tx, &self.gate_id).await?;
            if gate.is_none_or(|gate| gate.state != GateState::Confirmed.code()) {
                return Ok(Concern::Over);
            }
        }
        if recent.iter().any(|change| change.kind == "status") {
            return Ok(Concern::Status);
        }
        let concerns = |change| self.app.bundles().concerns(&self.gate_id, change);
        Ok(if recent.iter().any(concerns) { Concern::Pull } else { Concern::Nothing })
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
