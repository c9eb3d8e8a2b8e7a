//! An enrolled gate on disk with everything its issuer would have sent: keys, lists, roster,
//! register, settings, all really signed. For journeys, and for looking at the pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use argon2::Argon2;
use argon2::PasswordHasher as _;
use fugong_common::claims::{Lineage, Validity};
use fugong_common::envelope;
use fugong_common::keys::{Kind, Role, Signer, SoftwareKey};
use fugong_common::manifest::Manifest;
use fugong_common::pass::{Pass, WorkerNumber};
use fugong_common::permit::{
    Approval, Category, Mode, NoCode, Permit, PostKind, Route, SiteCode, Subject,
};
use fugong_common::person::Name;
use fugong_common::placard::{Origin, pass_text, placard_url};
use fugong_common::records::RecordSet;
use fugong_common::serial::Serial;
use fugong_common::status::{Status, StatusClaims, StatusList};
use fugong_common::temperature::Thresholds;
use fugong_common::time::Millis;
use fugong_common::trust::{TrustChain, TrustLink, TrustList, TrustedKey};
use fugong_common::wire::{
    Guard, GuardRole, PartName, PassLink, PermitRecord, PersonRecord, Settings,
};
use fugong_verifier::store::{Store, save_device_key};
use sha2::{Digest, Sha256};

const SITE: SiteCode = SiteCode(3_706_020_010_010_001);
const OTHER_SITE: SiteCode = SiteCode(3_706_020_010_010_002);
const LINEAGE: Lineage = Lineage([6; 8]);
const URI: &str = "https://permits.example/status";
const AUDIENCE: &str = "https://permits.example/gates/g1";

/// PIN of every guard in the town.
pub const PIN: &str = "472913";

/// What people show at the gate.
#[derive(Clone, Debug)]
pub struct Town {
    /// Texts of worker passes, one for each of the people.
    pub passes: Vec<String>,
    /// The enterprise's placard.
    pub placard: String,
    pub suspended: String,
    pub elsewhere: String,
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn guard(id: &str, name: &str, role: GuardRole) -> Guard {
    let salt = [7_u8; 16];
    let hash = Argon2::default().hash_password_with_salt(PIN.as_bytes(), &salt).unwrap();
    Guard { id: id.to_owned(), name: name.to_owned(), role, pin_hash: hash.to_string() }
}

fn permit(serial: u8, site: SiteCode, index: u32, validity: Validity) -> Permit {
    Permit {
        subject: Subject::Uncoded(NoCode::new(&fugong_common::entropy::SeededEntropy::new(3))),
        serial: Serial([serial; 8]),
        validity,
        name: name("云锦服饰（示例）"),
        site,
        category: Category::Ordinary,
        status_index: index,
        mode: Mode::Partial { cap: 400 },
        approval: Approval {
            route: Route::TriParty,
            posts: BTreeSet::from([PostKind::ALL[0]]),
            rule_version: 1,
        },
        evidence: [9; 16],
    }
}

/// Writes a gate into `dir` as it stands after its first pull at `now`.
pub async fn seed(dir: &Path, now: Millis) -> Town {
    let (root, permits, passes, states, manifests) = (key(1), key(2), key(3), key(4), key(5));
    let (iat, exp) = (now.plus_minutes(-5).seconds(), now.plus_days(30).seconds());
    let list = trust_list(&root, [&permits, &passes, &states, &manifests], now);
    let chain = TrustChain::default().with(TrustLink::sign(&list, &root).unwrap()).unwrap();

    let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    parts.insert(PartName::Trust.to_string(), chain.to_bytes());
    for (key, uri, suspended) in [(&permits, "permits", Some(1)), (&passes, "passes", None)] {
        let mut list = StatusList::new(64);
        if let Some(index) = suspended {
            list.set(index, Status::Suspended).unwrap();
        }
        let claims = StatusClaims { uri: format!("{URI}/{uri}"), iat, exp, ttl: 300, seq: 1, list };
        parts.insert(PartName::Status(key.key_id()).to_string(), claims.seal(&states).unwrap());
    }

    let validity = Validity::new(now.plus_days(-10).seconds(), exp).unwrap();
    let (register, placards) = register(&permits, validity);
    let (roster, texts) = roster(&passes, validity);
    parts.insert(PartName::Roster.to_string(), roster.to_bytes());
    parts.insert(PartName::Register.to_string(), register.to_bytes());
    parts.insert(PartName::Settings.to_string(), settings().to_bytes().unwrap());

    let digests = parts.iter().map(|(name, bytes)| (name.clone(), Sha256::digest(bytes).into()));
    let manifest = Manifest {
        audience: AUDIENCE.to_owned(),
        seq: 1,
        iat,
        exp,
        parts: digests.collect(),
        audit_head: [0; 32],
    };
    let manifest = manifest.seal(&manifests).unwrap();
    write(dir, now, &root, &manifest, &parts).await;
    let mut placards = placards.into_iter();
    Town {
        passes: texts,
        placard: placards.next().unwrap(),
        suspended: placards.next().unwrap(),
        elsewhere: placards.next().unwrap(),
    }
}

fn trust_list(root: &SoftwareKey, keys: [&SoftwareKey; 4], now: Millis) -> TrustList {
    let [permits, passes, states, manifests] = keys;
    let trusted = |key: &SoftwareKey, role: Role, list: Option<&str>| TrustedKey {
        public: key.public_key(),
        role,
        nbf: now.plus_days(-30).seconds(),
        sign_until: now.plus_days(60).seconds(),
        exp: now.plus_days(90).seconds(),
        revoked: None,
        scope: vec![(0, u64::MAX >> 1)],
        list_uri: list.map(|name| format!("{URI}/{name}")),
    };
    let mut keys = vec![
        trusted(permits, Role::Permit, Some("permits")),
        trusted(passes, Role::Pass, Some("passes")),
        trusted(states, Role::Status, None),
        trusted(manifests, Role::Manifest, None),
    ];
    keys.sort_by_key(TrustedKey::id);
    TrustList {
        version: 1,
        iat: now.plus_minutes(-5).seconds(),
        exp: now.plus_days(60).seconds(),
        hosts: vec!["permits.example".to_owned()],
        keys,
        root: root.public_key(),
        root_number: 1,
        previous_root: None,
        demo: false,
    }
}

/// The site's permits, of which one stands in the register, and their placards.
fn register(permits: &SoftwareKey, validity: Validity) -> (RecordSet, Vec<String>) {
    let mut register = RecordSet::new();
    let mut placards = Vec::new();
    let origin = Origin::parse("https://permits.example").unwrap();
    for (serial, site, index) in [(11, SITE, 0), (12, SITE, 1), (13, OTHER_SITE, 2)] {
        let permit = permit(serial, site, index, validity);
        let token = envelope::seal(Kind::Permit, permits, &permit.encode()).unwrap();
        placards.push(placard_url(&origin, &token));
        let record = PermitRecord {
            serial: permit.serial,
            enterprise_id: "e1".to_owned(),
            enterprise: "云锦服饰（示例）".to_owned(),
            lineage: LINEAGE,
            status_index: index,
            key: permits.key_id(),
            validity,
            site,
            mode: permit.mode,
        };
        if site == SITE && index == 0 {
            register.put(record.key(), record.to_bytes());
        }
    }
    (register, placards)
}

/// Five people of the enterprise, and the texts of their passes.
fn roster(passes: &SoftwareKey, validity: Validity) -> (RecordSet, Vec<String>) {
    let mut roster = RecordSet::new();
    let mut texts = Vec::new();
    for (index, worker) in ["张晓梅", "李强", "王秀英", "陈国栋", "周敏"].into_iter().enumerate()
    {
        let index = u32::try_from(index).unwrap();
        let number = WorkerNumber::parse(&format!("W-{:04}", 113 + index)).unwrap();
        let pass = Pass {
            worker: number.clone(),
            serial: Serial([u8::try_from(40 + index).unwrap(); 8]),
            validity,
            name: name(worker),
            role: name("缝制工"),
            status_index: index,
            lineage: LINEAGE,
            sites: BTreeSet::from([SITE]),
        };
        texts.push(pass_text(&envelope::seal(Kind::Pass, passes, &pass.encode()).unwrap()));
        let record = PersonRecord {
            worker: number.as_str().to_owned(),
            name: worker.to_owned(),
            last_four: Some(format!("{}", 2147 + index)),
            role: "缝制工".to_owned(),
            enterprise_id: "e1".to_owned(),
            enterprise: "云锦服饰（示例）".to_owned(),
            lineage: LINEAGE,
            not_before: None,
            isolating_until: None,
            reference: None,
            pass: Some(PassLink { serial: pass.serial, status_index: index, key: passes.key_id() }),
            sites: vec![SITE],
            left: false,
        };
        roster.put(record.key(), record.to_bytes());
    }
    (roster, texts)
}

fn settings() -> Settings {
    Settings {
        gate_name: "3 号门".to_owned(),
        sites: vec![SITE],
        division: "370602".to_owned(),
        division_name: "芝罘区（示例）".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        regime: "approval".to_owned(),
        rule_version: 1,
        temperature: Thresholds::USUAL,
        offline_grace_seconds: Settings::DEFAULT_OFFLINE_GRACE_SECONDS,
        capacity: Some(400),
        issuer_hosts: vec!["permits.example".to_owned()],
        guards: vec![
            guard("g1", "王建国", GuardRole::Guard),
            guard("g2", "刘敏", GuardRole::Guard),
            guard("g3", "赵德胜", GuardRole::ShiftLeader),
        ],
        offline_order: "离线期间只放行在册人员，逐人测温登记。".to_owned(),
        sample: false,
    }
}

async fn write(
    dir: &Path,
    now: Millis,
    root: &SoftwareKey,
    manifest: &[u8],
    parts: &BTreeMap<String, Vec<u8>>,
) {
    save_device_key(dir, &key(9)).unwrap();
    let store = Store::open(dir).await.unwrap();
    sqlx::query(
        "INSERT INTO enrolment (one, issuer, gate_id, gate_name, audience, root, state, enrolled_at) \
         VALUES (1, 'https://permits.example', 'g1', '3 号门', $1, $2, 'confirmed', $3)",
    )
    .bind(AUDIENCE)
    .bind(root.public_key().fingerprint().0.as_slice())
    .bind(now.0)
    .execute(store.pool())
    .await
    .unwrap();
    sqlx::query("INSERT INTO manifest (one, seq, bytes, received_at) VALUES (1, 1, $1, $2)")
        .bind(manifest)
        .bind(now.0)
        .execute(store.pool())
        .await
        .unwrap();
    for (name, bytes) in parts {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        sqlx::query(
            "INSERT INTO parts (name, digest, bytes, received_elapsed) VALUES ($1, $2, $3, 0)",
        )
        .bind(name)
        .bind(digest.as_slice())
        .bind(bytes)
        .execute(store.pool())
        .await
        .unwrap();
    }
    store.close().await;
}
