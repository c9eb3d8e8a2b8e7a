//! Routes with their line in the authorisation table. There is no other way to add one.

use std::collections::{BTreeMap, HashSet};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use fugong_common::service::api::{About, DOCUMENT, Operation, Security, document, own};
use fugong_common::service::language::{Language, cookie};
use fugong_common::service::problem::Problem;

use super::page::{self, Public};
use crate::accounts::{Secret, store};
use crate::app::App;
use crate::authz::{Access, Action};

/// A form that outlives its session is kept if it is no longer than this.
const KEPT_FORM_BYTES: usize = 64 * 1024;
/// Sessions are marked as seen at most this often, so that reading a page rarely writes.
const SEEN_EVERY_MILLIS: i64 = 60_000;

/// One line of the route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteLine {
    pub method: Method,
    pub path: &'static str,
    pub action: Action,
}

/// Collects routes; every one passes the guard of its action.
#[derive(Debug)]
pub struct Routes {
    app: App,
    router: Router<App>,
    table: Vec<RouteLine>,
    told: Vec<(RouteLine, Operation)>,
}

impl Routes {
    pub fn new(app: App) -> Self {
        Self { app, router: Router::new(), table: Vec::new(), told: Vec::new() }
    }

    #[must_use]
    pub fn get<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        action: Action,
        handler: H,
    ) -> Self {
        self.add(Method::GET, path, action, get(handler))
    }

    #[must_use]
    pub fn post<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        action: Action,
        handler: H,
    ) -> Self {
        self.add(Method::POST, path, action, post(handler))
    }

    /// A route whose body limit or method differs from the usual.
    #[must_use]
    pub fn add(
        mut self,
        method: Method,
        path: &'static str,
        action: Action,
        handler: MethodRouter<App>,
    ) -> Self {
        let guarded = handler.layer(from_fn_with_state((self.app.clone(), action), guard));
        self.table.push(RouteLine { method, path, action });
        self.router = self.router.route(path, guarded);
        self
    }

    /// Describes the route declared just before for programs. Who may ask follows from its action.
    #[must_use]
    pub fn told(mut self, operation: Operation) -> Self {
        if let Some(line) = self.table.last() {
            let security = match line.action.access() {
                Access::Public => Security::Open,
                Access::Device => Security::Device,
                Access::SignedIn | Access::Posts(_) => Security::Session,
            };
            self.told.push((line.clone(), operation.security(security)));
        }
        self
    }

    /// The document of everything told, itself among it.
    pub fn describe(&self) -> serde_json::Value {
        let about = About {
            title: "Fugong issuer",
            description: "Permits, applications, enterprises and gates for programs; what anybody may verify; \
                          the protocol of the gates. Lists are cut to what the session's post reaches: what \
                          lies outside is not found.",
            cookie: page::session_cookie(&self.app),
        };
        let told = self.told.iter().map(|(line, of)| (&line.method, line.path, of));
        document(about, told)
    }

    /// Serves that document.
    #[must_use]
    pub fn with_document(mut self) -> Self {
        let line =
            RouteLine { method: Method::GET, path: DOCUMENT, action: Action::VerifyInPublic };
        self.told.push((line, own()));
        let text = self.describe().to_string();
        self.get(DOCUMENT, Action::VerifyInPublic, async move || {
            ([(header::CONTENT_TYPE, "application/json")], text.clone()).into_response()
        })
    }

    /// The declared routes, for documentation and tests.
    pub fn table(&self) -> &[RouteLine] {
        &self.table
    }

    /// All of them. After a refused form the browser shows the form's address: whoever opens that,
    /// by a link to the other language or by asking for the page again, comes to the page above it.
    pub fn into_router(self) -> Router {
        let mut router = self.router;
        for (path, up) in pages_above_forms(&self.table) {
            let above = async move |uri: Uri| page::see_other(cut(uri.path(), up));
            router = router.route(path, get(above));
        }
        router.with_state(self.app)
    }
}

/// A path without its last so many segments.
fn cut(path: &str, up: usize) -> &str {
    let end = path.rmatch_indices('/').nth(up.saturating_sub(1)).map_or(0, |(at, _)| at);
    if end == 0 { "/" } else { &path[..end] }
}

/// Paths of pages that only take forms, and how many segments below a page that can be opened.
fn pages_above_forms(table: &[RouteLine]) -> BTreeMap<&'static str, usize> {
    // Two routes may call the same segment by different names.
    let shape = |path: &str| {
        let plain =
            |segment: &str| if segment.starts_with('{') { "{}" } else { segment }.to_owned();
        path.split('/').map(plain).collect::<Vec<_>>().join("/")
    };
    let opened: HashSet<String> = table
        .iter()
        .filter(|line| line.method == Method::GET)
        .map(|line| shape(line.path))
        .collect();
    let forms = table.iter().map(|line| line.path);
    forms
        .filter(|path| !path.starts_with("/api/") && !opened.contains(&shape(path)))
        .filter_map(|path| {
            let ups = 1..=path.matches('/').count();
            let up = ups.into_iter().find(|up| opened.contains(&shape(cut(path, *up))))?;
            Some((path, up))
        })
        .collect()
}

/// Lets a request through to an action, or says why not.
async fn guard(
    State((app, action)): State<(App, Action)>,
    language: Language,
    mut request: Request,
    next: Next,
) -> Response {
    if matches!(action.access(), Access::Public | Access::Device) {
        return next.run(request).await;
    }
    let secret = cookie(request.headers(), page::session_cookie(&app)).map(Secret::hash);
    let session = match &secret {
        Some(secret) => match find_session(&app, secret, language).await {
            Ok(session) => session,
            Err(problem) => return problem.into_response(),
        },
        None => None,
    };
    let Some(session) = session else {
        return sign_in_first(&app, language, request).await;
    };
    if !session.actor.may(action) {
        return Problem::forbidden()
            .detail((
                "您当前的岗位没有这项权限，请切换岗位或联系系统管理员。",
                "Your present post may not do this. Switch posts, or ask an administrator.",
            ))
            .into_response();
    }
    request.extensions_mut().insert(session.actor);
    next.run(request).await
}

async fn find_session(
    app: &App,
    secret: &[u8],
    language: Language,
) -> Result<Option<store::Session>, Problem> {
    let now = app.now();
    let mut tx = app.db().read().await?;
    let session = store::find_session(&mut tx, secret, language.0, now).await?;
    drop(tx);
    if let Some(session) = &session
        && now.since(session.seen_at) > SEEN_EVERY_MILLIS
    {
        let mut tx = app.db().write().await?;
        store::touch_session(&mut tx, secret, now).await?;
        tx.commit().await?;
    }
    Ok(session)
}

/// Pages lead to the sign-in page and back; a form that was sent is carried along, so that what
/// somebody typed survives the end of a session; programs are told.
async fn sign_in_first(app: &App, language: Language, request: Request) -> Response {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    if target.starts_with("/api/") {
        return Problem::for_status(StatusCode::UNAUTHORIZED).into_response();
    }
    if request.method() == Method::GET {
        return page::see_other(&format!("/sign-in?to={}", page::encode(&target)));
    }
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|mime| mime.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let body = std::mem::replace(&mut request.into_body(), Body::empty());
    let kept = if is_form { to_bytes(body, KEPT_FORM_BYTES).await.ok() } else { None };
    let kept = kept.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    let public = Public::new(app.clone(), language.0, &target);
    crate::accounts::pages::sign_in_again(&public, &target, kept)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::permits::testing::Town;

    #[tokio::test]
    async fn whoever_opens_the_address_of_a_form_comes_to_the_page_above_it() {
        let town = Town::new().await;
        let routes = crate::web::declare(&town.app);
        let above = pages_above_forms(routes.table());
        let opened = |path| {
            let mut table = routes.table().iter();
            table.any(|line| line.path == path && line.method == Method::GET)
        };
        for line in routes.table().iter().filter(|line| !line.path.starts_with("/api/")) {
            assert!(opened(line.path) || above.contains_key(line.path), "{}", line.path);
        }
        for (form, page) in [
            ("/permits/p1/suspend", "/permits/p1"),
            ("/gates/g1/guards/9/end", "/gates/g1"),
            ("/sign-out", "/"),
        ] {
            let request = Request::get(form).body(Body::empty()).unwrap();
            let response = town.send(request).await;
            assert_eq!(response.status(), 303, "{form}");
            assert_eq!(response.headers()[header::LOCATION], page);
        }
    }
}
