//! `GET /metrics`: figures on which somebody can be woken (domain A37, D30). Read on this machine
//! only: they say how much a district approves.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::get;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;

use crate::app::App;
use crate::db::DbError;
use crate::{applications, gates, keys, status};

/// A gate that has not been heard of for so long counts as silent: several pulls were missed.
const SILENT_AFTER_MINUTES: i64 = 10;

pub fn routes(app: App) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app)
}

/// A request that a proxy on this machine passes on comes from elsewhere.
fn is_from_here(peer: SocketAddr, headers: &HeaderMap) -> bool {
    peer.ip().to_canonical().is_loopback()
        && !headers.contains_key("x-forwarded-for")
        && !headers.contains_key(header::FORWARDED)
}

async fn metrics(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !is_from_here(peer, &headers) {
        return Err(Problem::forbidden());
    }
    measure(&app).await?;
    Ok(fugong_common::service::metrics::answer())
}

/// Seconds from `then` to `now`, none of them negative. Exact in a float for 285 million years.
#[allow(clippy::cast_precision_loss)]
fn seconds(then: Millis, now: Millis) -> f64 {
    now.since(then).max(0) as f64 / 1000.0
}

#[allow(clippy::cast_precision_loss)]
fn count(n: i64) -> f64 {
    n as f64
}

async fn measure(app: &App) -> Result<(), DbError> {
    let now = app.now();
    let mut tx = app.db().read().await?;
    for waiting in applications::list_waiting(&mut tx).await? {
        let state = waiting.state;
        metrics::gauge!("fugong_applications_waiting", "state" => state.clone())
            .set(count(waiting.n));
        let oldest = if waiting.n == 0 { 0.0 } else { seconds(Millis(waiting.since), now) };
        metrics::gauge!("fugong_applications_oldest_seconds", "state" => state).set(oldest);
    }
    if let Some(newest) = keys::store::newest(&mut tx).await? {
        let left = seconds(now, Millis::from_seconds(newest.list.exp));
        metrics::gauge!("fugong_trust_list_seconds_left").set(left);
        for key in newest.list.keys.iter().filter(|key| key.revoked.is_none()) {
            let id = key.id().to_string();
            if let Some(list) = status::find_token(&mut tx, &id).await? {
                let age = seconds(Millis(list.signed_at), now);
                metrics::gauge!("fugong_status_list_age_seconds", "key" => id).set(age);
            }
        }
    }
    let silent = now.plus_minutes(-SILENT_AFTER_MINUTES);
    let gates = gates::store::count_by_contact(&mut tx, silent).await?;
    metrics::gauge!("fugong_gates_confirmed").set(count(gates.confirmed));
    metrics::gauge!("fugong_gates_silent").set(count(gates.silent));
    metrics::gauge!("fugong_disputes_open").set(count(gates.open_disputes));
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use fugong_common::service::serve::Shutdown;
    use tower::ServiceExt;

    use super::*;
    use crate::permits::testing::{Town, text};
    use crate::web;

    async fn ask(town: &Town, from: [u8; 4], forwarded: bool) -> (u16, String) {
        let mut request = Request::get("/metrics").header("host", "127.0.0.1:8080");
        if forwarded {
            request = request.header("x-forwarded-for", "203.0.113.9");
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 4000))));
        let router = web::router(&town.app, Shutdown::new()).unwrap();
        text(router.oneshot(request).await.unwrap()).await
    }

    #[tokio::test]
    async fn figures_to_be_woken_by_are_read_on_this_machine_only() {
        let town = Town::new().await;
        town.issued("a1").await;
        fugong_common::service::metrics::start().unwrap();
        crate::status::refresh(&town.app).await.unwrap();
        let (status, figures) = ask(&town, [127, 0, 0, 1], false).await;
        assert_eq!(status, 200, "{figures}");
        for name in [
            "fugong_applications_waiting{state=\"submitted\"} 0",
            "fugong_applications_oldest_seconds{state=\"signing\"} 0",
            "fugong_trust_list_seconds_left",
            "fugong_status_list_age_seconds{key=",
            "fugong_gates_silent 0",
        ] {
            assert!(figures.contains(name), "{name} is missing:\n{figures}");
        }
        assert_eq!(ask(&town, [192, 0, 2, 1], false).await.0, 403);
        assert_eq!(ask(&town, [127, 0, 0, 1], true).await.0, 403, "passed on by a proxy");
    }
}
