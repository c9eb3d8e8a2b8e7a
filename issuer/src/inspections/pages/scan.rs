//! Scanning: by camera, by picture, by typing.

use askama::Template;
use axum::Json;
use axum::body::Bytes;
use axum::extract::Multipart;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::judge::Credential;
use fugong_common::lang::Lang;
use fugong_common::placard::Scanned;
use fugong_common::reader::{PictureError, PictureLimits, read_picture};
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Serialize;

use crate::app::App;
use crate::inspections::store;
use crate::inspections::words::InspectionWords;
use crate::verify::{Looked, look};
use crate::web::{Frame, Nav, Page, html, see_other, unreadable};

#[derive(Template)]
#[template(path = "inspections/scan.html")]
struct ScanPage {
    frame: Frame,
    w: &'static InspectionWords,
    script: String,
    typed: String,
    error: String,
    /// Several codes of one picture: text and what it seems to be.
    choices: Vec<(String, String)>,
}

impl ScanPage {
    fn new(page: &Page) -> Self {
        Self {
            frame: page.frame(Nav::Inspections),
            w: InspectionWords::of(page.lang),
            script: page.app.assets().url("inspect.js"),
            typed: String::new(),
            error: String::new(),
            choices: Vec::new(),
        }
    }

    fn refused(self, status: StatusCode) -> Result<Response, Problem> {
        html(&self).map(|page| (status, page).into_response())
    }
}

pub async fn scan(page: Page) -> Result<Response, Problem> {
    html(&ScanPage::new(&page))
}

/// Reads a picture on a thread of its own; at most two at once.
async fn texts_in(
    app: &App,
    picture: Bytes,
    limits: PictureLimits,
) -> Result<Result<Vec<String>, PictureError>, Problem> {
    let turn = app.drawing().acquire_owned().await.map_err(Problem::internal)?;
    let read = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        read_picture(&picture, &limits)
    });
    read.await.map_err(Problem::internal)
}

#[derive(Serialize)]
pub struct Texts {
    texts: Vec<String>,
}

/// A frame of a running camera, for browsers that read no codes themselves.
pub async fn frame(page: Page, body: Bytes) -> Result<Json<Texts>, Problem> {
    match texts_in(&page.app, body, PictureLimits::FRAME).await? {
        Ok(texts) => Ok(Json(Texts { texts })),
        Err(PictureError::NothingFound) => Ok(Json(Texts { texts: Vec::new() })),
        Err(error) => Err(picture_problem(&error)),
    }
}

fn picture_problem(error: &PictureError) -> Problem {
    Problem::invalid().field("picture", (error.say(Lang::Zh), error.say(Lang::En)))
}

pub async fn look_at(page: Page, mut form: Multipart) -> Result<Response, Problem> {
    let (mut text, mut picture) = (String::new(), Bytes::new());
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("text") => text = field.text().await.map_err(unreadable)?,
            Some("picture") => picture = field.bytes().await.map_err(unreadable)?,
            _ => {}
        }
    }
    let mut text = text.trim().to_owned();
    let answer = ScanPage::new(&page);
    let typed = text.clone();
    if text.is_empty() && picture.is_empty() {
        let error = answer.w.nothing.to_owned();
        return ScanPage { error, ..answer }.refused(StatusCode::UNPROCESSABLE_ENTITY);
    }
    if text.is_empty() {
        let texts = match texts_in(&page.app, picture, PictureLimits::UPLOAD).await? {
            Ok(texts) => texts,
            Err(error) => {
                let error = error.say(page.lang);
                return ScanPage { error, ..answer }.refused(StatusCode::UNPROCESSABLE_ENTITY);
            }
        };
        match <[String; 1]>::try_from(texts) {
            Ok([only]) => text = only,
            Err(texts) => {
                let choices = choices(&page, texts).await?;
                return html(&ScanPage { choices, ..answer });
            }
        }
    }
    let mut tx = page.app.db().write().await?;
    match look(&mut tx, &Scanned::read(&text), page.now).await? {
        Looked::Pass => {
            let error = answer.w.pass.to_owned();
            ScanPage { typed, error, ..answer }.refused(StatusCode::OK)
        }
        Looked::Judged(look) => {
            let id = page.app.new_id();
            let permit_id = look.permit.as_ref().map(|permit| permit.id.as_str());
            let account_id = &page.actor.account_id;
            let verdict = look.judgement.verdict;
            store::insert_scan(&mut tx, &id, page.now, account_id, verdict, permit_id).await?;
            tx.commit().await?;
            Ok(see_other(&format!("/inspections/scans/{id}")))
        }
    }
}

/// What each of several codes seems to be.
async fn choices(page: &Page, texts: Vec<String>) -> Result<Vec<(String, String)>, Problem> {
    let w = InspectionWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let mut choices = Vec::new();
    for (at, text) in texts.into_iter().enumerate() {
        let what = match look(&mut tx, &Scanned::read(&text), page.now).await? {
            Looked::Judged(look) => match &look.judgement.credential {
                Some(Credential::Permit(permit)) => permit.name.to_string(),
                _ => look.judgement.verdict.public_word(page.lang).to_owned(),
            },
            Looked::Pass => w.pass.to_owned(),
        };
        let label = fill(w.nth, &[("n", &(at + 1)), ("what", &what)]);
        choices.push((text, label));
    }
    Ok(choices)
}
