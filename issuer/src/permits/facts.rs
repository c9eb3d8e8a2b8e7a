//! What a permit is issued for, and what stands on its placard beside the signed claims.

use fugong_common::permit::{Category, Mode, PostKind, Route, SiteCode};
use fugong_common::time::{Millis, Zone};
use serde::{Deserialize, Serialize};

/// Somebody with a telephone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: String,
    /// Empty where none is to be published.
    #[serde(default)]
    pub phone: String,
}

/// A signature that was given to the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approver {
    pub post: PostKind,
    /// As the post is called there.
    pub title: String,
    pub name: String,
    pub at: Millis,
}

/// What is printed and shown as it was when the permit was issued. No identity numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Name of the enterprise.
    pub name: String,
    /// 18 characters; empty where there is none.
    #[serde(default)]
    pub uscc: String,
    /// Why there is no code; empty where there is one.
    #[serde(default)]
    pub no_code_reason: String,
    pub address: String,
    #[serde(default)]
    pub entrance: String,
    /// 主要负责人 (domain A106).
    pub responsible: String,
    #[serde(default)]
    pub epidemic_officer: Contact,
    #[serde(default)]
    pub grid_officer: Contact,
    #[serde(default)]
    pub conditions: Vec<String>,
    /// Who signed, in the order of signing.
    pub approvers: Vec<Approver>,
    #[serde(default)]
    pub issue: IssueFacts,
}

impl Facts {
    /// By which its days begin and end, on paper and on every page: that of the premises' division.
    pub fn zone(&self) -> Zone {
        Zone::parse(&self.issue.zone).unwrap_or_else(|_| Zone::utc())
    }
}

/// What the division adds when it issues; filled in by [`issue`](super::issue).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueFacts {
    /// The regime's title of the placard.
    pub title: String,
    /// Who issues it.
    pub authority: String,
    pub hotline: String,
    /// IANA name; days on the placard begin and end there.
    pub zone: String,
    pub rule_version: u32,
    /// The route as the rule calls it.
    pub issued_by: String,
    pub issued_as: String,
}

/// Where a permit belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub enterprise_id: String,
    pub premises_id: String,
    pub site: SiteCode,
    pub division_id: String,
    pub division_path: String,
}

/// What is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub category: Category,
    pub mode: Mode,
    pub route: Route,
    pub rule_version: u32,
    pub valid_from: Millis,
    /// The first instant at which it no longer holds: the end of the last day.
    pub valid_to: Millis,
    /// First 16 bytes of SHA-256 over the evidence in the file.
    pub evidence: [u8; 16],
}

/// An approved application, ready to be issued as a separate act (domain A40).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueRequest {
    pub application_id: String,
    pub place: Place,
    pub terms: Terms,
    pub facts: Facts,
}

/// Who acts, as they are called now; kept in the permit's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// Empty: the service itself or its command line.
    pub account_id: String,
    pub post_id: String,
    pub name: String,
    pub post: String,
}

impl From<&crate::accounts::Actor> for By {
    fn from(actor: &crate::accounts::Actor) -> Self {
        Self {
            account_id: actor.account_id.clone(),
            post_id: actor.post.id.clone(),
            name: actor.name.clone(),
            post: actor.post.kept_title(),
        }
    }
}

/// A document number by a division's pattern: `{year}` and `{number}` are filled in.
pub fn document_number(pattern: &str, year: i16, number: i64) -> String {
    let pattern =
        if pattern.contains("{number}") { pattern } else { "复准〔{year}〕{number} 号" };
    fugong_common::words::fill(pattern, &[("year", &year), ("number", &number)])
}

/// A name folded for search: lower case, no blanks.
pub fn name_key(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_number_follows_the_divisions_pattern() {
        assert_eq!(document_number("芝复准〔{year}〕{number} 号", 2020, 12), "芝复准〔2020〕12 号");
        // A pattern without a number would give every permit the same one.
        assert_eq!(document_number("", 2020, 3), "复准〔2020〕3 号");
        assert_eq!(document_number("芝复准", 2020, 3), "复准〔2020〕3 号");
    }
}
