//! A gate of 100,000 people: the first sync, a change, the bytes on the line, and what the verifier's process takes.

use std::path::Path;
use std::time::{Duration, Instant};

use fugong_common::hex;
use fugong_common::manifest::Manifest;
use fugong_common::wire;
use fugong_issuer::app::App;
use fugong_issuer::people::note_roster_change;
use fugong_issuer::run as run_sql;
use fugong_tests::process::binary;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::Stack;
use fugong_verifier::store::Store;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::Scale;
use crate::gates::{Line, nonce};
use crate::say::{line, marked, peak, resident};
use crate::scans::Server;
use crate::town::{add_gates, hire, tidy};

pub fn run(scale: Scale) {
    let runtime = Runtime::new().expect("a runtime");
    idle(scale);
    runtime.block_on(park(scale));
}

/// What an unenrolled verifier takes, and how soon it answers.
fn idle(scale: Scale) {
    let folder = TempDir::new().expect("a folder");
    let mut ready = Vec::new();
    let mut memory = 0.0;
    for _ in 0..scale.of(5, 1) {
        let begun = Instant::now();
        let server = Server::real(folder.path());
        ready.push(begun.elapsed().as_secs_f64());
        std::thread::sleep(Duration::from_millis(500));
        memory = resident(server.id());
    }
    let ready = crate::say::median(ready);
    marked(
        "verifier, not enrolled: answers after",
        &format!("{ready:.2} s"),
        "< 0.3 s",
        ready < 0.3,
    );
    marked(
        "verifier, not enrolled: resident",
        &format!("{memory:.0} MB"),
        "< 30 MB",
        memory < 30.0,
    );
    let size = |path: &Path| std::fs::metadata(path).map_or(0.0, |file| file.len() as f64 / 1e6);
    let release = binary("verifier");
    line("verifier, the program on disk", &format!("{:.1} MB", size(&release)));
    let ship = release.with_file_name("../ship/verifier");
    if ship.exists() {
        line("verifier, built for shipping", &format!("{:.1} MB", size(&ship)));
    }
}

async fn park(scale: Scale) {
    let people = scale.of(100_000, 300);
    let mut stack = Stack::new(Kind::Sqlite).await;
    let app = stack.inside.clone();
    hire(&app, &stack.town.enterprise_id, people).await.expect("people are hired");
    tidy(&app).await;
    tell(&app, &stack.town.enterprise_id).await;
    let device = add_gates(&app, &stack.town.gate_id, 1).await.expect("a gate").remove(0);
    let address = stack.issuer_address;
    let mut own = Line::open(address, device, nonce(address).await).await;
    let begun = Instant::now();
    let before = Manifest::peek(&own.get(wire::MANIFEST, "").await.body).expect("a manifest");
    line("issuer builds the bundle", &format!("{:.2} s", begun.elapsed().as_secs_f64()));
    let roster = hex::encode(&before.parts["roster"]);
    let path = format!("/api/gate/parts/roster/{roster}");
    let plain = own.get(&path, "").await.body.len();
    let packed = own.get(&path, "accept-encoding: gzip\r\n").await;
    line(&format!("roster of {people}: bytes plain"), &plain.to_string());
    line("  compressed in transit", &packed.body.len().to_string());
    assert!(packed.head.contains("content-encoding: gzip"), "{}", packed.head);

    stack.enrol().await;
    let gate = stack.gate_data();
    let begun = Instant::now();
    wait_for(&gate, 1).await;
    line("first sync, from start to stored", &format!("{:.2} s", begun.elapsed().as_secs_f64()));
    memory(&stack, "after the first sync");

    let mut tx = app.db().write().await.expect("a transaction");
    let changed = run_sql!(
        &mut tx,
        "UPDATE people SET job = '裁剪工', revision = revision + 1 WHERE id >= 'bench-person-' AND id < $1",
        format!("bench-person-{:06}", people / 100)
    )
    .expect("people change");
    tx.commit().await.expect("it commits");
    let seq = stored(&gate).await;
    let begun = Instant::now();
    tell(&app, &stack.town.enterprise_id).await;
    wait_for(&gate, seq + 1).await;
    line(
        &format!("{changed} people change: until the gate has them"),
        &format!("{:.2} s", begun.elapsed().as_secs_f64()),
    );
    memory(&stack, "after a change");
    let after = Manifest::peek(&own.get(wire::MANIFEST, "").await.body).expect("a manifest");
    let path =
        format!("/api/gate/parts/roster/{}?from={roster}", hex::encode(&after.parts["roster"]));
    let plain = own.get(&path, "").await.body.len();
    let packed = own.get(&path, "accept-encoding: gzip\r\n").await.body.len();
    line("  the change: bytes plain", &plain.to_string());
    line("  compressed in transit", &packed.to_string());

    stack.kill_gate().await;
    let begun = Instant::now();
    stack.start_gate().await;
    let ready = begun.elapsed().as_secs_f64();
    marked(
        &format!("verifier with {people} people: answers after"),
        &format!("{ready:.2} s"),
        "< 0.3 s",
        ready < 0.3,
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    let held = memory(&stack, "after a restart");
    marked(
        &format!("verifier with {people} people: resident"),
        &format!("{held:.0} MB"),
        "< 80 MB",
        held < 80.0,
    );
}

/// Tells the gates of a changed roster, as every change of people does.
async fn tell(app: &App, enterprise_id: &str) {
    let mut tx = app.db().write().await.expect("a transaction");
    let change = note_roster_change(app, &mut tx, enterprise_id).await.expect("it is noted");
    app.commit(tx, change).await.expect("it commits");
}

fn memory(stack: &Stack, when: &str) -> f64 {
    let id = stack.gate_id();
    let held = resident(id);
    line(&format!("verifier's memory {when}"), &format!("{held:.0} MB, at most {:.0}", peak(id)));
    held
}

/// The number of the manifest that a gate has stored.
async fn stored(dir: &Path) -> i64 {
    let Ok(store) = Store::open_reading(dir).await else { return 0 };
    let seq = sqlx::query_scalar("SELECT seq FROM manifest").fetch_optional(store.pool()).await;
    store.close().await;
    seq.ok().flatten().unwrap_or(0)
}

async fn wait_for(dir: &Path, seq: i64) {
    for _ in 0..6000 {
        if stored(dir).await >= seq {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the gate does not get its bundle");
}
