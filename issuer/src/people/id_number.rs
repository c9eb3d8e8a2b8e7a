//! Citizen identity numbers (GB 11643-1999): optional, and never sent beyond the issuer.

use fugong_common::lang::Lang;
use jiff::civil::Date;

use crate::fields::narrow;

/// A checked identity number, or another document's number of 5 to 20 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdNumber(String);

/// Why a text is no identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdNumberError {
    /// Kept by a spreadsheet as a number: all digits behind the fifteenth are lost.
    Damaged,
    Length(usize),
    /// The eighteenth character doesn't fit the seventeen before it.
    Check {
        expected: char,
        found: char,
    },
    /// No such day of birth.
    Birthday,
    Character(char),
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

impl IdNumber {
    /// Reads a number as people type it; blanks, width and case are forgiven.
    pub fn parse(text: &str) -> Result<Self, IdNumberError> {
        let plain: String = text
            .chars()
            .map(narrow)
            .filter(|c| !c.is_whitespace() && *c != '\'')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if is_scientific(&plain) {
            return Err(IdNumberError::Damaged);
        }
        let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '(' | ')' | '-' | '/');
        if let Some(bad) = plain.chars().find(|c| !fit(*c)) {
            return Err(IdNumberError::Character(bad));
        }
        let digits = plain.chars().filter(char::is_ascii_digit).count();
        let citizen = digits + 1 >= plain.len() && plain.len() >= 14;
        match plain.len() {
            18 if citizen => Self::citizen(plain),
            // First-generation cards of fifteen digits are still found on old rosters.
            15 if digits == 15 => Ok(Self(plain)),
            5..=20 if !citizen => Ok(Self(plain)),
            length => Err(IdNumberError::Length(length)),
        }
    }

    fn citizen(plain: String) -> Result<Self, IdNumberError> {
        let mut characters = plain.chars();
        let mut sum = 0;
        for weight in WEIGHTS {
            let digit = characters.next().unwrap_or_default();
            sum += digit.to_digit(10).ok_or(IdNumberError::Character(digit))? * weight;
        }
        let found = characters.next().unwrap_or_default();
        let at = usize::try_from(sum % 11).unwrap_or_default();
        let expected = CHECKS.get(at).copied().unwrap_or_default();
        if expected != found {
            let lost = plain.ends_with("000");
            return Err(if lost {
                IdNumberError::Damaged
            } else {
                IdNumberError::Check { expected, found }
            });
        }
        let born = plain.get(6..14).unwrap_or_default();
        if Date::strptime("%Y%m%d", born).is_err() {
            return Err(IdNumberError::Birthday);
        }
        Ok(Self(plain))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the gate is told.
    pub fn last_four(&self) -> String {
        fugong_common::person::last_four(&self.0).unwrap_or_default()
    }
}

/// `3.70602E+17`: what a spreadsheet writes for a long number.
fn is_scientific(plain: &str) -> bool {
    plain.split_once("E+").is_some_and(|(mantissa, exponent)| {
        mantissa.chars().all(|c| c.is_ascii_digit() || c == '.')
            && !mantissa.is_empty()
            && exponent.chars().all(|c| c.is_ascii_digit())
    })
}

impl IdNumberError {
    /// What is wrong and how to cure it.
    pub fn say(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Self::Damaged) => "证件号码已被电子表格改写：超过 15 位的数字末尾变成了 0。请将该列设为“文本”格式，按证件重新输入".to_owned(),
            (Lang::En, Self::Damaged) => "The spreadsheet has overwritten this identity number: digits behind the 15th became 0. Set the column to Text and type the number again from the card".to_owned(),
            (Lang::Zh, Self::Length(got)) => format!("居民身份证号码应为 18 位，现为 {got} 位，请核对"),
            (Lang::En, Self::Length(got)) => format!("An identity number has 18 characters, not {got}: check it"),
            (Lang::Zh, Self::Check { expected, found }) => format!("身份证号码校验不符：末位应为 {expected}，现为 {found}，请逐位核对"),
            (Lang::En, Self::Check { expected, found }) => format!("The identity number doesn't check: its last character would be {expected}, not {found}. Compare digit by digit"),
            (Lang::Zh, Self::Birthday) => "身份证号码中的出生日期不存在，请核对第 7 至 14 位".to_owned(),
            (Lang::En, Self::Birthday) => "The day of birth in the identity number doesn't exist: check characters 7 to 14".to_owned(),
            (Lang::Zh, Self::Character(c)) => format!("证件号码中有无效字符“{}”，请核对", c.escape_debug()),
            (Lang::En, Self::Character(c)) => format!("The identity number holds {}, which can't be part of one: check it", c.escape_debug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_checked_by_its_last_character() {
        // The example of GB 11643-1999.
        assert_eq!(IdNumber::parse("11010519491231002x").unwrap().as_str(), "11010519491231002X");
        assert_eq!(IdNumber::parse("11010519491231002X").unwrap().last_four(), "002X");
        assert_eq!(
            IdNumber::parse("110105194912310021"),
            Err(IdNumberError::Check { expected: 'X', found: '1' })
        );
        assert_eq!(IdNumber::parse("11010519491231002"), Err(IdNumberError::Length(17)));
    }

    #[test]
    fn a_number_that_a_spreadsheet_rounded_is_named_as_such() {
        assert_eq!(IdNumber::parse("3.70602E+17"), Err(IdNumberError::Damaged));
        assert_eq!(IdNumber::parse("1.10105194912310E+17"), Err(IdNumberError::Damaged));
        assert_eq!(IdNumber::parse("110105194912310000"), Err(IdNumberError::Damaged));
    }

    #[test]
    fn other_documents_are_taken_as_they_are() {
        for number in ["E12345678", "H1234567(8)", "110105491231002", "830000199001010"] {
            assert_eq!(IdNumber::parse(number).unwrap().as_str(), number);
        }
        assert_eq!(IdNumber::parse("12"), Err(IdNumberError::Length(2)));
        assert_eq!(IdNumber::parse("E12\u{202e}345678"), Err(IdNumberError::Character('\u{202e}')));
    }

    #[test]
    fn a_day_of_birth_must_exist() {
        // 30 February with a fitting check character.
        let body = "11010519900230002";
        let sum: u32 = body.chars().zip(WEIGHTS).map(|(c, w)| c.to_digit(10).unwrap() * w).sum();
        let number = format!("{body}{}", CHECKS[usize::try_from(sum % 11).unwrap()]);
        assert_eq!(IdNumber::parse(&number), Err(IdNumberError::Birthday));
    }
}
