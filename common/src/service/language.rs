//! Which language a request is answered in, and the link that changes it.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::problem::Problem;
use crate::lang::Lang;

/// The cookie that remembers a reader's choice. Both services share it.
pub const COOKIE: &str = "fugong_lang";

/// The language of this request: `?lang=`, then the cookie, then `Accept-Language`, then Chinese.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(pub Lang);

impl Language {
    pub fn of_request(uri: &Uri, headers: &HeaderMap) -> Self {
        let asked = uri.query().and_then(|query| value_in(query, "lang", '&'));
        if let Some(lang) = asked.and_then(Lang::from_tag) {
            return Self(lang);
        }
        let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self(Lang::pick(cookie(headers, COOKIE), accept))
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<Self>()
            .copied()
            .unwrap_or_else(|| Self::of_request(&parts.uri, &parts.headers)))
    }
}

/// The value of a cookie; `None` if it is absent or not text.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(|line| value_in(line, name, ';'))
}

fn value_in<'a>(line: &'a str, name: &str, separator: char) -> Option<&'a str> {
    line.split(separator)
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Decides the language once, for handlers and for [`tell`].
pub(super) fn choose(request: &mut Request) -> Language {
    let language = Language::of_request(request.uri(), request.headers());
    request.extensions_mut().insert(language);
    language
}

/// Says in `Content-Language` what a handler hasn't said itself.
pub(super) fn tell(language: Language, response: &mut Response) {
    response
        .headers_mut()
        .entry(header::CONTENT_LANGUAGE)
        .or_insert(HeaderValue::from_static(language.0.tag()));
}

/// `/lang/zh` and `/lang/en`, by link or by form, with `?to=/path` to return to.
/// `secure` marks the cookie for HTTPS only.
pub fn routes<S: Clone + Send + Sync + 'static>(secure: bool) -> Router<S> {
    let change = move |path: Path<String>, query: Query<Return>| async move {
        switch(&path, &query, secure)
    };
    Router::new().route("/lang/{lang}", get(change).post(change))
}

/// Where to go back to.
#[derive(Debug, Deserialize)]
struct Return {
    #[serde(default)]
    to: String,
}

fn switch(lang: &str, back: &Return, secure: bool) -> Response {
    let lang = match lang {
        "zh" => Lang::Zh,
        "en" => Lang::En,
        _ => return Problem::not_found().into_response(),
    };
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}",
        lang.code()
    );
    (
        axum::http::StatusCode::SEE_OTHER,
        [(header::SET_COOKIE, cookie), (header::LOCATION, local_path(&back.to).to_owned())],
    )
        .into_response()
}

/// The path itself if it stays on this host, else `/`. Browsers read `//host` and `/\host` as
/// another host and drop tabs and line breaks before they look, so none of these may pass.
pub fn local_path(path: &str) -> &str {
    let mut bytes = path.bytes();
    let local = bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && path.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    if local { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use tower::ServiceExt;

    fn asked(uri: &str, cookie: &str, accept: &str) -> Lang {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
        Language::of_request(&uri.parse().unwrap(), &headers).0
    }

    #[test]
    fn the_link_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        assert_eq!(asked("/a?x=1&lang=en", "fugong_lang=zh", "zh"), Lang::En);
        assert_eq!(asked("/a?lang=tlh", "a=b; fugong_lang=en", "zh"), Lang::En);
        assert_eq!(asked("/a", "", "en-GB, zh;q=0.5"), Lang::En);
        assert_eq!(asked("/a", "", "fr"), Lang::Zh);
    }

    #[test]
    fn only_local_paths_are_returned_to() {
        assert_eq!(local_path("/permits?page=2"), "/permits?page=2");
        for away in
            ["", "//evil.example", "/\\evil", "https://evil", "/\t/evil", "/a\r\nb", "/a\\b"]
        {
            assert_eq!(local_path(away), "/", "{away:?}");
        }
    }

    #[tokio::test]
    async fn the_link_sets_the_cookie_and_returns() {
        let app: Router = routes(true);
        let request = Request::get("/lang/en?to=/gates").body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 303);
        assert_eq!(response.headers()[header::LOCATION], "/gates");
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("fugong_lang=en; Path=/") && cookie.ends_with("; Secure"));
        let request = Request::post("/lang/fr").body(Body::empty()).unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), 404);
    }
}
