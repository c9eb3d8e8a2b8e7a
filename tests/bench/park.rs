//! A park: one gate for a thousand enterprises and their people, as the issuer would have signed it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fugong_common::claims::{Lineage, Validity};
use fugong_common::entropy::{SeededEntropy, bytes};
use fugong_common::envelope;
use fugong_common::keys::{Kind, Role, Signer, SoftwareKey};
use fugong_common::manifest::Manifest;
use fugong_common::pass::{Pass, WorkerNumber};
use fugong_common::permit::{Mode, SiteCode};
use fugong_common::person::Name;
use fugong_common::placard::pass_text;
use fugong_common::records::RecordSet;
use fugong_common::serial::{PassReference, Serial};
use fugong_common::service::ambient::SystemClock;
use fugong_common::status::{StatusClaims, StatusList};
use fugong_common::temperature::Thresholds;
use fugong_common::time::{Clock, Millis};
use fugong_common::trust::{TrustChain, TrustLink, TrustList, TrustedKey};
use fugong_common::wire::{
    Guard, GuardRole, PartName, PassLink, PermitRecord, PersonRecord, Settings,
};
use fugong_verifier::pairing::secret_hash;
use fugong_verifier::store::{Store, save_device_key};
use sha2::{Digest, Sha256};

const URI: &str = "https://permits.example/status";
const AUDIENCE: &str = "https://permits.example#g1";
const FIRST_SITE: u64 = 3_706_020_010_010_001;
/// The paired browser's cookie.
pub const COOKIE: &str = "bench-browser";
const GUARD: &str = "guard-1";

/// People of one enterprise.
const STAFF: usize = 100;

/// A gate's data on disk, and what its people show.
#[derive(Debug)]
pub struct Park {
    /// Texts of the passes, one for each person.
    pub passes: Vec<String>,
}

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32])
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn number(n: usize) -> u64 {
    u64::try_from(n).expect("fits")
}

fn lineage(enterprise: usize) -> Lineage {
    Lineage(number(enterprise + 1).to_be_bytes())
}

impl Park {
    /// Signs passes for so many people and writes a gate that knows them into `dir`.
    pub async fn build(dir: &Path, people: usize) -> Self {
        let now = SystemClock.now();
        let (permits, passes, states, manifests) = (key(2), key(3), key(4), key(5));
        let root = key(1);
        let (iat, exp) = (now.plus_minutes(-1).seconds(), now.plus_days(30).seconds());
        let validity = Validity::new(now.plus_days(-10).seconds(), exp).expect("a term");
        let enterprises = people.div_ceil(STAFF);
        let list = trust_list(&root, [&permits, &passes, &states, &manifests], now);
        let link = TrustLink::sign(&list, &root).expect("the root signs");
        let chain = TrustChain::default().with(link).expect("a first list");
        let mut parts = BTreeMap::from([(PartName::Trust.to_string(), chain.to_bytes())]);
        for (key, uri, entries) in [(&permits, "permits", enterprises), (&passes, "passes", people)]
        {
            let list = StatusList::new(u32::try_from(entries).expect("fits"));
            let claims =
                StatusClaims { uri: format!("{URI}/{uri}"), iat, exp, ttl: 300, seq: 1, list };
            let token = claims.seal(&states).expect("a status key signs");
            parts.insert(PartName::Status(key.key_id()).to_string(), token);
        }
        let sites: Vec<SiteCode> =
            (0..number(enterprises)).map(|n| SiteCode(FIRST_SITE + n)).collect();
        let register = register(&permits, validity, &sites);
        let (roster, texts) = roster(&passes, validity, people);
        parts.insert(PartName::Roster.to_string(), roster.to_bytes());
        parts.insert(PartName::Register.to_string(), register.to_bytes());
        parts.insert(PartName::Settings.to_string(), settings(sites).to_bytes().expect("JSON"));
        let digests = parts.iter().map(|(name, part)| (name.clone(), Sha256::digest(part).into()));
        let manifest = Manifest {
            audience: AUDIENCE.to_owned(),
            seq: 1,
            iat,
            exp,
            parts: digests.collect(),
            audit_head: [0; 32],
        };
        let manifest = manifest.seal(&manifests).expect("a manifest key signs");
        write(dir, now, &root, &manifest, &parts).await;
        Self { passes: texts }
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
        iat: now.plus_minutes(-1).seconds(),
        exp: now.plus_days(60).seconds(),
        hosts: vec!["permits.example".to_owned()],
        keys,
        root: root.public_key(),
        root_number: 1,
        previous_root: None,
        demo: false,
    }
}

fn register(permits: &SoftwareKey, validity: Validity, sites: &[SiteCode]) -> RecordSet {
    let mut register = RecordSet::new();
    for (n, site) in sites.iter().enumerate() {
        let record = PermitRecord {
            serial: Serial(number(n + 1).to_be_bytes()),
            enterprise_id: format!("01900000-0000-7000-8000-{n:012}"),
            enterprise: format!("第{n}服饰有限公司（示例）"),
            lineage: lineage(n),
            status_index: u32::try_from(n).expect("fits"),
            key: permits.key_id(),
            validity,
            site: *site,
            mode: Mode::Partial { cap: 400 },
        };
        register.put(record.key(), record.to_bytes());
    }
    register
}

fn roster(passes: &SoftwareKey, validity: Validity, people: usize) -> (RecordSet, Vec<String>) {
    const SURNAMES: [&str; 8] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄"];
    const GIVEN: [&str; 8] = ["晓梅", "强", "秀英", "国栋", "敏", "建国", "丽", "志明"];
    let mut roster = RecordSet::new();
    let mut texts = Vec::with_capacity(people);
    for n in 0..people {
        let enterprise = n / STAFF;
        let worker = format!("{enterprise:05X}-{:04}", n % STAFF);
        let called = format!("{}{}", SURNAMES[n % 8], GIVEN[n / 8 % 8]);
        let random: [u8; 16] = bytes(&SeededEntropy::new(number(n)));
        let serial = Serial(*random.first_chunk().expect("16 bytes"));
        let pass = Pass {
            worker: WorkerNumber::parse(&worker).expect("a worker number"),
            serial,
            validity,
            name: name(&called),
            role: name("缝制工"),
            status_index: u32::try_from(n).expect("fits"),
            lineage: lineage(enterprise),
            sites: BTreeSet::new(),
        };
        let token = envelope::seal(Kind::Pass, passes, &pass.encode()).expect("a pass key signs");
        texts.push(pass_text(&token));
        let record = PersonRecord {
            worker,
            name: called,
            last_four: Some(format!("{:04}", n % 10_000)),
            role: "缝制工".to_owned(),
            enterprise_id: format!("01900000-0000-7000-8000-{enterprise:012}"),
            enterprise: format!("第{enterprise}服饰有限公司（示例）"),
            lineage: lineage(enterprise),
            not_before: None,
            isolating_until: None,
            reference: Some(PassReference(*random.last_chunk().expect("16 bytes"))),
            pass: Some(PassLink { serial, status_index: pass.status_index, key: passes.key_id() }),
            sites: Vec::new(),
            left: false,
        };
        roster.put(record.key(), record.to_bytes());
    }
    (roster, texts)
}

fn settings(sites: Vec<SiteCode>) -> Settings {
    Settings {
        gate_name: "园区 1 号门".to_owned(),
        sites,
        division: "370602000000".to_owned(),
        division_name: "芝罘区（示例）".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        regime: "approval".to_owned(),
        rule_version: 1,
        temperature: Thresholds::USUAL,
        offline_grace_seconds: Settings::DEFAULT_OFFLINE_GRACE_SECONDS,
        capacity: None,
        issuer_hosts: vec!["permits.example".to_owned()],
        guards: vec![Guard {
            id: GUARD.to_owned(),
            name: "王建国".to_owned(),
            role: GuardRole::Guard,
            pin_hash: "$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$4x9cPvJmuW7vuJo4aUYrZlDCeJSgvJlHfKRYgRr0VJs".to_owned(),
        }],
        offline_order: "离线期间只放行在册人员，逐人测温登记。".to_owned(),
        sample: false,
    }
}

/// As it stands after the first pull, with a browser paired and a guard on duty.
async fn write(
    dir: &Path,
    now: Millis,
    root: &SoftwareKey,
    manifest: &[u8],
    parts: &BTreeMap<String, Vec<u8>>,
) {
    save_device_key(dir, &key(9)).expect("the device key is written");
    let store = Store::open(dir).await.expect("the store opens");
    let mut transaction = store.begin().await.expect("a transaction");
    let enrolment = sqlx::query(
        "INSERT INTO enrolment (one, issuer, gate_id, gate_name, audience, root, state, enrolled_at) \
         VALUES (1, 'http://127.0.0.1:9', 'g1', '园区 1 号门', $1, $2, 'confirmed', $3)",
    )
    .bind(AUDIENCE)
    .bind(root.public_key().fingerprint().0.to_vec())
    .bind(now.0);
    enrolment.execute(&mut *transaction).await.expect("written");
    sqlx::query("INSERT INTO manifest (one, seq, bytes, received_at) VALUES (1, 1, $1, $2)")
        .bind(manifest)
        .bind(now.0)
        .execute(&mut *transaction)
        .await
        .expect("written");
    for (name, part) in parts {
        sqlx::query(
            "INSERT INTO parts (name, digest, bytes, received_elapsed) VALUES ($1, $2, $3, 0)",
        )
        .bind(name)
        .bind(Sha256::digest(part).to_vec())
        .bind(part)
        .execute(&mut *transaction)
        .await
        .expect("written");
    }
    sqlx::query(
        "INSERT INTO pairs (id, secret, label, paired_at, guard, signed_on_at) VALUES (1, $1, 'bench', $2, $3, $2)",
    )
    .bind(secret_hash(COOKIE).to_vec())
    .bind(now.0)
    .bind(GUARD)
    .execute(&mut *transaction)
    .await
    .expect("written");
    transaction.commit().await.expect("written");
    store.close().await;
}
