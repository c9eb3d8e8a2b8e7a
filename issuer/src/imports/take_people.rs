//! A roster's sheet against the roster on file: what would be done, and doing it.

use fugong_common::time::Millis;
use serde_json::json;

use super::columns::Field;
use super::enterprises::Bad;
use super::fault::{Fault, What};
use super::people::{Record, Roster};
use super::plan::{Counts, Policy};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::enterprises::timeline;
use crate::fields::name_key;
use crate::people::store::{self, Movement, Person};
use crate::people::{IdNumber, bulk};

/// Everything that a sheet changes on a roster, decided before anything is written.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub added: Vec<Person>,
    pub changed: Vec<Person>,
    /// Of the changed ones, who had left and is back.
    pub back: Vec<String>,
    /// Only of a whole roster: on it, but not in the sheet.
    pub leaving: Vec<Person>,
    pub bad: Vec<Bad>,
    pub counts: Counts,
}

/// Under what a roster is merged.
#[derive(Clone, Copy, Debug)]
pub struct Under<'a> {
    pub enterprise_id: &'a str,
    pub policy: Policy,
    pub full: bool,
    pub now: Millis,
}

/// Decides what a sheet changes. New people get ids from `new_id`, and the next worker numbers
/// where the sheet gives none.
pub fn decide(
    people: &[Person],
    records: &[Record],
    under: &Under<'_>,
    mut new_id: impl FnMut() -> String,
) -> Change {
    let mut change = Change::default();
    let mut roster = Roster::new(people);
    let numbers = people
        .iter()
        .map(|person| person.worker_number.as_str())
        .chain(records.iter().map(|record| record.worker_number.as_str()));
    let mut next = numbers.filter_map(|number| number.parse::<u32>().ok()).max().unwrap_or(0);
    for record in records {
        change.counts.guessed += i64::try_from(record.guessed).unwrap_or_default();
        match roster.find(record) {
            Some(person) => {
                let merged = merge(person, record, under);
                if merged == *person {
                    change.counts.same += 1;
                } else {
                    if person.left_at.is_some() && merged.left_at.is_none() {
                        change.back.push(person.id.clone());
                    }
                    change.changed.push(Person {
                        revision: person.revision + 1,
                        updated_at: under.now.0,
                        ..merged
                    });
                }
            }
            None if roster.has_number(&record.worker_number) => {
                let faults = vec![Fault::of(Field::WorkerNumber, What::NumberTaken)];
                change.bad.push(Bad { row: record.row, faults });
            }
            None => {
                let worker_number = if record.worker_number.is_empty() {
                    next = next.saturating_add(1);
                    store::worker_number(next)
                } else {
                    record.worker_number.clone()
                };
                change.added.push(new_person(new_id(), worker_number, record, under));
            }
        }
    }
    if under.full {
        change.leaving = roster
            .unmatched()
            .map(|person| Person {
                left_at: Some(under.now.0),
                revision: person.revision + 1,
                updated_at: under.now.0,
                ..person.clone()
            })
            .collect();
    }
    let length = |n: usize| i64::try_from(n).unwrap_or_default();
    change.counts.added = length(change.added.len());
    change.counts.changed = length(change.changed.len());
    change.counts.leaving = length(change.leaving.len());
    change.counts.on_roster =
        length(people.iter().filter(|person| person.left_at.is_none()).count());
    change
}

fn merge(person: &Person, record: &Record, under: &Under<'_>) -> Person {
    let policy = under.policy;
    if policy == Policy::Skip {
        return person.clone();
    }
    let text = |on_file: &str, in_sheet: &str| policy.merge(on_file, in_sheet).to_owned();
    let id = record.id_number.as_ref().map_or("", IdNumber::as_str);
    let last_four = record.id_number.as_ref().map(IdNumber::last_four).unwrap_or_default();
    let takes_id = policy.merge(&person.id_number, id) != person.id_number;
    let name = text(&person.name, record.name.as_str());
    Person {
        worker_number: text(&person.worker_number, &record.worker_number),
        name_key: name_key(&name),
        name,
        phone: text(&person.phone, &record.phone),
        id_number: text(&person.id_number, id),
        id_last_four: if takes_id { last_four } else { person.id_last_four.clone() },
        job: text(&person.job, &record.job),
        came_from: text(&person.came_from, &record.came_from),
        returned_on: text(&person.returned_on, &record.returned_on),
        not_before: match record.not_before {
            Some(at) if policy == Policy::Take || person.not_before == 0 => at,
            _ => person.not_before,
        },
        // Who stands in the sheet works there, whatever was noted before.
        left_at: None,
        ..person.clone()
    }
}

fn new_person(id: String, worker_number: String, record: &Record, under: &Under<'_>) -> Person {
    Person {
        id,
        enterprise_id: under.enterprise_id.to_owned(),
        worker_number,
        name: record.name.as_str().to_owned(),
        name_key: name_key(record.name.as_str()),
        phone: record.phone.clone(),
        id_number: record.id_number.as_ref().map_or_else(String::new, |id| id.as_str().to_owned()),
        id_last_four: record.id_number.as_ref().map(IdNumber::last_four).unwrap_or_default(),
        job: record.job.clone(),
        came_from: record.came_from.clone(),
        returned_on: record.returned_on.clone(),
        not_before: record.not_before.unwrap_or(0),
        left_at: None,
        revision: 1,
        created_at: under.now.0,
        updated_at: under.now.0,
    }
}

/// Writes a decided change in the caller's transaction: a roster is taken whole or not at all.
pub async fn write(
    tx: &mut Tx,
    change: &Change,
    under: &Under<'_>,
    account_id: &str,
) -> Result<(), DbError> {
    let (enterprise, now) = (under.enterprise_id, under.now);
    bulk::insert_many(tx, &change.added).await?;
    bulk::update_many(tx, &change.changed).await?;
    bulk::update_many(tx, &change.leaving).await?;
    let ids = |people: &[Person]| people.iter().map(|p| p.id.clone()).collect::<Vec<_>>();
    for (people, movement) in [
        (ids(&change.added), Movement::Joined),
        (change.back.clone(), Movement::Back),
        (ids(&change.leaving), Movement::Left),
    ] {
        bulk::note_movements(tx, enterprise, &people, movement, now).await?;
    }
    let counts = &change.counts;
    let facts = json!({
        "added": counts.added, "changed": counts.changed, "left": counts.leaving,
    });
    timeline::note(tx, enterprise, now, "roster.imported", &facts, account_id).await
}

/// Decides against the roster as it stands in this transaction.
pub async fn decide_in(
    app: &App,
    tx: &mut Tx,
    records: &[Record],
    under: &Under<'_>,
) -> Result<Change, DbError> {
    let people = store::list_all(tx, under.enterprise_id).await?;
    Ok(decide(&people, records, under, || app.new_id()))
}
