//! Deterministic CBOR (RFC 8949 §4.2.1): one byte form for every value.
//!
//! What is signed here is read back only in that form. The writer below is ours, the reader is
//! minicbor's; [`Value::decode`] writes again what it read and compares, so that a longer integer,
//! an indefinite length, an unsorted map or a trailing byte cannot pass.

use minicbor::{Decoder, data::Type};

/// Deep enough for everything we sign, shallow enough for any stack.
const MAX_DEPTH: usize = 16;

/// A CBOR value of the kinds we use. No floats, no `undefined`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Unsigned(u64),
    /// The number `-1 - n`.
    Negative(u64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
    /// Written sorted by encoded key, in whatever order it was built.
    Map(Vec<(Value, Value)>),
    Tag(u64, Box<Value>),
    Bool(bool),
    Null,
}

/// Why bytes are not the deterministic CBOR that was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CborError {
    /// Not CBOR, cut short, nested too deeply, or of a kind we never write.
    Malformed,
    /// CBOR, but not in its one byte form.
    NotDeterministic,
    /// A value of another type or length than `wanted`.
    Unexpected { wanted: &'static str },
    /// A map lacks this key.
    Missing(i64),
    /// A map has a key that the reader doesn't know.
    UnknownKey,
}

impl std::fmt::Display for CborError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed => f.write_str("not the CBOR we write, or cut short"),
            Self::NotDeterministic => f.write_str("CBOR that is not in its one byte form"),
            Self::Unexpected { wanted } => write!(f, "expected {wanted}"),
            Self::Missing(key) => write!(f, "key {key} is missing"),
            Self::UnknownKey => f.write_str("a key that this version doesn't know"),
        }
    }
}

impl std::error::Error for CborError {}

impl Value {
    /// A map with integer keys, the only kind of map that we sign.
    pub fn map<const N: usize>(entries: [(i64, Value); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// Like [`map`](Self::map), leaving out keys that have nothing to say.
    pub fn sparse<const N: usize>(entries: [(i64, Option<Value>); N]) -> Self {
        let told = entries.into_iter().filter_map(|(key, value)| Some((key.into(), value?)));
        Self::Map(told.collect())
    }

    /// The one byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Unsigned(n) => head(out, 0, *n),
            Self::Negative(n) => head(out, 1, *n),
            Self::Bytes(bytes) => {
                head(out, 2, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
            Self::Text(text) => {
                head(out, 3, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Array(items) => {
                head(out, 4, items.len() as u64);
                for item in items {
                    item.write(out);
                }
            }
            Self::Map(entries) => {
                head(out, 5, entries.len() as u64);
                let start = out.len();
                if !write_ordered(entries, out) {
                    out.truncate(start);
                    let mut keyed: Vec<_> =
                        entries.iter().map(|(key, value)| (key.encode(), value)).collect();
                    keyed.sort_by(|(left, _), (right, _)| left.cmp(right));
                    for (key, value) in keyed {
                        out.extend_from_slice(&key);
                        value.write(out);
                    }
                }
            }
            Self::Tag(tag, inner) => {
                head(out, 6, *tag);
                inner.write(out);
            }
            Self::Bool(false) => out.push(0xf4),
            Self::Bool(true) => out.push(0xf5),
            Self::Null => out.push(0xf6),
        }
    }

    /// Reads exactly one value in its one byte form, with nothing behind it.
    pub fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let mut decoder = Decoder::new(bytes);
        let value = read(&mut decoder, 0)?;
        // Trailing bytes, long integers and unsorted maps all differ from what we would write.
        if value.encode() == bytes { Ok(value) } else { Err(CborError::NotDeterministic) }
    }

    pub fn unsigned(self) -> Result<u64, CborError> {
        match self {
            Self::Unsigned(n) => Ok(n),
            _ => Err(CborError::Unexpected { wanted: "an unsigned integer" }),
        }
    }

    /// An unsigned integer that fits into 32 bits.
    pub fn unsigned32(self) -> Result<u32, CborError> {
        let wanted = CborError::Unexpected { wanted: "an unsigned integer below 2^32" };
        u32::try_from(self.unsigned()?).map_err(|_| wanted)
    }

    /// An integer of either sign that fits into 64 bits.
    pub fn integer(self) -> Result<i64, CborError> {
        let wanted = CborError::Unexpected { wanted: "an integer" };
        match self {
            Self::Unsigned(n) => i64::try_from(n).map_err(|_| wanted),
            Self::Negative(n) => i64::try_from(n).map(|n| -1 - n).map_err(|_| wanted),
            _ => Err(wanted),
        }
    }

    pub fn text(self) -> Result<String, CborError> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(CborError::Unexpected { wanted: "text" }),
        }
    }

    pub fn bytes(self) -> Result<Vec<u8>, CborError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(CborError::Unexpected { wanted: "bytes" }),
        }
    }

    /// Bytes of exactly `N`.
    pub fn byte_array<const N: usize>(self) -> Result<[u8; N], CborError> {
        let wanted = CborError::Unexpected { wanted: "bytes of a fixed length" };
        self.bytes()?.try_into().map_err(|_| wanted)
    }

    pub fn boolean(self) -> Result<bool, CborError> {
        match self {
            Self::Bool(truth) => Ok(truth),
            _ => Err(CborError::Unexpected { wanted: "true or false" }),
        }
    }

    pub fn array(self) -> Result<Vec<Value>, CborError> {
        match self {
            Self::Array(items) => Ok(items),
            _ => Err(CborError::Unexpected { wanted: "an array" }),
        }
    }

    /// An array of exactly `N` items.
    pub fn items<const N: usize>(self) -> Result<[Value; N], CborError> {
        let wanted = CborError::Unexpected { wanted: "an array of a fixed length" };
        self.array()?.try_into().map_err(|_| wanted)
    }

    /// A map, to be emptied key by key.
    pub fn fields(self) -> Result<Fields, CborError> {
        match self {
            Self::Map(entries) => Ok(Fields(entries)),
            _ => Err(CborError::Unexpected { wanted: "a map" }),
        }
    }

    /// `Null` as `None`.
    pub fn optional(self) -> Option<Value> {
        match self {
            Self::Null => None,
            value => Some(value),
        }
    }
}

/// The entries of a map with integer keys that have not been taken yet.
#[derive(Debug)]
pub struct Fields(Vec<(Value, Value)>);

impl Fields {
    /// Takes the value under `key`.
    pub fn take(&mut self, key: i64) -> Result<Value, CborError> {
        self.take_optional(key).ok_or(CborError::Missing(key))
    }

    /// Takes the value under `key`, if there is one.
    pub fn take_optional(&mut self, key: i64) -> Option<Value> {
        let key = Value::from(key);
        let at = self.0.iter().position(|(candidate, _)| *candidate == key)?;
        Some(self.0.remove(at).1)
    }

    /// Refuses keys that nobody took: what isn't understood is never skipped.
    pub fn finish(self) -> Result<(), CborError> {
        if self.0.is_empty() { Ok(()) } else { Err(CborError::UnknownKey) }
    }
}

/// Writes entries whose keys are in order already, as those of everything that was read are; false where they aren't.
fn write_ordered(entries: &[(Value, Value)], out: &mut Vec<u8>) -> bool {
    let mut previous = 0..0;
    for (key, value) in entries {
        let start = out.len();
        key.write(out);
        let written = start..out.len();
        if out.get(previous) > out.get(written.clone()) {
            return false;
        }
        previous = written;
        value.write(out);
    }
    true
}

fn head(out: &mut Vec<u8>, major: u8, n: u64) {
    let major = major << 5;
    // The shortest form that holds the number, RFC 8949 §4.2.1.
    if let Ok(short) = u8::try_from(n) {
        if short < 24 {
            out.push(major | short);
        } else {
            out.extend_from_slice(&[major | 0x18, short]);
        }
    } else if let Ok(short) = u16::try_from(n) {
        out.push(major | 0x19);
        out.extend_from_slice(&short.to_be_bytes());
    } else if let Ok(short) = u32::try_from(n) {
        out.push(major | 0x1a);
        out.extend_from_slice(&short.to_be_bytes());
    } else {
        out.push(major | 0x1b);
        out.extend_from_slice(&n.to_be_bytes());
    }
}

fn read(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, CborError> {
    if depth > MAX_DEPTH {
        return Err(CborError::Malformed);
    }
    Ok(match decoder.datatype()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Value::Unsigned(decoder.u64()?),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            let number = i128::from(decoder.int()?);
            Value::Negative(u64::try_from(-1 - number).map_err(|_| CborError::Malformed)?)
        }
        Type::Bytes => Value::Bytes(decoder.bytes()?.to_vec()),
        Type::String => Value::Text(decoder.str()?.to_owned()),
        Type::Array => {
            let mut items = Vec::new();
            for _ in 0..decoder.array()?.ok_or(CborError::NotDeterministic)? {
                items.push(read(decoder, depth + 1)?);
            }
            Value::Array(items)
        }
        Type::Map => {
            let mut entries = Vec::new();
            let mut previous: Option<&[u8]> = None;
            for _ in 0..decoder.map()?.ok_or(CborError::NotDeterministic)? {
                let start = decoder.position();
                let key = read(decoder, depth + 1)?;
                let written = decoder.input().get(start..decoder.position());
                // Two equal keys would survive sorting and comparing: they are caught here.
                if previous.is_some() && previous >= written {
                    return Err(CborError::NotDeterministic);
                }
                previous = written;
                entries.push((key, read(decoder, depth + 1)?));
            }
            Value::Map(entries)
        }
        Type::Tag => {
            let tag = decoder.tag()?.as_u64();
            Value::Tag(tag, Box::new(read(decoder, depth + 1)?))
        }
        Type::Bool => Value::Bool(decoder.bool()?),
        Type::Null => {
            decoder.null()?;
            Value::Null
        }
        Type::BytesIndef | Type::StringIndef | Type::ArrayIndef | Type::MapIndef => {
            return Err(CborError::NotDeterministic);
        }
        _ => return Err(CborError::Malformed),
    })
}

impl From<minicbor::decode::Error> for CborError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Self::Unsigned(n)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Unsigned(n.into())
    }
}

impl From<u8> for Value {
    fn from(n: u8) -> Self {
        Self::Unsigned(n.into())
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        match u64::try_from(n) {
            Ok(n) => Self::Unsigned(n),
            Err(_) => Self::Negative(n.unsigned_abs() - 1),
        }
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::Array(items)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests;
