//! The queue: applications by class and age, filtered, a page at a time.

use fugong_common::time::Millis;

use super::state::State;
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::{row, rows};

/// What a queue shows. Empty texts ask for all.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    pub bounds: &'a Bounds,
    /// Under way, or ended.
    pub open: bool,
    pub state: &'a str,
    /// -1 for every class.
    pub class_rank: i64,
    pub scale: &'a str,
    /// Path of a division within the bounds.
    pub within: &'a str,
    /// Part of the enterprise's name, or a receipt number.
    pub search: &'a str,
}

impl Filter<'_> {
    /// Bounds narrowed to the chosen division.
    fn range(&self) -> (String, String) {
        if self.within.is_empty() {
            return (self.bounds.from.clone(), self.bounds.to.clone());
        }
        let chosen = crate::authz::Reach::Division(self.within.to_owned()).bounds();
        (chosen.from.max(self.bounds.from.clone()), chosen.to.min(self.bounds.to.clone()))
    }
}

/// Where a page begins: behind this row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub class_rank: i64,
    pub submitted_at: i64,
    pub id: String,
}

impl Cursor {
    pub const fn start() -> Self {
        Self { class_rank: -1, submitted_at: 0, id: String::new() }
    }

    /// As it stands in a link: `3.1581210720000.id`.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, '.');
        let numbers = (
            parts.next().and_then(|part| part.parse().ok()),
            parts.next().and_then(|part| part.parse().ok()),
        );
        match (numbers, parts.next()) {
            ((Some(class_rank), Some(submitted_at)), Some(id)) => {
                Self { class_rank, submitted_at, id: id.to_owned() }
            }
            _ => Self::start(),
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class_rank, self.submitted_at, self.id)
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct LineRow {
    id: String,
    receipt: Option<String>,
    enterprise_id: String,
    enterprise_name: String,
    division_name: String,
    scale: String,
    class_rank: i64,
    state_data: String,
    submitted_at: i64,
    due_at: i64,
    on_behalf: i64,
}

/// One row of a queue.
#[derive(Clone, Debug)]
pub struct QueueLine {
    pub id: String,
    pub receipt: String,
    pub enterprise_id: String,
    pub enterprise_name: String,
    pub division_name: String,
    pub scale: String,
    pub class_rank: i64,
    pub state: State,
    pub submitted_at: Millis,
    pub due_at: Millis,
    pub on_behalf: bool,
}

impl QueueLine {
    pub fn cursor(&self) -> Cursor {
        Cursor {
            class_rank: self.class_rank,
            submitted_at: self.submitted_at.0,
            id: self.id.clone(),
        }
    }
}

impl TryFrom<LineRow> for QueueLine {
    type Error = DbError;

    fn try_from(row: LineRow) -> Result<Self, DbError> {
        let state = serde_json::from_str(&row.state_data)
            .map_err(|_| DbError::corrupt("applications", "state_data", &row.id))?;
        Ok(Self {
            state,
            id: row.id,
            receipt: row.receipt.unwrap_or_default(),
            enterprise_id: row.enterprise_id,
            enterprise_name: row.enterprise_name,
            division_name: row.division_name,
            scale: row.scale,
            class_rank: row.class_rank,
            submitted_at: Millis(row.submitted_at),
            due_at: Millis(row.due_at),
            on_behalf: row.on_behalf == 1,
        })
    }
}

/// Of an application `a` and its division `d`.
macro_rules! columns {
    () => {
        "a.id, a.receipt, a.enterprise_id, a.enterprise_name, d.name AS division_name, a.scale, a.class_rank, \
         a.state_data, a.submitted_at, a.due_at, a.on_behalf"
    };
}
pub(super) use columns;

/// A page of the queue behind `after`. Drafts are nobody's business but their writers'.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter<'_>,
    after: &Cursor,
    limit: i64,
) -> Result<Vec<QueueLine>, DbError> {
    let (from, to) = filter.range();
    let plain = crate::fields::name_key(filter.search).replace(['%', '_'], "");
    let like = format!("%{plain}%");
    // One class is a stretch of the index.
    let (start, last_class) = match filter.class_rank {
        rank @ 0.. => {
            let first = Cursor { class_rank: rank, ..Cursor::start() };
            (if after.class_rank < rank { first } else { after.clone() }, rank)
        }
        _ => (after.clone(), i64::MAX),
    };
    // A receipt number has an index of its own; looked up beside the walk, it costs nothing there.
    let cited = row!(tx, (String,), "SELECT id FROM applications WHERE receipt = $1", &plain)?
        .map_or_else(String::new, |(id,)| id);
    rows!(
        tx,
        LineRow,
        concat!(
            "SELECT ",
            columns!(),
            " FROM applications a JOIN divisions d ON d.id = a.division_id \
             WHERE a.open = $1 AND (a.class_rank, a.submitted_at, a.id) > ($2, $3, $4) \
             AND a.class_rank <= $9 AND a.division_path >= $5 AND a.division_path < $6 AND ($7 = '' OR a.enterprise_id = $7) \
             AND a.state <> 'draft' AND ($8 = '' OR a.state = $8) \
             AND ($10 = '' OR a.scale = $10) AND ($11 = '' OR a.name_key LIKE $12 OR a.id = $13) \
             ORDER BY a.class_rank, a.submitted_at, a.id LIMIT $14"
        ),
        i64::from(filter.open),
        start.class_rank,
        start.submitted_at,
        &start.id,
        &from,
        &to,
        &filter.bounds.own,
        filter.state,
        last_class,
        filter.scale,
        &plain,
        &like,
        &cited,
        limit
    )?
    .into_iter()
    .map(QueueLine::try_from)
    .collect()
}

/// How many are in a state.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StateCount {
    pub state: String,
    pub n: i64,
}

/// All within reach, by state. Counted along the index of divisions first: there the states of each
/// stand together, and nothing is sorted.
pub async fn count_by_state(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<StateCount>, DbError> {
    rows!(
        tx,
        StateCount,
        "SELECT state, CAST(SUM(n) AS BIGINT) AS n FROM (SELECT state, COUNT(*) AS n FROM applications \
         WHERE division_path >= $1 AND division_path < $2 AND ($3 = '' OR enterprise_id = $3) \
         GROUP BY division_path, state) AS counted GROUP BY state",
        &bounds.from,
        &bounds.to,
        &bounds.own
    )
}

/// How many wait for the office in a state, and since when the longest of them does.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    pub state: String,
    pub n: i64,
    pub since: i64,
}

/// States in which an application waits for officers.
const WITH_THE_OFFICE: [&str; 4] = ["submitted", "site_check", "signing", "approved"];

/// What waits everywhere, a line for each state in which officers are to act (domain A37).
pub async fn list_waiting(tx: &mut Tx) -> Result<Vec<Waiting>, DbError> {
    let found = rows!(
        tx,
        Waiting,
        "SELECT state, COUNT(*) AS n, MIN(state_at) AS since FROM applications WHERE open = 1 GROUP BY state"
    )?;
    let of = |state: &str| found.iter().find(|waiting| waiting.state == state).cloned();
    let none = |state: &str| Waiting { state: state.to_owned(), n: 0, since: 0 };
    Ok(WITH_THE_OFFICE.iter().map(|state| of(state).unwrap_or_else(|| none(state))).collect())
}
