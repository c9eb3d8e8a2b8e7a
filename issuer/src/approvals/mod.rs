//! Joint approval: which parties must sign, who may sign for them, in which order (domain A28–A31).

pub mod pages;
pub mod store;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use fugong_common::permit::{Approval, PostKind, Route};
use fugong_common::time::Millis;
use serde::{Deserialize, Serialize};

use crate::accounts::{Actor, Role};
use crate::divisions::{Party, Regime, RegimeKind, Scale, Step};

/// Somebody about to sign, as one of his posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    pub account_id: String,
    pub post_id: String,
    pub role: Role,
    /// Department line of the post; empty where it has none.
    pub line: String,
    pub name: String,
    /// Title of the post.
    pub post: String,
}

impl Signer {
    pub fn of(actor: &Actor) -> Self {
        Self {
            account_id: actor.account_id.clone(),
            post_id: actor.post.id.clone(),
            role: actor.post.role,
            line: actor.post.line.clone(),
            name: actor.name.clone(),
            post: actor.post.kept_title(),
        }
    }
}

/// A signature that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Code of the party it was given for.
    pub party: String,
    pub account_id: String,
    pub name: String,
    pub post: String,
    /// Code of the role.
    pub role: String,
    pub at: Millis,
}

/// One round of signatures under the rules that held when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    pub regime: String,
    pub rule_version: u32,
    pub scale: Scale,
    /// Department line that looks after the enterprise.
    pub line: String,
    pub step: Step,
    pub given: Vec<Given>,
}

/// Why a signature was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignFault {
    /// The post signs for no party of this route.
    NotAParty,
    /// Another department line looks after the enterprise (domain A31).
    AnotherLine(String),
    /// The same person has signed already, perhaps in another post (domain A29).
    SamePerson,
    /// Somebody has signed for this party already.
    PartyHasSigned(Box<Given>),
    /// Others sign first: codes of the parties.
    NotYet(Vec<String>),
}

impl Round {
    /// The round that a regime asks for.
    pub fn begin(regime: &Regime, scale: Scale, line: &str) -> Self {
        Self {
            regime: regime.kind.code().to_owned(),
            rule_version: regime.rule_version,
            scale,
            line: line.to_owned(),
            step: regime.settings.routes.of(scale).clone(),
            given: Vec::new(),
        }
    }

    pub fn signature(&self, party: &Party) -> Option<&Given> {
        self.given.iter().find(|given| given.party == party.code)
    }

    /// Parties that have not signed.
    pub fn missing(&self) -> impl Iterator<Item = &Party> {
        self.step.parties.iter().filter(|party| self.signature(party).is_none())
    }

    /// Parties that may sign now: the first one missing, or all of them where order is free.
    pub fn next(&self) -> Vec<&Party> {
        let at_most = if self.step.in_order { 1 } else { usize::MAX };
        self.missing().take(at_most).collect()
    }

    pub fn is_complete(&self) -> bool {
        !self.step.parties.is_empty() && self.missing().next().is_none()
    }

    /// The party for which this signer may sign now.
    ///
    /// # Errors
    /// The most telling reason why there is none.
    pub fn party_for(&self, signer: &Signer) -> Result<&Party, SignFault> {
        if self.given.iter().any(|given| given.account_id == signer.account_id) {
            return Err(SignFault::SamePerson);
        }
        let mine: Vec<&Party> =
            self.step.parties.iter().filter(|party| party.takes(signer.role)).collect();
        if mine.is_empty() {
            return Err(SignFault::NotAParty);
        }
        let lines_differ = !signer.line.is_empty() && !self.line.is_empty();
        if signer.role == Role::Department && lines_differ && signer.line != self.line {
            return Err(SignFault::AnotherLine(self.line.clone()));
        }
        let next = self.next();
        if let Some(party) = mine.iter().find(|party| next.iter().any(|n| n.code == party.code)) {
            return Ok(party);
        }
        match mine.iter().find_map(|party| self.signature(party)) {
            Some(given) => Err(SignFault::PartyHasSigned(Box::new(given.clone()))),
            None => Err(SignFault::NotYet(next.iter().map(|party| party.code.clone()).collect())),
        }
    }

    /// Adds a signature.
    ///
    /// # Errors
    /// As [`Round::party_for`].
    pub fn sign(mut self, signer: Signer, at: Millis) -> Result<Self, SignFault> {
        let party = self.party_for(&signer)?.code.clone();
        self.given.push(Given {
            party,
            account_id: signer.account_id,
            name: signer.name,
            post: signer.post,
            role: signer.role.code().to_owned(),
            at,
        });
        Ok(self)
    }

    /// What the permit says of its approval.
    pub fn approval(&self) -> Approval {
        let posts: BTreeSet<PostKind> = self
            .given
            .iter()
            .filter_map(|given| match Role::parse(&given.role)? {
                Role::Secretary => Some(PostKind::Secretary),
                Role::Director => Some(PostKind::Director),
                Role::Department => Some(PostKind::Department),
                Role::LeadingGroup => Some(PostKind::LeadingGroup),
                _ => None,
            })
            .collect();
        let route = match (RegimeKind::parse(&self.regime), self.scale) {
            (Some(RegimeKind::Filing), _) => Route::Filing,
            (Some(RegimeKind::Commitment), _) => Route::Commitment,
            (_, Scale::Above) => Route::TriParty,
            (_, Scale::Below) => Route::DualSignature,
            (_, Scale::Small) => Route::Light,
        };
        Approval { route, posts, rule_version: self.rule_version }
    }
}
