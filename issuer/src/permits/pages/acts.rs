//! The forms on a permit's page, and the reissue of many at once.

use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::person::clean_name;
use fugong_common::service::problem::Problem;
use serde::Deserialize;

use super::list::list_again;
use super::show::{Typed, render};
use super::{filter, find, place};
use crate::authz::Action;
use crate::fields::Sent;
use crate::permits::doing::{Doing, perform};
use crate::permits::words::{PermitWords, parse_reason};
use crate::permits::{self, ActError, By, Changes, Event, IssueError, Permit, store};
use crate::web::{Page, Refused, conflict, see_other};

/// A reason, and the revision that the person looked at.
#[derive(Deserialize)]
pub struct ReasonForm {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    revision: Option<i64>,
}

async fn do_by_form(
    page: Page,
    id: String,
    form: ReasonForm,
    doing: Doing,
    (path, done): (&'static str, &'static str),
) -> Result<Response, Problem> {
    let w = PermitWords::of(page.lang);
    let typed = match parse_reason(&form.reason) {
        None => Typed::fault(path, form.reason, w.reason_missing),
        Some(reason) => match perform(&page, &id, doing, &reason, form.revision).await {
            Ok(_) => return Ok(see_other(&format!("/permits/{id}?done={done}"))),
            Err(problem) => Typed::refused(path, form.reason, Refused::of(problem, page.lang)?),
        },
    };
    let permit = find(&page, &id, doing.action()).await?;
    render(&page, permit, Some(typed)).await
}

type IdPath = Path<String>;

type Answer = Result<Response, Problem>;

pub async fn suspend(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    do_by_form(page, id, form, Doing::Suspend, ("suspend", "suspended")).await
}

pub async fn confirm(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    do_by_form(page, id, form, Doing::Confirm, ("confirm", "confirmed")).await
}

pub async fn resume(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    do_by_form(page, id, form, Doing::Resume, ("resume", "resumed")).await
}

pub async fn revoke(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    do_by_form(page, id, form, Doing::Revoke, ("revoke", "revoked")).await
}

pub async fn reissue(page: Page, Path(id): IdPath, Form(form): Form<ReasonForm>) -> Answer {
    let w = PermitWords::of(page.lang);
    let path = "reissue";
    let typed = match parse_reason(&form.reason) {
        None => Typed::fault(path, form.reason, w.reason_missing),
        Some(reason) => match reissue_one(&page, &id, &reason, form.revision).await {
            Ok(new) => return Ok(see_other(&format!("/permits/{}?done=reissued", new.id))),
            Err(problem) => Typed::refused(path, form.reason, Refused::of(problem, page.lang)?),
        },
    };
    let permit = find(&page, &id, Action::ReissuePermits).await?;
    render(&page, permit, Some(typed)).await
}

async fn reissue_one(
    page: &Page,
    id: &str,
    reason: &str,
    revision: Option<i64>,
) -> Result<Permit, Problem> {
    let mut tx = page.app.db().write().await?;
    let old = store::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::ReissuePermits, place(&old))?;
    if revision.is_some_and(|seen| seen != old.revision) {
        return Err(ActError::Overtaken.into());
    }
    let by = By::from(&page.actor);
    let (new, change) =
        permits::reissue(&page.app, &mut tx, &old, Changes::default(), &by, reason).await?;
    page.app.commit(tx, change).await?;
    Ok(new)
}

/// The permits of a withdrawn key, under a new one (domain D32); each in its own transaction, so
/// that one that cannot be reissued does not hold up the others.
pub async fn reissue_many(page: Page, Form(sent): Form<Sent>) -> Answer {
    match reissued(&page, &sent).await {
        Ok(answer) => Ok(answer),
        Err(problem) => list_again(page, &sent, problem).await,
    }
}

async fn reissued(page: &Page, sent: &Sent) -> Answer {
    let reason = parse_reason(sent.value("reason"))
        .ok_or_else(|| Problem::invalid().detail(PermitWords::both(|w| w.reason_missing)))?;
    let by = By::from(&page.actor);
    let ids: Vec<String> = if sent.value("which") == "all" {
        list_to_reissue(page, sent).await?
    } else {
        sent.values("id").map(str::to_owned).collect()
    };
    let mut reissued = 0_u32;
    let mut refused = Vec::new();
    for id in &ids {
        if reissued == AT_ONCE {
            break;
        }
        let mut tx = page.app.db().write().await?;
        let Some(old) = store::find(&mut tx, id).await? else { continue };
        if page.require(Action::ReissuePermits, place(&old)).is_err() {
            continue;
        }
        let done =
            permits::reissue(&page.app, &mut tx, &old, Changes::default(), &by, &reason).await;
        match done {
            Ok((_, change)) => {
                page.app.commit(tx, change).await?;
                reissued += 1;
            }
            // Reissued, suspended or revoked meanwhile: nothing left to do for it.
            Err(IssueError::Twice | IssueError::State(_)) => {}
            Err(IssueError::Db(error)) => return Err(error.into()),
            Err(error) => refused.push(error),
        }
    }
    let left = refused.len();
    match refused.into_iter().next() {
        // The same for all of them, such as a key that is missing: say it at once.
        Some(error) if reissued == 0 => Err(error.into()),
        _ => {
            let key = sent.value("key");
            Ok(see_other(&format!("/permits?key={key}&done=batch-{reissued}-{left}")))
        }
    }
}

/// As many as are signed within an answer's time.
const AT_ONCE: u32 = 100;

/// The next permits of a key that can be reissued, some more than are taken at once: whichever of
/// them cannot be must not stand in the way for ever.
async fn list_to_reissue(page: &Page, sent: &Sent) -> Result<Vec<String>, Problem> {
    let filter = filter(sent.value("q"), sent.value("state"), sent.value("key"));
    if filter.key_id.is_empty() {
        return Ok(Vec::new());
    }
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let found =
        store::list(&mut tx, &bounds, &filter, page.now, "", 10 * i64::from(AT_ONCE)).await?;
    let fit = found.into_iter().filter(|it| it.after(Event::Supersede, page.now).is_ok());
    Ok(fit.map(|permit| permit.id).collect())
}

#[derive(Deserialize)]
pub struct HandOver {
    #[serde(default)]
    name: String,
}

/// Who took the placard (domain A40).
pub async fn hand_over(page: Page, Path(id): IdPath, Form(form): Form<HandOver>) -> Answer {
    let path = "hand-over";
    let typed = match clean_name(&form.name) {
        Err(_) => Typed::fault(path, form.name, PermitWords::of(page.lang).name_missing),
        Ok(name) => match note_hand_over(&page, &id, name.as_str()).await {
            Ok(()) => return Ok(see_other(&format!("/permits/{id}?done=handed-over"))),
            Err(problem) => Typed::refused(path, form.name, Refused::of(problem, page.lang)?),
        },
    };
    let permit = find(&page, &id, Action::IssuePermits).await?;
    render(&page, permit, Some(typed)).await
}

async fn note_hand_over(page: &Page, id: &str, name: &str) -> Result<(), Problem> {
    let app = &page.app;
    let mut tx = app.db().write().await?;
    let permit = store::find(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    page.require(Action::IssuePermits, place(&permit))?;
    if permit.state.is_final() {
        return Err(conflict(("此牌已作废，不再发放", "This placard is void and not handed out")));
    }
    let by = By::from(&page.actor);
    let act_id = app.new_id();
    store::note_act(&mut tx, id, &act_id, page.now, "hand_over", &by, name).await?;
    let division_id = &permit.place.division_id;
    page.record(&mut tx, "permit.hand_over", ("permit", id), division_id, name).await?;
    Ok(tx.commit().await?)
}
