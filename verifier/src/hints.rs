//! Reads the issuer's event stream (`text/event-stream`, WHATWG HTML section 9.2), of which a gate
//! understands two events; others, comments and whatever is too long it passes over.

use fugong_common::base64url;
use fugong_common::wire::{MANIFEST_EVENT, SENT_ALONG_BYTES, STATUS_EVENT};

/// What the issuer says unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// There is a newer manifest.
    Manifest,
    /// A status list, not yet looked at.
    List(Vec<u8>),
}

/// Base64 of the longest list, and the field's name.
const LINE_BYTES: usize = SENT_ALONG_BYTES / 3 * 4 + 64;

/// The stream so far.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    /// The present line goes beyond what is kept of it.
    over: bool,
    event: String,
    data: String,
}

impl Reader {
    /// Takes what came; all hints that are complete with it.
    pub fn take(&mut self, chunk: &[u8]) -> Vec<Hint> {
        let mut hints = Vec::new();
        for &byte in chunk {
            if byte != b'\n' {
                self.over |= self.line.len() >= LINE_BYTES;
                if !self.over {
                    self.line.push(byte);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            if !std::mem::take(&mut self.over) {
                hints.extend(self.end_line(&line));
            }
        }
        hints
    }

    fn end_line(&mut self, line: &[u8]) -> Option<Hint> {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':')?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => value.clone_into(&mut self.data),
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<Hint> {
        let data = std::mem::take(&mut self.data);
        match std::mem::take(&mut self.event).as_str() {
            MANIFEST_EVENT => Some(Hint::Manifest),
            STATUS_EVENT => base64url::decode(&data).ok().map(Hint::List),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_read_however_the_line_cuts_them() {
        let stream = ": alive\n\nevent: status\ndata: AQID\n\nevent: manifest\r\ndata: 7\r\n\r\nretry: 5\n\nevent:manifest\n\n";
        let wanted = [Hint::List(vec![1, 2, 3]), Hint::Manifest, Hint::Manifest];
        for size in [1, 2, 7, stream.len()] {
            let mut reader = Reader::default();
            let parts = stream.as_bytes().chunks(size);
            let hints: Vec<_> = parts.flat_map(|chunk| reader.take(chunk)).collect();
            assert_eq!(hints, wanted, "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_strange_or_endless_is_passed_over_and_costs_little() {
        let mut reader = Reader::default();
        assert_eq!(
            reader.take(b"event: status\ndata: %%%\n\nevent: tomorrow\ndata: 1\n\ndata\n\n"),
            []
        );
        for _ in 0..100 {
            assert_eq!(reader.take(&vec![b'a'; LINE_BYTES]), []);
            assert!(reader.line.len() <= LINE_BYTES);
        }
        assert_eq!(reader.take(b"\nevent: manifest\n\n"), [Hint::Manifest]);
        let longest = base64url::encode(&vec![7; SENT_ALONG_BYTES]);
        let hints = reader.take(format!("event: status\ndata: {longest}\n\n").as_bytes());
        assert_eq!(hints, [Hint::List(vec![7; SENT_ALONG_BYTES])]);
    }
}
