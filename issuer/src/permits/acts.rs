//! What is done to a permit after it was issued: suspend, confirm, resume, revoke, lapse. Each is
//! one transaction over state, status list, history, timeline, audit and the gates' change.

use std::time::Duration;

use axum::http::StatusCode;
use fugong_common::service::problem::Problem;

use super::facts::By;
use super::state::{Event, Refused, State};
use super::store::{self, Permit};
use crate::app::App;
use crate::audit::Act;
use crate::db::{DbError, Tx};
use crate::status::{self, StatusFault};
use crate::web::conflict;
use crate::{divisions, keys};

/// How often temporary suspensions are looked through.
const SWEEP_EVERY: Duration = Duration::from_secs(20);

/// Why an act was not done.
#[derive(Debug)]
pub enum ActError {
    Db(DbError),
    Refused(Refused),
    /// Somebody else acted on it since it was read.
    Overtaken,
    Status(StatusFault),
}

impl From<DbError> for ActError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<StatusFault> for ActError {
    fn from(fault: StatusFault) -> Self {
        Self::Status(fault)
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Db(error) => error.into(),
            ActError::Status(fault) => fault.into(),
            ActError::Overtaken => {
                conflict(("许可刚被他人处理", "Somebody else has just acted on this permit"))
            }
            ActError::Refused(refused) => Self::new(
                StatusCode::CONFLICT,
                "permit_state",
                ("许可当前状态不能办理此项", "The permit is not in a state for this"),
            )
            .detail((
                "请刷新页面，查看许可的最新状态。",
                "Reload the page to see how the permit stands.",
            ))
            .with("state", refused.standing.code()),
        }
    }
}

/// Does one act. Whether `by` may do it here is decided before; so is whether the permit's term lets an
/// officer do it ([`Permit::after`]): what gates tell after a restore is taken over whatever the dates.
///
/// # Errors
/// [`ActError`]; drop the transaction then, and nothing has happened.
pub async fn act(
    app: &App,
    tx: &mut Tx,
    permit: &Permit,
    event: Event,
    by: &By,
    reason: &str,
) -> Result<(State, i64), ActError> {
    let now = app.now();
    let next = permit.state.after(event, now);
    let next = next.ok_or_else(|| Refused { standing: permit.standing(now), event });
    let next = next.map_err(ActError::Refused)?;
    if !store::move_on(tx, permit, next, now).await? {
        return Err(ActError::Overtaken);
    }
    // Under a withdrawn or ended key nothing counts any more, whatever its list says.
    if next.status() != permit.state.status() && list_counts(tx, &permit.key_id, now).await? {
        status::set(app, tx, &permit.key_id, permit.status_index, next.status()).await?;
    }
    store::note_act(tx, &permit.id, &app.new_id(), now, event.code(), by, reason).await?;
    let kind = match event {
        Event::Suspend { .. } => "permit.suspended",
        Event::Confirm => "permit.confirmed",
        Event::Resume => "permit.resumed",
        Event::Lapse => "permit.lapsed",
        Event::Revoke => "permit.revoked",
        Event::Supersede => "permit.reissued",
    };
    super::note_timeline(app, tx, permit, kind, reason, by).await?;
    let action = format!("permit.{}", event.code());
    let done = Act {
        at: now,
        account_id: &by.account_id,
        post_id: &by.post_id,
        action: &action,
        subject: "permit",
        subject_id: &permit.id,
        division_id: &permit.place.division_id,
        detail: reason,
    };
    app.record(tx, done).await?;
    let change = app.note_change(tx, "status", &permit.key_id).await?;
    Ok((next, change))
}

async fn list_counts(
    tx: &mut Tx,
    key_id: &str,
    now: fugong_common::time::Millis,
) -> Result<bool, ActError> {
    let trust = keys::store::require(tx).await?.map_err(StatusFault::Key)?;
    Ok(trust.keys.iter().any(|key| {
        key.id().to_string() == key_id && key.revoked.is_none() && key.exp > now.seconds()
    }))
}

/// The suspension that a post in this role pronounces: an inspector's is temporary, by the regime
/// of the permit's division.
///
/// # Errors
/// The database's.
pub async fn suspension_by(
    app: &App,
    tx: &mut Tx,
    permit: &Permit,
    role: crate::accounts::Role,
) -> Result<Event, DbError> {
    if crate::authz::Action::ConfirmSuspensions.allows(role) {
        return Ok(Event::Suspend { lapses_at: None });
    }
    let now = app.now();
    let regime = divisions::store::find_regime(tx, &permit.place.division_path, now).await?;
    let hours = regime
        .map_or_else(divisions::RegimeSettings::default, |regime| regime.settings)
        .temporary_suspension_hours;
    Ok(Event::Suspend { lapses_at: Some(now.plus_hours(hours)) })
}

/// Suspensions that are looked for at once.
const SWEEP_PAGE: i64 = 200;

/// Lets temporary suspensions lapse whose time is over; returns how many.
///
/// # Errors
/// The database's, once all that could lapse have: however many rows can't be read, they hold up no other.
/// A permit that somebody else has just acted on is left alone.
pub async fn sweep(app: &App) -> Result<usize, DbError> {
    sweep_by(app, SWEEP_PAGE).await
}

pub(super) async fn sweep_by(app: &App, most: i64) -> Result<usize, DbError> {
    let (mut lapsed, mut failed) = (0, None);
    let mut behind = (i64::MIN, String::new());
    loop {
        let mut tx = app.db().read().await?;
        let over = store::list_lapsed(&mut tx, app.now(), (behind.0, &behind.1), most).await?;
        drop(tx);
        let Some(last) = over.last() else { break };
        behind = last.clone();
        for (_, id) in over {
            // No transaction at all is no fault of this row.
            let tx = app.db().write().await?;
            match lapse(app, tx, &id).await {
                Ok(true) => lapsed += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(permit = %id, %error, "a suspension could not lapse");
                    failed = Some(error);
                }
            }
        }
    }
    failed.map_or(Ok(lapsed), Err)
}

/// Lets one suspension lapse; false where somebody has acted meanwhile, or its list can't be signed.
async fn lapse(app: &App, mut tx: Tx, id: &str) -> Result<bool, DbError> {
    let Some(permit) = store::find(&mut tx, id).await? else { return Ok(false) };
    match act(app, &mut tx, &permit, Event::Lapse, &By::default(), "").await {
        Ok((_, change)) => {
            app.commit(tx, change).await?;
            Ok(true)
        }
        Err(ActError::Db(error) | ActError::Status(StatusFault::Db(error))) => Err(error),
        Err(ActError::Refused(_) | ActError::Overtaken) => Ok(false),
        Err(ActError::Status(fault)) => {
            tracing::error!(permit = %permit.id, ?fault, "a suspension could not lapse");
            Ok(false)
        }
    }
}

/// Sweeps until the service stops.
pub async fn keep_sweeping(app: App) {
    loop {
        if let Err(error) = sweep(&app).await {
            tracing::error!(%error, "temporary suspensions could not be looked through");
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}
