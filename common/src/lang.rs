//! The two languages of every page, placard and error.

use serde::{Deserialize, Serialize};

/// A language that the whole product speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    Zh,
    En,
}

impl Lang {
    /// BCP 47 tag for `lang` attributes and `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-Hans",
            Self::En => "en",
        }
    }

    /// The short form used in cookies, links and `?lang=`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    /// One of two texts.
    pub const fn of<T: Copy>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// Reads a language range such as `zh-CN` or `en`; `None` for languages we don't speak.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Zh)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// The reader's explicit choice first, then `Accept-Language` (RFC 9110 §12.5.4), then Chinese.
    pub fn pick(chosen: Option<&str>, accept_language: Option<&str>) -> Self {
        if let Some(lang) = chosen.and_then(Self::from_tag) {
            return lang;
        }
        let mut best: Option<(f32, Self)> = None;
        for range in accept_language.unwrap_or_default().split(',').take(16) {
            let mut parts = range.split(';');
            let Some(lang) = parts.next().and_then(Self::from_tag) else { continue };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok())
                .unwrap_or(1.0);
            if weight > 0.0 && best.is_none_or(|(known, _)| weight > known) {
                best = Some((weight, lang));
            }
        }
        best.map_or(Self::Zh, |(_, lang)| lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_wins_then_the_heaviest_known_language_then_chinese() {
        assert_eq!(Lang::pick(Some("en"), Some("zh-CN")), Lang::En);
        assert_eq!(Lang::pick(None, Some("fr, en-GB;q=0.8, zh;q=0.9")), Lang::Zh);
        assert_eq!(Lang::pick(None, Some("en-US,en;q=0.9")), Lang::En);
        assert_eq!(Lang::pick(Some("xx"), None), Lang::Zh);
        assert_eq!(Lang::pick(None, Some("en;q=0, *")), Lang::Zh);
    }
}
