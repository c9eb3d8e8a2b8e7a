//! A line that breaks in the middle of a part.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use fugong_common::keys::{Fingerprint, SoftwareKey};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::enrol::Standing;

/// What the issuer was asked: the heads of requests for parts.
type Asked = Arc<Mutex<Vec<String>>>;

/// Answers whole requests with half of the part, and requests for a rest with the rest.
async fn answer(mut stream: TcpStream, packed: Arc<Vec<u8>>, asked: Asked) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    if head.starts_with("GET /api/gate/nonce") {
        let body = r#"{"nonce":"n","now_ms":0}"#;
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        return;
    }
    let range = head.lines().find_map(|line| line.strip_prefix("range: bytes="));
    let from: usize = range.map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
    let status = if from == 0 { "200 OK" } else { "206 Partial Content" };
    let length = packed.len() - from;
    asked.lock().unwrap().push(head);
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    let until = if from == 0 { packed.len() / 2 } else { packed.len() };
    stream.write_all(&packed[from..until]).await.unwrap();
    stream.shutdown().await.unwrap();
}

async fn issuer(packed: Vec<u8>) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (packed, asked) = (Arc::new(packed), Asked::default());
    let told = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, Arc::clone(&packed), Arc::clone(&told)));
        }
    });
    (url, asked)
}

fn gate(issuer: String) -> Enrolled {
    Enrolled {
        issuer,
        gate_id: "g1".to_owned(),
        gate_name: "3 号门".to_owned(),
        audience: "a".to_owned(),
        root: Fingerprint([0; 32]),
        standing: Standing::Confirmed,
        device: Arc::new(SoftwareKey::from_seed(&[1; 32])),
    }
}

#[tokio::test]
async fn a_compressed_part_that_broke_off_goes_on_where_it_broke() {
    let part: Vec<u8> = (0..40_000_u32).flat_map(|n| (n * n).to_be_bytes()).collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&part).unwrap();
    let packed = encoder.finish().unwrap();
    let half = packed.len() / 2;
    let (url, asked) = issuer(packed).await;
    let folder = tempfile::tempdir().unwrap();
    let partial = folder.path().join("partial").join("abc");
    let issuer = Issuer::new(client(&Config::default()).unwrap());
    let enrolled = gate(url);

    let broken = issuer.part(&enrolled, "/api/gate/parts/roster/abc?from=def", &partial).await;
    assert!(matches!(broken, Err(IssuerError::Unreachable(_))), "{broken:?}");
    let kept = std::fs::metadata(partial.with_extension("gz")).unwrap().len();
    assert!(kept > 0 && kept <= u64::try_from(half).unwrap(), "{kept} of {half} bytes kept");

    let fetched = issuer.part(&enrolled, "/api/gate/parts/roster/abc?from=def", &partial).await;
    assert!(matches!(&fetched, Ok(Fetched::Whole(bytes)) if *bytes == part), "the whole part");
    assert!(!partial.with_extension("gz").exists(), "nothing is left over");
    let asked = asked.lock().unwrap();
    assert!(asked[0].starts_with("GET /api/gate/parts/roster/abc?from=def "), "{}", asked[0]);
    assert!(asked[1].starts_with("GET /api/gate/parts/roster/abc "), "a rest of the whole part");
    assert!(asked[1].contains(&format!("range: bytes={kept}-")), "{}", asked[1]);
    assert!(asked[1].contains("accept-encoding: gzip"), "{}", asked[1]);
}
