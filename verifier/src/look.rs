//! What the gate knows at one moment, and a session judged by it.

use std::sync::Arc;

use fugong_common::claims::{Lineage, Validity};
use fugong_common::clock::ClockState;
use fugong_common::journal::Known;
use fugong_common::judge::{Credential, Judgement, Moment, Place, Reason, judge};
use fugong_common::placard::Scanned;
use fugong_common::serial::Serial;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::wire::PermitRecord;

use crate::bundle::Bundle;
use crate::gate::{self, Case, Crowd, Decision, Who};
use crate::presence::{PersonKey, Presence};
use crate::roster::own_number;
use crate::session::{Session, Source, Subject};
use crate::view::{EnterpriseFacts, PersonFacts};

/// What the gate knows at one moment.
#[derive(Clone, Debug)]
pub struct Look {
    pub bundle: Arc<Bundle>,
    pub now: Millis,
    pub clock: ClockState,
    /// Running time counted so far, in milliseconds.
    pub elapsed: i64,
}

/// A session judged at one moment.
#[derive(Clone, Debug)]
pub struct Judged {
    pub judgement: Judgement,
    pub decision: Decision,
    /// The permit in the register that was shown or stands behind the pass.
    pub permit: Option<PermitRecord>,
    pub lineage: Option<Lineage>,
    pub crowd: Crowd,
}

/// How somebody is named in the list of people inside.
pub fn person_key(subject: &Subject) -> Option<PersonKey> {
    match subject {
        Subject::Worker(record) => Some(PersonKey::worker(&record.worker)),
        Subject::Visitor(visitor) => Some(PersonKey::visitor(&visitor.phone)),
        Subject::Nobody | Subject::Stranger(_) => None,
    }
}

/// Who a good credential names.
pub fn subject_of(judgement: &Judgement, bundle: &Bundle) -> Subject {
    match &judgement.credential {
        Some(Credential::Pass(pass)) => match bundle.roster.find(pass.worker.as_str()) {
            Some(record) => Subject::Worker(Box::new(record)),
            None => Subject::Stranger(pass.name.as_str().to_owned()),
        },
        Some(Credential::Listed(person)) => Subject::Worker(Box::new(person.clone())),
        Some(Credential::Permit(_) | Credential::Registered(_)) | None => Subject::Nobody,
    }
}

fn shown_pass(credential: Option<&Credential>) -> Option<Serial> {
    match credential {
        Some(Credential::Pass(pass)) => Some(pass.serial),
        _ => None,
    }
}

impl Look {
    /// Judges what was scanned, here and now.
    pub fn judge_source(&self, source: &Source) -> Judgement {
        let settings = &self.bundle.settings;
        let place = Place::Gate {
            sites: &settings.sites,
            offline_grace_seconds: settings.offline_grace_seconds,
        };
        let moment = Moment { now: self.now, clock: self.clock };
        match source {
            Source::Scanned(scanned) => {
                judge(scanned, &self.bundle.known(self.elapsed), place, moment)
            }
            Source::Worker(worker) => self.judge_worker(worker, place, moment),
        }
    }

    /// Somebody without a pass is judged by the permits of the enterprise; the best of several counts.
    fn judge_worker(&self, worker: &str, place: Place<'_>, moment: Moment) -> Judgement {
        let known = self.bundle.known(self.elapsed);
        let person = self.bundle.roster.find(worker);
        let permits = person.iter().flat_map(|p| self.bundle.register.list_lineage(p.lineage));
        let judged =
            permits.map(|permit| judge(&Scanned::Serial(permit.serial), &known, place, moment));
        let rank = |judgement: &Judgement| match judgement.verdict {
            Verdict::Valid => 0,
            Verdict::Conditional => 1,
            Verdict::Superseded | Verdict::Expired => 3,
            _ => 2,
        };
        judged.min_by_key(rank).unwrap_or(Judgement {
            verdict: Verdict::WrongSite,
            reasons: vec![Reason::NoPermitHere],
            credential: None,
            key: None,
            list_seq: None,
            status_age_seconds: None,
            status: None,
        })
    }

    /// Judges a session, and decides by the gate's own rules.
    pub fn judge(&self, session: &Session, presence: &Presence) -> Judged {
        self.decide(self.judge_source(&session.source), session, presence)
    }

    /// Decides by the gate's own rules about a session whose source was just judged.
    pub fn decide(&self, judgement: Judgement, session: &Session, presence: &Presence) -> Judged {
        let credential = judgement.credential.as_ref();
        let permit = self.permit_behind(credential);
        let lineage = credential.and_then(Credential::lineage).or(permit.map(|p| p.lineage));
        let mode = credential.and_then(Credential::mode).or(permit.map(|p| p.mode));
        let key = person_key(&session.subject);
        let crowd = Crowd {
            inside: presence.count(),
            capacity: self.bundle.settings.capacity,
            of_enterprise: lineage.map_or(0, |lineage| presence.count_of(lineage.0)),
            enterprise_cap: mode.and_then(gate::cap_of),
            since: key.and_then(|key| presence.find(&key)).map(|inside| inside.since),
        };
        let who = match &session.subject {
            Subject::Nobody => Who::Nobody,
            Subject::Worker(record) => Who::Worker(record, shown_pass(credential)),
            Subject::Stranger(_) => Who::Stranger,
            Subject::Visitor(_) => Who::Visitor,
        };
        let decision = gate::decide(&Case {
            judgement: &judgement,
            who,
            direction: session.direction,
            sites: &self.bundle.settings.sites,
            crowd,
            now: self.now,
        });
        let permit = permit.cloned();
        Judged { judgement, decision, permit, lineage, crowd }
    }

    /// The permit that was shown, as the register knows it, or the one in force behind a pass.
    fn permit_behind(&self, credential: Option<&Credential>) -> Option<&PermitRecord> {
        let register = &self.bundle.register;
        let lineage = match credential? {
            Credential::Permit(permit) => return register.find(permit.serial),
            Credential::Registered(record) => return register.find(record.serial),
            Credential::Pass(pass) => pass.lineage,
            Credential::Listed(person) => person.lineage,
        };
        let now = self.now.seconds();
        let in_force = |permit: &&PermitRecord| {
            (permit.validity.not_before()..permit.validity.expires()).contains(&now)
        };
        register
            .list_lineage(lineage)
            .filter(in_force)
            .max_by_key(|permit| permit.validity.not_before())
            .or_else(|| register.list_lineage(lineage).next())
    }

    /// What a journal entry says that the gate knew.
    pub fn known(&self, judgement: Option<&Judgement>) -> Known {
        Known {
            key: judgement.and_then(|judgement| judgement.key),
            list_seq: judgement.and_then(|judgement| judgement.list_seq),
            rule_version: Some(self.bundle.settings.rule_version),
            clock: self.clock,
        }
    }
}

impl Judged {
    /// The enterprise, as the screen shows it.
    pub fn enterprise(&self, subject: &Subject) -> Option<EnterpriseFacts> {
        let credential = self.judgement.credential.as_ref();
        let permit = self.permit.as_ref();
        let name = match (credential, permit, subject) {
            (Some(Credential::Permit(permit)), ..) => permit.name.as_str().to_owned(),
            (_, Some(permit), _) => permit.enterprise.clone(),
            (.., Subject::Worker(person)) => person.enterprise.clone(),
            _ => return None,
        };
        let (serial, validity) = match credential {
            Some(Credential::Permit(permit)) => (Some(permit.serial), Some(permit.validity)),
            _ => (permit.map(|p| p.serial), permit.map(|p| p.validity)),
        };
        let site = credential.and_then(Credential::site).or(permit.map(|p| p.site));
        Some(EnterpriseFacts {
            name,
            serial: serial.map(|serial| serial.to_string()),
            expires: validity.map(Validity::expires),
            cap: self.crowd.enterprise_cap,
            inside: self.crowd.of_enterprise,
            site: site.map(|site| site.to_string()),
        })
    }
}

/// The person, as the guard compares them.
pub fn person_facts(subject: &Subject) -> Option<PersonFacts> {
    match subject {
        Subject::Nobody => None,
        Subject::Worker(record) => Some(PersonFacts {
            worker: Some(record.worker.clone()),
            number: Some(own_number(&record.worker).to_owned()),
            name: record.name.clone(),
            last_four: record.last_four.clone(),
            role: record.role.clone(),
            visitor: false,
        }),
        Subject::Stranger(name) => {
            Some(PersonFacts { name: name.clone(), ..PersonFacts::default() })
        }
        Subject::Visitor(visitor) => Some(PersonFacts {
            name: visitor.name.clone(),
            visitor: true,
            ..PersonFacts::default()
        }),
    }
}
