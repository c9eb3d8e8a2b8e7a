//! Rosters, person files, and the forms that change them.

mod asking;
mod file;
mod form;
mod roster;

use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;

use super::PeopleWords;
use super::store::{self, Person};
use crate::authz::Action;
use crate::db::Tx;
use crate::enterprises::store::{self as enterprises, Enterprise};
use crate::web::{Page, Routes};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/people", Action::ReadPeople, roster::everywhere)
        .post("/people", Action::ReadPeople, asking::everywhere)
        .get("/enterprises/{id}/people", Action::ReadPeople, roster::roster)
        .post("/enterprises/{id}/people", Action::ReadPeople, asking::roster)
        .get("/enterprises/{id}/people/new", Action::EditPeople, form::new)
        .post("/enterprises/{id}/people/new", Action::EditPeople, form::add)
        .get("/people/{id}", Action::ReadPeople, file::show)
        .get("/people/{id}/edit", Action::EditPeople, form::edit_form)
        .post("/people/{id}/edit", Action::EditPeople, form::edit)
        .post("/people/{id}/left", Action::EditPeople, file::mark_left)
        .post("/people/{id}/back", Action::EditPeople, file::bring_back)
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
