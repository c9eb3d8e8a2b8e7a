//! The layers around a service's routes, in the one order in which they work.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use super::assets::Assets;
use super::bodies::{Bodies, meter};
use super::client::{self, Proxies};
use super::headers::{Recorder, protect};
use super::language;
use super::origin::{Origins, guard};
use super::problem::{Asked, ErrorPage, Problem, plain_page, speak};
use crate::entropy::Entropy;

/// Largest body unless a route sets its own `DefaultBodyLimit`.
pub const BODY_LIMIT_BYTES: usize = 1 << 20;
/// Longest time from the request's head to the answer's head.
pub const TIME_OUT: Duration = Duration::from_secs(30);

/// Bytes of large bodies in memory at once, of all requests and of those from one address.
pub const BODIES_BYTES: u64 = 256 << 20;
pub const BODIES_OF_ONE_BYTES: u64 = 64 << 20;
/// Code of the problem that a request ends with when it is not answered in time.
pub(super) const TOOK_TOO_LONG: &str = "took_too_long";

/// What a service's routes are wrapped in.
#[derive(Clone)]
pub struct Shell {
    /// `issuer` or `verifier`, for logs and metrics.
    pub service: &'static str,
    pub origins: Origins,
    pub assets: Assets,
    pub entropy: Arc<dyn Entropy>,
    pub body_limit_bytes: usize,
    pub time_out: Duration,
    /// Path prefixes that may take longer, e.g. uploads over slow lines and large exports.
    pub patient: Vec<(String, Duration)>,
    /// Whose word about a request's origin is taken.
    pub proxies: Proxies,
    pub error_page: ErrorPage,
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell")
            .field("service", &self.service)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

impl Shell {
    pub fn new(
        service: &'static str,
        origins: Origins,
        assets: Assets,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let error_page = plain_page(assets.url("base.css"));
        Self {
            service,
            origins,
            assets,
            entropy,
            body_limit_bytes: BODY_LIMIT_BYTES,
            time_out: TIME_OUT,
            patient: Vec::new(),
            proxies: Proxies::default(),
            error_page,
        }
    }

    /// Adds assets and the language link to the routes, and puts the layers around all of them.
    /// The service is taken to be on HTTPS when all its origins are.
    pub fn around(self, routes: Router) -> Router {
        let allowed = self.origins.allowed();
        let https = !allowed.is_empty() && allowed.iter().all(super::origin::Origin::is_https);
        let way = Way {
            https,
            patience: Patience { usual: self.time_out, longer: self.patient },
            bodies: Arc::new(Bodies::new(BODIES_BYTES, BODIES_OF_ONE_BYTES)),
            recorder: Recorder { service: self.service, entropy: self.entropy },
            origins: self.origins,
            proxies: self.proxies,
            error_page: self.error_page,
        };
        routes
            .merge(self.assets.routes())
            .merge(language::routes(https))
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || {
                Problem::for_status(StatusCode::METHOD_NOT_ALLOWED)
            })
            .layer((
                from_fn_with_state(Arc::new(way), through),
                CatchPanicLayer::custom(Problem::panicked),
                DefaultBodyLimit::max(self.body_limit_bytes),
            ))
    }
}

/// What stands along the way of every request.
struct Way {
    proxies: Proxies,
    recorder: Recorder,
    https: bool,
    error_page: ErrorPage,
    origins: Origins,
    bodies: Arc<Bodies>,
    patience: Patience,
}

/// From the socket to the handler and back, outermost first. One function and not eight layers: each layer of a router
/// copies all that it surrounds for every request.
async fn through(State(way): State<Arc<Way>>, mut request: Request, next: Next) -> Response {
    client::find(&way.proxies, &mut request);
    let entry = way.recorder.begin(&mut request);
    let span = entry.span.clone();
    let answered = async {
        let language = language::choose(&mut request);
        let asked = Asked::of(&request, language);
        let response = match guard(&way.origins, &request) {
            Ok(()) => {
                let in_time = async |request| in_time(&way.patience, request, next).await;
                meter(&way.bodies, request, in_time).await
            }
            Err(problem) => problem.into_response(),
        };
        let mut response = speak(&way.error_page, asked, response).await;
        language::tell(language, &mut response);
        response
    };
    let mut response = answered.instrument(span).await;
    protect(way.https, &mut response);
    entry.end(&mut response);
    response
}

struct Patience {
    usual: Duration,
    longer: Vec<(String, Duration)>,
}

impl Patience {
    fn with(&self, path: &str) -> Duration {
        let longer = self.longer.iter().find(|(prefix, _)| path.starts_with(prefix));
        longer.map_or(self.usual, |(_, patience)| *patience)
    }
}

async fn in_time(patience: &Patience, request: Request, next: Next) -> Response {
    let patience = patience.with(request.uri().path());
    if let Ok(response) = tokio::time::timeout(patience, next.run(request)).await {
        return response;
    }
    tracing::warn!(seconds = patience.as_secs(), "no answer in time");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, TOOK_TOO_LONG, ("处理超时", "It took too long"))
        .detail(("请一分钟后重试。", "Try again in a minute."))
        .retry_after(60)
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::service::assets::SHARED;
    use crate::service::origin::Origin;
    use axum::body::{Body, Bytes, to_bytes};
    use axum::http::header;
    use axum::routing::{get, post};
    use serde_json::Value;
    use tower::ServiceExt;

    fn app() -> Router {
        let routes = Router::new()
            .route("/page", get(async || "hello"))
            .route("/panic", get(async || -> &str { panic!("secret of the handler") }))
            .route("/slow", get(async || tokio::time::sleep(Duration::from_hours(1)).await))
            .route("/send", post(async |body: Bytes| body.len().to_string()))
            .route("/api/send", post(async |_: axum::Json<Value>| "read"));
        let origins = Origins::new(vec![Origin::parse("https://a.example").unwrap()]);
        let mut shell =
            Shell::new("test", origins, Assets::new(SHARED), Arc::new(SeededEntropy::new(1)));
        shell.body_limit_bytes = 100;
        shell.time_out = Duration::from_millis(50);
        shell.around(routes)
    }

    async fn ask(method: &str, path: &str, more: &[(&str, &str)], body: &'static str) -> Response {
        let mut request = Request::builder().method(method).uri(path).header("host", "a.example");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        app().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    async fn text(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    async fn json(response: Response) -> Value {
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        serde_json::from_str(&text(response).await).unwrap()
    }

    const OURS: (&str, &str) = ("origin", "https://a.example");

    #[tokio::test]
    async fn a_panic_becomes_a_problem_body_without_its_message() {
        let response = ask("GET", "/panic", &[("accept-language", "en")], "").await;
        assert_eq!(response.status(), 500);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body = json(response).await;
        assert_eq!(body["code"], "internal");
        assert_eq!(body["title"], "Something went wrong here");
        assert_eq!(body["request_id"], *id);
        assert!(!body.to_string().contains("secret"));
    }

    #[tokio::test]
    async fn a_form_from_another_origin_is_refused_before_its_handler_runs() {
        let response = ask("POST", "/send", &[("origin", "https://evil.example")], "x").await;
        assert_eq!(response.status(), 403);
        assert_eq!(json(response).await["code"], "cross_origin");
        assert_eq!(text(ask("POST", "/send", &[OURS], "x").await).await, "1");
    }

    #[tokio::test]
    async fn another_host_is_misdirected() {
        let request = Request::get("/page").header("host", "b.example").body(Body::empty());
        let response = app().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 421);
        assert_eq!(json(response).await["code"], "wrong_host");
    }

    #[tokio::test]
    async fn pages_carry_the_security_headers() {
        let response = ask("GET", "/page", &[], "").await;
        let headers = response.headers();
        assert_eq!(
            headers[header::CONTENT_SECURITY_POLICY],
            super::super::headers::CONTENT_SECURITY_POLICY
        );
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::CONTENT_LANGUAGE], "zh-Hans");
        assert_eq!(headers[header::STRICT_TRANSPORT_SECURITY], "max-age=15552000");
        assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=(self)"));
    }

    #[tokio::test]
    async fn too_large_bodies_and_unreadable_ones_are_problems_too() {
        let long = "0123456789".repeat(20).leak();
        let response = ask("POST", "/send", &[OURS], long).await;
        assert_eq!(response.status(), 413);
        assert_eq!(json(response).await["code"], "too_large");
        let sent = [OURS, ("content-type", "application/json")];
        let response = ask("POST", "/api/send", &sent, "{").await;
        assert_eq!(response.status(), 400);
        assert!(json(response).await["reason"].as_str().unwrap().contains("JSON"));
        let response = ask("POST", "/page", &[OURS], "").await;
        assert_eq!(response.status(), 405);
        assert_eq!(json(response).await["code"], "method_not_allowed");
    }

    #[tokio::test]
    async fn a_handler_that_hangs_is_given_up() {
        let response = ask("GET", "/slow", &[], "").await;
        assert_eq!(response.status(), 503);
        assert_eq!(json(response).await["code"], "took_too_long");
    }

    #[tokio::test]
    async fn a_browser_gets_a_page_in_its_language() {
        let accept = ("accept", "text/html");
        let response = ask("GET", "/nowhere?lang=en", &[accept], "").await;
        assert_eq!(response.status(), 404);
        let page = text(response).await;
        assert!(
            page.starts_with("<!doctype html><html lang=\"en\">") && page.contains("Not found")
        );
        assert!(!page.contains("style=") && !page.contains("<script"));
        assert!(text(ask("GET", "/nowhere", &[accept], "").await).await.contains("没有找到"));
    }
}
