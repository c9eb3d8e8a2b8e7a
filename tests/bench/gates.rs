//! A thousand gates connected to one issuer: how long until the last one knows of a suspension, and what their pulling costs.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use fugong_common::base64url;
use fugong_common::device::DeviceClaim;
use fugong_common::hex;
use fugong_common::manifest::Manifest;
use fugong_common::service::ambient::SystemClock;
use fugong_common::status::StatusClaims;
use fugong_common::time::Clock as _;
use fugong_common::trust::TrustList;
use fugong_common::wire;
use fugong_issuer::keys::store as keys;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::Stack;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::JoinSet;

use crate::Scale;
use crate::say::{line, marked, peak, processor, resident};
use crate::town::{Device, add_gates, called, kinds};

pub fn run(scale: Scale) {
    let runtime = Runtime::new().expect("a runtime");
    for kind in kinds() {
        runtime.block_on(suspend(kind, scale.of(1000, 5)));
    }
}

static LINES: AtomicU32 = AtomicU32::new(1);

/// One gate's line to the issuer.
pub struct Line {
    stream: TcpStream,
    address: SocketAddr,
    device: Device,
    nonce: String,
    buffer: Vec<u8>,
}

/// An answer.
pub struct Answer {
    pub head: String,
    pub body: Vec<u8>,
}

impl Line {
    /// From an address of its own, as gates have: the issuer bounds the connections of each.
    pub async fn open(address: SocketAddr, device: Device, nonce: String) -> Self {
        let [_, _, high, low] = LINES.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::new(127, 1, high, low), 0).into()).expect("loopback is wide");
        let stream = socket.connect(address).await.expect("the issuer listens");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream, address, device, nonce, buffer: Vec::new() }
    }

    async fn send(&mut self, path: &str, more: &str) {
        let claim = DeviceClaim {
            method: "GET".to_owned(),
            path_and_query: path.to_owned(),
            body_sha256: DeviceClaim::digest_of(&[]),
            audience: format!("http://{}#{}", self.address, self.device.gate_id),
            nonce: self.nonce.clone(),
            gate_id: self.device.gate_id.clone(),
        };
        let authorization = claim.authorization(&*self.device.key).expect("the device signs");
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: {authorization}\r\n{more}\r\n",
            self.address
        );
        self.stream.write_all(request.as_bytes()).await.expect("it is sent");
    }

    async fn more(&mut self) {
        let came = self.stream.read_buf(&mut self.buffer).await.expect("it answers");
        assert!(came > 0, "the issuer closed a line");
    }

    /// Asks, and reads the whole answer.
    pub async fn get(&mut self, path: &str, more: &str) -> Answer {
        self.send(path, more).await;
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
                let length = head.split("content-length:").nth(1).and_then(|rest| {
                    rest.split("\r\n").next().and_then(|length| length.trim().parse().ok())
                });
                let whole: usize = end + 4 + length.unwrap_or(0);
                if self.buffer.len() >= whole {
                    let body = self.buffer[end + 4..whole].to_vec();
                    self.buffer.drain(..whole);
                    assert!(head.starts_with("http/1.1 20"), "{path}: {head}");
                    return Answer { head, body };
                }
            }
            self.more().await;
        }
    }

    /// Opens the stream of hints and reads its first one.
    async fn listen(&mut self) {
        self.send(wire::EVENTS, "").await;
        self.event().await;
    }

    /// Waits for the next event; its name and its data.
    async fn event(&mut self) -> (String, String) {
        loop {
            if let Some(from) = find(&self.buffer, b"event: ")
                && let Some(length) = find(&self.buffer[from..], b"\n\n")
            {
                let text = String::from_utf8_lossy(&self.buffer[from..from + length]).into_owned();
                self.buffer.drain(..from + length);
                let (event, data) = text.split_once("\ndata: ").expect("an event has data");
                return (event["event: ".len()..].to_owned(), data.to_owned());
            }
            self.more().await;
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

pub async fn nonce(address: SocketAddr) -> String {
    let answer =
        reqwest::get(format!("http://{address}{}", wire::NONCE)).await.expect("it answers");
    let answer: Value = answer.json().await.expect("JSON");
    answer["nonce"].as_str().expect("a nonce").to_owned()
}

async fn suspend(kind: Kind, n: usize) {
    let stack = Stack::new(kind).await;
    let devices = add_gates(&stack.inside, &stack.town.gate_id, n).await.expect("gates are added");
    let (address, id) = (stack.issuer_address, stack.issuer_id());
    let nonce = nonce(address).await;
    // As after a restart of the issuer: everybody asks for everything.
    let (cold, cost) = pull_all(address, id, &devices, &nonce).await;
    line(
        &format!("{n} gates pull after a restart, {}", called(kind)),
        &format!("{cold:.2} s, {cost:.2} ms each"),
    );

    let before = Arc::new(OnceLock::new());
    let ready = Arc::new(Barrier::new(n + 1));
    let mut waiting = JoinSet::new();
    for device in devices.iter().cloned() {
        let (ready, nonce, before) = (Arc::clone(&ready), nonce.clone(), Arc::clone(&before));
        waiting.spawn(async move {
            let mut hints = Line::open(address, device.clone(), nonce.clone()).await;
            hints.listen().await;
            let mut pulls = Line::open(address, device, nonce).await;
            ready.wait().await;
            let mut holds = None;
            loop {
                let (event, data) = hints.event().await;
                // What is said before the suspension is about something else.
                let Some((before, trust)) = before.get() else { continue };
                if event == wire::STATUS_EVENT {
                    check(&data, trust);
                    holds = Some(Instant::now());
                    continue;
                }
                let newest = pulls.get(wire::MANIFEST, "").await;
                if lists(&newest.body) != *before {
                    break (holds.expect("the list comes ahead"), Instant::now());
                }
            }
        });
    }
    ready.wait().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut line_of_one = Line::open(address, devices[0].clone(), nonce.clone()).await;
    let named = lists(&line_of_one.get(wire::MANIFEST, "").await.body);
    let mut tx = stack.inside.db().read().await.expect("the database answers");
    let trust = keys::newest(&mut tx).await.expect("the database answers");
    drop(tx);
    before.set((named, trust.expect("there is a trust list").list)).expect("set once");
    let inspector = stack.officer("inspector").await;
    let path = format!("/api/permits/{}/suspend", stack.town.permit_id);
    let order = json!({ "reason": "现场检查发现问题" });
    let begun = Instant::now();
    let (status, answer) = inspector.post_json(&path, &order).await;
    assert!(status.is_success(), "{status} {answer}");
    let ends = waiting.join_all().await;
    let last = |of: fn(&(Instant, Instant)) -> Instant| {
        ends.iter().map(of).max().expect("gates").duration_since(begun).as_secs_f64()
    };
    let (holds, pulled) = (last(|ends| ends.0), last(|ends| ends.1));
    let name = format!("suspension until the last of {n} holds the new list, {}", called(kind));
    marked(&name, &format!("{holds:.2} s"), "< 1 s", holds < 1.0);
    let name = format!("… and until it has pulled the manifest, {}", called(kind));
    line(&name, &format!("{pulled:.2} s"));
    let (warm, cost) = pull_all(address, id, &devices, &nonce).await;
    line(
        &format!("{n} gates pull with nothing new, {}", called(kind)),
        &format!("{warm:.2} s, {cost:.2} ms each"),
    );
    line("issuer's memory", &format!("{:.0} MB, at most {:.0}", resident(id), peak(id)));
}

/// The status lists that a manifest names, with their digests.
fn lists(manifest: &[u8]) -> Vec<(String, String)> {
    let manifest = Manifest::peek(manifest).expect("a manifest");
    let lists = manifest.parts.iter().filter(|(name, _)| name.starts_with("status/"));
    lists.map(|(name, digest)| (name.clone(), hex::encode(digest))).collect()
}

/// Looks at a list as a gate does before it is in force.
fn check(data: &str, trust: &TrustList) {
    let bytes = base64url::decode(data).expect("base64url");
    let mut keys = trust.keys.iter().filter(|key| key.list_uri.is_some());
    let now = SystemClock.now();
    assert!(keys.any(|key| StatusClaims::open(&bytes, trust, key, now).is_ok()), "a good list");
}

/// Lets all gates ask for their manifest, 32 at a time; seconds, and the issuer's processor time for one in milliseconds.
async fn pull_all(address: SocketAddr, id: u32, devices: &[Device], nonce: &str) -> (f64, f64) {
    let (begun, used) = (Instant::now(), processor(id));
    let places = Arc::new(Semaphore::new(32));
    let mut pulls = JoinSet::new();
    for device in devices.iter().cloned() {
        let (places, nonce) = (Arc::clone(&places), nonce.to_owned());
        pulls.spawn(async move {
            let _place = places.acquire().await.expect("open");
            let mut line = Line::open(address, device, nonce).await;
            line.get(wire::MANIFEST, "").await;
        });
    }
    pulls.join_all().await;
    let each = (processor(id) - used) * 1000.0 / devices.len() as f64;
    (begun.elapsed().as_secs_f64(), each)
}
