//! Today's status codes (当日状态码): the newest status lists as QR codes, which a gate without network
//! scans like a placard. They hold no more than `GET /api/status/{id}` tells anybody.

use askama::Template;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use fugong_common::keys::{KeyId, Role};
use fugong_common::placard::status_text;
use fugong_common::service::problem::Problem;
use fugong_common::status::StatusClaims;
use fugong_common::time::Millis;

use super::words::GateWords;
use crate::authz::Action;
use crate::db::{DbError, Tx};
use crate::print::{Correction, Qr, qr_png};
use crate::web::{Frame, Nav, Page, Routes, html};
use crate::{keys, status};

pub fn routes(routes: Routes) -> Routes {
    routes.get("/gates/status-codes", Action::ReadGates, sheet).get(
        "/gates/status-codes/{key}",
        Action::ReadGates,
        picture,
    )
}

/// Pixels to a module: sharp enough to be sent on and read off another phone's screen.
const SCALE: u8 = 8;

struct Code {
    key: String,
    of: &'static str,
    signed_at: String,
    usable_until: String,
    /// Side in modules and path data; `None` where the list outgrew one QR code.
    qr: Option<(usize, String)>,
}

#[derive(Template)]
#[template(path = "gates/status_codes.html")]
struct Sheet {
    frame: Frame,
    w: &'static GateWords,
    codes: Vec<Code>,
}

async fn sheet(page: Page) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let codes = current(&page, &mut tx).await?;
    html(&Sheet { frame: page.frame(Nav::Gates), w: GateWords::of(page.lang), codes })
}

/// The newest list of every key whose permits or passes still count.
async fn current(page: &Page, tx: &mut Tx) -> Result<Vec<Code>, DbError> {
    let (w, zone, now) = (GateWords::of(page.lang), page.zone(), page.now);
    let Some(newest) = keys::store::newest(tx).await? else { return Ok(Vec::new()) };
    let trust = newest.list;
    let mut codes = Vec::new();
    for key in trust.keys.iter().filter(|key| key.revoked.is_none() && now.seconds() < key.exp) {
        let id = key.id().to_string();
        let Some(stored) = status::find_token(tx, &id).await? else { continue };
        // A list that gates would not take is not handed out.
        let Ok(claims) = StatusClaims::open(&stored.token, &trust, key, now) else { continue };
        let qr = Qr::new(&status_text(&stored.token), Correction::M).ok();
        codes.push(Code {
            key: id,
            of: if key.role == Role::Pass { w.code_of_passes } else { w.code_of_permits },
            signed_at: zone.say_time(page.lang, Millis::from_seconds(claims.iat), now),
            usable_until: zone.say_time(page.lang, Millis::from_seconds(claims.exp), now),
            qr: qr.map(|qr| (qr.outer_modules(), qr.path())),
        });
    }
    Ok(codes)
}

async fn picture(page: Page, Path(key): Path<String>) -> Result<Response, Problem> {
    let key: KeyId = key.parse().map_err(|_| Problem::not_found())?;
    let mut tx = page.app.db().read().await?;
    let stored =
        status::find_token(&mut tx, &key.to_string()).await?.ok_or_else(Problem::not_found)?;
    let png = qr_png(&status_text(&stored.token), Correction::M, SCALE)
        .map_err(|_| Problem::not_found())?;
    let name = format!("attachment; filename=\"status-{key}-{}.png\"", stored.seq);
    let about =
        [(header::CONTENT_TYPE, "image/png".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((about, png).into_response())
}
