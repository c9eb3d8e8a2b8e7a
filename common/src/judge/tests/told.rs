//! What a judgement tells beside its verdict, and what no bytes at all can make it say.

use proptest::prelude::*;

use super::*;
use crate::claims::Validity;
use crate::envelope;
use crate::keys::Signer;
use crate::lang::Lang;
use crate::time::Zone;
use crate::trust::samples::{DAY, NOW, T, permit_key};

#[test]
fn a_judgement_tells_what_the_journal_wants() {
    let judgement = judge_text(&placard(&permit()), &World::good(), GATE, at(NOW));
    assert_eq!(judgement.key, Some(permit_key().key_id()));
    assert_eq!((judgement.list_seq, judgement.status_age_seconds), (Some(12), Some(60)));
    assert_eq!(judgement.status, Some(Status::Valid));
    assert_eq!(judgement.credential, Some(Credential::Permit(permit())));
}

#[test]
fn claims_are_shown_only_when_their_signature_is_good() {
    let mut token = envelope::seal(Kind::Permit, &permit_key(), &permit().encode()).unwrap();
    let last = token.len() - 1;
    token[last] ^= 1;
    let judgement = judge(&Scanned::Bare(token), &World::good(), GATE, at(NOW));
    assert_eq!(judgement.credential, None);
    assert_eq!(judgement.key, Some(permit_key().key_id()), "for the journal: what it claims");
    let foreign = judge_text(
        &placard_under("permits.evil.example", &permit()),
        &World::good(),
        GATE,
        at(NOW),
    );
    assert!(foreign.credential.is_some(), "genuine, and worth a report");
}

#[test]
fn details_name_the_first_day_and_the_age_for_the_instruction() {
    let zone = Zone::parse("Asia/Shanghai").unwrap();
    let text =
        placard(&Permit { validity: Validity::new(T + 2 * DAY, T + 9 * DAY).unwrap(), ..permit() });
    let judgement = judge_text(&text, &World::good(), GATE, at(NOW));
    let details =
        judgement.details(Lang::Zh, &zone, NOW, crate::temperature::Thresholds::USUAL.fever_from());
    assert_eq!(
        judgement.verdict.instruction(Lang::Zh, &details),
        "2 月 12 日起生效，此前不予放行。"
    );
}

#[test]
fn the_reasons_have_no_faults() {
    assert_eq!(crate::words::faults(judgement::ReasonWords::PAIRS), Vec::<String>::new());
    assert_eq!(
        Reason::Cap(60).say(Lang::En),
        "Partial reopening: at most 60 people on site at a time"
    );
    assert!(Reason::KeyNotListed(KeyId([1, 2, 3, 4])).say(Lang::Zh).contains("01020304"));
}

proptest! {
    #[test]
    fn no_single_turned_bit_of_a_token_is_ever_valid(byte in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut token = envelope::seal(Kind::Permit, &permit_key(), &permit().encode()).unwrap();
        let byte = byte.index(token.len());
        token[byte] ^= 1 << bit;
        let judgement = judge(&Scanned::Bare(token), &World::good(), GATE, at(NOW));
        prop_assert!(matches!(judgement.verdict, Verdict::Forged | Verdict::UnknownKey));
    }

    #[test]
    fn any_text_gets_an_answer_and_none_by_chance_is_let_in(text in "\\PC{0,200}") {
        let judgement = judge_text(&text, &World::good(), GATE, at(NOW));
        prop_assert!(!judgement.verdict.admits());
        prop_assert!(!judgement.reasons.is_empty());
    }
}
