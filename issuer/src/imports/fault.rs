//! What is wrong with a row, said so that its writer can mend it.

use fugong_common::lang::Lang;
use fugong_common::person::NameError;
use fugong_common::uscc::UsccError;

use super::columns::Field;
use super::values::DayError;
use crate::fields::FieldError;
use crate::people::IdNumberError;

/// One thing wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The column concerned, if one is.
    pub field: Option<Field>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Missing,
    Text(FieldError),
    Name(NameError),
    Uscc(UsccError),
    /// A code or number that the spreadsheet kept as a number.
    Rounded,
    IdNumber(IdNumberError),
    Day(DayError),
    /// A word that is none of those known.
    Word(String),
    Staff(String),
    /// No division of this name below the one above it.
    Division(String),
    /// Several divisions have this name.
    Divisions(String),
    NoCode,
    /// The same in an earlier row, counted as the spreadsheet counts.
    Twice(usize),
    /// On file in a division that the importer doesn't reach.
    Elsewhere,
    WorkerNumber(String),
    /// The worker number is another person's.
    NumberTaken,
    /// The cell shows a formula's error.
    Broken(String),
}

impl Fault {
    pub fn of(field: Field, what: What) -> Self {
        Self { field: Some(field), what }
    }

    /// What is wrong and what to do, with the column's name in front.
    pub fn say(&self, lang: Lang) -> String {
        let sentence = self.what.say(lang);
        match self.field {
            Some(field) => match lang {
                Lang::Zh => format!("{}：{sentence}", field.title(lang)),
                Lang::En => format!("{}: {sentence}", field.title(lang)),
            },
            None => sentence,
        }
    }
}

impl What {
    fn say(&self, lang: Lang) -> String {
        match self {
            Self::Missing => FieldError::Missing.say(lang),
            Self::Text(error) => error.say(lang),
            Self::Name(error) => error.say(lang),
            Self::Uscc(error) => error.say(lang),
            Self::IdNumber(error) => error.say(lang),
            Self::Rounded => lang
                .of(
                    "号码已被电子表格改写：超过 15 位的数字末尾变成了 0。请将该列设为“文本”格式后重新输入",
                    "The spreadsheet has overwritten this number: digits behind the 15th became 0. Set the column to Text and type it again",
                )
                .to_owned(),
            Self::Day(DayError::Ambiguous(shown)) => match lang {
                Lang::Zh => format!("“{shown}”可能是 1 日，也可能是 10 日等；请将该列设为“文本”格式，或写成 2020-02-10"),
                Lang::En => format!("{shown} could end in 1 or in 10, 2 or 20, 3 or 30: set the column to Text, or write 2020-02-10"),
            },
            Self::Day(DayError::Unknown(shown)) => match lang {
                Lang::Zh => format!("“{}”不是日期，请写成 2020-02-10", visible(shown)),
                Lang::En => format!("“{}” is no day: write 2020-02-10", visible(shown)),
            },
            Self::Word(word) => match lang {
                Lang::Zh => format!("“{}”不在可选范围内，请按模板说明填写", visible(word)),
                Lang::En => format!("“{}” is none of the known values: see the template", visible(word)),
            },
            Self::Staff(shown) => match lang {
                Lang::Zh => format!("“{}”不是整数，请填写人数", visible(shown)),
                Lang::En => format!("“{}” is no whole number: give the number of people", visible(shown)),
            },
            Self::Division(name) => match lang {
                Lang::Zh => format!("辖区内没有“{}”，请更正名称，或留空后再分配", visible(name)),
                Lang::En => format!("There is no {} here: correct the name, or leave it empty and assign it later", visible(name)),
            },
            Self::Divisions(name) => match lang {
                Lang::Zh => format!("辖区内有多个“{}”，请同时填写所属街道", visible(name)),
                Lang::En => format!("Several divisions are called {}: give the sub-district too", visible(name)),
            },
            Self::NoCode => lang
                .of(
                    "没有统一社会信用代码，请补充代码，或填写没有代码的原因",
                    "There is no credit code: give it, or say why there is none",
                )
                .to_owned(),
            Self::Twice(row) => match lang {
                Lang::Zh => format!("与第 {row} 行重复，请保留一行"),
                Lang::En => format!("The same as in row {row}: keep one of them"),
            },
            Self::Elsewhere => lang
                .of(
                    "已在其他辖区建档，请联系该辖区受理人员",
                    "On file in another division: ask its intake officer",
                )
                .to_owned(),
            Self::WorkerNumber(shown) => match lang {
                Lang::Zh => format!("“{}”不能用作工号：1 至 20 位字母、数字或短横线", visible(shown)),
                Lang::En => format!("“{}” is no worker number: 1 to 20 letters, digits or dashes", visible(shown)),
            },
            Self::NumberTaken => lang
                .of(
                    "该工号已用于另一人，请更正工号",
                    "This worker number is another person's: correct it",
                )
                .to_owned(),
            Self::Broken(error) => match lang {
                Lang::Zh => format!("公式出错（{error}），请改为数值"),
                Lang::En => format!("the formula fails ({error}): write the value itself"),
            },
        }
    }
}

/// A cell's text with its hidden characters made visible, cut to a length that fits a sentence.
fn visible(text: &str) -> String {
    let plain: String = text
        .chars()
        .take(30)
        .map(|c| if c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') { '␣' } else { c })
        .collect();
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_said_in_both_languages_without_mixing_them() {
        let word = || "x".to_owned();
        for what in [
            What::Missing,
            What::Rounded,
            What::Day(DayError::Ambiguous("2.1".into())),
            What::Day(DayError::Unknown(word())),
            What::Word(word()),
            What::Staff(word()),
            What::Division(word()),
            What::Divisions(word()),
            What::NoCode,
            What::Twice(7),
            What::Elsewhere,
            What::NumberTaken,
            What::WorkerNumber(word()),
            What::Broken("#N/A".into()),
        ] {
            let fault = Fault::of(Field::Uscc, what);
            let (zh, en) = (fault.say(Lang::Zh), fault.say(Lang::En));
            assert!(zh.starts_with("统一社会信用代码："), "{zh}");
            assert!(en.starts_with("Credit code: "), "{en}");
            assert!(!en.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{en}");
        }
    }

    #[test]
    fn hidden_characters_become_visible_in_a_sentence() {
        let fault = Fault::of(Field::Kind, What::Word("a\u{202e}b".into()));
        assert!(fault.say(Lang::En).contains("a␣b"));
    }
}
