//! The answer to a placard: the verdict first, then what to compare with.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, Form, Path};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use fugong_common::judge::{Credential, Reason};
use fugong_common::lang::Lang;
use fugong_common::placard::Scanned;
use fugong_common::serial::Serial;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone, say_ago};
use fugong_common::verdict::{Icon, Verdict};
use fugong_common::words::fill;
use serde::Deserialize;

use crate::accounts::say_post;
use crate::db::{DbError, Tx};
use crate::divisions;
use crate::inspections::store as inspections;
use crate::permits::{Permit, PermitWords, State};
use crate::verify::words::VerifyWords;
use crate::verify::{Look, Looked, look};
use crate::web::{Frame, Public, html};

/// The longest text behind `/v/`: a token of 512 bytes has 1,244 digits.
const LONGEST: usize = 2048;

struct Approval {
    title: String,
    name: String,
    time: String,
}

struct Facts {
    name: String,
    code: String,
    address: String,
    serial: String,
    document: String,
    term: String,
    mode: String,
    conditions: Vec<String>,
    responsible: String,
    approvals: Vec<Approval>,
    issued_by: String,
    issued_at: String,
}

#[derive(Template)]
#[template(path = "verify/verdict.html")]
struct VerdictPage {
    frame: Frame,
    w: &'static VerifyWords,
    tone: &'static str,
    icon: String,
    word: &'static str,
    why: String,
    /// Check number of what took its place; empty where nothing did.
    successor: String,
    advice: &'static str,
    facts: Option<Facts>,
    visit: String,
    age: String,
    hotline: String,
    report: String,
}

#[derive(Template)]
#[template(path = "verify/pass.html")]
struct PassPage {
    frame: Frame,
    w: &'static VerifyWords,
}

#[derive(Template)]
#[template(path = "verify/number.html")]
struct NumberPage {
    frame: Frame,
    w: &'static VerifyWords,
    icon: String,
    nothing: bool,
    typed: String,
}

/// An answer whose address holds a token: nobody may learn or keep it.
fn secret(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub async fn by_text(
    public: Public,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Path(text): Path<String>,
) -> Result<Response, Problem> {
    if text.len() > LONGEST {
        return Err(Problem::new(
            StatusCode::URI_TOO_LONG,
            "uri_too_long",
            ("地址过长", "The address is too long"),
        )
        .detail((
            "这不是公示牌的地址，请重新扫描牌上的二维码。",
            "This is not the address of a placard. Scan the code on it again.",
        )));
    }
    match Scanned::read(&text) {
        Scanned::Serial(serial) => answer_number(&public, address, &text, Some(serial)).await,
        // Behind our own /v/, whatever can't be read is a damaged placard rather than a poster.
        Scanned::Other => answer(&public, Scanned::Damaged).await,
        scanned => answer(&public, scanned).await,
    }
    .map(secret)
}

async fn answer(public: &Public, scanned: Scanned) -> Result<Response, Problem> {
    let mut tx = public.app.db().read().await?;
    match look(&mut tx, &scanned, public.now).await? {
        Looked::Pass => html(&PassPage { frame: public.frame(), w: VerifyWords::of(public.lang) }),
        Looked::Judged(look) => show(public, &mut tx, *look).await,
    }
}

pub async fn number_form(public: Public) -> Result<Response, Problem> {
    number_page(&public, "", false)
}

fn number_page(public: &Public, typed: &str, nothing: bool) -> Result<Response, Problem> {
    html(&NumberPage {
        frame: public.frame(),
        w: VerifyWords::of(public.lang),
        icon: Icon::DashedSquareQuestion.svg(),
        nothing,
        typed: typed.chars().take(60).collect(),
    })
}

#[derive(Deserialize)]
pub struct Number {
    #[serde(default)]
    number: String,
}

pub async fn by_number(
    public: Public,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Form(form): Form<Number>,
) -> Result<Response, Problem> {
    let serial = Serial::parse_typed(&form.number).ok();
    answer_number(&public, address, &form.number, serial).await
}

/// Unknown, mistyped and too often asked look alike, so that asking tells nothing.
async fn answer_number(
    public: &Public,
    address: SocketAddr,
    typed: &str,
    serial: Option<Serial>,
) -> Result<Response, Problem> {
    let admitted = public.app.admit_number(address.ip());
    let (true, Some(serial)) = (admitted, serial) else {
        return number_page(public, typed, true);
    };
    let mut tx = public.app.db().read().await?;
    match look(&mut tx, &Scanned::Serial(serial), public.now).await? {
        Looked::Judged(look) if look.permit.is_some() => show(public, &mut tx, *look).await,
        _ => number_page(public, typed, true),
    }
}

/// Where and when: the zone of the permit's division, or of the uppermost.
async fn surroundings(tx: &mut Tx, permit: Option<&Permit>) -> Result<(Zone, String), DbError> {
    if let Some(permit) = permit {
        return Ok((permit.facts.zone(), permit.facts.issue.hotline.clone()));
    }
    let top = divisions::store::find_top(tx).await?;
    let zone = top.as_ref().and_then(|top| Zone::parse(&top.zone).ok());
    Ok((zone.unwrap_or_else(Zone::utc), top.map(|top| top.hotline).unwrap_or_default()))
}

/// One line that says why, as people say it.
fn why(w: &VerifyWords, lang: Lang, look: &Look, zone: &Zone, now: Millis) -> String {
    let at =
        |template: &str, at: Millis| fill(template, &[("time", &zone.say_time(lang, at, now))]);
    let day = |template: &str, seconds: u64| {
        let day = zone.say_day(lang, Millis::from_seconds(seconds), now);
        fill(template, &[("day", &day)])
    };
    let validity = look.judgement.credential.as_ref().and_then(Credential::validity);
    let state = look.permit.as_ref().map(|permit| permit.state);
    match (look.judgement.verdict, state, validity) {
        (Verdict::Suspended, Some(State::Suspended { since, lapses_at }), _) => {
            let temporary = lapses_at.is_some();
            at(if temporary { w.why_suspended_for_now } else { w.why_suspended }, since)
        }
        (Verdict::Revoked, Some(State::Revoked { at: when }), _) => at(w.why_revoked, when),
        (Verdict::Superseded, Some(State::Superseded { at: when }), _) => {
            at(w.why_superseded, when)
        }
        (Verdict::Expired, _, Some(validity)) => day(w.why_expired, validity.last_second()),
        (Verdict::NotYet, _, Some(validity)) => day(w.why_not_yet, validity.not_before()),
        (Verdict::KeyWithdrawn, ..) => w.why_key_withdrawn.to_owned(),
        // What the advice says already.
        (Verdict::RemoteOnly, ..) => String::new(),
        _ => {
            let said = |reason: &&Reason| !matches!(reason, Reason::Good | Reason::FoundByNumber);
            let reason = look.judgement.reasons.iter().find(said);
            reason.map(|reason| reason.say(lang)).unwrap_or_default()
        }
    }
}

fn facts(w: &VerifyWords, lang: Lang, look: &Look, zone: &Zone, now: Millis) -> Option<Facts> {
    let p = PermitWords::of(lang);
    let say = |at: Millis| zone.say_time(lang, at, now);
    let term = |not_before: u64, last: u64| {
        let day = |seconds| zone.date(Millis::from_seconds(seconds));
        fill(w.until, &[("from", &day(not_before)), ("to", &day(last))])
    };
    if let Some(permit) = &look.permit {
        let (facts, validity) = (&permit.facts, permit.claims.validity);
        let entrance =
            if facts.entrance.is_empty() { String::new() } else { format!(" {}", facts.entrance) };
        return Some(Facts {
            name: facts.name.clone(),
            code: if facts.uscc.is_empty() { w.no_code.to_owned() } else { facts.uscc.clone() },
            address: format!("{}{entrance}", facts.address),
            serial: permit.serial.to_string(),
            document: permit.document_number.clone(),
            term: term(validity.not_before(), validity.last_second()),
            mode: p.mode(permit.claims.mode),
            conditions: facts.conditions.clone(),
            responsible: facts.responsible.clone(),
            approvals: facts
                .approvers
                .iter()
                .map(|a| Approval {
                    title: say_post(&a.title, lang),
                    name: a.name.clone(),
                    time: say(a.at),
                })
                .collect(),
            issued_by: fill(w.issued_by, &[("authority", &facts.issue.authority)]),
            issued_at: say(permit.issued_at),
        });
    }
    let Some(Credential::Permit(claims)) = &look.judgement.credential else { return None };
    Some(Facts {
        name: claims.name.to_string(),
        code: match &claims.subject {
            fugong_common::permit::Subject::Coded(code) => code.to_string(),
            fugong_common::permit::Subject::Uncoded(_) => w.no_code.to_owned(),
        },
        address: String::new(),
        serial: claims.serial.to_string(),
        document: String::new(),
        term: term(claims.validity.not_before(), claims.validity.last_second()),
        mode: p.mode(claims.mode),
        conditions: Vec::new(),
        responsible: String::new(),
        approvals: Vec::new(),
        issued_by: String::new(),
        issued_at: String::new(),
    })
}

/// The verdict in the public's words: what a condition is, the facts say.
async fn show(public: &Public, tx: &mut Tx, look: Look) -> Result<Response, Problem> {
    let (w, lang, now) = (VerifyWords::of(public.lang), public.lang, public.now);
    let (zone, hotline) = surroundings(tx, look.permit.as_ref()).await?;
    let verdict = look.judgement.verdict;
    let visit = match &look.permit {
        Some(permit) => inspections::last_visit(tx, &permit.place.enterprise_id).await?,
        None => None,
    };
    let visit = visit.map_or(w.visit_none.to_owned(), |visit| {
        let day = zone.say_day(lang, Millis(visit.at), now);
        let template = if visit.findings == 0 { w.visit_fine } else { w.visit_findings };
        fill(template, &[("day", &day), ("n", &visit.findings)])
    });
    let age = look.judgement.status_age_seconds.and_then(|age| i64::try_from(age).ok());
    let report = match &look.permit {
        Some(permit) => format!("/report/{}", permit.serial.to_hex()),
        None => "/report".to_owned(),
    };
    html(&VerdictPage {
        frame: public.frame(),
        w,
        tone: verdict.tone().class(),
        icon: verdict.icon().svg(),
        word: verdict.public_word(lang),
        why: why(w, lang, &look, &zone, now),
        successor: look.successor.as_ref().map(|new| new.serial.to_string()).unwrap_or_default(),
        advice: verdict.public_advice(lang),
        facts: facts(w, lang, &look, &zone, now),
        visit,
        age: age.map(|age| say_ago(lang, age)).unwrap_or_default(),
        hotline,
        report,
    })
}
