//! One-time codes of enrolment, kept as hashes, and the keys that the service makes for itself.

use fugong_common::time::Millis;

use crate::db::{DbError, Tx};
use crate::{row, run};

/// Lets a gate be enrolled (again): its old device no longer counts once a new one comes.
pub async fn put_code(
    tx: &mut Tx,
    gate_id: &str,
    locator: &str,
    code_sha256: &[u8],
    expires_at: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO enrolment_codes (gate_id, locator, code_sha256, expires_at, wrong_tries) \
         VALUES ($1, $2, $3, $4, 0) \
         ON CONFLICT (gate_id) DO UPDATE SET locator = $2, code_sha256 = $3, expires_at = $4, wrong_tries = 0",
        gate_id,
        locator,
        code_sha256,
        expires_at.0
    )?;
    Ok(())
}

/// Uses a code up; the gate it was for. The delete is the single use. A wrong code counts against
/// the one it was meant for.
pub async fn take_code(
    tx: &mut Tx,
    locator: &str,
    code_sha256: &[u8],
    tries_allowed: i64,
    now: Millis,
) -> Result<Option<String>, DbError> {
    let found = row!(
        tx,
        (String,),
        "DELETE FROM enrolment_codes WHERE locator = $1 AND code_sha256 = $2 AND expires_at > $3 \
         AND wrong_tries < $4 RETURNING gate_id",
        locator,
        code_sha256,
        now.0,
        tries_allowed
    )?;
    if found.is_none() {
        run!(
            tx,
            "UPDATE enrolment_codes SET wrong_tries = wrong_tries + 1 WHERE locator = $1",
            locator
        )?;
    }
    Ok(found.map(|(id,)| id))
}

/// The service's own key of this name; the first caller's proposal becomes it.
pub async fn own_key(tx: &mut Tx, name: &str, proposal: &[u8]) -> Result<Vec<u8>, DbError> {
    run!(
        tx,
        "INSERT INTO service_secrets (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        name,
        proposal
    )?;
    row!(tx, (Vec<u8>,), "SELECT secret FROM service_secrets WHERE name = $1", name)?
        .map(|(secret,)| secret)
        .ok_or(DbError::corrupt("service_secrets", "name", name))
}
