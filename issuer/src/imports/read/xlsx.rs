//! XLSX: the archive is measured first, then cells are streamed under a budget. The dense ranges
//! of the library would allocate whatever a sheet's corners claim.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, SheetType, Xlsx};
use zip::ZipArchive;

use super::{Budget, COLUMNS, INFLATED_BYTES, ROWS, ReadError};
use crate::imports::grid::{Book, Cell, Sheet, Value};

/// Entries of a workbook with hundreds of sheets and pictures.
const ENTRIES: usize = 3000;
/// XML of tables deflates by 10 to 60 times; above this, and this size, it is no table.
const RATIO: u64 = 250;
const RATIO_FROM_BYTES: u64 = 8 << 20;

pub(super) fn read(bytes: &[u8]) -> Result<Book, ReadError> {
    measure(bytes)?;
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let names: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    let mut budget = Budget::default();
    let mut book = Book::default();
    for name in names {
        let mut sheet = read_sheet(&mut workbook, &name, &mut budget)?;
        let merged = workbook.merge_cells_by_sheet_name(&name).unwrap_or_default();
        for region in merged {
            fill_down(&mut sheet, region.start, region.end, &mut budget)?;
        }
        book.sheets.push(sheet);
    }
    Ok(book)
}

fn broken(error: &calamine::XlsxError) -> ReadError {
    match error {
        calamine::XlsxError::Password => ReadError::Encrypted,
        _ => ReadError::Broken,
    }
}

/// Refuses an archive that claims, or really inflates to, too much. Every entry is inflated once
/// into nothing, for directories lie.
fn measure(bytes: &[u8]) -> Result<(), ReadError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ReadError::Broken)?;
    if archive.len() > ENTRIES {
        return Err(ReadError::Inflates);
    }
    let (mut left, mut is_workbook) = (INFLATED_BYTES, false);
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).map_err(|_| ReadError::Broken)?;
        if entry.encrypted() {
            return Err(ReadError::Encrypted);
        }
        let (packed, claimed) = (entry.compressed_size(), entry.size());
        let ratio = claimed / packed.max(1);
        if claimed > left || (ratio > RATIO && claimed > RATIO_FROM_BYTES) {
            return Err(ReadError::Inflates);
        }
        let name = entry.name().map_err(|_| ReadError::Broken)?;
        is_workbook |= name.eq_ignore_ascii_case("xl/workbook.xml");
        drop(name);
        drop(entry);
        let entry = archive.by_index(at).map_err(|_| ReadError::Broken)?;
        let mut limited = entry.take(left + 1);
        let inflated =
            std::io::copy(&mut limited, &mut std::io::sink()).map_err(|_| ReadError::Broken)?;
        if inflated > left || (inflated / packed.max(1) > RATIO && inflated > RATIO_FROM_BYTES) {
            return Err(ReadError::Inflates);
        }
        left -= inflated;
    }
    if is_workbook { Ok(()) } else { Err(ReadError::Format) }
}

fn read_sheet(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    budget: &mut Budget,
) -> Result<Sheet, ReadError> {
    let mut sheet = Sheet { name: name.to_owned(), ..Sheet::default() };
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|error| broken(&error))?;
    while let Some(record) =
        cells.next_cell_with_formula_metadata().map_err(|error| broken(&error))?
    {
        let value = value(record.value);
        let formula = record.formula.is_some();
        if value == Value::Empty && !formula {
            continue;
        }
        let row = usize::try_from(record.pos.0).unwrap_or(usize::MAX);
        let column = usize::try_from(record.pos.1).unwrap_or(usize::MAX);
        put(&mut sheet, row, column, Cell { value, formula, merged: false }, budget)?;
        sheet.formulas += usize::from(formula);
    }
    Ok(sheet)
}

/// Puts a cell at its place; rows grow as far as needed and as far as the budget goes: a stray
/// mark far out is not worth a table of empty cells.
pub(super) fn put(
    sheet: &mut Sheet,
    row: usize,
    column: usize,
    cell: Cell,
    budget: &mut Budget,
) -> Result<(), ReadError> {
    let filled = sheet.rows.get(row).map_or(0, Vec::len);
    budget.take_with_gap(row, column, column.saturating_sub(filled))?;
    if sheet.rows.len() <= row {
        sheet.rows.resize_with(row + 1, Vec::new);
    }
    if let Some(cells) = sheet.rows.get_mut(row) {
        if cells.len() <= column {
            cells.resize_with(column + 1, Cell::default);
        }
        if let Some(at) = cells.get_mut(column) {
            *at = cell;
        }
    }
    Ok(())
}

/// Gives the lower cells of a merged column the first one's value: one street beside thirty
/// enterprises. Cells merged across columns are titles and stay as they are.
pub(super) fn fill_down(
    sheet: &mut Sheet,
    start: (u32, u32),
    end: (u32, u32),
    budget: &mut Budget,
) -> Result<(), ReadError> {
    let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let (top, column) = (place(start.0), place(start.1));
    if start.1 != end.1 || start.0 >= end.0 || column >= COLUMNS {
        return Ok(());
    }
    let first = sheet.rows.get(top).and_then(|row| row.get(column)).cloned();
    let Some(first) = first.filter(|cell| !cell.is_empty()) else { return Ok(()) };
    let last = place(end.0).min(sheet.rows.len().saturating_sub(1)).min(ROWS);
    budget.look_at(last.saturating_sub(top))?;
    for row in top + 1..=last {
        let is_used = sheet.rows.get(row).is_some_and(|cells| !cells.iter().all(Cell::is_empty));
        if is_used {
            put(sheet, row, column, Cell { merged: true, ..first.clone() }, budget)?;
            sheet.merged += 1;
        }
    }
    Ok(())
}

fn value(data: DataRef<'_>) -> Value {
    match data {
        DataRef::Empty => Value::Empty,
        DataRef::Int(number) => whole(number),
        DataRef::Float(number) => Value::Number(number),
        DataRef::String(text) => text_value(text),
        DataRef::SharedString(text) => text_value(text.to_owned()),
        DataRef::Bool(truth) => Value::Truth(truth),
        DataRef::DateTime(at) => day_value(&at),
        DataRef::DateTimeIso(text) => iso_day(&text),
        DataRef::DurationIso(text) => Value::Text(text),
        DataRef::Error(error) => Value::Broken(error.to_string()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "spreadsheets hold floats; long ones are refused")]
pub(super) fn whole(number: i64) -> Value {
    Value::Number(number as f64)
}

pub(super) fn text_value(text: String) -> Value {
    if text.is_empty() { Value::Empty } else { Value::Text(text) }
}

/// A date's day; what is only a time of day or a span stays a number.
pub(super) fn day_value(at: &calamine::ExcelDateTime) -> Value {
    if !at.is_datetime() || at.as_f64() < 1.0 {
        return Value::Number(at.as_f64());
    }
    let (year, month, day, ..) = at.to_ymd_hms_milli();
    Value::Day(format!("{year:04}-{month:02}-{day:02}"))
}

pub(super) fn iso_day(text: &str) -> Value {
    let day: String = text.chars().take(10).collect();
    match day.parse::<jiff::civil::Date>() {
        Ok(date) => Value::Day(date.to_string()),
        Err(_) => text_value(text.to_owned()),
    }
}
