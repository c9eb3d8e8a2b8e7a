//! Passes as rows.

use fugong_common::claims::Lineage;
use fugong_common::envelope::Unverified;
use fugong_common::keys::Kind;
use fugong_common::pass::Pass as Claims;
use fugong_common::serial::{PassReference, Serial};
use fugong_common::status::Status;
use fugong_common::time::Millis;

use crate::db::{DbError, Tx};
use crate::{row, rows, rows_in, run};

#[derive(sqlx::FromRow)]
struct PassRow {
    id: String,
    serial: String,
    reference: String,
    person_id: String,
    enterprise_id: String,
    lineage: String,
    key_id: String,
    status_index: i64,
    token: Vec<u8>,
    issued_at: i64,
    printed_at: Option<i64>,
}

/// A pass in force.
#[derive(Clone, Debug)]
pub struct Pass {
    pub id: String,
    pub serial: Serial,
    pub reference: PassReference,
    pub person_id: String,
    pub enterprise_id: String,
    pub lineage: Lineage,
    pub key_id: String,
    pub status_index: i64,
    pub token: Vec<u8>,
    /// What the token says.
    pub claims: Claims,
    pub issued_at: Millis,
    pub printed: bool,
}

impl PassRow {
    fn into_pass(self) -> Result<Pass, DbError> {
        let corrupt = |column| DbError::corrupt("passes", column, &self.id);
        let envelope = Unverified::parse(Kind::Pass, &self.token).map_err(|_| corrupt("token"))?;
        Ok(Pass {
            serial: Serial::from_hex(&self.serial).ok_or_else(|| corrupt("serial"))?,
            reference: PassReference::from_hex(&self.reference)
                .ok_or_else(|| corrupt("reference"))?,
            lineage: Lineage::from_hex(&self.lineage).ok_or_else(|| corrupt("lineage"))?,
            claims: Claims::decode(envelope.payload()).map_err(|_| corrupt("token"))?,
            id: self.id,
            person_id: self.person_id,
            enterprise_id: self.enterprise_id,
            key_id: self.key_id,
            status_index: self.status_index,
            token: self.token,
            issued_at: Millis(self.issued_at),
            printed: self.printed_at.is_some(),
        })
    }
}

macro_rules! columns {
    () => {
        "SELECT id, serial, reference, person_id, enterprise_id, lineage, key_id, status_index, token, issued_at, \
         printed_at FROM passes WHERE state = 'issued' "
    };
}

/// The pass that somebody holds now.
pub async fn find_current(tx: &mut Tx, person_id: &str) -> Result<Option<Pass>, DbError> {
    row!(tx, PassRow, concat!(columns!(), "AND person_id = $1"), person_id)?
        .map(PassRow::into_pass)
        .transpose()
}

/// The pass in force behind an index of a key's status list.
pub async fn find_by_index(tx: &mut Tx, key_id: &str, index: i64) -> Result<Option<Pass>, DbError> {
    let sql = concat!(columns!(), "AND key_id = $1 AND status_index = $2");
    row!(tx, PassRow, sql, key_id, index)?.map(PassRow::into_pass).transpose()
}

/// The passes in force of an enterprise's people.
pub async fn list_current(tx: &mut Tx, enterprise_id: &str) -> Result<Vec<Pass>, DbError> {
    let sql = concat!(columns!(), "AND enterprise_id = $1 ORDER BY id");
    let found = rows!(tx, PassRow, sql, enterprise_id)?;
    found.into_iter().map(PassRow::into_pass).collect()
}

/// The passes in force of all these enterprises' people.
pub async fn list_current_of_all(tx: &mut Tx, enterprises: &[&str]) -> Result<Vec<Pass>, DbError> {
    let sql = concat!(columns!(), "AND enterprise_id IN ");
    let found = rows_in!(tx, PassRow, sql, enterprises, " ORDER BY enterprise_id, id")?;
    found.into_iter().map(PassRow::into_pass).collect()
}

pub(super) async fn insert(tx: &mut Tx, pass: &Pass) -> Result<(), DbError> {
    let validity = pass.claims.validity;
    run!(
        tx,
        "INSERT INTO passes (id, serial, reference, person_id, enterprise_id, lineage, key_id, status_index, token, \
         nbf, exp, state, state_at, issued_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'issued', $12, $12)",
        &pass.id,
        pass.serial.to_hex(),
        pass.reference.to_hex(),
        &pass.person_id,
        &pass.enterprise_id,
        pass.lineage.to_string(),
        &pass.key_id,
        pass.status_index,
        &pass.token,
        Millis::from_seconds(validity.not_before()).0,
        Millis::from_seconds(validity.expires()).0,
        pass.issued_at.0
    )?;
    Ok(())
}

/// Ends a pass that is in force; false when it is over already.
pub(super) async fn end(
    tx: &mut Tx,
    id: &str,
    status: Status,
    reason: &str,
    now: Millis,
) -> Result<bool, DbError> {
    let state = if status == Status::Superseded { "superseded" } else { "revoked" };
    let touched = run!(
        tx,
        "UPDATE passes SET state = $2, state_at = $3, reason = $4 WHERE id = $1 AND state = 'issued'",
        id,
        state,
        now.0,
        reason
    )?;
    Ok(touched == 1)
}

pub(super) async fn mark_printed(tx: &mut Tx, id: &str, now: Millis) -> Result<(), DbError> {
    run!(tx, "UPDATE passes SET printed_at = $2 WHERE id = $1", id, now.0)?;
    Ok(())
}
