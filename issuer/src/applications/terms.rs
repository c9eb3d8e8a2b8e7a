//! The terms of an application: kind, class, mode (glossary "application").

use fugong_common::lang::Lang;
use fugong_common::permit::{Category, Mode};
use fugong_common::words::fill;
use serde::{Deserialize, Serialize};

/// What is applied for (domain A98).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    First,
    Expansion,
    Amendment,
    Renewal,
    Resumption,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::First, Self::Expansion, Self::Amendment, Self::Renewal, Self::Resumption];

    pub const fn code(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Expansion => "expansion",
            Self::Amendment => "amendment",
            Self::Renewal => "renewal",
            Self::Resumption => "resumption",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub const fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::First => lang.of("首次复工", "first reopening"),
            Self::Expansion => lang.of("扩产", "expansion"),
            Self::Amendment => lang.of("变更", "amendment"),
            Self::Renewal => lang.of("延续", "renewal"),
            Self::Resumption => lang.of("停业后恢复", "resumption after closure"),
        }
    }
}

/// The classes in the order of the queue (domain A21–A24).
pub const CLASSES: [Category; 4] =
    [Category::Green, Category::Priority, Category::Backbone, Category::Ordinary];

pub const fn class_code(class: Category) -> &'static str {
    match class {
        Category::Green => "green",
        Category::Priority => "priority",
        Category::Backbone => "backbone",
        Category::Ordinary => "ordinary",
    }
}

pub fn parse_class(code: &str) -> Option<Category> {
    CLASSES.into_iter().find(|class| class_code(*class) == code)
}

/// Place in the queue: lower comes first.
pub const fn class_rank(class: Category) -> i64 {
    match class {
        Category::Green => 0,
        Category::Priority => 1,
        Category::Backbone => 2,
        Category::Ordinary => 3,
    }
}

pub fn class_of_rank(rank: i64) -> Option<Category> {
    CLASSES.into_iter().find(|class| class_rank(*class) == rank)
}

pub const fn class_title(class: Category, lang: Lang) -> &'static str {
    match class {
        Category::Green => lang.of("绿色通道", "green channel"),
        Category::Priority => lang.of("优先复工", "priority"),
        Category::Backbone => lang.of("重点骨干", "backbone"),
        Category::Ordinary => lang.of("一般", "ordinary"),
    }
}

/// Codes of modes in the form.
pub const MODES: [&str; 3] = ["on_site", "partial", "remote"];

pub const fn mode_code(mode: Mode) -> &'static str {
    match mode {
        Mode::OnSite => "on_site",
        Mode::Partial { .. } => "partial",
        Mode::RemoteOnly => "remote",
    }
}

/// As it is shown, with the cap where there is one.
pub fn mode_title(mode: Mode, lang: Lang) -> String {
    match mode {
        Mode::OnSite => lang.of("现场复工", "on site").to_owned(),
        Mode::RemoteOnly => lang.of("线上复工", "remote only").to_owned(),
        Mode::Partial { cap } => {
            fill(lang.of("限员复工（上限 {cap} 人）", "partial (at most {cap})"), &[("cap", &cap)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_to_their_terms() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.code()), Some(kind));
        }
        for (rank, class) in CLASSES.into_iter().enumerate() {
            assert_eq!(parse_class(class_code(class)), Some(class));
            assert_eq!(class_of_rank(i64::try_from(rank).unwrap()), Some(class));
        }
        assert_eq!(parse_class("urgent"), None);
    }

    #[test]
    fn a_capped_mode_says_its_cap() {
        assert_eq!(mode_title(Mode::Partial { cap: 60 }, Lang::Zh), "限员复工（上限 60 人）");
        assert_eq!(mode_title(Mode::Partial { cap: 60 }, Lang::En), "partial (at most 60)");
    }
}
