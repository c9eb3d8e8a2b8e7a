//! Parts of bundles as this process made them lately: by digest, with their compressed form once somebody asked for it, for as
//! long as they fit. A thousand gates of one park get the same bytes; nothing is made twice for them.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write as _};
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

pub(super) type Sha = [u8; 32];

/// Bytes kept for deltas and repeated requests.
pub(super) const KEEP_BYTES: usize = 192 * 1024 * 1024;
/// Shorter ones gain nothing on the line.
const WORTH_PACKING: usize = 512;

/// A part's bytes, and the same compressed.
#[derive(Clone, Debug)]
pub struct Kept {
    pub plain: Bytes,
    packed: Arc<OnceLock<Bytes>>,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain
    }
}

impl Eq for Kept {}

impl Kept {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { plain: bytes.into(), packed: Arc::default() }
    }

    /// Compressed once, off the threads that answer; `None` where it isn't worth it. The bytes depend on nothing but the part,
    /// so that a broken download goes on where it broke, at any process of this version.
    pub async fn packed(&self) -> Option<Bytes> {
        if self.plain.len() < WORTH_PACKING {
            return None;
        }
        if let Some(packed) = self.packed.get() {
            return Some(packed.clone());
        }
        let kept = self.clone();
        let pack = move || match gzip(&kept.plain) {
            Ok(bytes) => Some(kept.packed.get_or_init(|| bytes.into()).clone()),
            Err(error) => {
                tracing::error!(%error, "a part could not be compressed");
                None
            }
        };
        tokio::task::spawn_blocking(pack).await.ok().flatten()
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The name under which the delta between two parts is kept.
pub(super) fn delta_name(from: &Sha, to: &Sha) -> Sha {
    Sha256::new().chain_update(b"delta").chain_update(from).chain_update(to).finalize().into()
}

#[derive(Debug, Default)]
pub(super) struct Shelf {
    parts: HashMap<Sha, Kept>,
    order: VecDeque<Sha>,
    bytes: usize,
}

impl Shelf {
    pub(super) fn find(&self, name: &Sha) -> Option<Kept> {
        self.parts.get(name).cloned()
    }

    /// Puts bytes there unless they are, and forgets the oldest for which there is no room.
    pub(super) fn keep(&mut self, name: Sha, bytes: Vec<u8>) -> Kept {
        if let Some(kept) = self.parts.get(&name) {
            return kept.clone();
        }
        self.bytes += bytes.len();
        let kept = Kept::new(bytes);
        self.parts.insert(name, kept.clone());
        self.order.push_back(name);
        while self.bytes > KEEP_BYTES && self.order.len() > 1 {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(gone) = self.parts.remove(&oldest) {
                self.bytes -= gone.plain.len();
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[tokio::test]
    async fn a_part_is_compressed_once_and_short_ones_not_at_all() {
        let kept = Kept::new(b"roster ".repeat(1000));
        let packed = kept.packed().await.unwrap();
        assert!(packed.len() < kept.plain.len() / 20, "{} bytes", packed.len());
        assert_eq!(packed.as_ptr(), kept.packed().await.unwrap().as_ptr());
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&*packed).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, *kept.plain);
        assert_eq!(Kept::new(vec![7; WORTH_PACKING - 1]).packed().await, None);
    }

    #[test]
    fn the_oldest_parts_go_when_there_is_no_room() {
        let mut shelf = Shelf::default();
        for n in 0..5 {
            shelf.keep([n; 32], vec![n; KEEP_BYTES / 4]);
        }
        assert_eq!(shelf.find(&[0; 32]), None);
        assert!(shelf.find(&[4; 32]).is_some() && shelf.bytes <= KEEP_BYTES);
        let before = shelf.bytes;
        shelf.keep([4; 32], vec![4; KEEP_BYTES / 4]);
        assert_eq!(shelf.bytes, before, "what is there is not kept twice");
    }
}
