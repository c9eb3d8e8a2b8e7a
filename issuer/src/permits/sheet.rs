//! From a permit to what is printed.

use axum::http::StatusCode;
use fugong_common::placard::{Origin, placard_url};
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};

use super::facts::{Facts, IssueRequest, Terms};
use super::store::Permit;
use super::words::PermitWords;
use crate::app::App;
use crate::print::{self, Code, Issue, Placard, Said, Signature, Stage};

/// `2020年2月10日`.
fn say_date(zone: &Zone, at: Millis) -> String {
    let date = zone.date(at);
    let mut parts = date.split('-').map(|part| part.trim_start_matches('0'));
    match (parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day)) => format!("{year}年{month}月{day}日"),
        _ => date,
    }
}

fn contact(from: &super::facts::Contact) -> print::Contact {
    print::Contact {
        name: from.name.clone(),
        phone: (!from.phone.is_empty()).then(|| from.phone.clone()),
    }
}

fn said(text: impl Fn(&'static PermitWords) -> String) -> Said {
    let (zh, en) = PermitWords::both(text);
    Said::new(zh, en)
}

/// The placard without a readable code: what is to be signed, or a specimen.
pub fn specimen(document_number: &str, terms: &Terms, facts: &Facts, demo: bool) -> Placard {
    let zone = facts.zone();
    let issue = &facts.issue;
    let rule = format!("依据本辖区复工规则第 {} 版签发", terms.rule_version);
    Placard {
        title: Said::new(issue.title.clone(), "Reopening placard: approved to reopen"),
        authority: issue.authority.clone(),
        document_number: document_number.to_owned(),
        enterprise: facts.name.clone(),
        code: if facts.uscc.is_empty() {
            Code::None { reason: facts.no_code_reason.clone() }
        } else {
            Code::Uscc(facts.uscc.clone())
        },
        site: facts.address.clone(),
        entrance: (!facts.entrance.is_empty()).then(|| facts.entrance.clone()),
        class: said(|w| w.class(terms.category).to_owned()),
        mode: said(|w| w.mode(terms.mode)),
        route: said(|w| w.route(terms.route).to_owned()),
        signatures: facts
            .approvers
            .iter()
            .map(|a| Signature { post: a.title.clone(), person: a.name.clone() })
            .collect(),
        conditions: facts.conditions.clone(),
        valid_from: say_date(&zone, terms.valid_from),
        valid_until: say_date(&zone, terms.valid_to.plus_millis(-1)),
        responsible: facts.responsible.clone(),
        epidemic_officer: contact(&facts.epidemic_officer),
        grid_officer: contact(&facts.grid_officer),
        supervision_phone: issue.hotline.clone(),
        small_print: Some(if demo {
            format!("样本数据，不具效力 · {rule}")
        } else {
            rule
        }),
        stage: Stage::Preview,
    }
}

/// The placard that is hung up.
///
/// # Errors
/// The configured origin is none that placards may carry (HTTPS, or this machine itself).
pub fn placard(app: &App, permit: &Permit) -> Result<Placard, Problem> {
    let origin = Origin::parse(&app.config().origin).map_err(|_| {
        Problem::new(
            StatusCode::CONFLICT,
            "origin",
            ("系统地址不能用于公示牌", "The system's address can't stand on placards"),
        )
        .detail((
            "公示牌须使用加密地址，请系统管理员检查系统地址设置。",
            "Placards need an HTTPS address. An administrator has to correct the origin setting.",
        ))
    })?;
    let terms = super::issue::terms_of(permit);
    let mut placard = specimen(&permit.document_number, &terms, &permit.facts, app.config().demo);
    placard.stage = Stage::Issued(Issue {
        serial: permit.serial.to_string(),
        issued_on: say_date(&permit.facts.zone(), permit.issued_at),
        qr: placard_url(&origin, &permit.token),
    });
    Ok(placard)
}

/// The specimen of an application that is not issued yet, for its page.
pub fn specimen_of(request: &IssueRequest, demo: bool) -> Placard {
    specimen("发牌后编号", &request.terms, &request.facts, demo)
}
