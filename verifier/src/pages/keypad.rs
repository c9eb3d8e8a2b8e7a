//! The rule of the temperature keypad for forms without a script: three digits make tenths of a
//! degree. The same rule in the browser is `assets/keypad.js`; both are held against one table of
//! cases.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the gate's settings say about readings, in tenths of a degree Celsius.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Lowest reading that a body can have.
    pub min: i16,
    /// Highest reading that a body can have.
    pub max: i16,
    /// Below this the reading is repeated.
    pub low: i16,
    /// From here on nobody goes in.
    pub fever: i16,
}

/// Where a reading lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    None,
    Partial,
    Low,
    Normal,
    Fever,
}

/// Up to three digits, always such that they can still become a plausible reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pad {
    value: i16,
    digits: u32,
}

impl Pad {
    /// The pad after a digit, or `None` where it is refused.
    #[must_use]
    pub fn press(self, digit: u8, limits: Limits) -> Option<Self> {
        if self.digits >= 3 || digit > 9 {
            return None;
        }
        let next = Self { value: self.value * 10 + i16::from(digit), digits: self.digits + 1 };
        next.possible(limits).then_some(next)
    }

    fn possible(self, limits: Limits) -> bool {
        let factor = 10_i16.pow(3 - self.digits.min(3));
        let first = self.value * factor;
        first <= limits.max && first + factor > limits.min
    }

    /// Where the reading lies, and its tenths once there are three digits.
    pub fn reading(self, limits: Limits) -> (Kind, Option<i16>) {
        match self.digits {
            0 => (Kind::None, None),
            1 | 2 => (Kind::Partial, None),
            _ if self.value >= limits.fever => (Kind::Fever, Some(self.value)),
            _ if self.value < limits.low => (Kind::Low, Some(self.value)),
            _ => (Kind::Normal, Some(self.value)),
        }
    }

    /// As the display shows it: `36.5`, with a dash for each digit still missing.
    pub fn show(self) -> String {
        match self.digits {
            0 => "––.–".to_owned(),
            1 => format!("{}–.–", self.value),
            2 => format!("{}.–", self.value),
            _ => format!("{}.{}", self.value / 10, self.value % 10),
        }
    }
}

/// A reading typed into a plain field, `365` or `36.5` (also with a full-width point, as Chinese
/// keyboards send it). `None` unless it is three digits of a plausible reading.
pub fn read(text: &str, limits: Limits) -> Option<i16> {
    let mut pad = Pad::default();
    for c in text.trim().chars() {
        match c {
            '.' | '．' | '。' => {}
            _ => {
                let digit = u8::try_from(c.to_digit(10)?).ok()?;
                pad = pad.press(digit, limits)?;
            }
        }
    }
    pad.reading(limits).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[derive(Deserialize)]
    struct Table {
        limits: Limits,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        says: String,
        keys: Vec<String>,
        digits: String,
        refused: Vec<usize>,
        kind: Kind,
        tenths: Option<i16>,
        show: String,
    }

    fn table() -> Table {
        serde_json::from_str(include_str!("../../tests/keypad.json")).unwrap()
    }

    #[test]
    fn the_pad_follows_the_table() {
        let Table { limits, cases } = table();
        for case in cases {
            let mut pads = vec![Pad::default()];
            let mut refused = Vec::new();
            for (index, key) in case.keys.iter().enumerate() {
                match key.as_str() {
                    "back" => pads.truncate((pads.len() - 1).max(1)),
                    "clear" => pads.truncate(1),
                    "." => {}
                    digit => match pads[pads.len() - 1].press(digit.parse().unwrap(), limits) {
                        Some(next) => pads.push(next),
                        None => refused.push(index),
                    },
                }
            }
            let pad = pads[pads.len() - 1];
            let digits: String = pad.show().chars().filter(char::is_ascii_digit).collect();
            assert_eq!(
                (digits, refused, pad.reading(limits), pad.show()),
                (case.digits, case.refused, (case.kind, case.tenths), case.show),
                "{}",
                case.says
            );
        }
    }

    #[test]
    fn the_browser_follows_the_same_table() {
        let test = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keypad.test.mjs");
        match Command::new("node").arg("--test").arg(test).output() {
            Ok(run) => assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout)),
            Err(error) => eprintln!("not run, node is missing: {error}"),
        }
    }

    #[test]
    fn a_field_takes_a_reading_with_or_without_its_point() {
        let limits = table().limits;
        for text in ["365", "36.5", " 36．5 ", "36。5"] {
            assert_eq!(read(text, limits), Some(365), "{text}");
        }
        for text in ["", "36", "3650", "99.9", "36,5", "-36.5", "abc", "29.9"] {
            assert_eq!(read(text, limits), None, "{text}");
        }
    }
}
