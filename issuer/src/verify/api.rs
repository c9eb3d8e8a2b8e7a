//! `POST /api/verify`: the public page's answer for programs. The text travels in the body, so that
//! no address and no log holds a token.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::ConnectInfo;
use fugong_common::judge::Credential;
use fugong_common::placard::Scanned;
use fugong_common::service::api::Operation;
use fugong_common::service::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Looked, look};
use crate::authz::Action;
use crate::permits::Permit;
use crate::web::{Public, Routes};

pub fn routes(routes: Routes) -> Routes {
    routes.post("/api/verify", Action::VerifyInPublic, verify).told(
        Operation::new("verify", "What a placard, token or check number is worth")
            .takes::<Asked>()
            .gives::<Answer>(200, "The verdict, also where it is bad"),
    )
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Scanned)]
struct Asked {
    /// What was scanned or typed: a placard's link, its digits or base64url, a check number.
    text: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = VerifiedPermit)]
struct PermitBody {
    serial: String,
    enterprise: String,
    subject: String,
    /// Absent where only the signed claims are known here.
    address: Option<String>,
    document_number: Option<String>,
    site: u64,
    mode: fugong_common::permit::Mode,
    /// Unix seconds; it holds from `valid_from` and before `valid_to`.
    valid_from: u64,
    valid_to: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Verified)]
struct Answer {
    /// Stable code of the verdict; `pass` for a worker pass, of which nothing is told.
    verdict: &'static str,
    word: &'static str,
    advice: &'static str,
    reasons: Vec<String>,
    status_seq: Option<u64>,
    status_age_seconds: Option<u64>,
    permit: Option<PermitBody>,
}

fn body(claims: &fugong_common::permit::Permit, file: Option<&Permit>) -> PermitBody {
    PermitBody {
        serial: claims.serial.to_string(),
        enterprise: claims.name.to_string(),
        subject: claims.subject.to_string(),
        address: file.map(|permit| permit.facts.address.clone()),
        document_number: file.map(|permit| permit.document_number.clone()),
        site: claims.site.0,
        mode: claims.mode,
        valid_from: claims.validity.not_before(),
        valid_to: claims.validity.expires(),
    }
}

async fn verify(
    public: Public,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Json(asked): Json<Asked>,
) -> Result<Json<Answer>, Problem> {
    let lang = public.lang;
    let mut scanned = Scanned::read(&asked.text);
    // Asked too often, a number looks like one that nobody has.
    if matches!(scanned, Scanned::Serial(_)) && !public.app.admit_number(address.ip()) {
        scanned = Scanned::Other;
    }
    let mut tx = public.app.db().read().await?;
    let look = match look(&mut tx, &scanned, public.now).await? {
        Looked::Judged(look) => look,
        Looked::Pass => {
            let w = super::words::VerifyWords::of(lang);
            return Ok(Json(Answer {
                verdict: "pass",
                word: w.pass_title,
                advice: w.pass_why,
                reasons: Vec::new(),
                status_seq: None,
                status_age_seconds: None,
                permit: None,
            }));
        }
    };
    let judgement = &look.judgement;
    let unknown_number = matches!(scanned, Scanned::Serial(_)) && look.permit.is_none();
    let reasons = if unknown_number {
        vec![fugong_common::judge::Reason::NotOurs.say(lang)]
    } else {
        judgement.reasons.iter().map(|reason| reason.say(lang)).collect()
    };
    Ok(Json(Answer {
        verdict: judgement.verdict.code(),
        word: judgement.verdict.public_word(lang),
        advice: judgement.verdict.public_advice(lang),
        reasons,
        status_seq: judgement.list_seq,
        status_age_seconds: judgement.status_age_seconds,
        permit: match (&look.permit, &judgement.credential) {
            (Some(permit), _) => Some(body(&permit.claims, Some(permit))),
            (None, Some(Credential::Permit(claims))) => Some(body(claims, None)),
            _ => None,
        },
    }))
}
