//! Before the lane: enrolment, pairing, sign-on; and its hand-over.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use fugong_common::lang::Lang;
use fugong_common::service::client::crowd;
use fugong_common::service::language::Language;
use fugong_common::service::problem::Problem;
use fugong_common::time::say_span;
use fugong_common::words::fill;
use serde::Deserialize;

use super::guard::{OnDuty, Paired, Peer, keep};
use super::shown::{Frame, Here};
use super::words::AccessWords;
use super::{Site, draw, go};
use crate::engine::GuardName;
use crate::error::{GateError, PinError};
use crate::view::{EnrolmentStatus, GateStatus};

#[derive(Debug, Template)]
#[template(path = "enrol.html")]
pub struct EnrolPage {
    pub frame: Frame,
    pub state: EnrolmentStatus,
}

impl EnrolPage {
    /// In groups of four, as people compare them aloud.
    pub fn fingerprint(&self) -> Option<String> {
        match &self.state {
            EnrolmentStatus::Waiting { device_fingerprint, .. } => {
                Some(grouped(device_fingerprint))
            }
            _ => None,
        }
    }

    pub fn cut_off(&self) -> bool {
        self.state == EnrolmentStatus::CutOff
    }
}

/// `0123 4567 …`
pub fn grouped(hex: &str) -> String {
    let mut out = String::with_capacity(hex.len() + hex.len() / 4);
    for (index, c) in hex.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

#[derive(Debug, Template)]
#[template(path = "pair.html")]
pub struct PairPage {
    pub frame: Frame,
    pub code: String,
    pub label: String,
}

#[derive(Debug, Template)]
#[template(path = "sign_on.html")]
pub struct SignOnPage {
    pub frame: Frame,
    pub guards: Vec<GuardName>,
    pub chosen: Option<GuardName>,
}

impl SignOnPage {
    pub fn pin_label(&self, name: &str) -> String {
        fill(AccessWords::of(self.frame.lang).pin_for, &[("name", &name)])
    }
}

#[derive(Debug, Template)]
#[template(path = "shift.html")]
pub struct ShiftPage {
    pub frame: Frame,
    /// Facts of the shift, each a sentence.
    pub facts: Vec<String>,
    pub guards: Vec<GuardName>,
    pub note: String,
    pub to: String,
}

/// `GET /enrol`
pub async fn enrol(State(site): State<Site>, Language(lang): Language) -> Response {
    let state = site.gate.enrolment();
    if matches!(state, EnrolmentStatus::Enrolled { .. }) {
        return go("/");
    }
    draw(&EnrolPage { frame: site.frame(lang, Here::Outside, "/enrol", None), state })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PairForm {
    code: String,
    label: String,
}

fn pair_page(
    site: &Site,
    lang: Lang,
    form: PairForm,
    refusal: Option<(StatusCode, String)>,
) -> Response {
    let mut frame = site.frame(lang, Here::Outside, "/pair", None);
    let mut status = StatusCode::OK;
    if let Some((refused, text)) = refusal {
        (status, frame) = (refused, frame.notice("stop", text));
    }
    (status, draw(&PairPage { frame, code: form.code, label: form.label })).into_response()
}

/// `GET /pair`, where the QR leads with `?code=`. Opening it pairs nothing: somebody presses the button.
pub async fn pair_form(
    State(site): State<Site>,
    Language(lang): Language,
    Query(form): Query<PairForm>,
) -> Response {
    if !site.gate.is_confirmed() {
        return go("/enrol");
    }
    pair_page(&site, lang, form, None)
}

/// `POST /pair`
pub async fn pair(
    State(site): State<Site>,
    Language(lang): Language,
    Peer(peer): Peer,
    headers: HeaderMap,
    Form(form): Form<PairForm>,
) -> Response {
    let words = AccessWords::of(lang);
    if let Err(wait) = site.tries.check(crowd(peer), site.gate.status().now) {
        let text = fill(words.pair_many, &[("n", &wait.retry_after_seconds)]);
        return pair_page(&site, lang, form, Some((StatusCode::TOO_MANY_REQUESTS, text)));
    }
    match site.gate.pair(&form.code, form.label.trim()).await {
        Ok((_, secret)) => {
            site.tries.forgive(&crowd(peer));
            // A box may be reached over TLS and, on itself, without: each browser's cookie as it came.
            let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
            let https = origin.map_or(site.https, |origin| origin.starts_with("https://"));
            (keep(&secret, https), Redirect::to("/sign-on")).into_response()
        }
        Err(GateError::Pin(_)) => {
            let refusal = (StatusCode::FORBIDDEN, words.pair_wrong.to_owned());
            pair_page(&site, lang, form, Some(refusal))
        }
        Err(error) => {
            let refusal = (Problem::from(error.clone()).status(), error.say(lang));
            pair_page(&site, lang, form, Some(refusal))
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Choice {
    guard: String,
}

fn sign_on_page(site: &Site, lang: Lang, guard: &str, refusal: Option<GateError>) -> Response {
    let guards = site.gate.guards();
    let chosen = guards.iter().find(|known| known.id == guard).cloned();
    let mut frame = site.frame(lang, Here::Outside, "/sign-on", None);
    let mut status = StatusCode::OK;
    if let Some(error) = refusal {
        frame = frame.notice("stop", pin_refusal(lang, &error));
        status = Problem::from(error).status();
    }
    (status, draw(&SignOnPage { frame, guards, chosen })).into_response()
}

/// Locks are said in minutes: nobody counts 300 seconds.
pub fn pin_refusal(lang: Lang, error: &GateError) -> String {
    let words = AccessWords::of(lang);
    match error {
        GateError::Pin(PinError::Wrong) => words.pin_wrong.to_owned(),
        GateError::Pin(PinError::Locked { seconds }) => {
            let span = say_span(lang, i64::try_from(*seconds).unwrap_or(i64::MAX));
            fill(words.pin_locked, &[("span", &span)])
        }
        other => other.say(lang),
    }
}

/// `GET /sign-on`
pub async fn sign_on_form(
    State(site): State<Site>,
    Language(lang): Language,
    Paired(_): Paired,
    Query(choice): Query<Choice>,
) -> Response {
    sign_on_page(&site, lang, &choice.guard, None)
}

#[derive(Debug, Deserialize)]
pub struct SignOn {
    guard: String,
    pin: String,
}

/// `POST /sign-on`
pub async fn sign_on(
    State(site): State<Site>,
    Language(lang): Language,
    Paired(pair): Paired,
    Peer(peer): Peer,
    Form(form): Form<SignOn>,
) -> Response {
    if let Err(wait) = site.tries.check(crowd(peer), site.gate.status().now) {
        let locked = PinError::Locked { seconds: wait.retry_after_seconds };
        return sign_on_page(&site, lang, &form.guard, Some(GateError::Pin(locked)));
    }
    match site.gate.sign_on(&pair, &form.guard, &form.pin).await {
        Ok(_) => {
            site.tries.forgive(&crowd(peer));
            go("/")
        }
        Err(error) => sign_on_page(&site, lang, &form.guard, Some(error)),
    }
}

/// `POST /sign-off`
pub async fn sign_off(State(site): State<Site>, Paired(pair): Paired) -> Response {
    match site.gate.sign_off(&pair).await {
        Ok(()) => go("/sign-on"),
        Err(error) => Problem::from(error).into_response(),
    }
}

async fn shift_page(
    site: &Site,
    lang: Lang,
    on_duty: &OnDuty,
    form: HandOver,
    refusal: Option<GateError>,
) -> Response {
    let mut frame = site.frame(lang, Here::Shift, "/shift", Some(&on_duty.guard));
    let mut code = StatusCode::OK;
    if let Some(error) = refusal {
        frame = frame.notice("stop", pin_refusal(lang, &error));
        code = Problem::from(error).status();
    }
    let status = site.gate.status();
    let facts = shift_facts(site, lang, on_duty, &status).await;
    let guards = site.gate.guards().into_iter();
    let guards = guards.filter(|guard| guard.id != on_duty.guard.id).collect();
    let page = ShiftPage { frame, facts, guards, note: form.note, to: form.to };
    (code, draw(&page)).into_response()
}

async fn shift_facts(
    site: &Site,
    lang: Lang,
    on_duty: &OnDuty,
    status: &GateStatus,
) -> Vec<String> {
    let (words, say) = (AccessWords::of(lang), site.say(lang));
    let mut facts = Vec::new();
    if let Ok(shift) = site.gate.shift(&on_duty.guard).await {
        if let Some(since) = shift.since {
            let time = say.zone.say_time(lang, since, say.now);
            let span = say_span(lang, say.now.since(since) / 1000);
            facts.push(fill(
                words.shift_since,
                &[("name", &on_duty.guard.name), ("time", &time), ("span", &span)],
            ));
        }
        facts.push(fill(
            words.shift_checks,
            &[("n", &shift.checks), ("go", &shift.passed), ("stop", &shift.stopped)],
        ));
    }
    facts.push(fill(words.shift_inside, &[("n", &status.inside)]));
    facts.push(match status.parked {
        0 => words.shift_parked_none.to_owned(),
        n => fill(words.shift_parked, &[("n", &n)]),
    });
    facts.push(fill(words.shift_to_send, &[("n", &status.to_send)]));
    facts
}

/// `GET /shift`
pub async fn shift(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
) -> Response {
    shift_page(&site, lang, &on_duty, HandOver::default(), None).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HandOver {
    to: String,
    pin: String,
    note: String,
}

/// `POST /shift`
pub async fn hand_over(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Peer(peer): Peer,
    Form(form): Form<HandOver>,
) -> Response {
    if let Err(wait) = site.tries.check(crowd(peer), site.gate.status().now) {
        let locked = PinError::Locked { seconds: wait.retry_after_seconds };
        return shift_page(&site, lang, &on_duty, form, Some(GateError::Pin(locked))).await;
    }
    match site.gate.hand_over(&on_duty.pair, &form.to, &form.pin, form.note.trim()).await {
        Ok(_) => {
            site.tries.forgive(&crowd(peer));
            go("/")
        }
        Err(error) => shift_page(&site, lang, &on_duty, form, Some(error)).await,
    }
}
