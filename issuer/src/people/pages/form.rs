//! The form of a person, new or known.

use askama::Template;
use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;

use super::{find, find_enterprise};
use crate::authz::Action;
use crate::db::DbError;
use crate::fields::Errors;
use crate::people::form::PersonForm;
use crate::people::store;
use crate::people::{PeopleWords, note_roster_change};
use crate::web::{Frame, Nav, Page, html_form, see_other};

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
    let w = PeopleWords::of(page.lang);
    let shown = FormPage { frame: page.frame(Nav::People), w, back, new, form, errors };
    html_form(&shown, !shown.errors.is_empty())
}

pub async fn new(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
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

pub async fn add(
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

pub async fn edit_form(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let (person, e) = find(&page, &mut tx, &id, Action::EditPeople).await?;
    // The form shows everything, so opening it is a look like any other.
    page.record(&mut tx, "person.read", ("person", &id), &e.division_id, "").await?;
    tx.commit().await?;
    let form = PersonForm::of(&person, &page.zone());
    show_form(&page, format!("/people/{id}"), false, form, Errors::default())
}

pub async fn edit(
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
