//! The role catalogue with local titles (domain A102).

use askama::Template;
use axum::extract::{Form, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use serde::Deserialize;

use super::store;
use super::words::ManageWords;
use crate::accounts::Role;
use crate::authz::{Action, Place};
use crate::db::Tx;
use crate::divisions::{self, store::Division, tree::Choice};
use crate::fields::{Sent, line};
use crate::web::{Frame, Nav, Page, Refused, Routes, Tone, encode, html_again, see_other};
use fugong_common::words::fill;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/settings/roles", Action::ManageAccounts, show).post(
        "/settings/roles",
        Action::ManageAccounts,
        save,
    )
}

struct Row {
    code: &'static str,
    usual: &'static str,
    /// What was shown when the form was made.
    seen: String,
    title: String,
    fault: bool,
}

#[derive(Template)]
#[template(path = "accounts/titles.html")]
struct TitlesPage {
    frame: Frame,
    w: &'static ManageWords,
    heading: String,
    division: String,
    divisions: Vec<Choice>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    division: String,
}

async fn find(page: &Page, tx: &mut Tx, id: &str) -> Result<Division, Problem> {
    let id = if id.is_empty() { &page.actor.post.division_id } else { id };
    let division = divisions::store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ManageAccounts, Place::in_division(&division.path))?;
    Ok(division)
}

async fn render(
    page: &Page,
    tx: &mut Tx,
    division: &Division,
    rows: Vec<Row>,
    refused: Option<&Refused>,
) -> Result<Response, Problem> {
    let w = ManageWords::of(page.lang);
    let divisions =
        divisions::tree::choices(tx, &page.reach().bounds(), &division.id, page.now).await?;
    let mut frame = page.frame(Nav::Settings);
    if page.done.is_some() {
        frame = frame.notice(Tone::Ok, w.done_titles);
    }
    let shown = TitlesPage {
        frame: frame.refused(refused),
        w,
        heading: fill(w.titles_of, &[("division", &division.name)]),
        division: division.id.clone(),
        divisions,
        rows,
    };
    html_again(&shown, refused)
}

async fn show(page: Page, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let division = find(&page, &mut tx, &asked.division).await?;
    let given = store::list_titles(&mut tx, &division.id).await?;
    let rows = Role::ALL.iter().map(|role| {
        let title = given.iter().find(|(code, _)| code == role.code());
        let title = title.map_or(String::new(), |(_, title)| title.clone());
        Row {
            code: role.code(),
            usual: role.title(page.lang),
            seen: title.clone(),
            title,
            fault: false,
        }
    });
    render(&page, &mut tx, &division, rows.collect(), None).await
}

async fn save(page: Page, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let division = find(&page, &mut tx, sent.value("division")).await?;
    let rows: Vec<Row> = Role::ALL
        .iter()
        .map(|role| {
            let title = sent.value(&format!("title_{}", role.code()));
            let parsed = line(title);
            Row {
                code: role.code(),
                usual: role.title(page.lang),
                seen: sent.value(&format!("seen_{}", role.code())).to_owned(),
                fault: parsed.is_err(),
                title: parsed.unwrap_or_else(|_| title.to_owned()),
            }
        })
        .collect();
    if rows.iter().any(|row| row.fault) {
        let refused = Refused::fields(page.lang);
        return render(&page, &mut tx, &division, rows, Some(&refused)).await;
    }
    for (role, row) in Role::ALL.iter().zip(&rows).filter(|(_, row)| row.seen != row.title) {
        if !store::set_title(&mut tx, &division.id, *role, &row.seen, &row.title).await? {
            drop(tx);
            let what = ("岗位名称刚被他人修改", "Somebody else has just edited these titles");
            let refused = Refused::quicker(page.lang, what);
            let mut tx = page.app.db().read().await?;
            let given = store::list_titles(&mut tx, &division.id).await?;
            let now = |code: &str| given.iter().find(|(found, _)| found == code);
            // What was not touched follows the others' edit; what was typed stays, over the newest.
            let rows = rows.into_iter().map(|row| {
                let newest = now(row.code).map_or(String::new(), |(_, title)| title.clone());
                let title = if row.seen == row.title { newest.clone() } else { row.title };
                Row { seen: newest, title, ..row }
            });
            return render(&page, &mut tx, &division, rows.collect(), Some(&refused)).await;
        }
        let detail = format!("{}: {} → {}", row.usual, row.seen, row.title);
        page.record(&mut tx, "role.title", ("division", &division.id), &division.id, &detail)
            .await?;
    }
    tx.commit().await?;
    Ok(see_other(&format!("/settings/roles?division={}&done=saved", encode(&division.id))))
}
