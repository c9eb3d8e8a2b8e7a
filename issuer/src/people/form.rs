//! The form of a person's file.

use fugong_common::lang::Lang;
use fugong_common::person::clean_name;
use fugong_common::time::{Millis, Zone};
use serde::Deserialize;

use super::store::Person;
use super::{Details, IdNumber, PeopleWords, day, plausible_worker_number};
use crate::fields::{self, Errors};

/// Everything the form sends, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PersonForm {
    pub worker_number: String,
    pub name: String,
    pub phone: String,
    pub id_number: String,
    pub job: String,
    pub came_from: String,
    pub returned_on: String,
    pub not_before: String,
    pub revision: i64,
}

impl PersonForm {
    pub fn of(row: &Person, zone: &Zone) -> Self {
        Self {
            worker_number: row.worker_number.clone(),
            name: row.name.clone(),
            phone: row.phone.clone(),
            id_number: row.id_number.clone(),
            job: row.job.clone(),
            came_from: row.came_from.clone(),
            returned_on: row.returned_on.clone(),
            not_before: match row.not_before {
                0 => String::new(),
                at => zone.date(Millis(at)),
            },
            revision: row.revision,
        }
    }

    /// What was typed, or everything that is wrong with it. An empty worker number stays empty:
    /// the caller gives the next one.
    pub fn parse(&self, lang: Lang, zone: &Zone) -> Result<Details, Errors> {
        let w = PeopleWords::of(lang);
        let mut errors = Errors::default();
        let worker_number = match self.worker_number.trim() {
            "" => String::new(),
            typed => plausible_worker_number(typed).unwrap_or_else(|| {
                errors.add("worker_number", w.bad_worker_number);
                String::new()
            }),
        };
        let name = clean_name(&self.name).map_err(|error| errors.add("name", error.say(lang))).ok();
        let phone = errors.take("phone", lang, fields::phone(&self.phone));
        let id_number = match self.id_number.trim() {
            "" => None,
            typed => IdNumber::parse(typed)
                .map_err(|error| errors.add("id_number", error.say(lang)))
                .ok(),
        };
        let job = errors.take("job", lang, fields::line(&self.job));
        let came_from = errors.take("came_from", lang, fields::line(&self.came_from));
        let returned_on = day(&self.returned_on).unwrap_or_else(|| {
            errors.add("returned_on", w.bad_day);
            String::new()
        });
        let not_before = match self.not_before.trim() {
            "" => 0,
            typed => zone.start_of(typed).map_or_else(
                || {
                    errors.add("not_before", w.bad_day);
                    0
                },
                |at| at.0,
            ),
        };
        match name {
            Some(name) if errors.is_empty() => Ok(Details {
                worker_number,
                name,
                phone,
                id_number,
                job,
                came_from,
                returned_on,
                not_before,
            }),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_to_be_let_in_begins_at_the_divisions_midnight() {
        let zone = Zone::parse("Asia/Shanghai").unwrap();
        let form = PersonForm {
            name: "王小明".into(),
            not_before: "2020-02-10".into(),
            ..PersonForm::default()
        };
        assert_eq!(form.parse(Lang::Zh, &zone).unwrap().not_before, 1_581_264_000_000);
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let form = PersonForm {
            worker_number: "工 1".into(),
            id_number: "3.70602E+17".into(),
            returned_on: "2.9".into(),
            ..PersonForm::default()
        };
        let errors = form.parse(Lang::Zh, &Zone::utc()).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["worker_number", "name", "id_number", "returned_on"]);
        assert!(errors.of("id_number").contains("文本"));
    }
}
