//! A request signed by a gate's device key.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::device::{DeviceError, UnverifiedClaim};
use fugong_common::entropy;
use fugong_common::keys::PublicKey;
use fugong_common::service::problem::Problem;
use fugong_common::wire::{self, problem};

use super::store::GateRow;
use super::{GateState, nonce, store};
use crate::app::App;
use crate::db::DbError;

/// Batches hold at most 2,000 entries of a few hundred bytes.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// A gate that has proved itself, and the body it signed.
#[derive(Debug)]
pub struct DeviceRequest {
    pub app: App,
    pub gate: GateRow,
    pub state: GateState,
    pub key: PublicKey,
    pub body: Bytes,
}

/// A refusal that also carries a fresh nonce, so that the gate can come back at once.
#[derive(Debug)]
pub struct DeviceRefusal(Problem, Option<String>);

impl From<Problem> for DeviceRefusal {
    fn from(problem: Problem) -> Self {
        Self(problem, None)
    }
}

impl From<DbError> for DeviceRefusal {
    fn from(error: DbError) -> Self {
        Self(error.into(), None)
    }
}

impl IntoResponse for DeviceRefusal {
    fn into_response(self) -> Response {
        with_nonce(self.0.into_response(), self.1)
    }
}

/// Adds the nonce for the gate's next request.
pub(super) fn with_nonce(mut response: Response, nonce: Option<String>) -> Response {
    if let Some(value) = nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
        response.headers_mut().insert(wire::NONCE_HEADER, value);
    }
    response
}

/// A fresh nonce.
pub(super) async fn new_nonce(app: &App) -> Result<String, DbError> {
    let secret = nonce_secret(app).await?;
    Ok(nonce::make(&secret, entropy::bytes(app.entropy()), app.now()))
}

async fn nonce_secret(app: &App) -> Result<Vec<u8>, DbError> {
    if let Some(secret) = app.bundles().nonce_secret() {
        return Ok(secret);
    }
    let proposal: [u8; 32] = entropy::bytes(app.entropy());
    let mut tx = app.db().write().await?;
    let secret = store::secrets::own_key(&mut tx, "nonces", &proposal).await?;
    tx.commit().await?;
    app.bundles().set_nonce_secret(secret.clone());
    Ok(secret)
}

fn unsigned() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        problem::DEVICE_SIGNATURE,
        ("请求未由已注册的核验机签名", "The request is not signed by an enrolled verifier"),
    )
    .detail(("请在核验机上重新注册。", "Enrol this verifier again."))
}

pub(super) fn waiting() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        problem::GATE_WAITING,
        ("门岗待确认", "The gate is still to be confirmed"),
    )
    .detail((
        "请系统管理员核对指纹后确认。",
        "An administrator compares the fingerprint and confirms.",
    ))
}

pub(super) fn is_cut_off() -> Problem {
    Problem::new(StatusCode::GONE, problem::GATE_CUT_OFF, ("门岗已停用", "The gate is cut off"))
        .detail(("核验机上的名单将被清除。", "The verifier wipes what it holds."))
}

impl FromRequest<App> for DeviceRequest {
    type Rejection = DeviceRefusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, DeviceRefusal> {
        let (parts, body) = request.into_parts();
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let claim = header.map(UnverifiedClaim::parse).and_then(Result::ok).ok_or_else(unsigned)?;
        let mut tx = app.db().read().await?;
        let gate = store::find(&mut tx, claim.gate_id()).await?.ok_or_else(unsigned)?;
        drop(tx);
        let state = gate.state()?;
        let key: [u8; 32] =
            gate.device_key.as_deref().and_then(|key| key.try_into().ok()).ok_or_else(unsigned)?;
        let key = PublicKey::from_bytes(&key).map_err(|_| unsigned())?;
        let claim = claim.verify(&key).map_err(|_| unsigned())?;
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let other = |fault: DeviceError| unsigned().with("reason", fault.to_string());
        claim
            .is_for_head(parts.method.as_str(), target, &audience(app, &gate.id))
            .map_err(other)?;
        let fresh = {
            let secret = nonce_secret(app).await?;
            nonce::is_fresh(&secret, &claim.nonce, app.now())
        };
        if !fresh {
            let problem = Problem::new(
                StatusCode::UNAUTHORIZED,
                problem::NONCE_EXPIRED,
                ("请求凭据已过期", "The request's nonce has expired"),
            );
            return Err(DeviceRefusal(problem, Some(new_nonce(app).await?)));
        }
        // Only now: nobody but a gate makes us hold megabytes.
        let body = to_bytes(body, MAX_BODY_BYTES)
            .await
            .map_err(|_| Problem::for_status(StatusCode::PAYLOAD_TOO_LARGE))?;
        claim.covers(&body).map_err(other)?;
        Ok(Self { app: app.clone(), gate, state, key, body })
    }
}

impl DeviceRequest {
    /// Lets only a confirmed gate go on.
    pub fn confirmed(self) -> Result<Self, Problem> {
        match self.state {
            GateState::Confirmed => Ok(self),
            GateState::CutOff => Err(is_cut_off()),
            GateState::New | GateState::Waiting => Err(waiting()),
        }
    }
}

/// What a gate's requests and its manifests are addressed to and for: one issuer, one gate.
pub(super) fn audience(app: &App, gate_id: &str) -> String {
    format!("{}#{gate_id}", app.config().origin)
}
