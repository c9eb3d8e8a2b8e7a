//! Problem bodies (RFC 9457) with stable codes and a sentence in the reader's language; for people
//! in a browser the same problem becomes a page.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::headers::RequestId;
use super::language::Language;
use super::usual::usual;
use crate::lang::Lang;

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub zh: Cow<'static, str>,
    pub en: Cow<'static, str>,
}

impl Text {
    pub fn say(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

impl From<(&'static str, &'static str)> for Text {
    fn from((zh, en): (&'static str, &'static str)) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

impl From<(String, String)> for Text {
    fn from((zh, en): (String, String)) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// Why a request was not answered, for the person or program that asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug, PartialEq)]
struct Parts {
    status: StatusCode,
    code: Cow<'static, str>,
    title: Text,
    detail: Option<Text>,
    fields: Vec<(String, Text)>,
    retry_after_seconds: Option<u64>,
    extra: Map<String, Value>,
    kept: String,
}

impl Problem {
    /// `code` is stable, lower case with underscores; `title` says what happened.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        title: impl Into<Text>,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            code: code.into(),
            title: title.into(),
            detail: None,
            fields: Vec::new(),
            retry_after_seconds: None,
            extra: Map::new(),
            kept: String::new(),
        }))
    }

    /// What somebody typed into a form that is no more, for its page: to be copied from there.
    #[must_use]
    pub fn keeping(mut self, typed: String) -> Self {
        self.0.kept = typed;
        self
    }

    /// What to do next.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Text>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// What is wrong with one field of a form or body.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, what: impl Into<Text>) -> Self {
        self.0.fields.push((name.into(), what.into()));
        self
    }

    /// A further member of the body, for programs. Standard members can't be replaced by it.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.extra.insert(member.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// Logs an unexpected error once, here; the asker learns only that it happened.
    pub fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = error.into();
        let mut causes = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            next = cause.source();
        }
        tracing::error!(error = %causes, "request failed");
        Self::for_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// A handler panicked; its message goes to the log only.
    #[expect(clippy::needless_pass_by_value, reason = "the shape that the panic layer calls")]
    pub(super) fn panicked(payload: Box<dyn Any + Send>) -> Response {
        let message = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&'static str>().copied())
            .unwrap_or("no message");
        tracing::error!(panic = message, "request handler panicked");
        Self::for_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
    }

    pub fn not_found() -> Self {
        Self::for_status(StatusCode::NOT_FOUND)
    }

    pub fn forbidden() -> Self {
        Self::for_status(StatusCode::FORBIDDEN)
    }

    /// The fields of a form need attention; add them with [`field`](Self::field).
    pub fn invalid() -> Self {
        Self::for_status(StatusCode::UNPROCESSABLE_ENTITY)
    }

    pub fn too_many(retry_after_seconds: u64) -> Self {
        Self::for_status(StatusCode::TOO_MANY_REQUESTS).retry_after(retry_after_seconds)
    }

    /// The usual problem of a status, with code, title and advice.
    pub fn for_status(status: StatusCode) -> Self {
        let (code, title, detail) = usual(status.as_u16());
        Self::new(status, code, title).detail(detail)
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub fn code(&self) -> &str {
        &self.0.code
    }

    pub fn title(&self) -> &Text {
        &self.0.title
    }

    /// See [`keeping`](Self::keeping); empty where nothing was typed.
    pub fn kept(&self) -> &str {
        &self.0.kept
    }

    pub fn advice(&self) -> Option<&Text> {
        self.0.detail.as_ref()
    }

    /// Field names with what is wrong, in the order they were added.
    pub fn fields(&self) -> &[(String, Text)] {
        &self.0.fields
    }

    /// The body for programs. `request_id` lets an administrator find the log line.
    pub fn body(&self, lang: Lang, request_id: Option<&str>) -> Value {
        let parts = &self.0;
        let mut body = parts.extra.clone();
        body.insert("type".into(), format!("urn:fugong:problem:{}", parts.code).into());
        body.insert("title".into(), parts.title.say(lang).into());
        body.insert("status".into(), parts.status.as_u16().into());
        body.insert("code".into(), parts.code.as_ref().into());
        if let Some(detail) = &parts.detail {
            body.insert("detail".into(), detail.say(lang).into());
        }
        if !parts.fields.is_empty() {
            let errors = parts.fields.iter();
            let errors =
                errors.map(|(name, what)| json!({"field": name, "detail": what.say(lang)}));
            body.insert("errors".into(), errors.collect());
        }
        if let Some(id) = request_id {
            body.insert("request_id".into(), id.into());
        }
        Value::Object(body)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.status.as_u16(), self.0.code, self.0.title.en)
    }
}

impl Error for Problem {}

/// In Chinese until the shell, which knows the request, says it again in its language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.0.status, Json(self.body(Lang::Zh, None))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.0.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 wants a challenge; this one opens no browser dialogue.
            headers
                .entry(header::WWW_AUTHENTICATE)
                .or_insert(HeaderValue::from_static("Fugong-Session"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What an error page may show beside the problem.
#[derive(Clone, Debug)]
pub struct Asked {
    pub lang: Lang,
    pub path: String,
    pub request_id: String,
    /// A person in a browser asks, rather than a program.
    as_page: bool,
}

impl Asked {
    pub(super) fn of(request: &Request, language: Language) -> Self {
        Self {
            lang: language.0,
            path: request.uri().path().to_owned(),
            request_id: request.extensions().get().map(RequestId::to_string).unwrap_or_default(),
            as_page: wants_page(request.uri().path(), request.headers()),
        }
    }
}

/// Draws a problem as a whole HTML page.
pub type ErrorPage = Arc<dyn Fn(&Problem, &Asked) -> String + Send + Sync>;

/// Whether a person in a browser asks, rather than a program.
fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    !path.starts_with("/api/") && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Says problems in the request's language, as a page to browsers, and gives the framework's
/// own refusals (no such route, body too long, unreadable form) the same shape.
pub(super) async fn speak(page: &ErrorPage, asked: Asked, response: Response) -> Response {
    let known = response.extensions().get::<Problem>().cloned();
    let (mut parts, body) = response.into_parts();
    let problem = match known {
        Some(problem) => problem,
        None if is_bare_refusal(parts.status, &parts.headers) => {
            let problem = Problem::for_status(parts.status);
            match to_bytes(body, 4096).await {
                // What a program got wrong, e.g. which member is missing.
                Ok(text) if parts.status.is_client_error() && !text.is_empty() => {
                    problem.with("reason", String::from_utf8_lossy(&text).into_owned())
                }
                _ => problem,
            }
        }
        None => return Response::from_parts(parts, body),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let (mime, body) = if asked.as_page {
        ("text/html; charset=utf-8", page(&problem, &asked))
    } else {
        let body = problem.body(asked.lang, Some(&asked.request_id));
        ("application/problem+json", body.to_string())
    };
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    Response::from_parts(parts, Body::from(body))
}

fn is_bare_refusal(status: StatusCode, headers: &HeaderMap) -> bool {
    let mime = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    (status.is_client_error() || status.is_server_error())
        && mime.is_none_or(|mime| mime.starts_with(b"text/plain"))
}

/// A plain page, where a service has no page of its own. `stylesheet` is the URL of `base.css`.
pub fn plain_page(stylesheet: String) -> ErrorPage {
    Arc::new(move |problem, asked| {
        let lang = asked.lang;
        let detail = problem.advice().map(|text| text.say(lang)).unwrap_or_default();
        format!(
            "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title}</title><link rel=\"stylesheet\" href=\"{stylesheet}\"></head>\
             <body><main class=\"page-narrow\"><section class=\"card stack\"><h1>{title}</h1>\
             <p>{detail}</p><p class=\"small num\">{number} {id}</p>\
             <p><a class=\"btn\" href=\"/\">{home}</a></p></section></main></body></html>",
            tag = lang.tag(),
            title = escape(problem.title().say(lang)),
            detail = escape(detail),
            number = lang.of("编号", "Number"),
            id = escape(&asked.request_id),
            home = lang.of("返回首页", "Back to the start"),
        )
    })
}

/// Text for HTML content and quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_code_status_and_advice_in_the_language_asked() {
        let problem =
            Problem::new(StatusCode::CONFLICT, "journal_fork", ("日志分叉", "Journal fork"))
                .detail(("请开新日志。", "Open a new journal."))
                .field("head", ("不一致", "differs"))
                .with("head", "00ff")
                .with("status", 200);
        assert_eq!(
            problem.body(Lang::En, Some("r1")),
            json!({
                "type": "urn:fugong:problem:journal_fork", "title": "Journal fork", "status": 409,
                "code": "journal_fork", "detail": "Open a new journal.", "head": "00ff",
                "errors": [{"field": "head", "detail": "differs"}], "request_id": "r1",
            })
        );
        assert_eq!(problem.body(Lang::Zh, None)["title"], "日志分叉");
    }

    #[test]
    fn every_usual_problem_speaks_both_languages() {
        for status in (400..600).filter_map(|code| StatusCode::from_u16(code).ok()) {
            let problem = Problem::for_status(status);
            let advice = problem.advice().unwrap();
            let pairs = [problem.title(), advice].map(|text| ("", &*text.zh, &*text.en));
            assert_eq!(crate::words::faults(&pairs), Vec::<String>::new(), "{status}");
        }
    }

    #[test]
    fn an_internal_error_is_never_shown() {
        let problem = Problem::internal("password of the database is hunter2");
        assert!(!problem.body(Lang::En, None).to_string().contains("hunter2"));
        assert_eq!(problem.status(), 500);
    }

    #[test]
    fn pages_are_for_browsers_outside_the_api() {
        let mut headers = HeaderMap::new();
        assert!(!wants_page("/permits", &headers));
        headers.insert(header::ACCEPT, "text/html,*/*;q=0.8".parse().unwrap());
        assert!(wants_page("/permits", &headers));
        assert!(!wants_page("/api/permits", &headers));
    }

    #[test]
    fn what_was_asked_for_cannot_write_markup() {
        let asked = Asked {
            lang: Lang::En,
            path: "/".into(),
            request_id: "<script>".into(),
            as_page: true,
        };
        let page = plain_page("/assets/x/base.css".into())(&Problem::not_found(), &asked);
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
    }
}
