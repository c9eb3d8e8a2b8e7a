//! The same as JSON, for the camera, for load and for other programs at the gate.
//!
//! Every call needs a paired browser's cookie and, beyond frames and status, a guard on duty.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::Method;
use axum::routing::{get, post};
use fugong_common::lang::Lang;
use fugong_common::service::api::{About, Api, Operation, Security};
use fugong_common::service::language::Language;
use fugong_common::service::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Site;
use super::frames::FRAME_BYTES;
use super::guard::{OnDuty, Paired};
use super::shown::{Panel, Status};
use crate::view::{Direction, GateStatus, PersonRow, ScanOutcome, SessionId};

/// The routes below `/api`, with the document that describes them.
pub fn routes() -> (Router<Site>, serde_json::Value) {
    let asked = |id, summary| {
        let operation = Operation::new(id, summary).security(Security::Session);
        // Not enrolled, or without a bundle yet: 503.
        operation.refuses(&[503])
    };
    let limit = DefaultBodyLimit::max(FRAME_BYTES);
    Api::default()
        .add(
            Method::POST,
            "/api/scan",
            post(scan),
            asked("scan", "Judges what was scanned or typed; recorded unless it is only a step")
                .takes::<Scan>()
                .gives::<Answer>(200, "What the guard does next"),
        )
        .add(
            Method::POST,
            "/api/measure",
            post(measure),
            asked("measure", "Adds a temperature to a scan")
                .takes::<Measure>()
                .gives::<Answer>(200, "What the guard does next")
                .refuses(&[409, 410]),
        )
        .add(
            Method::POST,
            "/api/lookup",
            post(lookup),
            asked("lookUp", "Finds people of the roster by name or digits; recorded")
                .takes::<Lookup>()
                .gives::<Found>(200, "At most five, masked"),
        )
        .add(
            Method::GET,
            "/api/status",
            get(status),
            asked("readStatus", "How the gate is doing").gives::<Standing>(200, "Now"),
        )
        .add(
            Method::POST,
            "/api/frame",
            post(frame).layer(limit),
            asked("readFrame", "Finds QR codes in a camera frame of at most 1 MB; judges nothing")
                .takes_bytes(&["image/jpeg", "image/png", "application/octet-stream"])
                .gives::<Seen>(200, "Their texts")
                .refuses(&[415, 429]),
        )
        .finish(About {
            title: "Fugong verifier",
            description: "A gate, for the programs at it. Every call needs the cookie of a paired browser and, \
                          beyond frames and status, a guard on duty there.",
            cookie: super::guard::COOKIE,
        })
}

/// What the engine answered, and how it is said in the request's language.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer {
    #[serde(flatten)]
    outcome: ScanOutcome,
    panel: Panel,
}

impl Answer {
    fn of(site: &Site, lang: Lang, outcome: ScanOutcome) -> Json<Self> {
        let panel = site.say(lang).panel(&outcome);
        Json(Self { outcome, panel })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct Scan {
    text: String,
    #[serde(default)]
    direction: Direction,
}

/// `POST /api/scan` `{text, direction}`
pub async fn scan(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Json(body): Json<Scan>,
) -> Result<Json<Answer>, Problem> {
    let outcome = site.gate.scan(&on_duty.guard, &body.text, body.direction).await?;
    Ok(Answer::of(&site, lang, outcome))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct Measure {
    session: SessionId,
    /// Tenths of a degree Celsius.
    tenths: i16,
}

/// `POST /api/measure` `{session, tenths}`
pub async fn measure(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Json(body): Json<Measure>,
) -> Result<Json<Answer>, Problem> {
    let outcome = site.gate.measure(&on_duty.guard, body.session, body.tenths).await?;
    Ok(Answer::of(&site, lang, outcome))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct Lookup {
    query: String,
}

/// At most five people, masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    people: Vec<PersonRow>,
}

/// `POST /api/lookup` `{query}`; recorded.
pub async fn lookup(
    State(site): State<Site>,
    on_duty: OnDuty,
    Json(body): Json<Lookup>,
) -> Result<Json<Found>, Problem> {
    let mut people = site.gate.lookup(&on_duty.guard, body.query.trim()).await?;
    people.truncate(5);
    Ok(Json(Found { people }))
}

/// Facts, and the same as the bar says them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Standing {
    #[serde(flatten)]
    facts: GateStatus,
    said: Status,
}

/// `GET /api/status`
pub async fn status(
    State(site): State<Site>,
    Language(lang): Language,
    Paired(pair): Paired,
) -> Json<Standing> {
    let facts = site.gate.status();
    let guard = site.gate.guard_of(&pair);
    let said = site.say(lang).status(&facts, guard.as_ref().map(|guard| guard.name.as_str()));
    Json(Standing { facts, said })
}

/// What was seen in a frame.
#[derive(Debug, Serialize, ToSchema)]
pub struct Seen {
    /// Distinct texts of QR codes; empty where there is none.
    texts: Vec<String>,
}

/// `POST /api/frame`, a JPEG or PNG of at most 1 MB. Reads, and judges nothing: the page asks when
/// two different permits are in view.
pub async fn frame(
    State(site): State<Site>,
    Paired(pair): Paired,
    body: Bytes,
) -> Result<Json<Seen>, Problem> {
    let texts = site.frames.frame(pair.id, body).await?;
    Ok(Json(Seen { texts }))
}
