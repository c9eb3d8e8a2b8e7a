//! Printing: one placard or thousands, as PDF, PNG or SVG; paper copies are counted.

use axum::extract::{Form, Path};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use serde::Deserialize;

use super::issue::print_problem;
use super::words::PermitWords;
use super::{ActError, By, Permit, Standing, pages, sheet, store};
use crate::app::App;
use crate::audit::Act;
use crate::authz::Action;
use crate::db::Tx;
use crate::fields::Sent;
use crate::print::{Placard, PrintError, Sheet, placard_png, placard_svg, placards_pdf};
use crate::web::{Page, Refused, Routes};

/// Most placards of one file.
pub const MOST: usize = 2000;
/// Most copies of one placard at a time.
const MOST_COPIES: i64 = 50;
/// Permits are read from the database by so many.
const CHUNK: i64 = 500;

pub fn routes(routes: Routes) -> Routes {
    routes
        .post("/permits/print", Action::PrintPermits, print_many)
        .post("/permits/{id}/print", Action::PrintPermits, print_one)
        .get("/permits/{id}/specimen.svg", Action::ReadPermits, specimen)
}

/// What a placard is made into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Pdf,
    Png,
    Svg,
}

impl Format {
    fn parse(text: &str) -> Self {
        match text {
            "png" => Self::Png,
            "svg" => Self::Svg,
            _ => Self::Pdf,
        }
    }

    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }

    const fn mime(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
        }
    }
}

fn parse_sheet(text: &str) -> Sheet {
    if text.eq_ignore_ascii_case("a3") { Sheet::A3 } else { Sheet::A4 }
}

/// Draws placards off the threads that answer requests, at most two files at once.
///
/// # Errors
/// What cannot be printed, as a problem.
pub async fn draw(
    app: &App,
    placards: Vec<Placard>,
    paper: Sheet,
    format: Format,
    title: String,
) -> Result<Vec<u8>, Problem> {
    let fonts = app.fonts().map_err(Problem::internal)?;
    let turn = app.drawing().acquire_owned().await.map_err(Problem::internal)?;
    let drawn = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let first = placards.first().ok_or(PrintError::Empty);
        match format {
            Format::Pdf => placards_pdf(&fonts, paper, &title, &placards),
            Format::Png => placard_png(&fonts, paper, first?),
            Format::Svg => placard_svg(&fonts, paper, first?).map(String::into_bytes),
        }
    });
    drawn.await.map_err(Problem::internal)?.map_err(|error| print_problem(&error))
}

/// Whether there is a placard to print: not of a permit that is suspended, over or has ended.
pub fn is_printable(permit: &Permit, now: Millis) -> bool {
    matches!(permit.standing(now), Standing::Valid | Standing::NotYet)
}

/// Counts the copies and writes them down. Drawing takes its time: what was suspended, revoked or
/// replaced meanwhile leaves no printer any more.
///
/// # Errors
/// Somebody has acted on the permit since it was read; nothing is handed out then.
pub(super) async fn note_copies(
    app: &App,
    tx: &mut Tx,
    permit: &Permit,
    copies: i64,
    by: &By,
) -> Result<(), ActError> {
    let now = app.now();
    if !store::add_copies(tx, permit, copies).await? {
        return Err(ActError::Overtaken);
    }
    store::note_act(tx, &permit.id, &app.new_id(), now, "print", by, &copies.to_string()).await?;
    let act = Act {
        at: now,
        account_id: &by.account_id,
        post_id: &by.post_id,
        action: "permit.print",
        subject: "permit",
        subject_id: &permit.id,
        division_id: &permit.place.division_id,
        detail: &copies.to_string(),
    };
    Ok(app.record(tx, act).await?)
}

fn file(bytes: Vec<u8>, format: Format, name: &str) -> Response {
    let mut response = (StatusCode::OK, bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.mime()));
    let disposition = format!("attachment; filename=\"{name}.{}\"", format.extension());
    if let Ok(value) = HeaderValue::try_from(disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// What is to be printed of a permit, as typed.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(super) struct PrintForm {
    pub sheet: String,
    pub format: String,
    pub copies: String,
}

impl Default for PrintForm {
    fn default() -> Self {
        Self { sheet: "A4".into(), format: "pdf".into(), copies: "1".into() }
    }
}

async fn print_one(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<PrintForm>,
) -> Result<Response, Problem> {
    match printed(&page, &id, &form).await {
        Ok(file) => Ok(file),
        Err(problem) => {
            let refused = Refused::of(problem, page.lang)?;
            let permit = pages::find(&page, &id, Action::PrintPermits).await?;
            pages::render(&page, permit, Some(pages::Typed::print(form, refused))).await
        }
    }
}

async fn printed(page: &Page, id: &str, form: &PrintForm) -> Result<Response, Problem> {
    let permit = pages::find(page, id, Action::PrintPermits).await?;
    if !is_printable(&permit, page.now) {
        return Err(no_print());
    }
    let copies = form.copies.trim().parse::<i64>().ok().filter(|n| (1..=MOST_COPIES).contains(n));
    let copies = copies.ok_or_else(|| {
        let what = PermitWords::both(|w| fill(w.bad_copies, &[("most", &MOST_COPIES)]));
        Problem::invalid().field("copies", what)
    })?;
    let format = Format::parse(&form.format);
    let placard = sheet::placard(&page.app, &permit)?;
    // A PDF holds every copy; a picture is one, printed as often as somebody likes.
    let pages = if format == Format::Pdf { usize::try_from(copies).unwrap_or(1) } else { 1 };
    let title = permit.facts.issue.title.clone();
    let paper = parse_sheet(&form.sheet);
    let bytes = draw(&page.app, vec![placard; pages], paper, format, title).await?;
    let mut tx = page.app.db().write().await?;
    note_copies(&page.app, &mut tx, &permit, copies, &By::from(&page.actor)).await?;
    tx.commit().await?;
    Ok(file(bytes, format, &permit.serial.to_string()))
}

/// A permit's specimen: everything but a readable code.
async fn specimen(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let permit = pages::find(&page, &id, Action::ReadPermits).await?;
    let terms = super::issue::terms_of(&permit);
    let demo = page.app.config().demo;
    let placard = sheet::specimen(&permit.document_number, &terms, &permit.facts, demo);
    let bytes = draw(&page.app, vec![placard], Sheet::A4, Format::Svg, String::new()).await?;
    Ok(([(header::CONTENT_TYPE, Format::Svg.mime())], bytes).into_response())
}

fn no_print() -> Problem {
    let why = PermitWords::both(|w| w.no_print);
    Problem::new(StatusCode::CONFLICT, "permit_state", ("不能打印", "It is not printed any more"))
        .detail(why)
}

/// Selected permits, or all that match a search: one PDF, a page each.
async fn print_many(page: Page, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    match printed_many(&page, &sent).await {
        Ok(file) => Ok(file),
        Err(problem) => pages::list_again(page, &sent, problem).await,
    }
}

async fn printed_many(page: &Page, sent: &Sent) -> Result<Response, Problem> {
    let mut permits = Vec::new();
    let mut tx = page.app.db().read().await?;
    if sent.value("which") == "all" {
        let filter = pages::filter(sent.value("q"), sent.value("state"), sent.value("key"));
        let bounds = page.reach().bounds();
        let mut before = String::new();
        loop {
            let found = store::list(&mut tx, &bounds, &filter, page.now, &before, CHUNK).await?;
            let Some(last) = found.last() else { break };
            before.clone_from(&last.id);
            permits.extend(found.into_iter().filter(|permit| is_printable(permit, page.now)));
            if permits.len() > MOST {
                break;
            }
        }
    } else {
        for id in sent.values("id").take(MOST + 1) {
            let Some(permit) = store::find(&mut tx, id).await? else { continue };
            page.require(Action::PrintPermits, pages::place(&permit))?;
            if is_printable(&permit, page.now) {
                permits.push(permit);
            }
        }
    }
    drop(tx);
    if permits.is_empty() {
        let what = PermitWords::both(|w| w.nothing_selected);
        return Err(Problem::invalid().detail(what));
    }
    if permits.len() > MOST {
        let what = PermitWords::both(|w| fill(w.too_many, &[("limit", &MOST)]));
        return Err(Problem::invalid().detail(what));
    }
    let placards: Vec<Placard> =
        permits.iter().map(|permit| sheet::placard(&page.app, permit)).collect::<Result<_, _>>()?;
    let title = PermitWords::of(Lang::Zh).title.to_owned();
    let paper = parse_sheet(sent.value("sheet"));
    let bytes = draw(&page.app, placards, paper, Format::Pdf, title).await?;
    let by = By::from(&page.actor);
    let mut tx = page.app.db().write().await?;
    for permit in &permits {
        note_copies(&page.app, &mut tx, permit, 1, &by).await?;
    }
    tx.commit().await?;
    Ok(file(bytes, Format::Pdf, "placards"))
}
