//! Who asks: a paired browser, and the guard who is on duty there. One extractor each, so that a
//! handler without one is a handler for everybody.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use fugong_common::service::language::cookie;
use fugong_common::service::problem::Problem;

use super::Site;
use crate::engine::{Guard, Pair};
use crate::error::{GateError, PinError};

/// Holds the pairing secret. Its own name: the issuer may be reached under the same host.
pub const COOKIE: &str = "fugong_gate";
/// A year: browsers at gates are furniture. Unpairing ends it at once.
const COOKIE_SECONDS: u32 = 31_536_000;

/// A browser that was paired.
#[derive(Clone, Debug)]
pub struct Paired(pub Pair);

/// The guard on duty at a paired browser.
#[derive(Clone, Debug)]
pub struct OnDuty {
    pub pair: Pair,
    pub guard: Guard,
}

impl FromRequestParts<Site> for Paired {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let api = parts.uri.path().starts_with("/api/");
        if !site.gate.is_confirmed() {
            return Err(turn_away(api, &GateError::NotEnrolled, "/enrol"));
        }
        cookie(&parts.headers, COOKIE)
            .and_then(|secret| site.gate.find_pair(secret))
            .map(Self)
            .ok_or_else(|| turn_away(api, &GateError::Pin(PinError::NotPaired), "/pair"))
    }
}

impl FromRequestParts<Site> for OnDuty {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let Paired(pair) = Paired::from_request_parts(parts, site).await?;
        match site.gate.guard_of(&pair) {
            Some(guard) => Ok(Self { pair, guard }),
            None if parts.uri.path().starts_with("/api/") => Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "sign_on",
                ("请先签到", "Sign on first"),
            )
            .detail((
                "请在本浏览器选择姓名并输入密码。",
                "Choose your name at this browser and enter the PIN.",
            ))
            .into_response()),
            None => Err(Redirect::to("/sign-on").into_response()),
        }
    }
}

fn turn_away(api: bool, error: &GateError, page: &str) -> Response {
    if api {
        Problem::from(error.clone()).into_response()
    } else {
        Redirect::to(page).into_response()
    }
}

/// Where a request came from; loopback where the service is driven without a socket.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(address.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip())))
    }
}

/// `Set-Cookie` for a browser that was just paired.
pub fn keep(secret: &str, https: bool) -> HeaderMap {
    let secure = if https { "; Secure" } else { "" };
    let value = format!(
        "{COOKIE}={secret}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(header::SET_COOKIE, value);
    }
    headers
}
