//! Many people at once, for imports and samples.

use fugong_common::time::Millis;

use super::store::{Movement, Person};
use crate::bulk;
use crate::db::{DbError, Tx};

const ROWS: usize = 500;

const COLUMNS: &str = "INSERT INTO people (id, enterprise_id, worker_number, name, name_key, phone, id_number, \
     id_last_four, job, came_from, returned_on, not_before, left_at, revision, created_at, updated_at) ";

async fn put(tx: &mut Tx, all: &[Person], tail: &'static str) -> Result<(), DbError> {
    for part in all.chunks(ROWS) {
        bulk!(
            tx,
            COLUMNS,
            part,
            |b, p| {
                b.push_bind(&p.id)
                    .push_bind(&p.enterprise_id)
                    .push_bind(&p.worker_number)
                    .push_bind(&p.name)
                    .push_bind(&p.name_key)
                    .push_bind(&p.phone)
                    .push_bind(&p.id_number)
                    .push_bind(&p.id_last_four)
                    .push_bind(&p.job)
                    .push_bind(&p.came_from)
                    .push_bind(&p.returned_on)
                    .push_bind(p.not_before)
                    .push_bind(p.left_at)
                    .push_bind(p.revision)
                    .push_bind(p.created_at)
                    .push_bind(p.updated_at);
            },
            tail
        )?;
    }
    Ok(())
}

/// Adds people; their movements are noted apart.
pub async fn insert_many(tx: &mut Tx, all: &[Person]) -> Result<(), DbError> {
    put(tx, all, "").await
}

/// Writes changed people, each one revision above the one it was made from; a file that was edited
/// meanwhile stays as it is.
pub async fn update_many(tx: &mut Tx, all: &[Person]) -> Result<(), DbError> {
    put(
        tx,
        all,
        " ON CONFLICT (id) DO UPDATE SET worker_number = excluded.worker_number, name = excluded.name, \
         name_key = excluded.name_key, phone = excluded.phone, id_number = excluded.id_number, \
         id_last_four = excluded.id_last_four, job = excluded.job, came_from = excluded.came_from, \
         returned_on = excluded.returned_on, not_before = excluded.not_before, left_at = excluded.left_at, \
         revision = excluded.revision, updated_at = excluded.updated_at WHERE people.revision = excluded.revision - 1",
    )
    .await
}

/// Notes one kind of movement of many people of a roster.
pub async fn note_movements(
    tx: &mut Tx,
    enterprise_id: &str,
    people: &[String],
    movement: Movement,
    at: Millis,
) -> Result<(), DbError> {
    for part in people.chunks(ROWS) {
        bulk!(
            tx,
            "INSERT INTO movements (enterprise_id, at, person_id, kind) ",
            part,
            |b, person| {
                b.push_bind(enterprise_id)
                    .push_bind(at.0)
                    .push_bind(person)
                    .push_bind(movement.code());
            },
            " ON CONFLICT DO NOTHING"
        )?;
    }
    Ok(())
}
