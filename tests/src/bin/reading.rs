//! Prints how many frames of a damaged placard each reader reads, with the token in digits and, in
//! the same frames, in base64url: `cargo run --release -p fugong-tests --bin reading -- [FRAMES]`.
#![expect(clippy::expect_used, reason = "a program of the tests")]

use fugong_issuer::print::Fonts;
use fugong_tests::camera::papers::{Writing, placard_sheet, placard_text};
use fugong_tests::camera::{Damage, Dice, Distance, Frame};
use fugong_tests::readers::Reader;

const WRITINGS: [Writing; 2] = [Writing::Digits, Writing::Base64url];

fn main() {
    let frames: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100);
    let mut readers = vec![Reader::Gate, Reader::Upload, Reader::Zbar];
    if std::env::var_os("FUGONG_ZXING_PYTHON").is_some() {
        readers.push(Reader::ZxingCpp);
    }
    let fonts = Fonts::built_in().expect("the fonts are sound");
    let scratch = tempfile::tempdir().expect("a scratch folder can be made");
    let sheets = WRITINGS.map(|writing| (placard_sheet(&fonts, writing), placard_text(writing)));
    let [digits, base64url] = sheets.each_ref().map(|(sheet, _)| sheet.modules);
    println!("{frames} frames each; digits: {digits} modules, base64url: {base64url} modules\n");
    let head: Vec<String> = readers
        .iter()
        .map(|reader| format!("{0}: digits | {0}: base64url", reader.name()))
        .collect();
    println!("| damage | {} |", head.join(" | "));
    println!("|---|{}", "---|".repeat(2 * readers.len()));
    for damage in Damage::ALL {
        let taken = sheets.each_ref().map(|(sheet, text)| {
            let frames: Vec<Frame> = (0..frames)
                .map(|seed| damage.scene(sheet, Distance::ANY, &mut Dice::new(seed)).shoot(sheet))
                .collect();
            readers.iter().map(|reader| count(*reader, &frames, text, scratch.path())).collect()
        });
        let [digits, base64url]: [Vec<usize>; 2] = taken;
        let cells: Vec<String> =
            digits.iter().zip(&base64url).map(|(a, b)| format!("{a} | {b}")).collect();
        println!("| {} | {} |", damage.name(), cells.join(" | "));
    }
}

fn count(reader: Reader, frames: &[Frame], text: &str, scratch: &std::path::Path) -> usize {
    let found = reader.read(frames, scratch);
    found.iter().filter(|texts| texts.iter().any(|found| found == text)).count()
}
