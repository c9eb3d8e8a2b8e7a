//! Spreadsheets that are handed out: templates, and bad rows with their reasons.

use fugong_common::lang::Lang;
use rust_xlsxwriter::{Color, Format, Workbook, Worksheet, XlsxError};

use super::columns::{Field, Subject};
use super::enterprises::Bad;
use super::grid::Sheet;

/// Longest text that a cell may hold.
const CELL_CHARACTERS: usize = 32_000;

fn header() -> Format {
    Format::new().set_bold().set_background_color(Color::RGB(0x00E6_EEF8)).set_text_wrap()
}

/// Cells are texts throughout: nothing is computed when the sheet is opened, and long numbers keep
/// all their digits.
fn text() -> Format {
    Format::new().set_num_format("@")
}

fn put(sheet: &mut Worksheet, row: u32, column: u16, value: &str) -> Result<(), XlsxError> {
    if value.is_empty() {
        return Ok(());
    }
    let short: String = value.chars().take(CELL_CHARACTERS).collect();
    sheet.write_string_with_format(row, column, short, &text())?;
    Ok(())
}

fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn column(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// The bad rows as they were, behind the reason and the row's number, so that they can be mended
/// and imported again: both first columns are left out by then.
pub fn bad_rows(
    sheet: &Sheet,
    headers: &[String],
    bad: &[Bad],
    lang: Lang,
) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let out = workbook.add_worksheet();
    out.set_name(lang.of("未导入的行", "Rows not taken"))?;
    out.set_freeze_panes(1, 2)?;
    out.set_column_width(0, 60)?;
    out.set_column_width(1, 8)?;
    let titles = [lang.of("未导入原因", "Why it was not taken"), lang.of("原行号", "Row")];
    for (at, title) in titles.into_iter().chain(headers.iter().map(String::as_str)).enumerate() {
        out.write_string_with_format(0, column(at), title, &header())?;
        if at > 1 {
            out.set_column_width(column(at), 18)?;
        }
    }
    for (at, bad) in bad.iter().enumerate() {
        let row = place(at + 1);
        let reasons: Vec<String> = bad.faults.iter().map(|fault| fault.say(lang)).collect();
        put(out, row, 0, &reasons.join(lang.of("；", "; ")))?;
        put(out, row, 1, &bad.row.to_string())?;
        for (at, cell) in
            sheet.rows.get(bad.row.saturating_sub(1)).into_iter().flatten().enumerate()
        {
            put(out, row, column(at + 2), &cell.text())?;
        }
    }
    workbook.save_to_buffer()
}

/// An example value for a field.
const fn example(field: Field, lang: Lang) -> &'static str {
    match field {
        Field::Name => lang.of("示例服饰有限公司", "Sample Garments Ltd"),
        Field::Uscc => "91350100M000100Y43",
        Field::NoCodeReason | Field::Line | Field::Grid | Field::NotBefore => "",
        Field::Kind => lang.of("企业", "company"),
        Field::Scale => lang.of("规下企业", "below scale"),
        Field::Industry => lang.of("服装制造", "garments"),
        Field::Street => lang.of("向阳街道", "370602001"),
        Field::Community => lang.of("示例社区", ""),
        Field::Address => lang.of("示例路 1 号", "1 Sample Road"),
        Field::ResponsibleName => lang.of("王示例", "Wang Shili"),
        Field::ContactName => lang.of("李示例", "Li Shili"),
        Field::EpidemicOfficer => lang.of("赵示例", "Zhao Shili"),
        Field::ResponsiblePhone | Field::ContactPhone | Field::EpidemicPhone | Field::Phone => {
            "13800000000"
        }
        Field::SurveyState => lang.of("待复工", "waiting to reopen"),
        Field::SurveyStaff => "86",
        Field::SurveyPlannedOn => "2020-02-15",
        Field::PersonName => lang.of("王小例", "Wang Xiaoli"),
        Field::WorkerNumber => "0001",
        Field::IdNumber => "11010519491231002X",
        Field::Job => lang.of("缝纫工", "seamstress"),
        Field::CameFrom => lang.of("安徽阜阳", "Fuyang"),
        Field::ReturnedOn => "2020-02-09",
    }
}

/// An empty sheet with headers, one example row, and the words that kinds and states may take.
pub fn template(subject: Subject, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let out = workbook.add_worksheet();
    out.set_name(match subject {
        Subject::Enterprises => lang.of("企业台账", "Enterprises"),
        Subject::People => lang.of("花名册", "Roster"),
    })?;
    out.set_freeze_panes(1, 0)?;
    for (at, field) in subject.fields().iter().enumerate() {
        let at = column(at);
        out.set_column_format(at, &text())?;
        out.set_column_width(at, 20)?;
        out.write_string_with_format(0, at, field.title(lang), &header())?;
        put(out, 1, at, example(*field, lang))?;
    }
    let notes = workbook.add_worksheet();
    notes.set_name(lang.of("填表说明", "How to fill it in"))?;
    notes.set_column_width(0, 90)?;
    for (row, line) in notes_of(subject, lang).iter().enumerate() {
        put(notes, place(row), 0, line)?;
    }
    workbook.save_to_buffer()
}

fn notes_of(subject: Subject, lang: Lang) -> Vec<String> {
    use crate::divisions::Scale;
    use crate::enterprises::{Kind, SurveyState};
    let between = lang.of("、", ", ");
    let row = lang
        .of("第 2 行是示例，导入前请删除。", "Row 2 is an example: delete it before importing.");
    let mut notes = vec![row.to_owned()];
    match subject {
        Subject::Enterprises => {
            let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.title(lang)).collect();
            let scales: Vec<_> = Scale::ALL.iter().map(|scale| scale.title(lang)).collect();
            let states: Vec<_> = SurveyState::ALL.iter().map(|state| state.title(lang)).collect();
            let told = [(Field::Kind, kinds), (Field::Scale, scales), (Field::SurveyState, states)];
            for (field, words) in told {
                let colon = lang.of("：", ": ");
                notes.push(format!("{}{colon}{}", field.title(lang), words.join(between)));
            }
            notes.push(
                lang.of(
                    "没有统一社会信用代码的商铺，请填写没有代码的原因。",
                    "A shop without a credit code says why it has none.",
                )
                .to_owned(),
            );
        }
        Subject::People => {
            notes.push(lang.of("证件号码选填；所有列均为文本格式，长号码不会丢失末尾数字。", "The identity number is optional; all columns are text, so that long numbers keep their last digits.").to_owned());
            notes.push(lang.of("工号留空则自动编号。返岗前所在地只填到过的外地，不填籍贯。", "Without a worker number the next one is given. Say where somebody stayed, not where somebody was born.").to_owned());
        }
    }
    let day = lang.of("日期写成 2020-02-09。", "A day is written 2020-02-09.");
    notes.push(day.to_owned());
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::fault::{Fault, What};
    use crate::imports::grid::{Cell, Value};
    use crate::imports::{columns, read};

    #[test]
    fn a_template_is_understood_when_it_comes_back() {
        for lang in [Lang::Zh, Lang::En] {
            for subject in [Subject::Enterprises, Subject::People] {
                let book = read::read(&template(subject, lang).unwrap()).unwrap();
                let sheet = &book.sheets[0];
                assert_eq!(columns::find_header_row(subject, sheet), Some(0));
                let mapping = columns::guess(subject, &columns::headers(sheet, 0));
                let expected: Vec<_> = subject.fields().iter().copied().map(Some).collect();
                assert_eq!(mapping, expected);
            }
        }
    }

    #[test]
    fn bad_rows_come_back_with_their_reasons_and_nothing_computes() {
        let cell = |text: &str| Cell::of(Value::Text(text.into()));
        let sheet = Sheet {
            rows: vec![vec![cell("姓名"), cell("备注")], vec![cell("=1+1"), cell("@x")]],
            ..Sheet::default()
        };
        let bad = [Bad { row: 2, faults: vec![Fault::of(Field::Uscc, What::NoCode)] }];
        let headers = ["姓名".to_owned(), "备注".to_owned()];
        let bytes = bad_rows(&sheet, &headers, &bad, Lang::Zh).unwrap();
        let book = read::read(&bytes).unwrap();
        let texts: Vec<Vec<String>> =
            book.sheets[0].rows.iter().map(|row| row.iter().map(Cell::text).collect()).collect();
        assert_eq!(texts[0], ["未导入原因", "原行号", "姓名", "备注"]);
        assert!(texts[1][0].contains("没有统一社会信用代码"));
        assert_eq!(texts[1][1..], ["2", "=1+1", "@x"]);
        assert_eq!(book.sheets[0].formulas, 0);
    }
}
