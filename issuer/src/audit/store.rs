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
    /// Counts with its kind.
    pub subject_id: &'a str,
}

/// A question to the log. All take the same first five binds, and those of `$which` behind them.
macro_rules! newest {
    ($which:expr) => {
        concat!(
            "SELECT a.seq, a.at, a.account_id, COALESCE(c.name, '') AS account_name, \
             COALESCE(p.title, '') AS post_title, COALESCE(p.role, '') AS role, a.action, a.subject, a.subject_id, \
             COALESCE(s.sealed, '') AS detail \
             FROM audit a LEFT JOIN accounts c ON c.id = a.account_id LEFT JOIN posts p ON p.id = a.post_id \
             LEFT JOIN audit_sealed s ON s.seq = a.seq LEFT JOIN divisions d ON d.id = a.division_id \
             WHERE a.seq < $1 AND ((d.path >= $2 AND d.path < $3) OR (a.division_id = '' AND $4 = 1)) AND ",
            $which,
            " ORDER BY a.seq DESC LIMIT $5"
        )
    };
}

/// Everybody's newest entries as far back as `$6`, in the order of their numbers.
const LATELY: &str = newest!("a.seq >= $6");

/// Everybody's newest entries in the reader's divisions: from the newest of each division backwards, one
/// by one, which makes it the same work however long the log is. `$first` finds a division's newest entry
/// before `$1`, `$next` the one before that.
macro_rules! far_back {
    ($first:literal, $next:literal) => {
        newest!(concat!(
            "a.seq IN (WITH RECURSIVE back (division_id, seq, n) AS (SELECT o.id, (",
            $first,
            "), 1 FROM (SELECT id FROM divisions WHERE path >= $2 AND path < $3 UNION ALL SELECT '' WHERE $4 = 1) o \
             UNION ALL SELECT division_id, (",
            $next,
            "), n + 1 FROM back WHERE seq IS NOT NULL AND n < $5) \
             SELECT seq FROM back WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT $5)"
        ))
    };
}

const FAR_BACK_SQLITE: &str = far_back!(
    "SELECT MAX(x.seq) FROM audit x WHERE x.division_id = o.id AND x.seq < $1",
    "SELECT MAX(x.seq) FROM audit x WHERE x.division_id = back.division_id AND x.seq < back.seq"
);

/// `PostgreSQL` would rather walk all numbers down to the first of the division, where it thinks that there
/// are few divisions; an order by both columns is that of the index of divisions alone.
const FAR_BACK_POSTGRES: &str = far_back!(
    "SELECT CASE WHEN x.division_id = o.id THEN x.seq END FROM audit x \
     WHERE (x.division_id, x.seq) < (o.id, $1) ORDER BY x.division_id DESC, x.seq DESC LIMIT 1",
    "SELECT CASE WHEN x.division_id = back.division_id THEN x.seq END FROM audit x \
     WHERE (x.division_id, x.seq) < (back.division_id, back.seq) ORDER BY x.division_id DESC, x.seq DESC LIMIT 1"
);

const fn far_back(tx: &Tx) -> &'static str {
    match tx {
        Tx::Sqlite(_) => FAR_BACK_SQLITE,
        Tx::Postgres(_) => FAR_BACK_POSTGRES,
    }
}

/// The question of one person's or one thing's entries, narrowed in words that an index answers: whoever
/// asks for them does not read everybody's. `None` where it is not narrowed.
const fn narrowed(filter: &Filter<'_>) -> Option<&'static str> {
    match (filter.subject.is_empty(), filter.subject_id.is_empty(), filter.account_id.is_empty()) {
        (false, false, _) => {
            Some(newest!("a.subject = $6 AND a.subject_id = $7 AND ($8 = '' OR a.account_id = $8)"))
        }
        (_, _, false) => Some(newest!(
            "a.account_id = $8 AND ($6 = '' OR a.subject = $6) AND ($7 = '' OR a.subject_id = $7)"
        )),
        (false, true, true) => Some(newest!(
            "a.subject = $6 AND ($7 = '' OR a.subject_id = $7) AND ($8 = '' OR a.account_id = $8)"
        )),
        (true, _, true) => None,
    }
}

/// So many of everybody's newest entries are looked through before those of a reader's divisions are
/// looked for by themselves.
const LATELY_ENTRIES: i64 = 10_000;

/// The newest lines before `before`, newest first.
pub async fn list(
    tx: &mut Tx,
    filter: &Filter<'_>,
    before: i64,
    limit: i64,
) -> Result<Vec<Line>, DbError> {
    list_by(tx, filter, before, limit, LATELY_ENTRIES).await
}

async fn list_by(
    tx: &mut Tx,
    filter: &Filter<'_>,
    before: i64,
    limit: i64,
    lately: i64,
) -> Result<Vec<Line>, DbError> {
    let (low, high, whole) = (&filter.bounds.from, &filter.bounds.to, i64::from(filter.whole));
    if let Some(sql) = narrowed(filter) {
        let (kind, thing, account) = (filter.subject, filter.subject_id, filter.account_id);
        return rows!(tx, Line, sql, before, low, high, whole, limit, kind, thing, account);
    }
    let (end, _) = head(tx).await?;
    let from = before.min(end.saturating_add(1)).saturating_sub(lately);
    let found = rows!(tx, Line, LATELY, before, low, high, whole, limit, from)?;
    if from <= 1 || i64::try_from(found.len()).is_ok_and(|n| n >= limit) {
        return Ok(found);
    }
    let sql = far_back(tx);
    rows!(tx, Line, sql, before, low, high, whole, limit)
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

/// A place in the chain: everything up to this number follows from the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub seq: i64,
    pub sha256: Vec<u8>,
}

impl Link {
    /// Before the first entry.
    pub fn start() -> Self {
        Self { seq: 0, sha256: vec![0; 32] }
    }

    fn follow(&mut self, line: Chained) -> Result<(), ChainFault> {
        let seq = line.seq;
        if seq != self.seq + 1 {
            return Err(ChainFault::Gap { seq });
        }
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
        let digest = chain_digest(seq, &self.sha256, &act, &line.sealed_sha256);
        if line.prev_sha256 != self.sha256 || line.sha256 != digest {
            return Err(ChainFault::Broken { seq });
        }
        if let (Some(salt), Some(sealed)) = (&line.salt, &line.sealed)
            && line.sealed_sha256 != seal_digest(salt, sealed)
        {
            return Err(ChainFault::DetailChanged { seq });
        }
        *self = Self { seq, sha256: line.sha256 };
        Ok(())
    }
}

/// Follows the chain by at most so many entries, none behind `to`. It stands still where there are no more.
pub async fn walk(
    tx: &mut Tx,
    link: &mut Link,
    to: i64,
    most: i64,
) -> Result<Result<(), ChainFault>, DbError> {
    let found = rows!(
        tx,
        Chained,
        "SELECT a.*, s.salt, s.sealed FROM audit a LEFT JOIN audit_sealed s ON s.seq = a.seq \
         WHERE a.seq > $1 AND a.seq <= $2 ORDER BY a.seq LIMIT $3",
        link.seq,
        to,
        most
    )?;
    Ok(found.into_iter().try_for_each(|line| link.follow(line)))
}

/// Walks the whole chain; returns its length, or the first fault.
pub async fn verify(tx: &mut Tx) -> Result<Result<i64, ChainFault>, DbError> {
    let mut link = Link::start();
    loop {
        let before = link.seq;
        if let Err(fault) = walk(tx, &mut link, i64::MAX, 2000).await? {
            return Ok(Err(fault));
        }
        if link.seq == before {
            break;
        }
    }
    Ok(if head(tx).await? == (link.seq, link.sha256) {
        Ok(link.seq)
    } else {
        Err(ChainFault::HeadDiffers)
    })
}

/// Whether the last entry is the one that the chain is said to end with.
pub async fn ends_as_stored(tx: &mut Tx) -> Result<bool, DbError> {
    let last = row!(tx, (i64, Vec<u8>), "SELECT seq, sha256 FROM audit ORDER BY seq DESC LIMIT 1")?;
    let last = last.unwrap_or_else(|| (0, Link::start().sha256));
    Ok(head(tx).await? == last)
}

/// The chain's present end, for manifests and outside witnesses.
pub async fn head(tx: &mut Tx) -> Result<(i64, Vec<u8>), DbError> {
    row!(tx, (i64, Vec<u8>), "SELECT seq, sha256 FROM audit_head WHERE id = 1")?
        .ok_or(DbError::corrupt("audit_head", "id", "1"))
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
