//! What a placard is worth, for anybody who asks: the public page, its form for check numbers, and
//! the inspectors' scan. The judgement is the gates' own, on what the database knows.

pub mod api;
pub mod pages;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use fugong_common::clock::ClockState;
use fugong_common::envelope::Unverified;
use fugong_common::judge::{Credential, HeldStatus, Judgement, Known, Moment, Place, judge};
use fugong_common::keys::{KeyId, Kind, Role};
use fugong_common::placard::Scanned;
use fugong_common::serial::Serial;
use fugong_common::status::StatusClaims;
use fugong_common::time::Millis;
use fugong_common::trust::TrustList;
use fugong_common::wire::PermitRecord;

use crate::db::{DbError, Tx};
use crate::permits::{self, Permit};
use crate::{keys, status};

/// What the database knows of one scan.
#[derive(Debug, Default)]
struct Ledger {
    trust: Option<TrustList>,
    statuses: HashMap<KeyId, StatusClaims>,
    permit: Option<Permit>,
}

impl Known for Ledger {
    fn trust(&self) -> Option<&TrustList> {
        self.trust.as_ref()
    }

    fn status(&self, key: KeyId) -> Option<HeldStatus<'_>> {
        // The issuer's own list: no time has passed that the wall clock doesn't show.
        self.statuses.get(&key).map(|claims| HeldStatus { claims, elapsed_seconds: 0 })
    }

    fn permit(&self, serial: Serial) -> Option<PermitRecord> {
        let permit = self.permit.as_ref().filter(|permit| permit.serial == serial)?;
        Some(PermitRecord {
            serial,
            enterprise_id: permit.place.enterprise_id.clone(),
            enterprise: permit.facts.name.clone(),
            lineage: permit.lineage,
            status_index: permit.claims.status_index,
            key: permit.key_id.parse().ok()?,
            validity: permit.claims.validity,
            site: permit.place.site,
            mode: permit.claims.mode,
        })
    }
}

impl Ledger {
    async fn hold_status(&mut self, tx: &mut Tx, key: KeyId, now: Millis) -> Result<(), DbError> {
        let Some(of) = self.trust.as_ref().and_then(|trust| trust.find_key(key)) else {
            return Ok(());
        };
        let Some(stored) = status::find_token(tx, &key.to_string()).await? else { return Ok(()) };
        let Some(trust) = &self.trust else { return Ok(()) };
        match StatusClaims::open(&stored.token, trust, of, now) {
            Ok(claims) => {
                self.statuses.insert(key, claims);
            }
            Err(error) => tracing::error!(%key, %error, "our own status list cannot be used"),
        }
        Ok(())
    }
}

/// What was found out about a scan.
#[derive(Clone, Debug)]
pub struct Look {
    pub judgement: Judgement,
    /// The permit in our files; only where the judgement vouches for it.
    pub permit: Option<Permit>,
    /// What took its place, if it was replaced.
    pub successor: Option<Permit>,
}

/// What a scan is, before it is judged.
pub fn is_pass(scanned: &Scanned, trust: Option<&TrustList>) -> bool {
    let token = match scanned {
        Scanned::Pass { .. } | Scanned::PassReference(_) => return true,
        Scanned::Bare(token) | Scanned::Placard { token, .. } | Scanned::OddLink { token } => token,
        _ => return false,
    };
    // Which of the two it is follows from the key that it names.
    let key = Unverified::parse(Kind::Pass, token).ok().map(|unverified| unverified.key_id());
    key.zip(trust)
        .and_then(|(key, trust)| trust.find_key(key))
        .is_some_and(|key| key.role == Role::Pass)
}

/// A scan looked at: a pass, of which nothing is told here, or anything else, judged.
#[derive(Clone, Debug)]
pub enum Looked {
    Pass,
    Judged(Box<Look>),
}

/// Judges a scan by what the database knows now.
///
/// # Errors
/// The database's.
pub async fn look(tx: &mut Tx, scanned: &Scanned, now: Millis) -> Result<Looked, DbError> {
    let mut ledger = Ledger {
        trust: keys::store::newest(tx).await?.map(|stored| stored.list),
        ..Ledger::default()
    };
    if is_pass(scanned, ledger.trust.as_ref()) {
        return Ok(Looked::Pass);
    }
    let key = match scanned {
        Scanned::Bare(token) | Scanned::Placard { token, .. } | Scanned::OddLink { token } => {
            Unverified::parse(Kind::Permit, token).ok().map(|unverified| unverified.key_id())
        }
        Scanned::Serial(serial) => {
            ledger.permit = permits::store::find_by_serial(tx, *serial).await?;
            ledger.permit.as_ref().and_then(|permit| permit.key_id.parse().ok())
        }
        _ => None,
    };
    if let Some(key) = key {
        ledger.hold_status(tx, key, now).await?;
    }
    let moment = Moment { now, clock: ClockState::Trusted };
    let judgement = judge(scanned, &ledger, Place::Public, moment);
    let permit = match &judgement.credential {
        Some(Credential::Permit(claims)) => {
            let found = permits::store::find_by_serial(tx, claims.serial).await?;
            // Our file is shown beside the very claims that were signed, never beside others.
            found.filter(|permit| permit.claims == *claims)
        }
        Some(Credential::Registered(_)) => ledger.permit,
        _ => None,
    };
    let successor = match &permit {
        Some(permit) => permits::store::find_successor(tx, permit.serial).await?,
        None => None,
    };
    Ok(Looked::Judged(Box::new(Look { judgement, permit, successor })))
}
