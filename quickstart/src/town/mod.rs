//! A small town: the seeds' real places with invented enterprises and people, in every state an
//! application and a permit can have.

mod cast;
mod enterprise;
mod story;

use fugong_common::entropy::{self, Entropy};
use fugong_common::hex;
use fugong_common::time::{Millis, Zone};
use fugong_issuer::accounts::{Role, hash_pin};
use fugong_issuer::app::App;
use fugong_issuer::divisions::{self, Level, Regime, RegimeKind, RegimeSettings};
use fugong_issuer::{gates, premises};

use crate::stage::{Stage, Stuck};

/// Accounts of the town: sign-in name, name, role, department line.
pub const ACCOUNTS: &[(&str, &str, Role, &str)] = &[
    ("admin", "安思远", Role::Administrator, ""),
    ("command", "盛明", Role::Command, ""),
    ("intake", "许丽", Role::Intake, ""),
    ("checker", "何勇", Role::Checker, ""),
    ("secretary", "郑国栋", Role::Secretary, ""),
    ("director", "韩梅", Role::Director, ""),
    ("department", "曹阳", Role::Department, "工信"),
    ("leading", "顾海涛", Role::LeadingGroup, ""),
    ("grid", "陶静", Role::GridOfficer, ""),
    ("liaison", "冯远", Role::Liaison, ""),
    ("inspector", "严峻", Role::Inspector, ""),
];

/// Accounts of the first enterprise.
const OWN_ACCOUNTS: &[(&str, &str, Role)] =
    &[("contact", "白雪", Role::Contact), ("responsible", "云锦程", Role::Responsible)];

/// The first gate's guards: name, shift leader or not, PIN.
pub const GUARDS: &[(&str, bool, &str)] = &[("邱实", false, "482913"), ("祝安", true, "730615")];

const ZONE: &str = "Asia/Shanghai";
/// The town's story begins so long ago.
pub const BACK_DAYS: i64 = 24;

/// What a starter wants to show of it.
#[derive(Clone, Debug)]
pub struct Town {
    pub gate_id: String,
    /// The permit on the first placard, and whose it is.
    pub permit_id: String,
    pub enterprise_id: String,
}

/// Builds the town on an empty database with keys: `password` opens every account.
///
/// # Errors
/// [`Stuck`] with the reason.
pub async fn settle(app: &App, password: &str) -> Result<Town, Stuck> {
    let zone = Zone::parse(ZONE).map_err(|error| Stuck(error.to_string()))?;
    let now = app.now();
    let begin = zone.start_of(&zone.date(now.plus_days(-BACK_DAYS))).unwrap_or(now).plus_hours(8);
    let stage = Stage::new(app, zone, begin)?;
    divisions(&stage, begin).await?;
    for (sign_in, name, role, line) in ACCOUNTS {
        let division = if matches!(
            role,
            Role::Department | Role::LeadingGroup | Role::Administrator | Role::Command
        ) {
            "zhifu"
        } else {
            "yuhuangding"
        };
        stage.hire((sign_in, name, password), *role, division, "", line).await?;
    }
    let mut first = None;
    for (n, cast) in (0..).zip(cast::all()) {
        stage.set(begin.plus_minutes(n * 37));
        let (enterprise_id, premises_id) = enterprise::enter(&stage, &cast).await?;
        if n == 0 {
            for (sign_in, name, role) in OWN_ACCOUNTS {
                stage
                    .hire((sign_in, name, password), *role, "yuhuangding", &enterprise_id, "")
                    .await?;
            }
        }
        let permit = story::file(&stage, &cast, &enterprise_id, now, n).await?;
        if let (0, Some(permit)) = (n, permit) {
            first = Some((enterprise_id, premises_id, permit));
        }
    }
    let (enterprise_id, premises_id, permit) =
        first.ok_or_else(|| Stuck("no first permit".to_owned()))?;
    stage.set(now);
    let gate_id = gate(&stage, &premises_id).await?;
    Ok(Town { gate_id, permit_id: permit.id, enterprise_id })
}

async fn divisions(stage: &Stage, begin: Millis) -> Result<(), Stuck> {
    let nodes: &[(&str, Option<&str>, Level, &str, &str)] = &[
        ("zhifu", None, Level::District, "370602000000", "芝罘区"),
        ("yuhuangding", Some("zhifu"), Level::Street, "370602003000", "毓璜顶街道"),
        ("c-nantong", Some("yuhuangding"), Level::Community, "370602003002", "南通社区"),
        ("c-dahaiyang", Some("yuhuangding"), Level::Community, "370602003006", "大海阳社区"),
        ("c-wenhuayuan", Some("yuhuangding"), Level::Community, "370602003010", "文化苑社区"),
        ("g-dahaiyang-1", Some("c-dahaiyang"), Level::Grid, "370602003006", "大海阳第一网格"),
        ("xiangyang", Some("zhifu"), Level::Street, "370602001000", "向阳街道"),
    ];
    let mut tx = stage.app.db().write().await?;
    for (id, parent, level, code, name) in nodes {
        let parent = match parent {
            Some(parent) => divisions::store::find(&mut tx, parent).await?,
            None => None,
        };
        let new = divisions::store::NewDivision {
            id,
            parent: parent.as_ref(),
            level: *level,
            code,
            name,
            zone: ZONE,
            hotline: if *level <= Level::Street { "0535-0000000" } else { "" },
            document_pattern: if *level == Level::District {
                "芝复准〔{year}〕{number} 号"
            } else {
                ""
            },
            valid_from: begin.plus_days(-1),
        };
        divisions::store::insert(&mut tx, new).await?;
    }
    let regime = Regime {
        id: stage.app.new_id(),
        kind: RegimeKind::Approval,
        rule_version: 1,
        settings: RegimeSettings::default(),
        starts_at: begin.plus_days(-1),
        division_id: "zhifu".to_owned(),
    };
    divisions::store::insert_regime(&mut tx, &regime, "", begin).await?;
    tx.commit().await?;
    Ok(())
}

/// The first gate, with guards; a verifier has still to enrol.
async fn gate(stage: &Stage, premises_id: &str) -> Result<String, Stuck> {
    let app = &stage.app;
    let id = app.new_id();
    let mut tx = app.db().write().await?;
    let place = premises::store::find(&mut tx, premises_id)
        .await?
        .ok_or_else(|| Stuck("no premises".to_owned()))?;
    let new = gates::store::NewGate {
        id: &id,
        name: "3 号门",
        premises_id,
        division_id: &place.division_id,
        division_path: &place.division_path,
        capacity: Some(400),
        grace_hours: None,
        created_at: stage.now(),
    };
    gates::store::insert(&mut tx, new).await?;
    for (name, leads, pin) in GUARDS {
        let guard_id = guard_id(app.entropy());
        let role = if *leads { "shift_leader" } else { "guard" };
        gates::store::guards::insert(
            &mut tx,
            &guard_id,
            &id,
            name,
            role,
            &hash_pin(app.entropy(), pin),
        )
        .await?;
    }
    let change = app.note_change(&mut tx, "gate", &id).await?;
    app.commit(tx, change).await?;
    Ok(id)
}

fn guard_id(entropy: &dyn Entropy) -> String {
    hex::encode(&entropy::bytes::<4>(entropy))
}
