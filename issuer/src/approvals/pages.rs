//! Deciding: sign, sign and see next, return, refuse, issue.

use askama::Template;
use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::hex;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Deserialize;

use crate::applications::pages::{
    CaseWords, PHRASES, SeenFields, done, find, kept, not_done, not_done_with, say_quicker,
};
use crate::applications::{self, ActError, Application, Deeds, Fault, Mine, State, Task, to_do};
use crate::authz::Action;
use crate::divisions;
use crate::fields::{Sent, clip};
use crate::web::{Frame, Nav, Page, Routes, Tone, html, html_conflict, html_form, see_other};

pub fn routes(routes: Routes) -> Routes {
    routes
        .post("/applications/{id}/sign", Action::SignApplications, sign)
        .get("/applications/{id}/return", Action::ReturnApplications, return_page)
        .post("/applications/{id}/return", Action::ReturnApplications, send_back)
        .get("/applications/{id}/refuse", Action::RefuseApplications, refuse_page)
        .post("/applications/{id}/refuse", Action::RefuseApplications, refuse)
}

#[derive(Deserialize)]
struct Signing {
    #[serde(flatten)]
    seen: SeenFields,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    then: String,
}

async fn sign(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Signing>,
) -> Result<Response, Problem> {
    let digest = hex::decode(&sent.digest).unwrap_or_default();
    let signed = match applications::sign(&page, &id, &sent.seen.seen(), &digest).await {
        Ok(signed) => signed,
        Err(error) => return not_done(&page, &id, error).await,
    };
    if sent.then != "next" {
        return Ok(done(&id, "signed"));
    }
    Ok(match next_to_sign(&page, &signed).await? {
        Some(next) => done(&next, "next"),
        None => see_other("/?done=last"),
    })
}

/// What comes behind a case in the list of those that wait for the actor's signature.
async fn next_to_sign(page: &Page, behind: &Application) -> Result<Option<String>, Problem> {
    let mut tx = page.app.db().read().await?;
    let bounds = page.reach().bounds();
    let mine = Mine {
        role: page.actor.post.role,
        account_id: &page.actor.account_id,
        line: &page.actor.post.line,
        bounds: &bounds,
    };
    Ok(to_do::next(&mut tx, &mine, Task::Sign, behind).await?)
}

/// A stock phrase as the form shows it.
struct Phrase {
    code: &'static str,
    text: &'static str,
    ticked: bool,
    note: String,
}

#[derive(Template)]
#[template(path = "applications/return.html")]
struct ReturnPage {
    frame: Frame,
    c: &'static CaseWords,
    id: String,
    name: String,
    phrases: Vec<Phrase>,
    other: String,
    voids: String,
    error: &'static str,
    seen_state: String,
    seen_revision: String,
}

fn return_form(page: &Page, found: &Application, sent: &Sent, error: &'static str) -> ReturnPage {
    let c = CaseWords::of(page.lang);
    let given = match found.state() {
        State::Signing(round) | State::Approved(round) => round.given.len(),
        _ => 0,
    };
    ReturnPage {
        frame: page.frame(Nav::Applications),
        c,
        id: found.id.clone(),
        name: found.enterprise_name.clone(),
        phrases: PHRASES
            .iter()
            .map(|(code, zh, en)| Phrase {
                code,
                text: page.lang.of(zh, en),
                ticked: sent.ticks("phrase", code),
                note: sent.value(&format!("note_{code}")).to_owned(),
            })
            .collect(),
        other: sent.value("other").to_owned(),
        voids: if given > 0 { fill(c.void_warning, &[("n", &given)]) } else { String::new() },
        error,
        seen_state: sent.seen("seen_state", found.state().code()),
        seen_revision: sent.seen("seen_revision", &found.case.revision.to_string()),
    }
}

async fn return_page(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let found = find(&page, &mut tx, Action::ReturnApplications, &id).await?;
    drop(tx);
    if !Deeds::of(&found, &page.actor).send_back {
        return Ok(see_other(&format!("/applications/{id}")));
    }
    html(&return_form(&page, &found, &Sent::default(), ""))
}

/// Everything that a return names: ticked phrases, notes beside phrases, and one fault a line.
pub(super) fn read_faults(sent: &Sent) -> Vec<Fault> {
    let clip = |text: &str| clip(text, 500);
    let mut faults: Vec<Fault> = PHRASES
        .iter()
        .filter_map(|(code, _, _)| {
            let note = clip(sent.value(&format!("note_{code}")));
            let ticked = sent.ticks("phrase", code);
            (ticked || !note.is_empty()).then(|| Fault { phrase: (*code).to_owned(), note })
        })
        .collect();
    let other = sent.value("other").lines().map(clip).filter(|line| !line.is_empty());
    faults.extend(other.take(50).map(|note| Fault { phrase: String::new(), note }));
    faults
}

async fn send_back(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let faults = read_faults(&sent);
    if faults.is_empty() {
        let mut tx = page.app.db().read().await?;
        let found = find(&page, &mut tx, Action::ReturnApplications, &id).await?;
        let c = CaseWords::of(page.lang);
        let form = return_form(&page, &found, &sent, c.return_empty);
        return html_form(&form, true);
    }
    let written = kept(sent.named(|name| name.starts_with("note_") || name == "other"));
    let seen = SeenFields::of(&sent).seen();
    match applications::return_for_correction(&page, &id, &seen, faults).await {
        Ok(_) => Ok(done(&id, "returned")),
        Err(ActError::Conflict(_)) => {
            let (found, why) = stands_now(&page, &id, Action::ReturnApplications).await?;
            if !Deeds::of(&found, &page.actor).send_back {
                let error = ActError::Conflict(Box::new(found));
                return not_done_with(&page, &id, error, written).await;
            }
            let form = return_form(&page, &found, &sent.answers(), "");
            let form = ReturnPage { frame: form.frame.notice(Tone::Warn, why), ..form };
            html_conflict(&form)
        }
        Err(error) => not_done_with(&page, &id, error, written).await,
    }
}

/// A case that somebody else was quicker with, and what is said of it over a form that keeps what was
/// written.
async fn stands_now(
    page: &Page,
    id: &str,
    action: Action,
) -> Result<(Application, String), Problem> {
    let mut tx = page.app.db().read().await?;
    let found = find(page, &mut tx, action, id).await?;
    let why = say_quicker(page, &found, CaseWords::of(page.lang).quicker_kept);
    Ok((found, why))
}

#[derive(Template)]
#[template(path = "applications/refuse.html")]
struct RefusePage {
    frame: Frame,
    c: &'static CaseWords,
    id: String,
    name: String,
    reason: String,
    basis: String,
    complain: String,
    reason_error: &'static str,
    basis_error: &'static str,
    complain_error: &'static str,
    seen_state: String,
    seen_revision: String,
}

#[derive(Deserialize)]
struct Refusing {
    #[serde(flatten)]
    seen: SeenFields,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    basis: String,
    #[serde(default)]
    complain: String,
}

async fn refuse_page(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let c = CaseWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let found = find(&page, &mut tx, Action::RefuseApplications, &id).await?;
    let chain = divisions::store::ancestry(&mut tx, &found.division_path).await?;
    drop(tx);
    if !Deeds::of(&found, &page.actor).refuse {
        return Ok(see_other(&format!("/applications/{id}")));
    }
    let hotline = chain.iter().rev().map(|d| d.hotline.as_str()).find(|line| !line.is_empty());
    let complain = match hotline {
        Some(hotline) => fill(c.complain_default, &[("hotline", &hotline)]),
        None => c.complain_default_plain.to_owned(),
    };
    html(&RefusePage {
        frame: page.frame(Nav::Applications),
        c,
        id,
        name: found.enterprise_name.clone(),
        reason: String::new(),
        basis: String::new(),
        complain,
        reason_error: "",
        basis_error: "",
        complain_error: "",
        seen_state: found.state().code().to_owned(),
        seen_revision: found.case.revision.to_string(),
    })
}

async fn refuse(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Refusing>,
) -> Result<Response, Problem> {
    let c = CaseWords::of(page.lang);
    let clip = |text: &str| clip(text, 1000);
    let (reason, basis, complain) = (clip(&sent.reason), clip(&sent.basis), clip(&sent.complain));
    let missing = |text: &str| if text.is_empty() { c.needed } else { "" };
    if reason.is_empty() || basis.is_empty() || complain.is_empty() {
        let mut tx = page.app.db().read().await?;
        let found = find(&page, &mut tx, Action::RefuseApplications, &id).await?;
        let form = RefusePage {
            frame: page.frame(Nav::Applications),
            c,
            id,
            name: found.enterprise_name,
            reason_error: missing(&reason),
            basis_error: missing(&basis),
            complain_error: missing(&complain),
            reason,
            basis,
            complain,
            seen_state: sent.seen.seen_state,
            seen_revision: sent.seen.seen_revision,
        };
        return html_form(&form, true);
    }
    let written = kept([reason.as_str(), &basis, &complain]);
    let said = (reason.clone(), basis.clone(), complain.clone());
    match applications::refuse(&page, &id, &sent.seen.seen(), said).await {
        Ok(_) => Ok(done(&id, "refused")),
        Err(ActError::Conflict(_)) => {
            let (found, why) = stands_now(&page, &id, Action::RefuseApplications).await?;
            if !Deeds::of(&found, &page.actor).refuse {
                let error = ActError::Conflict(Box::new(found));
                return not_done_with(&page, &id, error, written).await;
            }
            let form = RefusePage {
                frame: page.frame(Nav::Applications).notice(Tone::Warn, why),
                c,
                id,
                seen_state: found.state().code().to_owned(),
                seen_revision: found.case.revision.to_string(),
                name: found.enterprise_name,
                reason,
                basis,
                complain,
                reason_error: "",
                basis_error: "",
                complain_error: "",
            };
            html_conflict(&form)
        }
        Err(error) => not_done_with(&page, &id, error, written).await,
    }
}
