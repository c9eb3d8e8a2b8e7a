//! The console's pages of permits.

mod acts;
mod list;
mod show;

use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;

use super::state::Standing;
use super::words::PermitWords;
use super::{Permit, printing, store};
use crate::authz::{Action, Place};
use crate::web::{Page, Routes, Tone};

pub(super) use list::{filter, list_again};
pub(super) use show::{Typed, render};

pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .get("/permits", Action::ReadPermits, list::list)
        .get("/permits/{id}", Action::ReadPermits, show::show)
        .post("/permits/{id}/suspend", Action::SuspendPermits, acts::suspend)
        .post("/permits/{id}/confirm", Action::ConfirmSuspensions, acts::confirm)
        .post("/permits/{id}/resume", Action::ResumePermits, acts::resume)
        .post("/permits/{id}/revoke", Action::RevokePermits, acts::revoke)
        .post("/permits/{id}/reissue", Action::ReissuePermits, acts::reissue)
        .post("/permits/reissue", Action::ReissuePermits, acts::reissue_many)
        .post("/permits/{id}/hand-over", Action::IssuePermits, acts::hand_over);
    super::api::routes(printing::routes(routes))
}

/// For holding a permit against a post's reach.
pub fn place(permit: &Permit) -> Place<'_> {
    Place {
        division_path: &permit.place.division_path,
        enterprise_id: Some(&permit.place.enterprise_id),
    }
}

/// A permit within the actor's reach.
pub(super) async fn find(page: &Page, id: &str, action: Action) -> Result<Permit, Problem> {
    let mut tx = page.app.db().read().await?;
    let permit = store::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(action, place(&permit))?;
    Ok(permit)
}

/// A state in words and tone, time counted in.
pub fn say_state(w: &PermitWords, permit: &Permit, now: Millis) -> (Tone, &'static str) {
    let ends_soon = permit.claims.validity.expires() <= now.plus_days(14).seconds();
    match permit.standing(now) {
        Standing::Revoked => (Tone::Stop, w.revoked),
        Standing::Superseded => (Tone::Unknown, w.superseded),
        Standing::Suspended if permit.state.lapses_at().is_some() => {
            (Tone::Stop, w.suspended_for_now)
        }
        Standing::Suspended => (Tone::Stop, w.suspended),
        Standing::Expired => (Tone::Unknown, w.expired),
        Standing::NotYet => (Tone::Unknown, w.not_yet),
        Standing::Valid if ends_soon => (Tone::Warn, w.valid_ends_soon),
        Standing::Valid => (Tone::Ok, w.valid),
    }
}

/// First and last day as they are printed on the placard: by the zone of the premises' division, wherever
/// it is read.
pub fn say_term(w: &PermitWords, permit: &Permit) -> String {
    let validity = permit.claims.validity;
    let zone = permit.facts.zone();
    let day = |seconds| zone.date(Millis::from_seconds(seconds));
    fill(w.until, &[("from", &day(validity.not_before())), ("to", &day(validity.last_second()))])
}
