//! The real program, ended without warning.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fugong_common::time::ManualClock;
use fugong_verifier::journal::Journal;
use fugong_verifier::store::Store;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::bed::{enrol_at, until};
use crate::issuer::{Issuer, PIN};

async fn start(dir: &std::path::Path) -> (Child, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_verifier"))
        .args(["serve", "--listen", "127.0.0.1:0", "--origin", "http://127.0.0.1:1"])
        .arg("--data")
        .arg(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    let address = first.split_whitespace().nth(3).unwrap().to_owned();
    let code = match lines.next_line().await.unwrap() {
        Some(line) => line.rsplit('=').next().unwrap().to_owned(),
        None => String::new(),
    };
    // Read on, so that the program never waits for us.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, address, code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_verifier_keeps_every_acknowledged_entry() {
    use fugong_common::service::ambient::SystemClock;
    use fugong_common::time::Clock as _;
    // The program runs on the machine's clock; the issuer's validity begins where the tests' noon is.
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let issuer = Issuer::start(clock).await;
    issuer.state().confirmed = true;
    let dir = tempfile::tempdir().unwrap();
    enrol_at(&issuer, dir.path()).await;
    let (mut child, address, code) = start(dir.path()).await;
    let http =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let origin = "http://127.0.0.1:1";
    let post = |path: &str| {
        http.post(format!("http://{address}{path}"))
            .header("host", "127.0.0.1:1")
            .header("origin", origin)
    };
    until("the bundle", || issuer.state().wholes >= 6).await;
    // Until the bundle is in use, every way leads to the enrolment page.
    let knocking = async |path: &str, cookie: &str, body: String| loop {
        let answer = post(path)
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.clone())
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_redirection(), "{path}: {}", answer.status());
        if answer.headers()["location"] != "/enrol" {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let paired = knocking("/pair", "", format!("code={code}&label=lane")).await;
    let cookie =
        paired.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let signed_on = knocking("/sign-on", &cookie, format!("guard=g1&pin={PIN}")).await;
    assert_eq!(signed_on.headers()["location"], "/");
    let answered = Arc::new(AtomicUsize::new(0));
    let lanes: Vec<_> = (0..8)
        .map(|lane| {
            let (http, cookie, address) = (http.clone(), cookie.clone(), address.clone());
            let (text, answered) = (issuer.state().pass(lane + 1), Arc::clone(&answered));
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                loop {
                    let sent = http
                        .post(format!("http://{address}/api/scan"))
                        .header("host", "127.0.0.1:1")
                        .header("origin", "http://127.0.0.1:1")
                        .header("cookie", &cookie)
                        .json(&serde_json::json!({"text": text, "direction": "out"}))
                        .send()
                        .await;
                    let Ok(answer) = sent else { return acknowledged };
                    let Ok(body) = answer.json::<Value>().await else { return acknowledged };
                    match body["recorded"]["seq"].as_u64() {
                        Some(seq) => {
                            acknowledged.push(seq);
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        None => panic!("{body}"),
                    }
                }
            })
        })
        .collect();
    until("a good part is answered", || answered.load(Ordering::Relaxed) > 200).await;
    // SIGKILL: no handler runs, nothing is flushed.
    child.kill().await.unwrap();
    let mut acknowledged = Vec::new();
    for lane in lanes {
        acknowledged.extend(lane.await.unwrap());
    }
    let store = Store::open(dir.path()).await.unwrap();
    let checked = Journal::verify_all(&store).await.unwrap();
    assert_eq!(checked[0].fault, None);
    let last = acknowledged.iter().max().unwrap();
    assert!(checked[0].entries > *last, "entry {last} was acknowledged and is lost");
    acknowledged.sort_unstable();
    acknowledged.dedup();
    let kept: Vec<i64> = sqlx::query_scalar("SELECT seq FROM entries ORDER BY seq")
        .fetch_all(store.pool())
        .await
        .unwrap();
    assert!(acknowledged.iter().all(|seq| kept.contains(&i64::try_from(*seq).unwrap())));
}
