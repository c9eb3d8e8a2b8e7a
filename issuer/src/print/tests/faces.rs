use image::GrayImage;
use usvg::{Node, Tree};

use super::reading::{grey, qr_text, quarter};
use super::samples::{cards, long, nasty, placard_text, preview, short};
use crate::print::canvas::{Canvas, Run};
use crate::print::{
    Field, Fonts, PassCard, Placard, PrintError, Sheet, face, pass_sheet_pdf, pass_sheet_png,
    pass_sheet_svg, placard_png, placard_svg,
};

/// Millimetres: left, top, right, bottom.
type Box4 = (f32, f32, f32, f32);

fn crosses(a: Box4, b: Box4) -> bool {
    const TOUCH: f32 = 0.02;
    a.0 + TOUCH < b.2 && b.0 + TOUCH < a.2 && a.1 + TOUCH < b.3 && b.1 + TOUCH < a.3
}

/// Where the ink of an ideograph reaches.
fn ink(fonts: &Fonts, run: &Run) -> Box4 {
    let left = run.left(fonts);
    let width = fonts.width(run.ink.weight, &run.text) * run.size;
    (left, run.y - 0.88 * run.size, left + width, run.y + 0.12 * run.size)
}

fn texts_of(group: &usvg::Group) -> Vec<&usvg::Text> {
    group
        .children()
        .iter()
        .flat_map(|node| match node {
            Node::Group(group) => texts_of(group),
            Node::Text(text) => vec![text.as_ref()],
            _ => Vec::new(),
        })
        .collect()
}

fn bare(text: &str) -> String {
    text.chars().filter(|ch| !ch.is_whitespace()).collect()
}

fn printed(canvas: &Canvas<'_>) -> String {
    canvas.runs.iter().map(|run| bare(&run.text)).collect()
}

fn placards() -> Vec<Placard> {
    let named = |name: &str| Placard { enterprise: name.to_owned(), ..long() };
    vec![
        short(),
        long(),
        nasty(),
        preview(),
        named("店"),
        named(&"复".repeat(40)),
        named(&"Haier Industrial ".repeat(7)),
    ]
}

#[test]
fn every_text_stands_on_the_face_whole_and_unshortened() {
    let fonts = Fonts::built_in().unwrap();
    for placard in placards() {
        let canvas = face::lay_out(&fonts, &placard).unwrap();
        let printed = printed(&canvas);
        for (field, text) in placard.texts() {
            // English names of class and route are for other pages.
            if !(text.is_ascii() && matches!(field, Field::Class | Field::Route)) {
                assert!(printed.contains(&bare(text)), "{field:?} {text} in {printed}");
            }
        }
        for words in ["主要负责人", "有效期", "扫码核验：有效/暂停/撤销；发现问题请举报", "盖章处"]
        {
            assert!(printed.contains(words), "{words}");
        }
    }
}

#[test]
fn conditions_are_numbered_only_when_there_are_several() {
    let fonts = Fonts::built_in().unwrap();
    let with = |conditions: &[&str]| {
        let conditions = conditions.iter().map(ToString::to_string).collect();
        printed(&face::lay_out(&fonts, &Placard { conditions, ..short() }).unwrap())
    };
    assert!(with(&[]).contains("Conditions无主要负责人"));
    assert!(with(&["每日消毒"]).contains("Conditions每日消毒主要负责人"));
    assert!(with(&["每日消毒", "分餐"]).contains("Conditions1.每日消毒2.分餐主要负责人"));
}

#[test]
fn no_line_leaves_its_room_as_the_renderer_shapes_it() {
    let fonts = Fonts::built_in().unwrap();
    for placard in placards() {
        let canvas = face::lay_out(&fonts, &placard).unwrap();
        let svg = placard_svg(&fonts, Sheet::A4, &placard).unwrap();
        let tree = Tree::from_str(&svg, fonts.options()).unwrap();
        let texts = texts_of(tree.root());
        assert!(texts.len() >= canvas.runs.len());
        for (run, text) in canvas.runs.iter().zip(texts) {
            let measured = text.bounding_box().width();
            assert!(measured <= run.room + 0.01, "{}: {measured} > {}", run.text, run.room);
            let expected = fonts.width(run.ink.weight, &run.text) * run.size;
            assert!(
                (measured - expected).abs() < 0.05,
                "{}: shaped {measured}, set {expected}",
                run.text
            );
        }
    }
}

#[test]
fn no_text_touches_another_the_frame_or_the_code() {
    let fonts = Fonts::built_in().unwrap();
    for placard in placards() {
        let canvas = face::lay_out(&fonts, &placard).unwrap();
        let boxes: Vec<_> = canvas.runs.iter().map(|run| (ink(&fonts, run), &run.text)).collect();
        for (n, (one, text)) in boxes.iter().enumerate() {
            assert!(
                one.0 >= 12.0 && one.2 <= 198.0 && one.1 >= 12.0 && one.3 <= 287.5,
                "{text} {one:?}"
            );
            for (other, neighbour) in &boxes[n + 1..] {
                assert!(!crosses(*one, *other), "{text} {one:?} over {neighbour} {other:?}");
            }
            for stamp in &canvas.stamps {
                let side =
                    stamp.module * f32::from(u8::try_from(stamp.qr.outer_modules()).unwrap());
                assert!(
                    !crosses(*one, (stamp.x, stamp.y, stamp.x + side, stamp.y + side)),
                    "{text} on the code"
                );
            }
        }
    }
}

#[test]
fn the_code_is_at_least_90_mm_wide_for_every_address_a_placard_can_have() {
    let fonts = Fonts::built_in().unwrap();
    for digits in [390, 450, 600, 1_200] {
        let mut placard = short();
        if let crate::print::Stage::Issued(issue) = &mut placard.stage {
            issue.qr = format!("https://a.cn/v/{}", "7".repeat(digits));
        }
        let canvas = face::lay_out(&fonts, &placard).unwrap();
        let stamp = &canvas.stamps[0];
        let modules = f32::from(u8::try_from(stamp.qr.modules()).unwrap());
        assert!(stamp.module * modules >= 90.0, "{digits} digits: {} mm", stamp.module * modules);
    }
}

#[test]
fn the_code_reads_from_the_printed_picture_and_at_a_quarter_of_its_size() {
    let fonts = Fonts::built_in().unwrap();
    for sheet in [Sheet::A4, Sheet::A3] {
        let picture = grey(&placard_png(&fonts, sheet, &long()).unwrap());
        assert_eq!(
            picture.dimensions(),
            if sheet == Sheet::A4 { (2480, 3508) } else { (3508, 4961) }
        );
        assert_eq!(qr_text(&picture), Some(placard_text(1)));
        assert_eq!(qr_text(&quarter(&picture)), Some(placard_text(1)));
    }
}

#[test]
fn the_picture_says_that_it_has_300_dots_an_inch() {
    let png = placard_png(&Fonts::built_in().unwrap(), Sheet::A4, &short()).unwrap();
    let chunk =
        [b"pHYs".as_slice(), &11_811_u32.to_be_bytes(), &11_811_u32.to_be_bytes(), &[1]].concat();
    assert!(png.windows(chunk.len()).any(|window| window == chunk));
}

#[test]
fn a_preview_says_so_across_the_sheet_and_carries_no_code() {
    let fonts = Fonts::built_in().unwrap();
    let svg = placard_svg(&fonts, Sheet::A4, &preview()).unwrap();
    assert_eq!(svg.matches("样张 无效").count(), 3);
    assert!(!svg.contains("crispEdges"));
    assert_eq!(qr_text(&grey(&placard_png(&fonts, Sheet::A4, &preview()).unwrap())), None);
    let issued = placard_svg(&fonts, Sheet::A4, &short()).unwrap();
    assert!(!issued.contains("样张") && issued.contains("crispEdges"));
}

#[test]
fn markup_in_a_name_is_printed_and_not_obeyed() {
    let fonts = Fonts::built_in().unwrap();
    let name = r#"</text><image href="file:///etc/passwd"/>&amp;"#;
    let svg =
        placard_svg(&fonts, Sheet::A4, &Placard { enterprise: name.into(), ..short() }).unwrap();
    assert!(!svg.contains("<image"));
    let tree = Tree::from_str(&svg, fonts.options()).unwrap();
    let text: String = texts_of(tree.root())
        .iter()
        .flat_map(|text| text.chunks())
        .map(|chunk| chunk.text().to_owned())
        .collect();
    assert!(bare(&text).contains(&bare(name)), "{text}");
}

#[test]
fn more_than_the_table_holds_is_refused_and_named() {
    let fonts = Fonts::built_in().unwrap();
    let placard = Placard { conditions: vec!["通风消毒。".repeat(900)], ..short() };
    let error = placard_svg(&fonts, Sheet::A4, &placard).unwrap_err();
    assert!(matches!(error, PrintError::TooMuchText(Field::Facts)), "{error}");
    assert!(error.zh().contains("公示内容"));
}

#[test]
fn twenty_three_passes_fill_three_sheets_and_both_codes_of_a_card_read() {
    let fonts = Fonts::built_in().unwrap();
    let cards = cards(23);
    let sheets = pass_sheet_png(&fonts, &cards).unwrap();
    assert_eq!(sheets.len(), 3);
    let picture = grey(&sheets[2]);
    let cut = |picture: &GrayImage, [x, y, width, height]: [u32; 4]| {
        let dots = |tenths_of_millimetre: u32| tenths_of_millimetre * 300 / 254;
        image::imageops::crop_imm(picture, dots(x), dots(y), dots(width), dots(height)).to_image()
    };
    // The third card of the last sheet: second row, first column.
    let card = cut(&picture, [194, 675, 856, 540]);
    let (main, small) = (cut(&card, [425, 100, 430, 440]), cut(&card, [10, 398, 150, 142]));
    assert_eq!(qr_text(&main), Some(cards[22].qr.clone()));
    assert_eq!(qr_text(&small), Some(cards[22].reference.clone()));
}

#[test]
fn every_text_of_a_pass_stands_inside_its_card_beside_its_codes() {
    let fonts = Fonts::built_in().unwrap();
    let cards = cards(10);
    let sheets = crate::print::pass::sheets(&fonts, &cards).unwrap();
    let printed = printed(&sheets[0]);
    for (field, text) in cards.iter().flat_map(PassCard::texts) {
        assert!(printed.contains(&bare(text)), "{field:?} {text}");
    }
    let boxes: Vec<_> = sheets[0].runs.iter().map(|run| (ink(&fonts, run), &run.text)).collect();
    for (n, (one, text)) in boxes.iter().enumerate() {
        for (other, neighbour) in &boxes[n + 1..] {
            assert!(!crosses(*one, *other), "{text} over {neighbour}");
        }
        for stamp in &sheets[0].stamps {
            let side = stamp.module * f32::from(u8::try_from(stamp.qr.outer_modules()).unwrap());
            assert!(
                !crosses(*one, (stamp.x, stamp.y, stamp.x + side, stamp.y + side)),
                "{text} on a code"
            );
        }
    }
}

#[test]
fn a_reference_longer_than_twenty_characters_and_an_empty_batch_are_refused() {
    let fonts = Fonts::built_in().unwrap();
    let mut cards = cards(1);
    cards[0].reference = "P".repeat(21);
    let error = pass_sheet_svg(&fonts, &cards).unwrap_err();
    assert!(
        matches!(&error, PrintError::Item { cause, .. } if matches!(**cause, PrintError::TooMuchText(Field::Reference))),
        "{error}"
    );
    assert!(matches!(pass_sheet_pdf(&fonts, "出入证", &[]), Err(PrintError::Empty)));
}
