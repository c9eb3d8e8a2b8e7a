//! People and their movement as rows.

use fugong_common::time::Millis;

use super::Details;
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::fields::name_key;
use crate::{row, rows, rows_in, run};

/// A person's row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Person {
    pub id: String,
    pub enterprise_id: String,
    pub worker_number: String,
    pub name: String,
    pub name_key: String,
    pub phone: String,
    pub id_number: String,
    pub id_last_four: String,
    pub job: String,
    pub came_from: String,
    pub returned_on: String,
    pub not_before: i64,
    pub left_at: Option<i64>,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

macro_rules! columns {
    () => {
        "id, enterprise_id, worker_number, name, name_key, phone, id_number, id_last_four, job, came_from, returned_on, \
         not_before, left_at, revision, created_at, updated_at"
    };
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Person>, DbError> {
    row!(tx, Person, concat!("SELECT ", columns!(), " FROM people WHERE id = $1"), id)
}

/// Who is shown of a roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    OnRoster,
    Left,
    /// On the roster, not let in yet.
    Waiting,
}

/// A page of a roster by worker number, behind `after`; `search` is part of the name, or a
/// worker number, or the last four of the identity number.
pub async fn list(
    tx: &mut Tx,
    enterprise_id: &str,
    search: &str,
    shown: Shown,
    now: Millis,
    after: &str,
    limit: i64,
) -> Result<Vec<Person>, DbError> {
    let plain = name_key(search).replace(['%', '_'], "");
    let code = plain.to_ascii_uppercase();
    rows!(
        tx,
        Person,
        concat!(
            "SELECT ",
            columns!(),
            " FROM people WHERE enterprise_id = $1 AND worker_number > $2 \
             AND ($3 = '' OR name_key LIKE $4 OR lower(worker_number) = $3 OR id_last_four = $5) \
             AND (($6 = 1 AND left_at IS NOT NULL) OR ($6 = 0 AND left_at IS NULL) \
              OR ($6 = 2 AND left_at IS NULL AND not_before > $7)) \
             ORDER BY worker_number LIMIT $8"
        ),
        enterprise_id,
        after,
        &plain,
        format!("%{plain}%"),
        &code,
        match shown {
            Shown::OnRoster => 0_i64,
            Shown::Left => 1,
            Shown::Waiting => 2,
        },
        now.0,
        limit
    )
}

/// Everybody who ever stood on a roster, for matching a sheet against it.
pub async fn list_all(tx: &mut Tx, enterprise_id: &str) -> Result<Vec<Person>, DbError> {
    rows!(
        tx,
        Person,
        concat!(
            "SELECT ",
            columns!(),
            " FROM people WHERE enterprise_id = $1 ORDER BY worker_number"
        ),
        enterprise_id
    )
}

/// Everybody on a roster at present, for gates, passes and reports.
pub async fn list_on_roster(tx: &mut Tx, enterprise_id: &str) -> Result<Vec<Person>, DbError> {
    rows!(
        tx,
        Person,
        concat!(
            "SELECT ",
            columns!(),
            " FROM people WHERE enterprise_id = $1 AND left_at IS NULL ORDER BY worker_number"
        ),
        enterprise_id
    )
}

/// Everybody on the rosters of these enterprises, one roster after the other.
pub async fn list_on_rosters(tx: &mut Tx, enterprises: &[&str]) -> Result<Vec<Person>, DbError> {
    let sql = concat!("SELECT ", columns!(), " FROM people WHERE enterprise_id IN ");
    let tail = " AND left_at IS NULL ORDER BY enterprise_id, worker_number";
    rows_in!(tx, Person, sql, enterprises, tail)
}

/// A person found across enterprises.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Found {
    pub id: String,
    pub enterprise_id: String,
    pub enterprise_name: String,
    pub worker_number: String,
    pub name: String,
    pub phone: String,
    pub id_last_four: String,
    pub job: String,
    pub not_before: i64,
    pub left_at: Option<i64>,
}

/// People within bounds whose name begins so, by name; behind the person `after`.
pub async fn search(
    tx: &mut Tx,
    bounds: &Bounds,
    name: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Found>, DbError> {
    let from = name_key(name);
    let to = format!("{from}\u{10ffff}");
    let start = row!(tx, (String,), "SELECT name_key FROM people WHERE id = $1", after)?
        .map_or_else(String::new, |(key,)| key);
    rows!(
        tx,
        Found,
        "SELECT p.id, p.enterprise_id, e.name AS enterprise_name, p.worker_number, p.name, p.phone, p.id_last_four, \
         p.job, p.not_before, p.left_at FROM people p JOIN enterprises e ON e.id = p.enterprise_id \
         WHERE p.name_key >= $1 AND p.name_key < $2 AND (p.name_key, p.id) > ($3, $4) \
         AND e.division_path >= $5 AND e.division_path < $6 AND ($7 = '' OR e.id = $7) \
         ORDER BY p.name_key, p.id LIMIT $8",
        &from,
        &to,
        &start,
        after,
        &bounds.from,
        &bounds.to,
        &bounds.own,
        limit
    )
}

/// Figures of one roster, derived from its people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Counts {
    pub on_roster: i64,
    /// With a day of return.
    pub returned: i64,
    /// Who stayed elsewhere before.
    pub from_elsewhere: i64,
    /// Not let in yet.
    pub waiting: i64,
    pub left: i64,
}

pub async fn counts(tx: &mut Tx, enterprise_id: &str, now: Millis) -> Result<Counts, DbError> {
    let found = row!(
        tx,
        Counts,
        "SELECT COUNT(CASE WHEN left_at IS NULL THEN 1 END) AS on_roster, \
         COUNT(CASE WHEN left_at IS NULL AND returned_on <> '' THEN 1 END) AS returned, \
         COUNT(CASE WHEN left_at IS NULL AND came_from <> '' THEN 1 END) AS from_elsewhere, \
         COUNT(CASE WHEN left_at IS NULL AND not_before > $2 THEN 1 END) AS waiting, \
         COUNT(CASE WHEN left_at IS NOT NULL THEN 1 END) AS \"left\" FROM people WHERE enterprise_id = $1",
        enterprise_id,
        now.0
    )?;
    Ok(found.unwrap_or_default())
}

/// The worker number behind the highest numeric one: `0001`, `0002` …
pub async fn next_worker_number(tx: &mut Tx, enterprise_id: &str) -> Result<String, DbError> {
    let numbers = rows!(
        tx,
        (String,),
        "SELECT worker_number FROM people WHERE enterprise_id = $1",
        enterprise_id
    )?;
    let last = numbers.iter().filter_map(|(number,)| number.parse::<u32>().ok()).max();
    Ok(worker_number(last.unwrap_or(0).saturating_add(1)))
}

/// A counted worker number as written.
pub fn worker_number(n: u32) -> String {
    format!("{n:04}")
}

/// Adds a person to a roster.
///
/// # Errors
/// [`DbError::Duplicate`] when the worker number is taken.
pub async fn insert(
    tx: &mut Tx,
    id: &str,
    enterprise_id: &str,
    d: &Details,
    now: Millis,
) -> Result<(), DbError> {
    let last_four = d.id_number.as_ref().map(super::IdNumber::last_four).unwrap_or_default();
    run!(
        tx,
        "INSERT INTO people (id, enterprise_id, worker_number, name, name_key, phone, id_number, id_last_four, job, \
         came_from, returned_on, not_before, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
        id,
        enterprise_id,
        &d.worker_number,
        d.name.as_str(),
        name_key(d.name.as_str()),
        &d.phone,
        d.id_number.as_ref().map_or("", super::IdNumber::as_str),
        last_four,
        &d.job,
        &d.came_from,
        &d.returned_on,
        d.not_before,
        now.0
    )?;
    note_movement(tx, enterprise_id, id, Movement::Joined, now).await
}

/// Changes a person as seen at `revision`. False: somebody was quicker.
pub async fn update(
    tx: &mut Tx,
    id: &str,
    revision: i64,
    d: &Details,
    now: Millis,
) -> Result<bool, DbError> {
    let last_four = d.id_number.as_ref().map(super::IdNumber::last_four).unwrap_or_default();
    let touched = run!(
        tx,
        "UPDATE people SET worker_number = $3, name = $4, name_key = $5, phone = $6, id_number = $7, id_last_four = $8, \
         job = $9, came_from = $10, returned_on = $11, not_before = $12, updated_at = $13, revision = revision + 1 \
         WHERE id = $1 AND revision = $2",
        id,
        revision,
        &d.worker_number,
        d.name.as_str(),
        name_key(d.name.as_str()),
        &d.phone,
        d.id_number.as_ref().map_or("", super::IdNumber::as_str),
        last_four,
        &d.job,
        &d.came_from,
        &d.returned_on,
        d.not_before,
        now.0
    )?;
    Ok(touched == 1)
}

/// A coming or going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    Joined,
    Left,
    Back,
}

impl Movement {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Back => "back",
        }
    }
}

async fn note_movement(
    tx: &mut Tx,
    enterprise_id: &str,
    person_id: &str,
    movement: Movement,
    at: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO movements (enterprise_id, at, person_id, kind) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        enterprise_id,
        at.0,
        person_id,
        movement.code()
    )?;
    Ok(())
}

/// Marks a person as left on a day. False: not on the roster.
pub async fn mark_left(tx: &mut Tx, person: &Person, at: Millis) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE people SET left_at = $2, revision = revision + 1 WHERE id = $1 AND left_at IS NULL",
        &person.id,
        at.0
    )?;
    if touched == 1 {
        note_movement(tx, &person.enterprise_id, &person.id, Movement::Left, at).await?;
    }
    Ok(touched == 1)
}

/// Takes a person who had left back on the roster. False: was on it.
pub async fn bring_back(tx: &mut Tx, person: &Person, now: Millis) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE people SET left_at = NULL, revision = revision + 1, updated_at = $2 \
         WHERE id = $1 AND left_at IS NOT NULL",
        &person.id,
        now.0
    )?;
    if touched == 1 {
        note_movement(tx, &person.enterprise_id, &person.id, Movement::Back, now).await?;
    }
    Ok(touched == 1)
}

/// Comings and goings since an instant, oldest first: (instant, `joined`, `left` or `back`).
pub async fn list_movements(
    tx: &mut Tx,
    enterprise_id: &str,
    since: Millis,
) -> Result<Vec<(i64, String)>, DbError> {
    rows!(
        tx,
        (i64, String),
        "SELECT at, kind FROM movements WHERE enterprise_id = $1 AND at >= $2 ORDER BY at, person_id",
        enterprise_id,
        since.0
    )
}
