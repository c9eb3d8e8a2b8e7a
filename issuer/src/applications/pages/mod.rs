//! Pages of applications. What officers decide about them is in `approvals`.

mod compare;
mod filing;
mod office;
mod queue;
mod sheet;
mod show;
pub mod view;
mod words;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::service::problem::Problem;
use fugong_common::time::Zone;
use fugong_common::words::fill;

use super::acts::{ActError, zone_of};
use super::state::Refusal;
use super::store::{self, Application, Seen};
use super::words::ApplicationWords;
use crate::approvals::SignFault;
use crate::authz::Action;
use crate::db::Tx;
use crate::fields::Sent;
use crate::web::{Page, Routes, Tone, see_other};

pub(crate) use queue::own_rows;
pub use show::{Again, show_with};
pub use words::{CaseWords, PHRASES};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/applications", Action::ReadApplications, queue::queue)
        .get("/applications/new", Action::FileApplications, filing::new)
        .post("/applications/new", Action::FileApplications, filing::create)
        .get("/applications/{id}", Action::ReadApplications, show::show)
        .get("/applications/{id}/edit", Action::FileApplications, filing::edit)
        .post("/applications/{id}/edit", Action::FileApplications, filing::save)
        .get("/applications/{id}/withdraw", Action::WithdrawApplications, filing::withdraw_page)
        .post("/applications/{id}/withdraw", Action::WithdrawApplications, filing::withdraw)
        .post("/applications/{id}/accept", Action::AcceptApplications, office::accept)
        .post("/applications/{id}/send", Action::AcceptApplications, office::send)
        .post("/applications/{id}/class", Action::AcceptApplications, office::classify)
        .get("/applications/{id}/check", Action::CheckSites, office::check_page)
        .post("/applications/{id}/check", Action::CheckSites, office::check)
        .get("/applications/{id}/compare", Action::ReadApplications, compare::compare)
        .get("/applications/{id}/sheet", Action::ReadApplications, sheet::sheet)
}

/// An application within reach. A draft is its writers' own.
pub async fn find(
    page: &Page,
    tx: &mut Tx,
    action: Action,
    id: &str,
) -> Result<Application, Problem> {
    let found = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(action, found.place())?;
    let own = page.actor.post.role.is_of_enterprise()
        || (found.on_behalf && found.created_by == page.actor.account_id);
    if found.case.revision == 0 && !own {
        return Err(Problem::not_found());
    }
    Ok(found)
}

/// Leads back to an application after an act.
pub fn done(id: &str, what: &str) -> Response {
    see_other(&format!("/applications/{id}?done={what}"))
}

/// Shows an application as it stands now, with the reason why an act was not done.
pub async fn not_done(page: &Page, id: &str, error: ActError) -> Result<Response, Problem> {
    not_done_with(page, id, error, Again::default()).await
}

/// The same, with what was typed for the act: in its form where the page still has it, else to be
/// copied.
pub async fn not_done_with(
    page: &Page,
    id: &str,
    error: ActError,
    again: Again,
) -> Result<Response, Problem> {
    let reason = match error {
        ActError::Problem(problem) => return Err(problem),
        ActError::Fields(faults) => {
            let mut problem = Problem::invalid();
            for fault in faults {
                problem = problem.field(fault.field, (fault.message.clone(), fault.message));
            }
            return Err(problem);
        }
        ActError::Conflict(_) => None,
        ActError::Refused(refusal) => Some(refusal),
    };
    let mut tx = page.app.db().read().await?;
    let now = find(page, &mut tx, Action::ReadApplications, id).await?;
    let zone = zone_of(page, &mut tx, &now.division_id).await?;
    drop(tx);
    let text = say_refusal(page, &now, &zone, reason);
    let again = Again { notice: Some((Tone::Warn, text)), ..again };
    let shown = show_with(page, id, again).await?;
    Ok((StatusCode::CONFLICT, shown).into_response())
}

/// Why an act was not done; without a refusal somebody was quicker.
fn say_refusal(page: &Page, now: &Application, zone: &Zone, reason: Option<Refusal>) -> String {
    let w = CaseWords::of(page.lang);
    match reason {
        None => say_quicker(page, now, w.quicker),
        Some(Refusal::Wrong { .. }) => say_quicker(page, now, w.wrong_state),
        Some(Refusal::NothingToMend) => w.return_empty.to_owned(),
        Some(Refusal::NoRoute) => ApplicationWords::of(page.lang).no_route.to_owned(),
        Some(Refusal::Sign(fault)) => say_sign_fault(&fault, now, zone, page),
    }
}

/// That somebody was quicker, with the state that a case is in by now. Forms say by
/// `quicker_kept` that they hold what was written.
pub fn say_quicker(page: &Page, now: &Application, template: &str) -> String {
    fill(template, &[("state", &view::state_chip(now.state(), page.lang).text)])
}

/// Why a signature is not taken, in the reader's words.
pub fn say_sign_fault(
    fault: &SignFault,
    application: &Application,
    zone: &Zone,
    page: &Page,
) -> String {
    let w = CaseWords::of(page.lang);
    match fault {
        SignFault::NotAParty => w.not_a_party.to_owned(),
        SignFault::AnotherLine(_) => w.another_line.to_owned(),
        SignFault::SamePerson => w.same_person.to_owned(),
        SignFault::PartyHasSigned(given) => {
            let time = zone.say_time(page.lang, given.at, page.now);
            fill(w.party_has_signed, &[("name", &given.name), ("time", &time)])
        }
        SignFault::NotYet(codes) => {
            let parties = match application.state() {
                super::state::State::Signing(round) => round
                    .step
                    .parties
                    .iter()
                    .filter(|party| codes.contains(&party.code))
                    .map(|party| party.title(page.lang))
                    .collect::<Vec<_>>()
                    .join(page.lang.of("、", ", ")),
                _ => String::new(),
            };
            fill(w.not_yet, &[("parties", &parties)])
        }
    }
}

/// What was typed into a form that its case no longer has, a line for each field.
pub fn kept<'a>(typed: impl IntoIterator<Item = &'a str>) -> Again {
    Again { kept: lines_of(typed), ..Again::default() }
}

/// What was typed, a line for each field.
pub fn lines_of<'a>(typed: impl IntoIterator<Item = &'a str>) -> String {
    let lines: Vec<_> = typed.into_iter().map(str::trim).filter(|text| !text.is_empty()).collect();
    lines.join("\n")
}

/// What the act's form saw, as hidden fields carry it.
#[derive(Clone, Debug, Default, serde::Deserialize)]
pub struct SeenFields {
    #[serde(default)]
    pub seen_state: String,
    #[serde(default)]
    pub seen_revision: String,
}

impl SeenFields {
    pub fn of(sent: &Sent) -> Self {
        Self {
            seen_state: sent.value("seen_state").to_owned(),
            seen_revision: sent.value("seen_revision").to_owned(),
        }
    }

    pub fn seen(&self) -> Seen {
        Seen {
            state: self.seen_state.clone(),
            revision: self.seen_revision.trim().parse().unwrap_or(-1),
        }
    }
}
