//! What an application says: the content that is checked, signed and compared.

use fugong_common::lang::Lang;
use fugong_common::permit::{Category, Mode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::terms::{Kind, class_title, mode_title};
use super::words::ApplicationWords;
use crate::divisions::Scale;

/// Version of the canonical form below.
pub const FORM: u32 = 1;

/// The enterprise as it was when the revision was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnterpriseFacts {
    pub id: String,
    pub name: String,
    /// Unified social credit code; `None` for a shop without one.
    pub uscc: Option<String>,
    pub scale: Scale,
    /// Department line that looks after it.
    pub line: String,
}

/// Where it is to work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PremisesFacts {
    pub id: String,
    pub site_code: u64,
    pub name: String,
    pub address: String,
    pub entrance: String,
    pub division_id: String,
}

/// Its class in the order of reopening, why, and who set it (domain A21).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassChoice {
    pub class: Category,
    /// Empty for the ordinary class.
    pub reason: String,
    /// Name and post; empty while it is what the applicant asked for.
    pub set_by: String,
}

/// Somebody named on the placard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub name: String,
    pub phone: String,
}

/// One revision of an application. Its canonical bytes are what officers sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filing {
    pub form: u32,
    pub enterprise: EnterpriseFacts,
    pub premises: PremisesFacts,
    pub kind: Kind,
    /// First day of work: `2020-02-10`, by the division's calendar.
    pub planned_on: String,
    pub term_days: u32,
    /// People who come back to work.
    pub people: u32,
    pub class: ClassChoice,
    pub mode: Mode,
    pub conditions: String,
    pub responsible: Named,
    pub epidemic_officer: Named,
}

impl Filing {
    /// The bytes that are stored and signed: compact JSON in the order of the fields, in which
    /// there is neither a floating number nor a map, so that equal filings have equal bytes.
    pub fn canonical(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads canonical bytes; `None` unless they are exactly that.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let filing: Self = serde_json::from_slice(bytes).ok()?;
        (filing.form == FORM && filing.canonical() == bytes).then_some(filing)
    }

    pub fn digest(bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    /// The facts as they are shown, printed and compared: label and value.
    pub fn lines(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let w = ApplicationWords::of(lang);
        let place = [self.premises.name.as_str(), &self.premises.address, &self.premises.entrance];
        let place: Vec<&str> = place.into_iter().filter(|text| !text.is_empty()).collect();
        let class = class_title(self.class.class, lang);
        let class = match (self.class.reason.as_str(), self.class.set_by.as_str()) {
            ("", "") => class.to_owned(),
            (reason, "") => format!("{class} · {reason}"),
            ("", by) => format!("{class} · {by}"),
            (reason, by) => format!("{class} · {reason} · {by}"),
        };
        let code = self.enterprise.uscc.clone();
        vec![
            (w.f_enterprise, self.enterprise.name.clone()),
            (w.f_uscc, code.unwrap_or_else(|| w.no_code.to_owned())),
            (w.f_scale, self.enterprise.scale.title(lang).to_owned()),
            (w.f_premises, place.join(lang.of("，", ", "))),
            (w.f_kind, self.kind.title(lang).to_owned()),
            (w.f_planned_on, self.planned_on.clone()),
            (w.f_term_days, format!("{}{}", self.term_days, w.days)),
            (w.f_people, format!("{}{}", self.people, w.persons)),
            (w.f_class, class),
            (w.f_mode, mode_title(self.mode, lang)),
            (w.f_conditions, self.conditions.clone()),
            (w.f_responsible, said(&self.responsible)),
            (w.f_epidemic, said(&self.epidemic_officer)),
        ]
    }

    /// What differs from another revision.
    pub fn changes_since(&self, older: &Self, lang: Lang) -> Vec<Change> {
        older
            .lines(lang)
            .into_iter()
            .zip(self.lines(lang))
            .filter(|(then, now)| then.1 != now.1)
            .map(|(then, now)| Change { label: now.0, then: then.1, now: now.1 })
            .collect()
    }
}

fn said(person: &Named) -> String {
    [person.name.as_str(), &person.phone].join(" ").trim().to_owned()
}

/// One line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub label: &'static str,
    pub then: String,
    pub now: String,
}
