//! Passwords: Argon2id with the OWASP minimum (19 MiB, two passes), NIST SP 800-63B length rules.

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::{PasswordHash, Salt};
use argon2::{Argon2, PasswordVerifier as _};
use fugong_common::entropy::{self, Entropy};
use fugong_common::service::problem::Problem;
use tokio::sync::Semaphore;

/// Each hash takes 19 MiB and a processor: a crowd at the sign-in page waits its turn.
static AT_WORK: Semaphore = Semaphore::const_new(4);

/// Runs password work apart from the server's threads, a few at a time.
///
/// # Errors
/// The work could not be run.
pub async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let _turn = AT_WORK.acquire().await.map_err(Problem::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}

const SHORTEST: usize = 10;
const LONGEST: usize = 200;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFault {
    TooShort,
    TooLong,
    /// One character over and over, a run of the keyboard, or the sign-in name.
    TooPlain,
}

/// Checks and hashes a new password; returns a PHC string.
///
/// # Errors
/// A password outside 10–200 characters, or one that anybody would guess.
pub fn hash_password(
    entropy: &dyn Entropy,
    sign_in: &str,
    password: &str,
) -> Result<String, PasswordFault> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(PasswordFault::TooShort);
    }
    if length > LONGEST {
        return Err(PasswordFault::TooLong);
    }
    let lower = password.to_lowercase();
    let different = lower.chars().collect::<std::collections::BTreeSet<_>>().len();
    let runs = ["12345678", "qwertyui", "password", "abcdefgh", "87654321"];
    if different < 4 || lower.contains(sign_in) || runs.iter().any(|run| lower.contains(run)) {
        return Err(PasswordFault::TooPlain);
    }
    Ok(hash(entropy, password))
}

fn hash(entropy: &dyn Entropy, password: &str) -> String {
    let salt: [u8; 16] = entropy::bytes(entropy);
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        // Only a salt of a wrong length can fail here. An empty hash opens for nobody.
        .unwrap_or_default()
}

/// Hashes a guard's PIN, which [`crate::gates::pin::is_fair`] has let through.
pub fn hash_pin(entropy: &dyn Entropy, pin: &str) -> String {
    hash(entropy, pin)
}

/// Compares in constant time; an empty or broken hash matches nothing, after the same work.
pub fn verify_password(stored: &str, password: &str) -> bool {
    match PasswordHash::new(stored) {
        Ok(parsed) => Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok(),
        Err(_) => {
            // Whoever asks for an unknown name must wait as long as for a known one.
            let _ = Salt::new(&[0; 16]).map(|salt| {
                Argon2::default().hash_password_with_salt(password.as_bytes(), salt.as_ref())
            });
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::entropy::SeededEntropy;

    #[test]
    fn a_good_password_opens_and_no_other_does() {
        let stored = hash_password(&SeededEntropy::new(1), "wang", "correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify_password(&stored, "correct horse"));
        assert!(!verify_password(&stored, "correct hors"));
        assert!(!verify_password("", "correct horse"));
    }

    #[test]
    fn short_plain_and_endless_passwords_are_refused() {
        let try_one = |password: &str| hash_password(&SeededEntropy::new(1), "wangfang", password);
        assert_eq!(try_one("short"), Err(PasswordFault::TooShort));
        assert_eq!(try_one("aaaaaaaaaaaa"), Err(PasswordFault::TooPlain));
        assert_eq!(try_one("Wangfang2020"), Err(PasswordFault::TooPlain));
        assert_eq!(try_one("12345678901"), Err(PasswordFault::TooPlain));
        assert_eq!(try_one(&"长密码".repeat(100)), Err(PasswordFault::TooLong));
        assert!(try_one("平安复工从我做起不掉队").is_ok());
    }
}
