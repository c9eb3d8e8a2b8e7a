//! What an enterprise is, parsed from forms and sheets alike.

use fugong_common::lang::Lang;
use fugong_common::person::Name;
use fugong_common::uscc::Uscc;

use crate::divisions::Scale;

macro_rules! coded {
    ($(#[$meta:meta])* $name:ident { $($variant:ident $code:literal $zh:literal $en:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Stable name in the database, sheets and the API.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            pub const fn title(self, lang: Lang) -> &'static str {
                match self { $(Self::$variant => lang.of($zh, $en),)* }
            }

            /// What people see for a stored code; an unknown one is shown as it is.
            pub fn say(code: &str, lang: Lang) -> String {
                Self::parse(code).map_or_else(|| code.to_owned(), |known| known.title(lang).to_owned())
            }
        }
    };
}
pub(crate) use coded;

coded! {
    /// What sort of applicant it is (domain A97).
    Kind {
        Company "company" "企业" "company";
        Shop "shop" "商铺（九小场所）" "shop";
        Individual "individual" "个体工商户" "sole trader";
        Institution "institution" "机关事业单位" "institution";
        Site "site" "建设项目" "building project";
        Other "other" "其他单位" "other";
    }
}

coded! {
    /// What a survey found (domain A72).
    SurveyState {
        Waiting "waiting" "待复工" "waiting to reopen";
        Reopened "reopened" "已复工" "reopened";
        Closed "closed" "停业" "closed down";
    }
}

/// The unified social credit code, or why there is none (domain B8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    Uscc(Uscc),
    /// A shop without a code; the reason is never empty.
    Without(String),
}

impl Code {
    pub fn uscc(&self) -> Option<&str> {
        match self {
            Self::Uscc(uscc) => Some(uscc.as_str()),
            Self::Without(_) => None,
        }
    }

    pub fn reason(&self) -> &str {
        match self {
            Self::Uscc(_) => "",
            Self::Without(reason) => reason,
        }
    }
}

/// Everything about an enterprise that people enter, already checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub code: Code,
    pub name: Name,
    pub kind: Kind,
    pub scale: Scale,
    pub industry: String,
    /// Department line that looks after it (domain A31).
    pub line: String,
    pub responsible_name: String,
    pub responsible_phone: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub epidemic_officer: String,
    pub epidemic_phone: String,
}

/// What a survey of the territory noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    pub state: SurveyState,
    pub staff: u32,
    /// Day on which it means to reopen, `2020-02-10`, or empty.
    pub planned_on: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_code_that_leads_back_to_it() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.code()), Some(*kind));
            assert_ne!(kind.title(Lang::Zh), kind.title(Lang::En));
        }
        for state in SurveyState::ALL {
            assert_eq!(SurveyState::parse(state.code()), Some(*state));
        }
        assert_eq!(Kind::say("guild", Lang::Zh), "guild");
    }
}
