//! The gate's HTTP face: pages for guards, and the same as JSON under `/api`.
//!
//! | who | may |
//! |---|---|
//! | anybody | enrolment state, pairing form, health |
//! | a paired browser | sign on, send camera frames |
//! | a guard on duty at a paired browser | everything else |
//! | a shift leader on duty | pairing codes, unpairing |

mod access;
mod api;
mod assets;
mod device;
mod frames;
mod guard;
mod keypad;
mod lane;
mod panel;
mod people;
mod refusal;
#[cfg(test)]
pub(crate) mod samples;
mod second;
mod shown;
#[cfg(test)]
mod tests;
mod watch;
mod words;

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use fugong_common::entropy::Entropy;
use fugong_common::lang::Lang;
use fugong_common::service::assets::{Assets, SHARED};
use fugong_common::service::limit::{Rate, RateLimiter};
use fugong_common::service::origin::{Origin, Origins};
use fugong_common::service::problem::Problem;
use fugong_common::service::serve::Shutdown;
use fugong_common::service::shell::Shell;

use self::frames::Frames;
use self::panel::Say;
use self::shown::{Frame, Here, Notice};
use crate::config::ConfigError;
use crate::engine::{Gate, Guard};

pub use self::assets::ASSETS;
pub use self::frames::FRAME_BYTES;

/// A photo from a phone; pixels are bounded apart from it.
const PHOTO_BYTES: usize = 16 << 20;

/// What the handlers share. One pointer: a router copies it several times for every request.
#[derive(Clone, Debug)]
pub struct Site(Arc<Parts>);

#[derive(Debug)]
pub struct Parts {
    gate: Gate,
    assets: Assets,
    frames: Frames,
    /// Tries at pairing codes and PINs, per address. The engine's own lock-outs count per code and
    /// per guard; this keeps one address from trying all guards.
    tries: RateLimiter<IpAddr>,
    https: bool,
}

impl Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Site {
    /// `assets` holds [`ASSETS`]; `https` marks cookies for HTTPS only.
    pub fn new(gate: Gate, assets: Assets, https: bool) -> Self {
        Self(Arc::new(Parts {
            gate,
            assets,
            frames: Frames::default(),
            tries: RateLimiter::new(Rate::per_minute(20), 4096),
            https,
        }))
    }

    fn say(&self, lang: Lang) -> Say {
        Say::new(lang, self.gate.bearings())
    }

    fn frame(&self, lang: Lang, here: Here, path: &str, guard: Option<&Guard>) -> Frame {
        let status = self.gate.status();
        let said = self.say(lang).status(&status, guard.map(|guard| guard.name.as_str()));
        Frame {
            lang,
            here,
            path: path.to_owned(),
            assets: self.assets.clone(),
            status: said,
            notice: None,
        }
    }
}

/// The whole service: pages, API, assets, health and metrics, within the shell both services share.
///
/// # Errors
/// The configuration names an origin that is none.
pub fn app(
    gate: &Gate,
    entropy: Arc<dyn Entropy>,
    shutdown: Shutdown,
) -> Result<Router, ConfigError> {
    let origins = gate.config().origins()?;
    let https = origins.iter().all(Origin::is_https);
    let assets = Assets::new(&[SHARED, ASSETS].concat());
    let site = Site::new(gate.clone(), assets.clone(), https);
    let mut shell = Shell::new("verifier", Origins::new(origins), assets, entropy);
    shell.proxies = gate.config().proxies()?;
    Ok(shell.around(routes(site).merge(watch::routes(gate.clone(), shutdown))))
}

/// All routes for people and programs at the gate, without the shell around them.
pub fn routes(site: Site) -> Router {
    Router::new()
        .route("/", get(lane::page))
        .route("/scan", post(lane::scan))
        .route("/photo", post(lane::photo).layer(DefaultBodyLimit::max(PHOTO_BYTES)))
        .route("/part", get(lane::part))
        .route("/session/{session}/measure", post(lane::measure))
        .route("/session/{session}/act", post(lane::act))
        .route("/session/{session}/override", get(second::override_form).post(second::approve))
        .route("/correct/{seq}", post(lane::correct))
        .route("/visitor", get(people::visitor_form).post(people::visitor))
        .route("/people", get(people::form).post(people::look_up))
        .route("/people/choose", post(people::choose))
        .route("/inside", get(people::inside))
        .route("/records", get(people::records))
        .route("/enrol", get(access::enrol))
        .route("/pair", get(access::pair_form).post(access::pair))
        .route("/sign-on", get(access::sign_on_form).post(access::sign_on))
        .route("/sign-off", post(access::sign_off))
        .route("/shift", get(access::shift).post(access::hand_over))
        .route("/device", get(device::page))
        .route("/device/sync", post(device::sync))
        .route("/device/code", post(device::code))
        .route("/device/clock", post(device::clock))
        .route("/device/unpair", post(device::unpair))
        .merge(api::routes().0)
        .with_state(site)
}

impl Frame {
    fn notice(mut self, tone: &'static str, text: impl Into<String>) -> Self {
        self.notice = Some(Notice { tone, text: text.into() });
        self
    }
}

/// A drawn page.
fn draw(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

fn go(path: &str) -> Response {
    Redirect::to(path).into_response()
}
