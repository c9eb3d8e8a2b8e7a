//! The gates' pages: list, one gate's file, records.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::entropy;
use fugong_common::keys::{Fingerprint, PublicKey};
use fugong_common::person::clean_name;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, say_ago};
use serde::Deserialize;

use super::store::{self, GateRow, GuardRow, NewGate, ScanLine};
use super::words::GateWords;
use super::{GateState, enrol, status_codes};
use crate::authz::{Action, Place};
use crate::db::Tx;
use crate::web::{Frame, Nav, Page, Paging, Routes, Tone, conflict, html, see_other};
use crate::{accounts, changes, enterprises, keys, premises, print, restores};

pub fn routes(routes: Routes) -> Routes {
    status_codes::routes(routes)
        .get("/gates", Action::ReadGates, list)
        .post("/gates", Action::ManageGates, add)
        .get("/gates/{id}", Action::ReadGates, file)
        .post("/gates/{id}", Action::ManageGates, save)
        .post("/gates/{id}/code", Action::ManageGates, make_code)
        .post("/gates/{id}/confirm", Action::ManageGates, confirm)
        .post("/gates/{id}/cut-off", Action::ManageGates, cut_off)
        .post("/gates/{id}/renew", Action::ManageGates, renew)
        .post("/gates/{id}/guards", Action::ManageGates, add_guard)
        .post("/gates/{id}/guards/{guard}/end", Action::ManageGates, end_guard)
        .post("/gates/{id}/disputes/{dispute}/settle", Action::ManageGates, settle)
        .get("/enterprises/{id}/records", Action::ReadRecords, records)
}

fn state_tone(state: GateState) -> Tone {
    match state {
        GateState::Confirmed => Tone::Ok,
        GateState::Waiting => Tone::Warn,
        GateState::New => Tone::Unknown,
        GateState::CutOff => Tone::Stop,
    }
}

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
struct GateForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    premises: String,
    #[serde(default)]
    capacity: String,
    #[serde(default)]
    grace: String,
}

#[derive(Template)]
#[template(path = "gates/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static GateWords,
    gates: Vec<GateLine>,
    next: Option<String>,
    premises: Vec<premises::store::PremisesLine>,
    may_manage: bool,
    form: GateForm,
    error: String,
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    after: String,
    #[serde(default)]
    premises: String,
}

async fn list(page: Page, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let form = GateForm { premises: query.premises, ..GateForm::default() };
    show_list(&page, &query.after, form, "").await
}

async fn show_list(
    page: &Page,
    after: &str,
    form: GateForm,
    error: &str,
) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let newest = changes::newest(&mut tx).await?;
    let mut gates = store::list(&mut tx, &bounds, after, Paging::FETCH).await?;
    let restored = restores::gathering(&mut tx).await?.is_some();
    let next = Paging::cut(&mut gates, |gate| gate.id.clone());
    let may_manage = page.actor.may(Action::ManageGates);
    let premises = if may_manage {
        offered_premises(page, &mut tx, &form.premises).await?
    } else {
        Vec::new()
    };
    drop(tx);
    let gates =
        gates.into_iter().map(|gate| gate_line(page, w, gate, newest)).collect::<Result<_, _>>()?;
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = page.frame(Nav::Gates);
    let frame = if restored { frame.notice(Tone::Warn, w.restored) } else { frame };
    let shown =
        ListPage { frame, w, gates, next, premises, may_manage, form, error: error.to_owned() };
    Ok((status, html(&shown)?).into_response())
}

/// Premises that the form offers: as many as a list can hold, and the chosen ones whatever their
/// place in it. In a district of thousands their own page leads here.
async fn offered_premises(
    page: &Page,
    tx: &mut Tx,
    chosen: &str,
) -> Result<Vec<premises::store::PremisesLine>, Problem> {
    let bounds = page.reach().bounds();
    let mut offered =
        premises::store::list(tx, &bounds, "", "", 0, page.now, OFFERED_PREMISES).await?;
    if !offered.iter().any(|line| line.id == chosen)
        && let Some(found) = premises::store::find(tx, chosen).await?
    {
        let after = found.site_code - 1;
        let lines = premises::store::list(tx, &bounds, "", "", after, page.now, 1).await?;
        offered.extend(lines.into_iter().filter(|line| line.id == chosen));
    }
    Ok(offered)
}

const OFFERED_PREMISES: i64 = 300;

/// An optional whole number of a form, at most a million.
fn number(text: &str) -> Option<Option<i64>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    text.parse::<i64>().ok().filter(|n| (1..=1_000_000).contains(n)).map(Some)
}

async fn add(page: Page, Form(form): Form<GateForm>) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let Ok(name) = clean_name(form.name.trim()) else {
        return show_list(&page, "", form, w.bad_name).await;
    };
    let (Some(capacity), Some(grace_hours)) = (number(&form.capacity), number(&form.grace)) else {
        return show_list(&page, "", form, w.bad_number).await;
    };
    let mut tx = page.app.db().write().await?;
    let premises = premises::store::find(&mut tx, &form.premises).await?.filter(|premises| {
        page.reach().covers(Place { division_path: &premises.division_path, enterprise_id: None })
    });
    let Some(premises) = premises else {
        drop(tx);
        return show_list(&page, "", form, w.bad_premises).await;
    };
    let id = page.app.new_id();
    let gate = NewGate {
        id: &id,
        name: name.as_str(),
        premises_id: &premises.id,
        division_id: &premises.division_id,
        division_path: &premises.division_path,
        capacity,
        grace_hours,
        created_at: page.now,
    };
    store::insert(&mut tx, gate).await?;
    page.record(&mut tx, "gate.add", ("gate", &id), &premises.division_id, name.as_str()).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/gates/{id}?done=added")))
}

/// A code as it is shown, once.
struct ShownCode {
    text: String,
    command: String,
    qr: String,
    qr_size: usize,
}

struct ScanShown {
    time: String,
    instant: String,
    verdict: String,
    tone: &'static str,
    mark: &'static str,
    person: String,
    vehicle: String,
    temperature: String,
    direction: &'static str,
    operator: String,
    enterprise: String,
    gate: String,
    note: String,
}

struct JournalShown {
    id: String,
    received: i64,
    unread: i64,
    purged: i64,
}

struct DisputeShown {
    id: String,
    fault: &'static str,
    time: String,
    open: bool,
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
    error: String,
}

impl FilePage {
    fn is(&self, code: &str) -> bool {
        self.state.code() == code
    }
}

async fn find_gate(page: &Page, tx: &mut Tx, id: &str, action: Action) -> Result<GateRow, Problem> {
    let gate = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(action, Place { division_path: &gate.division_path, enterprise_id: None })?;
    Ok(gate)
}

async fn file(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    show_file(&page, &id, None, "").await
}

async fn show_file(
    page: &Page,
    id: &str,
    code: Option<ShownCode>,
    error: &str,
) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let gate = find_gate(page, &mut tx, id, Action::ReadGates).await?;
    let newest = changes::newest(&mut tx).await?;
    let sites = super::bundle::sites_of(&mut tx, &gate.premises_id).await?;
    let guards = store::list_guards(&mut tx, id).await?;
    let journals = store::list_journals(&mut tx, id).await?;
    let disputes = store::list_disputes(&mut tx, id).await?;
    let may_read = page.actor.may(Action::ReadRecords);
    let records =
        if may_read { store::list_of_gate(&mut tx, id, i64::MAX, 20).await? } else { Vec::new() };
    drop(tx);
    if !records.is_empty() {
        // Names and temperatures stand there: who looked at them is recorded.
        let mut tx = page.app.db().write().await?;
        page.record(&mut tx, "records.read", ("gate", id), &gate.division_id, "").await?;
        tx.commit().await?;
    }
    let key =
        gate.device_key.as_deref().and_then(|key| PublicKey::from_bytes(key.try_into().ok()?).ok());
    let zone = page.zone();
    let journals = journals
        .into_iter()
        .map(|journal| JournalShown {
            id: journal.id.chars().take(8).collect(),
            received: journal.next_seq,
            unread: journal.unread,
            purged: journal.purged,
        })
        .collect();
    let disputes = disputes
        .into_iter()
        .map(|dispute| DisputeShown {
            fault: match dispute.fault.as_str() {
                "fork" => w.fork,
                "broken" => w.broken,
                "cut_off" => w.cut_off_upload,
                _ => w.unreadable,
            },
            time: zone.say_time(page.lang, Millis(dispute.received_at), page.now),
            open: dispute.settled_at.is_none(),
            id: dispute.id,
        })
        .collect();
    let text = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    let form = GateForm {
        name: gate.name.clone(),
        premises: String::new(),
        capacity: text(gate.capacity),
        grace: text(gate.grace_hours),
    };
    let frame = page.frame(Nav::Gates);
    let frame = match page.done.as_deref() {
        Some("added") => frame.notice(Tone::Ok, w.done_added),
        Some("confirmed") => frame.notice(Tone::Ok, w.done_confirmed),
        Some("saved") => frame.notice(Tone::Ok, w.done_saved),
        Some("cut_off") => frame.notice(Tone::Ok, w.done_cut_off),
        Some("settled") => frame.notice(Tone::Ok, w.done_settled),
        _ => frame,
    };
    let shown = FilePage {
        frame,
        w,
        state: gate.state()?,
        software: gate.software.clone(),
        fingerprint: key.as_ref().map(|key| grouped(&key.fingerprint())).unwrap_or_default(),
        device_key: key.map(|key| fugong_common::hex::encode(key.as_bytes())).unwrap_or_default(),
        sites: sites.iter().map(|site| site.0.to_string()).collect(),
        gate: gate_line(page, w, gate, newest)?,
        code,
        guards,
        journals,
        disputes,
        records: records.into_iter().map(|line| scan_shown(page, w, line)).collect(),
        may_manage: page.actor.may(Action::ManageGates),
        form,
        error: error.to_owned(),
    };
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, html(&shown)?).into_response())
}

/// A fingerprint in groups of four, as the verifier shows it.
fn grouped(fingerprint: &Fingerprint) -> String {
    let text: Vec<char> = fingerprint.to_string().chars().collect();
    text.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn scan_shown(page: &Page, w: &'static GateWords, line: ScanLine) -> ScanShown {
    let scan = line.scan;
    let said = super::remark::outcome(&scan, page.lang);
    let mut notes = Vec::new();
    if scan.clock_certain == 0 && scan.kind != "unread" {
        notes.push(w.clock_uncertain.to_owned());
    }
    if scan.received_at - scan.at > 10 * 60_000 {
        notes.push(w.later.to_owned());
    }
    if !said.remark.is_empty() {
        notes.push(said.remark);
    }
    let zone = page.zone();
    ScanShown {
        time: zone.say_time(page.lang, Millis(scan.at), page.now),
        instant: zone.stamp(Millis(scan.at)),
        verdict: said.word,
        tone: said.tone,
        mark: said.mark,
        person: scan.name,
        vehicle: scan.vehicle,
        temperature: scan
            .tenths_celsius
            .map(|t| format!("{}.{} ℃", t / 10, t % 10))
            .unwrap_or_default(),
        direction: match scan.direction.as_str() {
            "in" => w.inward,
            "out" => w.outward,
            _ => "",
        },
        operator: line.operator_name,
        enterprise: line.enterprise_name,
        gate: line.gate_name,
        note: notes.join(" · "),
    }
}

async fn save(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<GateForm>,
) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let Ok(name) = clean_name(form.name.trim()) else {
        return show_file(&page, &id, None, w.bad_name).await;
    };
    let (Some(capacity), Some(grace_hours)) = (number(&form.capacity), number(&form.grace)) else {
        return show_file(&page, &id, None, w.bad_number).await;
    };
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    store::update(&mut tx, &id, name.as_str(), capacity, grace_hours).await?;
    page.record(&mut tx, "gate.change", ("gate", &id), &gate.division_id, name.as_str()).await?;
    let change = page.app.note_change(&mut tx, "gate", &id).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/gates/{id}?done=saved")))
}

async fn make_code(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    let words = (
        GateWords::of(fugong_common::lang::Lang::Zh),
        GateWords::of(fugong_common::lang::Lang::En),
    );
    let list = keys::store::newest(&mut tx)
        .await?
        .ok_or_else(|| conflict((words.0.no_root, words.1.no_root)))?;
    if !matches!(gate.state()?, GateState::New | GateState::Waiting) {
        drop(tx);
        return show_file(&page, &id, None, w.changed_meanwhile).await;
    }
    let enrolment = enrol::invite(&page.app, &mut tx, &id, list.list.root.fingerprint()).await?;
    page.record(&mut tx, "gate.code", ("gate", &id), &gate.division_id, "").await?;
    tx.commit().await?;
    let text = enrolment.to_string();
    let qr = print::Qr::new(&text, print::Correction::M).map_err(Problem::internal)?;
    let (qr, qr_size) = (qr.path(), qr.outer_modules());
    let command =
        format!("verifier enrol {} {} --root {}", enrolment.issuer, enrolment.code, enrolment.root);
    show_file(&page, &id, Some(ShownCode { text, command, qr, qr_size }), "").await
}

#[derive(Deserialize)]
struct Compared {
    device_key: String,
}

async fn confirm(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<Compared>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    let key = fugong_common::hex::decode(&form.device_key).unwrap_or_default();
    if !store::confirm(&mut tx, &id, &key).await? {
        let words = (
            GateWords::of(fugong_common::lang::Lang::Zh),
            GateWords::of(fugong_common::lang::Lang::En),
        );
        return Err(conflict((words.0.changed_meanwhile, words.1.changed_meanwhile)));
    }
    page.record(&mut tx, "gate.confirm", ("gate", &id), &gate.division_id, &form.device_key)
        .await?;
    let change = page.app.note_change(&mut tx, "gate", &id).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/gates/{id}?done=confirmed")))
}

#[derive(Deserialize)]
struct Reason {
    reason: String,
}

async fn cut_off(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<Reason>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    if store::cut_off(&mut tx, &id).await? {
        page.record(&mut tx, "gate.cut_off", ("gate", &id), &gate.division_id, &form.reason)
            .await?;
        let change = page.app.note_change(&mut tx, "gate", &id).await?;
        page.app.commit(tx, change).await?;
    }
    Ok(see_other(&format!("/gates/{id}?done=cut_off")))
}

async fn renew(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    store::renew(&mut tx, &id).await?;
    page.record(&mut tx, "gate.renew", ("gate", &id), &gate.division_id, "").await?;
    let change = page.app.note_change(&mut tx, "gate", &id).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/gates/{id}?done=added")))
}

#[derive(Deserialize)]
struct GuardForm {
    name: String,
    role: String,
    pin: String,
}

/// A PIN that a stranger at the gate would not try first.
pub fn is_fair_pin(pin: &str) -> bool {
    let digits: Vec<i16> =
        pin.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| i16::try_from(d).ok()).collect();
    if digits.len() != pin.chars().count() || !(6..=8).contains(&digits.len()) {
        return false;
    }
    let steps: Vec<i16> = digits.iter().zip(digits.iter().skip(1)).map(|(a, b)| b - a).collect();
    ![-1, 0, 1].iter().any(|step| steps.iter().all(|s| s == step))
}

async fn add_guard(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<GuardForm>,
) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let Ok(name) = clean_name(form.name.trim()) else {
        return show_file(&page, &id, None, w.bad_name).await;
    };
    if !is_fair_pin(&form.pin) {
        return show_file(&page, &id, None, w.bad_pin).await;
    }
    let role = if form.role == "shift_leader" { "shift_leader" } else { "guard" };
    let hashing = {
        let (app, pin) = (page.app.clone(), form.pin.clone());
        accounts::apart(move || accounts::hash_pin(app.entropy(), &pin))
    };
    let hash = hashing.await?;
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    // Short, because a guard's name and id stand in every entry.
    let guard_id = fugong_common::hex::encode(&entropy::bytes::<4>(page.app.entropy()));
    store::insert_guard(&mut tx, &guard_id, &id, name.as_str(), role, &hash).await?;
    page.record(&mut tx, "guard.add", ("gate", &id), &gate.division_id, name.as_str()).await?;
    let change = page.app.note_change(&mut tx, "gate", &id).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/gates/{id}?done=saved")))
}

async fn end_guard(
    page: Page,
    Path((id, guard)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    if store::end_guard(&mut tx, &id, &guard, page.now).await? {
        page.record(&mut tx, "guard.end", ("gate", &id), &gate.division_id, &guard).await?;
        let change = page.app.note_change(&mut tx, "gate", &id).await?;
        page.app.commit(tx, change).await?;
    }
    Ok(see_other(&format!("/gates/{id}?done=saved")))
}

async fn settle(
    page: Page,
    Path((id, dispute)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let gate = find_gate(&page, &mut tx, &id, Action::ManageGates).await?;
    store::settle_dispute(&mut tx, &id, &dispute, &page.actor.account_id, page.now).await?;
    page.record(&mut tx, "gate.settle", ("gate", &id), &gate.division_id, &dispute).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/gates/{id}?done=settled")))
}

#[derive(Template)]
#[template(path = "gates/records.html")]
struct RecordsPage {
    frame: Frame,
    w: &'static GateWords,
    enterprise_id: String,
    enterprise: String,
    records: Vec<ScanShown>,
    older: Option<String>,
}

#[derive(Deserialize)]
struct RecordsQuery {
    #[serde(default)]
    after: String,
}

/// `received_at.seq.journal`, as the link to older records carries it.
fn parse_after(text: &str) -> store::After {
    let mut parts = text.splitn(3, '.');
    let number = |part: Option<&str>| part.and_then(|part| part.parse().ok());
    match (number(parts.next()), number(parts.next()), parts.next()) {
        (Some(received_at), Some(seq), Some(journal)) => {
            store::After { received_at, seq, journal_id: journal.to_owned() }
        }
        _ => store::After::newest(),
    }
}

async fn records(
    page: Page,
    Path(id): Path<String>,
    Query(query): Query<RecordsQuery>,
) -> Result<Response, Problem> {
    let w = GateWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let enterprise =
        enterprises::store::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(
        Action::ReadRecords,
        Place { division_path: &enterprise.division_path, enterprise_id: Some(&enterprise.id) },
    )?;
    let after = parse_after(&query.after);
    let mut lines = store::list_of_enterprise(&mut tx, &id, &after, Paging::FETCH).await?;
    drop(tx);
    let older = Paging::cut(&mut lines, |line| {
        format!("{}.{}.{}", line.scan.received_at, line.scan.seq, line.scan.journal_id)
    });
    // Who looked at personal data is recorded.
    let mut tx = page.app.db().write().await?;
    page.record(&mut tx, "records.read", ("enterprise", &id), &enterprise.division_id, "").await?;
    tx.commit().await?;
    html(&RecordsPage {
        frame: page.frame(Nav::Enterprises),
        w,
        enterprise_id: id,
        enterprise: enterprise.name,
        records: lines.into_iter().map(|line| scan_shown(&page, w, line)).collect(),
        older,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_that_anybody_would_try_is_refused() {
        for plain in ["123456", "654321", "000000", "11111111", "12345", "123456789", "12a456", ""]
        {
            assert!(!is_fair_pin(plain), "{plain}");
        }
        for fair in ["482913", "20191231"] {
            assert!(is_fair_pin(fair), "{fair}");
        }
    }

    #[test]
    fn a_link_to_older_records_is_read_back() {
        let after = parse_after("1581264000000.42.00ff");
        assert_eq!(
            (after.received_at, after.seq, after.journal_id.as_str()),
            (1_581_264_000_000, 42, "00ff")
        );
        assert_eq!(parse_after("nonsense").received_at, i64::MAX);
    }
}
