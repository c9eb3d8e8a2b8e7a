//! Taking in, sending a checker, recording the visit, setting the class.

use askama::Template;
use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::service::problem::Problem;

use super::super::acts::{self, ActError, zone_of};
use super::super::deeds::Deeds;
use super::super::history::{CHECK_GROUPS, CHECK_LIST_VERSION, CheckItem, Recorded};
use super::super::state::{Person, Refusal};
use super::super::store::Application;
use super::super::terms::parse_class;
use super::super::words::ApplicationWords;
use super::show::group_title;
use super::view::state_chip;
use super::words::CaseWords;
use super::{Again, SeenFields, done, find, kept, not_done_with, say_quicker, show_with};
use crate::accounts::{Role, holders};
use crate::authz::Action;
use crate::db::Tx;
use crate::fields::{self, Sent};
use crate::web::{Frame, Nav, Page, Tone, html, html_conflict, html_form};

/// Longest note.
const NOTE: usize = 1000;

fn clip(text: &str) -> String {
    fields::clip(text, NOTE)
}

/// Whom a form sends, and when; what is wrong with it otherwise.
async fn read_visit(
    page: &Page,
    tx: &mut Tx,
    found: &Application,
    sent: &Sent,
) -> Result<Result<(Person, String), &'static str>, Problem> {
    let c = CaseWords::of(page.lang);
    let zone = zone_of(page, tx, &found.division_id).await?;
    let held = holders::list(tx, &found.division_path, Role::Checker, page.lang, page.now).await?;
    let Some(holder) = held.into_iter().find(|holder| holder.account_id == sent.value("checker"))
    else {
        return Ok(Err(c.choose_checker));
    };
    let day = sent.value("planned_on").trim();
    if zone.start_of(day).is_none() || *day < *zone.date(page.now) {
        return Ok(Err(c.bad_visit_day));
    }
    let person = Person { account_id: holder.account_id, name: holder.name, post: holder.post };
    Ok(Ok((person, day.to_owned())))
}

async fn unsent(page: &Page, id: &str, why: &'static str, sent: Sent) -> Result<Response, Problem> {
    let again = Again { notice: Some((Tone::Stop, why.to_owned())), sent, ..Again::default() };
    let shown = show_with(page, id, again).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
}

pub async fn accept(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let visit = if sent.value("checker").is_empty() {
        None
    } else {
        let mut tx = page.app.db().read().await?;
        let found = find(&page, &mut tx, Action::AcceptApplications, &id).await?;
        match read_visit(&page, &mut tx, &found, &sent).await? {
            Ok(visit) => Some(visit),
            Err(why) => {
                drop(tx);
                return unsent(&page, &id, why, sent).await;
            }
        }
    };
    match acts::accept(&page, &id, &SeenFields::of(&sent).seen(), visit).await {
        Ok(_) => Ok(done(&id, "accepted")),
        Err(error) => not_done_with(&page, &id, error, answered(&sent)).await,
    }
}

pub async fn send(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let found = find(&page, &mut tx, Action::AcceptApplications, &id).await?;
    let visit = read_visit(&page, &mut tx, &found, &sent).await?;
    drop(tx);
    let (checker, planned_on) = match visit {
        Ok(visit) => visit,
        Err(why) => return unsent(&page, &id, why, sent).await,
    };
    let seen = SeenFields::of(&sent).seen();
    match acts::send_checker(&page, &id, &seen, checker, planned_on).await {
        Ok(_) => Ok(done(&id, "sent")),
        Err(error) => not_done_with(&page, &id, error, answered(&sent)).await,
    }
}

/// What was answered, over the case as it stands now.
fn answered(sent: &Sent) -> Again {
    Again { sent: sent.answers(), ..Again::default() }
}

pub async fn classify(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let w = ApplicationWords::of(page.lang);
    let Some(class) = parse_class(sent.value("class")) else {
        return unsent(&page, &id, w.choose, sent).await;
    };
    let reason = clip(sent.value("class_reason"));
    if reason.is_empty() {
        return unsent(&page, &id, w.class_needs_reason, sent).await;
    }
    match acts::classify(&page, &id, &SeenFields::of(&sent).seen(), class, reason).await {
        Ok(_) => Ok(done(&id, "classed")),
        Err(error) => not_done_with(&page, &id, error, answered(&sent)).await,
    }
}

/// One group as the checker answers it.
struct GroupView {
    code: &'static str,
    title: &'static str,
    help: &'static str,
    result: String,
    note: String,
    error: &'static str,
}

#[derive(Template)]
#[template(path = "applications/check.html")]
struct CheckPage {
    frame: Frame,
    c: &'static CaseWords,
    id: String,
    name: String,
    place: String,
    state: super::view::Chip,
    groups: Vec<GroupView>,
    note: String,
    attended: String,
    attended_error: &'static str,
    meeting_note: String,
    faults: usize,
    seen_state: String,
    seen_revision: String,
}

/// The form of a check, with what was sent: `result_people`, `note_people`, …
async fn check_form(page: &Page, id: &str, sent: Option<&Sent>) -> Result<CheckPage, Problem> {
    let c = CaseWords::of(page.lang);
    let nothing = Sent::default();
    let (form, is_sent) = (sent.unwrap_or(&nothing), sent.is_some());
    let mut tx = page.app.db().read().await?;
    let found = find(page, &mut tx, Action::CheckSites, id).await?;
    let revision = super::super::store::find_revision(&mut tx, id, found.case.revision).await?;
    let place = revision.map(|revision| {
        let place = revision.filing.premises;
        format!("{} {} {}", place.name, place.address, place.entrance)
    });
    let groups: Vec<GroupView> = CHECK_GROUPS
        .iter()
        .map(|code| {
            let result = form.value(&format!("result_{code}")).to_owned();
            let note = form.value(&format!("note_{code}")).to_owned();
            GroupView {
                code,
                title: group_title(code, c),
                help: match *code {
                    "mechanism" => c.h_mechanism,
                    "people" => c.h_people,
                    "materials" => c.h_materials,
                    _ => c.h_management,
                },
                error: match result.as_str() {
                    "fails" if is_sent && note.trim().is_empty() => c.say_why,
                    "meets" | "not_applicable" | "fails" => "",
                    _ if !is_sent => "",
                    _ => c.choose_each,
                },
                result,
                note,
            }
        })
        .collect();
    let attended = form.value("attended").to_owned();
    let attended_error =
        if is_sent && !matches!(attended.as_str(), "1" | "0") { c.choose_each } else { "" };
    let faults = groups.iter().filter(|group| !group.error.is_empty()).count()
        + usize::from(!attended_error.is_empty());
    Ok(CheckPage {
        frame: page.frame(Nav::Applications),
        c,
        id: id.to_owned(),
        name: found.enterprise_name.clone(),
        place: place.unwrap_or_default().trim().to_owned(),
        state: state_chip(found.state(), page.lang),
        groups,
        note: form.value("note").to_owned(),
        attended,
        attended_error,
        meeting_note: form.value("meeting_note").to_owned(),
        faults,
        seen_state: form.seen("seen_state", found.state().code()),
        seen_revision: form.seen("seen_revision", &found.case.revision.to_string()),
    })
}

pub async fn check_page(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    html(&check_form(&page, &id, None).await?)
}

pub async fn check(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let checked = check_form(&page, &id, Some(&sent)).await?;
    if checked.faults > 0 {
        return html_form(&checked, true);
    }
    let items = checked.groups.iter().map(|group| CheckItem {
        group_code: group.code.to_owned(),
        item_code: group.code.to_owned(),
        list_version: CHECK_LIST_VERSION,
        result: group.result.clone(),
        note: clip(&group.note),
    });
    let recorded = Recorded {
        items: items.collect(),
        note: clip(&checked.note),
        attended: checked.attended == "1",
        meeting_note: clip(&checked.meeting_note),
    };
    let seen = SeenFields {
        seen_state: checked.seen_state.clone(),
        seen_revision: checked.seen_revision.clone(),
    };
    let Err(error) = acts::record_check(&page, &id, &seen.seen(), &recorded).await else {
        return Ok(done(&id, "checked"));
    };
    let mut tx = page.app.db().read().await?;
    let now = find(&page, &mut tx, Action::CheckSites, &id).await?;
    drop(tx);
    // Whoever wrote something down at the site finds it below, whatever has become of the case.
    let typed = |name: &str| name.starts_with("note") || name == "meeting_note";
    let written = kept(sent.named(typed));
    if !Deeds::of(&now, &page.actor).check {
        return not_done_with(&page, &id, error, written).await;
    }
    // Whoever stood in the hall with the answers is not sent there again for them.
    let why = match &error {
        ActError::Conflict(_) => say_quicker(&page, &now, CaseWords::of(page.lang).quicker_kept),
        ActError::Refused(Refusal::NoRoute) => ApplicationWords::of(page.lang).no_route.to_owned(),
        _ => return not_done_with(&page, &id, error, written).await,
    };
    let shown = check_form(&page, &id, Some(&sent.answers())).await?;
    let shown = CheckPage { frame: shown.frame.notice(Tone::Warn, why), ..shown };
    html_conflict(&shown)
}
