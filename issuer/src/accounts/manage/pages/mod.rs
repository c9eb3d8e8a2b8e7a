//! List of accounts, one account's page, and the acts of administrators on it.

mod acts;
mod file;
mod list;
mod new;
mod posts;

use axum::http::StatusCode;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use serde::Deserialize;

use super::store::{self, PostLine};
use super::words::ManageWords;
use super::{HeldPost, Refusal, administrations, check_reach, titles};
use crate::accounts::{Role, store as all};
use crate::authz::{Action, Place};
use crate::db::{DbError, Tx};
use crate::divisions::{self, tree::Choice};
use crate::web::{Page, Routes, Tone};

pub fn routes(routes: Routes) -> Routes {
    let routes = routes
        .get("/settings/accounts", Action::ManageAccounts, list::list)
        .get("/settings/accounts/new", Action::ManageAccounts, new::form)
        .post("/settings/accounts/new", Action::ManageAccounts, new::add)
        .get("/settings/accounts/{id}", Action::ManageAccounts, file::file)
        .post("/settings/accounts/{id}", Action::ManageAccounts, file::edit)
        .post("/settings/accounts/{id}/reset", Action::ManageAccounts, acts::reset)
        .post("/settings/accounts/{id}/off", Action::ManageAccounts, acts::switch_off)
        .post("/settings/accounts/{id}/on", Action::ManageAccounts, acts::switch_on)
        .post("/settings/accounts/{id}/unlock", Action::ManageAccounts, acts::unlock)
        .post("/settings/accounts/{id}/posts", Action::ManageAccounts, posts::add)
        .post("/settings/accounts/{id}/posts/{post}/end", Action::ManageAccounts, posts::end);
    titles::routes(routes)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        type Text = fn(&ManageWords) -> &'static str;
        let (status, code, title, why): (_, _, Text, Text) = match refusal {
            Refusal::LastAdministrator => {
                (StatusCode::CONFLICT, "last_administrator", |w| w.last_title, |w| w.last_why)
            }
            Refusal::Own => (StatusCode::CONFLICT, "own_account", |w| w.own_title, |w| w.own_why),
            Refusal::Beyond => {
                (StatusCode::FORBIDDEN, "beyond_reach", |w| w.beyond_title, |w| w.beyond)
            }
        };
        Self::new(status, code, ManageWords::both(title)).detail(ManageWords::both(why))
    }
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

/// What a form of a post begins with.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    division: String,
    #[serde(default)]
    enterprise: String,
    #[serde(default)]
    role: String,
}

/// An account with every post it ever held.
struct Found {
    account: all::AccountRow,
    posts: Vec<PostLine>,
}

impl Found {
    /// One that never held a post within reach doesn't exist.
    async fn within_reach(page: &Page, tx: &mut Tx, id: &str) -> Result<Self, Problem> {
        let account = all::find(tx, id).await?.ok_or_else(Problem::not_found)?;
        let posts = store::list_posts(tx, id, page.now).await?;
        let found = Self { account, posts };
        if found.first_within(page).is_none() {
            return Err(Problem::not_found());
        }
        Ok(found)
    }

    /// One that is this administrator's to manage as a whole.
    async fn managed(page: &Page, tx: &mut Tx, id: &str) -> Result<Self, Problem> {
        let found = Self::within_reach(page, tx, id).await?;
        check_reach(&found.held(page.now)?, &page.reach())?;
        Ok(found)
    }

    fn first_within(&self, page: &Page) -> Option<&PostLine> {
        let reach = page.reach();
        self.posts.iter().find(|post| reach.covers(post.place()))
    }

    fn held(&self, now: Millis) -> Result<Vec<HeldPost<'_>>, DbError> {
        self.posts.iter().map(|post| post.held(now)).collect()
    }

    /// Records an act on the account where it belongs: the division of its first post within reach.
    async fn record(
        &self,
        page: &Page,
        tx: &mut Tx,
        action: &str,
        detail: &str,
    ) -> Result<(), Problem> {
        let home = self.first_within(page).map(|post| post.division_id.as_str());
        let home = home.unwrap_or(&page.actor.post.division_id);
        page.record(tx, action, ("account", &self.account.id), home, detail).await
    }

    /// Refuses to end administrations that nobody else would hold. The caller has recorded its act
    /// already: that takes the log's end under lock, so that two administrators who end each other
    /// are looked at one after the other.
    async fn keep_administrators(
        &self,
        page: &Page,
        tx: &mut Tx,
        post_id: Option<&str>,
    ) -> Result<(), Problem> {
        for path in administrations(&self.held(page.now)?, post_id) {
            if !store::has_other_administrator(tx, &self.account.id, path, page.now).await? {
                return Err(Refusal::LastAdministrator.into());
            }
        }
        Ok(())
    }
}
