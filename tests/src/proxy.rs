//! The network between a gate and its issuer, as bad as a test wants it.
//!
//! It stands where the issuer's address is, and hands requests on. It can be cut, so that nobody
//! answers and what is under way ends; and to uploads it can do what networks and dying machines do:
//! lose the answer after the issuer has stored the batch, or put an error in its place; lose the
//! request half way; bring it twice, or again much later, or behind others that were sent after it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::dice::Dice;

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Nobody is reached.
    pub cut: bool,
    /// Of a hundred uploads so many are mishandled.
    pub faults_percent: u64,
}

/// What happened to uploads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mishaps {
    /// The issuer stored it, the gate heard nothing.
    pub answers_lost: u64,
    /// The issuer stored it, the gate heard of an error.
    pub answers_falsified: u64,
    /// The issuer saw half of it.
    pub truncated: u64,
    /// The issuer saw nothing.
    pub refused: u64,
    /// The issuer saw it twice in a row.
    pub doubled: u64,
    /// The issuer saw it again after others.
    pub replayed: u64,
    /// It came behind what was sent after it.
    pub delayed: u64,
}

#[derive(Clone)]
struct Upload {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

struct Shared {
    upstream: SocketAddr,
    weather: Mutex<Weather>,
    dice: Mutex<Dice>,
    mishaps: Mutex<Mishaps>,
    /// Uploads of before, to be brought again.
    before: Mutex<Vec<Upload>>,
    /// Rises with every cut: connections of before end.
    cuts: watch::Sender<u64>,
    client: reqwest::Client,
}

/// A listening proxy. Ends when dropped.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nothing is answered: the connection ends.
#[derive(Debug)]
struct Silence;

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the network ate it")
    }
}

impl std::error::Error for Silence {}

type Answer = Result<Response<Body>, Silence>;

impl Proxy {
    /// Listens at `address` and hands on to `upstream`.
    pub async fn start(address: SocketAddr, upstream: SocketAddr, seed: u64) -> Self {
        fugong_common::service::tls::install_provider();
        let listener = TcpListener::bind(address).await.expect("the proxy's port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client can be made");
        let shared = Arc::new(Shared {
            upstream,
            weather: Mutex::default(),
            dice: Mutex::new(Dice::new(seed)),
            mishaps: Mutex::default(),
            before: Mutex::default(),
            cuts: watch::Sender::new(0),
            client,
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, task }
    }

    pub fn set(&self, weather: Weather) {
        *lock(&self.shared.weather) = weather;
        if weather.cut {
            self.shared.cuts.send_modify(|cuts| *cuts += 1);
        }
    }

    pub fn mishaps(&self) -> Mishaps {
        *lock(&self.shared.mishaps)
    }

    /// Brings every upload of before again, in another order, and forgets them.
    pub async fn replay(&self) -> usize {
        let mut before = std::mem::take(&mut *lock(&self.shared.before));
        lock(&self.shared.dice).shuffle(&mut before);
        let count = before.len();
        for upload in before {
            // Whatever is answered, nobody listens to it.
            drop(self.shared.hand_on(&upload).await);
            lock(&self.shared.mishaps).replayed += 1;
        }
        count
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        if lock(&shared.weather).cut {
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let mut cuts = shared.cuts.subscribe();
            let service = service_fn(|request| answer(Arc::clone(&shared), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                _ = connection => {}
                _ = cuts.changed() => {}
            }
        });
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), 8 << 20).await.map_err(|_| Silence)?;
    let upload = Upload { method: parts.method, uri: parts.uri, headers: parts.headers, body };
    let path = upload.uri.path();
    let journal = upload.method == Method::POST && path.starts_with("/api/gate/journal");
    if journal {
        return shared.mishandle(upload).await;
    }
    shared.hand_on(&upload).await
}

impl Shared {
    fn note(&self, count: impl FnOnce(&mut Mishaps)) {
        count(&mut lock(&self.mishaps));
    }

    async fn hand_on(&self, upload: &Upload) -> Answer {
        let target = upload.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut headers = upload.headers.clone();
        for own in [CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH] {
            headers.remove(own);
        }
        let request = self
            .client
            .request(upload.method.clone(), format!("http://{}{target}", self.upstream))
            .headers(headers)
            .body(upload.body.clone());
        let answered = request.send().await.map_err(|_| Silence)?;
        let mut response = Response::builder().status(answered.status());
        for (name, value) in answered.headers() {
            if ![CONNECTION, TRANSFER_ENCODING].contains(name) {
                response = response.header(name, value);
            }
        }
        response.body(Body::from_stream(answered.bytes_stream())).map_err(|_| Silence)
    }

    /// Hands an upload on well or badly.
    async fn mishandle(&self, upload: Upload) -> Answer {
        {
            let mut before = lock(&self.before);
            before.push(upload.clone());
            let many = before.len();
            if many > 40 {
                before.drain(..many - 40);
            }
        }
        let (faults, kind, wait) = {
            let percent = lock(&self.weather).faults_percent;
            let mut dice = lock(&self.dice);
            (dice.chance(percent), dice.below(7), dice.below(900))
        };
        if !faults {
            return self.hand_on(&upload).await;
        }
        match kind {
            0 => {
                self.hand_on(&upload).await?;
                self.note(|m| m.answers_lost += 1);
                Err(Silence)
            }
            1 => {
                self.hand_on(&upload).await?;
                self.note(|m| m.answers_falsified += 1);
                Ok(error(StatusCode::BAD_GATEWAY))
            }
            2 => {
                self.note(|m| m.truncated += 1);
                self.cut_short(&upload).await;
                Err(Silence)
            }
            3 => {
                self.note(|m| m.refused += 1);
                Ok(error(StatusCode::SERVICE_UNAVAILABLE))
            }
            4 => {
                self.note(|m| m.doubled += 1);
                drop(self.hand_on(&upload).await);
                self.hand_on(&upload).await
            }
            5 => {
                let old = {
                    let mut dice = lock(&self.dice);
                    let before = lock(&self.before);
                    let at = usize::try_from(dice.below(before.len() as u64)).unwrap_or(0);
                    before.get(at).cloned()
                };
                if let Some(old) = old {
                    self.note(|m| m.replayed += 1);
                    drop(self.hand_on(&old).await);
                }
                self.hand_on(&upload).await
            }
            _ => {
                // The gate gives up and sends more; this comes in behind it.
                self.note(|m| m.delayed += 1);
                let (client, upstream) = (self.client.clone(), self.upstream);
                tokio::spawn(async move {
                    sleep(Duration::from_millis(200 + wait)).await;
                    let target = upload.uri.path_and_query().map_or("/", |t| t.as_str());
                    let mut headers = upload.headers.clone();
                    for own in [CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH] {
                        headers.remove(own);
                    }
                    let url = format!("http://{upstream}{target}");
                    let request = client.request(upload.method.clone(), url);
                    drop(request.headers(headers).body(upload.body).send().await);
                });
                Err(Silence)
            }
        }
    }

    /// Sends the head, which promises the whole body, and half of that.
    async fn cut_short(&self, upload: &Upload) {
        let Ok(mut stream) = TcpStream::connect(self.upstream).await else { return };
        let target = upload.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut head = format!("{} {target} HTTP/1.1\r\n", upload.method);
        for (name, value) in &upload.headers {
            if name != TRANSFER_ENCODING && name != CONTENT_LENGTH {
                head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
            }
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", upload.body.len()));
        let half = upload.body.get(..upload.body.len() / 2).unwrap_or_default();
        let sent = async {
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(half).await?;
            stream.shutdown().await
        };
        drop::<std::io::Result<()>>(sent.await);
    }
}

fn error(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from("the network says so"));
    *response.status_mut() = status;
    response
}
