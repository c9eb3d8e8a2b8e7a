//! The engine's refusals as problem bodies.

use axum::http::StatusCode;
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;

use crate::error::{GateError, PinError};

impl From<GateError> for Problem {
    fn from(error: GateError) -> Self {
        let status = match &error {
            GateError::NotEnrolled | GateError::NoBundle | GateError::NotRecorded => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            GateError::NoSession => StatusCode::GONE,
            GateError::WrongStep
            | GateError::TooLateToCorrect
            | GateError::AlreadyCorrected
            | GateError::TooEarly => StatusCode::CONFLICT,
            GateError::NoSuchPerson | GateError::NoSuchHost => StatusCode::NOT_FOUND,
            GateError::Implausible { .. }
            | GateError::VisitorIncomplete
            | GateError::BadText
            | GateError::QueryTooShort => StatusCode::UNPROCESSABLE_ENTITY,
            GateError::LeaderNeeded | GateError::NoOverride | GateError::Pin(PinError::Wrong) => {
                StatusCode::FORBIDDEN
            }
            GateError::Pin(PinError::NotPaired) => StatusCode::UNAUTHORIZED,
            GateError::Pin(PinError::Locked { .. }) => StatusCode::TOO_MANY_REQUESTS,
        };
        let problem = Self::new(status, error.code(), ("操作没有完成", "This was not done"))
            .detail((error.say(Lang::Zh), error.say(Lang::En)));
        match error {
            GateError::Pin(PinError::Locked { seconds }) => problem.retry_after(seconds),
            _ => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_code_and_says_what_to_do_in_both_languages() {
        let problem = Problem::from(GateError::Implausible { from: 340, to: 430 });
        let body = problem.body(Lang::En, None);
        assert_eq!(
            (body["status"].as_u64(), body["code"].as_str()),
            (Some(422), Some("implausible_temperature"))
        );
        assert!(body["detail"].as_str().unwrap().contains("34.0"));
        assert!(problem.body(Lang::Zh, None)["detail"].as_str().unwrap().contains("34.0 至 43.0"));
    }

    #[test]
    fn a_locked_pin_says_when_to_come_back() {
        let problem = Problem::from(GateError::Pin(PinError::Locked { seconds: 300 }));
        assert_eq!(problem.status(), StatusCode::TOO_MANY_REQUESTS);
    }
}
