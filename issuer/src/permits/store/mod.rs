//! Permits as rows.

mod history;

use std::collections::HashMap;

use fugong_common::claims::Lineage;
use fugong_common::envelope::Unverified;
use fugong_common::keys::Kind;
use fugong_common::permit::{NoCode, Permit as Claims, SiteCode, Subject};
use fugong_common::serial::Serial;
use fugong_common::time::Millis;

use super::facts::{Facts, Place};
use super::state::{Event, Refused, Standing, State};
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::{row, rows, rows_in, run};

pub(super) use history::note_act;
pub use history::{ActLine, list_acts};

#[derive(sqlx::FromRow)]
struct PermitRow {
    id: String,
    serial: String,
    lineage: String,
    application_id: String,
    enterprise_id: String,
    premises_id: String,
    division_id: String,
    division_path: String,
    document_number: String,
    facts: String,
    key_id: String,
    status_index: i64,
    token: Vec<u8>,
    state: String,
    state_at: i64,
    lapses_at: Option<i64>,
    replaces: String,
    issued_at: i64,
    copies: i64,
    revision: i64,
}

/// A permit as issued, and where it stands.
#[derive(Clone, Debug)]
pub struct Permit {
    pub id: String,
    pub serial: Serial,
    pub lineage: Lineage,
    pub application_id: String,
    pub place: Place,
    pub document_number: String,
    pub facts: Facts,
    /// What the token says.
    pub claims: Claims,
    pub key_id: String,
    pub status_index: i64,
    pub token: Vec<u8>,
    pub state: State,
    /// Serial (hexadecimal) of the older permit whose place it took; empty for the first.
    pub replaces: String,
    pub issued_at: Millis,
    pub copies: i64,
    pub revision: i64,
}

impl Permit {
    /// How it stands now.
    pub fn standing(&self, now: Millis) -> Standing {
        self.state.standing(self.claims.validity, now)
    }

    /// The state after what an officer has done to it.
    ///
    /// # Errors
    /// Names how it stands, and what it doesn't take so.
    pub fn after(&self, event: Event, now: Millis) -> Result<State, Refused> {
        let standing = self.standing(now);
        let next = self.state.after(event, now).filter(|_| standing.lets(event));
        next.ok_or(Refused { standing, event })
    }
}

impl PermitRow {
    fn into_permit(self) -> Result<Permit, DbError> {
        let corrupt = |column| DbError::corrupt("permits", column, &self.id);
        let envelope =
            Unverified::parse(Kind::Permit, &self.token).map_err(|_| corrupt("token"))?;
        let claims = Claims::decode(envelope.payload()).map_err(|_| corrupt("token"))?;
        let state = State::from_row(&self.state, Millis(self.state_at), self.lapses_at.map(Millis))
            .ok_or_else(|| corrupt("state"))?;
        Ok(Permit {
            serial: Serial::from_hex(&self.serial).ok_or_else(|| corrupt("serial"))?,
            lineage: Lineage::from_hex(&self.lineage).ok_or_else(|| corrupt("lineage"))?,
            facts: serde_json::from_str(&self.facts).map_err(|_| corrupt("facts"))?,
            place: Place {
                enterprise_id: self.enterprise_id,
                premises_id: self.premises_id,
                site: claims.site,
                division_id: self.division_id,
                division_path: self.division_path,
            },
            id: self.id,
            application_id: self.application_id,
            document_number: self.document_number,
            claims,
            key_id: self.key_id,
            status_index: self.status_index,
            token: self.token,
            state,
            replaces: self.replaces,
            issued_at: Millis(self.issued_at),
            copies: self.copies,
            revision: self.revision,
        })
    }
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Permit>, DbError> {
    row!(tx, PermitRow, "SELECT * FROM permits WHERE id = $1", id)?
        .map(PermitRow::into_permit)
        .transpose()
}

pub async fn find_by_serial(tx: &mut Tx, serial: Serial) -> Result<Option<Permit>, DbError> {
    row!(tx, PermitRow, "SELECT * FROM permits WHERE serial = $1", serial.to_hex())?
        .map(PermitRow::into_permit)
        .transpose()
}

/// The permit behind an index of a key's status list.
pub async fn find_by_index(
    tx: &mut Tx,
    key_id: &str,
    index: i64,
) -> Result<Option<Permit>, DbError> {
    row!(
        tx,
        PermitRow,
        "SELECT * FROM permits WHERE key_id = $1 AND status_index = $2",
        key_id,
        index
    )?
    .map(PermitRow::into_permit)
    .transpose()
}

/// The newest permit that an application led to.
pub async fn find_by_application(
    tx: &mut Tx,
    application_id: &str,
) -> Result<Option<Permit>, DbError> {
    row!(
        tx,
        PermitRow,
        "SELECT * FROM permits WHERE application_id = $1 ORDER BY id DESC LIMIT 1",
        application_id
    )?
    .map(PermitRow::into_permit)
    .transpose()
}

/// The permit of a line that took the place of this serial.
pub async fn find_successor(tx: &mut Tx, serial: Serial) -> Result<Option<Permit>, DbError> {
    row!(
        tx,
        PermitRow,
        "SELECT * FROM permits WHERE replaces = $1 AND replaces <> ''",
        serial.to_hex()
    )?
    .map(PermitRow::into_permit)
    .transpose()
}

/// What an enterprise's passes hang on: the line of the first permit that it ever got. Its later
/// permits, at whichever site, stand under it in the gates' registers.
pub async fn first_lineage(tx: &mut Tx, enterprise_id: &str) -> Result<Option<Lineage>, DbError> {
    let sql = "SELECT lineage FROM permits WHERE enterprise_id = $1 ORDER BY id LIMIT 1";
    row!(tx, (String,), sql, enterprise_id)?
        .map(|(lineage,)| {
            Lineage::from_hex(&lineage)
                .ok_or_else(|| DbError::corrupt("permits", "lineage", enterprise_id))
        })
        .transpose()
}

/// An enterprise's permits that count (issued or suspended) and have not ended.
pub async fn list_current_of(
    tx: &mut Tx,
    enterprise_id: &str,
    now: Millis,
) -> Result<Vec<Permit>, DbError> {
    let found = rows!(
        tx,
        PermitRow,
        "SELECT * FROM permits WHERE enterprise_id = $1 AND state IN ('issued', 'suspended') AND exp > $2 ORDER BY id",
        enterprise_id,
        now.0
    )?;
    found.into_iter().map(PermitRow::into_permit).collect()
}

/// The lines of the first permits of these enterprises, as [`first_lineage`] gives one.
pub async fn first_lineages<'a>(
    tx: &mut Tx,
    enterprises: &[&'a str],
) -> Result<HashMap<&'a str, Lineage>, DbError> {
    let sql = "SELECT enterprise_id, lineage FROM permits WHERE enterprise_id IN ";
    let found = rows_in!(tx, (String, String), sql, enterprises, " ORDER BY enterprise_id, id")?;
    let mut first: HashMap<String, String> = HashMap::new();
    for (enterprise_id, lineage) in found {
        first.entry(enterprise_id).or_insert(lineage);
    }
    let parse = |id: &&'a str| {
        let lineage = Lineage::from_hex(first.get(*id)?);
        Some(lineage.ok_or_else(|| DbError::corrupt("permits", "lineage", *id)).map(|of| (*id, of)))
    };
    enterprises.iter().filter_map(parse).collect()
}

/// Everything ever issued for these sites and not ended long ago, by site and age: what their gates'
/// registers hold. Replaced and revoked ones stay in, so that a gate can say so.
pub async fn list_for_sites(
    tx: &mut Tx,
    sites: &[SiteCode],
    ended_before: Millis,
) -> Result<Vec<Permit>, DbError> {
    let codes: Vec<i64> = sites.iter().filter_map(|site| i64::try_from(site.0).ok()).collect();
    let sql = "SELECT * FROM permits WHERE site_code IN ";
    let found = rows_in!(
        tx,
        PermitRow,
        sql,
        codes,
        " AND exp > ",
        ended_before.0,
        " ORDER BY site_code, id"
    )?;
    found.into_iter().map(PermitRow::into_permit).collect()
}

/// Which permits a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the name, a document number, or a serial as hexadecimal.
    pub search: String,
    pub serial: String,
    pub state: StateFilter,
    /// Only those signed by this key that still count.
    pub key_id: String,
}

/// States as people look for them; time counts too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateFilter {
    #[default]
    All,
    Valid,
    NotYet,
    Suspended,
    /// Suspended for a time, waiting for a post.
    ToConfirm,
    /// Ends within two weeks.
    EndsSoon,
    Expired,
    Revoked,
    Superseded,
}

impl StateFilter {
    pub const ALL: [Self; 9] = [
        Self::All,
        Self::Valid,
        Self::NotYet,
        Self::Suspended,
        Self::ToConfirm,
        Self::EndsSoon,
        Self::Expired,
        Self::Revoked,
        Self::Superseded,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Valid => "valid",
            Self::NotYet => "not_yet",
            Self::Suspended => "suspended",
            Self::ToConfirm => "to_confirm",
            Self::EndsSoon => "ends_soon",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
        }
    }

    pub fn parse(code: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.code() == code).unwrap_or_default()
    }
}

/// Permits within bounds, newest first (ids sort by time), before `before`.
pub async fn list(
    tx: &mut Tx,
    bounds: &Bounds,
    filter: &Filter,
    now: Millis,
    before: &str,
    limit: i64,
) -> Result<Vec<Permit>, DbError> {
    let like = format!("%{}%", super::facts::name_key(&filter.search).replace(['%', '_'], ""));
    let before = if before.is_empty() { "~" } else { before };
    let found = rows!(
        tx,
        PermitRow,
        "SELECT * FROM permits WHERE id IN (SELECT id FROM permits \
         WHERE CAST(division_path AS TEXT) >= $1 AND CAST(division_path AS TEXT) < $2 AND ($3 = '' OR enterprise_id = $3) AND id < $4 AND ($5 = '%%' OR name_key LIKE $5 OR replace(lower(document_number), ' ', '') LIKE $5 OR serial = $6) \
         AND ($7 = '' OR (key_id = $7 AND state IN ('issued', 'suspended') AND exp > $9)) \
         AND ($8 = '' \
           OR ($8 = 'valid' AND state = 'issued' AND nbf <= $9 AND exp > $9) \
           OR ($8 = 'not_yet' AND state = 'issued' AND nbf > $9) \
           OR ($8 = 'suspended' AND state = 'suspended') \
           OR ($8 = 'to_confirm' AND lapses_at IS NOT NULL) \
           OR ($8 = 'ends_soon' AND state = 'issued' AND exp > $9 AND exp <= $10) \
           OR ($8 = 'expired' AND state = 'issued' AND exp <= $9) \
           OR ($8 = 'revoked' AND state = 'revoked') \
           OR ($8 = 'superseded' AND state = 'superseded')) \
         ORDER BY id DESC LIMIT $11) ORDER BY id DESC",
        &bounds.from,
        &bounds.to,
        &bounds.own,
        before,
        &like,
        &filter.serial,
        &filter.key_id,
        filter.state.code(),
        now.0,
        now.plus_days(14).0,
        limit
    )?;
    found.into_iter().map(PermitRow::into_permit).collect()
}

/// Permits that count and were signed by a key.
pub async fn count_by_key(tx: &mut Tx, key_id: &str) -> Result<i64, DbError> {
    let found = row!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM permits WHERE key_id = $1 AND state IN ('issued', 'suspended')",
        key_id
    )?;
    Ok(found.map_or(0, |(n,)| n))
}

/// Temporary suspensions whose time is over, behind one of them: (when it ended, id).
pub async fn list_lapsed(
    tx: &mut Tx,
    now: Millis,
    (behind, behind_id): (i64, &str),
    limit: i64,
) -> Result<Vec<(i64, String)>, DbError> {
    rows!(
        tx,
        (i64, String),
        "SELECT lapses_at, id FROM permits WHERE lapses_at <= $1 AND (lapses_at, id) > ($2, $3) \
         ORDER BY lapses_at, id LIMIT $4",
        now.0,
        behind,
        behind_id,
        limit
    )
}

pub(super) async fn insert(tx: &mut Tx, permit: &Permit) -> Result<(), DbError> {
    let validity = permit.claims.validity;
    run!(
        tx,
        "INSERT INTO permits (id, serial, lineage, application_id, enterprise_id, premises_id, site_code, division_id, \
         division_path, document_number, name_key, facts, key_id, status_index, token, nbf, exp, state, state_at, \
         replaces, issued_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 'issued', $18, $19, $18)",
        &permit.id,
        permit.serial.to_hex(),
        permit.lineage.to_string(),
        &permit.application_id,
        &permit.place.enterprise_id,
        &permit.place.premises_id,
        i64::try_from(permit.place.site.0).unwrap_or(i64::MAX),
        &permit.place.division_id,
        &permit.place.division_path,
        &permit.document_number,
        super::facts::name_key(&permit.facts.name),
        serde_json::to_string(&permit.facts).unwrap_or_default(),
        &permit.key_id,
        permit.status_index,
        &permit.token,
        Millis::from_seconds(validity.not_before()).0,
        Millis::from_seconds(validity.expires()).0,
        permit.issued_at.0,
        &permit.replaces
    )?;
    Ok(())
}

/// Moves a permit on from the state and revision it was read in; false when somebody was quicker.
pub(super) async fn move_on(
    tx: &mut Tx,
    permit: &Permit,
    next: State,
    now: Millis,
) -> Result<bool, DbError> {
    let state_at = match next {
        State::Suspended { since, .. } => since,
        _ => now,
    };
    let touched = run!(
        tx,
        "UPDATE permits SET state = $4, state_at = $5, lapses_at = $6, revision = revision + 1 \
         WHERE id = $1 AND state = $2 AND revision = $3",
        &permit.id,
        permit.state.code(),
        permit.revision,
        next.code(),
        state_at.0,
        next.lapses_at().map(|at| at.0)
    )?;
    Ok(touched == 1)
}

/// Counts paper copies of a permit as it was read; false when it was acted upon since.
pub(super) async fn add_copies(tx: &mut Tx, permit: &Permit, copies: i64) -> Result<bool, DbError> {
    let touched = run!(
        tx,
        "UPDATE permits SET copies = copies + $3 WHERE id = $1 AND state = 'issued' AND revision = $2",
        &permit.id,
        permit.revision,
        copies
    )?;
    Ok(touched == 1)
}

/// The name that stands in permits for an enterprise without a code; drawn the first time.
pub(super) async fn no_code(
    tx: &mut Tx,
    enterprise_id: &str,
    fresh: NoCode,
) -> Result<Subject, DbError> {
    run!(
        tx,
        "INSERT INTO no_codes (enterprise_id, code) VALUES ($1, $2) ON CONFLICT (enterprise_id) DO NOTHING",
        enterprise_id,
        Subject::Uncoded(fresh).to_string()
    )?;
    let found =
        row!(tx, (String,), "SELECT code FROM no_codes WHERE enterprise_id = $1", enterprise_id)?;
    found.and_then(|(code,)| code.parse().ok()).ok_or(DbError::corrupt(
        "no_codes",
        "code",
        enterprise_id,
    ))
}
