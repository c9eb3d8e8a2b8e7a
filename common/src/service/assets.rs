//! Style sheets, scripts and icons: compiled in, addressed by content, kept by browsers for a year.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::hex;

/// A file of the front end.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// File name without folders, e.g. `base.css`.
    pub name: &'static str,
    pub mime: &'static str,
    pub bytes: &'static [u8],
}

/// What both services' pages use.
pub const SHARED: &[Asset] = &[
    Asset {
        name: "base.css",
        mime: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/base.css"),
    },
    Asset {
        name: "camera.js",
        mime: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/camera.js"),
    },
    Asset {
        name: "scanner.js",
        mime: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/scanner.js"),
    },
    Asset {
        name: "icons.svg",
        mime: "image/svg+xml",
        bytes: include_bytes!("../../assets/icons.svg"),
    },
];

/// A set of assets under one address. The address holds a digest of the whole set, so files may
/// refer to each other by relative names and every change of any of them is a new address.
#[derive(Clone, Debug)]
pub struct Assets(Arc<Set>);

#[derive(Debug)]
struct Set {
    digest: String,
    files: BTreeMap<&'static str, File>,
}

#[derive(Debug)]
struct File {
    mime: &'static str,
    plain: Bytes,
    /// Absent where it would save less than a tenth.
    gzip: Option<Bytes>,
}

impl Assets {
    /// A later asset of the same name replaces an earlier one.
    pub fn new(assets: &[Asset]) -> Self {
        let files: BTreeMap<_, _> =
            assets.iter().map(|asset| (asset.name, File::of(asset))).collect();
        let mut digest = Sha256::new();
        for (name, file) in &files {
            digest.update(name);
            digest.update([0]);
            digest.update(Sha256::digest(&file.plain));
        }
        let mut digest = hex::encode(&digest.finalize());
        digest.truncate(16);
        Self(Arc::new(Set { digest, files }))
    }

    /// The address of a file. A name outside the set gives an address that answers 404.
    pub fn url(&self, name: &str) -> String {
        if !self.0.files.contains_key(name) {
            tracing::error!(name, "no such asset");
        }
        format!("/assets/{}/{name}", self.0.digest)
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.files.keys().copied()
    }

    /// `GET /assets/{hash}/{name}`.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let set = Arc::clone(&self.0);
        Router::new().route(
            "/assets/{hash}/{name}",
            get(move |Path((hash, name)): Path<(String, String)>, headers: HeaderMap| async move {
                set.answer(&hash, &name, &headers)
            }),
        )
    }
}

impl File {
    fn of(asset: &Asset) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(asset.bytes).and_then(|()| encoder.finish());
        let worth = |packed: &Vec<u8>| packed.len() < asset.bytes.len() / 10 * 9;
        Self {
            mime: asset.mime,
            plain: Bytes::from_static(asset.bytes),
            gzip: written.ok().filter(worth).map(Bytes::from),
        }
    }
}

impl Set {
    fn answer(&self, hash: &str, name: &str, headers: &HeaderMap) -> Response {
        let Some(file) = self.files.get(name) else {
            return Problem::not_found().into_response();
        };
        // A page from before an upgrade still finds its files, but nobody keeps the answer.
        let current = hash == self.digest;
        let cache = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
        let gzip = file.gzip.as_ref().filter(|_| accepts_gzip(headers));
        let tag = format!("\"{}{}\"", self.digest, if gzip.is_some() { "-gz" } else { "" });
        let known = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|value| {
                matches!(value.trim(), "*") || value.trim().trim_start_matches("W/") == tag
            });
        let mut response = match (known, gzip) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, Some(packed)) => {
                ([(header::CONTENT_ENCODING, "gzip")], packed.clone()).into_response()
            }
            (false, None) => file.plain.clone().into_response(),
        };
        let out = response.headers_mut();
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.mime));
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            out.insert(header::ETAG, tag);
        }
        response
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| {
        accept.split(',').any(|coding| {
            let (name, weight) = coding.trim().split_once(';').unwrap_or((coding.trim(), "q=1"));
            let refused = weight.trim().trim_start_matches("q=").parse::<f32>() == Ok(0.0);
            name.trim().eq_ignore_ascii_case("gzip") && !refused
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    async fn asked(uri: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let app: Router = Assets::new(SHARED).routes();
        app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn an_asset_is_kept_for_a_year_under_its_digest_and_confirmed_by_tag() {
        let url = Assets::new(SHARED).url("base.css");
        let response = asked(&url, &[]).await;
        assert_eq!(
            response.headers()[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        let tag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert_eq!(&body[..], include_bytes!("../../assets/base.css"));
        assert_eq!(asked(&url, &[("if-none-match", &tag)]).await.status(), 304);
    }

    #[tokio::test]
    async fn an_old_address_still_answers_but_is_not_kept() {
        let response = asked("/assets/0000000000000000/base.css", &[]).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(asked("/assets/0000000000000000/secrets.css", &[]).await.status(), 404);
    }

    #[tokio::test]
    async fn browsers_that_can_get_it_packed() {
        let url = Assets::new(SHARED).url("base.css");
        let response = asked(&url, &[("accept-encoding", "br, gzip")]).await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        let response = asked(&url, &[("accept-encoding", "gzip;q=0")]).await;
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[test]
    fn any_change_in_the_set_is_a_new_address() {
        let changed =
            [SHARED, &[Asset { name: "more.js", mime: "text/javascript", bytes: b"1" }]].concat();
        assert_ne!(Assets::new(SHARED).url("base.css"), Assets::new(&changed).url("base.css"));
    }

    #[test]
    fn the_icon_file_holds_every_verdict_icon_as_verdicts_draw_it() {
        let file = include_str!("../../assets/icons.svg");
        for icon in crate::verdict::Icon::ALL {
            assert!(file.contains(&format!("id=\"{}\"", icon.name())), "{}", icon.name());
            assert!(file.contains(icon.outline_path()) && file.contains(icon.mark_path()));
        }
    }

    #[test]
    fn nothing_in_the_shared_files_comes_from_elsewhere() {
        for asset in SHARED {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("http://") && !text.contains("https://"), "{}", asset.name);
        }
    }
}
