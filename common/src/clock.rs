//! Whether a machine without network knows what time it is.

use crate::time::Millis;

/// What a decision may make of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClockState {
    /// Plausible since it was last set.
    Trusted,
    /// Behind what signed objects prove, or not set since the machine started: nothing is valid by it.
    Uncertain,
}

impl ClockState {
    /// The state for a wall clock, given the floor (greatest `iat` of all verified objects of the issuer) and whether the clock was
    /// set or confirmed since the machine started.
    pub fn of(wall: Millis, floor: Millis, confirmed_since_start: bool) -> Self {
        if wall < floor || !confirmed_since_start { Self::Uncertain } else { Self::Trusted }
    }

    /// `trusted` or `uncertain`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Uncertain => "uncertain",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_behind_the_floor_or_never_set_is_uncertain() {
        let floor = Millis(1000);
        assert_eq!(ClockState::of(Millis(1000), floor, true), ClockState::Trusted);
        assert_eq!(ClockState::of(Millis(999), floor, true), ClockState::Uncertain);
        assert_eq!(ClockState::of(Millis(5000), floor, false), ClockState::Uncertain);
    }
}
