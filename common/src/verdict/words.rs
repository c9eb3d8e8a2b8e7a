//! What a verdict says: to the guard (word and instruction) and to the public (word and advice).

use super::Verdict;
use crate::lang::Lang;
use crate::temperature::{Temperature, Thresholds};
use crate::words::fill;

crate::words! {
    /// The largest word on the screen.
    pub struct VerdictWords {
        measure: "请测温", "take the temperature";
        valid: "放行", "go in";
        conditional: "有条件放行", "only if";
        cap_full: "人数已满", "full";
        remote_only: "仅限线上复工", "remote only";
        suspended: "已暂停", "suspended";
        revoked: "已撤销", "revoked";
        superseded: "旧牌作废", "replaced";
        expired: "已到期", "expired";
        not_yet: "未生效", "not yet valid";
        wrong_site: "非本场所许可", "another site's permit";
        key_not_entitled: "签发机构无此权限", "issuer not entitled here";
        unknown_key: "签发机构不明", "unknown issuer";
        key_withdrawn: "签发密钥已停用", "signing key withdrawn";
        forged: "签名无效", "not authentic or damaged";
        foreign_link: "链接非官方", "foreign link";
        not_permit: "不是复工许可", "not a permit";
        update_gate: "核验机需更新", "update this gate";
        stale: "状态待更新", "status too old";
        clock_uncertain: "时钟待校准", "clock uncertain";
        isolating: "隔离期未满", "still in isolation";
        not_on_roster: "不在花名册", "not on the roster";
        pass_lost: "出入证已作废", "pass no longer valid";
        fever: "体温异常", "high temperature";
        low_reading: "读数偏低", "reading too low";
        // The public page reads a permit, it does not open a gate.
        public_valid: "许可有效", "valid";
        public_conditional: "有条件有效", "valid on a condition";
    }
}

crate::words! {
    /// One line for the guard: what to do now.
    pub struct VerdictInstructions {
        measure: "体温低于 {limit} ℃ 方可放行。", "Let in only below {limit} ℃.";
        valid: "已记录，请通行。", "Recorded. Let them in.";
        conditional: "符合所列条件方可放行。", "Let in only if the listed condition is met.";
        cap_full: "请稍候，有人离场后再放行。", "Wait until someone leaves.";
        remote_only: "该单位不得到场办公，不予放行。", "No work on site. Do not let in.";
        suspended: "不予放行，联系企业负责人和属地街道。", "Do not let in. Call the enterprise and the sub-district.";
        revoked: "不予放行，拍照留存并报告属地街道。", "Do not let in. Photograph it, report it.";
        superseded: "请出示新牌，或输入新编号核验。", "Ask for the new one, or type its number.";
        expired: "不予放行，请企业办理延续。", "Do not let in. The enterprise must renew.";
        expired_pass: "不予放行，按人员查询登记，补办新证。", "Do not let in. Look the person up, reissue the pass.";
        not_yet: "{day}起生效，此前不予放行。", "Valid from {day}; not before.";
        not_yet_undated: "尚未到生效日期，不予放行。", "Its first day has not come. Do not let in.";
        wrong_site: "许可真实，但不适用于本门岗；按来访登记。", "Genuine, not for this gate. Register as a visitor.";
        key_not_entitled: "该机构无权签发此证，不予放行，拍照并报告属地街道。", "This issuer may not sign for it. Do not let in, photograph, report.";
        unknown_key: "先同步清单再核验；仍不明的，不予放行并电话核实。", "Sync and try again; otherwise do not let in, call.";
        key_withdrawn: "不予放行，请企业到签发机构换发新牌。", "Do not let in. The enterprise must have it reissued.";
        forged: "擦净重扫一次；仍无效的，不予放行，拍照报告，不与对方争执。", "Wipe, scan once more; then do not let in, photograph, report. Do not argue.";
        foreign_link: "不予放行，留存此牌，不要打开链接，拍照报告属地街道。", "Do not let in. Keep it, do not open the link, photograph it, report it.";
        not_permit: "这是宣传海报或其他二维码，请出示公示牌或出入证。", "A poster or other code. Ask for the placard or pass.";
        update_gate: "本机版本过旧，读不懂此证；更新后再核验，此前按离线值守规定办理。", "This verifier is too old to read it. Update, then check again; until then follow the offline order.";
        stale: "牌证真实，状态已 {age}未更新；扫当日状态码，或按离线值守规定办理。", "Genuine, but status is {age} old: scan today's status code or follow the offline order.";
        stale_unknown: "牌证真实，本机尚无其状态；扫当日状态码，或按离线值守规定办理。", "Genuine, but its status is not known here: scan today's status code or follow the offline order.";
        clock_uncertain: "本机时间不可信；联网同步或请管理员校时后再核验，此前按离线值守规定办理。", "This verifier's time cannot be trusted. Sync or have an administrator set it, then check again; until then follow the offline order.";
        isolating: "不予放行，请其返回隔离地点，通知两名监督人。", "Do not let in. Send back, tell both supervisors.";
        not_on_roster: "核对姓名和证件后四位；确不在册的，按来访登记。", "Check name and last four; otherwise a visitor.";
        pass_lost: "此证已停用，按人员查询登记，补办新证。", "This card is dead. Look the person up, reissue.";
        fever: "请到临时观察区，换一支体温计复测；仍达 {limit} ℃ 的，不予放行并立即报告。", "To the waiting area, re-measure with another thermometer; if still {limit} ℃ or more, do not let in, report.";
        low_reading: "请到室内或测手腕后重测，不得估填。", "Measure again indoors or at the wrist. Never guess.";
    }
}

crate::words! {
    /// One line for a passer-by, an employee or a customer in front of the placard.
    pub struct PublicAdvice {
        valid: "请核对单位名称和地址与牌上一致。", "Compare the name and address with the placard.";
        conditional: "按编号查到，编号可能抄自别处，请逐项核对。", "Found by its number. A number can be copied from elsewhere: compare every line.";
        remote_only: "该单位仅获准线上复工，不得到场办公。", "This enterprise may work remotely only, not on site.";
        suspended: "该许可已被暂停；该单位仍在经营的，请举报。", "This permit is suspended. If the enterprise is open, please report it.";
        revoked: "该许可已被撤销；该单位仍在经营的，请举报。", "This permit is revoked. If the enterprise is open, please report it.";
        superseded: "这块公示牌已作废，请查看新牌。", "This placard has been replaced; look for the new one.";
        expired: "该许可已过有效期；该单位仍在经营的，请举报。", "This permit has run out. If the enterprise is open, please report it.";
        not_yet: "该许可尚未生效。", "This permit is not in force yet.";
        not_authentic: "无法证实此牌真实，请勿轻信；可举报。", "This placard cannot be confirmed. Do not rely on it; you can report it.";
        not_permit: "这不是复工许可公示牌。", "This is not a reopening placard.";
        later: "暂时无法确认状态，请稍后再查，或电话核实。", "The status cannot be confirmed now. Try later, or call.";
        gate_only: "此结果仅供门岗使用。", "This answer is meant for gates.";
    }
}

/// What the instruction is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// An enterprise's permit.
    #[default]
    Permit,
    /// A person's pass.
    Pass,
}

/// Facts that instructions mention. Whatever is missing is left out of the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What was scanned.
    pub about: About,
    /// Fever limit, from the gate's settings.
    pub fever_from: Temperature,
    /// First valid day in words, as `time::Zone::say_day` says it.
    pub first_day: Option<String>,
    /// Age of the status list in seconds.
    pub status_age_seconds: Option<u64>,
}

impl Default for Details {
    /// A permit and the limit of 37.3 ℃ (domain B5); nothing else known.
    fn default() -> Self {
        Self {
            about: About::Permit,
            fever_from: Thresholds::USUAL.fever_from(),
            first_day: None,
            status_age_seconds: None,
        }
    }
}

impl Verdict {
    /// The guard's word.
    pub const fn word(self, lang: Lang) -> &'static str {
        let words = VerdictWords::of(lang);
        match self {
            Self::Measure => words.measure,
            Self::Valid => words.valid,
            Self::Conditional => words.conditional,
            Self::CapFull => words.cap_full,
            Self::RemoteOnly => words.remote_only,
            Self::Suspended => words.suspended,
            Self::Revoked => words.revoked,
            Self::Superseded => words.superseded,
            Self::Expired => words.expired,
            Self::NotYet => words.not_yet,
            Self::WrongSite => words.wrong_site,
            Self::KeyNotEntitled => words.key_not_entitled,
            Self::UnknownKey => words.unknown_key,
            Self::KeyWithdrawn => words.key_withdrawn,
            Self::Forged => words.forged,
            Self::ForeignLink => words.foreign_link,
            Self::NotPermit => words.not_permit,
            Self::UpdateGate => words.update_gate,
            Self::Stale => words.stale,
            Self::ClockUncertain => words.clock_uncertain,
            Self::Isolating => words.isolating,
            Self::NotOnRoster => words.not_on_roster,
            Self::PassLost => words.pass_lost,
            Self::Fever => words.fever,
            Self::LowReading => words.low_reading,
        }
    }

    /// The public page's word; the guard's where the glossary has no other.
    pub const fn public_word(self, lang: Lang) -> &'static str {
        match self {
            Self::Valid => VerdictWords::of(lang).public_valid,
            Self::Conditional => VerdictWords::of(lang).public_conditional,
            _ => self.word(lang),
        }
    }

    /// One line for the guard.
    pub fn instruction(self, lang: Lang, details: &Details) -> String {
        let words = VerdictInstructions::of(lang);
        let template = match self {
            Self::Measure => words.measure,
            Self::Valid => words.valid,
            Self::Conditional => words.conditional,
            Self::CapFull => words.cap_full,
            Self::RemoteOnly => words.remote_only,
            Self::Suspended => words.suspended,
            Self::Revoked => words.revoked,
            Self::Superseded => words.superseded,
            Self::Expired if details.about == About::Pass => words.expired_pass,
            Self::Expired => words.expired,
            Self::NotYet if details.first_day.is_none() => words.not_yet_undated,
            Self::NotYet => words.not_yet,
            Self::WrongSite => words.wrong_site,
            Self::KeyNotEntitled => words.key_not_entitled,
            Self::UnknownKey => words.unknown_key,
            Self::KeyWithdrawn => words.key_withdrawn,
            Self::Forged => words.forged,
            Self::ForeignLink => words.foreign_link,
            Self::NotPermit => words.not_permit,
            Self::UpdateGate => words.update_gate,
            Self::Stale if details.status_age_seconds.is_none() => words.stale_unknown,
            Self::Stale => words.stale,
            Self::ClockUncertain => words.clock_uncertain,
            Self::Isolating => words.isolating,
            Self::NotOnRoster => words.not_on_roster,
            Self::PassLost => words.pass_lost,
            Self::Fever => words.fever,
            Self::LowReading => words.low_reading,
        };
        let day = details.first_day.clone().unwrap_or_default();
        let age = crate::time::say_span(
            lang,
            i64::try_from(details.status_age_seconds.unwrap_or(0)).unwrap_or(i64::MAX),
        );
        fill(template, &[("limit", &details.fever_from), ("day", &day), ("age", &age)])
    }

    /// One line for the public page.
    pub const fn public_advice(self, lang: Lang) -> &'static str {
        let words = PublicAdvice::of(lang);
        match self {
            Self::Valid => words.valid,
            Self::Conditional => words.conditional,
            Self::RemoteOnly => words.remote_only,
            Self::Suspended => words.suspended,
            Self::Revoked => words.revoked,
            Self::Superseded => words.superseded,
            Self::Expired => words.expired,
            Self::NotYet => words.not_yet,
            Self::KeyNotEntitled
            | Self::UnknownKey
            | Self::KeyWithdrawn
            | Self::Forged
            | Self::ForeignLink => words.not_authentic,
            Self::NotPermit => words.not_permit,
            Self::UpdateGate | Self::Stale | Self::ClockUncertain => words.later,
            Self::Measure
            | Self::CapFull
            | Self::WrongSite
            | Self::Isolating
            | Self::NotOnRoster
            | Self::PassLost
            | Self::Fever
            | Self::LowReading => words.gate_only,
        }
    }
}
