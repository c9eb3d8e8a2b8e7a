//! What an officer does to a permit, by a form or by a call: one transaction for either.

use fugong_common::service::problem::Problem;

use super::pages::place;
use super::state::{Event, State};
use super::{ActError, By, Permit, acts, store};
use crate::authz::Action;
use crate::web::Page;

/// What an officer can do to a permit by a form or a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Suspend,
    Confirm,
    Resume,
    Revoke,
}

impl Doing {
    pub const fn action(self) -> Action {
        match self {
            Self::Suspend => Action::SuspendPermits,
            Self::Confirm => Action::ConfirmSuspensions,
            Self::Resume => Action::ResumePermits,
            Self::Revoke => Action::RevokePermits,
        }
    }
}

/// Does it in one transaction: reach, revision, state, list, audit, change.
///
/// # Errors
/// A problem that says which of these stood against it.
pub async fn perform(
    page: &Page,
    id: &str,
    doing: Doing,
    reason: &str,
    revision: Option<i64>,
) -> Result<(Permit, State), Problem> {
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let permit = store::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(doing.action(), place(&permit))?;
    if revision.is_some_and(|seen| seen != permit.revision) {
        return Err(ActError::Overtaken.into());
    }
    let event = match doing {
        Doing::Suspend => acts::suspension_by(app, &mut tx, &permit, page.actor.post.role).await?,
        Doing::Confirm => Event::Confirm,
        Doing::Resume => Event::Resume,
        Doing::Revoke => Event::Revoke,
    };
    permit.after(event, app.now()).map_err(ActError::Refused)?;
    let by = By::from(&page.actor);
    let (state, change) = acts::act(app, &mut tx, &permit, event, &by, reason).await?;
    app.commit(tx, change).await?;
    Ok((permit, state))
}
