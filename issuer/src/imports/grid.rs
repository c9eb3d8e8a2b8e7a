//! A spreadsheet as people see it: sheets of rows of cells, whatever file they came from.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// What a cell holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    /// A day, `2020-02-09`; the time of day is dropped.
    Day(String),
    Truth(bool),
    /// A formula's error such as `#REF!`.
    Broken(String),
}

/// A cell, and how its value came about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    pub value: Value,
    /// The value is what the spreadsheet last computed.
    pub formula: bool,
    /// The value is that of the merged cells' first.
    pub merged: bool,
}

impl Cell {
    pub fn of(value: Value) -> Self {
        Self { value, formula: false, merged: false }
    }

    pub fn is_empty(&self) -> bool {
        match &self.value {
            Value::Empty => true,
            Value::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// The value as text; whole numbers without a decimal point, long ones as spreadsheets show
    /// them, so that their damage stays visible.
    pub fn text(&self) -> String {
        match &self.value {
            Value::Empty => String::new(),
            Value::Text(text) => text.trim().to_owned(),
            Value::Number(number) => say_number(*number),
            Value::Day(day) => day.clone(),
            Value::Truth(truth) => if *truth { "TRUE" } else { "FALSE" }.to_owned(),
            Value::Broken(error) => error.clone(),
        }
    }

    /// Whether it holds a number of so many digits that a spreadsheet cannot keep them all.
    pub fn is_long_number(&self) -> bool {
        matches!(self.value, Value::Number(number) if number.abs() >= 1e15)
    }
}

fn say_number(number: f64) -> String {
    if number.abs() >= 1e15 {
        return format!("{number:E}").replace('E', "E+");
    }
    format!("{number}")
}

/// One sheet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    pub name: String,
    /// Rows from the sheet's first on; trailing empty cells and rows are dropped.
    pub rows: Vec<Vec<Cell>>,
    /// Cells whose value was computed.
    pub formulas: usize,
    /// Cells filled from merged ones.
    pub merged: usize,
}

impl Sheet {
    /// Drops what is empty at the right and at the bottom.
    pub fn trim(&mut self) {
        for row in &mut self.rows {
            while row.last().is_some_and(Cell::is_empty) {
                row.pop();
            }
        }
        while self.rows.last().is_some_and(Vec::is_empty) {
            self.rows.pop();
        }
    }
}

/// A workbook; a CSV file is one sheet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    pub sheets: Vec<Sheet>,
}

const BETWEEN_CELLS: char = '\u{1f}';
const BETWEEN_ROWS: char = '\u{1e}';
const BETWEEN_SHEETS: char = '\u{1d}';
/// Stands for a separator that a cell really held; a control character all the same, so that the
/// row is refused as it would have been.
const STAND_IN: &str = "\u{1}";

impl Book {
    /// One compressed byte form, for keeping a book while somebody looks at its preview.
    pub fn pack(&self) -> std::io::Result<Vec<u8>> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        for (at, sheet) in self.sheets.iter().enumerate() {
            let before = if at == 0 { "" } else { "\u{1d}" };
            write!(out, "{before}{}{BETWEEN_ROWS}", plain(&sheet.name))?;
            write!(out, "{} {}", sheet.formulas, sheet.merged)?;
            for row in &sheet.rows {
                out.write_all(b"\x1e")?;
                for (at, cell) in row.iter().enumerate() {
                    if at > 0 {
                        out.write_all(b"\x1f")?;
                    }
                    pack_cell(&mut out, cell)?;
                }
            }
        }
        out.finish()
    }

    /// The book of a packed form; `None` if it isn't one.
    pub fn unpack(packed: &[u8]) -> Option<Self> {
        let mut text = String::new();
        GzDecoder::new(packed).read_to_string(&mut text).ok()?;
        let mut sheets = Vec::new();
        for part in text.split(BETWEEN_SHEETS) {
            let mut rows = part.split(BETWEEN_ROWS);
            let name = rows.next()?.to_owned();
            let (formulas, merged) = rows.next()?.split_once(' ')?;
            sheets.push(Sheet {
                name,
                formulas: formulas.parse().ok()?,
                merged: merged.parse().ok()?,
                rows: rows.map(unpack_row).collect::<Option<_>>()?,
            });
        }
        Some(Self { sheets })
    }
}

fn plain(text: &str) -> String {
    text.replace([BETWEEN_CELLS, BETWEEN_ROWS, BETWEEN_SHEETS], STAND_IN)
}

fn pack_cell(out: &mut impl Write, cell: &Cell) -> std::io::Result<()> {
    let flags = match (cell.formula, cell.merged) {
        (false, false) => '.',
        (true, false) => 'f',
        (false, true) => 'm',
        (true, true) => 'b',
    };
    match &cell.value {
        Value::Empty => Ok(()),
        Value::Text(text) => write!(out, "{flags}T{}", plain(text)),
        Value::Number(number) => write!(out, "{flags}N{number}"),
        Value::Day(day) => write!(out, "{flags}D{day}"),
        Value::Truth(truth) => write!(out, "{flags}B{}", u8::from(*truth)),
        Value::Broken(error) => write!(out, "{flags}E{}", plain(error)),
    }
}

fn unpack_row(row: &str) -> Option<Vec<Cell>> {
    if row.is_empty() {
        return Some(Vec::new());
    }
    row.split(BETWEEN_CELLS).map(unpack_cell).collect()
}

fn unpack_cell(text: &str) -> Option<Cell> {
    let mut characters = text.chars();
    let Some(flags) = characters.next() else { return Some(Cell::default()) };
    let kind = characters.next()?;
    let rest = characters.as_str();
    let value = match kind {
        'T' => Value::Text(rest.to_owned()),
        'N' => Value::Number(rest.parse().ok()?),
        'D' => Value::Day(rest.to_owned()),
        'B' => Value::Truth(rest == "1"),
        'E' => Value::Broken(rest.to_owned()),
        _ => return None,
    };
    Some(Cell { value, formula: matches!(flags, 'f' | 'b'), merged: matches!(flags, 'm' | 'b') })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Empty),
            "[^\u{1d}-\u{1f}]{1,12}".prop_map(Value::Text),
            (-1e17..1e17).prop_map(Value::Number),
            "20[0-9]{2}-0[1-9]-1[0-9]".prop_map(Value::Day),
            any::<bool>().prop_map(Value::Truth),
        ]
    }

    fn cell() -> impl Strategy<Value = Cell> {
        (value(), any::<bool>(), any::<bool>()).prop_map(|(value, formula, merged)| {
            let empty = value == Value::Empty;
            Cell { value, formula: formula && !empty, merged: merged && !empty }
        })
    }

    proptest! {
        #[test]
        fn a_packed_book_is_the_same_book(
            rows in prop::collection::vec(prop::collection::vec(cell(), 0..5), 0..6),
            name in "[^\u{1d}-\u{1f}]{0,8}",
        ) {
            let mut sheet = Sheet { name, rows, formulas: 1, merged: 2 };
            sheet.trim();
            let book = Book { sheets: vec![sheet.clone(), sheet] };
            prop_assert_eq!(Book::unpack(&book.pack().unwrap()), Some(book));
        }
    }

    #[test]
    fn numbers_read_as_people_wrote_them() {
        let say = |number| Cell::of(Value::Number(number)).text();
        assert_eq!(say(13_800_138_000.0), "13800138000");
        assert_eq!(say(2.9), "2.9");
        assert_eq!(say(370_602_199_001_011_234.0), "3.7060219900101126E+17");
        assert!(Cell::of(Value::Number(1e17)).is_long_number());
    }

    #[test]
    fn a_separator_within_a_cell_stays_a_control_character() {
        let text = Value::Text("a\u{1f}b".into());
        let sheet = Sheet { rows: vec![vec![Cell::of(text)]], ..Sheet::default() };
        let book = Book { sheets: vec![sheet] };
        let back = Book::unpack(&book.pack().unwrap()).unwrap();
        assert_eq!(back.sheets[0].rows[0][0].text(), "a\u{1}b");
    }
}
