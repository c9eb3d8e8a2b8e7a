//! `verifier check`: what a picture or a text is worth, without network.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use fugong_common::claims::Lineage;
use fugong_common::clock::ClockState;
use fugong_common::judge::{HeldStatus, Judgement, Known, Moment, Place, judge};
use fugong_common::keys::{Fingerprint, KeyId};
use fugong_common::lang::Lang;
use fugong_common::placard::Scanned;
use fugong_common::reader::{PictureLimits, read_picture};
use fugong_common::serial::{PassReference, Serial};
use fugong_common::status::StatusClaims;
use fugong_common::temperature::Thresholds;
use fugong_common::time::{Millis, Zone};
use fugong_common::trust::{DemoRoots, TrustList, TrustStore};
use fugong_common::verdict::Verdict;
use fugong_common::wire::{PermitRecord, PersonRecord};
use serde::Serialize;

use crate::bundle::Bundle;

/// Why nothing could be checked.
#[derive(Debug)]
pub enum CheckError {
    Unreadable(PathBuf, String),
    Trust(String),
    Status(PathBuf, String),
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) | Self::Status(path, error) => {
                write!(f, "{}: {error}", path.display())
            }
            Self::Trust(error) => write!(f, "trust list: {error}"),
        }
    }
}

impl std::error::Error for CheckError {}

/// What a check knows: a gate's bundle, or a trust list and status lists as files.
#[derive(Debug)]
pub enum Basis {
    Gate(Box<Bundle>),
    Files { trust: Box<TrustList>, lists: BTreeMap<KeyId, StatusClaims> },
}

impl Basis {
    /// Reads a trust chain under the root that was told, and status lists of its keys.
    ///
    /// # Errors
    /// Names the file.
    pub fn from_files(
        root: Fingerprint,
        trust: &Path,
        status: &[PathBuf],
        now: Millis,
    ) -> Result<Self, CheckError> {
        let bytes = read(trust)?;
        // Whoever names the root knows whether it is a sample town's.
        let accepted = TrustStore::new(root, DemoRoots::Accept)
            .accept(&bytes)
            .map_err(|error| CheckError::Trust(error.to_string()))?;
        let list = accepted.store.list().cloned();
        let trust = list.ok_or_else(|| CheckError::Trust("no list under this root".to_owned()))?;
        let mut lists: BTreeMap<KeyId, StatusClaims> = BTreeMap::new();
        for path in status {
            let bytes = read(path)?;
            let mut fault =
                "no permit or pass key of the trust list has this status list".to_owned();
            let mut found = false;
            for key in trust.keys.iter().filter(|key| key.list_uri.is_some()) {
                match StatusClaims::open(&bytes, &trust, key, now) {
                    Ok(claims) => {
                        found = true;
                        let newer = lists.get(&key.id()).is_none_or(|held| held.seq < claims.seq);
                        if newer {
                            lists.insert(key.id(), claims);
                        }
                    }
                    Err(error) => fault = error.to_string(),
                }
            }
            if !found {
                return Err(CheckError::Status(path.clone(), fault));
            }
        }
        Ok(Self::Files { trust: Box::new(trust), lists })
    }

    fn bundle(&self) -> Option<&Bundle> {
        match self {
            Self::Gate(bundle) => Some(bundle),
            Self::Files { .. } => None,
        }
    }

    fn zone(&self) -> Zone {
        self.bundle().map_or_else(Zone::utc, |bundle| bundle.zone.clone())
    }

    fn limits(&self) -> Thresholds {
        self.bundle().map_or(Thresholds::USUAL, |bundle| bundle.settings.temperature)
    }
}

impl Known for Basis {
    fn trust(&self) -> Option<&TrustList> {
        match self {
            Self::Gate(bundle) => bundle.trust.list(),
            Self::Files { trust, .. } => Some(trust),
        }
    }

    fn status(&self, key: KeyId) -> Option<HeldStatus<'_>> {
        let claims = match self {
            Self::Gate(bundle) => &bundle.lists.get(&key)?.claims,
            Self::Files { lists, .. } => lists.get(&key)?,
        };
        Some(HeldStatus { claims, elapsed_seconds: 0 })
    }

    fn permit(&self, serial: Serial) -> Option<PermitRecord> {
        self.bundle()?.register.find(serial).cloned()
    }

    fn permits_of(&self, lineage: Lineage) -> Option<Vec<PermitRecord>> {
        Some(self.bundle()?.register.list_lineage(lineage).cloned().collect())
    }

    fn person(&self, reference: PassReference) -> Option<PersonRecord> {
        self.bundle()?.roster.find_reference(reference)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CheckError> {
    std::fs::read(path).map_err(|error| CheckError::Unreadable(path.to_owned(), error.to_string()))
}

/// Texts in one argument: the QR codes of a picture, the lines of a text file, or the argument itself.
///
/// # Errors
/// A picture without a code says so.
pub fn texts_of(argument: &str) -> Result<Vec<String>, CheckError> {
    let path = Path::new(argument);
    if !path.is_file() {
        let looks_like_file = argument.contains(['/', '\\']) && !argument.contains("://");
        let picture =
            [".png", ".jpg", ".jpeg"].iter().any(|end| argument.to_lowercase().ends_with(end));
        if (looks_like_file || picture) && !path.exists() {
            return Err(CheckError::Unreadable(path.to_owned(), "no such file".to_owned()));
        }
        return Ok(vec![argument.to_owned()]);
    }
    let bytes = read(path)?;
    if bytes.starts_with(b"\x89PNG") || bytes.starts_with(&[0xff, 0xd8]) {
        return read_picture(&bytes, &PictureLimits::UPLOAD)
            .map_err(|error| CheckError::Unreadable(path.to_owned(), error.say(Lang::En)));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(vec![text.trim().to_owned()]),
        Err(_) => Err(CheckError::Unreadable(
            path.to_owned(),
            "neither a PNG or JPEG picture nor a text".to_owned(),
        )),
    }
}

/// One answer, as text and as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    pub source: String,
    pub verdict: Verdict,
    pub word: String,
    pub instruction: String,
    pub reasons: Vec<String>,
    pub name: Option<String>,
    pub key: Option<String>,
    pub status_seq: Option<u64>,
    pub status_age_seconds: Option<u64>,
}

/// Judges one text as the public page does, or with a gate's data for its sites.
pub fn answer(basis: &Basis, source: &str, text: &str, now: Millis, lang: Lang) -> Answer {
    let place = match basis.bundle() {
        Some(bundle) => Place::Gate {
            sites: &bundle.settings.sites,
            offline_grace_seconds: bundle.settings.offline_grace_seconds,
        },
        None => Place::Public,
    };
    // Whoever names an instant answers for it; otherwise it is this machine's clock, as of `--at`.
    let moment = Moment { now, clock: ClockState::Trusted };
    let judgement: Judgement = judge(&Scanned::read(text), basis, place, moment);
    let details = judgement.details(lang, &basis.zone(), now, basis.limits().fever_from());
    let verdict = judgement.verdict;
    Answer {
        source: source.to_owned(),
        verdict,
        word: verdict.public_word(lang).to_owned(),
        instruction: match verdict {
            // "Recorded" would be untrue here.
            Verdict::Valid => verdict.public_advice(lang).to_owned(),
            _ => verdict.instruction(lang, &details),
        },
        reasons: judgement.reasons.iter().map(|reason| reason.say(lang)).collect(),
        name: judgement.credential.as_ref().map(|credential| credential.name().to_owned()),
        key: judgement.key.map(|key| key.to_string()),
        status_seq: judgement.list_seq,
        status_age_seconds: judgement.status_age_seconds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_a_file_or_the_text_itself() {
        assert_eq!(texts_of("FG1:123").unwrap(), ["FG1:123"]);
        assert_eq!(texts_of("https://permits.example/v/1").unwrap().len(), 1);
        let missing = texts_of("no-such/placard.png").unwrap_err().to_string();
        assert!(missing.contains("no such file"), "{missing}");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("link.txt");
        std::fs::write(&path, "FG1:123\n").unwrap();
        assert_eq!(texts_of(path.to_str().unwrap()).unwrap(), ["FG1:123"]);
        std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
        assert!(texts_of(path.to_str().unwrap()).is_err());
    }
}
