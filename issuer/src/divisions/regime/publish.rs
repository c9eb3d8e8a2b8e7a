//! The form that publishes a regime: previewed first, and published only as it was shown.

use askama::Template;
use axum::extract::{Form, Query};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;

use super::form::{NUMBERS, PARTIES, RegimeForm, SIGNING, parse, show, value_of};
use super::pages::{Asked, find_division, label};
use super::preview::{self, Preview, Standing, check_limits, digest};
use super::words::RegimeWords;
use super::{Party, Regime, RegimeKind, Scale};
use crate::db::DbError;
use crate::divisions::store;
use crate::fields::{Errors, Sent};
use crate::web::{Frame, Nav, Page, encode, html_form, see_other};

struct NumberField {
    name: &'static str,
    label: &'static str,
    value: String,
    help: String,
}

struct RoleBox {
    code: &'static str,
    title: &'static str,
    checked: bool,
}

struct PartyRow {
    at: usize,
    codes: Vec<(&'static str, &'static str, bool)>,
    zh: String,
    en: String,
    roles: Vec<RoleBox>,
}

struct RouteField {
    scale: &'static str,
    title: String,
    in_order: bool,
    rows: Vec<PartyRow>,
}

#[derive(Template)]
#[template(path = "regimes/form.html")]
struct FormPage {
    frame: Frame,
    w: &'static RegimeWords,
    division: String,
    division_name: String,
    error_count: String,
    kinds: Vec<(&'static str, &'static str, bool)>,
    numbers: Vec<NumberField>,
    routes: Vec<RouteField>,
    form: RegimeForm,
    errors: Errors,
    preview: Option<Preview>,
    edited_since: bool,
}

fn party_title(w: &'static RegimeWords, code: &str) -> &'static str {
    match code {
        "street" => w.party_street,
        "secretary" => w.party_secretary,
        "director" => w.party_director,
        "department" => w.party_department,
        _ => w.party_leading_group,
    }
}

fn route_fields(page: &Page, form: &RegimeForm) -> Vec<RouteField> {
    let w = RegimeWords::of(page.lang);
    let row = |at: usize, party: Option<&Party>| PartyRow {
        at,
        codes: PARTIES
            .iter()
            .map(|code| (*code, party_title(w, code), party.is_some_and(|p| p.code == *code)))
            .collect(),
        zh: party.map_or(String::new(), |p| p.zh.clone()),
        en: party.map_or(String::new(), |p| p.en.clone()),
        roles: SIGNING
            .iter()
            .map(|role| RoleBox {
                code: role.code(),
                title: role.title(page.lang),
                checked: party.is_some_and(|p| p.takes(*role)),
            })
            .collect(),
    };
    let routes = Scale::ALL.iter().zip(&form.routes).map(|(scale, route)| {
        // One empty row waits for another party.
        let count = (route.rows.len() + 1).min(PARTIES.len());
        RouteField {
            scale: scale.code(),
            title: format!("{} · {}", scale.title(page.lang), scale.route_title(page.lang)),
            in_order: route.in_order,
            rows: (0..count).map(|at| row(at, route.rows.get(at))).collect(),
        }
    });
    routes.collect()
}

fn show_form(
    page: &Page,
    standing: &Standing,
    form: RegimeForm,
    errors: Errors,
    preview: Option<Preview>,
    edited_since: bool,
) -> Result<Response, Problem> {
    let w = RegimeWords::of(page.lang);
    let numbers = NUMBERS.iter().zip(&form.numbers).map(|(number, value)| {
        let above = standing.above.as_ref().filter(|_| number.limit.is_some());
        let limit = above.map(|(above, _)| show(number, value_of(&above.settings, number.name)));
        NumberField {
            name: number.name,
            label: label(w, number.name),
            value: value.clone(),
            help: limit.map_or(String::new(), |value| fill(w.limit, &[("value", &value)])),
        }
    });
    let kinds = RegimeKind::ALL.iter();
    let shown = FormPage {
        frame: page.frame(Nav::Settings),
        w,
        division: standing.division.id.clone(),
        division_name: standing.division.name.clone(),
        error_count: fill(w.errors, &[("count", &errors.len())]),
        kinds: kinds
            .map(|kind| (kind.code(), kind.title(page.lang), kind.code() == form.kind))
            .collect(),
        numbers: numbers.collect(),
        routes: route_fields(page, &form),
        form,
        preview,
        edited_since,
        errors,
    };
    let faulty = !shown.errors.is_empty() || edited_since;
    html_form(&shown, faulty)
}

pub async fn new_form(page: Page, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let standing = preview::standing(&page, &mut tx, &asked.division, page.now).await?;
    drop(tx);
    let today = page.zone_named(&standing.division.zone).date(page.now);
    let form = RegimeForm::of(standing.now.0, &standing.now.1, today);
    show_form(&page, &standing, form, Errors::default(), None, false)
}

/// Previews or publishes what was sent; only what a preview has shown is published.
pub async fn take(page: Page, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let form = RegimeForm::read(&sent);
    let mut errors = Errors::default();
    let mut tx = page.app.db().write().await?;
    let division = find_division(&page, &mut tx, sent.value("division")).await?;
    let zone = page.zone_named(&division.zone);
    let draft = parse(&form, &zone, page.lang, page.now, &mut errors);
    let at = draft.as_ref().map_or(page.now, |draft| draft.starts_at);
    let standing = preview::standing(&page, &mut tx, &division.id, at).await?;
    if let Some(draft) = &draft {
        check_limits(&page, draft, &standing, &mut errors);
    }
    let Some(draft) = draft.filter(|_| errors.is_empty()) else {
        drop(tx);
        return show_form(&page, &standing, form, errors, None, false);
    };
    let seen = sent.value("previewed");
    let wants = sent.value("act") == "publish";
    if !wants || seen != digest(&draft, &form, &standing) {
        let shown = preview::preview(&page, &mut tx, &draft, &form, &standing).await?;
        drop(tx);
        return show_form(&page, &standing, form, errors, Some(shown), wants);
    }
    let regime = Regime {
        id: page.app.new_id(),
        kind: draft.kind,
        rule_version: u32::try_from(standing.next_version).map_err(Problem::internal)?,
        settings: draft.settings.clone(),
        starts_at: draft.starts_at,
        division_id: division.id.clone(),
    };
    match store::insert_regime(&mut tx, &regime, &page.actor.account_id, page.now).await {
        Err(DbError::Duplicate) => {
            // Somebody else has just published: shown over what holds by now, and sent again.
            drop(tx);
            let mut tx = page.app.db().read().await?;
            let standing = preview::standing(&page, &mut tx, &division.id, at).await?;
            let shown = preview::preview(&page, &mut tx, &draft, &form, &standing).await?;
            drop(tx);
            return show_form(&page, &standing, form, errors, Some(shown), true);
        }
        done => done?,
    }
    let day = zone.date(regime.starts_at);
    let detail = format!("{} · {} · {day}", regime.kind.title(page.lang), regime.rule_version);
    page.record(&mut tx, "regime.publish", ("regime", &regime.id), &division.id, &detail).await?;
    let change = page.app.note_change(&mut tx, "regime", "").await?;
    page.app.commit(tx, change).await?;
    Ok(see_other(&format!("/settings/regimes?division={}&done=published", encode(&division.id))))
}
