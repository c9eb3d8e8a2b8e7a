//! What happened to an application, and the visits to its site, as rows.

use fugong_common::time::Millis;

use super::state::Person;
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

/// An event to keep.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    pub application_id: &'a str,
    /// Number of the act within the application.
    pub step: i64,
    pub at: Millis,
    pub event: &'a str,
    pub from_state: &'a str,
    pub to_state: &'a str,
    pub stayed_ms: i64,
    pub revision: i64,
    pub by: &'a Person,
    pub on_behalf: bool,
    pub detail: &'a str,
}

pub async fn insert_event(tx: &mut Tx, new: NewEvent<'_>) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO application_events (application_id, id, at, event, from_state, to_state, stayed_ms, revision, \
         account_id, name, post, on_behalf, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        new.application_id,
        format!("{:06}", new.step),
        new.at.0,
        new.event,
        new.from_state,
        new.to_state,
        new.stayed_ms,
        new.revision,
        &new.by.account_id,
        &new.by.name,
        &new.by.post,
        i64::from(new.on_behalf),
        new.detail
    )?;
    Ok(())
}

/// An event as it was kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EventLine {
    pub at: i64,
    pub event: String,
    pub from_state: String,
    pub to_state: String,
    pub stayed_ms: i64,
    pub revision: i64,
    pub name: String,
    pub post: String,
    pub on_behalf: i64,
    pub detail: String,
}

/// All events, newest first.
pub async fn list_events(tx: &mut Tx, application_id: &str) -> Result<Vec<EventLine>, DbError> {
    rows!(
        tx,
        EventLine,
        "SELECT at, event, from_state, to_state, stayed_ms, revision, name, post, on_behalf, detail \
         FROM application_events WHERE application_id = $1 ORDER BY at DESC, id DESC LIMIT 200",
        application_id
    )
}

/// The groups of what must be in place (domain B1). The list has a version, so that answers stay
/// readable after it has grown.
pub const CHECK_LIST_VERSION: i64 = 1;
pub const CHECK_GROUPS: [&str; 4] = ["mechanism", "people", "materials", "management"];

/// A visit.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SiteCheck {
    pub id: String,
    pub revision: i64,
    pub checker_id: String,
    pub checker_name: String,
    pub planned_on: String,
    pub sent_at: i64,
    pub result: String,
    pub note: String,
    pub attended: Option<i64>,
    pub meeting_note: String,
    pub recorded_by: String,
    pub recorded_at: i64,
    pub dropped: i64,
}

/// An answer to an item.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CheckItem {
    pub group_code: String,
    pub item_code: String,
    pub list_version: i64,
    /// meets, fails, `not_applicable`
    pub result: String,
    pub note: String,
}

/// All visits, newest first.
pub async fn list_checks(tx: &mut Tx, application_id: &str) -> Result<Vec<SiteCheck>, DbError> {
    rows!(
        tx,
        SiteCheck,
        "SELECT c.id, c.revision, c.checker_id, c.checker_name, c.planned_on, c.sent_at, c.result, c.note, c.attended, \
         c.meeting_note, COALESCE(a.name, '') AS recorded_by, c.recorded_at, c.dropped \
         FROM site_checks c LEFT JOIN accounts a ON a.id = c.recorded_by \
         WHERE c.application_id = $1 ORDER BY c.sent_at DESC, c.id DESC LIMIT 50",
        application_id
    )
}

pub async fn list_items(tx: &mut Tx, check_id: &str) -> Result<Vec<CheckItem>, DbError> {
    rows!(
        tx,
        CheckItem,
        "SELECT group_code, item_code, list_version, result, note FROM site_check_items WHERE check_id = $1 \
         ORDER BY group_code, item_code",
        check_id
    )
}

/// Sends a checker; a visit that was planned but not recorded gives way.
pub async fn insert_check(
    tx: &mut Tx,
    id: &str,
    (application_id, revision): (&str, i64),
    checker: &Person,
    planned_on: &str,
    (sent_by, sent_at): (&str, Millis),
) -> Result<(), DbError> {
    drop_planned(tx, application_id).await?;
    run!(
        tx,
        "INSERT INTO site_checks (id, application_id, revision, checker_id, checker_name, planned_on, sent_by, sent_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        application_id,
        revision,
        &checker.account_id,
        &checker.name,
        planned_on,
        sent_by,
        sent_at.0
    )?;
    Ok(())
}

/// Calls off a visit that is planned but not recorded.
pub async fn drop_planned(tx: &mut Tx, application_id: &str) -> Result<(), DbError> {
    run!(
        tx,
        "UPDATE site_checks SET dropped = 1 WHERE application_id = $1 AND result = '' AND dropped = 0",
        application_id
    )?;
    Ok(())
}

/// What a visit found, item by item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub items: Vec<CheckItem>,
    pub note: String,
    pub attended: bool,
    pub meeting_note: String,
}

impl Recorded {
    /// One item that fails decides (domain A34).
    pub fn meets(&self) -> bool {
        self.items.iter().all(|item| item.result != "fails")
    }
}

/// Records the planned visit; false when there is none.
pub async fn record_check(
    tx: &mut Tx,
    application_id: &str,
    recorded: &Recorded,
    by: &str,
    now: Millis,
) -> Result<bool, DbError> {
    let result = if recorded.meets() { "meets" } else { "fails" };
    let check = row!(
        tx,
        (String,),
        "UPDATE site_checks SET result = $2, note = $3, attended = $4, meeting_note = $5, recorded_by = $6, \
         recorded_at = $7 WHERE application_id = $1 AND result = '' AND dropped = 0 RETURNING id",
        application_id,
        result,
        &recorded.note,
        i64::from(recorded.attended),
        &recorded.meeting_note,
        by,
        now.0
    )?;
    let Some((check_id,)) = check else { return Ok(false) };
    for item in &recorded.items {
        run!(
            tx,
            "INSERT INTO site_check_items (check_id, group_code, item_code, list_version, result, note) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            &check_id,
            &item.group_code,
            &item.item_code,
            item.list_version,
            &item.result,
            &item.note
        )?;
    }
    Ok(true)
}
