//! The tree of divisions (domain A32), and the regimes that are dated data of its nodes (B4).

mod begin;
mod import;
mod node;
pub mod pages;
mod regime;
pub mod store;
pub mod tree;
mod words;

pub use begin::follow;
pub use node::{below, fill_pattern, is_pattern};
pub use regime::{
    Limit, Party, Regime, RegimeKind, RegimeSettings, Routes, Scale, Step, beyond, within,
};

/// How deep a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    City,
    District,
    Street,
    Community,
    Grid,
    Building,
}

impl Level {
    pub const ALL: [Self; 6] =
        [Self::City, Self::District, Self::Street, Self::Community, Self::Grid, Self::Building];

    pub const fn code(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::District => "district",
            Self::Street => "street",
            Self::Community => "community",
            Self::Grid => "grid",
            Self::Building => "building",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }

    pub const fn title(self, lang: fugong_common::lang::Lang) -> &'static str {
        match self {
            Self::City => lang.of("市", "city"),
            Self::District => lang.of("区县", "district"),
            Self::Street => lang.of("街道（园区）", "sub-district"),
            Self::Community => lang.of("社区", "community"),
            Self::Grid => lang.of("网格", "grid"),
            Self::Building => lang.of("楼栋", "building"),
        }
    }

    /// Digits of the 12-digit code that a node of this level fixes; grids and buildings lie
    /// within their community's.
    pub const fn code_digits(self) -> usize {
        match self {
            Self::City => 4,
            Self::District => 6,
            Self::Street => 9,
            Self::Community | Self::Grid | Self::Building => 12,
        }
    }
}

/// Pads a division's code to the 12 digits of the statistical system: `370602` → `370602000000`.
/// `None` unless it has the level's number of digits (or is padded already).
pub fn parse_code(level: Level, text: &str) -> Option<String> {
    let text = text.trim();
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = level.code_digits();
    match text.len() {
        12 if text.bytes().skip(digits).all(|b| b == b'0') => Some(text.to_owned()),
        n if n == digits => Some(format!("{text:0<12}")),
        _ => None,
    }
}

/// The first and last site code within a division: its community codes times 10,000 and a number.
pub fn site_range(level: Level, code: &str) -> Option<(u64, u64)> {
    let digits = level.code_digits();
    let low: u64 = code.parse().ok()?;
    let width = 10_u64.checked_pow(u32::try_from(12 - digits).ok()?)?;
    let start = low.checked_mul(10_000)?;
    Some((start, start.checked_add(width.checked_mul(10_000)?.checked_sub(1)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_padded_to_twelve_digits_or_refused() {
        assert_eq!(parse_code(Level::District, "370602").as_deref(), Some("370602000000"));
        assert_eq!(parse_code(Level::District, "370602000000").as_deref(), Some("370602000000"));
        assert_eq!(parse_code(Level::District, "370602001000"), None);
        assert_eq!(parse_code(Level::Community, "350503005001").as_deref(), Some("350503005001"));
        assert_eq!(parse_code(Level::Street, "35050"), None);
        assert_eq!(parse_code(Level::City, "37x6"), None);
    }

    #[test]
    fn a_division_spans_the_sites_of_its_communities() {
        assert_eq!(
            site_range(Level::District, "370602000000"),
            Some((3_706_020_000_000_000, 3_706_029_999_999_999))
        );
        assert_eq!(
            site_range(Level::Community, "370602001001"),
            Some((3_706_020_010_010_000, 3_706_020_010_019_999))
        );
    }
}
