use std::collections::HashSet;

use super::words::{PublicAdvice, VerdictInstructions, VerdictWords};
use super::*;
use crate::lang::Lang;

#[test]
fn every_verdict_is_listed_once_and_found_by_its_code() {
    let codes: HashSet<_> = Verdict::ALL.iter().map(|v| v.code()).collect();
    assert_eq!(codes.len(), Verdict::ALL.len());
    for verdict in Verdict::ALL {
        assert_eq!(Verdict::from_code(verdict.code()), Some(verdict));
        let json = serde_json::to_string(&verdict).unwrap();
        assert_eq!(json, format!("\"{}\"", verdict.code()));
        assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
    }
    assert_eq!(Verdict::from_code("Valid"), None);
    assert!(serde_json::from_str::<Verdict>("\"go\"").is_err());
}

#[test]
fn only_go_is_green_and_only_green_opens() {
    for verdict in Verdict::ALL {
        assert_eq!(verdict.tone() == Tone::Go, verdict.admits(), "{verdict}");
        assert_eq!(verdict.sound() == Sound::Admit, verdict.admits(), "{verdict}");
        assert_eq!(verdict.icon() == Icon::CircleCheck, verdict.admits(), "{verdict}");
    }
}

#[test]
fn the_catalogues_have_no_faults() {
    for pairs in [VerdictWords::PAIRS, VerdictInstructions::PAIRS, PublicAdvice::PAIRS] {
        assert_eq!(crate::words::faults(pairs), Vec::<String>::new());
    }
}

#[test]
fn no_two_verdicts_share_a_word() {
    for lang in [Lang::Zh, Lang::En] {
        let words: HashSet<_> = Verdict::ALL.iter().map(|v| v.word(lang)).collect();
        assert_eq!(words.len(), Verdict::ALL.len());
    }
}

#[test]
fn a_verdict_is_never_called_a_code_and_a_guard_never_says_fever() {
    for verdict in Verdict::ALL {
        let said = verdict.word(Lang::Zh);
        assert!(!said.contains('码') && !said.contains("发热") && !said.contains("疑似"), "{said}");
        let told = verdict.instruction(Lang::Zh, &Details::default());
        assert!(
            !told.contains("发热") && !told.contains("疑似") && !told.contains("吊销"),
            "{told}"
        );
    }
}

#[test]
fn instructions_take_their_numbers_from_data() {
    let details = Details {
        about: About::Permit,
        fever_from: crate::temperature::Temperature::from_tenths(375),
        first_day: Some("2 月 12 日".to_owned()),
        status_age_seconds: Some(3 * 3600),
    };
    assert_eq!(Verdict::Measure.instruction(Lang::Zh, &details), "体温低于 37.5 ℃ 方可放行。");
    assert_eq!(Verdict::NotYet.instruction(Lang::Zh, &details), "2 月 12 日起生效，此前不予放行。");
    assert!(Verdict::Stale.instruction(Lang::Zh, &details).contains("状态已 3 小时未更新"));
    assert!(Verdict::Stale.instruction(Lang::En, &details).contains("3 h old"));
}

#[test]
fn instructions_without_facts_leave_no_gap() {
    for verdict in Verdict::ALL {
        for lang in [Lang::Zh, Lang::En] {
            let said = verdict.instruction(lang, &Details::default());
            assert!(
                !said.contains('{') && !said.contains("  ") && !said.starts_with('起'),
                "{verdict}: {said}"
            );
        }
    }
}

#[test]
fn an_expired_pass_is_reissued_and_an_expired_permit_renewed() {
    let pass = Details { about: About::Pass, ..Details::default() };
    assert!(Verdict::Expired.instruction(Lang::Zh, &pass).contains("补办新证"));
    assert!(Verdict::Expired.instruction(Lang::Zh, &Details::default()).contains("办理延续"));
}

#[test]
fn icons_differ_in_outline_and_carry_no_inline_style() {
    let outlines: HashSet<_> = Icon::ALL.iter().map(|icon| icon.outline_path()).collect();
    assert_eq!(outlines.len(), Icon::ALL.len());
    for icon in Icon::ALL {
        let svg = icon.svg();
        assert!(svg.contains("aria-hidden=\"true\"") && !svg.contains("style="), "{svg}");
        assert_eq!(svg.contains("stroke-dasharray"), icon == Icon::DashedSquareQuestion);
    }
}
