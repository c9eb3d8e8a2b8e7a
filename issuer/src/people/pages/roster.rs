//! People by name within reach, and the roster of one enterprise.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use serde::Deserialize;

use super::{Chip, asking, chip, find_enterprise};
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
    /// Number of the entry that holds what was asked.
    look: String,
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
    asked: String,
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
    let division = page.actor.post.division_id.as_str();
    let subject = ("division", division);
    let mut tx = page.app.db().read().await?;
    let asked = asking::find(&page, &mut tx, subject, &query.look).await?;
    // Nobody is listed unasked: a list of all people of a district is of no use to anybody (B10).
    if let Some(asked) = &asked {
        let (bounds, text) = (page.reach().bounds(), asked.text.as_str());
        rows = store::search(&mut tx, &bounds, text, &query.after, Paging::FETCH).await?;
        drop(tx);
        // Who looked for whom is recorded, as at the gates; also who goes on to the next page.
        if !query.after.is_empty() || !asked.is_recorded(&page) {
            let mut tx = page.app.db().write().await?;
            asking::record(&page, &mut tx, subject, division, text).await?;
            tx.commit().await?;
        }
    }
    let next = Paging::cut(&mut rows, |row| row.id.clone())
        .map(|after| format!("/people?look={}&after={after}", web::encode(&query.look)));
    let sight = Sight::of(&page.actor);
    html(&EverywherePage {
        frame: page.frame(Nav::People),
        w: PeopleWords::of(page.lang),
        asked: asked.map(|asked| asked.text).unwrap_or_default(),
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
    asked: String,
    shown_all: bool,
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
    let subject = ("enterprise", id.as_str());
    let asked = asking::find(&page, &mut tx, subject, &query.look).await?;
    let text = asked.as_ref().map_or("", |asked| asked.text.as_str());
    let mut rows =
        store::list(&mut tx, &id, text, which, page.now, &query.after, Paging::FETCH).await?;
    let counts = store::counts(&mut tx, &id, page.now).await?;
    // Whole days: a day that is counted in part would be read as all of it.
    let since = page.zone().start_of_day(page.now, -MOVEMENT_DAYS);
    let movements = store::list_movements(&mut tx, &id, since).await?;
    drop(tx);
    let recorded = query.after.is_empty() && asked.as_ref().is_some_and(|it| it.is_recorded(&page));
    if !rows.is_empty() && !recorded {
        let mut tx = page.app.db().write().await?;
        asking::record(&page, &mut tx, subject, &e.division_id, text).await?;
        tx.commit().await?;
    }
    let next = Paging::cut(&mut rows, |row| row.worker_number.clone()).map(|after| {
        format!(
            "/enterprises/{id}/people?look={}&shown={}&after={}",
            web::encode(&query.look),
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
        shown_all: query.shown.is_empty(),
        asked: asked.map(|asked| asked.text).unwrap_or_default(),
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
