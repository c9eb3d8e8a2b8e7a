//! The first page after signing in: what waits for me.

use askama::Template;
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone, say_span};
use fugong_common::words::fill;

use super::store;
use super::words::DeskWords;
use crate::applications::pages::{own_rows, view::Row};
use crate::applications::{ApplicationWords, Mine, Task, to_do};
use crate::authz::{Action, Bounds};
use crate::db::Tx;
use crate::permits;
use crate::web::{Frame, Nav, Page, Routes, Tone, html};

pub fn routes(routes: Routes) -> Routes {
    routes.get("/", Action::UseConsole, desk)
}

/// Rows shown of one task; the rest comes as these are done.
const SHOWN: i64 = 20;

struct Section {
    id: &'static str,
    title: &'static str,
    n: i64,
    rows: Vec<Row>,
    /// Where the first case is, for working through them.
    first: String,
}

/// A suspension that ends by itself unless a post confirms it.
struct Suspension {
    href: String,
    name: String,
    document: String,
    lapses: String,
}

#[derive(Template)]
#[template(path = "desk/desk.html")]
struct DeskPage {
    frame: Frame,
    d: &'static DeskWords,
    w: &'static ApplicationWords,
    sections: Vec<Section>,
    suspensions: Vec<Suspension>,
    due_today: i64,
    late: i64,
    office: bool,
    own: Vec<Row>,
    may_file: bool,
    empty: bool,
    as_of: String,
    shown_first: String,
}

async fn desk(page: Page) -> Result<Response, Problem> {
    let d = DeskWords::of(page.lang);
    let zone = page.zone();
    let office = !page.actor.post.role.is_of_enterprise();
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let sections = sections(&page, &mut tx, &bounds, &zone, d).await?;
    let suspensions = if page.actor.may(Action::ConfirmSuspensions) {
        suspensions(&page, &mut tx, &bounds, d).await?
    } else {
        Vec::new()
    };
    let due = if office && page.actor.may(Action::ReadApplications) {
        let tomorrow = zone.end_of(&zone.date(page.now)).unwrap_or(page.now);
        store::count_due(&mut tx, &bounds, page.now, tomorrow).await?
    } else {
        store::Due::default()
    };
    drop(tx);
    let own = if office { Vec::new() } else { own_rows(&page).await? };
    let mut frame = page.frame(Nav::ToDo);
    if page.done.as_deref() == Some("last") {
        frame = frame.notice(Tone::Ok, d.last_signed);
    }
    let time = zone.say_time(page.lang, page.now, page.now);
    html(&DeskPage {
        frame,
        d,
        w: ApplicationWords::of(page.lang),
        empty: sections.is_empty() && suspensions.is_empty() && own.is_empty(),
        sections,
        suspensions,
        due_today: due.today,
        late: due.late,
        office,
        own,
        may_file: page.actor.may(Action::FileApplications),
        as_of: fill(d.as_of, &[("time", &time)]),
        shown_first: fill(d.shown_first, &[("n", &SHOWN)]),
    })
}

async fn sections(
    page: &Page,
    tx: &mut Tx,
    bounds: &Bounds,
    zone: &Zone,
    d: &'static DeskWords,
) -> Result<Vec<Section>, Problem> {
    let mine = Mine {
        role: page.actor.post.role,
        account_id: &page.actor.account_id,
        line: &page.actor.post.line,
        bounds,
    };
    let counts = to_do::count(tx, &mine).await?;
    let mut sections = Vec::new();
    for task in Task::ALL {
        let Some(count) = counts.iter().find(|count| count.task == task.code()) else { continue };
        let lines = to_do::list(tx, &mine, task, SHOWN).await?;
        let row = |line| Row::of(line, zone, page.now, page.lang);
        let rows: Vec<Row> = lines.into_iter().map(row).collect();
        sections.push(Section {
            id: task.code(),
            title: title(task, d),
            n: count.n,
            first: match (task, rows.first()) {
                (Task::Sign, Some(row)) if count.n > 1 => row.href.clone(),
                _ => String::new(),
            },
            rows,
        });
    }
    Ok(sections)
}

const fn title(task: Task, d: &'static DeskWords) -> &'static str {
    match task {
        Task::Finish => d.t_finish,
        Task::Mend => d.t_mend,
        Task::Accept => d.t_accept,
        Task::Send => d.t_send,
        Task::Resend => d.t_resend,
        Task::Check => d.t_check,
        Task::Sign => d.t_sign,
        Task::Issue => d.t_issue,
    }
}

async fn suspensions(
    page: &Page,
    tx: &mut Tx,
    bounds: &Bounds,
    d: &'static DeskWords,
) -> Result<Vec<Suspension>, Problem> {
    let filter = permits::store::Filter {
        state: permits::store::StateFilter::ToConfirm,
        ..permits::store::Filter::default()
    };
    let found = permits::store::list(tx, bounds, &filter, page.now, "", SHOWN).await?;
    Ok(found
        .into_iter()
        .map(|permit| {
            let lapses = permit.state.lapses_at().unwrap_or(Millis(0));
            let span = say_span(page.lang, lapses.since(page.now) / 1000);
            Suspension {
                href: format!("/permits/{}", permit.id),
                name: permit.facts.name,
                document: permit.document_number,
                lapses: fill(d.lapses, &[("span", &span)]),
            }
        })
        .collect())
}
