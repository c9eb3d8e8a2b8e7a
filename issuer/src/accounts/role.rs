//! The roles of the glossary. Titles are local; the role decides what a post may do.

use fugong_common::lang::Lang;

macro_rules! roles {
    ($($(#[$meta:meta])* $role:ident $code:literal $zh:literal $en:literal;)*) => {
        /// What a post does (glossary "roles and posts", domain A102).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role { $($(#[$meta])* $role,)* }

        impl Role {
            pub const ALL: &'static [Self] = &[$(Self::$role,)*];

            /// Stable name in the database and the API.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$role => $code,)* }
            }

            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$role),)* _ => None }
            }

            /// Its usual title, where the division has not given its own.
            pub const fn title(self, lang: Lang) -> &'static str {
                match self { $(Self::$role => lang.of($zh, $en),)* }
            }
        }
    };
}

roles! {
    Administrator "administrator" "系统管理员" "administrator";
    Command "command" "指挥部" "command";
    Intake "intake" "受理人员" "intake officer";
    Checker "checker" "核查人员" "checker";
    Secretary "secretary" "街道（园区）党工委书记" "secretary";
    Director "director" "街道办（管委会）主任" "director";
    Department "department" "主管部门" "competent department";
    LeadingGroup "leading_group" "领导小组" "leading group";
    GridOfficer "grid_officer" "网格员" "grid officer";
    Liaison "liaison" "驻企联络员" "liaison";
    BuildingLiaison "building_liaison" "楼宇联络员" "building liaison";
    PatchLeader "patch_leader" "包片负责人" "patch leader";
    PropertyManager "property_manager" "物业（园区）管理人员" "property manager";
    Inspector "inspector" "巡查人员" "inspector";
    Contact "contact" "经办人" "contact";
    Responsible "responsible" "主要负责人" "responsible person";
}

impl Role {
    /// Bound to one enterprise's file rather than to a subtree.
    pub const fn is_of_enterprise(self) -> bool {
        matches!(self, Self::Contact | Self::Responsible)
    }
}

/// A post's title as it was kept. Titles that are a role's usual one are kept in Chinese and said
/// in the reader's language; local titles are names and stay.
pub fn say_post(kept: &str, lang: Lang) -> String {
    let usual = Role::ALL.iter().find(|role| role.title(Lang::Zh) == kept);
    usual.map_or_else(|| kept.to_owned(), |role| role.title(lang).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_one_code_that_leads_back_to_it() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.code()), Some(*role));
            assert_ne!(role.title(Lang::Zh), role.title(Lang::En));
        }
        assert_eq!(Role::parse("root"), None);
    }
}
