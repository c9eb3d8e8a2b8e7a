use super::*;
use crate::entropy::SeededEntropy;

/// The first test vector of RFC 8032 §7.1.
const SEED: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];

#[test]
fn the_vector_of_the_standard_is_signed_as_printed_there() {
    let key = SoftwareKey::from_seed(&SEED);
    assert_eq!(
        hex::encode(key.public_key().as_bytes()),
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    );
    let signature = key.sign(b"").unwrap();
    assert!(hex::encode(&signature).starts_with("e5564300c360ac729086e2cc806e828a"));
    assert!(key.public_key().verifies(b"", &signature));
    assert!(!key.public_key().verifies(b" ", &signature));
}

#[test]
fn a_key_id_is_the_start_of_the_fingerprint() {
    let key = SoftwareKey::from_seed(&SEED).public_key();
    assert_eq!(key.key_id().to_string(), key.fingerprint().to_string()[..8]);
    assert_eq!(key.key_id().to_string().parse(), Ok(key.key_id()));
    let typed = key.fingerprint().to_string().to_uppercase();
    let typed = format!("{} {}", &typed[..32], &typed[32..]);
    assert_eq!(typed.parse(), Ok(key.fingerprint()));
    assert_eq!("00".parse::<Fingerprint>(), Err(KeyError::NotAFingerprint));
}

#[test]
fn a_key_of_small_order_and_a_point_off_the_curve_are_refused() {
    let identity = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    assert_eq!(PublicKey::from_bytes(&identity), Err(KeyError::NotAPublicKey));
    assert_eq!(PublicKey::from_bytes(&[0; 32]), Err(KeyError::NotAPublicKey));
    let off = {
        let mut bytes = [0; 32];
        bytes[0] = 2;
        bytes
    };
    assert_eq!(PublicKey::from_bytes(&off), Err(KeyError::NotAPublicKey));
}

#[test]
fn a_signature_with_a_scalar_beyond_the_order_is_refused() {
    // RFC 8032 §5.1.7 wants S < L; S + L would otherwise be a second signature on the same message.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let key = SoftwareKey::from_seed(&SEED);
    let mut signature = key.sign(b"permit").unwrap();
    let mut carry = 0_u16;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert!(!key.public_key().verifies(b"permit", &signature));
}

#[test]
fn a_private_key_survives_its_file_and_never_shows_itself() {
    let key = SoftwareKey::generate(&SeededEntropy::new(1));
    let pem = key.to_pkcs8_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(SoftwareKey::from_pkcs8_pem(&pem).unwrap().public_key(), key.public_key());
    let der = key.to_pkcs8_der().unwrap();
    // Version 1 as in RFC 8410 §10.3, the form that OpenSSL writes and reads.
    assert_eq!(hex::encode(&der.as_bytes()[..16]), "302e020100300506032b657004220420");
    assert_eq!(der.as_bytes().len(), 48);
    assert_eq!(SoftwareKey::from_pkcs8_der(der.as_bytes()).unwrap().public_key(), key.public_key());
    assert_eq!(format!("{key:?}"), format!("SoftwareKey({})", key.key_id()));
    assert!(matches!(SoftwareKey::from_pkcs8_pem("nothing"), Err(KeyError::NotAPrivateKey)));
}

#[test]
fn keys_travel_in_json_as_text() {
    let key = SoftwareKey::from_seed(&SEED).public_key();
    let json = serde_json::to_string(&(key, key.key_id(), Role::Permit)).unwrap();
    assert_eq!(json, r#"["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","21fe31df","permit"]"#);
    let back: (PublicKey, KeyId, Role) = serde_json::from_str(&json).unwrap();
    assert_eq!(back, (key, key.key_id(), Role::Permit));
}

#[test]
fn every_kind_has_its_own_words_in_the_signature() {
    let mut seen: Vec<_> = Kind::ALL.iter().map(|kind| kind.external_aad()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), Kind::ALL.len());
}
