//! The load: raw HTTP/1.1 over keep-alive connections. It shares the processors with what it measures, so it does little: one
//! thread, one write and one read a request, a head scanned for status and length.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::say::processor;

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    pub answered: usize,
    pub seconds: f64,
    /// Microseconds, sorted.
    latencies: Vec<u32>,
    /// Processor time of the server, in microseconds a request.
    pub server_micros: f64,
    /// The load's own.
    pub own_micros: f64,
}

impl Run {
    pub fn per_second(&self) -> f64 {
        self.answered as f64 / self.seconds
    }

    /// The latency that this share of the requests did not exceed, in milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let at = (last as f64 * share).round() as usize;
        self.latencies.get(at).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// What is sent, and what must come back.
pub struct Ask<'a> {
    pub address: SocketAddr,
    pub connections: usize,
    /// At most so many requests.
    pub most: usize,
    pub time: Duration,
    /// Writes the n-th request.
    pub write: &'a dyn Fn(usize, &mut Vec<u8>),
    /// Every answer's body holds this.
    pub expect: &'a str,
    pub server: u32,
}

/// Sends requests over so many connections until the time or the requests are used up.
pub fn drive(ask: &Ask<'_>) -> Run {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let next = Cell::new(0);
    let latencies = RefCell::new(Vec::with_capacity(ask.most.min(1 << 22)));
    let (server, own) = (processor(ask.server), processor(std::process::id()));
    let start = Instant::now();
    let state = Rc::new((next, latencies));
    let until = start + ask.time;
    LocalSet::new().block_on(&runtime, async {
        let clients = (0..ask.connections).map(|_| client(ask, &state, until));
        futures_util::future::join_all(clients).await;
    });
    let seconds = start.elapsed().as_secs_f64();
    let mut latencies = state.1.take();
    latencies.sort_unstable();
    let answered = latencies.len();
    let each = 1e6 / answered.max(1) as f64;
    Run {
        answered,
        seconds,
        latencies,
        server_micros: (processor(ask.server) - server) * each,
        own_micros: (processor(std::process::id()) - own) * each,
    }
}

async fn client(ask: &Ask<'_>, state: &(Cell<usize>, RefCell<Vec<u32>>), until: Instant) {
    let mut stream = TcpStream::connect(ask.address).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket option");
    let (mut out, mut answer) = (Vec::with_capacity(2048), vec![0; 64 * 1024]);
    loop {
        let n = state.0.get();
        let begun = Instant::now();
        if n >= ask.most || begun >= until {
            return;
        }
        state.0.set(n + 1);
        out.clear();
        (ask.write)(n, &mut out);
        stream.write_all(&out).await.expect("the server reads");
        read(&mut stream, &mut answer, ask.expect).await;
        let micros = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
        state.1.borrow_mut().push(micros);
    }
}

/// Reads one answer: status 200, as many bytes as it says, with what is expected in them.
async fn read(stream: &mut TcpStream, buffer: &mut [u8], expect: &str) {
    let mut have = 0;
    loop {
        let came = stream.read(&mut buffer[have..]).await.expect("an answer comes");
        assert!(came > 0, "the server closed the connection");
        have += came;
        let Some(head) = head_of(&buffer[..have]) else { continue };
        let text = std::str::from_utf8(&buffer[..head]).expect("a head is text");
        let length: usize = text
            .split("\r\n")
            .find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            })
            .expect("answers say their length");
        let end = head + 4 + length;
        if have < end {
            continue;
        }
        let body = std::str::from_utf8(&buffer[head + 4..end]).expect("a body is text");
        let good = text.starts_with("HTTP/1.1 200") && body.contains(expect);
        assert!(good, "{text}\n{body}");
        return;
    }
}

/// Length of the head, once it is whole.
fn head_of(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n")
}

/// One POST of JSON as a paired browser sends it.
pub fn post(path: &str, address: SocketAddr, cookie: &str, body: &str, out: &mut Vec<u8>) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: fugong_gate={cookie}\r\n\
         accept-language: zh-CN\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    out.extend_from_slice(head.as_bytes());
}
