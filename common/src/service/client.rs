//! Whose request it is, where a proxy stands in front: limits per address are worth nothing under
//! the proxy's own address, and less than nothing under one that anybody may write into a header.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;

/// Set by proxies: the addresses that a request came through, the nearest last.
const FORWARDED: &str = "x-forwarded-for";

/// Addresses or networks of proxies whose word about a client is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u8)>);

/// Not an address, nor `address/bits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadProxy(pub String);

impl fmt::Display for BadProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no proxy's address; write it like 10.0.0.7 or 10.0.0.0/24", self.0)
    }
}

impl std::error::Error for BadProxy {}

impl Proxies {
    /// Reads `10.0.0.7`, `10.0.0.0/24`, `2001:db8::/32`.
    ///
    /// # Errors
    /// Names the text that is none of these.
    pub fn parse(texts: &[String]) -> Result<Self, BadProxy> {
        let parse = |text: &String| {
            let bad = || BadProxy(text.clone());
            let (address, bits) =
                text.split_once('/').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
            let address: IpAddr = address.parse().map_err(|_| bad())?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Ok(most), str::parse).map_err(|_| bad())?;
            if bits > most { Err(bad()) } else { Ok((address, bits)) }
        };
        texts.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    pub fn covers(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|(network, bits)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                shifted(u128::from(network.to_bits()) ^ u128::from(address.to_bits()), 32, *bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                shifted(network.to_bits() ^ address.to_bits(), 128, *bits)
            }
            _ => false,
        })
    }

    /// The last address on the way that is no proxy of ours; what stands before it anybody may
    /// have written.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.covers(peer) {
            return peer;
        }
        let mut nearest = peer;
        let named: Vec<&str> = headers
            .get_all(FORWARDED)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for text in named.into_iter().rev() {
            let Some(address) = read(text.trim()) else { return nearest };
            nearest = address;
            if !self.covers(address) {
                return address;
            }
        }
        nearest
    }
}

/// Whether two addresses agree in their first `bits` of `width`, given where they differ.
fn shifted(differs: u128, width: u8, bits: u8) -> bool {
    differs.checked_shr(u32::from(width - bits)).is_none_or(|head| head == 0)
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn read(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

/// What limits are counted by. A subscriber has a whole /64 of version 6.
pub fn crowd(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (!0 << 64))),
        address @ IpAddr::V4(_) => address,
    }
}

/// From here on [`ConnectInfo`] names the client.
pub(super) fn find(proxies: &Proxies, request: &mut Request) {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let client = proxies.client(peer.ip(), request.headers());
        if client != peer.ip() {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, 0)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(texts: &[&str]) -> Proxies {
        Proxies::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    fn client(of: &Proxies, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        of.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_known_proxy_is_believed_and_only_about_the_nearest_stranger() {
        let ours = proxies(&["127.0.0.1", "10.1.0.0/16"]);
        assert_eq!(client(&ours, "203.0.113.5", &["198.51.100.1"]), "203.0.113.5");
        assert_eq!(client(&ours, "127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client(&ours, "10.1.2.3", &["6.6.6.6, 198.51.100.1, 10.1.9.9"]), "198.51.100.1");
        assert_eq!(client(&ours, "10.1.2.3", &["6.6.6.6", "198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client(&ours, "10.1.2.3", &["[2001:db8::7]:80"]), "2001:db8::7");
        assert_eq!(client(&ours, "10.1.2.3", &[]), "10.1.2.3");
        assert_eq!(client(&ours, "10.1.2.3", &["198.51.100.1, nonsense"]), "10.1.2.3");
        assert_eq!(client(&ours, "10.2.2.3", &["198.51.100.1"]), "10.2.2.3");
    }

    #[test]
    fn networks_are_read_and_nonsense_is_named() {
        let ours = proxies(&["2001:db8::/32", "0.0.0.0/0"]);
        assert!(ours.covers("2001:db8:ffff::1".parse().unwrap()));
        assert!(!ours.covers("2001:db9::1".parse().unwrap()));
        assert!(ours.covers("198.51.100.1".parse().unwrap()));
        assert!(ours.covers("::ffff:198.51.100.1".parse().unwrap()));
        for bad in ["proxy", "10.0.0.1/33", "10.0.0.1/x", ""] {
            assert_eq!(Proxies::parse(&[bad.to_owned()]), Err(BadProxy(bad.to_owned())));
        }
    }

    #[test]
    fn a_subscriber_of_version_six_is_one_crowd() {
        let of = |text: &str| crowd(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
    }
}
