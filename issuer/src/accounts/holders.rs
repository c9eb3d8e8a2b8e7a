//! Who holds a role over a division: for sending somebody, and for saying who is to sign.

use fugong_common::lang::Lang;
use fugong_common::time::Millis;

use super::Role;
use crate::db::{DbError, Tx};
use crate::rows;

/// Somebody who may act there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub account_id: String,
    pub name: String,
    /// Title of the post.
    pub post: String,
    pub division_name: String,
    /// Department line; empty where it has none.
    pub line: String,
}

#[derive(sqlx::FromRow)]
struct HolderRow {
    account_id: String,
    name: String,
    title: String,
    local_title: String,
    division_name: String,
    line: String,
}

/// The holders of a role whose reach covers a division's path, the nearest first.
pub async fn list(
    tx: &mut Tx,
    division_path: &str,
    role: Role,
    lang: Lang,
    now: Millis,
) -> Result<Vec<Holder>, DbError> {
    let mut holders: Vec<Holder> = Vec::new();
    for division_id in division_path.split('/').filter(|id| !id.is_empty()).rev() {
        let found = rows!(
            tx,
            HolderRow,
            "SELECT p.account_id, a.name, p.title, COALESCE((SELECT t.title FROM role_titles t JOIN divisions u ON u.id = t.division_id WHERE t.role = p.role \
             AND substr(d.path, 1, length(u.path)) = u.path ORDER BY length(u.path) DESC LIMIT 1), '') AS local_title, d.name AS division_name, p.line \
             FROM posts p JOIN accounts a ON a.id = p.account_id JOIN divisions d ON d.id = p.division_id \
             WHERE p.division_id = $1 AND p.role = $2 AND p.enterprise_id = '' AND a.active = 1 \
             AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to > $3) ORDER BY p.account_id LIMIT 50",
            division_id,
            role.code(),
            now.0
        )?;
        for row in found {
            if holders.iter().any(|known| known.account_id == row.account_id) {
                continue;
            }
            let title = [row.title, row.local_title].into_iter().find(|title| !title.is_empty());
            holders.push(Holder {
                account_id: row.account_id,
                name: row.name,
                post: title.unwrap_or_else(|| role.title(lang).to_owned()),
                division_name: row.division_name,
                line: row.line,
            });
        }
    }
    Ok(holders)
}
