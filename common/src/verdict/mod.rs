//! The one list of answers that gate, public page, command line and journal give.
//!
//! A verdict is said four ways at once, so that it survives sunlight, grayscale and a noisy street: word, icon outline, colour and sound.
//! The words live in [`words`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

mod icon;
#[cfg(test)]
mod tests;
mod words;

pub use icon::Icon;
pub use words::{About, Details};

/// What a check answered. Serialises as its [`code`](Verdict::code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Everything holds so far; the temperature is the step that is missing.
    Measure,
    /// Go in. On the public page: the permit is valid.
    Valid,
    /// Go in only if the listed condition is met.
    Conditional,
    /// The permitted number of people is inside.
    CapFull,
    /// The enterprise works remotely only: nobody goes in.
    RemoteOnly,
    /// Suspended by an inspector or an approving post.
    Suspended,
    /// Revoked by the authority.
    Revoked,
    /// Replaced by a newer placard.
    Superseded,
    /// `exp` has passed.
    Expired,
    /// `nbf` has not come.
    NotYet,
    /// Genuine, for another site.
    WrongSite,
    /// Signed by a listed key that may not sign this: other role, time or place.
    KeyNotEntitled,
    /// The trust list doesn't name the signing key.
    UnknownKey,
    /// The signing key was revoked.
    KeyWithdrawn,
    /// The signature doesn't verify.
    Forged,
    /// A genuine token under a host that the trust list doesn't name.
    ForeignLink,
    /// Some other code.
    NotPermit,
    /// Genuine, in a version this program doesn't read.
    UpdateGate,
    /// Genuine, but what is known about its status is too old to decide.
    Stale,
    /// This gate doesn't know what time it is.
    ClockUncertain,
    /// The person is still in isolation.
    Isolating,
    /// The person isn't on the site's roster.
    NotOnRoster,
    /// The worker pass was withdrawn or replaced.
    PassLost,
    /// At or above the fever limit.
    Fever,
    /// Below what a body can have: measure again.
    LowReading,
}

/// Colour family. The colour never stands alone: every tone has its own icon outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Green: go, and it is recorded.
    Go,
    /// Blue: one more step, taken as a matter of course.
    Step,
    /// Amber: a real condition. Kept rare, or nobody sees it any more.
    OnlyIf,
    /// Red: do not let in.
    Stop,
    /// Grey: this place cannot tell.
    Unknown,
}

impl Tone {
    /// Class name used by stylesheets: `go`, `step`, `only-if`, `stop`, `unknown`.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Step => "step",
            Self::OnlyIf => "only-if",
            Self::Stop => "stop",
            Self::Unknown => "unknown",
        }
    }
}

/// What the loudspeaker plays, as a name for the page and notes for whoever synthesises it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sound {
    /// Two rising notes.
    Admit,
    /// One short note: carry on.
    Step,
    /// Two equal notes: look here.
    Ask,
    /// Long low note twice.
    Refuse,
    /// Falling pair: cannot tell.
    Unsure,
}

impl Sound {
    /// `admit`, `step`, `ask`, `refuse`, `unsure`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Step => "step",
            Self::Ask => "ask",
            Self::Refuse => "refuse",
            Self::Unsure => "unsure",
        }
    }

    /// Notes in order as (hertz, milliseconds). They differ in rhythm as well as in pitch, for ears that hear one badly.
    pub const fn notes(self) -> &'static [(u16, u16)] {
        match self {
            Self::Admit => &[(880, 90), (1320, 140)],
            Self::Step => &[(880, 70)],
            Self::Ask => &[(660, 120), (660, 120)],
            Self::Refuse => &[(220, 320), (220, 320)],
            Self::Unsure => &[(660, 160), (440, 260)],
        }
    }
}

impl Verdict {
    /// Every verdict once, in the order of the glossary.
    pub const ALL: [Self; 25] = [
        Self::Measure,
        Self::Valid,
        Self::Conditional,
        Self::CapFull,
        Self::RemoteOnly,
        Self::Suspended,
        Self::Revoked,
        Self::Superseded,
        Self::Expired,
        Self::NotYet,
        Self::WrongSite,
        Self::KeyNotEntitled,
        Self::UnknownKey,
        Self::KeyWithdrawn,
        Self::Forged,
        Self::ForeignLink,
        Self::NotPermit,
        Self::UpdateGate,
        Self::Stale,
        Self::ClockUncertain,
        Self::Isolating,
        Self::NotOnRoster,
        Self::PassLost,
        Self::Fever,
        Self::LowReading,
    ];

    /// Stable name in journals, JSON, metrics and style sheets. Never renamed.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Measure => "measure",
            Self::Valid => "valid",
            Self::Conditional => "conditional",
            Self::CapFull => "cap_full",
            Self::RemoteOnly => "remote_only",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::WrongSite => "wrong_site",
            Self::KeyNotEntitled => "key_not_entitled",
            Self::UnknownKey => "unknown_key",
            Self::KeyWithdrawn => "key_withdrawn",
            Self::Forged => "forged",
            Self::ForeignLink => "foreign_link",
            Self::NotPermit => "not_permit",
            Self::UpdateGate => "update_gate",
            Self::Stale => "stale",
            Self::ClockUncertain => "clock_uncertain",
            Self::Isolating => "isolating",
            Self::NotOnRoster => "not_on_roster",
            Self::PassLost => "pass_lost",
            Self::Fever => "fever",
            Self::LowReading => "low_reading",
        }
    }

    /// The verdict with this code, if this program knows it.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }

    /// Only [`Verdict::Valid`] opens the gate; every other answer asks for something first.
    pub const fn admits(self) -> bool {
        matches!(self, Self::Valid)
    }

    /// Colour family.
    pub const fn tone(self) -> Tone {
        match self {
            Self::Valid => Tone::Go,
            // A low reading comes with every frosty morning: it is a step to repeat, not a condition to weigh.
            Self::Measure | Self::LowReading => Tone::Step,
            Self::Conditional | Self::CapFull => Tone::OnlyIf,
            Self::RemoteOnly
            | Self::Suspended
            | Self::Revoked
            | Self::Superseded
            | Self::Expired
            | Self::NotYet
            | Self::WrongSite
            | Self::KeyNotEntitled
            | Self::KeyWithdrawn
            | Self::Forged
            | Self::ForeignLink
            | Self::Isolating
            | Self::PassLost
            | Self::Fever => Tone::Stop,
            Self::UnknownKey
            | Self::NotPermit
            | Self::UpdateGate
            | Self::Stale
            | Self::ClockUncertain
            | Self::NotOnRoster => Tone::Unknown,
        }
    }

    /// Icon outline, one per tone.
    pub const fn icon(self) -> Icon {
        match self.tone() {
            Tone::Go => Icon::CircleCheck,
            Tone::Step => Icon::Step,
            Tone::OnlyIf => Icon::TriangleBang,
            Tone::Stop => Icon::OctagonCross,
            Tone::Unknown => Icon::DashedSquareQuestion,
        }
    }

    /// What the loudspeaker plays.
    pub const fn sound(self) -> Sound {
        match self {
            // The same colour as "take the temperature", but the reading was not taken: ask again audibly.
            Self::LowReading => Sound::Ask,
            _ => match self.tone() {
                Tone::Go => Sound::Admit,
                Tone::Step => Sound::Step,
                Tone::OnlyIf => Sound::Ask,
                Tone::Stop => Sound::Refuse,
                Tone::Unknown => Sound::Unsure,
            },
        }
    }
}

/// The code, for logs and metrics; people get [`Verdict::word`].
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(feature = "service")]
impl utoipa::PartialSchema for Verdict {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let codes = Self::ALL.iter().map(|verdict| verdict.code());
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(codes))
            .into()
    }
}

#[cfg(feature = "service")]
impl utoipa::ToSchema for Verdict {}

impl<'de> Deserialize<'de> for Verdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_code(&code)
            .ok_or_else(|| de::Error::custom(format_args!("no verdict is called {code:?}")))
    }
}
