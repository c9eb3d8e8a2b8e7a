//! What a newcomer meets: the first start of the whole system, the second, and a busy port.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use fugong_common::entropy::SeededEntropy;
use fugong_common::service::serve::Shutdown;
use fugong_common::time::{ManualClock, Millis};
use fugong_quickstart::{NotStarted, Options, start};
use fugong_tests::patience::comes;
use fugong_tests::person::Person;
use fugong_tests::process::{Service, binary, free_port, run};

fn ports() -> (u16, u16) {
    let (one, other) = (free_port(), free_port());
    assert_ne!(one, other);
    (one, other)
}

fn arguments(data: &Path, (issuer, gate): (u16, u16)) -> Vec<String> {
    let data = data.to_str().unwrap().to_owned();
    let (issuer, gate) = (issuer.to_string(), gate.to_string());
    [["--data", &data], ["--issuer-port", &issuer], ["--gate-port", &gate]]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// Starts it and waits until it has said everything.
async fn started(data: &Path, ports: (u16, u16)) -> (Service, String) {
    serve(data, ports.0, &arguments(data, ports)).await
}

async fn serve(data: &Path, port: u16, arguments: &[String]) -> (Service, String) {
    let log = data.with_extension("log");
    for file in [&log, &log.with_extension("out")] {
        let _ = std::fs::remove_file(file);
    }
    let service =
        Service::start("quickstart", ([127, 0, 0, 1], port).into(), &log, arguments, &[]).await;
    let ready = comes(async || service.log().contains("Ctrl-C")).await;
    let said = service.log();
    assert!(ready, "it did not say that it is ready:\n{said}");
    (service, said)
}

fn after<'a>(text: &'a str, label: &str) -> &'a str {
    let (_, rest) = text.split_once(label).unwrap_or_else(|| panic!("no {label:?} in:\n{text}"));
    rest.split_whitespace().next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_starts_it_signs_in_pairs_and_finds_everything_again() {
    let dir = tempfile::tempdir().unwrap();
    let (data, ports) = (dir.path().join("data"), ports());
    let (service, said) = started(&data, ports).await;
    let password = after(&said, "password of every account:").to_owned();
    for file in ["placard.pdf", "placard.png", "passes.pdf"] {
        assert!(data.join("placards").join(file).metadata().unwrap().len() > 10_000, "{file}");
    }
    let intake = Person::new(&format!("http://127.0.0.1:{}", ports.0));
    let home = intake.send("/sign-in", &[("name", "intake"), ("password", &password)]).await;
    assert!(home.status.is_success() && home.path == "/", "{} {}", home.path, home.body);
    let guard = Person::new(&format!("http://127.0.0.1:{}", ports.1));
    let link = after(&said, "pair this browser within ten minutes:");
    let pairing = guard.open(&link[link.find("/pair").unwrap()..]).await;
    assert!(pairing.status.is_success(), "{}", pairing.body);
    let check = data.join("placards").join("placard.png");
    let gate = data.join("gate");
    let (check, gate) = (check.to_str().unwrap(), gate.to_str().unwrap());
    let (code, verdict) =
        run("verifier", &["check", check, "--data", gate, "--accept-sample"], &[]).await;
    assert_eq!(code, 0, "{verdict}");
    service.stop().await;

    let alone = [arguments(&data, ports), vec!["--gate-alone".to_owned()]].concat();
    let (service, said) = serve(&data, ports.1, &alone).await;
    let link = after(&said, "pair this browser within ten minutes:");
    let page = guard.open(&link[link.find("/pair").unwrap()..]).await;
    assert!(page.status.is_success(), "{}", page.body);
    assert!(std::net::TcpStream::connect(("127.0.0.1", ports.0)).is_err(), "no issuer runs");
    service.stop().await;

    let (service, said) = started(&data, ports).await;
    assert_eq!(after(&said, "password of every account:"), password);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_alone_needs_a_town_that_was_built() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let alone = [arguments(&data, ports()), vec!["--gate-alone".to_owned()]].concat();
    let (code, said) = run("quickstart", &alone, &[]).await;
    assert_ne!(code, 0);
    assert!(said.contains("start once without --gate-alone") && !data.exists(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_is_named_before_anything_is_built() {
    let dir = tempfile::tempdir().unwrap();
    let ports = ports();
    let busy = std::net::TcpListener::bind(("127.0.0.1", ports.0)).unwrap();
    let (code, said) = run("quickstart", &arguments(&dir.path().join("data"), ports), &[]).await;
    assert_ne!(code, 0);
    assert!(said.contains(&ports.0.to_string()) && said.contains("--issuer-port"), "{said}");
    drop(busy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_cut_short_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (data, ports) = (dir.path().join("data"), ports());
    let mut child = tokio::process::Command::new(binary("quickstart"))
        .args(arguments(&data, ports))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // In the middle: the database is there, the placard isn't yet.
    while !data.join("issuer").join("issuer.db").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    child.kill().await.unwrap();
    assert!(!data.join("placards").join("placard.png").exists(), "it was quicker than this test");
    let (service, _) = started(&data, ports).await;
    assert!(data.join("placards").join("placard.png").exists());
    service.stop().await;
}

/// The sample town plans weeks ahead and looks weeks back, its people act minutes after each
/// other: neither a leap day nor midnight may break it.
#[tokio::test(flavor = "multi_thread")]
async fn the_town_is_built_on_any_day_and_at_any_hour() {
    // 2028-02-29 00:30 in Shanghai, then in steps of just over two hours.
    for step in 0..6 {
        let now = 1_835_368_200_000 + step * 125 * 60_000;
        let dir = tempfile::tempdir().unwrap();
        let (issuer_port, gate_port) = ports();
        let options = Options { data: dir.path().join("data"), issuer_port, gate_port, lan: false };
        let clock = Arc::new(ManualClock::new(Millis(now)));
        let shutdown = Shutdown::new();
        let built = start(&options, clock, Arc::new(SeededEntropy::new(7)), shutdown.clone()).await;
        let built = built.unwrap_or_else(|error: NotStarted| panic!("at {now}: {error}"));
        shutdown.begin();
        let (issuer, gate) = tokio::join!(built.issuer.finished(), built.gate.running.finished());
        issuer.unwrap();
        gate.unwrap();
    }
}
