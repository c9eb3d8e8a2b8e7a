//! Listening, and stopping without dropping what is under way.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::client::Proxies;
use super::metrics;
use super::seats::{Seated, Seats, Watched};
use crate::lang::Lang;

/// The wish to stop, shared by listeners, streams and background work.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins on SIGTERM or on Ctrl-C.
    ///
    /// # Errors
    /// The operating system won't tell us about signals.
    pub fn on_signals() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = Self::new();
        let begun = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            begun.begin();
        });
        Ok(shutdown)
    }

    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it begins. Streams that would never end by themselves end on this.
    pub async fn begun(&self) {
        // The sender lives in `self`, so the wait can't fail before it is answered.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}

/// How a listener treats its connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From a connection's start, or the last answer, to the end of the next request's head.
    pub head: Duration,
    /// Nothing read or written for so long: the peer is gone. Longer than the gap between the
    /// comment lines of an event stream.
    pub silence: Duration,
    pub head_bytes: usize,
    /// Places. When they run out, whoever stands idle longest loses his to a newcomer; where all are
    /// at work, the newcomer is closed.
    pub connections: usize,
    /// So many of them to one address, or one /64 of version 6.
    pub connections_of_one: usize,
    /// Speak for many, so that they have no such limit.
    pub proxies: Proxies,
    /// How long requests under way may take after a stop was asked for.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(15),
            silence: Duration::from_secs(75),
            head_bytes: 32 * 1024,
            connections: 4096,
            connections_of_one: 512,
            proxies: Proxies::default(),
            drain: Duration::from_secs(20),
        }
    }
}

/// Files that a service opens beside its connections: database, assets, the issuer.
const OWN_FILES: u64 = 256;

/// A bound address that isn't answering yet.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// Takes the address; port 0 takes any free port.
///
/// # Errors
/// Names the address and what to do.
pub async fn bind(address: SocketAddr) -> Result<Listening, BindError> {
    let refused = |source: io::Error| BindError { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok(Listening { listener, address })
}

impl Listening {
    /// Where it listens, with the port that was found for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` begins and the requests under way are answered, or the drain time
    /// is over. Handlers may take `ConnectInfo<SocketAddr>`.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn run(
        self,
        routes: Router,
        tls: Option<Arc<ServerConfig>>,
        limits: Limits,
        shutdown: Shutdown,
    ) -> io::Result<()> {
        let handle = Handle::new();
        let mut server = Server::<SocketAddr>::from_listener(self.listener).handle(handle.clone());
        let http = server.http_builder();
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_buf_size(limits.head_bytes.max(8192));
        http.http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            // Times connections, streams and what waits to be read by slow readers: all bounded.
            .max_concurrent_streams(64)
            .max_send_buf_size(128 * 1024)
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(20));
        let places = room_for(limits.connections);
        let gate = Gatekeeper {
            seats: Seats::new(places, limits.connections_of_one, limits.proxies),
            silence: limits.silence,
        };
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        let work = async {
            match tls {
                Some(config) => {
                    let tls = RustlsAcceptor::new(RustlsConfig::from_config(config))
                        .handshake_timeout(limits.head)
                        .acceptor(gate);
                    server.acceptor(tls).serve(service).await
                }
                // Without TLS there is no ALPN, and browsers speak HTTP/1.1 only.
                None => server.acceptor(gate).http1_only().serve(service).await,
            }
        };
        let mut upkeep = tokio::time::interval(Duration::from_secs(5));
        let aside = async {
            loop {
                tokio::select! {
                    () = shutdown.begun() => break handle.graceful_shutdown(Some(limits.drain)),
                    _ = upkeep.tick() => metrics::upkeep(),
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            result = work => result,
            () = aside => Ok(()),
        }
    }
}

/// The address can't be used.
#[derive(Debug)]
pub struct BindError {
    pub address: SocketAddr,
    pub source: io::Error,
}

impl BindError {
    /// What is wrong and what to do.
    pub fn say(&self, lang: Lang) -> String {
        let address = self.address;
        match self.source.kind() {
            io::ErrorKind::AddrInUse => lang.of(
                format!("{address} 已被其他程序占用。请停止该程序（查看：ss -ltnp），或改用其他端口。").as_str(),
                format!("{address} is in use by another program. Stop that program (find it with: ss -ltnp), or choose another port.").as_str(),
            ).to_owned(),
            io::ErrorKind::PermissionDenied => lang.of(
                format!("无权监听 {address}。请改用 1024 以上的端口，或为程序授予 CAP_NET_BIND_SERVICE。").as_str(),
                format!("Not permitted to listen on {address}. Choose a port above 1023, or grant CAP_NET_BIND_SERVICE.").as_str(),
            ).to_owned(),
            io::ErrorKind::AddrNotAvailable => lang.of(
                format!("本机没有地址 {address}。请改用本机地址（查看：ip address），或用 0.0.0.0 监听全部地址。").as_str(),
                format!("This machine has no address {address}. Use one of its own (see: ip address), or 0.0.0.0 for all.").as_str(),
            ).to_owned(),
            _ => lang.of(
                format!("无法监听 {address}：{}", self.source).as_str(),
                format!("Can't listen on {address}: {}", self.source).as_str(),
            ).to_owned(),
        }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Lang::En))
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// Lets in as many connections as there are places.
#[derive(Clone, Debug)]
struct Gatekeeper {
    seats: Seats,
    silence: Duration,
}

impl<S> Accept<TcpStream, S> for Gatekeeper {
    type Stream = Watched<TcpStream>;
    type Service = Seated<S>;
    type Future = std::future::Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        std::future::ready(self.admit(stream, service))
    }
}

impl Gatekeeper {
    fn admit<S>(
        &self,
        stream: TcpStream,
        service: S,
    ) -> io::Result<(Watched<TcpStream>, Seated<S>)> {
        let place = self.seats.take(stream.peer_addr()?.ip()).map_err(|full| {
            super::metrics::count_refused_connection();
            tracing::debug!(%full, "a connection was closed");
            io::Error::other(full)
        })?;
        stream.set_nodelay(true)?;
        let service = place.seated(service);
        Ok((place.watch(stream, self.silence), service))
    }
}

/// Lets the process hold as many connections as it may have; returns how many fit. Many systems
/// begin with 1,024 open files, of which a service needs some for itself.
fn room_for(connections: usize) -> usize {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OWN_FILES);
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = limit.maximum.map_or(wanted, |most| most.min(wanted));
        let now = Rlimit { current: Some(raised), maximum: limit.maximum };
        if setrlimit(Resource::Nofile, now).is_ok() {
            limit = now;
        }
    }
    let files = limit.current.unwrap_or(wanted).saturating_sub(OWN_FILES);
    let fit = usize::try_from(files).unwrap_or(usize::MAX).clamp(1, connections);
    if fit < connections {
        tracing::warn!(fit, connections, "few files may be open: raise the limit (ulimit -n)");
    }
    fit
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
