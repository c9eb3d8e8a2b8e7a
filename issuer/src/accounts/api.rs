//! Who a program's session acts as: `/api/session`.

use axum::Json;
use fugong_common::service::api::Operation;
use serde::Serialize;
use utoipa::ToSchema;

use crate::authz::Action;
use crate::web::{Page, Routes};

pub fn routes(routes: Routes) -> Routes {
    routes.get("/api/session", Action::UseConsole, show).told(
        Operation::new("readSession", "Who is signed in, and as what they act")
            .gives::<Session>(200, "The session"),
    )
}

#[derive(Serialize, ToSchema)]
struct Session {
    account_id: String,
    sign_in: String,
    name: String,
    /// The role decides what may be done.
    role: &'static str,
    division_id: String,
    /// Whose people act for an enterprise only.
    enterprise_id: Option<String>,
}

async fn show(page: Page) -> Json<Session> {
    let actor = page.actor;
    let of_enterprise = actor.post.role.is_of_enterprise();
    Json(Session {
        account_id: actor.account_id,
        sign_in: actor.sign_in,
        name: actor.name,
        role: actor.post.role.code(),
        division_id: actor.post.division_id,
        enterprise_id: of_enterprise.then_some(actor.post.enterprise_id),
    })
}
