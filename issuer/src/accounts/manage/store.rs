//! What administrators change of accounts, posts and local titles.

use fugong_common::lang::Lang;
use fugong_common::time::Millis;

use super::HeldPost;
use crate::accounts::Role;
use crate::authz::{Bounds, Place};
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

/// One line of the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AccountLine {
    pub id: String,
    pub sign_in: String,
    pub name: String,
    pub active: i64,
    pub has_password: i64,
    pub locked_until: i64,
}

/// A page of the accounts that hold or held a post within bounds, by sign-in name after `after`.
pub async fn list(
    tx: &mut Tx,
    bounds: &Bounds,
    search: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<AccountLine>, DbError> {
    let like = format!("%{}%", search.trim().replace(['%', '_'], "").to_lowercase());
    rows!(
        tx,
        AccountLine,
        "SELECT id, sign_in, name, active, CASE WHEN password_hash = '' THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS has_password, \
         locked_until FROM accounts a WHERE sign_in > $1 AND (sign_in LIKE $2 OR lower(name) LIKE $2) \
         AND EXISTS (SELECT 1 FROM posts p JOIN divisions d ON d.id = p.division_id \
          WHERE p.account_id = a.id AND d.path >= $3 AND d.path < $4) \
         ORDER BY sign_in LIMIT $5",
        after,
        &like,
        &bounds.from,
        &bounds.to,
        limit
    )
}

/// A post with its dates, for the account's page.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PostLine {
    pub id: String,
    pub role: String,
    pub title: String,
    pub local_title: String,
    pub division_id: String,
    pub division_name: String,
    pub division_path: String,
    pub zone: String,
    pub enterprise_id: String,
    pub line: String,
    pub valid_from: i64,
    pub valid_to: Option<i64>,
}

impl PostLine {
    pub fn role(&self) -> Result<Role, DbError> {
        Role::parse(&self.role).ok_or_else(|| DbError::corrupt("posts", "role", &self.id))
    }

    /// What its holder is called.
    pub fn say(&self, lang: Lang) -> Result<String, DbError> {
        let own = [&self.title, &self.local_title].into_iter().find(|title| !title.is_empty());
        Ok(own.map_or(self.role()?.title(lang).to_owned(), String::clone))
    }

    /// Held now, or to be held.
    pub fn is_running(&self, now: Millis) -> bool {
        self.valid_to.is_none_or(|end| end > now.0 && end > self.valid_from)
    }

    /// Where it lies, for authorisation.
    pub fn place(&self) -> Place<'_> {
        Place::in_division(&self.division_path)
    }

    pub fn held(&self, now: Millis) -> Result<HeldPost<'_>, DbError> {
        Ok(HeldPost {
            id: &self.id,
            role: self.role()?,
            division_path: &self.division_path,
            running: self.is_running(now),
        })
    }
}

/// Every post an account ever held, running ones first.
pub async fn list_posts(
    tx: &mut Tx,
    account_id: &str,
    now: Millis,
) -> Result<Vec<PostLine>, DbError> {
    let mut posts = rows!(
        tx,
        PostLine,
        "SELECT p.id, p.role, p.title, COALESCE((SELECT t.title FROM role_titles t JOIN divisions u ON u.id = t.division_id \
         WHERE t.role = p.role AND substr(d.path, 1, length(u.path)) = u.path ORDER BY length(u.path) DESC LIMIT 1), '') AS local_title, \
         p.division_id, d.name AS division_name, d.path AS division_path, d.zone, p.enterprise_id, p.line, p.valid_from, p.valid_to \
         FROM posts p JOIN divisions d ON d.id = p.division_id WHERE p.account_id = $1 ORDER BY p.valid_from DESC, p.id",
        account_id
    )?;
    posts.sort_by_key(|post| !post.is_running(now));
    Ok(posts)
}

/// Whether somebody else who can sign in holds an administrator's post over this place, begun and
/// without an end.
pub async fn has_other_administrator(
    tx: &mut Tx,
    account_id: &str,
    division_path: &str,
    now: Millis,
) -> Result<bool, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM posts p JOIN divisions d ON d.id = p.division_id JOIN accounts a ON a.id = p.account_id \
         WHERE p.role = 'administrator' AND p.account_id <> $1 AND a.active = 1 AND a.password_hash <> '' \
         AND p.valid_from <= $3 AND p.valid_to IS NULL AND substr($2, 1, length(d.path)) = d.path",
        account_id,
        division_path,
        now.0
    )?;
    Ok(found.is_some_and(|(n,)| n > 0))
}

/// Ends a running post at an instant; one that hasn't begun by then is never held.
pub async fn end_post(
    tx: &mut Tx,
    account_id: &str,
    post_id: &str,
    at: Millis,
    now: Millis,
) -> Result<bool, DbError> {
    let ended = run!(
        tx,
        "UPDATE posts SET valid_to = CASE WHEN valid_from > $3 THEN valid_from ELSE $3 END \
         WHERE id = $2 AND account_id = $1 AND (valid_to IS NULL OR valid_to > $4)",
        account_id,
        post_id,
        at.0,
        now.0
    )?;
    Ok(ended == 1)
}

/// Changes name and telephone number; false when somebody else did so since `revision`.
pub async fn update(
    tx: &mut Tx,
    id: &str,
    revision: i64,
    name: &str,
    phone: &str,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE accounts SET name = $3, phone = $4, revision = revision + 1 WHERE id = $1 AND revision = $2",
        id,
        revision,
        name,
        phone
    )?;
    Ok(touched == 1)
}

pub async fn revision(tx: &mut Tx, id: &str) -> Result<i64, DbError> {
    Ok(row!(tx, (i64,), "SELECT revision FROM accounts WHERE id = $1", id)?.map_or(0, |(n,)| n))
}

/// The titles that a division itself has given to roles: code of the role, title.
pub async fn list_titles(tx: &mut Tx, division_id: &str) -> Result<Vec<(String, String)>, DbError> {
    rows!(
        tx,
        (String, String),
        "SELECT role, title FROM role_titles WHERE division_id = $1 ORDER BY role",
        division_id
    )
}

/// Gives a role a title in place of the one that was seen; empty takes it away. False when
/// somebody else changed it since.
pub async fn set_title(
    tx: &mut Tx,
    division_id: &str,
    role: Role,
    seen: &str,
    title: &str,
) -> Result<bool, DbError> {
    let touched = match (seen.is_empty(), title.is_empty()) {
        (true, true) => 1,
        (true, false) => run!(
            tx,
            "INSERT INTO role_titles (division_id, role, title) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            division_id,
            role.code(),
            title
        )?,
        (false, true) => run!(
            tx,
            "DELETE FROM role_titles WHERE division_id = $1 AND role = $2 AND title = $3",
            division_id,
            role.code(),
            seen
        )?,
        (false, false) => run!(
            tx,
            "UPDATE role_titles SET title = $4 WHERE division_id = $1 AND role = $2 AND title = $3",
            division_id,
            role.code(),
            seen,
            title
        )?,
    };
    Ok(touched == 1)
}

/// How many posts of a role run within bounds, held by people who can sign in.
pub async fn count_holders(
    tx: &mut Tx,
    bounds: &Bounds,
    role: Role,
    now: Millis,
) -> Result<i64, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM posts p JOIN divisions d ON d.id = p.division_id JOIN accounts a ON a.id = p.account_id \
         WHERE p.role = $1 AND d.path >= $2 AND d.path < $3 AND a.active = 1 AND a.password_hash <> '' \
         AND p.valid_from <= $4 AND (p.valid_to IS NULL OR p.valid_to > $4)",
        role.code(),
        &bounds.from,
        &bounds.to,
        now.0
    )?;
    Ok(found.map_or(0, |(n,)| n))
}

/// How many posts bound to a division or below it run or will run.
pub async fn count_posts_below(tx: &mut Tx, bounds: &Bounds, now: Millis) -> Result<i64, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM posts p JOIN divisions d ON d.id = p.division_id \
         WHERE d.path >= $1 AND d.path < $2 AND (p.valid_to IS NULL OR p.valid_to > $3)",
        &bounds.from,
        &bounds.to,
        now.0
    )?;
    Ok(found.map_or(0, |(n,)| n))
}

/// How many people who can sign in hold a role bound to exactly this division.
pub async fn count_holders_at(
    tx: &mut Tx,
    division_id: &str,
    role: Role,
    now: Millis,
) -> Result<i64, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM posts p JOIN accounts a ON a.id = p.account_id \
         WHERE p.role = $1 AND p.division_id = $2 AND a.active = 1 AND a.password_hash <> '' \
         AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to > $3)",
        role.code(),
        division_id,
        now.0
    )?;
    Ok(found.map_or(0, |(n,)| n))
}
