//! What will be done with a sheet: its choices, the figures shown before and after, the examples.

use fugong_common::lang::Lang;
use serde::{Deserialize, Serialize};

/// What happens to files that exist already (duplicates are merged knowingly).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Existing values stay; only empty ones are filled.
    #[default]
    Keep,
    /// The sheet's values replace existing ones; its empty cells change nothing.
    Take,
    /// Existing files are left alone.
    Skip,
}

impl Policy {
    pub const ALL: [Self; 3] = [Self::Keep, Self::Take, Self::Skip];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Take => "take",
            Self::Skip => "skip",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.code() == code)
    }

    pub const fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Keep => lang.of("保留已有内容，只补空缺", "keep what is on file, fill gaps only"),
            Self::Take => lang.of("以表格内容为准", "take what the sheet says"),
            Self::Skip => lang.of("跳过，不改已有档案", "skip, leave existing files alone"),
        }
    }

    /// The merged value of one field.
    pub fn merge<'a>(self, on_file: &'a str, in_sheet: &'a str) -> &'a str {
        let take = match self {
            Self::Keep => on_file.is_empty(),
            Self::Take => !in_sheet.is_empty(),
            Self::Skip => false,
        };
        if take { in_sheet } else { on_file }
    }
}

/// Figures of a sheet against what is on file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Not on file yet.
    pub added: i64,
    /// On file with other values.
    pub changed: i64,
    /// On file with the same values.
    pub same: i64,
    /// Rows that can't be taken.
    pub bad: i64,
    /// Only of a whole roster: on it, but not in the sheet.
    pub leaving: i64,
    /// On the roster at present.
    pub on_roster: i64,
    /// Premises registered from addresses.
    pub premises: i64,
    /// Addresses without premises, because their community has no site numbers left.
    pub unplaced: i64,
    /// Days whose year or meaning was inferred.
    pub guessed: i64,
}

impl Counts {
    /// Whether so many would leave that somebody has to say yes once more.
    pub fn needs_confirmation(&self) -> bool {
        self.leaving > 0 && self.leaving * 20 > self.on_roster
    }
}

/// A row with what was understood of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// As the spreadsheet counts.
    pub row: usize,
    /// By mapped column: the value as understood, and what to note about it (`formula`, `merged`,
    /// `guessed`, or empty).
    pub cells: Vec<(String, String)>,
    /// Why it can't be taken; empty if it can.
    pub faults: Vec<String>,
}

/// One of a file's sheets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetInfo {
    pub name: String,
    pub rows: usize,
    pub formulas: usize,
    pub merged: usize,
}

/// Everything about an import beside its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    pub lang: Option<Lang>,
    pub sheets: Vec<SheetInfo>,
    /// Which sheet and row (from 0); `None` where no headers were recognised.
    pub sheet: usize,
    pub header_row: Option<usize>,
    pub headers: Vec<String>,
    /// Field codes by column.
    pub mapping: Vec<String>,
    /// The mapping is the one chosen last time for these headers.
    pub remembered: bool,
    pub policy: Policy,
    /// The sheet is the whole roster: who isn't in it has left.
    pub full: bool,
    /// Why enterprises without code have none, for those rows that don't say it.
    pub no_code_reason: String,
    pub preview: Counts,
    pub samples: Vec<Sample>,
    pub bad_samples: Vec<Sample>,
    /// What was really done.
    pub taken: Counts,
    /// Why it failed, for its uploader.
    pub failure: Failure,
    /// Tells the same file from another.
    pub file_sha256: String,
}

impl Summary {
    /// Examples are rows of people: gone with the rows.
    pub fn forget_samples(&mut self) {
        self.samples.clear();
        self.bad_samples.clear();
    }
}

/// Why an import ended before its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    #[default]
    None,
    /// The database or the machine.
    Fault,
    /// A later import of the same roster or file has begun.
    Replaced,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_merged_as_chosen() {
        for (policy, on_file, in_sheet, merged) in [
            (Policy::Keep, "旧", "新", "旧"),
            (Policy::Keep, "", "新", "新"),
            (Policy::Take, "旧", "新", "新"),
            (Policy::Take, "旧", "", "旧"),
            (Policy::Skip, "", "新", ""),
        ] {
            assert_eq!(policy.merge(on_file, in_sheet), merged);
        }
    }

    #[test]
    fn more_than_one_in_twenty_leaving_asks_again() {
        let counts = |leaving, on_roster| Counts { leaving, on_roster, ..Counts::default() };
        assert!(!counts(0, 0).needs_confirmation());
        assert!(!counts(5, 100).needs_confirmation());
        assert!(counts(6, 100).needs_confirmation());
        assert!(counts(1, 10).needs_confirmation());
    }
}
