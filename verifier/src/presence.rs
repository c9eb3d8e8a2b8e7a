//! Who went in and wasn't seen to leave. Only asks ("only if"), never refuses by itself: people leave by other doors too.

use std::collections::BTreeMap;

use fugong_common::time::Millis;
use sha2::{Digest as _, Sha256};
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

use crate::store::StoreError;

/// Names somebody in the list: a worker by number, a visitor by the digest of a telephone number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonKey(String);

impl PersonKey {
    pub fn worker(number: &str) -> Self {
        Self(format!("w:{number}"))
    }

    pub fn visitor(phone: &str) -> Self {
        let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
        Self(format!("v:{}", fugong_common::hex::encode(&Sha256::digest(digits.as_bytes()))))
    }
}

/// One who is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    pub lineage: [u8; 8],
    /// Masked.
    pub name: String,
    pub enterprise: String,
    pub visitor: bool,
    pub since: Millis,
}

/// Somebody passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    Entered { person: PersonKey, lineage: [u8; 8], name: String, enterprise: String, visitor: bool },
    Left { person: PersonKey },
}

impl Move {
    fn person(&self) -> &PersonKey {
        match self {
            Self::Entered { person, .. } | Self::Left { person } => person,
        }
    }
}

/// Adds moves, in their order, to what a transaction writes. Of several by one person the last counts.
pub(crate) fn store<'a>(
    group: &mut QueryBuilder<Sqlite>,
    moves: impl Iterator<Item = (&'a Move, Millis)>,
) {
    let last: BTreeMap<_, _> = moves.map(|(moved, at)| (moved.person(), (moved, at))).collect();
    let (mut entered, mut left) = (Vec::new(), Vec::new());
    for (person, (moved, at)) in last {
        match moved {
            Move::Entered { lineage, name, enterprise, visitor, .. } => {
                entered.push((person, lineage, name, enterprise, visitor, at));
            }
            Move::Left { .. } => left.push(person),
        }
    }
    if !entered.is_empty() {
        group.push("INSERT INTO inside (person, lineage, name, enterprise, visitor, since) ");
        group.push_values(
            entered,
            |mut values, (person, lineage, name, enterprise, visitor, at)| {
                values
                    .push_bind(person.0.as_str())
                    .push_bind(lineage.as_slice())
                    .push_bind(name.as_str())
                    .push_bind(enterprise.as_str())
                    .push_bind(i64::from(*visitor))
                    .push_bind(at.0);
            },
        );
        group.push(
            " ON CONFLICT (person) DO UPDATE SET lineage = excluded.lineage, name = excluded.name, \
             enterprise = excluded.enterprise, since = excluded.since; ",
        );
    }
    if !left.is_empty() {
        group.push("DELETE FROM inside WHERE person IN (");
        let mut people = group.separated(", ");
        for person in left {
            people.push_bind(person.0.as_str());
        }
        group.push("); ");
    }
}

/// The list in memory.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    people: BTreeMap<PersonKey, Inside>,
    by_lineage: BTreeMap<[u8; 8], u32>,
}

impl Presence {
    pub(crate) async fn load(pool: &SqlitePool) -> Result<Self, StoreError> {
        let rows: Vec<(String, Vec<u8>, String, String, i64, i64)> =
            sqlx::query_as("SELECT person, lineage, name, enterprise, visitor, since FROM inside")
                .fetch_all(pool)
                .await?;
        let mut presence = Self::default();
        for (person, lineage, name, enterprise, visitor, since) in rows {
            let lineage = lineage
                .try_into()
                .map_err(|_| StoreError::Corrupt { table: "inside", column: "lineage" })?;
            let entered = Move::Entered {
                person: PersonKey(person),
                lineage,
                name,
                enterprise,
                visitor: visitor == 1,
            };
            presence.apply(&entered, Millis(since));
        }
        Ok(presence)
    }

    pub(crate) fn apply(&mut self, moved: &Move, at: Millis) {
        let (person, entered) = match moved {
            Move::Entered { person, lineage, name, enterprise, visitor } => {
                let inside = Inside {
                    lineage: *lineage,
                    name: name.clone(),
                    enterprise: enterprise.clone(),
                    visitor: *visitor,
                    since: at,
                };
                (person, Some(inside))
            }
            Move::Left { person } => (person, None),
        };
        if let Some(before) = self.people.remove(person)
            && let Some(count) = self.by_lineage.get_mut(&before.lineage)
        {
            *count = count.saturating_sub(1);
        }
        if let Some(inside) = entered {
            *self.by_lineage.entry(inside.lineage).or_default() += 1;
            self.people.insert(person.clone(), inside);
        }
    }

    pub fn count(&self) -> u32 {
        u32::try_from(self.people.len()).unwrap_or(u32::MAX)
    }

    pub fn count_of(&self, lineage: [u8; 8]) -> u32 {
        self.by_lineage.get(&lineage).copied().unwrap_or(0)
    }

    pub fn find(&self, person: &PersonKey) -> Option<&Inside> {
        self.people.get(person)
    }

    /// Everybody, newest first.
    pub fn list(&self) -> Vec<Inside> {
        let mut people: Vec<_> = self.people.values().cloned().collect();
        people.sort_by_key(|inside| std::cmp::Reverse(inside.since));
        people
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(worker: &str, lineage: u8) -> Move {
        Move::Entered {
            person: PersonKey::worker(worker),
            lineage: [lineage; 8],
            name: "王*明".to_owned(),
            enterprise: "云锦服饰（示例）".to_owned(),
            visitor: false,
        }
    }

    #[test]
    fn people_count_once_however_often_they_are_seen_to_enter() {
        let mut presence = Presence::default();
        presence.apply(&entered("W1", 1), Millis(1));
        presence.apply(&entered("W1", 1), Millis(2));
        presence.apply(&entered("W2", 2), Millis(3));
        assert_eq!((presence.count(), presence.count_of([1; 8])), (2, 1));
        assert_eq!(presence.find(&PersonKey::worker("W1")).unwrap().since, Millis(2));
        assert_eq!(presence.list()[0].since, Millis(3));
        let left = Move::Left { person: PersonKey::worker("W1") };
        presence.apply(&left, Millis(4));
        presence.apply(&left, Millis(5));
        assert_eq!((presence.count(), presence.count_of([1; 8])), (1, 0));
    }

    #[test]
    fn a_visitor_is_known_by_the_telephone_number_however_it_is_written() {
        assert_eq!(PersonKey::visitor("138 0013-8000"), PersonKey::visitor("13800138000"));
        assert_ne!(PersonKey::visitor("1"), PersonKey::worker("1"));
    }
}
