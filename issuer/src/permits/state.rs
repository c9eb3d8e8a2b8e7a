//! The life of a permit. A transition consumes the state it begins in.
//!
//! ```text
//! issued ──suspend──▶ suspended (temporary: until a time; or until resumed)
//!   ▲                     │ confirm: a temporary one stays
//!   ├──── resume, lapse ──┘
//!   ├──revoke──▶ revoked      (final; also from suspended)
//!   └──supersede──▶ superseded (final; by a reissue)
//! ```

use std::fmt;

use fugong_common::claims::{Phase, Validity};
use fugong_common::status::Status;
use fugong_common::time::Millis;

/// Where a permit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Issued,
    Suspended {
        since: Millis,
        /// Of an inspector's: it lapses then unless a post confirms it.
        lapses_at: Option<Millis>,
    },
    Revoked {
        at: Millis,
    },
    Superseded {
        at: Millis,
    },
}

/// How a permit stands at an instant: its state with its term counted in, as people speak of it. What
/// its status list says comes before its dates, as at the gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    NotYet,
    Valid,
    Suspended,
    /// Its term is over: the enterprise files a renewal.
    Expired,
    Revoked,
    Superseded,
}

impl Standing {
    /// For programs, and for looking permits up.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotYet => "not_yet",
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
        }
    }

    /// Whether an officer has this done to a permit that stands so, as far as its term goes. What has
    /// expired is neither suspended nor signed anew: it is renewed by an application of its own.
    pub const fn lets(self, event: Event) -> bool {
        !matches!((self, event), (Self::Expired, Event::Suspend { .. } | Event::Supersede))
    }
}

/// What can be done with a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `lapses_at`: temporary, by an inspector; without: by an approving post, until resumed.
    Suspend {
        lapses_at: Option<Millis>,
    },
    Confirm,
    Resume,
    /// A temporary suspension that nobody confirmed in time.
    Lapse,
    Revoke,
    /// A newer permit of the same line takes its place.
    Supersede,
}

impl Event {
    /// As stored in a permit's history.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Suspend { lapses_at: Some(_) } => "suspend_for_now",
            Self::Suspend { lapses_at: None } => "suspend",
            Self::Confirm => "confirm",
            Self::Resume => "resume",
            Self::Lapse => "lapse",
            Self::Revoke => "revoke",
            Self::Supersede => "supersede",
        }
    }
}

/// A permit that doesn't take this event as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub standing: Standing,
    pub event: Event,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a permit that is {} takes no {}", self.standing.code(), self.event.code())
    }
}

impl std::error::Error for Refused {}

impl State {
    /// As stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Suspended { .. } => "suspended",
            Self::Revoked { .. } => "revoked",
            Self::Superseded { .. } => "superseded",
        }
    }

    /// The state of a row; `None` for one that cannot be.
    pub fn from_row(code: &str, at: Millis, lapses_at: Option<Millis>) -> Option<Self> {
        match (code, lapses_at) {
            ("issued", None) => Some(Self::Issued),
            ("suspended", lapses_at) => Some(Self::Suspended { since: at, lapses_at }),
            ("revoked", None) => Some(Self::Revoked { at }),
            ("superseded", None) => Some(Self::Superseded { at }),
            _ => None,
        }
    }

    /// What the status list says of it.
    pub const fn status(self) -> Status {
        match self {
            Self::Issued => Status::Valid,
            Self::Suspended { .. } => Status::Suspended,
            Self::Revoked { .. } => Status::Revoked,
            Self::Superseded { .. } => Status::Superseded,
        }
    }

    pub const fn is_final(self) -> bool {
        matches!(self, Self::Revoked { .. } | Self::Superseded { .. })
    }

    pub const fn lapses_at(self) -> Option<Millis> {
        match self {
            Self::Suspended { lapses_at, .. } => lapses_at,
            _ => None,
        }
    }

    /// How a permit of this term stands.
    pub fn standing(self, term: Validity, now: Millis) -> Standing {
        match self {
            Self::Suspended { .. } => Standing::Suspended,
            Self::Revoked { .. } => Standing::Revoked,
            Self::Superseded { .. } => Standing::Superseded,
            Self::Issued => match term.phase(now.seconds()) {
                Phase::NotYet => Standing::NotYet,
                Phase::Valid => Standing::Valid,
                Phase::Expired => Standing::Expired,
            },
        }
    }

    /// The state after an event. `None` where they don't go together: whatever is final, resuming what
    /// is not suspended, confirming what is not temporary, a lapse before its time, reissuing what is
    /// suspended (it would come back to life).
    pub fn after(self, event: Event, now: Millis) -> Option<Self> {
        match (self, event) {
            (Self::Issued, Event::Suspend { lapses_at }) => {
                Some(Self::Suspended { since: now, lapses_at })
            }
            // A post makes its own what an inspector began: it no longer lapses.
            (
                Self::Suspended { since, lapses_at: Some(_) },
                Event::Confirm | Event::Suspend { lapses_at: None },
            ) => Some(Self::Suspended { since, lapses_at: None }),
            (Self::Suspended { .. }, Event::Resume) => Some(Self::Issued),
            (Self::Suspended { lapses_at: Some(at), .. }, Event::Lapse) if at <= now => {
                Some(Self::Issued)
            }
            (Self::Issued | Self::Suspended { .. }, Event::Revoke) => {
                Some(Self::Revoked { at: now })
            }
            (Self::Issued, Event::Supersede) => Some(Self::Superseded { at: now }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_581_296_400_000);

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0_i64..100).prop_map(|h| Event::Suspend { lapses_at: Some(NOW.plus_hours(h)) }),
            Just(Event::Suspend { lapses_at: None }),
            Just(Event::Confirm),
            Just(Event::Resume),
            Just(Event::Lapse),
            Just(Event::Revoke),
            Just(Event::Supersede),
        ]
    }

    proptest! {
        #[test]
        fn revoked_and_superseded_are_final(events in prop::collection::vec((event(), 0_i64..50), 0..30)) {
            let (mut state, mut now) = (State::Issued, NOW);
            for (event, hours) in events {
                now = now.plus_hours(hours);
                let next = state.after(event, now);
                if state.is_final() {
                    prop_assert_eq!(next, None, "{:?}", event);
                }
                if let Some(next) = next {
                    let (from, to) = (state.status(), next.status());
                    prop_assert!(from == to || from.may_become(to), "{:?} to {:?}", from, to);
                    state = next;
                }
            }
        }

        #[test]
        fn a_state_survives_its_row(event in event()) {
            if let Some(state) = State::Issued.after(event, NOW) {
                prop_assert_eq!(State::from_row(state.code(), NOW, state.lapses_at()), Some(state));
            }
        }
    }

    #[test]
    fn an_inspectors_suspension_lapses_at_its_time_unless_a_post_confirms_it() {
        let end = NOW.plus_hours(48);
        let temporary = State::Issued.after(Event::Suspend { lapses_at: Some(end) }, NOW).unwrap();
        assert!(temporary.after(Event::Lapse, end.plus_millis(-1)).is_none());
        assert_eq!(temporary.after(Event::Lapse, end), Some(State::Issued));
        let confirmed = temporary.after(Event::Confirm, NOW.plus_hours(1)).unwrap();
        assert!(confirmed.after(Event::Lapse, end.plus_days(9)).is_none());
        assert_eq!(confirmed.after(Event::Resume, end), Some(State::Issued));
    }

    #[test]
    fn what_is_suspended_is_not_reissued() {
        let suspended = State::Suspended { since: NOW, lapses_at: None };
        assert_eq!(suspended.after(Event::Supersede, NOW), None);
        let refused = Refused { standing: Standing::Suspended, event: Event::Supersede };
        assert_eq!(refused.to_string(), "a permit that is suspended takes no supersede");
    }

    #[test]
    fn a_permit_stands_as_its_list_says_and_then_as_its_dates_do() {
        let term = Validity::new(NOW.seconds(), NOW.plus_days(30).seconds()).unwrap();
        let end = NOW.plus_days(30);
        let suspended = State::Suspended { since: NOW, lapses_at: None };
        for (state, at, standing) in [
            (State::Issued, NOW.plus_seconds(-1), Standing::NotYet),
            (State::Issued, NOW, Standing::Valid),
            (State::Issued, end.plus_seconds(-1), Standing::Valid),
            (State::Issued, end, Standing::Expired),
            (suspended, end, Standing::Suspended),
            (State::Revoked { at: NOW }, end, Standing::Revoked),
            (State::Superseded { at: NOW }, end, Standing::Superseded),
        ] {
            assert_eq!(state.standing(term, at), standing, "{state:?} {at:?}");
        }
        assert!(!Standing::Expired.lets(Event::Supersede) && Standing::Expired.lets(Event::Revoke));
        assert!(Standing::Valid.lets(Event::Supersede));
    }
}
