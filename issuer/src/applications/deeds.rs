//! What somebody may do with an application as it stands.

use super::state::{Check, State};
use super::store::Application;
use crate::accounts::Actor;
use crate::approvals::{SignFault, Signer};
use crate::authz::Action;

/// How a form may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    Draft,
    Returned,
    Amend,
}

/// The acts open to an actor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an act of its own")]
pub struct Deeds {
    pub accept: bool,
    pub send: bool,
    pub check: bool,
    pub sign: bool,
    /// Why a signing post may not sign now.
    pub sign_fault: Option<SignFault>,
    pub send_back: bool,
    pub refuse: bool,
    pub issue: bool,
    pub edit: Option<Edit>,
    pub withdraw: bool,
    pub classify: bool,
}

impl Deeds {
    /// Within the actor's reach, which the caller has checked.
    pub fn of(application: &Application, actor: &Actor) -> Self {
        let state = application.state();
        let may = |action| actor.may(action);
        let checking = matches!(state, State::SiteCheck(_));
        let submitted = matches!(state, State::Submitted);
        let mut deeds = Self {
            accept: submitted && may(Action::AcceptApplications),
            send: checking && may(Action::AcceptApplications),
            check: matches!(state, State::SiteCheck(Check::Sent { .. })) && may(Action::CheckSites),
            classify: (submitted || checking) && may(Action::AcceptApplications),
            issue: matches!(state, State::Approved(_)) && may(Action::IssuePermits),
            withdraw: !state.is_final() && may(Action::WithdrawApplications),
            edit: edit(application, actor),
            ..Self::default()
        };
        match state {
            State::Signing(round) => {
                if may(Action::SignApplications) {
                    match round.party_for(&Signer::of(actor)) {
                        Ok(_) => deeds.sign = true,
                        Err(fault) => deeds.sign_fault = Some(fault),
                    }
                }
                deeds.send_back = deeds.sign || may(Action::AcceptApplications);
                deeds.refuse = deeds.sign && may(Action::RefuseApplications);
            }
            State::Submitted | State::Approved(_) => {
                deeds.send_back = may(Action::AcceptApplications);
            }
            State::SiteCheck(_) => {
                deeds.send_back = may(Action::AcceptApplications) || deeds.check;
                // What failed on site may be refused by those who would have signed.
                deeds.refuse = matches!(state, State::SiteCheck(Check::Failed { .. }))
                    && may(Action::RefuseApplications);
            }
            _ => {}
        }
        deeds
    }

    pub fn any(&self) -> bool {
        *self != Self { sign_fault: self.sign_fault.clone(), ..Self::default() }
    }
}

/// The enterprise's own people, and the officer who filed for it. What was filed at the counter and
/// submitted, the counter goes on with, whoever sits there: a shop without an account has nobody else.
fn edit(application: &Application, actor: &Actor) -> Option<Edit> {
    if !actor.may(Action::FileApplications) {
        return None;
    }
    let own = actor.post.role.is_of_enterprise()
        || application.on_behalf && application.created_by == actor.account_id;
    let filed = application.on_behalf && application.case.revision > 0;
    let counter = filed && actor.may(Action::AcceptApplications);
    if !own && !counter {
        return None;
    }
    match application.state() {
        State::Draft => Some(Edit::Draft),
        State::Returned { .. } => Some(Edit::Returned),
        State::Submitted | State::SiteCheck(_) | State::Signing(_) | State::Approved(_) => {
            Some(Edit::Amend)
        }
        _ => None,
    }
}
