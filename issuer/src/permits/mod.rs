//! Permits: issued by a signature of their own after approval (domain A40), printed as placards
//! (A41), kept honest by suspension and revocation (A65).

pub mod acts;
pub mod api;
mod doing;
pub mod facts;
pub mod issue;
pub mod issuing;
#[cfg(test)]
pub(crate) mod page_tests;
pub mod pages;
mod place;
pub mod printing;
pub mod sheet;
pub mod state;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod words;

pub use acts::{ActError, act};
pub use facts::{Approver, By, Contact, Facts, IssueRequest, Place, Terms};
pub use issue::{Changes, IssueError, issue, reissue};
pub use place::follow_premises;
pub use state::{Event, Standing, State};
pub use store::Permit;
pub use words::{PermitWords, parse_reason};

use crate::app::App;
use crate::db::{DbError, Tx};
use crate::enterprises::timeline;

/// Writes what happened into the enterprise's timeline.
async fn note_timeline(
    app: &App,
    tx: &mut Tx,
    permit: &Permit,
    kind: &str,
    reason: &str,
    by: &By,
) -> Result<(), DbError> {
    let facts = serde_json::json!({
        "permit_id": permit.id,
        "document": permit.document_number,
        "serial": permit.serial.to_string(),
        "reason": reason,
    });
    let enterprise_id = &permit.place.enterprise_id;
    timeline::note(tx, enterprise_id, app.now(), kind, &facts, &by.account_id).await
}
