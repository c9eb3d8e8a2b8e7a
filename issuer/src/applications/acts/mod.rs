//! Every act upon an application: checked, applied and kept in one transaction, with its event,
//! its line in the enterprise's timeline and its line in the audit.

mod deciding;
mod filing;
mod office;

pub use deciding::{mark_issued, refuse, reroute, return_for_correction, sign, withdraw};
pub use filing::{Draft, amend, draft, save_draft, submit};
pub use office::{accept, classify, record_check, send_checker};

use axum::http::StatusCode;
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};

use super::filing::Filing;
use super::form::FieldFault;
use super::history::{self, NewEvent};
use super::state::{Event, Person, Refusal, State};
use super::store::{self, Application, NewRevision, Seen, Stages};
use super::waits;
use super::words::ApplicationWords;
use crate::approvals;
use crate::authz::Action;
use crate::db::{DbError, Tx};
use crate::divisions::{self, Regime};
use crate::enterprises::timeline;
use crate::web::{Page, conflict};

/// Why an act was not done. Nothing was changed.
#[derive(Debug)]
pub enum ActError {
    /// Somebody was quicker: how it stands now.
    Conflict(Box<Application>),
    /// The rules refuse it as it stands.
    Refused(Refusal),
    /// Fields of the form need attention.
    Fields(Vec<FieldFault>),
    /// Everything that any page may run into.
    Problem(Problem),
}

impl From<Problem> for ActError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<DbError> for ActError {
    fn from(error: DbError) -> Self {
        Self::Problem(error.into())
    }
}

/// For a caller of another room, to whom every refusal means: look again.
impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Problem(problem) => problem,
            ActError::Conflict(_) | ActError::Refused(_) | ActError::Fields(_) => {
                conflict(("该申请刚被他人处理", "Somebody else has just acted on this application"))
            }
        }
    }
}

type Done = Result<Application, ActError>;

fn me(page: &Page) -> Person {
    Person {
        account_id: page.actor.account_id.clone(),
        name: page.actor.name.clone(),
        post: page.actor.post.kept_title(),
    }
}

/// Whether the actor enters for the enterprise rather than as one of its own people.
fn is_on_behalf(page: &Page) -> bool {
    !page.actor.post.role.is_of_enterprise()
}

/// Refuses an act that is somebody else's, though the post might do it elsewhere.
fn permit(may: bool) -> Result<(), ActError> {
    if may { Ok(()) } else { Err(ActError::Problem(Problem::forbidden())) }
}

/// An act under way: the row is locked, nothing is written yet.
struct Open {
    tx: Tx,
    before: Application,
}

async fn open(page: &Page, action: Action, id: &str, seen: &Seen) -> Result<Open, ActError> {
    let mut tx = page.app.db().write().await?;
    let before = store::lock(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(action, before.place())?;
    if before.seen() != *seen {
        return Err(ActError::Conflict(Box::new(before)));
    }
    Ok(Open { tx, before })
}

impl Open {
    async fn finish(mut self, page: &Page, event: Event) -> Done {
        let after = apply(&mut self.tx, page, &self.before, event, |_| {}).await?;
        self.tx.commit().await?;
        Ok(after)
    }
}

/// Applies an event to a locked application and writes everything that follows from it but the
/// commit. `change` sets what the event itself doesn't.
async fn apply(
    tx: &mut Tx,
    page: &Page,
    before: &Application,
    event: Event,
    change: impl FnOnce(&mut Application),
) -> Done {
    let now = page.now;
    let what = event.code();
    let case = before.case.clone().apply(event).map_err(ActError::Refused)?;
    let mut after = Application { case, ..before.clone() };
    let moved = after.case.state.code() != before.case.state.code();
    after.state_at = if moved { now } else { before.state_at };
    reach_stage(&mut after.stages, before.state(), &after.case.state, now);
    change(&mut after);
    let begun_anew = after.case.revision != before.case.revision || what == "reroute";
    if begun_anew || !after.case.state.keeps_signatures() {
        approvals::store::void(tx, &after.id, now).await?;
    }
    if !matches!(after.case.state, State::SiteCheck(_)) {
        history::drop_planned(tx, &after.id).await?;
    }
    if !store::put(tx, &before.seen(), &after).await? {
        return Err(ActError::Conflict(Box::new(before.clone())));
    }
    waits::rewrite(tx, &after).await?;
    let by = me(page);
    let detail = serde_json::to_string(&after.case.state).unwrap_or_default();
    let event = NewEvent {
        application_id: &after.id,
        step: after.step,
        at: now,
        event: what,
        from_state: before.case.state.code(),
        to_state: after.case.state.code(),
        stayed_ms: now.since(before.state_at).max(0),
        revision: after.case.revision,
        by: &by,
        on_behalf: is_on_behalf(page) && matches!(what, "submit" | "amend"),
        detail: &detail,
    };
    history::insert_event(tx, event).await?;
    note(tx, page, before, &after, what).await?;
    let audited = format!("application.{what}");
    let summary = format!("{} #{}", after.receipt.as_deref().unwrap_or(""), after.case.revision);
    let subject = ("application", after.id.as_str());
    page.record(tx, &audited, subject, &after.division_id, summary.trim()).await?;
    Ok(after)
}

/// Writes the instant at which a stage is reached.
fn reach_stage(stages: &mut Stages, from: &State, to: &State, now: Millis) {
    match (from, to) {
        (State::Submitted, State::SiteCheck(_)) => stages.accepted_at = now,
        (State::SiteCheck(_), State::Signing(_)) => stages.checked_at = now,
        (_, State::Approved(_) | State::Refused { .. }) => stages.decided_at = now,
        (_, State::Issued { .. }) => stages.issued_at = now,
        _ => {}
    }
}

/// The enterprise's timeline, in the kinds that it knows.
async fn note(
    tx: &mut Tx,
    page: &Page,
    before: &Application,
    after: &Application,
    what: &str,
) -> Result<(), DbError> {
    let kind = match (what, &after.case.state) {
        ("submit", _) if before.case.revision == 0 => "application.submitted",
        ("submit" | "amend", _) => "application.resubmitted",
        ("accept", _) => "application.accepted",
        ("record_check", _) => "application.checked",
        ("sign", _) => "application.signed",
        ("return", _) => "application.returned",
        ("refuse", _) => "application.refused",
        ("withdraw", _) if after.receipt.is_some() => "application.withdrawn",
        _ => return Ok(()),
    };
    let mut facts = serde_json::json!({
        "number": after.receipt.as_deref().unwrap_or_default(),
        "application_id": after.id,
    });
    if let Some(facts) = facts.as_object_mut() {
        if kind == "application.checked" {
            let passed = matches!(after.case.state, State::Signing(_));
            let (zh, en) =
                if passed { ("符合", "meets") } else { ("不符合", "does not meet") };
            facts.insert("result".into(), serde_json::json!({ "zh": zh, "en": en }));
        }
        if kind == "application.signed" {
            let (post, usual) = (&page.actor.post, page.actor.post.role);
            let said = if post.kept_title() == usual.title(Lang::Zh) {
                timeline::both(usual.title(Lang::Zh), usual.title(Lang::En))
            } else {
                post.title.as_str().into()
            };
            facts.insert("post".into(), said);
        }
    }
    let account = page.actor.account_id.as_str();
    timeline::note(tx, &after.enterprise_id, page.now, kind, &facts, account).await?;
    if what == "sign" && matches!(after.case.state, State::Approved(_)) {
        let kind = "application.approved";
        timeline::note(tx, &after.enterprise_id, page.now, kind, &facts, account).await?;
    }
    Ok(())
}

fn say(code: &'static str, text: impl Fn(&'static ApplicationWords) -> &'static str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, ApplicationWords::both(text))
}

/// The zone of the division that an application lies in.
pub(super) async fn zone_of(page: &Page, tx: &mut Tx, division_id: &str) -> Result<Zone, DbError> {
    let division = divisions::store::find(tx, division_id).await?;
    Ok(division.map_or_else(|| page.zone(), |division| page.zone_named(&division.zone)))
}

async fn require_regime(tx: &mut Tx, path: &str, now: Millis) -> Result<Regime, Problem> {
    let regime = divisions::store::find_regime(tx, path, now).await?;
    regime.ok_or_else(|| say("no_regime", |w| w.no_regime))
}

async fn insert_revision(
    tx: &mut Tx,
    page: &Page,
    after: &Application,
    filing: &Filing,
) -> Result<(), DbError> {
    let new = NewRevision {
        application_id: &after.id,
        revision: after.case.revision,
        filing,
        made_at: page.now,
        account_id: &page.actor.account_id,
        name: &page.actor.name,
        post: &page.actor.post.kept_title(),
        on_behalf: is_on_behalf(page),
    };
    store::insert_revision(tx, new).await
}
