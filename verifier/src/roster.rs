//! Roster and register as the gate holds them: the signed bytes themselves, and small indexes into them.
//!
//! A gate may serve a park of 100,000 people on a box with little memory. Records are decoded when they are asked for; what is
//! kept beside the part's bytes is 4 bytes a person for the position, 12 for the pass reference, 8 for the last four, and the name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fugong_common::claims::Lineage;
use fugong_common::permit::{ClaimsError, SiteCode};
use fugong_common::serial::{PassReference, Serial};
use fugong_common::wire::{PermitRecord, PersonRecord};
use minicbor::Decoder;

/// Why a part cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RosterError {
    /// Not the byte form of a record set.
    Malformed,
    /// More than 4 GiB, or more records than fit.
    TooLarge,
    /// A record that this program doesn't read.
    Record(ClaimsError),
}

impl std::fmt::Display for RosterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed => f.write_str("the records are damaged; they are fetched again"),
            Self::TooLarge => f.write_str("more records than this verifier can hold"),
            Self::Record(error) => {
                write!(f, "a record cannot be read ({error}); update this verifier")
            }
        }
    }
}

impl std::error::Error for RosterError {}

impl From<minicbor::decode::Error> for RosterError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

/// The people of the gate's sites.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    bytes: Arc<[u8]>,
    /// Position of each record's key, in the order of keys.
    at: Vec<u32>,
    by_reference: Vec<([u8; 8], u32)>,
    by_last_four: Vec<([u8; 4], u32)>,
    /// Names one after another, and where each ends.
    names: String,
    name_ends: Vec<u32>,
}

fn position(at: usize) -> Result<u32, RosterError> {
    u32::try_from(at).map_err(|_| RosterError::TooLarge)
}

fn pair(bytes: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    let mut decoder = Decoder::new(bytes);
    decoder.set_position(at);
    Some((decoder.bytes().ok()?, decoder.bytes().ok()?))
}

/// A worker number without the five characters that keep the people of several enterprises of one gate apart.
pub fn own_number(worker: &str) -> &str {
    let tag = |tag: &str| tag.len() == 5 && tag.bytes().all(|b| b.is_ascii_hexdigit());
    worker.split_once('-').filter(|(before, _)| tag(before)).map_or(worker, |(_, own)| own)
}

fn last_four_key(text: &str) -> Option<[u8; 4]> {
    text.to_ascii_uppercase().as_bytes().try_into().ok()
}

impl Roster {
    /// Reads every record once, so that later look-ups cannot fail.
    ///
    /// # Errors
    /// [`RosterError`]; the gate keeps the bundle it has.
    pub fn read(bytes: &Arc<[u8]>) -> Result<Self, RosterError> {
        let mut decoder = Decoder::new(bytes);
        let count = decoder.map()?.ok_or(RosterError::Malformed)?;
        let mut roster = Self { bytes: Arc::clone(bytes), ..Self::default() };
        for _ in 0..count {
            let start = position(decoder.position())?;
            let (key, value) = (decoder.bytes()?, decoder.bytes()?);
            let person = PersonRecord::from_bytes(key, value).map_err(RosterError::Record)?;
            let number = position(roster.at.len())?;
            roster.at.push(start);
            if let Some(reference) = person.reference {
                roster.by_reference.push((reference.0, number));
            }
            if let Some(four) = person.last_four.as_deref().and_then(last_four_key) {
                roster.by_last_four.push((four, number));
            }
            roster.names.push_str(&person.name);
            roster.name_ends.push(position(roster.names.len())?);
        }
        if decoder.position() != bytes.len() {
            return Err(RosterError::Malformed);
        }
        roster.by_reference.sort_unstable();
        roster.by_last_four.sort_unstable();
        roster.by_reference.shrink_to_fit();
        roster.by_last_four.shrink_to_fit();
        Ok(roster)
    }

    /// The signed part itself.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    pub fn len(&self) -> usize {
        self.at.len()
    }

    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    fn record(&self, number: u32) -> Option<PersonRecord> {
        let at = *self.at.get(usize::try_from(number).ok()?)?;
        let (key, value) = pair(&self.bytes, usize::try_from(at).ok()?)?;
        PersonRecord::from_bytes(key, value).ok()
    }

    /// The person with this worker number.
    pub fn find(&self, worker: &str) -> Option<PersonRecord> {
        let wanted = worker.as_bytes();
        let found = self.at.binary_search_by(|at| {
            let key = usize::try_from(*at).ok().and_then(|at| pair(&self.bytes, at)).map(|p| p.0);
            // Order of the byte form: shorter first, then bytewise (RFC 8949 §4.2.1).
            key.map_or(std::cmp::Ordering::Less, |key| {
                key.len().cmp(&wanted.len()).then_with(|| key.cmp(wanted))
            })
        });
        self.record(u32::try_from(found.ok()?).ok()?)
    }

    fn number_at(&self, at: u32) -> Option<&str> {
        let (key, _) = pair(&self.bytes, usize::try_from(at).ok()?)?;
        std::str::from_utf8(key).ok()
    }

    /// People whose worker number ends so behind a dash, those whose own number it is first, at most `limit`.
    pub fn list_own_number(&self, own: &str, limit: usize) -> Vec<PersonRecord> {
        let (mut exact, mut partial) = (Vec::new(), Vec::new());
        for (at, number) in self.at.iter().zip(0..) {
            let Some(worker) = self.number_at(*at) else { continue };
            let behind = worker.strip_suffix(own).is_some_and(|before| before.ends_with('-'));
            let into = if own_number(worker) == own { &mut exact } else { &mut partial };
            if behind
                && into.len() < limit
                && let Some(person) = self.record(number).filter(|person| !person.left)
            {
                into.push(person);
            }
        }
        exact.extend(partial);
        exact.truncate(limit);
        exact
    }

    /// The person whose pass carries this reference.
    pub fn find_reference(&self, reference: PassReference) -> Option<PersonRecord> {
        let found =
            self.by_reference.binary_search_by(|(known, _)| known.cmp(&reference.0)).ok()?;
        self.record(self.by_reference.get(found)?.1)
    }

    /// People whose document ends so, at most `limit`.
    pub fn list_last_four(&self, four: &str, limit: usize) -> Vec<PersonRecord> {
        let Some(four) = last_four_key(four) else { return Vec::new() };
        let start = self.by_last_four.partition_point(|(known, _)| *known < four);
        self.by_last_four
            .iter()
            .skip(start)
            .take_while(|(known, _)| *known == four)
            .filter_map(|(_, number)| self.record(*number))
            .filter(|person| !person.left)
            .take(limit)
            .collect()
    }

    /// People whose name begins with or contains `part`, exact names first, at most `limit`.
    pub fn list_named(&self, part: &str, limit: usize) -> Vec<PersonRecord> {
        let mut start = 0;
        let (mut exact, mut partial) = (Vec::new(), Vec::new());
        for (number, end) in self.name_ends.iter().enumerate() {
            let Ok(end) = usize::try_from(*end) else { continue };
            let name = self.names.get(start..end).unwrap_or_default();
            start = end;
            let into = if name == part {
                &mut exact
            } else if name.contains(part) {
                &mut partial
            } else {
                continue;
            };
            if into.len() < limit
                && let Some(person) = u32::try_from(number).ok().and_then(|n| self.record(n))
                && !person.left
            {
                into.push(person);
            }
        }
        exact.extend(partial);
        exact.truncate(limit);
        exact
    }

    /// Bytes that this roster takes in memory, about.
    pub fn memory_bytes(&self) -> usize {
        self.bytes.len()
            + self.at.capacity() * 4
            + self.by_reference.capacity() * 12
            + self.by_last_four.capacity() * 8
            + self.names.capacity()
            + self.name_ends.capacity() * 4
    }
}

/// The permits of the gate's sites. Few enough to be held decoded.
#[derive(Clone, Debug, Default)]
pub struct Register {
    permits: BTreeMap<[u8; 8], PermitRecord>,
    /// Asked with every pass, and a park has thousands.
    by_lineage: HashMap<Lineage, Vec<[u8; 8]>>,
}

impl Register {
    /// # Errors
    /// [`RosterError`]; the gate keeps the bundle it has.
    pub fn read(bytes: &[u8]) -> Result<Self, RosterError> {
        let mut decoder = Decoder::new(bytes);
        let count = decoder.map()?.ok_or(RosterError::Malformed)?;
        let mut register = Self::default();
        for _ in 0..count {
            let (key, value) = (decoder.bytes()?, decoder.bytes()?);
            let permit = PermitRecord::from_bytes(key, value).map_err(RosterError::Record)?;
            register.by_lineage.entry(permit.lineage).or_default().push(permit.serial.0);
            register.permits.insert(permit.serial.0, permit);
        }
        if decoder.position() == bytes.len() { Ok(register) } else { Err(RosterError::Malformed) }
    }

    pub fn find(&self, serial: Serial) -> Option<&PermitRecord> {
        self.permits.get(&serial.0)
    }

    /// Permits of one lineage: the one in force and those it replaced.
    pub fn list_lineage(&self, lineage: Lineage) -> impl Iterator<Item = &PermitRecord> {
        let serials = self.by_lineage.get(&lineage).map(Vec::as_slice).unwrap_or_default();
        serials.iter().filter_map(|serial| self.permits.get(serial))
    }

    pub fn iter(&self) -> impl Iterator<Item = &PermitRecord> {
        self.permits.values()
    }

    /// Whether a place has a permit here at all.
    pub fn has_site(&self, site: SiteCode) -> bool {
        self.permits.values().any(|permit| permit.site == site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::records::RecordSet;

    fn person(worker: &str, name: &str, four: &str) -> PersonRecord {
        PersonRecord {
            worker: worker.to_owned(),
            name: name.to_owned(),
            last_four: Some(four.to_owned()),
            role: "缝制工".to_owned(),
            enterprise_id: "e1".to_owned(),
            enterprise: "云锦服饰（示例）".to_owned(),
            lineage: Lineage([7; 8]),
            not_before: None,
            isolating_until: None,
            reference: Some(PassReference(*worker.as_bytes().first_chunk().unwrap())),
            pass: None,
            sites: Vec::new(),
            left: false,
        }
    }

    fn roster(people: &[PersonRecord]) -> Roster {
        let mut set = RecordSet::new();
        for person in people {
            set.put(person.key(), person.to_bytes());
        }
        Roster::read(&set.to_bytes().into()).unwrap()
    }

    #[test]
    fn people_are_found_by_number_reference_last_four_and_name() {
        let mut gone = person("W0000003", "王小明", "002X");
        gone.left = true;
        let roster = roster(&[
            person("W0000001", "王小明", "002X"),
            person("W000000210", "李王氏", "1234"),
            gone,
        ]);
        assert_eq!(roster.len(), 3);
        assert_eq!(roster.find("W000000210").unwrap().name, "李王氏");
        assert_eq!(roster.find("W9"), None);
        let reference = PassReference(*b"W0000001");
        assert_eq!(roster.find_reference(reference).unwrap().worker, "W0000001");
        let four: Vec<_> = roster.list_last_four("002x", 5).into_iter().map(|p| p.worker).collect();
        assert_eq!(four, ["W0000001"], "those who left are not offered");
        let named: Vec<_> = roster.list_named("王", 5).into_iter().map(|p| p.name).collect();
        assert_eq!(named.len(), 2);
        assert_eq!(roster.list_named("王小明", 1)[0].worker, "W0000001");
    }

    #[test]
    fn a_worker_is_found_by_the_number_that_their_own_enterprise_gave() {
        let roster = roster(&[
            person("AB12C-0001", "王小明", "002X"),
            person("0F9E8-0001", "李王氏", "1234"),
            person("AB12C-A-0001", "赵德胜", "1234"),
            person("AB12C-10001", "刘敏", "1234"),
        ]);
        let found = |own: &str, limit| {
            let people = roster.list_own_number(own, limit).into_iter();
            people.map(|person| person.worker).collect::<Vec<_>>()
        };
        assert_eq!(found("0001", 5), ["0F9E8-0001", "AB12C-0001", "AB12C-A-0001"]);
        assert_eq!(found("A-0001", 5), ["AB12C-A-0001"]);
        assert_eq!(found("0001", 2).len(), 2);
        assert_eq!(own_number("AB12C-A-0001"), "A-0001");
        assert_eq!(own_number("W-0113"), "W-0113", "no tag of an enterprise");
    }

    #[test]
    fn bytes_that_are_no_roster_are_refused() {
        assert_eq!(
            Roster::read(&[0xa1, 0x41].as_slice().into()).unwrap_err(),
            RosterError::Malformed
        );
        let mut set = RecordSet::new();
        set.put(*b"W1", *b"no record");
        let refused = Roster::read(&set.to_bytes().into()).unwrap_err();
        assert!(matches!(refused, RosterError::Record(_)));
        assert!(Register::read(&[0xa0, 0x00]).is_err());
    }

    #[test]
    fn a_hundred_thousand_people_take_little_more_than_their_bytes() {
        let people: Vec<_> =
            (0..100_000).map(|n| person(&format!("W{n:07}"), "欧阳娜娜", "1234")).collect();
        let roster = roster(&people);
        let over = roster.memory_bytes() - roster.bytes.len();
        assert!(over < 100_000 * 64, "{over} bytes beside the signed ones");
        assert_eq!(roster.find("W0099999").unwrap().worker, "W0099999");
    }
}
