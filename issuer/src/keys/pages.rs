//! The published trust list, and the console's page of keys.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::service::api::Operation;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;

use super::words::KeyWords;
use super::{role_code, store};
use crate::app::App;
use crate::authz::Action;
use crate::permits;
use crate::web::{Frame, Nav, Page, Routes, Tone, html};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/trust", Action::VerifyInPublic, trust)
        .told(
            Operation::new(
                "readTrustList",
                "The signed list of authorities, with its predecessors",
            )
            .header("If-None-Match", "the list held already")
            .gives_bytes(200, "application/cbor", "A CBOR array of signed lists")
            .gives_nothing(304, "The list held is the newest")
            .refuses(&[404]),
        )
        .get("/api/jwks", Action::VerifyInPublic, jwks)
        .told(
            Operation::new("readKeys", "The same keys as a JWK Set, for information")
                .gives_bytes(200, "application/json", "RFC 7517")
                .refuses(&[404]),
        )
        .get("/keys", Action::ReadKeys, keys)
}

/// A CBOR array of signed lists (`COSE_Sign1` in byte strings); see `common::trust`.
async fn trust(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let mut tx = app.db().read().await?;
    let stored = store::newest(&mut tx).await?.ok_or_else(Problem::not_found)?;
    let tag = format!("\"{}-{}\"", stored.list.root.key_id(), stored.list.version);
    let about =
        [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "public, max-age=60".to_owned())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    Ok((about, [(header::CONTENT_TYPE, "application/cbor")], stored.chain).into_response())
}

/// The same keys as a JWK Set (RFC 7517), for information.
async fn jwks(State(app): State<App>) -> Result<Response, Problem> {
    let mut tx = app.db().read().await?;
    let stored = store::newest(&mut tx).await?.ok_or_else(Problem::not_found)?;
    let about = [(header::CACHE_CONTROL, "public, max-age=60")];
    Ok((about, Json(stored.list.jwks())).into_response())
}

struct KeyLine {
    id: String,
    role: &'static str,
    tone: Tone,
    state: String,
    from: String,
    sign_until: String,
    until: String,
    here: bool,
    /// Permits that count and were signed by it.
    permits: i64,
    /// Where those permits are listed, when they have to be reissued.
    reissue: Option<String>,
}

#[derive(Template)]
#[template(path = "keys/index.html")]
struct KeysPage {
    frame: Frame,
    w: &'static KeyWords,
    root: String,
    version: String,
    list_until: String,
    /// The list runs out soon or has.
    list_tone: Tone,
    keys: Vec<KeyLine>,
}

/// Warn this long before something ends.
const SOON_DAYS: i64 = 30;

async fn keys(page: Page) -> Result<Response, Problem> {
    let (now, zone) = (page.now, page.zone());
    let w = KeyWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let newest = store::newest(&mut tx).await?.map(|stored| stored.list);
    let mut lines = Vec::new();
    for own in store::list(&mut tx).await? {
        let entry = own.entry;
        let listed = newest.as_ref().and_then(|list| list.find_key(entry.id()));
        let seconds = now.seconds();
        let (tone, state) = if entry.revoked.is_some() {
            let published = listed.is_none_or(|listed| listed.revoked.is_some());
            (Tone::Stop, if published { w.withdrawn } else { w.withdrawn_unpublished })
        } else if seconds >= entry.exp {
            (Tone::Unknown, w.ended)
        } else if listed.is_none() {
            (Tone::Warn, w.unlisted)
        } else if seconds > entry.sign_until {
            (Tone::Unknown, w.verifying)
        } else if now.plus_days(SOON_DAYS).seconds() > entry.sign_until {
            (Tone::Warn, w.signing_soon_over)
        } else {
            (Tone::Ok, w.signing)
        };
        let permits = permits::store::count_by_key(&mut tx, &entry.id().to_string()).await?;
        let day = |seconds| zone.date(Millis::from_seconds(seconds));
        lines.push(KeyLine {
            id: entry.id().to_string(),
            role: w.role(role_code(entry.role)),
            tone,
            state: state.to_owned(),
            from: day(entry.nbf),
            sign_until: day(entry.sign_until),
            until: day(entry.exp.saturating_sub(1)),
            here: page.app.keys().signer(entry.role, entry.id()).is_some(),
            permits,
            reissue: (entry.revoked.is_some() && permits > 0)
                .then(|| format!("/permits?key={}", entry.id())),
        });
    }
    let list_over = newest.as_ref().map_or(0, |list| list.exp);
    html(&KeysPage {
        frame: page.frame(Nav::Settings),
        w,
        root: newest.as_ref().map(|list| list.root.fingerprint().to_string()).unwrap_or_default(),
        version: newest.as_ref().map(|list| list.version.to_string()).unwrap_or_default(),
        list_until: zone.date(Millis::from_seconds(list_over.saturating_sub(1))),
        list_tone: if list_over <= now.seconds() {
            Tone::Stop
        } else if list_over <= now.plus_days(SOON_DAYS).seconds() {
            Tone::Warn
        } else {
            Tone::Ok
        },
        keys: lines,
    })
}
