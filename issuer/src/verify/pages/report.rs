//! Reports of a problem with a placard.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, Form, Path};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::serial::Serial;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Deserialize;

use crate::inspections::store::{self as inspections, NewReport, ReportKind};
use crate::permits::{self, Permit};
use crate::verify::words::VerifyWords;
use crate::web::{Frame, Public, html, html_form};

struct KindOption {
    code: &'static str,
    label: &'static str,
    chosen: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct ReportForm {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    contact: String,
}

#[derive(Template)]
#[template(path = "verify/report.html")]
struct ReportPage {
    frame: Frame,
    w: &'static VerifyWords,
    action: String,
    about: String,
    kinds: Vec<KindOption>,
    form: ReportForm,
    error: String,
    kind_error: &'static str,
    place_error: &'static str,
    text_error: &'static str,
    contact_error: &'static str,
}

#[derive(Template)]
#[template(path = "verify/received.html")]
struct ReceivedPage {
    frame: Frame,
    w: &'static VerifyWords,
    why: String,
}

const fn kind_label(w: &VerifyWords, kind: ReportKind) -> &'static str {
    match kind {
        ReportKind::Mismatch => w.kind_mismatch,
        ReportKind::StillOpen => w.kind_still_open,
        ReportKind::NoMeasures => w.kind_no_measures,
        ReportKind::Forged => w.kind_forged,
        ReportKind::Other => w.kind_other,
    }
}

fn report_page(public: &Public, permit: Option<&Permit>, form: ReportForm) -> ReportPage {
    let w = VerifyWords::of(public.lang);
    let chosen = ReportKind::parse(&form.kind);
    ReportPage {
        frame: public.frame(),
        w,
        action: permit
            .map_or("/report".to_owned(), |permit| format!("/report/{}", permit.serial.to_hex())),
        about: permit.map(|permit| permit.facts.name.clone()).unwrap_or_default(),
        kinds: ReportKind::ALL
            .into_iter()
            .map(|kind| KindOption {
                code: kind.code(),
                label: kind_label(w, kind),
                chosen: chosen == Some(kind),
            })
            .collect(),
        form,
        error: String::new(),
        kind_error: "",
        place_error: "",
        text_error: "",
        contact_error: "",
    }
}

async fn reported(public: &Public, serial: &str) -> Result<Permit, Problem> {
    let serial = Serial::from_hex(serial).ok_or_else(Problem::not_found)?;
    let mut tx = public.app.db().read().await?;
    permits::store::find_by_serial(&mut tx, serial).await?.ok_or_else(Problem::not_found)
}

pub async fn form(public: Public) -> Result<Response, Problem> {
    html(&report_page(&public, None, ReportForm::default()))
}

pub async fn form_about(public: Public, Path(serial): Path<String>) -> Result<Response, Problem> {
    let permit = reported(&public, &serial).await?;
    html(&report_page(&public, Some(&permit), ReportForm::default()))
}

type Address = ConnectInfo<SocketAddr>;

pub async fn take(
    public: Public,
    ConnectInfo(address): Address,
    Form(form): Form<ReportForm>,
) -> Result<Response, Problem> {
    take_report(public, address, None, form).await
}

pub async fn take_about(
    public: Public,
    ConnectInfo(address): Address,
    Path(serial): Path<String>,
    Form(form): Form<ReportForm>,
) -> Result<Response, Problem> {
    let permit = reported(&public, &serial).await?;
    take_report(public, address, Some(permit), form).await
}

fn tidy(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

async fn take_report(
    public: Public,
    address: SocketAddr,
    permit: Option<Permit>,
    form: ReportForm,
) -> Result<Response, Problem> {
    let w = VerifyWords::of(public.lang);
    let (place, text, contact) = (tidy(&form.place), tidy(&form.text), tidy(&form.contact));
    let kind = ReportKind::parse(&form.kind);
    let mut page = report_page(&public, permit.as_ref(), form);
    if kind.is_none() {
        page.kind_error = w.report_kind_missing;
    }
    if permit.is_none() && place.is_empty() {
        page.place_error = w.report_place_missing;
    } else if place.chars().count() > 100 {
        page.place_error = w.report_too_long;
    }
    if !(4..=500).contains(&text.chars().count()) {
        page.text_error = w.report_text_missing;
    }
    if contact.chars().count() > 100 {
        page.contact_error = w.report_too_long;
    }
    let fine = [page.kind_error, page.place_error, page.text_error, page.contact_error]
        .iter()
        .all(|error| error.is_empty());
    let (true, Some(kind)) = (fine, kind) else {
        return html_form(&page, true);
    };
    if let Err(seconds) = public.app.admit_report(address.ip()) {
        page.error = fill(w.report_too_often, &[("seconds", &seconds)]);
        let page = html(&page)?;
        return Ok(
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds)], page).into_response()
        );
    }
    let new = NewReport { kind, place, text, contact };
    let number = inspections::take_report(&public.app, permit.as_ref(), new).await?;
    let why = fill(w.report_done_why, &[("number", &number)]);
    html(&ReceivedPage { frame: public.frame(), w, why })
}
