//! Premises and who occupies them as rows.

use fugong_common::time::Millis;

use super::Kind;
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::{row, rows, rows_in, run};

/// A premises' row.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Premises {
    pub id: String,
    /// Community code × 10,000 and a number.
    pub site_code: i64,
    pub kind: String,
    pub name: String,
    pub address: String,
    pub entrance: String,
    pub division_id: String,
    pub division_path: String,
    pub container_id: Option<String>,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Premises {
    pub fn kind(&self) -> Result<Kind, DbError> {
        Kind::parse(&self.kind).ok_or_else(|| DbError::corrupt("premises", "kind", &self.id))
    }

    /// The site code as permits and keys' scopes hold it.
    pub fn site_code(&self) -> Result<u64, DbError> {
        u64::try_from(self.site_code)
            .map_err(|_| DbError::corrupt("premises", "site_code", &self.id))
    }

    /// Where it lies, for authorisation of posts that reach divisions.
    pub fn place(&self) -> crate::authz::Place<'_> {
        crate::authz::Place::in_division(&self.division_path)
    }
}

macro_rules! columns {
    ($p:literal) => {
        concat!(
            $p,
            "id, ",
            $p,
            "site_code, ",
            $p,
            "kind, ",
            $p,
            "name, ",
            $p,
            "address, ",
            $p,
            "entrance, ",
            $p,
            "division_id, ",
            $p,
            "division_path, ",
            $p,
            "container_id, ",
            $p,
            "revision, ",
            $p,
            "created_at, ",
            $p,
            "updated_at"
        )
    };
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Premises>, DbError> {
    row!(tx, Premises, concat!("SELECT ", columns!(""), " FROM premises WHERE id = $1"), id)
}

pub async fn find_by_site_code(tx: &mut Tx, site_code: i64) -> Result<Option<Premises>, DbError> {
    row!(
        tx,
        Premises,
        concat!("SELECT ", columns!(""), " FROM premises WHERE site_code = $1"),
        site_code
    )
}

/// How many site codes of a range are taken.
pub async fn count_between(tx: &mut Tx, first: i64, last: i64) -> Result<i64, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM premises WHERE site_code >= $1 AND site_code <= $2",
        first,
        last
    )?;
    Ok(found.map_or(0, |(n,)| n))
}

/// One line of the list: the place, its container's name and how many enterprises work there.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PremisesLine {
    pub id: String,
    pub site_code: i64,
    pub kind: String,
    pub name: String,
    pub address: String,
    pub division_name: String,
    pub container_name: String,
    pub tenants: i64,
}

/// A page of premises by site code, behind `after` (0: from the start).
pub async fn list(
    tx: &mut Tx,
    bounds: &Bounds,
    search: &str,
    kind: &str,
    after: i64,
    now: Millis,
    limit: i64,
) -> Result<Vec<PremisesLine>, DbError> {
    let like = format!("%{}%", search.trim().replace(['%', '_'], "").to_lowercase());
    rows!(
        tx,
        PremisesLine,
        "SELECT p.id, p.site_code, p.kind, p.name, p.address, d.name AS division_name, \
         COALESCE(c.name, '') AS container_name, \
         (SELECT COUNT(*) FROM occupancies o WHERE o.premises_id = p.id AND o.valid_from <= $6 \
          AND (o.valid_to IS NULL OR o.valid_to > $6)) AS tenants \
         FROM premises p JOIN divisions d ON d.id = p.division_id LEFT JOIN premises c ON c.id = p.container_id \
         WHERE p.site_code > $1 AND CAST(p.division_path AS TEXT) >= $2 AND CAST(p.division_path AS TEXT) < $3 \
         AND (lower(p.name) LIKE $4 OR lower(p.address) LIKE $4) AND ($5 = '' OR p.kind = $5) \
         ORDER BY p.site_code LIMIT $7",
        after,
        &bounds.from,
        &bounds.to,
        &like,
        kind,
        now.0,
        limit
    )
}

/// Places within bounds in which others may lie, for a form's choice; at most 500.
pub async fn list_containers(tx: &mut Tx, bounds: &Bounds) -> Result<Vec<Premises>, DbError> {
    rows!(
        tx,
        Premises,
        concat!(
            "SELECT ",
            columns!(""),
            " FROM premises WHERE division_path >= $1 AND division_path < $2 AND kind IN \
             ('park', 'mall', 'building', 'construction_site', 'market', 'logistics', 'village') \
             ORDER BY name, id LIMIT 500"
        ),
        &bounds.from,
        &bounds.to
    )
}

/// What a form says of premises, already checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    pub kind: Kind,
    pub name: String,
    pub address: String,
    pub entrance: String,
    pub container_id: Option<String>,
}

/// Adds premises under a site code from [`super::next_site_code`].
pub async fn insert(
    tx: &mut Tx,
    id: &str,
    site_code: i64,
    d: &Details,
    (division_id, division_path): (&str, &str),
    now: Millis,
) -> Result<(), DbError> {
    run!(
        tx,
        "INSERT INTO premises (id, site_code, kind, name, address, entrance, division_id, division_path, container_id, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        id,
        site_code,
        d.kind.code(),
        &d.name,
        &d.address,
        &d.entrance,
        division_id,
        division_path,
        d.container_id.as_deref(),
        now.0
    )?;
    Ok(())
}

/// Changes premises as seen at `revision`. The site code stays, whatever grid it is resolved to
/// now: permits and keys hold it. False: somebody was quicker.
pub async fn update(
    tx: &mut Tx,
    id: &str,
    revision: i64,
    d: &Details,
    (division_id, division_path): (&str, &str),
    now: Millis,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE premises SET kind = $3, name = $4, address = $5, entrance = $6, division_id = $7, division_path = $8, \
         container_id = $9, updated_at = $10, revision = revision + 1 WHERE id = $1 AND revision = $2",
        id,
        revision,
        d.kind.code(),
        &d.name,
        &d.address,
        &d.entrance,
        division_id,
        division_path,
        d.container_id.as_deref(),
        now.0
    )?;
    Ok(touched == 1)
}

/// Lets an enterprise work at premises from `from` on. A present occupancy stays as it is.
pub async fn occupy(
    tx: &mut Tx,
    enterprise_id: &str,
    premises_id: &str,
    from: Millis,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "INSERT INTO occupancies (enterprise_id, premises_id, valid_from) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT) WHERE NOT EXISTS \
         (SELECT 1 FROM occupancies WHERE enterprise_id = $1 AND premises_id = $2 AND valid_to IS NULL)",
        enterprise_id,
        premises_id,
        from.0
    )?;
    Ok(touched == 1)
}

/// Ends an occupancy. False: it wasn't one.
pub async fn vacate(
    tx: &mut Tx,
    enterprise_id: &str,
    premises_id: &str,
    at: Millis,
) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE occupancies SET valid_to = $3 WHERE enterprise_id = $1 AND premises_id = $2 AND valid_to IS NULL \
         AND valid_from < $3",
        enterprise_id,
        premises_id,
        at.0
    )?;
    Ok(touched > 0)
}

/// Where an enterprise works at this instant, oldest first.
pub async fn list_of_enterprise(
    tx: &mut Tx,
    enterprise_id: &str,
    now: Millis,
) -> Result<Vec<Premises>, DbError> {
    rows!(
        tx,
        Premises,
        concat!(
            "SELECT ",
            columns!("p."),
            " FROM occupancies o JOIN premises p ON p.id = o.premises_id WHERE o.enterprise_id = $1 \
             AND o.valid_from <= $2 AND (o.valid_to IS NULL OR o.valid_to > $2) ORDER BY o.valid_from, p.id"
        ),
        enterprise_id,
        now.0
    )
}

/// The premises that lie directly in a container.
pub async fn list_in_container(tx: &mut Tx, id: &str) -> Result<Vec<Premises>, DbError> {
    rows!(
        tx,
        Premises,
        concat!(
            "SELECT ",
            columns!(""),
            " FROM premises WHERE container_id = $1 ORDER BY site_code LIMIT 1000"
        ),
        id
    )
}

/// Whatever lies directly in one of these containers: id and site code.
pub async fn list_inside(
    tx: &mut Tx,
    containers: &[String],
) -> Result<Vec<(String, i64)>, DbError> {
    let sql = "SELECT id, site_code FROM premises WHERE container_id IN ";
    rows_in!(tx, (String, i64), sql, containers, " ORDER BY container_id, site_code")
}

/// Whether `id` lies in `container_id`, or in something that lies in it.
pub async fn lies_in(tx: &mut Tx, id: &str, container_id: &str) -> Result<bool, DbError> {
    let mut at = find(tx, id).await?;
    for _ in 0..16 {
        let Some(above) = at.and_then(|premises| premises.container_id) else { return Ok(false) };
        if above == container_id {
            return Ok(true);
        }
        at = find(tx, &above).await?;
    }
    Ok(false)
}

/// An enterprise at premises, or at premises inside them.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Tenant {
    pub enterprise_id: String,
    pub name: String,
    pub uscc: Option<String>,
    pub scale: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub premises_id: String,
    pub premises_name: String,
    pub site_code: i64,
    pub valid_from: i64,
}

/// Who works at premises and in those directly inside them, by site code and name.
pub async fn list_tenants(
    tx: &mut Tx,
    premises_id: &str,
    now: Millis,
    limit: i64,
) -> Result<Vec<Tenant>, DbError> {
    rows!(
        tx,
        Tenant,
        "SELECT e.id AS enterprise_id, e.name, e.uscc, e.scale, e.contact_name, e.contact_phone, \
         p.id AS premises_id, p.name AS premises_name, p.site_code, o.valid_from \
         FROM premises p JOIN occupancies o ON o.premises_id = p.id JOIN enterprises e ON e.id = o.enterprise_id \
         WHERE (p.id = $1 OR p.container_id = $1) AND o.valid_from <= $2 AND (o.valid_to IS NULL OR o.valid_to > $2) \
         ORDER BY p.site_code, e.name, e.id LIMIT $3",
        premises_id,
        now.0,
        limit
    )
}

/// The addresses at which enterprises of a range of ids work: (enterprise, address), the oldest
/// occupancy of each first.
pub async fn list_addresses(
    tx: &mut Tx,
    after: &str,
    up_to: &str,
    now: Millis,
) -> Result<Vec<(String, String)>, DbError> {
    rows!(
        tx,
        (String, String),
        "SELECT o.enterprise_id, p.address FROM occupancies o JOIN premises p ON p.id = o.premises_id \
         WHERE o.enterprise_id > $1 AND o.enterprise_id <= $2 AND o.valid_from <= $3 \
         AND (o.valid_to IS NULL OR o.valid_to > $3) ORDER BY o.enterprise_id, o.valid_from, p.id",
        after,
        up_to,
        now.0
    )
}

/// The site codes at which a change of an enterprise's roster is of interest: where it works, and
/// the containers of those places, whose gates let its people in too.
pub async fn list_sites_of_enterprise(
    tx: &mut Tx,
    enterprise_id: &str,
    now: Millis,
) -> Result<Vec<i64>, DbError> {
    let found = rows!(
        tx,
        (i64, Option<i64>),
        "SELECT p.site_code, c.site_code FROM occupancies o JOIN premises p ON p.id = o.premises_id \
         LEFT JOIN premises c ON c.id = p.container_id WHERE o.enterprise_id = $1 \
         AND o.valid_from <= $2 AND (o.valid_to IS NULL OR o.valid_to > $2) ORDER BY p.site_code",
        enterprise_id,
        now.0
    )?;
    let mut sites: Vec<i64> =
        found.into_iter().flat_map(|(own, container)| [Some(own), container]).flatten().collect();
    sites.sort_unstable();
    sites.dedup();
    Ok(sites)
}
