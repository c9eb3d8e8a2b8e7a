//! People by name within reach, and the roster of one enterprise.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use serde::Deserialize;

use super::{Chip, chip, find_enterprise};
use crate::authz::{Action, Reach};
use crate::enterprises::choices::Choice;
use crate::enterprises::store::Enterprise;
use crate::people::store::{self, Counts, Found, Person, Shown};
use crate::people::{PeopleWords, Sight};
use crate::web::{self, Frame, Nav, Page, Paging, html, see_other};

const MOVEMENT_DAYS: i64 = 14;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
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
pub async fn everywhere(page: Page, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
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

pub async fn roster(
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
    // Whole days: a day that is counted in part would be read as all of it.
    let since = page.zone().start_of_day(page.now, -MOVEMENT_DAYS);
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
