//! The form of a regime: what is typed, and what it says once it is checked.

use fugong_common::lang::Lang;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;

use super::limits::Limit;
use super::words::RegimeWords;
use super::{Party, RegimeKind, RegimeSettings, Routes, Scale, Step};
use crate::accounts::Role;
use crate::fields::{Errors, Sent, narrow, needed};

/// The roles that may sign.
pub(super) const SIGNING: [Role; 4] =
    [Role::Secretary, Role::Director, Role::Department, Role::LeadingGroup];

/// The parties that a route may name; the codes stand in permits.
pub(super) const PARTIES: [&str; 5] =
    ["street", "secretary", "director", "department", "leading_group"];

/// What one number of the form is: its name in the form, whether it is a temperature, its range
/// (temperatures in tenths), and the limit that the division above sets for it.
pub(super) struct Number {
    pub name: &'static str,
    pub is_temperature: bool,
    pub from: i64,
    pub to: i64,
    pub limit: Option<Limit>,
}

const fn number(name: &'static str, from: i64, to: i64, limit: Option<Limit>) -> Number {
    Number { name, is_temperature: false, from, to, limit }
}

const fn temperature(name: &'static str, from: i64, to: i64, limit: Option<Limit>) -> Number {
    Number { name, is_temperature: true, from, to, limit }
}

/// In the order of the page.
pub(super) const NUMBERS: [Number; 10] = [
    temperature("fever", 360, 390, Some(Limit::Fever)),
    temperature("low", 330, 370, None),
    temperature("plausible_low", 300, 360, None),
    temperature("plausible_high", 390, 450, None),
    number("permit_days", 1, 366, Some(Limit::PermitDays)),
    number("temporary_suspension_hours", 1, 336, None),
    number("decide_within_days", 1, 60, None),
    number("decide_green_within_days", 1, 60, None),
    number("status_usable_hours", 1, 720, Some(Limit::StatusUsable)),
    number("offline_grace_hours", 0, 720, Some(Limit::OfflineGrace)),
];

/// The value of a number as stored.
pub(super) fn value_of(settings: &RegimeSettings, name: &str) -> i64 {
    match name {
        "fever" => settings.fever_tenths.into(),
        "low" => settings.low_tenths.into(),
        "plausible_low" => settings.plausible_low_tenths.into(),
        "plausible_high" => settings.plausible_high_tenths.into(),
        "permit_days" => settings.permit_days,
        "temporary_suspension_hours" => settings.temporary_suspension_hours,
        "decide_within_days" => settings.decide_within_days,
        "decide_green_within_days" => settings.decide_green_within_days,
        "status_usable_hours" => settings.status_usable_hours,
        _ => settings.offline_grace_hours,
    }
}

/// A number as it is typed: `37.3`, `30`.
pub(super) fn show(number: &Number, value: i64) -> String {
    if number.is_temperature { format!("{}.{}", value / 10, value % 10) } else { value.to_string() }
}

fn parse_number(number: &Number, text: &str) -> Option<i64> {
    let plain: String = text.trim().chars().map(narrow).collect();
    let plain = plain.trim_end_matches('℃').trim();
    let value = if number.is_temperature {
        let (whole, tenth) = plain.split_once('.').unwrap_or((plain, "0"));
        let tenth = Some(tenth).filter(|t| t.len() == 1)?.parse::<i64>().ok()?;
        let whole = Some(whole).filter(|t| t.len() == 2)?.parse::<i64>().ok()?;
        whole * 10 + tenth
    } else {
        plain.parse().ok()?
    };
    (number.from..=number.to).contains(&value).then_some(value)
}

/// A route as it is typed: rows with an empty code are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct RouteRows {
    pub in_order: bool,
    pub rows: Vec<Party>,
}

/// A regime as it is typed.
#[derive(Clone, Debug)]
pub(super) struct RegimeForm {
    pub kind: String,
    pub starts: String,
    /// In the order of [`NUMBERS`].
    pub numbers: Vec<String>,
    pub placard_title: String,
    pub order_zh: String,
    pub order_en: String,
    /// In the order of [`Scale::ALL`].
    pub routes: Vec<RouteRows>,
}

impl RegimeForm {
    /// A form that begins as what holds now.
    pub(super) fn of(kind: RegimeKind, settings: &RegimeSettings, today: String) -> Self {
        let numbers =
            NUMBERS.iter().map(|number| show(number, value_of(settings, number.name))).collect();
        let routes = Scale::ALL.iter().map(|scale| {
            let step = settings.routes.of(*scale);
            RouteRows { in_order: step.in_order, rows: step.parties.clone() }
        });
        Self {
            kind: kind.code().to_owned(),
            starts: today,
            numbers,
            placard_title: settings.placard_title.clone(),
            order_zh: settings.offline_order_zh.clone(),
            order_en: settings.offline_order_en.clone(),
            routes: routes.collect(),
        }
    }

    pub(super) fn read(sent: &Sent) -> Self {
        let routes = Scale::ALL.iter().map(|scale| {
            let scale = scale.code();
            let rows = (0..PARTIES.len()).map(|row| {
                let field = |name: &str| format!("{scale}_{row}_{name}");
                Party {
                    code: sent.value(&field("code")).to_owned(),
                    zh: sent.value(&field("zh")).trim().to_owned(),
                    en: sent.value(&field("en")).trim().to_owned(),
                    roles: sent.values(&field("role")).map(str::to_owned).collect(),
                }
            });
            RouteRows {
                in_order: !sent.value(&format!("{scale}_in_order")).is_empty(),
                rows: rows.filter(|row| !row.code.is_empty()).collect(),
            }
        });
        Self {
            kind: sent.value("kind").to_owned(),
            starts: sent.value("starts").to_owned(),
            numbers: NUMBERS.iter().map(|number| sent.value(number.name).to_owned()).collect(),
            placard_title: sent.value("placard_title").to_owned(),
            order_zh: sent.value("order_zh").to_owned(),
            order_en: sent.value("order_en").to_owned(),
            routes: routes.collect(),
        }
    }
}

/// A regime that may be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub kind: RegimeKind,
    /// Today means now.
    pub starts_at: Millis,
    pub settings: RegimeSettings,
}

fn parse_route(
    rows: &RouteRows,
    scale: Scale,
    w: &'static RegimeWords,
    errors: &mut Errors,
) -> Step {
    let field = match scale {
        Scale::Above => "above",
        Scale::Below => "below",
        Scale::Small => "small",
    };
    let step = Step { parties: rows.rows.clone(), in_order: rows.in_order };
    let repeated = |at: usize, party: &Party| {
        step.parties.iter().take(at).any(|before| before.code == party.code)
    };
    let fault = if step.parties.is_empty() {
        w.no_party
    } else if step.parties.iter().any(|party| {
        !PARTIES.contains(&party.code.as_str())
            || !party.roles.iter().all(|code| SIGNING.iter().any(|role| role.code() == code))
    }) {
        w.bad_party
    } else if step.parties.iter().any(|party| party.roles.is_empty()) {
        w.no_role
    } else if step.parties.iter().any(|p| needed(&p.zh).is_err() || needed(&p.en).is_err()) {
        w.no_title
    } else if step.parties.iter().enumerate().any(|(at, party)| repeated(at, party)) {
        w.party_twice
    } else {
        return step;
    };
    errors.add(field, fault);
    step
}

/// Checks a form; `above` are the numbers of the division above on that day.
pub(super) fn parse(
    form: &RegimeForm,
    zone: &Zone,
    lang: Lang,
    now: Millis,
    errors: &mut Errors,
) -> Option<Draft> {
    let w = RegimeWords::of(lang);
    let kind = RegimeKind::parse(&form.kind);
    if kind.is_none() {
        errors.add("kind", w.bad_kind);
    }
    let today = zone.start_of(&zone.date(now)).unwrap_or(now);
    let starts_at =
        zone.start_of(form.starts.trim()).filter(|at| *at >= today).map(|at| at.max(now));
    if starts_at.is_none() {
        errors.add("starts", w.bad_start);
    }
    let mut values = Vec::with_capacity(NUMBERS.len());
    for (number, text) in NUMBERS.iter().zip(&form.numbers) {
        let value = parse_number(number, text);
        if value.is_none() {
            let range = [
                ("from", &show(number, number.from) as &dyn std::fmt::Display),
                ("to", &show(number, number.to)),
            ];
            errors.add(number.name, fill(w.bad_number, &range));
        }
        values.push(value.unwrap_or_default());
    }
    let placard_title = errors.take("placard_title", lang, needed(&form.placard_title));
    let offline_order_zh = errors.take("order_zh", lang, needed(&form.order_zh));
    let offline_order_en = errors.take("order_en", lang, needed(&form.order_en));
    let route = |scale, at: usize, errors: &mut Errors| {
        parse_route(&form.routes.get(at).cloned().unwrap_or_default(), scale, w, errors)
    };
    let routes = Routes {
        above: route(Scale::Above, 0, errors),
        below: route(Scale::Below, 1, errors),
        small: route(Scale::Small, 2, errors),
    };
    let [
        fever,
        low,
        plausible_low,
        plausible_high,
        permit,
        suspension,
        decide,
        green,
        usable,
        grace,
    ] = <[i64; 10]>::try_from(values).ok()?;
    let tenths = |value: i64| i16::try_from(value).unwrap_or_default();
    let settings = RegimeSettings {
        fever_tenths: tenths(fever),
        low_tenths: tenths(low),
        plausible_low_tenths: tenths(plausible_low),
        plausible_high_tenths: tenths(plausible_high),
        permit_days: permit,
        status_usable_hours: usable,
        offline_grace_hours: grace,
        offline_order_zh,
        offline_order_en,
        temporary_suspension_hours: suspension,
        placard_title,
        decide_within_days: decide,
        decide_green_within_days: green,
        routes,
    };
    if errors.is_empty() {
        if !(plausible_low < low && low < fever && fever < plausible_high) {
            errors.add("fever", w.bad_temperatures);
        }
        if green > decide {
            errors.add("decide_green_within_days", w.green_longer);
        }
    }
    let (kind, starts_at) = (kind?, starts_at?);
    errors.is_empty().then_some(Draft { kind, starts_at, settings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    fn zone() -> Zone {
        Zone::parse("Asia/Shanghai").unwrap()
    }

    fn form() -> RegimeForm {
        RegimeForm::of(RegimeKind::Approval, &RegimeSettings::default(), "2020-02-10".into())
    }

    fn errors_of(change: impl FnOnce(&mut RegimeForm)) -> Vec<&'static str> {
        let mut form = form();
        change(&mut form);
        let mut errors = Errors::default();
        let draft = parse(&form, &zone(), Lang::En, NOW, &mut errors);
        assert_eq!(draft.is_none(), !errors.is_empty());
        errors.iter().map(|(field, _)| *field).collect()
    }

    #[test]
    fn a_form_made_from_a_regime_says_the_same_regime() {
        let mut errors = Errors::default();
        let draft = parse(&form(), &zone(), Lang::Zh, NOW, &mut errors).unwrap();
        assert_eq!(draft.settings, RegimeSettings::default());
        assert_eq!(draft.starts_at, NOW);
        assert_eq!(form().numbers.first().unwrap(), "37.3");
    }

    #[test]
    fn what_was_sent_is_read_back_with_its_parties_in_order() {
        let sent: Sent = [
            ("above_0_code", "department"),
            ("above_0_zh", "主管部门"),
            ("above_0_en", "department"),
            ("above_0_role", "department"),
            ("above_0_role", "director"),
            ("above_1_code", ""),
            ("above_2_code", "street"),
            ("above_in_order", "1"),
        ]
        .into_iter()
        .collect();
        let form = RegimeForm::read(&sent);
        let above = form.routes.first().unwrap();
        assert!(above.in_order);
        let codes: Vec<_> = above.rows.iter().map(|row| row.code.as_str()).collect();
        assert_eq!(codes, ["department", "street"]);
        assert_eq!(above.rows.first().unwrap().roles, ["department", "director"]);
    }

    #[test]
    fn each_faulty_field_is_named() {
        assert_eq!(errors_of(|form| form.starts = "2020-02-09".into()), ["starts"]);
        assert_eq!(errors_of(|form| form.kind = "none".into()), ["kind"]);
        assert_eq!(errors_of(|form| form.placard_title.clear()), ["placard_title"]);
        assert_eq!(
            errors_of(|form| form.numbers = vec!["37".into(); 10]),
            ["plausible_low", "plausible_high"]
        );
        assert_eq!(errors_of(|form| form.routes.clear()), ["above", "below", "small"]);
    }

    #[test]
    fn a_route_needs_parties_that_somebody_can_sign_for() {
        let change = |change: fn(&mut Party)| {
            errors_of(|form| {
                let row = form.routes.get_mut(1).and_then(|route| route.rows.first_mut());
                change(row.unwrap());
            })
        };
        assert_eq!(change(|party| party.roles.clear()), ["below"]);
        assert_eq!(change(|party| party.roles = vec!["contact".into()]), ["below"]);
        assert_eq!(change(|party| party.code = "director".into()), ["below"]);
        assert_eq!(change(|party| party.en.clear()), ["below"]);
        assert_eq!(change(|party| party.zh = "书记".into()), [""; 0]);
    }

    #[test]
    fn temperatures_are_read_as_people_type_them() {
        let fever = NUMBERS.first().unwrap();
        assert_eq!(parse_number(fever, " 37.3 ℃"), Some(373));
        assert_eq!(parse_number(fever, "３７．５"), Some(375));
        assert_eq!(parse_number(fever, "37"), Some(370));
        assert_eq!(parse_number(fever, "373"), None);
        assert_eq!(parse_number(fever, "37.33"), None);
        assert_eq!(parse_number(fever, "40.0"), None);
    }
}
