//! What an application takes from the enterprise's file.

use fugong_common::time::Millis;

use super::filing::{EnterpriseFacts, PremisesFacts};
use super::form::FilingForm;
use crate::db::{DbError, Tx};
use crate::enterprises::store::Enterprise;
use crate::premises;

/// The enterprise as the content states it.
pub fn facts(enterprise: &Enterprise) -> Result<EnterpriseFacts, DbError> {
    Ok(EnterpriseFacts {
        id: enterprise.id.clone(),
        name: enterprise.name.clone(),
        uscc: enterprise.uscc.clone(),
        scale: enterprise.scale()?,
        line: enterprise.line.clone(),
    })
}

/// A form with what the file knows already, so that nobody types it twice.
pub fn form(enterprise: &Enterprise, premises: &[PremisesFacts], permit_days: i64) -> FilingForm {
    let only = match premises {
        [only] => only.id.clone(),
        _ => String::new(),
    };
    FilingForm {
        premises: only,
        kind: "first".into(),
        planned_on: enterprise.survey_planned_on.clone(),
        term_days: permit_days.to_string(),
        people: match enterprise.survey_staff {
            0 => String::new(),
            staff => staff.to_string(),
        },
        class: "ordinary".into(),
        mode: "on_site".into(),
        responsible_name: enterprise.responsible_name.clone(),
        responsible_phone: enterprise.responsible_phone.clone(),
        epidemic_name: enterprise.epidemic_officer.clone(),
        epidemic_phone: enterprise.epidemic_phone.clone(),
        ..FilingForm::default()
    }
}

/// Where an enterprise works at this instant.
pub async fn list_premises(
    tx: &mut Tx,
    enterprise_id: &str,
    now: Millis,
) -> Result<Vec<PremisesFacts>, DbError> {
    premises::store::list_of_enterprise(tx, enterprise_id, now)
        .await?
        .into_iter()
        .map(|place| {
            let site_code = u64::try_from(place.site_code)
                .map_err(|_| DbError::corrupt("premises", "site_code", &place.id))?;
            Ok(PremisesFacts {
                id: place.id,
                site_code,
                name: place.name,
                address: place.address,
                entrance: place.entrance,
                division_id: place.division_id,
            })
        })
        .collect()
}
