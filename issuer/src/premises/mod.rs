//! Places apart from who works there (domain A96): a park, mall, market or building contains
//! others, one gate may serve all of them, and each lies in one grid (A32).

pub mod bulk;
pub mod pages;
pub mod store;
mod words;

use crate::db::{DbError, Tx};
use crate::divisions::store::{Division, next_site_number};
use crate::divisions::{self, Level};
use crate::enterprises::coded;
use fugong_common::lang::Lang;

pub use words::PremisesWords;

coded! {
    /// What sort of place it is (domain A96).
    Kind {
        Plant "plant" "厂房" "plant";
        Shop "shop" "商铺" "shop";
        Office "office" "办公场所" "office";
        Park "park" "产业园区" "industrial park";
        Mall "mall" "商场" "mall";
        Building "building" "商务楼宇" "office building";
        ConstructionSite "construction_site" "在建工地" "construction site";
        Market "market" "农贸市场" "market";
        Logistics "logistics" "物流园区" "logistics park";
        Village "village" "城中村" "urban village";
        Checkpoint "checkpoint" "健康监测点" "checkpoint";
        Other "other" "其他场所" "other";
    }
}

impl Kind {
    /// Whether other premises may lie in it.
    pub const fn is_container(self) -> bool {
        matches!(
            self,
            Self::Park
                | Self::Mall
                | Self::Building
                | Self::ConstructionSite
                | Self::Market
                | Self::Logistics
                | Self::Village
        )
    }
}

/// Why premises got no site code.
#[derive(Debug)]
pub enum SiteCodeError {
    /// All 9,999 numbers below the community are taken.
    Full,
    /// The division has no numeric code.
    Code,
    Db(DbError),
}

impl From<DbError> for SiteCodeError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl SiteCodeError {
    /// What to do, in both languages.
    pub fn texts(&self) -> (&'static str, &'static str) {
        match self {
            Self::Full => (
                "该社区的场所编号已用完（9999 个），请先在设置中拆分社区",
                "All 9,999 site numbers of this community are taken: divide it in the settings first",
            ),
            Self::Code | Self::Db(_) => (
                "所属区域没有有效的区划代码，请选择社区或网格",
                "This division has no valid code: choose a community or a grid",
            ),
        }
    }
}

/// Takes the next site code of the community that a division lies in: its code × 10,000 and a
/// number. Above communities (a street whose communities aren't entered yet) the node numbers itself.
pub async fn next_site_code(tx: &mut Tx, division_path: &str) -> Result<i64, SiteCodeError> {
    let chain = divisions::store::ancestry(tx, division_path).await?;
    let home = numbering_node(&chain)?.ok_or(SiteCodeError::Code)?;
    let base: i64 = home.code.parse().map_err(|_| SiteCodeError::Code)?;
    loop {
        let number = match next_site_number(tx, &home.id).await {
            Ok(number) => number,
            Err(DbError::Reference) => return Err(SiteCodeError::Full),
            Err(error) => return Err(error.into()),
        };
        let code = base.checked_mul(10_000).and_then(|base| base.checked_add(number));
        let code = code.ok_or(SiteCodeError::Code)?;
        // A community that was renamed keeps its code but counts from one: skip what is taken.
        if store::find_by_site_code(tx, code).await?.is_none() {
            return Ok(code);
        }
    }
}

fn numbering_node(chain: &[Division]) -> Result<Option<&Division>, DbError> {
    let mut home = None;
    for node in chain {
        if node.level()? <= Level::Community {
            home = Some(node);
        }
    }
    Ok(home)
}

#[cfg(test)]
mod tests;
