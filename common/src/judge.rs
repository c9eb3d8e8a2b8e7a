//! What a scanned or typed text is worth: the credential, its key, its status, its time and its place. Pure: no network, no clock, no files.
//!
//! The gate's own rules (temperature, roster, isolation, cap) come after this and live with the gate.
//!
//! **Order of judgement.** The first that applies is the verdict:
//!
//! 1. text that is none of ours: *not a permit*; ours, but unreadable: *not authentic or damaged*. A link whose token can't be read is
//!    ours only under a host that the trust list names, and as we print it
//! 2. key not in the trust list: *unknown issuer*
//! 3. signature doesn't verify: *not authentic or damaged*
//! 4. link under a host that the trust list doesn't name, or of a form that we don't print: *foreign link*
//! 5. signed claims that this program doesn't understand: *update this gate*
//! 6. key withdrawn: *key withdrawn*; key of another role, window or place: *key not entitled here*
//! 7. status known to be bad, however old: *revoked*, *superseded*, *suspended*; for a pass *pass no longer valid*, then the same of its
//!    permit and that permit's key. An old list can only err on the safe side here, and a wrong clock not at all
//! 8. clock uncertain: *clock uncertain*
//! 9. *not yet valid*, *expired*
//! 10. *another site's permit*
//! 11. *remote only*
//! 12. for a pass at a gate: the verdict on its permit, where it is the worse
//! 13. status missing or too old, trust list over: *status too old*
//! 14. status in grace, found by a typed number: *only if*
//! 15. *valid*
//!
//! A cap is a term of the permit, as its dates are: it is said beside the verdict and lowers none. Only a gate can count people,
//! and there the cap asks once it is reached.

use crate::claims::{Lineage, Phase, Validity};
use crate::clock::ClockState;
use crate::envelope::Unverified;
use crate::keys::{KeyId, Kind, Role};
use crate::pass::Pass;
use crate::permit::{Mode, Permit, SiteCode};
use crate::placard::Scanned;
use crate::serial::{PassReference, Serial};
use crate::status::{AgeBand, Status, StatusClaims};
use crate::time::Millis;
use crate::trust::{KeyRefusal, Span, TrustList, TrustedKey};
use crate::verdict::Verdict;
use crate::wire::{PermitRecord, PersonRecord};

mod judgement;
#[cfg(test)]
mod tests;

pub use judgement::{Credential, Judgement, Reason};

/// A status list and how long this machine has counted since it received it.
#[derive(Clone, Copy, Debug)]
pub struct HeldStatus<'a> {
    /// Opened under the trust list in force.
    pub claims: &'a StatusClaims,
    /// Seconds, persisted across restarts; 0 where the wall clock is beyond doubt.
    pub elapsed_seconds: u64,
}

/// What the place of judgement knows. A gate answers from its bundle, the public page from the database.
pub trait Known {
    /// The trust list in force.
    fn trust(&self) -> Option<&TrustList>;

    /// The status list of this permit or pass key.
    fn status(&self, key: KeyId) -> Option<HeldStatus<'_>>;

    /// A permit in the gate's register.
    fn permit(&self, _serial: Serial) -> Option<PermitRecord> {
        None
    }

    /// Every permit of this lineage in the gate's register; `None` where there is no register.
    fn permits_of(&self, _lineage: Lineage) -> Option<Vec<PermitRecord>> {
        None
    }

    /// The person on the gate's roster whose pass carries this reference.
    fn person(&self, _reference: PassReference) -> Option<PersonRecord> {
        None
    }

    /// Whether `key` signed `token`, which was read as `unverified`, as `kind`. Whoever sees the same tokens every day may
    /// remember the answer under one trust list.
    fn signed(&self, kind: Kind, _token: &[u8], unverified: &Unverified, key: &TrustedKey) -> bool {
        unverified.verify_as(kind, &key.public).is_ok()
    }
}

/// Where the judgement is made.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// The public page or the command line: no site to compare with, no grace, nobody to count.
    Public,
    /// A gate.
    Gate {
        /// Sites whose permits open it.
        sites: &'a [SiteCode],
        /// Up to this age of the status it may let in conditionally.
        offline_grace_seconds: u64,
    },
}

/// When the judgement is made.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Wall clock.
    pub now: Millis,
    /// Whether to believe it.
    pub clock: ClockState,
}

/// Judges what was scanned or typed.
pub fn judge(scanned: &Scanned, known: &dyn Known, place: Place<'_>, moment: Moment) -> Judgement {
    let court = Court { known, place, moment };
    match scanned {
        Scanned::Other => Judgement::of(Verdict::NotPermit, Reason::NotOurs),
        // The holder of today's status list reads it as such before asking for a verdict.
        Scanned::TodayStatus(_) => Judgement::of(Verdict::NotPermit, Reason::StatusCode),
        Scanned::Damaged => Judgement::of(Verdict::Forged, Reason::Damaged),
        Scanned::DamagedLink { host } => court.unreadable(Link::Host(host)),
        Scanned::Placard { host, token } => court.token(token, Link::Host(host)),
        Scanned::OddLink { token } => court.token(token, Link::Odd),
        Scanned::Pass { token } | Scanned::Bare(token) => court.token(token, Link::None),
        Scanned::Serial(serial) => court.serial(*serial),
        Scanned::PassReference(reference) => court.reference(*reference),
    }
}

#[derive(Clone, Copy)]
enum Link<'a> {
    None,
    Host(&'a str),
    Odd,
}

struct Court<'a> {
    known: &'a dyn Known,
    place: Place<'a>,
    moment: Moment,
}

/// What steps 6 to 15 need to know, from a token or from a signed record.
struct Facts {
    role: Role,
    key: KeyId,
    status_index: u32,
    /// A roster record has none: it stands for a pass in force, for as long as the key that signed it.
    validity: Option<Validity>,
    sites: Vec<SiteCode>,
    mode: Mode,
    /// Of a pass: its permit.
    permit: Option<Lineage>,
}

impl Court<'_> {
    /// Step 1. Many a site has links of our placards' form (`/v/` and letters): a poster is not to be called a forgery.
    fn unreadable(&self, link: Link<'_>) -> Judgement {
        let ours = match (link, self.known.trust()) {
            (Link::Odd, _) => false,
            (Link::Host(host), Some(trust)) => trust.names_host(host),
            // Without a trust list nobody can tell whose host it is.
            (Link::Host(_), None) | (Link::None, _) => true,
        };
        if ours {
            Judgement::of(Verdict::Forged, Reason::Damaged)
        } else {
            Judgement::of(Verdict::NotPermit, Reason::NotOurs)
        }
    }

    /// Steps 1 to 5.
    fn token(&self, token: &[u8], link: Link<'_>) -> Judgement {
        // Both kinds have the same form; which one it is follows from the key's role, never from the token.
        let Ok(unverified) = Unverified::parse(Kind::Permit, token) else {
            return self.unreadable(link);
        };
        let id = unverified.key_id();
        let Some(trust) = self.known.trust() else {
            return Judgement::of(Verdict::UnknownKey, Reason::NoTrustList);
        };
        let Some(key) = trust.find_key(id) else {
            return Judgement::of(Verdict::UnknownKey, Reason::KeyNotListed(id));
        };
        let signed_as = |kind| self.known.signed(kind, token, &unverified, key);
        let (credential, facts) = match key.role {
            Role::Permit if signed_as(Kind::Permit) => match Permit::decode(unverified.payload()) {
                Ok(permit) => {
                    (Some(Credential::Permit(permit.clone())), Some(Facts::of_permit(&permit, id)))
                }
                Err(_) => (None, None),
            },
            Role::Pass if signed_as(Kind::Pass) => match Pass::decode(unverified.payload()) {
                Ok(pass) => (Some(Credential::Pass(pass.clone())), Some(Facts::of_pass(&pass, id))),
                Err(_) => (None, None),
            },
            // Genuine bytes by a key that may sign neither permits nor passes.
            Role::Status | Role::Manifest if signed_as(Kind::Permit) || signed_as(Kind::Pass) => {
                let refusal = KeyRefusal::OtherRole(key.role);
                return Judgement::of(Verdict::KeyNotEntitled, Reason::Key(refusal)).signed_by(id);
            }
            _ => return Judgement::of(Verdict::Forged, Reason::Signature).signed_by(id),
        };
        let official = match link {
            Link::None => true,
            Link::Host(host) => trust.names_host(host),
            Link::Odd => false,
        };
        let judgement = match facts {
            _ if !official => Judgement::of(Verdict::ForeignLink, Reason::ForeignHost),
            None => Judgement::of(Verdict::UpdateGate, Reason::NewerClaims),
            Some(facts) => self.facts(trust, &facts),
        };
        judgement.signed_by(id).about(credential)
    }

    /// A number that somebody typed: at best "found: compare".
    fn serial(&self, serial: Serial) -> Judgement {
        let Some(trust) = self.known.trust() else {
            return Judgement::of(Verdict::UnknownKey, Reason::NoTrustList);
        };
        let Some(record) = self.known.permit(serial) else {
            return Judgement::of(Verdict::NotPermit, Reason::NumberNotFound);
        };
        let judgement = self.facts(trust, &Facts::of_record(&record)).signed_by(record.key);
        judgement
            .at_best(Verdict::Conditional, Reason::FoundByNumber)
            .about(Some(Credential::Registered(record)))
    }

    /// The small code of a pass, resolved in the signed roster.
    fn reference(&self, reference: PassReference) -> Judgement {
        let Some(trust) = self.known.trust() else {
            return Judgement::of(Verdict::UnknownKey, Reason::NoTrustList);
        };
        let Some(person) = self.known.person(reference) else {
            return Judgement::of(Verdict::NotOnRoster, Reason::NumberNotFound);
        };
        let judgement = match person.pass {
            None => Judgement::of(Verdict::PassLost, Reason::NoPassInForce),
            Some(pass) => {
                let facts = Facts {
                    role: Role::Pass,
                    key: pass.key,
                    status_index: pass.status_index,
                    validity: None,
                    sites: person.sites.clone(),
                    mode: Mode::OnSite,
                    permit: Some(person.lineage),
                };
                self.facts(trust, &facts).signed_by(pass.key)
            }
        };
        judgement.about(Some(Credential::Listed(person)))
    }

    /// Steps 6 to 15.
    fn facts(&self, trust: &TrustList, facts: &Facts) -> Judgement {
        let Some(key) = trust.find_key(facts.key) else {
            return Judgement::of(Verdict::UnknownKey, Reason::KeyNotListed(facts.key));
        };
        if let Some(refused) = self.key(key, facts) {
            return refused;
        }
        let held = self.known.status(facts.key);
        let held =
            held.map(|held| (held, held.claims.age_seconds(self.moment.now, held.elapsed_seconds)));
        let status = held.and_then(|(held, _)| held.claims.list.get(facts.status_index).ok());
        let (seq, age) = held.map(|(held, age)| (held.claims.seq, age)).unzip();
        self.decide(trust, key, facts, held, status).with_status(seq, age, status)
    }

    /// Step 6. A key that has ended is no matter of its own: what it signed has then expired too, which step 9 says.
    fn key(&self, key: &TrustedKey, facts: &Facts) -> Option<Judgement> {
        let span = facts.validity.map_or(Span { nbf: key.nbf, exp: key.exp }, Span::from);
        match key.carries(facts.role, span, &facts.sites, self.moment.now) {
            Ok(()) | Err(KeyRefusal::KeyEnded) => None,
            Err(refusal @ KeyRefusal::Withdrawn(_)) => {
                Some(Judgement::of(Verdict::KeyWithdrawn, Reason::Key(refusal)))
            }
            Err(refusal) => Some(Judgement::of(Verdict::KeyNotEntitled, Reason::Key(refusal))),
        }
    }

    /// Steps 7 to 15.
    fn decide(
        &self,
        trust: &TrustList,
        key: &TrustedKey,
        facts: &Facts,
        held: Option<(HeldStatus<'_>, u64)>,
        status: Option<Status>,
    ) -> Judgement {
        let bad = match (status, facts.role) {
            (None | Some(Status::Valid), _) => None,
            (Some(_), Role::Pass) => Some(Verdict::PassLost),
            (Some(Status::Revoked), _) => Some(Verdict::Revoked),
            (Some(Status::Suspended), _) => Some(Verdict::Suspended),
            (Some(Status::Superseded), _) => Some(Verdict::Superseded),
        };
        if let Some(verdict) = bad {
            return Judgement::of(verdict, Reason::Listed);
        }
        let permits = facts.permit.and_then(|lineage| self.known.permits_of(lineage));
        let behind = permits.map(|permits| self.behind(trust, &permits));
        if let Some(permit) = behind.as_ref().filter(|permit| is_bad_for_good(permit.verdict)) {
            return permit.clone();
        }
        if self.moment.clock == ClockState::Uncertain {
            return Judgement::of(Verdict::ClockUncertain, Reason::Clock);
        }
        match facts.validity.map(|validity| validity.phase(self.moment.now.seconds())) {
            Some(Phase::NotYet) => return Judgement::of(Verdict::NotYet, Reason::Dates),
            Some(Phase::Expired) => return Judgement::of(Verdict::Expired, Reason::Dates),
            // The record doesn't say when the pass ends; its key's end is the latest that it can be.
            None if self.moment.now.seconds() >= key.exp => {
                return Judgement::of(Verdict::Expired, Reason::Key(KeyRefusal::KeyEnded));
            }
            Some(Phase::Valid) | None => {}
        }
        // A pass without sites is for every site of its permit, which is looked at by itself.
        let unplaced = facts.role == Role::Pass && facts.sites.is_empty();
        if let Place::Gate { sites, .. } = self.place
            && !unplaced
            && !facts.sites.iter().any(|site| sites.contains(site))
        {
            return Judgement::of(Verdict::WrongSite, Reason::OtherSite);
        }
        if facts.mode == Mode::RemoteOnly {
            return Judgement::of(Verdict::RemoteOnly, Reason::Mode);
        }
        let own = self.ages(trust, held, status);
        if let Some(permit) = behind.filter(|permit| rank(permit.verdict) > rank(own.verdict)) {
            return permit;
        }
        match (own.verdict, facts.mode) {
            (Verdict::Valid | Verdict::Conditional, Mode::Partial { cap }) => {
                own.because(Reason::Cap(cap))
            }
            _ => own,
        }
    }

    /// Step 13 and the first part of 14.
    fn ages(
        &self,
        trust: &TrustList,
        held: Option<(HeldStatus<'_>, u64)>,
        status: Option<Status>,
    ) -> Judgement {
        let Some((held, age)) = held else {
            return Judgement::of(Verdict::Stale, Reason::NoStatusList);
        };
        // A list that is shorter than the index is older than the permit: never taken for valid.
        if status.is_none() {
            return Judgement::of(Verdict::Stale, Reason::IndexUnknown);
        }
        if trust.is_over(self.moment.now) {
            return Judgement::of(Verdict::Stale, Reason::TrustListOver);
        }
        let grace = match self.place {
            Place::Public => 0,
            Place::Gate { offline_grace_seconds, .. } => offline_grace_seconds,
        };
        match held.claims.band(age, grace) {
            AgeBand::Fresh | AgeBand::Usable => Judgement::of(Verdict::Valid, Reason::Good),
            AgeBand::Grace => Judgement::of(Verdict::Conditional, Reason::Grace),
            AgeBand::TooOld => Judgement::of(Verdict::Stale, Reason::StatusTooOld),
        }
    }

    /// The permit behind a pass: of several of one lineage (reissued, renewed) the best counts.
    fn behind(&self, trust: &TrustList, permits: &[PermitRecord]) -> Judgement {
        permits
            .iter()
            .map(|permit| self.facts(trust, &Facts::of_record(permit)))
            .min_by_key(|judgement| rank(judgement.verdict))
            .unwrap_or_else(|| Judgement::of(Verdict::WrongSite, Reason::NoPermitHere))
            .because(Reason::PermitBehindPass)
    }
}

/// What neither time nor place can mend.
const fn is_bad_for_good(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::UnknownKey
            | Verdict::KeyWithdrawn
            | Verdict::KeyNotEntitled
            | Verdict::Revoked
            | Verdict::Superseded
            | Verdict::Suspended
    )
}

/// Which of several permits of one lineage speaks for a pass.
const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Valid => 0,
        Verdict::Conditional => 1,
        Verdict::Stale => 2,
        Verdict::ClockUncertain => 3,
        Verdict::Suspended => 4,
        Verdict::RemoteOnly => 5,
        Verdict::NotYet => 6,
        Verdict::Revoked => 7,
        Verdict::Expired => 8,
        Verdict::Superseded => 10,
        _ => 9,
    }
}

impl Facts {
    fn of_permit(permit: &Permit, key: KeyId) -> Self {
        Self {
            role: Role::Permit,
            key,
            status_index: permit.status_index,
            validity: Some(permit.validity),
            sites: vec![permit.site],
            mode: permit.mode,
            permit: None,
        }
    }

    fn of_pass(pass: &Pass, key: KeyId) -> Self {
        Self {
            role: Role::Pass,
            key,
            status_index: pass.status_index,
            validity: Some(pass.validity),
            sites: pass.sites.iter().copied().collect(),
            mode: Mode::OnSite,
            permit: Some(pass.lineage),
        }
    }

    fn of_record(record: &PermitRecord) -> Self {
        Self {
            role: Role::Permit,
            key: record.key,
            status_index: record.status_index,
            validity: Some(record.validity),
            sites: vec![record.site],
            mode: record.mode,
            permit: None,
        }
    }
}
