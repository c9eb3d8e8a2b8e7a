//! A new account with its first post, and the link by which its holder chooses a password.

use askama::Template;
use axum::extract::{Form, Query};
use axum::response::Response;
use fugong_common::person::clean_name;
use fugong_common::service::problem::Problem;
use serde::Deserialize;

use super::file::{Shown, show_file};
use super::posts::give;
use super::{Asked, choices, roles};
use crate::accounts::manage::posts::{PostForm, parse};
use crate::accounts::manage::store;
use crate::accounts::manage::words::ManageWords;
use crate::accounts::{self, parse_sign_in, store as all};
use crate::db::DbError;
use crate::divisions::tree::Choice;
use crate::fields::{Errors, phone};
use crate::web::{Frame, Nav, Page, html_form};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct NewForm {
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

async fn show_new(page: &Page, form: NewForm, errors: Errors) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let divisions = choices(page, &mut tx, &form.post.division).await?;
    drop(tx);
    let shown = NewPage {
        frame: page.frame(Nav::Settings),
        w: ManageWords::of(page.lang),
        post: form.post.clone(),
        form,
        errors,
        roles: roles(page),
        divisions,
    };
    html_form(&shown, !shown.errors.is_empty())
}

pub async fn form(page: Page, Query(query): Query<Asked>) -> Result<Response, Problem> {
    let post = PostForm {
        division: query.division,
        enterprise: query.enterprise,
        role: query.role,
        ..PostForm::default()
    };
    show_new(&page, NewForm { post, ..NewForm::default() }, Errors::default()).await
}

pub async fn add(page: Page, Form(form): Form<NewForm>) -> Result<Response, Problem> {
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
    let wanted = parse(&page, &mut tx, &form.post, &mut errors).await?;
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
    give(&page, &mut tx, &id, &wanted).await?;
    tx.commit().await?;
    let link = accounts::pages::invite(&page.app, &id).await?;
    show_file(&page, &id, Shown { link, ..Shown::default() }).await
}
