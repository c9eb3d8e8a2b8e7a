//! `GET /api/status/{id}`: a list's newest token, for anybody.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::keys::KeyId;
use fugong_common::service::api::Operation;
use fugong_common::service::problem::Problem;
use fugong_common::status::DEFAULT_TTL_SECONDS;

use super::find_token;
use crate::app::App;
use crate::authz::Action;
use crate::web::Routes;

/// draft-ietf-oauth-status-list-21 §14.2.
const MEDIA_TYPE: &str = "application/statuslist+cwt";

pub fn routes(routes: Routes) -> Routes {
    routes.get("/api/status/{id}", Action::VerifyInPublic, newest).told(
        Operation::new("readStatusList", "The newest signed status list of a permit or pass key")
            .part("id", "The key's id: eight hexadecimal characters")
            .header("If-None-Match", "the list held already")
            .gives_bytes(200, MEDIA_TYPE, "A Token Status List as a signed CWT")
            .gives_nothing(304, "The list held is the newest")
            .refuses(&[400, 404]),
    )
}

async fn newest(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id: KeyId = id.parse().map_err(|_| Problem::not_found())?;
    let mut tx = app.db().read().await?;
    let stored = find_token(&mut tx, &id.to_string()).await?.ok_or_else(Problem::not_found)?;
    let tag = format!("\"{}-{}\"", stored.key_id, stored.seq);
    let about = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, format!("public, max-age={}", DEFAULT_TTL_SECONDS / 10)),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    Ok((about, [(header::CONTENT_TYPE, MEDIA_TYPE)], stored.token).into_response())
}
