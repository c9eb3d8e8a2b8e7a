//! Fields that several forms and sheets share, parsed once at the edge.

use fugong_common::lang::Lang;
use fugong_common::person::{NameError, clean_line};
use serde::Deserialize;

/// Longest free line in a form: an address, a reason.
pub const LINE_BYTES: usize = 300;

/// A name folded for search: narrow, lower case, without blanks.
pub fn name_key(name: &str) -> String {
    name.chars().map(narrow).filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Full-width forms of ASCII as Chinese keyboards type them.
pub fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        '\u{3000}' => ' ',
        other => other,
    }
}

/// Why a field was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldError {
    Missing,
    TooLong,
    /// The character at this place (from 1) is invisible or turns the text around.
    Character(usize),
    Phone,
}

impl FieldError {
    /// What is wrong and what to do.
    pub fn say(self, lang: Lang) -> String {
        match self {
            Self::Missing => lang.of("必填，请补充", "Needed: fill it in").to_owned(),
            Self::TooLong => lang
                .of("内容过长，请缩短到 100 个字以内", "Too long: at most 100 Chinese characters")
                .to_owned(),
            Self::Character(place) => match lang {
                Lang::Zh => format!("第 {place} 个字符不可见或会改变文字方向，请删去后重新输入"),
                Lang::En => format!(
                    "Character {place} is invisible or turns the text around: delete it and type again"
                ),
            },
            Self::Phone => lang
                .of(
                    "电话号码应为 5 至 20 位数字，可含 + 和 -，请核对",
                    "A telephone number has 5 to 20 digits, with + and - where needed: check it",
                )
                .to_owned(),
        }
    }
}

impl From<NameError> for FieldError {
    fn from(error: NameError) -> Self {
        match error {
            NameError::Empty | NameError::Edges => Self::Missing,
            NameError::TooLong(_) => Self::TooLong,
            NameError::Character { place, .. } => Self::Character(place),
        }
    }
}

/// A line that may be empty.
pub fn line(text: &str) -> Result<String, FieldError> {
    Ok(clean_line(text, LINE_BYTES)?)
}

/// A line that must say something.
pub fn needed(text: &str) -> Result<String, FieldError> {
    let line = line(text)?;
    if line.is_empty() { Err(FieldError::Missing) } else { Ok(line) }
}

/// A free text of several lines, no longer than `most` characters. Browsers count a line's end as one
/// character and send two.
pub fn clip(text: &str, most: usize) -> String {
    text.trim().replace("\r\n", "\n").chars().take(most).collect()
}

/// A telephone number without blanks, or nothing.
pub fn phone(text: &str) -> Result<String, FieldError> {
    let plain: String = line(text)?.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    if plain.is_empty() {
        return Ok(plain);
    }
    let digits = plain.chars().filter(char::is_ascii_digit).count();
    let fit = plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | '/'));
    if fit && (5..=20).contains(&digits) { Ok(plain) } else { Err(FieldError::Phone) }
}

/// A telephone number of which only the ends show: 138****8000.
pub fn mask_phone(phone: &str) -> String {
    let length = phone.chars().count();
    let shown = |at: usize| length >= 9 && (at < 3 || at + 4 >= length);
    phone.chars().enumerate().map(|(at, c)| if shown(at) { c } else { '*' }).collect()
}

/// A form as it was sent, field by field in order: for names that repeat, or are not known
/// beforehand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Sent(Vec<(String, String)>);

impl Sent {
    /// The first value of a field; empty where it was not sent.
    pub fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every value of a field.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The values of all fields whose names are meant, in order.
    pub fn named(&self, meant: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| meant(key)).map(|(_, value)| value.as_str())
    }

    /// Whether a field was sent at all: the button that was pressed.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// What the form saw, or how it is now where nothing was sent.
    pub fn seen(&self, name: &str, now: &str) -> String {
        let sent = self.value(name);
        if sent.is_empty() { now.to_owned() } else { sent.to_owned() }
    }

    /// What was answered, without what it was answered to.
    #[must_use]
    pub fn answers(&self) -> Self {
        self.0.iter().filter(|(key, _)| !key.starts_with("seen_")).cloned().collect()
    }

    /// Whether one of the boxes of this name was ticked.
    pub fn ticks(&self, name: &str, value: &str) -> bool {
        self.values(name).any(|sent| sent == value)
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Sent {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

/// What is wrong with a form, by field; shown beside each field and counted above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(Vec<(&'static str, String)>);

impl Errors {
    pub fn add(&mut self, field: &'static str, what: impl Into<String>) {
        self.0.push((field, what.into()));
    }

    /// What is wrong with a field; empty if nothing.
    pub fn of(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == field).map_or("", |(_, what)| what.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.0.iter()
    }

    /// The value of a parsed field, or an empty stand-in with the error kept.
    pub fn take<T: Default>(
        &mut self,
        field: &'static str,
        lang: Lang,
        parsed: Result<T, FieldError>,
    ) -> T {
        parsed.unwrap_or_else(|error| {
            self.add(field, error.say(lang));
            T::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_whatever_its_width_case_and_blanks() {
        assert_eq!(name_key("ＡＢＣ 公司　一厂"), "abc公司一厂");
    }

    #[test]
    fn telephone_numbers_lose_their_blanks_and_nothing_else() {
        assert_eq!(phone(" 0535-688 1234 ").as_deref(), Ok("0535-6881234"));
        assert_eq!(phone("１３８００１３８０００").as_deref(), Ok("13800138000"));
        assert_eq!(phone("").as_deref(), Ok(""));
        assert_eq!(phone("1380013800O"), Err(FieldError::Phone));
        assert_eq!(phone("12"), Err(FieldError::Phone));
    }

    #[test]
    fn a_masked_number_keeps_its_ends_only() {
        assert_eq!(mask_phone("13800138000"), "138****8000");
        assert_eq!(mask_phone("12345"), "*****");
        assert_eq!(mask_phone(""), "");
    }

    #[test]
    fn a_text_as_long_as_the_form_lets_it_be_keeps_its_end() {
        let typed = "行\r\n".repeat(500);
        assert_eq!(clip(&typed, 1000).chars().count(), 999);
        assert!(clip(&format!("{typed}尾"), 1001).ends_with('尾'));
    }

    #[test]
    fn a_hidden_character_is_named_by_its_place() {
        assert_eq!(needed("甲\u{202e}厂"), Err(FieldError::Character(2)));
        assert_eq!(needed("  "), Err(FieldError::Missing));
        assert_eq!(line(&"长".repeat(101)), Err(FieldError::TooLong));
    }
}
