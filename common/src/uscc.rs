//! The unified social credit code of enterprises (GB 32100-2015).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lang::Lang;

/// The standard leaves out I, O, S, V and Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const LENGTH: usize = 18;

/// A unified social credit code whose check character fits: 18 characters, upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uscc([u8; LENGTH]);

/// Why a text is not a unified social credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsccError {
    /// So many characters instead of 18.
    Length(usize),
    /// This character, at this place (from 1), is not used in codes.
    Character { character: char, place: usize },
    /// The 18th character doesn't fit the 17 before it.
    Check { expected: char, found: char },
}

impl Uscc {
    /// Reads a code as people type or paste it: case, spaces, dashes and wide characters are
    /// forgiven.
    pub fn parse(text: &str) -> Result<Self, UsccError> {
        let plain: Vec<char> = text
            .chars()
            .map(narrow)
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let plain: [char; LENGTH] =
            plain.as_slice().try_into().map_err(|_| UsccError::Length(plain.len()))?;
        let mut code = [0; LENGTH];
        for (at, (to, character)) in code.iter_mut().zip(plain).enumerate() {
            *to = u8::try_from(character)
                .ok()
                .filter(|byte| ALPHABET.contains(byte))
                .ok_or(UsccError::Character { character, place: at + 1 })?;
        }
        let [body @ .., found] = code;
        let expected = check_character(body);
        if expected == found {
            Ok(Self(code))
        } else {
            Err(UsccError::Check { expected: expected.into(), found: found.into() })
        }
    }

    /// Adds the check character to 17 characters. For sample data.
    pub fn complete(body: &str) -> Result<Self, UsccError> {
        match Self::parse(&format!("{body}0")) {
            Err(UsccError::Check { expected, .. }) => Self::parse(&format!("{body}{expected}")),
            Err(UsccError::Length(length)) => Err(UsccError::Length(length.saturating_sub(1))),
            other => other,
        }
    }

    pub fn as_str(&self) -> &str {
        // Only characters of the alphabet get in, so this is always ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// (31 − Σ cᵢ·3^(i−1) mod 31) mod 31, GB 32100-2015 §5.
fn check_character(body: [u8; LENGTH - 1]) -> u8 {
    let mut weight = 1;
    let mut sum = 0;
    for character in body {
        sum += ALPHABET.iter().position(|c| *c == character).unwrap_or_default() * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET.get((31 - sum % 31) % 31).copied().unwrap_or_default()
}

fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        other => other,
    }
}

impl UsccError {
    /// What the person who typed the code should do.
    pub fn say(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Self::Length(got)) => {
                format!("统一社会信用代码应为 18 位，现为 {got} 位，请对照营业执照补全")
            }
            (Lang::En, Self::Length(got)) => {
                format!(
                    "A unified social credit code has 18 characters, not {got}: compare with the business licence"
                )
            }
            (Lang::Zh, Self::Character { character, place }) => {
                format!(
                    "统一社会信用代码第 {place} 位“{character}”不是有效字符（不使用 I、O、S、V、Z），请对照营业执照改正"
                )
            }
            (Lang::En, Self::Character { character, place }) => {
                format!(
                    "Character {place} ({character}) is not used in these codes, which have no I, O, S, V or Z: compare with the business licence"
                )
            }
            (Lang::Zh, Self::Check { expected, found }) => {
                format!(
                    "统一社会信用代码校验不符：按前 17 位，末位应为 {expected}，现为 {found}，请逐位核对"
                )
            }
            (Lang::En, Self::Check { expected, found }) => {
                format!(
                    "The code doesn't check: after these 17 characters the last would be {expected}, not {found}. Compare character by character"
                )
            }
        }
    }
}

impl fmt::Display for UsccError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Lang::En))
    }
}

impl std::error::Error for UsccError {}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uscc({self})")
    }
}

impl TryFrom<String> for Uscc {
    type Error = UsccError;

    fn try_from(text: String) -> Result<Self, UsccError> {
        Self::parse(&text)
    }
}

impl From<Uscc> for String {
    fn from(code: Uscc) -> Self {
        code.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_standard_checks() {
        assert_eq!(Uscc::parse("91350100M000100Y43").unwrap().as_str(), "91350100M000100Y43");
        assert_eq!(Uscc::complete("91350100M000100Y4").unwrap().as_str(), "91350100M000100Y43");
    }

    #[test]
    fn what_people_paste_is_forgiven() {
        for text in [
            " 91350100m000100y43 ",
            "9135 0100 M000 100Y 43",
            "９１３５０１００Ｍ０００１００Ｙ４３",
        ] {
            assert_eq!(Uscc::parse(text).unwrap().as_str(), "91350100M000100Y43", "{text}");
        }
    }

    #[test]
    fn the_error_names_the_expected_check_character_or_the_wrong_place() {
        let wrong = Uscc::parse("91350100M000100Y44").unwrap_err();
        assert_eq!(wrong, UsccError::Check { expected: '3', found: '4' });
        assert!(wrong.say(Lang::Zh).contains("末位应为 3，现为 4"));
        assert_eq!(
            Uscc::parse("91350100MOOO100Y43"),
            Err(UsccError::Character { character: 'O', place: 10 })
        );
        assert_eq!(Uscc::parse("913501000000001"), Err(UsccError::Length(15)));
        assert_eq!(Uscc::complete("9135010"), Err(UsccError::Length(7)));
        assert_eq!(
            Uscc::parse("91350100M000100Y4三"),
            Err(UsccError::Character { character: '三', place: 18 })
        );
    }

    #[test]
    fn a_sum_that_leaves_nothing_is_checked_by_zero() {
        assert_eq!(Uscc::complete("00000000000000000").unwrap().as_str(), "000000000000000000");
    }

    proptest! {
        #[test]
        fn every_completed_body_checks_and_no_other_ending_does(body in "[0-9A-HJ-NPQRTUWXY]{17}") {
            let code = Uscc::complete(&body).unwrap();
            let good = ALPHABET
                .iter()
                .filter(|c| Uscc::parse(&format!("{body}{}", char::from(**c))).is_ok())
                .count();
            prop_assert_eq!(good, 1);
            prop_assert_eq!(Uscc::parse(code.as_str()), Ok(code));
        }

        #[test]
        fn any_single_wrong_character_is_found(
            body in "[0-9A-HJ-NPQRTUWXY]{17}", place in 0..18_usize, by in 1..31_usize,
        ) {
            let mut code = Uscc::complete(&body).unwrap().0;
            let old = ALPHABET.iter().position(|c| *c == code[place]).unwrap();
            code[place] = ALPHABET[(old + by) % 31];
            prop_assert!(Uscc::parse(std::str::from_utf8(&code).unwrap()).is_err());
        }

        #[test]
        fn swapped_neighbours_are_found(body in "[0-9A-HJ-NPQRTUWXY]{17}", place in 0..17_usize) {
            let mut code = Uscc::complete(&body).unwrap().0;
            prop_assume!(code[place] != code[place + 1]);
            code.swap(place, place + 1);
            prop_assert!(Uscc::parse(std::str::from_utf8(&code).unwrap()).is_err());
        }

        #[test]
        fn no_text_makes_the_reader_stumble(text in ".{0,24}") {
            let _ = Uscc::parse(&text).map(|code| code.to_string());
        }
    }
}
