//! What is judged before any token: trust chains, status lists, and the digits of a code.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use fugong_common::base64url;
use fugong_common::cbor::Value;
use fugong_common::digits;
use fugong_common::hex;
use fugong_common::keys::{Kind, Role, Signer, SoftwareKey};
use fugong_common::status::StatusClaims;
use fugong_common::trust::{TrustChain, TrustLink, TrustList};

use super::file::{ChainCase, DigitsCase, Follows, Held, ListCase, Trust};
use super::world::*;

fn signed(list: &TrustList, root: &SoftwareKey) -> TrustLink {
    TrustLink::sign(list, root).unwrap()
}

/// A chain of envelopes as they are, sound or not.
fn chain_of(links: &[&[Vec<u8>]]) -> Vec<u8> {
    let link = |envelopes: &[Vec<u8>]| {
        Value::Array(envelopes.iter().map(|bytes| bytes.as_slice().into()).collect())
    };
    Value::Array(links.iter().map(|envelopes| link(envelopes)).collect()).encode()
}

fn trust(list: &TrustList) -> Trust {
    let chain = TrustChain(vec![signed(list, &root())]).to_bytes();
    Trust { root: root().public_key().fingerprint(), chain: base64url::encode(&chain) }
}

/// The lists that cases are judged by.
pub fn trust_lists() -> Vec<(&'static str, Trust)> {
    let withdrawn =
        |key: &SoftwareKey, since| trust(&with_key(key, |entry| entry.revoked = Some(since)));
    vec![
        ("usual", trust(&trust_list())),
        ("permit key withdrawn", withdrawn(&permit_key(), T - 5)),
        ("permit key withdrawn at T", withdrawn(&permit_key(), T)),
        ("status key withdrawn", withdrawn(&status_key(), T - 5)),
        ("short", trust(&TrustList { exp: T + 2 * DAY, ..trust_list() })),
    ]
}

/// Status lists, sound and not; the flag says whether the usual trust list opens them at `T`.
fn lists() -> Vec<(&'static str, SoftwareKey, Vec<u8>, bool)> {
    let usual = status_claims(&permit_key());
    let sealed_by = |claims: &StatusClaims, key: &SoftwareKey| claims.seal(key).unwrap();
    let good = sealed_by(&usual, &status_key());
    let mut changed = good.clone();
    *changed.last_mut().unwrap() ^= 1;
    let payload = usual.to_bytes();
    let by_hand = |payload: &[u8]| sealed(Kind::Status, &status_key(), payload);
    let with = |key, value| by_hand(&spoiled_by_text(&payload, key, value));
    let late = T + 20 * DAY - 120;
    let long_ago = StatusClaims { iat: KEY_NBF - 1, ..usual.clone() };
    let outlives = StatusClaims { exp: KEY_EXP + 1, ..usual.clone() };
    // As the draft prints it: `bits` before `lst`.
    let at = payload.windows(4).position(|four| four == b"clst").unwrap();
    let end = payload.windows(5).position(|five| five == b"dbits").unwrap();
    let bits = &payload[end..end + 6];
    let as_drafted = [&payload[..at], bits, &payload[at..end], &payload[end + 6..]].concat();
    vec![
        ("permits", permit_key(), good.clone(), true),
        ("passes", pass_key(), sealed_by(&status_claims(&pass_key()), &status_key()), true),
        ("permits, just before the end", permit_key(), sealed_by(&StatusClaims { iat: late, exp: late + HOURS_72, ..usual.clone() }, &status_key()), true),
        ("permits, a bit changed", permit_key(), changed, false),
        ("permits, by a key for less", permit_key(), sealed_by(&usual, &narrow_status_key()), false),
        ("permits, by the permit key", permit_key(), sealed_by(&usual, &permit_key()), false),
        ("permits, by a stranger", permit_key(), sealed_by(&usual, &stranger()), false),
        ("permits, naming another list", permit_key(), sealed_by(&status_claims(&pass_key()), &status_key()), false),
        ("permits, offered for passes", pass_key(), good, false),
        ("permits, signed as a permit", permit_key(), sealed(Kind::Permit, &status_key(), &payload), false),
        ("permits, signed before its key", permit_key(), sealed_by(&long_ago, &status_key()), false),
        ("permits, outliving its key", permit_key(), sealed_by(&outlives, &status_key()), false),
        ("permits, ending before it begins", permit_key(), sealed_by(&StatusClaims { exp: T - 61, ..usual.clone() }, &status_key()), false),
        ("permits, as the draft orders it", permit_key(), by_hand(&as_drafted), false),
        ("permits, one bit an entry", permit_key(), with("bits", 1_u64.into()), false),
        ("permits, a byte more than declared", permit_key(), with("lst", zlib(&[0; 26]).into()), false),
        ("permits, a byte less than declared", permit_key(), with("lst", zlib(&[0; 24]).into()), false),
        ("permits, a megabyte in a thousand bytes", permit_key(), with("lst", zlib(&vec![0; 1 << 20]).into()), false),
        ("permits, not compressed", permit_key(), with("lst", vec![0; 25].into()), false),
        ("permits, as another compressor writes it", permit_key(), with("lst", stored(&[0; 25]).into()), true),
        ("permits, declaring more than is read", permit_key(), by_hand(&spoiled(&payload, true, 2, Some(((1_u64 << 24) + 1).into()))), false),
        ("permits, version 2", permit_key(), by_hand(&spoiled(&payload, true, 0, Some(2_u64.into()))), false),
        ("permits, an unknown claim", permit_key(), by_hand(&spoiled(&payload, false, 99, Some(1_u64.into()))), false),
        ("permits, without a number", permit_key(), by_hand(&spoiled(&payload, true, 1, None)), false),
    ]
}

/// The claims with a member of `status_list` exchanged.
fn spoiled_by_text(payload: &[u8], member: &str, value: Value) -> Vec<u8> {
    let Value::Map(mut entries) = Value::decode(payload).unwrap() else { panic!("a map") };
    let list = entries.iter_mut().find(|(key, _)| *key == Value::from(65533_u64)).unwrap();
    let Value::Map(members) = &mut list.1 else { panic!("a map") };
    members.iter_mut().find(|(key, _)| *key == Value::from(member)).unwrap().1 = value;
    Value::Map(entries).encode()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The same without compressing (RFC 1951 §3.2.4): header, one stored block, Adler-32.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    let mut out = vec![0x78, 0x01, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(bytes);
    out.extend((b << 16 | a).to_be_bytes());
    out
}

pub fn held_lists() -> Vec<(&'static str, Held)> {
    let held = |(name, of, token, _): (_, SoftwareKey, Vec<u8>, _)| {
        (name, Held { of: of.key_id(), token: base64url::encode(&token) })
    };
    lists().into_iter().map(held).collect()
}

pub fn list_cases() -> Vec<ListCase> {
    let case = |(name, of, token, accepted): (&str, SoftwareKey, Vec<u8>, bool)| ListCase {
        name: name.to_owned(),
        trust: "usual".to_owned(),
        now: T,
        of: of.key_id(),
        token: base64url::encode(&token),
        accepted,
    };
    lists().into_iter().map(case).collect()
}

/// The list with which `new` takes the place of `old`.
fn change(version: u64, number: u32, new: &SoftwareKey, old: &SoftwareKey) -> TrustList {
    TrustList {
        version,
        root: new.public_key(),
        root_number: number,
        previous_root: Some(old.public_key()),
        ..trust_list()
    }
}

fn countersigned(list: &TrustList, new: &SoftwareKey, old: &SoftwareKey) -> Vec<Vec<u8>> {
    [new, old].map(|key| sealed(Kind::Trust, key, &list.to_bytes())).to_vec()
}

/// Chains for a verifier that was told the first root's fingerprint and holds no list yet.
pub fn chain_cases() -> Vec<ChainCase> {
    let (one, two, three) = (root(), second_root(), third_root());
    let by = |list: &TrustList, key: &SoftwareKey| vec![sealed(Kind::Trust, key, &list.to_bytes())];
    let usual = by(&trust_list(), &one);
    let (to_two, to_three) = (change(8, 2, &two, &one), change(9, 3, &three, &two));
    let (second, third) =
        (countersigned(&to_two, &two, &one), countersigned(&to_three, &three, &two));
    let under_two = TrustList { version: 9, previous_root: None, ..to_two.clone() };
    let skipping = change(9, 3, &two, &one);
    let sample = by(&TrustList { demo: true, ..trust_list() }, &one);
    let faulty = |spoil: &dyn Fn(&mut TrustList)| {
        let mut list = trust_list();
        spoil(&mut list);
        by(&list, &one)
    };
    let payload = trust_list().to_bytes();
    let spelled_out = sealed(Kind::Trust, &one, &spoiled(&payload, true, 7, Some(false.into())));
    let as_manifest = sealed(Kind::Manifest, &one, &payload);
    let mut turned = usual.clone();
    *turned[0].last_mut().unwrap() ^= 1;
    let other_second = vec![second[0].clone(), sealed(Kind::Trust, &one, &under_two.to_bytes())];
    let small_order = {
        let public = *permit_key().public_key().as_bytes();
        let at = payload.windows(32).position(|window| window == public).unwrap();
        let bytes = [&payload[..at], &[0; 32], &payload[at + 32..]].concat();
        vec![sealed(Kind::Trust, &one, &bytes)]
    };
    let reversed = reordered(&payload);
    let older = by(&TrustList { version: 6, ..trust_list() }, &one);
    let other = by(&TrustList { exp: T + DAY, ..trust_list() }, &one);
    let case = |name: &str, links: &[&[Vec<u8>]], accepted: Option<(u64, &SoftwareKey)>| ChainCase {
        name: name.to_owned(),
        root: one.public_key().fingerprint(),
        samples: false,
        chain: base64url::encode(&chain_of(links)),
        accepted: accepted.map(|(version, key)| Follows {
            version,
            root: key.public_key().fingerprint(),
        }),
    };
    let mut sample_accepted = case("a sample town's list, where they are believed", &[&sample], Some((7, &one)));
    sample_accepted.samples = true;
    vec![
        case("one list under the root", &[&usual], Some((7, &one))),
        case("the root hands over", &[&second], Some((8, &two))),
        case("a list, then the root hands over", &[&usual, &second], Some((8, &two))),
        case("a change and a list under the new root", &[&second, &by(&under_two, &two)], Some((9, &two))),
        case("two changes one after the other", &[&second, &third], Some((9, &three))),
        case("a list under a root that nobody handed over to", &[&by(&under_two, &two)], None),
        case("the first of two changes is missing", &[&usual, &third], None),
        case("a change that counts one too many", &[&usual, &countersigned(&skipping, &two, &one)], None),
        case("a change without the old root's signature", &[&second[..1]], None),
        case("a change without the new root's signature", &[&second[1..]], None),
        case("a change whose signatures cover different lists", &[&other_second], None),
        case("another root's list", &[&by(&TrustList { root: stranger().public_key(), ..trust_list() }, &stranger())], None),
        case("naming the root, signed by another", &[&by(&trust_list(), &stranger())], None),
        case("a bit of the signature changed", &[&turned], None),
        case("signed as a manifest", &[&[as_manifest]], None),
        case("an older list at the end", &[&usual, &older], None),
        case("an older list in front", &[&older, &usual], Some((7, &one))),
        case("two lists of one version", &[&usual, &other], None),
        case("no list at all", &[], None),
        case("a link without a list", &[&[]], None),
        case("a sample town's list", &[&sample], None),
        sample_accepted,
        case("false spelled out", &[&[spelled_out]], None),
        case("keys out of order", &[&[sealed(Kind::Trust, &one, &reversed)]], None),
        case("a key of small order", &[&small_order], None),
        case("ends when it begins", &[&faulty(&|list| list.exp = list.iat)], None),
        case("one key twice", &[&faulty(&|list| list.keys.push(list.keys[0].clone()))], None),
        case("the root among the keys", &[&faulty(&|list| list.keys.push(entry(&root(), Role::Status)))], None),
        case("a key that may sign after its end", &[&faulty(&|list| list.keys[0].sign_until = KEY_EXP + 1)], None),
        case("a key that begins after sign_until", &[&faulty(&|list| list.keys[0].nbf = SIGN_UNTIL + 1)], None),
        case("a key without a place", &[&faulty(&|list| list.keys[0].scope.clear())], None),
        case("a scope that ends before it begins", &[&faulty(&|list| list.keys[0].scope = vec![(2, 1)])], None),
        case("two keys with one status list", &[&faulty(&|list| list.keys.iter_mut().for_each(|key| key.list_uri = key.list_uri.as_ref().map(|_| "x".to_owned())))], None),
        case("a permit key without a status list", &[&faulty(&|list| list.keys.iter_mut().for_each(|key| key.list_uri = None))], None),
        case("a host with a scheme", &[&faulty(&|list| list.hosts.push("https://a".to_owned()))], None),
        case("a host in capitals", &[&faulty(&|list| list.hosts.push("A.example".to_owned()))], None),
        case("a root that follows itself", &[&by(&TrustList { previous_root: Some(root().public_key()), ..trust_list() }, &one)], None),
    ]
}

/// The payload with its keys in another order than that of their ids.
fn reordered(payload: &[u8]) -> Vec<u8> {
    let Value::Map(mut entries) = Value::decode(payload).unwrap() else { panic!("a map") };
    let (_, Value::Map(container)) = entries.last_mut().unwrap() else { panic!("a map") };
    let keys = container.iter_mut().find(|(key, _)| *key == Value::from(3_u64)).unwrap();
    let Value::Array(keys) = &mut keys.1 else { panic!("an array") };
    keys.reverse();
    Value::Map(entries).encode()
}

pub fn digits_cases() -> Vec<DigitsCase> {
    let good = |bytes: &[u8]| DigitsCase {
        text: digits::encode(bytes),
        bytes: Some(hex::encode(bytes)),
    };
    let bad = |text: &str| DigitsCase { text: text.to_owned(), bytes: None };
    let lengths = (0..=15).map(|length| good(&vec![0xff; length]));
    let others = [good(&[0x61, 0x62, 0xff]), good(&[0; 7]), good(&[0, 0, 0, 0, 0, 0, 1, 1])];
    let refused = [
        "1", "12", "1234", "256", "65536", "16777216", "4294967296", "1099511627776",
        "281474976710656", "72057594037927936", "99999999999999999", "00000000000000000256",
        "12a", " 12", "+12", "-12", "1２3", "0x1",
    ];
    lengths.chain(others).chain(refused.map(bad)).collect()
}
