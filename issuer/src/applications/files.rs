//! What an application takes from the enterprise's file.

use fugong_common::time::Millis;

use super::filing::{EnterpriseFacts, PremisesFacts};
use super::form::FilingForm;
use crate::db::{DbError, Tx};
use crate::divisions::Scale;
use crate::{row, rows};

/// An enterprise as far as applications need it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EnterpriseRow {
    pub id: String,
    pub uscc: Option<String>,
    pub name: String,
    pub name_key: String,
    pub scale: String,
    pub line: String,
    pub division_id: String,
    pub division_path: String,
    pub responsible_name: String,
    pub responsible_phone: String,
    pub epidemic_officer: String,
    pub epidemic_phone: String,
}

impl EnterpriseRow {
    pub fn facts(&self) -> Result<EnterpriseFacts, DbError> {
        let scale = Scale::parse(&self.scale)
            .ok_or_else(|| DbError::corrupt("enterprises", "scale", &self.id))?;
        Ok(EnterpriseFacts {
            id: self.id.clone(),
            name: self.name.clone(),
            uscc: self.uscc.clone(),
            scale,
            line: self.line.clone(),
        })
    }

    /// A form with what the file knows already, so that nobody types it twice.
    pub fn form(&self, premises: &[PremisesFacts], permit_days: i64) -> FilingForm {
        let only = match premises {
            [only] => only.id.clone(),
            _ => String::new(),
        };
        FilingForm {
            premises: only,
            kind: "first".into(),
            term_days: permit_days.to_string(),
            class: "ordinary".into(),
            mode: "on_site".into(),
            responsible_name: self.responsible_name.clone(),
            responsible_phone: self.responsible_phone.clone(),
            epidemic_name: self.epidemic_officer.clone(),
            epidemic_phone: self.epidemic_phone.clone(),
            ..FilingForm::default()
        }
    }
}

pub async fn find_enterprise(tx: &mut Tx, id: &str) -> Result<Option<EnterpriseRow>, DbError> {
    row!(
        tx,
        EnterpriseRow,
        "SELECT id, uscc, name, name_key, scale, line, division_id, division_path, responsible_name, responsible_phone, \
         epidemic_officer, epidemic_phone FROM enterprises WHERE id = $1",
        id
    )
}

#[derive(sqlx::FromRow)]
struct PremisesRow {
    id: String,
    site_code: i64,
    name: String,
    address: String,
    entrance: String,
    division_id: String,
}

/// Where an enterprise works at this instant.
pub async fn list_premises(
    tx: &mut Tx,
    enterprise_id: &str,
    now: Millis,
) -> Result<Vec<PremisesFacts>, DbError> {
    let found = rows!(
        tx,
        PremisesRow,
        "SELECT p.id, p.site_code, p.name, p.address, p.entrance, p.division_id \
         FROM occupancies o JOIN premises p ON p.id = o.premises_id \
         WHERE o.enterprise_id = $1 AND o.valid_from <= $2 AND (o.valid_to IS NULL OR o.valid_to > $2) ORDER BY p.id",
        enterprise_id,
        now.0
    )?;
    found
        .into_iter()
        .map(|row| {
            let site_code = u64::try_from(row.site_code)
                .map_err(|_| DbError::corrupt("premises", "site_code", &row.id))?;
            Ok(PremisesFacts {
                id: row.id,
                site_code,
                name: row.name,
                address: row.address,
                entrance: row.entrance,
                division_id: row.division_id,
            })
        })
        .collect()
}

/// A name folded for search: lower case, no blanks.
pub fn name_key(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Notes an event on the enterprise's timeline. `facts` are filled into the kind's sentence.
pub async fn note(
    tx: &mut Tx,
    enterprise_id: &str,
    (id, at): (&str, Millis),
    kind: &str,
    facts: &serde_json::Value,
    account_id: &str,
) -> Result<(), DbError> {
    crate::run!(
        tx,
        "INSERT INTO timeline (enterprise_id, id, at, kind, facts, account_id) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
        enterprise_id,
        id,
        at.0,
        kind,
        facts.to_string(),
        account_id
    )?;
    Ok(())
}
