//! Many premises at once, for imports and samples.

use fugong_common::time::Millis;

use super::store::Premises;
use super::{SiteCodeError, next_site_code, numbering_node};
use crate::bulk;
use crate::db::{DbError, Tx};
use crate::divisions;

const ROWS: usize = 500;

/// Takes up to `wanted` site codes below a division's community at once; fewer when its numbers
/// run out.
pub async fn take_site_codes(
    tx: &mut Tx,
    division_path: &str,
    wanted: usize,
) -> Result<Vec<i64>, DbError> {
    let chain = divisions::store::ancestry(tx, division_path).await?;
    let Some(home) = numbering_node(&chain)? else { return Ok(Vec::new()) };
    let Some(base) = home.code.parse::<i64>().ok().and_then(|code| code.checked_mul(10_000)) else {
        return Ok(Vec::new());
    };
    let wanted = i64::try_from(wanted).unwrap_or(i64::MAX).min(9999);
    let Some((first, last)) = divisions::store::take_site_numbers(tx, &home.id, wanted).await?
    else {
        return Ok(Vec::new());
    };
    let taken = super::store::count_between(tx, base + first, base + last).await?;
    if taken == 0 {
        return Ok((first..=last).map(|number| base + number).collect());
    }
    // A renamed community counts again from one: find the free numbers one by one.
    let mut codes = Vec::new();
    for number in first..=last {
        if super::store::find_by_site_code(tx, base + number).await?.is_none() {
            codes.push(base + number);
        }
    }
    let missing = usize::try_from(taken).unwrap_or_default();
    for _ in 0..missing {
        match next_site_code(tx, division_path).await {
            Ok(code) => codes.push(code),
            Err(SiteCodeError::Db(error)) => return Err(error),
            Err(SiteCodeError::Full | SiteCodeError::Code) => break,
        }
    }
    Ok(codes)
}

/// Adds premises.
pub async fn insert_many(tx: &mut Tx, all: &[Premises]) -> Result<(), DbError> {
    for part in all.chunks(ROWS) {
        bulk!(
            tx,
            "INSERT INTO premises (id, site_code, kind, name, address, entrance, division_id, division_path, \
             container_id, created_at, updated_at) ",
            part,
            |b, p| {
                b.push_bind(&p.id)
                    .push_bind(p.site_code)
                    .push_bind(&p.kind)
                    .push_bind(&p.name)
                    .push_bind(&p.address)
                    .push_bind(&p.entrance)
                    .push_bind(&p.division_id)
                    .push_bind(&p.division_path)
                    .push_bind(&p.container_id)
                    .push_bind(p.created_at)
                    .push_bind(p.updated_at);
            },
            ""
        )?;
    }
    Ok(())
}

/// Lets enterprises work at premises: (enterprise, premises).
pub async fn occupy_many(tx: &mut Tx, all: &[(&str, &str)], from: Millis) -> Result<(), DbError> {
    for part in all.chunks(ROWS) {
        bulk!(
            tx,
            "INSERT INTO occupancies (enterprise_id, premises_id, valid_from) ",
            part,
            |b, pair| {
                b.push_bind(pair.0).push_bind(pair.1).push_bind(from.0);
            },
            " ON CONFLICT DO NOTHING"
        )?;
    }
    Ok(())
}
