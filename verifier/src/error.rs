//! Why the gate refused to do something, said to the guard.

use std::fmt;

use fugong_common::lang::Lang;
use fugong_common::words::fill;

/// Why a step wasn't taken. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateError {
    /// The verifier isn't enrolled, or not confirmed, or was cut off.
    NotEnrolled,
    /// The bundle hasn't come yet.
    NoBundle,
    /// The session is finished, too old, or of before a restart.
    NoSession,
    /// The session waits for another step.
    WrongStep,
    /// A reading that no thermometer shows; range in tenths.
    Implausible { from: i16, to: i16 },
    /// No such person on the roster, or of another enterprise.
    NoSuchPerson,
    /// No valid permit of this number in the register.
    NoSuchHost,
    /// A visitor needs a name and a telephone number.
    VisitorIncomplete,
    /// A text of the form is too long or has characters that don't belong there.
    BadText,
    /// The entry is older than ten seconds, or of another kind.
    TooLateToCorrect,
    /// The entry was put right once, by a later one.
    AlreadyCorrected,
    /// Look-up needs two characters of a name, or four digits.
    QueryTooShort,
    /// Only a shift leader may, and not the guard who asks.
    LeaderNeeded,
    /// No override for this verdict.
    NoOverride,
    /// PIN wrong, or locked for so many seconds.
    Pin(PinError),
    /// A time before what the issuer has signed already.
    TooEarly,
    /// The disk refused.
    NotRecorded,
}

/// Why a PIN wasn't taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinError {
    /// Guard or PIN wrong; both look alike.
    Wrong,
    /// Too many wrong PINs: wait so many seconds.
    Locked { seconds: u64 },
    /// The browser isn't paired, or was unpaired.
    NotPaired,
}

fugong_common::words! {
    /// What the guard reads when a step wasn't taken.
    pub struct ErrorWords {
        not_enrolled: "核验机尚未注册，或尚未确认，请联系管理员。", "This verifier isn't enrolled, or not confirmed yet. Call the administrator.";
        no_bundle: "尚未收到花名册和清单，请先联网同步。", "Roster and lists haven't come yet. Connect and sync first.";
        no_session: "本次核验已结束，请重新扫码。", "This check is over. Scan again.";
        wrong_step: "请按屏幕提示的步骤操作。", "Follow the step on the screen.";
        implausible: "读数应在 {from} 至 {to} ℃ 之间，请看清后重新输入。", "A reading lies between {from} and {to} ℃. Look again and type it anew.";
        no_such_person: "花名册中没有此人，请重新查询。", "Not on the roster. Look the person up again.";
        no_such_host: "没有此编号的有效许可，请重新选择。", "No valid permit has this number. Choose again.";
        visitor_incomplete: "请填写来访人姓名和电话。", "Give the visitor's name and telephone number.";
        bad_text: "文字过长或含有不可用的字符，请修改。", "A text is too long or has characters that cannot be used. Change it.";
        too_late: "已超过 10 秒，不能更正；请在交接班中说明。", "More than 10 seconds have passed. Note it at the hand-over instead.";
        already_corrected: "此记录已更正过，不能再次更正；如仍有误，请在交接班中说明。", "This record has been corrected once already. If it is still wrong, note it at the hand-over.";
        query_too_short: "请输入至少两个字的姓名，或四位数字。", "Type at least two characters of the name, or four digits.";
        leader_needed: "须由另一名带班人员核准。", "Another person, a shift leader, has to approve.";
        no_override: "此结果不得核准放行。", "Nobody can override this answer.";
        pin_wrong: "值守人员或密码不正确，请重新输入。", "Guard or PIN is wrong. Try again.";
        pin_locked: "输错次数过多，请等待 {seconds} 秒。", "Too many wrong tries. Wait {seconds} s.";
        not_paired: "此浏览器尚未配对，请输入配对码。", "This browser isn't paired. Type the pairing code.";
        too_early: "该时间早于签发机构已签发的清单，请核对后重新输入。", "That is earlier than what the issuer has signed already. Check the time and type it anew.";
        not_recorded: "未能记录，请检查磁盘空间并联系管理员。", "Not recorded. Check the disk and call the administrator.";
    }
}

impl GateError {
    /// Stable name for problem bodies.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotEnrolled => "not_enrolled",
            Self::NoBundle => "no_bundle",
            Self::NoSession => "no_session",
            Self::WrongStep => "wrong_step",
            Self::Implausible { .. } => "implausible_temperature",
            Self::NoSuchPerson => "no_such_person",
            Self::NoSuchHost => "no_such_host",
            Self::VisitorIncomplete => "visitor_incomplete",
            Self::BadText => "bad_text",
            Self::TooLateToCorrect => "too_late_to_correct",
            Self::AlreadyCorrected => "already_corrected",
            Self::QueryTooShort => "query_too_short",
            Self::LeaderNeeded => "leader_needed",
            Self::NoOverride => "no_override",
            Self::Pin(PinError::Wrong) => "pin_wrong",
            Self::Pin(PinError::Locked { .. }) => "pin_locked",
            Self::Pin(PinError::NotPaired) => "not_paired",
            Self::TooEarly => "too_early",
            Self::NotRecorded => "not_recorded",
        }
    }

    /// What to do next.
    pub fn say(&self, lang: Lang) -> String {
        let words = ErrorWords::of(lang);
        let tenths = |t: i16| format!("{}.{}", t / 10, t.rem_euclid(10));
        match self {
            Self::NotEnrolled => words.not_enrolled.to_owned(),
            Self::NoBundle => words.no_bundle.to_owned(),
            Self::NoSession => words.no_session.to_owned(),
            Self::WrongStep => words.wrong_step.to_owned(),
            Self::Implausible { from, to } => {
                fill(words.implausible, &[("from", &tenths(*from)), ("to", &tenths(*to))])
            }
            Self::NoSuchPerson => words.no_such_person.to_owned(),
            Self::NoSuchHost => words.no_such_host.to_owned(),
            Self::VisitorIncomplete => words.visitor_incomplete.to_owned(),
            Self::BadText => words.bad_text.to_owned(),
            Self::TooLateToCorrect => words.too_late.to_owned(),
            Self::AlreadyCorrected => words.already_corrected.to_owned(),
            Self::QueryTooShort => words.query_too_short.to_owned(),
            Self::LeaderNeeded => words.leader_needed.to_owned(),
            Self::NoOverride => words.no_override.to_owned(),
            Self::Pin(PinError::Wrong) => words.pin_wrong.to_owned(),
            Self::Pin(PinError::Locked { seconds }) => {
                fill(words.pin_locked, &[("seconds", seconds)])
            }
            Self::Pin(PinError::NotPaired) => words.not_paired.to_owned(),
            Self::TooEarly => words.too_early.to_owned(),
            Self::NotRecorded => words.not_recorded.to_owned(),
        }
    }
}

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Lang::En))
    }
}

impl std::error::Error for GateError {}

impl From<PinError> for GateError {
    fn from(error: PinError) -> Self {
        Self::Pin(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_in_both_languages_what_to_do() {
        assert_eq!(fugong_common::words::faults(ErrorWords::PAIRS), Vec::<String>::new());
        let error = GateError::Implausible { from: 340, to: 430 };
        assert!(error.say(Lang::Zh).contains("34.0 至 43.0"));
    }
}
