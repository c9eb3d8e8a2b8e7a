use fugong_common::lang::Lang;
use fugong_common::time::Zone;
use fugong_common::uscc::Uscc;
use jiff::civil::Date;

use super::columns::{self, Field, Subject};
use super::enterprises::{self, Against};
use super::grid::{Cell, Sheet, Value};
use super::people;
use super::places::Places;
use crate::divisions::Scale;
use crate::enterprises::Kind;
use crate::testing::division;

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::default() } else { Cell::of(Value::Text(text.into())) }
}

fn sheet(rows: Vec<Vec<Cell>>) -> Sheet {
    Sheet { name: "名单".into(), rows, ..Sheet::default() }
}

fn texts(rows: &[&[&str]]) -> Sheet {
    sheet(rows.iter().map(|row| row.iter().map(|cell| text(cell)).collect()).collect())
}

fn places() -> Places {
    Places::new(vec![
        division("d", "/d/", "370602000000", "芝罘区"),
        division("a", "/d/a/", "370602001000", "向阳街道"),
    ])
}

fn code(n: usize) -> String {
    Uscc::complete(&format!("91370602MA3Q{n:05}")).unwrap().as_str().to_owned()
}

fn read(sheet: &Sheet, reason: &str) -> enterprises::Evaluated<enterprises::Record> {
    let header = columns::find_header_row(Subject::Enterprises, sheet).unwrap();
    let mapping = columns::guess(Subject::Enterprises, &columns::headers(sheet, header));
    let places = places();
    let against =
        Against { places: &places, today: Date::new(2020, 2, 10).unwrap(), no_code_reason: reason };
    enterprises::evaluate(sheet, header, &mapping, &against)
}

fn said(bad: &[enterprises::Bad]) -> Vec<(usize, String)> {
    bad.iter()
        .map(|bad| {
            let faults: Vec<_> = bad.faults.iter().map(|fault| fault.say(Lang::Zh)).collect();
            (bad.row, faults.join("；"))
        })
        .collect()
}

#[test]
fn a_row_becomes_a_record_and_what_it_leaves_out_is_inferred() {
    let trader = Uscc::complete("92370602MA3Q00007").unwrap();
    let read = read(
        &texts(&[
            &["企业台账"],
            &[
                "企业名称",
                "统一社会信用代码",
                "街道",
                "员工人数",
                "是否复工",
                "拟复工时间",
                "联系电话",
            ],
            &["示例一", &code(1), "向阳", "12人", "待复工", "2.15", "138 0013 8000"],
            &["示例二", trader.as_str(), "", "", "", "", ""],
            &["", "", "", "", "", "", ""],
        ]),
        "",
    );
    assert_eq!(said(&read.bad), []);
    let [first, second] = read.records.as_slice() else { panic!("two rows") };
    assert_eq!((first.row, first.division, first.staff), (3, Some(1), Some(12)));
    assert_eq!((first.planned_on.as_str(), first.guessed), ("2020-02-15", 1));
    assert_eq!(first.contact_phone, "13800138000");
    assert_eq!(first.kind_or_inferred(), Kind::Company);
    assert_eq!(second.kind_or_inferred(), Kind::Individual);
    assert_eq!(second.scale_or_inferred(), Scale::Small);
}

#[test]
fn every_bad_row_says_everything_that_is_wrong_with_it() {
    let wrong = format!("{}0", &code(1)[..17]);
    let read = read(
        &sheet(vec![
            ["单位名称", "统一社会信用代码", "规模", "街道", "人数"].map(text).to_vec(),
            vec![text("甲\u{202e}厂"), text(&wrong), text("超大"), text("月亮街道"), text("约30")],
            vec![text("乙厂"), Cell::of(Value::Number(9.137_060_212_345_678e17))],
            vec![text(""), text(&code(2))],
            vec![text("丙厂"), text("")],
            vec![text("丁厂"), text(&code(3))],
            vec![text("丁厂分厂"), text(&code(3).to_lowercase())],
            vec![text("戊厂"), Cell::of(Value::Broken("#REF!".into()))],
        ]),
        "",
    );
    let said = said(&read.bad);
    let rows: Vec<usize> = said.iter().map(|(row, _)| *row).collect();
    assert_eq!(rows, [2, 3, 4, 5, 7, 8]);
    for (at, parts) in [
        (0, vec!["第 2 个字符", "末位应为", "“超大”", "没有“月亮街道”", "“约30”"]),
        (1, vec!["已被电子表格改写", "文本"]),
        (2, vec!["单位名称：必填"]),
        (3, vec!["没有统一社会信用代码"]),
        (4, vec!["与第 6 行重复"]),
        (5, vec!["公式出错（#REF!）"]),
    ] {
        for part in parts {
            assert!(said[at].1.contains(part), "{part} in {}", said[at].1);
        }
    }
    assert_eq!(read.records.len(), 1);
}

#[test]
fn shops_without_code_are_taken_with_a_reason() {
    let rows: &[&[&str]] = &[
        &["商户名称", "统一社会信用代码", "无代码原因"],
        &["早点铺", "", "流动摊位"],
        &["修鞋摊", "无", ""],
        &["修鞋摊", "", ""],
    ];
    let without = read(&texts(rows), "");
    assert_eq!((without.records.len(), without.bad.len()), (1, 2));
    let with = read(&texts(rows), "尚未办照");
    assert_eq!(with.records[1].no_code_reason, "尚未办照");
    assert_eq!(with.records[1].kind_or_inferred(), Kind::Shop);
    assert!(said(&with.bad)[0].1.contains("与第 3 行重复"));
}

fn read_people(sheet: &Sheet) -> enterprises::Evaluated<people::Record> {
    let header = columns::find_header_row(Subject::People, sheet).unwrap();
    let mapping = columns::guess(Subject::People, &columns::headers(sheet, header));
    let zone = Zone::parse("Asia/Shanghai").unwrap();
    people::evaluate(sheet, header, &mapping, Date::new(2020, 2, 10).unwrap(), &zone)
}

#[test]
fn rosters_are_read_with_damaged_numbers_and_ambiguous_days_named() {
    let read = read_people(&sheet(vec![
        ["姓名", "工号", "身份证号", "返岗日期", "可入场日期"].map(text).to_vec(),
        vec![
            text("王小明"),
            text("0001"),
            text("11010519491231002X"),
            text("2.9"),
            text("2月12日"),
        ],
        vec![text("李娜"), text(""), Cell::of(Value::Number(1.101_051_949_123_1e17))],
        vec![text("赵强"), text(""), text("3.70602E+17")],
        vec![text("钱进"), text(""), text(""), Cell::of(Value::Number(2.1))],
        vec![text("孙悦"), text("0001")],
        vec![text("周\u{200b}舟"), text("工3")],
        vec![text("吴桐"), text(""), text("11010519491231002X")],
    ]));
    let [record] = read.records.as_slice() else { panic!("{:?}", read.records) };
    assert_eq!(record.returned_on, "2020-02-09");
    // 12 February begins at midnight in Shanghai.
    assert_eq!(record.not_before, Some(1_581_436_800_000));
    let said = said(&read.bad);
    for (at, part) in [
        (0, "已被电子表格改写"),
        (1, "已被电子表格改写"),
        (2, "可能是 1 日"),
        (3, "与第 2 行重复"),
        (4, "不能用作工号"),
        (5, "与第 2 行重复"),
    ] {
        assert!(said[at].1.contains(part), "{part} in {}", said[at].1);
    }
    assert!(said[4].1.contains("第 2 个字符"), "{}", said[4].1);
}

#[test]
fn the_wrong_sheet_has_no_headers_that_fit() {
    let sheet = texts(&[&["日期", "温度"], &["2020-02-09", "36.5"]]);
    assert_eq!(columns::find_header_row(Subject::People, &sheet), None);
    assert_eq!(columns::find_header_row(Subject::Enterprises, &sheet), None);
    let roster = texts(&[&["姓名", "工号"], &["王", "1"]]);
    assert_eq!(columns::guess(Subject::Enterprises, &columns::headers(&roster, 0)), [None, None]);
    assert_eq!(
        columns::guess(Subject::People, &columns::headers(&roster, 0)),
        [Some(Field::PersonName), Some(Field::WorkerNumber)]
    );
}

mod matching {
    use super::super::people::{Record, Roster};
    use crate::people::IdNumber;
    use crate::people::store::Person;
    use fugong_common::person::Name;

    fn person(number: &str, name: &str, phone: &str, id: &str) -> Person {
        Person {
            id: format!("p{number}"),
            enterprise_id: "e1".into(),
            worker_number: number.into(),
            name: name.into(),
            name_key: name.into(),
            phone: phone.into(),
            id_number: id.into(),
            id_last_four: String::new(),
            job: String::new(),
            came_from: String::new(),
            returned_on: String::new(),
            not_before: 0,
            left_at: None,
            revision: 1,
            created_at: 0,
            updated_at: 0,
        }
    }

    fn record(number: &str, name: &str, phone: &str, id: &str) -> Record {
        Record {
            row: 2,
            worker_number: number.into(),
            name: Name::parse(name).unwrap(),
            phone: phone.into(),
            id_number: (!id.is_empty()).then(|| IdNumber::parse(id).unwrap()),
            job: String::new(),
            came_from: String::new(),
            returned_on: String::new(),
            not_before: None,
            guessed: 0,
        }
    }

    const CARD: &str = "11010519491231002X";

    #[test]
    fn a_row_finds_its_person_by_the_surest_sign_it_has() {
        let people = [
            person("0001", "王小明", "13800000001", CARD),
            person("0002", "李娜", "13800000002", ""),
            person("0003", "李娜", "13800000003", ""),
            person("0004", "赵强", "", ""),
        ];
        let found = |number, name, phone, id| {
            Roster::new(&people)
                .find(&record(number, name, phone, id))
                .map(|person| person.worker_number.as_str())
        };
        assert_eq!(found("0002", "改名", "", ""), Some("0002"));
        assert_eq!(found("", "王晓明", "", CARD), Some("0001"));
        assert_eq!(found("", "李娜", "13800000003", ""), Some("0003"));
        assert_eq!(found("", "赵强", "13800000009", ""), Some("0004"));
        // Two of one name and nothing to tell them apart; a stranger; a namesake by telephone.
        assert_eq!(found("", "李娜", "", ""), None);
        assert_eq!(found("", "孙悦", "", ""), None);
        assert_eq!(found("", "王小明", "13999999999", ""), None);
        assert_eq!(found("0009", "赵强", "", ""), None);
    }

    #[test]
    fn nobody_is_matched_twice_and_the_unmatched_remain() {
        let people = [person("0001", "王小明", "", ""), person("0002", "李娜", "", "")];
        let mut roster = Roster::new(&people);
        assert!(roster.find(&record("", "王小明", "", "")).is_some());
        assert!(roster.find(&record("", "王小明", "", "")).is_none());
        let left: Vec<_> = roster.unmatched().map(|person| person.name.as_str()).collect();
        assert_eq!(left, ["李娜"]);
    }
}
