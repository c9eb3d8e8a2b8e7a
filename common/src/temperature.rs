//! Body temperatures in tenths of a degree Celsius, and what they mean at a gate.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lang::Lang;

/// A reading in tenths of a degree: 36.5 ℃ is 365. Anything a display can show, fit or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Temperature(i16);

/// Why a text is not a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemperatureError {
    NotANumber,
    /// Thermometers show one decimal; more was calculated or mistyped.
    TooPrecise,
}

impl Temperature {
    pub const fn from_tenths(tenths_celsius: i16) -> Self {
        Self(tenths_celsius)
    }

    pub const fn tenths(self) -> i16 {
        self.0
    }

    /// Reads what a guard types: `36.5`, `36`, `36.5℃`, `36。5`, and `365` for 36.5, because
    /// nobody has 365 degrees.
    pub fn parse(text: &str) -> Result<Self, TemperatureError> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).map(narrow).collect();
        let plain = plain.to_ascii_uppercase();
        let plain = ["℃", "°C", "度", "C"]
            .iter()
            .find_map(|unit| plain.strip_suffix(unit))
            .unwrap_or(&plain);
        let (whole, tenth) = match plain.split_once('.') {
            Some((whole, tenth)) => (whole, Some(tenth)),
            None => (plain, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        if !digits(whole) || whole.len() > 3 || !tenth.is_none_or(digits) {
            return Err(TemperatureError::NotANumber);
        }
        let number = |text: &str| text.parse::<i16>().map_err(|_| TemperatureError::NotANumber);
        match (number(whole)?, tenth) {
            (_, Some(tenth)) if tenth.len() > 1 => Err(TemperatureError::TooPrecise),
            (whole, Some(tenth)) => Ok(Self(whole * 10 + number(tenth)?)),
            (whole, None) if whole >= 100 => Ok(Self(whole)),
            (whole, None) => Ok(Self(whole * 10)),
        }
    }
}

/// Wide digits and stops of Chinese keyboards as ASCII.
fn narrow(character: char) -> char {
    match character {
        '\u{ff10}'..='\u{ff19}' | '\u{ff0e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        '。' | ',' | '，' => '.',
        other => other,
    }
}

impl fmt::Display for Temperature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let tenths = self.0.unsigned_abs();
        write!(f, "{sign}{}.{}", tenths / 10, tenths % 10)
    }
}

impl TemperatureError {
    /// What the guard should do.
    pub fn say(&self, lang: Lang) -> &'static str {
        match self {
            Self::NotANumber => lang.of(
                "请输入体温数字，例如 36.5",
                "Type the temperature as a number, for example 36.5",
            ),
            Self::TooPrecise => lang.of(
                "体温只填一位小数，请按显示读数填写",
                "One decimal only: type what the thermometer shows",
            ),
        }
    }
}

impl fmt::Display for TemperatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.say(Lang::En))
    }
}

impl std::error::Error for TemperatureError {}

/// A division's limits, in tenths of a degree. 37.3 ℃ is the usual fever limit, but some places
/// took 37.5 ℃: it is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Limits", into = "Limits")]
pub struct Thresholds(Limits);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    plausible_from: i16,
    low_below: i16,
    fever_from: i16,
    plausible_to: i16,
}

/// What a reading means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Outside of what a living body shows: the thermometer, or the typing, is wrong.
    Implausible,
    /// A cold forehead: measure again indoors or at the wrist.
    Low,
    Normal,
    Fever,
}

impl Thresholds {
    /// Fever from 37.3 ℃, too low below 35.0 ℃, plausible from 34.0 to 43.0 ℃.
    pub const USUAL: Self =
        Self(Limits { plausible_from: 340, low_below: 350, fever_from: 373, plausible_to: 430 });

    /// `low_below` and `fever_from` in tenths; `None` unless 34.0 ≤ low < fever ≤ 43.0 ℃.
    pub fn new(low_below: i16, fever_from: i16) -> Option<Self> {
        let Limits { plausible_from, plausible_to, .. } = Self::USUAL.0;
        Limits { plausible_from, low_below, fever_from, plausible_to }.try_into().ok()
    }

    /// All four limits, in tenths: plausible from, low below, fever from, plausible to. `None`
    /// unless they rise in this order.
    pub fn of(
        plausible_from: i16,
        low_below: i16,
        fever_from: i16,
        plausible_to: i16,
    ) -> Option<Self> {
        Limits { plausible_from, low_below, fever_from, plausible_to }.try_into().ok()
    }

    /// People are let in only below this.
    pub const fn fever_from(&self) -> Temperature {
        Temperature(self.0.fever_from)
    }

    pub const fn low_below(&self) -> Temperature {
        Temperature(self.0.low_below)
    }

    pub fn classify(&self, temperature: Temperature) -> Reading {
        let Limits { plausible_from, low_below, fever_from, plausible_to } = self.0;
        match temperature.0 {
            tenths if tenths < plausible_from || tenths > plausible_to => Reading::Implausible,
            tenths if tenths < low_below => Reading::Low,
            tenths if tenths < fever_from => Reading::Normal,
            _ => Reading::Fever,
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::USUAL
    }
}

impl TryFrom<Limits> for Thresholds {
    type Error = &'static str;

    fn try_from(limits: Limits) -> Result<Self, Self::Error> {
        let Limits { plausible_from, low_below, fever_from, plausible_to } = limits;
        if plausible_from <= low_below && low_below < fever_from && fever_from <= plausible_to {
            Ok(Self(limits))
        } else {
            Err("temperature limits are out of order")
        }
    }
}

impl From<Thresholds> for Limits {
    fn from(thresholds: Thresholds) -> Self {
        thresholds.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_guards_type_is_read() {
        for (text, tenths) in [
            ("36.5", 365),
            (" 36.5 ℃", 365),
            ("36.5°c", 365),
            ("36", 360),
            ("365", 365),
            ("36。5", 365),
            ("３６．５", 365),
            ("36,5度", 365),
            ("38.0", 380),
            ("5", 50),
        ] {
            assert_eq!(Temperature::parse(text), Ok(Temperature(tenths)), "{text}");
        }
        for text in ["", ".", "36.", ".5", "-36", "36.5.1", "abc", "3650", "+36", "℃"] {
            assert_eq!(Temperature::parse(text), Err(TemperatureError::NotANumber), "{text}");
        }
        assert_eq!(Temperature::parse("36.55"), Err(TemperatureError::TooPrecise));
    }

    #[test]
    fn fever_begins_at_the_limit_itself() {
        let usual = Thresholds::default();
        for (tenths, reading) in [
            (339, Reading::Implausible),
            (340, Reading::Low),
            (349, Reading::Low),
            (350, Reading::Normal),
            (372, Reading::Normal),
            (373, Reading::Fever),
            (430, Reading::Fever),
            (431, Reading::Implausible),
        ] {
            assert_eq!(usual.classify(Temperature(tenths)), reading, "{tenths}");
        }
        let other = Thresholds::new(350, 375).unwrap();
        assert_eq!(other.classify(Temperature(374)), Reading::Normal);
    }

    #[test]
    fn limits_out_of_order_are_refused_in_settings_too() {
        assert_eq!(Thresholds::new(373, 373), None);
        assert_eq!(Thresholds::new(330, 373), None);
        let json = serde_json::to_string(&Thresholds::USUAL).unwrap();
        assert_eq!(serde_json::from_str::<Thresholds>(&json).unwrap(), Thresholds::USUAL);
        assert!(serde_json::from_str::<Thresholds>(&json.replace("373", "300")).is_err());
    }

    proptest! {
        #[test]
        fn a_shown_reading_is_read_back(tenths in 0..1000_i16) {
            let shown = Temperature(tenths).to_string();
            prop_assert_eq!(Temperature::parse(&shown), Ok(Temperature(tenths)));
        }
    }
}
