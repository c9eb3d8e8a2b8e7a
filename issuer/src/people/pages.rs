//! Rosters, person files, and the forms that change them.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use serde::Deserialize;

use super::form::PersonForm;
use super::store::{self, Counts, Found, Person, Shown};
use super::{PeopleWords, Sight, note_roster_change};
use crate::authz::{Action, Reach};
use crate::db::{DbError, Tx};
use crate::enterprises::choices::Choice;
use crate::enterprises::store::{self as enterprises, Enterprise};
use crate::fields::Errors;
use crate::web::{self, Frame, Nav, Page, Paging, Routes, Tone, html, see_other};

const MOVEMENT_DAYS: i64 = 14;

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/people", Action::ReadPeople, everywhere)
        .get("/enterprises/{id}/people", Action::ReadPeople, roster)
        .get("/enterprises/{id}/people/new", Action::EditPeople, new_form)
        .post("/enterprises/{id}/people/new", Action::EditPeople, add)
        .get("/people/{id}", Action::ReadPeople, show)
        .get("/people/{id}/edit", Action::EditPeople, edit_form)
        .post("/people/{id}/edit", Action::EditPeople, edit)
        .post("/people/{id}/left", Action::EditPeople, mark_left)
        .post("/people/{id}/back", Action::EditPeople, bring_back)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    q: String,
    shown: String,
    after: String,
}

struct FoundLine {
    row: Found,
    name: String,
    phone: String,
}

#[derive(Template)]
#[template(path = "people/everywhere.html")]
struct EverywherePage {
    frame: Frame,
    w: &'static PeopleWords,
    query: ListQuery,
    lines: Vec<FoundLine>,
    next: Option<String>,
}

/// People by name within reach. An enterprise's people are led to their own roster.
async fn everywhere(page: Page, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    if let Reach::Enterprise(id) = page.reach() {
        let target =
            if id.is_empty() { "/enterprises".into() } else { format!("/enterprises/{id}/people") };
        return Ok(see_other(&target));
    }
    let mut rows = Vec::new();
    // Nobody is listed unasked: a list of all people of a district is of no use to anybody (B10).
    if !query.q.trim().is_empty() {
        let bounds = page.reach().bounds();
        let mut tx = page.app.db().read().await?;
        rows = store::search(&mut tx, &bounds, &query.q, &query.after, Paging::FETCH).await?;
        drop(tx);
        // Who looked for whom is recorded, as at the gates.
        let mut tx = page.app.db().write().await?;
        let division = page.actor.post.division_id.as_str();
        let (subject, asked) = (("division", division), query.q.trim());
        page.record(&mut tx, "people.read", subject, division, asked).await?;
        tx.commit().await?;
    }
    let next = Paging::cut(&mut rows, |row| row.id.clone())
        .map(|after| format!("/people?q={}&after={after}", web::encode(&query.q)));
    let sight = Sight::of(&page.actor);
    html(&EverywherePage {
        frame: page.frame(Nav::People),
        w: PeopleWords::of(page.lang),
        query,
        lines: rows
            .into_iter()
            .map(|row| FoundLine {
                name: sight.name(&row.name),
                phone: sight.phone(&row.phone),
                row,
            })
            .collect(),
        next,
    })
}

struct PersonLine {
    row: Person,
    name: String,
    phone: String,
    chip: Chip,
}

/// What a person's state is, said in a word.
struct Chip {
    tone: &'static str,
    text: String,
}

fn chip(page: &Page, not_before: i64, left_at: Option<i64>) -> Chip {
    let w = PeopleWords::of(page.lang);
    let day = |at| page.zone().say_day(page.lang, Millis(at), page.now);
    if let Some(at) = left_at {
        return Chip { tone: "unk", text: fill(w.left_since, &[("day", &day(at))]) };
    }
    if not_before > page.now.0 {
        return Chip { tone: "warn", text: format!("{} {}", w.not_before, day(not_before)) };
    }
    Chip { tone: "ok", text: w.on_roster.to_owned() }
}

struct MovementDay {
    day: String,
    joined: usize,
    left: usize,
    back: usize,
}

#[derive(Template)]
#[template(path = "people/roster.html")]
struct RosterPage {
    frame: Frame,
    w: &'static PeopleWords,
    e: Enterprise,
    counts: Counts,
    query: ListQuery,
    shown: Vec<Choice>,
    lines: Vec<PersonLine>,
    next: Option<String>,
    movements: Vec<MovementDay>,
    gives_passes: bool,
    may_edit: bool,
}

async fn find_enterprise(
    page: &Page,
    tx: &mut Tx,
    id: &str,
    action: Action,
) -> Result<Enterprise, Problem> {
    let row = enterprises::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(action, row.place())?;
    Ok(row)
}

async fn roster(
    page: Page,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let w = PeopleWords::of(page.lang);
    let which = match query.shown.as_str() {
        "left" => Shown::Left,
        "waiting" => Shown::Waiting,
        _ => Shown::OnRoster,
    };
    let mut tx = page.app.db().read().await?;
    let e = find_enterprise(&page, &mut tx, &id, Action::ReadPeople).await?;
    let mut rows =
        store::list(&mut tx, &id, &query.q, which, page.now, &query.after, Paging::FETCH).await?;
    let counts = store::counts(&mut tx, &id, page.now).await?;
    let since = page.now.plus_days(-MOVEMENT_DAYS);
    let movements = store::list_movements(&mut tx, &id, since).await?;
    drop(tx);
    if !rows.is_empty() {
        let mut tx = page.app.db().write().await?;
        let subject = ("enterprise", id.as_str());
        page.record(&mut tx, "people.read", subject, &e.division_id, "").await?;
        tx.commit().await?;
    }
    let next = Paging::cut(&mut rows, |row| row.worker_number.clone()).map(|after| {
        format!(
            "/enterprises/{id}/people?q={}&shown={}&after={}",
            web::encode(&query.q),
            web::encode(&query.shown),
            web::encode(&after)
        )
    });
    let sight = Sight::of(&page.actor);
    let frame = page.frame(Nav::People);
    html(&RosterPage {
        frame,
        w,
        shown: [("", w.on_roster), ("waiting", w.waiting), ("left", w.left)]
            .map(|(value, label)| Choice::new(value, label, &query.shown))
            .into(),
        lines: rows
            .into_iter()
            .map(|row| PersonLine {
                name: sight.name(&row.name),
                phone: sight.phone(&row.phone),
                chip: chip(&page, row.not_before, row.left_at),
                row,
            })
            .collect(),
        movements: by_day(&page, &movements),
        gives_passes: page.actor.may(Action::IssuePasses),
        may_edit: page.actor.may(Action::EditPeople),
        next,
        counts,
        query,
        e,
    })
}

/// Comings and goings by day, the newest first.
fn by_day(page: &Page, movements: &[(i64, String)]) -> Vec<MovementDay> {
    let zone = page.zone();
    let mut days: Vec<MovementDay> = Vec::new();
    for (at, kind) in movements.iter().rev() {
        let day = zone.say_day(page.lang, Millis(*at), page.now);
        if days.last().is_none_or(|last| last.day != day) {
            days.push(MovementDay { day, joined: 0, left: 0, back: 0 });
        }
        if let Some(last) = days.last_mut() {
            match kind.as_str() {
                "joined" => last.joined += 1,
                "left" => last.left += 1,
                _ => last.back += 1,
            }
        }
    }
    days
}

#[derive(Template)]
#[template(path = "people/form.html")]
struct FormPage {
    frame: Frame,
    w: &'static PeopleWords,
    /// Where the form came from, for leaving it.
    back: String,
    new: bool,
    form: PersonForm,
    errors: Errors,
}

impl FormPage {
    fn faults(&self) -> String {
        fill(self.w.faults, &[("n", &self.errors.len())])
    }

    /// What a field is called, for the list of faults.
    fn label(&self, field: &str) -> &'static str {
        match field {
            "name" => self.w.name,
            "worker_number" => self.w.worker_number,
            "phone" => self.w.phone,
            "job" => self.w.job,
            "id_number" => self.w.id_number,
            "came_from" => self.w.came_from,
            "returned_on" => self.w.returned_on,
            "not_before" => self.w.not_before,
            _ => "",
        }
    }
}

fn show_form(
    page: &Page,
    back: String,
    new: bool,
    form: PersonForm,
    errors: Errors,
) -> Result<Response, Problem> {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let w = PeopleWords::of(page.lang);
    let shown = FormPage { frame: page.frame(Nav::People), w, back, new, form, errors };
    Ok((status, html(&shown)?).into_response())
}

async fn new_form(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    find_enterprise(&page, &mut tx, &id, Action::EditPeople).await?;
    drop(tx);
    let back = format!("/enterprises/{id}/people");
    show_form(&page, back, true, PersonForm::default(), Errors::default())
}

/// A form's answer to a taken worker number.
fn taken(page: &Page) -> Errors {
    let mut errors = Errors::default();
    errors.add("worker_number", PeopleWords::of(page.lang).taken);
    errors
}

async fn add(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<PersonForm>,
) -> Result<Response, Problem> {
    let back = format!("/enterprises/{id}/people");
    let mut tx = page.app.db().write().await?;
    let e = find_enterprise(&page, &mut tx, &id, Action::EditPeople).await?;
    let mut details = match form.parse(page.lang, &page.zone()) {
        Ok(details) => details,
        Err(errors) => {
            drop(tx);
            return show_form(&page, back, true, form, errors);
        }
    };
    if details.worker_number.is_empty() {
        details.worker_number = store::next_worker_number(&mut tx, &id).await?;
    }
    let person = page.app.new_id();
    match store::insert(&mut tx, &person, &id, &details, page.now).await {
        Err(DbError::Duplicate) => {
            drop(tx);
            return show_form(&page, back, true, form, taken(&page));
        }
        done => done?,
    }
    page.record(&mut tx, "person.add", ("person", &person), &e.division_id, "").await?;
    let change = note_roster_change(&page.app, &mut tx, &id).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/people/{person}?done=added")))
}

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
    today: String,
    error: String,
}

/// A person and the enterprise, both within the actor's reach.
async fn find(
    page: &Page,
    tx: &mut Tx,
    id: &str,
    action: Action,
) -> Result<(Person, Enterprise), Problem> {
    let person = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    let e = find_enterprise(page, tx, &person.enterprise_id, action).await?;
    Ok((person, e))
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    render(&page, &id, String::new()).await
}

/// The person file. Each look is recorded with the page itself.
async fn render(page: &Page, id: &str, error: String) -> Result<Response, Problem> {
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
    let status = if error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
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
        today: page.zone().date(page.now),
        error,
        e,
        p,
    };
    Ok((status, html(&shown)?).into_response())
}

async fn edit_form(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let (person, e) = find(&page, &mut tx, &id, Action::EditPeople).await?;
    // The form shows everything, so opening it is a look like any other.
    page.record(&mut tx, "person.read", ("person", &id), &e.division_id, "").await?;
    tx.commit().await?;
    let form = PersonForm::of(&person, &page.zone());
    show_form(&page, format!("/people/{id}"), false, form, Errors::default())
}

async fn edit(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<PersonForm>,
) -> Result<Response, Problem> {
    let w = PeopleWords::of(page.lang);
    let back = format!("/people/{id}");
    let mut tx = page.app.db().write().await?;
    let (person, e) = find(&page, &mut tx, &id, Action::EditPeople).await?;
    let mut details = match form.parse(page.lang, &page.zone()) {
        Ok(details) => details,
        Err(errors) => {
            drop(tx);
            return show_form(&page, back, false, form, errors);
        }
    };
    if details.worker_number.is_empty() {
        details.worker_number.clone_from(&person.worker_number);
    }
    match store::update(&mut tx, &id, form.revision, &details, page.now).await {
        Err(DbError::Duplicate) => {
            drop(tx);
            return show_form(&page, back, false, form, taken(&page));
        }
        Ok(false) => {
            drop(tx);
            let mut errors = Errors::default();
            errors.add("conflict", w.conflict);
            let form = PersonForm { revision: person.revision, ..form };
            return show_form(&page, back, false, form, errors);
        }
        done => done?,
    };
    page.record(&mut tx, "person.edit", ("person", &id), &e.division_id, "").await?;
    let change = note_roster_change(&page.app, &mut tx, &e.id).await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/people/{id}?done=saved")))
}

#[derive(Debug, Deserialize)]
struct LeftForm {
    #[serde(default)]
    left_on: String,
}

async fn mark_left(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<LeftForm>,
) -> Result<Response, Problem> {
    let w = PeopleWords::of(page.lang);
    let Some(at) = page.zone().start_of(form.left_on.trim()) else {
        return render(&page, &id, w.bad_day.to_owned()).await;
    };
    if at > page.now {
        return render(&page, &id, w.left_future.to_owned()).await;
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

async fn bring_back(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let (person, e) = find(&page, &mut tx, &id, Action::EditPeople).await?;
    if store::bring_back(&mut tx, &person, page.now).await? {
        page.record(&mut tx, "person.back", ("person", &id), &e.division_id, "").await?;
        let change = note_roster_change(&page.app, &mut tx, &e.id).await?;
        page.app.commit(tx, change).await?;
    }
    Ok(see_other(&format!("/people/{id}?done=back")))
}
