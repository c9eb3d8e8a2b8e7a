//! Enterprises of a sheet against those on file: what would be done, and doing it.

use std::collections::HashMap;

use fugong_common::time::Millis;
use fugong_common::uscc::Uscc;
use serde_json::json;

use super::columns::Field;
use super::enterprises::{Bad, Key, Record};
use super::fault::{Fault, What};
use super::places::Places;
use super::plan::{Counts, Policy};
use crate::app::App;
use crate::authz::{Place, Reach};
use crate::db::{DbError, Tx};
use crate::divisions::Scale;
use crate::enterprises::bulk::{self, ScaleFact};
use crate::enterprises::store::Enterprise;
use crate::enterprises::{Kind, timeline};
use crate::fields::name_key;
use crate::premises::bulk::{insert_many as insert_premises, occupy_many, take_site_codes};
use crate::premises::{self, store::Premises};

/// What records are compared and merged under.
#[derive(Clone, Copy, Debug)]
pub struct Under<'a> {
    pub places: &'a Places,
    /// Files outside are not touched, and nothing is told of them.
    pub reach: &'a Reach,
    pub policy: Policy,
    pub file_name: &'a str,
    pub account_id: &'a str,
    pub now: Millis,
}

/// What happens to a record.
#[derive(Clone, Debug)]
pub enum Step {
    Add,
    Same,
    /// The merged row, and whether its scale changes.
    Change(Box<Enterprise>, bool),
    Elsewhere,
}

/// Decides for each record, in order.
pub async fn decide(
    tx: &mut Tx,
    records: &[Record],
    under: &Under<'_>,
) -> Result<Vec<Step>, DbError> {
    let codes: Vec<&str> =
        records.iter().filter_map(|record| record.uscc.as_ref()).map(Uscc::as_str).collect();
    let names: Vec<String> = records
        .iter()
        .filter(|record| record.uscc.is_none())
        .map(|record| name_key(record.name.as_str()))
        .collect();
    let mut by_code: HashMap<String, Enterprise> = HashMap::new();
    for row in bulk::find_by_usccs(tx, &codes).await? {
        if let Some(uscc) = row.uscc.clone() {
            by_code.insert(uscc, row);
        }
    }
    let mut by_name: HashMap<(String, String), Enterprise> = HashMap::new();
    for row in bulk::find_without_code(tx, &names).await? {
        by_name.insert((name_key(&row.name), row.division_id.clone()), row);
    }
    Ok(records
        .iter()
        .map(|record| {
            let on_file = match record.key() {
                Key::Uscc(uscc) => by_code.get(&uscc),
                Key::Named(name, at) => under
                    .places
                    .get(at)
                    .and_then(|division| by_name.get(&(name, division.id.clone()))),
            };
            match on_file {
                None => Step::Add,
                Some(row) if !is_within(under.reach, row) => Step::Elsewhere,
                Some(row) => merge(row, record, under),
            }
        })
        .collect())
}

fn is_within(reach: &Reach, row: &Enterprise) -> bool {
    reach.covers(Place { division_path: &row.division_path, enterprise_id: Some(&row.id) })
}

fn merge(on_file: &Enterprise, record: &Record, under: &Under<'_>) -> Step {
    let policy = under.policy;
    if policy == Policy::Skip {
        return Step::Same;
    }
    let text = |on_file: &str, in_sheet: &str| policy.merge(on_file, in_sheet).to_owned();
    let mut row = Enterprise {
        name: text(&on_file.name, record.name.as_str()),
        kind: text(&on_file.kind, record.kind.map_or("", Kind::code)),
        scale: text(&on_file.scale, record.scale.map_or("", Scale::code)),
        industry: text(&on_file.industry, &record.industry),
        line: text(&on_file.line, &record.line),
        responsible_name: text(&on_file.responsible_name, &record.responsible_name),
        responsible_phone: text(&on_file.responsible_phone, &record.responsible_phone),
        contact_name: text(&on_file.contact_name, &record.contact_name),
        contact_phone: text(&on_file.contact_phone, &record.contact_phone),
        epidemic_officer: text(&on_file.epidemic_officer, &record.epidemic_officer),
        epidemic_phone: text(&on_file.epidemic_phone, &record.epidemic_phone),
        survey_planned_on: text(&on_file.survey_planned_on, &record.planned_on),
        survey_state: text(
            &on_file.survey_state,
            record.survey.map_or("", crate::enterprises::SurveyState::code),
        ),
        ..on_file.clone()
    };
    if policy == Policy::Take
        && let Some(division) = record.division.and_then(|at| under.places.get(at))
    {
        row.division_id.clone_from(&division.id);
        row.division_path.clone_from(&division.path);
    }
    if let Some(staff) = record.staff
        && (policy == Policy::Take || on_file.survey_staff == 0)
    {
        row.survey_staff = i64::from(staff);
    }
    if row == *on_file {
        return Step::Same;
    }
    let surveyed = (&row.survey_state, row.survey_staff, &row.survey_planned_on)
        != (&on_file.survey_state, on_file.survey_staff, &on_file.survey_planned_on);
    if surveyed {
        row.surveyed_at = under.now.0;
    }
    row.revision += 1;
    row.updated_at = under.now.0;
    let rescaled = row.scale != on_file.scale;
    Step::Change(Box::new(row), rescaled)
}

/// Figures of the steps, and the records that can't be taken after all.
pub fn count(records: &[Record], steps: &[Step]) -> (Counts, Vec<Bad>) {
    let (mut counts, mut bad) = (Counts::default(), Vec::new());
    for (record, step) in records.iter().zip(steps) {
        counts.guessed += i64::try_from(record.guessed).unwrap_or_default();
        match step {
            Step::Add => {
                counts.added += 1;
                counts.premises += i64::from(!record.address.is_empty());
            }
            Step::Same => counts.same += 1,
            Step::Change(..) => counts.changed += 1,
            Step::Elsewhere => {
                let faults = vec![Fault::of(Field::Uscc, What::Elsewhere)];
                bad.push(Bad { row: record.row, faults });
            }
        }
    }
    (counts, bad)
}

fn new_row(id: String, record: &Record, under: &Under<'_>) -> Option<Enterprise> {
    let division = under.places.of(record.division)?;
    let surveyed = record.survey.is_some() || record.staff.is_some();
    Some(Enterprise {
        id,
        uscc: record.uscc.map(|uscc| uscc.as_str().to_owned()),
        no_code_reason: record.no_code_reason.clone(),
        name: record.name.as_str().to_owned(),
        kind: record.kind_or_inferred().code().to_owned(),
        scale: record.scale_or_inferred().code().to_owned(),
        industry: record.industry.clone(),
        line: record.line.clone(),
        division_id: division.id.clone(),
        division_path: division.path.clone(),
        responsible_name: record.responsible_name.clone(),
        responsible_phone: record.responsible_phone.clone(),
        contact_name: record.contact_name.clone(),
        contact_phone: record.contact_phone.clone(),
        epidemic_officer: record.epidemic_officer.clone(),
        epidemic_phone: record.epidemic_phone.clone(),
        survey_state: record.survey.map_or("", crate::enterprises::SurveyState::code).to_owned(),
        survey_staff: record.staff.map_or(0, i64::from),
        survey_planned_on: record.planned_on.clone(),
        surveyed_at: if surveyed { under.now.0 } else { 0 },
        revision: 1,
        created_at: under.now.0,
        updated_at: under.now.0,
    })
}

/// Writes a chunk of records in the caller's transaction; returns what was done.
///
/// # Errors
/// [`DbError::Duplicate`] when somebody filed one of the codes meanwhile: decide again.
pub async fn take(
    app: &App,
    tx: &mut Tx,
    records: &[Record],
    under: &Under<'_>,
) -> Result<Counts, DbError> {
    let steps = decide(tx, records, under).await?;
    let (mut counts, _) = count(records, &steps);
    let (mut added, mut addresses) = (Vec::new(), Vec::new());
    let mut changed = Vec::new();
    let mut rescaled = Vec::new();
    for (record, step) in records.iter().zip(steps) {
        match step {
            Step::Add => {
                added.extend(new_row(app.new_id(), record, under));
                addresses.push(record.address.as_str());
            }
            Step::Change(row, scale) => {
                if scale {
                    rescaled.push((app.new_id(), row.id.clone(), row.scale()?));
                }
                changed.push(*row);
            }
            Step::Same | Step::Elsewhere => {}
        }
    }
    bulk::insert_many(tx, &added).await?;
    bulk::update_many(tx, &changed).await?;
    let mut scales = Vec::with_capacity(added.len() + rescaled.len());
    for row in &added {
        scales.push(ScaleFact { id: &row.id, enterprise_id: &row.id, scale: row.scale()? });
    }
    for (id, enterprise_id, scale) in &rescaled {
        scales.push(ScaleFact { id, enterprise_id, scale: *scale });
    }
    bulk::insert_scales(tx, &scales, under.file_name, under.now, under.account_id).await?;
    let ids = |rows: &[Enterprise]| rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    let (new, old) = (ids(&added), ids(&changed));
    let facts = json!({ "file": under.file_name });
    let (at, by) = (under.now, under.account_id);
    bulk::note_many(tx, &new, at, "enterprise.imported", &facts, by).await?;
    let from_sheet = timeline::both(
        &format!("按台账《{}》更新", under.file_name),
        &format!("from the sheet {}", under.file_name),
    );
    let facts = json!({ "fields": from_sheet });
    bulk::note_many(tx, &old, at, "enterprise.edited", &facts, by).await?;
    let wanted = counts.premises;
    counts.premises = register_premises(app, tx, &added, &addresses, under).await?;
    counts.unplaced = wanted - counts.premises;
    Ok(counts)
}

/// Registers premises for new enterprises with an address, community by community.
async fn register_premises(
    app: &App,
    tx: &mut Tx,
    added: &[Enterprise],
    addresses: &[&str],
    under: &Under<'_>,
) -> Result<i64, DbError> {
    let mut by_division: HashMap<&str, Vec<(&Enterprise, &str)>> = HashMap::new();
    for (row, address) in added.iter().zip(addresses) {
        if !address.is_empty() {
            by_division.entry(&row.division_path).or_default().push((row, address));
        }
    }
    let mut divisions: Vec<_> = by_division.into_iter().collect();
    // One order for all processes, so that two imports never wait for one another in a circle.
    divisions.sort_by_key(|(path, _)| *path);
    let mut places = Vec::new();
    let mut occupants = Vec::new();
    for (path, rows) in divisions {
        let codes = take_site_codes(tx, path, rows.len()).await?;
        for ((row, address), site_code) in rows.into_iter().zip(codes) {
            let kind = match Kind::parse(&row.kind) {
                Some(Kind::Shop | Kind::Individual) => premises::Kind::Shop,
                Some(Kind::Site) => premises::Kind::ConstructionSite,
                Some(Kind::Company) => premises::Kind::Plant,
                _ => premises::Kind::Other,
            };
            occupants.push(row.id.as_str());
            places.push(Premises {
                id: app.new_id(),
                site_code,
                kind: kind.code().to_owned(),
                name: row.name.clone(),
                address: address.to_owned(),
                entrance: String::new(),
                division_id: row.division_id.clone(),
                division_path: row.division_path.clone(),
                container_id: None,
                revision: 1,
                created_at: under.now.0,
                updated_at: under.now.0,
            });
        }
    }
    insert_premises(tx, &places).await?;
    let pairs: Vec<(&str, &str)> =
        occupants.into_iter().zip(places.iter().map(|place| place.id.as_str())).collect();
    occupy_many(tx, &pairs, under.now).await?;
    Ok(i64::try_from(places.len()).unwrap_or_default())
}
