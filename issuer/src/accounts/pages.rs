//! Sign-in, set-up and password links, post switch, sign-out.

use askama::Template;
use axum::extract::{ConnectInfo, Form, Path, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::person::clean_name;
use fugong_common::service::language::{cookie, local_path};
use fugong_common::service::problem::Problem;
use fugong_common::time::Zone;
use fugong_common::words::fill;
use serde::Deserialize;
use std::net::SocketAddr;

use super::words::AccountWords;
use super::{
    INVITATION_HOURS, PasswordFault, Role, SESSION_HOURS, Secret, apart, hash_password, manage,
    own, parse_sign_in, rest_after, store, verify_password,
};
use crate::app::App;
use crate::audit::Act;
use crate::authz::Action;
use crate::db::DbError;
use crate::divisions::{self, Level};
use crate::web::{Frame, Page, Public, Routes, html, html_form, see_other, session_cookie};

pub fn routes(routes: Routes) -> Routes {
    let routes = own::routes(manage::pages::routes(routes));
    routes
        .get("/sign-in", Action::Enter, sign_in_page)
        .post("/sign-in", Action::Enter, sign_in)
        .get("/set-up/{secret}", Action::Enter, set_up_page)
        .post("/set-up/{secret}", Action::Enter, set_up)
        .post("/sign-out", Action::UseConsole, sign_out)
        .post("/post", Action::UseConsole, switch_post)
}

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
struct To {
    #[serde(default)]
    to: String,
}

async fn sign_in_page(public: Public, Query(query): Query<To>) -> Result<Response, Problem> {
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
struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    kept_target: String,
    #[serde(default)]
    kept_body: String,
}

async fn sign_in(
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
pub(super) async fn open_session(
    app: &App,
    tx: &mut crate::db::Tx,
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

async fn sign_out(page: Page, headers: HeaderMap) -> Result<Response, Problem> {
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
struct PostChoice {
    post: String,
}

async fn switch_post(
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

/// What the set-up form asks; an ordinary password link asks the passwords only.
#[derive(Clone, Debug, Default, Deserialize)]
struct SetUp {
    #[serde(default)]
    name: String,
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    division_name: String,
    #[serde(default)]
    division_code: String,
    #[serde(default)]
    zone: String,
    password: String,
    again: String,
}

#[derive(Template)]
#[template(path = "accounts/set_up.html")]
struct SetUpPage {
    frame: Frame,
    w: &'static AccountWords,
    /// The first administrator names himself and the division.
    first: bool,
    intro: String,
    form: SetUp,
    error: String,
}

enum Invited {
    First,
    Account(store::AccountRow),
}

async fn find_invited(public: &Public, secret: &str) -> Result<Invited, Problem> {
    let mut tx = public.app.db().read().await?;
    let dead = || {
        let title = AccountWords::both(|w| w.link_dead);
        Problem::new(StatusCode::NOT_FOUND, "link_dead", title)
            .detail(AccountWords::both(|w| w.link_dead_why))
    };
    let account_id = store::find_invitation(&mut tx, &Secret::hash(secret), public.now)
        .await?
        .ok_or_else(dead)?;
    if account_id.is_empty() {
        return if store::count(&mut tx).await? == 0 { Ok(Invited::First) } else { Err(dead()) };
    }
    store::find(&mut tx, &account_id).await?.map(Invited::Account).ok_or_else(dead)
}

fn set_up_form(
    public: &Public,
    invited: &Invited,
    form: SetUp,
    error: &str,
) -> Result<Response, Problem> {
    let w = AccountWords::of(public.lang);
    let (first, intro) = match invited {
        Invited::First => (true, w.set_up_why.to_owned()),
        Invited::Account(account) => {
            (false, fill(w.choose_password_for, &[("name", &account.sign_in)]))
        }
    };
    let page = SetUpPage { frame: public.frame(), w, first, intro, form, error: error.to_owned() };
    html_form(&page, !error.is_empty())
}

async fn set_up_page(public: Public, Path(secret): Path<String>) -> Result<Response, Problem> {
    let invited = find_invited(&public, &secret).await?;
    let form = SetUp { zone: "Asia/Shanghai".into(), ..SetUp::default() };
    set_up_form(&public, &invited, form, "")
}

async fn set_up(
    public: Public,
    Path(secret): Path<String>,
    Form(form): Form<SetUp>,
) -> Result<Response, Problem> {
    let w = AccountWords::of(public.lang);
    let app = public.app.clone();
    let invited = find_invited(&public, &secret).await?;
    let sign_in = match &invited {
        Invited::First => parse_sign_in(&form.name),
        Invited::Account(account) => Some(account.sign_in.clone()),
    };
    let Some(sign_in) = sign_in else { return set_up_form(&public, &invited, form, w.bad_sign_in) };
    let first = match &invited {
        Invited::First => match first_division(&form, w) {
            Ok(first) => Some(first),
            Err(error) => return set_up_form(&public, &invited, form, error),
        },
        Invited::Account(_) => None,
    };
    if form.password != form.again {
        return set_up_form(&public, &invited, form, w.differ);
    }
    let hashing = {
        let (app, sign_in, password) = (app.clone(), sign_in.clone(), form.password.clone());
        apart(move || hash_password(app.entropy(), &sign_in, &password))
    };
    let hash = match hashing.await? {
        Ok(hash) => hash,
        Err(fault) => {
            let error = match fault {
                PasswordFault::TooShort => w.too_short,
                PasswordFault::TooLong => w.too_long,
                PasswordFault::TooPlain => w.too_plain,
            };
            return set_up_form(&public, &invited, form, error);
        }
    };
    let now = public.now;
    let mut tx = app.db().write().await?;
    if !store::use_invitation(&mut tx, &Secret::hash(&secret), now).await? {
        drop(tx);
        return find_invited(&public, &secret).await.map(|_| see_other("/sign-in"));
    }
    let (account_id, division_id) = match (&invited, first) {
        (Invited::Account(account), _) => {
            store::set_password(&mut tx, &account.id, &hash).await?;
            (account.id.clone(), String::new())
        }
        (Invited::First, Some(first)) => {
            let ids = (app.new_id(), app.new_id(), app.new_id());
            divisions::store::insert(
                &mut tx,
                divisions::store::NewDivision {
                    id: &ids.0,
                    parent: None,
                    level: Level::District,
                    code: &first.code,
                    name: &first.division,
                    zone: &first.zone,
                    hotline: "",
                    document_pattern: "",
                    valid_from: now,
                },
            )
            .await?;
            store::insert(&mut tx, &ids.1, &sign_in, &first.name, &hash, now).await?;
            let post = store::NewPost {
                id: &ids.2,
                account_id: &ids.1,
                role: Role::Administrator,
                division_id: &ids.0,
                enterprise_id: "",
                title: "",
                line: "",
                valid_from: now,
            };
            store::insert_post(&mut tx, post).await?;
            (ids.1, ids.0)
        }
        (Invited::First, None) => return Err(Problem::invalid()),
    };
    let act = Act {
        at: now,
        account_id: &account_id,
        post_id: "",
        action: "account.set_password",
        subject: "account",
        subject_id: &account_id,
        division_id: &division_id,
        detail: "",
    };
    app.record(&mut tx, act).await?;
    let posts = store::list_posts(&mut tx, &account_id, public.lang, now).await?;
    let Some(post) = posts.first() else {
        tx.commit().await?;
        return Ok(see_other("/sign-in"));
    };
    let cookie = open_session(&app, &mut tx, &account_id, &post.id).await?;
    tx.commit().await?;
    // The first administrator has nothing to do yet but to set up; the steps stand there.
    let to = if matches!(invited, Invited::First) { "/settings" } else { "/" };
    Ok(([(header::SET_COOKIE, cookie)], see_other(to)).into_response())
}

struct FirstDivision {
    name: String,
    division: String,
    code: String,
    zone: String,
}

fn first_division(form: &SetUp, w: &'static AccountWords) -> Result<FirstDivision, &'static str> {
    let name = clean_name(&form.full_name).map_err(|_| w.bad_name)?;
    let division = clean_name(&form.division_name).map_err(|_| w.bad_name)?;
    let code = divisions::parse_code(Level::District, &form.division_code).ok_or(w.bad_code)?;
    Zone::parse(form.zone.trim()).map_err(|_| w.bad_zone)?;
    Ok(FirstDivision {
        name: name.as_str().to_owned(),
        division: division.as_str().to_owned(),
        code,
        zone: form.zone.trim().to_owned(),
    })
}

/// Makes a one-time link for an account, or for the first administrator when `account_id` is empty.
pub async fn invite(app: &App, account_id: &str) -> Result<String, DbError> {
    let secret = Secret::new(app.entropy());
    let mut tx = app.db().write().await?;
    store::insert_invitation(
        &mut tx,
        &secret.sha256,
        account_id,
        app.now().plus_hours(INVITATION_HOURS),
    )
    .await?;
    tx.commit().await?;
    Ok(format!("{}/set-up/{}", app.config().origin, secret.text))
}
