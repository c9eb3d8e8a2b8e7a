//! XLS, the binary form that older programs and many offices' systems still write.

use std::io::Cursor;

use calamine::{Data, Reader, Xls};

use super::xlsx::{day_value, fill_down, iso_day, put, text_value, whole};
use super::{Budget, ReadError, biff};
use crate::imports::grid::{Book, Cell, Sheet, Value};

/// Sheets of one workbook; the library reads them all at once.
const SHEETS: usize = 24;

pub(super) fn read(bytes: &[u8]) -> Result<Book, ReadError> {
    if contains(bytes, &wide("EncryptedPackage")) {
        return Err(ReadError::Encrypted);
    }
    let is_document = contains(bytes, &wide("WordDocument"));
    if is_document || contains(bytes, &wide("PowerPoint Document")) {
        return Err(ReadError::NotASheet);
    }
    let measured = biff::measured(bytes, SHEETS)?;
    let mut workbook = Xls::new(Cursor::new(measured)).map_err(|error| match error {
        calamine::XlsError::Password => ReadError::Encrypted,
        _ => ReadError::Broken,
    })?;
    let mut budget = Budget::default();
    let mut book = Book::default();
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(|_| ReadError::Broken)?;
        let formulas = workbook.worksheet_formula(&name).unwrap_or_default();
        let mut sheet = Sheet { name: name.clone(), ..Sheet::default() };
        let start = range.start().unwrap_or_default();
        for (row, column, data) in range.used_cells() {
            let at = |start: u32, offset: usize| {
                usize::try_from(start).unwrap_or(usize::MAX).saturating_add(offset)
            };
            let (row, column) = (at(start.0, row), at(start.1, column));
            let place = (u32::try_from(row).ok(), u32::try_from(column).ok());
            let formula = match place {
                (Some(row), Some(column)) => {
                    formulas.get_value((row, column)).is_some_and(|text| !text.is_empty())
                }
                _ => false,
            };
            let cell = Cell { value: value(data), formula, merged: false };
            put(&mut sheet, row, column, cell, &mut budget)?;
            sheet.formulas += usize::from(formula);
        }
        for region in workbook.merge_cells_by_sheet_name(&name).unwrap_or_default() {
            fill_down(&mut sheet, region.start, region.end, &mut budget)?;
        }
        book.sheets.push(sheet);
    }
    Ok(book)
}

fn value(data: &Data) -> Value {
    match data {
        Data::Empty => Value::Empty,
        Data::Int(number) => whole(*number),
        Data::Float(number) => Value::Number(*number),
        Data::String(text) | Data::DurationIso(text) => text_value(text.clone()),
        Data::Bool(truth) => Value::Truth(*truth),
        Data::DateTime(at) => day_value(at),
        Data::DateTimeIso(text) => iso_day(text),
        Data::Error(error) => Value::Broken(error.to_string()),
    }
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
