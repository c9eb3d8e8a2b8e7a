//! Uploading a sheet, looking at it as understood, taking it in, and what became of it.

use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use fugong_common::lang::Lang;
use fugong_common::person::clean_line;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Deserialize;
use serde_json::json;

use super::ImportWords;
use super::columns::Subject;
use super::job::{self, JobError, Upload};
use super::read::{FILE_BYTES, ReadError};
use super::sheets;
use super::store::{self, Import, State};
use crate::authz::{Action, Place, Reach};
use crate::db::Tx;
use crate::enterprises::choices::{self, Choice};
use crate::web::{Frame, Nav, Page, Routes, Tone, html_form, see_other, unreadable};
use crate::{divisions, enterprises};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Imports listed below the upload form.
const RECENT: i64 = 5;

pub fn routes(routes: Routes) -> Routes {
    let limit = || DefaultBodyLimit::max(FILE_BYTES + 65_536);
    routes
        .get("/enterprises/import", Action::ImportEnterprises, enterprises_form)
        .add(
            Method::POST,
            "/enterprises/import",
            Action::ImportEnterprises,
            post(upload_enterprises).layer(limit()),
        )
        .get("/people/import", Action::EditPeople, people_form)
        .add(Method::POST, "/people/import", Action::EditPeople, post(upload_people).layer(limit()))
        .get("/imports/template/{subject}", Action::EditPeople, template)
        .get("/imports/{id}", Action::EditPeople, super::preview::show)
        .post("/imports/{id}", Action::EditPeople, super::preview::choose)
        .post("/imports/{id}/discard", Action::EditPeople, discard)
        .get("/imports/{id}/progress", Action::EditPeople, progress)
        .get("/imports/{id}/bad.xlsx", Action::EditPeople, bad_sheet)
}

pub(super) struct RecentLine {
    pub(super) id: String,
    pub(super) file_name: String,
    pub(super) at: String,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
}

#[derive(Template)]
#[template(path = "imports/upload.html")]
struct UploadPage {
    frame: Frame,
    w: &'static ImportWords,
    is_people: bool,
    title: &'static str,
    action: &'static str,
    enterprise_id: String,
    enterprise_name: String,
    divisions: Vec<Choice>,
    error: String,
    recent: Vec<RecentLine>,
}

impl UploadPage {
    fn for_enterprise(&self) -> String {
        fill(self.w.for_enterprise, &[("name", &self.enterprise_name)])
    }

    fn subject(&self) -> &'static str {
        if self.is_people { Subject::People.code() } else { Subject::Enterprises.code() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Target {
    enterprise: String,
    division: String,
}

async fn recent(
    page: &Page,
    tx: &mut Tx,
    subject: Subject,
    enterprise_id: &str,
) -> Result<Vec<RecentLine>, Problem> {
    let w = ImportWords::of(page.lang);
    let found = store::list_of_account(tx, &page.actor.account_id, subject, RECENT * 4).await?;
    Ok(found
        .into_iter()
        .filter(|import| import.enterprise_id == enterprise_id)
        .take(usize::try_from(RECENT).unwrap_or_default())
        .map(|import| {
            let (state, tone) = match import.state {
                State::Previewed => (w.state_previewed, "warn"),
                State::Running => (w.state_running, "step"),
                State::Finished => (w.state_finished, "ok"),
                State::Failed => (w.state_failed, "stop"),
            };
            let at = page.zone().say_time(page.lang, import.created_at, page.now);
            RecentLine { id: import.id, file_name: import.file_name, at, state, tone }
        })
        .collect())
}

async fn enterprises_form(page: Page, Query(target): Query<Target>) -> Result<Response, Problem> {
    show_enterprises_form(&page, &target.division, "").await
}

async fn show_enterprises_form(
    page: &Page,
    division: &str,
    error: &str,
) -> Result<Response, Problem> {
    let w = ImportWords::of(page.lang);
    let chosen = if division.is_empty() { &page.actor.post.division_id } else { division };
    let mut tx = page.app.db().read().await?;
    let divisions = choices::divisions(&mut tx, page, chosen).await?;
    let recent = recent(page, &mut tx, Subject::Enterprises, "").await?;
    drop(tx);
    let frame = page.frame(Nav::Enterprises);
    let shown = UploadPage {
        frame: discarded_notice(page, frame),
        w,
        is_people: false,
        title: w.enterprises_title,
        action: "/enterprises/import",
        enterprise_id: String::new(),
        enterprise_name: String::new(),
        divisions,
        error: error.to_owned(),
        recent,
    };
    html_form(&shown, !error.is_empty())
}

fn discarded_notice(page: &Page, frame: Frame) -> Frame {
    match page.done.as_deref() {
        Some("discarded") => frame.notice(Tone::Ok, ImportWords::of(page.lang).discarded),
        _ => frame,
    }
}

/// Whose roster is meant: the one asked for, or the actor's own enterprise.
async fn find_enterprise(
    page: &Page,
    tx: &mut Tx,
    asked: &str,
) -> Result<enterprises::store::Enterprise, Problem> {
    let id = match page.reach() {
        Reach::Enterprise(own) if asked.is_empty() => own,
        _ => asked.to_owned(),
    };
    let row = enterprises::store::find(tx, &id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::EditPeople, row.place())?;
    Ok(row)
}

async fn people_form(page: Page, Query(target): Query<Target>) -> Result<Response, Problem> {
    show_people_form(&page, &target.enterprise, "").await
}

async fn show_people_form(page: &Page, asked: &str, error: &str) -> Result<Response, Problem> {
    let w = ImportWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let e = find_enterprise(page, &mut tx, asked).await?;
    let recent = recent(page, &mut tx, Subject::People, &e.id).await?;
    drop(tx);
    let frame = page.frame(Nav::People);
    let shown = UploadPage {
        frame: discarded_notice(page, frame),
        w,
        is_people: true,
        title: w.people_title,
        action: "/people/import",
        enterprise_id: e.id,
        enterprise_name: e.name,
        divisions: Vec::new(),
        error: error.to_owned(),
        recent,
    };
    html_form(&shown, !error.is_empty())
}

/// What the upload form sends.
#[derive(Debug, Default)]
struct Sent {
    target: Target,
    file_name: String,
    bytes: Vec<u8>,
    too_large: bool,
}

async fn receive(mut form: Multipart) -> Result<Sent, Problem> {
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "enterprise" => {
                sent.target.enterprise = field.text().await.map_err(unreadable)?;
            }
            "division" => {
                sent.target.division = field.text().await.map_err(unreadable)?;
            }
            "file" => {
                sent.file_name = field.file_name().unwrap_or_default().to_owned();
                match field.bytes().await {
                    Ok(bytes) => sent.bytes = bytes.to_vec(),
                    Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                        sent.too_large = true;
                        return Ok(sent);
                    }
                    Err(error) => return Err(unreadable(error)),
                }
            }
            _ => {}
        }
    }
    Ok(sent)
}

/// The same page under the status that says why.
fn too_large(page: Response) -> Response {
    (StatusCode::PAYLOAD_TOO_LARGE, page).into_response()
}

/// The file's name as shown; whatever would hide in it is dropped with it.
fn plain_name(name: &str, lang: Lang) -> String {
    let short: String = name.chars().take(60).collect();
    match clean_line(&short, 240) {
        Ok(name) if !name.is_empty() => name,
        _ => ImportWords::of(lang).sheet_name.to_owned(),
    }
}

async fn upload_enterprises(page: Page, form: Multipart) -> Result<Response, Problem> {
    let w = ImportWords::of(page.lang);
    let sent = receive(form).await?;
    let again = |error: &'static str| {
        let (page, division) = (page.clone(), sent.target.division.clone());
        async move { show_enterprises_form(&page, &division, error).await }
    };
    let mut tx = page.app.db().read().await?;
    let division = divisions::store::find(&mut tx, &sent.target.division).await?;
    drop(tx);
    let Some(division) = division else { return again(w.choose).await };
    page.require(Action::ImportEnterprises, Place::in_division(&division.path))?;
    if sent.too_large {
        return again(ReadError::TooLarge.say(page.lang)).await.map(too_large);
    }
    if sent.file_name.is_empty() {
        return again(w.file_missing).await;
    }
    let upload = Upload {
        subject: Subject::Enterprises,
        enterprise_id: String::new(),
        division_id: division.id,
        account_id: page.actor.account_id.clone(),
        file_name: plain_name(&sent.file_name, page.lang),
        lang: page.lang,
    };
    match job::prepare(&page.app, upload, sent.bytes).await {
        Ok(id) => Ok(see_other(&format!("/imports/{id}"))),
        Err(JobError::Read(error)) => {
            show_enterprises_form(&page, &sent.target.division, error.say(page.lang)).await
        }
        Err(error) => Err(problem(error)),
    }
}

async fn upload_people(page: Page, form: Multipart) -> Result<Response, Problem> {
    let w = ImportWords::of(page.lang);
    let sent = receive(form).await?;
    let asked = sent.target.enterprise.clone();
    let mut tx = page.app.db().read().await?;
    let e = find_enterprise(&page, &mut tx, &asked).await?;
    drop(tx);
    if sent.too_large {
        let shown = show_people_form(&page, &asked, ReadError::TooLarge.say(page.lang)).await;
        return shown.map(too_large);
    }
    if sent.file_name.is_empty() {
        return show_people_form(&page, &asked, w.file_missing).await;
    }
    let upload = Upload {
        subject: Subject::People,
        enterprise_id: e.id,
        division_id: e.division_id,
        account_id: page.actor.account_id.clone(),
        file_name: plain_name(&sent.file_name, page.lang),
        lang: page.lang,
    };
    match job::prepare(&page.app, upload, sent.bytes).await {
        Ok(id) => Ok(see_other(&format!("/imports/{id}"))),
        Err(JobError::Read(error)) => show_people_form(&page, &asked, error.say(page.lang)).await,
        Err(error) => Err(problem(error)),
    }
}

pub(super) fn problem(error: JobError) -> Problem {
    match error {
        JobError::Db(error) => error.into(),
        JobError::Read(error) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "sheet_unread",
            (error.say(Lang::Zh), error.say(Lang::En)),
        ),
        JobError::Gone => gone(),
        JobError::Failed(reason) => Problem::internal(reason),
    }
}

fn gone() -> Problem {
    Problem::new(StatusCode::GONE, "import_gone", ImportWords::both(|w| w.gone))
}

/// An import of this actor's own; anybody else's looks as if it didn't exist.
pub(super) async fn find(page: &Page, tx: &mut Tx, id: &str) -> Result<Import, Problem> {
    let found = store::find(tx, id).await?;
    let own = |import: &Import| {
        import.account_id == page.actor.account_id && import.expires_at > page.now
    };
    let import = found.filter(own).ok_or_else(gone)?;
    match import.subject {
        Subject::Enterprises => {
            let division = divisions::store::find(tx, &import.division_id).await?;
            let path = division.ok_or_else(gone)?.path;
            let place = Place::in_division(&path);
            page.require(Action::ImportEnterprises, place)?;
        }
        Subject::People => {
            find_enterprise(page, tx, &import.enterprise_id).await?;
        }
    }
    Ok(import)
}

/// Where an import's upload form is.
pub(super) fn form_of(import: &Import) -> String {
    match import.subject {
        Subject::Enterprises => "/enterprises/import".to_owned(),
        Subject::People => format!("/people/import?enterprise={}", import.enterprise_id),
    }
}

async fn discard(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let import = find(&page, &mut tx, &id).await?;
    store::discard(&mut tx, &id).await?;
    tx.commit().await?;
    let form = form_of(&import);
    let mark = if form.contains('?') { '&' } else { '?' };
    Ok(see_other(&format!("{form}{mark}done=discarded")))
}

async fn progress(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let import = find(&page, &mut tx, &id).await?;
    let told = json!({
        "state": import.state.code(), "done": import.done, "total": import.total - import.bad,
    });
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(told)).into_response())
}

fn attachment(bytes: Vec<u8>, name: &str) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (header::CONTENT_TYPE, XLSX.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ],
        bytes,
    )
        .into_response()
}

async fn bad_sheet(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let import = find(&page, &mut tx, &id).await?;
    let sheet = store::find_bad_sheet(&mut tx, &id).await?.ok_or_else(gone)?;
    let subject = ("import", id.as_str());
    page.record(&mut tx, "import.bad_rows", subject, &import.division_id, &import.file_name)
        .await?;
    tx.commit().await?;
    Ok(attachment(sheet, "bad-rows.xlsx"))
}

async fn template(page: Page, Path(subject): Path<String>) -> Result<Response, Problem> {
    let subject = Subject::parse(&subject).ok_or_else(Problem::not_found)?;
    let bytes = sheets::template(subject, page.lang).map_err(Problem::internal)?;
    Ok(attachment(bytes, &format!("{}-template.xlsx", subject.code())))
}
