//! The queue, for offices; the enterprise's own applications, for its people.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::capital;
use serde::Deserialize;

use super::super::queue::{self, Cursor, Filter};
use super::super::state::State;
use super::super::store;
use super::super::terms::{CLASSES, class_code, class_rank, class_title, parse_class};
use super::super::words::ApplicationWords;
use super::view::{Row, state_title};
use crate::authz::Action;
use crate::divisions::{self, Scale};
use crate::web::{Frame, Nav, Page, Paging, encode, html};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    class: String,
    #[serde(default)]
    scale: String,
    #[serde(default)]
    division: String,
    #[serde(default)]
    search: String,
    #[serde(default)]
    after: String,
}

struct Choice {
    value: String,
    title: String,
    chosen: bool,
}

/// A state to filter by, with how many are in it.
struct StateLink {
    href: String,
    title: String,
    n: i64,
    current: bool,
}

#[derive(Template)]
#[template(path = "applications/queue.html")]
struct QueuePage {
    frame: Frame,
    w: &'static ApplicationWords,
    rows: Vec<Row>,
    states: Vec<StateLink>,
    classes: Vec<Choice>,
    scales: Vec<Choice>,
    divisions: Vec<Choice>,
    asked: Asked,
    filtered: bool,
    next: String,
    may_file: bool,
}

#[derive(Template)]
#[template(path = "applications/own.html")]
struct OwnPage {
    frame: Frame,
    w: &'static ApplicationWords,
    rows: Vec<Row>,
}

impl Asked {
    /// The query of a link that keeps every filter but those given.
    fn link(&self, state: &str, after: &str) -> String {
        let fields = [
            ("state", state),
            ("class", &self.class),
            ("scale", &self.scale),
            ("division", &self.division),
            ("search", &self.search),
            ("after", after),
        ];
        let query: Vec<String> = fields
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| format!("{key}={}", encode(value)))
            .collect();
        if query.is_empty() {
            "/applications".to_owned()
        } else {
            format!("/applications?{}", query.join("&"))
        }
    }
}

/// The states in the order of the work.
const OPEN: [&str; 6] = ["submitted", "held", "site_check", "signing", "approved", "returned"];
const CLOSED: [&str; 3] = ["issued", "refused", "withdrawn"];

pub async fn queue(page: Page, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    if page.actor.post.role.is_of_enterprise() {
        return own(&page).await;
    }
    let lang = page.lang;
    let w = ApplicationWords::of(lang);
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let nodes = divisions::store::list_within(&mut tx, &bounds, page.now).await?;
    let within = nodes
        .iter()
        .find(|node| node.id == asked.division)
        .map_or_else(String::new, |node| node.path.clone());
    let closed = asked.state == "closed" || CLOSED.contains(&asked.state.as_str());
    let filter = Filter {
        bounds: &bounds,
        open: !closed,
        state: if State::CODES.contains(&asked.state.as_str()) { &asked.state } else { "" },
        class_rank: parse_class(&asked.class).map_or(-1, class_rank),
        scale: Scale::parse(&asked.scale).map_or("", Scale::code),
        within: &within,
        search: &asked.search,
    };
    let after = Cursor::parse(&asked.after);
    let mut lines = queue::list(&mut tx, &filter, &after, Paging::FETCH).await?;
    let counts = queue::count_by_state(&mut tx, &bounds).await?;
    drop(tx);
    let next = Paging::cut(&mut lines, |line| line.cursor().to_string());
    let zone: Zone = page.zone();
    let count = |codes: &[&str]| -> i64 {
        counts.iter().filter(|c| codes.contains(&c.state.as_str())).map(|c| c.n).sum()
    };
    let link = |state: &str, title: &str, n: i64| StateLink {
        href: asked.link(state, ""),
        title: capital(title),
        n,
        current: asked.state == state,
    };
    let mut states = vec![link("", w.all_open, count(&OPEN))];
    let stage = |code: &&str| {
        let n = count(&[code]);
        (n > 0 || asked.state == **code).then(|| link(code, state_title(code, lang), n))
    };
    states.extend(OPEN.iter().filter_map(stage));
    states.push(link("closed", w.all_closed, count(&CLOSED)));
    states.extend(CLOSED.iter().filter_map(stage));
    let any = |chosen: bool| Choice { value: String::new(), title: w.any.to_owned(), chosen };
    let mut classes = vec![any(asked.class.is_empty())];
    classes.extend(CLASSES.into_iter().map(|class| Choice {
        value: class_code(class).to_owned(),
        title: capital(class_title(class, lang)),
        chosen: asked.class == class_code(class),
    }));
    let mut scales = vec![any(asked.scale.is_empty())];
    scales.extend(Scale::ALL.into_iter().map(|scale| Choice {
        value: scale.code().to_owned(),
        title: capital(scale.title(lang)),
        chosen: asked.scale == scale.code(),
    }));
    let root = nodes.first().map_or(0, |node| node.path.matches('/').count());
    let mut choices = vec![any(asked.division.is_empty())];
    // Streets and communities are places to filter by; grids and buildings would fill the screen.
    choices.extend(nodes.iter().filter(|node| node.path.matches('/').count() <= root + 2).map(
        |node| {
            let depth = node.path.matches('/').count().saturating_sub(root);
            Choice {
                value: node.id.clone(),
                title: format!("{}{}", "　".repeat(depth), node.name),
                chosen: asked.division == node.id,
            }
        },
    ));
    let filtered = asked.link("", "") != "/applications" || !asked.state.is_empty();
    html(&QueuePage {
        frame: page.frame(Nav::Applications),
        w,
        rows: lines.into_iter().map(|line| Row::of(line, &zone, page.now, lang)).collect(),
        states,
        classes,
        scales,
        divisions: choices,
        filtered,
        next: next.map(|after| asked.link(&asked.state, &after)).unwrap_or_default(),
        asked,
        may_file: page.actor.may(Action::FileApplications),
    })
}

/// The rows of an enterprise's own applications, newest first.
pub(crate) async fn own_rows(page: &Page) -> Result<Vec<Row>, Problem> {
    let mut tx = page.app.db().read().await?;
    let found = store::list_of_enterprise(&mut tx, &page.actor.post.enterprise_id, 50).await?;
    let mut rows = Vec::new();
    for application in found {
        let line = queue::QueueLine {
            id: application.id,
            receipt: application.receipt.unwrap_or_default(),
            enterprise_id: application.enterprise_id,
            enterprise_name: application.enterprise_name,
            division_name: String::new(),
            scale: application.scale.code().to_owned(),
            class_rank: application.class_rank,
            state: application.case.state,
            submitted_at: application.stages.submitted_at,
            due_at: Millis(0),
            on_behalf: application.on_behalf,
        };
        rows.push(Row::of(line, &page.zone(), page.now, page.lang));
    }
    Ok(rows)
}

async fn own(page: &Page) -> Result<Response, Problem> {
    html(&OwnPage {
        frame: page.frame(Nav::Applications),
        w: ApplicationWords::of(page.lang),
        rows: own_rows(page).await?,
    })
}
