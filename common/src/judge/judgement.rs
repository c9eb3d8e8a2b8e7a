//! The answer of a judgement, with what a person and a journal want to know about it.

use crate::claims::{Lineage, Validity};
use crate::keys::KeyId;
use crate::lang::Lang;
use crate::pass::Pass;
use crate::permit::{Mode, Permit, SiteCode};
use crate::status::Status;
use crate::temperature::Temperature;
use crate::time::{Millis, Zone};
use crate::trust::KeyRefusal;
use crate::verdict::{About, Details, Verdict};
use crate::wire::{PermitRecord, PersonRecord};
use crate::words::fill;

/// What was shown, once something signed vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A permit by its token.
    Permit(Permit),
    /// A pass by its token.
    Pass(Pass),
    /// A permit by its number, from the gate's signed register.
    Registered(PermitRecord),
    /// A pass by its reference, from the gate's signed roster.
    Listed(PersonRecord),
}

impl Credential {
    /// Permit or pass.
    pub const fn about(&self) -> About {
        match self {
            Self::Permit(_) | Self::Registered(_) => About::Permit,
            Self::Pass(_) | Self::Listed(_) => About::Pass,
        }
    }

    /// When it counts.
    pub const fn validity(&self) -> Option<Validity> {
        match self {
            Self::Permit(permit) => Some(permit.validity),
            Self::Pass(pass) => Some(pass.validity),
            Self::Registered(record) => Some(record.validity),
            Self::Listed(_) => None,
        }
    }

    /// Name of the enterprise or, on a pass, of the person.
    pub fn name(&self) -> &str {
        match self {
            Self::Permit(permit) => permit.name.as_str(),
            Self::Pass(pass) => pass.name.as_str(),
            Self::Registered(record) => &record.enterprise,
            Self::Listed(person) => &person.name,
        }
    }

    /// The permit's lineage, where it is known: a permit's token doesn't carry it.
    pub const fn lineage(&self) -> Option<Lineage> {
        match self {
            Self::Permit(_) => None,
            Self::Pass(pass) => Some(pass.lineage),
            Self::Registered(record) => Some(record.lineage),
            Self::Listed(person) => Some(person.lineage),
        }
    }

    /// The permit's site.
    pub const fn site(&self) -> Option<SiteCode> {
        match self {
            Self::Permit(permit) => Some(permit.site),
            Self::Registered(record) => Some(record.site),
            Self::Pass(_) | Self::Listed(_) => None,
        }
    }

    /// The permit's mode.
    pub const fn mode(&self) -> Option<Mode> {
        match self {
            Self::Permit(permit) => Some(permit.mode),
            Self::Registered(record) => Some(record.mode),
            Self::Pass(_) | Self::Listed(_) => None,
        }
    }
}

/// Why the verdict is what it is. The first decides; more may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Everything holds.
    Good,
    /// None of our texts.
    NotOurs,
    /// Today's status list, not a permit.
    StatusCode,
    /// One of ours, but unreadable.
    Damaged,
    /// This place has no trust list yet.
    NoTrustList,
    /// The trust list doesn't name this key.
    KeyNotListed(KeyId),
    /// The signature doesn't verify.
    Signature,
    /// Host or form of the link.
    ForeignHost,
    /// Version or claims of a later program.
    NewerClaims,
    /// The trust entry refuses.
    Key(KeyRefusal),
    /// The status list says so.
    Listed,
    /// This machine doesn't know the time.
    Clock,
    /// `nbf` or `exp`.
    Dates,
    /// Not one of this gate's sites.
    OtherSite,
    /// Work on site isn't permitted.
    Mode,
    /// No status list for this key.
    NoStatusList,
    /// The status list doesn't reach this number.
    IndexUnknown,
    /// The trust list has run out.
    TrustListOver,
    /// The status list is too old.
    StatusTooOld,
    /// The status list is old, within the grace for gates without network.
    Grace,
    /// Typed, not scanned: compare the face, or name and address.
    FoundByNumber,
    /// The number isn't in this gate's register or roster.
    NumberNotFound,
    /// No pass is in force for this person.
    NoPassInForce,
    /// The gate's register has no permit of the pass's enterprise.
    NoPermitHere,
    /// It is the permit behind the pass.
    PermitBehindPass,
    /// At most so many people at a time.
    Cap(u32),
}

crate::words! {
    /// One line under the verdict: why.
    pub struct ReasonWords {
        good: "签名、状态和有效期均符合", "Signature, status and dates are in order";
        not_ours: "不是公示牌或出入证的内容", "Not the text of a placard or pass";
        status_code: "这是当日状态码", "This is today's status code";
        damaged: "二维码内容残缺，无法读取", "The code is incomplete and cannot be read";
        no_trust_list: "本机尚无签发机构清单", "No list of signing authorities here yet";
        key_not_listed: "签发机构清单中没有编号 {key} 的密钥", "Key {key} is not on the list of signing authorities";
        signature: "内容与签名不符", "The content does not fit the signature";
        foreign_host: "牌上的网址不是官方网址", "The link on it is not an official one";
        newer_claims: "此证的格式比本机程序新", "Its format is newer than this program";
        key_withdrawn: "签发所用密钥已停用", "The key that signed it was withdrawn";
        key_role: "签发所用密钥不用于此类证件", "The key that signed it is for another purpose";
        key_window: "签发时间不在密钥的使用期内", "Signed outside the key's time";
        key_outlived: "有效期超出密钥的期限", "It would outlive its key";
        key_scope: "签发机构不管辖此场所", "The issuer is not in charge of this place";
        key_ended: "签发所用密钥已到期", "The key that signed it has ended";
        listed: "见许可状态清单", "As the status list says";
        clock: "本机时间不可信", "This machine's time cannot be trusted";
        dates: "以有效期为准", "As its dates say";
        other_site: "许可场所不在本门岗范围内", "Its site is not one of this gate's";
        mode: "许可方式为线上复工", "Permitted for remote work";
        no_status_list: "本机尚无该机构的许可状态清单", "No status list of this issuer here";
        index_unknown: "本机的许可状态清单早于此证", "The status list here is older than this permit";
        trust_list_over: "签发机构清单已过期", "The list of signing authorities has run out";
        status_too_old: "许可状态清单过旧", "The status list is too old";
        grace: "许可状态清单较旧，在离线宽限期内", "The status list is old, within the offline grace";
        found_by_number: "按编号查到，请核对本人或单位", "Found by its number: compare the face or the name";
        number_not_found: "本门岗没有此编号的记录", "This gate has no record of this number";
        no_pass_in_force: "此人没有在用的出入证", "No pass is in force for this person";
        no_permit_here: "该单位在本门岗没有许可", "The enterprise has no permit at this gate";
        permit_behind_pass: "以该单位的复工许可为准", "It is the enterprise's permit that decides";
        cap: "限员复工：同时到场不超过 {cap} 人", "Partial reopening: at most {cap} people on site at a time";
    }
}

impl Reason {
    /// The line under the verdict.
    pub fn say(self, lang: Lang) -> String {
        let words = ReasonWords::of(lang);
        let text = match self {
            Self::Good => words.good,
            Self::NotOurs => words.not_ours,
            Self::StatusCode => words.status_code,
            Self::Damaged => words.damaged,
            Self::NoTrustList => words.no_trust_list,
            Self::KeyNotListed(key) => return fill(words.key_not_listed, &[("key", &key)]),
            Self::Signature => words.signature,
            Self::ForeignHost => words.foreign_host,
            Self::NewerClaims => words.newer_claims,
            Self::Key(KeyRefusal::Withdrawn(_)) => words.key_withdrawn,
            Self::Key(KeyRefusal::OtherRole(_)) => words.key_role,
            Self::Key(KeyRefusal::OutsideWindow) => words.key_window,
            Self::Key(KeyRefusal::OutlivesKey) => words.key_outlived,
            Self::Key(KeyRefusal::OutOfScope) => words.key_scope,
            Self::Key(KeyRefusal::KeyEnded) => words.key_ended,
            Self::Listed => words.listed,
            Self::Clock => words.clock,
            Self::Dates => words.dates,
            Self::OtherSite => words.other_site,
            Self::Mode => words.mode,
            Self::NoStatusList => words.no_status_list,
            Self::IndexUnknown => words.index_unknown,
            Self::TrustListOver => words.trust_list_over,
            Self::StatusTooOld => words.status_too_old,
            Self::Grace => words.grace,
            Self::FoundByNumber => words.found_by_number,
            Self::NumberNotFound => words.number_not_found,
            Self::NoPassInForce => words.no_pass_in_force,
            Self::NoPermitHere => words.no_permit_here,
            Self::PermitBehindPass => words.permit_behind_pass,
            Self::Cap(cap) => return fill(words.cap, &[("cap", &cap)]),
        };
        text.to_owned()
    }
}

/// What was judged, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// Why, the deciding reason first. Never empty.
    pub reasons: Vec<Reason>,
    /// What was shown; only if its signature, or that of the record that names it, is good and it was understood.
    pub credential: Option<Credential>,
    /// The key that signed, or that a bad signature claims.
    pub key: Option<KeyId>,
    /// Seq of the status list consulted.
    pub list_seq: Option<u64>,
    /// Age of that list in seconds.
    pub status_age_seconds: Option<u64>,
    /// What it says.
    pub status: Option<Status>,
}

impl Judgement {
    pub(super) fn of(verdict: Verdict, reason: Reason) -> Self {
        Self {
            verdict,
            reasons: vec![reason],
            credential: None,
            key: None,
            list_seq: None,
            status_age_seconds: None,
            status: None,
        }
    }

    pub(super) fn signed_by(self, key: KeyId) -> Self {
        Self { key: Some(key), ..self }
    }

    pub(super) fn about(self, credential: Option<Credential>) -> Self {
        Self { credential, ..self }
    }

    pub(super) fn because(mut self, reason: Reason) -> Self {
        self.reasons.push(reason);
        self
    }

    /// Where a pass's permit decided, that permit's list stays the one named.
    pub(super) fn with_status(
        self,
        list_seq: Option<u64>,
        age: Option<u64>,
        status: Option<Status>,
    ) -> Self {
        if self.list_seq.is_some() {
            return self;
        }
        Self { list_seq, status_age_seconds: age, status, ..self }
    }

    /// Lowers a good verdict; one that is no better already keeps its reason.
    pub(super) fn at_best(self, verdict: Verdict, reason: Reason) -> Self {
        match self.verdict {
            Verdict::Valid => {
                let others = self.reasons.iter().copied().filter(|other| *other != Reason::Good);
                let reasons = std::iter::once(reason).chain(others).collect();
                Self { verdict, reasons, ..self }
            }
            Verdict::Conditional => self.because(reason),
            _ => self,
        }
    }

    /// Facts for [`Verdict::instruction`]; days are said in the division's time zone.
    pub fn details(
        &self,
        lang: Lang,
        zone: &Zone,
        now: Millis,
        fever_from: Temperature,
    ) -> Details {
        let credential = self.credential.as_ref();
        let first_day = credential
            .and_then(Credential::validity)
            .map(|validity| zone.say_day(lang, Millis::from_seconds(validity.not_before()), now));
        Details {
            about: credential.map(Credential::about).unwrap_or_default(),
            fever_from,
            first_day,
            status_age_seconds: self.status_age_seconds,
        }
    }
}
