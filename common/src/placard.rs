//! The texts in our QR codes, and what a scanned or typed text is.
//!
//! A placard is a link, so that any phone camera opens it: `https://<host>[:port]/v/<digits>`.
//! A pass is not: `FG1:<digits>`. Today's status list is `FGS:<digits>`.

use std::fmt;

use crate::base64url;
use crate::digits;
use crate::envelope;
use crate::serial::{PassReference, Serial};

const PLACARD_PATH: &str = "/v/";
const PASS_PREFIX: &str = "FG1:";
const STATUS_PREFIX: &str = "FGS:";
/// More digits than the largest QR code holds (7089, ISO/IEC 18004) fit into no code of ours.
const MAX_TEXT_BYTES: usize = 8 * 1024;

/// What a scanned or typed text is. Nothing in it has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// A placard's link. `host` carries the port where it isn't 443.
    Placard { host: String, token: Vec<u8> },
    /// A link that carries a token but is not as we print it: a query, user-info, another path,
    /// plain HTTP. If the token is genuine, somebody is leading people astray with it.
    OddLink { token: Vec<u8> },
    /// The text of a worker pass.
    Pass { token: Vec<u8> },
    /// A token alone, as digits or base64url: a permit or a pass.
    Bare(Vec<u8>),
    /// The reference of a worker pass.
    PassReference(PassReference),
    /// The check number of a permit.
    Serial(Serial),
    /// A status list: today's status code.
    TodayStatus(Vec<u8>),
    /// Starts like one of ours, but its digits can't be read: damaged, or made up.
    Damaged,
    /// The same in a link of a placard's form. Other people's links have that form too: it is ours
    /// only under an official host.
    DamagedLink { host: String },
    /// Nothing of ours: a poster, another code.
    Other,
}

impl Scanned {
    /// Reads any text from a camera, a keyboard scanner, a form or a message.
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        if text.len() > MAX_TEXT_BYTES {
            return Self::Other;
        }
        // A keyboard scanner with Caps Lock on types everything in upper case; digits survive that.
        let lower = text.to_ascii_lowercase();
        let lettered = if text.bytes().any(|c| c.is_ascii_lowercase()) { text } else { &lower };
        if let Some((scheme, rest)) = lettered.split_once("://") {
            return link(scheme, rest);
        }
        for (prefix, scanned) in [
            (PASS_PREFIX, (|token| Self::Pass { token }) as fn(Vec<u8>) -> Self),
            (STATUS_PREFIX, Self::TodayStatus),
        ] {
            let given = text.get(..prefix.len()).unwrap_or_default();
            if given.eq_ignore_ascii_case(prefix) {
                let body = text.get(prefix.len()..).unwrap_or_default();
                return token(body).map_or(Self::Damaged, scanned);
            }
        }
        if let Some(token) = token(text).filter(|token| token.starts_with(&envelope::START)) {
            return Self::Bare(token);
        }
        if let Ok(serial) = Serial::parse_typed(text) {
            return Self::Serial(serial);
        }
        match PassReference::parse_typed(text) {
            Ok(reference) => Self::PassReference(reference),
            Err(_) => Self::Other,
        }
    }
}

/// The text of a placard's QR code.
pub fn placard_url(origin: &Origin, token: &[u8]) -> String {
    format!("{origin}{PLACARD_PATH}{}", digits::encode(token))
}

/// The same with the token in base64url, for regions whose phones cut long digits short.
pub fn placard_url_base64(origin: &Origin, token: &[u8]) -> String {
    format!("{origin}{PLACARD_PATH}{}", base64url::encode(token))
}

/// The text of a worker pass's QR code.
pub fn pass_text(token: &[u8]) -> String {
    format!("{PASS_PREFIX}{}", digits::encode(token))
}

/// The text of today's status code: a signed status list.
pub fn status_text(token: &[u8]) -> String {
    format!("{STATUS_PREFIX}{}", digits::encode(token))
}

/// A token in digits or base64url. A token's first two characters in base64url are `0o`, so
/// digits alone are always digits.
pub fn token(text: &str) -> Option<Vec<u8>> {
    let bytes = if text.bytes().all(|c| c.is_ascii_digit()) {
        digits::decode(text).ok()?
    } else {
        base64url::decode(text).ok()?
    };
    (!bytes.is_empty()).then_some(bytes)
}

fn link(scheme: &str, rest: &str) -> Scanned {
    if let Some((authority, path)) = rest.split_once('/')
        && let Ok(origin) = Origin::parse(&format!("{scheme}://{authority}"))
        && let Some(body) = format!("/{path}").strip_prefix(PLACARD_PATH)
        && body.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
    {
        let host = origin.host().to_owned();
        return match token(body) {
            Some(token) => Scanned::Placard { host, token },
            None => Scanned::DamagedLink { host },
        };
    }
    rest.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))
        .filter_map(token)
        .find(|token| token.starts_with(&envelope::START))
        .map_or(Scanned::Other, |token| Scanned::OddLink { token })
}

/// Where an issuer's public page lives: `https://` and a host in lower case, with a port unless it
/// is 443. Plain HTTP only for this machine itself, to try things out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    text: String,
    host_at: usize,
}

/// The text is not an origin as placards carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginError;

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address for placards: https://, a host in lower case, nothing behind")
    }
}

impl std::error::Error for OriginError {}

impl Origin {
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let (scheme, authority) = text.split_once("://").ok_or(OriginError)?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let fit = match (scheme, port) {
            // One text per origin: the usual port is never written.
            ("https", Some("443")) | ("http", Some("80")) => false,
            ("https", port) => host_fits(host) && port.is_none_or(port_fits),
            ("http", port) => {
                matches!(host, "127.0.0.1" | "localhost" | "[::1]") && port.is_none_or(port_fits)
            }
            _ => false,
        };
        let text = text.to_owned();
        fit.then_some(Self { text, host_at: scheme.len() + 3 }).ok_or(OriginError)
    }

    /// Host, and port where it is written: what the trust list names.
    pub fn host(&self) -> &str {
        self.text.get(self.host_at..).unwrap_or_default()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::parse(text)
    }
}

fn host_fits(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok_and(|ip| ip.to_string() == address);
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

fn port_fits(port: &str) -> bool {
    port.parse::<u16>().is_ok_and(|number| number != 0 && number.to_string() == port)
}

#[cfg(test)]
mod tests;
