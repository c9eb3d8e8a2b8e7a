//! A sheet's rows, told apart, and what they are read against.

use fugong_common::time::{Millis, Zone};
use jiff::civil::Date;
use tokio::sync::Semaphore;

use super::columns::{self, Subject};
use super::enterprises::{self, Against, Evaluated};
use super::grid::{Book, Sheet};
use super::job::JobError;
use super::places::Places;
use super::store::{self, Import};
use super::{people, take_enterprises, take_people};
use crate::app::App;
use crate::authz::Reach;
use crate::db::Tx;
use crate::divisions;

/// Files read at once; each may take hundreds of megabytes.
static READERS: Semaphore = Semaphore::const_new(2);

/// Runs heavy work beside the server's threads, in its turn.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JobError> {
    let _permit = READERS.acquire().await.map_err(|_| JobError::Gone)?;
    tokio::task::spawn_blocking(work).await.map_err(|error| JobError::Failed(error.to_string()))
}

/// The book of an import, as it was kept.
pub(super) async fn load(app: &App, id: &str) -> Result<Book, JobError> {
    let mut tx = app.db().read().await?;
    let packed = store::find_rows(&mut tx, id).await?.ok_or(JobError::Gone)?;
    drop(tx);
    apart(move || Book::unpack(&packed)).await?.ok_or(JobError::Gone)
}

/// What an import's rows are read against.
pub(super) struct Ground {
    pub(super) places: Places,
    pub(super) reach: Reach,
    pub(super) zone: Zone,
    pub(super) today: Date,
}

pub(super) async fn ground(app: &App, tx: &mut Tx, import: &Import) -> Result<Ground, JobError> {
    let division = divisions::store::find(tx, &import.division_id).await?.ok_or(JobError::Gone)?;
    let reach = Reach::Division(division.path.clone());
    let nodes = divisions::store::list_within(tx, &reach.bounds(), app.now()).await?;
    let zone = Zone::parse(&division.zone).unwrap_or_else(|_| Zone::utc());
    let today = zone.date(app.now()).parse().map_err(|_| JobError::Gone)?;
    Ok(Ground { places: Places::new(nodes), reach, zone, today })
}

/// A sheet's rows, told apart.
pub(super) enum Rows {
    Enterprises(Evaluated<enterprises::Record>),
    People(Evaluated<people::Record>),
}

/// A sheet with its rows told apart and what they were read against.
pub(super) struct Read {
    pub(super) sheet: Sheet,
    pub(super) rows: Rows,
    pub(super) ground: Ground,
}

/// Reads the chosen sheet's rows under its mapping.
pub(super) async fn evaluate(
    import: &Import,
    mut book: Book,
    ground: Ground,
) -> Result<Read, JobError> {
    let summary = import.summary.clone();
    let subject = import.subject;
    if summary.sheet >= book.sheets.len() {
        return Err(JobError::Gone);
    }
    let sheet = book.sheets.swap_remove(summary.sheet);
    apart(move || {
        let mapping = columns::from_codes(subject, &summary.mapping);
        let header = summary.header_row.unwrap_or(0);
        let rows = match subject {
            Subject::Enterprises => {
                let against = Against {
                    places: &ground.places,
                    today: ground.today,
                    no_code_reason: &summary.no_code_reason,
                };
                Rows::Enterprises(enterprises::evaluate(&sheet, header, &mapping, &against))
            }
            Subject::People => {
                Rows::People(people::evaluate(&sheet, header, &mapping, ground.today, &ground.zone))
            }
        };
        Read { sheet, rows, ground }
    })
    .await
}

pub(super) fn under_enterprises<'a>(
    import: &'a Import,
    ground: &'a Ground,
    now: Millis,
) -> take_enterprises::Under<'a> {
    take_enterprises::Under {
        places: &ground.places,
        reach: &ground.reach,
        policy: import.summary.policy,
        file_name: &import.file_name,
        account_id: &import.account_id,
        now,
    }
}

pub(super) fn under_people(import: &Import, now: Millis) -> take_people::Under<'_> {
    take_people::Under {
        enterprise_id: &import.enterprise_id,
        policy: import.summary.policy,
        full: import.summary.full,
        now,
    }
}
