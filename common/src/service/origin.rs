//! Which hosts the service answers to, and which pages may change something.
//!
//! A page of another site can make a browser send a form here with the reader's cookies. Browsers
//! name the page's origin in `Origin` (and how it relates to ours in `Sec-Fetch-Site`), which a page
//! can't forge, so unsafe methods need exactly ours. The host allow-list stops a foreign name that
//! was pointed at our address (DNS rebinding) from becoming "our own origin".

use std::fmt;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use super::problem::Problem;

/// Scheme, host and port under which the service is reached, as browsers write it:
/// lower case, no default port, nothing after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    authority: String,
}

impl Origin {
    /// Reads `https://host` or `http://host:port`; a trailing slash is forgiven.
    ///
    /// # Errors
    /// Says which text is no origin.
    pub fn parse(text: &str) -> Result<Self, BadOrigin> {
        let bad = || BadOrigin(text.to_owned());
        let uri: Uri = text.trim().parse().map_err(|_| bad())?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(bad()),
        };
        let authority = uri.authority().ok_or_else(bad)?.as_str();
        if authority.contains('@')
            || authority.is_empty()
            || uri.query().is_some()
            || uri.path() != "/"
        {
            return Err(bad());
        }
        Ok(Self { https, authority: without_default_port(authority, https) })
    }

    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Host and port, the port only where it isn't the scheme's own.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    fn has_host(&self, host: &str) -> bool {
        without_default_port(host, self.https) == self.authority
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority)
    }
}

fn without_default_port(authority: &str, https: bool) -> String {
    let authority = authority.to_ascii_lowercase();
    let port = if https { ":443" } else { ":80" };
    authority.strip_suffix(port).map_or(authority.clone(), str::to_owned)
}

/// Not `scheme://host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadOrigin(pub String);

impl fmt::Display for BadOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an origin; write it like https://permits.example.cn", self.0)
    }
}

impl std::error::Error for BadOrigin {}

/// The service's own origins and what is exempt from which check.
#[derive(Clone, Debug)]
pub struct Origins {
    allowed: Vec<Origin>,
    signed: Vec<String>,
    any_host: Vec<String>,
}

impl Origins {
    /// Health and metrics answer under any host: probes ask by address.
    pub fn new(allowed: Vec<Origin>) -> Self {
        let any_host = ["/healthz", "/readyz", "/metrics"].map(str::to_owned).into();
        Self { allowed, signed: Vec::new(), any_host }
    }

    /// Paths under `prefix` carry their own proof in every request (a device signature), never a
    /// cookie; their requests need no `Origin`.
    #[must_use]
    pub fn signed(mut self, prefix: impl Into<String>) -> Self {
        self.signed.push(prefix.into());
        self
    }

    pub fn allowed(&self) -> &[Origin] {
        &self.allowed
    }

    /// # Errors
    /// The reason for refusing the request.
    pub fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let path = uri.path();
        if method.is_safe() && self.any_host.iter().any(|open| open == path) {
            return Ok(());
        }
        let host = host(uri, headers)?;
        let mut ours = self.allowed.iter().filter(|origin| origin.has_host(host)).peekable();
        if ours.peek().is_none() {
            return Err(Refusal::ForeignHost);
        }
        if method.is_safe() || self.signed.iter().any(|prefix| path.starts_with(prefix)) {
            return Ok(());
        }
        let same_site = text(headers, "sec-fetch-site") == Some("same-origin");
        match text(headers, "origin") {
            // A page under `no-referrer` sends "null" for its own forms; then only the second
            // header can vouch for it.
            None | Some("null") if same_site => Ok(()),
            None if carries_its_own_credentials(headers) => Ok(()),
            None => Err(Refusal::NoOrigin),
            Some(origin) if ours.any(|own| own.to_string() == origin) => Ok(()),
            Some(_) => Err(Refusal::ForeignOrigin),
        }
    }
}

/// A token in `Authorization` is never attached by a browser on its own, and another site's script
/// may not set that header without a permission that we never give.
fn carries_its_own_credentials(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::COOKIE)
        && text(headers, "authorization").is_some_and(|value| value.starts_with("Bearer "))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// `Host`, or `:authority` in HTTP/2; both, if both are there, must agree (RFC 9113 §8.3.1).
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a str, Refusal> {
    let mut named = headers.get_all(header::HOST).iter().map(HeaderValue::to_str);
    let header = named.next().transpose().map_err(|_| Refusal::NoHost)?;
    if named.next().is_some() {
        return Err(Refusal::NoHost);
    }
    match (uri.authority(), header) {
        (Some(authority), Some(header)) if !authority.as_str().eq_ignore_ascii_case(header) => {
            Err(Refusal::NoHost)
        }
        (Some(authority), _) => Ok(authority.as_str()),
        (None, Some(header)) if !header.is_empty() => Ok(header),
        _ => Err(Refusal::NoHost),
    }
}

/// Why a request was turned away before any handler saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No host, two hosts, or two that differ.
    NoHost,
    ForeignHost,
    /// An unsafe method without a sign of where it came from.
    NoOrigin,
    ForeignOrigin,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoHost => Self::for_status(StatusCode::BAD_REQUEST),
            Refusal::ForeignHost => Self::for_status(StatusCode::MISDIRECTED_REQUEST),
            Refusal::NoOrigin | Refusal::ForeignOrigin => Self::new(
                StatusCode::FORBIDDEN,
                "cross_origin",
                ("操作不是从本系统页面发起", "Not sent from a page of this system"),
            )
            .detail((
                "请在本系统页面上重新办理，不要从其他网站的链接或表单提交。",
                "Do it again on a page of this system, not through a link or form of another site.",
            )),
        }
    }
}

/// Refuses foreign hosts and foreign pages.
pub(super) fn guard(origins: &Origins, request: &Request) -> Result<(), Problem> {
    origins.check(request.method(), request.uri(), request.headers()).map_err(|refusal| {
        tracing::debug!(?refusal, "refused before routing");
        Problem::from(refusal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> Origins {
        let allowed = ["https://permits.example.cn", "http://127.0.0.1:8080/"];
        Origins::new(allowed.map(|text| Origin::parse(text).unwrap()).into()).signed("/api/gate/")
    }

    fn asked(method: &Method, path: &str, headers: &[(&'static str, &str)]) -> Result<(), Refusal> {
        let headers =
            headers.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        origins().check(method, &path.parse().unwrap(), &headers)
    }

    #[test]
    fn origins_are_compared_as_browsers_write_them() {
        assert_eq!(
            Origin::parse("HTTPS://Permits.Example.CN:443/").unwrap().to_string(),
            "https://permits.example.cn"
        );
        assert_eq!(Origin::parse("http://[::1]:8080").unwrap().authority(), "[::1]:8080");
        for bad in [
            "permits.example.cn",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://u@a",
            "https://a?x",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_named_hosts_are_answered() {
        let get = |host| asked(&Method::GET, "/", &[("host", host)]);
        assert_eq!(get("permits.example.cn"), Ok(()));
        assert_eq!(get("PERMITS.example.cn:443"), Ok(()));
        assert_eq!(get("127.0.0.1:8080"), Ok(()));
        assert_eq!(get("permits.example.cn:80"), Err(Refusal::ForeignHost));
        assert_eq!(get("rebound.evil.example"), Err(Refusal::ForeignHost));
        assert_eq!(asked(&Method::GET, "/", &[]), Err(Refusal::NoHost));
        assert_eq!(asked(&Method::GET, "/healthz", &[("host", "10.0.0.7")]), Ok(()));
        assert_eq!(asked(&Method::GET, "https://permits.example.cn/a", &[]), Ok(()));
        assert_eq!(
            asked(&Method::GET, "https://permits.example.cn/a", &[("host", "127.0.0.1:8080")]),
            Err(Refusal::NoHost)
        );
    }

    #[test]
    fn a_form_of_another_site_is_refused_and_ours_is_not() {
        let post = |extra: &[(&'static str, &str)]| {
            let mut headers = vec![("host", "permits.example.cn")];
            headers.extend_from_slice(extra);
            asked(&Method::POST, "/permits", &headers)
        };
        assert_eq!(post(&[("origin", "https://permits.example.cn")]), Ok(()));
        assert_eq!(post(&[("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(post(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(post(&[("origin", "null")]), Err(Refusal::ForeignOrigin));
        assert_eq!(post(&[]), Err(Refusal::NoOrigin));
        assert_eq!(post(&[("sec-fetch-site", "cross-site")]), Err(Refusal::NoOrigin));
        for foreign in [
            "https://evil.example",
            "http://permits.example.cn",
            "https://permits.example.cn.evil.example",
            "http://127.0.0.1:8080",
        ] {
            assert_eq!(
                post(&[("origin", foreign), ("sec-fetch-site", "cross-site")]),
                Err(Refusal::ForeignOrigin),
                "{foreign}"
            );
        }
    }

    #[test]
    fn requests_that_carry_their_own_proof_need_no_origin() {
        let host = ("host", "127.0.0.1:8080");
        assert_eq!(asked(&Method::POST, "/api/gate/journal/1", &[host]), Ok(()));
        assert_eq!(
            asked(&Method::POST, "/api/permits", &[host, ("authorization", "Bearer t")]),
            Ok(())
        );
        assert_eq!(
            asked(
                &Method::POST,
                "/api/permits",
                &[host, ("authorization", "Bearer t"), ("cookie", "s=1")]
            ),
            Err(Refusal::NoOrigin)
        );
        assert_eq!(
            asked(&Method::POST, "/api/gate/journal/1", &[("host", "evil.example")]),
            Err(Refusal::ForeignHost)
        );
    }
}
