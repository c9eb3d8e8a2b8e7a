//! One-time links: the first administrator sets the service up, everybody else chooses a password.

use askama::Template;
use axum::extract::{Form, Path};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::person::clean_name;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;
use serde::Deserialize;

use super::sign_in::open_session;
use crate::accounts::words::AccountWords;
use crate::accounts::{
    INVITATION_HOURS, PasswordFault, Role, Secret, apart, hash_password, parse_sign_in, store,
};
use crate::app::App;
use crate::audit::Act;
use crate::db::{DbError, Tx};
use crate::divisions::{self, Level};
use crate::web::{Frame, Public, html_form, see_other};

/// What the set-up form asks; an ordinary password link asks the passwords only.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SetUp {
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

fn show(public: &Public, invited: &Invited, form: SetUp, error: &str) -> Result<Response, Problem> {
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

pub async fn page(public: Public, Path(secret): Path<String>) -> Result<Response, Problem> {
    let invited = find_invited(&public, &secret).await?;
    let form = SetUp { zone: "Asia/Shanghai".into(), ..SetUp::default() };
    show(&public, &invited, form, "")
}

pub async fn set_up(
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
    let Some(sign_in) = sign_in else { return show(&public, &invited, form, w.bad_sign_in) };
    let first = match &invited {
        Invited::First => match first_division(&form, w) {
            Ok(first) => Some(first),
            Err(error) => return show(&public, &invited, form, error),
        },
        Invited::Account(_) => None,
    };
    if form.password != form.again {
        return show(&public, &invited, form, w.differ);
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
            return show(&public, &invited, form, error);
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
            begin(&app, &mut tx, (&sign_in, &hash), &first, now).await?
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

/// The first division with its first administrator; the account's id and the division's.
async fn begin(
    app: &App,
    tx: &mut Tx,
    (sign_in, hash): (&str, &str),
    first: &FirstDivision,
    now: Millis,
) -> Result<(String, String), DbError> {
    let (division_id, account_id, post_id) = (app.new_id(), app.new_id(), app.new_id());
    let division = divisions::store::NewDivision {
        id: &division_id,
        parent: None,
        level: Level::District,
        code: &first.code,
        name: &first.division,
        zone: &first.zone,
        hotline: "",
        document_pattern: "",
        valid_from: now,
    };
    divisions::store::insert(tx, division).await?;
    store::insert(tx, &account_id, sign_in, &first.name, hash, now).await?;
    let post = store::NewPost {
        id: &post_id,
        account_id: &account_id,
        role: Role::Administrator,
        division_id: &division_id,
        enterprise_id: "",
        title: "",
        line: "",
        valid_from: now,
    };
    store::insert_post(tx, post).await?;
    Ok((account_id, division_id))
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
