//! Both services against their own descriptions: requests made up from the OpenAPI documents, good
//! ones and bad ones. No answer is a server's error, and each is one that the document tells of.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use fugong_tests::scratch::Kind;
use fugong_tests::stack::Stack;
use tokio::process::Command;

/// The same requests every time.
const SEED: u32 = 20_200_210;
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// A stream never ends by itself, and what a gate signs cannot be made up.
const UNASKED: [&str; 6] =
    ["followChanges", "sendJournal", "sendBranch", "tellTrust", "tellManifest", "tellStatusList"];

/// Made by `scripts/test`.
fn schemathesis() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.ancestors().nth(3).unwrap();
    let path = target.join("schemathesis/bin/schemathesis");
    assert!(path.exists(), "{} is missing: run scripts/test, which installs it", path.display());
    path
}

struct Asker<'a> {
    origin: &'a str,
    cookie: String,
    /// Ids that exist, so that requests come further than "not found".
    ids: &'a [(&'a str, String)],
    examples: u32,
}

async fn ask(dir: &Path, name: &str, asker: Asker<'_>) {
    let Asker { origin, cookie, ids, examples } = asker;
    let mut config = format!("seed = {SEED}\n[output.sanitization]\nenabled = true\n");
    for (operation, id) in ids {
        config.push_str(&format!(
            "[[operations]]\ninclude-operation-id = \"{operation}\"\nparameters = {{ \"path.id\" = \"{id}\" }}\n"
        ));
    }
    let config_path = dir.join(format!("{name}.toml"));
    std::fs::write(&config_path, config).unwrap();
    let mut command = Command::new(schemathesis());
    command
        .arg("--config-file")
        .arg(&config_path)
        .args(["run", &format!("{origin}/api/openapi.json"), "--checks", CHECKS])
        .args(["--seed", &SEED.to_string(), "--max-examples", &examples.to_string()])
        .args(["--phases", "examples,coverage,fuzzing", "--workers", "2", "--no-color"])
        .args(["--generation-database", "none", "--request-timeout", "20"])
        .args(["--suppress-health-check", "all", "--warnings", "off"])
        .args(UNASKED.into_iter().flat_map(|operation| ["--exclude-operation-id", operation]))
        .args(["--header", &format!("Origin: {origin}")])
        .current_dir(dir)
        .env("PYTHONHASHSEED", "0")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if !cookie.is_empty() {
        command.args(["--header", &format!("Cookie: {cookie}")]);
    }
    let begin = std::time::Instant::now();
    let output = command.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{name}, seed {SEED}, {:.0} s\n{text}", begin.elapsed().as_secs_f64());
    assert!(
        output.status.success(),
        "{name}: {}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn both_services_keep_to_their_descriptions_whatever_they_are_asked() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let administrator = stack.officer("admin").await;
    let secretary = stack.officer("secretary").await;
    let dir = stack.dir.path().to_owned();
    let (origin, gate_origin) = (stack.origin(), stack.gate_origin());
    let permit = stack.town.permit_id.clone();
    let of_permit = ["readPermit", "suspendPermit", "confirmSuspension", "resumePermit"];
    let mut ids: Vec<(&str, String)> =
        of_permit.map(|operation| (operation, permit.clone())).to_vec();
    ids.push(("readEnterprise", stack.town.enterprise_id.clone()));
    ids.push(("readFigures", stack.town.enterprise_id.clone()));
    ids.push(("readGate", stack.town.gate_id.clone()));
    let asker = |cookie: String, ids| Asker { origin: &origin, cookie, ids, examples: 12 };
    ask(&dir, "issuer-as-secretary", asker(secretary.cookie(), &ids)).await;
    ask(&dir, "issuer-as-administrator", asker(administrator.cookie(), &ids)).await;
    ask(&dir, "issuer-as-stranger", asker(String::new(), &[])).await;
    let asker = Asker { origin: &gate_origin, cookie: guard.cookie(), ids: &[], examples: 40 };
    ask(&dir, "gate-as-guard", asker).await;
    // Whatever was asked, both still do their work.
    let placard = crate::main_job::placard_text(&stack).await;
    let answer = fugong_tests::stack::scan(&guard, &placard, "in").await;
    assert!(answer["session"].is_string(), "{answer}");
}
