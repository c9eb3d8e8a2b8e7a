//! Names of people and enterprises, and what of a person may be shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lang::Lang;

/// A name fit for a signed token: 1 to 120 bytes of UTF-8, no control, bidirectional or invisible
/// characters, no white space at its ends. Not normalised: rare characters stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// The longest name, in bytes of UTF-8: 40 Chinese characters.
pub const MAX_NAME_BYTES: usize = 120;

/// Why a text can't be a name on a permit or pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    Empty,
    /// So many bytes of UTF-8 instead of at most 120.
    TooLong(usize),
    /// A control, bidirectional or invisible character, at this place (from 1).
    Character {
        character: char,
        place: usize,
    },
    /// White space before or behind the name.
    Edges,
}

impl Name {
    /// Takes a name as it is signed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.trim().is_empty() {
            return Err(NameError::Empty);
        }
        if text.trim() != text {
            return Err(NameError::Edges);
        }
        if text.len() > MAX_NAME_BYTES {
            return Err(NameError::TooLong(text.len()));
        }
        match text.chars().enumerate().find(|(_, c)| unfit(*c)) {
            Some((at, character)) => Err(NameError::Character { character, place: at + 1 }),
            None => Ok(Self(text.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes a name as people type it: white space at the ends is dropped.
pub fn clean_name(text: &str) -> Result<Name, NameError> {
    Name::parse(text.trim())
}

/// Takes one line of other text as people type it, such as an address: white space at the ends is
/// dropped, and it may be empty.
pub fn clean_line(text: &str, max_bytes: usize) -> Result<String, NameError> {
    let text = text.trim();
    if text.len() > max_bytes {
        return Err(NameError::TooLong(text.len()));
    }
    match text.chars().enumerate().find(|(_, c)| unfit(*c)) {
        Some((at, character)) => Err(NameError::Character { character, place: at + 1 }),
        None => Ok(text.to_owned()),
    }
}

/// Characters that would let a signed name look like another one.
fn unfit(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Bidi_Control of Unicode, and the two separators that break lines.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}'
            // Invisible, and of no use in a name; joiners and variation selectors are of use.
            | '\u{00ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl NameError {
    /// What the person who typed the name should do.
    pub fn say(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Self::Empty) => "请填写名称".to_owned(),
            (Lang::En, Self::Empty) => "Give a name".to_owned(),
            (Lang::Zh, Self::TooLong(_)) => "名称过长，最多 40 个汉字，请使用简称".to_owned(),
            (Lang::En, Self::TooLong(got)) => {
                format!("The name takes {got} bytes, at most 120 fit: use a shorter form")
            }
            (Lang::Zh, Self::Character { place, .. }) => {
                format!("名称第 {place} 个字符不可见或会改变文字方向，请删去后重新输入")
            }
            (Lang::En, Self::Character { place, .. }) => {
                format!(
                    "Character {place} of the name is invisible or turns the text around: delete it and type again"
                )
            }
            (Lang::Zh, Self::Edges) => "名称前后有空格，请删去".to_owned(),
            (Lang::En, Self::Edges) => "Delete the spaces around the name".to_owned(),
        }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Lang::En))
    }
}

impl std::error::Error for NameError {}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// A person's name as it may stand on a screen that others can see: 张三 → 张*, 王小明 → 王*明.
/// The ends are kept so that a guard can compare, one star stands for each hidden character.
pub fn mask_name(name: &str) -> String {
    let characters: Vec<char> = name.trim().chars().collect();
    match characters.as_slice() {
        [] => String::new(),
        [_] => "*".to_owned(),
        [first, _] => format!("{first}*"),
        [first, hidden @ .., last] => {
            let mut masked = String::from(*first);
            // Spaces and the dot between parts of a name hide nothing.
            masked.extend(hidden.iter().map(|c| if matches!(c, ' ' | '·') { *c } else { '*' }));
            masked.push(*last);
            masked
        }
    }
}

/// The last four characters of an identity or telephone number; `None` if it is too short to hide
/// anything behind them (fewer than eight characters) or they aren't digits (X may end a number).
pub fn last_four(number: &str) -> Option<String> {
    let plain: Vec<char> = number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if plain.len() < 8 {
        return None;
    }
    let [.., a, b, c, d] = plain.as_slice() else { return None };
    let last = if d.eq_ignore_ascii_case(&'x') { 'X' } else { *d };
    let fit =
        [a, b, c].iter().all(|c| c.is_ascii_digit()) && (last == 'X' || last.is_ascii_digit());
    fit.then(|| [*a, *b, *c, last].iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_enterprises_and_people_are_kept_as_they_are() {
        for name in
            ["大浪新石时尚服饰厂", "𠮷野家", "阿卜杜拉·买买提", "Smith & Söhne GmbH", "辻\u{e0100}"]
        {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
        assert_eq!(clean_name(" 甲厂\n").unwrap().as_str(), "甲厂");
        let longest = "厂".repeat(40);
        assert_eq!(Name::parse(&longest).unwrap().as_str(), longest);
    }

    #[test]
    fn a_name_that_could_look_like_another_is_refused() {
        assert_eq!(Name::parse("　"), Err(NameError::Empty));
        assert_eq!(Name::parse(" 甲厂"), Err(NameError::Edges));
        assert_eq!(Name::parse(&"厂".repeat(41)), Err(NameError::TooLong(123)));
        for character in [
            '\n', '\0', '\u{7f}', '\u{85}', '\u{202e}', '\u{2067}', '\u{200f}', '\u{200b}',
            '\u{feff}',
        ] {
            assert_eq!(
                Name::parse(&format!("甲{character}厂")),
                Err(NameError::Character { character, place: 2 })
            );
        }
    }

    #[test]
    fn a_line_may_be_empty_but_hides_nothing() {
        assert_eq!(clean_line("  ", 200), Ok(String::new()));
        assert_eq!(clean_line(" 幸福路 1 号\n", 200).as_deref(), Ok("幸福路 1 号"));
        assert_eq!(clean_line("一二三", 8), Err(NameError::TooLong(9)));
        assert!(matches!(
            clean_line("幸福\u{202e}路", 200),
            Err(NameError::Character { place: 3, .. })
        ));
    }

    #[test]
    fn a_masked_name_can_be_compared_but_not_read() {
        for (name, masked) in [
            ("张三", "张*"),
            ("王小明", "王*明"),
            ("欧阳娜娜", "欧**娜"),
            ("阿卜杜拉·买买提", "阿***·**提"),
            ("John Smith", "J*** ****h"),
            ("张", "*"),
            ("", ""),
        ] {
            assert_eq!(mask_name(name), masked);
        }
    }

    #[test]
    fn the_last_four_characters_hide_the_rest() {
        assert_eq!(last_four("11010519491231002x").as_deref(), Some("002X"));
        assert_eq!(last_four("138 0013 8000").as_deref(), Some("8000"));
        assert_eq!(last_four("1234567"), None);
        assert_eq!(last_four("1101051949abcd"), None);
    }

    proptest! {
        #[test]
        fn an_accepted_name_has_nothing_to_trim_and_fits(text in ".{0,60}") {
            if let Ok(name) = clean_name(&text) {
                prop_assert!(name.as_str().len() <= MAX_NAME_BYTES);
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn a_mask_keeps_the_length_and_at_most_two_characters(name in "[\u{4e00}-\u{9fff}]{1,8}") {
            let masked = mask_name(&name);
            prop_assert_eq!(masked.chars().count(), name.chars().count());
            prop_assert!(masked.chars().filter(|c| *c != '*').count() <= 2);
        }
    }
}
