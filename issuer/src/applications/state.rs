//! The states of an application, and every way from one to another.
//!
//! ```text
//! draft ─submit─▶ submitted ─accept─▶ site check ─meets─▶ signing ─last party─▶ approved ─issue─▶ issued
//!                   ▲   ▲                 │  ▲ fails          │                    │
//!                   │   └──── amend ──────┴──┴────────────────┴────────────────────┘
//!                   └─resubmit─ returned ◀─return─ (submitted, site check, signing, approved)
//! refused ◀─refuse─ (submitted, site check, signing)      withdrawn ◀─withdraw─ (all but the final ones)
//! ```

use fugong_common::time::Millis;
use serde::{Deserialize, Serialize};

use crate::approvals::{Given, Round, SignFault, Signer};

/// Somebody who acted, as shown and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub account_id: String,
    pub name: String,
    /// Title of the post then.
    pub post: String,
}

/// One thing to mend. All are named at once (domain: 一次性告知).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Code of the stock phrase; empty for free text alone.
    pub phrase: String,
    pub note: String,
}

/// How far the visit to the site has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "check", rename_all = "snake_case")]
pub enum Check {
    /// Nobody is sent yet.
    Waiting,
    Sent {
        checker: Person,
        /// Day of the visit: `2020-02-10`.
        planned_on: String,
    },
    /// Something does not meet, or the responsible person did not come: no way on (domain A34, A35).
    Failed { attended: bool, note: String },
}

/// What a visit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub meets: bool,
    /// Whether the responsible person came to the meeting.
    pub attended: bool,
    pub note: String,
}

impl Finding {
    pub fn passes(&self) -> bool {
        self.meets && self.attended
    }
}

/// Where an application stands, with what belongs to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    Draft,
    Submitted,
    /// Its sector isn't open yet (domain A95).
    Held {
        until: Millis,
    },
    SiteCheck(Check),
    Signing(Round),
    Returned {
        faults: Vec<Fault>,
        by: Person,
    },
    Approved(Round),
    Issued {
        round: Round,
        permit_id: String,
    },
    Refused {
        reason: String,
        basis: String,
        complain: String,
        by: Person,
    },
    Withdrawn {
        reason: String,
        by: Person,
    },
}

impl State {
    pub const CODES: [&'static str; 10] = [
        "draft",
        "submitted",
        "held",
        "site_check",
        "signing",
        "returned",
        "approved",
        "issued",
        "refused",
        "withdrawn",
    ];

    pub const fn code(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Held { .. } => "held",
            Self::SiteCheck(_) => "site_check",
            Self::Signing(_) => "signing",
            Self::Returned { .. } => "returned",
            Self::Approved(_) => "approved",
            Self::Issued { .. } => "issued",
            Self::Refused { .. } => "refused",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// Nothing leads away from it.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Issued { .. } | Self::Refused { .. } | Self::Withdrawn { .. })
    }

    /// From submission until the end.
    pub const fn is_open(&self) -> bool {
        !self.is_final() && !matches!(self, Self::Draft)
    }

    /// The round of signatures, from its beginning on.
    pub const fn round(&self) -> Option<&Round> {
        match self {
            Self::Signing(round) | Self::Approved(round) | Self::Issued { round, .. } => {
                Some(round)
            }
            _ => None,
        }
    }

    /// Whether signatures given to the present revision count in this state.
    pub const fn keeps_signatures(&self) -> bool {
        matches!(
            self,
            Self::Signing(_) | Self::Approved(_) | Self::Issued { .. } | Self::Refused { .. }
        )
    }
}

/// What may happen to an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The first time, or again after mending.
    Submit,
    Accept,
    SendChecker {
        checker: Person,
        planned_on: String,
    },
    /// `round` is begun when the finding passes.
    RecordCheck {
        finding: Finding,
        round: Round,
    },
    Sign {
        signer: Signer,
        at: Millis,
    },
    Return {
        faults: Vec<Fault>,
        by: Person,
    },
    Refuse {
        reason: String,
        basis: String,
        complain: String,
        by: Person,
    },
    Withdraw {
        reason: String,
        by: Person,
    },
    /// An edit by the applicant after submission.
    Amend,
    /// The office sets the class: a new revision, before anybody signs.
    Classify,
    /// The enterprise's scale changed while it is being signed (domain A30).
    Reroute {
        round: Round,
    },
    Issue {
        permit_id: String,
    },
}

impl Event {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Accept => "accept",
            Self::SendChecker { .. } => "send_checker",
            Self::RecordCheck { .. } => "record_check",
            Self::Sign { .. } => "sign",
            Self::Return { .. } => "return",
            Self::Refuse { .. } => "refuse",
            Self::Withdraw { .. } => "withdraw",
            Self::Amend => "amend",
            Self::Classify => "classify",
            Self::Reroute { .. } => "reroute",
            Self::Issue { .. } => "issue",
        }
    }

    /// Whether the content changes with it.
    pub const fn makes_revision(&self) -> bool {
        matches!(self, Self::Submit | Self::Amend | Self::Classify)
    }
}

/// Why an event was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not in this state.
    Wrong {
        state: &'static str,
        event: &'static str,
    },
    Sign(SignFault),
    /// A return names at least one thing to mend.
    NothingToMend,
    /// The division's regime names nobody to sign.
    NoRoute,
}

impl From<SignFault> for Refusal {
    fn from(fault: SignFault) -> Self {
        Self::Sign(fault)
    }
}

/// An application as far as its rules need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Of the content; 0 before the first submission.
    pub revision: i64,
    pub state: State,
}

impl Case {
    pub const fn draft() -> Self {
        Self { revision: 0, state: State::Draft }
    }

    /// What it becomes.
    ///
    /// # Errors
    /// Names the state and the refused event, or what is missing for it.
    pub fn apply(self, event: Event) -> Result<Self, Refusal> {
        let Self { revision, state } = self;
        let revision = if event.makes_revision() { revision + 1 } else { revision };
        let (from, what) = (state.code(), event.code());
        let state = match (state, event) {
            (State::Draft | State::Returned { .. }, Event::Submit)
            | (
                State::Submitted | State::SiteCheck(_) | State::Signing(_) | State::Approved(_),
                Event::Amend,
            ) => State::Submitted,
            (State::Submitted, Event::Accept) => State::SiteCheck(Check::Waiting),
            (kept @ (State::Submitted | State::SiteCheck(_)), Event::Classify) => kept,
            (State::SiteCheck(_), Event::SendChecker { checker, planned_on }) => {
                State::SiteCheck(Check::Sent { checker, planned_on })
            }
            (State::SiteCheck(Check::Sent { .. }), Event::RecordCheck { finding, round }) => {
                after_check(finding, round)?
            }
            (State::Signing(round), Event::Sign { signer, at }) => {
                let round = round.sign(signer, at)?;
                if round.is_complete() { State::Approved(round) } else { State::Signing(round) }
            }
            (State::Signing(_), Event::Reroute { round }) => begin(round)?,
            (
                State::Submitted | State::SiteCheck(_) | State::Signing(_) | State::Approved(_),
                Event::Return { faults, by },
            ) => {
                if faults.is_empty() {
                    return Err(Refusal::NothingToMend);
                }
                State::Returned { faults, by }
            }
            (
                State::Submitted | State::SiteCheck(_) | State::Signing(_),
                Event::Refuse { reason, basis, complain, by },
            ) => State::Refused { reason, basis, complain, by },
            (State::Approved(round), Event::Issue { permit_id }) => {
                State::Issued { round, permit_id }
            }
            (state, Event::Withdraw { reason, by }) if !state.is_final() => {
                State::Withdrawn { reason, by }
            }
            _ => return Err(Refusal::Wrong { state: from, event: what }),
        };
        Ok(Self { revision, state })
    }

    /// Signatures that count.
    pub fn given(&self) -> &[Given] {
        self.state.round().map_or(&[], |round| round.given.as_slice())
    }
}

/// A visit that passes leads to signing; anything else leads nowhere.
fn after_check(finding: Finding, round: Round) -> Result<State, Refusal> {
    if finding.passes() {
        begin(round)
    } else {
        let Finding { attended, note, .. } = finding;
        Ok(State::SiteCheck(Check::Failed { attended, note }))
    }
}

fn begin(round: Round) -> Result<State, Refusal> {
    let round = Round { given: Vec::new(), ..round };
    if round.step.parties.is_empty() { Err(Refusal::NoRoute) } else { Ok(State::Signing(round)) }
}
