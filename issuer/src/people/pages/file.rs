//! One person's file: what is on record, and leaving and coming back.

use askama::Template;
use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use serde::Deserialize;

use super::{Chip, chip, find};
use crate::authz::Action;
use crate::enterprises::store::Enterprise;
use crate::people::store::{self, Person};
use crate::people::{PeopleWords, Sight, note_roster_change};
use crate::web::{Frame, Nav, Page, Tone, html_form, see_other};

#[derive(Template)]
#[template(path = "people/file.html")]
struct FilePage {
    frame: Frame,
    w: &'static PeopleWords,
    e: Enterprise,
    p: Person,
    name: String,
    phone: String,
    id_number: String,
    not_before: String,
    chip: Chip,
    may_edit: bool,
    /// The last day: today, or as it was typed.
    left_on: String,
    error: &'static str,
}

pub async fn show(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let today = page.zone().date(page.now);
    render(&page, &id, today, "").await
}

/// The person file. Each look is recorded with the page itself.
async fn render(
    page: &Page,
    id: &str,
    left_on: String,
    error: &'static str,
) -> Result<Response, Problem> {
    let w = PeopleWords::of(page.lang);
    let mut tx = page.app.db().write().await?;
    let (p, e) = find(page, &mut tx, id, Action::ReadPeople).await?;
    page.record(&mut tx, "person.read", ("person", id), &e.division_id, "").await?;
    tx.commit().await?;
    let sight = Sight::of(&page.actor);
    let frame = page.frame(Nav::People);
    let frame = match page.done.as_deref() {
        Some("added") => frame.notice(Tone::Ok, fill(w.added, &[("number", &p.worker_number)])),
        Some("saved") => frame.notice(Tone::Ok, w.saved),
        Some("left") => frame.notice(Tone::Ok, w.left_done),
        Some("back") => frame.notice(Tone::Ok, w.back_done),
        _ => frame,
    };
    let shown = FilePage {
        frame,
        w,
        name: sight.name(&p.name),
        phone: sight.phone(&p.phone),
        id_number: match sight {
            Sight::Full => p.id_number.clone(),
            Sight::Masked if p.id_last_four.is_empty() => String::new(),
            Sight::Masked => format!("**** {}", p.id_last_four),
        },
        not_before: match p.not_before {
            0 => String::new(),
            at => page.zone().date(Millis(at)),
        },
        chip: chip(page, p.not_before, p.left_at),
        may_edit: page.actor.may(Action::EditPeople),
        left_on,
        error,
        e,
        p,
    };
    html_form(&shown, !shown.error.is_empty())
}

#[derive(Debug, Deserialize)]
pub struct LeftForm {
    #[serde(default)]
    left_on: String,
}

pub async fn mark_left(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<LeftForm>,
) -> Result<Response, Problem> {
    let w = PeopleWords::of(page.lang);
    let Some(at) = page.zone().start_of(form.left_on.trim()) else {
        return render(&page, &id, form.left_on, w.bad_day).await;
    };
    if at > page.now {
        return render(&page, &id, form.left_on, w.left_future).await;
    }
    let mut tx = page.app.db().write().await?;
    let (person, e) = find(&page, &mut tx, &id, Action::EditPeople).await?;
    if store::mark_left(&mut tx, &person, at).await? {
        let by = crate::permits::By::from(&page.actor);
        // Nobody who left comes in on a pass that was forgotten.
        let reason = PeopleWords::of(Lang::Zh).mark_left;
        let ended =
            crate::passes::revoke_of(&page.app, &mut tx, &person, &by, &e.division_id, reason)
                .await?;
        page.record(&mut tx, "person.left", ("person", &id), &e.division_id, &form.left_on).await?;
        let change = note_roster_change(&page.app, &mut tx, &e.id).await?;
        page.app.commit(tx, change.max(ended)).await?;
    }
    Ok(see_other(&format!("/people/{id}?done=left")))
}

pub async fn bring_back(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let (person, e) = find(&page, &mut tx, &id, Action::EditPeople).await?;
    if store::bring_back(&mut tx, &person, page.now).await? {
        page.record(&mut tx, "person.back", ("person", &id), &e.division_id, "").await?;
        let change = note_roster_change(&page.app, &mut tx, &e.id).await?;
        page.app.commit(tx, change).await?;
    }
    Ok(see_other(&format!("/people/{id}?done=back")))
}
