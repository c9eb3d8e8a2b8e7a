//! One gate's file: how it stands, its journals, the uploads that contradict them, its settings.

use askama::Template;
use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::keys::{Fingerprint, PublicKey};
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;

use super::guards::GuardForm;
use super::records::{ScanShown, scan_shown};
use super::{GateForm, GateLine, find_gate, gate_line, keep};
use crate::authz::Action;
use crate::changes;
use crate::fields::Errors;
use crate::gates::store::disputes::{self, DisputeRow};
use crate::gates::store::guards::{self, GuardRow};
use crate::gates::store::journals::{self, JournalRow};
use crate::gates::store::{self, scans};
use crate::gates::words::GateWords;
use crate::gates::{GateState, bundle};
use crate::web::{Frame, Nav, Page, html_form, see_other};

/// A code as it is shown, once.
pub struct ShownCode {
    pub text: String,
    pub command: String,
    pub qr: String,
    pub qr_size: usize,
}

struct JournalShown {
    id: String,
    received: i64,
    unread: i64,
    purged: i64,
}

fn journal_shown(journal: &JournalRow) -> JournalShown {
    JournalShown {
        id: journal.id.chars().take(8).collect(),
        received: journal.next_seq,
        unread: journal.unread,
        purged: journal.purged,
    }
}

struct DisputeShown {
    id: String,
    fault: &'static str,
    time: String,
    open: bool,
}

fn dispute_shown(page: &Page, w: &'static GateWords, dispute: DisputeRow) -> DisputeShown {
    DisputeShown {
        fault: match dispute.fault.as_str() {
            "fork" => w.fork,
            "broken" => w.broken,
            "cut_off" => w.cut_off_upload,
            _ => w.unreadable,
        },
        time: page.zone().say_time(page.lang, Millis(dispute.received_at), page.now),
        open: dispute.settled_at.is_none(),
        id: dispute.id,
    }
}

#[derive(Template)]
#[template(path = "gates/file.html")]
struct FilePage {
    frame: Frame,
    w: &'static GateWords,
    gate: GateLine,
    state: GateState,
    software: String,
    fingerprint: String,
    device_key: String,
    sites: Vec<String>,
    code: Option<ShownCode>,
    guards: Vec<GuardRow>,
    journals: Vec<JournalShown>,
    disputes: Vec<DisputeShown>,
    records: Vec<ScanShown>,
    may_manage: bool,
    form: GateForm,
    /// A new guard as typed, the PIN left out.
    guard: GuardForm,
    reason: String,
    errors: Errors,
    error: String,
}

impl FilePage {
    fn is(&self, code: &str) -> bool {
        self.state.code() == code
    }
}

pub async fn file(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    show_file(&page, &id, Shown::default()).await
}

/// What a gate's page shows beyond its rows.
#[derive(Default)]
pub struct Shown {
    /// Shown once.
    pub code: Option<ShownCode>,
    /// Why something was not done.
    pub error: &'static str,
    /// The forms as they were typed, and what is wrong beside their fields.
    pub form: Option<GateForm>,
    pub guard: GuardForm,
    pub reason: String,
    pub errors: Errors,
}

pub async fn show_file(page: &Page, id: &str, with: Shown) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let gate = find_gate(page, &mut tx, id, Action::ReadGates).await?;
    let newest = changes::newest(&mut tx).await?;
    let sites = bundle::sites_of(&mut tx, &gate.premises_id).await?;
    let guards = guards::list(&mut tx, id).await?;
    let journals = journals::list(&mut tx, id).await?;
    let disputes = disputes::list(&mut tx, id).await?;
    let may_read = page.actor.may(Action::ReadRecords);
    let records =
        if may_read { scans::list_of_gate(&mut tx, id, i64::MAX, 20).await? } else { Vec::new() };
    drop(tx);
    if !records.is_empty() {
        // Names and temperatures stand there: who looked at them is recorded.
        let mut tx = page.app.db().write().await?;
        page.record(&mut tx, "records.read", ("gate", id), &gate.division_id, "").await?;
        tx.commit().await?;
    }
    let key =
        gate.device_key.as_deref().and_then(|key| PublicKey::from_bytes(key.try_into().ok()?).ok());
    let text = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    let form = with.form.unwrap_or_else(|| GateForm {
        name: gate.name.clone(),
        premises: String::new(),
        capacity: text(gate.capacity),
        grace: text(gate.grace_hours),
    });
    let done = match page.done.as_deref() {
        Some("added") => Some(w.done_added),
        Some("confirmed") => Some(w.done_confirmed),
        Some("saved") => Some(w.done_saved),
        Some("cut_off") => Some(w.done_cut_off),
        Some("settled") => Some(w.done_settled),
        _ => None,
    };
    let shown = FilePage {
        frame: page.frame(Nav::Gates).done(done),
        w,
        state: gate.state()?,
        software: gate.software.clone(),
        fingerprint: key.as_ref().map(|key| grouped(&key.fingerprint())).unwrap_or_default(),
        device_key: key.map(|key| fugong_common::hex::encode(key.as_bytes())).unwrap_or_default(),
        sites: sites.iter().map(|site| site.0.to_string()).collect(),
        gate: gate_line(page, w, gate, newest)?,
        code: with.code,
        guards,
        journals: journals.iter().map(journal_shown).collect(),
        disputes: disputes.into_iter().map(|found| dispute_shown(page, w, found)).collect(),
        records: records.into_iter().map(|line| scan_shown(page, w, line)).collect(),
        may_manage: page.actor.may(Action::ManageGates),
        form,
        guard: with.guard,
        reason: with.reason,
        errors: with.errors,
        error: with.error.to_owned(),
    };
    html_form(&shown, !shown.error.is_empty() || !shown.errors.is_empty())
}

/// A fingerprint in groups of four, as the verifier shows it.
fn grouped(fingerprint: &Fingerprint) -> String {
    let text: Vec<char> = fingerprint.to_string().chars().collect();
    text.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

pub async fn save(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<GateForm>,
) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let wanted = match form.read(w) {
        Ok(wanted) => wanted,
        Err(error) => {
            let shown = Shown { error, form: Some(form), ..Shown::default() };
            return show_file(&page, &id, shown).await;
        }
    };
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    let name = wanted.name.as_str();
    store::update(&mut tx, &id, name, wanted.capacity, wanted.grace_hours).await?;
    keep(&page, tx, &gate, "gate.change", name).await?;
    Ok(see_other(&format!("/gates/{id}?done=saved")))
}

pub async fn settle(
    page: Page,
    Path((id, dispute)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    disputes::settle(&mut tx, &id, &dispute, &page.actor.account_id, page.now).await?;
    page.record(&mut tx, "gate.settle", ("gate", &id), &gate.division_id, &dispute).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/gates/{id}?done=settled")))
}
