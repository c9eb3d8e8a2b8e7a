//! Accounts, the posts they act as, sessions, and the links by which people set a password.

pub mod api;
pub mod holders;
pub mod manage;
mod own;
pub mod pages;
mod password;
mod role;
pub mod store;
mod words;

pub use password::{PasswordFault, apart, hash_password, hash_pin, verify_password};
pub use role::{Role, say_post};

use fugong_common::entropy::{self, Entropy};
use fugong_common::time::Millis;
use sha2::{Digest, Sha256};

use crate::authz::{Action, Reach};

/// A session ends this long after the last request, and after [`SESSION_HOURS`] at the latest.
pub const SESSION_IDLE_HOURS: i64 = 8;
pub const SESSION_HOURS: i64 = 16;
/// A set-up or reset link is good for this long.
pub const INVITATION_HOURS: i64 = 48;
/// After this many wrong passwords in a row an account rests, twice as long each time.
pub const FAILURES_BEFORE_REST: i64 = 5;

/// What somebody acts as: a role, and the node or enterprise it is bound to.
#[derive(Clone, Debug)]
pub struct Post {
    pub id: String,
    pub role: Role,
    /// Local title of the role there, or its usual one.
    pub title: String,
    pub division_id: String,
    pub division_name: String,
    pub division_path: String,
    pub zone: String,
    pub enterprise_id: String,
    pub line: String,
}

impl Post {
    pub fn reach(&self) -> Reach {
        if self.role.is_of_enterprise() {
            Reach::Enterprise(self.enterprise_id.clone())
        } else {
            Reach::Division(self.division_path.clone())
        }
    }

    /// The title as records keep it: a role's usual title in Chinese, whatever the reader's
    /// language was; a local title as it is.
    pub fn kept_title(&self) -> String {
        use fugong_common::lang::Lang;
        if self.title == self.role.title(Lang::En) {
            return self.role.title(Lang::Zh).to_owned();
        }
        self.title.clone()
    }
}

/// Somebody signed in, acting as one post.
#[derive(Clone, Debug)]
pub struct Actor {
    pub account_id: String,
    pub sign_in: String,
    pub name: String,
    pub post: Post,
    /// All posts held today, the present one among them.
    pub posts: Vec<Post>,
}

impl Actor {
    pub fn may(&self, action: Action) -> bool {
        action.allows(self.post.role)
    }

    pub fn reach(&self) -> Reach {
        self.post.reach()
    }
}

/// How long an account rests after this many wrong passwords in a row: nothing for the first
/// four, then 1, 2, 4 … minutes, at most an hour.
pub fn rest_after(failures: i64) -> Option<i64> {
    let beyond = failures - FAILURES_BEFORE_REST;
    (beyond >= 0).then(|| (60_i64 << beyond.min(6)).min(3600) * 1000)
}

/// A secret for a cookie or a link, and the hash under which it is stored.
#[derive(Debug)]
pub struct Secret {
    pub text: String,
    pub sha256: Vec<u8>,
}

impl Secret {
    /// 256 fresh bits.
    pub fn new(entropy: &dyn Entropy) -> Self {
        use base64::Engine;
        let bytes: [u8; 32] = entropy::bytes(entropy);
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        Self { sha256: Self::hash(&text), text }
    }

    pub fn hash(text: &str) -> Vec<u8> {
        Sha256::digest(text.as_bytes()).to_vec()
    }
}

/// A sign-in name as stored: 2–40 characters, lower case, no blanks or control characters.
pub fn parse_sign_in(text: &str) -> Option<String> {
    let name = text.trim().to_lowercase();
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    ((2..=40).contains(&name.chars().count()) && name.chars().all(fine)).then_some(name)
}

/// Whether a session made and last used at these instants still counts.
pub fn session_is_alive(expires_at: Millis, seen_at: Millis, now: Millis) -> bool {
    now < expires_at && now < seen_at.plus_hours(SESSION_IDLE_HOURS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_rests_longer_each_time_but_never_for_good() {
        assert_eq!(rest_after(4), None);
        assert_eq!(rest_after(5), Some(60_000));
        assert_eq!(rest_after(7), Some(240_000));
        assert_eq!(rest_after(500), Some(3_600_000));
    }

    #[test]
    fn sign_in_names_are_folded_and_blanks_refused() {
        assert_eq!(parse_sign_in(" Wang.Fang "), Some("wang.fang".into()));
        assert_eq!(parse_sign_in("王芳"), Some("王芳".into()));
        assert_eq!(parse_sign_in("a"), None);
        assert_eq!(parse_sign_in("a b"), None);
        assert_eq!(parse_sign_in("a\u{202e}b"), None);
    }

    #[test]
    fn a_session_ends_when_idle_and_at_its_end() {
        let start = Millis(0);
        let end = start.plus_hours(SESSION_HOURS);
        assert!(session_is_alive(end, start, start.plus_hours(7)));
        assert!(!session_is_alive(end, start, start.plus_hours(9)));
        assert!(!session_is_alive(end, end.plus_minutes(-1), end));
    }
}
