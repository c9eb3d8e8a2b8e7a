//! What a page handler is given: the application, who asks, in which language, and when.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::service::language::Language;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use serde::Deserialize;

use super::frame::{Frame, Nav};
use crate::accounts::Actor;
use crate::app::App;
use crate::audit::Act;
use crate::authz::{Action, Place, Reach};
use crate::db::Tx;

/// A signed-in request. The guard has checked that its post may do the route's action somewhere;
/// whether it may do it *here* is [`Page::require`].
#[derive(Clone, Debug)]
pub struct Page {
    pub app: App,
    pub actor: Actor,
    pub lang: Lang,
    pub now: Millis,
    /// Path and query, for the language link.
    pub here: String,
    /// `?done=`: what the act before the redirect was.
    pub done: Option<String>,
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

impl FromRequestParts<App> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let language = parts.extensions.get::<Language>().copied();
        let actor = parts.extensions.get::<Actor>().cloned();
        let actor = actor.ok_or_else(|| Problem::for_status(StatusCode::UNAUTHORIZED))?;
        let query = parts.uri.query().unwrap_or_default();
        let done = serde_urlencoded_done(query);
        Ok(Self {
            app: app.clone(),
            actor,
            lang: language.map_or(Lang::Zh, |language| language.0),
            now: app.now(),
            here: parts.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned(),
            done,
        })
    }
}

fn serde_urlencoded_done(query: &str) -> Option<String> {
    let uri: axum::http::Uri = format!("/?{query}").parse().ok()?;
    axum::extract::Query::<Done>::try_from_uri(&uri).ok()?.0.done
}

impl Page {
    /// The layout's values, with one entry of the navigation lit.
    pub fn frame(&self, nav: Nav) -> Frame {
        Frame::signed_in(self, nav)
    }

    pub fn reach(&self) -> Reach {
        self.actor.reach()
    }

    /// Refuses an act outside the actor's reach. What lies outside looks as if it didn't exist,
    /// so that ids of other divisions tell nothing.
    pub fn require(&self, action: Action, place: Place<'_>) -> Result<(), Problem> {
        if !self.actor.may(action) {
            return Err(Problem::forbidden());
        }
        if !self.actor.reach().covers(place) {
            return Err(Problem::not_found());
        }
        Ok(())
    }

    /// The time zone by which this post's days begin and end.
    pub fn zone(&self) -> Zone {
        Zone::parse(&self.actor.post.zone).unwrap_or_else(|_| Zone::utc())
    }

    /// The time zone of this name, by which a thing's days are told; the post's own where the name
    /// means nothing.
    pub fn zone_named(&self, name: &str) -> Zone {
        Zone::parse(name).unwrap_or_else(|_| self.zone())
    }

    /// Records an act of this actor in the transaction that performs it.
    pub async fn record(
        &self,
        tx: &mut Tx,
        action: &str,
        (subject, subject_id): (&str, &str),
        division_id: &str,
        detail: &str,
    ) -> Result<(), Problem> {
        let act = Act {
            at: self.now,
            account_id: &self.actor.account_id,
            post_id: &self.actor.post.id,
            action,
            subject,
            subject_id,
            division_id,
            detail,
        };
        Ok(self.app.record(tx, act).await?)
    }
}

/// A request without a session: sign-in, set-up, the public page.
#[derive(Clone, Debug)]
pub struct Public {
    pub app: App,
    pub lang: Lang,
    pub now: Millis,
    pub here: String,
}

impl Public {
    pub fn new(app: App, lang: Lang, here: &str) -> Self {
        let now = app.now();
        Self { app, lang, now, here: here.to_owned() }
    }

    pub fn frame(&self) -> Frame {
        Frame::public(&self.app, self.lang, &self.here)
    }
}

impl FromRequestParts<App> for Public {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let language = parts.extensions.get::<Language>().copied();
        let here = parts.uri.path_and_query().map_or("/", |here| here.as_str());
        Ok(Self::new(app.clone(), language.map_or(Lang::Zh, |language| language.0), here))
    }
}

/// Renders a template as a page.
pub fn html(template: &impl askama::Template) -> Result<Response, Problem> {
    let body = template.render().map_err(Problem::internal)?;
    Ok(axum::response::Html(body).into_response())
}

/// Renders a page that holds a form. Where what was sent could not be taken and is shown again with
/// its faults, the status says so.
pub fn html_form(template: &impl askama::Template, refused: bool) -> Result<Response, Problem> {
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, html(template)?).into_response())
}

/// A form's page for a writer somebody else was quicker than: what was typed, over what stands now.
pub fn html_conflict(template: &impl askama::Template) -> Result<Response, Problem> {
    Ok((StatusCode::CONFLICT, html(template)?).into_response())
}

/// Leads a browser on after a form was taken.
pub fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path.to_owned())]).into_response()
}

/// The session cookie's name. `__Host-` binds it to this host over TLS.
pub fn session_cookie(app: &App) -> &'static str {
    if app.config().is_https() { "__Host-fugong_issuer" } else { "fugong_issuer" }
}

/// Percent-encodes a value for a query.
pub fn encode(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Keyset paging: the last key of the page before, and how many rows a page has.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Paging {
    #[serde(default)]
    pub after: String,
}

impl Paging {
    pub const ROWS: i64 = 50;

    /// One more than a page shows, so that the last one tells whether there is a next.
    pub const FETCH: i64 = Self::ROWS + 1;

    /// Cuts the extra row off and returns the key of the last row shown if there are more.
    pub fn cut<T>(rows: &mut Vec<T>, key: impl Fn(&T) -> String) -> Option<String> {
        let shown = usize::try_from(Self::ROWS).unwrap_or(usize::MAX);
        if rows.len() <= shown {
            return None;
        }
        rows.truncate(shown);
        rows.last().map(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_keeps_its_meaning_inside_a_query() {
        assert_eq!(encode("/a b?x=1&y=中"), "/a%20b%3Fx%3D1%26y%3D%E4%B8%AD");
    }

    #[test]
    fn a_full_page_tells_where_the_next_begins() {
        let mut rows: Vec<i64> = (0..Paging::FETCH).collect();
        assert_eq!(Paging::cut(&mut rows, i64::to_string), Some("49".into()));
        let mut rows: Vec<i64> = (0..Paging::ROWS).collect();
        assert_eq!(Paging::cut(&mut rows, i64::to_string), None);
    }
}
