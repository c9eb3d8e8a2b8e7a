//! A division's regimes by date, and the form that publishes another.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::regime_form::{
    self, Draft, NUMBERS, PARTIES, RegimeForm, SIGNING, Sent, show, value_of,
};
use super::regime_words::RegimeWords;
use super::store::{self, Division};
use super::{Limit, Regime, RegimeKind, RegimeSettings, Scale, beyond};
use crate::accounts::Role;
use crate::authz::{Action, Place, Reach};
use crate::db::{DbError, Tx};
use crate::enterprises;
use crate::fields::Errors;
use crate::web::{Frame, Nav, Page, Routes, Tone, conflict, encode, html, see_other};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/settings/regimes", Action::ManageDivisions, list)
        .get("/settings/regimes/new", Action::ManageDivisions, new_form)
        .post("/settings/regimes/new", Action::ManageDivisions, take)
        .get("/settings/regimes/{id}", Action::ManageDivisions, show_one)
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    division: String,
}

async fn find_division(page: &Page, tx: &mut Tx, id: &str) -> Result<Division, Problem> {
    let id = if id.is_empty() { &page.actor.post.division_id } else { id };
    let division = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ManageDivisions, Place::in_division(&division.path))?;
    Ok(division)
}

fn zone_of(page: &Page, division: &Division) -> Zone {
    Zone::parse(&division.zone).unwrap_or_else(|_| page.zone())
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
    let zone = zone_of(&page, &division);
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
    let mut frame = page.frame(Nav::Settings);
    if page.done.is_some() {
        frame = frame.notice(Tone::Ok, w.done_published);
    }
    html(&ListPage {
        frame,
        w,
        heading: fill(w.title_of, &[("division", &division.name)]),
        division: division.id,
        division_name: division.name,
        otherwise,
        lines: lines.collect(),
    })
}

/// The name of a number of the form.
fn label(w: &'static RegimeWords, name: &str) -> &'static str {
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
fn facts(page: &Page, kind: RegimeKind, settings: &RegimeSettings) -> Vec<(String, String)> {
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
                fugong_common::lang::Lang::Zh => party,
                fugong_common::lang::Lang::En => {
                    party.replace('（', " (").replace('）', ")").replace('、', ", ")
                }
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
    let zone = zone_of(&page, &division);
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

/// What a draft would do, shown before it is published.
struct Preview {
    title: String,
    affects: String,
    clamped: String,
    changes: Vec<(String, String, String)>,
    digest: String,
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

/// What stands above a division, and what holds there now.
struct Standing {
    division: Division,
    /// The regime above on the day asked for, and whose it is.
    above: Option<(Regime, String)>,
    now: (RegimeKind, RegimeSettings),
    next_version: i64,
}

async fn standing(
    page: &Page,
    tx: &mut Tx,
    division_id: &str,
    at: Millis,
) -> Result<Standing, Problem> {
    let division = find_division(page, tx, division_id).await?;
    let own = format!("{}/", division.id);
    let parent_path = division.path.strip_suffix(own.as_str()).unwrap_or("/").to_owned();
    let above = match store::find_regime(tx, &parent_path, at).await? {
        Some(regime) => {
            let from = store::find(tx, &regime.division_id).await?;
            Some((regime, from.map_or(String::new(), |d| d.name)))
        }
        None => None,
    };
    let holding = store::find_regime(tx, &division.path, page.now).await?;
    let now = holding.map_or((RegimeKind::Approval, RegimeSettings::default()), |regime| {
        (regime.kind, regime.settings)
    });
    let next_version = store::highest_rule_version(tx, &division.path).await? + 1;
    Ok(Standing { division, above, now, next_version })
}

/// The number of the form that a limit is about.
fn limited(limit: Limit) -> Option<&'static regime_form::Number> {
    NUMBERS.iter().find(|number| number.limit == Some(limit))
}

fn check_limits(page: &Page, draft: &Draft, standing: &Standing, errors: &mut Errors) {
    let w = RegimeWords::of(page.lang);
    let Some((above, name)) = &standing.above else { return };
    for number in beyond(&draft.settings, &above.settings).into_iter().filter_map(limited) {
        let value = show(number, value_of(&above.settings, number.name));
        errors.add(number.name, fill(w.beyond, &[("division", name), ("value", &value)]));
    }
}

/// Identifies what a preview showed: the draft, its day, and what it comes after.
fn digest(draft: &Draft, form: &RegimeForm, standing: &Standing) -> String {
    let settings = serde_json::to_string(&draft.settings).unwrap_or_default();
    let text = format!(
        "{}\n{}\n{}\n{settings}",
        draft.kind.code(),
        form.starts.trim(),
        standing.next_version
    );
    fugong_common::hex::encode(&Sha256::digest(text.as_bytes())).chars().take(32).collect()
}

/// Enterprises that a regime of this division would hold for: those below it, without those whose
/// own division has a regime.
async fn count_affected(
    tx: &mut Tx,
    division: &Division,
    others: &[Division],
) -> Result<i64, DbError> {
    let mut count = 0;
    let mut counted: Vec<&str> = Vec::new();
    for (path, sign) in std::iter::once((division.path.as_str(), 1))
        .chain(others.iter().map(|other| (other.path.as_str(), -1)))
    {
        // A node below one that was taken off already is off with it.
        if sign < 0 && counted.iter().any(|above| path.starts_with(above)) {
            continue;
        }
        if sign < 0 {
            counted.push(path);
        }
        let bounds = Reach::Division(path.to_owned()).bounds();
        let filter = enterprises::store::Filter {
            bounds: &bounds,
            search: "",
            kind: "",
            scale: "",
            survey: "",
        };
        count += sign * enterprises::store::count(tx, &filter).await?;
    }
    Ok(count)
}

async fn preview(
    page: &Page,
    tx: &mut Tx,
    draft: &Draft,
    form: &RegimeForm,
    standing: &Standing,
) -> Result<Preview, Problem> {
    let w = RegimeWords::of(page.lang);
    let division = &standing.division;
    let bounds = Reach::Division(division.path.clone()).bounds();
    let mut others = store::list_with_regime(tx, &bounds, draft.starts_at).await?;
    others.retain(|other| other.id != division.id);
    let affected = count_affected(tx, division, &others).await?;
    let mut laxer = Vec::new();
    for other in &others {
        let regime = store::find_own_regime(tx, &other.id, draft.starts_at).await?;
        if regime.is_some_and(|own| !beyond(&own.settings, &draft.settings).is_empty()) {
            laxer.push(other.name.as_str());
        }
    }
    let old = facts(page, standing.now.0, &standing.now.1);
    let new = facts(page, draft.kind, &draft.settings);
    let changes = old.into_iter().zip(new).filter(|(old, new)| old != new);
    let zone = zone_of(page, division);
    let day = zone.say_day(page.lang, draft.starts_at, page.now);
    Ok(Preview {
        title: fill(w.preview_title, &[("version", &standing.next_version), ("day", &day)]),
        affects: fill(w.affects, &[("count", &affected)]),
        clamped: if laxer.is_empty() {
            String::new()
        } else {
            fill(w.clamped, &[("names", &laxer.join(page.lang.of("、", ", ")))])
        },
        changes: changes.map(|((what, old), (_, new))| (what, old, new)).collect(),
        digest: digest(draft, form, standing),
    })
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
    let row = |at: usize, party: Option<&super::Party>| PartyRow {
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
    let status = if faulty { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, html(&shown)?).into_response())
}

async fn new_form(page: Page, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let standing = standing(&page, &mut tx, &asked.division, page.now).await?;
    drop(tx);
    let today = zone_of(&page, &standing.division).date(page.now);
    let form = RegimeForm::of(standing.now.0, &standing.now.1, today);
    show_form(&page, &standing, form, Errors::default(), None, false)
}

/// Previews or publishes what was sent; only what a preview has shown is published.
async fn take(page: Page, Form(fields): Form<Vec<(String, String)>>) -> Result<Response, Problem> {
    let sent = Sent(fields);
    let form = RegimeForm::read(&sent);
    let mut errors = Errors::default();
    let mut tx = page.app.db().write().await?;
    let division = find_division(&page, &mut tx, sent.value("division")).await?;
    let zone = zone_of(&page, &division);
    let draft = regime_form::parse(&form, &zone, page.lang, page.now, &mut errors);
    let at = draft.as_ref().map_or(page.now, |draft| draft.starts_at);
    let standing = standing(&page, &mut tx, &division.id, at).await?;
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
        let shown = preview(&page, &mut tx, &draft, &form, &standing).await?;
        drop(tx);
        return show_form(&page, &standing, form, errors, Some(shown), wants);
    }
    let regime = Regime {
        id: page.app.new_id(),
        kind: draft.kind,
        rule_version: u32::try_from(standing.next_version).map_err(Problem::internal)?,
        settings: draft.settings,
        starts_at: draft.starts_at,
        division_id: division.id.clone(),
    };
    match store::insert_regime(&mut tx, &regime, &page.actor.account_id, page.now).await {
        Err(DbError::Duplicate) => {
            return Err(conflict((
                "他人刚发布了新的管理办法",
                "Somebody else has just published a regime",
            )));
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
