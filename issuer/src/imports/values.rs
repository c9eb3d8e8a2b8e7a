//! Cells as values: days the way people write them, whole numbers, words for kinds and states.

use jiff::Span;
use jiff::civil::Date;

use super::grid::{Cell, Value};
use crate::divisions::Scale;
use crate::enterprises::{Kind, SurveyState};
use crate::fields::{name_key, narrow};

/// A day as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// `2020-02-09`
    pub day: String,
    /// The year, or the meaning of a bare number, was inferred.
    pub guessed: bool,
}

/// Why a cell is no day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayError {
    /// 2.1 in a number cell: the first, the tenth, or nothing of the kind.
    Ambiguous(String),
    Unknown(String),
}

/// The day in a cell, if it isn't empty; bare months and days lie within half a year of today.
pub fn day(cell: &Cell, today: Date) -> Result<Option<Day>, DayError> {
    let exact = |date: Date| Ok(Some(Day { day: date.to_string(), guessed: false }));
    let guessed = |date: Date| Ok(Some(Day { day: date.to_string(), guessed: true }));
    match &cell.value {
        Value::Empty => Ok(None),
        Value::Day(day) => Ok(Some(Day { day: day.clone(), guessed: false })),
        Value::Number(number) => {
            let shown = cell.text();
            if let Some((_, fraction)) = shown.split_once('.') {
                // A number cell drops the last nought: 2.10 became 2.1.
                if matches!(fraction, "1" | "2" | "3") {
                    return Err(DayError::Ambiguous(shown));
                }
            } else if let Some(date) = serial(*number) {
                return guessed(date);
            }
            match written(&shown, today) {
                Some((date, true)) => guessed(date),
                Some((date, false)) => exact(date),
                None => Err(DayError::Unknown(shown)),
            }
        }
        Value::Text(text) => {
            let text: String = text.trim().chars().map(narrow).collect();
            if text.is_empty() || matches!(text.as_str(), "-" | "/" | "无" | "none") {
                return Ok(None);
            }
            match written(&text, today) {
                Some((date, true)) => guessed(date),
                Some((date, false)) => exact(date),
                None => Err(DayError::Unknown(text)),
            }
        }
        Value::Truth(_) | Value::Broken(_) => Err(DayError::Unknown(cell.text())),
    }
}

/// A date's number in a cell that lost its date format: days since 30 December 1899.
fn serial(number: f64) -> Option<Date> {
    // 1992 to 2064; smaller and larger numbers are no days of this epidemic.
    if !(33_604.0..60_000.0).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within 33,604 and 60,000")]
    let days = number.floor() as i64;
    Date::new(1899, 12, 30).ok()?.checked_add(Span::new().days(days)).ok()
}

/// A day as people write it, and whether its year was inferred: 2020-02-09, 2020/2/9, 2020.2.9,
/// 2020年2月9日, 20200209, 2月9日, 2.9, 2-9, 2/9.
fn written(text: &str, today: Date) -> Option<(Date, bool)> {
    let text = text.split([' ', 'T']).next().unwrap_or_default();
    let text = text.trim_end_matches(['日', '号', '.']);
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        let number: i32 = text.parse().ok()?;
        return civil(number / 10_000, number / 100 % 100, number % 100).map(|date| (date, false));
    }
    let parts: Vec<i32> = text
        .split(['-', '/', '.', '年', '月'])
        .map(|part| part.trim().parse().ok())
        .collect::<Option<_>>()?;
    match parts.as_slice() {
        [year, month, day] if *year >= 1000 => civil(*year, *month, *day).map(|date| (date, false)),
        [year @ 19..=40, month, day] => civil(2000 + year, *month, *day).map(|date| (date, true)),
        [month, day] => nearest(*month, *day, today).map(|date| (date, true)),
        _ => None,
    }
}

fn civil(year: i32, month: i32, day: i32) -> Option<Date> {
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// The month and day in the year that lies nearest to today.
fn nearest(month: i32, day: i32, today: Date) -> Option<Date> {
    let year = i32::from(today.year());
    [year - 1, year, year + 1]
        .into_iter()
        .filter_map(|year| civil(year, month, day))
        .min_by_key(|date| today.until(*date).map_or(i32::MAX, |span| span.get_days().abs()))
}

/// A whole number of people.
pub fn staff(cell: &Cell) -> Option<u32> {
    let text: String = cell.text().chars().map(narrow).collect();
    let text = text.trim_end_matches(['人', '名', '个']).replace(',', "");
    text.trim().parse::<u32>().ok().filter(|n| *n <= 1_000_000)
}

/// A scale as offices write it.
pub fn scale(text: &str) -> Option<Scale> {
    match name_key(text).as_str() {
        "above" | "规上" | "规上企业" | "规模以上" | "规模以上企业" | "四上" | "四上企业"
        | "是" | "yes" | "abovescale" => Some(Scale::Above),
        "below" | "规下" | "规下企业" | "规模以下" | "规模以下企业" | "中小企业" | "中型"
        | "小型" | "否" | "no" | "belowscale" => Some(Scale::Below),
        "small" | "小微" | "小微企业" | "小微商户" | "微型" | "九小" | "九小场所" | "个体"
        | "smallshop" => Some(Scale::Small),
        _ => None,
    }
}

/// A kind as offices write it.
pub fn kind(text: &str) -> Option<Kind> {
    let key = name_key(text);
    if let Some(known) = Kind::parse(&key) {
        return Some(known);
    }
    match key.as_str() {
        "企业"
        | "公司"
        | "有限公司"
        | "有限责任公司"
        | "股份有限公司"
        | "工厂"
        | "工业企业"
        | "生产企业"
        | "个人独资企业"
        | "合伙企业"
        | "农民专业合作社"
        | "合作社" => Some(Kind::Company),
        "商铺"
        | "店铺"
        | "门店"
        | "九小场所"
        | "商铺(九小场所)"
        | "商铺（九小场所）"
        | "小商铺"
        | "餐饮店"
        | "超市" => Some(Kind::Shop),
        "个体" | "个体户" | "个体工商户" | "soletrader" => Some(Kind::Individual),
        "机关" | "事业单位" | "机关事业单位" | "学校" | "医院" | "社会团体" => {
            Some(Kind::Institution)
        }
        "工地" | "在建工地" | "建设项目" | "项目部" | "buildingproject" => {
            Some(Kind::Site)
        }
        "其他" | "其他单位" | "其它" => Some(Kind::Other),
        _ => None,
    }
}

/// What the code's first two characters say about its holder (GB 32100-2015).
pub fn kind_of_code(uscc: &str) -> Kind {
    match uscc.as_bytes() {
        [b'9', b'2', ..] => Kind::Individual,
        [b'9', ..] => Kind::Company,
        [b'1' | b'5', ..] => Kind::Institution,
        _ => Kind::Other,
    }
}

/// A survey's state as offices write it.
pub fn survey_state(text: &str) -> Option<SurveyState> {
    let key = name_key(text);
    if let Some(known) = SurveyState::parse(&key) {
        return Some(known);
    }
    match key.as_str() {
        "待复工" | "未复工" | "准备复工" | "拟复工" | "否" | "no" | "未开业"
        | "waitingtoreopen" => Some(SurveyState::Waiting),
        "已复工" | "复工" | "正常" | "正常经营" | "营业" | "开业" | "在营" | "已开业" | "是"
        | "yes" | "open" => Some(SurveyState::Reopened),
        "停业" | "歇业" | "关停" | "停产" | "注销" | "倒闭" | "空置" | "closeddown" => {
            Some(SurveyState::Closed)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::lang::Lang;

    fn today() -> Date {
        Date::new(2020, 2, 10).unwrap()
    }

    fn text(text: &str) -> Cell {
        Cell::of(Value::Text(text.into()))
    }

    fn number(number: f64) -> Cell {
        Cell::of(Value::Number(number))
    }

    #[test]
    fn days_are_understood_the_way_people_write_them() {
        for (written, day, guessed) in [
            ("2020-02-09", "2020-02-09", false),
            ("2020/2/9", "2020-02-09", false),
            ("2020年2月9日", "2020-02-09", false),
            ("2020.2.9 08:30", "2020-02-09", false),
            ("20200209", "2020-02-09", false),
            ("２月９日", "2020-02-09", true),
            ("2.9", "2020-02-09", true),
            ("2.10", "2020-02-10", true),
            ("20.2.9", "2020-02-09", true),
            // December is the last one, not ten months ahead.
            ("12月30日", "2019-12-30", true),
        ] {
            let read = super::day(&text(written), today()).unwrap().unwrap();
            assert_eq!((read.day.as_str(), read.guessed), (day, guessed), "{written}");
        }
    }

    #[test]
    fn a_number_that_could_be_two_days_is_not_guessed_at() {
        let day = |cell: &Cell| super::day(cell, today());
        assert_eq!(day(&number(2.1)), Err(DayError::Ambiguous("2.1".into())));
        assert_eq!(day(&number(2.9)).unwrap().unwrap().day, "2020-02-09");
        assert_eq!(day(&number(43_870.0)).unwrap().unwrap().day, "2020-02-09");
        assert_eq!(day(&number(20_200_209.0)).unwrap().unwrap().day, "2020-02-09");
        assert!(matches!(day(&number(7.0)), Err(DayError::Unknown(_))));
    }

    #[test]
    fn nonsense_is_no_day_and_a_dash_is_none() {
        let day = |written: &str| super::day(&text(written), today());
        for nonsense in ["2月30日", "昨天", "2020-13-01", "1.2.3.4"] {
            assert!(matches!(day(nonsense), Err(DayError::Unknown(_))), "{nonsense}");
        }
        assert_eq!(day("-"), Ok(None));
        assert_eq!(day(" "), Ok(None));
    }

    #[test]
    fn the_words_that_pages_show_are_understood_in_sheets() {
        for lang in [Lang::Zh, Lang::En] {
            for known in Kind::ALL {
                assert_eq!(kind(known.title(lang)), Some(*known), "{}", known.title(lang));
            }
            for known in Scale::ALL {
                assert_eq!(scale(known.title(lang)), Some(known), "{}", known.title(lang));
            }
            for known in SurveyState::ALL {
                assert_eq!(survey_state(known.title(lang)), Some(*known));
            }
        }
        assert_eq!(kind("帮派"), None);
        assert_eq!(kind_of_code("92370602MA3Q"), Kind::Individual);
    }

    #[test]
    fn staff_is_a_whole_number() {
        assert_eq!(staff(&text("１２ 人")), Some(12));
        assert_eq!(staff(&number(30.0)), Some(30));
        assert_eq!(staff(&text("1,200")), Some(1200));
        assert_eq!(staff(&number(2.5)), None);
        assert_eq!(staff(&text("约30")), None);
    }
}
