//! The enterprise's timeline (domain A20): what happened, told in both languages, by day.

use fugong_common::lang::Lang;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::db::{DbError, Tx};
use crate::{rows, run};

macro_rules! events {
    ($($kind:literal $zh:literal $en:literal;)*) => {
        /// Every kind of event with its sentence; `{name}` is filled from the event's facts.
        pub const EVENTS: &[(&str, &str, &str)] = &[$(($kind, $zh, $en),)*];
    };
}

events! {
    "enterprise.added" "建立企业档案" "file opened";
    "enterprise.imported" "随台账《{file}》导入，建立企业档案" "file opened from the sheet {file}";
    "enterprise.edited" "更新企业档案：{fields}" "file edited: {fields}";
    "enterprise.scale" "规模变更为{scale}，依据：{evidence}" "scale now {scale}; evidence: {evidence}";
    "enterprise.surveyed" "摸排：{state}，{staff} 人" "surveyed: {state}, {staff} staff";
    "premises.occupied" "登记经营场所：{premises}" "works at {premises}";
    "premises.left" "迁出经营场所：{premises}" "left {premises}";
    "roster.imported" "花名册导入：新增 {added} 人，更新 {changed} 人，离职 {left} 人" "roster imported: {added} new, {changed} changed, {left} left";
    "note.policy" "政策宣传：{text}" "policy explained: {text}";
    "note.system" "建立防控体系：{text}" "epidemic control set up: {text}";
    "note.guidance" "上门指导：{text}" "guidance visit: {text}";
    "note.supervision" "督导：{text}" "supervised: {text}";
    "note.check" "抽查：{text}" "spot check: {text}";
    "application.submitted" "提交申请 {number}" "application {number} submitted";
    "application.held" "申请 {number} 暂存，未到开放日期" "application {number} held until the sector opens";
    "application.accepted" "申请 {number} 已受理" "application {number} accepted";
    "application.checked" "申请 {number} 现场核查：{result}" "application {number}: site check {result}";
    "application.returned" "申请 {number} 退回补正" "application {number} returned for correction";
    "application.resubmitted" "申请 {number} 补正后重新提交" "application {number} submitted again";
    "application.signed" "申请 {number} 会签：{post}" "application {number} signed by {post}";
    "application.approved" "申请 {number} 已批准" "application {number} approved";
    "application.refused" "申请 {number} 不予批准" "application {number} refused";
    "application.withdrawn" "申请人撤回申请 {number}" "application {number} withdrawn";
    "permit.issued" "发牌：{document}，核验编号 {serial}" "permit issued: {document}, check number {serial}";
    "permit.printed" "打印公示牌，核验编号 {serial}" "placard printed, check number {serial}";
    "permit.reissued" "换发，新核验编号 {serial}" "reissued, new check number {serial}";
    "permit.suspended" "许可已暂停，核验编号 {serial}" "permit {serial} suspended";
    "permit.confirmed" "许可暂停已确认，核验编号 {serial}" "suspension of permit {serial} confirmed";
    "permit.lapsed" "临时暂停期满未确认，许可恢复有效，核验编号 {serial}" "temporary suspension of permit {serial} lapsed unconfirmed";
    "permit.resumed" "许可已恢复，核验编号 {serial}" "permit {serial} resumed";
    "permit.revoked" "许可已撤销，核验编号 {serial}" "permit {serial} revoked";
    "permit.ended" "许可已注销，核验编号 {serial}" "permit {serial} ended";
    "inspection.done" "巡查：{result}" "inspected: {result}";
    "finding.opened" "下达整改：{item}" "mending ordered: {item}";
    "finding.answered" "已整改，待复查：{item}" "mended, to be re-inspected: {item}";
    "finding.closed" "复查合格，已销号：{item}" "closed: {item}";
    "finding.failed" "复查不合格：{item}" "failed re-inspection: {item}";
    "service.asked" "提出服务诉求：{topic}" "asked for help: {topic}";
    "service.answered" "服务诉求已答复：{topic}" "request answered: {topic}";
    "report.received" "收到举报" "a problem was reported";
}

/// The kinds that an officer may note by hand (domain A20: policy, system, supervision, checks).
pub const BY_HAND: [&str; 5] =
    ["note.policy", "note.system", "note.guidance", "note.supervision", "note.check"];

/// Notes an event on an enterprise's timeline. `facts` is a JSON object whose values are filled
/// into the kind's sentence; never health data. The same event noted twice stands once.
pub async fn note(
    tx: &mut Tx,
    enterprise_id: &str,
    at: Millis,
    kind: &str,
    facts: &Value,
    account_id: &str,
) -> Result<(), DbError> {
    let facts = facts.to_string();
    run!(
        tx,
        "INSERT INTO timeline (enterprise_id, id, at, kind, facts, account_id) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
        enterprise_id,
        event_id(kind, &facts, account_id),
        at.0,
        kind,
        &facts,
        account_id
    )?;
    Ok(())
}

/// Short id of an event within its enterprise and instant.
pub(crate) fn event_id(kind: &str, facts: &str, account_id: &str) -> String {
    let mut hash = Sha256::new();
    for text in [kind, facts, account_id] {
        hash.update(text.len().to_be_bytes());
        hash.update(text.as_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.iter().take(8).fold(String::new(), |id, byte| format!("{id}{byte:02x}"))
}

#[derive(sqlx::FromRow)]
struct EventRow {
    at: i64,
    kind: String,
    facts: String,
    account_name: String,
}

/// An event as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Millis,
    pub kind: String,
    pub sentence: String,
    /// Who did it; empty for the system and the command line.
    pub by: String,
}

/// The newest events before an instant.
pub async fn list(
    tx: &mut Tx,
    enterprise_id: &str,
    before: Millis,
    limit: i64,
    lang: Lang,
) -> Result<Vec<Event>, DbError> {
    let found = rows!(
        tx,
        EventRow,
        "SELECT t.at, t.kind, t.facts, COALESCE(a.name, '') AS account_name FROM timeline t \
         LEFT JOIN accounts a ON a.id = t.account_id \
         WHERE t.enterprise_id = $1 AND t.at < $2 ORDER BY t.at DESC, t.id LIMIT $3",
        enterprise_id,
        before.0,
        limit
    )?;
    Ok(found
        .into_iter()
        .map(|event| Event {
            at: Millis(event.at),
            sentence: tell(&event.kind, &event.facts, lang),
            kind: event.kind,
            by: event.account_name,
        })
        .collect())
}

/// A kind's sentence with its facts. A fact that is an object `{"zh": …, "en": …}` is said in the
/// reader's language.
pub fn tell(kind: &str, facts: &str, lang: Lang) -> String {
    let Some((_, zh, en)) = EVENTS.iter().find(|(known, _, _)| *known == kind) else {
        return lang.of("其他事项", "other event").to_owned();
    };
    let facts: Value = serde_json::from_str(facts).unwrap_or_default();
    let said: Vec<(String, String)> = facts
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), say_fact(value, lang)))
        .collect();
    let values: Vec<(&str, &dyn std::fmt::Display)> =
        said.iter().map(|(name, value)| (name.as_str(), value as &dyn std::fmt::Display)).collect();
    fill(lang.of(zh, en), &values)
}

fn say_fact(value: &Value, lang: Lang) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(both) => {
            both.get(lang.code()).and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        other => other.to_string(),
    }
}

/// A fact that is said differently in each language.
pub fn both(zh: &str, en: &str) -> Value {
    serde_json::json!({ "zh": zh, "en": en })
}

/// Events of one day, the day as people say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    pub title: String,
    pub events: Vec<Told>,
}

/// An event within its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub time: String,
    pub exact: String,
    pub sentence: String,
    pub by: String,
}

/// Groups events (newest first) by the zone's days.
pub fn by_day(events: &[Event], zone: &Zone, lang: Lang, now: Millis) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for event in events {
        let title = zone.say_day(lang, event.at, now);
        let time: String = zone.clock_time(event.at).chars().take(5).collect();
        let told = Told {
            time,
            exact: zone.stamp(event.at),
            sentence: event.sentence.clone(),
            by: event.by.clone(),
        };
        match days.last_mut() {
            Some(day) if day.title == title => day.events.push(told),
            _ => days.push(Day { title, events: vec![told] }),
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::words::faults;

    #[test]
    fn every_event_is_told_in_both_languages() {
        assert_eq!(faults(EVENTS), Vec::<String>::new());
        for kind in BY_HAND {
            assert!(EVENTS.iter().any(|(known, _, _)| *known == kind), "{kind}");
        }
    }

    #[test]
    fn facts_are_filled_in_and_said_in_the_readers_language() {
        let facts = serde_json::json!({
            "scale": both("规上企业", "above scale"), "evidence": "2019 年报"
        })
        .to_string();
        assert_eq!(
            tell("enterprise.scale", &facts, Lang::Zh),
            "规模变更为规上企业，依据：2019 年报"
        );
        assert_eq!(
            tell("enterprise.scale", &facts, Lang::En),
            "scale now above scale; evidence: 2019 年报"
        );
        assert_eq!(tell("comet.seen", "{}", Lang::Zh), "其他事项");
    }

    #[test]
    fn events_are_grouped_by_the_divisions_days_not_by_utc() {
        let zone = Zone::parse("Asia/Shanghai").unwrap();
        let event = |at| Event {
            at: Millis(at),
            kind: "enterprise.added".into(),
            sentence: "x".into(),
            by: String::new(),
        };
        // 2020-02-10 00:30 and 2020-02-09 23:30 in Shanghai: one day in UTC.
        let days = by_day(
            &[event(1_581_265_800_000), event(1_581_262_200_000)],
            &zone,
            Lang::Zh,
            Millis(1_581_300_000_000),
        );
        let titles: Vec<_> = days.iter().map(|day| day.title.as_str()).collect();
        assert_eq!(titles, ["2 月 10 日", "2 月 9 日"]);
    }
}
