//! How a capability's errors become problems, and how problems look in the console.

use askama::Template;
use axum::extract::multipart::MultipartError;
use axum::http::StatusCode;
use fugong_common::service::problem::{Asked, Problem, Text};

use super::frame::Frame;
use crate::app::App;
use crate::db::DbError;

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Duplicate => conflict(("已有相同的记录", "There is such a record already")),
            DbError::Text => Self::for_status(StatusCode::BAD_REQUEST),
            DbError::Unavailable(_) => {
                tracing::error!(%error, "database unavailable");
                Self::for_status(StatusCode::SERVICE_UNAVAILABLE)
            }
            other => Self::internal(other),
        }
    }
}

/// Somebody or something else was quicker, or the thing is no longer in the state for it.
pub fn conflict(title: impl Into<Text>) -> Problem {
    Problem::new(StatusCode::CONFLICT, "conflict", title).detail((
        "请刷新页面查看最新情况后再操作。",
        "Reload the page to see how things stand, then decide.",
    ))
}

/// A form with files that could not be read: too large, cut off, or not in parts at all.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` calls")]
pub fn unreadable(error: MultipartError) -> Problem {
    Problem::for_status(error.status())
}

#[derive(Template)]
#[template(path = "web/problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    title: &'a str,
    detail: &'a str,
    fields: Vec<&'a str>,
    request_id: &'a str,
}

pub(super) fn page(app: &App, problem: &Problem, asked: &Asked) -> String {
    let lang = asked.lang;
    let page = ProblemPage {
        frame: Frame::public(app, lang, &asked.path).kept(problem.kept()),
        title: problem.title().say(lang),
        detail: problem.advice().map(|text| text.say(lang)).unwrap_or_default(),
        fields: problem.fields().iter().map(|(_, text)| text.say(lang)).collect(),
        request_id: &asked.request_id,
    };
    page.render().unwrap_or_else(|_| page.title.to_owned())
}
