//! Clients that mean no good: thousands that say nothing, slowly, too much, or all at once. Guards
//! and passers-by are answered all the while, memory stays bounded, and nobody's connection is kept
//! for longer than it is worth.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fugong_tests::crowd::{Answers, connect_from, count_open, hear, room_for, say};
use fugong_tests::patience::PATIENCE;
use fugong_tests::person::Person;
use fugong_tests::process::Service;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::Stack;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::main_job::placard_text;

/// Idle connections at once, and the addresses they come from.
const IDLE: u64 = 10_000;
const ADDRESSES: u64 = 20;
/// Whoever dawdles is cut off within half of this, by limits of 15 and 30 seconds.
const CUT_OFF: Duration = Duration::from_mins(1);
/// Memory that a service may take on under each kind of abuse.
const GROWTH_KIB: u64 = 192 * 1024;

struct Town {
    stack: Stack,
    guard: Person,
    passer_by: Person,
    placard: String,
}

impl Town {
    async fn new() -> Self {
        let mut stack = Stack::new(Kind::Sqlite).await;
        stack.enrol().await;
        let guard = stack.guard().await;
        let placard = placard_text(&stack).await;
        let passer_by = Person::new(&stack.origin());
        Self { stack, guard, passer_by, placard }
    }

    fn issuer(&self) -> &Service {
        self.stack.issuer.as_ref().unwrap()
    }

    fn gate(&self) -> &Service {
        self.stack.gate.as_ref().unwrap()
    }

    fn path(&self) -> &str {
        self.placard.strip_prefix(&self.stack.origin()).unwrap()
    }

    /// Asks the guard's and the passer-by's questions until told to stop, and at least so often.
    async fn go_on_asking(&self, done: &AtomicBool, least: usize) -> (Answers, Answers) {
        let (mut scans, mut looks) = (Answers::default(), Answers::default());
        while scans.asked < least || !done.load(Ordering::Relaxed) {
            let body = json!({"text": self.placard, "direction": "in"});
            scans
                .time(async {
                    let (status, answer) = self.guard.post_json("/api/scan", &body).await;
                    status.is_success() && answer["step"] == "choose_person"
                })
                .await;
            looks
                .time(async {
                    let page = self.passer_by.open(self.path()).await;
                    page.status.is_success() && page.body.contains("云锦服饰")
                })
                .await;
            sleep(Duration::from_millis(10)).await;
        }
        (scans, looks)
    }
}

fn print_line(what: &str, (scans, looks): &(Answers, Answers)) {
    println!("{what}: scans {}; public page {}", scans.say(), looks.say());
}

fn all_answered((scans, looks): &(Answers, Answers)) {
    assert_eq!((scans.answered, looks.answered), (scans.asked, looks.asked));
}

async fn idle_crowd(target: SocketAddr, wanted: u64) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for n in 0..wanted {
        let last = u8::try_from(2 + n % ADDRESSES).unwrap();
        let Ok(mut stream) = connect_from(last, target).await else { continue };
        // A third says nothing, a third half a head, a third asks once and stays.
        let said: &[u8] = match n % 3 {
            0 => b"",
            1 => b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow",
            _ => b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        };
        let _ = stream.write_all(said).await;
        crowd.push(stream);
    }
    crowd
}

async fn ten_thousand_idle(town: &Town, name: &str, service: &Service) {
    let wanted = room_for(IDLE);
    let still = AtomicBool::new(true);
    let calm = town.go_on_asking(&still, 100).await;
    print_line(&format!("{name}, calm"), &calm);
    let before = service.memory_kib();
    let done = AtomicBool::new(false);
    let attack = async {
        let begin = Instant::now();
        let crowd = idle_crowd(service.address, wanted).await;
        let opened = crowd.len();
        println!("{name}: {opened} connections opened in {:.1} s", begin.elapsed().as_secs_f64());
        sleep(Duration::from_secs(2)).await;
        let open = count_open(&crowd);
        let held = service.memory_kib();
        // Whoever sends no request is closed by the time limit for heads.
        let mut left = open;
        for _ in 0..60 {
            if left == 0 {
                break;
            }
            sleep(Duration::from_secs(1)).await;
            left = count_open(&crowd);
        }
        done.store(true, Ordering::Relaxed);
        (opened, open, held, left)
    };
    let ((opened, open, held, left), asked) = tokio::join!(attack, town.go_on_asking(&done, 100));
    print_line(&format!("{name}, besieged"), &asked);
    println!(
        "{name}: {open} of {opened} still open after 2 s, {left} in the end; memory {} MiB before, {} MiB held",
        before / 1024,
        held / 1024
    );
    assert!(opened as u64 >= wanted * 9 / 10, "{opened} of {wanted}");
    assert!(open <= 4096, "{open} connections were kept");
    assert_eq!(left, 0, "connections that never asked for anything");
    assert!(held < before + GROWTH_KIB, "{before} KiB → {held} KiB");
    all_answered(&asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections_keep_nobody_from_a_gate_or_the_public_page() {
    let town = Town::new().await;
    ten_thousand_idle(&town, "gate", town.gate()).await;
    ten_thousand_idle(&town, "issuer", town.issuer()).await;
}

/// A byte every second: of heads that never end, and of bodies that would take a day. Whether it
/// was cut off.
async fn dawdle(target: SocketAddr, origin: &str, n: u8) -> bool {
    let host = origin.strip_prefix("http://").unwrap();
    let head = if n.is_multiple_of(2) {
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nX-A: ")
    } else {
        let size = if n % 4 == 1 { 900_000 } else { 20_000 };
        format!(
            "POST /api/verify HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
        )
    };
    let begin = Instant::now();
    let Ok(mut stream) = connect_from(100 + n % 50, target).await else { return true };
    let _ = stream.write_all(head.as_bytes()).await;
    while begin.elapsed() < CUT_OFF {
        sleep(Duration::from_secs(1)).await;
        let heard = stream.write_all(b"a").await.is_ok();
        if !heard || fugong_tests::crowd::look(&stream) == fugong_tests::crowd::Stands::Closed {
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_and_slow_bodies_are_cut_off_and_scans_go_on() {
    let town = Town::new().await;
    room_for(2000);
    let targets = [
        (town.gate().address, town.stack.gate_origin()),
        (town.issuer().address, town.stack.origin()),
    ];
    let before = [town.gate().memory_kib(), town.issuer().memory_kib()];
    let slow: Vec<_> = (0..200_u8)
        .flat_map(|n| targets.clone().map(|(target, origin)| (n, target, origin)))
        .map(|(n, target, origin)| tokio::spawn(async move { dawdle(target, &origin, n).await }))
        .collect();
    let done = Arc::new(AtomicBool::new(false));
    let wait = async {
        let mut kept = 0;
        for one in slow {
            kept += u32::from(!one.await.unwrap());
        }
        done.store(true, Ordering::Relaxed);
        kept
    };
    let (kept, asked) = tokio::join!(wait, town.go_on_asking(&done, 100));
    print_line("400 slow clients", &asked);
    assert_eq!(kept, 0, "slow clients were not cut off within a minute");
    let after = [town.gate().memory_kib(), town.issuer().memory_kib()];
    for (before, after) in before.into_iter().zip(after) {
        assert!(after < before + GROWTH_KIB, "{before} KiB → {after} KiB");
    }
    all_answered(&asked);
}

fn post(origin: &str, path: &str, mime: &str, length: usize, cookie: &str) -> String {
    let host = origin.strip_prefix("http://").unwrap();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nAccept: text/html\r\nContent-Type: {mime}\r\n\
         Content-Length: {length}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    )
}

/// Sends a body of zeros of this length behind a head.
async fn pour(stream: &mut TcpStream, head: &str, length: usize) {
    let _ = stream.write_all(head.as_bytes()).await;
    let chunk = vec![b'0'; 1 << 20];
    let mut left = length;
    while left > 0 {
        let n = left.min(chunk.len());
        if stream.write_all(&chunk[..n]).await.is_err() {
            return;
        }
        left -= n;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused_in_words_and_memory_stays_as_it_was() {
    let town = Town::new().await;
    room_for(2000);
    let administrator = town.stack.officer("admin").await;
    let cookie = administrator.cookie();
    let origin = town.stack.origin();
    let issuer = town.issuer().address;
    let before = town.issuer().memory_kib();

    // 200 MB, as a sheet and as a question: heard to the end, thrown away, refused in words.
    for (path, mime, cookie) in [
        ("/enterprises/import", "multipart/form-data; boundary=b", cookie.as_str()),
        ("/api/verify", "application/json", ""),
    ] {
        let length = 200 << 20;
        let mut stream = connect_from(60, issuer).await.unwrap();
        pour(&mut stream, &post(&origin, path, mime, length, cookie), length).await;
        let (status, text) = hear(stream, PATIENCE).await;
        assert_eq!(status, 413, "{path}: {}", &text[..text.len().min(400)]);
    }
    // Sixty uploads of 15 MB side by side from one address: more than one may hold at a time.
    let mut uploads = Vec::new();
    for _ in 0..60 {
        let (origin, cookie) = (origin.clone(), cookie.clone());
        uploads.push(tokio::spawn(async move {
            let head =
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n";
            let length = 15 << 20;
            let mut stream = connect_from(61, issuer).await.unwrap();
            let start = post(
                &origin,
                "/enterprises/import",
                "multipart/form-data; boundary=b",
                length,
                &cookie,
            );
            pour(&mut stream, &format!("{start}{head}"), length - head.len()).await;
            hear(stream, PATIENCE).await.0
        }));
    }
    let mut statuses = std::collections::BTreeMap::new();
    for upload in uploads {
        *statuses.entry(upload.await.unwrap()).or_insert(0) += 1;
    }
    println!("sixty uploads of 15 MB at once: {statuses:?}");
    // Those that were read end before their last part, which is a mistake of its own.
    assert!(statuses.keys().all(|status| matches!(status, 400 | 422 | 503 | 0)), "{statuses:?}");
    assert!(statuses.get(&503).is_some_and(|n| *n > 0), "{statuses:?}");

    let after = town.issuer().memory_kib();
    println!("issuer: {} MiB before, {} MiB after", before / 1024, after / 1024);
    assert!(after < before + 2 * GROWTH_KIB, "{before} KiB → {after} KiB");
    let asked = town.go_on_asking(&AtomicBool::new(true), 50).await;
    print_line("afterwards", &asked);
    all_answered(&asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_heads_pipelined_requests_and_strangers_streams_cost_little() {
    let town = Town::new().await;
    room_for(2000);
    let origin = town.stack.origin();
    let issuer = town.issuer().address;
    let before = town.issuer().memory_kib();

    // Heads: many lines, long lines, a long path.
    let host = origin.strip_prefix("http://").unwrap();
    let lines = "X-Flood: a\r\n".repeat(5000);
    let floods = [
        format!("GET / HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n", "a".repeat(1 << 20)),
        format!("GET /v/{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "1".repeat(1 << 20)),
    ];
    for flood in &floods {
        for target in [issuer, town.gate().address] {
            let stream = connect_from(62, target).await.unwrap();
            let (status, text) = say(stream, flood.as_bytes(), PATIENCE).await;
            // Closing before all was read may lose the answer on its way; never anything else.
            assert!(matches!(status, 431 | 414 | 400 | 0), "{}", &text[..text.len().min(200)]);
        }
    }

    // Ten thousand requests on one line before any answer is read.
    let mut stream = connect_from(63, issuer).await.unwrap();
    let one = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut reader, mut writer) = stream.split();
    let ask = async {
        for _ in 0..100 {
            writer.write_all(one.repeat(100).as_bytes()).await.unwrap();
        }
    };
    let listen = async {
        sleep(Duration::from_secs(1)).await;
        let (mut buffer, mut heard) = (vec![0; 1 << 16], String::new());
        while heard.matches("200 OK").count() < 10_000 {
            match reader.read(&mut buffer).await {
                Ok(n @ 1..) => heard.push_str(&String::from_utf8_lossy(&buffer[..n])),
                _ => break,
            }
        }
        heard.matches("200 OK").count()
    };
    let ((), answered) = tokio::join!(ask, listen);
    assert_eq!(answered, 10_000, "each pipelined request is answered, in its turn");

    // A stranger's event streams and batches are turned away before anything is kept of them.
    let mut turned_away = 0;
    for n in 0..200 {
        let request = if n % 2 == 0 {
            format!("GET /api/gate/events HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        } else {
            post(&origin, "/api/gate/journal", "application/cose", 4 << 20, "")
        };
        let stream = connect_from(64, issuer).await.unwrap();
        let (status, _) = say(stream, request.as_bytes(), PATIENCE).await;
        turned_away += u32::from(status == 401);
    }
    assert_eq!(turned_away, 200);

    let after = town.issuer().memory_kib();
    println!("issuer: {} MiB before, {} MiB after", before / 1024, after / 1024);
    assert!(after < before + GROWTH_KIB, "{before} KiB → {after} KiB");
    let asked = town.go_on_asking(&AtomicBool::new(true), 50).await;
    print_line("after floods", &asked);
    all_answered(&asked);
}
