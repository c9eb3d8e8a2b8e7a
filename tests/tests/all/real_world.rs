//! Paper in the real world: printed, weathered, photographed, and read all the same, by our reader
//! and by `zbarimg`, which shares no code with it.

use std::path::Path;

use fugong_issuer::print::{
    Fonts, PassCard, Sheet as Paper, pass_sheet_pdf, pass_sheet_png, placard_pdf, placard_png,
};
use fugong_tests::camera::papers::{
    Writing, card_codes, cards, decode, of_placard, placard, placard_sheet, placard_text,
    rasterised,
};
use fugong_tests::camera::{Damage, Dice, Distance, Frame, Sheet};
use fugong_tests::readers::Reader;
use image::GrayImage;
use tempfile::TempDir;

/// In how many of a damage's six frames a placard must be read: by us as a photo, by the other, and
/// by one of them. What stands beneath the table of docs/performance.md as promised is read in all
/// six by one of them.
const BOUNDS: [(Damage, [usize; 3]); 14] = [
    (Damage::None, [6, 6, 6]),
    (Damage::Eighth, [6, 1, 6]),
    (Damage::Turned, [6, 5, 6]),
    (Damage::Slanted, [6, 0, 6]),
    (Damage::Blurred, [6, 0, 6]),
    (Damage::Squeezed, [6, 6, 6]),
    (Damage::Faded, [6, 6, 6]),
    (Damage::CornerGone, [6, 6, 6]),
    (Damage::CodeTorn, [6, 6, 6]),
    (Damage::Written, [5, 5, 6]),
    (Damage::Shaded, [6, 6, 6]),
    (Damage::Glare, [6, 6, 6]),
    (Damage::Photo, [6, 2, 6]),
    (Damage::BadDay, [4, 2, 4]),
];

/// Near enough that a person would hold still.
fn frames(sheet: &Sheet, damage: Damage, count: u64) -> Vec<Frame> {
    (0..count)
        .map(|seed| damage.scene(sheet, Distance::NEAR, &mut Dice::new(seed)).shoot(sheet))
        .collect()
}

/// Frame by frame, whether a reader finds the text; damage may make a code unreadable, but nothing
/// is ever read that is not printed there.
fn reads(reader: Reader, frames: &[Frame], text: &str, printed: &[String]) -> Vec<bool> {
    let scratch = TempDir::new().unwrap();
    let found = reader.read(frames, scratch.path());
    let strange = found.iter().flatten().find(|found| !printed.contains(found));
    assert_eq!(strange, None, "{reader:?} reads what is not printed");
    found.iter().map(|texts| texts.iter().any(|found| found == text)).collect()
}

fn count(read: impl IntoIterator<Item = bool>) -> usize {
    read.into_iter().filter(|read| *read).count()
}

#[test]
fn a_printed_placard_is_read_through_every_damage_it_promises_to_bear() {
    let sheet = placard_sheet(&Fonts::built_in().unwrap(), Writing::Digits);
    let text = placard_text(Writing::Digits);
    let mut short = Vec::new();
    for (damage, [ours, other, either]) in BOUNDS {
        let frames = frames(&sheet, damage, 6);
        let printed = [text.clone()];
        let [a, b] =
            [Reader::Upload, Reader::Zbar].map(|reader| reads(reader, &frames, &text, &printed));
        let both: Vec<bool> = a.iter().zip(&b).map(|(a, b)| *a || *b).collect();
        let got = [count(a), count(b), count(both)];
        println!("{damage:?}: ours {}, zbar {}, either {}", got[0], got[1], got[2]);
        if got[0] < ours || got[1] < other || got[2] < either {
            short.push((damage, got));
        }
    }
    assert!(short.is_empty(), "read too seldom: {short:?}");
}

/// What a running camera does with the frames of damages that leave every module to be seen.
#[test]
fn a_gate_reads_a_gently_treated_placard_from_its_first_frame() {
    let sheet = placard_sheet(&Fonts::built_in().unwrap(), Writing::Digits);
    let text = placard_text(Writing::Digits);
    for damage in [
        Damage::None,
        Damage::Turned,
        Damage::Squeezed,
        Damage::Faded,
        Damage::CornerGone,
        Damage::Shaded,
    ] {
        let frames = frames(&sheet, damage, 6);
        let read = reads(Reader::Gate, &frames, &text, std::slice::from_ref(&text));
        assert_eq!(count(read), 6, "{damage:?}");
    }
}

fn both_read(picture: GrayImage, damages: &[Damage]) {
    let sheet = of_placard(picture, Writing::Digits);
    let text = placard_text(Writing::Digits);
    for damage in damages {
        let frames = frames(&sheet, *damage, 3);
        for reader in [Reader::Gate, Reader::Zbar] {
            let read = reads(reader, &frames, &text, std::slice::from_ref(&text));
            assert_eq!(count(read), 3, "{damage:?}, {reader:?}");
        }
    }
}

const GENTLE: [Damage; 4] = [Damage::None, Damage::Squeezed, Damage::CornerGone, Damage::Shaded];

#[test]
fn the_pdf_reads_like_the_picture_whatever_the_printer_makes_of_it() {
    let fonts = Fonts::built_in().unwrap();
    let scratch = TempDir::new().unwrap();
    let pdf = placard_pdf(&fonts, Paper::A4, &placard(Writing::Digits)).unwrap();
    both_read(rasterised(&pdf, 300, scratch.path()), &GENTLE);
    // A draft on an old machine.
    both_read(rasterised(&pdf, 150, scratch.path()), &[Damage::None]);
}

#[test]
fn a3_is_the_same_face_in_picture_and_pdf() {
    let fonts = Fonts::built_in().unwrap();
    let scratch = TempDir::new().unwrap();
    let placard = placard(Writing::Digits);
    // The canvas is measured in millimetres of A4 on either paper.
    both_read(decode(&placard_png(&fonts, Paper::A3, &placard).unwrap()), &[Damage::None]);
    let pdf = placard_pdf(&fonts, Paper::A3, &placard).unwrap();
    both_read(rasterised(&pdf, 212, scratch.path()), &[Damage::None, Damage::Shaded]);
}

/// Both codes of every card on a page: by both readers in good light, those of the first and the
/// last card by ours in bad light too.
fn cards_read(page: GrayImage, cards: &[PassCard]) {
    let printed: Vec<String> =
        cards.iter().flat_map(|card| [card.qr.clone(), card.reference.clone()]).collect();
    let (first, modules) = card_codes(&cards[0], 0)[0];
    let page = Sheet::new(page, 210.0, first, modules);
    let sides = [Distance { least: 300.0, most: 420.0 }, Distance { least: 110.0, most: 170.0 }];
    let (mut plain, mut texts) = (Vec::new(), Vec::new());
    for (at, card) in cards.iter().enumerate() {
        for ((code, modules), distance) in card_codes(card, at).into_iter().zip(sides) {
            let sheet = page.with_code(code, modules);
            let text = if modules > 30.0 { &card.qr } else { &card.reference };
            let shoot = |damage: Damage| {
                damage.scene(&sheet, distance, &mut Dice::new(at as u64)).shoot(&sheet)
            };
            plain.push(shoot(Damage::None));
            texts.push(text);
            if at == 0 || at + 1 == cards.len() {
                let damaged = [Damage::Turned, Damage::Squeezed, Damage::Shaded].map(shoot);
                let read = reads(Reader::Gate, &damaged, text, &printed);
                assert_eq!(count(read), 3, "card {at}, {text}");
            }
        }
    }
    let scratch = TempDir::new().unwrap();
    for reader in [Reader::Gate, Reader::Zbar] {
        let found = reader.read(&plain, scratch.path());
        for (found, text) in found.iter().zip(&texts) {
            assert!(found.contains(text), "{reader:?}: {text} in {found:?}");
        }
    }
}

#[test]
fn both_codes_of_every_pass_on_a_sheet_are_read_from_picture_and_pdf() {
    let fonts = Fonts::built_in().unwrap();
    let cards = cards(10);
    let png = &pass_sheet_png(&fonts, &cards).unwrap()[0];
    cards_read(decode(png), &cards);
    let scratch = TempDir::new().unwrap();
    let pdf = pass_sheet_pdf(&fonts, "员工出入证", &cards).unwrap();
    cards_read(rasterised(&pdf, 300, scratch.path()), &cards[..2]);
}

/// What a keyboard scanner types and a person copies: the printed reference is the one in the code.
#[test]
fn the_short_reference_is_printed_as_its_code_says_it() {
    let fonts = Fonts::built_in().unwrap();
    let cards = cards(3);
    let scratch = TempDir::new().unwrap();
    let pdf = scratch.path().join("passes.pdf");
    std::fs::write(&pdf, pass_sheet_pdf(&fonts, "员工出入证", &cards).unwrap()).unwrap();
    let text = copied(&pdf);
    for card in &cards {
        assert!(card.reference.len() <= 20, "{}", card.reference);
        assert!(text.contains(&card.reference), "{} in {text}", card.reference);
        assert_eq!(
            fugong_common::placard::Scanned::read(&card.reference),
            fugong_common::placard::Scanned::PassReference(
                fugong_common::serial::PassReference::parse_typed(&card.reference).unwrap()
            )
        );
    }
}

/// The text that somebody copies out of a PDF.
fn copied(pdf: &Path) -> String {
    let output = std::process::Command::new("pdftotext").arg(pdf).arg("-").output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
