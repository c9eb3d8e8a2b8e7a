use super::*;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// Longer than the busiest machine needs, shorter than any limit that a test leaves as it is: one
/// that were not kept would be noticed.
const PATIENCE: Duration = Duration::from_secs(10);

fn local() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

async fn read_all(mut stream: TcpStream) -> String {
    let mut out = Vec::new();
    // An end by force is an end, too.
    let _ = stream.read_to_end(&mut out).await;
    String::from_utf8_lossy(&out).into_owned()
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_busy_port_is_named_with_what_to_do() {
    let first = bind(local()).await.unwrap();
    let error = bind(first.address()).await.unwrap_err();
    let port = first.address().to_string();
    let (zh, en) = (error.say(Lang::Zh), error.say(Lang::En));
    assert!(en.contains(&port) && en.contains("in use by another program"), "{en}");
    assert!(en.contains("choose another port"), "{en}");
    assert!(zh.contains(&port) && zh.contains("已被其他程序占用"), "{zh}");
    let error = bind("203.0.113.9:8080".parse().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("no address 203.0.113.9:8080"), "{error}");
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_service_stops() {
    let (reached, wait_reached) = oneshot::channel();
    let (release, wait_release) = oneshot::channel::<()>();
    let once = std::sync::Mutex::new(Some((reached, wait_release)));
    let once = Arc::new(once);
    let routes = Router::new().route(
        "/",
        get(move || async move {
            let taken = once.lock().unwrap().take();
            let (reached, wait) = taken.unwrap();
            reached.send(()).unwrap();
            wait.await.unwrap();
            "finished"
        }),
    );
    let listening = bind(local()).await.unwrap();
    let address = listening.address();
    let shutdown = Shutdown::new();
    let server = tokio::spawn(listening.run(routes, None, Limits::default(), shutdown.clone()));
    let mut stream = connect(address).await;
    stream.write_all(GET).await.unwrap();
    wait_reached.await.unwrap();
    shutdown.begin();
    // New connections are refused while the old request is still under way.
    let begun = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it still listens");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!server.is_finished());
    release.send(()).unwrap();
    assert!(read_all(stream).await.ends_with("finished"));
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_never_ends_holds_the_stop_up_only_for_the_drain_time() {
    let routes = Router::new().route("/", get(std::future::pending::<()>));
    let listening = bind(local()).await.unwrap();
    let address = listening.address();
    let shutdown = Shutdown::new();
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let server = tokio::spawn(listening.run(routes, None, limits, shutdown.clone()));
    let mut stream = connect(address).await;
    stream.write_all(GET).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    shutdown.begin();
    let stopped = tokio::time::timeout(PATIENCE, server).await;
    stopped.unwrap().unwrap().unwrap();
}

async fn serving(limits: Limits) -> SocketAddr {
    serving_these(Router::new().route("/", get(async || "hello")), limits).await
}

async fn serving_these(routes: Router, limits: Limits) -> SocketAddr {
    let listening = bind(local()).await.unwrap();
    let address = listening.address();
    tokio::spawn(listening.run(routes, None, limits, Shutdown::new()));
    address
}

#[tokio::test]
async fn a_client_that_dawdles_over_its_head_is_cut_off() {
    let limits = Limits { head: Duration::from_millis(100), ..Limits::default() };
    let mut stream = connect(serving(limits).await).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let end = tokio::time::timeout(PATIENCE, read_all(stream)).await;
    assert!(!end.unwrap().contains("200 OK"));
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let limits = Limits {
        head: Duration::from_mins(1),
        silence: Duration::from_millis(100),
        ..Limits::default()
    };
    let stream = connect(serving(limits).await).await;
    let end = tokio::time::timeout(PATIENCE, read_all(stream)).await;
    assert_eq!(end.unwrap(), "");
}

#[tokio::test]
async fn connections_beyond_the_cap_are_closed_while_all_are_at_work() {
    let limits = Limits { connections: 1, ..Limits::default() };
    let at_work = Arc::new(Notify::new());
    let begun = Arc::clone(&at_work);
    let long = async move || {
        begun.notify_one();
        std::future::pending::<()>().await;
    };
    let routes = Router::new().route("/", get(async || "hello")).route("/long", get(long));
    let address = serving_these(routes, limits).await;
    let mut first = connect(address).await;
    first.write_all(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    at_work.notified().await;
    let mut byte = [0];
    let mut second = connect(address).await;
    // The write may already meet a closed connection.
    let _ = second.write_all(GET).await;
    assert!(!matches!(second.read(&mut byte).await, Ok(n) if n > 0));
    drop(first);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let mut third = connect(address).await;
        let _ = third.write_all(GET).await;
        if matches!(third.read(&mut byte).await, Ok(n) if n > 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the place was never freed");
}

#[tokio::test]
async fn idle_connections_make_room_for_whoever_asks() {
    let limits = Limits { connections: 8, ..Limits::default() };
    let address = serving(limits).await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(connect(address).await);
    }
    // Half a head is as idle as none.
    for stream in idle.iter_mut().step_by(2) {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost:").await;
    }
    for _ in 0..5 {
        let mut stream = connect(address).await;
        stream.write_all(GET).await.unwrap();
        assert!(read_all(stream).await.ends_with("hello"));
    }
}

#[tokio::test]
async fn an_oversized_head_is_refused() {
    let limits = Limits { head_bytes: 8192, ..Limits::default() };
    let mut stream = connect(serving(limits).await).await;
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let _ = stream.write_all(head.as_bytes()).await;
    let mut out = [0; 12];
    stream.read_exact(&mut out).await.unwrap();
    assert_eq!(&out, b"HTTP/1.1 431");
}

/// One request as a phone makes it that has installed the site's authority.
fn ask_over_tls(address: SocketAddr, authority: Vec<u8>, protocol: &[u8]) -> (String, Vec<u8>) {
    use std::io::{Read, Write};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let name = address.ip().into();
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    let mut stream = rustls::Stream::new(&mut client, &mut socket);
    let mut out = Vec::new();
    if protocol == b"h2" {
        // Preface and an empty SETTINGS frame; the server's own SETTINGS come back.
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
        out.resize(9, 0);
        stream.read_exact(&mut out).unwrap();
    } else {
        stream.write_all(GET).unwrap();
        stream.read_to_end(&mut out).unwrap();
    }
    let agreed = client.alpn_protocol().unwrap_or_default();
    (String::from_utf8_lossy(agreed).into_owned(), out)
}

/// A service over TLS, and the authority that its phones trust.
async fn serving_over_tls(limits: Limits) -> (SocketAddr, Vec<u8>) {
    use crate::service::{ambient::SystemClock, site_authority::site_certificate, tls};
    use crate::time::Clock;
    let dir = tempfile::tempdir().unwrap();
    let hosts = ["127.0.0.1".to_owned()];
    let site = site_certificate(dir.path(), "Gate 3", &hosts, SystemClock.now()).unwrap();
    let config = tls::from_pem_files(&site.chain, &site.key).unwrap();
    let listening = bind(local()).await.unwrap();
    let address = listening.address();
    let routes = Router::new().route("/", get(async || "hello"));
    tokio::spawn(listening.run(routes, Some(config), limits, Shutdown::new()));
    (address, site.authority_der)
}

#[tokio::test]
async fn whoever_never_shakes_hands_makes_room_over_tls_and_is_closed() {
    let limits = Limits { connections: 4, head: Duration::from_secs(3), ..Limits::default() };
    let (address, authority) = serving_over_tls(limits).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(connect(address).await);
    }
    let asked = tokio::task::spawn_blocking(move || ask_over_tls(address, authority, b"http/1.1"));
    assert!(asked.await.unwrap().1.ends_with(b"hello"));
    for stream in silent {
        let end = tokio::time::timeout(PATIENCE, read_all(stream)).await;
        assert!(!end.expect("it is closed").contains("hello"));
    }
}

#[tokio::test]
async fn a_phone_with_the_sites_authority_is_served_over_tls_in_both_versions_of_http() {
    let (address, authority) = serving_over_tls(Limits::default()).await;
    let asked = tokio::task::spawn_blocking(move || {
        let first = ask_over_tls(address, authority.clone(), b"http/1.1");
        (first, ask_over_tls(address, authority, b"h2"))
    });
    let ((first, answer), (second, settings)) = asked.await.unwrap();
    assert_eq!(first, "http/1.1");
    assert!(answer.ends_with(b"hello"));
    assert_eq!(second, "h2");
    assert_eq!(settings[3], 4, "a SETTINGS frame");
}
