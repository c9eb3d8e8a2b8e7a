//! Divisions and regimes as rows.

use fugong_common::time::Millis;

use super::{Level, Regime, RegimeKind};
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Division {
    pub id: String,
    pub parent_id: Option<String>,
    pub level: String,
    pub code: String,
    pub name: String,
    pub path: String,
    pub zone: String,
    pub hotline: String,
    pub document_pattern: String,
    /// Rises with each edit; an edit names the one it saw.
    pub revision: i64,
    pub valid_from: i64,
    pub valid_to: Option<i64>,
}

impl Division {
    pub fn level(&self) -> Result<Level, DbError> {
        Level::parse(&self.level).ok_or_else(|| DbError::corrupt("divisions", "level", &self.id))
    }
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Division>, DbError> {
    row!(
        tx,
        Division,
        "SELECT id, parent_id, level, code, name, path, zone, hotline, document_pattern, revision, valid_from, valid_to \
         FROM divisions WHERE id = $1",
        id
    )
}

/// The uppermost node, the oldest if there are several.
pub async fn find_top(tx: &mut Tx) -> Result<Option<Division>, DbError> {
    row!(
        tx,
        Division,
        "SELECT id, parent_id, level, code, name, path, zone, hotline, document_pattern, revision, valid_from, valid_to \
         FROM divisions WHERE parent_id IS NULL ORDER BY valid_from, id LIMIT 1"
    )
}

/// All nodes within bounds that hold at this instant, parents before children.
pub async fn list_within(
    tx: &mut Tx,
    bounds: &Bounds,
    now: Millis,
) -> Result<Vec<Division>, DbError> {
    rows!(
        tx,
        Division,
        "SELECT id, parent_id, level, code, name, path, zone, hotline, document_pattern, revision, valid_from, valid_to \
         FROM divisions WHERE path >= $1 AND path < $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3) \
         ORDER BY path",
        &bounds.from,
        &bounds.to,
        now.0
    )
}

/// A division and everything above it, from the root.
pub async fn ancestry(tx: &mut Tx, path: &str) -> Result<Vec<Division>, DbError> {
    let mut chain = Vec::new();
    for id in path.split('/').filter(|id| !id.is_empty()) {
        chain.extend(find(tx, id).await?);
    }
    Ok(chain)
}

/// A new node below `parent`.
#[derive(Clone, Debug)]
pub struct NewDivision<'a> {
    pub id: &'a str,
    pub parent: Option<&'a Division>,
    pub level: Level,
    pub code: &'a str,
    pub name: &'a str,
    pub zone: &'a str,
    pub hotline: &'a str,
    pub document_pattern: &'a str,
    pub valid_from: Millis,
}

pub async fn insert(tx: &mut Tx, new: NewDivision<'_>) -> Result<(), DbError> {
    let path = format!("{}{}/", new.parent.map_or("/", |parent| parent.path.as_str()), new.id);
    run!(
        tx,
        "INSERT INTO divisions (id, parent_id, level, code, name, path, zone, hotline, document_pattern, valid_from) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id,
        new.parent.map(|parent| parent.id.as_str()),
        new.level.code(),
        new.code,
        new.name,
        path,
        new.zone,
        new.hotline,
        new.document_pattern,
        new.valid_from.0
    )?;
    Ok(())
}

/// Changes what people read of a node; its place in the tree stays. False when somebody else
/// changed it since `revision`.
pub async fn update(
    tx: &mut Tx,
    id: &str,
    revision: i64,
    name: &str,
    hotline: &str,
    document_pattern: &str,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE divisions SET name = $3, hotline = $4, document_pattern = $5, revision = revision + 1 \
         WHERE id = $1 AND revision = $2",
        id,
        revision,
        name,
        hotline,
        document_pattern
    )?;
    Ok(touched == 1)
}

/// Ends a running node; false when it has ended.
pub async fn end(tx: &mut Tx, id: &str, at: Millis) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE divisions SET valid_to = $2 WHERE id = $1 AND valid_to IS NULL AND valid_from < $2",
        id,
        at.0
    )?;
    Ok(touched == 1)
}

/// Takes the next site number below a community; at most 9,999.
pub async fn next_site_number(tx: &mut Tx, community_id: &str) -> Result<i64, DbError> {
    row!(
        tx,
        (i64,),
        "UPDATE divisions SET site_number = site_number + 1 WHERE id = $1 AND site_number < 9999 RETURNING site_number",
        community_id
    )?
    .map(|(n,)| n)
    .ok_or(DbError::Reference)
}

/// Takes up to `wanted` site numbers below a community at once: the first and the last. `None` when
/// all 9,999 are taken.
pub async fn take_site_numbers(
    tx: &mut Tx,
    community_id: &str,
    wanted: i64,
) -> Result<Option<(i64, i64)>, DbError> {
    // On PostgreSQL the row is locked by the update; its old value comes back from the new one.
    let before = row!(
        tx,
        (i64,),
        "UPDATE divisions SET site_number = site_number WHERE id = $1 RETURNING site_number",
        community_id
    )?;
    let Some((before,)) = before else { return Ok(None) };
    let count = wanted.min(9999 - before);
    if count <= 0 {
        return Ok(None);
    }
    run!(tx, "UPDATE divisions SET site_number = $2 WHERE id = $1", community_id, before + count)?;
    Ok(Some((before + 1, before + count)))
}

/// Takes the next document number of a year, counting from 1 each year.
pub async fn next_document_number(
    tx: &mut Tx,
    division_id: &str,
    year: i64,
) -> Result<i64, DbError> {
    row!(
        tx,
        (i64,),
        "UPDATE divisions SET document_number = CASE WHEN document_year = $2 THEN document_number + 1 ELSE 1 END, \
         document_year = $2 WHERE id = $1 RETURNING document_number",
        division_id,
        year
    )?
    .map(|(n,)| n)
    .ok_or(DbError::Reference)
}

#[derive(sqlx::FromRow)]
struct RegimeRow {
    id: String,
    division_id: String,
    kind: String,
    rule_version: i64,
    settings: String,
    starts_at: i64,
}

impl RegimeRow {
    fn into_regime(self) -> Result<Regime, DbError> {
        let corrupt = |column| DbError::corrupt("regimes", column, &self.id);
        Ok(Regime {
            kind: RegimeKind::parse(&self.kind).ok_or_else(|| corrupt("kind"))?,
            rule_version: u32::try_from(self.rule_version).map_err(|_| corrupt("rule_version"))?,
            settings: serde_json::from_str(&self.settings).map_err(|_| corrupt("settings"))?,
            starts_at: Millis(self.starts_at),
            division_id: self.division_id,
            id: self.id,
        })
    }
}

/// The regime that a node itself has at an instant: the newest one begun.
pub async fn find_own_regime(
    tx: &mut Tx,
    division_id: &str,
    now: Millis,
) -> Result<Option<Regime>, DbError> {
    row!(
        tx,
        RegimeRow,
        "SELECT id, division_id, kind, rule_version, settings, starts_at FROM regimes \
         WHERE division_id = $1 AND starts_at <= $2 ORDER BY starts_at DESC, rule_version DESC LIMIT 1",
        division_id,
        now.0
    )?
    .map(RegimeRow::into_regime)
    .transpose()
}

/// The regime that holds in a division: that of the nearest node that has one, within the limits
/// of those above it.
pub async fn find_regime(tx: &mut Tx, path: &str, now: Millis) -> Result<Option<Regime>, DbError> {
    let mut nearest: Option<Regime> = None;
    for id in path.split('/').filter(|id| !id.is_empty()).rev() {
        let Some(found) = find_own_regime(tx, id, now).await? else { continue };
        nearest = Some(match nearest {
            None => found,
            Some(own) => Regime { settings: super::within(own.settings, &found.settings), ..own },
        });
    }
    Ok(nearest)
}

pub async fn find_regime_by_id(tx: &mut Tx, id: &str) -> Result<Option<Regime>, DbError> {
    row!(
        tx,
        RegimeRow,
        "SELECT id, division_id, kind, rule_version, settings, starts_at FROM regimes WHERE id = $1",
        id
    )?
    .map(RegimeRow::into_regime)
    .transpose()
}

/// The highest rule version of these nodes, for the next one's.
pub async fn highest_rule_version(tx: &mut Tx, path: &str) -> Result<i64, DbError> {
    let mut highest = 0;
    for id in path.split('/').filter(|id| !id.is_empty()) {
        let found = row!(
            tx,
            (Option<i64>,),
            "SELECT MAX(rule_version) FROM regimes WHERE division_id = $1",
            id
        )?;
        highest = highest.max(found.and_then(|(n,)| n).unwrap_or(0));
    }
    Ok(highest)
}

/// Nodes within bounds that have a regime of their own at an instant, uppermost first.
pub async fn list_with_regime(
    tx: &mut Tx,
    bounds: &Bounds,
    at: Millis,
) -> Result<Vec<Division>, DbError> {
    rows!(
        tx,
        Division,
        "SELECT id, parent_id, level, code, name, path, zone, hotline, document_pattern, revision, valid_from, valid_to \
         FROM divisions d WHERE path >= $1 AND path < $2 AND (valid_to IS NULL OR valid_to > $3) \
         AND EXISTS (SELECT 1 FROM regimes r WHERE r.division_id = d.id AND r.starts_at <= $3) ORDER BY length(path), path",
        &bounds.from,
        &bounds.to,
        at.0
    )
}

/// Whether a regime began behind one instant and by another.
pub async fn has_begun(tx: &mut Tx, behind: Millis, by: Millis) -> Result<bool, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM regimes WHERE starts_at > $1 AND starts_at <= $2",
        behind.0,
        by.0
    )?;
    Ok(found.is_some_and(|(n,)| n > 0))
}

/// All regimes of one node, newest first.
pub async fn list_regimes(tx: &mut Tx, division_id: &str) -> Result<Vec<Regime>, DbError> {
    let found = rows!(
        tx,
        RegimeRow,
        "SELECT id, division_id, kind, rule_version, settings, starts_at FROM regimes WHERE division_id = $1 \
         ORDER BY starts_at DESC, rule_version DESC",
        division_id
    )?;
    found.into_iter().map(RegimeRow::into_regime).collect()
}

pub async fn insert_regime(
    tx: &mut Tx,
    regime: &Regime,
    by: &str,
    now: Millis,
) -> Result<(), DbError> {
    let settings = serde_json::to_string(&regime.settings).unwrap_or_default();
    run!(
        tx,
        "INSERT INTO regimes (id, division_id, kind, rule_version, settings, starts_at, created_at, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &regime.id,
        &regime.division_id,
        regime.kind.code(),
        i64::from(regime.rule_version),
        settings,
        regime.starts_at.0,
        now.0,
        by
    )?;
    Ok(())
}

/// A node by its id, or by a code as people write it (`370602` or padded); the uppermost if several
/// share the code.
pub async fn find_by_code_or_id(tx: &mut Tx, text: &str) -> Result<Option<Division>, DbError> {
    let padded = format!("{text:0<12}");
    row!(
        tx,
        Division,
        "SELECT id, parent_id, level, code, name, path, zone, hotline, document_pattern, revision, valid_from, valid_to \
         FROM divisions WHERE id = $1 OR code = $2 ORDER BY length(path) LIMIT 1",
        text,
        padded
    )
}

/// Whether some regime begins behind `from` and at `to` at the latest.
pub async fn regime_begins(tx: &mut Tx, from: Millis, to: Millis) -> Result<bool, DbError> {
    let found = row!(
        tx,
        (String,),
        "SELECT id FROM regimes WHERE starts_at > $1 AND starts_at <= $2 LIMIT 1",
        from.0,
        to.0
    )?;
    Ok(found.is_some())
}
