//! The log's page: newest first, by person or by thing, and the check of the whole chain.

use askama::Template;
use axum::extract::Query;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use serde::Deserialize;
use serde_json::json;

use super::check::{self, Check, Stand};
use super::words::{AuditWords, say_act, say_subject, subjects};
use super::{Filter, Line, list};
use crate::accounts::{self, Role};
use crate::authz::Action;
use crate::db::{DbError, Tx};
use crate::web::{Frame, Nav, Page, Paging, Routes, Tone, encode, html, see_other};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/settings/audit", Action::ReadAudit, show)
        .post("/settings/audit/verify", Action::ReadAudit, verify)
        .get("/settings/audit/verify/progress", Action::ReadAudit, progress)
}

/// A line as it is shown.
struct Shown {
    seq: i64,
    time: String,
    instant: String,
    who: String,
    /// Where the person's own acts are listed; empty for the service.
    who_link: String,
    post: String,
    act: String,
    subject: String,
    /// Where the thing is; empty where it has no page.
    link: String,
    /// The thing's own entries.
    history: String,
    detail: String,
}

/// The last check of the chain as it is shown.
struct Checked {
    is_running: bool,
    is_cut_off: bool,
    tone: Tone,
    done: i64,
    total: i64,
    /// How far it has come, or how it ended.
    said: String,
    /// Who began it, when, and what it covers.
    by: String,
}

#[derive(Template)]
#[template(path = "audit/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static AuditWords,
    checked: Option<Checked>,
    lines: Vec<Shown>,
    older: Option<String>,
    is_newest: bool,
    who: String,
    who_fault: bool,
    kind: String,
    subject: String,
    kinds: Vec<(&'static str, &'static str)>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    who: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    before: Option<i64>,
}

impl Asked {
    /// The same question, from another place on.
    fn link(&self, before: Option<i64>) -> String {
        let before = before.map_or(String::new(), |seq| format!("&before={seq}"));
        format!(
            "/settings/audit?who={}&kind={}&subject={}{before}",
            encode(&self.who),
            encode(&self.kind),
            encode(&self.subject)
        )
    }
}

/// The page of a thing, where its kind has one.
fn link_to(subject: &str, id: &str) -> String {
    let place = match subject {
        "account" => "/settings/accounts/",
        "division" => "/settings/divisions/",
        "regime" => "/settings/regimes/",
        "enterprise" => "/enterprises/",
        "premises" => "/premises/",
        "application" => "/applications/",
        "permit" => "/permits/",
        "gate" => "/gates/",
        _ => return String::new(),
    };
    if id.is_empty() { String::new() } else { format!("{place}{}", encode(id)) }
}

fn shown(page: &Page, w: &'static AuditWords, line: Line) -> Shown {
    let zone = page.zone();
    let at = Millis(line.at);
    let of_account = |asked: Asked| asked.link(None);
    let (who, who_link) = match (line.account_id.is_empty(), line.account_name.is_empty()) {
        (true, _) => (w.by_service.to_owned(), String::new()),
        (false, true) => (w.unknown_account.to_owned(), String::new()),
        (false, false) => {
            (line.account_name, format!("/settings/accounts/{}", encode(&line.account_id)))
        }
    };
    let usual = || Role::parse(&line.role).map_or("", |role| role.title(page.lang)).to_owned();
    Shown {
        seq: line.seq,
        time: zone.say_time(page.lang, at, page.now),
        instant: zone.stamp(at),
        who,
        who_link: if page.actor.may(Action::ManageAccounts) { who_link } else { String::new() },
        post: if line.post_title.is_empty() { usual() } else { line.post_title },
        act: say_act(&line.action, page.lang),
        subject: say_subject(&line.subject, page.lang),
        link: link_to(&line.subject, &line.subject_id),
        history: of_account(Asked {
            kind: line.subject,
            subject: line.subject_id,
            ..Asked::default()
        }),
        detail: line.detail,
    }
}

async fn checked(
    page: &Page,
    w: &'static AuditWords,
    tx: &mut Tx,
    check: Check,
) -> Result<Checked, DbError> {
    let account = accounts::store::find(tx, &check.account_id).await?;
    let who = account.map_or_else(|| w.unknown_account.to_owned(), |account| account.name);
    let time = page.zone().say_time(page.lang, check.started_at, page.now);
    let (done, total) = (check.at.seq, check.to.seq);
    let counts: &[(&str, &dyn std::fmt::Display)] = &[("done", &done), ("total", &total)];
    Ok(Checked {
        is_running: check.stand == Stand::Running,
        is_cut_off: check.stand == Stand::CutOff,
        tone: match check.stand {
            Stand::Running | Stand::Whole => Tone::Ok,
            Stand::CutOff => Tone::Warn,
            Stand::Faulty(_) => Tone::Stop,
        },
        said: match &check.stand {
            Stand::Running => fill(w.verifying, counts),
            Stand::CutOff => fill(w.cut_off, counts),
            Stand::Whole => fill(w.whole, &[("count", &total)]),
            Stand::Faulty(fault) => fault.say(page.lang),
        },
        by: fill(w.verified_by, &[("who", &who), ("time", &time), ("count", &total)]),
        done,
        total,
    })
}

async fn build(page: &Page, mut asked: Asked) -> Result<ListPage, Problem> {
    // Ids belong to kinds.
    if asked.kind.is_empty() {
        asked.subject.clear();
    }
    let w = AuditWords::of(page.lang);
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let who = asked.who.trim().to_lowercase();
    let account =
        if who.is_empty() { None } else { accounts::store::find_by_sign_in(&mut tx, &who).await? };
    let who_fault = !who.is_empty() && account.is_none();
    let filter = Filter {
        bounds: &bounds,
        // What belongs to no division is for those at the root of a tree.
        whole: page.actor.post.division_path.matches('/').count() == 2,
        account_id: account.as_ref().map_or("", |account| account.id.as_str()),
        subject: &asked.kind,
        subject_id: &asked.subject,
    };
    let checked = match check::find(&mut tx, page.now).await? {
        Some(check) => Some(checked(page, w, &mut tx, check).await?),
        None => None,
    };
    let mut lines = if who_fault {
        Vec::new()
    } else {
        list(&mut tx, &filter, asked.before.unwrap_or(i64::MAX), Paging::FETCH).await?
    };
    drop(tx);
    let older = Paging::cut(&mut lines, |line| line.seq.to_string());
    let older = older.map(|seq| asked.link(seq.parse().ok()));
    Ok(ListPage {
        frame: page.frame(Nav::Settings),
        w,
        checked,
        lines: lines.into_iter().map(|line| shown(page, w, line)).collect(),
        older,
        is_newest: asked.before.is_none(),
        who: asked.who,
        who_fault,
        kind: asked.kind,
        subject: asked.subject,
        kinds: subjects(page.lang).collect(),
    })
}

async fn show(page: Page, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    html(&build(&page, asked).await?)
}

async fn verify(page: Page) -> Result<Response, Problem> {
    check::start(&page.app, &page.actor.account_id).await?;
    Ok(see_other("/settings/audit"))
}

async fn progress(page: Page) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let check = check::find(&mut tx, page.now).await?.ok_or_else(Problem::not_found)?;
    let state = if check.stand == Stand::Running { "running" } else { "over" };
    let told = json!({ "state": state, "done": check.at.seq, "total": check.to.seq });
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(told)).into_response())
}
