//! The archive's form: a line that names it, then gzip over frames. A frame is a length (four bytes,
//! big-endian) and one CBOR array:
//!
//! ```text
//! [0, header]              JSON text, see Header; always first
//! [1, table, [column, …]]  rows of this table follow
//! [2, [[value, …], …]]     rows: integers, texts, byte strings, null
//! [3, rows, sha256]        the end: how many rows, and SHA-256 over every frame before
//! ```

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BackupError;

const MAGIC: &[u8] = b"FUGONG-BACKUP 1\n";
/// Rows are gathered to about this many bytes before they are written.
const FRAME_BYTES: usize = 256 * 1024;
/// A single row may be long (a status list, a batch of entries); a frame never is beyond this.
const MOST_BYTES: usize = 96 * 1024 * 1024;
/// The level that costs little and still halves what databases hold.
const LEVEL: u32 = 3;

/// What an archive is of. Public facts only: no password, no private key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Program and version that wrote it.
    pub software: String,
    /// Unix milliseconds at which the snapshot was taken.
    pub made_at: i64,
    /// The newest migration of the schema it was read from.
    pub schema: i64,
    /// `SQLite` or `PostgreSQL`.
    pub database: String,
    /// The configuration that placards and gates depend on.
    pub origin: String,
    pub hosts: Vec<String>,
    pub demo: bool,
    /// The newest trust list, 0 where there is none, and its root's fingerprint.
    pub trust_version: u64,
    pub root: String,
    /// The newest change's number: manifests carry it.
    pub change: i64,
    /// End of the audit chain.
    pub audit_seq: i64,
    pub audit_sha256: String,
    pub keys: Vec<ListedKey>,
}

/// A signing key's public facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedKey {
    pub id: String,
    pub role: String,
    pub public_key: String,
}

/// A column's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Writes an archive onto anything.
pub struct Writer<W: Write> {
    out: GzEncoder<W>,
    digest: Sha256,
    rows: u64,
    waiting: Vec<u8>,
    waiting_rows: u64,
}

impl<W: Write> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// Writing into memory doesn't fail.
type Cbor<'a> = Encoder<&'a mut Vec<u8>>;

fn cbor(write: impl FnOnce(&mut Cbor<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Encoder::new(&mut bytes));
    bytes
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    pub fn begin(mut out: W, header: &Header) -> std::io::Result<Self> {
        out.write_all(MAGIC)?;
        let out = GzEncoder::new(out, Compression::new(LEVEL));
        let mut writer =
            Self { out, digest: Sha256::new(), rows: 0, waiting: Vec::new(), waiting_rows: 0 };
        let header = serde_json::to_string(header)?;
        let frame = cbor(|c| {
            let _ = c.array(2).and_then(|c| c.u8(0)).and_then(|c| c.str(&header));
        });
        writer.frame(&frame)?;
        Ok(writer)
    }

    /// Begins a table.
    pub fn table(&mut self, name: &str, columns: &[String]) -> std::io::Result<()> {
        self.flush_rows()?;
        let count = u64::try_from(columns.len()).unwrap_or_default();
        let frame = cbor(|c| {
            let _ = c.array(3).and_then(|c| c.u8(1)).and_then(|c| c.str(name));
            let _ = c.array(count);
            for column in columns {
                let _ = c.str(column);
            }
        });
        self.frame(&frame)
    }

    /// Adds a row of the table begun last.
    pub fn row(&mut self, values: &[Value]) -> std::io::Result<()> {
        let mut c = Encoder::new(&mut self.waiting);
        let _ = c.array(u64::try_from(values.len()).unwrap_or_default());
        for value in values {
            let _ = match value {
                Value::Null => c.null(),
                Value::Integer(number) => c.i64(*number),
                Value::Text(text) => c.str(text),
                Value::Bytes(bytes) => c.bytes(bytes),
            };
        }
        self.waiting_rows += 1;
        if self.waiting.len() >= FRAME_BYTES { self.flush_rows() } else { Ok(()) }
    }

    fn flush_rows(&mut self) -> std::io::Result<()> {
        if self.waiting_rows == 0 {
            return Ok(());
        }
        let count = self.waiting_rows;
        let mut frame = cbor(|c| {
            let _ = c.array(2).and_then(|c| c.u8(2)).and_then(|c| c.array(count));
        });
        frame.append(&mut self.waiting);
        self.rows += count;
        self.waiting_rows = 0;
        self.frame(&frame)
    }

    fn frame(&mut self, frame: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(frame.len()).map_err(std::io::Error::other)?.to_be_bytes();
        self.digest.update(length);
        self.digest.update(frame);
        self.out.write_all(&length)?;
        self.out.write_all(frame)
    }

    /// Writes the end; how many rows there are.
    pub fn finish(mut self) -> std::io::Result<(W, u64)> {
        self.flush_rows()?;
        let (rows, digest) = (self.rows, self.digest.clone().finalize());
        let frame = cbor(|c| {
            let _ = c.array(3).and_then(|c| c.u8(3)).and_then(|c| c.u64(rows));
            let _ = c.bytes(&digest);
        });
        self.frame(&frame)?;
        Ok((self.out.finish()?, rows))
    }
}

/// A piece of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Table {
        name: String,
        columns: Vec<String>,
    },
    Rows(Vec<Vec<Value>>),
    /// The end, whose digest and count held.
    End {
        rows: u64,
        sha256: [u8; 32],
    },
}

/// Reads an archive from anything.
pub struct Reader<R: Read> {
    input: BufReader<GzDecoder<R>>,
    digest: Sha256,
    rows: u64,
    columns: usize,
    pub header: Header,
}

impl<R: Read> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("header", &self.header).finish_non_exhaustive()
    }
}

fn damaged(what: impl std::fmt::Display) -> BackupError {
    BackupError::Damaged(what.to_string())
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// Not an archive.
    pub fn begin(mut input: R) -> Result<Self, BackupError> {
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic).map_err(|_| damaged("it is no Fugong archive"))?;
        if magic != MAGIC {
            return Err(damaged("it is no Fugong archive, or of another form"));
        }
        let empty = Header {
            software: String::new(),
            made_at: 0,
            schema: 0,
            database: String::new(),
            origin: String::new(),
            hosts: Vec::new(),
            demo: false,
            trust_version: 0,
            root: String::new(),
            change: 0,
            audit_seq: 0,
            audit_sha256: String::new(),
            keys: Vec::new(),
        };
        let input = BufReader::new(GzDecoder::new(input));
        let mut reader = Self { input, digest: Sha256::new(), rows: 0, columns: 0, header: empty };
        let frame = reader.frame()?;
        let mut c = Decoder::new(&frame);
        let kind = c.array().ok().and_then(|_| c.u8().ok());
        let text = c.str().ok().filter(|_| kind == Some(0));
        let text = text.ok_or_else(|| damaged("it has no header"))?;
        reader.header = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        Ok(reader)
    }

    fn frame(&mut self) -> Result<Vec<u8>, BackupError> {
        let mut length = [0; 4];
        self.input.read_exact(&mut length).map_err(|_| damaged("it ends too early"))?;
        let bytes = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if bytes > MOST_BYTES {
            return Err(damaged("a frame is too long"));
        }
        let mut frame = vec![0; bytes];
        self.input.read_exact(&mut frame).map_err(|_| damaged("it ends too early"))?;
        // The end states the digest of what stands before it, and is no part of that itself.
        if frame.get(..2) != Some(&[0x83, 3]) {
            self.digest.update(length);
            self.digest.update(&frame);
        }
        Ok(frame)
    }

    /// The next piece; behind [`Piece::End`] there is nothing.
    ///
    /// # Errors
    /// [`BackupError::Damaged`]. Only the end vouches for what stood before it.
    pub fn next_piece(&mut self) -> Result<Piece, BackupError> {
        let frame = self.frame()?;
        let mut c = Decoder::new(&frame);
        let piece = self.piece(&mut c).map_err(damaged)?;
        if c.position() != frame.len() {
            return Err(damaged("a frame says more than it should"));
        }
        let Piece::End { rows, sha256 } = &piece else { return Ok(piece) };
        if *rows != self.rows {
            return Err(damaged("rows are missing"));
        }
        if self.digest.clone().finalize().as_slice() != sha256 {
            return Err(damaged("its checksum is wrong"));
        }
        let mut more = [0; 1];
        match self.input.read(&mut more) {
            Ok(0) => Ok(piece),
            _ => Err(damaged("something follows its end")),
        }
    }

    fn piece(&mut self, c: &mut Decoder<'_>) -> Result<Piece, minicbor::decode::Error> {
        let wrong = minicbor::decode::Error::message;
        let fields = c.array()?.unwrap_or_default();
        match (c.u8()?, fields) {
            (1, 3) => {
                let name = c.str()?.to_owned();
                let count = c.array()?.unwrap_or_default();
                let columns = (0..count).map(|_| c.str().map(str::to_owned));
                let columns = columns.collect::<Result<Vec<_>, _>>()?;
                self.columns = columns.len();
                Ok(Piece::Table { name, columns })
            }
            (2, 2) => {
                let count = c.array()?.unwrap_or_default();
                let mut rows = Vec::new();
                for _ in 0..count {
                    let columns = c.array()?.and_then(|n| usize::try_from(n).ok());
                    if columns != Some(self.columns) || self.columns == 0 {
                        return Err(wrong("a row of another length than its table"));
                    }
                    rows.push((0..self.columns).map(|_| value(c)).collect::<Result<_, _>>()?);
                }
                self.rows += count;
                Ok(Piece::Rows(rows))
            }
            (3, 3) => {
                let rows = c.u64()?;
                let sha256 = c.bytes()?.try_into().map_err(|_| wrong("no checksum"))?;
                Ok(Piece::End { rows, sha256 })
            }
            _ => Err(wrong("a frame of a kind that this program doesn't know")),
        }
    }
}

fn value(c: &mut Decoder<'_>) -> Result<Value, minicbor::decode::Error> {
    Ok(match c.datatype()? {
        Type::Null => {
            c.null()?;
            Value::Null
        }
        Type::String => Value::Text(c.str()?.to_owned()),
        Type::Bytes => Value::Bytes(c.bytes()?.to_vec()),
        _ => Value::Integer(c.i64()?),
    })
}

/// What a whole archive holds.
#[derive(Clone, Debug)]
pub struct Contents {
    pub header: Header,
    /// Tables with their rows, as they follow.
    pub tables: Vec<(String, u64)>,
    pub rows: u64,
    /// SHA-256 over its content: names the archive.
    pub sha256: [u8; 32],
}

/// Opens an archive file at its header.
///
/// # Errors
/// Cannot be read, or is no archive.
pub fn open(path: &Path) -> Result<Reader<BufReader<File>>, BackupError> {
    let file = File::open(path).map_err(|error| BackupError::Io(path.to_owned(), error))?;
    Reader::begin(BufReader::new(file))
}

/// Reads an archive to its end and believes nothing of it before that.
///
/// # Errors
/// [`BackupError::Damaged`], however little is wrong.
pub fn check(path: &Path) -> Result<Contents, BackupError> {
    let mut reader = open(path)?;
    let mut tables: Vec<(String, u64)> = Vec::new();
    loop {
        match reader.next_piece()? {
            Piece::Table { name, .. } => tables.push((name, 0)),
            Piece::Rows(rows) => {
                let Some((_, count)) = tables.last_mut() else {
                    return Err(damaged("rows of no table"));
                };
                *count += u64::try_from(rows.len()).unwrap_or_default();
            }
            Piece::End { rows, sha256 } => {
                return Ok(Contents { header: reader.header, tables, rows, sha256 });
            }
        }
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
