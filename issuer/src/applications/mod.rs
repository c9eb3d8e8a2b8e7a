//! Applications for reopening (domain A01, A02): filed, accepted, checked on site, signed jointly,
//! approved; issuing the permit is an act of its own (A40).

mod acts;
pub mod api;
mod clock;
mod deeds;
mod facts;
mod files;
mod filing;
mod form;
mod history;
pub mod pages;
mod place;
mod queue;
mod state;
pub mod store;
mod terms;
mod waits;
mod words;

#[cfg(test)]
pub(crate) mod tests;

pub use acts::{
    ActError, Draft, accept, amend, classify, draft, mark_issued, record_check, refuse, reroute,
    return_for_correction, save_draft, send_checker, sign, submit, withdraw,
};
pub use clock::{Elapsed, due_at, elapsed};
pub use deeds::{Deeds, Edit};
pub use facts::{Approved, approved_facts};
pub use filing::{Change, ClassChoice, EnterpriseFacts, Filing, Named, PremisesFacts};
pub use form::{Against, FieldFault, FilingForm};
pub use history::{
    CHECK_GROUPS, CHECK_LIST_VERSION, CheckItem, EventLine, Recorded, SiteCheck, list_checks,
    list_events, list_items,
};
pub use place::follow_premises;
pub use queue::{
    Cursor, Filter, QueueLine, StateCount, Waiting, count_by_state, list, list_waiting,
};
pub use state::{Case, Check, Event, Fault, Finding, Person, Refusal, State};
pub use store::{Application, Revision, Seen, Stages};
pub use terms::{
    CLASSES, Kind, MODES, class_code, class_of_rank, class_rank, class_title, mode_code,
    mode_title, parse_class,
};
pub use waits::{Mine, Task, TaskCount, Wait};
pub use words::ApplicationWords;

/// Lists of what waits for somebody.
pub mod to_do {
    pub use super::waits::{count, list, next};
}
