use super::*;
use crate::claims::{Lineage, Validity};
use crate::permit::{Mode, SiteCode};
use crate::serial::{PassReference, Serial};

fn person() -> PersonRecord {
    PersonRecord {
        worker: "W-0042".to_owned(),
        name: "张某某".to_owned(),
        last_four: Some("123X".to_owned()),
        role: "缝制工".to_owned(),
        enterprise_id: "e17".to_owned(),
        enterprise: "云锦服饰".to_owned(),
        lineage: Lineage([7; 8]),
        not_before: Some(1_581_264_000),
        isolating_until: Some(1_582_000_000),
        reference: Some(PassReference([9; 8])),
        pass: Some(PassLink {
            serial: Serial([3; 8]),
            status_index: 70_000,
            key: KeyId([1, 2, 3, 4]),
        }),
        sites: vec![SiteCode(4403_0900_4001_0001)],
        left: true,
    }
}

fn settings() -> Settings {
    Settings {
        gate_name: "3 号门".to_owned(),
        sites: vec![SiteCode(4403_0900_4001_0001)],
        division: "440309004".to_owned(),
        division_name: "大浪街道".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        regime: "approval-2020-02".to_owned(),
        rule_version: 3,
        temperature: crate::temperature::Thresholds::USUAL,
        offline_grace_seconds: Settings::DEFAULT_OFFLINE_GRACE_SECONDS,
        capacity: Some(400),
        issuer_hosts: vec!["permits.example".to_owned()],
        guards: vec![Guard {
            id: "g1".to_owned(),
            name: "李某".to_owned(),
            role: GuardRole::ShiftLeader,
            pin_hash: "$argon2id$secret".to_owned(),
        }],
        offline_order: "断网时由带班人员登记。".to_owned(),
        sample: false,
    }
}

#[test]
fn a_person_is_read_back_with_everything_and_with_almost_nothing() {
    let full = person();
    assert_eq!(PersonRecord::from_bytes(full.key(), &full.to_bytes()), Ok(full.clone()));
    let bare = PersonRecord {
        last_four: None,
        not_before: None,
        isolating_until: None,
        reference: None,
        pass: None,
        sites: vec![],
        left: false,
        ..full.clone()
    };
    assert_eq!(PersonRecord::from_bytes(bare.key(), &bare.to_bytes()), Ok(bare.clone()));
    assert!(full.to_bytes().len() < 128, "{} bytes", full.to_bytes().len());
}

#[test]
fn a_permit_is_read_back_in_every_mode() {
    for mode in [Mode::OnSite, Mode::Partial { cap: 60 }, Mode::RemoteOnly] {
        let permit = PermitRecord {
            serial: Serial([5; 8]),
            enterprise_id: "e17".to_owned(),
            enterprise: "云锦服饰".to_owned(),
            lineage: Lineage([7; 8]),
            status_index: 731,
            key: KeyId([1, 2, 3, 4]),
            validity: Validity::new(10, 20).unwrap(),
            site: SiteCode(4403_0900_4001_0001),
            mode,
        };
        assert_eq!(PermitRecord::from_bytes(permit.key(), &permit.to_bytes()), Ok(permit));
    }
}

#[test]
fn a_record_may_gain_a_field_but_a_new_version_is_refused() {
    use crate::cbor::Value;
    use crate::permit::ClaimsError;
    let Value::Map(mut fields) = Value::decode(&person().to_bytes()).unwrap() else {
        panic!("a map")
    };
    fields.push((40_i64.into(), "new".into()));
    assert_eq!(
        PersonRecord::from_bytes(b"W-0042", &Value::Map(fields.clone()).encode()),
        Ok(person())
    );
    fields[0].1 = 2_u64.into();
    assert_eq!(
        PersonRecord::from_bytes(b"W-0042", &Value::Map(fields).encode()),
        Err(ClaimsError::UnknownVersion(2))
    );
}

#[test]
fn settings_are_read_back_and_checked() {
    let good = settings();
    assert_eq!(Settings::parse(&good.to_bytes().unwrap()), Ok(good.clone()));
    let refused = |spoil: &dyn Fn(&mut Settings)| {
        let mut settings = good.clone();
        spoil(&mut settings);
        Settings::parse(&serde_json::to_vec(&settings).unwrap()).unwrap_err()
    };
    assert_eq!(refused(&|s| s.sites.clear()), SettingsError::NoSite);
    assert_eq!(
        refused(&|s| s.time_zone = "Mars/Base".to_owned()),
        SettingsError::TimeZone("Mars/Base".to_owned())
    );
    assert_eq!(
        refused(&|s| s.guards.push(s.guards[0].clone())),
        SettingsError::DuplicateGuard("g1".to_owned())
    );
    assert!(matches!(Settings::parse(b"{}"), Err(SettingsError::Malformed(_))));
    let mut json = serde_json::to_value(&good).unwrap();
    json["temperature"]["low_below"] = 373.into();
    assert!(matches!(
        Settings::parse(json.to_string().as_bytes()),
        Err(SettingsError::Malformed(_))
    ));
}

#[test]
fn a_pin_hash_never_reaches_a_log() {
    assert!(!format!("{:?}", settings()).contains("argon2"));
}

#[test]
fn parts_have_one_name_each() {
    for name in ["trust", "settings", "roster", "register", "status/0a1b2c3d"] {
        assert_eq!(name.parse::<PartName>().unwrap().to_string(), name);
    }
    for wrong in [
        "",
        "Trust",
        "status",
        "status/",
        "status/0A1B2C3D",
        "status/0a1b2c3",
        "status/0a1b2c3d/..",
        "../roster",
    ] {
        assert_eq!(wrong.parse::<PartName>(), Err(UnknownPart), "{wrong:?}");
    }
}

#[test]
fn only_record_sets_are_asked_for_as_deltas() {
    let roster = part_path(PartName::Roster, &[0xab; 32], Some(&[0xcd; 32]));
    assert_eq!(
        roster,
        format!("/api/gate/parts/roster/{}?from={}", "ab".repeat(32), "cd".repeat(32))
    );
    assert!(!part_path(PartName::Trust, &[0xab; 32], Some(&[0xcd; 32])).contains('?'));
}

#[test]
fn an_enrolment_text_is_read_back_and_other_texts_are_not_taken_for_one() {
    let enrolment = Enrolment {
        issuer: "https://permits.example:8443".to_owned(),
        code: "7K2M44Q9DX01C7R".to_owned(),
        root: Fingerprint([0xab; 32]),
    };
    assert_eq!(enrolment.to_string().parse(), Ok(enrolment.clone()));
    assert_eq!(
        format!(" {}/ x {} ", "FGE1 https://a", enrolment.root)
            .parse::<Enrolment>()
            .unwrap()
            .issuer,
        "https://a"
    );
    for wrong in ["", "FGE1 a b c", "FG1:123", "FGE1 ftp://a b c"] {
        assert_eq!(wrong.parse::<Enrolment>(), Err(NotAnEnrolment), "{wrong:?}");
    }
}

#[test]
fn bodies_have_the_agreed_json() {
    let head = JournalHead { next_seq: 7, head: Hex([0xee; 32]) };
    let json = serde_json::to_value(head).unwrap();
    assert_eq!(json, serde_json::json!({ "next_seq": 7, "head": "ee".repeat(32) }));
    assert_eq!(serde_json::from_value::<JournalHead>(json).unwrap(), head);
    assert!(serde_json::from_str::<Hex<2>>("\"abc\"").is_err());
    assert!(serde_json::from_str::<Hex<2>>("\"ABCD\"").is_err());
    assert_eq!(serde_json::to_value(GateState::Waiting).unwrap(), "waiting");
    let problem: GateProblem =
        serde_json::from_str("{\"type\":\"x\",\"status\":410,\"code\":\"gate_cut_off\"}").unwrap();
    assert_eq!(problem.code, problem::GATE_CUT_OFF);
}
