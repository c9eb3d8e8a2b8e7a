//! The gates' pages.

mod enrolling;
mod file;
mod guards;
mod list;
mod records;

use fugong_common::person::{Name, clean_name};
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, say_ago};
use serde::Deserialize;

use super::store::{self, GateRow};
use super::words::GateWords;
use super::{GateState, status_codes};
use crate::authz::Action;
use crate::db::Tx;
use crate::web::{Page, Routes, Tone};

pub fn routes(routes: Routes) -> Routes {
    status_codes::routes(routes)
        .get("/gates", Action::ReadGates, list::list)
        .post("/gates", Action::ManageGates, list::add)
        .get("/gates/{id}", Action::ReadGates, file::file)
        .post("/gates/{id}", Action::ManageGates, file::save)
        .post("/gates/{id}/code", Action::ManageGates, enrolling::make_code)
        .post("/gates/{id}/confirm", Action::ManageGates, enrolling::confirm)
        .post("/gates/{id}/cut-off", Action::ManageGates, enrolling::cut_off)
        .post("/gates/{id}/renew", Action::ManageGates, enrolling::renew)
        .post("/gates/{id}/guards", Action::ManageGates, guards::add)
        .post("/gates/{id}/guards/{guard}/end", Action::ManageGates, guards::end)
        .post("/gates/{id}/disputes/{dispute}/settle", Action::ManageGates, file::settle)
        .get("/enterprises/{id}/records", Action::ReadRecords, records::records)
}

fn state_tone(state: GateState) -> Tone {
    match state {
        GateState::Confirmed => Tone::Ok,
        GateState::Waiting => Tone::Warn,
        GateState::New => Tone::Unknown,
        GateState::CutOff => Tone::Stop,
    }
}

/// A gate in a line: where it stands, whether it is heard of, and whether it has the newest bundle.
struct GateLine {
    id: String,
    name: String,
    premises: String,
    state: &'static str,
    tone: Tone,
    last_seen: String,
    bundle: &'static str,
    bundle_tone: Tone,
}

fn gate_line(
    page: &Page,
    w: &'static GateWords,
    gate: GateRow,
    newest: i64,
) -> Result<GateLine, Problem> {
    let state = gate.state()?;
    let ago = |at| say_ago(page.lang, page.now.since(Millis(at)) / 1000);
    let behind =
        gate.seen_seq < newest && gate.last_seen_at.is_none_or(|at| page.now.0 - at > 120_000);
    let (bundle, bundle_tone) = if behind { (w.behind, Tone::Warn) } else { (w.current, Tone::Ok) };
    Ok(GateLine {
        state: state.title(page.lang),
        tone: state_tone(state),
        last_seen: gate.last_seen_at.map_or(w.never.to_owned(), ago),
        id: gate.id,
        name: gate.name,
        premises: gate.premises_name,
        bundle,
        bundle_tone,
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct GateForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    premises: String,
    #[serde(default)]
    capacity: String,
    #[serde(default)]
    grace: String,
}

/// What a form wants of a gate.
struct Wanted {
    name: Name,
    capacity: Option<i64>,
    grace_hours: Option<i64>,
}

impl GateForm {
    /// Reads it; where it can't be taken, what the page says.
    fn read(&self, w: &'static GateWords) -> Result<Wanted, &'static str> {
        let name = clean_name(self.name.trim()).map_err(|_| w.bad_name)?;
        let (Some(capacity), Some(grace_hours)) = (number(&self.capacity), number(&self.grace))
        else {
            return Err(w.bad_number);
        };
        Ok(Wanted { name, capacity, grace_hours })
    }
}

/// An optional whole number of a form, at most a million.
fn number(text: &str) -> Option<Option<i64>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    text.parse::<i64>().ok().filter(|n| (1..=1_000_000).contains(n)).map(Some)
}

async fn find_gate(page: &Page, tx: &mut Tx, id: &str, action: Action) -> Result<GateRow, Problem> {
    let gate = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(action, gate.place())?;
    Ok(gate)
}

/// Keeps what was done to a gate, with its line in the audit and the change that the gate hears of.
async fn keep(
    page: &Page,
    mut tx: Tx,
    gate: &GateRow,
    action: &str,
    detail: &str,
) -> Result<(), Problem> {
    page.record(&mut tx, action, ("gate", &gate.id), &gate.division_id, detail).await?;
    let change = page.app.note_change(&mut tx, "gate", &gate.id).await?;
    page.app.commit(tx, change).await?;
    Ok(())
}
