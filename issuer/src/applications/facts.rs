//! What the issuing of a permit needs to know of an approved application.

use fugong_common::permit::Approval;
use fugong_common::time::Millis;

use super::filing::Filing;
use super::state::State;
use super::store;
use crate::approvals::Given;
use crate::db::{DbError, Tx};

/// An application that all parties have signed and that is not issued yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    pub application_id: String,
    pub receipt: String,
    pub revision: i64,
    pub filing: Filing,
    /// SHA-256 of the revision's content: what the parties signed.
    pub content_sha256: [u8; 32],
    /// Route, posts that signed and rule version, as the permit states them.
    pub approval: Approval,
    /// Who signed, in the order of signing.
    pub signatures: Vec<Given>,
    /// Division of the premises, with its path.
    pub division_id: String,
    pub division_path: String,
    pub approved_at: Millis,
}

/// The facts of an approved application. `None` when there is none such, or when it isn't approved
/// (not yet, or issued already).
///
/// # Errors
/// [`DbError::Corrupt`] when the stored content does not have the digest that was signed.
pub async fn approved_facts(tx: &mut Tx, id: &str) -> Result<Option<Approved>, DbError> {
    let Some(application) = store::find(tx, id).await? else { return Ok(None) };
    let State::Approved(round) = application.state() else { return Ok(None) };
    let revision = store::find_revision(tx, id, application.case.revision)
        .await?
        .ok_or_else(|| DbError::corrupt("applications", "revision", id))?;
    let kept = crate::approvals::store::list(tx, id).await?;
    let genuine = round.given.iter().all(|given| {
        kept.iter().any(|line| {
            line.voided_at.is_none()
                && line.account_id == given.account_id
                && line.party == given.party
                && line.content_sha256 == revision.sha256
        })
    });
    if !genuine {
        return Err(DbError::corrupt("signatures", "content_sha256", id));
    }
    Ok(Some(Approved {
        approval: round.approval(),
        signatures: round.given.clone(),
        application_id: application.id.clone(),
        receipt: application.receipt.clone().unwrap_or_default(),
        revision: revision.revision,
        filing: revision.filing,
        content_sha256: revision.sha256,
        division_id: application.division_id.clone(),
        division_path: application.division_path.clone(),
        approved_at: application.stages.decided_at,
    }))
}
