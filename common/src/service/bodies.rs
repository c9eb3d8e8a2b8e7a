//! Large bodies under way: how many bytes of them there may be at once, and a clear word to whoever
//! sends too much.
//!
//! Each route has its own largest body; this bounds all of them together, so that a thousand
//! uploads begun at once fill no memory.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};

use super::client::crowd;
use super::problem::Problem;

/// Smaller bodies are not counted: as many as there are connections fit into memory.
const SMALL_BYTES: u64 = 64 << 10;
/// A browser that is told "too large" while it still sends shows a broken connection instead of
/// the answer; so the rest is read and thrown away, within these bounds.
const WASTE_BYTES: u64 = 512 << 20;
const WASTE_TIME: Duration = Duration::from_secs(15);

/// Bytes of large bodies that are in memory.
#[derive(Debug)]
pub struct Bodies {
    all: u64,
    of_one: u64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: u64,
    by_client: HashMap<IpAddr, u64>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bodies {
    /// At most `all` bytes, of which one address has at most `of_one`.
    pub fn new(all: u64, of_one: u64) -> Self {
        Self { all, of_one, held: Mutex::default() }
    }

    fn take(&self, client: IpAddr, bytes: u64) -> bool {
        let mut held = lock(&self.held);
        let own = held.by_client.get(&client).copied().unwrap_or_default();
        if held.all + bytes > self.all || own + bytes > self.of_one {
            return false;
        }
        held.all += bytes;
        held.by_client.insert(client, own + bytes);
        true
    }

    fn give_back(&self, client: IpAddr, bytes: u64) {
        let mut held = lock(&self.held);
        held.all = held.all.saturating_sub(bytes);
        if let Some(own) = held.by_client.get_mut(&client) {
            *own = own.saturating_sub(bytes);
            if *own == 0 {
                held.by_client.remove(&client);
            }
        }
    }
}

/// A body on its way in.
struct Arriving {
    rest: BodyDataStream,
    bodies: Arc<Bodies>,
    client: IpAddr,
    held: u64,
    refused: bool,
    complete: bool,
}

impl Arriving {
    fn let_go(&mut self) {
        self.bodies.give_back(self.client, std::mem::take(&mut self.held));
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.let_go();
    }
}

struct Metered(Arc<Mutex<Arriving>>);

impl Stream for Metered {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut arriving = lock(&self.0);
        let next = arriving.rest.poll_next_unpin(cx);
        match &next {
            Poll::Ready(Some(Ok(bytes))) => {
                let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                if !arriving.bodies.take(arriving.client, more) {
                    arriving.refused = true;
                    return Poll::Ready(Some(Err(axum::Error::new("too many uploads at once"))));
                }
                arriving.held += more;
            }
            Poll::Ready(None) => arriving.complete = true,
            _ => {}
        }
        next
    }
}

/// Counts large bodies, while they are `answered`.
pub(super) async fn meter(
    bodies: &Arc<Bodies>,
    request: Request,
    answered: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    if !may_be_large(request.headers(), request.body()) {
        return answered(request).await;
    }
    let bodies = Arc::clone(bodies);
    let waits = request.headers().contains_key(header::EXPECT);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let client = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| crowd(peer.0.ip()));
    let (parts, body) = request.into_parts();
    let rest = body.into_data_stream();
    let arriving = Arriving { rest, bodies, client, held: 0, refused: false, complete: false };
    let arriving = Arc::new(Mutex::new(arriving));
    let body = Body::from_stream(Metered(Arc::clone(&arriving)));
    let response = answered(Request::from_parts(parts, body)).await;
    let (refused, complete) = {
        let arriving = lock(&arriving);
        (arriving.refused, arriving.complete)
    };
    let response = if refused { busy().into_response() } else { response };
    if (refused || response.status() == StatusCode::PAYLOAD_TOO_LARGE) && !waits {
        lock(&arriving).let_go();
        let _ = tokio::time::timeout(WASTE_TIME, waste(&arriving)).await;
    }
    if response.status() == StatusCode::SERVICE_UNAVAILABLE && !complete && is_late(&response) {
        return Problem::for_status(StatusCode::REQUEST_TIMEOUT).into_response();
    }
    response
}

fn busy() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "uploads_busy",
        ("同时上传的内容过多", "Too many uploads at once"),
    )
    .detail(("请一分钟后重试。", "Try again in a minute."))
    .retry_after(60)
}

fn is_late(response: &Response) -> bool {
    response
        .extensions()
        .get::<Problem>()
        .is_some_and(|it| it.code() == super::shell::TOOK_TOO_LONG)
}

/// Of a length that is unknown, or more than little. In HTTP/2 a body needs no header to announce it
/// (RFC 9113 §8.1): whether there is one, the stream says.
fn may_be_large(headers: &HeaderMap, body: &Body) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.map(|value| value.to_str().ok().and_then(|text| text.parse::<u64>().ok()));
    match length {
        Some(length) => length.is_none_or(|length| length > SMALL_BYTES),
        None => !body.is_end_stream(),
    }
}

/// Reads the rest of a body into nothing.
async fn waste(arriving: &Mutex<Arriving>) {
    let mut wasted = 0;
    while wasted < WASTE_BYTES {
        let next = std::future::poll_fn(|cx| lock(arriving).rest.poll_next_unpin(cx)).await;
        let Some(Ok(bytes)) = next else { return };
        wasted += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::extract::{DefaultBodyLimit, State};
    use axum::middleware::{Next, from_fn_with_state};
    use axum::routing::post;
    use tower::ServiceExt;

    const MEGABYTE: usize = 1 << 20;

    async fn layer(State(bodies): State<Arc<Bodies>>, request: Request, next: Next) -> Response {
        meter(&bodies, request, async |request| next.run(request).await).await
    }

    fn app(bodies: &Arc<Bodies>, largest: usize) -> Router {
        Router::new()
            .route("/", post(async |body: Bytes| body.len().to_string()))
            .layer(DefaultBodyLimit::max(largest))
            .layer(from_fn_with_state(Arc::clone(bodies), layer))
    }

    async fn send(bodies: &Arc<Bodies>, client: u8, parts: Vec<Bytes>) -> (u16, usize) {
        let length: usize = parts.iter().map(Bytes::len).sum();
        let read = Arc::new(Mutex::new(0));
        let counted = {
            let read = Arc::clone(&read);
            parts.into_iter().map(move |part| {
                *lock(&read) += part.len();
                Ok::<_, std::io::Error>(part)
            })
        };
        let mut request = Request::post("/")
            .header(header::CONTENT_LENGTH, length)
            .body(Body::from_stream(futures_util::stream::iter(counted)))
            .unwrap();
        let peer = SocketAddr::from(([192, 0, 2, client], 1));
        request.extensions_mut().insert(ConnectInfo(peer));
        let status = app(bodies, 3 * MEGABYTE).oneshot(request).await.unwrap().status().as_u16();
        let read = *lock(&read);
        (status, read)
    }

    fn parts(count: usize) -> Vec<Bytes> {
        vec![Bytes::from(vec![0; MEGABYTE / 4]); count]
    }

    #[tokio::test]
    async fn a_body_counts_while_it_is_worked_on_and_no_longer() {
        let bodies = Arc::new(Bodies::new(4 << 20, 2 << 20));
        for _ in 0..5 {
            assert_eq!(send(&bodies, 1, parts(8)).await.0, 200);
        }
        assert_eq!(lock(&bodies.held).all, 0);
        assert_eq!(send(&bodies, 1, parts(9)).await.0, 503, "more than one address may have");
        assert!(bodies.take([192, 0, 2, 2].into(), 2 << 20));
        assert_eq!(send(&bodies, 1, parts(8)).await.0, 200);
        assert!(bodies.take([192, 0, 2, 3].into(), 1 << 20));
        assert_eq!(send(&bodies, 1, parts(8)).await.0, 503, "more than all may have");
        assert_eq!(send(&bodies, 1, parts(4)).await.0, 200);
    }

    #[tokio::test]
    async fn whoever_sends_too_much_is_heard_out_and_told() {
        let bodies = Arc::new(Bodies::new(64 << 20, 64 << 20));
        let (status, read) = send(&bodies, 1, parts(40)).await;
        assert_eq!((status, read), (413, 10 * MEGABYTE));
        assert_eq!(lock(&bodies.held).by_client.len(), 0);
    }

    fn streamed() -> Body {
        Body::from_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::new())]))
    }

    #[test]
    fn small_bodies_are_not_counted() {
        let with = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            may_be_large(&headers, &streamed())
        };
        assert!(!may_be_large(&HeaderMap::new(), &Body::empty()));
        assert!(!with("content-length", "65536"));
        assert!(with("content-length", "65537"));
        assert!(with("transfer-encoding", "chunked"));
    }

    #[tokio::test]
    async fn a_body_that_nothing_announces_counts_too() {
        let bodies = Arc::new(Bodies::new(4 << 20, 2 << 20));
        let streams = parts(9).into_iter().map(Ok::<_, std::io::Error>);
        let mut request = Request::post("/")
            .version(axum::http::Version::HTTP_2)
            .body(Body::from_stream(futures_util::stream::iter(streams)))
            .unwrap();
        let peer = SocketAddr::from(([192, 0, 2, 1], 1));
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = app(&bodies, 3 * MEGABYTE).oneshot(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), 503, "more than one address may have");
    }
}
