use std::io::{Cursor, Read as _, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::{ReadError, read};
use crate::imports::grid::{Book, Value};

fn workbook(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(&mut workbook);
    workbook.save_to_buffer().unwrap()
}

fn texts(book: &Book) -> Vec<Vec<String>> {
    book.sheets[0]
        .rows
        .iter()
        .map(|row| row.iter().map(super::super::grid::Cell::text).collect())
        .collect()
}

#[test]
fn values_dates_and_cached_formulas_are_read_as_they_show() {
    let bytes = workbook(|book| {
        let sheet = book.add_worksheet();
        let day = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_string(0, 0, "姓名").unwrap();
        sheet.write_number(1, 0, 13_800_138_000.0).unwrap();
        let date = ExcelDateTime::from_ymd(2020, 2, 9).unwrap();
        sheet.write_datetime_with_format(1, 1, &date, &day).unwrap();
        sheet.write_formula(1, 2, Formula::new("=A2&\"x\"").set_result("13800138000x")).unwrap();
        sheet.write_boolean(1, 3, true).unwrap();
        sheet.write_number(4, 0, 2.9).unwrap();
    });
    let book = read(&bytes).unwrap();
    assert_eq!(
        texts(&book),
        vec![
            vec!["姓名"],
            vec!["13800138000", "2020-02-09", "13800138000x", "TRUE"],
            vec![],
            vec![],
            vec!["2.9"]
        ]
    );
    assert_eq!(book.sheets[0].formulas, 1);
    assert!(book.sheets[0].rows[1][2].formula);
    assert!(!book.sheets[0].rows[1][0].formula);
}

#[test]
fn an_identity_number_kept_as_a_number_shows_its_damage() {
    let bytes = workbook(|book| {
        let sheet = book.add_worksheet();
        sheet.write_number(0, 0, 370_602_199_001_011_234.0).unwrap();
    });
    let book = read(&bytes).unwrap();
    assert!(book.sheets[0].rows[0][0].is_long_number());
}

#[test]
fn cells_merged_downwards_are_filled_and_counted_but_titles_are_not() {
    let bytes = workbook(|book| {
        let sheet = book.add_worksheet();
        let plain = Format::new();
        sheet.merge_range(0, 0, 0, 3, "企业台账", &plain).unwrap();
        sheet.merge_range(1, 0, 3, 0, "向阳街道", &plain).unwrap();
        for row in 1..=3 {
            sheet.write_string(row, 1, format!("示例{row}")).unwrap();
        }
    });
    let book = read(&bytes).unwrap();
    let sheet = &book.sheets[0];
    assert_eq!(texts(&book)[3], ["向阳街道", "示例3"]);
    assert!(sheet.rows[3][0].merged);
    assert_eq!(sheet.merged, 2);
    assert_eq!(texts(&book)[0], ["企业台账"]);
}

#[test]
fn every_sheet_is_read_and_empty_ones_are_dropped() {
    let bytes = workbook(|book| {
        book.add_worksheet().set_name("说明").unwrap().write_string(0, 0, "填表说明").unwrap();
        book.add_worksheet().set_name("空").unwrap();
        book.add_worksheet().set_name("名单").unwrap().write_string(0, 0, "姓名").unwrap();
    });
    let names: Vec<_> = read(&bytes).unwrap().sheets.into_iter().map(|sheet| sheet.name).collect();
    assert_eq!(names, ["说明", "名单"]);
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn an_archive_that_inflates_beyond_measure_is_refused_unread() {
    let zeros = vec![b'0'; 40 << 20];
    let bytes = archive(&[("xl/workbook.xml", b"<x/>"), ("xl/worksheets/sheet1.xml", &zeros)]);
    assert!(bytes.len() < 100_000);
    assert_eq!(read(&bytes), Err(ReadError::Inflates));
}

#[test]
fn an_archive_whose_directory_lies_about_sizes_is_refused() {
    let zeros = vec![b'0'; 40 << 20];
    let mut bytes = archive(&[("xl/workbook.xml", b"<x/>"), ("xl/worksheets/sheet1.xml", &zeros)]);
    // Claim ten bytes wherever the true size stands: in the local header and in the directory.
    let truth = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    let places: Vec<usize> = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, window)| *window == truth)
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    let error = read(&bytes).unwrap_err();
    assert!(matches!(error, ReadError::Inflates | ReadError::Broken), "{error:?}");
}

#[test]
fn a_stray_cell_at_the_far_corner_does_not_cost_a_table() {
    let bytes = workbook(|book| {
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "姓名").unwrap();
        sheet.write_string(1_048_575, 16_383, "x").unwrap();
    });
    assert_eq!(read(&bytes), Err(ReadError::TooManyCells));
}

#[test]
fn a_mark_at_the_end_of_every_row_does_not_cost_a_table_either() {
    let bytes = workbook(|book| {
        let sheet = book.add_worksheet();
        for row in 0..30_000 {
            sheet.write_number(row, 199, 1.0).unwrap();
        }
    });
    assert_eq!(read(&bytes), Err(ReadError::TooManyCells));
}

#[test]
fn merging_the_same_long_column_over_and_over_costs_no_time() {
    let bytes = workbook(|book| {
        let sheet = book.add_worksheet();
        sheet.merge_range(0, 0, 1, 0, "街道", &Format::new()).unwrap();
        sheet.write_string(199_998, 1, "x").unwrap();
    });
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut entries = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let again = "<mergeCell ref=\"A1:A199999\"/>".repeat(100);
        entries.push((name, text.replace("<mergeCell ref=\"A1:A2\"/>", &again)));
    }
    let entries: Vec<_> =
        entries.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(read(&self::archive(&entries)), Err(ReadError::TooManyCells));
}

#[test]
fn files_that_are_no_spreadsheet_are_named_as_what_they_are() {
    let other = archive(&[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")]);
    assert_eq!(read(&other), Err(ReadError::Format));
    assert_eq!(read(b""), Err(ReadError::Empty));
    assert_eq!(read(b"%PDF-1.4"), Err(ReadError::NotASheet));
    assert_eq!(read(b"<html><body><table>"), Err(ReadError::Disguised));
    assert_eq!(read(b"PK\x03\x04 cut off"), Err(ReadError::Broken));
    assert_eq!(read(&vec![b'a'; super::FILE_BYTES + 1]), Err(ReadError::TooLarge));
    let mut encrypted = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    encrypted.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(read(&encrypted), Err(ReadError::Encrypted));
    assert_eq!(read(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), Err(ReadError::Broken));
}

#[test]
fn a_formula_error_is_kept_as_such() {
    let bytes = workbook(|book| {
        let sheet = book.add_worksheet();
        sheet.write_formula(0, 0, Formula::new("=NA()").set_result("#N/A")).unwrap();
    });
    let book = read(&bytes).unwrap();
    assert!(matches!(&book.sheets[0].rows[0][0].value, Value::Broken(_) | Value::Text(_)));
}
