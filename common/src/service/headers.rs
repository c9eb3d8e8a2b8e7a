//! What every answer carries: security headers, a request id; and the request's line in the log.

use std::fmt;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::ambient::MonotonicClock;
use crate::entropy::{Entropy, bytes};

/// No inline script or style, nothing from elsewhere, no framing. `blob:` is the camera's picture.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data: blob:; connect-src 'self'; media-src 'self' blob:; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

static ALWAYS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: under that, browsers send `Origin: null` with our own forms. Pages whose
    // address is a secret (the public verification page) set the stricter one themselves.
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Half a year, this host only: a town's other services under the same domain are not ours to bind.
const HSTS: &str = "max-age=15552000";

/// Layer: adds what a handler hasn't set itself. `true` for a service reached over HTTPS.
pub(super) async fn protect(State(https): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in &ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static(HSTS));
    }
    response
}

/// Names one request in log, header and error page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the request log needs.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    pub service: &'static str,
    pub entropy: Arc<dyn Entropy>,
}

/// Layer: gives the request an id and writes one line about it: method, route, status,
/// milliseconds. The route is the pattern, not the path, because paths hold tokens and serials;
/// queries, bodies and addresses stay out for the same reason.
pub(super) async fn record(
    State(recorder): State<Recorder>,
    mut request: Request,
    next: Next,
) -> Response {
    let number = u64::from_be_bytes(bytes(&*recorder.entropy));
    let id = RequestId(format!("{number:016x}").into());
    request.extensions_mut().insert(id.clone());
    let method = request.method().as_str().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let route = route.to_owned();
    let service = recorder.service;
    let span = tracing::info_span!("request", service, id = %id);
    let elapsed = MonotonicClock::start();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, millis) = (response.status().as_u16(), elapsed.elapsed_millis());
    if is_probe(&route) {
        tracing::debug!(parent: &span, method, route, status, millis, "answered");
    } else {
        tracing::info!(parent: &span, method, route, status, millis, "answered");
    }
    super::metrics::count_request(service, &method, route, status, millis);
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// Questions that machines ask every few seconds.
fn is_probe(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz" | "/metrics") || route.starts_with("/assets/")
}
