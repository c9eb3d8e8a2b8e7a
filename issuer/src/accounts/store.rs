//! Accounts, posts, sessions and invitations as rows.

use fugong_common::lang::Lang;
use fugong_common::time::Millis;

use super::{Actor, Post, Role, session_is_alive};
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AccountRow {
    pub id: String,
    pub sign_in: String,
    pub name: String,
    pub phone: String,
    pub password_hash: String,
    pub active: i64,
    pub failures: i64,
    pub locked_until: i64,
    pub created_at: i64,
}

#[derive(sqlx::FromRow)]
struct PostRow {
    id: String,
    role: String,
    title: String,
    local_title: String,
    division_id: String,
    division_name: String,
    division_path: String,
    zone: String,
    enterprise_id: String,
    line: String,
}

impl PostRow {
    fn into_post(self, lang: Lang) -> Result<Post, DbError> {
        let role =
            Role::parse(&self.role).ok_or_else(|| DbError::corrupt("posts", "role", &self.id))?;
        let title = [self.title, self.local_title].into_iter().find(|title| !title.is_empty());
        Ok(Post {
            id: self.id,
            role,
            title: title.unwrap_or_else(|| role.title(lang).to_owned()),
            division_id: self.division_id,
            division_name: self.division_name,
            division_path: self.division_path,
            zone: self.zone,
            enterprise_id: self.enterprise_id,
            line: self.line,
        })
    }
}

/// The posts an account holds at this instant.
pub async fn list_posts(
    tx: &mut Tx,
    account_id: &str,
    lang: Lang,
    now: Millis,
) -> Result<Vec<Post>, DbError> {
    let posts = rows!(
        tx,
        PostRow,
        "SELECT p.id, p.role, p.title, COALESCE((SELECT t.title FROM role_titles t JOIN divisions u ON u.id = t.division_id \
         WHERE t.role = p.role AND substr(d.path, 1, length(u.path)) = u.path ORDER BY length(u.path) DESC LIMIT 1), '') AS local_title, \
         p.division_id, d.name AS division_name, d.path AS division_path, d.zone, p.enterprise_id, p.line \
         FROM posts p JOIN divisions d ON d.id = p.division_id \
         WHERE p.account_id = $1 AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2) \
         ORDER BY p.valid_from, p.id",
        account_id,
        now.0
    )?;
    posts.into_iter().map(|post| post.into_post(lang)).collect()
}

pub async fn find_by_sign_in(tx: &mut Tx, sign_in: &str) -> Result<Option<AccountRow>, DbError> {
    row!(tx, AccountRow, "SELECT * FROM accounts WHERE sign_in = $1", sign_in)
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<AccountRow>, DbError> {
    row!(tx, AccountRow, "SELECT * FROM accounts WHERE id = $1", id)
}

/// An account in the list of accounts, with what it may act as.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AccountLine {
    pub id: String,
    pub sign_in: String,
    pub name: String,
    pub active: i64,
    pub has_password: i64,
    pub locked_until: i64,
}

/// A page of accounts by sign-in name, after `after`; `search` matches names.
pub async fn list(
    tx: &mut Tx,
    search: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<AccountLine>, DbError> {
    let like = format!("%{}%", search.replace(['%', '_'], "").to_lowercase());
    rows!(
        tx,
        AccountLine,
        "SELECT id, sign_in, name, active, CASE WHEN password_hash = '' THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS has_password, \
         locked_until FROM accounts WHERE sign_in > $1 AND (sign_in LIKE $2 OR lower(name) LIKE $2) \
         ORDER BY sign_in LIMIT $3",
        after,
        &like,
        limit
    )
}

pub async fn count(tx: &mut Tx) -> Result<i64, DbError> {
    Ok(row!(tx, (i64,), "SELECT COUNT(*) FROM accounts")?.map_or(0, |(n,)| n))
}

/// A new account. `password_hash` empty: the person sets one through an invitation.
pub async fn insert(
    tx: &mut Tx,
    id: &str,
    sign_in: &str,
    name: &str,
    password_hash: &str,
    now: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO accounts (id, sign_in, name, password_hash, active, created_at) VALUES ($1, $2, $3, $4, 1, $5)",
        id,
        sign_in,
        name,
        password_hash,
        now.0
    )?;
    Ok(())
}

/// Gives an account a post from now on.
#[derive(Clone, Debug)]
pub struct NewPost<'a> {
    pub id: &'a str,
    pub account_id: &'a str,
    pub role: Role,
    pub division_id: &'a str,
    pub enterprise_id: &'a str,
    pub title: &'a str,
    pub line: &'a str,
    pub valid_from: Millis,
}

pub async fn insert_post(tx: &mut Tx, post: NewPost<'_>) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO posts (id, account_id, role, division_id, enterprise_id, title, line, valid_from) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        post.id,
        post.account_id,
        post.role.code(),
        post.division_id,
        post.enterprise_id,
        post.title,
        post.line,
        post.valid_from.0
    )?;
    Ok(())
}

/// Ends a post; its signatures stay what they were. Returns whether it was held.
pub async fn end_post(
    tx: &mut Tx,
    account_id: &str,
    post_id: &str,
    now: Millis,
) -> Result<bool, DbError> {
    let ended = run!(
        tx,
        "UPDATE posts SET valid_to = $3 WHERE id = $2 AND account_id = $1 AND valid_to IS NULL AND valid_from < $3",
        account_id,
        post_id,
        now.0
    )?;
    Ok(ended == 1)
}

pub async fn set_active(tx: &mut Tx, id: &str, active: bool) -> Result<bool, DbError> {
    let touched = run!(tx, "UPDATE accounts SET active = $2 WHERE id = $1", id, i64::from(active))?;
    if !active {
        run!(tx, "DELETE FROM sessions WHERE account_id = $1", id)?;
    }
    Ok(touched == 1)
}

/// Sets a password and ends every session and invitation that came before it.
pub async fn set_password(tx: &mut Tx, id: &str, password_hash: &str) -> Result<(), DbError> {
    run!(
        tx,
        "UPDATE accounts SET password_hash = $2, failures = 0, locked_until = 0 WHERE id = $1",
        id,
        password_hash
    )?;
    run!(tx, "DELETE FROM sessions WHERE account_id = $1", id)?;
    run!(tx, "DELETE FROM invitations WHERE account_id = $1 AND used_at IS NULL", id)?;
    Ok(())
}

/// Counts a wrong password; returns how many there were in a row.
pub async fn count_failure(tx: &mut Tx, id: &str) -> Result<i64, DbError> {
    let failures = row!(
        tx,
        (i64,),
        "UPDATE accounts SET failures = failures + 1 WHERE id = $1 RETURNING failures",
        id
    )?;
    Ok(failures.map_or(0, |(n,)| n))
}

pub async fn rest_until(tx: &mut Tx, id: &str, until: Millis) -> Result<(), DbError> {
    run!(tx, "UPDATE accounts SET locked_until = $2 WHERE id = $1", id, until.0)?;
    Ok(())
}

pub async fn clear_failures(tx: &mut Tx, id: &str) -> Result<(), DbError> {
    run!(tx, "UPDATE accounts SET failures = 0, locked_until = 0 WHERE id = $1", id)?;
    Ok(())
}

pub async fn insert_session(
    tx: &mut Tx,
    secret_sha256: &[u8],
    account_id: &str,
    post_id: &str,
    now: Millis,
    expires_at: Millis,
) -> Result<(), DbError> {
    run!(tx, "DELETE FROM sessions WHERE expires_at < $1", now.0)?;
    run!(
        tx,
        "INSERT INTO sessions (secret_sha256, account_id, post_id, created_at, seen_at, expires_at) \
         VALUES ($1, $2, $3, $4, $4, $5)",
        secret_sha256,
        account_id,
        post_id,
        now.0,
        expires_at.0
    )?;
    Ok(())
}

pub async fn delete_session(tx: &mut Tx, secret_sha256: &[u8]) -> Result<(), DbError> {
    run!(tx, "DELETE FROM sessions WHERE secret_sha256 = $1", secret_sha256)?;
    Ok(())
}

/// Lets a session act as another of its posts.
pub async fn switch_post(tx: &mut Tx, secret_sha256: &[u8], post_id: &str) -> Result<(), DbError> {
    run!(tx, "UPDATE sessions SET post_id = $2 WHERE secret_sha256 = $1", secret_sha256, post_id)?;
    Ok(())
}

pub async fn touch_session(tx: &mut Tx, secret_sha256: &[u8], now: Millis) -> Result<(), DbError> {
    run!(tx, "UPDATE sessions SET seen_at = $2 WHERE secret_sha256 = $1", secret_sha256, now.0)?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    account_id: String,
    post_id: String,
    seen_at: i64,
    expires_at: i64,
    sign_in: String,
    name: String,
    active: i64,
}

/// A living session's actor, and when it was last seen.
#[derive(Clone, Debug)]
pub struct Session {
    pub actor: Actor,
    pub seen_at: Millis,
}

/// Who a session's secret stands for. `None` when it is unknown, over, or its account or last
/// post has ended. A post that ended meanwhile gives way to another that is held.
pub async fn find_session(
    tx: &mut Tx,
    secret_sha256: &[u8],
    lang: Lang,
    now: Millis,
) -> Result<Option<Session>, DbError> {
    let found = row!(
        tx,
        SessionRow,
        "SELECT s.account_id, s.post_id, s.seen_at, s.expires_at, a.sign_in, a.name, a.active \
         FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.secret_sha256 = $1",
        secret_sha256
    )?;
    let Some(found) = found else { return Ok(None) };
    let seen_at = Millis(found.seen_at);
    if found.active == 0 || !session_is_alive(Millis(found.expires_at), seen_at, now) {
        return Ok(None);
    }
    let posts = list_posts(tx, &found.account_id, lang, now).await?;
    let Some(post) = posts.iter().find(|post| post.id == found.post_id).or(posts.first()).cloned()
    else {
        return Ok(None);
    };
    let actor = Actor {
        account_id: found.account_id,
        sign_in: found.sign_in,
        name: found.name,
        post,
        posts,
    };
    Ok(Some(Session { actor, seen_at }))
}

/// Stores a one-time link; earlier unused ones of the account end.
pub async fn insert_invitation(
    tx: &mut Tx,
    secret_sha256: &[u8],
    account_id: &str,
    expires_at: Millis,
) -> Result<(), DbError> {
    run!(tx, "DELETE FROM invitations WHERE account_id = $1 AND used_at IS NULL", account_id)?;
    run!(
        tx,
        "INSERT INTO invitations (secret_sha256, account_id, expires_at) VALUES ($1, $2, $3)",
        secret_sha256,
        account_id,
        expires_at.0
    )?;
    Ok(())
}

/// The account a living link is for; an empty id stands for the first administrator.
pub async fn find_invitation(
    tx: &mut Tx,
    secret_sha256: &[u8],
    now: Millis,
) -> Result<Option<String>, DbError> {
    let found = row!(
        tx,
        (String,),
        "SELECT account_id FROM invitations WHERE secret_sha256 = $1 AND used_at IS NULL AND expires_at > $2",
        secret_sha256,
        now.0
    )?;
    Ok(found.map(|(id,)| id))
}

/// Uses a link up; false when somebody else was quicker or it has ended.
pub async fn use_invitation(
    tx: &mut Tx,
    secret_sha256: &[u8],
    now: Millis,
) -> Result<bool, DbError> {
    let used = run!(
        tx,
        "UPDATE invitations SET used_at = $2 WHERE secret_sha256 = $1 AND used_at IS NULL AND expires_at > $2",
        secret_sha256,
        now.0
    )?;
    Ok(used == 1)
}

/// Somebody who looks after a territory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InCharge {
    pub name: String,
    pub phone: String,
    /// Local title of the post.
    pub title: String,
    pub division_name: String,
}

/// Who looks after the place at `division_path`: grid officers, liaisons and patch leaders of the
/// node and of those above it, the nearest first (domain A32).
pub async fn list_in_charge(
    tx: &mut Tx,
    division_path: &str,
    lang: Lang,
    now: Millis,
) -> Result<Vec<InCharge>, DbError> {
    let found = rows!(
        tx,
        (String, String, String, String, String, String),
        "SELECT a.name, a.phone, p.role, p.title, COALESCE((SELECT t.title FROM role_titles t JOIN divisions u ON u.id = t.division_id WHERE t.role = p.role \
         AND substr(d.path, 1, length(u.path)) = u.path ORDER BY length(u.path) DESC LIMIT 1), '') AS local_title, d.name AS division_name \
         FROM posts p JOIN accounts a ON a.id = p.account_id JOIN divisions d ON d.id = p.division_id \
         WHERE d.path = substr($1, 1, length(d.path)) AND a.active = 1 \
         AND p.role IN ('grid_officer', 'liaison', 'building_liaison', 'patch_leader') \
         AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2) \
         ORDER BY length(d.path) DESC, p.role, a.id LIMIT 12",
        division_path,
        now.0
    )?;
    Ok(found
        .into_iter()
        .map(|(name, phone, role, own, local, division_name)| {
            let usual = Role::parse(&role).map_or("", |role| role.title(lang)).to_owned();
            let title = [own, local].into_iter().find(|title| !title.is_empty()).unwrap_or(usual);
            InCharge { name, phone, title, division_name }
        })
        .collect())
}
