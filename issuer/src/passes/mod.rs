//! Worker passes: who may come in on whose permit. A pass is signed, names no identity number, no
//! telephone and no reason of health, and hangs on its permit's line, so that a reissue leaves it
//! alone.

pub mod pages;
pub mod store;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::http::StatusCode;
use fugong_common::claims::{Lineage, Validity};
use fugong_common::envelope;
use fugong_common::keys::{Kind, Role};
use fugong_common::lang::Lang;
use fugong_common::pass::{Pass as Claims, WorkerNumber};
use fugong_common::permit::SiteCode;
use fugong_common::person::{Name, clean_name};
use fugong_common::placard::pass_text;
use fugong_common::serial::{PassReference, Serial};
use fugong_common::service::problem::Problem;
use fugong_common::status::Status;
use fugong_common::time::{Millis, Zone};
use fugong_common::trust::Span;

pub use store::Pass;

use crate::app::App;
use crate::db::{DbError, Tx};
use crate::keys::{self, NoKey, Signing};
use crate::people::gate_number;
use crate::people::store::Person;
use crate::permits::{self, By, Permit, State};
use crate::print::{PassCard, PrintError};
use crate::status::{self, StatusFault};
use words::PassWords;

/// Why somebody gets no pass.
#[derive(Debug)]
pub enum PassError {
    Db(DbError),
    Key(NoKey),
    Status(StatusFault),
    /// The enterprise has no permit that holds.
    NoPermit,
    /// The person starts after the permit has ended.
    StartsTooLate(String),
    /// Name, trade or number cannot be written into a pass.
    Person(String),
    Print(PrintError),
    Fonts(String),
}

impl From<DbError> for PassError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<NoKey> for PassError {
    fn from(error: NoKey) -> Self {
        Self::Key(error)
    }
}

impl From<StatusFault> for PassError {
    fn from(fault: StatusFault) -> Self {
        Self::Status(fault)
    }
}

impl PassError {
    /// What an administrator of the enterprise can put right, in one language.
    fn say(&self, lang: Lang) -> Option<String> {
        let words = PassWords::of(lang);
        let with = |text: &str, name: &String| fugong_common::words::fill(text, &[("name", name)]);
        match self {
            Self::NoPermit => Some(words.no_permit.to_owned()),
            Self::StartsTooLate(name) => Some(with(words.too_late, name)),
            Self::Person(name) => Some(with(words.bad_person, name)),
            Self::Db(_) | Self::Key(_) | Self::Status(_) | Self::Print(_) | Self::Fonts(_) => None,
        }
    }
}

impl fmt::Display for PassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Db(error) => write!(f, "{error}"),
            Self::Key(error) => write!(f, "{error}"),
            Self::Status(fault) => write!(f, "{fault}"),
            Self::Print(error) => write!(f, "{error}"),
            Self::Fonts(error) => write!(f, "{error}"),
            Self::NoPermit | Self::StartsTooLate(_) | Self::Person(_) => {
                f.write_str(&self.say(Lang::En).unwrap_or_default())
            }
        }
    }
}

impl std::error::Error for PassError {}

impl From<PassError> for Problem {
    fn from(error: PassError) -> Self {
        let said = |lang| error.say(lang).unwrap_or_default();
        let detail = (said(Lang::Zh), said(Lang::En));
        let code = match error {
            PassError::Db(error) => return error.into(),
            PassError::Key(error) => return error.into(),
            PassError::Status(fault) => return fault.into(),
            PassError::Print(error) => return permits::issue::print_problem(&error),
            PassError::Fonts(cause) => return Self::internal(cause),
            PassError::NoPermit => "no_permit",
            PassError::StartsTooLate(_) => "starts_too_late",
            PassError::Person(_) => "person",
        };
        Self::new(StatusCode::CONFLICT, code, ("不能发放出入证", "No pass can be issued"))
            .detail(detail)
    }
}

/// What passes of an enterprise hang on.
#[derive(Debug)]
pub struct Grounds {
    sites: BTreeSet<SiteCode>,
    from: Millis,
    to: Millis,
    enterprise: String,
    zone: Zone,
}

impl Grounds {
    /// By the permits that an enterprise holds now: every site of them, the longest of them.
    ///
    /// # Errors
    /// [`PassError::NoPermit`].
    pub fn of(permits: &[Permit]) -> Result<Self, PassError> {
        let mut holding: Vec<&Permit> =
            permits.iter().filter(|permit| permit.state == State::Issued).collect();
        holding.sort_by(|a, b| a.id.cmp(&b.id));
        let newest = holding.last().ok_or(PassError::NoPermit)?;
        let seconds = |of: fn(Validity) -> u64| holding.iter().map(move |p| of(p.claims.validity));
        Ok(Self {
            sites: holding.iter().map(|permit| permit.place.site).collect(),
            from: Millis::from_seconds(seconds(Validity::not_before).min().unwrap_or_default()),
            to: Millis::from_seconds(seconds(Validity::expires).max().unwrap_or_default()),
            enterprise: newest.facts.name.clone(),
            zone: newest.facts.zone(),
        })
    }
}

/// The card of a pass, as it is printed.
fn card(grounds: &Grounds, claims: &Claims, reference: PassReference, token: &[u8]) -> PassCard {
    let day = |seconds| grounds.zone.date(Millis::from_seconds(seconds));
    PassCard {
        enterprise: grounds.enterprise.clone(),
        name: claims.name.to_string(),
        // People know their own number, without the mark that keeps enterprises apart.
        worker_number: claims.worker.as_str().split_once('-').map_or("", |(_, own)| own).to_owned(),
        role: claims.role.to_string(),
        valid_from: day(claims.validity.not_before()),
        valid_until: day(claims.validity.last_second()),
        qr: pass_text(token),
        reference: reference.to_string(),
    }
}

/// The cards of stored passes, in their order.
///
/// # Errors
/// A pass that cannot be read.
pub fn cards(grounds: &Grounds, passes: &[Pass]) -> Vec<PassCard> {
    passes.iter().map(|pass| card(grounds, &pass.claims, pass.reference, &pass.token)).collect()
}

fn sign(
    app: &App,
    (grounds, lineage): (&Grounds, Lineage),
    person: &Person,
    signing: &Signing,
    index: i64,
) -> Result<Pass, PassError> {
    let now = app.now();
    let odd = || PassError::Person(person.name.clone());
    let from = grounds.from.max(Millis(person.not_before));
    let validity = Validity::new(from.seconds(), grounds.to.seconds())
        .ok_or_else(|| PassError::StartsTooLate(person.name.clone()))?;
    let role = if person.job.trim().is_empty() { "员工" } else { person.job.trim() };
    let (serial, reference) = (Serial::new(app.entropy()), PassReference::new(app.entropy()));
    let claims = Claims {
        worker: WorkerNumber::parse(&gate_number(&person.enterprise_id, &person.worker_number))
            .map_err(|_| odd())?,
        serial,
        validity,
        name: Name::parse(&person.name).map_err(|_| odd())?,
        role: clean_name(role).map_err(|_| odd())?,
        status_index: u32::try_from(index).map_err(|_| odd())?,
        lineage,
        sites: grounds.sites.clone(),
    };
    let token = envelope::seal(Kind::Pass, &*signing.key, &claims.encode())
        .map_err(|error| NoKey::Failed(error.to_string()))?;
    Ok(Pass {
        id: app.new_id(),
        serial,
        reference,
        person_id: person.id.clone(),
        enterprise_id: person.enterprise_id.clone(),
        lineage,
        key_id: signing.entry.id().to_string(),
        status_index: index,
        token,
        claims,
        issued_at: now,
        printed: false,
    })
}

/// Issues passes in the caller's transaction; an older pass of the same person is replaced. Tells
/// the gates; commit with the change returned. Locks as permits do: rows, lists, audit, changes.
///
/// # Errors
/// [`PassError`], naming the person; drop the transaction then, and nobody got one.
pub async fn issue(
    app: &App,
    tx: &mut Tx,
    people: &[Person],
    permits: &[Permit],
) -> Result<(Vec<Pass>, i64), PassError> {
    let now = app.now();
    let grounds = Grounds::of(permits)?;
    let enterprise_id = permits.first().map_or("", |permit| permit.place.enterprise_id.as_str());
    let lineage = permits::store::first_lineage(tx, enterprise_id).await?;
    let lineage = lineage.ok_or(PassError::NoPermit)?;
    let fonts = app.fonts().map_err(|error| PassError::Fonts(error.to_string()))?;
    let trust = keys::store::require(tx).await??;
    let sites: Vec<SiteCode> = grounds.sites.iter().copied().collect();
    let (mut issued, mut replaced) = (Vec::new(), Vec::new());
    for person in people {
        let from = grounds.from.max(Millis(person.not_before));
        let span = Span { nbf: from.seconds().max(now.seconds()), exp: grounds.to.seconds() };
        // The window counts from today; the sites and the end are the permit's.
        let signing = keys::choose(&trust, app.keys(), Role::Pass, span, &sites, now)?;
        let started = Millis::from_seconds(signing.entry.nbf);
        let grounds = Grounds {
            from: grounds.from.max(started),
            enterprise: grounds.enterprise.clone(),
            sites: grounds.sites.clone(),
            zone: grounds.zone.clone(),
            ..grounds
        };
        let key_id = signing.entry.id().to_string();
        let index = status::take_index(tx, &key_id).await?;
        let pass = sign(app, (&grounds, lineage), person, &signing, index)?;
        let card = card(&grounds, &pass.claims, pass.reference, &pass.token);
        let missing = card.missing(&fonts);
        if !missing.is_empty() {
            let cause = Box::new(PrintError::Missing(missing));
            return Err(PassError::Print(PrintError::Item { which: person.name.clone(), cause }));
        }
        if let Some(old) = store::find_current(tx, &person.id).await?
            && store::end(tx, &old.id, Status::Superseded, "", now).await?
        {
            replaced.push(old);
        }
        store::insert(tx, &pass).await?;
        issued.push(pass);
    }
    let mut change = publish(app, tx, &replaced, Status::Superseded).await?;
    if let Some(first) = people.first() {
        let told = crate::people::note_roster_change(app, tx, &first.enterprise_id).await?;
        change = change.max(told);
    }
    Ok((issued, change))
}

/// Ends a pass: replaced, or no longer valid.
///
/// # Errors
/// [`PassError`]; drop the transaction then.
pub(crate) async fn end(
    app: &App,
    tx: &mut Tx,
    pass: &Pass,
    status: Status,
    reason: &str,
) -> Result<i64, PassError> {
    if !store::end(tx, &pass.id, status, reason, app.now()).await? {
        return Ok(0);
    }
    publish(app, tx, std::slice::from_ref(pass), status).await
}

/// Says of passes whose rows have ended, in the lists of their keys, that they have: each list is
/// signed once. Returns the newest change, 0 where there was nothing to say.
async fn publish(app: &App, tx: &mut Tx, ended: &[Pass], status: Status) -> Result<i64, PassError> {
    let mut by_key: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for pass in ended {
        by_key.entry(&pass.key_id).or_default().push(pass.status_index);
    }
    let mut change = 0;
    for (key_id, indexes) in by_key {
        let trust = keys::store::require(tx).await??;
        let counts = trust.keys.iter().any(|key| {
            key.id().to_string() == key_id && key.revoked.is_none() && key.exp > app.now().seconds()
        });
        if counts {
            status::set_all(app, tx, key_id, &indexes, status).await?;
        }
        change = app.note_change(tx, "status", key_id).await?;
    }
    Ok(change)
}

/// Revokes somebody's pass, if there is one: lost, left, misused. Returns the change to commit with,
/// 0 if there was none.
///
/// # Errors
/// [`PassError`]; drop the transaction then.
pub async fn revoke_of(
    app: &App,
    tx: &mut Tx,
    person: &Person,
    by: &By,
    division_id: &str,
    reason: &str,
) -> Result<i64, PassError> {
    let pass = store::find_current(tx, &person.id).await?;
    let passes: Vec<Pass> = pass.into_iter().collect();
    if passes.is_empty() {
        return Ok(0);
    }
    let change = revoke(app, tx, passes, by, division_id, reason).await?;
    let told = crate::people::note_roster_change(app, tx, &person.enterprise_id).await?;
    Ok(change.max(told))
}

/// Revokes the passes of all of these people of one enterprise who have one, as many as there are
/// under one number of each list. The caller tells the gates of the roster's change.
///
/// # Errors
/// [`PassError`]; drop the transaction then.
pub async fn revoke_of_many(
    app: &App,
    tx: &mut Tx,
    (enterprise_id, people): (&str, &[Person]),
    by: &By,
    division_id: &str,
    reason: &str,
) -> Result<i64, PassError> {
    if people.is_empty() {
        return Ok(0);
    }
    let who: BTreeSet<&str> = people.iter().map(|person| person.id.as_str()).collect();
    let mut passes = store::list_current(tx, enterprise_id).await?;
    passes.retain(|pass| who.contains(pass.person_id.as_str()));
    revoke(app, tx, passes, by, division_id, reason).await
}

async fn revoke(
    app: &App,
    tx: &mut Tx,
    passes: Vec<Pass>,
    by: &By,
    division_id: &str,
    reason: &str,
) -> Result<i64, PassError> {
    let mut ended = Vec::with_capacity(passes.len());
    for pass in passes {
        if store::end(tx, &pass.id, Status::Revoked, reason, app.now()).await? {
            ended.push(pass);
        }
    }
    // Lists before the audit's end, as everywhere.
    let change = publish(app, tx, &ended, Status::Revoked).await?;
    for pass in &ended {
        let act = crate::audit::Act {
            at: app.now(),
            account_id: &by.account_id,
            post_id: &by.post_id,
            action: "pass.revoke",
            subject: "pass",
            subject_id: &pass.id,
            division_id,
            detail: reason,
        };
        app.record(tx, act).await?;
    }
    Ok(change)
}
