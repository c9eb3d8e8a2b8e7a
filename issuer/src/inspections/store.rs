//! Reports of the public, inspectors' scans and visits as rows.

use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;

use crate::app::App;
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::divisions;
use crate::enterprises::timeline;
use crate::permits::{By, Permit};
use crate::{row, rows, run};

macro_rules! kinds {
    ($($variant:ident $code:literal),*) => {
        /// What is wrong, as a passer-by says it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ReportKind { $($variant),* }

        impl ReportKind {
            pub const ALL: [Self; 5] = [$(Self::$variant),*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

kinds! {
    Mismatch "mismatch",
    StillOpen "still_open",
    NoMeasures "no_measures",
    Forged "forged",
    Other "other"
}

/// A report as it arrives, checked.
#[derive(Clone, Debug)]
pub struct NewReport {
    pub kind: ReportKind,
    pub place: String,
    pub text: String,
    pub contact: String,
}

/// Stores a report and returns its number. Without a permit it goes to the uppermost division.
///
/// # Errors
/// The database's.
pub async fn take_report(
    app: &App,
    permit: Option<&Permit>,
    new: NewReport,
) -> Result<i64, Problem> {
    let now = app.now();
    let mut tx = app.db().write().await?;
    let (division_id, division_path) = match permit {
        Some(permit) => (permit.place.division_id.clone(), permit.place.division_path.clone()),
        None => divisions::store::find_top(&mut tx)
            .await?
            .map(|top| (top.id, top.path))
            .ok_or_else(Problem::not_found)?,
    };
    let (number,) = row!(
        &mut tx,
        (i64,),
        "UPDATE counters SET value = value + 1 WHERE name = 'reports' RETURNING value"
    )?
    .ok_or(DbError::corrupt("counters", "name", "reports"))?;
    run!(
        &mut tx,
        "INSERT INTO reports (id, number, at, kind, permit_id, division_id, division_path, place, text, contact) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        app.new_id(),
        number,
        now.0,
        new.kind.code(),
        permit.map(|permit| permit.id.as_str()),
        division_id,
        division_path,
        new.place,
        new.text,
        new.contact
    )?;
    if let Some(permit) = permit {
        let facts = serde_json::json!({ "number": number });
        let enterprise_id = &permit.place.enterprise_id;
        timeline::note(&mut tx, enterprise_id, now, "report.received", &facts, "").await?;
    }
    tx.commit().await?;
    metrics::counter!("fugong_reports_total").increment(1);
    Ok(number)
}

/// A report as the office reads it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Report {
    pub id: String,
    pub number: i64,
    pub at: i64,
    pub kind: String,
    pub permit_id: Option<String>,
    pub enterprise: String,
    pub division_id: String,
    pub division_path: String,
    pub place: String,
    pub text: String,
    pub contact: String,
    pub handled_at: Option<i64>,
    pub handled_by: String,
    pub handled_note: String,
}

macro_rules! report_columns {
    () => {
        "SELECT r.id, r.number, r.at, r.kind, r.permit_id, COALESCE(e.name, '') AS enterprise, r.division_id, r.division_path, r.place, \
         r.text, r.contact, r.handled_at, r.handled_by, r.handled_note FROM reports r \
         LEFT JOIN permits p ON p.id = r.permit_id LEFT JOIN enterprises e ON e.id = p.enterprise_id "
    };
}

/// Reports within bounds, newest first, those to be dealt with or those dealt with.
pub async fn list_reports(
    tx: &mut Tx,
    bounds: &Bounds,
    handled: bool,
    before: &str,
    limit: i64,
) -> Result<Vec<Report>, DbError> {
    let before = if before.is_empty() { "~" } else { before };
    rows!(
        tx,
        Report,
        concat!(
            report_columns!(),
            "WHERE r.division_path >= $1 AND r.division_path < $2 AND r.id < $3 \
             AND (($4 = 0 AND r.handled_at IS NULL) OR ($4 = 1 AND r.handled_at IS NOT NULL)) \
             ORDER BY r.id DESC LIMIT $5"
        ),
        &bounds.from,
        &bounds.to,
        before,
        i64::from(handled),
        limit
    )
}

pub async fn find_report(tx: &mut Tx, id: &str) -> Result<Option<Report>, DbError> {
    row!(tx, Report, concat!(report_columns!(), "WHERE r.id = $1"), id)
}

/// Notes how a report was dealt with; false when somebody else was quicker.
pub async fn handle_report(
    tx: &mut Tx,
    id: &str,
    at: Millis,
    by: &str,
    note: &str,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE reports SET handled_at = $2, handled_by = $3, handled_note = $4 WHERE id = $1 AND handled_at IS NULL",
        id,
        at.0,
        by,
        note
    )?;
    Ok(touched == 1)
}

/// A visit to the premises of a permit.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Visit {
    pub at: i64,
    pub name: String,
    pub post: String,
    pub findings: i64,
    pub posted: i64,
    pub note: String,
}

/// A visit as noted.
#[derive(Clone, Debug)]
pub struct NewVisit {
    /// Things found wanting; 0: all in order.
    pub findings: i64,
    /// The placard hangs where it should.
    pub posted: bool,
    pub note: String,
}

pub async fn insert_visit(
    tx: &mut Tx,
    id: &str,
    permit: &Permit,
    by: &By,
    at: Millis,
    visit: &NewVisit,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO visits (id, at, permit_id, enterprise_id, account_id, name, post, findings, posted, note) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id,
        at.0,
        &permit.id,
        &permit.place.enterprise_id,
        &by.account_id,
        &by.name,
        &by.post,
        visit.findings,
        i64::from(visit.posted),
        &visit.note
    )?;
    Ok(())
}

/// The latest visit to an enterprise.
pub async fn last_visit(tx: &mut Tx, enterprise_id: &str) -> Result<Option<Visit>, DbError> {
    row!(
        tx,
        Visit,
        "SELECT at, name, post, findings, posted, note FROM visits WHERE enterprise_id = $1 ORDER BY at DESC, id DESC LIMIT 1",
        enterprise_id
    )
}

/// The visits to an enterprise, newest first.
pub async fn list_visits(
    tx: &mut Tx,
    enterprise_id: &str,
    limit: i64,
) -> Result<Vec<Visit>, DbError> {
    rows!(
        tx,
        Visit,
        "SELECT at, name, post, findings, posted, note FROM visits WHERE enterprise_id = $1 ORDER BY at DESC, id DESC LIMIT $2",
        enterprise_id,
        limit
    )
}

/// A scan of one's own.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Scan {
    pub id: String,
    pub at: i64,
    pub account_id: String,
    pub verdict: String,
    pub permit_id: Option<String>,
    pub enterprise: String,
}

pub async fn insert_scan(
    tx: &mut Tx,
    id: &str,
    at: Millis,
    account_id: &str,
    verdict: Verdict,
    permit_id: Option<&str>,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO inspector_scans (id, at, account_id, verdict, permit_id) VALUES ($1, $2, $3, $4, $5)",
        id,
        at.0,
        account_id,
        verdict.code(),
        permit_id
    )?;
    Ok(())
}

macro_rules! scan_columns {
    () => {
        "SELECT s.id, s.at, s.account_id, s.verdict, s.permit_id, COALESCE(e.name, '') AS enterprise FROM inspector_scans s \
         LEFT JOIN permits p ON p.id = s.permit_id LEFT JOIN enterprises e ON e.id = p.enterprise_id "
    };
}

pub async fn find_scan(tx: &mut Tx, id: &str) -> Result<Option<Scan>, DbError> {
    row!(tx, Scan, concat!(scan_columns!(), "WHERE s.id = $1"), id)
}

/// Somebody's latest scans.
pub async fn list_scans(tx: &mut Tx, account_id: &str, limit: i64) -> Result<Vec<Scan>, DbError> {
    rows!(
        tx,
        Scan,
        concat!(scan_columns!(), "WHERE s.account_id = $1 ORDER BY s.id DESC LIMIT $2"),
        account_id,
        limit
    )
}
