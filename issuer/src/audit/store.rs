//! The audit log's rows.

use fugong_common::entropy::{self, Entropy};
use fugong_common::time::Millis;

use super::{Act, ChainFault, chain_digest, seal_digest};
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::{row, rows, run};

/// Records an act in the transaction that performs it. Takes the chain's end under lock.
pub async fn append(tx: &mut Tx, entropy: &dyn Entropy, act: Act<'_>) -> Result<(), DbError> {
    let head: Option<(i64, Vec<u8>)> = row!(
        tx,
        (i64, Vec<u8>),
        "UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, sha256"
    )?;
    let (seq, prev) = head.ok_or(DbError::corrupt("audit_head", "id", "1"))?;
    let salt: [u8; 16] = entropy::bytes(entropy);
    let sealed = seal_digest(&salt, act.detail);
    let digest = chain_digest(seq, &prev, &act, &sealed);
    run!(
        tx,
        "INSERT INTO audit (seq, at, account_id, post_id, action, subject, subject_id, division_id, sealed_sha256, \
         prev_sha256, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        seq,
        act.at.0,
        act.account_id,
        act.post_id,
        act.action,
        act.subject,
        act.subject_id,
        act.division_id,
        sealed.to_vec(),
        &prev,
        digest.to_vec(),
    )?;
    run!(
        tx,
        "INSERT INTO audit_sealed (seq, salt, sealed) VALUES ($1, $2, $3)",
        seq,
        salt.to_vec(),
        act.detail
    )?;
    run!(tx, "UPDATE audit_head SET sha256 = $1 WHERE id = 1", digest.to_vec())?;
    Ok(())
}

/// A row as read by people.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Line {
    pub seq: i64,
    pub at: i64,
    pub account_id: String,
    pub account_name: String,
    pub post_title: String,
    pub role: String,
    pub action: String,
    pub subject: String,
    pub subject_id: String,
    pub detail: String,
}

/// Which lines a reader asks for. Empty texts ask for all.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    pub bounds: &'a Bounds,
    /// Also acts that belong to no division: the command line's, and people setting passwords.
    pub whole: bool,
    pub account_id: &'a str,
    /// Kind of thing.
    pub subject: &'a str,
    pub subject_id: &'a str,
}

/// A question to the log, narrowed in words that an index answers: whoever asks for one person's or one
/// thing's entries does not read everybody's. Every one takes the same binds.
macro_rules! newest {
    ($which:literal) => {
        concat!(
            "SELECT a.seq, a.at, a.account_id, COALESCE(c.name, '') AS account_name, \
             COALESCE(p.title, '') AS post_title, COALESCE(p.role, '') AS role, a.action, a.subject, a.subject_id, \
             COALESCE(s.sealed, '') AS detail \
             FROM audit a LEFT JOIN accounts c ON c.id = a.account_id LEFT JOIN posts p ON p.id = a.post_id \
             LEFT JOIN audit_sealed s ON s.seq = a.seq LEFT JOIN divisions d ON d.id = a.division_id \
             WHERE a.seq < $1 AND ",
            $which,
            " AND ((d.path >= $5 AND d.path < $6) OR (a.division_id = '' AND $7 = 1)) \
             ORDER BY a.seq DESC LIMIT $8"
        )
    };
}

const fn question(filter: &Filter<'_>) -> &'static str {
    match (filter.subject.is_empty(), filter.subject_id.is_empty(), filter.account_id.is_empty()) {
        (false, false, _) => {
            newest!("a.subject = $3 AND a.subject_id = $2 AND ($4 = '' OR a.account_id = $4)")
        }
        (_, _, false) => newest!(
            "a.account_id = $4 AND ($2 = '' OR a.subject_id = $2) AND ($3 = '' OR a.subject = $3)"
        ),
        (false, true, true) => {
            newest!(
                "a.subject = $3 AND ($2 = '' OR a.subject_id = $2) AND ($4 = '' OR a.account_id = $4)"
            )
        }
        (true, _, true) => newest!(
            "($2 = '' OR a.subject_id = $2) AND ($3 = '' OR a.subject = $3) AND ($4 = '' OR a.account_id = $4)"
        ),
    }
}

/// The newest lines before `before`, newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter<'_>,
    before: i64,
    limit: i64,
) -> Result<Vec<Line>, DbError> {
    rows!(
        tx,
        Line,
        question(filter),
        before,
        filter.subject_id,
        filter.subject,
        filter.account_id,
        &filter.bounds.from,
        &filter.bounds.to,
        i64::from(filter.whole),
        limit
    )
}

#[derive(sqlx::FromRow)]
struct Chained {
    seq: i64,
    at: i64,
    account_id: String,
    post_id: String,
    action: String,
    subject: String,
    subject_id: String,
    division_id: String,
    sealed_sha256: Vec<u8>,
    prev_sha256: Vec<u8>,
    sha256: Vec<u8>,
    salt: Option<Vec<u8>>,
    sealed: Option<String>,
}

/// Walks the whole chain; returns its length, or the first fault.
pub async fn verify(tx: &mut Tx) -> Result<Result<i64, ChainFault>, DbError> {
    let (mut seq, mut prev) = (0_i64, vec![0_u8; 32]);
    loop {
        let page = rows!(
            tx,
            Chained,
            "SELECT a.*, s.salt, s.sealed FROM audit a LEFT JOIN audit_sealed s ON s.seq = a.seq \
             WHERE a.seq > $1 ORDER BY a.seq LIMIT 2000",
            seq
        )?;
        if page.is_empty() {
            break;
        }
        for line in page {
            if line.seq != seq + 1 {
                return Ok(Err(ChainFault::Gap { seq: line.seq }));
            }
            seq = line.seq;
            let act = Act {
                at: Millis(line.at),
                account_id: &line.account_id,
                post_id: &line.post_id,
                action: &line.action,
                subject: &line.subject,
                subject_id: &line.subject_id,
                division_id: &line.division_id,
                detail: "",
            };
            let digest = chain_digest(seq, &prev, &act, &line.sealed_sha256);
            if line.prev_sha256 != prev || line.sha256 != digest {
                return Ok(Err(ChainFault::Broken { seq }));
            }
            if let (Some(salt), Some(sealed)) = (&line.salt, &line.sealed)
                && line.sealed_sha256 != seal_digest(salt, sealed)
            {
                return Ok(Err(ChainFault::DetailChanged { seq }));
            }
            prev = line.sha256;
        }
    }
    let head = row!(tx, (i64, Vec<u8>), "SELECT seq, sha256 FROM audit_head WHERE id = 1")?;
    Ok(if head == Some((seq, prev)) { Ok(seq) } else { Err(ChainFault::HeadDiffers) })
}

/// The chain's present end, for manifests and outside witnesses.
pub async fn head(tx: &mut Tx) -> Result<(i64, Vec<u8>), DbError> {
    row!(tx, (i64, Vec<u8>), "SELECT seq, sha256 FROM audit_head WHERE id = 1")?
        .ok_or(DbError::corrupt("audit_head", "id", "1"))
}

#[cfg(test)]
mod tests {
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::authz::Reach;
    use crate::permits::testing::Town;

    /// How the database means to answer a question.
    async fn plan(tx: &mut Tx, filter: &Filter<'_>) -> String {
        let sql = question(filter);
        if matches!(tx, Tx::Sqlite(_)) {
            let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let lines = rows!(tx, (i64, i64, i64, String), sql).unwrap();
            return lines.into_iter().map(|line| line.3 + "\n").collect();
        }
        let sql = AssertSqlSafe(format!("EXPLAIN {sql}"));
        let lines = rows!(
            tx,
            (String,),
            sql,
            i64::MAX,
            filter.subject_id,
            filter.subject,
            filter.account_id,
            &filter.bounds.from,
            &filter.bounds.to,
            1_i64,
            50_i64
        );
        lines.unwrap().into_iter().map(|line| line.0 + "\n").collect()
    }

    #[tokio::test]
    async fn the_entries_of_one_person_or_one_thing_are_found_without_reading_the_log() {
        let town = Town::new().await;
        let mut tx = town.app.db().write().await.unwrap();
        for n in 0..3_000 {
            let (account, thing) = (format!("a{}", n % 300), format!("t{n}"));
            let act = Act {
                at: Millis(n),
                account_id: &account,
                post_id: "",
                action: "permit.print",
                subject: if n % 300 == 7 { "rare" } else { "permit" },
                subject_id: &thing,
                division_id: "",
                detail: "",
            };
            append(&mut tx, town.app.entropy(), act).await.unwrap();
        }
        if matches!(tx, Tx::Postgres(_)) {
            run!(&mut tx, "ANALYZE audit").unwrap();
        }
        let bounds = Reach::Division("/".into()).bounds();
        let all =
            Filter { bounds: &bounds, whole: true, account_id: "", subject: "", subject_id: "" };
        for (filter, index, found) in [
            (Filter { account_id: "a12", ..all.clone() }, "audit_by_account", 10),
            (Filter { subject: "permit", subject_id: "t12", ..all.clone() }, "audit_by_subject", 1),
            (Filter { subject: "rare", ..all.clone() }, "audit_by_kind", 10),
            (
                Filter { account_id: "a12", subject: "permit", ..all.clone() },
                "audit_by_account",
                10,
            ),
        ] {
            let plan = plan(&mut tx, &filter).await;
            assert!(plan.contains(index), "{filter:?}: {plan}");
            assert_eq!(
                list(&mut tx, &filter, i64::MAX, 50).await.unwrap().len(),
                found,
                "{filter:?}"
            );
        }
        assert_eq!(list(&mut tx, &all, i64::MAX, 50).await.unwrap().len(), 50);
    }
}
