//! `/healthz`: the process answers. `/readyz`: it can do its work, and isn't stopping.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::serve::Shutdown;

/// A check that hangs counts as failed after this.
const PATIENCE: Duration = Duration::from_secs(2);

type Outcome = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Arc<dyn Fn() -> Outcome + Send + Sync>;

/// What has to work before requests may be sent here.
#[derive(Clone)]
pub struct Health {
    shutdown: Shutdown,
    checks: Vec<(&'static str, Check)>,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|(name, _)| name)).finish()
    }
}

impl Health {
    pub fn new(shutdown: Shutdown) -> Self {
        Self { shutdown, checks: Vec::new() }
    }

    /// Adds a check. Its name is shown; its error goes to the log only.
    #[must_use]
    pub fn check<F, O>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    /// `GET /healthz` and `GET /readyz`.
    pub fn routes<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new()
            .route("/healthz", get(async || "ok"))
            .route("/readyz", get(move || async move { self.answer().await }))
    }

    async fn answer(&self) -> Response {
        let mut failing = Vec::new();
        if self.shutdown.has_begun() {
            failing.push("stopping");
        }
        for (name, check) in &self.checks {
            let outcome = tokio::time::timeout(PATIENCE, check()).await;
            if let Err(error) = outcome.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
                tracing::warn!(check = name, error, "not ready");
                failing.push(name);
            }
        }
        let ready = failing.is_empty();
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(json!({"ready": ready, "failing": failing}))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    async fn readyz(health: &Health) -> (u16, String) {
        let app: Router = health.clone().routes();
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1024).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_failing_check_is_named_without_its_reason() {
        let health = Health::new(Shutdown::new())
            .check("signing_key", async || Ok(()))
            .check("database", async || Err("password hunter2 refused".to_owned()));
        assert_eq!(
            readyz(&health).await,
            (503, r#"{"failing":["database"],"ready":false}"#.into())
        );
    }

    #[tokio::test]
    async fn a_service_that_is_stopping_is_not_ready() {
        let shutdown = Shutdown::new();
        let health = Health::new(shutdown.clone());
        assert_eq!(readyz(&health).await.0, 200);
        shutdown.begin();
        assert_eq!(
            readyz(&health).await,
            (503, r#"{"failing":["stopping"],"ready":false}"#.into())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_hangs_counts_as_failed() {
        let health = Health::new(Shutdown::new()).check("disk", std::future::pending);
        assert_eq!(readyz(&health).await.0, 503);
    }
}
