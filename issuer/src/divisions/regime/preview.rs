//! What a drafted regime would do, and what keeps it from being published.

use fugong_common::hex;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use sha2::{Digest, Sha256};

use super::form::{Draft, NUMBERS, Number, RegimeForm, show, value_of};
use super::limits::{Limit, beyond};
use super::pages::{facts, find_division};
use super::words::RegimeWords;
use super::{Regime, RegimeKind, RegimeSettings};
use crate::authz::Reach;
use crate::db::{DbError, Tx};
use crate::divisions::store::{self, Division};
use crate::enterprises;
use crate::fields::Errors;
use crate::web::Page;

/// What stands above a division, and what holds there now.
pub struct Standing {
    pub division: Division,
    /// The regime above on the day asked for, and whose it is.
    pub above: Option<(Regime, String)>,
    pub now: (RegimeKind, RegimeSettings),
    pub next_version: i64,
}

pub async fn standing(
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
fn limited(limit: Limit) -> Option<&'static Number> {
    NUMBERS.iter().find(|number| number.limit == Some(limit))
}

/// Names the numbers that are laxer than those of the division above.
pub fn check_limits(page: &Page, draft: &Draft, standing: &Standing, errors: &mut Errors) {
    let w = RegimeWords::of(page.lang);
    let Some((above, name)) = &standing.above else { return };
    for number in beyond(&draft.settings, &above.settings).into_iter().filter_map(limited) {
        let value = show(number, value_of(&above.settings, number.name));
        errors.add(number.name, fill(w.beyond, &[("division", name), ("value", &value)]));
    }
}

/// Identifies what a preview showed: the draft, its day, and what it comes after.
pub fn digest(draft: &Draft, form: &RegimeForm, standing: &Standing) -> String {
    let settings = serde_json::to_string(&draft.settings).unwrap_or_default();
    let text = format!(
        "{}\n{}\n{}\n{settings}",
        draft.kind.code(),
        form.starts.trim(),
        standing.next_version
    );
    hex::encode(&Sha256::digest(text.as_bytes())).chars().take(32).collect()
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

/// What a draft would do, shown before it is published.
pub struct Preview {
    pub title: String,
    pub affects: String,
    pub clamped: String,
    pub changes: Vec<(String, String, String)>,
    pub digest: String,
}

pub async fn preview(
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
    let zone = page.zone_named(&division.zone);
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
