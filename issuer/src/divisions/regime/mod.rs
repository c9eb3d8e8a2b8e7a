//! A division's regime: what it asks for, who signs, and its numbers. Data, dated, editable;
//! the defaults are ours where no rule gives one (domain B4, B5).

mod form;
mod limits;
pub(super) mod pages;
mod preview;
mod publish;
mod words;

pub use limits::{Limit, beyond, within};

use fugong_common::lang::Lang;
use fugong_common::time::Millis;
use serde::{Deserialize, Serialize};

use crate::accounts::Role;

/// How reopening is regulated (glossary "regime").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegimeKind {
    Approval,
    Filing,
    Commitment,
    NegativeList,
    Abolished,
}

impl RegimeKind {
    pub const ALL: [Self; 5] =
        [Self::Approval, Self::Filing, Self::Commitment, Self::NegativeList, Self::Abolished];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Filing => "filing",
            Self::Commitment => "commitment",
            Self::NegativeList => "negative_list",
            Self::Abolished => "abolished",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub const fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Approval => lang.of("审批制", "approval"),
            Self::Filing => lang.of("备案制", "filing"),
            Self::Commitment => lang.of("告知承诺制", "commitment"),
            Self::NegativeList => lang.of("负面清单制", "negative list"),
            Self::Abolished => lang.of("已取消审批", "abolished"),
        }
    }
}

/// An enterprise's scale; it decides the route (domain A30).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    Above,
    Below,
    Small,
}

impl Scale {
    pub const ALL: [Self; 3] = [Self::Above, Self::Below, Self::Small];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::Small => "small",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scale| scale.code() == code)
    }

    pub const fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Above => lang.of("规上企业", "above scale"),
            Self::Below => lang.of("规下企业", "below scale"),
            Self::Small => lang.of("小微商户", "small shop"),
        }
    }

    /// The name of the route (glossary "route").
    pub const fn route_title(self, lang: Lang) -> &'static str {
        match self {
            Self::Above => lang.of("三方联合审批", "tri-party approval"),
            Self::Below => lang.of("双签字审批", "dual signature"),
            Self::Small => lang.of("简易程序", "light route"),
        }
    }
}

/// A party of a route: any holder of one of its roles may sign for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Stable name, also in the permit: `street`, `department`, `leading_group`, `secretary`, `director`.
    pub code: String,
    pub zh: String,
    pub en: String,
    /// Codes of roles.
    pub roles: Vec<String>,
}

impl Party {
    pub fn title(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }

    pub fn takes(&self, role: Role) -> bool {
        self.roles.iter().any(|code| code == role.code())
    }
}

/// Whether the parties sign one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub parties: Vec<Party>,
    pub in_order: bool,
}

/// Who must sign, by scale (domain A28, A29, A97).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes {
    pub above: Step,
    pub below: Step,
    pub small: Step,
}

impl Routes {
    pub const fn of(&self, scale: Scale) -> &Step {
        match scale {
            Scale::Above => &self.above,
            Scale::Below => &self.below,
            Scale::Small => &self.small,
        }
    }
}

/// The numbers and texts of a regime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegimeSettings {
    /// At or above this, in tenths of a degree Celsius, nobody goes in (domain B5).
    pub fever_tenths: i16,
    /// Below this a forehead reading is called too low.
    pub low_tenths: i16,
    /// Readings outside are refused as implausible.
    pub plausible_low_tenths: i16,
    pub plausible_high_tenths: i16,
    /// How long a permit holds unless the application says less, in days.
    pub permit_days: i64,
    /// How long a status list is usable without an update, in hours.
    pub status_usable_hours: i64,
    /// How long beyond that a gate may go on conditionally, in hours.
    pub offline_grace_hours: i64,
    /// What a gate does in that time; shown to the guard.
    pub offline_order_zh: String,
    pub offline_order_en: String,
    /// An inspector's suspension ends after this unless confirmed, in hours.
    pub temporary_suspension_hours: i64,
    /// The placard's title (glossary "placard").
    pub placard_title: String,
    /// Working days in which an application should be decided, ordinary and green channel.
    pub decide_within_days: i64,
    pub decide_green_within_days: i64,
    pub routes: Routes,
}

fn party(code: &str, zh: &str, en: &str, roles: &[Role]) -> Party {
    Party {
        code: code.into(),
        zh: zh.into(),
        en: en.into(),
        roles: roles.iter().map(|role| role.code().to_owned()).collect(),
    }
}

impl Default for Routes {
    fn default() -> Self {
        let street =
            party("street", "街道（园区）", "sub-district", &[Role::Secretary, Role::Director]);
        let secretary =
            party("secretary", "街道（园区）党工委书记", "secretary", &[Role::Secretary]);
        let director = party("director", "街道办（管委会）主任", "director", &[Role::Director]);
        let department =
            party("department", "主管部门", "competent department", &[Role::Department]);
        let group = party("leading_group", "领导小组", "leading group", &[Role::LeadingGroup]);
        Self {
            above: Step { parties: vec![street.clone(), department, group], in_order: true },
            below: Step { parties: vec![secretary, director], in_order: false },
            small: Step { parties: vec![street], in_order: false },
        }
    }
}

impl Default for RegimeSettings {
    fn default() -> Self {
        Self {
            fever_tenths: 373,
            low_tenths: 355,
            plausible_low_tenths: 340,
            plausible_high_tenths: 430,
            permit_days: 30,
            status_usable_hours: 72,
            offline_grace_hours: 7 * 24,
            offline_order_zh: "仅放行花名册内人员，逐人登记。".into(),
            offline_order_en: "Let in people on the roster only, and write each one down.".into(),
            temporary_suspension_hours: 48,
            placard_title: "生产经营单位准许复工公示牌".into(),
            decide_within_days: 3,
            decide_green_within_days: 1,
            routes: Routes::default(),
        }
    }
}

/// What holds in a division at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regime {
    pub id: String,
    pub kind: RegimeKind,
    pub rule_version: u32,
    pub settings: RegimeSettings,
    pub starts_at: Millis,
    pub division_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_different_roles_sign_below_scale_and_three_parties_above() {
        let routes = Routes::default();
        assert_eq!(routes.of(Scale::Above).parties.len(), 3);
        let below = routes.of(Scale::Below);
        assert!(below.parties.iter().any(|p| p.takes(Role::Secretary) && !p.takes(Role::Director)));
        assert!(below.parties.iter().any(|p| p.takes(Role::Director) && !p.takes(Role::Secretary)));
    }

    #[test]
    fn settings_survive_json_and_a_missing_field_takes_its_default() {
        let json = serde_json::to_string(&RegimeSettings::default()).unwrap();
        assert_eq!(
            serde_json::from_str::<RegimeSettings>(&json).unwrap(),
            RegimeSettings::default()
        );
        let few: RegimeSettings = serde_json::from_str(r#"{"fever_tenths":375}"#).unwrap();
        assert_eq!((few.fever_tenths, few.permit_days), (375, 30));
        assert!(serde_json::from_str::<RegimeSettings>(r#"{"feverr":1}"#).is_err());
    }
}
