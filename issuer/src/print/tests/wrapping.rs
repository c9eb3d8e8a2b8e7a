use proptest::prelude::*;

use crate::print::fit::{SMALLEST, Step, fit, wrap};
use crate::print::fonts::{Fonts, Weight};

fn lines(text: &str, ems: f32) -> Vec<String> {
    wrap(&Fonts::built_in().unwrap(), Weight::Regular, text, ems, 1.0)
}

#[test]
fn closing_punctuation_never_begins_a_line_and_opening_punctuation_never_ends_one() {
    let text = "芝罘区（原第二纺织机械厂），东门、西门；“两书两表”齐全。";
    for ems in 4..30_u8 {
        for line in lines(text, f32::from(ems)) {
            assert!(!"，、；。）”".contains(line.chars().next().unwrap()), "{ems}: {line}");
            assert!(!"（“".contains(line.chars().last().unwrap()), "{ems}: {line}");
        }
    }
}

#[test]
fn a_number_stays_with_its_measure_word_and_a_latin_word_in_one_piece() {
    for ems in 8..30_u8 {
        let text =
            lines("南大街社区胜利路 158号 Haier Industrial 园区3015室", f32::from(ems)).join("\n");
        for whole in ["158号", "Haier", "Industrial", "3015室"] {
            assert!(text.contains(whole), "{ems}: {text}");
        }
    }
}

#[test]
fn lines_of_a_name_are_even() {
    let fonts = Fonts::built_in().unwrap();
    let steps = [Step { lines: 2, most: 10.0, least: 10.0 }];
    let fitted = fit(&fonts, Weight::Bold, "一二三四五六七八九十甲", 105.0, &steps).unwrap();
    assert_eq!(fitted.lines, ["一二三四五六", "七八九十甲"]);
}

#[test]
fn any_white_space_is_one_space() {
    assert_eq!(lines(" 东\n门\t\u{3000} 西门 ", 40.0), ["东 门 西门"]);
}

#[test]
fn a_text_too_long_for_the_smallest_size_is_refused() {
    let fonts = Fonts::built_in().unwrap();
    let step = Step { lines: 1, most: 5.0, least: 3.0 };
    let room = 60.0;
    assert!(
        fit(&fonts, Weight::Regular, &"复".repeat(30), room, &[step])
            .is_some_and(|fitted| fitted.size >= SMALLEST)
    );
    assert_eq!(fit(&fonts, Weight::Regular, &"复".repeat(60), room, &[step]), None);
}

proptest! {
    #[test]
    fn no_line_is_wider_than_its_room_and_no_character_is_lost(
        text in "[复工许可，。（）A-Za-z0-9 \\-]{0,120}",
        ems in 3.0_f32..40.0,
    ) {
        let fonts = Fonts::built_in().unwrap();
        let wrapped = wrap(&fonts, Weight::Regular, &text, ems, 1.0);
        for line in &wrapped {
            prop_assert!(fonts.width(Weight::Regular, line) <= ems, "{line}");
        }
        let bare = |text: &str| text.chars().filter(|ch| !ch.is_whitespace()).collect::<String>();
        prop_assert_eq!(bare(&wrapped.concat()), bare(&text));
    }
}
