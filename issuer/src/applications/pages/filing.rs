//! The form: by the enterprise itself, or at a counter on its behalf.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use fugong_common::permit::Mode;
use fugong_common::service::problem::Problem;
use fugong_common::words::{capital, fill};
use serde::Deserialize;

use super::super::acts::{self, ActError, Draft};
use super::super::deeds::{Deeds, Edit};
use super::super::filing::Filing;
use super::super::form::{FieldFault, FilingForm};
use super::super::state::{Event, Refusal, State};
use super::super::store::{self, Application, Seen};
use super::super::terms::{CLASSES, Kind, class_code, class_title, mode_title};
use super::super::words::ApplicationWords;
use super::words::CaseWords;
use super::{SeenFields, done, find, kept, lines_of, not_done, not_done_with, say_quicker, show};
use crate::authz::Action;
use crate::db::Tx;
use crate::enterprises;
use crate::fields::clip;
use crate::web::{Frame, Nav, Page, Tone, html, html_conflict, html_form, see_other};

/// A choice in a list of radio buttons or a select.
struct Choice {
    value: &'static str,
    title: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "applications/form.html")]
struct FormPage {
    frame: Frame,
    w: &'static ApplicationWords,
    title: String,
    enterprise: String,
    action: String,
    form: FilingForm,
    faults: Vec<FieldFault>,
    fault_count: String,
    premises: Vec<(String, String)>,
    kinds: Vec<Choice>,
    classes: Vec<Choice>,
    /// The office has set the class: it is shown, not asked.
    class_set: String,
    modes: Vec<Choice>,
    help_term: String,
    today: String,
    on_behalf: String,
    mend: Vec<String>,
    mend_title: &'static str,
    warning: &'static str,
    may_save: bool,
    submit: &'static str,
    seen_state: &'static str,
    seen_revision: i64,
    step: i64,
    enterprise_id: String,
    cancel: String,
}

impl FormPage {
    fn fault(&self, field: &str) -> &str {
        self.faults.iter().find(|fault| fault.field == field).map_or("", |fault| &fault.message)
    }

    /// What a field is called, for the list of faults.
    fn label(&self, field: &str) -> &'static str {
        match field {
            "kind" => self.w.f_kind,
            "class" => self.w.f_class,
            "class_reason" => self.w.f_class_reason,
            "premises" => self.w.f_premises,
            "planned_on" => self.w.f_planned_on,
            "term_days" => self.w.f_term_days,
            "mode" => self.w.f_mode,
            "people" => self.w.f_people,
            "cap" => self.w.f_cap,
            "conditions" => self.w.f_conditions,
            "responsible_name" | "responsible_phone" => self.w.f_responsible,
            "epidemic_name" | "epidemic_phone" => self.w.f_epidemic,
            _ => "",
        }
    }
}

/// What a form page is for.
struct Opened<'a> {
    draft: &'a Draft,
    /// The application that is edited; none for a new one.
    of: Option<&'a Application>,
    class_set: Option<String>,
    edit: Edit,
}

fn form_page(
    page: &Page,
    opened: &Opened<'_>,
    form: FilingForm,
    faults: Vec<FieldFault>,
) -> FormPage {
    let lang = page.lang;
    let w = ApplicationWords::of(lang);
    let draft = opened.draft;
    let choose = |value: &'static str, title: String, chosen: &str| Choice {
        value,
        title: capital(&title),
        chosen: value == chosen,
    };
    let on_behalf = if page.actor.post.role.is_of_enterprise() {
        String::new()
    } else {
        fill(w.on_behalf_by, &[("name", &page.actor.name)])
    };
    let place = |p: &super::super::filing::PremisesFacts| {
        let parts = [p.name.as_str(), &p.address, &p.entrance];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        (p.id.clone(), parts.join(lang.of("，", ", ")))
    };
    let mut frame = page.frame(Nav::Applications);
    let count = fill(w.form_faults, &[("n", &faults.len())]);
    if page.done.as_deref() == Some("saved") {
        frame = frame.notice(Tone::Ok, CaseWords::of(lang).done_saved);
    }
    FormPage {
        frame,
        w,
        title: match opened.edit {
            Edit::Draft if opened.of.is_none() => w.new_application.to_owned(),
            Edit::Draft => w.application.to_owned(),
            Edit::Returned => w.resubmit.to_owned(),
            Edit::Amend => w.amend.trim_end_matches('…').to_owned(),
        },
        enterprise: draft.enterprise.name.clone(),
        action: opened
            .of
            .map_or("/applications/new".to_owned(), |of| format!("/applications/{}/edit", of.id)),
        fault_count: if faults.is_empty() { String::new() } else { count },
        faults,
        premises: draft.premises.iter().map(place).collect(),
        kinds: Kind::ALL
            .into_iter()
            .map(|kind| choose(kind.code(), kind.title(lang).to_owned(), &form.kind))
            .collect(),
        classes: CLASSES
            .into_iter()
            .rev()
            .map(|class| {
                choose(class_code(class), class_title(class, lang).to_owned(), &form.class)
            })
            .collect(),
        class_set: opened.class_set.clone().unwrap_or_default(),
        modes: [
            ("on_site", mode_title(Mode::OnSite, lang)),
            ("partial", lang.of("限员复工", "partial").to_owned()),
            ("remote", mode_title(Mode::RemoteOnly, lang)),
        ]
        .into_iter()
        .map(|(code, title)| choose(code, title, &form.mode))
        .collect(),
        help_term: fill(w.help_term, &[("days", &draft.regime.settings.permit_days)]),
        today: draft.zone.date(page.now),
        on_behalf,
        mend: opened.of.map(|of| show::mend_lines(of.state(), lang)).unwrap_or_default(),
        mend_title: CaseWords::of(lang).to_mend,
        warning: if opened.edit == Edit::Amend { w.amend_warning } else { "" },
        may_save: opened.edit != Edit::Amend,
        submit: match opened.edit {
            Edit::Draft => w.submit,
            Edit::Returned => w.resubmit,
            Edit::Amend => w.amend_submit,
        },
        seen_state: opened.of.map_or("draft", |of| of.state().code()),
        seen_revision: opened.of.map_or(0, |of| of.case.revision),
        step: opened.of.map_or(0, |of| of.step),
        enterprise_id: draft.enterprise.id.clone(),
        cancel: opened
            .of
            .map_or("/applications".to_owned(), |of| format!("/applications/{}", of.id)),
        form,
    }
}

fn answer(form: &FormPage) -> Result<Response, Problem> {
    html_form(form, !form.faults.is_empty())
}

#[derive(Template)]
#[template(path = "applications/find.html")]
struct FindPage {
    frame: Frame,
    w: &'static ApplicationWords,
    search: String,
    found: Vec<(String, String, String)>,
    asked: bool,
}

#[derive(Deserialize)]
pub struct For {
    #[serde(default)]
    enterprise: String,
    #[serde(default)]
    search: String,
}

/// An empty form; officers first say for whom.
pub async fn new(page: Page, Query(query): Query<For>) -> Result<Response, Problem> {
    let own = page.actor.post.role.is_of_enterprise();
    let enterprise =
        if own { page.actor.post.enterprise_id.clone() } else { query.enterprise.clone() };
    let mut tx = page.app.db().read().await?;
    if enterprise.is_empty() {
        let search = query.search.trim().to_owned();
        let mut found = Vec::new();
        if !search.is_empty() {
            let bounds = page.reach().bounds();
            let filter = enterprises::store::Filter {
                bounds: &bounds,
                search: &search,
                kind: "",
                scale: "",
                survey: "",
            };
            let lines = enterprises::store::list(&mut tx, &filter, "", 20).await?;
            found =
                lines.into_iter().map(|line| (line.id, line.name, line.division_name)).collect();
        }
        let frame = page.frame(Nav::Applications);
        let w = ApplicationWords::of(page.lang);
        return html(&FindPage { frame, w, asked: !search.is_empty(), search, found });
    }
    let draft = Draft::open(&page, &mut tx, &enterprise, "").await?;
    let form = draft.form();
    let opened = Opened { draft: &draft, of: None, class_set: None, edit: Edit::Draft };
    answer(&form_page(&page, &opened, form, Vec::new()))
}

/// The form's fields, and what is to be done with them.
#[derive(Debug, Deserialize)]
pub struct Sent {
    #[serde(default, rename = "do")]
    what: String,
    #[serde(default)]
    enterprise: String,
    #[serde(default)]
    step: String,
    #[serde(flatten)]
    seen: SeenFields,
    #[serde(flatten)]
    form: FilingForm,
}

/// The first save makes the draft, so that nothing can be lost after it.
pub async fn create(page: Page, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let enterprise = if page.actor.post.role.is_of_enterprise() {
        page.actor.post.enterprise_id.clone()
    } else {
        sent.enterprise.clone()
    };
    let new = match acts::draft(&page, &enterprise, Some(sent.form.clone())).await {
        Ok(new) => new,
        Err(ActError::Problem(problem)) => return Err(keeping(problem, &sent.form)),
        Err(other) => return not_done(&page, "", other).await,
    };
    if sent.what == "save" {
        return Ok(see_other(&format!("/applications/{}/edit?done=saved", new.id)));
    }
    let seen = new.seen();
    file(&page, &new.id, &seen, &sent.form, &Event::Submit).await
}

pub async fn edit(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let found = find(&page, &mut tx, Action::FileApplications, &id).await?;
    let Some(edit) = Deeds::of(&found, &page.actor).edit else {
        return Ok(see_other(&format!("/applications/{id}")));
    };
    let draft = Draft::open(&page, &mut tx, &found.enterprise_id, &found.form.premises).await?;
    let class_set = class_set(&page, &mut tx, &found).await?;
    drop(tx);
    let form = found.form.clone();
    let opened = Opened { draft: &draft, of: Some(&found), class_set, edit };
    answer(&form_page(&page, &opened, form, Vec::new()))
}

/// The class that an officer has set, as it is shown.
async fn class_set(
    page: &Page,
    tx: &mut crate::db::Tx,
    found: &Application,
) -> Result<Option<String>, Problem> {
    let revision = store::find_revision(tx, &found.id, found.case.revision).await?;
    let said = |filing: &Filing| {
        let class = &filing.class;
        format!("{} · {} · {}", class_title(class.class, page.lang), class.reason, class.set_by)
    };
    Ok(revision
        .filter(|revision| !revision.filing.class.set_by.is_empty())
        .map(|revision| said(&revision.filing)))
}

pub async fn save(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    if sent.what == "save" {
        let step = sent.step.trim().parse().unwrap_or(-1);
        return match acts::save_draft(&page, &id, step, &sent.form).await {
            Ok(_) => Ok(see_other(&format!("/applications/{id}/edit?done=saved"))),
            Err(error) => once_more(&page, &id, &sent.form, error).await,
        };
    }
    let seen = sent.seen.seen();
    let event = match seen.state.as_str() {
        "draft" | "returned" => Event::Submit,
        _ => Event::Amend,
    };
    file(&page, &id, &seen, &sent.form, &event).await
}

/// Submits; with faults the form comes back as it was typed.
async fn file(
    page: &Page,
    id: &str,
    seen: &Seen,
    form: &FilingForm,
    event: &Event,
) -> Result<Response, Problem> {
    let result = match event {
        Event::Amend => acts::amend(page, id, seen, form).await,
        _ => acts::submit(page, id, seen, form).await,
    };
    match result {
        Ok(filed) => Ok(done(&filed.id, "submitted")),
        Err(ActError::Fields(faults)) => {
            let mut tx = page.app.db().read().await?;
            let found = find(page, &mut tx, Action::FileApplications, id).await?;
            let draft = reopen(page, &mut tx, &found, form).await?;
            let class_set = class_set(page, &mut tx, &found).await?;
            drop(tx);
            let edit = match found.state() {
                State::Draft => Edit::Draft,
                State::Returned { .. } => Edit::Returned,
                _ => Edit::Amend,
            };
            let opened = Opened { draft: &draft, of: Some(&found), class_set, edit };
            answer(&form_page(page, &opened, form.clone(), faults))
        }
        Err(error) => once_more(page, id, form, error).await,
    }
}

/// What a form that comes back is shown over; rules that were abolished while somebody typed leave
/// none.
async fn reopen(
    page: &Page,
    tx: &mut Tx,
    found: &Application,
    form: &FilingForm,
) -> Result<Draft, Problem> {
    let draft = Draft::open(page, tx, &found.enterprise_id, &form.premises).await;
    draft.map_err(|problem| keeping(problem, form))
}

fn keeping(problem: Problem, form: &FilingForm) -> Problem {
    problem.keeping(lines_of(form.written()))
}

/// Somebody was quicker, or the rules refuse it: the form comes back as it was typed, over the case as
/// it stands now, so that it can be sent with that in view. What can be edited no longer is shown as it
/// is, with what was written.
async fn once_more(
    page: &Page,
    id: &str,
    form: &FilingForm,
    error: ActError,
) -> Result<Response, Problem> {
    let why = match &error {
        ActError::Problem(problem) => return Err(keeping(problem.clone(), form)),
        ActError::Refused(Refusal::NoRoute) => Some(ApplicationWords::of(page.lang).no_route),
        _ => None,
    };
    let mut tx = page.app.db().read().await?;
    let found = find(page, &mut tx, Action::FileApplications, id).await?;
    let Some(edit) = Deeds::of(&found, &page.actor).edit else {
        drop(tx);
        return not_done_with(page, id, error, kept(form.written())).await;
    };
    let draft = reopen(page, &mut tx, &found, form).await?;
    let class_set = class_set(page, &mut tx, &found).await?;
    drop(tx);
    let opened = Opened { draft: &draft, of: Some(&found), class_set, edit };
    let shown = form_page(page, &opened, form.clone(), Vec::new());
    let quicker = || say_quicker(page, &found, CaseWords::of(page.lang).quicker_kept);
    let why = why.map_or_else(quicker, str::to_owned);
    let shown = FormPage { frame: shown.frame.notice(Tone::Warn, why), ..shown };
    html_conflict(&shown)
}

#[derive(Template)]
#[template(path = "applications/withdraw.html")]
struct WithdrawPage {
    frame: Frame,
    c: &'static CaseWords,
    id: String,
    name: String,
    reason: String,
    seen_state: &'static str,
    seen_revision: i64,
}

fn withdraw_form(page: &Page, found: Application, reason: String) -> WithdrawPage {
    WithdrawPage {
        frame: page.frame(Nav::Applications),
        c: CaseWords::of(page.lang),
        seen_state: found.state().code(),
        seen_revision: found.case.revision,
        id: found.id,
        name: found.enterprise_name,
        reason,
    }
}

pub async fn withdraw_page(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let found = find(&page, &mut tx, Action::WithdrawApplications, &id).await?;
    html(&withdraw_form(&page, found, String::new()))
}

#[derive(Deserialize)]
pub struct Withdrawal {
    #[serde(flatten)]
    seen: SeenFields,
    #[serde(default)]
    reason: String,
}

pub async fn withdraw(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Withdrawal>,
) -> Result<Response, Problem> {
    let reason = clip(&sent.reason, 500);
    let withdrawn = acts::withdraw(&page, &id, &sent.seen.seen(), reason.clone()).await;
    let Err(error) = withdrawn else { return Ok(done(&id, "withdrawn")) };
    let ActError::Conflict(_) = error else {
        return not_done_with(&page, &id, error, kept([reason.as_str()])).await;
    };
    let mut tx = page.app.db().read().await?;
    let found = find(&page, &mut tx, Action::WithdrawApplications, &id).await?;
    drop(tx);
    if !Deeds::of(&found, &page.actor).withdraw {
        return not_done_with(&page, &id, error, kept([reason.as_str()])).await;
    }
    let why = say_quicker(&page, &found, CaseWords::of(page.lang).quicker_kept);
    let form = withdraw_form(&page, found, reason);
    html_conflict(&WithdrawPage { frame: form.frame.notice(Tone::Warn, why), ..form })
}
