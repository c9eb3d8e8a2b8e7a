//! An enterprise moves in: its file, its premises, its people.

use fugong_common::person::{Name, clean_name};
use fugong_common::uscc::Uscc;
use fugong_issuer::db::Tx;
use fugong_issuer::divisions::{self, Scale};
use fugong_issuer::enterprises::{self, Code};
use fugong_issuer::{people, premises};

use super::BACK_DAYS;
use super::cast::Cast;
use crate::stage::{Stage, Stuck};

fn name(text: &str) -> Result<Name, Stuck> {
    clean_name(text).map_err(|error| Stuck(format!("{text}: {error}")))
}

fn details(cast: &Cast) -> Result<enterprises::Details, Stuck> {
    let code = match cast.code {
        Ok(begin) => {
            Code::Uscc(Uscc::complete(begin).map_err(|error| Stuck(format!("{begin}: {error}")))?)
        }
        Err(reason) => Code::Without(reason.to_owned()),
    };
    Ok(enterprises::Details {
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
    })
}

/// Enters an enterprise with its premises and roster; their ids.
pub async fn enter(stage: &Stage, cast: &Cast) -> Result<(String, String), Stuck> {
    let details = details(cast)?;
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
    tx: &mut Tx,
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
