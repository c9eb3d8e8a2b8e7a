//! Whom an application waits for. The rows are rewritten with each act, so that a to-do list is
//! one walk along an index.

use fugong_common::time::Millis;

use super::queue::{LineRow, QueueLine, columns};
use super::state::{Check, State};
use super::store::Application;
use crate::accounts::Role;
use crate::authz::{Access, Action, Bounds};
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    Finish,
    Mend,
    Accept,
    Send,
    Resend,
    Check,
    Sign,
    Issue,
}

impl Task {
    pub const ALL: [Self; 8] = [
        Self::Mend,
        Self::Accept,
        Self::Send,
        Self::Resend,
        Self::Check,
        Self::Sign,
        Self::Issue,
        Self::Finish,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Finish => "finish",
            Self::Mend => "mend",
            Self::Accept => "accept",
            Self::Send => "send",
            Self::Resend => "resend",
            Self::Check => "check",
            Self::Sign => "sign",
            Self::Issue => "issue",
        }
    }
}

/// One role, or one person in it, that is to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    pub role: Role,
    /// Empty: every holder within reach.
    pub account_id: String,
    /// Only holders of this department line; empty: any.
    pub line: String,
    pub task: Task,
}

impl Wait {
    fn any(role: Role, task: Task) -> Self {
        Self { role, account_id: String::new(), line: String::new(), task }
    }

    fn one(role: Role, account_id: &str, task: Task) -> Self {
        Self { account_id: account_id.to_owned(), ..Self::any(role, task) }
    }
}

/// Everybody an application waits for.
pub fn waits(application: &Application) -> Vec<Wait> {
    match application.state() {
        State::Draft => applicant(application, Task::Finish),
        State::Returned { .. } => applicant(application, Task::Mend),
        State::Submitted => vec![Wait::any(Role::Intake, Task::Accept)],
        State::SiteCheck(Check::Waiting) => vec![Wait::any(Role::Intake, Task::Send)],
        State::SiteCheck(Check::Failed { .. }) => vec![Wait::any(Role::Intake, Task::Resend)],
        State::SiteCheck(Check::Sent { checker, .. }) => {
            vec![Wait::one(Role::Checker, &checker.account_id, Task::Check)]
        }
        State::Signing(round) => {
            let mut all: Vec<Wait> = Vec::new();
            for code in round.next().into_iter().flat_map(|party| &party.roles) {
                let Some(role) = Role::parse(code) else { continue };
                if all.iter().any(|wait| wait.role == role) {
                    continue;
                }
                let line =
                    if role == Role::Department { round.line.clone() } else { String::new() };
                all.push(Wait { line, ..Wait::any(role, Task::Sign) });
            }
            all
        }
        State::Approved(_) => match Action::IssuePermits.access() {
            Access::Posts(roles) => {
                roles.iter().map(|role| Wait::any(*role, Task::Issue)).collect()
            }
            Access::Public | Access::Device | Access::SignedIn => Vec::new(),
        },
        State::Held { .. }
        | State::Issued { .. }
        | State::Refused { .. }
        | State::Withdrawn { .. } => Vec::new(),
    }
}

/// The enterprise's own people, and the officer who filed for it.
fn applicant(application: &Application, task: Task) -> Vec<Wait> {
    let mut all = vec![Wait::any(Role::Contact, task), Wait::any(Role::Responsible, task)];
    if application.on_behalf {
        for role in [Role::Intake, Role::GridOfficer, Role::Liaison] {
            all.push(Wait::one(role, &application.created_by, task));
        }
    }
    all
}

/// Writes down whom an application waits for now.
pub async fn rewrite(tx: &mut Tx, application: &Application) -> Result<(), DbError> {
    run!(tx, "DELETE FROM application_waits WHERE application_id = $1", &application.id)?;
    let since = match application.stages.submitted_at {
        Millis(0) => application.created_at,
        submitted_at => submitted_at,
    };
    for wait in waits(application) {
        run!(
            tx,
            "INSERT INTO application_waits (application_id, role, account_id, line, task, class_rank, submitted_at, \
             division_path, enterprise_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &application.id,
            wait.role.code(),
            &wait.account_id,
            &wait.line,
            wait.task.code(),
            application.class_rank,
            since.0,
            &application.division_path,
            &application.enterprise_id
        )?;
    }
    Ok(())
}

/// Whose list it is.
#[derive(Clone, Debug)]
pub struct Mine<'a> {
    pub role: Role,
    pub account_id: &'a str,
    pub line: &'a str,
    pub bounds: &'a Bounds,
}

/// How many of a task wait.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TaskCount {
    pub task: String,
    pub n: i64,
}

/// What waits for somebody, by task. Cases that he has signed already in another post don't.
pub async fn count(tx: &mut Tx, mine: &Mine<'_>) -> Result<Vec<TaskCount>, DbError> {
    rows!(
        tx,
        TaskCount,
        "SELECT w.task, COUNT(*) AS n FROM application_waits w WHERE w.role = $1 AND w.account_id IN ('', $2) \
         AND (w.line = '' OR $3 = '' OR w.line = $3) AND w.division_path >= $4 AND w.division_path < $5 \
         AND ($6 = '' OR w.enterprise_id = $6) AND NOT (w.task = 'sign' AND EXISTS (SELECT 1 FROM signatures s \
         WHERE s.application_id = w.application_id AND s.account_id = $2 AND s.voided_at IS NULL)) \
         GROUP BY w.task",
        mine.role.code(),
        mine.account_id,
        mine.line,
        &mine.bounds.from,
        &mine.bounds.to,
        &mine.bounds.own
    )
}

/// What waits for somebody to do this task, in the queue's order.
pub async fn list(
    tx: &mut Tx,
    mine: &Mine<'_>,
    task: Task,
    limit: i64,
) -> Result<Vec<QueueLine>, DbError> {
    rows!(
        tx,
        LineRow,
        concat!(
            "SELECT ",
            columns!(),
            " FROM application_waits w JOIN applications a ON a.id = w.application_id \
             JOIN divisions d ON d.id = a.division_id \
             WHERE w.role = $1 AND w.task = $7 AND w.account_id IN ('', $2) \
             AND (w.line = '' OR $3 = '' OR w.line = $3) AND w.division_path >= $4 AND w.division_path < $5 \
             AND ($6 = '' OR w.enterprise_id = $6) AND NOT (w.task = 'sign' AND EXISTS (SELECT 1 FROM signatures s \
             WHERE s.application_id = w.application_id AND s.account_id = $2 AND s.voided_at IS NULL)) \
             ORDER BY w.class_rank, w.submitted_at, w.application_id LIMIT $8"
        ),
        mine.role.code(),
        mine.account_id,
        mine.line,
        &mine.bounds.from,
        &mine.bounds.to,
        &mine.bounds.own,
        task.code(),
        limit
    )?
    .into_iter()
    .map(QueueLine::try_from)
    .collect()
}

/// The case that comes after another in somebody's queue of one task; the first one behind the end.
pub async fn next(
    tx: &mut Tx,
    mine: &Mine<'_>,
    task: Task,
    behind: &Application,
) -> Result<Option<String>, DbError> {
    let found = row!(
        tx,
        (String,),
        "SELECT w.application_id FROM application_waits w WHERE w.role = $1 AND w.account_id IN ('', $2) \
         AND (w.line = '' OR $3 = '' OR w.line = $3) AND w.division_path >= $4 AND w.division_path < $5 \
         AND w.task = $6 AND w.application_id <> $9 AND NOT (w.task = 'sign' AND EXISTS (SELECT 1 FROM signatures s \
         WHERE s.application_id = w.application_id AND s.account_id = $2 AND s.voided_at IS NULL)) \
         AND (w.class_rank, w.submitted_at, w.application_id) > ($7, $8, $9) \
         ORDER BY w.class_rank, w.submitted_at, w.application_id LIMIT 1",
        mine.role.code(),
        mine.account_id,
        mine.line,
        &mine.bounds.from,
        &mine.bounds.to,
        task.code(),
        behind.class_rank,
        behind.stages.submitted_at.0,
        &behind.id
    )?;
    match found {
        Some((id,)) => Ok(Some(id)),
        None => {
            let first = list(tx, mine, task, 2).await?;
            Ok(first.into_iter().map(|line| line.id).find(|id| *id != behind.id))
        }
    }
}
