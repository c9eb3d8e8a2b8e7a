//! A form that was not taken: its page comes back with what was typed, and says why.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::service::problem::{Problem, Text};

use super::frame::{Frame, Tone};
use super::page::html;
use super::words::WebWords;

/// Why a form was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    status: StatusCode,
    why: String,
}

impl Refused {
    /// Something is wrong with what was typed.
    pub fn fault(why: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, why: why.into() }
    }

    /// What is wrong stands beside the fields.
    pub fn fields(lang: Lang) -> Self {
        Self::fault(WebWords::of(lang).look_at_fields)
    }

    /// Somebody was quicker: the form is shown over what stands now.
    pub fn quicker(lang: Lang, what: (&str, &str)) -> Self {
        Self { status: StatusCode::CONFLICT, why: over_the_newest(lang, lang.of(what.0, what.1)) }
    }

    /// A problem that a form's own page says.
    ///
    /// # Errors
    /// The problem itself where it is neither a fault of the form nor a conflict: that has a page of
    /// its own.
    pub fn of(problem: impl Into<Problem>, lang: Lang) -> Result<Self, Problem> {
        let problem = problem.into();
        let status = problem.status();
        let title = problem.title().say(lang);
        let advice = problem.advice().map(|text| text.say(lang));
        let why = match (status, problem.code()) {
            (StatusCode::CONFLICT, "conflict" | "permit_state") => over_the_newest(lang, title),
            (StatusCode::CONFLICT, _) => match advice {
                Some(advice) => format!("{title}{}{advice}", lang.of("：", ": ")),
                None => title.to_owned(),
            },
            (StatusCode::UNPROCESSABLE_ENTITY, _) => match problem.fields() {
                [] => advice.unwrap_or(title).to_owned(),
                fields => said(fields, lang),
            },
            _ => return Err(problem),
        };
        Ok(Self { status, why })
    }
}

fn said(fields: &[(String, Text)], lang: Lang) -> String {
    fields.iter().map(|(_, what)| what.say(lang)).collect::<Vec<_>>().join(" ")
}

/// Pages that are shown again are new already: nobody has to reload them.
fn over_the_newest(lang: Lang, what: &str) -> String {
    format!("{what}{}{}", lang.of("。", ". "), WebWords::of(lang).kept_below)
}

impl Frame {
    /// Says above the form why it was not taken.
    #[must_use]
    pub fn refused(self, refused: Option<&Refused>) -> Self {
        match refused {
            Some(Refused { status: StatusCode::CONFLICT, why }) => {
                self.notice(Tone::Warn, why.as_str())
            }
            Some(refused) => self.notice(Tone::Stop, refused.why.as_str()),
            None => self,
        }
    }

    /// What was typed into a form that this page no longer has, so that it can be copied from there.
    #[must_use]
    pub fn kept(self, text: impl Into<String>) -> Self {
        Self { kept: text.into(), ..self }
    }
}

/// Renders a page that holds a form, under the status of its refusal if there was one.
pub fn html_again(
    template: &impl askama::Template,
    refused: Option<&Refused>,
) -> Result<Response, Problem> {
    let status = refused.map_or(StatusCode::OK, |refused| refused.status);
    Ok((status, html(template)?).into_response())
}

#[cfg(test)]
mod tests {
    use super::super::errors::conflict;
    use super::*;

    #[test]
    fn a_conflict_is_said_over_the_form_without_asking_to_reload_it() {
        let problem = conflict(("许可刚被他人处理", "Somebody else has just acted on it"));
        let refused = Refused::of(problem, Lang::Zh).unwrap();
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert_eq!(refused.why, "许可刚被他人处理。页面已是最新情况，您填写的内容仍在。");
    }

    #[test]
    fn a_fault_of_a_field_is_said_and_whatever_is_no_fault_keeps_its_own_page() {
        let problem = Problem::invalid().field("findings", ("请填写整数", "A whole number"));
        assert_eq!(Refused::of(problem, Lang::En), Ok(Refused::fault("A whole number")));
        let bare = Problem::new(StatusCode::CONFLICT, "term", ("不能发牌", "It cannot be issued"));
        assert_eq!(Refused::of(bare, Lang::Zh).unwrap().why, "不能发牌");
        assert_eq!(Refused::of(Problem::forbidden(), Lang::Zh), Err(Problem::forbidden()));
    }
}
