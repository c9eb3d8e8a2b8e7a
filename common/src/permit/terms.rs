//! The terms that a permit's claims are made of.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::cbor::Value;
use crate::claims::ClaimsError;
use crate::entropy::{self, Entropy};
use crate::serial::CROCKFORD;
use crate::uscc::Uscc;

/// Whose permit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// An enterprise with a unified social credit code.
    Coded(Uscc),
    /// A shop without one.
    Uncoded(NoCode),
}

/// Stands for a shop that has no unified social credit code: `NOCODE-` and ten characters of
/// Crockford's base 32, drawn once and kept in the shop's file.
///
/// With its dash and its 17 characters it can't be read as a code of 18, nor the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NoCode([u8; NoCode::LENGTH]);

impl NoCode {
    const PREFIX: &'static str = "NOCODE-";
    const LENGTH: usize = 10;

    /// A fresh one: 50 random bits.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let random: [u8; Self::LENGTH] = entropy::bytes(entropy);
        Self(random.map(|byte| CROCKFORD.get(usize::from(byte % 32)).copied().unwrap_or_default()))
    }
}

impl fmt::Display for NoCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coded(code) => code.fmt(f),
            Self::Uncoded(code) => code.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = ClaimsError;

    /// Reads the one text that [`Display`](fmt::Display) writes; nothing is forgiven here.
    fn from_str(text: &str) -> Result<Self, ClaimsError> {
        let wrong = ClaimsError::Malformed("subject");
        if let Some(id) = text.strip_prefix(NoCode::PREFIX) {
            let id: [u8; NoCode::LENGTH] = id.as_bytes().try_into().map_err(|_| wrong.clone())?;
            let fit = id.iter().all(|byte| CROCKFORD.contains(byte));
            return if fit { Ok(Self::Uncoded(NoCode(id))) } else { Err(wrong) };
        }
        match Uscc::parse(text) {
            Ok(code) if code.as_str() == text => Ok(Self::Coded(code)),
            _ => Err(wrong),
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = ClaimsError;

    fn try_from(text: String) -> Result<Self, ClaimsError> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

/// A site: the 12-digit code of its community, times 10,000, plus its number there.
/// Keys are entitled to ranges of it, so that a division's key covers the division's sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SiteCode(pub u64);

impl SiteCode {
    /// `None` if the community has more than 12 digits or the number more than 4.
    pub fn new(community: u64, number: u64) -> Option<Self> {
        (community < 1_000_000_000_000 && number < 10_000)
            .then_some(Self(community * 10_000 + number))
    }

    pub fn community(self) -> u64 {
        self.0 / 10_000
    }

    pub fn number(self) -> u64 {
        self.0 % 10_000
    }
}

impl fmt::Display for SiteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}-{:04}", self.community(), self.number())
    }
}

/// A closed list of terms, each with the number that is signed for it.
macro_rules! numbered {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$of:meta])* $variant:ident = $number:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number signed for it; never given to another term.
            pub const fn number(self) -> u8 {
                match self { $(Self::$variant => $number,)* }
            }

            /// # Errors
            /// [`ClaimsError::UnknownTerm`]: a term younger than this reader.
            pub fn from_number(number: u64) -> Result<Self, ClaimsError> {
                match number { $($number => Ok(Self::$variant),)* _ => Err(ClaimsError::UnknownTerm) }
            }
        }
    };
}

numbered! {
    /// The class of an enterprise in the order of reopening.
    pub enum Category {
        /// 一般
        Ordinary = 0,
        /// 绿色通道: makers of protective goods.
        Green = 1,
        /// 优先复工: what people's lives depend on.
        Priority = 2,
        /// 重点骨干
        Backbone = 3,
    }
}

numbered! {
    /// The way by which a permit was approved.
    pub enum Route {
        /// 三方联合审批
        TriParty = 0,
        /// 双签字审批
        DualSignature = 1,
        /// 简易程序
        Light = 2,
        /// 备案制: filed, not approved.
        Filing = 3,
        /// 告知承诺制: on the enterprise's word.
        Commitment = 4,
    }
}

numbered! {
    /// The posts that sign.
    pub enum PostKind {
        /// 街道（园区）党工委书记
        Secretary = 0,
        /// 街道办（管委会）主任
        Director = 1,
        /// 主管部门
        Department = 2,
        /// 领导小组
        LeadingGroup = 3,
    }
}

/// How far an enterprise may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema))]
pub enum Mode {
    OnSite,
    /// At most `cap` people inside at a time.
    Partial {
        cap: u32,
    },
    RemoteOnly,
}

impl Mode {
    pub(crate) fn to_value(self) -> Value {
        Value::Array(match self {
            Self::OnSite => vec![0_u8.into()],
            Self::Partial { cap } => vec![1_u8.into(), cap.into()],
            Self::RemoteOnly => vec![2_u8.into()],
        })
    }

    pub(crate) fn from_value(value: Value) -> Result<Self, ClaimsError> {
        let mut parts = value.array()?.into_iter();
        let kind = parts.next().ok_or(ClaimsError::Malformed("mode"))?.unsigned()?;
        match (kind, parts.next(), parts.next()) {
            (0, None, None) => Ok(Self::OnSite),
            (1, Some(cap), None) => Ok(Self::Partial { cap: cap.unsigned32()? }),
            (2, None, None) => Ok(Self::RemoteOnly),
            (0..=2, ..) => Err(ClaimsError::Malformed("mode")),
            _ => Err(ClaimsError::UnknownTerm),
        }
    }
}

/// How a permit came about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Approval {
    pub route: Route,
    /// The posts whose signatures were given.
    pub posts: BTreeSet<PostKind>,
    /// Version of the division's rules by which it was decided.
    pub rule_version: u32,
}

impl Approval {
    pub(super) fn to_value(&self) -> Value {
        let posts: u64 = self.posts.iter().map(|post| 1 << post.number()).sum();
        Value::Array(vec![self.route.number().into(), posts.into(), self.rule_version.into()])
    }

    pub(super) fn from_value(value: Value) -> Result<Self, ClaimsError> {
        let [route, posts, rule_version] = value.items()?;
        let route = Route::from_number(route.unsigned()?)?;
        let bits = posts.unsigned()?;
        let posts = (0..64)
            .filter(|bit| bits >> bit & 1 == 1)
            .map(PostKind::from_number)
            .collect::<Result<_, _>>()?;
        Ok(Self { route, posts, rule_version: rule_version.unsigned32()? })
    }
}
