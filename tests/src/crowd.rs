//! Many bare connections from many addresses of this machine, and what they cost a service.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Lets this process hold so many connections; how many it really may.
pub fn room_for(connections: u64) -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = connections + 500;
    if limit.current.is_some_and(|current| current < wanted) {
        let most = limit.maximum.map_or(wanted, |most| most.min(wanted));
        limit = Rlimit { current: Some(most), maximum: limit.maximum };
        setrlimit(Resource::Nofile, limit).expect("the soft limit may be raised");
    }
    limit.current.map_or(connections, |current| connections.min(current.saturating_sub(500)))
}

/// A connection from one of this machine's own addresses, `127.0.0.last`.
pub async fn connect_from(last: u8, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)))?;
    timeout(Duration::from_secs(10), socket.connect(to)).await?
}

/// What a peer did with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    Open,
    Closed,
}

/// Looks without waiting. What was said meanwhile is read away.
pub fn look(stream: &TcpStream) -> Stands {
    let mut buffer = [0; 4096];
    loop {
        match stream.try_read(&mut buffer) {
            Ok(0) => return Stands::Closed,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Stands::Open,
            Err(_) => return Stands::Closed,
        }
    }
}

pub fn count_open(all: &[TcpStream]) -> usize {
    all.iter().filter(|stream| look(stream) == Stands::Open).count()
}

/// Sends everything, and reads until the peer closes or nothing comes for so long. Status of the
/// first answer, and all that came.
pub async fn say(mut stream: TcpStream, bytes: &[u8], patience: Duration) -> (u16, String) {
    // Whoever refuses early may close while we still write.
    let _ = timeout(patience, stream.write_all(bytes)).await;
    hear(stream, patience).await
}

/// The same without sending anything.
pub async fn hear(mut stream: TcpStream, patience: Duration) -> (u16, String) {
    let mut heard = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(Ok(n @ 1..)) = timeout(patience, stream.read(&mut buffer)).await {
        heard.extend_from_slice(&buffer[..n]);
    }
    let text = String::from_utf8_lossy(&heard).into_owned();
    let status = text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, text)
}

/// Milliseconds of each of many answers.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    pub asked: usize,
    pub answered: usize,
    millis: Vec<f64>,
}

impl Answers {
    pub async fn time(&mut self, ask: impl Future<Output = bool>) {
        let begin = Instant::now();
        self.asked += 1;
        if ask.await {
            self.answered += 1;
            self.millis.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
    }

    fn at(&self, share: f64) -> f64 {
        let mut sorted = self.millis.clone();
        sorted.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = ((sorted.len() as f64) * share) as usize;
        sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    pub fn say(&self) -> String {
        format!(
            "{} of {} answered, p50 {:.1} ms, p99 {:.1} ms",
            self.answered,
            self.asked,
            self.at(0.5),
            self.at(0.99)
        )
    }
}
