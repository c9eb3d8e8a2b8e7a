//! The tree as forms and pages show it: by code, level by level.

use std::collections::HashMap;

use fugong_common::time::Millis;

use super::Level;
use super::store::{self, Division};
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::{row, rows};

/// A division that a form offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub id: String,
    /// Indented by its depth.
    pub label: String,
    pub chosen: bool,
}

/// Most divisions that one form offers; more are reached from the tree's pages.
const MOST_CHOICES: i64 = 800;

/// The levels that a form offers around a chosen node: two below it, so that a district's form
/// does not hold every grid.
fn offered(level: Level) -> &'static str {
    match level {
        Level::City => ",city,district,street,",
        Level::District => ",city,district,street,community,",
        Level::Street => ",city,district,street,community,grid,",
        Level::Community | Level::Grid | Level::Building => {
            ",city,district,street,community,grid,building,"
        }
    }
}

/// What a form offers around `chosen`: the way from the reach's root to it, and what lies below.
pub async fn choices(
    tx: &mut Tx,
    bounds: &Bounds,
    chosen: &str,
    now: Millis,
) -> Result<Vec<Choice>, DbError> {
    let Some(node) = store::find(tx, chosen).await? else { return Ok(Vec::new()) };
    let mut found: Vec<Division> = store::ancestry(tx, &node.path)
        .await?
        .into_iter()
        .filter(|above| above.id != node.id && above.path >= bounds.from && above.path < bounds.to)
        .collect();
    found.extend(list_levels(tx, &node.path, offered(node.level()?), now).await?);
    Ok(in_order(found)
        .into_iter()
        .map(|(depth, division)| Choice {
            label: format!("{}{}", "\u{3000}".repeat(depth), division.name),
            chosen: division.id == chosen,
            id: division.id,
        })
        .collect())
}

async fn list_levels(
    tx: &mut Tx,
    path: &str,
    levels: &str,
    now: Millis,
) -> Result<Vec<Division>, DbError> {
    rows!(
        tx,
        Division,
        "SELECT id, parent_id, level, code, name, path, zone, hotline, document_pattern, revision, valid_from, valid_to \
         FROM divisions WHERE substr(path, 1, length($1)) = $1 AND $2 LIKE '%,' || level || ',%' \
         AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3) ORDER BY path LIMIT $4",
        path,
        levels,
        now.0,
        MOST_CHOICES
    )
}

/// Parents before children, siblings by code and name, each with its depth below the first.
fn in_order(found: Vec<Division>) -> Vec<(usize, Division)> {
    let names: HashMap<String, String> =
        found.iter().map(|d| (d.id.clone(), format!("{} {}", d.code, d.name))).collect();
    let key = |division: &Division| -> Vec<String> {
        let ids = division.path.split('/').filter(|id| !id.is_empty());
        ids.filter_map(|id| names.get(id).map(|name| format!("{name} {id}"))).collect()
    };
    let mut sorted: Vec<(Vec<String>, Division)> =
        found.into_iter().map(|d| (key(&d), d)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    sorted.into_iter().map(|(key, division)| (key.len().saturating_sub(1), division)).collect()
}

/// The nodes directly below one that hold now, by code and name; at most 1,000.
pub async fn list_children(
    tx: &mut Tx,
    parent_id: &str,
    now: Millis,
) -> Result<Vec<Division>, DbError> {
    rows!(
        tx,
        Division,
        "SELECT id, parent_id, level, code, name, path, zone, hotline, document_pattern, revision, valid_from, valid_to \
         FROM divisions WHERE parent_id = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2) \
         ORDER BY code, name, id LIMIT 1000",
        parent_id,
        now.0
    )
}

/// How many nodes lie below a path, without itself, by now.
pub async fn count_below(tx: &mut Tx, path: &str, now: Millis) -> Result<i64, DbError> {
    let bounds = crate::authz::Reach::Division(path.to_owned()).bounds();
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM divisions WHERE path > $1 AND path < $2 AND (valid_to IS NULL OR valid_to > $3)",
        path,
        &bounds.to,
        now.0
    )?;
    Ok(found.map_or(0, |(n,)| n))
}

/// Running nodes of a level whose code begins like this, for allotting and checking codes.
pub async fn list_codes(
    tx: &mut Tx,
    level: Level,
    prefix: &str,
    now: Millis,
) -> Result<Vec<(String, String, String)>, DbError> {
    rows!(
        tx,
        (String, String, String),
        "SELECT code, name, id FROM divisions WHERE level = $1 AND substr(code, 1, length($2)) = $2 \
         AND (valid_to IS NULL OR valid_to > $3) ORDER BY code, id",
        level.code(),
        prefix,
        now.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::Reach;
    use crate::testing;

    #[tokio::test]
    async fn a_form_offers_the_way_down_and_two_levels_below_in_order_of_codes() {
        let t = testing::app().await;
        testing::divisions(&t.app).await;
        let mut tx = t.app.db().read().await.unwrap();
        let reach = Reach::Division("/zf/".into()).bounds();
        let offered = choices(&mut tx, &reach, "zf", testing::NOW).await.unwrap();
        let ids: Vec<_> = offered.iter().map(|choice| choice.id.as_str()).collect();
        assert_eq!(ids, ["zf", "zf-xiangyang", "zf-c1", "zf-c2"]);
        assert_eq!(offered.last().unwrap().label, "　　第二社区");
        let offered = choices(&mut tx, &reach, "zf-c1", testing::NOW).await.unwrap();
        let ids: Vec<_> = offered.iter().map(|choice| choice.id.as_str()).collect();
        assert_eq!(ids, ["zf", "zf-xiangyang", "zf-c1", "zf-g1"]);
        assert!(offered.iter().any(|choice| choice.chosen && choice.id == "zf-c1"));
    }
}
