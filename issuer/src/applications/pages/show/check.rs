//! A site check as it is shown.

use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;

use crate::applications::history::{self, SiteCheck};
use crate::applications::pages::words::CaseWords;
use crate::db::Tx;
use crate::web::Page;

/// An answer of a site check.
pub struct ItemView {
    pub group: &'static str,
    pub chip: Option<(&'static str, &'static str, &'static str)>,
    pub note: String,
}

/// A site check as it is shown.
pub struct CheckView {
    pub items: Vec<ItemView>,
    pub note: String,
    pub by: String,
    pub attended: bool,
    pub meeting_note: String,
    pub passed: bool,
}

/// The newest check that says how it went.
pub async fn latest(
    tx: &mut Tx,
    checks: &[SiteCheck],
    zone: &Zone,
    page: &Page,
) -> Result<Option<CheckView>, Problem> {
    match checks.iter().find(|check| !check.result.is_empty()) {
        Some(check) => Ok(Some(view(tx, check, zone, page).await?)),
        None => Ok(None),
    }
}

async fn view(
    tx: &mut Tx,
    check: &SiteCheck,
    zone: &Zone,
    page: &Page,
) -> Result<CheckView, Problem> {
    let c = CaseWords::of(page.lang);
    let answers = history::list_items(tx, &check.id).await?;
    let items = history::CHECK_GROUPS
        .iter()
        .map(|group| {
            let answer = answers.iter().find(|item| item.group_code == *group);
            ItemView {
                group: group_title(group, c),
                chip: answer.map(|item| result_chip(&item.result, c)),
                note: answer.map(|item| item.note.clone()).unwrap_or_default(),
            }
        })
        .collect();
    let time = zone.say_time(page.lang, Millis(check.recorded_at), page.now);
    let attended = check.attended == Some(1);
    Ok(CheckView {
        items,
        note: check.note.clone(),
        by: fill(c.check_recorded, &[("name", &check.recorded_by), ("time", &time)]),
        attended,
        meeting_note: check.meeting_note.clone(),
        passed: attended && check.result == "meets",
    })
}

/// The result of an item as a chip: tone, mark, word.
fn result_chip(result: &str, c: &'static CaseWords) -> (&'static str, &'static str, &'static str) {
    match result {
        "meets" => ("ok", "✓", c.r_meets),
        "fails" => ("stop", "■", c.r_fails),
        _ => ("unk", "●", c.r_not_applicable),
    }
}

pub fn group_title(group: &str, c: &'static CaseWords) -> &'static str {
    match group {
        "mechanism" => c.g_mechanism,
        "people" => c.g_people,
        "materials" => c.g_materials,
        _ => c.g_management,
    }
}
