//! What a gate is given of the permits and people of its sites: the register and the roster. A park has hundreds of tenants, and
//! every change makes these anew: all of them are read by a few questions.

use std::collections::{BTreeMap, HashMap};

use fugong_common::claims::Lineage;
use fugong_common::permit::SiteCode;
use fugong_common::records::RecordSet;
use fugong_common::time::Millis;
use fugong_common::wire::{PassLink, PermitRecord, PersonRecord};

use crate::db::{DbError, Tx};
use crate::passes::store::Pass;
use crate::permits::store::Permit;
use crate::{passes, people, permits};

/// Permits that ended longer ago than this leave the register.
const ENDED_DAYS: i64 = 30;

/// An enterprise as a gate knows it.
struct Known {
    /// Of its permits at these sites; ids sort by time.
    newest_permit: String,
    /// It is called as its newest permit says.
    name: String,
    /// Whatever permits an enterprise has, here and elsewhere: they, its people and its passes hang
    /// together by one lineage.
    lineage: Lineage,
}

/// The register and the roster of these sites as of an hour.
pub(super) async fn read(
    tx: &mut Tx,
    sites: &[SiteCode],
    hour: Millis,
) -> Result<(RecordSet, RecordSet), DbError> {
    let permits = permits::store::list_for_sites(tx, sites, hour.plus_days(-ENDED_DAYS)).await?;
    let mut enterprises: Vec<&str> =
        permits.iter().map(|permit| permit.place.enterprise_id.as_str()).collect();
    enterprises.sort_unstable();
    enterprises.dedup();
    let first = permits::store::first_lineages(tx, &enterprises).await?;
    let mut register = RecordSet::new();
    let mut known: BTreeMap<&str, Known> = BTreeMap::new();
    for permit in &permits {
        let enterprise_id = permit.place.enterprise_id.as_str();
        let lineage = first.get(enterprise_id).copied().unwrap_or(permit.lineage);
        let record = permit_record(permit, lineage)?;
        register.put(record.key(), record.to_bytes());
        let held = known.entry(enterprise_id).or_insert_with(|| Known {
            newest_permit: String::new(),
            name: String::new(),
            lineage,
        });
        if held.newest_permit < permit.id {
            held.newest_permit.clone_from(&permit.id);
            held.name = record.enterprise;
        }
    }
    let held = passes::store::list_current_of_all(tx, &enterprises).await?;
    let held: HashMap<&str, &Pass> =
        held.iter().map(|pass| (pass.person_id.as_str(), pass)).collect();
    let mut roster = RecordSet::new();
    for person in people::store::list_on_rosters(tx, &enterprises).await? {
        let Some(enterprise) = known.get(person.enterprise_id.as_str()) else { continue };
        let pass = held.get(person.id.as_str()).copied();
        let record = person_record(person, enterprise, pass);
        roster.put(record.key(), record.to_bytes());
    }
    Ok((register, roster))
}

fn permit_record(permit: &Permit, lineage: Lineage) -> Result<PermitRecord, DbError> {
    let corrupt = |column| DbError::corrupt("permits", column, &permit.id);
    Ok(PermitRecord {
        serial: permit.serial,
        enterprise_id: permit.place.enterprise_id.clone(),
        enterprise: permit.claims.name.as_str().to_owned(),
        lineage,
        status_index: u32::try_from(permit.status_index).map_err(|_| corrupt("status_index"))?,
        key: permit.key_id.parse().map_err(|_| corrupt("key_id"))?,
        validity: permit.claims.validity,
        site: permit.claims.site,
        mode: permit.claims.mode,
    })
}

/// What a gate may know of somebody.
fn person_record(
    person: people::store::Person,
    enterprise: &Known,
    pass: Option<&Pass>,
) -> PersonRecord {
    PersonRecord {
        worker: people::gate_number(&person.enterprise_id, &person.worker_number),
        name: person.name,
        last_four: (!person.id_last_four.is_empty()).then_some(person.id_last_four),
        role: person.job,
        enterprise_id: person.enterprise_id,
        enterprise: enterprise.name.clone(),
        lineage: enterprise.lineage,
        not_before: (person.not_before > 0).then(|| Millis(person.not_before).seconds()),
        isolating_until: None,
        reference: pass.map(|pass| pass.reference),
        pass: pass.and_then(|pass| {
            Some(PassLink {
                serial: pass.serial,
                status_index: u32::try_from(pass.status_index).ok()?,
                key: pass.key_id.parse().ok()?,
            })
        }),
        sites: Vec::new(),
        left: false,
    }
}
