//! Sessions begin, change their post, and end.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, Form, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::service::language::{cookie, local_path};
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Deserialize;

use crate::accounts::words::AccountWords;
use crate::accounts::{
    SESSION_HOURS, Secret, apart, parse_sign_in, rest_after, store, verify_password,
};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::web::{Frame, Page, Public, html, see_other, session_cookie};

/// A form that was sent after its session ended, to be sent again.
#[derive(Clone, Debug)]
struct Kept {
    target: String,
    fields: Vec<(String, String)>,
}

impl Kept {
    fn parse(target: &str, body: &str) -> Option<Self> {
        let uri = format!("/?{body}").parse().ok()?;
        let Query(fields) = Query::<Vec<(String, String)>>::try_from_uri(&uri).ok()?;
        (local_path(target) == target && !fields.is_empty())
            .then(|| Self { target: target.to_owned(), fields })
    }
}

#[derive(Template)]
#[template(path = "accounts/sign_in.html")]
struct SignInPage {
    frame: Frame,
    w: &'static AccountWords,
    name: String,
    to: String,
    kept_target: String,
    kept_body: String,
    /// Hides nothing that could be read: the text beside the form.
    why: String,
    error: String,
}

impl SignInPage {
    fn new(public: &Public) -> Self {
        Self {
            frame: public.frame(),
            w: AccountWords::of(public.lang),
            name: String::new(),
            to: String::new(),
            kept_target: String::new(),
            kept_body: String::new(),
            why: String::new(),
            error: String::new(),
        }
    }
}

#[derive(Deserialize)]
pub struct To {
    #[serde(default)]
    to: String,
}

pub async fn page(public: Public, Query(query): Query<To>) -> Result<Response, Problem> {
    html(&SignInPage { to: local_path(&query.to).to_owned(), ..SignInPage::new(&public) })
}

/// The sign-in page in place of an answer to a form whose session has ended.
pub fn sign_in_again(public: &Public, target: &str, kept: Option<String>) -> Response {
    let w = AccountWords::of(public.lang);
    let why = if kept.is_some() { w.ended } else { w.ended_without_form };
    let page = SignInPage {
        kept_target: target.to_owned(),
        kept_body: kept.unwrap_or_default(),
        why: why.to_owned(),
        ..SignInPage::new(public)
    };
    match html(&page) {
        Ok(response) => (StatusCode::UNAUTHORIZED, response).into_response(),
        Err(problem) => problem.into_response(),
    }
}

#[derive(Deserialize)]
pub struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    kept_target: String,
    #[serde(default)]
    kept_body: String,
}

pub async fn sign_in(
    public: Public,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    Form(form): Form<Credentials>,
) -> Result<Response, Problem> {
    let w = AccountWords::of(public.lang);
    let refuse = |error: String, status: StatusCode| {
        let page = SignInPage {
            name: form.name.clone(),
            to: form.to.clone(),
            kept_target: form.kept_target.clone(),
            kept_body: form.kept_body.clone(),
            error,
            ..SignInPage::new(&public)
        };
        html(&page).map(|response| (status, response).into_response())
    };
    if let Err(seconds) = public.app.admit_sign_in(address.ip()) {
        return refuse(fill(w.too_often, &[("seconds", &seconds)]), StatusCode::TOO_MANY_REQUESTS);
    }
    let app = &public.app;
    let now = public.now;
    let sign_in = parse_sign_in(&form.name).unwrap_or_default();
    let mut tx = app.db().read().await?;
    let account = store::find_by_sign_in(&mut tx, &sign_in).await?;
    drop(tx);
    // While an account rests, even the right password is not looked at.
    let resting = account.as_ref().map_or(0, |account| account.locked_until - now.0);
    if resting > 0 {
        let minutes = (resting + 59_999) / 60_000;
        return refuse(fill(w.resting, &[("minutes", &minutes)]), StatusCode::TOO_MANY_REQUESTS);
    }
    let stored = account
        .as_ref()
        .filter(|a| a.active == 1)
        .map_or(String::new(), |a| a.password_hash.clone());
    let password = form.password.clone();
    let right = apart(move || verify_password(&stored, &password)).await?;
    let mut tx = app.db().write().await?;
    let Some(account) = account else {
        return refuse(w.wrong.to_owned(), StatusCode::UNAUTHORIZED);
    };
    if !right {
        let failures = store::count_failure(&mut tx, &account.id).await?;
        if let Some(millis) = rest_after(failures) {
            store::rest_until(&mut tx, &account.id, now.plus_millis(millis)).await?;
        }
        tx.commit().await?;
        metrics::counter!("fugong_sign_in_failures_total").increment(1);
        return refuse(w.wrong.to_owned(), StatusCode::UNAUTHORIZED);
    }
    let posts = store::list_posts(&mut tx, &account.id, public.lang, now).await?;
    let Some(post) = posts.first() else {
        return refuse(w.no_post.to_owned(), StatusCode::FORBIDDEN);
    };
    store::clear_failures(&mut tx, &account.id).await?;
    let cookie = open_session(app, &mut tx, &account.id, &post.id).await?;
    tx.commit().await?;
    let answer = match Kept::parse(&form.kept_target, &form.kept_body) {
        Some(kept) => go_on(&public, kept)?,
        None => see_other(local_path(&form.to)),
    };
    Ok(([(header::SET_COOKIE, cookie)], answer).into_response())
}

/// Opens a session in the caller's transaction; returns the cookie line.
pub async fn open_session(
    app: &App,
    tx: &mut Tx,
    account_id: &str,
    post_id: &str,
) -> Result<String, DbError> {
    let now = app.now();
    let secret = Secret::new(app.entropy());
    store::insert_session(
        tx,
        &secret.sha256,
        account_id,
        post_id,
        now,
        now.plus_hours(SESSION_HOURS),
    )
    .await?;
    let secure = if app.config().is_https() { "; Secure" } else { "" };
    Ok(format!(
        "{}={}; Path=/; HttpOnly; SameSite=Strict{secure}",
        session_cookie(app),
        secret.text
    ))
}

#[derive(Template)]
#[template(path = "accounts/go_on.html")]
struct GoOnPage {
    frame: Frame,
    w: &'static AccountWords,
    kept: Kept,
    kept_text: String,
}

fn go_on(public: &Public, kept: Kept) -> Result<Response, Problem> {
    let w = AccountWords::of(public.lang);
    let kept_text = fill(w.kept, &[("count", &kept.fields.len())]);
    html(&GoOnPage { frame: public.frame(), w, kept, kept_text })
}

pub async fn sign_out(page: Page, headers: HeaderMap) -> Result<Response, Problem> {
    let name = session_cookie(&page.app);
    if let Some(secret) = cookie(&headers, name) {
        let mut tx = page.app.db().write().await?;
        store::delete_session(&mut tx, &Secret::hash(secret)).await?;
        tx.commit().await?;
    }
    let gone = format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok(([(header::SET_COOKIE, gone)], see_other("/sign-in")).into_response())
}

#[derive(Deserialize)]
pub struct PostChoice {
    post: String,
}

pub async fn switch_post(
    page: Page,
    headers: HeaderMap,
    Form(form): Form<PostChoice>,
) -> Result<Response, Problem> {
    let held = page.actor.posts.iter().any(|post| post.id == form.post);
    let secret = cookie(&headers, session_cookie(&page.app)).map(Secret::hash);
    let (true, Some(secret)) = (held, secret) else { return Err(Problem::forbidden()) };
    let mut tx = page.app.db().write().await?;
    store::switch_post(&mut tx, &secret, &form.post).await?;
    tx.commit().await?;
    Ok(see_other("/"))
}
