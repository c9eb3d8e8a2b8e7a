//! What is scanned or typed.

use fugong_common::digits as numbers;
use fugong_common::person::{self, Name};
use fugong_common::placard::{Origin, Scanned, pass_text, placard_url, status_text};
use fugong_common::serial::{PassReference, Serial};
use fugong_common::temperature::Temperature;
use fugong_common::uscc::Uscc;
use fugong_common::{base64url as base64, envelope, hex};

use crate::world::judged;

fn with_text(data: &[u8], work: impl FnOnce(&str)) {
    work(&String::from_utf8_lossy(data));
}

pub fn digits(data: &[u8]) {
    assert_eq!(numbers::decode(&numbers::encode(data)).as_deref(), Ok(data));
    with_text(data, |text| {
        if let Ok(bytes) = numbers::decode(text) {
            assert_eq!(numbers::encode(&bytes), text);
        }
    });
}

pub fn base64url(data: &[u8]) {
    assert_eq!(base64::decode(&base64::encode(data)).as_deref(), Ok(data));
    assert_eq!(hex::decode(&hex::encode(data)).as_deref(), Some(data));
    with_text(data, |text| {
        if let Ok(bytes) = base64::decode(text) {
            assert_eq!(base64::encode(&bytes), text);
        }
        if let Some(bytes) = hex::decode(text) {
            assert_eq!(hex::encode(&bytes), text);
        }
    });
}

/// Whatever was read is read again from what we would print for it, and judging it ends in an
/// answer. Only a genuine token is let in.
pub fn text(data: &[u8]) {
    with_text(data, |text| {
        let scanned = Scanned::read(text);
        assert_eq!(Scanned::read(&format!(" {text}\n")), scanned, "white space changes nothing");
        let again = match &scanned {
            Scanned::Placard { host, token } => {
                let scheme = if Origin::parse(&format!("https://{host}")).is_ok() {
                    "https"
                } else {
                    "http"
                };
                Some(placard_url(&Origin::parse(&format!("{scheme}://{host}")).unwrap(), token))
            }
            Scanned::Pass { token } => Some(pass_text(token)),
            Scanned::TodayStatus(token) => Some(status_text(token)),
            Scanned::Bare(token) => Some(numbers::encode(token)),
            Scanned::Serial(serial) => Some(serial.to_string()),
            Scanned::PassReference(reference) => Some(reference.to_string()),
            _ => None,
        };
        if let Some(again) = again.filter(|again| again.len() <= 8192) {
            assert_eq!(Scanned::read(&again), scanned);
        }
        if let Scanned::Bare(token) | Scanned::OddLink { token } = &scanned {
            assert!(token.starts_with(&envelope::START));
        }
        let judgement = judged(&scanned);
        assert!(!judgement.reasons.is_empty());
        assert!(!judgement.verdict.admits() || judgement.credential.is_some());
    });
}

pub fn serial(data: &[u8]) {
    with_text(data, |text| {
        let (serial, reference) = (Serial::parse_typed(text), PassReference::parse_typed(text));
        assert!(serial.is_err() || reference.is_err(), "no text is both");
        if let Ok(serial) = serial {
            assert_eq!(Serial::parse_typed(&serial.to_string()), Ok(serial));
        }
        if let Ok(reference) = reference {
            assert_eq!(PassReference::parse_typed(&reference.to_string()), Ok(reference));
        }
    });
    if let Ok(bytes) = <[u8; 8]>::try_from(data) {
        assert_eq!(Serial::parse_typed(&Serial(bytes).to_string()), Ok(Serial(bytes)));
    }
}

/// Other fields that people type.
pub fn typed(data: &[u8]) {
    with_text(data, |text| {
        if let Ok(code) = Uscc::parse(text) {
            assert_eq!(Uscc::parse(code.as_str()), Ok(code));
        }
        if let Ok(name) = Name::parse(text) {
            assert_eq!(name.as_str(), text);
        }
        if let Ok(name) = person::clean_name(text) {
            assert_eq!(Name::parse(name.as_str()).as_ref(), Ok(&name));
        }
        let _ = person::mask_name(text);
        let _ = Temperature::parse(text);
        if let Ok(origin) = Origin::parse(text) {
            assert_eq!(origin.to_string(), text);
        }
    });
}
