//! Scans a second at the gate's real API: judged, decided, durably recorded, answered.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fugong_tests::process::{binary, free_port};
use fugong_verifier::journal::Journal;
use fugong_verifier::store::Store;
use tempfile::TempDir;

use crate::Scale;
use crate::gate_server::{CONSTANT, SIGNATURE};
use crate::load::{Ask, Run, drive, post};
use crate::park::{COOKIE, Park};
use crate::say::{line, marked};

const MEASURED: &str = "\"step\":\"measure\"";
/// Enough to come back to, few enough to be remembered by any gate.
const REGULARS: usize = 5_000;

/// A gate under load.
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts it and waits for its first answer.
    fn start(program: &Path, args: impl Fn(SocketAddr) -> Vec<String>, log: &Path) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let log = std::fs::File::options().create(true).append(true).open(log).expect("a log");
        let child = Command::new(program)
            .args(args(address))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("it starts");
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not listen");
            std::thread::sleep(Duration::from_millis(2));
        }
        Self { child, address }
    }

    fn compared(dir: &Path) -> Self {
        let program = std::env::current_exe().expect("a path");
        let args = |address: SocketAddr| {
            ["gate-server".to_owned(), dir.display().to_string(), address.to_string()].into()
        };
        Self::start(&program, args, &dir.join("log"))
    }

    pub fn real(dir: &Path) -> Self {
        let args = |address: SocketAddr| {
            ["serve", "--data", &dir.display().to_string(), "--listen", &address.to_string()]
                .map(str::to_owned)
                .into_iter()
                .chain(["--origin".to_owned(), format!("http://{address}")])
                .collect()
        };
        Self::start(&binary("verifier"), args, &dir.join("log"))
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn drive(
        &self,
        path: &str,
        texts: &[String],
        most: usize,
        connections: usize,
        expect: &str,
        seconds: u64,
    ) -> Run {
        let write = |n: usize, out: &mut Vec<u8>| {
            let body = format!("{{\"text\":\"{}\",\"direction\":\"in\"}}", texts[n % texts.len()]);
            post(path, self.address, COOKIE, &body, out);
        };
        drive(&Ask {
            address: self.address,
            connections,
            most,
            time: Duration::from_secs(seconds),
            write: &write,
            expect,
            server: self.child.id(),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Without a goodbye: what was acknowledged must be on disk all the same.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn show(name: &str, connections: usize, run: &Run) {
    println!(
        "{name:<34} {connections:>4} connections {:>9.0} /s   p50 {:>6.2} ms  p99 {:>6.2} ms   processor: server {:>4.0} µs, load {:>3.0} µs",
        run.per_second(),
        run.percentile(0.5),
        run.percentile(0.99),
        run.server_micros,
        run.own_micros
    );
}

pub fn run(scale: Scale) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let people = scale.of(100_000, 400);
    let seconds = scale.of(4, 1);
    let folder = TempDir::new().expect("a folder");
    let dir = folder.path();
    let park = runtime.block_on(Park::build(dir, people));
    let texts = &park.passes;
    let all = usize::MAX;
    let mut acknowledged = 0;

    let server = Server::compared(dir);
    let mut constant = 0.0;
    let mut signature = 0.0;
    for connections in [1, 4, 32, 128] {
        let run = server.drive(CONSTANT, texts, all, connections, "verdict", seconds);
        show("a constant", connections, &run);
        constant = f64::max(constant, run.per_second());
        let run = server.drive(SIGNATURE, texts, all, connections, "verdict", seconds);
        show("a signature and a constant", connections, &run);
        signature = f64::max(signature, run.per_second());
    }
    drop(server);
    let (mut fresh, mut regular, mut p99) = (0.0, 0.0, 0.0);
    for connections in [1, 4, 32, 128] {
        // A new process remembers nobody: no token of this run was seen before.
        let server = Server::compared(dir);
        let run = server.drive("/api/scan", texts, people, connections, MEASURED, seconds * 3);
        show("scans, every token new", connections, &run);
        acknowledged += run.answered;
        fresh = f64::max(fresh, run.per_second());
        if connections == 32 {
            p99 = run.percentile(0.99);
        }
        drop(server);
        let server = Server::compared(dir);
        let regulars = &texts[..REGULARS.min(people)];
        let warm = server.drive("/api/scan", regulars, regulars.len(), connections, MEASURED, 60);
        let run = server.drive("/api/scan", regulars, all, connections, MEASURED, seconds);
        show("scans, tokens that come back", connections, &run);
        acknowledged += warm.answered + run.answered;
        regular = f64::max(regular, run.per_second());
    }
    let server = Server::real(dir);
    let run = server.drive("/api/scan", texts, people, 32, MEASURED, seconds * 3);
    show("the program itself, new tokens", 32, &run);
    acknowledged += run.answered;
    let regulars = &texts[..REGULARS.min(people)];
    let run = server.drive("/api/scan", regulars, all, 32, MEASURED, seconds);
    show("the program itself, come back", 32, &run);
    acknowledged += run.answered;
    drop(server);

    let share = fresh / signature;
    marked(
        "new tokens, of one signature and a constant",
        &format!("{:.0} %", share * 100.0),
        "≥ 85 %",
        share >= 0.85,
    );
    let share = regular / constant;
    marked(
        "tokens that come back, of a constant",
        &format!("{:.0} %", share * 100.0),
        "≥ 50 %",
        share >= 0.5,
    );
    marked("p99 of new tokens at 32 connections", &format!("{p99:.2} ms"), "< 10 ms", p99 < 10.0);
    let recorded = runtime.block_on(recorded(dir));
    assert!(
        recorded >= acknowledged,
        "{acknowledged} were acknowledged, {recorded} stand in the journal"
    );
    line("acknowledged, and in the journal after kill -9", &acknowledged.to_string());
}

/// Checks seen in the journals, whose chains must be whole.
async fn recorded(dir: &Path) -> usize {
    let store = Store::open(dir).await.expect("the store opens");
    for checked in Journal::verify_all(&store).await.expect("journals can be read") {
        assert_eq!(checked.fault, None, "the chain is whole");
    }
    let (n,): (i64,) = sqlx::query_as("SELECT count(*) FROM entries WHERE verdict IS NOT NULL")
        .fetch_one(store.pool())
        .await
        .expect("it counts");
    store.close().await;
    usize::try_from(n).expect("a count")
}
