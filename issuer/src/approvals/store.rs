//! Signatures as rows. Two unique indexes keep what the rules say even if two processes race.

use fugong_common::time::Millis;

use super::Signer;
use crate::db::{DbError, Tx};
use crate::{rows, run};

/// A signature to keep.
#[derive(Clone, Debug)]
pub struct NewSignature<'a> {
    pub id: &'a str,
    pub application_id: &'a str,
    pub revision: i64,
    /// Code of the party it is given for.
    pub party: &'a str,
    pub signer: &'a Signer,
    /// SHA-256 of the revision's content.
    pub content_sha256: &'a [u8; 32],
    pub at: Millis,
}

/// Keeps a signature.
///
/// # Errors
/// [`DbError::Duplicate`] when the party has signed, or the same person for another party.
pub async fn insert(tx: &mut Tx, new: NewSignature<'_>) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO signatures (id, application_id, revision, party, account_id, post_id, role, name, post, \
         content_sha256, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        new.id,
        new.application_id,
        new.revision,
        new.party,
        &new.signer.account_id,
        &new.signer.post_id,
        new.signer.role.code(),
        &new.signer.name,
        &new.signer.post,
        new.content_sha256.as_slice(),
        new.at.0
    )?;
    Ok(())
}

/// Voids what was signed so far; the rows stay. Returns how many counted until now.
pub async fn void(tx: &mut Tx, application_id: &str, now: Millis) -> Result<u64, DbError> {
    run!(
        tx,
        "UPDATE signatures SET voided_at = $2 WHERE application_id = $1 AND voided_at IS NULL",
        application_id,
        now.0
    )
}

/// A signature as it was kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SignatureLine {
    pub id: String,
    pub revision: i64,
    pub party: String,
    pub account_id: String,
    pub role: String,
    pub name: String,
    pub post: String,
    pub content_sha256: Vec<u8>,
    pub at: i64,
    /// When it became void, if it did.
    pub voided_at: Option<i64>,
}

/// All signatures ever given to an application, the oldest first.
pub async fn list(tx: &mut Tx, application_id: &str) -> Result<Vec<SignatureLine>, DbError> {
    rows!(
        tx,
        SignatureLine,
        "SELECT id, revision, party, account_id, role, name, post, content_sha256, at, voided_at FROM signatures \
         WHERE application_id = $1 ORDER BY at, id",
        application_id
    )
}
