//! What a person's file holds, parsed from forms and sheets alike.

use fugong_common::person::Name;
use jiff::civil::Date;

use super::IdNumber;
use crate::fields::narrow;

/// Everything about a person that people enter, already checked. No health reason: only the day
/// from which the gate lets the person in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub worker_number: String,
    pub name: Name,
    pub phone: String,
    pub id_number: Option<IdNumber>,
    pub job: String,
    /// Last place stayed outside the division.
    pub came_from: String,
    /// Day of return, `2020-02-09`, or empty.
    pub returned_on: String,
    /// Unix milliseconds; 0: no restriction.
    pub not_before: i64,
}

/// Whether a worker number fits pass and roster: 1 to 20 letters, digits, dashes.
pub fn plausible_worker_number(text: &str) -> Option<String> {
    let plain: String = text.trim().chars().map(narrow).collect();
    let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ((1..=20).contains(&plain.len()) && plain.chars().all(fit)).then_some(plain)
}

/// A day as browsers send it, `2020-02-09`; empty stays empty, nonsense is `None`.
pub fn day(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return Some(String::new());
    }
    text.parse::<Date>().ok().map(|date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worker_numbers_are_short_and_plain() {
        assert_eq!(plausible_worker_number(" ０01-a "), Some("001-a".into()));
        assert_eq!(plausible_worker_number("张三"), None);
        assert_eq!(plausible_worker_number(""), None);
        assert_eq!(plausible_worker_number("123456789012345678901"), None);
    }

    #[test]
    fn a_day_must_exist() {
        assert_eq!(day("2020-02-29"), Some("2020-02-29".into()));
        assert_eq!(day("2019-02-29"), None);
        assert_eq!(day(""), Some(String::new()));
    }
}
