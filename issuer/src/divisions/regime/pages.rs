//! A division's regimes by date, and what one of them says.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Deserialize;

use super::form::{NUMBERS, show, value_of};
use super::words::RegimeWords;
use super::{RegimeKind, RegimeSettings, Scale, publish};
use crate::accounts::Role;
use crate::authz::{Action, Place};
use crate::db::Tx;
use crate::divisions::store::{self, Division};
use crate::web::{Frame, Nav, Page, Routes, Tone, html};

pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/settings/regimes", Action::ManageDivisions, list)
        .get("/settings/regimes/new", Action::ManageDivisions, publish::new_form)
        .post("/settings/regimes/new", Action::ManageDivisions, publish::take)
        .get("/settings/regimes/{id}", Action::ManageDivisions, show_one)
}

/// Whose regimes are meant.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    pub division: String,
}

/// The division asked for, or the actor's own.
pub async fn find_division(page: &Page, tx: &mut Tx, id: &str) -> Result<Division, Problem> {
    let id = if id.is_empty() { &page.actor.post.division_id } else { id };
    let division = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ManageDivisions, Place::in_division(&division.path))?;
    Ok(division)
}

struct Line {
    id: String,
    version: u32,
    kind: &'static str,
    starts: String,
    instant: String,
    state: &'static str,
    tone: Tone,
}

#[derive(Template)]
#[template(path = "regimes/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static RegimeWords,
    division: String,
    division_name: String,
    heading: String,
    /// What holds where there is none of its own.
    otherwise: String,
    lines: Vec<Line>,
}

async fn list(page: Page, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let w = RegimeWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let division = find_division(&page, &mut tx, &asked.division).await?;
    let regimes = store::list_regimes(&mut tx, &division.id).await?;
    let own = store::find_own_regime(&mut tx, &division.id, page.now).await?;
    let holding = store::find_regime(&mut tx, &division.path, page.now).await?;
    let otherwise = match (&own, &holding) {
        (Some(_), _) => String::new(),
        (None, None) => w.by_default.to_owned(),
        (None, Some(above)) => {
            let from = store::find(&mut tx, &above.division_id).await?;
            let name = from.map_or(String::new(), |d| d.name);
            fill(w.from_above, &[("division", &name), ("version", &above.rule_version)])
        }
    };
    drop(tx);
    let zone = page.zone_named(&division.zone);
    let lines = regimes.into_iter().map(|regime| {
        let (state, tone) = if regime.starts_at > page.now {
            (w.to_come, Tone::Unknown)
        } else if own.as_ref().is_some_and(|own| own.id == regime.id) {
            (w.current, Tone::Ok)
        } else {
            (w.replaced, Tone::Unknown)
        };
        Line {
            version: regime.rule_version,
            kind: regime.kind.title(page.lang),
            starts: zone.say_time(page.lang, regime.starts_at, page.now),
            instant: zone.stamp(regime.starts_at),
            state,
            tone,
            id: regime.id,
        }
    });
    let done = page.done.as_ref().map(|_| w.done_published);
    html(&ListPage {
        frame: page.frame(Nav::Settings).done(done),
        w,
        heading: fill(w.title_of, &[("division", &division.name)]),
        division: division.id,
        division_name: division.name,
        otherwise,
        lines: lines.collect(),
    })
}

/// The name of a number of the form.
pub fn label(w: &'static RegimeWords, name: &str) -> &'static str {
    match name {
        "fever" => w.fever,
        "low" => w.low,
        "plausible_low" => w.plausible_low,
        "plausible_high" => w.plausible_high,
        "permit_days" => w.permit_days,
        "temporary_suspension_hours" => w.temporary_suspension_hours,
        "decide_within_days" => w.decide_within_days,
        "decide_green_within_days" => w.decide_green_within_days,
        "status_usable_hours" => w.status_usable_hours,
        _ => w.offline_grace_hours,
    }
}

/// A regime in words: what it is called, and what it says.
pub fn facts(page: &Page, kind: RegimeKind, settings: &RegimeSettings) -> Vec<(String, String)> {
    let w = RegimeWords::of(page.lang);
    let mut facts = vec![(w.kind.to_owned(), kind.title(page.lang).to_owned())];
    facts.extend(NUMBERS.iter().map(|number| {
        (label(w, number.name).to_owned(), show(number, value_of(settings, number.name)))
    }));
    facts.push((w.placard_title.to_owned(), settings.placard_title.clone()));
    facts.push((w.order_zh.to_owned(), settings.offline_order_zh.clone()));
    facts.push((w.order_en.to_owned(), settings.offline_order_en.clone()));
    for scale in Scale::ALL {
        let step = settings.routes.of(scale);
        let parties = step.parties.iter().map(|party| {
            let roles = party.roles.iter().filter_map(|code| Role::parse(code));
            let roles: Vec<_> = roles.map(|role| role.title(page.lang)).collect();
            format!("{}（{}）", party.title(page.lang), roles.join("、"))
        });
        let parties: Vec<String> = parties
            .map(|party| match page.lang {
                Lang::Zh => party,
                Lang::En => party.replace('（', " (").replace('）', ")").replace('、', ", "),
            })
            .collect();
        let order = if step.in_order { w.in_order } else { w.any_order };
        let between = page.lang.of("；", "; ");
        facts.push((
            scale.title(page.lang).to_owned(),
            format!("{}{between}{order}", parties.join(" + ")),
        ));
    }
    facts
}

#[derive(Template)]
#[template(path = "regimes/file.html")]
struct FilePage {
    frame: Frame,
    w: &'static RegimeWords,
    id: String,
    division: String,
    heading: String,
    version: u32,
    starts: String,
    facts: Vec<(String, String)>,
}

async fn show_one(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let w = RegimeWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let regime = store::find_regime_by_id(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    let division = find_division(&page, &mut tx, &regime.division_id).await?;
    drop(tx);
    let zone = page.zone_named(&division.zone);
    html(&FilePage {
        frame: page.frame(Nav::Settings),
        w,
        heading: fill(w.title_of, &[("division", &division.name)]),
        version: regime.rule_version,
        starts: zone.say_time(page.lang, regime.starts_at, page.now),
        facts: facts(&page, regime.kind, &regime.settings),
        division: division.id,
        id,
    })
}
