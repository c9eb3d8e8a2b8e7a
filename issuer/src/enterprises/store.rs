//! Enterprises, their scales and surveys as rows.

use fugong_common::time::Millis;

use super::{Details, Survey};
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::divisions::Scale;
use crate::fields::name_key;
use crate::{row, rows, run};

/// An enterprise's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Enterprise {
    pub id: String,
    pub uscc: Option<String>,
    pub no_code_reason: String,
    pub name: String,
    pub kind: String,
    pub scale: String,
    pub industry: String,
    pub line: String,
    pub division_id: String,
    pub division_path: String,
    pub responsible_name: String,
    pub responsible_phone: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub epidemic_officer: String,
    pub epidemic_phone: String,
    pub survey_state: String,
    pub survey_staff: i64,
    pub survey_planned_on: String,
    pub surveyed_at: i64,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Enterprise {
    pub fn scale(&self) -> Result<Scale, DbError> {
        Scale::parse(&self.scale).ok_or_else(|| DbError::corrupt("enterprises", "scale", &self.id))
    }

    /// Where it lies, for authorisation.
    pub fn place(&self) -> crate::authz::Place<'_> {
        crate::authz::Place { division_path: &self.division_path, enterprise_id: Some(&self.id) }
    }
}

macro_rules! columns {
    () => {
        "id, uscc, no_code_reason, name, kind, scale, industry, line, division_id, division_path, responsible_name, \
         responsible_phone, contact_name, contact_phone, epidemic_officer, epidemic_phone, survey_state, survey_staff, \
         survey_planned_on, surveyed_at, revision, created_at, updated_at"
    };
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Enterprise>, DbError> {
    row!(tx, Enterprise, concat!("SELECT ", columns!(), " FROM enterprises WHERE id = $1"), id)
}

/// Takes the row's lock: nobody else changes it until this transaction ends.
pub async fn lock(tx: &mut Tx, id: &str) -> Result<(), DbError> {
    run!(tx, "UPDATE enterprises SET revision = revision WHERE id = $1", id)?;
    Ok(())
}

pub async fn find_by_uscc(tx: &mut Tx, uscc: &str) -> Result<Option<Enterprise>, DbError> {
    row!(tx, Enterprise, concat!("SELECT ", columns!(), " FROM enterprises WHERE uscc = $1"), uscc)
}

/// Which enterprises a list shows. Empty texts ask for all.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    pub bounds: &'a Bounds,
    /// Part of the name, or the beginning of the code.
    pub search: &'a str,
    pub kind: &'a str,
    pub scale: &'a str,
    /// A survey state, or `none`: not surveyed yet.
    pub survey: &'a str,
}

impl Filter<'_> {
    /// Pattern for the name, and the range in which a code would lie.
    fn patterns(&self) -> (String, String, String) {
        let plain = name_key(self.search).replace(['%', '_'], "");
        let code = plain.to_ascii_uppercase();
        let is_code = !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric());
        let from = if is_code { code } else { "~".to_owned() };
        let to = format!("{from}~");
        (format!("%{plain}%"), from, to)
    }

    /// Whether all within the bounds fit.
    pub const fn takes_all(&self) -> bool {
        self.search.is_empty()
            && self.kind.is_empty()
            && self.scale.is_empty()
            && self.survey.is_empty()
    }
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EnterpriseLine {
    pub id: String,
    pub uscc: Option<String>,
    pub name: String,
    pub kind: String,
    pub scale: String,
    pub division_name: String,
    pub responsible_name: String,
    pub survey_state: String,
    pub survey_staff: i64,
}

/// A page of enterprises by name, behind the enterprise `after` (empty: from the start).
///
/// The index by name gives the order, so that a page is read without sorting the territory; `LIMIT`
/// ends the walk. `SQLite` would rather sort all that the bounds hold: a cast keeps it from their
/// index. To PostgreSQL, which weighs both, a cast of text to text is nothing.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter<'_>,
    after: &str,
    limit: i64,
) -> Result<Vec<EnterpriseLine>, DbError> {
    let start = row!(tx, (String,), "SELECT name_key FROM enterprises WHERE id = $1", after)?
        .map_or_else(String::new, |(key,)| key);
    let (like, from, to) = filter.patterns();
    rows!(
        tx,
        EnterpriseLine,
        "SELECT e.id, e.uscc, e.name, e.kind, e.scale, d.name AS division_name, e.responsible_name, e.survey_state, \
         e.survey_staff FROM enterprises e JOIN divisions d ON d.id = e.division_id \
         WHERE (e.name_key, e.id) > ($1, $2) AND CAST(e.division_path AS TEXT) >= $3 AND CAST(e.division_path AS TEXT) < $4 \
         AND ($5 = '' OR e.id = $5) AND ($6 = '%%' OR e.name_key LIKE $6 OR (e.uscc >= $7 AND e.uscc < $8)) \
         AND ($9 = '' OR e.kind = $9) AND ($10 = '' OR e.scale = $10) \
         AND ($11 = '' OR e.survey_state = $11 OR ($11 = 'none' AND e.survey_state = '')) \
         ORDER BY e.name_key, e.id LIMIT $12",
        &start,
        after,
        &filter.bounds.from,
        &filter.bounds.to,
        &filter.bounds.own,
        &like,
        &from,
        &to,
        filter.kind,
        filter.scale,
        filter.survey,
        limit
    )
}

/// How many enterprises a filter finds.
pub async fn count(tx: &mut Tx, filter: &Filter<'_>) -> Result<i64, DbError> {
    let (like, from, to) = filter.patterns();
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM enterprises e WHERE CAST(e.division_path AS TEXT) >= $1 AND CAST(e.division_path AS TEXT) < $2 \
         AND ($3 = '' OR e.id = $3) AND ($4 = '%%' OR e.name_key LIKE $4 OR (e.uscc >= $5 AND e.uscc < $6)) \
         AND ($7 = '' OR e.kind = $7) AND ($8 = '' OR e.scale = $8) \
         AND ($9 = '' OR e.survey_state = $9 OR ($9 = 'none' AND e.survey_state = ''))",
        &filter.bounds.from,
        &filter.bounds.to,
        &filter.bounds.own,
        &like,
        &from,
        &to,
        filter.kind,
        filter.scale,
        filter.survey
    )?;
    Ok(found.map_or(0, |(n,)| n))
}

/// Whole rows within bounds by id, behind `after`: for exports.
pub async fn list_rows(
    tx: &mut Tx,
    bounds: &Bounds,
    after: &str,
    limit: i64,
) -> Result<Vec<Enterprise>, DbError> {
    rows!(
        tx,
        Enterprise,
        concat!(
            "SELECT ",
            columns!(),
            " FROM enterprises WHERE id > $1 AND CAST(division_path AS TEXT) >= $2 AND CAST(division_path AS TEXT) < $3 \
             AND ($4 = '' OR id = $4) ORDER BY id LIMIT $5"
        ),
        after,
        &bounds.from,
        &bounds.to,
        &bounds.own,
        limit
    )
}

/// A new enterprise.
#[derive(Clone, Debug)]
pub struct NewEnterprise<'a> {
    pub id: &'a str,
    pub details: &'a Details,
    pub division_id: &'a str,
    pub division_path: &'a str,
    /// What shows its scale: a licence, a statistics return.
    pub evidence: &'a str,
    /// Account of who adds it; empty for the command line.
    pub by: &'a str,
    pub now: Millis,
}

/// Adds an enterprise and the first of its dated scales.
///
/// # Errors
/// [`DbError::Duplicate`] when another has the code.
pub async fn insert(tx: &mut Tx, new: NewEnterprise<'_>) -> Result<(), DbError> {
    let d = new.details;
    run!(
        tx,
        "INSERT INTO enterprises (id, uscc, no_code_reason, name, name_key, kind, scale, industry, line, division_id, \
         division_path, responsible_name, responsible_phone, contact_name, contact_phone, epidemic_officer, \
         epidemic_phone, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)",
        new.id,
        d.code.uscc(),
        d.code.reason(),
        d.name.as_str(),
        name_key(d.name.as_str()),
        d.kind.code(),
        d.scale.code(),
        &d.industry,
        &d.line,
        new.division_id,
        new.division_path,
        &d.responsible_name,
        &d.responsible_phone,
        &d.contact_name,
        &d.contact_phone,
        &d.epidemic_officer,
        &d.epidemic_phone,
        new.now.0
    )?;
    insert_scale(tx, new.id, new.id, d.scale, new.evidence, new.now, new.by).await
}

async fn insert_scale(
    tx: &mut Tx,
    id: &str,
    enterprise_id: &str,
    scale: Scale,
    evidence: &str,
    valid_from: Millis,
    by: &str,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO enterprise_scales (id, enterprise_id, scale, evidence, valid_from, recorded_by) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        enterprise_id,
        scale.code(),
        evidence,
        valid_from.0,
        by
    )?;
    Ok(())
}

/// Changes an enterprise as seen at `revision`; its scale stays. False: somebody was quicker.
pub async fn update(
    tx: &mut Tx,
    id: &str,
    revision: i64,
    d: &Details,
    (division_id, division_path): (&str, &str),
    now: Millis,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE enterprises SET uscc = $3, no_code_reason = $4, name = $5, name_key = $6, kind = $7, industry = $8, \
         line = $9, division_id = $10, division_path = $11, responsible_name = $12, responsible_phone = $13, \
         contact_name = $14, contact_phone = $15, epidemic_officer = $16, epidemic_phone = $17, updated_at = $18, \
         revision = revision + 1 WHERE id = $1 AND revision = $2",
        id,
        revision,
        d.code.uscc(),
        d.code.reason(),
        d.name.as_str(),
        name_key(d.name.as_str()),
        d.kind.code(),
        &d.industry,
        &d.line,
        division_id,
        division_path,
        &d.responsible_name,
        &d.responsible_phone,
        &d.contact_name,
        &d.contact_phone,
        &d.epidemic_officer,
        &d.epidemic_phone,
        now.0
    )?;
    Ok(touched == 1)
}

/// A scale as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewScale<'a> {
    pub id: &'a str,
    pub scale: Scale,
    pub evidence: &'a str,
    /// Not in the future: `enterprises.scale` is today's value.
    pub valid_from: Millis,
    pub by: &'a str,
}

/// Records a change of scale. False: the enterprise was edited meanwhile.
pub async fn set_scale(
    tx: &mut Tx,
    enterprise_id: &str,
    revision: i64,
    new: NewScale<'_>,
    now: Millis,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE enterprises SET scale = $3, updated_at = $4, revision = revision + 1 WHERE id = $1 AND revision = $2",
        enterprise_id,
        revision,
        new.scale.code(),
        now.0
    )?;
    if touched != 1 {
        return Ok(false);
    }
    insert_scale(tx, new.id, enterprise_id, new.scale, new.evidence, new.valid_from, new.by)
        .await?;
    Ok(true)
}

/// A recorded scale, with who recorded it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ScaleLine {
    pub scale: String,
    pub evidence: String,
    pub valid_from: i64,
    pub recorded_by: String,
}

/// All recorded scales, newest first.
pub async fn list_scales(tx: &mut Tx, enterprise_id: &str) -> Result<Vec<ScaleLine>, DbError> {
    rows!(
        tx,
        ScaleLine,
        "SELECT s.scale, s.evidence, s.valid_from, COALESCE(a.name, '') AS recorded_by FROM enterprise_scales s \
         LEFT JOIN accounts a ON a.id = s.recorded_by WHERE s.enterprise_id = $1 ORDER BY s.valid_from DESC, s.id DESC",
        enterprise_id
    )
}

/// Notes what a survey found. Surveys overtake one another: the last one stands.
pub async fn set_survey(
    tx: &mut Tx,
    enterprise_id: &str,
    survey: &Survey,
    now: Millis,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE enterprises SET survey_state = $2, survey_staff = $3, survey_planned_on = $4, surveyed_at = $5 \
         WHERE id = $1",
        enterprise_id,
        survey.state.code(),
        i64::from(survey.staff),
        &survey.planned_on,
        now.0
    )?;
    Ok(touched == 1)
}

/// How far the survey has come: all enterprises, those surveyed, and by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Coverage {
    pub total: i64,
    pub surveyed: i64,
    pub waiting: i64,
    pub reopened: i64,
    pub closed: i64,
}

pub async fn coverage(tx: &mut Tx, bounds: &Bounds) -> Result<Coverage, DbError> {
    let found = row!(
        tx,
        Coverage,
        "SELECT COUNT(*) AS total, COUNT(CASE WHEN survey_state <> '' THEN 1 END) AS surveyed, \
         COUNT(CASE WHEN survey_state = 'waiting' THEN 1 END) AS waiting, \
         COUNT(CASE WHEN survey_state = 'reopened' THEN 1 END) AS reopened, \
         COUNT(CASE WHEN survey_state = 'closed' THEN 1 END) AS closed \
         FROM enterprises WHERE division_path >= $1 AND division_path < $2 AND ($3 = '' OR id = $3)",
        &bounds.from,
        &bounds.to,
        &bounds.own
    )?;
    Ok(found.unwrap_or_default())
}
