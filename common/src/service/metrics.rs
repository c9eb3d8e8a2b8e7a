//! Prometheus figures: one recorder per process, read at `/metrics`, no listener of its own.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use metrics::SharedString;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "fugong_http_requests_total";
const REQUEST_SECONDS: &str = "fugong_http_request_seconds";
const REFUSED: &str = "fugong_connections_refused_total";
/// Seconds; from a local verdict to a slow report.
const BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];
/// Seconds that something was under way between services: from at once to a week without network.
const LAG_BUCKETS: &[f64] = &[1.0, 5.0, 30.0, 300.0, 3600.0, 21_600.0, 86_400.0, 604_800.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
static INSTALLING: Mutex<()> = Mutex::new(());

/// Starts recording, once per process; later calls change nothing.
///
/// # Errors
/// Something else in this process already records metrics.
pub fn start() -> Result<(), BuildError> {
    let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if HANDLE.get().is_none() {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)?
            .set_buckets_for_metric(Matcher::Suffix("_lag_seconds".to_owned()), LAG_BUCKETS)?
            .install_recorder()?;
        metrics::describe_counter!(REQUESTS, "Requests answered.");
        metrics::describe_counter!(REFUSED, "Connections closed because there were too many.");
        metrics::describe_histogram!(
            REQUEST_SECONDS,
            "Seconds from a request's head to its answer's."
        );
        let _ = HANDLE.set(handle);
    }
    Ok(())
}

/// The figures as Prometheus reads them; empty before [`start`].
pub fn text() -> String {
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Folds samples into buckets. Must run every few seconds, or samples pile up until someone reads.
pub(super) fn upkeep() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}

/// The figures as an answer. Who may see them is the caller's to decide first.
pub fn answer() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text()).into_response()
}

pub(super) fn count_request(
    service: &'static str,
    method: &'static str,
    route: &str,
    status: u16,
    millis: i64,
) {
    // At most an hour: exact in a float.
    let millis = u32::try_from(millis.clamp(0, 3_600_000)).unwrap_or_default();
    let route: SharedString = Arc::<str>::from(route).into();
    metrics::histogram!(REQUEST_SECONDS, "service" => service, "route" => route.clone())
        .record(f64::from(millis) / 1000.0);
    metrics::counter!(
        REQUESTS,
        "service" => service,
        "method" => method,
        "route" => route,
        "status" => status.to_string()
    )
    .increment(1);
}

pub(super) fn count_refused_connection() {
    metrics::counter!(REFUSED).increment(1);
}

/// A client can invent methods; each would be a new series, and a line of the log as he likes it.
pub(super) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_invented_methods_share_a_line() {
        start().unwrap();
        start().unwrap();
        count_request("test", "GET", "/permits/{serial}", 200, 12);
        count_request(
            "test",
            known(&Method::from_bytes(b"BREW").unwrap()),
            "/permits/{serial}",
            405,
            1,
        );
        upkeep();
        let text = text();
        assert!(
            text.contains(r#"method="GET",route="/permits/{serial}",status="200"} 1"#),
            "{text}"
        );
        assert!(text.contains(r#"method="other",route="/permits/{serial}",status="405"} 1"#));
        assert!(text.contains(r#"route="/permits/{serial}",le="0.025"} 2"#), "{text}");
    }
}
