//! What a key may sign, and for how long that counts.

use super::*;
use crate::envelope;
use crate::placard::{Origin, placard_url};
use crate::trust::samples::{DAY, HOST, T, manifest_key, pass_key, permit_key};

#[test]
fn a_key_signs_its_own_kind_only() {
    let official = Origin::parse(&format!("https://{HOST}")).unwrap();
    for (signer, role_kind) in [(permit_key(), Kind::Permit), (pass_key(), Kind::Pass)] {
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != role_kind) {
            for payload in [permit().encode(), pass().encode()] {
                let token = envelope::seal(kind, &signer, &payload).unwrap();
                let text = placard_url(&official, &token);
                assert_eq!(
                    verdict(&text, &World::good()).0,
                    Verdict::Forged,
                    "{kind:?} by {role_kind:?} key"
                );
            }
        }
    }
    let manifest = envelope::seal(Kind::Manifest, &manifest_key(), &permit().encode()).unwrap();
    assert_eq!(verdict(&placard_url(&official, &manifest), &World::good()).0, Verdict::Forged);
}

#[test]
fn dates_hold_from_their_first_second_to_before_their_last() {
    let text = placard(&permit());
    let fresh = |now: u64| {
        let world =
            World::good().with(|w| w.statuses.values_mut().for_each(|claims| claims.iat = now));
        let world =
            world.with(|w| w.statuses.values_mut().for_each(|claims| claims.exp = now + DAY));
        judge_text(&text, &world, GATE, at(Millis::from_seconds(now))).verdict
    };
    let (nbf, exp) = (validity().not_before(), validity().expires());
    assert_eq!(fresh(nbf - 1), Verdict::NotYet);
    assert_eq!(fresh(nbf), Verdict::Valid);
    assert_eq!(fresh(exp - 1), Verdict::Valid);
    assert_eq!(fresh(exp), Verdict::Expired);
}

#[test]
fn a_permit_whose_key_has_ended_is_expired_and_one_that_outlives_it_is_refused() {
    let ended = |w: &mut World| w.trusted(&permit_key()).exp = validity().expires();
    let text = placard(&permit());
    let later = at(Millis::from_seconds(validity().expires()));
    assert_eq!(
        judge_text(&text, &World::good().with(ended), GATE, later).verdict,
        Verdict::Expired
    );
    let shorter = World::good().with(|w| w.trusted(&permit_key()).exp = validity().expires() - 1);
    assert_eq!(
        verdict(&text, &shorter),
        (Verdict::KeyNotEntitled, Reason::Key(KeyRefusal::OutlivesKey))
    );
    let unfit = World::good().with(|w| w.trusted(&permit_key()).nbf = T);
    assert_eq!(
        verdict(&text, &unfit),
        (Verdict::KeyNotEntitled, Reason::Key(KeyRefusal::OutsideWindow))
    );
}

#[test]
fn a_pass_by_its_reference_ends_with_its_key() {
    let text = REFERENCE.to_string();
    let ended = World::good().with(|w| w.trusted(&pass_key()).exp = T);
    assert_eq!(verdict(&text, &ended), (Verdict::Expired, Reason::Key(KeyRefusal::KeyEnded)));
    let lost = World::good().with(|w| w.trusted(&pass_key()).exp = T);
    let lost = lost.with(|w| w.set(&pass_key(), PASS_INDEX, Status::Revoked));
    assert_eq!(verdict(&text, &lost).0, Verdict::PassLost, "known harm is still named first");
    let lasting = World::good().with(|w| w.trusted(&pass_key()).exp = T + 1);
    assert_eq!(verdict(&text, &lasting).0, Verdict::Valid);
}
