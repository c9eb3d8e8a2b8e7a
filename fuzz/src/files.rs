//! Files that people upload, and frames of cameras.

#![no_main]

mod choice;
mod imports;

use choice::Target;
use fugong_common::reader::{PictureError, PictureLimits, read_picture};
use imports::grid::Book;
use imports::read::{CELLS, COLUMNS, ROWS, read};
use libfuzzer_sys::fuzz_target;

const TARGETS: &[(&str, Target)] = &[("frame", frame), ("photo", photo), ("sheet", sheet)];

/// Small enough for many looks a second; the limits themselves are what production has.
const SIDE: u32 = 200;

/// A sheet that was read stays within its budget, and survives being kept for its preview.
fn sheet(data: &[u8]) {
    let Ok(book) = read(data) else { return };
    let cells: usize = book.sheets.iter().flat_map(|sheet| &sheet.rows).map(Vec::len).sum();
    assert!(cells <= CELLS);
    for sheet in &book.sheets {
        assert!(sheet.rows.len() <= ROWS && sheet.rows.iter().all(|row| row.len() <= COLUMNS));
    }
    // What keeping changes (a separator within a cell) it changes once; a number that is none is not
    // equal to itself, so bytes are compared.
    let kept = Book::unpack(&book.pack().unwrap()).unwrap();
    assert_eq!(kept.sheets.len(), book.sheets.len());
    let packed = kept.pack().unwrap();
    assert_eq!(Book::unpack(&packed).unwrap().pack().unwrap(), packed);
}

fn look(data: &[u8], thorough: bool) {
    let limits =
        PictureLimits { bytes: 1 << 16, pixels: u64::from(SIDE * SIDE), side: 2 * SIDE, thorough };
    match read_picture(data, &limits) {
        Ok(texts) => assert!(!texts.is_empty() && texts.iter().all(|text| !text.is_empty())),
        Err(PictureError::TooManyBytes { bytes, limit }) => assert!(bytes > limit),
        Err(
            PictureError::TooManyPixels { .. }
            | PictureError::NotAPicture
            | PictureError::NothingFound,
        ) => {}
    }
}

fn frame(data: &[u8]) {
    look(data, false);
}

fn photo(data: &[u8]) {
    look(data, true);
}

/// Our readers catch the panics of the libraries that they call: these are their answer "broken" or
/// "nothing found", not a find. Ours are, and so is whatever nobody catches.
fn prepare() {
    choice::choose(TARGETS);
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let file = panic.location().map(|place| place.file()).unwrap_or_default();
        if !file.contains("/registry/") && !file.starts_with("/rustc/") {
            report(panic);
        }
    }));
}

fuzz_target!(init: prepare(), |data: &[u8]| choice::run(data));
