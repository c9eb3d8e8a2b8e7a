//! Files as they come: XLSX, XLS from WPS or Excel, CSV in UTF-8 or GB18030. Nothing is believed
//! about sizes: archives are measured before they are parsed, and cells are counted while reading.

mod biff;
mod csv;
mod xls;
mod xlsx;

use std::panic::catch_unwind;

use fugong_common::lang::Lang;

use super::grid::Book;

/// Largest upload.
pub const FILE_BYTES: usize = 20 << 20;
/// Largest sum of what an archive inflates to.
pub const INFLATED_BYTES: u64 = 256 << 20;
/// Most rows, columns and cells that are read.
pub const ROWS: usize = 200_000;
pub const COLUMNS: usize = 200;
pub const CELLS: usize = 4_000_000;

/// Why a file was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    Empty,
    TooLarge,
    /// An archive that inflates beyond all measure, or claims so.
    Inflates,
    TooManyCells,
    /// Protected by a password.
    Encrypted,
    /// A web page or text under a spreadsheet's name.
    Disguised,
    /// Another format of spreadsheets.
    Format,
    /// Not a spreadsheet at all.
    NotASheet,
    /// A spreadsheet that is broken.
    Broken,
    /// Text in no encoding that we know.
    Encoding,
}

impl ReadError {
    /// What is wrong and what to do.
    pub const fn say(self, lang: Lang) -> &'static str {
        match self {
            Self::Empty => lang.of("文件中没有内容，请选择填好的表格", "The file is empty: choose the sheet you filled in"),
            Self::TooLarge => lang.of("文件超过 20 MB，请删去图片和无关工作表，或分成几个文件", "The file is larger than 20 MB: delete pictures and other sheets, or split it"),
            Self::Inflates => lang.of("文件解压后过大，不予读取；请另存为新的 XLSX 文件", "The file inflates beyond measure and was not read: save it as a new XLSX file"),
            Self::TooManyCells => lang.of("表格过大：最多 20 万行、200 列；请删去多余的行列或分成几个文件", "The sheet is too large: at most 200,000 rows and 200 columns. Delete what isn't needed, or split it"),
            Self::Encrypted => lang.of("文件设有密码，请取消密码后另存", "The file has a password: save it without one"),
            Self::Disguised => lang.of("这是网页或文本，不是电子表格；请用 WPS 或 Excel 打开后另存为 XLSX", "This is a web page or text under a spreadsheet's name: open it and save it as XLSX"),
            Self::Format => lang.of("不支持这种表格格式，请另存为 XLSX、XLS 或 CSV", "This format isn't supported: save the sheet as XLSX, XLS or CSV"),
            Self::NotASheet => lang.of("这不是电子表格，请选择 XLSX、XLS 或 CSV 文件", "This is not a spreadsheet: choose an XLSX, XLS or CSV file"),
            Self::Broken => lang.of("文件已损坏，无法读取；请打开后另存为新的 XLSX 文件", "The file is damaged: open it and save it as a new XLSX file"),
            Self::Encoding => lang.of("文字编码无法识别，请另存为 XLSX，或 UTF-8、GB18030 编码的 CSV", "The text's encoding is unknown: save it as XLSX, or as CSV in UTF-8 or GB18030"),
        }
    }
}

/// Reads a whole file. Takes time and memory: run it apart from the server's threads.
pub fn read(bytes: &[u8]) -> Result<Book, ReadError> {
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    if bytes.len() > FILE_BYTES {
        return Err(ReadError::TooLarge);
    }
    // The libraries index by what a file claims of itself. Where they trip, the file is broken, and
    // its sender is told so like everybody else's.
    let mut book = catch_unwind(|| parse(bytes)).unwrap_or(Err(ReadError::Broken))?;
    for sheet in &mut book.sheets {
        sheet.trim();
    }
    book.sheets.retain(|sheet| !sheet.rows.is_empty());
    if book.sheets.is_empty() { Err(ReadError::Empty) } else { Ok(book) }
}

fn parse(bytes: &[u8]) -> Result<Book, ReadError> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => xlsx::read(bytes),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => xls::read(bytes),
        [b'%', b'P', b'D', b'F', ..]
        | [0xff, 0xd8, 0xff, ..]
        | [0x89, b'P', b'N', b'G', ..]
        | [b'R', b'a', b'r', b'!', ..]
        | [0x1f, 0x8b, ..] => Err(ReadError::NotASheet),
        _ => csv::read(bytes),
    }
}

/// Counts cells while they are read.
#[derive(Debug, Default)]
struct Budget {
    cells: usize,
    /// Rows looked at for merged cells.
    rows: usize,
}

impl Budget {
    /// Takes a cell at a place into account.
    fn take(&mut self, row: usize, column: usize) -> Result<(), ReadError> {
        self.take_with_gap(row, column, 0)
    }

    /// The same, with the empty cells that stand before it in its row from now on: a mark at the
    /// end of each row would otherwise be worth a table of forty million.
    fn take_with_gap(&mut self, row: usize, column: usize, gap: usize) -> Result<(), ReadError> {
        self.cells = self.cells.saturating_add(gap).saturating_add(1);
        if row >= ROWS || column >= COLUMNS || self.cells > CELLS {
            return Err(ReadError::TooManyCells);
        }
        Ok(())
    }

    /// Takes the rows of a merged region into account, also those without anything on them.
    fn look_at(&mut self, rows: usize) -> Result<(), ReadError> {
        self.rows = self.rows.saturating_add(rows);
        if self.rows > CELLS { Err(ReadError::TooManyCells) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
