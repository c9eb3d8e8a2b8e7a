//! The real binaries, started and killed as an operator or a power cut would.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::patience::comes;

/// A binary of this workspace, built beside the tests or the benchmark.
pub fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    // target/<profile>/deps/<test>, or target/<profile>/bench
    let folder = own.parent().expect("programs lie in folders");
    let profile = if folder.ends_with("deps") { folder.join("..") } else { folder.to_owned() };
    let path = profile.join(name);
    assert!(
        path.exists(),
        "{} is missing: build it with `cargo build --workspace --bins`",
        path.display()
    );
    path
}

/// A port that nobody listens on just now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has free ports");
    listener.local_addr().expect("a bound listener has an address").port()
}

/// A service as a process of its own. Killed when dropped.
#[derive(Debug)]
pub struct Service {
    child: Child,
    pub address: SocketAddr,
    log: PathBuf,
    printed: PathBuf,
}

impl Service {
    /// Starts a binary and waits until `/healthz` answers. Its log goes to `log`, what it prints
    /// beside that to a file of the same name that ends in `.out`.
    pub async fn start<A: AsRef<OsStr>>(
        name: &str,
        address: SocketAddr,
        log: &Path,
        args: &[A],
        env: &[(&str, &str)],
    ) -> Self {
        let open = |path: &Path| {
            let file = File::options().create(true).append(true).open(path);
            file.expect("the log can be written")
        };
        let printed = log.with_extension("out");
        let child = Command::new(binary(name))
            .args(args)
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(open(&printed))
            .stderr(open(log))
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        let mut service = Self { child, address, log: log.to_owned(), printed };
        service.wait_ready().await;
        service
    }

    async fn wait_ready(&mut self) {
        let url = format!("http://{}/healthz", self.address);
        fugong_common::service::tls::install_provider();
        let client = reqwest::Client::new();
        let answers = comes(async || {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                panic!("the service ended with {status}:\n{}", self.log());
            }
            client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
        });
        assert!(answers.await, "the service does not answer:\n{}", self.log());
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it is running")
    }

    /// Kibibytes of memory that it really occupies.
    pub fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()));
        let status = status.expect("the kernel tells of a child");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
        number.expect("a process has a size")
    }

    /// What it has printed so far, behind what it has logged.
    pub fn log(&self) -> String {
        self.logged() + &std::fs::read_to_string(&self.printed).unwrap_or_default()
    }

    /// What it has logged so far.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// As a power cut ends it: no goodbye.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("a child can be killed");
    }

    /// As an operator ends it: SIGTERM, and time for what is under way.
    pub async fn stop(mut self) {
        let id = self.child.id().expect("it is running").to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");
        assert!(status.success());
        // A service gives what is under way twenty seconds.
        let ended = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        assert!(ended.is_ok(), "it did not stop:\n{}", self.log());
    }
}

/// Where nobody reads: a pipe whose other end is closed, as `| head -0` leaves it.
pub fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    writer.into()
}

/// Runs a binary to its end; returns exit status and everything it printed.
pub async fn run<A: AsRef<OsStr>>(name: &str, args: &[A], env: &[(&str, &str)]) -> (i32, String) {
    let output = Command::new(binary(name))
        .args(args)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the binary runs");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.code().unwrap_or(-1), text)
}
