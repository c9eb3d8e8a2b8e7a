//! Applications, their revisions, events and visits as rows.

use fugong_common::time::Millis;

use super::filing::Filing;
use super::form::FilingForm;
use super::state::{Case, State};
use crate::db::{DbError, Tx};
use crate::divisions::Scale;
use crate::{row, rows, run};

/// An application with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    pub id: String,
    pub receipt: Option<String>,
    pub enterprise_id: String,
    pub enterprise_name: String,
    pub name_key: String,
    pub division_id: String,
    pub division_path: String,
    pub scale: Scale,
    pub class_rank: i64,
    pub case: Case,
    pub state_at: Millis,
    /// Rises with every act and save.
    pub step: i64,
    pub form: FilingForm,
    pub on_behalf: bool,
    pub created_by: String,
    pub created_at: Millis,
    pub stages: Stages,
}

/// When each stage was reached, the last time; 0 is not yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    pub submitted_at: Millis,
    pub accepted_at: Millis,
    pub checked_at: Millis,
    pub decided_at: Millis,
    pub issued_at: Millis,
    pub due_at: Millis,
}

impl Application {
    pub fn place(&self) -> crate::authz::Place<'_> {
        crate::authz::Place {
            division_path: &self.division_path,
            enterprise_id: Some(&self.enterprise_id),
        }
    }

    pub fn state(&self) -> &State {
        &self.case.state
    }

    /// What an act saw when it was decided on.
    pub fn seen(&self) -> Seen {
        Seen { state: self.case.state.code().to_owned(), revision: self.case.revision }
    }
}

/// State and revision that somebody had before them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Seen {
    pub state: String,
    pub revision: i64,
}

#[derive(sqlx::FromRow)]
struct ApplicationRow {
    id: String,
    receipt: Option<String>,
    enterprise_id: String,
    enterprise_name: String,
    name_key: String,
    division_id: String,
    division_path: String,
    scale: String,
    class_rank: i64,
    state: String,
    state_data: String,
    state_at: i64,
    revision: i64,
    step: i64,
    form: String,
    on_behalf: i64,
    created_by: String,
    created_at: i64,
    submitted_at: i64,
    accepted_at: i64,
    checked_at: i64,
    decided_at: i64,
    issued_at: i64,
    due_at: i64,
}

impl ApplicationRow {
    fn into_application(self) -> Result<Application, DbError> {
        let corrupt = |column| DbError::corrupt("applications", column, &self.id);
        let state: State =
            serde_json::from_str(&self.state_data).map_err(|_| corrupt("state_data"))?;
        if state.code() != self.state {
            return Err(corrupt("state"));
        }
        Ok(Application {
            scale: Scale::parse(&self.scale).ok_or_else(|| corrupt("scale"))?,
            form: serde_json::from_str(&self.form).map_err(|_| corrupt("form"))?,
            case: Case { revision: self.revision, state },
            receipt: self.receipt,
            enterprise_id: self.enterprise_id,
            enterprise_name: self.enterprise_name,
            name_key: self.name_key,
            division_id: self.division_id,
            division_path: self.division_path,
            class_rank: self.class_rank,
            state_at: Millis(self.state_at),
            step: self.step,
            on_behalf: self.on_behalf == 1,
            created_by: self.created_by,
            created_at: Millis(self.created_at),
            stages: Stages {
                submitted_at: Millis(self.submitted_at),
                accepted_at: Millis(self.accepted_at),
                checked_at: Millis(self.checked_at),
                decided_at: Millis(self.decided_at),
                issued_at: Millis(self.issued_at),
                due_at: Millis(self.due_at),
            },
            id: self.id,
        })
    }
}

macro_rules! columns {
    () => {
        "id, receipt, enterprise_id, enterprise_name, name_key, division_id, division_path, scale, class_rank, state, \
         state_data, state_at, revision, step, form, on_behalf, created_by, created_at, submitted_at, accepted_at, \
         checked_at, decided_at, issued_at, due_at"
    };
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Application>, DbError> {
    row!(
        tx,
        ApplicationRow,
        concat!("SELECT ", columns!(), " FROM applications WHERE id = $1"),
        id
    )?
    .map(ApplicationRow::into_application)
    .transpose()
}

/// Takes the row's lock and reads it: nobody else acts on it until this transaction ends.
pub async fn lock(tx: &mut Tx, id: &str) -> Result<Option<Application>, DbError> {
    row!(
        tx,
        ApplicationRow,
        concat!("UPDATE applications SET step = step + 1 WHERE id = $1 RETURNING ", columns!()),
        id
    )?
    .map(ApplicationRow::into_application)
    .transpose()
}

/// The applications of one enterprise, newest first.
pub async fn list_of_enterprise(
    tx: &mut Tx,
    enterprise_id: &str,
    limit: i64,
) -> Result<Vec<Application>, DbError> {
    rows!(
        tx,
        ApplicationRow,
        concat!(
            "SELECT ",
            columns!(),
            " FROM applications WHERE enterprise_id = $1 ORDER BY id DESC LIMIT $2"
        ),
        enterprise_id,
        limit
    )?
    .into_iter()
    .map(ApplicationRow::into_application)
    .collect()
}

/// Stores a new draft.
pub async fn insert(tx: &mut Tx, new: &Application) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO applications (id, enterprise_id, enterprise_name, name_key, division_id, division_path, scale, \
         class_rank, state, state_data, state_at, open, form, on_behalf, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14, $11)",
        &new.id,
        &new.enterprise_id,
        &new.enterprise_name,
        &new.name_key,
        &new.division_id,
        &new.division_path,
        new.scale.code(),
        new.class_rank,
        new.case.state.code(),
        data(&new.case.state),
        new.state_at.0,
        form_data(&new.form),
        i64::from(new.on_behalf),
        &new.created_by
    )?;
    Ok(())
}

fn data(state: &State) -> String {
    serde_json::to_string(state).unwrap_or_default()
}

fn form_data(form: &FilingForm) -> String {
    serde_json::to_string(form).unwrap_or_default()
}

/// Keeps what is typed, as long as nobody has acted since. False: somebody has.
pub async fn save_form(
    tx: &mut Tx,
    id: &str,
    step: i64,
    form: &FilingForm,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE applications SET form = $3, step = step + 1 WHERE id = $1 AND step = $2 AND state IN ('draft', 'returned')",
        id,
        step,
        form_data(form)
    )?;
    Ok(touched == 1)
}

/// Writes what an act made of an application. False: it was no longer as `seen`.
pub async fn put(tx: &mut Tx, seen: &Seen, new: &Application) -> Result<bool, DbError> {
    let state = &new.case.state;
    let touched = run!(
        tx,
        "UPDATE applications SET receipt = $4, enterprise_name = $5, name_key = $6, division_id = $7, division_path = $8, \
         scale = $9, class_rank = $10, state = $11, state_data = $12, state_at = $13, open = $14, revision = $15, \
         form = $16, submitted_at = $17, accepted_at = $18, checked_at = $19, decided_at = $20, issued_at = $21, \
         due_at = $22 WHERE id = $1 AND state = $2 AND revision = $3",
        &new.id,
        &seen.state,
        seen.revision,
        new.receipt.as_deref(),
        &new.enterprise_name,
        &new.name_key,
        &new.division_id,
        &new.division_path,
        new.scale.code(),
        new.class_rank,
        state.code(),
        data(state),
        new.state_at.0,
        i64::from(state.is_open()),
        new.case.revision,
        form_data(&new.form),
        new.stages.submitted_at.0,
        new.stages.accepted_at.0,
        new.stages.checked_at.0,
        new.stages.decided_at.0,
        new.stages.issued_at.0,
        new.stages.due_at.0
    )?;
    Ok(touched == 1)
}

/// The counter of a division's day, as in `370602-20200210`.
pub fn receipt_counter(prefix: &str) -> String {
    format!("receipt:{prefix}")
}

/// Takes the next receipt number of a division's day, counting from 1.
pub async fn next_receipt(tx: &mut Tx, prefix: &str) -> Result<String, DbError> {
    let name = receipt_counter(prefix);
    let n = row!(
        tx,
        (i64,),
        "INSERT INTO counters (name, value) VALUES ($1, 1) \
         ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
        name
    )?
    .map_or(1, |(n,)| n);
    Ok(format!("{prefix}-{n:04}"))
}

/// A revision's content with who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub revision: i64,
    pub filing: Filing,
    pub sha256: [u8; 32],
    pub made_at: Millis,
    pub name: String,
    pub post: String,
    pub on_behalf: bool,
}

/// A revision to store; `account_id` made it.
#[derive(Clone, Debug)]
pub struct NewRevision<'a> {
    pub application_id: &'a str,
    pub revision: i64,
    pub filing: &'a Filing,
    pub made_at: Millis,
    pub account_id: &'a str,
    pub name: &'a str,
    pub post: &'a str,
    pub on_behalf: bool,
}

pub async fn insert_revision(tx: &mut Tx, new: NewRevision<'_>) -> Result<(), DbError> {
    let content = new.filing.canonical();
    let digest = Filing::digest(&content).to_vec();
    run!(
        tx,
        "INSERT INTO application_revisions (application_id, revision, content, sha256, made_at, account_id, name, post, \
         on_behalf) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        new.application_id,
        new.revision,
        content,
        digest,
        new.made_at.0,
        new.account_id,
        new.name,
        new.post,
        i64::from(new.on_behalf)
    )?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct RevisionRow {
    application_id: String,
    revision: i64,
    content: Vec<u8>,
    sha256: Vec<u8>,
    made_at: i64,
    name: String,
    post: String,
    on_behalf: i64,
}

impl RevisionRow {
    fn into_revision(self) -> Result<Revision, DbError> {
        let corrupt =
            |column| DbError::corrupt("application_revisions", column, &self.application_id);
        let sha256 = Filing::digest(&self.content);
        if sha256.as_slice() != self.sha256 {
            return Err(corrupt("sha256"));
        }
        Ok(Revision {
            revision: self.revision,
            filing: Filing::parse(&self.content).ok_or_else(|| corrupt("content"))?,
            sha256,
            made_at: Millis(self.made_at),
            name: self.name,
            post: self.post,
            on_behalf: self.on_behalf == 1,
        })
    }
}

/// All revisions, newest first.
pub async fn list_revisions(tx: &mut Tx, application_id: &str) -> Result<Vec<Revision>, DbError> {
    rows!(
        tx,
        RevisionRow,
        "SELECT application_id, revision, content, sha256, made_at, name, post, on_behalf FROM application_revisions \
         WHERE application_id = $1 ORDER BY revision DESC LIMIT 100",
        application_id
    )?
    .into_iter()
    .map(RevisionRow::into_revision)
    .collect()
}

pub async fn find_revision(
    tx: &mut Tx,
    application_id: &str,
    revision: i64,
) -> Result<Option<Revision>, DbError> {
    row!(
        tx,
        RevisionRow,
        "SELECT application_id, revision, content, sha256, made_at, name, post, on_behalf FROM application_revisions \
         WHERE application_id = $1 AND revision = $2",
        application_id,
        revision
    )?
    .map(RevisionRow::into_revision)
    .transpose()
}
