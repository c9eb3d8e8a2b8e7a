//! The form as people type it: every field may be missing until it is submitted; then all that is
//! wrong is said at once, each at its field.

use fugong_common::permit::{Category, Mode};
use fugong_common::person::clean_name;
use fugong_common::words::fill;
use serde::{Deserialize, Serialize};

use super::filing::{ClassChoice, EnterpriseFacts, FORM, Filing, Named, PremisesFacts};
use super::terms::{Kind, parse_class};
use super::words::ApplicationWords;

/// Longest free text, in characters.
const TEXT: usize = 500;
/// A plan further ahead than this is a slip of the pen.
const AHEAD_DAYS: i64 = 366;
/// The largest plant has fewer people.
const PEOPLE: u32 = 1_000_000;

/// What stands in the fields, whether it makes sense or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilingForm {
    pub premises: String,
    pub kind: String,
    pub planned_on: String,
    pub term_days: String,
    pub people: String,
    pub class: String,
    pub class_reason: String,
    pub mode: String,
    pub cap: String,
    pub conditions: String,
    pub responsible_name: String,
    pub responsible_phone: String,
    pub epidemic_name: String,
    pub epidemic_phone: String,
}

impl FilingForm {
    /// What people write in their own words and numbers; the rest is chosen from lists.
    pub fn written(&self) -> [&str; 10] {
        [
            &self.planned_on,
            &self.term_days,
            &self.people,
            &self.class_reason,
            &self.cap,
            &self.conditions,
            &self.responsible_name,
            &self.responsible_phone,
            &self.epidemic_name,
            &self.epidemic_phone,
        ]
    }
}

/// Something wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    pub field: &'static str,
    pub message: String,
}

/// What a form is held against.
#[derive(Debug)]
pub struct Against<'a> {
    pub enterprise: &'a EnterpriseFacts,
    /// Where the enterprise works.
    pub premises: &'a [PremisesFacts],
    /// Today and the last day that may be planned, by the division's calendar: `2020-02-10`.
    pub today: &'a str,
    pub last_day: &'a str,
    /// The longest term the regime gives.
    pub permit_days: i64,
    /// The class and its reason that an officer has set; it stays over an applicant's edit.
    pub set_class: Option<&'a ClassChoice>,
}

impl Against<'_> {
    pub const AHEAD_DAYS: i64 = AHEAD_DAYS;
}

/// Collects faults while fields are read.
struct Reading<'a> {
    w: &'static ApplicationWords,
    form: &'a FilingForm,
    faults: Vec<FieldFault>,
}

impl Reading<'_> {
    fn fault<T>(&mut self, field: &'static str, message: impl Into<String>) -> Option<T> {
        self.faults.push(FieldFault { field, message: message.into() });
        None
    }

    fn number(&mut self, field: &'static str, text: &str, most: u32) -> Option<u32> {
        let w = self.w;
        // Full-width digits are what a Chinese keyboard types first.
        let digits: String = text
            .trim()
            .chars()
            .map(|c| match c {
                '０'..='９' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
                c => c,
            })
            .collect();
        match digits.parse::<u32>() {
            Ok(n) if (1..=most).contains(&n) => Some(n),
            _ => self.fault(field, fill(w.bad_number, &[("most", &most)])),
        }
    }

    fn text(&mut self, field: &'static str, text: &str) -> String {
        let text = text.trim();
        if text.chars().count() > TEXT {
            self.fault::<()>(field, fill(self.w.too_long, &[("most", &TEXT)]));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.fault::<()>(field, self.w.bad_characters);
        }
        text.to_owned()
    }

    fn date(&mut self, against: &Against<'_>) -> Option<String> {
        let w = self.w;
        let text = self.form.planned_on.trim();
        let Ok(date) = text.parse::<jiff::civil::Date>() else {
            return self.fault("planned_on", w.bad_date);
        };
        let date = date.to_string();
        if date.as_str() < against.today {
            return self.fault("planned_on", w.date_past);
        }
        if date.as_str() > against.last_day {
            return self.fault("planned_on", w.date_far);
        }
        Some(date)
    }

    fn named(
        &mut self,
        (name_field, name): (&'static str, &str),
        (phone_field, phone): (&'static str, &str),
    ) -> Option<Named> {
        let w = self.w;
        let name = match clean_name(name) {
            Ok(name) => Some(name.as_str().to_owned()),
            Err(_) => self.fault(name_field, w.bad_name),
        };
        let phone = phone.trim();
        let digits = phone.chars().filter(char::is_ascii_digit).count();
        let fine = phone.chars().all(|c| c.is_ascii_digit() || " +-()".contains(c));
        if !fine || !(5..=20).contains(&digits) {
            return self.fault(phone_field, w.bad_phone);
        }
        Some(Named { name: name?, phone: phone.to_owned() })
    }

    fn mode(&mut self) -> Option<Mode> {
        match self.form.mode.as_str() {
            "on_site" => Some(Mode::OnSite),
            "remote" => Some(Mode::RemoteOnly),
            "partial" => {
                let cap = self.form.cap.clone();
                self.number("cap", &cap, PEOPLE).map(|cap| Mode::Partial { cap })
            }
            _ => self.fault("mode", self.w.choose),
        }
    }

    fn class(&mut self, against: &Against<'_>) -> Option<ClassChoice> {
        if let Some(set) = against.set_class {
            return Some(set.clone());
        }
        let form = self.form;
        let class = match form.class.as_str() {
            "" => Category::Ordinary,
            code => match parse_class(code) {
                Some(class) => class,
                None => return self.fault("class", self.w.choose),
            },
        };
        let reason = self.text("class_reason", &form.class_reason);
        if class == Category::Ordinary {
            return Some(ClassChoice { class, reason: String::new(), set_by: String::new() });
        }
        if reason.is_empty() {
            return self.fault("class_reason", self.w.class_needs_reason);
        }
        Some(ClassChoice { class, reason, set_by: String::new() })
    }
}

impl FilingForm {
    /// Makes a filing of it.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the fields.
    pub fn read(
        &self,
        against: &Against<'_>,
        w: &'static ApplicationWords,
    ) -> Result<Filing, Vec<FieldFault>> {
        let mut reading = Reading { w, form: self, faults: Vec::new() };
        let r = &mut reading;
        let premises = against.premises.iter().find(|place| place.id == self.premises).cloned();
        let premises = match premises {
            Some(place) => Some(place),
            None if against.premises.is_empty() => r.fault("premises", w.no_premises),
            None => r.fault("premises", w.choose),
        };
        let kind = match Kind::parse(&self.kind) {
            Some(kind) => Some(kind),
            None => r.fault("kind", w.choose),
        };
        let planned_on = r.date(against);
        let longest = u32::try_from(against.permit_days).unwrap_or(1).max(1);
        let term_days = r.number("term_days", &self.term_days, longest);
        let people = r.number("people", &self.people, PEOPLE);
        let mode = r.mode();
        let class = r.class(against);
        let conditions = r.text("conditions", &self.conditions);
        let responsible = r.named(
            ("responsible_name", &self.responsible_name),
            ("responsible_phone", &self.responsible_phone),
        );
        let epidemic_officer = r.named(
            ("epidemic_name", &self.epidemic_name),
            ("epidemic_phone", &self.epidemic_phone),
        );
        let Reading { faults, .. } = reading;
        let parts = (premises, kind, planned_on, term_days, people, mode, class);
        let persons = (responsible, epidemic_officer);
        match (parts, persons) {
            (
                (
                    Some(premises),
                    Some(kind),
                    Some(planned_on),
                    Some(term_days),
                    Some(people),
                    Some(mode),
                    Some(class),
                ),
                (Some(responsible), Some(epidemic_officer)),
            ) if faults.is_empty() => Ok(Filing {
                form: FORM,
                enterprise: against.enterprise.clone(),
                premises,
                kind,
                planned_on,
                term_days,
                people,
                class,
                mode,
                conditions,
                responsible,
                epidemic_officer,
            }),
            _ => Err(faults),
        }
    }
}
