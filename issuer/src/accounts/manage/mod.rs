//! Administration of accounts: who may be given what, and what must not be taken away.

pub(super) mod pages;
mod posts;
pub(crate) mod store;
mod titles;
mod words;

use super::Role;
use crate::authz::Reach;

/// Why an administrator's act is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody would be left who can give posts there.
    LastAdministrator,
    /// One's own account, or the post one is acting as.
    Own,
    /// The account holds a post outside the administrator's reach.
    Beyond,
}

/// A post as far as these rules look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPost<'a> {
    pub id: &'a str,
    pub role: Role,
    pub division_path: &'a str,
    /// Whether it is held, or will be.
    pub running: bool,
}

/// Whether an account is this administrator's to manage: none of its running posts lies outside,
/// or else a street's administrator could make a password link for the district's.
pub fn check_reach(posts: &[HeldPost<'_>], reach: &Reach) -> Result<(), Refusal> {
    let within = |post: &HeldPost<'_>| match reach {
        Reach::Division(path) => post.division_path.starts_with(path.as_str()),
        Reach::Enterprise(_) => false,
    };
    if posts.iter().filter(|post| post.running).all(within) { Ok(()) } else { Err(Refusal::Beyond) }
}

/// The administrator's posts that end when `post_id` ends, or all of them when the account is
/// switched off (`None`). Each needs somebody else over its place.
pub fn administrations<'a>(posts: &'a [HeldPost<'a>], post_id: Option<&str>) -> Vec<&'a str> {
    posts
        .iter()
        .filter(|post| post.running && post.role == Role::Administrator)
        .filter(|post| post_id.is_none_or(|id| id == post.id))
        .map(|post| post.division_path)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(id: &'static str, role: Role, division_path: &'static str) -> HeldPost<'static> {
        HeldPost { id, role, division_path, running: true }
    }

    #[test]
    fn a_street_does_not_manage_an_account_that_also_works_for_the_district() {
        let street = Reach::Division("/zf/xy/".into());
        let own = post("1", Role::Intake, "/zf/xy/");
        let above = post("2", Role::Command, "/zf/");
        assert_eq!(check_reach(std::slice::from_ref(&own), &street), Ok(()));
        assert_eq!(check_reach(&[own.clone(), above.clone()], &street), Err(Refusal::Beyond));
        let former = HeldPost { running: false, ..above };
        assert_eq!(check_reach(&[own, former], &street), Ok(()));
    }

    #[test]
    fn only_posts_of_administrators_that_would_end_need_somebody_else() {
        let posts = [
            post("1", Role::Administrator, "/zf/"),
            post("2", Role::Intake, "/zf/"),
            post("3", Role::Administrator, "/zf/xy/"),
        ];
        assert_eq!(administrations(&posts, Some("1")), ["/zf/"]);
        assert_eq!(administrations(&posts, Some("2")), [""; 0]);
        assert_eq!(administrations(&posts, None), ["/zf/", "/zf/xy/"]);
    }
}
