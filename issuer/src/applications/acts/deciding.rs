//! Deciding: signatures, return, refusal, withdrawal, change of route, and the end by issue.

use fugong_common::service::problem::Problem;

use super::super::deeds::Deeds;
use super::super::state::{Event, Fault, State};
use super::super::store::{self, Application, Seen};
use super::{ActError, Done, apply, me, open, permit, require_regime};
use crate::approvals::{self, Round, SignFault, Signer};
use crate::authz::Action;
use crate::db::{DbError, Tx};
use crate::divisions::Scale;
use crate::web::Page;

/// Signs for the actor's party what revision and digest were shown. The last party approves.
pub async fn sign(page: &Page, id: &str, seen: &Seen, shown_sha256: &[u8]) -> Done {
    let mut open = open(page, Action::SignApplications, id, seen).await?;
    let before = open.before.clone();
    let State::Signing(round) = &before.case.state else {
        return Err(ActError::Conflict(Box::new(before)));
    };
    let signer = Signer::of(&page.actor);
    let party = round.party_for(&signer).map_err(|f| ActError::Refused(f.into()))?.code.clone();
    let revision = store::find_revision(&mut open.tx, id, before.case.revision)
        .await?
        .ok_or_else(|| DbError::corrupt("applications", "revision", id))?;
    if revision.sha256.as_slice() != shown_sha256 {
        return Err(ActError::Conflict(Box::new(before)));
    }
    let signature_id = page.app.new_id();
    let new = approvals::store::NewSignature {
        id: &signature_id,
        application_id: id,
        revision: revision.revision,
        party: &party,
        signer: &signer,
        content_sha256: &revision.sha256,
        at: page.now,
    };
    match approvals::store::insert(&mut open.tx, new).await {
        Ok(()) => open.finish(page, Event::Sign { signer, at: page.now }).await,
        // The indexes know better than the state: the row and its signatures disagree.
        Err(DbError::Duplicate) => Err(ActError::Refused(SignFault::SamePerson.into())),
        Err(error) => Err(error.into()),
    }
}

/// Sends an application back with everything that is to be mended.
pub async fn return_for_correction(page: &Page, id: &str, seen: &Seen, faults: Vec<Fault>) -> Done {
    let open = open(page, Action::ReturnApplications, id, seen).await?;
    permit(Deeds::of(&open.before, &page.actor).send_back)?;
    open.finish(page, Event::Return { faults, by: me(page) }).await
}

/// Refuses for good, with reason, legal basis, and how to complain.
pub async fn refuse(
    page: &Page,
    id: &str,
    seen: &Seen,
    (reason, basis, complain): (String, String, String),
) -> Done {
    let open = open(page, Action::RefuseApplications, id, seen).await?;
    permit(Deeds::of(&open.before, &page.actor).refuse)?;
    open.finish(page, Event::Refuse { reason, basis, complain, by: me(page) }).await
}

/// The applicant takes it back.
pub async fn withdraw(page: &Page, id: &str, seen: &Seen, reason: String) -> Done {
    let open = open(page, Action::WithdrawApplications, id, seen).await?;
    open.finish(page, Event::Withdraw { reason, by: me(page) }).await
}

/// An enterprise's scale has changed: its open cases follow, and a round of signatures begins
/// anew under the other route (domain A30). In the caller's transaction; returns how many.
pub async fn reroute(
    page: &Page,
    tx: &mut Tx,
    enterprise_id: &str,
    scale: Scale,
) -> Result<usize, ActError> {
    let mut touched = 0;
    for found in store::list_of_enterprise(tx, enterprise_id, 1000).await? {
        let decided = found.case.state.is_final() || matches!(found.case.state, State::Approved(_));
        if decided || found.scale == scale {
            continue;
        }
        let Some(mut before) = store::lock(tx, &found.id).await? else { continue };
        touched += 1;
        if let State::Signing(round) = &before.case.state {
            let regime = require_regime(tx, &before.division_path, page.now).await?;
            let round = Round::begin(&regime, scale, &round.line);
            apply(tx, page, &before, Event::Reroute { round }, |after| after.scale = scale).await?;
        } else {
            before.scale = scale;
            let seen = before.seen();
            store::put(tx, &seen, &before).await?;
        }
    }
    Ok(touched)
}

/// The permit is issued: the application ends. In the caller's transaction, which keeps the
/// permit's own audit.
///
/// # Errors
/// [`ActError::Refused`] when it isn't approved any more.
pub async fn mark_issued(
    page: &Page,
    tx: &mut Tx,
    id: &str,
    permit_id: &str,
) -> Result<Application, ActError> {
    let before = store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::IssuePermits, before.place())?;
    apply(tx, page, &before, Event::Issue { permit_id: permit_id.to_owned() }, |_| {}).await
}
