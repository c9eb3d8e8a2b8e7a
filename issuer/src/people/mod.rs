//! The roster (domain A07) and one person one file (A06). Counts are derived from it, never
//! typed twice (A09); gates are told what changes.

pub mod bulk;
mod details;
mod form;
mod gate_number;
mod id_number;
pub mod pages;
pub mod store;
mod words;

use crate::app::App;
use crate::authz::Action;
use crate::db::{DbError, Tx};
use crate::premises;

pub use details::{Details, day, plausible_worker_number};
pub use form::PersonForm;
pub use gate_number::gate_number;
pub use id_number::{IdNumber, IdNumberError};
pub use words::PeopleWords;

/// How much of a person a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Name and telephone in full: who looks after the roster.
    Full,
    /// The ends of name and number only.
    Masked,
}

impl Sight {
    pub fn of(actor: &crate::accounts::Actor) -> Self {
        if actor.may(Action::EditPeople) { Self::Full } else { Self::Masked }
    }

    pub fn name(self, name: &str) -> String {
        match self {
            Self::Full => name.to_owned(),
            Self::Masked => fugong_common::person::mask_name(name),
        }
    }

    pub fn phone(self, phone: &str) -> String {
        match self {
            Self::Full => phone.to_owned(),
            Self::Masked => crate::fields::mask_phone(phone),
        }
    }
}

/// Tells the gates of every site where the enterprise works that its roster changed; the number
/// to commit with, 0 when no gate is concerned. Scopes are site codes in decimal digits.
pub async fn note_roster_change(
    app: &App,
    tx: &mut Tx,
    enterprise_id: &str,
) -> Result<i64, DbError> {
    let mut change = 0;
    for site in premises::store::list_sites_of_enterprise(tx, enterprise_id, app.now()).await? {
        change = app.note_change(tx, "roster", &site.to_string()).await?;
    }
    Ok(change)
}

#[cfg(test)]
pub(crate) mod tests;
