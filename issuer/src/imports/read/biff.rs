//! What an XLS file claims about itself, looked at before the library believes it.
//!
//! The library reserves as many cells as a sheet's dimensions say, and fills a table from its first
//! cell to its last, whatever lies between: 5 KB can ask for hundreds of gigabytes. So the workbook's
//! stream is taken out of its container, its records are walked as the library walks them
//! ([MS-XLS] 2.1.4), and what was measured is put into a container of our own: nothing that the
//! library reads is laid out by the sender.

use std::io::{Cursor, Read, Write};

use super::{CELLS, ReadError};

/// Largest sheet of this format.
const ROWS: u32 = 65_536;
const COLUMNS: u32 = 256;

/// The workbook in a container that holds nothing else.
pub(super) fn measured(bytes: &[u8], sheets: usize) -> Result<Vec<u8>, ReadError> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|_| ReadError::Broken)?;
    let name = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name));
    let name = name.ok_or(ReadError::NotASheet)?;
    let mut stream = Vec::new();
    // No stream is longer than the file that holds it.
    let limit = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let opened = file.open_stream(name).map_err(|_| ReadError::Broken)?;
    opened.take(limit).read_to_end(&mut stream).map_err(|_| ReadError::Broken)?;
    measure(&stream, sheets)?;
    wrapped(name, &stream).map_err(|_| ReadError::Broken)
}

fn wrapped(name: &str, stream: &[u8]) -> std::io::Result<Vec<u8>> {
    let version = cfb::Version::V3;
    let mut file = cfb::CompoundFile::create_with_version(version, Cursor::new(Vec::new()))?;
    file.create_stream(name)?.write_all(stream)?;
    file.flush()?;
    Ok(file.into_inner().into_inner())
}

fn measure(stream: &[u8], sheets: usize) -> Result<(), ReadError> {
    let begins: Vec<usize> = records(stream)
        .take_while(|(kind, _)| *kind != END)
        .filter(|(kind, _)| *kind == BOUND_SHEET)
        .filter_map(|(_, data)| usize::try_from(u32_at(data, 0)?).ok())
        .collect();
    if begins.len() > sheets {
        return Err(ReadError::TooManyCells);
    }
    let mut area = 0_u64;
    for begin in begins {
        let sheet = stream.get(begin..).ok_or(ReadError::Broken)?;
        let (mut values, mut formulas) = (Extent::default(), Extent::default());
        let (mut begun, mut depth) = (false, 0_usize);
        let mut formula = (0, 0);
        for (kind, data) in records(sheet) {
            match kind {
                BEGIN if begun => depth += 1,
                BEGIN => begun = true,
                END if depth > 0 => depth -= 1,
                END => break,
                // Charts within a sheet have records that look like cells; they are none.
                _ if depth > 0 => {}
                DIMENSIONS => dimensions_fit(data)?,
                FORMULA => {
                    formula = place(data, 2).unwrap_or(formula);
                    values.take(Some(formula));
                    formulas.take(Some(formula));
                }
                // A formula's text follows it, and stands at its place.
                TEXT_OF_FORMULA => values.take(Some(formula)),
                MANY_NUMBERS => {
                    values.take(place(data, 2));
                    values.take(place(data, data.len().saturating_sub(2)));
                }
                kind if ONE_CELL.contains(&kind) => values.take(place(data, 2)),
                _ => {}
            }
        }
        area = area.saturating_add(values.area()).saturating_add(formulas.area());
        if usize::try_from(area).map_or(true, |area| area > CELLS) {
            return Err(ReadError::TooManyCells);
        }
    }
    Ok(())
}

const BEGIN: u16 = 0x0809;
const END: u16 = 0x000a;
const BOUND_SHEET: u16 = 0x0085;
const DIMENSIONS: u16 = 0x0200;
const FORMULA: u16 = 0x0006;
const TEXT_OF_FORMULA: u16 = 0x0207;
const MANY_NUMBERS: u16 = 0x00bd;
/// Number, label, rich string, truth or error, packed number, shared string.
const ONE_CELL: [u16; 6] = [0x0203, 0x0204, 0x00d6, 0x0205, 0x027e, 0x00fd];

/// Types and data of records, up to the first that is cut short.
fn records(mut stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (kind, length) = (u16_at(stream, 0)?, usize::from(u16_at(stream, 2)?));
        let data = stream.get(4..4 + length)?;
        stream = stream.get(4 + length..)?;
        Some((kind, data))
    })
}

/// Where a sheet says that its cells begin and end; an end of 0 stands for an empty sheet.
fn dimensions_fit(data: &[u8]) -> Result<(), ReadError> {
    let small = |at| u16_at(data, at).map(u32::from);
    let (rows, columns) = match data.len() {
        10 => ((small(0), small(2)), (small(4), small(6))),
        14 | 16 => ((u32_at(data, 0), u32_at(data, 4)), (small(8), small(10))),
        _ => return Err(ReadError::Broken),
    };
    let fits = |range, most| matches!(range, (Some(from), Some(to)) if to <= most && (from < to || to == 0));
    if fits(rows, ROWS) && fits(columns, COLUMNS) { Ok(()) } else { Err(ReadError::Broken) }
}

/// Row and column of a cell; its row stands at the front of its record.
fn place(data: &[u8], column_at: usize) -> Option<(u16, u16)> {
    Some((u16_at(data, 0)?, u16_at(data, column_at)?))
}

/// From the first to the last of the cells that were seen.
#[derive(Default)]
struct Extent(Option<[(u16, u16); 2]>);

impl Extent {
    fn take(&mut self, cell: Option<(u16, u16)>) {
        let Some((row, column)) = cell else { return };
        let [from, to] = self.0.unwrap_or([(row, column); 2]);
        self.0 = Some([(from.0.min(row), from.1.min(column)), (to.0.max(row), to.1.max(column))]);
    }

    fn area(&self) -> u64 {
        self.0
            .map_or(0, |[from, to]| (u64::from(to.0 - from.0) + 1) * (u64::from(to.1 - from.1) + 1))
    }
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    let bytes = data.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*bytes))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    let bytes = data.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::grid::Cell;
    use crate::imports::read::read;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap();
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
    }

    fn number(row: u16, column: u16) -> Vec<u8> {
        let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
        record(0x0203, &[&place[..], &2.5_f64.to_le_bytes()].concat())
    }

    fn dimensions(rows: u32, columns: u16) -> Vec<u8> {
        let rows = [0_u32.to_le_bytes(), rows.to_le_bytes()].concat();
        record(DIMENSIONS, &[&rows[..], &[0, 0], &columns.to_le_bytes(), &[0, 0]].concat())
    }

    /// A workbook whose sheets, so many of them, all begin at the same records.
    fn workbook(sheets: usize, records: &[Vec<u8>]) -> Vec<u8> {
        let begin = |kind: u16| {
            let words = [0x0600_u16, kind, 0, 0, 0, 0, 0, 0];
            record(BEGIN, &words.map(u16::to_le_bytes).concat())
        };
        let bound = |at: u32, name: u8| {
            record(BOUND_SHEET, &[&at.to_le_bytes()[..], &[0, 0, 1, 0, b'a' + name]].concat())
        };
        let names = || 0..u8::try_from(sheets).unwrap();
        let globals = begin(5).len() + names().map(|n| bound(0, n).len()).sum::<usize>() + 4;
        let at = u32::try_from(globals).unwrap();
        let bounds: Vec<u8> = names().flat_map(|name| bound(at, name)).collect();
        let end = record(END, &[]);
        let stream = [begin(5), bounds, end.clone(), begin(16), records.concat(), end].concat();
        wrapped("/Workbook", &stream).unwrap()
    }

    #[test]
    fn a_small_workbook_is_read() {
        let bytes = workbook(1, &[dimensions(1, 2), number(0, 0), number(0, 1)]);
        let book = read(&bytes).unwrap();
        let texts: Vec<_> = book.sheets[0].rows[0].iter().map(Cell::text).collect();
        assert_eq!(texts, ["2.5", "2.5"]);
    }

    #[test]
    fn two_cells_far_apart_do_not_cost_the_table_between_them() {
        for (row, column) in [(65_535, 65_535), (65_535, 255), (20_000, 65_535)] {
            let bytes = workbook(1, &[number(0, 0), number(row, column)]);
            assert_eq!(read(&bytes), Err(ReadError::TooManyCells), "{row}, {column}");
        }
        let text_before_any_formula = record(TEXT_OF_FORMULA, &[0; 8]);
        let bytes = workbook(1, &[text_before_any_formula, number(65_535, 255)]);
        assert_eq!(read(&bytes), Err(ReadError::TooManyCells));
    }

    #[test]
    fn one_table_under_many_names_is_counted_as_often() {
        let bytes = workbook(20, &[number(0, 0), number(9999, 49)]);
        assert_eq!(read(&bytes), Err(ReadError::TooManyCells));
    }

    #[test]
    fn dimensions_that_no_sheet_has_are_not_believed() {
        for (rows, columns) in [(65_537, 1), (u32::MAX, 1), (1, 257), (1, u16::MAX)] {
            let bytes = workbook(1, &[dimensions(rows, columns), number(0, 0)]);
            assert_eq!(read(&bytes), Err(ReadError::Broken), "{rows}, {columns}");
        }
        let backwards = [&9_u32.to_le_bytes()[..], &1_u32.to_le_bytes(), &[0, 0, 1, 0, 0, 0]];
        let bytes = workbook(1, &[record(DIMENSIONS, &backwards.concat()), number(0, 0)]);
        assert_eq!(read(&bytes), Err(ReadError::Broken));
    }
}
