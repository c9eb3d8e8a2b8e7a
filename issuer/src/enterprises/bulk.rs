//! Many enterprises at once, for imports and samples.

use fugong_common::time::Millis;

use super::store::Enterprise;
use crate::bulk;
use crate::db::{DbError, Tx};
use crate::divisions::Scale;
use crate::fields::name_key;

/// Rows of one statement: 24 columns stay well below the database's number of parameters.
const ROWS: usize = 500;

const COLUMNS: &str = "INSERT INTO enterprises (id, uscc, no_code_reason, name, name_key, kind, scale, industry, line, \
     division_id, division_path, responsible_name, responsible_phone, contact_name, contact_phone, epidemic_officer, \
     epidemic_phone, survey_state, survey_staff, survey_planned_on, surveyed_at, revision, created_at, updated_at) ";

async fn put(tx: &mut Tx, all: &[Enterprise], tail: &'static str) -> Result<(), DbError> {
    for part in all.chunks(ROWS) {
        bulk!(
            tx,
            COLUMNS,
            part,
            |b, e| {
                b.push_bind(&e.id)
                    .push_bind(&e.uscc)
                    .push_bind(&e.no_code_reason)
                    .push_bind(&e.name)
                    .push_bind(name_key(&e.name))
                    .push_bind(&e.kind)
                    .push_bind(&e.scale)
                    .push_bind(&e.industry)
                    .push_bind(&e.line)
                    .push_bind(&e.division_id)
                    .push_bind(&e.division_path)
                    .push_bind(&e.responsible_name)
                    .push_bind(&e.responsible_phone)
                    .push_bind(&e.contact_name)
                    .push_bind(&e.contact_phone)
                    .push_bind(&e.epidemic_officer)
                    .push_bind(&e.epidemic_phone)
                    .push_bind(&e.survey_state)
                    .push_bind(e.survey_staff)
                    .push_bind(&e.survey_planned_on)
                    .push_bind(e.surveyed_at)
                    .push_bind(e.revision)
                    .push_bind(e.created_at)
                    .push_bind(e.updated_at);
            },
            tail
        )?;
    }
    Ok(())
}

/// Adds enterprises; their scales are added apart.
pub async fn insert_many(tx: &mut Tx, all: &[Enterprise]) -> Result<(), DbError> {
    put(tx, all, "").await
}

/// Writes changed rows, each one revision above the one it was made from; a row that was edited
/// meanwhile stays as it is.
pub async fn update_many(tx: &mut Tx, all: &[Enterprise]) -> Result<(), DbError> {
    put(
        tx,
        all,
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, kind = excluded.kind, \
         scale = excluded.scale, industry = excluded.industry, line = excluded.line, division_id = excluded.division_id, \
         division_path = excluded.division_path, responsible_name = excluded.responsible_name, \
         responsible_phone = excluded.responsible_phone, contact_name = excluded.contact_name, \
         contact_phone = excluded.contact_phone, epidemic_officer = excluded.epidemic_officer, \
         epidemic_phone = excluded.epidemic_phone, survey_state = excluded.survey_state, \
         survey_staff = excluded.survey_staff, survey_planned_on = excluded.survey_planned_on, \
         surveyed_at = excluded.surveyed_at, revision = excluded.revision, updated_at = excluded.updated_at \
         WHERE enterprises.revision = excluded.revision - 1",
    )
    .await
}

/// A scale that begins to hold.
#[derive(Clone, Debug)]
pub struct ScaleFact<'a> {
    pub id: &'a str,
    pub enterprise_id: &'a str,
    pub scale: Scale,
}

/// Records scales with one evidence and day.
pub async fn insert_scales(
    tx: &mut Tx,
    all: &[ScaleFact<'_>],
    evidence: &str,
    valid_from: Millis,
    by: &str,
) -> Result<(), DbError> {
    for part in all.chunks(ROWS) {
        bulk!(
            tx,
            "INSERT INTO enterprise_scales (id, enterprise_id, scale, evidence, valid_from, recorded_by) ",
            part,
            |b, fact| {
                b.push_bind(fact.id)
                    .push_bind(fact.enterprise_id)
                    .push_bind(fact.scale.code())
                    .push_bind(evidence)
                    .push_bind(valid_from.0)
                    .push_bind(by);
            },
            ""
        )?;
    }
    Ok(())
}

/// Notes one event on the timelines of many enterprises.
pub async fn note_many(
    tx: &mut Tx,
    enterprise_ids: &[String],
    at: Millis,
    kind: &str,
    facts: &serde_json::Value,
    account_id: &str,
) -> Result<(), DbError> {
    let facts = facts.to_string();
    let id = super::timeline::event_id(kind, &facts, account_id);
    for part in enterprise_ids.chunks(ROWS) {
        bulk!(
            tx,
            "INSERT INTO timeline (enterprise_id, id, at, kind, facts, account_id) ",
            part,
            |b, enterprise| {
                b.push_bind(enterprise)
                    .push_bind(&id)
                    .push_bind(at.0)
                    .push_bind(kind)
                    .push_bind(&facts)
                    .push_bind(account_id);
            },
            " ON CONFLICT DO NOTHING"
        )?;
    }
    Ok(())
}

macro_rules! among {
    ($tx:expr, $head:expr, $values:expr, $tail:expr) => {{
        match $tx {
            Tx::Sqlite(t) => {
                let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new($head);
                let mut list = query.separated(", ");
                for value in $values {
                    list.push_bind(value);
                }
                query.push($tail);
                query.build_query_as::<Enterprise>().fetch_all(&mut **t).await
            }
            Tx::Postgres(t) => {
                let mut query = sqlx::QueryBuilder::<sqlx::Postgres>::new($head);
                let mut list = query.separated(", ");
                for value in $values {
                    list.push_bind(value);
                }
                query.push($tail);
                query.build_query_as::<Enterprise>().fetch_all(&mut **t).await
            }
        }
        .map_err(DbError::from)
    }};
}

/// The enterprises that have one of these codes.
pub async fn find_by_usccs(tx: &mut Tx, codes: &[&str]) -> Result<Vec<Enterprise>, DbError> {
    let mut found = Vec::new();
    for part in codes.chunks(1000) {
        found.extend(among!(tx, "SELECT * FROM enterprises WHERE uscc IN (", part, ")")?);
    }
    Ok(found)
}

/// The enterprises without code that have one of these names, wherever they lie.
pub async fn find_without_code(tx: &mut Tx, names: &[String]) -> Result<Vec<Enterprise>, DbError> {
    let mut found = Vec::new();
    for part in names.chunks(1000) {
        found.extend(among!(
            tx,
            "SELECT * FROM enterprises WHERE uscc IS NULL AND name_key IN (",
            part,
            ")"
        )?);
    }
    Ok(found)
}
