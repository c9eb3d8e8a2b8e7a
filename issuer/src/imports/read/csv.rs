//! CSV: UTF-8 with or without mark, GB18030 as Chinese Excel saves it, UTF-16 as "Unicode text".

use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};

use super::{Budget, ReadError};
use crate::imports::grid::{Book, Cell, Sheet, Value};

pub(super) fn read(bytes: &[u8]) -> Result<Book, ReadError> {
    let text = decode(bytes)?;
    let start = text.trim_start();
    if start.starts_with('<') {
        return Err(ReadError::Disguised);
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let (mut budget, mut sheet) = (Budget::default(), Sheet::default());
    let mut record = csv::StringRecord::new();
    // The reader skips blank lines; row numbers are kept as people count them.
    while reader.read_record(&mut record).map_err(|_| ReadError::Broken)? {
        let line = record.position().map_or(1, csv::Position::line);
        let at = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        if at >= super::ROWS {
            return Err(ReadError::TooManyCells);
        }
        // Fields may span lines, so a record's line is at least its place.
        while sheet.rows.len() < at && is_blank_line(&text, sheet.rows.len()) {
            sheet.rows.push(Vec::new());
        }
        let mut row = Vec::with_capacity(record.len());
        for (column, field) in record.iter().enumerate() {
            budget.take(sheet.rows.len(), column)?;
            row.push(match field {
                "" => Cell::default(),
                text => Cell::of(Value::Text(text.to_owned())),
            });
        }
        sheet.rows.push(row);
    }
    Ok(Book { sheets: vec![sheet] })
}

/// Whether the line at this place (from 0) is blank. Only the first lines are looked at: later
/// blank lines don't matter to where a sheet's headers are.
fn is_blank_line(text: &str, at: usize) -> bool {
    at < 20 && text.lines().nth(at).is_some_and(|line| line.trim().is_empty())
}

fn decode(bytes: &[u8]) -> Result<String, ReadError> {
    let (text, had_errors) = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            return String::from_utf8(rest.to_vec()).map_err(|_| ReadError::Encoding);
        }
        [0xff, 0xfe, rest @ ..] => UTF_16LE.decode_without_bom_handling(rest),
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => return Ok(text.to_owned()),
            Err(_) => GB18030.decode_without_bom_handling(bytes),
        },
    };
    if had_errors { Err(ReadError::Encoding) } else { Ok(text.into_owned()) }
}

/// The delimiter that the first line with anything on it uses most, outside quotes.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let (mut counts, mut quoted) = ([0_usize; 3], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' | ';' | '\t' if !quoted => {
                let [commas, semicolons, tabs] = &mut counts;
                *match c {
                    ',' => commas,
                    ';' => semicolons,
                    _ => tabs,
                } += 1;
            }
            _ => {}
        }
    }
    let [commas, semicolons, tabs] = counts;
    if tabs > commas && tabs >= semicolons {
        b'\t'
    } else if semicolons > commas {
        b';'
    } else {
        b','
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(book: &Book) -> Vec<Vec<String>> {
        book.sheets[0].rows.iter().map(|row| row.iter().map(Cell::text).collect()).collect()
    }

    #[test]
    fn the_same_table_is_read_from_every_encoding() {
        let text = "姓名,工号\n王小明,0001\n𠮷田,0002\n";
        let expected = vec![vec!["姓名", "工号"], vec!["王小明", "0001"], vec!["𠮷田", "0002"]];
        let mut marked = vec![0xef, 0xbb, 0xbf];
        marked.extend(text.as_bytes());
        let mut wide = vec![0xff, 0xfe];
        wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        for bytes in [text.as_bytes(), &marked, &wide, &GB18030.encode(text).0] {
            assert_eq!(cells(&read(bytes).unwrap()), expected);
        }
    }

    #[test]
    fn semicolons_and_tabs_part_cells_too() {
        for text in ["姓名;工号\n王;1\n", "姓名\t工号\n王\t1\n", "\"姓;名\",工号\n王,1\n"]
        {
            assert_eq!(cells(&read(text.as_bytes()).unwrap())[1], ["王", "1"], "{text}");
        }
    }

    #[test]
    fn a_web_page_and_an_unknown_encoding_are_refused() {
        assert_eq!(read(b"<html><table>").unwrap_err(), ReadError::Disguised);
        assert_eq!(read(&[0x80, 0x20, 0xff, 0xff]).unwrap_err(), ReadError::Encoding);
    }

    #[test]
    fn a_quoted_line_break_stays_within_its_cell() {
        let book = read("姓名,备注\n王,\"一\n二\"\n李,三\n".as_bytes()).unwrap();
        assert_eq!(cells(&book), [["姓名", "备注"], ["王", "一\n二"], ["李", "三"]]);
    }

    proptest! {
        #[test]
        fn tables_come_back_from_utf8_and_gb18030(
            rows in prop::collection::vec(prop::collection::vec("[ -~\u{4e00}-\u{9fff}]{0,8}", 2..5), 1..6),
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            writer.write_record(["姓名", "工号"]).unwrap();
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap();
            let (encoded, _, failed) = GB18030.encode(&text);
            prop_assert!(!failed);
            let expected: Vec<Vec<String>> =
                rows.iter().map(|row| row.iter().map(|cell| cell.trim().to_owned()).collect()).collect();
            for bytes in [&bytes[..], &encoded[..]] {
                let read = read(bytes).unwrap();
                prop_assert_eq!(&cells(&read)[1..], &expected[..]);
            }
        }
    }
}
