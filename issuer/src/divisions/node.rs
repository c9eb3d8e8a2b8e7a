//! What a node of the tree may be: its level, its code, its pattern of document numbers.

use fugong_common::person::clean_name;
use serde::Deserialize;

use super::store::Division;
use super::words::TreeWords;
use super::{Level, parse_code};
use crate::fields::{Errors, line, phone};
use fugong_common::lang::Lang;

/// The levels that may lie directly below one.
pub const fn below(level: Level) -> &'static [Level] {
    match level {
        Level::City => &[Level::District],
        Level::District => &[Level::Street],
        Level::Street => &[Level::Community],
        Level::Community => &[Level::Grid, Level::Building],
        Level::Grid => &[Level::Building],
        Level::Building => &[],
    }
}

/// Whether a node needs a code of its own: grids and buildings share their community's.
pub const fn has_own_code(level: Level) -> bool {
    matches!(level, Level::City | Level::District | Level::Street | Level::Community)
}

/// Whether a code lies within another node's: the digits that the other fixes are the same.
pub fn lies_within(code: &str, parent_level: Level, parent_code: &str) -> bool {
    let digits = parent_level.code_digits();
    matches!((code.get(..digits), parent_code.get(..digits)), (Some(a), Some(b)) if a == b)
}

/// The first of the three last digits that are handed out here: statistical codes of streets and
/// communities end below 901 (domain B9: people add nodes that no list holds).
const OWN_CODES: std::ops::RangeInclusive<u32> = 901..=999;

/// A code for a street or community that no list holds; `None` when all are taken.
pub fn allot_code(level: Level, parent_code: &str, taken: &[&str]) -> Option<String> {
    let digits = match level {
        Level::Street => Level::District.code_digits(),
        Level::Community => Level::Street.code_digits(),
        _ => return None,
    };
    let head = parent_code.get(..digits)?;
    OWN_CODES
        .map(|number| format!("{:0<12}", format!("{head}{number}")))
        .find(|code| !taken.contains(&code.as_str()))
}

/// A pattern of document numbers names the year and the number, each once, and nothing else in
/// braces (domain A40); empty takes the pattern from above.
pub fn is_pattern(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    let rest = text.replacen("{year}", "", 1).replacen("{number}", "", 1);
    rest.len() + "{year}{number}".len() == text.len() && !rest.contains(['{', '}'])
}

/// A document number as a pattern gives it.
pub fn fill_pattern(pattern: &str, year: i64, number: i64) -> String {
    pattern.replace("{year}", &year.to_string()).replace("{number}", &number.to_string())
}

/// What is typed of a node.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct NodeForm {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub hotline: String,
    #[serde(default)]
    pub pattern: String,
    #[serde(default)]
    pub revision: i64,
}

/// What people read of a node, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeTexts {
    pub name: String,
    pub hotline: String,
    pub pattern: String,
}

pub(super) fn parse_texts(form: &NodeForm, lang: Lang, errors: &mut Errors) -> Option<NodeTexts> {
    let w = TreeWords::of(lang);
    let name = clean_name(&form.name).ok();
    if name.is_none() {
        errors.add("name", w.bad_name);
    }
    let hotline = errors.take("hotline", lang, phone(&form.hotline));
    let pattern = errors.take("pattern", lang, line(&form.pattern));
    if !is_pattern(&pattern) {
        errors.add("pattern", w.bad_pattern);
    }
    let name = name.filter(|_| errors.is_empty())?;
    Some(NodeTexts { name: name.as_str().to_owned(), hotline, pattern })
}

/// Why a new node's level or code is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaceFault {
    Level,
    /// Digits missing, or not of this level.
    Code,
    /// Not within the parent's code.
    Outside,
    /// A running node has it.
    Taken,
    /// No code is left to hand out.
    Full,
}

/// The code of a new node below `parent`; `taken` are the running codes of its level. Empty text
/// asks for one that no list holds.
pub(super) fn place_below(
    parent: &Division,
    parent_level: Level,
    level: Level,
    text: &str,
    taken: &[&str],
) -> Result<String, PlaceFault> {
    if !below(parent_level).contains(&level) {
        return Err(PlaceFault::Level);
    }
    if !has_own_code(level) {
        return Ok(parent.code.clone());
    }
    let text = text.trim();
    if text.is_empty() && matches!(level, Level::Street | Level::Community) {
        return allot_code(level, &parent.code, taken).ok_or(PlaceFault::Full);
    }
    let code = parse_code(level, text).ok_or(PlaceFault::Code)?;
    if !lies_within(&code, parent_level, &parent.code) {
        return Err(PlaceFault::Outside);
    }
    if taken.contains(&code.as_str()) { Err(PlaceFault::Taken) } else { Ok(code) }
}

impl PlaceFault {
    pub(super) const fn say(self, lang: Lang) -> &'static str {
        let w = TreeWords::of(lang);
        match self {
            Self::Level => w.bad_level,
            Self::Code => w.bad_code,
            Self::Outside => w.code_outside,
            Self::Taken => w.code_taken,
            Self::Full => w.code_full,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::division;

    fn street() -> Division {
        division("s", "/d/s/", "350503005000", "华大街道")
    }

    fn below_street(level: Level, text: &str, taken: &[&str]) -> Result<String, PlaceFault> {
        place_below(&street(), Level::Street, level, text, taken)
    }

    #[test]
    fn a_community_that_no_list_holds_gets_the_next_code_of_ours() {
        assert_eq!(below_street(Level::Community, "", &[]), Ok("350503005901".into()));
        let taken = ["350503005901", "350503005902"];
        assert_eq!(below_street(Level::Community, " ", &taken), Ok("350503005903".into()));
        let all: Vec<String> = (901..=999).map(|n| format!("350503005{n}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(below_street(Level::Community, "", &all), Err(PlaceFault::Full));
    }

    #[test]
    fn a_code_lies_within_its_parents_and_is_given_once() {
        assert_eq!(below_street(Level::Community, "350503005004", &[]), Ok("350503005004".into()));
        assert_eq!(below_street(Level::Community, "350503006004", &[]), Err(PlaceFault::Outside));
        assert_eq!(
            below_street(Level::Community, "350503005004", &["350503005004"]),
            Err(PlaceFault::Taken)
        );
        assert_eq!(below_street(Level::Community, "35050300500", &[]), Err(PlaceFault::Code));
        assert_eq!(below_street(Level::Grid, "", &[]), Err(PlaceFault::Level));
    }

    #[test]
    fn a_grid_takes_its_communitys_code() {
        let community =
            Division { level: "community".into(), code: "350503005001".into(), ..street() };
        assert_eq!(
            place_below(&community, Level::Community, Level::Grid, "anything", &[]),
            Ok("350503005001".into())
        );
    }

    #[test]
    fn a_pattern_names_year_and_number_once_each() {
        assert!(is_pattern(""));
        assert!(is_pattern("芝复准〔{year}〕{number} 号"));
        assert!(!is_pattern("芝复准〔2020〕{number} 号"));
        assert!(!is_pattern("{year}{year}{number}"));
        assert!(!is_pattern("{year}{number}{street}"));
        assert_eq!(fill_pattern("芝复准〔{year}〕{number} 号", 2020, 12), "芝复准〔2020〕12 号");
    }
}
