//! What machines ask: does it run, can it work, and how is it doing.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fugong_common::service::health::Health;
use fugong_common::service::problem::Problem;
use fugong_common::service::serve::Shutdown;

use super::guard::Peer;
use crate::engine::Gate;
use crate::view::{ClockState, EnrolmentStatus};

/// `GET /healthz`, `GET /readyz`, and for programs on this machine `GET /metrics`.
pub fn routes(gate: Gate, shutdown: Shutdown) -> Router {
    let (enrolled, journal) = (gate.clone(), gate.clone());
    let health = Health::new(shutdown)
        .check("enrolled", move || {
            let state = enrolled.enrolment();
            async move {
                match state {
                    EnrolmentStatus::Enrolled { .. } => Ok(()),
                    _ => Err("run `verifier enrol` and have it confirmed".to_owned()),
                }
            }
        })
        .check("journal", move || {
            let journal = journal.clone();
            async move { journal.recent(1).await.map(drop).map_err(|error| error.to_string()) }
        });
    Router::new().route("/metrics", get(metrics)).with_state(gate).merge(health.routes())
}

/// Figures say how many people come and go, so that only this machine may read them; a collector
/// elsewhere goes through an agent here.
async fn metrics(State(gate): State<Gate>, Peer(peer): Peer) -> Response {
    if !peer.to_canonical().is_loopback() {
        return Problem::forbidden().into_response();
    }
    let status = gate.status();
    let count = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    let flag = |set: bool| f64::from(u8::from(set));
    metrics::gauge!("fugong_gate_online").set(flag(status.online));
    metrics::gauge!("fugong_gate_entries_to_send").set(count(status.to_send));
    metrics::gauge!("fugong_gate_entries_not_recorded").set(count(status.not_recorded));
    metrics::gauge!("fugong_gate_people_inside").set(count(status.inside.into()));
    metrics::gauge!("fugong_gate_sessions_parked").set(count(status.parked.into()));
    metrics::gauge!("fugong_gate_clock_trusted").set(flag(status.clock == ClockState::Trusted));
    if let Some(age) = status.status_age_seconds {
        metrics::gauge!("fugong_gate_status_age_seconds").set(count(age));
    }
    fugong_common::service::metrics::answer()
}
