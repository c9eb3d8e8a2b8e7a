//! What time it is at the gate, and whether anybody should believe it.
//!
//! The wall clock of a small box is wrong after a flat battery and can be set back on purpose, which would bring ended permits
//! back to life. So there is a floor: the greatest signing time among the issuer's objects whose signatures were checked, and
//! the latest time this machine itself was sure of. A wall clock before the floor makes the gate uncertain, and an uncertain
//! gate answers nothing "valid" until the issuer or an administrator sets the time.

use fugong_common::clock::ClockState;
use fugong_common::time::Millis;

use crate::store::{Store, StoreError};

/// A wall clock may lag so far behind the floor: issuer and gate are never set alike to the second.
const SLACK_MILLIS: i64 = 120_000;

/// What is kept on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Greatest signing time of a verified object.
    pub floor: Millis,
    /// Latest time that was trusted.
    pub last_seen: Millis,
    /// Milliseconds this machine has counted while running, since it was enrolled.
    pub elapsed: i64,
    /// Added to the wall clock.
    pub correction: i64,
}

/// The gate's sense of time. Pure: wall and running time come in as arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateClock {
    kept: Kept,
    /// Running time at which this process took over, by its own count.
    started: i64,
    /// Running time counted when the floor was last raised, or when this process took over.
    floor_elapsed: i64,
}

/// One look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub now: Millis,
    pub state: ClockState,
    /// Milliseconds counted while running, over all starts.
    pub elapsed: i64,
}

impl GateClock {
    /// Takes up what was kept, at a process's running time `running`.
    pub const fn resume(kept: Kept, running: i64) -> Self {
        Self { kept, started: running, floor_elapsed: kept.elapsed }
    }

    /// Reads the time from the wall clock and the process's running time.
    pub fn read(&self, wall: Millis, running: i64) -> Reading {
        let now = wall.plus_millis(self.kept.correction);
        let earliest = self.kept.floor.max(self.kept.last_seen);
        let state = if now.since(earliest) < -SLACK_MILLIS {
            ClockState::Uncertain
        } else {
            ClockState::Trusted
        };
        Reading { now, state, elapsed: self.elapsed(running) }
    }

    /// A verified object was signed at `iat`.
    pub fn raise_floor(&mut self, iat: Millis, running: i64) {
        if iat > self.kept.floor {
            self.kept.floor = iat;
            self.floor_elapsed = self.elapsed(running);
        }
    }

    /// It is at least so late: signed by the issuer, plus what this machine has counted since. What deletes for good goes
    /// by this, for a wall clock that is ahead would delete too early.
    pub fn at_least(&self, wall: Millis, running: i64) -> Millis {
        let counted = self.elapsed(running).saturating_sub(self.floor_elapsed).max(0);
        self.kept.floor.plus_millis(counted).min(self.read(wall, running).now)
    }

    fn elapsed(&self, running: i64) -> i64 {
        self.kept.elapsed.saturating_add(running.saturating_sub(self.started).max(0))
    }

    pub const fn floor(&self) -> Millis {
        self.kept.floor
    }

    /// The issuer (by its nonce) or an administrator says what time it is. Refused before the floor: then that clock is the wrong one.
    pub fn set(&mut self, wall: Millis, said: Millis) -> bool {
        if said.since(self.kept.floor) < -SLACK_MILLIS {
            return false;
        }
        self.kept.correction = said.since(wall);
        // A wall clock that ran ahead must not keep the gate uncertain once it was set right.
        self.kept.last_seen = said;
        true
    }

    /// What to keep now. Only a trusted time moves `last_seen`.
    pub fn keep(&mut self, wall: Millis, running: i64) -> Kept {
        let reading = self.read(wall, running);
        if reading.state == ClockState::Trusted {
            self.kept.last_seen = self.kept.last_seen.max(reading.now);
        }
        self.kept.elapsed = reading.elapsed;
        self.started = running;
        self.kept
    }
}

/// What was kept; a fresh store knows nothing, and believes the wall clock until something signed says otherwise.
pub async fn load(store: &Store) -> Result<Kept, StoreError> {
    let row: Option<(i64, i64, i64, i64)> =
        sqlx::query_as("SELECT floor, last_seen, elapsed, correction FROM clock WHERE one = 1")
            .fetch_optional(store.pool())
            .await?;
    Ok(row.map_or_else(Kept::default, |(floor, last_seen, elapsed, correction)| Kept {
        floor: Millis(floor),
        last_seen: Millis(last_seen),
        elapsed,
        correction,
    }))
}

/// Keeps it.
pub async fn store(store: &Store, kept: &Kept) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO clock (one, floor, last_seen, elapsed, correction) VALUES (1, $1, $2, $3, $4) \
         ON CONFLICT (one) DO UPDATE SET floor = excluded.floor, last_seen = excluded.last_seen, \
         elapsed = excluded.elapsed, correction = excluded.correction",
    )
    .bind(kept.floor.0)
    .bind(kept.last_seen.0)
    .bind(kept.elapsed)
    .bind(kept.correction)
    .execute(store.pool())
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis(1_581_220_800_000);

    fn clock() -> GateClock {
        GateClock::resume(Kept { floor: NOON, last_seen: NOON, ..Kept::default() }, 0)
    }

    #[test]
    fn a_clock_set_back_makes_the_gate_uncertain_and_a_small_lag_does_not() {
        assert_eq!(clock().read(NOON.plus_hours(1), 0).state, ClockState::Trusted);
        assert_eq!(clock().read(NOON.plus_minutes(-1), 0).state, ClockState::Trusted);
        assert_eq!(clock().read(NOON.plus_minutes(-3), 0).state, ClockState::Uncertain);
    }

    #[test]
    fn a_reboot_without_a_battery_is_uncertain_until_the_issuer_tells_the_time() {
        let epoch = Millis(60_000);
        let mut clock = clock();
        assert_eq!(clock.read(epoch, 0).state, ClockState::Uncertain);
        assert!(clock.set(epoch, NOON.plus_hours(2)));
        let reading = clock.read(epoch.plus_seconds(5), 5_000);
        assert_eq!(
            (reading.now, reading.state),
            (NOON.plus_hours(2).plus_seconds(5), ClockState::Trusted)
        );
    }

    #[test]
    fn nobody_sets_the_time_before_what_the_issuer_has_signed() {
        let mut clock = clock();
        clock.raise_floor(NOON.plus_days(1), 0);
        assert!(!clock.set(NOON, NOON));
        assert_eq!(clock.read(NOON, 0).state, ClockState::Uncertain);
        assert!(clock.set(NOON, NOON.plus_days(1)));
    }

    #[test]
    fn a_clock_that_ran_ahead_can_be_set_right() {
        let mut clock = clock();
        clock.keep(NOON.plus_days(400), 0);
        assert_eq!(clock.read(NOON.plus_hours(1), 0).state, ClockState::Uncertain);
        assert!(clock.set(NOON.plus_hours(1), NOON.plus_hours(1)));
        assert_eq!(clock.read(NOON.plus_hours(1), 0).state, ClockState::Trusted);
    }

    #[test]
    fn what_deletes_goes_by_what_the_issuer_signed_and_this_machine_counted() {
        let mut clock = clock();
        assert_eq!(clock.at_least(NOON.plus_days(3), 60_000), NOON.plus_minutes(1), "it is ahead");
        clock.raise_floor(NOON.plus_hours(1), 60_000);
        assert_eq!(clock.at_least(NOON.plus_days(3), 120_000), NOON.plus_minutes(61));
        assert_eq!(clock.at_least(NOON, 120_000), NOON, "it is behind");
        let kept = clock.keep(NOON.plus_hours(1), 180_000);
        let clock = GateClock::resume(kept, 9);
        assert_eq!(clock.at_least(NOON.plus_days(3), 60_009), NOON.plus_minutes(61));
    }

    #[test]
    fn running_time_is_counted_over_restarts_and_an_uncertain_clock_moves_nothing() {
        let mut clock = clock();
        let kept = clock.keep(NOON.plus_hours(1), 3_600_000);
        let mut clock = GateClock::resume(kept, 500);
        assert_eq!(clock.read(NOON, 1_500).elapsed, 3_601_000);
        let kept = clock.keep(NOON.plus_hours(-5), 2_500);
        assert_eq!(kept.last_seen, NOON.plus_hours(1));
        assert_eq!(kept.elapsed, 3_602_000);
    }
}
