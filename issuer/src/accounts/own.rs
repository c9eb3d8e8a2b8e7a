//! One's own password.

use askama::Template;
use axum::extract::Form;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Deserialize;

use super::words::AccountWords;
use super::{PasswordFault, apart, hash_password, pages, rest_after, store, verify_password};
use crate::authz::Action;
use crate::fields::Errors;
use crate::web::{Frame, Nav, Page, Routes, html, see_other};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/settings/password", Action::UseConsole, show).post(
        "/settings/password",
        Action::UseConsole,
        change,
    )
}

#[derive(Template)]
#[template(path = "accounts/password.html")]
struct PasswordPage {
    frame: Frame,
    w: &'static AccountWords,
    sign_in: String,
    errors: Errors,
}

fn render(page: &Page, errors: Errors, status: StatusCode) -> Result<Response, Problem> {
    let shown = PasswordPage {
        frame: page.frame(Nav::Settings),
        w: AccountWords::of(page.lang),
        sign_in: page.actor.sign_in.clone(),
        errors,
    };
    Ok((status, html(&shown)?).into_response())
}

async fn show(page: Page) -> Result<Response, Problem> {
    render(&page, Errors::default(), StatusCode::OK)
}

/// Passwords are the one thing that a form does not give back.
#[derive(Deserialize)]
struct PasswordForm {
    present: String,
    password: String,
    again: String,
}

async fn change(page: Page, Form(form): Form<PasswordForm>) -> Result<Response, Problem> {
    let w = AccountWords::of(page.lang);
    let refuse = |field: &'static str, what: String, status: StatusCode| {
        let mut errors = Errors::default();
        errors.add(field, what);
        render(&page, errors, status)
    };
    let (app, id) = (&page.app, &page.actor.account_id);
    let mut tx = app.db().read().await?;
    let account = store::find(&mut tx, id).await?.ok_or_else(Problem::forbidden)?;
    drop(tx);
    // A browser left open must not be a place to guess the password without end.
    let resting = account.locked_until - page.now.0;
    if resting > 0 {
        let minutes = (resting + 59_999) / 60_000;
        let what = fill(w.resting, &[("minutes", &minutes)]);
        return refuse("present", what, StatusCode::TOO_MANY_REQUESTS);
    }
    let (stored, present) = (account.password_hash, form.present.clone());
    let right = apart(move || verify_password(&stored, &present)).await?;
    if !right {
        let mut tx = app.db().write().await?;
        let failures = store::count_failure(&mut tx, id).await?;
        if let Some(millis) = rest_after(failures) {
            store::rest_until(&mut tx, id, page.now.plus_millis(millis)).await?;
        }
        tx.commit().await?;
        let what = w.wrong_present.to_owned();
        return refuse("present", what, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let unfit = StatusCode::UNPROCESSABLE_ENTITY;
    if form.password != form.again {
        return refuse("again", w.differ.to_owned(), unfit);
    }
    if form.password == form.present {
        return refuse("password", w.same_password.to_owned(), unfit);
    }
    let hashing = {
        let (app, sign_in) = (app.clone(), page.actor.sign_in.clone());
        let password = form.password;
        apart(move || hash_password(app.entropy(), &sign_in, &password))
    };
    let hash = match hashing.await? {
        Ok(hash) => hash,
        Err(fault) => {
            let what = match fault {
                PasswordFault::TooShort => w.too_short,
                PasswordFault::TooLong => w.too_long,
                PasswordFault::TooPlain => w.too_plain,
            };
            return refuse("password", what.to_owned(), unfit);
        }
    };
    let mut tx = app.db().write().await?;
    store::set_password(&mut tx, id, &hash).await?;
    let division_id = &page.actor.post.division_id;
    page.record(&mut tx, "account.change_password", ("account", id), division_id, "").await?;
    let cookie = pages::open_session(app, &mut tx, id, &page.actor.post.id).await?;
    tx.commit().await?;
    Ok(([(header::SET_COOKIE, cookie)], see_other("/settings?done=password")).into_response())
}
