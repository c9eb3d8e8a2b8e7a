//! Two people decide: a shift leader agrees, with a PIN, to what the gate alone would not let in.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::service::client::crowd;
use fugong_common::service::language::Language;
use fugong_common::service::problem::Problem;
use serde::Deserialize;

use super::guard::{OnDuty, Peer};
use super::lane::{Station, advice};
use super::shown::{Frame, Here, Panel};
use super::{Site, draw, go};
use crate::engine::GuardName;
use crate::view::{Direction, SessionId};

#[derive(Debug, Template)]
#[template(path = "override.html")]
pub struct OverridePage {
    pub frame: Frame,
    pub session: String,
    pub panel: Panel,
    pub leaders: Vec<GuardName>,
    /// Who was chosen, and the reason, as the form was sent.
    pub leader: String,
    pub reason: String,
}

/// `GET /session/{session}/override`
pub async fn override_form(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Path(session): Path<String>,
) -> Response {
    override_page(&site, lang, &on_duty, &session, Approval::default(), None)
        .unwrap_or_else(|| go("/"))
}

/// The form with what was typed into it, the PIN left out; none where nothing can be overridden.
fn override_page(
    site: &Site,
    lang: Lang,
    on_duty: &OnDuty,
    session: &str,
    form: Approval,
    refusal: Option<&Problem>,
) -> Option<Response> {
    let open = session.parse().ok().and_then(|id| site.gate.session(id));
    let outcome = open.filter(|outcome| outcome.override_possible)?;
    let path = format!("/session/{session}/override");
    let mut frame = site.frame(lang, Here::Check, &path, Some(&on_duty.guard));
    if let Some(problem) = refusal {
        frame = frame.notice("stop", advice(problem, lang));
    }
    let leaders = site.gate.guards().into_iter();
    let leaders = leaders.filter(|it| it.leader && it.id != on_duty.guard.id).collect();
    let panel = site.say(lang).panel(&outcome);
    let session = session.to_owned();
    let Approval { leader, reason, .. } = form;
    let page = OverridePage { frame, session, panel, leaders, leader, reason };
    let status = refusal.map_or(StatusCode::OK, Problem::status);
    Some((status, draw(&page)).into_response())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Approval {
    leader: String,
    pin: String,
    reason: String,
}

/// `POST /session/{session}/override`
pub async fn approve(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Peer(peer): Peer,
    Path(session): Path<String>,
    Form(form): Form<Approval>,
) -> Response {
    let Ok(id) = session.parse::<SessionId>() else { return go("/") };
    let station = Station { site: &site, lang, guard: &on_duty.guard, part: false };
    let gate = &site.gate;
    let problem = match site.tries.check(crowd(peer), gate.status().now) {
        Err(wait) => Problem::from(wait),
        Ok(()) => {
            match gate.approve(&on_duty.guard, id, &form.leader, &form.pin, &form.reason).await {
                Ok(outcome) => {
                    site.tries.forgive(&crowd(peer));
                    return station.outcome(&outcome).await;
                }
                Err(error) => Problem::from(error),
            }
        }
    };
    match override_page(&site, lang, &on_duty, &session, form, Some(&problem)) {
        Some(page) => page,
        // It was decided, or has gone, meanwhile.
        None => station.failed(station.ready(Direction::In), problem).await,
    }
}
