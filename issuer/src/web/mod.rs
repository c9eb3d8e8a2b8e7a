//! The shell around every capability's pages: routes, sessions, layout, language, errors.

mod again;
mod errors;
mod frame;
mod page;
mod routes;
mod words;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use fugong_common::service::assets::{Asset, Assets, SHARED};
use fugong_common::service::health::Health;
use fugong_common::service::origin::{BadOrigin, Origin, Origins};
use fugong_common::service::serve::Shutdown;
use fugong_common::service::shell::Shell;

pub use again::{Refused, html_again};
pub use errors::{conflict, unreadable};
pub use frame::{Frame, Nav, Notice, Tone};
pub use page::{
    Page, Paging, Public, encode, html, html_conflict, html_form, see_other, session_cookie,
};
pub use routes::{RouteLine, Routes};
pub use words::WebWords;

use crate::app::App;
use crate::{
    accounts, applications, approvals, audit, desk, divisions, enterprises, gates, imports,
    inspections, keys, passes, people, permits, premises, settings, status, verify, watch,
};

/// Files of the issuer's own beside the shared ones.
const OWN: &[Asset] = &[
    Asset {
        name: "console.css",
        mime: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/console.css"),
    },
    Asset {
        name: "console.js",
        mime: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/console.js"),
    },
    Asset {
        name: "inspect.js",
        mime: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/inspect.js"),
    },
];

/// The set of files that pages link to.
pub fn assets() -> Assets {
    let all: Vec<Asset> = SHARED.iter().chain(OWN).copied().collect();
    Assets::new(&all)
}

/// Every route with its action, as the capabilities declare them.
pub fn declare(app: &App) -> Routes {
    let mut routes = Routes::new(app.clone());
    for capability in [
        desk::pages::routes,
        applications::pages::routes,
        approvals::pages::routes,
        applications::api::routes,
        accounts::pages::routes,
        accounts::api::routes,
        settings::pages::routes,
        divisions::pages::routes,
        audit::pages::routes,
        keys::pages::routes,
        permits::pages::routes,
        passes::pages::routes,
        status::pages::routes,
        permits::issuing::routes,
        verify::pages::routes,
        inspections::pages::routes,
        gates::api::routes,
        gates::pages::routes,
        gates::read::routes,
        enterprises::pages::routes,
        enterprises::api::routes,
        premises::pages::routes,
        people::pages::routes,
        imports::pages::routes,
    ] {
        routes = capability(routes);
    }
    routes.with_document()
}

/// The whole service as one router.
///
/// # Errors
/// An origin or host of the configuration that no browser could send.
pub fn router(app: &App, shutdown: Shutdown) -> Result<Router, BadOrigin> {
    let config = app.config();
    let mut allowed = vec![Origin::parse(&config.origin)?];
    let scheme = if config.is_https() { "https" } else { "http" };
    for host in &config.hosts {
        allowed.push(Origin::parse(&format!("{scheme}://{host}"))?);
    }
    let origins = Origins::new(allowed).signed("/api/gate/");
    let assets = app.assets().clone();
    let mut shell = Shell::new("issuer", origins, assets, app.entropy_handle());
    // Uploads over slow lines, and the whole territory as a spreadsheet.
    for slow in ["/enterprises/import", "/people/import", "/imports/", "/enterprises/export"] {
        shell.patient.push((slow.to_owned(), Duration::from_mins(3)));
    }
    // Two thousand placards take longer than a page.
    shell.patient.push(("/permits/print".to_owned(), Duration::from_mins(10)));
    shell.proxies = config.proxies();
    shell.error_page = Arc::new({
        let app = app.clone();
        move |problem, asked| errors::page(&app, problem, asked)
    });
    let ready = app.clone();
    let health = Health::new(shutdown).check("database", move || {
        let app = ready.clone();
        async move { app.db().ping().await.map_err(|error| error.to_string()) }
    });
    let routes =
        declare(app).into_router().merge(watch::routes(app.clone())).merge(health.routes());
    Ok(shell.around(routes))
}
