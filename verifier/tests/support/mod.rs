//! An enrolled gate on disk with everything its issuer would have sent: keys, lists, roster,
//! register, settings, all really signed. For journeys, and for looking at the pages.

mod signed;

use std::collections::BTreeSet;
use std::path::Path;

use argon2::Argon2;
use argon2::PasswordHasher as _;
use fugong_common::claims::{Lineage, Validity};
use fugong_common::envelope;
use fugong_common::keys::{Kind, Signer, SoftwareKey};
use fugong_common::pass::{Pass, WorkerNumber};
use fugong_common::permit::{
    Approval, Category, Mode, NoCode, Permit, PostKind, Route, SiteCode, Subject,
};
use fugong_common::person::Name;
use fugong_common::placard::{Origin, pass_text, placard_url};
use fugong_common::records::RecordSet;
use fugong_common::serial::Serial;
use fugong_common::status::{Status, StatusList};
use fugong_common::temperature::Thresholds;
use fugong_common::time::Millis;
use fugong_common::wire::{Guard, GuardRole, PassLink, PermitRecord, PersonRecord, Settings};

use signed::{Given, Keys, validity};

const SITE: SiteCode = SiteCode(3_706_020_010_010_001);
const OTHER_SITE: SiteCode = SiteCode(3_706_020_010_010_002);
const LINEAGE: Lineage = Lineage([6; 8]);

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
    let (keys, validity) = (Keys::known(), validity(now));
    let (register, placards) = register(&keys.permits, validity);
    let (roster, passes) = roster(&keys.passes, validity);
    let mut permit_states = StatusList::new(64);
    permit_states.set(1, Status::Suspended).unwrap();
    let given = Given {
        issuer: "https://permits.example",
        signed_at: now.plus_minutes(-5),
        permit_states,
        pass_states: StatusList::new(64),
        register,
        roster,
        settings: settings(),
    };
    signed::write(dir, now, &keys, &given).await;
    let [placard, suspended, elsewhere] = placards;
    Town { passes, placard, suspended, elsewhere }
}

/// The site's permits, of which one stands in the register, and their placards.
fn register(permits: &SoftwareKey, validity: Validity) -> (RecordSet, [String; 3]) {
    let mut register = RecordSet::new();
    let origin = Origin::parse("https://permits.example").unwrap();
    let placards =
        [(11, SITE, 0), (12, SITE, 1), (13, OTHER_SITE, 2)].map(|(serial, site, index)| {
            let permit = permit(serial, site, index, validity);
            let token = envelope::seal(Kind::Permit, permits, &permit.encode()).unwrap();
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
            placard_url(&origin, &token)
        });
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
