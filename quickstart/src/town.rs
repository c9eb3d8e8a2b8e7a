//! A small town: the seeds' real places with invented enterprises and people, in every state an
//! application and a permit can have.

use fugong_common::entropy::{self, Entropy};
use fugong_common::person::clean_name;
use fugong_common::time::{Millis, Zone};
use fugong_common::uscc::Uscc;
use fugong_issuer::accounts::{Role, hash_pin};
use fugong_issuer::app::App;
use fugong_issuer::applications::{Application, Fault, FilingForm};
use fugong_issuer::divisions::{self, Level, Regime, RegimeKind, RegimeSettings, Scale};
use fugong_issuer::enterprises::{self, Code, Kind};
use fugong_issuer::permits::{Event, Permit};
use fugong_issuer::{applications, gates, people, premises};

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

/// Where an application comes to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Draft,
    Submitted,
    SiteCheck,
    CheckFailed,
    Signing,
    Approved,
    Returned,
    Refused,
    Withdrawn,
    Issued,
    Suspended,
    Temporarily,
    Revoked,
    Replaced,
    Expired,
}

struct Cast {
    name: &'static str,
    /// 17 characters of a code, or why there is none.
    code: Result<&'static str, &'static str>,
    kind: Kind,
    scale: Scale,
    industry: &'static str,
    place: &'static str,
    place_kind: premises::Kind,
    community: &'static str,
    responsible: &'static str,
    people: u32,
    class: (&'static str, &'static str),
    mode: (&'static str, &'static str),
    conditions: &'static str,
    rest: Rest,
}

const PLANT: Cast = Cast {
    name: "云锦服饰有限公司（示例）",
    code: Ok("91370602MA3CX0001"),
    kind: Kind::Company,
    scale: Scale::Above,
    industry: "服装制造",
    place: "南大街示例路 12 号",
    place_kind: premises::Kind::Plant,
    community: "c-dahaiyang",
    responsible: "云锦程",
    people: 126,
    class: ("priority", "生产防护服面料，保障城市运行。"),
    mode: ("partial", "400"),
    conditions: "食堂分餐错峰就餐\n车间每日消毒两次",
    rest: Rest::Issued,
};

fn cast() -> Vec<Cast> {
    let company = |name, code, place, rest| Cast { name, code: Ok(code), place, rest, ..PLANT };
    let below = |name, code, place, rest| Cast {
        scale: Scale::Below,
        people: 42,
        class: ("ordinary", ""),
        mode: ("on_site", ""),
        conditions: "",
        industry: "加工制造",
        community: "c-wenhuayuan",
        responsible: "苗青",
        ..company(name, code, place, rest)
    };
    let shop = |name, place, rest| Cast {
        code: Err("个体摊位，尚未办理执照。"),
        kind: Kind::Shop,
        scale: Scale::Small,
        people: 4,
        industry: "零售",
        place_kind: premises::Kind::Shop,
        community: "c-nantong",
        responsible: "卫民",
        ..below(name, "", place, rest)
    };
    vec![
        PLANT,
        Cast {
            class: ("green", "生产医用口罩。"),
            mode: ("on_site", ""),
            industry: "医疗器械",
            responsible: "甄平安",
            ..company(
                "平安口罩厂有限公司（示例）",
                "91370602MA3CX0002",
                "黄山路示例巷 3 号",
                Rest::Replaced,
            )
        },
        company(
            "港城物流有限公司（示例）",
            "91370602MA3CX0003",
            "海港路示例 88 号",
            Rest::Suspended,
        ),
        company("德新电子有限公司（示例）", "91370602MA3CX0004", "德新街示例 5 号", Rest::Revoked),
        company(
            "海阳饮料有限公司（示例）",
            "91370602MA3CX0005",
            "大海阳路示例 66 号",
            Rest::Signing,
        ),
        below("金沙印刷有限公司（示例）", "91370602MA3CX0006", "文化路示例 21 号", Rest::Approved),
        below("芝罘湾机械有限公司（示例）", "91370602MA3CX0007", "西大街示例 9 号", Rest::Signing),
        Cast {
            mode: ("remote", ""),
            place_kind: premises::Kind::Office,
            industry: "软件开发",
            ..below(
                "翡翠软件有限公司（示例）",
                "91370602MA3CX0008",
                "翡翠路示例大厦 8 层",
                Rest::Issued,
            )
        },
        below("文苑培训中心（示例）", "91370602MA3CX0009", "文化苑示例 2 号楼", Rest::Returned),
        below("黄山建材有限公司（示例）", "91370602MA3CX0010", "黄山路示例 31 号", Rest::Refused),
        below(
            "南洪包装有限公司（示例）",
            "91370602MA3CX0011",
            "南洪街示例 14 号",
            Rest::Temporarily,
        ),
        below(
            "北马家具有限公司（示例）",
            "91370602MA3CX0012",
            "毓璜顶东路示例 7 号",
            Rest::Expired,
        ),
        below("海防纸业有限公司（示例）", "91370602MA3CX0013", "海防营示例 10 号", Rest::SiteCheck),
        below(
            "大成五金有限公司（示例）",
            "91370602MA3CX0014",
            "西南河路示例 40 号",
            Rest::CheckFailed,
        ),
        shop("毓璜顶便民超市（示例）", "毓西路示例 1 号", Rest::Issued),
        shop("老灶面馆（示例）", "南通路示例 17 号", Rest::Submitted),
        shop("春风理发店（示例）", "南通路示例 19 号", Rest::Withdrawn),
        shop("顺手五金店（示例）", "南通路示例 23 号", Rest::Draft),
    ]
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
    for (n, cast) in (0..).zip(cast()) {
        stage.set(begin.plus_minutes(n * 37));
        let (enterprise_id, premises_id) = enter(&stage, &cast).await?;
        if n == 0 {
            for (sign_in, name, role) in OWN_ACCOUNTS {
                stage
                    .hire((sign_in, name, password), *role, "yuhuangding", &enterprise_id, "")
                    .await?;
            }
        }
        let permit = file(&stage, &cast, &enterprise_id, now, n).await?;
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

fn name(text: &str) -> Result<fugong_common::person::Name, Stuck> {
    clean_name(text).map_err(|error| Stuck(format!("{text}: {error}")))
}

/// Enters an enterprise with its premises and roster; their ids.
async fn enter(stage: &Stage, cast: &Cast) -> Result<(String, String), Stuck> {
    let code = match cast.code {
        Ok(begin) => {
            Code::Uscc(Uscc::complete(begin).map_err(|error| Stuck(format!("{begin}: {error}")))?)
        }
        Err(reason) => Code::Without(reason.to_owned()),
    };
    let details = enterprises::Details {
        code,
        name: name(cast.name)?,
        kind: cast.kind,
        scale: cast.scale,
        industry: cast.industry.to_owned(),
        line: if cast.scale == Scale::Above { "工信" } else { "" }.to_owned(),
        responsible_name: cast.responsible.to_owned(),
        responsible_phone: "13800000001".to_owned(),
        contact_name: "白雪".to_owned(),
        contact_phone: "13800000002".to_owned(),
        epidemic_officer: "方安".to_owned(),
        epidemic_phone: "0535-0000001".to_owned(),
    };
    let mut tx = stage.app.db().write().await?;
    let division = divisions::store::find(&mut tx, cast.community)
        .await?
        .ok_or_else(|| Stuck(format!("no division {}", cast.community)))?;
    let (id, premises_id) = (stage.app.new_id(), stage.app.new_id());
    let new = enterprises::store::NewEnterprise {
        id: &id,
        details: &details,
        division_id: &division.id,
        division_path: &division.path,
        evidence: "示例数据",
        by: "",
        now: stage.now(),
    };
    enterprises::store::insert(&mut tx, new).await?;
    enterprises::timeline::note(
        &mut tx,
        &id,
        stage.now(),
        "enterprise.added",
        &serde_json::json!({}),
        "",
    )
    .await?;
    let site_code = premises::next_site_code(&mut tx, &division.path)
        .await
        .map_err(|error| Stuck(error.texts().1.to_owned()))?;
    let place = premises::store::Details {
        kind: cast.place_kind,
        name: cast.name.replace("有限公司（示例）", "").replace("（示例）", ""),
        address: format!("芝罘区毓璜顶街道{}", cast.place),
        entrance: if cast.scale == Scale::Above { "3 号门" } else { "" }.to_owned(),
        container_id: None,
    };
    premises::store::insert(
        &mut tx,
        &premises_id,
        site_code,
        &place,
        (&division.id, &division.path),
        stage.now(),
    )
    .await?;
    premises::store::occupy(&mut tx, &id, &premises_id, stage.now()).await?;
    let count = if cast.scale == Scale::Above { 24 } else { 3 };
    for n in 1..=count {
        add_person(stage, &mut tx, &id, n).await?;
    }
    tx.commit().await?;
    Ok((id, premises_id))
}

const FAMILY: &[&str] = &["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙"];
const GIVEN: &[&str] =
    &["芳", "强", "丽娟", "伟", "秀英", "军", "洋", "艳红", "杰", "小燕", "国庆"];
const JOBS: &[&str] = &["缝制工", "裁剪工", "质检员", "包装工", "叉车司机", "保洁员", "食堂员工"];

fn pick<T: Copy>(of: &[T], n: usize, or: T) -> T {
    n.checked_rem(of.len()).and_then(|n| of.get(n)).copied().unwrap_or(or)
}

async fn add_person(
    stage: &Stage,
    tx: &mut fugong_issuer::db::Tx,
    enterprise_id: &str,
    n: usize,
) -> Result<(), Stuck> {
    let full = format!("{}{}", pick(FAMILY, n * 5, "王"), pick(GIVEN, n * 7, "芳"));
    let details = people::Details {
        worker_number: people::store::worker_number(u32::try_from(n).unwrap_or(1)),
        name: name(&full)?,
        phone: format!("1380000{:04}", 1000 + n),
        id_number: None,
        job: pick(JOBS, n, "工人").to_owned(),
        came_from: String::new(),
        returned_on: String::new(),
        // The last but one has come back late and starts in three days, while the permit still holds.
        not_before: if n == 23 { stage.now().plus_days(BACK_DAYS + 3).0 } else { 0 },
    };
    Ok(people::store::insert(tx, &stage.app.new_id(), enterprise_id, &details, stage.now()).await?)
}

fn fill_in(form: &mut FilingForm, cast: &Cast, term_days: i64) {
    form.kind = "first".to_owned();
    form.term_days = term_days.to_string();
    form.people = cast.people.to_string();
    form.class = cast.class.0.to_owned();
    form.class_reason = cast.class.1.to_owned();
    form.mode = cast.mode.0.to_owned();
    form.cap = cast.mode.1.to_owned();
    form.conditions = cast.conditions.to_owned();
}

/// Files an enterprise's application and carries it to where it rests; the permit if there is one.
async fn file(
    stage: &Stage,
    cast: &Cast,
    enterprise_id: &str,
    now: Millis,
    n: i64,
) -> Result<Option<Permit>, Stuck> {
    // What is open was filed these days; what is issued has been for a while.
    let open = !matches!(
        cast.rest,
        Rest::Issued
            | Rest::Suspended
            | Rest::Temporarily
            | Rest::Revoked
            | Rest::Replaced
            | Rest::Expired
    );
    if open {
        stage.set(now.plus_hours(-30).plus_minutes(n * 61));
    } else {
        stage.later(120);
    }
    let term = if cast.rest == Rest::Expired { 7 } else { 30 };
    let by = if n == 0 { "responsible" } else { "intake" };
    let (draft, form) = stage.draft(by, enterprise_id, |form| fill_in(form, cast, term)).await?;
    if cast.rest == Rest::Draft {
        return Ok(None);
    }
    stage.later(12);
    let mut case = stage.submit(by, &draft, &form).await?;
    stage.later(25);
    match cast.rest {
        Rest::Submitted => return Ok(None),
        Rest::Returned => {
            let faults = vec![
                Fault {
                    phrase: String::new(), note: "花名册缺返岗人员行程。".to_owned()
                },
                Fault {
                    phrase: String::new(), note: "应急预案未写明隔离观察场所。".to_owned()
                },
            ];
            let page = stage.page("intake").await?;
            applications::return_for_correction(&page, &case.id, &case.seen(), faults).await?;
            return Ok(None);
        }
        Rest::Withdrawn => return withdraw(stage, enterprise_id, &case).await,
        _ => {}
    }
    case = stage.accept("intake", "checker", &case).await?;
    if cast.rest == Rest::SiteCheck {
        return Ok(None);
    }
    stage.later(95);
    case = stage.check("checker", &case, cast.rest != Rest::CheckFailed).await?;
    if cast.rest == Rest::CheckFailed {
        return Ok(None);
    }
    stage.later(40);
    let signers: &[&str] = match cast.scale {
        Scale::Above => &["secretary", "department", "leading"],
        Scale::Below => &["secretary", "director"],
        Scale::Small => &["director"],
    };
    let given = if cast.rest == Rest::Signing { signers.len() - 1 } else { signers.len() };
    for signer in signers.iter().take(if cast.rest == Rest::Refused { 0 } else { given }) {
        case = stage.sign(signer, &case).await?;
        stage.later(22);
    }
    if cast.rest == Rest::Refused {
        let why = (
            "负责人不重视，防控方案与现场不符。".to_owned(),
            "辖区企业开复工指南第四条".to_owned(),
            "如有异议，可向街道办事处申诉。".to_owned(),
        );
        let page = stage.page("secretary").await?;
        applications::refuse(&page, &case.id, &case.seen(), why).await?;
        return Ok(None);
    }
    if matches!(cast.rest, Rest::Signing | Rest::Approved) {
        return Ok(None);
    }
    let permit = stage.issue("intake", &case).await?;
    let event = match cast.rest {
        Rest::Suspended => Event::Suspend { lapses_at: None },
        Rest::Temporarily => Event::Suspend { lapses_at: Some(now.plus_hours(40)) },
        Rest::Revoked => Event::Revoke,
        Rest::Replaced => return replace(stage, cast, enterprise_id).await,
        _ => return Ok(Some(permit)),
    };
    stage.set(now.plus_hours(-8).plus_minutes(n));
    let (by, reason) = match cast.rest {
        Rest::Temporarily => ("inspector", "入口未测温，人员未登记。"),
        Rest::Revoked => ("secretary", "瞒报返岗人员行程。"),
        _ => ("director", "车间未落实消毒，责令整改。"),
    };
    stage.act(by, &permit, event, reason).await?;
    Ok(Some(permit))
}

/// More staff is an expansion: the new permit takes the older one's place in the same line.
async fn replace(stage: &Stage, cast: &Cast, enterprise_id: &str) -> Result<Option<Permit>, Stuck> {
    stage.later(3 * 24 * 60);
    let (draft, form) = stage
        .draft("intake", enterprise_id, |form| {
            fill_in(form, cast, 30);
            form.kind = "expansion".to_owned();
            form.people = "180".to_owned();
        })
        .await?;
    let mut case = stage.submit("intake", &draft, &form).await?;
    stage.later(30);
    case = stage.accept("intake", "checker", &case).await?;
    stage.later(60);
    case = stage.check("checker", &case, true).await?;
    for signer in ["secretary", "department", "leading"] {
        stage.later(15);
        case = stage.sign(signer, &case).await?;
    }
    stage.issue("intake", &case).await.map(Some)
}

/// Only the applicant withdraws; the town's shopkeeper has an account for it.
async fn withdraw(
    stage: &Stage,
    enterprise_id: &str,
    case: &Application,
) -> Result<Option<Permit>, Stuck> {
    let secret: [u8; 12] = entropy::bytes(stage.app.entropy());
    let password = fugong_common::hex::encode(&secret);
    stage
        .hire(("shopkeeper", "卫民", &password), Role::Contact, "yuhuangding", enterprise_id, "")
        .await?;
    let page = stage.page("shopkeeper").await?;
    applications::withdraw(&page, &case.id, &case.seen(), "近期不开业。".to_owned()).await?;
    Ok(None)
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
    fugong_common::hex::encode(&entropy::bytes::<4>(entropy))
}
