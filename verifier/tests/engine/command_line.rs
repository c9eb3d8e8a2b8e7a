//! `verifier check` and its siblings, as somebody types them.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use fugong_common::keys::Fingerprint;
use fugong_common::status::Status;
use fugong_common::time::ManualClock;
use tokio::process::Command;

use crate::bed::Bed;
use crate::issuer::{Issuer, NOON};

async fn verifier(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_verifier"))
        .args(arguments)
        .env("LANG", "en")
        .output()
        .await
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A picture of a QR code, as a phone would photograph it from a screen.
fn picture(text: &str, path: &Path) {
    let code = qrcode::QrCode::new(text).unwrap();
    let side = code.width();
    let dark: Vec<bool> =
        code.into_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
    let pixels = u32::try_from((side + 8) * 6).unwrap();
    let picture = image::GrayImage::from_fn(pixels, pixels, |x, y| {
        let module = |at: u32| (at as usize / 6).checked_sub(4).filter(|at| *at < side);
        let black = module(x).zip(module(y)).is_some_and(|(x, y)| dark[y * side + x]);
        image::Luma([if black { 0 } else { 255 }])
    });
    picture.save(path).unwrap();
}

const AT: &str = "2020-02-09T12:00:10+08:00";

#[tokio::test]
async fn a_picture_is_checked_without_network_and_only_valid_ends_with_0() {
    let issuer = Issuer::start(Arc::new(ManualClock::new(NOON))).await;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    picture(&issuer.state().placard(), &file("placard.png"));
    std::fs::write(file("trust.cbor"), issuer.state().trust()).unwrap();
    std::fs::write(file("status.cwt"), issuer.state().permit_list()).unwrap();
    let root: Fingerprint = issuer.enrolment().root;
    let root = root.to_string();
    let paths = ["placard.png", "trust.cbor", "status.cwt"].map(file);
    let [placard, trust, status] = paths.each_ref().map(|path| path.to_str().unwrap());
    let check = ["check", placard, "--root", &root, "--trust", trust, "--status", status];
    let valid = verifier(&[&check[..], &["--at", AT, "--json"]].concat()).await;
    assert_eq!(valid.status.code(), Some(0), "{}", said(&valid));
    let answer: serde_json::Value = serde_json::from_slice(&valid.stdout).unwrap();
    assert_eq!(answer["verdict"], "valid");
    assert_eq!(answer["name"], "云锦服饰（示例）");

    let late = verifier(&[&check[..], &["--at", "2020-06-01T00:00:00Z"]].concat()).await;
    assert_eq!(late.status.code(), Some(1));
    assert!(said(&late).contains("expired"), "{}", said(&late));

    issuer.state().permit_status(Status::Revoked);
    std::fs::write(file("status.cwt"), issuer.state().permit_list()).unwrap();
    let revoked = verifier(&[&check[..], &["--at", AT]].concat()).await;
    assert_eq!(revoked.status.code(), Some(1));
    assert!(said(&revoked).contains("revoked"), "{}", said(&revoked));

    let other = "00".repeat(32);
    let stranger = ["check", placard, "--root", &other, "--trust", trust, "--status", status];
    let refused = verifier(&stranger).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("another root"), "{}", said(&refused));
    let missing = verifier(&["check", "no-such.png", "--root", &root, "--trust", trust]).await;
    assert_eq!(missing.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_and_journal_verification_work_beside_a_gate_that_serves() {
    let bed = Bed::start().await;
    let data = bed.dir.path().to_str().unwrap();
    let placard = bed.issuer.state().placard();
    let checked = verifier(&["check", &placard, "--data", data, "--at", AT]).await;
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    let poster = verifier(&["check", "https://example.com", "--data", data, "--at", AT]).await;
    assert_eq!(poster.status.code(), Some(1));
    let whole = verifier(&["journal", "verify", "--data", data]).await;
    assert_eq!(whole.status.code(), Some(0));
    assert!(said(&whole).contains("chain whole"), "{}", said(&whole));
    let second = verifier(&["serve", "--data", data, "--listen", "127.0.0.1:0"]).await;
    assert_eq!(second.status.code(), Some(2));
    assert!(said(&second).contains("another verifier is serving"), "{}", said(&second));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_works_beside_a_gate_that_serves_and_changes_nothing() {
    let bed = Bed::start().await;
    let data = bed.dir.path().to_str().unwrap();
    let before = bed.gate().machine().journal_next_seq;
    let doctor = verifier(&["doctor", "--data", data]).await;
    let said = said(&doctor);
    assert!(said.contains("enrolled as 3 号门") && said.contains("chain whole"), "{said}");
    assert!(said.contains("verifier pair"), "{said}");
    assert_eq!(bed.gate().machine().journal_next_seq, before);
    let empty = tempfile::tempdir().unwrap();
    let path = empty.path().to_str().unwrap();
    let nothing = verifier(&["doctor", "--data", path]).await;
    assert_eq!(nothing.status.code(), Some(2));
    assert_eq!(std::fs::read_dir(path).unwrap().count(), 0, "nothing was made there");
}

fn code_of(output: &Output) -> String {
    let said = said(output);
    said.split_once("/pair?code=").unwrap().1.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pairing_code_is_made_beside_a_gate_that_serves_and_pairs_one_browser() {
    let bed = Bed::start().await;
    let data = bed.dir.path().to_str().unwrap();
    let old = bed.gate().pairing_code().await.unwrap().code;
    let made = verifier(&["pair", "--data", data]).await;
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let code = code_of(&made);
    assert!(bed.gate().pair(&old, "旧码").await.is_err(), "earlier codes are dead");
    bed.gate().pair(&code, "东侧通道").await.unwrap();
    assert!(bed.gate().pair(&code, "另一台").await.is_err(), "one code, one browser");
    let code = code_of(&verifier(&["pair", "--data", data]).await);
    for _ in 0..5 {
        assert!(bed.gate().pair("0000-0000", "x").await.is_err());
    }
    assert!(bed.gate().pair(&code, "x").await.is_err(), "five wrong tries end it");
    let code = code_of(&verifier(&["pair", "--data", data]).await);
    let tries = ["甲", "乙"].map(|label| bed.gate().pair(&code, label));
    let [one, other] = tries;
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_ok() != other.is_ok(), "side by side it pairs one");
}

#[tokio::test]
async fn a_pairing_code_needs_an_enrolled_gate() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    assert_eq!(verifier(&["pair", "--data", data]).await.status.code(), Some(2));
    fugong_verifier::store::Store::open(dir.path()).await.unwrap().close().await;
    let refused = verifier(&["pair", "--data", data]).await;
    assert!(said(&refused).contains("verifier enrol"), "{}", said(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn enrolling_refuses_another_root_and_tells_the_fingerprint_to_compare() {
    let issuer = Issuer::start(Arc::new(ManualClock::new(NOON))).await;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("gate");
    let data = data.to_str().unwrap();
    let enrolment = issuer.enrolment();
    let wrong = "00".repeat(32);
    let url = issuer.url.as_str();
    let other = verifier(&["enrol", url, &enrolment.code, "--root", &wrong, "--data", data]).await;
    assert_eq!(other.status.code(), Some(2));
    assert!(said(&other).contains("somebody may be in between"), "{}", said(&other));
    let bad = verifier(&["enrol", url, "wrong", "--root", &wrong, "--data", data]).await;
    assert!(said(&bad).contains("the issuer refused"), "{}", said(&bad));
    let text = enrolment.to_string();
    let good = verifier(&["enrol", &text, "--data", data]).await;
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    let device = issuer.state().device.unwrap().fingerprint().to_string();
    assert!(said(&good).contains(&device), "{}", said(&good));
    let doctor = verifier(&["doctor", "--data", data]).await;
    assert_eq!(doctor.status.code(), Some(1));
    assert!(said(&doctor).contains("compare this fingerprint"), "{}", said(&doctor));
}

#[tokio::test]
async fn every_command_shows_an_example() {
    for command in
        [&["serve"][..], &["enrol"], &["check"], &["journal", "verify"], &["pair"], &["doctor"]]
    {
        let help = verifier(&[command, &["--help"]].concat()).await;
        assert!(said(&help).contains("Example"), "{command:?}");
    }
}
