//! Every verdict that follows from bytes, with the way there that each is about.

use fugong_common::base64url;
use fugong_common::cbor::Value;
use fugong_common::digits;
use fugong_common::keys::{Kind, SoftwareKey};
use fugong_common::pass::Pass;
use fugong_common::person::Name;
use fugong_common::permit::{Mode, Permit, SiteCode};
use fugong_common::serial::{PassReference, Serial};
use fugong_common::verdict::Verdict::{self, *};

use super::file::{Case, Gate};
use super::world::*;

/// At a gate of the permit's site, in the usual world; the methods change one thing each.
fn case(verdict: Verdict, name: &str, text: String) -> Case {
    Case {
        name: name.to_owned(),
        text,
        now: T,
        clock_trusted: true,
        elapsed_seconds: 0,
        gate: Some(Gate { sites: vec![SITE], offline_grace_seconds: 7 * DAY }),
        trust: Some("usual".to_owned()),
        status_lists: vec!["permits".to_owned(), "passes".to_owned()],
        register: Some("usual".to_owned()),
        roster: Some("usual".to_owned()),
        verdict,
    }
}

impl Case {
    fn at(self, now: u64) -> Self {
        Self { now, ..self }
    }

    fn in_public(self) -> Self {
        Self { gate: None, register: None, roster: None, ..self }
    }

    fn uncertain(self) -> Self {
        Self { clock_trusted: false, ..self }
    }

    fn running(self, elapsed_seconds: u64) -> Self {
        Self { elapsed_seconds, ..self }
    }

    fn trusting(self, list: &str) -> Self {
        Self { trust: Some(list.to_owned()), ..self }
    }

    fn trusting_nobody(self) -> Self {
        Self { trust: None, ..self }
    }

    fn with_lists(self, names: &[&str]) -> Self {
        Self { status_lists: names.iter().map(|name| (*name).to_owned()).collect(), ..self }
    }

    fn registered(self, name: &str) -> Self {
        Self { register: Some(name.to_owned()), ..self }
    }
}

pub fn all() -> Vec<Case> {
    [places(), texts(), envelopes(), signatures(), keys(), claims(), states(), ages(), passes()]
        .into_iter()
        .flatten()
        .collect()
}

fn with_mode(mode: Mode) -> Permit {
    Permit { mode, ..permit() }
}

fn with_term(not_before: u64, expires: u64) -> Permit {
    Permit { validity: between(not_before, expires), ..permit() }
}

fn with_index(status_index: u32) -> Permit {
    Permit { status_index, ..permit() }
}

/// Where and when it is judged, and what the permit itself says of that.
fn places() -> Vec<Case> {
    let (start, end) = (T - DAY, T + 20 * DAY);
    let fresh = &["permits, just before the end"];
    let elsewhere = Permit { site: OTHER_SITE, ..permit() };
    vec![
        case(Valid, "a permit at its gate", placard(&permit())),
        case(Valid, "a permit in public", placard(&permit())).in_public(),
        case(Valid, "at most sixty people, at a gate", placard(&with_mode(Mode::Partial { cap: 60 }))),
        case(Valid, "at most sixty people, in public", placard(&with_mode(Mode::Partial { cap: 60 }))).in_public(),
        case(RemoteOnly, "remote only, at a gate", placard(&with_mode(Mode::RemoteOnly))),
        case(RemoteOnly, "remote only, in public", placard(&with_mode(Mode::RemoteOnly))).in_public(),
        case(WrongSite, "another site's permit", placard(&elsewhere)),
        case(Valid, "another site's permit, in public", placard(&elsewhere)).in_public(),
        case(NotYet, "a second before it begins", placard(&with_term(T + 1, end))),
        case(Valid, "the second in which it begins", placard(&with_term(T, end))),
        case(Valid, "its last second", placard(&permit())).at(end - 1).with_lists(fresh),
        case(Expired, "the second in which it ends", placard(&permit())).at(end).with_lists(fresh),
        case(Expired, "ended, at another gate", placard(&Permit { validity: between(start, T), ..elsewhere })),
        case(ClockUncertain, "nobody knows the time", placard(&permit())).uncertain(),
        case(ClockUncertain, "ended, but nobody knows the time", placard(&with_term(start, T))).uncertain(),
        case(Suspended, "suspended, though nobody knows the time", placard(&with_index(SUSPENDED))).uncertain(),
    ]
}

/// The text in the code.
fn texts() -> Vec<Case> {
    let bytes = token(&permit());
    let numbers = digits::encode(&bytes);
    let cut = &numbers[..numbers.len() - 1];
    let body = base64url::encode(&bytes);
    let other_cwt = made(&Value::map([(1, Value::from(-7_i64)), (4, [5; 8].into())]).encode(), Value::Map(vec![]), &[0xa0], &stranger());
    vec![
        case(Valid, "the digits alone", numbers.clone()),
        case(Valid, "base64url alone", body.clone()),
        case(Valid, "base64url in the link", format!("https://{HOST}/v/{body}")),
        case(Valid, "a scanner with Caps Lock", format!("https://{HOST}/v/{numbers}").to_uppercase()),
        case(Valid, "white space around", format!(" {}\r\n", placard(&permit()))),
        case(Valid, "an official host with a port", url_under("permits.example:8443", &bytes)),
        case(Valid, "a permit behind the prefix of passes", format!("FG1:{numbers}")),
        case(ForeignLink, "another host", url_under("permits.evil.example", &bytes)),
        case(ForeignLink, "another port", url_under("permits.example:8444", &bytes)),
        case(ForeignLink, "a query behind it", format!("https://{HOST}/v/{numbers}?from=chat")),
        case(ForeignLink, "a slash behind it", format!("https://{HOST}/v/{numbers}/")),
        case(ForeignLink, "another path", format!("https://{HOST}/x/{numbers}")),
        case(ForeignLink, "the host as a user's name", format!("https://{HOST}@evil.example/v/{numbers}")),
        case(ForeignLink, "plain HTTP", format!("http://{HOST}/v/{numbers}")),
        case(ForeignLink, "a capital in the host", format!("https://Permits.example/v/{numbers}")),
        case(ForeignLink, "revoked, under another host", url_under("evil.example", &token(&with_index(REVOKED)))),
        case(Forged, "one digit lost", format!("https://{HOST}/v/{cut}")),
        case(Forged, "no token in the link", format!("https://{HOST}/v/")),
        case(Forged, "a pass cut short", format!("FG1:{cut}")),
        case(Forged, "a word for a token", format!("https://{HOST}/v/hello")),
        case(NotPermit, "one digit lost under another host", format!("https://evil.example/v/{cut}")),
        case(NotPermit, "somebody else's link of our form", "https://video.example/v/dQw4w9WgXcQ".to_owned()),
        case(NotPermit, "somebody else's web token in a link of our form", format!("https://health.example/v/{}", digits::encode(&other_cwt))),
        case(Forged, "somebody else's web token under our host", format!("https://{HOST}/v/{}", digits::encode(&other_cwt))),
        case(NotPermit, "somebody else's web token in an odd link", format!("https://{HOST}/x?c={}", base64url::encode(&other_cwt))),
        case(NotPermit, "a poster", "https://www.example/policy".to_owned()),
        case(NotPermit, "today's status code", format!("FGS:{}", digits::encode(&status_claims(&permit_key()).seal(&status_key()).unwrap()))),
        case(Conditional, "a check number in the register", permit().serial.to_string()),
        case(Conditional, "a check number as people type it", permit().serial.to_string().to_lowercase().replace('-', " ").replace('0', "o")),
        case(NotPermit, "a check number that nobody has", Serial([8; 8]).to_string()),
        case(NotPermit, "a check number with a wrong character", permit().serial.to_string().replace("FG-0", "FG-1")),
        case(UnknownKey, "no trust list yet", placard(&permit())).trusting_nobody(),
        case(Forged, "a damaged link, and no trust list to know the host", "https://video.example/v/hello".to_owned()).trusting_nobody(),
    ]
}

/// The envelope's form. All of them carry a signature that fits what it covers.
fn envelopes() -> Vec<Case> {
    let (key, payload) = (permit_key(), permit().encode());
    let good = token(&permit());
    let protected = header(&key);
    let id = || Value::from(protected[5..].to_vec());
    let plain = || Value::Map(vec![]);
    let headers = |entries: Vec<(i64, Value)>| {
        Value::Map(entries.into_iter().map(|(label, value)| (label.into(), value)).collect()).encode()
    };
    let algorithm = |number: i64| (1, Value::from(number));
    let with = |protected: &[u8]| url(&made(protected, plain(), &payload, &key));
    let duplicate = [&[0xa3, 0x01, 0x32, 0x01, 0x32], &protected[3..]].concat();
    let unsorted = [&[0xa2], &protected[3..], &[0x01, 0x32]].concat();
    let long_label = [&[0xa2, 0x18, 0x01, 0x32], &protected[3..]].concat();
    // 58 vv: the payload's head; 59 00 vv says the same in one byte more.
    let at = 2 + 1 + protected.len() + 1;
    assert_eq!(good[at], 0x58);
    let long_head = [&good[..at], &[0x59, 0], &good[at + 1..]].concat();
    let endless = [&[0xd2, 0x9f], &good[2..], &[0xff]].concat();
    let long_tag = [&[0xd8, 0x12], &good[1..]].concat();
    let turned = |at: usize, bit: u8| {
        let mut token = good.clone();
        token[at] ^= bit;
        url(&token)
    };
    let signature = good[good.len() - 64..].to_vec();
    let bulky = Permit { name: Name::parse(&"长".repeat(40)).unwrap(), ..permit() };
    let too_long = spoiled(&bulky.encode(), true, 9, Some(Value::Bytes(vec![0; 300])));
    vec![
        case(Valid, "made by hand as it should be", with(&protected)),
        case(Forged, "a bit of the payload changed", turned(40, 1)),
        case(Forged, "a bit of the signature's first half changed", turned(good.len() - 64, 1)),
        case(Forged, "the signature's last bit changed", turned(good.len() - 1, 0x80)),
        case(UnknownKey, "a bit of the key id changed", turned(9, 1)),
        case(Forged, "a byte behind it", url(&[&good[..], &[0]].concat())),
        case(Forged, "its last byte missing", url(&good[..good.len() - 1])),
        case(Forged, "no tag", url(&good[1..])),
        case(Forged, "the tag of web tokens around it", url(&[&[0xd8, 61], &good[..]].concat())),
        case(Forged, "the tag of another message", url(&[&[0xd8, 98], &good[1..]].concat())),
        case(Forged, "the tag in a longer form", url(&long_tag)),
        case(Forged, "an array of indefinite length", url(&endless)),
        case(Forged, "a length in a longer form", url(&long_head)),
        case(Forged, "no payload", url(&assembled(&protected, plain(), Value::Null, &signature))),
        case(Forged, "a signature of 63 bytes", url(&assembled(&protected, plain(), payload.clone().into(), &signature[1..]))),
        case(Forged, "the older number of the algorithm", with(&headers(vec![algorithm(-8), (4, id())]))),
        case(Forged, "another algorithm", with(&headers(vec![algorithm(-7), (4, id())]))),
        case(Forged, "no algorithm", with(&headers(vec![(4, id())]))),
        case(Forged, "no key id", with(&headers(vec![algorithm(-19)]))),
        case(Forged, "a header field more", with(&headers(vec![algorithm(-19), (4, id()), (3, 60_u64.into())]))),
        case(Forged, "the type of status lists", with(&headers(vec![algorithm(-19), (4, id()), (16, "application/statuslist+cwt".into())]))),
        case(Forged, "an empty protected header", url(&made(&[], Value::decode(&protected).unwrap(), &payload, &key))),
        case(Forged, "an unprotected field", url(&made(&protected, Value::map([(3, 60_u64.into())]), &payload, &key))),
        case(Forged, "one header field twice", with(&duplicate)),
        case(Forged, "header fields out of order", with(&unsorted)),
        case(Forged, "a header label in a longer form", with(&long_label)),
        case(Forged, "longer than 512 bytes", url(&made(&protected, plain(), &too_long, &key))),
    ]
}

/// Who signed, and as what.
fn signatures() -> Vec<Case> {
    let payload = permit().encode();
    let as_kind = |kind, key: &SoftwareKey| url(&sealed(kind, key, &payload));
    let mut posing = sealed(Kind::Permit, &stranger(), &payload);
    posing[8..12].copy_from_slice(&header(&permit_key())[5..9]);
    let mut cases = vec![
        case(UnknownKey, "a key on no list", as_kind(Kind::Permit, &stranger())),
        case(Forged, "a key on no list under a listed key's id", url(&posing)),
        case(Forged, "S beyond the group's order", url(&with_large_s(&token(&permit())))),
        case(Forged, "R of small order, S made to fit", url(&with_small_r(&permit(), 2))),
        case(KeyNotEntitled, "a permit by the status key", as_kind(Kind::Permit, &status_key())),
        case(KeyNotEntitled, "a permit by the manifest key", as_kind(Kind::Permit, &manifest_key())),
        case(KeyNotEntitled, "a pass by the manifest key", as_kind(Kind::Pass, &manifest_key())),
        case(Forged, "a permit by the pass key", as_kind(Kind::Permit, &pass_key())),
        case(UpdateGate, "a permit's claims signed as a pass", as_kind(Kind::Pass, &pass_key())),
        case(UnknownKey, "a permit by the root itself", as_kind(Kind::Permit, &root())),
    ];
    for (kind, name) in [
        (Kind::Pass, "pass"),
        (Kind::Trust, "trust list"),
        (Kind::Manifest, "manifest"),
        (Kind::Device, "device claim"),
        (Kind::Journal, "journal batch"),
        (Kind::Certificate, "certificate"),
        (Kind::Report, "report"),
    ] {
        let name = format!("signed by the permit key as a {name}");
        cases.push(case(Forged, &name, as_kind(kind, &permit_key())));
    }
    cases
}

/// What the trust list says of the key.
fn keys() -> Vec<Case> {
    let far = Permit { site: SiteCode(3_706_020_010_010_001), ..permit() };
    let last_site = Permit { site: SiteCode(DISTRICT.1), ..permit() };
    vec![
        case(KeyWithdrawn, "the key was withdrawn", placard(&permit())).trusting("permit key withdrawn"),
        case(KeyWithdrawn, "the second in which the key is withdrawn", placard(&permit())).trusting("permit key withdrawn at T"),
        case(Valid, "a second before the key is withdrawn", placard(&permit())).trusting("permit key withdrawn at T").at(T - 1),
        case(KeyWithdrawn, "revoked, and the key withdrawn", placard(&with_index(REVOKED))).trusting("permit key withdrawn"),
        case(KeyNotEntitled, "a site outside the key's scope", placard(&far)),
        case(WrongSite, "the last site of the key's scope, at another gate", placard(&last_site)),
        case(Valid, "the last site of the key's scope, in public", placard(&last_site)).in_public(),
        case(KeyNotEntitled, "begins a second before the key", placard(&with_term(KEY_NBF - 1, T + DAY))),
        case(Valid, "begins with the key", placard(&with_term(KEY_NBF, T + DAY))),
        case(NotYet, "begins at sign_until", placard(&with_term(SIGN_UNTIL, KEY_EXP))),
        case(KeyNotEntitled, "begins a second after sign_until", placard(&with_term(SIGN_UNTIL + 1, KEY_EXP))),
        case(Valid, "ends with the key", placard(&with_term(T, KEY_EXP))),
        case(KeyNotEntitled, "ends a second after the key", placard(&with_term(T, KEY_EXP + 1))),
        case(Expired, "the key has ended too", placard(&with_term(T, KEY_EXP))).at(KEY_EXP),
    ]
}

/// Claims under a good signature that this version does not read: an update is asked for.
fn claims() -> Vec<Case> {
    let good = permit().encode();
    let signed = |payload: &[u8]| url(&sealed(Kind::Permit, &permit_key(), payload));
    let outer = |key, value| signed(&spoiled(&good, false, key, value));
    let inner = |key, value| signed(&spoiled(&good, true, key, value));
    let text = |text: &str| Some(Value::from(text));
    let list = |items: Vec<u64>| Some(Value::Array(items.into_iter().map(Into::into).collect()));
    // 04 1a vvvvvvvv: exp; 1b holds it in eight bytes.
    let at = good.windows(2).position(|pair| pair == [0x04, 0x1a]).unwrap() + 1;
    let long_number = [&good[..at], &[0x1b, 0, 0, 0, 0], &good[at + 1..]].concat();
    let twice = [&[0xa6], &good[1..at - 1], &good[at - 1..at + 5], &good[at - 1..]].concat();
    vec![
        case(UpdateGate, "version 2", inner(0, Some(2_u64.into()))),
        case(UpdateGate, "version 2 with another shape", signed(&Value::map([(-65537, Value::map([(0, 2_u64.into())]))]).encode())),
        case(UpdateGate, "no version", inner(0, None)),
        case(UpdateGate, "an unknown claim", outer(99, Some(1_u64.into()))),
        case(UpdateGate, "an unknown claim in the container", inner(8, Some(1_u64.into()))),
        case(UpdateGate, "a claim missing", outer(7, None)),
        case(UpdateGate, "a claim of the container missing", inner(7, None)),
        case(UpdateGate, "an unknown category", inner(3, Some(4_u64.into()))),
        case(UpdateGate, "an unknown mode", inner(5, list(vec![3]))),
        case(UpdateGate, "a cap without a number", inner(5, list(vec![1]))),
        case(UpdateGate, "an unknown route", inner(6, list(vec![5, 3, 3]))),
        case(UpdateGate, "an unknown post", inner(6, list(vec![0, 16, 3]))),
        case(UpdateGate, "a status index of 33 bits", inner(4, Some((1_u64 << 32).into()))),
        case(UpdateGate, "a name with a character that turns its direction", inner(1, text("云锦\u{202e}服饰"))),
        case(UpdateGate, "a name with a space behind it", inner(1, text("云锦服饰 "))),
        case(UpdateGate, "a name of 123 bytes", inner(1, text(&"长".repeat(41)))),
        case(UpdateGate, "a credit code with a wrong check", outer(2, text("91350100M000100Y44"))),
        case(Valid, "a shop without a credit code", outer(2, text("NOCODE-0123456789"))),
        case(UpdateGate, "a shop's stand-in with a letter that is none", outer(2, text("NOCODE-012345678U"))),
        case(UpdateGate, "ends before it begins", outer(4, Some((T - 2 * DAY).into()))),
        case(UpdateGate, "a serial of 9 bytes", outer(7, Some(Value::Bytes(vec![1; 9])))),
        case(UpdateGate, "a number in a longer form", signed(&long_number)),
        case(UpdateGate, "one claim twice", signed(&twice)),
        case(UpdateGate, "a byte behind the claims", signed(&[&good[..], &[0]].concat())),
        case(UpdateGate, "no claims at all", signed(&[])),
        case(ForeignLink, "version 2 under another host", url_under("evil.example", &sealed(Kind::Permit, &permit_key(), &spoiled(&good, true, 0, Some(2_u64.into()))))),
    ]
}

/// What the status list says.
fn states() -> Vec<Case> {
    let elsewhere = Permit { site: OTHER_SITE, ..with_index(REVOKED) };
    vec![
        case(Revoked, "revoked", placard(&with_index(REVOKED))),
        case(Suspended, "suspended", placard(&with_index(SUSPENDED))),
        case(Superseded, "replaced", placard(&with_index(SUPERSEDED))),
        case(Suspended, "suspended, in public", placard(&with_index(SUSPENDED))).in_public(),
        case(Revoked, "revoked and another site's", placard(&elsewhere)),
        case(Revoked, "revoked and remote only", placard(&Permit { mode: Mode::RemoteOnly, ..with_index(REVOKED) })),
        case(Revoked, "revoked and ended", placard(&Permit { validity: between(T - DAY, T), ..with_index(REVOKED) })),
        case(Suspended, "suspended in a list that is too old", placard(&with_index(SUSPENDED))).at(T + 15 * DAY),
        case(Suspended, "suspended, by its number", permit().serial.to_string()).registered("suspended"),
        case(Valid, "the last index of the list", placard(&with_index(ENTRIES - 1))),
        case(Stale, "an index behind the list's end", placard(&with_index(ENTRIES))),
        case(Stale, "the greatest index", placard(&with_index(u32::MAX))),
        case(Stale, "no status list", placard(&permit())).with_lists(&["passes"]),
        case(Stale, "a status list with a bad signature", placard(&permit())).with_lists(&["permits, a bit changed"]),
        case(Stale, "a status list by a key of a narrower scope", placard(&permit())).with_lists(&["permits, by a key for less"]),
        case(Stale, "a status list by a withdrawn key", placard(&permit())).trusting("status key withdrawn"),
        case(Stale, "the status list of another key", placard(&permit())).with_lists(&["permits, naming another list"]),
    ]
}

/// How old what is known may be.
fn ages() -> Vec<Case> {
    let (iat, grace) = (T - 60, 7 * DAY);
    let text = || placard(&permit());
    vec![
        case(Valid, "as old as its ttl", text()).at(iat + 300),
        case(Valid, "a second older than its ttl", text()).at(iat + 301),
        case(Valid, "as old as its life", text()).at(iat + HOURS_72),
        case(Conditional, "a second older than its life, at a gate", text()).at(iat + HOURS_72 + 1),
        case(Stale, "a second older than its life, in public", text()).at(iat + HOURS_72 + 1).in_public(),
        case(Conditional, "as old as the grace", text()).at(iat + grace),
        case(Stale, "a second older than the grace", text()).at(iat + grace + 1),
        case(Valid, "a wall clock before the list, and nothing counted", text()).at(iat - 1),
        case(Conditional, "a wall clock set back, but the machine has counted", text()).running(HOURS_72 + 1),
        case(Stale, "a wall clock set back, and the machine has counted beyond the grace", text()).running(grace + 1),
        case(Conditional, "an old list, by its number", permit().serial.to_string()).at(iat + HOURS_72 + 1),
        case(Valid, "the last second of the trust list", text()).trusting("short").at(T + 2 * DAY - 1),
        case(Stale, "the trust list is over", text()).trusting("short").at(T + 2 * DAY),
        case(RemoteOnly, "remote only, with a list that is too old", placard(&with_mode(Mode::RemoteOnly))).at(T + 15 * DAY),
    ]
}

/// Worker passes, and the permit behind them.
fn passes() -> Vec<Case> {
    let with_index = |status_index| pass_code(&Pass { status_index, ..pass() });
    let at_sites = |sites: &[SiteCode]| pass_code(&Pass { sites: sites.iter().copied().collect(), ..pass() });
    let signed = |payload: &[u8]| format!("FG1:{}", digits::encode(&sealed(Kind::Pass, &pass_key(), payload)));
    let sites = |sites: Vec<u64>| Some(Value::Array(sites.into_iter().map(Into::into).collect()));
    let number = |reference: u8| PassReference([reference; 8]).to_string();
    vec![
        case(Valid, "a pass at its gate", pass_code(&pass())),
        case(Valid, "a pass as a placard's link", url(&sealed(Kind::Pass, &pass_key(), &pass().encode()))),
        case(PassLost, "a pass that was revoked", with_index(REVOKED)),
        case(PassLost, "a pass that was suspended", with_index(SUSPENDED)),
        case(PassLost, "a pass that was replaced", with_index(SUPERSEDED)),
        case(Stale, "a pass behind the list's end", with_index(ENTRIES)),
        case(Stale, "a pass without its list", pass_code(&pass())).with_lists(&["permits"]),
        case(Stale, "a pass without its permit's list", pass_code(&pass())).with_lists(&["passes"]),
        case(WrongSite, "a pass for another site", at_sites(&[OTHER_SITE])),
        case(Valid, "a pass for two sites", at_sites(&[SITE, OTHER_SITE])),
        case(Valid, "a pass for every site of its permit", at_sites(&[])),
        case(KeyNotEntitled, "a pass for a site outside the key's scope", at_sites(&[SITE, SiteCode(1)])),
        case(WrongSite, "a pass whose enterprise has no permit here", pass_code(&pass())).registered("empty"),
        case(Suspended, "a pass whose permit is suspended", pass_code(&pass())).registered("suspended"),
        case(RemoteOnly, "a pass whose permit is for remote work", pass_code(&pass())).registered("remote"),
        case(Valid, "a pass with an ended and a valid permit behind it", pass_code(&pass())).registered("renewed"),
        case(Expired, "a pass that has ended", pass_code(&Pass { validity: between(T - DAY, T), ..pass() })),
        case(Forged, "a pass signed as a permit", format!("FG1:{}", digits::encode(&sealed(Kind::Permit, &pass_key(), &pass().encode())))),
        case(UpdateGate, "a pass of version 2", signed(&spoiled(&pass().encode(), true, 0, Some(2_u64.into())))),
        case(UpdateGate, "a pass with sites out of order", signed(&spoiled(&pass().encode(), true, 5, sites(vec![OTHER_SITE.0, SITE.0])))),
        case(UpdateGate, "a pass with one site twice", signed(&spoiled(&pass().encode(), true, 5, sites(vec![SITE.0, SITE.0])))),
        case(UpdateGate, "a pass with a worker number in small letters", signed(&spoiled(&pass().encode(), false, 2, Some("w-1".into())))),
        case(Valid, "a pass reference", number(9)),
        case(PassLost, "a pass reference whose pass is revoked", number(10)),
        case(PassLost, "a pass reference without a pass in force", number(11)),
        case(NotOnRoster, "a pass reference that nobody has", number(12)),
        case(Expired, "a pass reference when its key has ended", number(9)).at(KEY_EXP),
    ]
}
