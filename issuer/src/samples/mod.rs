//! Invented enterprises and people in real places, for benchmarks, drills and first looks. Pure: the
//! same seed gives the same district. Names say that they are samples; codes have valid check
//! characters, so that every rule applies.

mod places;

use fugong_common::time::Millis;
use fugong_common::uscc::Uscc;

use crate::app::App;
use crate::db::DbError;
use crate::divisions::store::NewDivision;
use crate::divisions::{self, Level, Scale};
use crate::enterprises::bulk::{self, ScaleFact};
use crate::enterprises::store::Enterprise;
use crate::enterprises::{Kind, SurveyState};
use crate::fields::name_key;
use crate::people::store::{Movement, Person};
use crate::premises::store::Premises;
use crate::{people, premises};

pub use places::{ELSEWHERE, Place, ZHIFU};

/// The number of premises that a district surveyed in February 2020 (domain A72).
pub const SURVEYED: usize = 40_736;

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its code without trailing noughts: stable across runs.
    pub id: String,
    pub parent: Option<String>,
    pub level: Level,
    /// Twelve digits.
    pub code: String,
    pub name: String,
    pub path: String,
}

/// Everything that belongs to a sample district.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct District {
    pub nodes: Vec<Node>,
    pub enterprises: Vec<Enterprise>,
    /// In the order of the enterprises: where each works.
    pub premises: Vec<Premises>,
    pub people: Vec<Person>,
}

/// A stream of small numbers; the quality of randomness doesn't matter, its repetition does.
#[derive(Clone, Copy, Debug)]
struct Dice(u64);

impl Dice {
    /// `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n.max(1)).unwrap_or(1);
        usize::try_from(self.next() % n).unwrap_or_default()
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> Option<&'a T> {
        let at = self.below(all.len());
        all.get(at).copied()
    }
}

const FAMILY: [&str; 16] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "林",
];
const GIVEN: [&str; 16] = [
    "小例", "晓样", "样明", "例华", "示芳", "样丽", "例军", "示敏", "样静", "例强", "示磊", "样洋",
    "例艳", "示勇", "样杰", "例涛",
];
const TRADES: [(&str, &str, Kind); 10] = [
    ("服饰", "服装制造", Kind::Company),
    ("机械", "机械加工", Kind::Company),
    ("食品", "食品加工", Kind::Company),
    ("电子", "电子元件", Kind::Company),
    ("物流", "物流仓储", Kind::Company),
    ("便利店", "零售", Kind::Shop),
    ("小吃店", "餐饮", Kind::Individual),
    ("理发店", "居民服务", Kind::Individual),
    ("五金店", "零售", Kind::Shop),
    ("诊所", "医疗服务", Kind::Institution),
];
const JOBS: [&str; 6] = ["操作工", "质检员", "仓管员", "保安", "保洁员", "店员"];
const FROM: [&str; 6] = ["安徽阜阳", "河南周口", "黑龙江绥化", "四川达州", "吉林四平", "山西运城"];

/// The tree of places, parents before children.
pub fn nodes(places: &[Place]) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for place in places {
        let above = nodes
            .iter()
            .rev()
            .find(|node| node.level < place.level && place.code.starts_with(&node.id));
        let path = format!("{}{}/", above.map_or("/", |node| node.path.as_str()), place.code);
        nodes.push(Node {
            id: place.code.to_owned(),
            parent: above.map(|node| node.id.clone()),
            level: place.level,
            code: format!("{:0<12}", place.code),
            name: place.name.to_owned(),
            path,
        });
    }
    nodes
}

/// A district of `enterprises` invented ones in Zhifu's streets and communities, one in forty of
/// them with a roster. The first ones have rosters, whatever the number.
pub fn district(seed: u64, enterprises: usize, now: Millis) -> District {
    let mut dice = Dice(seed);
    let nodes = nodes(ZHIFU);
    let mut out = District { nodes, ..District::default() };
    let communities: Vec<Node> =
        out.nodes.iter().filter(|node| node.level == Level::Community).cloned().collect();
    let mut numbers = vec![0_i64; communities.len()];
    for n in 0..enterprises {
        let at = dice.below(communities.len());
        let (Some(community), Some(number)) = (communities.get(at), numbers.get_mut(at)) else {
            continue;
        };
        *number += 1;
        let row = enterprise(&mut dice, n, community, now);
        out.premises.push(workplace(n, &row, community, *number, now));
        if n < 5 || n % 40 == 0 {
            roster(&mut dice, &row, n, now, &mut out.people);
        }
        out.enterprises.push(row);
    }
    out
}

fn enterprise(dice: &mut Dice, n: usize, community: &Node, now: Millis) -> Enterprise {
    let (trade, industry, kind) =
        TRADES.get(dice.below(TRADES.len())).copied().unwrap_or(("", "", Kind::Other));
    let prefix = match kind {
        Kind::Individual | Kind::Shop => "92",
        Kind::Institution => "12",
        _ => "91",
    };
    // One shop in eight has no code yet (domain B8).
    let has_code = kind != Kind::Shop || dice.below(8) > 0;
    let uscc = Uscc::complete(&format!("{prefix}370602MASL{n:05}")).ok().filter(|_| has_code);
    let scale = match kind {
        Kind::Company if dice.below(12) == 0 => Scale::Above,
        Kind::Company | Kind::Institution => Scale::Below,
        _ => Scale::Small,
    };
    let state = match dice.below(10) {
        0..=3 => Some(SurveyState::Waiting),
        4..=6 => Some(SurveyState::Reopened),
        7 => Some(SurveyState::Closed),
        _ => None,
    };
    let staff = match scale {
        Scale::Above => 200 + dice.below(1800),
        Scale::Below => 8 + dice.below(180),
        Scale::Small => 1 + dice.below(8),
    };
    let form = match kind {
        Kind::Company => "有限公司",
        _ => "",
    };
    let name = format!("示例{}{trade}{form}（样本{n:05}）", short(&community.name));
    Enterprise {
        id: format!("sample-e{n:06}"),
        no_code_reason: if uscc.is_some() {
            String::new()
        } else {
            "尚未办理营业执照".to_owned()
        },
        uscc: uscc.map(|uscc| uscc.as_str().to_owned()),
        name,
        kind: kind.code().to_owned(),
        scale: scale.code().to_owned(),
        industry: industry.to_owned(),
        line: String::new(),
        division_id: community.id.clone(),
        division_path: community.path.clone(),
        responsible_name: person_name(dice),
        responsible_phone: phone(n),
        contact_name: person_name(dice),
        contact_phone: phone(n + 1),
        epidemic_officer: String::new(),
        epidemic_phone: String::new(),
        survey_state: state.map_or("", SurveyState::code).to_owned(),
        survey_staff: if state.is_some() { i64::try_from(staff).unwrap_or_default() } else { 0 },
        survey_planned_on: String::new(),
        surveyed_at: if state.is_some() { now.0 } else { 0 },
        revision: 1,
        created_at: now.0,
        updated_at: now.0,
    }
}

/// 友谊街社区 → 友谊街.
fn short(community: &str) -> &str {
    community.strip_suffix("社区").unwrap_or(community)
}

fn person_name(dice: &mut Dice) -> String {
    let (family, given) = (dice.pick(&FAMILY), dice.pick(&GIVEN));
    format!("{}{}", family.unwrap_or_default(), given.unwrap_or_default())
}

/// A number of a range that no carrier has given out.
fn phone(n: usize) -> String {
    format!("1000{:07}", n % 10_000_000)
}

fn workplace(n: usize, row: &Enterprise, community: &Node, number: i64, now: Millis) -> Premises {
    let kind = match Kind::parse(&row.kind) {
        Some(Kind::Company) => premises::Kind::Plant,
        Some(Kind::Institution) => premises::Kind::Office,
        _ => premises::Kind::Shop,
    };
    let base = community.code.parse::<i64>().unwrap_or_default() * 10_000;
    Premises {
        id: format!("sample-p{n:06}"),
        site_code: base + number,
        kind: kind.code().to_owned(),
        name: row.name.clone(),
        address: format!("{}示例路 {number} 号", short(&community.name)),
        entrance: "东门".to_owned(),
        division_id: community.id.clone(),
        division_path: community.path.clone(),
        container_id: None,
        revision: 1,
        created_at: now.0,
        updated_at: now.0,
    }
}

fn roster(dice: &mut Dice, row: &Enterprise, n: usize, now: Millis, out: &mut Vec<Person>) {
    let size = if row.scale == Scale::Above.code() { 60 } else { 4 + dice.below(24) };
    for at in 0..size {
        let name = person_name(dice);
        let elsewhere = dice.below(4) == 0;
        out.push(Person {
            id: format!("sample-w{n:06}-{at:04}"),
            enterprise_id: row.id.clone(),
            worker_number: format!("{:04}", at + 1),
            name_key: name_key(&name),
            name,
            phone: phone(n * 64 + at),
            id_number: String::new(),
            id_last_four: String::new(),
            job: dice.pick(&JOBS).unwrap_or_default().to_owned(),
            came_from: if elsewhere {
                dice.pick(&FROM).unwrap_or_default().to_owned()
            } else {
                String::new()
            },
            returned_on: if elsewhere { "2020-02-08".to_owned() } else { String::new() },
            not_before: 0,
            left_at: None,
            revision: 1,
            created_at: now.0,
            updated_at: now.0,
        });
    }
}

/// Writes a district into an empty database: divisions, enterprises, premises, people.
///
/// # Errors
/// [`DbError::Duplicate`] when it is there already.
pub async fn settle(app: &App, district: &District, now: Millis) -> Result<(), DbError> {
    let mut tx = app.db().write().await?;
    for node in &district.nodes {
        let parent = match &node.parent {
            Some(parent) => divisions::store::find(&mut tx, parent).await?,
            None => None,
        };
        let new = NewDivision {
            id: &node.id,
            parent: parent.as_ref(),
            level: node.level,
            code: &node.code,
            name: &node.name,
            zone: "Asia/Shanghai",
            hotline: "",
            document_pattern: "",
            valid_from: Millis(0),
        };
        divisions::store::insert(&mut tx, new).await?;
        let used = district.premises.iter().filter(|place| place.division_id == node.id).count();
        if used > 0 {
            let used = i64::try_from(used).unwrap_or_default();
            divisions::store::take_site_numbers(&mut tx, &node.id, used).await?;
        }
    }
    bulk::insert_many(&mut tx, &district.enterprises).await?;
    let mut scales = Vec::with_capacity(district.enterprises.len());
    for row in &district.enterprises {
        scales.push(ScaleFact { id: &row.id, enterprise_id: &row.id, scale: row.scale()? });
    }
    bulk::insert_scales(&mut tx, &scales, "样本数据", now, "").await?;
    let ids: Vec<String> = district.enterprises.iter().map(|row| row.id.clone()).collect();
    let facts = serde_json::json!({});
    bulk::note_many(&mut tx, &ids, now, "enterprise.added", &facts, "").await?;
    premises::bulk::insert_many(&mut tx, &district.premises).await?;
    let pairs: Vec<(&str, &str)> = district
        .enterprises
        .iter()
        .zip(&district.premises)
        .map(|(row, place)| (row.id.as_str(), place.id.as_str()))
        .collect();
    premises::bulk::occupy_many(&mut tx, &pairs, now).await?;
    people::bulk::insert_many(&mut tx, &district.people).await?;
    for part in district.people.chunk_by(|a, b| a.enterprise_id == b.enterprise_id) {
        let Some(first) = part.first() else { continue };
        let ids: Vec<String> = part.iter().map(|person| person.id.clone()).collect();
        let joined = Movement::Joined;
        people::bulk::note_movements(&mut tx, &first.enterprise_id, &ids, joined, now).await?;
    }
    tx.commit().await
}

#[cfg(test)]
mod tests;
