//! 复工审批表: the approval sheet on one page, with opinion boxes and place for the seal.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use fugong_common::hex;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;

use super::super::acts::zone_of;
use super::super::history;
use super::super::store;
use super::super::words::ApplicationWords;
use super::find;
use super::show::{CheckView, latest_check};
use super::words::CaseWords;
use crate::accounts::say_post;
use crate::authz::Action;
use crate::divisions::{self, Party};
use crate::web::{Frame, Nav, Page, html};

/// A box for one party's opinion.
struct Opinion {
    title: String,
    signed: String,
}

#[derive(Template)]
#[template(path = "applications/sheet.html")]
struct SheetPage {
    frame: Frame,
    w: &'static ApplicationWords,
    c: &'static CaseWords,
    id: String,
    division: String,
    receipt: String,
    revision: String,
    facts: Vec<(&'static str, String)>,
    accepted: String,
    check: Option<CheckView>,
    opinions: Vec<Opinion>,
    digest: String,
    printed: String,
}

pub async fn sheet(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let lang = page.lang;
    let (w, c) = (ApplicationWords::of(lang), CaseWords::of(lang));
    let mut tx = page.app.db().read().await?;
    let found = find(&page, &mut tx, Action::ReadApplications, &id).await?;
    let zone = zone_of(&page, &mut tx, &found.division_id).await?;
    let revision = store::find_revision(&mut tx, &id, found.case.revision)
        .await?
        .ok_or_else(Problem::not_found)?;
    let events = history::list_events(&mut tx, &id).await?;
    let checks = history::list_checks(&mut tx, &id).await?;
    let check = latest_check(&mut tx, &checks, &zone, &page).await?;
    let chain = divisions::store::ancestry(&mut tx, &found.division_path).await?;
    let regime = divisions::store::find_regime(&mut tx, &found.division_path, page.now).await?;
    drop(tx);
    let round = found.state().round();
    let parties: Vec<Party> = match (round, regime) {
        (Some(round), _) => round.step.parties.clone(),
        (None, Some(regime)) => regime.settings.routes.of(found.scale).parties.clone(),
        (None, None) => Vec::new(),
    };
    let opinions = parties
        .iter()
        .map(|party| Opinion {
            title: fill(c.sheet_opinion, &[("party", &party.title(lang))]),
            signed: round.and_then(|round| round.signature(party)).map_or_else(
                String::new,
                |given| {
                    let time = zone.say_time(lang, given.at, page.now);
                    let post = say_post(&given.post, lang);
                    fill(c.sheet_signed, &[("name", &given.name), ("post", &post), ("time", &time)])
                },
            ),
        })
        .collect();
    let accepted = events.iter().find(|event| event.event == "accept").map(|event| {
        let time = zone.say_time(lang, fugong_common::time::Millis(event.at), page.now);
        format!("{} · {} · {time}", event.name, say_post(&event.post, lang))
    });
    let facts = revision.filing.lines(lang);
    html(&SheetPage {
        frame: page.frame(Nav::Applications),
        w,
        c,
        id,
        division: chain.iter().map(|division| division.name.as_str()).collect::<Vec<_>>().join(" "),
        receipt: found.receipt.unwrap_or_default(),
        revision: fill(w.revision_n, &[("n", &revision.revision)]),
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        accepted: accepted.unwrap_or_default(),
        check,
        opinions,
        digest: fill(c.sheet_digest, &[("digest", &hex::encode(&revision.sha256))]),
        printed: fill(c.sheet_printed, &[("time", &zone.stamp(page.now))]),
    })
}
