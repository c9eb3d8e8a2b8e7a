//! The same permit in other places and shown in other ways.

use super::*;
use crate::envelope;
use crate::status::DEFAULT_LIFETIME_SECONDS;
use crate::trust::samples::{HOST, NOW, manifest_key, permit_key};

#[test]
fn the_public_page_has_no_grace_no_site_and_counts_nobody() {
    let judged = |permit: &Permit, world: &World| {
        judge_text(&placard(permit), world, Place::Public, at(NOW)).verdict
    };
    assert_eq!(judged(&Permit { site: OTHER_SITE, ..permit() }, &World::good()), Verdict::Valid);
    let old = World::good().with(|w| w.age(DEFAULT_LIFETIME_SECONDS + 1));
    assert_eq!(judged(&permit(), &old), Verdict::Stale);
    let partial = Permit { mode: Mode::Partial { cap: 60 }, ..permit() };
    assert_eq!(judged(&partial, &World::good()), Verdict::Valid);
    assert_eq!(verdict(&placard(&partial), &World::good()).0, Verdict::Valid);
}

#[test]
fn a_cap_is_said_beside_the_verdict_and_lowers_none() {
    let partial = placard(&Permit { mode: Mode::Partial { cap: 60 }, ..permit() });
    for place in [Place::Public, GATE] {
        let judgement = judge_text(&partial, &World::good(), place, at(NOW));
        assert_eq!(judgement.verdict, Verdict::Valid);
        assert_eq!(judgement.reasons, [Reason::Good, Reason::Cap(60)]);
    }
    let mut world = World::good();
    world.set(&permit_key(), PERMIT_INDEX, Status::Suspended);
    let judgement = judge_text(&partial, &world, Place::Public, at(NOW));
    assert_eq!(judgement.verdict, Verdict::Suspended);
    assert!(!judgement.reasons.contains(&Reason::Cap(60)));
}

#[test]
fn of_several_permits_of_one_lineage_the_best_speaks_for_the_pass() {
    let mut world = World::good();
    world.set(&permit_key(), PERMIT_INDEX, Status::Superseded);
    assert_eq!(verdict(&pass_code(&pass()), &world).0, Verdict::Superseded);
    let reissued = PermitRecord { serial: Serial([6; 8]), status_index: 7, ..record() };
    world.register.as_mut().unwrap().push(reissued);
    assert_eq!(verdict(&pass_code(&pass()), &world).0, Verdict::Valid);
    world.set(&permit_key(), 7, Status::Suspended);
    assert_eq!(verdict(&pass_code(&pass()), &world).0, Verdict::Suspended);
}

#[test]
fn a_typed_number_is_never_better_than_only_if() {
    let world = World::good().with(|w| w.age(DEFAULT_LIFETIME_SECONDS + 1));
    let judgement = judge_text(&Serial([1; 8]).to_string(), &world, GATE, at(NOW));
    assert_eq!(judgement.verdict, Verdict::Conditional);
    assert_eq!(judgement.reasons, [Reason::Grace, Reason::FoundByNumber]);
    let suspended = World::good().with(|w| w.set(&permit_key(), PERMIT_INDEX, Status::Suspended));
    assert_eq!(verdict(&Serial([1; 8]).to_string(), &suspended).0, Verdict::Suspended);
}

#[test]
fn an_unreadable_link_is_a_damaged_placard_under_an_official_host_and_a_poster_elsewhere() {
    let other = envelope::seal(Kind::Manifest, &manifest_key(), &[0xa0]).unwrap();
    let not_ours = crate::base64url::encode(&[&other[..other.len() - 1], &[0, 0]].concat());
    for body in ["hello", "dQw4w9WgXcQ", "12345", not_ours.as_str()] {
        let official = verdict(&format!("https://{HOST}/v/{body}"), &World::good());
        assert_eq!(official, (Verdict::Forged, Reason::Damaged), "{body}");
        let elsewhere = verdict(&format!("https://video.example/v/{body}"), &World::good());
        assert_eq!(elsewhere, (Verdict::NotPermit, Reason::NotOurs), "{body}");
    }
    let odd = format!("https://{HOST}/x/{not_ours}");
    assert_eq!(verdict(&odd, &World::good()), (Verdict::NotPermit, Reason::NotOurs));
    let untold = World::good().with(|w| w.trust = None);
    assert_eq!(verdict("https://video.example/v/hello", &untold).0, Verdict::Forged);
}
