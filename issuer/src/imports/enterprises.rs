//! Rows of a sheet of enterprises as records. Pure: what is on file is compared later.

use std::collections::HashMap;

use fugong_common::person::{Name, clean_name};
use fugong_common::uscc::Uscc;
use jiff::civil::Date;

use super::columns::Field;
use super::fault::{Fault, What};
use super::grid::{Cell, Sheet, Value};
use super::places::Places;
use super::values;
use crate::divisions::Scale;
use crate::enterprises::{Kind, SurveyState};
use crate::fields::{self, FieldError, name_key};

/// What rows are read against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    pub places: &'a Places,
    pub today: Date,
    /// Why enterprises without code have none, for rows that don't say it; empty: such rows are bad.
    pub no_code_reason: &'a str,
}

/// A row that can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// As the spreadsheet counts.
    pub row: usize,
    pub uscc: Option<Uscc>,
    pub no_code_reason: String,
    pub name: Name,
    /// `None` where the sheet doesn't say.
    pub kind: Option<Kind>,
    pub scale: Option<Scale>,
    pub industry: String,
    pub line: String,
    pub responsible_name: String,
    pub responsible_phone: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub epidemic_officer: String,
    pub epidemic_phone: String,
    /// Index into the places; `None` where the sheet doesn't say.
    pub division: Option<usize>,
    pub address: String,
    pub survey: Option<SurveyState>,
    pub staff: Option<u32>,
    pub planned_on: String,
    pub guessed: usize,
}

/// What makes two rows, or a row and a file, the same enterprise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Uscc(String),
    /// A shop without code, by its folded name and where it lies.
    Named(String, usize),
}

impl Record {
    pub fn key(&self) -> Key {
        match &self.uscc {
            Some(uscc) => Key::Uscc(uscc.as_str().to_owned()),
            None => Key::Named(name_key(self.name.as_str()), self.division.unwrap_or(0)),
        }
    }

    /// The kind in the sheet, or the one its code tells.
    pub fn kind_or_inferred(&self) -> Kind {
        self.kind.unwrap_or_else(|| {
            self.uscc.map_or(Kind::Shop, |uscc| values::kind_of_code(uscc.as_str()))
        })
    }

    pub fn scale_or_inferred(&self) -> Scale {
        self.scale.unwrap_or(match self.kind_or_inferred() {
            Kind::Shop | Kind::Individual => Scale::Small,
            _ => Scale::Below,
        })
    }
}

/// A row that can't be taken, and everything wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    pub row: usize,
    pub faults: Vec<Fault>,
}

/// A sheet's rows, told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluated<R> {
    pub records: Vec<R>,
    pub bad: Vec<Bad>,
}

impl<R> Default for Evaluated<R> {
    fn default() -> Self {
        Self { records: Vec::new(), bad: Vec::new() }
    }
}

/// One row under its mapping, collecting faults as it is read.
pub(super) struct Row<'a> {
    cells: HashMap<Field, &'a Cell>,
    pub(super) faults: Vec<Fault>,
    pub(super) guessed: usize,
}

impl<'a> Row<'a> {
    /// `None` for a row with nothing in the mapped columns.
    pub(super) fn of(cells: &'a [Cell], mapping: &[Option<Field>]) -> Option<Self> {
        let cells: HashMap<Field, &Cell> = cells
            .iter()
            .zip(mapping)
            .filter_map(|(cell, field)| Some(((*field)?, cell)))
            .filter(|(_, cell)| !cell.is_empty())
            .collect();
        if cells.is_empty() {
            return None;
        }
        let mut faults: Vec<Fault> = cells
            .iter()
            .filter_map(|(field, cell)| match &cell.value {
                Value::Broken(error) => Some(Fault::of(*field, What::Broken(error.clone()))),
                _ => None,
            })
            .collect();
        faults.sort_by_key(|fault| fault.field);
        Some(Self { cells, faults, guessed: 0 })
    }

    pub(super) fn cell(&self, field: Field) -> Option<&'a Cell> {
        self.cells.get(&field).copied().filter(|cell| !matches!(cell.value, Value::Broken(_)))
    }

    pub(super) fn text(&self, field: Field) -> String {
        self.cell(field).map(Cell::text).unwrap_or_default()
    }

    pub(super) fn fault(&mut self, field: Field, what: What) {
        self.faults.push(Fault::of(field, what));
    }

    pub(super) fn is_broken(&self, field: Field) -> bool {
        self.faults.iter().any(|fault| fault.field == Some(field))
    }

    pub(super) fn parsed(
        &mut self,
        field: Field,
        parse: impl Fn(&str) -> Result<String, FieldError>,
    ) -> String {
        parse(&self.text(field)).unwrap_or_else(|error| {
            self.fault(field, What::Text(error));
            String::new()
        })
    }

    pub(super) fn name(&mut self, field: Field) -> Option<Name> {
        let text = self.text(field);
        if text.is_empty() {
            if !self.is_broken(field) {
                self.fault(field, What::Missing);
            }
            return None;
        }
        clean_name(&text).map_err(|error| self.fault(field, What::Name(error))).ok()
    }

    /// A word of a fixed set.
    pub(super) fn word<T>(&mut self, field: Field, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(field);
        if text.is_empty() {
            return None;
        }
        let found = parse(&text);
        if found.is_none() {
            self.fault(field, What::Word(text));
        }
        found
    }

    pub(super) fn day(&mut self, field: Field, today: Date) -> String {
        let Some(cell) = self.cell(field) else { return String::new() };
        match values::day(cell, today) {
            Ok(None) => String::new(),
            Ok(Some(day)) => {
                self.guessed += usize::from(day.guessed);
                day.day
            }
            Err(error) => {
                self.fault(field, What::Day(error));
                String::new()
            }
        }
    }
}

fn uscc(row: &mut Row<'_>) -> Option<Uscc> {
    let cell = row.cell(Field::Uscc)?;
    let text = cell.text();
    if matches!(text.as_str(), "无" | "-" | "/" | "none") {
        return None;
    }
    if cell.is_long_number() || text.to_ascii_uppercase().contains("E+") {
        row.fault(Field::Uscc, What::Rounded);
        return None;
    }
    Uscc::parse(&text).map_err(|error| row.fault(Field::Uscc, What::Uscc(error))).ok()
}

fn division(row: &mut Row<'_>, places: &Places) -> Option<usize> {
    let mut found = None;
    for field in [Field::Street, Field::Community, Field::Grid] {
        let text = row.text(field);
        if text.is_empty() {
            continue;
        }
        match places.find(found, &text) {
            Ok(place) => found = Some(place),
            Err(what) => {
                row.fault(field, what);
                return None;
            }
        }
    }
    found
}

fn read_row(
    number: usize,
    cells: &[Cell],
    mapping: &[Option<Field>],
    against: &Against<'_>,
) -> Option<Result<Record, Bad>> {
    let mut row = Row::of(cells, mapping)?;
    let name = row.name(Field::Name);
    let uscc = uscc(&mut row);
    let mut no_code_reason = row.parsed(Field::NoCodeReason, fields::line);
    if uscc.is_some() {
        no_code_reason.clear();
    } else if !row.is_broken(Field::Uscc) && no_code_reason.is_empty() {
        if against.no_code_reason.is_empty() {
            row.fault(Field::Uscc, What::NoCode);
        } else {
            against.no_code_reason.clone_into(&mut no_code_reason);
        }
    }
    let kind = row.word(Field::Kind, values::kind);
    let scale = row.word(Field::Scale, values::scale);
    let division = division(&mut row, against.places);
    let survey = row.word(Field::SurveyState, values::survey_state);
    let staff = row.cell(Field::SurveyStaff).map(|cell| (values::staff(cell), cell.text()));
    let staff = match staff {
        Some((None, shown)) => {
            row.fault(Field::SurveyStaff, What::Staff(shown));
            None
        }
        Some((staff, _)) => staff,
        None => None,
    };
    let record = Record {
        row: number,
        uscc,
        no_code_reason,
        name: match name {
            Some(name) => name,
            None => return Some(Err(Bad { row: number, faults: row.faults })),
        },
        kind,
        scale,
        industry: row.parsed(Field::Industry, fields::line),
        line: row.parsed(Field::Line, fields::line),
        responsible_name: row.parsed(Field::ResponsibleName, fields::line),
        responsible_phone: row.parsed(Field::ResponsiblePhone, fields::phone),
        contact_name: row.parsed(Field::ContactName, fields::line),
        contact_phone: row.parsed(Field::ContactPhone, fields::phone),
        epidemic_officer: row.parsed(Field::EpidemicOfficer, fields::line),
        epidemic_phone: row.parsed(Field::EpidemicPhone, fields::phone),
        division,
        address: row.parsed(Field::Address, fields::line),
        survey,
        staff,
        planned_on: row.day(Field::SurveyPlannedOn, against.today),
        guessed: row.guessed,
    };
    Some(if row.faults.is_empty() {
        Ok(record)
    } else {
        Err(Bad { row: number, faults: row.faults })
    })
}

/// All rows below the headers. The first of two rows with one code is taken, the second is bad.
pub fn evaluate(
    sheet: &Sheet,
    header_row: usize,
    mapping: &[Option<Field>],
    against: &Against<'_>,
) -> Evaluated<Record> {
    let mut out = Evaluated::default();
    let mut seen: HashMap<Key, usize> = HashMap::new();
    for (at, cells) in sheet.rows.iter().enumerate().skip(header_row + 1) {
        let number = at + 1;
        match read_row(number, cells, mapping, against) {
            None => {}
            Some(Err(bad)) => out.bad.push(bad),
            Some(Ok(record)) => {
                if let Some(first) = seen.get(&record.key()) {
                    let field = if record.uscc.is_some() { Field::Uscc } else { Field::Name };
                    let faults = vec![Fault::of(field, What::Twice(*first))];
                    out.bad.push(Bad { row: number, faults });
                } else {
                    seen.insert(record.key(), number);
                    out.records.push(record);
                }
            }
        }
    }
    out
}
