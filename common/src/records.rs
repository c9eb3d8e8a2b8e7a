//! Sets of records (roster, register) in one byte form, and the difference between two of them.
//!
//! A set is a CBOR map of byte strings in deterministic order (RFC 8949 §4.2.1), so that equal sets have equal bytes and the
//! manifest's digest of the part names exactly one set. A delta names the set it starts from and the set it must end in; a gate
//! that applies it has checked the result against the digest before it uses a single record.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use sha2::{Digest, Sha256};

#[cfg(test)]
mod tests;

/// Byte-string keys sort by their encoding: shorter first, then bytewise (RFC 8949 §4.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key(Vec<u8>);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Records by key, both opaque bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordSet {
    records: BTreeMap<Key, Vec<u8>>,
}

/// What turns one set into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// Digest of the set it applies to.
    pub from: [u8; 32],
    /// Digest of the set it yields.
    pub to: [u8; 32],
    removed: Vec<Key>,
    put: RecordSet,
}

/// Why bytes aren't a record set or a delta, or why a delta doesn't fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordsError {
    /// Not the CBOR expected.
    Malformed,
    /// Readable, but not the one byte form: order, length encoding or trailing bytes.
    NotDeterministic,
    /// A delta of a version that this program doesn't read: fetch the whole part.
    UnknownVersion(u64),
    /// The delta starts from another set: fetch the whole part.
    OtherStart,
    /// Applied, the delta doesn't yield the set it names: fetch the whole part.
    OtherEnd,
}

impl fmt::Display for RecordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the records are damaged; fetch the part again"),
            Self::NotDeterministic => {
                f.write_str("the records are not in their one byte form; fetch the part again")
            }
            Self::UnknownVersion(version) => {
                write!(f, "delta version {version} is unknown here; fetch the whole part")
            }
            Self::OtherStart => {
                f.write_str("the delta starts from another set; fetch the whole part")
            }
            Self::OtherEnd => {
                f.write_str("the delta yields another set than it names; fetch the whole part")
            }
        }
    }
}

impl std::error::Error for RecordsError {}

impl From<minicbor::decode::Error> for RecordsError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

/// Writing to a `Vec` cannot fail.
fn written(
    result: &Result<&mut Encoder<Vec<u8>>, minicbor::encode::Error<std::convert::Infallible>>,
) {
    debug_assert!(result.is_ok(), "a Vec takes every write");
}

impl RecordSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a record.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.records.insert(Key(key.into()), value.into());
    }

    /// Takes a record out; says whether it was there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        self.records.remove(&Key(key.to_vec())).is_some()
    }

    /// The record under this key.
    pub fn find(&self, key: &[u8]) -> Option<&[u8]> {
        self.records.get(&Key(key.to_vec())).map(Vec::as_slice)
    }

    /// Records as (key, value) in the order of the byte form.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.records.iter().map(|(key, value)| (key.0.as_slice(), value.as_slice()))
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The one byte form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        self.write(&mut encoder);
        encoder.into_writer()
    }

    /// Reads the one byte form.
    ///
    /// # Errors
    /// [`RecordsError::Malformed`] or [`RecordsError::NotDeterministic`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordsError> {
        let mut decoder = Decoder::new(bytes);
        let set = Self::read(&mut decoder)?;
        if decoder.position() != bytes.len() || set.to_bytes() != bytes {
            return Err(RecordsError::NotDeterministic);
        }
        Ok(set)
    }

    /// SHA-256 of the byte form: the digest that a manifest names.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_bytes()).into()
    }

    fn write(&self, encoder: &mut Encoder<Vec<u8>>) {
        written(&encoder.map(self.records.len() as u64));
        for (key, value) in self.iter() {
            written(&encoder.bytes(key));
            written(&encoder.bytes(value));
        }
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, RecordsError> {
        let count = decoder.map()?.ok_or(RecordsError::NotDeterministic)?;
        let mut records = BTreeMap::new();
        // The count is the sender's claim: nothing is reserved for it, and the loop ends with the input.
        for _ in 0..count {
            let key = Key(read_bytes(decoder)?);
            if records.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(RecordsError::NotDeterministic);
            }
            records.insert(key, read_bytes(decoder)?);
        }
        Ok(Self { records })
    }
}

fn read_bytes(decoder: &mut Decoder<'_>) -> Result<Vec<u8>, RecordsError> {
    // `bytes` refuses indefinite strings by itself; the type check only names the reason.
    if decoder.datatype()? == Type::BytesIndef {
        return Err(RecordsError::NotDeterministic);
    }
    Ok(decoder.bytes()?.to_vec())
}

fn read_digest(decoder: &mut Decoder<'_>) -> Result<[u8; 32], RecordsError> {
    decoder.bytes()?.try_into().map_err(|_| RecordsError::Malformed)
}

/// The delta from `old` to `new`.
pub fn diff(old: &RecordSet, new: &RecordSet) -> Delta {
    let removed =
        old.records.keys().filter(|key| !new.records.contains_key(*key)).cloned().collect();
    let put = new
        .records
        .iter()
        .filter(|(key, value)| old.records.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Delta { from: old.digest(), to: new.digest(), removed, put: RecordSet { records: put } }
}

/// Applies a delta and checks both ends.
///
/// # Errors
/// [`RecordsError::OtherStart`] or [`RecordsError::OtherEnd`]; the caller then fetches the whole part.
pub fn apply(old: &RecordSet, delta: &Delta) -> Result<RecordSet, RecordsError> {
    if old.digest() != delta.from {
        return Err(RecordsError::OtherStart);
    }
    let mut new = old.clone();
    for key in &delta.removed {
        new.records.remove(key);
    }
    new.records.extend(delta.put.records.iter().map(|(key, value)| (key.clone(), value.clone())));
    if new.digest() != delta.to {
        return Err(RecordsError::OtherEnd);
    }
    Ok(new)
}

/// Applies a delta to a set's byte form, record by record: a gate with little memory holds the old form and the new one, and
/// nothing beside them.
///
/// # Errors
/// As [`apply`], and [`RecordsError::Malformed`] for bytes that are no set.
pub fn apply_to_bytes(old: &[u8], delta: &Delta) -> Result<Vec<u8>, RecordsError> {
    if Sha256::digest(old).as_slice() != delta.from {
        return Err(RecordsError::OtherStart);
    }
    let mut count = 0_u64;
    merge(old, delta, |_, _| count += 1)?;
    let mut encoder = Encoder::new(Vec::with_capacity(old.len()));
    written(&encoder.map(count));
    merge(old, delta, |key, value| {
        written(&encoder.bytes(key));
        written(&encoder.bytes(value));
    })?;
    let new = encoder.into_writer();
    if Sha256::digest(&new).as_slice() == delta.to { Ok(new) } else { Err(RecordsError::OtherEnd) }
}

/// Walks through the records that a delta leaves and those that it puts, in the order of the byte form.
fn merge(
    old: &[u8],
    delta: &Delta,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<(), RecordsError> {
    let removed: BTreeSet<&Key> = delta.removed.iter().collect();
    let mut put = delta.put.records.iter().peekable();
    let mut decoder = Decoder::new(old);
    for _ in 0..decoder.map()?.ok_or(RecordsError::NotDeterministic)? {
        let (key, value) = (Key(decoder.bytes()?.to_vec()), decoder.bytes()?);
        while let Some((new, value)) = put.next_if(|(new, _)| **new < key) {
            each(&new.0, value);
        }
        match put.next_if(|(new, _)| **new == key) {
            Some((_, value)) => each(&key.0, value),
            None if removed.contains(&key) => {}
            None => each(&key.0, value),
        }
    }
    put.for_each(|(new, value)| each(&new.0, value));
    Ok(())
}

impl Delta {
    const VERSION: u64 = 1;

    /// Number of records taken out and put in.
    pub fn len(&self) -> usize {
        self.removed.len() + self.put.len()
    }

    /// Whether both ends are the same set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// CBOR array: version, from, to, removed keys, records put.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        written(&encoder.array(5));
        written(&encoder.u64(Self::VERSION));
        written(&encoder.bytes(&self.from));
        written(&encoder.bytes(&self.to));
        written(&encoder.array(self.removed.len() as u64));
        for key in &self.removed {
            written(&encoder.bytes(&key.0));
        }
        self.put.write(&mut encoder);
        encoder.into_writer()
    }

    /// Reads a delta. It isn't trusted: [`apply`] checks what it yields.
    ///
    /// # Errors
    /// [`RecordsError::Malformed`], [`RecordsError::NotDeterministic`] or [`RecordsError::UnknownVersion`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordsError> {
        let mut decoder = Decoder::new(bytes);
        let fields = decoder.array()?.ok_or(RecordsError::NotDeterministic)?;
        let version = decoder.u64()?;
        if version != Self::VERSION {
            return Err(RecordsError::UnknownVersion(version));
        }
        if fields != 5 {
            return Err(RecordsError::Malformed);
        }
        let (from, to) = (read_digest(&mut decoder)?, read_digest(&mut decoder)?);
        let count = decoder.array()?.ok_or(RecordsError::NotDeterministic)?;
        let mut removed = Vec::new();
        for _ in 0..count {
            removed.push(Key(read_bytes(&mut decoder)?));
        }
        let delta = Self { from, to, removed, put: RecordSet::read(&mut decoder)? };
        if decoder.position() != bytes.len() || delta.to_bytes() != bytes {
            return Err(RecordsError::NotDeterministic);
        }
        Ok(delta)
    }
}
