//! The record (domain A52): lines of it as they are shown, and an enterprise's own.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use serde::Deserialize;

use crate::authz::Action;
use crate::enterprises;
use crate::gates::remark;
use crate::gates::store::scans::{self, After, ScanLine};
use crate::gates::words::GateWords;
use crate::web::{Frame, Nav, Page, Paging, html};

/// A line of the record in words.
pub struct ScanShown {
    pub time: String,
    pub instant: String,
    pub verdict: String,
    pub tone: &'static str,
    pub mark: &'static str,
    pub person: String,
    pub vehicle: String,
    pub temperature: String,
    pub direction: &'static str,
    pub operator: String,
    pub enterprise: String,
    pub gate: String,
    pub note: String,
}

pub fn scan_shown(page: &Page, w: &'static GateWords, line: ScanLine) -> ScanShown {
    let scan = line.scan;
    let said = remark::outcome(&scan, page.lang);
    let mut notes = Vec::new();
    if scan.clock_certain == 0 && scan.kind != "unread" {
        notes.push(w.clock_uncertain.to_owned());
    }
    if scan.received_at - scan.at > 10 * 60_000 {
        notes.push(w.later.to_owned());
    }
    if !said.remark.is_empty() {
        notes.push(said.remark);
    }
    let zone = page.zone();
    ScanShown {
        time: zone.say_time(page.lang, Millis(scan.at), page.now),
        instant: zone.stamp(Millis(scan.at)),
        verdict: said.word,
        tone: said.tone,
        mark: said.mark,
        person: scan.name,
        vehicle: scan.vehicle,
        temperature: scan
            .tenths_celsius
            .map(|t| format!("{}.{} ℃", t / 10, t % 10))
            .unwrap_or_default(),
        direction: match scan.direction.as_str() {
            "in" => w.inward,
            "out" => w.outward,
            _ => "",
        },
        operator: line.operator_name,
        enterprise: line.enterprise_name,
        gate: line.gate_name,
        note: notes.join(" · "),
    }
}

#[derive(Template)]
#[template(path = "gates/records.html")]
struct RecordsPage {
    frame: Frame,
    w: &'static GateWords,
    enterprise_id: String,
    enterprise: String,
    records: Vec<ScanShown>,
    older: Option<String>,
}

#[derive(Deserialize)]
pub struct RecordsQuery {
    #[serde(default)]
    after: String,
}

/// `received_at.seq.journal`, as the link to older records carries it.
fn parse_after(text: &str) -> After {
    let mut parts = text.splitn(3, '.');
    let number = |part: Option<&str>| part.and_then(|part| part.parse().ok());
    match (number(parts.next()), number(parts.next()), parts.next()) {
        (Some(received_at), Some(seq), Some(journal)) => {
            After { received_at, seq, journal_id: journal.to_owned() }
        }
        _ => After::newest(),
    }
}

pub async fn records(
    page: Page,
    Path(id): Path<String>,
    Query(query): Query<RecordsQuery>,
) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let enterprise =
        enterprises::store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ReadRecords, enterprise.place())?;
    let after = parse_after(&query.after);
    let mut lines = scans::list_of_enterprise(&mut tx, &id, &after, Paging::FETCH).await?;
    drop(tx);
    let older = Paging::cut(&mut lines, |line| {
        format!("{}.{}.{}", line.scan.received_at, line.scan.seq, line.scan.journal_id)
    });
    // Who looked at personal data is recorded.
    let mut tx = page.app.db().write().await?;
    page.record(&mut tx, "records.read", ("enterprise", &id), &enterprise.division_id, "").await?;
    tx.commit().await?;
    html(&RecordsPage {
        frame: page.frame(Nav::Enterprises),
        w,
        enterprise_id: id,
        enterprise: enterprise.name,
        records: lines.into_iter().map(|line| scan_shown(&page, w, line)).collect(),
        older,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_older_records_is_read_back() {
        let after = parse_after("1581264000000.42.00ff");
        assert_eq!(
            (after.received_at, after.seq, after.journal_id.as_str()),
            (1_581_264_000_000, 42, "00ff")
        );
        assert_eq!(parse_after("nonsense").received_at, i64::MAX);
    }
}
