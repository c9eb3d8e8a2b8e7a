//! Other people's codes: whatever a phone shows at a gate, and none of it is a permit.
//!
//! The specimens are well-formed and made here, under keys of our own where they are signed:
//! Ed25519 throughout, though most of these formats sign with ECDSA. No reader of ours comes as
//! far as their signatures.


use fugong_common::base64url;
use fugong_common::cbor::Value;
use fugong_common::digits;
use fugong_common::keys::{Signer as _, SoftwareKey};
use fugong_common::verdict::Verdict;
use serde::{Deserialize, Serialize};

use super::file::{Case, Gate};
use super::vectors::{committed, holds};
use super::world::{SITE, T};

#[derive(Debug, Serialize, Deserialize)]
struct Foreign {
    about: String,
    texts: Vec<Specimen>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Specimen {
    what: String,
    text: String,
}

/// A CBOR web token as others sign it.
fn web_token(protected: &Value, claims: &Value) -> Vec<u8> {
    let (protected, payload) = (protected.encode(), claims.encode());
    let message = Value::Array(vec![
        "Signature1".into(),
        protected.as_slice().into(),
        Value::Bytes(vec![]),
        payload.as_slice().into(),
    ]);
    let signature = SoftwareKey::from_seed(&[77; 32]).sign(&message.encode()).unwrap();
    let parts = vec![protected.into(), Value::Map(vec![]), payload.into(), signature.into()];
    Value::Tag(18, Box::new(parts.into())).encode()
}

fn texts<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn list(items: Vec<Value>) -> Value {
    Value::Array(items)
}

/// Alphabet and grouping of RFC 9285.
fn base45(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let mut out = String::new();
    for pair in bytes.chunks(2) {
        let mut number = pair.iter().fold(0, |number, byte| number * 256 + usize::from(*byte));
        for _ in 0..=pair.len() {
            out.push(char::from(ALPHABET[number % 45]));
            number /= 45;
        }
    }
    out
}

/// RFC 4648 §6, without padding.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    for group in bytes.chunks(5) {
        let mut whole = [0_u8; 8];
        whole[3..3 + group.len()].copy_from_slice(group);
        let number = u64::from_be_bytes(whole);
        for place in 0..(group.len() * 8).div_ceil(5) {
            let five = number >> (35 - 5 * place) & 31;
            out.push(char::from(ALPHABET[usize::try_from(five).unwrap()]));
        }
    }
    out
}

/// The form of the EU's digital covid certificates: `HC1:`, base 45, zlib, `COSE_Sign1`.
fn european_certificate() -> String {
    let dose = texts([
        ("tg", "840539006".into()),
        ("vp", "1119349007".into()),
        ("mp", "EU/1/00/0000".into()),
        ("ma", "ORG-000000000".into()),
        ("dn", 2_u64.into()),
        ("sd", 2_u64.into()),
        ("dt", "2021-05-29".into()),
        ("co", "XX".into()),
        ("is", "An authority".into()),
        ("ci", "URN:UVCI:01:XX:187/37512422923".into()),
    ]);
    let name = texts([
        ("fn", "Muster".into()),
        ("gn", "Erika".into()),
        ("fnt", "MUSTER".into()),
        ("gnt", "ERIKA".into()),
    ]);
    let certificate = texts([
        ("v", list(vec![dose])),
        ("dob", "1964-08-12".into()),
        ("nam", name),
        ("ver", "1.3.0".into()),
    ]);
    let claims = Value::Map(vec![
        (1_u64.into(), "XX".into()),
        (4_u64.into(), (T + 31_536_000).into()),
        (6_u64.into(), T.into()),
        (Value::from(-260_i64), Value::map([(1, certificate)])),
    ]);
    let protected = Value::map([(1, Value::from(-8_i64)), (4, [0xd9; 8].into())]);
    format!("HC1:{}", base45(&stored(&web_token(&protected, &claims))))
}

/// A zlib stream (RFC 1950) with one block that is not compressed: the same bytes on every machine.
fn stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in data {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(data);
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

fn new_zealand_pass() -> String {
    let subject = texts([
        ("givenName", "Jo".into()),
        ("familyName", "Sample".into()),
        ("dob", "1979-04-14".into()),
    ]);
    let credential = texts([
        ("@context", list(vec!["https://credentials.example/v1".into()])),
        ("version", "1.0.0".into()),
        ("type", list(vec!["VerifiableCredential".into(), "PublicCovidPass".into()])),
        ("credentialSubject", subject),
    ]);
    let claims = Value::Map(vec![
        (1_u64.into(), "did:web:health.example".into()),
        (4_u64.into(), (T + 31_536_000).into()),
        (5_u64.into(), T.into()),
        (7_u64.into(), [0x51; 16].into()),
        ("vc".into(), credential),
    ]);
    let protected = Value::map([(1, Value::from(-8_i64)), (4, Value::Bytes(b"key-1".to_vec()))]);
    format!("NZCP:/1/{}", base32(&web_token(&protected, &claims)))
}

fn specimens() -> Foreign {
    let claims = Value::map([(1, "https://health.example".into()), (4, T.into()), (2, "A17".into())]);
    let protected = Value::map([(1, Value::from(-8_i64)), (4, [1, 2, 3, 4].into())]);
    let token = web_token(&protected, &claims);
    let tagged = [&[0xd8, 61], &token[..]].concat();
    let jose = |text: &str| base64url::encode(text.as_bytes());
    let web = format!("{}.{}.{}", jose(r#"{"alg":"EdDSA"}"#), jose(r#"{"sub":"A17"}"#), base64url::encode(&token[token.len() - 64..]));
    let own_form = |host: &str, body: &str| format!("https://{host}/v/{body}");
    let texts = vec![
        ("EU digital covid certificate", european_certificate()),
        ("New Zealand covid pass", new_zealand_pass()),
        ("SMART health card", format!("shc:/{}", digits::encode(&token))),
        ("a web token in a link of our form", own_form("health.example", &digits::encode(&token))),
        ("the same in base64url", own_form("health.example", &base64url::encode(&token))),
        ("a tagged web token in a link of our form", own_form("health.example", &digits::encode(&tagged))),
        ("a web token in a link's query", format!("https://health.example/check?c={}", base64url::encode(&token))),
        ("a film in a link of our form", own_form("video.example", "dQw4w9WgXcQ")),
        ("a word in a link of our form", own_form("shop.example", "hello")),
        ("a number in a link of our form", own_form("shop.example", "2020")),
        ("JSON web token", web),
        ("a ticket's secret", "q7vz3kd5mwn8xtc2rbh6pyg4sfj9eoau".to_owned()),
        ("a ticket's signed secret", "AQIB8r5ns0mEw0l2hTtVQ+e8mQxvZ1Nq/3G6dB0aJ1U=".to_owned()),
        ("Wi-Fi", "WIFI:T:WPA;S:office;P:secret;H:false;;".to_owned()),
        ("vCard", "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Muster;Erika\r\nTEL:+86 535 12345\r\nEND:VCARD\r\n".to_owned()),
        ("calendar entry", "BEGIN:VEVENT\r\nSUMMARY:Opening\r\nDTSTART:20200210T090000\r\nEND:VEVENT\r\n".to_owned()),
        ("plain link", "https://www.example.cn/policy/2020/02/10.html".to_owned()),
        ("link to a host alone", "https://www.example.cn".to_owned()),
        ("link in plain HTTP", "http://www.example.cn/v/123".to_owned()),
        ("payment link", "https://qr.pay.example/bax01234567890123456789".to_owned()),
        ("payment code of a chat", "wxp://f2f0AbCdEfGhIjKlMnOpQrStUvWxYz0123456789".to_owned()),
        ("bank transfer (EPC)", "BCD\n002\n1\nSCT\n\nErika Muster\nXX00123400000000567890\nEUR10.00\n\n\nRent\n".to_owned()),
        ("merchant's code (EMV)", "00020101021126280011example.com0109merchant15204599953031565802CN5911SAMPLE SHOP6006YANTAI6304A13F".to_owned()),
        ("contact in a chat", "weixin://contacts/profile/example".to_owned()),
        ("one-time password", "otpauth://totp/Example:erika?secret=JBSWY3DPEHPK3PXP&issuer=Example".to_owned()),
        ("telephone", "tel:+8653512345".to_owned()),
        ("place", "geo:37.54,121.39".to_owned()),
        ("text message", "SMSTO:+8653512345:hello".to_owned()),
        ("article number", "6901234567892".to_owned()),
        ("identity number", "110105194912310021".to_owned()),
        ("credit code", "91350100M000100Y43".to_owned()),
        ("random digits", "31415926535897932384626433832795028841971693993751".to_owned()),
        ("seventeen digits", "27182818284590452".to_owned()),
        ("a great many digits", "7".repeat(7089)),
        ("a sentence", "佩戴口罩，勤洗手，少聚集。".to_owned()),
        ("nothing", String::new()),
    ];
    Foreign {
        about: "Texts of other people's codes. A verifier answers not_permit to every one, at a gate and in public.".to_owned(),
        texts: texts.into_iter().map(|(what, text)| Specimen { what: what.to_owned(), text }).collect(),
    }
}

#[test]
fn the_public_specimens_of_foreign_codes_are_what_is_made_here() {
    holds("foreign-texts.json", &specimens());
}

#[test]
fn a_foreign_code_is_no_permit_at_a_gate_and_in_public() {
    let vectors = committed();
    for Specimen { what, text } in specimens().texts {
        for gate in [None, Some(Gate { sites: vec![SITE], offline_grace_seconds: 0 })] {
            let case = Case {
                name: what.clone(),
                text: text.clone(),
                now: T,
                clock_trusted: true,
                elapsed_seconds: 0,
                gate,
                trust: Some("usual".to_owned()),
                status_lists: vec!["permits".to_owned(), "passes".to_owned()],
                register: Some("usual".to_owned()),
                roster: Some("usual".to_owned()),
                verdict: Verdict::NotPermit,
            };
            assert_eq!(vectors.judge(&case).verdict, Verdict::NotPermit, "{what}: {text}");
        }
    }
}
