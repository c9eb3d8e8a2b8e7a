//! The office's acts before signing: taking in, sending a checker, recording the visit, classing.

use fugong_common::permit::Category;

use super::super::clock;
use super::super::filing::ClassChoice;
use super::super::history::{self, Recorded};
use super::super::state::{Event, Finding, Person};
use super::super::store::{self, Seen};
use super::super::terms::class_rank;
use super::{ActError, Done, Open, apply, insert_revision, open, require_regime, zone_of};
use crate::approvals::Round;
use crate::authz::Action;
use crate::enterprises;
use crate::web::Page;

/// Takes an application in; with a checker and a day, sends him at once.
pub async fn accept(page: &Page, id: &str, seen: &Seen, visit: Option<(Person, String)>) -> Done {
    let mut open = open(page, Action::AcceptApplications, id, seen).await?;
    let accepted = apply(&mut open.tx, page, &open.before, Event::Accept, |_| {}).await?;
    let Some((checker, planned_on)) = visit else {
        open.tx.commit().await?;
        return Ok(accepted);
    };
    // The second act of this transaction has a number of its own.
    open.before = store::lock(&mut open.tx, id).await?.unwrap_or(accepted);
    send(page, open, checker, planned_on).await
}

/// Sends somebody to look at the site on a day.
pub async fn send_checker(
    page: &Page,
    id: &str,
    seen: &Seen,
    checker: Person,
    planned_on: String,
) -> Done {
    let open = open(page, Action::AcceptApplications, id, seen).await?;
    send(page, open, checker, planned_on).await
}

async fn send(page: &Page, mut open: Open, checker: Person, planned_on: String) -> Done {
    let check_id = page.app.new_id();
    let event = Event::SendChecker { checker: checker.clone(), planned_on: planned_on.clone() };
    let after = apply(&mut open.tx, page, &open.before, event, |_| {}).await?;
    let case = (after.id.as_str(), after.case.revision);
    let sent = (page.actor.account_id.as_str(), page.now);
    history::insert_check(&mut open.tx, &check_id, case, &checker, &planned_on, sent).await?;
    open.tx.commit().await?;
    Ok(after)
}

/// Records what a visit found. A good one opens the round of signatures under today's rules.
pub async fn record_check(page: &Page, id: &str, seen: &Seen, recorded: &Recorded) -> Done {
    let mut open = open(page, Action::CheckSites, id, seen).await?;
    let before = &open.before;
    let line = enterprises::store::find(&mut open.tx, &before.enterprise_id)
        .await?
        .map(|enterprise| enterprise.line);
    let regime = require_regime(&mut open.tx, &before.division_path, page.now).await?;
    let round = Round::begin(&regime, before.scale, line.as_deref().unwrap_or_default());
    let mut note: Vec<&str> = vec![recorded.note.as_str(), recorded.meeting_note.as_str()];
    note.retain(|text| !text.is_empty());
    let finding =
        Finding { meets: recorded.meets(), attended: recorded.attended, note: note.join("\n") };
    let by = page.actor.account_id.as_str();
    if !history::record_check(&mut open.tx, id, recorded, by, page.now).await? {
        return Err(ActError::Conflict(Box::new(open.before)));
    }
    open.finish(page, Event::RecordCheck { finding, round }).await
}

/// The office sets the class before anybody signs: a new revision that says who set it and why.
pub async fn classify(page: &Page, id: &str, seen: &Seen, class: Category, reason: String) -> Done {
    let mut open = open(page, Action::AcceptApplications, id, seen).await?;
    let mut revision = store::find_revision(&mut open.tx, id, open.before.case.revision)
        .await?
        .ok_or_else(|| ActError::Conflict(Box::new(open.before.clone())))?;
    let set_by = format!("{} {}", page.actor.post.kept_title(), page.actor.name);
    revision.filing.class = ClassChoice { class, reason, set_by };
    let path = open.before.division_path.clone();
    let regime = require_regime(&mut open.tx, &path, page.now).await?;
    let settings = &regime.settings;
    let days = if class == Category::Green {
        settings.decide_green_within_days
    } else {
        settings.decide_within_days
    };
    let zone = zone_of(page, &mut open.tx, &open.before.division_id).await?;
    let due_at = clock::due_at(&zone, open.before.stages.submitted_at, days);
    let after = apply(&mut open.tx, page, &open.before, Event::Classify, |after| {
        after.class_rank = class_rank(class);
        after.stages.due_at = due_at;
    })
    .await?;
    insert_revision(&mut open.tx, page, &after, &revision.filing).await?;
    open.tx.commit().await?;
    Ok(after)
}
