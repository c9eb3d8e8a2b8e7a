//! Check numbers that people type: 64 random bits as 13 characters, and 2 characters to check them.
//!
//! Crockford's base 32 leaves out I, L, O and U, so that a reader can't mistake one for a digit.
//! The check is the number modulo 1021, the largest prime that fits two characters: it finds every
//! single wrong character and every swapped pair of neighbours.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::entropy::{self, Entropy};
use crate::hex;

pub(crate) const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK_PRIME: u64 = 1021;
const DATA_CHARACTERS: usize = 13;
const ALL_CHARACTERS: usize = DATA_CHARACTERS + 2;

/// The number of one permit, also the `cti` of its token. Printed as `FG-7K2M4-4Q9DX-01C7R`.
///
/// In JSON and URLs it is 16 hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial(pub [u8; 8]);

/// The reference of a worker pass, for slow scanners and for typing. Printed as
/// `P-7K2M4-4Q9DX-01C7R`, 19 characters; it means nothing without the gate's roster.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PassReference(pub [u8; 8]);

/// Why a typed number can't be one that we printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SerialError {
    /// So many characters, without dashes and prefix, instead of 15.
    Length(usize),
    /// This character, at this place (from 1), is not used in our numbers.
    Character { character: char, place: usize },
    /// Two characters were swapped, or one is wrong.
    Check,
}

impl fmt::Display for SerialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(got) => write!(f, "15 characters are wanted, not {got}: look for a gap"),
            Self::Character { character, place } => {
                write!(f, "{character:?} at place {place} is not used in these numbers")
            }
            Self::Check => f.write_str("a character is wrong, or two are swapped: compare again"),
        }
    }
}

impl std::error::Error for SerialError {}

macro_rules! typed_number {
    ($name:ident, $prefix:literal, $offset:literal) => {
        impl $name {
            const PREFIX: &'static str = $prefix;
            /// Sets the check characters of the two sorts apart, so that neither is read as the other.
            const OFFSET: u64 = $offset;

            /// A fresh random number.
            pub fn new(entropy: &dyn Entropy) -> Self {
                Self(entropy::bytes(entropy))
            }

            /// Reads what a person typed: with or without prefix and dashes, in either case, with
            /// I or L for 1 and O for 0, and in the wide characters of Chinese keyboards.
            pub fn parse_typed(text: &str) -> Result<Self, SerialError> {
                parse(text, Self::PREFIX, Self::OFFSET).map(|n| Self(n.to_be_bytes()))
            }

            pub fn to_hex(self) -> String {
                hex::encode(&self.0)
            }

            pub fn from_hex(text: &str) -> Option<Self> {
                hex::decode_array(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&printed(self.0, Self::PREFIX, Self::OFFSET))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::from_hex(&text).ok_or("16 hexadecimal characters are wanted")
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> Self {
                number.to_hex()
            }
        }
    };
}

typed_number!(Serial, "FG", 0);
typed_number!(PassReference, "P", 511);

fn check(number: u64, offset: u64) -> u64 {
    (number % CHECK_PRIME + offset) % CHECK_PRIME
}

fn printed(bytes: [u8; 8], prefix: &str, offset: u64) -> String {
    let number = u64::from_be_bytes(bytes);
    // 65 + 10 bits in groups of five, the highest first.
    let all = u128::from(number) << 10 | u128::from(check(number, offset));
    let mut text = prefix.to_owned();
    for place in 0..ALL_CHARACTERS {
        if place % 5 == 0 {
            text.push('-');
        }
        let group = (all >> (5 * (ALL_CHARACTERS - 1 - place))) & 31;
        text.extend(
            CROCKFORD.get(usize::try_from(group).unwrap_or_default()).map(|c| char::from(*c)),
        );
    }
    text
}

fn parse(text: &str, prefix: &str, offset: u64) -> Result<u64, SerialError> {
    let plain: Vec<char> = text.chars().filter_map(plain_character).collect();
    let prefix: Vec<char> = prefix.chars().collect();
    // The letters of a prefix are also letters of numbers: only the length tells.
    let number = match plain.strip_prefix(prefix.as_slice()) {
        Some(number) if plain.len() == ALL_CHARACTERS + prefix.len() => number,
        _ => plain.as_slice(),
    };
    if number.len() != ALL_CHARACTERS {
        return Err(SerialError::Length(number.len()));
    }
    let mut all = 0_u128;
    for (at, character) in number.iter().enumerate() {
        let value = match character {
            'I' | 'L' => Some(1),
            'O' => Some(0),
            other => CROCKFORD.iter().position(|c| char::from(*c) == *other),
        };
        let value = value.ok_or(SerialError::Character { character: *character, place: at + 1 })?;
        all = all << 5 | value as u128;
    }
    // The first of 13 characters holds only four bits.
    let number = u64::try_from(all >> 10).map_err(|_| SerialError::Check)?;
    if all & 1023 == u128::from(check(number, offset)) {
        Ok(number)
    } else {
        Err(SerialError::Check)
    }
}

/// One typed character as it is printed; `None` for what people put between groups.
fn plain_character(character: char) -> Option<char> {
    let narrow = match character {
        // Wide forms of Chinese keyboards, U+FF01 to U+FF5E, stand 0xFEE0 above ASCII.
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        other => other,
    };
    let between = narrow.is_whitespace()
        || matches!(narrow, '-' | '_' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{3002}');
    (!between).then(|| narrow.to_ascii_uppercase())
}

#[cfg(test)]
mod tests;
