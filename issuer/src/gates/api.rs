//! The gate protocol's endpoints (see [`fugong_common::wire`]).

use std::net::SocketAddr;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::hex;
use fugong_common::journal::{BatchError, ChainFault, Head};
use fugong_common::service::api::Operation;
use fugong_common::service::problem::Problem;
use fugong_common::wire::{
    COSE_TYPE, DELTA_TYPE, ENROL, EVENTS, EnrolAnswer, EnrolRequest, HeldAnswer, Hex, JOURNAL,
    JOURNAL_BRANCH, JournalAnswer, JournalHead, MANIFEST, NONCE, NonceAnswer, PART_TYPE, PartName,
    problem,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::bundle::{self, Part};
use super::device::{self, DeviceRefusal, DeviceRequest, with_nonce};
use super::enrol::{self, Refused};
use super::intake::{self, Branch, Intake};
use super::shelf::Kept;
use super::{GateState, store};
use crate::app::App;
use crate::authz::Action;
use crate::changes;
use crate::restores;
use crate::restores::held::{self, Told};
use crate::web::Routes;

pub fn routes(routes: Routes) -> Routes {
    routes
        .post(ENROL, Action::SpeakAsGate, enrol_gate)
        .told(
            Operation::new(
                "enrolGate",
                "A new gate presents its one-time code, without a signature",
            )
            .takes::<EnrolRequest>()
            .gives::<EnrolAnswer>(200, "The gate waits to be confirmed")
            .refuses(&[404, 429]),
        )
        .get(NONCE, Action::SpeakAsGate, nonce)
        .told(
            Operation::new("readNonce", "A nonce for the next signed request; itself unsigned")
                .gives::<NonceAnswer>(200, "Good for ten minutes"),
        )
        .get(MANIFEST, Action::SpeakAsGate, manifest)
        .told(of_gate("readManifest", "The newest manifest").gives_bytes(200, COSE_TYPE, "Signed"))
        .get("/api/gate/parts/{name}/{digest}", Action::SpeakAsGate, part)
        .told(
            part_of(of_gate("readPart", "A part of the bundle"))
                .part("name", "`trust`, `settings`, `roster` or `register`")
                .query::<From>()
                .gives_bytes(200, DELTA_TYPE, "The part"),
        )
        .get("/api/gate/parts/status/{key}/{digest}", Action::SpeakAsGate, status_part)
        .told(
            part_of(of_gate("readStatusPart", "A status list of the bundle"))
                .part("key", "The key's id: eight hexadecimal characters"),
        )
        .get(EVENTS, Action::SpeakAsGate, events)
        .told(of_gate("followChanges", "Says when there is something to pull").gives_bytes(
            200,
            "text/event-stream",
            "Events `manifest` with a number, and `status` with a list; a comment every 15 seconds",
        ))
        .post("/api/gate/held/trust", Action::SpeakAsGate, held_trust)
        .told(held("tellTrust", "A newer trust list that the gate holds"))
        .post("/api/gate/held/manifest", Action::SpeakAsGate, held_manifest)
        .told(held("tellManifest", "A newer manifest that the gate holds"))
        .post("/api/gate/held/status/{key}", Action::SpeakAsGate, held_list)
        .told(
            held("tellStatusList", "A newer status list that the gate holds")
                .part("key", "The key's id: eight hexadecimal characters")
                .refuses(&[404]),
        )
        .get("/api/gate/journal/{id}", Action::SpeakAsGate, journal_head)
        .told(
            of_gate("readJournalHead", "Where the issuer stands with a journal")
                .part("id", "The journal's id: 32 hexadecimal characters")
                .gives::<JournalHead>(200, "The next number wanted")
                .refuses(&[400, 404]),
        )
        .post(JOURNAL, Action::SpeakAsGate, journal)
        .told(
            of_gate("sendJournal", "A signed batch of journal entries")
                .takes_bytes(&[COSE_TYPE])
                .gives::<JournalAnswer>(200, "Stored")
                .refuses(&[400, 409]),
        )
        .post(JOURNAL_BRANCH, Action::SpeakAsGate, branch)
        .told(
            of_gate("sendBranch", "Entries that contradict the journal as the issuer has it")
                .takes_bytes(&[COSE_TYPE])
                .gives_nothing(204, "Kept for people to look at")
                .refuses(&[400, 503]),
        )
}

/// Signed by a gate; one that waits is 403, one that was cut off 410.
fn of_gate(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, summary).refuses(&[403, 410])
}

/// After a restore a gate may know what the issuer has forgotten.
fn held(id: &'static str, summary: &'static str) -> Operation {
    of_gate(id, summary)
        .takes_bytes(&[COSE_TYPE])
        .gives::<HeldAnswer>(200, "What the issuer learned from it")
        .refuses(&[400])
}

fn part_of(operation: Operation) -> Operation {
    operation
        .part("digest", "SHA-256 as the manifest names it, hexadecimal")
        .header("Range", "`bytes=N-`, to go on with a download that broke")
        .gives_bytes(200, PART_TYPE, "The part")
        .gives_bytes(206, PART_TYPE, "Its rest")
        .refuses(&[400, 404])
}

async fn enrol_gate(
    State(app): State<App>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Json(request): Json<EnrolRequest>,
) -> Result<Response, Problem> {
    app.admit_sign_in(address.ip()).map_err(Problem::too_many)?;
    match enrol::present(&app, &request).await {
        Ok(answer) => Ok(Json(answer).into_response()),
        Err(Refused::Code) => Err(Problem::new(
            StatusCode::NOT_FOUND,
            problem::ENROLMENT_CODE,
            ("注册码无效或已过期", "The enrolment code is wrong or no longer good"),
        )
        .detail((
            "请在门岗页面重新生成注册码，15 分钟内使用。",
            "Make a new code on the gate's page and use it within 15 minutes.",
        ))),
        Err(Refused::NoTrustList) => Err(no_trust_list()),
        Err(Refused::Db(error)) => Err(error.into()),
    }
}

fn no_trust_list() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "no_trust_list",
        ("签发机构清单尚未签发", "There is no signed list of authorities yet"),
    )
    .detail((
        "请系统管理员先运行 issuer trust sign。",
        "An administrator has to run `issuer trust sign` first.",
    ))
}

async fn nonce(State(app): State<App>) -> Result<Response, Problem> {
    let nonce = device::new_nonce(&app).await?;
    Ok(Json(NonceAnswer { nonce, now_ms: app.now() }).into_response())
}

/// Answers with the nonce for the next request.
async fn answer(app: &App, response: impl IntoResponse) -> Result<Response, DeviceRefusal> {
    Ok(with_nonce(response.into_response(), Some(device::new_nonce(app).await?)))
}

async fn manifest(request: DeviceRequest) -> Result<Response, DeviceRefusal> {
    let request = request.confirmed()?;
    let app = request.app;
    let mut tx = app.db().snapshot().await?;
    if restores::gathering(&mut tx).await?.is_some() {
        return Err(restored().into());
    }
    let built = bundle::build(&app, tx, &request.gate.id).await?.ok_or_else(no_trust_list)?;
    let now = app.now();
    let stale = request.gate.last_seen_at.is_none_or(|at| now.0 - at > 30_000);
    if stale || request.gate.seen_seq != built.seq {
        app.bundles().seen().note(&request.gate.id, built.seq, now);
    }
    answer(&app, ([(header::CONTENT_TYPE, COSE_TYPE)], built.manifest.clone())).await
}

#[derive(Deserialize, IntoParams)]
struct From {
    /// Digest of the version held: a delta is given where there is one.
    from: Option<String>,
}

async fn part(
    Path((name, digest)): Path<(String, String)>,
    Query(query): Query<From>,
    headers: HeaderMap,
    request: DeviceRequest,
) -> Result<Response, DeviceRefusal> {
    send_part(request, &name, &digest, query.from.as_deref(), &headers).await
}

async fn status_part(
    Path((key, digest)): Path<(String, String)>,
    headers: HeaderMap,
    request: DeviceRequest,
) -> Result<Response, DeviceRefusal> {
    send_part(request, &format!("status/{key}"), &digest, None, &headers).await
}

async fn send_part(
    request: DeviceRequest,
    name: &str,
    digest: &str,
    from: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, DeviceRefusal> {
    let request = request.confirmed()?;
    let gone = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            problem::PART_GONE,
            ("该版本已更新", "This part has been replaced"),
        )
        .detail(("请重新获取清单。", "Pull the manifest again."))
    };
    let name: PartName = name.parse().map_err(|_| gone())?;
    let digest = hex::decode_array(digest).ok_or_else(gone)?;
    let from = from.and_then(hex::decode_array::<32>);
    match bundle::part(&request.app, &request.gate.id, name, &digest, from.as_ref()).await? {
        Part::Gone => Err(gone().into()),
        Part::Delta(delta) => {
            let (packed, bytes) = form(headers, &delta).await;
            let response = ([(header::CONTENT_TYPE, DELTA_TYPE)], bytes).into_response();
            answer(&request.app, marked(response, packed)).await
        }
        Part::Whole(part) => {
            let (packed, bytes) = form(headers, &part).await;
            let (status, range, body) = cut(headers, bytes);
            let mut response = (status, [(header::CONTENT_TYPE, PART_TYPE)], body).into_response();
            response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            if let Some(range) = range.and_then(|range| HeaderValue::from_str(&range).ok()) {
                response.headers_mut().insert(header::CONTENT_RANGE, range);
            }
            answer(&request.app, marked(response, packed)).await
        }
    }
}

/// The form in which a part travels: compressed for a gate that reads that, and whether it is.
async fn form(headers: &HeaderMap, part: &Kept) -> (bool, Bytes) {
    let mut accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    let reads = accepted.any(|value| value.to_str().is_ok_and(|value| value.contains("gzip")));
    match if reads { part.packed().await } else { None } {
        Some(packed) => (true, packed),
        None => (false, part.plain.clone()),
    }
}

fn marked(mut response: Response, packed: bool) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The rest of a part, in the form that was asked for, from where an earlier download broke off (RFC 9110 §14, `bytes=N-` only).
fn cut(headers: &HeaderMap, bytes: Bytes) -> (StatusCode, Option<String>, Bytes) {
    let from = headers.get(header::RANGE).and_then(|range| {
        range.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok()
    });
    let total = bytes.len();
    match from.filter(|from| *from < total) {
        Some(from) => {
            let range = format!("bytes {from}-{}/{total}", total - 1);
            (StatusCode::PARTIAL_CONTENT, Some(range), bytes.slice(from..))
        }
        None => (StatusCode::OK, None, bytes),
    }
}

async fn events(request: DeviceRequest) -> Result<Response, DeviceRefusal> {
    let request = request.confirmed()?;
    Ok(super::events::follow(request.app, request.gate.id).into_response())
}

/// Instead of a manifest: the issuer was set back and asks what the gate holds.
fn restored() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        problem::ISSUER_RESTORED,
        ("签发系统刚从备份恢复", "The issuer was restored from a backup"),
    )
    .detail((
        "正在向各门岗收集清单；门岗按已有清单继续核验。",
        "It asks its gates what they hold; meanwhile gates go on with that.",
    ))
}

fn told(what: Told) -> Json<HeldAnswer> {
    let learned = match what {
        Told::Learned(learned) => u64::try_from(learned).unwrap_or(u64::MAX),
        Told::Known | Told::Unfounded => 0,
    };
    Json(HeldAnswer { learned, believed: what != Told::Unfounded })
}

async fn held_trust(request: DeviceRequest) -> Result<Response, DeviceRefusal> {
    let request = request.confirmed()?;
    let app = request.app;
    let mut tx = app.db().write().await?;
    let what = held::take_trust(&app, &mut tx, &request.body).await?;
    tx.commit().await?;
    answer(&app, told(what)).await
}

async fn held_list(
    Path(key): Path<String>,
    request: DeviceRequest,
) -> Result<Response, DeviceRefusal> {
    let request = request.confirmed()?;
    let app = request.app;
    let key = key.parse().map_err(|_| Problem::not_found())?;
    let mut tx = app.db().write().await?;
    let what = held::take_list(&app, &mut tx, key, &request.body).await.map_err(Problem::from)?;
    let change = changes::newest(&mut tx).await?;
    app.commit(tx, change).await?;
    answer(&app, told(what)).await
}

async fn held_manifest(request: DeviceRequest) -> Result<Response, DeviceRefusal> {
    let request = request.confirmed()?;
    let app = request.app;
    let audience = device::audience(&app, &request.gate.id);
    let mut tx = app.db().write().await?;
    let what =
        held::take_manifest(&app, &mut tx, &request.gate.id, &audience, &request.body).await?;
    tx.commit().await?;
    answer(&app, told(what)).await
}

async fn journal_head(
    Path(id): Path<String>,
    request: DeviceRequest,
) -> Result<Response, DeviceRefusal> {
    let request = request.confirmed()?;
    let id = intake::parse_journal_id(&id).ok_or_else(Problem::not_found)?;
    let mut tx = request.app.db().read().await?;
    let row = store::journals::find(&mut tx, &id.to_string()).await?;
    drop(tx);
    let head = match row.filter(|row| row.gate_id == request.gate.id) {
        Some(row) => intake::head_of(&row, id)?,
        None => Head::start(id),
    };
    answer(&request.app, Json(JournalHead { next_seq: head.next_seq, head: Hex(head.hash) })).await
}

async fn journal(request: DeviceRequest) -> Result<Response, DeviceRefusal> {
    let (app, gate) = (request.app.clone(), request.gate.clone());
    if request.state == GateState::CutOff {
        intake::quarantine(&app, &gate.id, "cut_off", &request.body).await?;
        return Err(device::is_cut_off().into());
    }
    let request = request.confirmed()?;
    match intake::take_in(&app, &gate.id, &request.key, &request.body).await? {
        Intake::Taken { head, duplicates } => {
            metrics::counter!("fugong_journal_batches_total").increment(1);
            let body = JournalAnswer { next_seq: head.next_seq, head: Hex(head.hash), duplicates };
            answer(&app, Json(body)).await
        }
        Intake::Disputed { fault, head } => Err(disputed(fault, head).into()),
        Intake::Refused(error) => Err(no_batch(&error).into()),
        Intake::Foreign => Err(Problem::forbidden().into()),
    }
}

async fn branch(request: DeviceRequest) -> Result<Response, DeviceRefusal> {
    let request = request.confirmed()?;
    let (app, gate) = (request.app.clone(), request.gate.clone());
    match intake::take_branch(&app, &gate.id, &request.key, &request.body).await? {
        Branch::Kept => answer(&app, StatusCode::NO_CONTENT).await,
        Branch::Full => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            problem::DISPUTES_FULL,
            ("有争议的上传过多", "Too many disputed uploads"),
        )
        .detail((
            "请系统管理员在门岗页面查明并销号后再上传。",
            "An administrator settles some on the gate's page; the gate tries again.",
        ))
        .into()),
        Branch::Refused(error) => Err(no_batch(&error).into()),
    }
}

fn no_batch(error: &BatchError) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "journal_batch",
        ("无法识别的核验记录", "Not a journal batch of this gate"),
    )
    .with("reason", error.to_string())
}

fn disputed(fault: ChainFault, head: Head) -> Problem {
    let code = if matches!(fault, ChainFault::Gap { .. }) {
        problem::JOURNAL_GAP
    } else {
        problem::JOURNAL_FORK
    };
    let stands = serde_json::json!(JournalHead { next_seq: head.next_seq, head: Hex(head.hash) });
    Problem::new(
        StatusCode::CONFLICT,
        code,
        ("核验记录与已收记录不衔接", "The entries do not continue what was received"),
    )
    .detail((
        "已保留全部记录，请系统管理员查看门岗页面。",
        "Everything is kept; an administrator looks at the gate's page.",
    ))
    .with("reason", fault.to_string())
    .with("journal", stands)
}
