//! Gates as the issuer knows them: enrolment, the signed bundle each is given, and what they record.
//!
//! The protocol's paths and bodies are [`fugong_common::wire`].

pub mod api;
mod bundle;
mod device;
pub mod enrol;
mod events;
mod intake;
mod moment;
mod nonce;
pub mod pages;
mod partitions;
pub mod pin;
mod place;
pub mod read;
mod register;
mod remark;
mod seen;
mod shelf;
mod status_codes;
pub mod store;
mod words;

#[cfg(test)]
mod tests;

pub use bundle::{Bundles, build as build_bundle};
pub use events::Streams;
pub use intake::{Intake, take_in};
#[cfg(test)]
pub(crate) use partitions::make_ahead as make_partitions_ahead;
pub use partitions::{keep_ahead as keep_partitions_ahead, month_of};
pub use place::follow_premises;
pub use seen::keep_writing as keep_noting;

use fugong_common::journal::EntryKind;
use fugong_common::lang::Lang;

/// How far a gate has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateState {
    /// A code was given out, no verifier has come yet.
    New,
    /// A verifier has presented its key; a person must compare the fingerprint.
    Waiting,
    Confirmed,
    /// Answered nothing but "wipe"; later uploads are quarantined.
    CutOff,
}

impl GateState {
    pub const ALL: [Self; 4] = [Self::New, Self::Waiting, Self::Confirmed, Self::CutOff];

    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Waiting => "waiting",
            Self::Confirmed => "confirmed",
            Self::CutOff => "cut_off",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    pub const fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::New => lang.of("待注册", "not enrolled yet"),
            Self::Waiting => lang.of("待确认", "to be confirmed"),
            Self::Confirmed => lang.of("已启用", "in use"),
            Self::CutOff => lang.of("已停用", "cut off"),
        }
    }
}

/// What an entry without a verdict is called.
pub(crate) fn kind_title(code: &str, lang: Lang) -> &'static str {
    match EntryKind::from_code(code) {
        Some(EntryKind::Check) => lang.of("核验", "check"),
        Some(EntryKind::Temperature) => lang.of("测温", "temperature"),
        Some(EntryKind::Visitor) => lang.of("来访登记", "visitor"),
        Some(EntryKind::LookUp) => lang.of("人员查询", "look-up"),
        Some(EntryKind::SignOn) => lang.of("上班", "sign-on"),
        Some(EntryKind::SignOff) => lang.of("下班", "sign-off"),
        Some(EntryKind::HandOver) => lang.of("交接班", "hand-over"),
        Some(EntryKind::Correction) => lang.of("更正", "correction"),
        Some(EntryKind::Override) => lang.of("双人核准放行", "two-person override"),
        Some(EntryKind::NotRecorded) => lang.of("未记录", "not recorded"),
        _ => lang.of("其他", "other"),
    }
}
