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
        "SELECT a.seq, a.at, a.account_id, COALESCE(c.name, '') AS account_name, \
         COALESCE(p.title, '') AS post_title, COALESCE(p.role, '') AS role, a.action, a.subject, a.subject_id, \
         COALESCE(s.sealed, '') AS detail \
         FROM audit a LEFT JOIN accounts c ON c.id = a.account_id LEFT JOIN posts p ON p.id = a.post_id \
         LEFT JOIN audit_sealed s ON s.seq = a.seq LEFT JOIN divisions d ON d.id = a.division_id \
         WHERE a.seq < $1 AND ($2 = '' OR a.subject_id = $2) AND ($3 = '' OR a.subject = $3) \
         AND ($4 = '' OR a.account_id = $4) \
         AND ((d.path >= $5 AND d.path < $6) OR (a.division_id = '' AND $7 = 1)) \
         ORDER BY a.seq DESC LIMIT $8",
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
