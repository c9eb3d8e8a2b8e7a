//! List of accounts, one account's page, and the acts of administrators on it.

use askama::Template;
use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::person::clean_name;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;
use serde::Deserialize;

use super::posts::{self, PostForm, WantedPost, parse_term};
use super::store::{self, PostLine};
use super::words::ManageWords;
use super::{HeldPost, Refusal, administrations, check_reach, titles};
use crate::accounts::{self, Role, parse_sign_in, store as all};
use crate::authz::{Action, Place};
use crate::db::{DbError, Tx};
use crate::divisions::{self, tree::Choice};
use crate::enterprises;
use crate::fields::{Errors, phone};
use crate::web::{Frame, Nav, Page, Paging, Routes, Tone, conflict, encode, html, see_other};

pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .get("/settings/accounts", Action::ManageAccounts, list)
        .get("/settings/accounts/new", Action::ManageAccounts, new_form)
        .post("/settings/accounts/new", Action::ManageAccounts, add)
        .get("/settings/accounts/{id}", Action::ManageAccounts, file)
        .post("/settings/accounts/{id}", Action::ManageAccounts, edit)
        .post("/settings/accounts/{id}/reset", Action::ManageAccounts, reset)
        .post("/settings/accounts/{id}/off", Action::ManageAccounts, switch_off)
        .post("/settings/accounts/{id}/on", Action::ManageAccounts, switch_on)
        .post("/settings/accounts/{id}/unlock", Action::ManageAccounts, unlock)
        .post("/settings/accounts/{id}/posts", Action::ManageAccounts, add_post)
        .post("/settings/accounts/{id}/posts/{post}/end", Action::ManageAccounts, end_post);
    titles::routes(routes)
}

/// How things stand with an account, the gravest first.
fn state(
    w: &'static ManageWords,
    active: bool,
    password: bool,
    resting: bool,
) -> (&'static str, Tone) {
    match (active, password, resting) {
        (false, _, _) => (w.off, Tone::Stop),
        (_, false, _) => (w.waiting, Tone::Warn),
        (_, _, true) => (w.resting, Tone::Warn),
        _ => (w.active, Tone::Ok),
    }
}

struct Line {
    id: String,
    sign_in: String,
    name: String,
    state: &'static str,
    tone: Tone,
    posts: Vec<String>,
}

#[derive(Template)]
#[template(path = "accounts/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static ManageWords,
    lines: Vec<Line>,
    search: String,
    next: Option<String>,
    is_first: bool,
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    search: String,
    #[serde(default)]
    after: String,
}

async fn list(page: Page, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let w = ManageWords::of(page.lang);
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let mut found =
        store::list(&mut tx, &bounds, &query.search, &query.after, Paging::FETCH).await?;
    let next = Paging::cut(&mut found, |line| line.sign_in.clone()).map(|after| {
        format!("/settings/accounts?search={}&after={}", encode(&query.search), encode(&after))
    });
    let mut lines = Vec::with_capacity(found.len());
    for account in found {
        let posts = all::list_posts(&mut tx, &account.id, page.lang, page.now).await?;
        let (state, tone) = state(
            w,
            account.active == 1,
            account.has_password == 1,
            account.locked_until > page.now.0,
        );
        lines.push(Line {
            id: account.id,
            sign_in: account.sign_in,
            name: account.name,
            state,
            tone,
            posts: posts
                .iter()
                .map(|post| format!("{} · {}", post.title, post.division_name))
                .collect(),
        });
    }
    drop(tx);
    let is_first = query.after.is_empty();
    let frame = page.frame(Nav::Settings);
    html(&ListPage { frame, w, lines, search: query.search, next, is_first })
}

#[derive(Clone, Debug, Default, Deserialize)]
struct NewForm {
    #[serde(default)]
    sign_in: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    phone: String,
    #[serde(flatten)]
    post: PostForm,
}

#[derive(Template)]
#[template(path = "accounts/new.html")]
struct NewPage {
    frame: Frame,
    w: &'static ManageWords,
    form: NewForm,
    post: PostForm,
    errors: Errors,
    roles: Vec<(&'static str, &'static str)>,
    divisions: Vec<Choice>,
}

fn roles(page: &Page) -> Vec<(&'static str, &'static str)> {
    Role::ALL.iter().map(|role| (role.code(), role.title(page.lang))).collect()
}

/// The divisions that a form offers: those around the chosen one, or around one's own.
async fn choices(page: &Page, tx: &mut Tx, chosen: &str) -> Result<Vec<Choice>, Problem> {
    let own = &page.actor.post.division_id;
    let chosen = divisions::store::find(tx, chosen)
        .await?
        .filter(|found| page.reach().covers(Place::in_division(&found.path)))
        .map_or_else(|| own.clone(), |found| found.id);
    Ok(divisions::tree::choices(tx, &page.reach().bounds(), &chosen, page.now).await?)
}

async fn show_new(page: &Page, form: NewForm, errors: Errors) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let divisions = choices(page, &mut tx, &form.post.division).await?;
    drop(tx);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let shown = NewPage {
        frame: page.frame(Nav::Settings),
        w: ManageWords::of(page.lang),
        post: form.post.clone(),
        form,
        errors,
        roles: roles(page),
        divisions,
    };
    Ok((status, html(&shown)?).into_response())
}

#[derive(Deserialize)]
struct NewQuery {
    #[serde(default)]
    division: String,
    #[serde(default)]
    enterprise: String,
    #[serde(default)]
    role: String,
}

async fn new_form(page: Page, Query(query): Query<NewQuery>) -> Result<Response, Problem> {
    let post = PostForm {
        division: query.division,
        enterprise: query.enterprise,
        role: query.role,
        ..PostForm::default()
    };
    show_new(&page, NewForm { post, ..NewForm::default() }, Errors::default()).await
}

async fn insert_post(
    page: &Page,
    tx: &mut Tx,
    account_id: &str,
    wanted: &WantedPost,
) -> Result<(), Problem> {
    let id = page.app.new_id();
    let post = all::NewPost {
        id: &id,
        account_id,
        role: wanted.role,
        division_id: &wanted.division.id,
        enterprise_id: &wanted.enterprise_id,
        title: &wanted.title,
        line: &wanted.line,
        valid_from: wanted.from,
    };
    all::insert_post(tx, post).await?;
    if let Some(until) = wanted.until {
        store::end_post(tx, account_id, &id, until, page.now).await?;
    }
    let detail = format!("{} · {}", wanted.role.title(page.lang), wanted.division.name);
    page.record(tx, "post.add", ("account", account_id), &wanted.division.id, &detail).await
}

async fn add(page: Page, Form(form): Form<NewForm>) -> Result<Response, Problem> {
    let w = ManageWords::of(page.lang);
    let mut errors = Errors::default();
    let sign_in = parse_sign_in(&form.sign_in);
    if sign_in.is_none() {
        errors.add("sign_in", w.bad_sign_in);
    }
    let name = clean_name(&form.name).ok();
    if name.is_none() {
        errors.add("name", w.bad_name);
    }
    let telephone = errors.take("phone", page.lang, phone(&form.phone));
    let mut tx = page.app.db().write().await?;
    if let Some(sign_in) = &sign_in
        && all::find_by_sign_in(&mut tx, sign_in).await?.is_some()
    {
        errors.add("sign_in", w.taken);
    }
    let wanted = posts::parse(&page, &mut tx, &form.post, &mut errors).await?;
    let (Some(sign_in), Some(name), Some(wanted)) = (sign_in, name, wanted) else {
        drop(tx);
        return show_new(&page, form, errors).await;
    };
    let id = page.app.new_id();
    match all::insert(&mut tx, &id, &sign_in, name.as_str(), "", page.now).await {
        Err(DbError::Duplicate) => {
            drop(tx);
            errors.add("sign_in", w.taken);
            return show_new(&page, form, errors).await;
        }
        done => done?,
    }
    store::update(&mut tx, &id, 1, name.as_str(), &telephone).await?;
    page.record(&mut tx, "account.add", ("account", &id), &wanted.division.id, &sign_in).await?;
    insert_post(&page, &mut tx, &id, &wanted).await?;
    tx.commit().await?;
    let link = accounts::pages::invite(&page.app, &id).await?;
    show_file(&page, &id, Shown { link, ..Shown::default() }).await
}

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
}

#[derive(Clone, Debug, Default, Deserialize)]
struct EditForm {
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
struct Shown {
    edit: Option<EditForm>,
    post: PostForm,
    errors: Errors,
    link: String,
}

/// An account within reach, with its posts. One that never held a post here doesn't exist.
async fn find(
    page: &Page,
    tx: &mut Tx,
    id: &str,
) -> Result<(all::AccountRow, Vec<PostLine>), Problem> {
    let account = all::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    let posts = store::list_posts(tx, id, page.now).await?;
    let reach = page.reach();
    let known = posts.iter().any(|post| reach.covers(Place::in_division(&post.division_path)));
    if known { Ok((account, posts)) } else { Err(Problem::not_found()) }
}

fn held(posts: &[PostLine], now: Millis) -> Result<Vec<HeldPost<'_>>, DbError> {
    posts.iter().map(|post| post.held(now)).collect()
}

fn refuse(refusal: Refusal) -> Problem {
    use fugong_common::lang::Lang::{En, Zh};
    let (zh, en) = (ManageWords::of(Zh), ManageWords::of(En));
    match refusal {
        Refusal::LastAdministrator => {
            Problem::new(StatusCode::CONFLICT, "last_administrator", (zh.last_title, en.last_title))
                .detail((zh.last_why, en.last_why))
        }
        Refusal::Own => {
            Problem::new(StatusCode::CONFLICT, "own_account", (zh.own_title, en.own_title))
                .detail((zh.own_why, en.own_why))
        }
        Refusal::Beyond => {
            Problem::new(StatusCode::FORBIDDEN, "beyond_reach", (zh.beyond_title, en.beyond_title))
                .detail((zh.beyond, en.beyond))
        }
    }
}

fn post_shown(
    page: &Page,
    w: &'static ManageWords,
    post: &PostLine,
    enterprise: String,
) -> Result<PostShown, Problem> {
    let zone = Zone::parse(&post.zone).unwrap_or_else(|_| page.zone());
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
    let within = page.reach().covers(Place::in_division(&post.division_path));
    Ok(PostShown {
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

async fn show_file(page: &Page, id: &str, shown: Shown) -> Result<Response, Problem> {
    let w = ManageWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let (account, posts) = find(page, &mut tx, id).await?;
    let is_managed = check_reach(&held(&posts, page.now)?, &page.reach()).is_ok();
    let mut lines = Vec::with_capacity(posts.len());
    for post in &posts {
        let enterprise = match post.enterprise_id.as_str() {
            "" => None,
            enterprise_id => enterprises::store::find(&mut tx, enterprise_id).await?,
        };
        lines.push(post_shown(page, w, post, enterprise.map_or(String::new(), |e| e.name))?);
    }
    let revision = store::revision(&mut tx, id).await?;
    let divisions = choices(page, &mut tx, &shown.post.division).await?;
    drop(tx);
    let is_resting = account.locked_until > page.now.0;
    let (state, tone) =
        state(w, account.active == 1, !account.password_hash.is_empty(), is_resting);
    let mut frame = page.frame(Nav::Settings);
    let done = match page.done.as_deref() {
        Some("saved") => Some(w.done_saved),
        Some("post") => Some(w.done_post),
        Some("end") => Some(w.done_end),
        Some("off") => Some(w.done_off),
        Some("on") => Some(w.done_on),
        Some("unlock") => Some(w.done_unlock),
        _ => None,
    };
    if let Some(done) = done {
        frame = frame.notice(Tone::Ok, done);
    }
    let status =
        if shown.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let built = FilePage {
        frame,
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
    Ok((status, html(&built)?).into_response())
}

async fn file(
    page: Page,
    Path(id): Path<String>,
    Query(query): Query<NewQuery>,
) -> Result<Response, Problem> {
    let post = PostForm { division: query.division, ..PostForm::default() };
    show_file(&page, &id, Shown { post, ..Shown::default() }).await
}

/// An account that is this administrator's to manage as a whole.
async fn find_managed(
    page: &Page,
    tx: &mut Tx,
    id: &str,
) -> Result<(all::AccountRow, Vec<PostLine>), Problem> {
    let (account, posts) = find(page, tx, id).await?;
    check_reach(&held(&posts, page.now)?, &page.reach()).map_err(refuse)?;
    Ok((account, posts))
}

/// Where an act on an account belongs in the log: the division of its first post within reach.
fn home<'a>(page: &'a Page, posts: &'a [PostLine]) -> &'a str {
    let reach = page.reach();
    posts
        .iter()
        .find(|post| reach.covers(Place::in_division(&post.division_path)))
        .map_or(page.actor.post.division_id.as_str(), |post| post.division_id.as_str())
}

async fn edit(
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
    let (account, posts) = find_managed(&page, &mut tx, &id).await?;
    if !store::update(&mut tx, &id, form.revision, name.as_str(), &telephone).await? {
        return Err(conflict(("该账号刚被他人修改", "Somebody else has just edited this account")));
    }
    let detail = format!("{} → {}", account.name, name.as_str());
    page.record(&mut tx, "account.edit", ("account", &id), home(&page, &posts), &detail).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=saved")))
}

async fn reset(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let (_, posts) = find_managed(&page, &mut tx, &id).await?;
    page.record(&mut tx, "account.reset", ("account", &id), home(&page, &posts), "").await?;
    tx.commit().await?;
    let link = accounts::pages::invite(&page.app, &id).await?;
    show_file(&page, &id, Shown { link, ..Shown::default() }).await
}

/// Refuses to end administrations that nobody else would hold. The caller has recorded its act
/// already: that takes the log's end under lock, so that two administrators who end each other
/// are looked at one after the other.
async fn keep_administrators(
    page: &Page,
    tx: &mut Tx,
    account_id: &str,
    posts: &[HeldPost<'_>],
    post_id: Option<&str>,
) -> Result<(), Problem> {
    for path in administrations(posts, post_id) {
        if !store::has_other_administrator(tx, account_id, path, page.now).await? {
            return Err(refuse(Refusal::LastAdministrator));
        }
    }
    Ok(())
}

async fn switch_off(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    if id == page.actor.account_id {
        return Err(refuse(Refusal::Own));
    }
    let mut tx = page.app.db().write().await?;
    let (_, posts) = find_managed(&page, &mut tx, &id).await?;
    page.record(&mut tx, "account.switch_off", ("account", &id), home(&page, &posts), "").await?;
    keep_administrators(&page, &mut tx, &id, &held(&posts, page.now)?, None).await?;
    all::set_active(&mut tx, &id, false).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=off")))
}

async fn switch_on(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let (_, posts) = find_managed(&page, &mut tx, &id).await?;
    all::set_active(&mut tx, &id, true).await?;
    page.record(&mut tx, "account.switch_on", ("account", &id), home(&page, &posts), "").await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=on")))
}

async fn unlock(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().write().await?;
    let (_, posts) = find_managed(&page, &mut tx, &id).await?;
    all::clear_failures(&mut tx, &id).await?;
    page.record(&mut tx, "account.unlock", ("account", &id), home(&page, &posts), "").await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=unlock")))
}

async fn add_post(
    page: Page,
    Path(id): Path<String>,
    Form(form): Form<PostForm>,
) -> Result<Response, Problem> {
    let w = ManageWords::of(page.lang);
    let mut errors = Errors::default();
    let mut tx = page.app.db().write().await?;
    let (_, held) = find(&page, &mut tx, &id).await?;
    let wanted = posts::parse(&page, &mut tx, &form, &mut errors).await?;
    if let Some(wanted) = &wanted
        && held.iter().any(|post| {
            post.is_running(page.now)
                && post.role == wanted.role.code()
                && post.division_id == wanted.division.id
                && post.enterprise_id == wanted.enterprise_id
        })
    {
        errors.add("role", w.same_post);
    }
    let Some(wanted) = wanted.filter(|_| errors.is_empty()) else {
        drop(tx);
        return show_file(&page, &id, Shown { post: form, errors, ..Shown::default() }).await;
    };
    insert_post(&page, &mut tx, &id, &wanted).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=post")))
}

#[derive(Deserialize)]
struct EndForm {
    #[serde(default)]
    until: String,
}

async fn end_post(
    page: Page,
    Path((id, post_id)): Path<(String, String)>,
    Form(form): Form<EndForm>,
) -> Result<Response, Problem> {
    if post_id == page.actor.post.id {
        return Err(refuse(Refusal::Own));
    }
    let mut tx = page.app.db().write().await?;
    let (_, posts) = find(&page, &mut tx, &id).await?;
    let post = posts.iter().find(|post| post.id == post_id).ok_or_else(Problem::not_found)?;
    page.require(Action::ManageAccounts, Place::in_division(&post.division_path))?;
    let zone = Zone::parse(&post.zone).unwrap_or_else(|_| page.zone());
    let (_, Some(until)) = parse_term(&zone, "", &form.until, page.now) else {
        use fugong_common::lang::Lang::{En, Zh};
        let what = (ManageWords::of(Zh).bad_until, ManageWords::of(En).bad_until);
        return Err(Problem::invalid().field("until", what));
    };
    let detail = format!("{} · {}", post.say(page.lang)?, post.division_name);
    page.record(&mut tx, "post.end", ("account", &id), &post.division_id, &detail).await?;
    keep_administrators(&page, &mut tx, &id, &held(&posts, page.now)?, Some(&post_id)).await?;
    let at = until.unwrap_or(page.now);
    if !store::end_post(&mut tx, &id, &post_id, at, page.now).await? {
        return Err(conflict(("该岗位已终止", "This post has ended already")));
    }
    tx.commit().await?;
    Ok(see_other(&format!("/settings/accounts/{id}?done=end")))
}
