//! Looking people up, and the lists of checks and of people inside.

use fugong_common::journal::{Entry, EntryKind, Sealed};
use fugong_common::person::mask_name;
use fugong_common::remark;
use fugong_common::serial::PassReference;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::wire::PersonRecord;

use crate::engine::{Gate, Guard};
use crate::error::GateError;
use crate::journal::{NotRecorded, Shown, ShownQuery};
use crate::roster::{Roster, own_number};
use crate::scan::CORRECTION_MILLIS;
use crate::view::{HostRow, InsideRow, PersonRow, RecentRow, RecordPage, RecordQuery, ShiftFacts};

/// Rows of a look-up: enough to choose from, too few to copy a roster.
const MOST_ROWS: usize = 5;
/// Rows of a list.
const MOST_RECORDS: u32 = 200;
/// Longest duty that is summed up, in entries.
const MOST_OF_SHIFT: u32 = 20_000;

/// What was typed into the look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Query {
    Reference(PassReference),
    LastFour(String),
    Worker(String),
    Name(String),
}

impl Query {
    fn read(text: &str) -> Result<Vec<Self>, GateError> {
        let text = text.trim();
        let characters = text.chars().count();
        if characters > 60 {
            return Err(GateError::BadText);
        }
        if let Ok(reference) = PassReference::parse_typed(text) {
            return Ok(vec![Self::Reference(reference)]);
        }
        let upper = text.to_ascii_uppercase();
        let four = characters == 4
            && upper.chars().take(3).all(|c| c.is_ascii_digit())
            && upper.ends_with(|c: char| c.is_ascii_digit() || c == 'X');
        if four {
            return Ok(vec![Self::LastFour(upper.clone()), Self::Worker(upper)]);
        }
        if characters < 2 {
            return Err(GateError::QueryTooShort);
        }
        if text.is_ascii() && text.chars().any(|c| c.is_ascii_digit()) {
            return Ok(vec![Self::Worker(upper)]);
        }
        Ok(vec![Self::Name(text.to_owned())])
    }

    fn find(&self, roster: &Roster) -> Vec<PersonRecord> {
        match self {
            Self::Reference(reference) => roster.find_reference(*reference).into_iter().collect(),
            Self::LastFour(four) => roster.list_last_four(four, MOST_ROWS),
            Self::Worker(number) => {
                let own = roster.list_own_number(number, MOST_ROWS);
                roster.find(number).into_iter().chain(own).collect()
            }
            Self::Name(name) => roster.list_named(name, MOST_ROWS),
        }
    }
}

impl Gate {
    /// At most five masked people by name, last four, worker number or pass reference. Each look-up is recorded first.
    pub async fn lookup(&self, guard: &Guard, query: &str) -> Result<Vec<PersonRow>, GateError> {
        let look = self.look()?;
        let queries = Query::read(query)?;
        let sealed = Sealed {
            operator: Some(guard.id.clone()),
            text: Some(query.trim().to_owned()),
            ..Sealed::default()
        };
        // Who looked at people must be known; without a record nobody is shown.
        let recorded = self.record(EntryKind::LookUp, None, sealed).await;
        recorded.map_err(|NotRecorded| GateError::NotRecorded)?;
        let mut found: Vec<PersonRecord> = Vec::new();
        for person in queries.iter().flat_map(|query| query.find(&look.bundle.roster)) {
            let known = found.iter().any(|known| known.worker == person.worker);
            if !person.left && !known && found.len() < MOST_ROWS {
                found.push(person);
            }
        }
        let alike = |person: &PersonRecord| {
            let same = |other: &&PersonRecord| {
                other.enterprise == person.enterprise
                    && own_number(&other.worker) == own_number(&person.worker)
            };
            found.iter().filter(same).count() > 1
        };
        let row = |person: &PersonRecord| PersonRow {
            name: mask_name(&person.name),
            number: if alike(person) { &person.worker } else { own_number(&person.worker) }
                .to_owned(),
            worker: person.worker.clone(),
            last_four: person.last_four.clone(),
            role: person.role.clone(),
            enterprise: person.enterprise.clone(),
        };
        Ok(found.iter().map(row).collect())
    }

    /// Enterprises that visitors may come to: those with a permit in force, by name.
    pub fn hosts(&self) -> Vec<HostRow> {
        let Some(bundle) = self.bundle() else { return Vec::new() };
        let now = self.now().seconds();
        let mut hosts: Vec<_> = bundle
            .register
            .iter()
            .filter(|permit| {
                (permit.validity.not_before()..permit.validity.expires()).contains(&now)
            })
            .map(|permit| HostRow {
                serial: permit.serial.to_string(),
                enterprise: permit.enterprise.clone(),
            })
            .collect();
        hosts.sort_by(|a, b| a.enterprise.cmp(&b.enterprise));
        hosts
    }

    /// The last `n` checks (at most 200), newest first.
    pub async fn recent(&self, n: u32) -> Result<Vec<RecentRow>, GateError> {
        self.list(ShownQuery { skip: 0, limit: n, ..ShownQuery::default() }).await
    }

    /// A page of today's checks, newest first; days begin where the division is.
    pub async fn records(&self, query: RecordQuery) -> Result<RecordPage, GateError> {
        let now = self.now();
        let today = self.bundle().and_then(|bundle| bundle.zone.start_of(&bundle.zone.date(now)));
        let query = ShownQuery {
            since: today.unwrap_or_default(),
            verdict: query.verdict,
            skip: query.skip,
            limit: query.limit,
        };
        let total = self.journal().count_shown(query).await.map_err(unreadable)?;
        Ok(RecordPage { total, rows: self.list(query).await? })
    }

    async fn list(&self, query: ShownQuery) -> Result<Vec<RecentRow>, GateError> {
        let query = ShownQuery { limit: query.limit.min(MOST_RECORDS), ..query };
        let shown = self.journal().list_shown(query).await.map_err(unreadable)?;
        let now = self.now();
        let guards = self.guards();
        let name = |id: String| {
            guards
                .iter()
                .find(|guard| guard.id == id)
                .map_or(id.clone(), |guard| guard.name.clone())
        };
        let correctable = |seq| self.correctable(seq).is_ok();
        Ok(shown.iter().filter_map(|shown| row(shown, now, name, correctable)).collect())
    }

    /// Who is inside now, newest first.
    pub fn inside(&self) -> Vec<InsideRow> {
        let people = self.journal().presence(crate::presence::Presence::list);
        people
            .into_iter()
            .map(|inside| InsideRow {
                name: inside.name,
                enterprise: inside.enterprise,
                visitor: inside.visitor,
                since: inside.since,
            })
            .collect()
    }

    /// What this guard did since signing on.
    pub async fn shift(&self, guard: &Guard) -> Result<ShiftFacts, GateError> {
        let Some(since) = self.on_duty_since(&guard.id) else { return Ok(ShiftFacts::default()) };
        let query = ShownQuery { since, limit: MOST_OF_SHIFT, ..ShownQuery::default() };
        let shown = self.journal().list_shown(query).await.map_err(unreadable)?;
        let mut summary = ShiftFacts { since: Some(since), ..ShiftFacts::default() };
        for shown in shown {
            let Ok(entry) = Entry::decode(&shown.record.chained) else { continue };
            let sealed = shown.record.sealed.and_then(|part| Sealed::from_bytes(&part.bytes).ok());
            let sealed = sealed.unwrap_or_default();
            if sealed.operator.as_deref() != Some(&guard.id) {
                continue;
            }
            summary.checks += 1;
            match entry.draft.verdict {
                Some(Verdict::Valid | Verdict::Conditional) if !is_refused(&entry, &sealed) => {
                    summary.passed += 1;
                }
                _ => summary.stopped += 1,
            }
        }
        Ok(summary)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn unreadable(error: sqlx::Error) -> GateError {
    tracing::error!(%error, "records cannot be read");
    GateError::NotRecorded
}

/// Whether the guard's own decision ended it.
fn is_refused(entry: &Entry, sealed: &Sealed) -> bool {
    let text = sealed.text.as_deref().unwrap_or_default();
    remark::read_refusal(entry.draft.kind, text).is_some()
}

fn row(
    shown: &Shown,
    now: Millis,
    guard: impl Fn(String) -> String,
    correctable: impl Fn(u64) -> bool,
) -> Option<RecentRow> {
    let entry = Entry::decode(&shown.record.chained).ok()?;
    let sealed = shown.record.sealed.as_ref();
    let sealed = sealed.and_then(|part| Sealed::from_bytes(&part.bytes).ok()).unwrap_or_default();
    let passed = matches!(entry.draft.verdict, Some(Verdict::Valid | Verdict::Conditional));
    let until = entry.draft.at.plus_millis(CORRECTION_MILLIS);
    let fresh = passed && entry.draft.kind != EntryKind::Correction && now <= until;
    let open = fresh && correctable(shown.seq);
    Some(RecentRow {
        seq: shown.seq,
        refused: is_refused(&entry, &sealed),
        at: entry.draft.at,
        kind: entry.draft.kind.code().to_owned(),
        verdict: entry.draft.verdict,
        direction: sealed.direction.map(Into::into),
        name: sealed.name.as_deref().map(mask_name).unwrap_or_default(),
        plate: sealed.vehicle,
        tenths: sealed.temperature_tenths,
        guard: sealed.operator.map(guard).unwrap_or_default(),
        correctable_until: open.then_some(until),
        sent: shown.sent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_a_reference_four_characters_a_number_or_a_name() {
        let reference = PassReference([5; 8]);
        assert_eq!(Query::read(&reference.to_string()), Ok(vec![Query::Reference(reference)]));
        assert_eq!(
            Query::read("002x"),
            Ok(vec![Query::LastFour("002X".into()), Query::Worker("002X".into())])
        );
        assert_eq!(Query::read("w7k2"), Ok(vec![Query::Worker("W7K2".into())]));
        assert_eq!(Query::read(" 王小 "), Ok(vec![Query::Name("王小".into())]));
        assert_eq!(Query::read("王"), Err(GateError::QueryTooShort));
        assert_eq!(Query::read(&"王".repeat(61)), Err(GateError::BadText));
    }
}
