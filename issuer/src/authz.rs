//! Who may do what: one table. Every route names an [`Action`], every action has its line here,
//! so an endpoint without a line does not compile.
//!
//! A line names roles. The relation comes with the role: people of an office act within the
//! subtree of divisions that their post is bound to, people of an enterprise on their own file.

use crate::accounts::Role::{
    self, Administrator, BuildingLiaison, Checker, Command, Contact, Department, Director,
    GridOfficer, Inspector, Intake, LeadingGroup, Liaison, PatchLeader, PropertyManager,
    Responsible, Secretary,
};

/// Who is let through to an endpoint at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a session.
    Public,
    /// An enrolled gate, by the signature of its device key over the request.
    Device,
    /// Anybody with a session, on what is their own.
    SignedIn,
    /// The holders of these posts, within their reach.
    Posts(&'static [Role]),
}

const SIGNING: &[Role] = &[Secretary, Director, Department, LeadingGroup];
const OFFICE: &[Role] = &[
    Administrator,
    Command,
    Intake,
    Checker,
    Secretary,
    Director,
    Department,
    LeadingGroup,
    GridOfficer,
    Liaison,
    BuildingLiaison,
    PatchLeader,
    PropertyManager,
    Inspector,
];
const OFFICE_AND_ENTERPRISE: &[Role] = &[
    Administrator,
    Command,
    Intake,
    Checker,
    Secretary,
    Director,
    Department,
    LeadingGroup,
    GridOfficer,
    Liaison,
    BuildingLiaison,
    PatchLeader,
    PropertyManager,
    Inspector,
    Contact,
    Responsible,
];

macro_rules! actions {
    ($($(#[$meta:meta])* $action:ident => $access:expr;)*) => {
        /// Everything that can be done through the issuer's endpoints.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$meta])* $action,)* }

        impl Action {
            pub const ALL: &'static [Self] = &[$(Self::$action,)*];

            /// The line of the table.
            pub const fn access(self) -> Access {
                match self { $(Self::$action => $access,)* }
            }
        }
    };
}

actions! {
    /// Health, assets, language, sign-in, first set-up.
    Enter => Access::Public;
    /// The public page of a placard, and reporting a problem with it.
    VerifyInPublic => Access::Public;
    SpeakAsGate => Access::Device;
    /// To-do list, own password, post switch, sign-out.
    UseConsole => Access::SignedIn;
    ManageAccounts => Access::Posts(&[Administrator]);
    ManageDivisions => Access::Posts(&[Administrator]);
    ReadAudit => Access::Posts(&[Administrator, Command]);
    ReadEnterprises => Access::Posts(OFFICE_AND_ENTERPRISE);
    EditEnterprises => Access::Posts(&[Administrator, Intake, GridOfficer, Liaison]);
    ImportEnterprises => Access::Posts(&[Administrator, Intake]);
    ReadPeople => Access::Posts(&[Administrator, Intake, Checker, GridOfficer, Liaison, Inspector, Contact, Responsible]);
    EditPeople => Access::Posts(&[Administrator, Intake, GridOfficer, Liaison, Contact, Responsible]);
    ReadApplications => Access::Posts(OFFICE_AND_ENTERPRISE);
    FileApplications => Access::Posts(&[Intake, GridOfficer, Liaison, Contact, Responsible]);
    WithdrawApplications => Access::Posts(&[Contact, Responsible]);
    AcceptApplications => Access::Posts(&[Intake]);
    CheckSites => Access::Posts(&[Checker]);
    SignApplications => Access::Posts(SIGNING);
    ReturnApplications => Access::Posts(&[Intake, Checker, Secretary, Director, Department, LeadingGroup]);
    RefuseApplications => Access::Posts(SIGNING);
    ReadPermits => Access::Posts(OFFICE_AND_ENTERPRISE);
    /// Approval and issue are two acts (domain A40).
    IssuePermits => Access::Posts(&[Intake, Secretary, Director]);
    ReissuePermits => Access::Posts(&[Intake, Secretary, Director]);
    PrintPermits => Access::Posts(&[Administrator, Intake, Secretary, Director, Contact, Responsible]);
    /// By an inspector temporary, until an approving post confirms it.
    SuspendPermits => Access::Posts(&[Inspector, Secretary, Director, Department, LeadingGroup]);
    ConfirmSuspensions => Access::Posts(SIGNING);
    ResumePermits => Access::Posts(SIGNING);
    RevokePermits => Access::Posts(SIGNING);
    IssuePasses => Access::Posts(&[Administrator, Intake, Contact, Responsible]);
    ScanPlacards => Access::Posts(&[Administrator, Intake, Checker, Inspector, GridOfficer, Liaison, Secretary, Director]);
    ReadGates => Access::Posts(OFFICE);
    ManageGates => Access::Posts(&[Administrator]);
    ReadRecords => Access::Posts(&[Administrator, Command, Intake, Checker, GridOfficer, Liaison, Inspector, Contact, Responsible]);
    ReadReports => Access::Posts(&[Administrator, Inspector, Intake, Secretary, Director]);
    ReadKeys => Access::Posts(&[Administrator]);
}

impl Action {
    /// Whether a post in this role may do it somewhere.
    pub fn allows(self, role: Role) -> bool {
        match self.access() {
            Access::Public | Access::SignedIn => true,
            Access::Device => false,
            Access::Posts(roles) => roles.contains(&role),
        }
    }
}

/// Where something lies, for holding it against a post's reach.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Path of the division it lies in.
    pub division_path: &'a str,
    /// The enterprise whose file it belongs to, if any.
    pub enterprise_id: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// What belongs to no enterprise's file: the division itself, a gate, a place.
    pub const fn in_division(division_path: &'a str) -> Self {
        Self { division_path, enterprise_id: None }
    }
}

/// How far a post reaches. Lists filter by it in SQL; single acts call [`Reach::covers`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A subtree of divisions, by its root's path.
    Division(String),
    /// One enterprise's own file.
    Enterprise(String),
}

impl Reach {
    pub fn covers(&self, place: Place<'_>) -> bool {
        match self {
            Self::Division(path) => place.division_path.starts_with(path.as_str()),
            Self::Enterprise(id) => !id.is_empty() && place.enterprise_id == Some(id.as_str()),
        }
    }

    /// For SQL: `path >= from AND path < to AND ('' = own OR enterprise_id = own)`.
    pub fn bounds(&self) -> Bounds {
        match self {
            Self::Division(path) => {
                Bounds { from: path.clone(), to: after(path), own: String::new() }
            }
            Self::Enterprise(id) => {
                // An enterprise post without an enterprise reaches nothing.
                let own = if id.is_empty() { "none".to_owned() } else { id.clone() };
                Bounds { from: String::new(), to: "\u{10ffff}".to_owned(), own }
            }
        }
    }
}

/// A reach as values to bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub from: String,
    pub to: String,
    pub own: String,
}

/// The first path behind a subtree: paths end in '/', and '0' is the next character.
fn after(path: &str) -> String {
    format!("{}0", path.strip_suffix('/').unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn the_table_is_reviewed_line_by_line() {
        let mut table = String::new();
        for action in Action::ALL {
            let who = match action.access() {
                Access::Public => "anybody".to_owned(),
                Access::Device => "an enrolled gate".to_owned(),
                Access::SignedIn => "anybody signed in".to_owned(),
                Access::Posts(roles) => {
                    roles.iter().map(|role| role.code()).collect::<Vec<_>>().join(" ")
                }
            };
            writeln!(table, "{:<22} {who}", format!("{action:?}")).unwrap();
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_reach_covers_its_subtree_and_nothing_beside_it() {
        let street = Reach::Division("/yt/zf/".into());
        let at = |division_path| Place { division_path, enterprise_id: Some("e1") };
        assert!(street.covers(at("/yt/zf/")));
        assert!(street.covers(at("/yt/zf/c1/")));
        assert!(!street.covers(at("/yt/zf2/")));
        assert!(!street.covers(at("/yt/")));
        let bounds = street.bounds();
        for (path, inside) in
            [("/yt/zf/", true), ("/yt/zf/c1/", true), ("/yt/zf2/", false), ("/yt/", false)]
        {
            assert_eq!(*path >= *bounds.from && *path < *bounds.to, inside, "{path}");
        }
    }

    #[test]
    fn an_enterprise_reaches_its_own_file_only() {
        let own = Reach::Enterprise("e1".into());
        assert!(own.covers(Place { division_path: "/a/", enterprise_id: Some("e1") }));
        assert!(!own.covers(Place { division_path: "/a/", enterprise_id: Some("e2") }));
        assert!(!own.covers(Place::in_division("/a/")));
        let nobody = Reach::Enterprise(String::new());
        assert!(!nobody.covers(Place { division_path: "/a/", enterprise_id: Some("") }));
        assert_eq!(nobody.bounds().own, "none");
    }
}
