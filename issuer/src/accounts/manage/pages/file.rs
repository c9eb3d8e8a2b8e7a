//! One account's page: its posts, and its name and telephone, which are edited here.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::response::Response;
use fugong_common::person::clean_name;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use fugong_common::words::fill;
use serde::Deserialize;

use super::{Asked, Found, choices, roles, state};
use crate::accounts::manage::check_reach;
use crate::accounts::manage::posts::PostForm;
use crate::accounts::manage::store::{self, PostLine};
use crate::accounts::manage::words::ManageWords;
use crate::divisions::tree::Choice;
use crate::enterprises;
use crate::fields::{Errors, phone};
use crate::web::{Frame, Nav, Page, Refused, Tone, html_again, see_other};

/// A post as the account's page shows it.
struct PostShown {
    id: String,
    title: String,
    role: &'static str,
    division: String,
    division_id: String,
    enterprise: String,
    enterprise_id: String,
    line: String,
    term: String,
    state: &'static str,
    tone: Tone,
    /// It runs, lies within reach, and is not the one acted as.
    may_end: bool,
    /// Its last day, as typed where it was not taken.
    until: String,
    is_ending: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct EditForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    revision: i64,
}

#[derive(Template)]
#[template(path = "accounts/file.html")]
struct FilePage {
    frame: Frame,
    w: &'static ManageWords,
    id: String,
    sign_in: String,
    name: String,
    state: &'static str,
    tone: Tone,
    created: String,
    is_active: bool,
    is_resting: bool,
    is_own: bool,
    /// The account as a whole is within reach.
    is_managed: bool,
    posts: Vec<PostShown>,
    edit: EditForm,
    post: PostForm,
    errors: Errors,
    roles: Vec<(&'static str, &'static str)>,
    divisions: Vec<Choice>,
    link: String,
    link_text: String,
    reset_open: bool,
}

/// What a page of an account shows beyond its rows.
#[derive(Default)]
pub struct Shown {
    pub edit: Option<EditForm>,
    pub post: PostForm,
    pub errors: Errors,
    pub link: String,
    /// A post that was to end, and the last day as typed.
    pub ending: (String, String),
    pub refused: Option<Refused>,
}

fn post_shown(
    page: &Page,
    w: &'static ManageWords,
    post: &PostLine,
    enterprise: String,
) -> Result<PostShown, Problem> {
    let zone = page.zone_named(&post.zone);
    let day = |at: i64| zone.say_day(page.lang, Millis(at), page.now);
    // A post ends with a day: what people call its last day lies before the instant of its end.
    let term = match post.valid_to {
        None => fill(w.since, &[("from", &day(post.valid_from))]),
        Some(end) => fill(w.between, &[("from", &day(post.valid_from)), ("to", &day(end - 1))]),
    };
    let running = post.is_running(page.now);
    let (state, tone) = match (running, post.valid_from > page.now.0) {
        (false, _) => (w.ended, Tone::Unknown),
        (true, true) => (w.to_come, Tone::Unknown),
        (true, false) => (w.held, Tone::Ok),
    };
    let within = page.reach().covers(post.place());
    Ok(PostShown {
        until: String::new(),
        is_ending: false,
        may_end: running && within && post.id != page.actor.post.id,
        id: post.id.clone(),
        title: post.say(page.lang)?,
        role: post.role()?.title(page.lang),
        division: post.division_name.clone(),
        division_id: post.division_id.clone(),
        enterprise,
        enterprise_id: post.enterprise_id.clone(),
        line: post.line.clone(),
        term,
        state,
        tone,
    })
}

pub async fn show_file(page: &Page, id: &str, shown: Shown) -> Result<Response, Problem> {
    let w = ManageWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let found = Found::within_reach(page, &mut tx, id).await?;
    let is_managed = check_reach(&found.held(page.now)?, &page.reach()).is_ok();
    let Found { account, posts } = found;
    let mut lines = Vec::with_capacity(posts.len());
    for post in &posts {
        let enterprise = match post.enterprise_id.as_str() {
            "" => None,
            enterprise_id => enterprises::store::find(&mut tx, enterprise_id).await?,
        };
        let line = post_shown(page, w, post, enterprise.map_or(String::new(), |e| e.name))?;
        let is_ending = post.id == shown.ending.0;
        let until = if is_ending { shown.ending.1.clone() } else { String::new() };
        lines.push(PostShown { until, is_ending, ..line });
    }
    let revision = store::revision(&mut tx, id).await?;
    let divisions = choices(page, &mut tx, &shown.post.division).await?;
    drop(tx);
    let is_resting = account.locked_until > page.now.0;
    let (state, tone) =
        state(w, account.active == 1, !account.password_hash.is_empty(), is_resting);
    let done = match page.done.as_deref() {
        Some("saved") => Some(w.done_saved),
        Some("post") => Some(w.done_post),
        Some("end") => Some(w.done_end),
        Some("off") => Some(w.done_off),
        Some("on") => Some(w.done_on),
        Some("unlock") => Some(w.done_unlock),
        _ => None,
    };
    let faulty = !shown.errors.is_empty() && shown.refused.is_none();
    let refused = if faulty { Some(Refused::fields(page.lang)) } else { shown.refused };
    let built = FilePage {
        frame: page.frame(Nav::Settings).done(done).refused(refused.as_ref()),
        w,
        is_own: account.id == page.actor.account_id,
        created: page.zone().say_day(page.lang, Millis(account.created_at), page.now),
        edit: shown.edit.unwrap_or(EditForm {
            name: account.name.clone(),
            phone: account.phone,
            revision,
        }),
        link_text: fill(w.link_why, &[("name", &account.name)]),
        id: account.id,
        sign_in: account.sign_in,
        name: account.name,
        state,
        tone,
        is_active: account.active == 1,
        is_resting,
        is_managed,
        posts: lines,
        post: shown.post,
        errors: shown.errors,
        roles: roles(page),
        divisions,
        link: shown.link,
        reset_open: account.password_hash.is_empty(),
    };
    html_again(&built, refused.as_ref())
}

pub async fn file(
    page: Page,
    Path(id): Path<String>,
    Query(query): Query<Asked>,
) -> Result<Response, Problem> {
    let post = PostForm { division: query.division, ..PostForm::default() };
    show_file(&page, &id, Shown { post, ..Shown::default() }).await
}

pub async fn edit(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<EditForm>,
) -> Result<Response, Problem> {
    let w = ManageWords::of(page.lang);
    let mut errors = Errors::default();
    let name = clean_name(&form.name).ok();
    if name.is_none() {
        errors.add("edit_name", w.bad_name);
    }
    let telephone = errors.take("edit_phone", page.lang, phone(&form.phone));
    let Some(name) = name.filter(|_| errors.is_empty()) else {
        return show_file(&page, &id, Shown { edit: Some(form), errors, ..Shown::default() }).await;
    };
    let mut tx = page.app.db().write().await?;
    let found = Found::managed(&page, &mut tx, &id).await?;
    if !store::update(&mut tx, &id, form.revision, name.as_str(), &telephone).await? {
        let revision = store::revision(&mut tx, &id).await?;
        drop(tx);
        let what = ("该账号刚被他人修改", "Somebody else has just edited this account");
        let refused = Some(Refused::quicker(page.lang, what));
        let edit = Some(EditForm { revision, ..form });
        return show_file(&page, &id, Shown { edit, refused, ..Shown::default() }).await;
    }
    let detail = format!("{} → {}", found.account.name, name.as_str());
    found.record(&page, &mut tx, "account.edit", &detail).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=saved")))
}
