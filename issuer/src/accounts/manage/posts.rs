//! The form of a post, parsed once.

use fugong_common::time::{Millis, Zone};
use serde::Deserialize;

use super::words::ManageWords;
use crate::accounts::Role;
use crate::authz::Place;
use crate::db::Tx;
use crate::divisions::{self, store::Division};
use crate::enterprises;
use crate::fields::{Errors, line};
use crate::web::Page;
use fugong_common::service::problem::Problem;

/// What is typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct PostForm {
    #[serde(default)]
    pub role: String,
    #[serde(default)]
    pub division: String,
    #[serde(default)]
    pub enterprise: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub line: String,
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub until: String,
}

/// A post that may be given.
#[derive(Clone, Debug)]
pub(super) struct WantedPost {
    pub role: Role,
    pub division: Division,
    pub enterprise_id: String,
    pub title: String,
    pub line: String,
    pub from: Millis,
    pub until: Option<Millis>,
}

/// When a post holds, from two dates of a division's calendar; empty texts mean now, and no end.
pub(super) fn parse_term(
    zone: &Zone,
    from: &str,
    until: &str,
    now: Millis,
) -> (Option<Millis>, Option<Option<Millis>>) {
    let today = zone.start_of(&zone.date(now)).unwrap_or(now);
    let start = match from.trim() {
        "" => Some(now),
        date => zone.start_of(date).filter(|at| *at >= today).map(|at| at.max(now)),
    };
    let end = match until.trim() {
        "" => Some(None),
        date => zone
            .end_of(date)
            .filter(|end| *end > now && start.is_none_or(|start| *end > start))
            .map(Some),
    };
    (start, end)
}

/// Parses a post within the administrator's reach; what is wrong goes to `errors`.
pub(super) async fn parse(
    page: &Page,
    tx: &mut Tx,
    form: &PostForm,
    errors: &mut Errors,
) -> Result<Option<WantedPost>, Problem> {
    let w = ManageWords::of(page.lang);
    let role = Role::parse(&form.role);
    if role.is_none() {
        errors.add("role", w.bad_role);
    }
    let of_enterprise = role.is_some_and(Role::is_of_enterprise);
    let typed = form.enterprise.trim().to_ascii_uppercase();
    let mut enterprise_id = String::new();
    let mut division = None;
    if of_enterprise {
        let found = match enterprises::store::find_by_uscc(tx, &typed).await? {
            Some(found) => Some(found),
            None => enterprises::store::find(tx, form.enterprise.trim()).await?,
        };
        match found.filter(|found| page.reach().covers(found.place())) {
            Some(found) => {
                division = divisions::store::find(tx, &found.division_id).await?;
                enterprise_id = found.id;
            }
            None => errors.add("enterprise", w.bad_enterprise),
        }
    } else {
        if !typed.is_empty() && role.is_some() {
            errors.add("enterprise", w.no_enterprise);
        }
        division = divisions::store::find(tx, &form.division).await?.filter(|found| {
            let place = Place::in_division(&found.path);
            page.reach().covers(place) && found.valid_to.is_none_or(|end| end > page.now.0)
        });
        if division.is_none() {
            errors.add("division", w.bad_division);
        }
    }
    let title = errors.take("title", page.lang, line(&form.title));
    let department_line = errors.take("line", page.lang, line(&form.line));
    if !department_line.is_empty() && role.is_some_and(|role| role != Role::Department) {
        errors.add("line", w.no_line);
    }
    let zone = division.as_ref().map_or_else(|| page.zone(), |found| page.zone_named(&found.zone));
    let (from, until) = parse_term(&zone, &form.from, &form.until, page.now);
    if from.is_none() {
        errors.add("from", w.bad_from);
    }
    if until.is_none() {
        errors.add("until", w.bad_until);
    }
    Ok(match (role, division, from, until, errors.is_empty()) {
        (Some(role), Some(division), Some(from), Some(until), true) => Some(WantedPost {
            role,
            division,
            enterprise_id,
            title,
            line: department_line,
            from,
            until,
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_begins_today_or_later_and_ends_with_its_last_day() {
        let zone = Zone::parse("Asia/Shanghai").unwrap();
        let now = crate::testing::NOW;
        assert_eq!(parse_term(&zone, "", "", now), (Some(now), Some(None)));
        assert_eq!(parse_term(&zone, "2020-02-10", "", now).0, Some(now));
        assert_eq!(parse_term(&zone, "2020-02-09", "", now).0, None);
        let later = zone.start_of("2020-02-20");
        let term = parse_term(&zone, "2020-02-20", "2020-02-20", now);
        assert_eq!(term, (later, Some(zone.end_of("2020-02-20"))));
        assert_eq!(parse_term(&zone, "2020-02-20", "2020-02-19", now).1, None);
        assert_eq!(parse_term(&zone, "", "2020-02-09", now).1, None);
        assert_eq!(parse_term(&zone, "soon", "x", now), (None, None));
    }
}
