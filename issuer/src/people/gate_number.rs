//! A worker's number as passes and gates know it.

use fugong_common::hex;
use sha2::{Digest, Sha256};

/// The longest number of an enterprise's own that is carried as it is.
const OWN_CHARACTERS: usize = 16;

/// Enterprises number their own people, and a park's gate serves many enterprises: five characters
/// of the enterprise stand before the worker's own number, so that no two people of a gate share
/// one. Capitals, digits and dashes, at most 24 characters, as a pass demands.
pub fn gate_number(enterprise_id: &str, worker_number: &str) -> String {
    let tag = short(enterprise_id);
    let own = worker_number.to_ascii_uppercase();
    let plain = own.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
    // Lower case, long or unusual numbers of two people must not become one.
    if plain && own == worker_number && (1..=OWN_CHARACTERS).contains(&own.len()) {
        format!("{tag}-{own}")
    } else {
        format!("{tag}-X{}{}", short(worker_number), short(&format!("{worker_number}+")))
    }
}

/// Five hexadecimal characters of a digest, in capitals.
fn short(text: &str) -> String {
    let digest = hex::encode(&Sha256::digest(text.as_bytes()));
    digest.chars().take(5).collect::<String>().to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::pass::WorkerNumber;

    #[test]
    fn the_same_number_in_two_enterprises_is_two_people() {
        let (one, other) = (gate_number("e1", "A0001"), gate_number("e2", "A0001"));
        assert_ne!(one, other);
        assert!(one.ends_with("-A0001"), "{one}");
    }

    #[test]
    fn every_number_fits_a_pass_and_stays_its_own() {
        let numbers = ["A0001", "a0001", "007", "a very long number of somebody", "工1"];
        let mut all: Vec<_> = numbers.iter().map(|number| gate_number("e1", number)).collect();
        for number in &all {
            assert!(WorkerNumber::parse(number).is_ok(), "{number}");
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), numbers.len());
    }
}
