use super::*;
use crate::digits;
use crate::entropy::SeededEntropy;
use crate::envelope::{self, Unverified};
use crate::hex;
use crate::keys::{Kind, Signer as _, SoftwareKey};
use crate::uscc::Uscc;
use proptest::prelude::*;

fn sample() -> Permit {
    Permit {
        subject: Subject::Coded(Uscc::parse("91350100M000100Y43").unwrap()),
        serial: Serial([0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8]),
        validity: Validity::new(1_581_264_000, 1_583_020_800).unwrap(),
        name: Name::parse("大浪新石时尚服饰有限公司").unwrap(),
        site: SiteCode::new(440_309_004_001, 1).unwrap(),
        category: Category::Priority,
        status_index: 731,
        mode: Mode::Partial { cap: 60 },
        approval: Approval {
            route: Route::DualSignature,
            posts: [PostKind::Secretary, PostKind::Director].into(),
            rule_version: 1,
        },
        evidence: [0xee; 16],
    }
}

/// The payload of the sample after a change to its claims and to its container.
fn changed(change: impl FnOnce(&mut Vec<(Value, Value)>)) -> Vec<u8> {
    let Value::Map(mut claims) = Value::decode(&sample().encode()).unwrap() else {
        panic!("claims are a map")
    };
    change(&mut claims);
    Value::Map(claims).encode()
}

fn in_container(key: i64, value: Option<Value>) -> Vec<u8> {
    changed(|claims| {
        let Some((_, Value::Map(container))) = claims.last_mut() else { panic!("no container") };
        container.retain(|(candidate, _)| *candidate != Value::from(key));
        container.extend(value.map(|value| (key.into(), value)));
    })
}

fn in_claims(key: i64, value: Option<Value>) -> Vec<u8> {
    changed(|claims| {
        claims.retain(|(candidate, _)| *candidate != Value::from(key));
        claims.extend(value.map(|value| (key.into(), value)));
    })
}

/// One token, byte by byte. Its key is the one of RFC 8032 §7.1, test 1.
#[test]
fn an_example_token_byte_by_byte() {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let key = SoftwareKey::from_seed(&hex::decode_array(seed).unwrap());
    let token = envelope::seal(Kind::Permit, &key, &sample().encode()).unwrap();
    let annotated = [
        ("d2", "tag 18: COSE_Sign1"),
        ("84", "array of 4"),
        ("49", "protected header, 9 bytes"),
        ("a2", "  map of 2"),
        ("0132", "  1: -19, Ed25519"),
        ("044421fe31df", "  4: key id"),
        ("a0", "unprotected header, empty"),
        ("5886", "payload, 134 bytes"),
        ("a5", "  map of 5"),
        ("02", "  2: subject"),
        ("72393133353031303 04d303030313030593433", "    text of 18: 91350100M000100Y43"),
        ("041a5e5afb00", "  4: expires 2020-03-01 00:00 UTC"),
        ("051a5e402c80", "  5: not before 2020-02-09 16:00 UTC"),
        ("0748a1a2a3a4a5a6a7a8", "  7: serial"),
        ("3a00010000", "  -65537: container"),
        ("a8", "    map of 8"),
        ("0001", "    0: version 1"),
        ("017824", "    1: name, text of 36 bytes"),
        ("e5a4a7e6b5aae696b0e79fb3e697b6e5b09a", "      大浪新石时尚"),
        ("e69c8de9a5b0e69c89e99990e585ace58fb8", "      服饰有限公司"),
        ("021b000fa49649bfb511", "    2: site 4403090040010001"),
        ("0302", "    3: category 2, priority"),
        ("041902db", "    4: status index 731"),
        ("058201183c", "    5: mode 1, partial, at most 60"),
        ("06830103 01", "    6: route 1, posts 0 and 1, rule version 1"),
        ("0750eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "    7: evidence"),
        ("5840", "signature, 64 bytes"),
    ];
    let expected: String =
        annotated.iter().map(|(bytes, _)| bytes.replace(' ', "")).collect::<String>();
    let written = hex::encode(&token);
    let (unsigned, signature) = written.split_at(written.len() - 128);
    assert_eq!(unsigned, expected);
    // Signature and digits were also made with OpenSSL and Python, which agree.
    assert_eq!(
        signature,
        "8f5dcae26de12631ad6c8138b3ff66cb54ced1229aa7c01d37eb2b6bb0d20859\
         3afaa6fe3da4d3468e5d3e625b4f0fa386a687cd23ec6e0024c3fd5f51ade601"
    );
    assert_eq!(
        digits::encode(&token),
        "0118088250592584224946678427427140144093466079164221359566824441042114734762290786352\
         0027636554439173102111252383799813469069726725328080000000429881155964497867498258600\
         4247486737721949251395462873212848657393745968949494332244868888592551949612319499664\
         2071330467034598607041281105704383169148933580951062252569906364493467253754435399406\
         6725375443539940656960815136829166305897241020615382386754128073331308374600402653646\
         0248345496780267946230060112951897257222428777694275785151951883860771427728501304355\
         0008165085535"
    );
    assert_eq!(
        Unverified::parse(Kind::Permit, &token).unwrap().verify(&key.public_key()),
        Ok(&*sample().encode())
    );
}

#[test]
fn a_typical_permit_fits_a_small_code() {
    let key = SoftwareKey::generate(&SeededEntropy::new(1));
    let token = envelope::seal(Kind::Permit, &key, &sample().encode()).unwrap();
    println!("a permit with a name of 12 characters: {} bytes", token.len());
    // Behind a link of 30 characters, version 14 at level Q has room for 543 digits: 223 bytes.
    assert!(token.len() <= 223, "{} bytes", token.len());
    let longest = Permit {
        name: Name::parse(&"厂".repeat(40)).unwrap(),
        status_index: u32::MAX,
        mode: Mode::Partial { cap: u32::MAX },
        site: SiteCode(u64::MAX),
        validity: Validity::new(u64::MAX - 1, u64::MAX).unwrap(),
        approval: Approval {
            route: Route::Commitment,
            posts: PostKind::ALL.iter().copied().collect(),
            rule_version: u32::MAX,
        },
        ..sample()
    };
    let token = envelope::seal(Kind::Permit, &key, &longest.encode()).unwrap();
    println!("the longest permit: {} bytes", token.len());
    assert!(token.len() <= envelope::MAX_TOKEN_BYTES);
}

#[test]
fn a_newer_version_is_seen_before_anything_else_is_looked_at() {
    assert_eq!(
        Permit::decode(&in_container(0, Some(2_u64.into()))),
        Err(ClaimsError::UnknownVersion(2))
    );
    let bare = Value::map([(CONTAINER, Value::map([(0, 7_u64.into()), (99, Value::Null)]))]);
    assert_eq!(Permit::decode(&bare.encode()), Err(ClaimsError::UnknownVersion(7)));
}

#[test]
fn an_unknown_claim_or_term_asks_for_an_update() {
    let array = |items: &[u64]| Value::Array(items.iter().map(|n| (*n).into()).collect());
    for (payload, what) in [
        (in_container(8, Some(0_u64.into())), "a new key in the container"),
        (in_claims(6, Some(0_u64.into())), "a new claim"),
        (in_container(3, Some(4_u64.into())), "a new category"),
        (in_container(5, Some(array(&[3]))), "a new mode"),
        (in_container(6, Some(array(&[5, 3, 1]))), "a new route"),
        (in_container(6, Some(array(&[1, 16, 1]))), "a new post"),
        (in_container(6, Some(array(&[1, 1 << 63, 1]))), "the last post"),
    ] {
        assert_eq!(Permit::decode(&payload), Err(ClaimsError::UnknownTerm), "{what}");
    }
}

#[test]
fn claims_that_we_would_never_sign_are_refused() {
    let array = |items: &[u64]| Value::Array(items.iter().map(|n| (*n).into()).collect());
    for (payload, what) in [
        (in_claims(2, Some("91350100M000100Y44".into())), "a code with a wrong check"),
        (in_claims(2, Some("91350100m000100y43".into())), "a code in lower case"),
        (in_claims(2, Some("NOCODE-SHORT".into())), "a short stand-in"),
        (in_claims(4, Some(1_581_264_000_u64.into())), "an end at the start"),
        (in_claims(4, Some((-1_i64).into())), "an end before 1970"),
        (in_claims(7, Some([0; 7].into())), "a short serial"),
        (in_claims(7, None), "no serial"),
        (in_container(0, None), "no version"),
        (in_container(1, Some("".into())), "no name"),
        (in_container(1, Some("甲\u{202e}厂".into())), "a name that turns around"),
        (in_container(4, Some((1_u64 << 32).into())), "an index beyond 32 bits"),
        (in_container(5, Some(array(&[1]))), "partial without a cap"),
        (in_container(5, Some(array(&[0, 5]))), "on site with a cap"),
        (in_container(6, Some(array(&[1, 3]))), "no rule version"),
        (in_container(7, Some([0; 15].into())), "a short digest"),
        (b"\xa0".to_vec(), "nothing"),
        (vec![], "no bytes"),
    ] {
        let refused = Permit::decode(&payload);
        assert!(matches!(refused, Err(ClaimsError::Malformed(_))), "{what}: {refused:?}");
    }
}

#[test]
fn a_permit_counts_from_its_first_second_up_to_its_end() {
    let validity = Validity::new(100, 200).unwrap();
    let phases = [99, 100, 199, 200].map(|now| validity.phase(now));
    assert_eq!(phases, [Phase::NotYet, Phase::Valid, Phase::Valid, Phase::Expired]);
    assert_eq!(validity.last_second(), 199);
    assert_eq!(Validity::new(100, 100), None);
}

#[test]
fn a_shop_without_a_code_is_never_mistaken_for_one_with() {
    let entropy = SeededEntropy::new(2);
    for _ in 0..100 {
        let shop = Subject::Uncoded(NoCode::new(&entropy));
        let text = shop.to_string();
        assert_eq!(text.parse(), Ok(shop));
        assert!(Uscc::parse(&text).is_err(), "{text}");
        assert_eq!(
            Permit::decode(&Permit { subject: shop, ..sample() }.encode()).unwrap().subject,
            shop
        );
    }
}

#[test]
fn a_site_code_keeps_community_and_number_apart() {
    let site = SiteCode::new(440_309_004_001, 12).unwrap();
    assert_eq!((site.community(), site.number()), (440_309_004_001, 12));
    assert_eq!(site.to_string(), "440309004001-0012");
    assert_eq!(SiteCode::new(1_000_000_000_000, 0), None);
    assert_eq!(SiteCode::new(0, 10_000), None);
}

#[test]
fn numbers_of_terms_are_never_shared() {
    assert!(Category::ALL.iter().all(|c| Category::from_number(c.number().into()) == Ok(*c)));
    assert!(Route::ALL.iter().all(|r| Route::from_number(r.number().into()) == Ok(*r)));
    assert!(PostKind::ALL.iter().all(|p| PostKind::from_number(p.number().into()) == Ok(*p)));
}

fn any_permit() -> impl Strategy<Value = Permit> {
    let subject = prop_oneof![
        "[0-9A-HJ-NPQRTUWXY]{17}".prop_map(|body| Subject::Coded(Uscc::complete(&body).unwrap())),
        any::<u64>().prop_map(|seed| Subject::Uncoded(NoCode::new(&SeededEntropy::new(seed)))),
    ];
    let mode = prop_oneof![
        Just(Mode::OnSite),
        any::<u32>().prop_map(|cap| Mode::Partial { cap }),
        Just(Mode::RemoteOnly),
    ];
    let approval = (
        proptest::sample::select(Route::ALL),
        proptest::collection::btree_set(proptest::sample::select(PostKind::ALL), 0..=4),
        any::<u32>(),
    )
        .prop_map(|(route, posts, rule_version)| Approval { route, posts, rule_version });
    let category = proptest::sample::select(Category::ALL);
    let times = (any::<u32>(), 1..u64::from(u32::MAX));
    (
        (subject, any::<[u8; 8]>(), times, "[\u{4e00}-\u{9fff}]{1,40}"),
        (any::<u64>(), category, any::<u32>(), mode, approval, any::<[u8; 16]>()),
    )
        .prop_map(|((subject, serial, (start, length), name), rest)| {
            let (site, category, status_index, mode, approval, evidence) = rest;
            let start = u64::from(start);
            Permit {
                subject,
                serial: Serial(serial),
                validity: Validity::new(start, start + length).unwrap(),
                name: Name::parse(&name).unwrap(),
                site: SiteCode(site),
                category,
                status_index,
                mode,
                approval,
                evidence,
            }
        })
}

proptest! {
    #[test]
    fn any_permit_is_read_back_and_fits(permit in any_permit()) {
        let payload = permit.encode();
        prop_assert_eq!(Permit::decode(&payload), Ok(permit));
        let key = SoftwareKey::from_seed(&[7; 32]);
        prop_assert!(envelope::seal(Kind::Permit, &key, &payload).is_ok());
    }

    #[test]
    fn accepted_claims_are_the_only_bytes_of_their_permit(
        at in 0..134_usize, byte: u8,
    ) {
        let mut payload = sample().encode();
        payload[at] = byte;
        if let Ok(permit) = Permit::decode(&payload) {
            prop_assert_eq!(permit.encode(), payload);
        }
    }
}
