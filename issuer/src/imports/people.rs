//! Rows of a roster as records, and how they match who is on file. Pure.

use std::collections::{HashMap, HashSet};

use fugong_common::person::Name;
use fugong_common::time::Zone;
use jiff::civil::Date;

use super::columns::Field;
use super::enterprises::{Bad, Evaluated, Row};
use super::fault::{Fault, What};
use super::grid::{Cell, Sheet};
use crate::fields::{self, name_key};
use crate::people::store::Person;
use crate::people::{IdNumber, plausible_worker_number};

/// A row that can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub row: usize,
    /// Empty where the sheet has none: the next number is given.
    pub worker_number: String,
    pub name: Name,
    pub phone: String,
    pub id_number: Option<IdNumber>,
    pub job: String,
    pub came_from: String,
    pub returned_on: String,
    /// Unix milliseconds; `None` where the sheet doesn't say.
    pub not_before: Option<i64>,
    pub guessed: usize,
}

fn id_number(row: &mut Row<'_>) -> Option<IdNumber> {
    let cell = row.cell(Field::IdNumber)?;
    let text = cell.text();
    if matches!(text.as_str(), "无" | "-" | "/") {
        return None;
    }
    if cell.is_long_number() {
        row.fault(Field::IdNumber, What::Rounded);
        return None;
    }
    IdNumber::parse(&text).map_err(|error| row.fault(Field::IdNumber, What::IdNumber(error))).ok()
}

fn read_row(
    number: usize,
    cells: &[Cell],
    mapping: &[Option<Field>],
    today: Date,
    zone: &Zone,
) -> Option<Result<Record, Bad>> {
    let mut row = Row::of(cells, mapping)?;
    let name = row.name(Field::PersonName);
    let worker_number = match row.text(Field::WorkerNumber) {
        text if text.is_empty() => text,
        text => plausible_worker_number(&text).unwrap_or_else(|| {
            row.fault(Field::WorkerNumber, What::WorkerNumber(text));
            String::new()
        }),
    };
    let id_number = id_number(&mut row);
    let phone = row.parsed(Field::Phone, fields::phone);
    let job = row.parsed(Field::Job, fields::line);
    let came_from = row.parsed(Field::CameFrom, fields::line);
    let returned_on = row.day(Field::ReturnedOn, today);
    let not_before = row.day(Field::NotBefore, today);
    let not_before = zone.start_of(&not_before).map(|at| at.0);
    Some(match name {
        Some(name) if row.faults.is_empty() => Ok(Record {
            row: number,
            worker_number,
            name,
            phone,
            id_number,
            job,
            came_from,
            returned_on,
            not_before,
            guessed: row.guessed,
        }),
        _ => Err(Bad { row: number, faults: row.faults }),
    })
}

/// All rows below the headers. Of two rows with one worker number, or one identity number, or one
/// name and telephone without either, the first is taken.
pub fn evaluate(
    sheet: &Sheet,
    header_row: usize,
    mapping: &[Option<Field>],
    today: Date,
    zone: &Zone,
) -> Evaluated<Record> {
    let mut out = Evaluated::default();
    let mut seen: HashMap<(Field, String), usize> = HashMap::new();
    for (at, cells) in sheet.rows.iter().enumerate().skip(header_row + 1) {
        let number = at + 1;
        let record = match read_row(number, cells, mapping, today, zone) {
            None => continue,
            Some(Err(bad)) => {
                out.bad.push(bad);
                continue;
            }
            Some(Ok(record)) => record,
        };
        let keys = keys(&record);
        let first = keys.iter().find_map(|key| seen.get(key).map(|row| (key.0, *row)));
        if let Some((field, row)) = first {
            let faults = vec![Fault::of(field, What::Twice(row))];
            out.bad.push(Bad { row: number, faults });
        } else {
            seen.extend(keys.into_iter().map(|key| (key, number)));
            out.records.push(record);
        }
    }
    out
}

fn keys(record: &Record) -> Vec<(Field, String)> {
    let mut keys = Vec::new();
    if !record.worker_number.is_empty() {
        keys.push((Field::WorkerNumber, record.worker_number.clone()));
    }
    if let Some(id) = &record.id_number {
        keys.push((Field::IdNumber, id.as_str().to_owned()));
    }
    if keys.is_empty() {
        let name = name_key(record.name.as_str());
        keys.push((Field::PersonName, format!("{name}\u{1f}{}", record.phone)));
    }
    keys
}

/// A roster by everything that a row may be matched by.
#[derive(Debug)]
pub struct Roster<'a> {
    people: &'a [Person],
    by_number: HashMap<&'a str, usize>,
    by_id: HashMap<&'a str, usize>,
    by_name: HashMap<&'a str, Vec<usize>>,
    taken: HashSet<usize>,
}

impl<'a> Roster<'a> {
    pub fn new(people: &'a [Person]) -> Self {
        let (mut by_number, mut by_id) = (HashMap::new(), HashMap::new());
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, person) in people.iter().enumerate() {
            by_number.insert(person.worker_number.as_str(), at);
            if !person.id_number.is_empty() {
                by_id.insert(person.id_number.as_str(), at);
            }
            by_name.entry(person.name_key.as_str()).or_default().push(at);
        }
        Self { people, by_number, by_id, by_name, taken: HashSet::new() }
    }

    /// The person a row is about: by worker number, then identity number, then name and telephone,
    /// then a name that only one person has. Nobody is matched twice.
    pub fn find(&mut self, record: &Record) -> Option<&'a Person> {
        let at = self.place_of(record)?;
        self.taken.insert(at);
        self.people.get(at)
    }

    fn place_of(&self, record: &Record) -> Option<usize> {
        let free = |at: usize| (!self.taken.contains(&at)).then_some(at);
        if !record.worker_number.is_empty()
            && let Some(at) = self.by_number.get(record.worker_number.as_str())
        {
            return free(*at);
        }
        if let Some(id) = &record.id_number
            && let Some(at) = self.by_id.get(id.as_str())
        {
            return free(*at);
        }
        // A row with a number of its own is a person of its own.
        if !record.worker_number.is_empty() {
            return None;
        }
        let name = name_key(record.name.as_str());
        let named: Vec<usize> = self
            .by_name
            .get(name.as_str())
            .into_iter()
            .flatten()
            .copied()
            .filter(|at| free(*at).is_some())
            .filter(|at| self.people.get(*at).is_some_and(|person| compatible(person, record)))
            .collect();
        let with_phone = named.iter().copied().find(|at| {
            !record.phone.is_empty()
                && self.people.get(*at).is_some_and(|person| person.phone == record.phone)
        });
        match (with_phone, named.as_slice()) {
            (Some(at), _) => Some(at),
            (None, [only]) => Some(*only),
            (None, _) => None,
        }
    }

    /// Whether the number is somebody's on file.
    pub fn has_number(&self, number: &str) -> bool {
        self.by_number.contains_key(number)
    }

    /// Who is on the roster but was not found by any row.
    pub fn unmatched(&self) -> impl Iterator<Item = &'a Person> {
        self.people
            .iter()
            .enumerate()
            .filter(|(at, person)| person.left_at.is_none() && !self.taken.contains(at))
            .map(|(_, person)| person)
    }
}

/// Two of one name may still be two people: different identity numbers or telephones tell.
fn compatible(person: &Person, record: &Record) -> bool {
    let differ = |on_file: &str, in_sheet: &str| {
        !on_file.is_empty() && !in_sheet.is_empty() && on_file != in_sheet
    };
    let id = record.id_number.as_ref().map_or("", IdNumber::as_str);
    !differ(&person.id_number, id) && !differ(&person.phone, &record.phone)
}
