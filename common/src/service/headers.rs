//! What every answer carries: security headers, a request id; and the request's line in the log.

use std::fmt;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use tracing::Span;

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

/// Adds what a handler hasn't set itself. `true` for a service reached over HTTPS.
pub(super) fn protect(https: bool, response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in &ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if https {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static(HSTS));
    }
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

/// One request on its way: its id, and the line of the log that is written once it is answered: method, route, status,
/// milliseconds. The route is the pattern, not the path, because paths hold tokens and serials; queries, bodies and
/// addresses stay out for the same reason.
pub(super) struct Entry {
    service: &'static str,
    id: RequestId,
    method: Method,
    route: Option<MatchedPath>,
    begun: MonotonicClock,
    pub span: Span,
}

impl Recorder {
    /// Gives the request its id.
    pub(super) fn begin(&self, request: &mut Request) -> Entry {
        let number = u64::from_be_bytes(bytes(&*self.entropy));
        let id = RequestId(format!("{number:016x}").into());
        request.extensions_mut().insert(id.clone());
        Entry {
            service: self.service,
            span: tracing::info_span!("request", service = self.service, id = %id),
            id,
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
            begun: MonotonicClock::start(),
        }
    }
}

impl Entry {
    /// Writes the line, and the id into the answer.
    pub(super) fn end(self, response: &mut Response) {
        let method = super::metrics::known(&self.method);
        let route = self.route.as_ref().map_or("-", MatchedPath::as_str);
        let (status, millis) = (response.status().as_u16(), self.begun.elapsed_millis());
        if is_probe(route) {
            tracing::debug!(parent: &self.span, method, route, status, millis, "answered");
        } else {
            tracing::info!(parent: &self.span, method, route, status, millis, "answered");
        }
        super::metrics::count_request(self.service, method, route, status, millis);
        if let Ok(value) = HeaderValue::try_from(&*self.id.0) {
            response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
        }
    }
}

/// Questions that machines ask every few seconds.
fn is_probe(route: &str) -> bool {
    matches!(route, "/healthz" | "/readyz" | "/metrics") || route.starts_with("/assets/")
}
