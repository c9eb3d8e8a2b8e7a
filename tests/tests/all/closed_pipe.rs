//! Output that nobody reads to its end, as behind `| head`, and output that cannot be written.

use std::fs::File;
use std::net::SocketAddr;
use std::process::Stdio;

use fugong_tests::patience::until;
use fugong_tests::process::{binary, closed_pipe, free_port};
use fugong_tests::scratch::Kind;
use fugong_tests::stack::Stack;
use tokio::process::Command;

use crate::main_job::placard_text;

type Environment = Vec<(&'static str, String)>;

/// Exit status and what came on standard error, where that is heard.
async fn ends(
    name: &str,
    args: &[&str],
    env: &Environment,
    out: Stdio,
    err: Stdio,
) -> (i32, String) {
    let child = Command::new(binary(name))
        .args(args)
        .envs(env.iter().map(|(name, value)| (*name, value.as_str())))
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let output = child.wait_with_output().await.unwrap();
    // None: a signal ended it, such as that of an abort.
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The command ends as it would where all of it is read, and says nothing of pipes.
async fn ends_the_same(name: &str, args: &[&str], env: &Environment) {
    let (heard, said) = ends(name, args, env, Stdio::piped(), Stdio::piped()).await;
    let (status, complaint) = ends(name, args, env, closed_pipe(), Stdio::piped()).await;
    assert_eq!((status, &complaint), (heard, &said), "{name} {args:?}");
    assert!(!complaint.contains("panicked"), "{name} {args:?}: {complaint}");
    let (status, _) = ends(name, args, env, closed_pipe(), closed_pipe()).await;
    assert_eq!(status, heard, "{name} {args:?}, with standard error closed, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_reader_has_gone_ends_as_it_would_have() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let _guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    let issuer = stack.issuer_env();
    let commands: [&[&str]; 10] = [
        &["--help"],
        &["key", "list"],
        &["user", "list"],
        &["trust", "show"],
        &["audit", "verify"],
        &["migrate"],
        &["doctor"],
        &["restore", "--status"],
        &["placard", "FG-00000"],
        &["user", "reset", "nobody"],
    ];
    for args in commands {
        ends_the_same("issuer", args, &issuer).await;
    }
    let data = stack.gate_data().display().to_string();
    let gate = vec![("VERIFIER_DATA", data), ("VERIFIER_ACCEPT_SAMPLE", "true".to_owned())];
    let commands: [&[&str]; 6] = [
        &["--help"],
        &["check", &placard, "hello", "FG-00000"],
        &["check", &placard, "--json"],
        &["journal", "verify"],
        &["pair"],
        &["doctor"],
    ];
    for args in commands {
        ends_the_same("verifier", args, &gate).await;
    }

    // What was asked for is done all the same: nobody knows how far a reader read.
    let add = ["user", "add", "unheard", "--name", "闻人", "--role", "intake"];
    let division = ["--division", "370602"];
    let (status, said) =
        ends("issuer", &[&add[..], &division].concat(), &issuer, closed_pipe(), Stdio::piped())
            .await;
    assert_eq!((status, said.as_str()), (0, ""));
    assert!(stack.issuer_does(&["user", "list"]).await.contains("unheard"));

    // A disk that is full is another matter.
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let (status, said) = ends("issuer", &["user", "list"], &issuer, full(), Stdio::piped()).await;
    assert_eq!(status, 1, "{said}");
    assert!(said.starts_with("issuer: cannot write what was asked for"), "{said}");
    let check = ["check", &placard];
    let (status, said) = ends("verifier", &check, &gate, full(), Stdio::piped()).await;
    assert_eq!(status, 2, "{said}");
    assert!(said.starts_with("verifier: cannot write what was asked for"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_nobody_listens_to_serves() {
    fugong_common::service::tls::install_provider();
    let dir = tempfile::tempdir().unwrap();
    for (name, listen, data) in [
        ("issuer", "FUGONG_LISTEN", "FUGONG_DATA"),
        ("verifier", "VERIFIER_LISTEN", "VERIFIER_DATA"),
    ] {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut service = Command::new(binary(name))
            .arg("serve")
            .env(listen, address.to_string())
            .env(data, dir.path().join(name))
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(closed_pipe())
            .stderr(closed_pipe())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let url = format!("http://{address}/healthz");
        let mut answered = 0;
        until(&format!("{name} answers"), async || {
            assert!(service.try_wait().unwrap().is_none(), "{name} has ended");
            answered +=
                usize::from(reqwest::get(&url).await.is_ok_and(|answer| answer.status() == 200));
            // Some time after it has printed where it listens.
            answered > 20
        })
        .await;
        service.kill().await.unwrap();
    }
}
