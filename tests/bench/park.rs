//! A park: one gate for a thousand enterprises and their people, as the issuer would have signed it.

use std::collections::BTreeSet;
use std::path::Path;

use fugong_common::claims::{Lineage, Validity};
use fugong_common::entropy::{SeededEntropy, bytes};
use fugong_common::envelope;
use fugong_common::keys::{Kind, Signer, SoftwareKey};
use fugong_common::pass::{Pass, WorkerNumber};
use fugong_common::permit::{Mode, SiteCode};
use fugong_common::person::Name;
use fugong_common::placard::pass_text;
use fugong_common::records::RecordSet;
use fugong_common::serial::{PassReference, Serial};
use fugong_common::service::ambient::SystemClock;
use fugong_common::status::StatusList;
use fugong_common::temperature::Thresholds;
use fugong_common::time::{Clock, Millis};
use fugong_common::wire::{Guard, GuardRole, PassLink, PermitRecord, PersonRecord, Settings};
use fugong_verifier::pairing::secret_hash;
use fugong_verifier::store::Store;

use crate::signed::{self, Given, Keys, validity};

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
        let (keys, validity) = (Keys::known(), validity(now));
        let enterprises = people.div_ceil(STAFF);
        let sites: Vec<SiteCode> =
            (0..number(enterprises)).map(|n| SiteCode(FIRST_SITE + n)).collect();
        let (roster, passes) = roster(&keys.passes, validity, people);
        let valid = |count: usize| StatusList::new(u32::try_from(count).expect("fits"));
        let given = Given {
            issuer: "http://127.0.0.1:9",
            signed_at: now.plus_minutes(-1),
            permit_states: valid(enterprises),
            pass_states: valid(people),
            register: register(&keys.permits, validity, &sites),
            roster,
            settings: settings(sites),
        };
        signed::write(dir, now, &keys, &given).await;
        man(dir, now).await;
        Self { passes }
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

/// Pairs a browser and signs a guard on.
async fn man(dir: &Path, now: Millis) {
    let store = Store::open(dir).await.expect("the store opens");
    sqlx::query(
        "INSERT INTO pairs (id, secret, label, paired_at, guard, signed_on_at) VALUES (1, $1, 'bench', $2, $3, $2)",
    )
    .bind(secret_hash(COOKIE).to_vec())
    .bind(now.0)
    .bind(GUARD)
    .execute(store.pool())
    .await
    .expect("written");
    store.close().await;
}
