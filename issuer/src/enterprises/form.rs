//! The form of an enterprise's file: what was typed, and what it means.

use fugong_common::lang::Lang;
use fugong_common::person::{Name, clean_name};
use fugong_common::uscc::Uscc;
use serde::Deserialize;

use super::store::Enterprise;
use super::{Code, Details, EnterpriseWords, Kind};
use crate::divisions::Scale;
use crate::fields::{self, Errors};

/// Everything the form sends, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EnterpriseForm {
    pub name: String,
    pub uscc: String,
    pub no_code_reason: String,
    pub kind: String,
    pub scale: String,
    pub evidence: String,
    pub industry: String,
    pub line: String,
    pub division: String,
    pub responsible_name: String,
    pub responsible_phone: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub epidemic_officer: String,
    pub epidemic_phone: String,
    pub revision: i64,
}

impl EnterpriseForm {
    /// The form of a file as it stands.
    pub fn of(row: &Enterprise) -> Self {
        Self {
            name: row.name.clone(),
            uscc: row.uscc.clone().unwrap_or_default(),
            no_code_reason: row.no_code_reason.clone(),
            kind: row.kind.clone(),
            scale: row.scale.clone(),
            evidence: String::new(),
            industry: row.industry.clone(),
            line: row.line.clone(),
            division: row.division_id.clone(),
            responsible_name: row.responsible_name.clone(),
            responsible_phone: row.responsible_phone.clone(),
            contact_name: row.contact_name.clone(),
            contact_phone: row.contact_phone.clone(),
            epidemic_officer: row.epidemic_officer.clone(),
            epidemic_phone: row.epidemic_phone.clone(),
            revision: row.revision,
        }
    }

    /// What was typed as details, or everything that is wrong with it at once.
    pub fn parse(&self, lang: Lang) -> Result<Details, Errors> {
        let w = EnterpriseWords::of(lang);
        let mut errors = Errors::default();
        let name = self.parse_name(lang, &mut errors);
        let code = self.parse_code(lang, &mut errors);
        let kind = Kind::parse(&self.kind);
        if kind.is_none() {
            errors.add("kind", w.choose);
        }
        let scale = Scale::parse(&self.scale);
        if scale.is_none() {
            errors.add("scale", w.choose);
        }
        let responsible_name =
            errors.take("responsible_name", lang, fields::needed(&self.responsible_name));
        let mut line = |field, text: &str| errors.take(field, lang, fields::line(text));
        let (industry, department) = (line("industry", &self.industry), line("line", &self.line));
        let contact_name = line("contact_name", &self.contact_name);
        let epidemic_officer = line("epidemic_officer", &self.epidemic_officer);
        let mut phone = |field, text: &str| errors.take(field, lang, fields::phone(text));
        let responsible_phone = phone("responsible_phone", &self.responsible_phone);
        let contact_phone = phone("contact_phone", &self.contact_phone);
        let epidemic_phone = phone("epidemic_phone", &self.epidemic_phone);
        match (name, code, kind, scale) {
            (Some(name), Some(code), Some(kind), Some(scale)) if errors.is_empty() => Ok(Details {
                code,
                name,
                kind,
                scale,
                industry,
                line: department,
                responsible_name,
                responsible_phone,
                contact_name,
                contact_phone,
                epidemic_officer,
                epidemic_phone,
            }),
            _ => Err(errors),
        }
    }

    fn parse_name(&self, lang: Lang, errors: &mut Errors) -> Option<Name> {
        clean_name(&self.name).map_err(|error| errors.add("name", error.say(lang))).ok()
    }

    fn parse_code(&self, lang: Lang, errors: &mut Errors) -> Option<Code> {
        let w = EnterpriseWords::of(lang);
        let reason = match fields::line(&self.no_code_reason) {
            Ok(reason) => reason,
            Err(error) => {
                errors.add("no_code_reason", error.say(lang));
                return None;
            }
        };
        match (self.uscc.trim().is_empty(), reason.is_empty()) {
            (true, true) => errors.add("uscc", w.need_code_or_reason),
            (true, false) => return Some(Code::Without(reason)),
            (false, false) => errors.add("no_code_reason", w.not_both),
            (false, true) => match Uscc::parse(&self.uscc) {
                Ok(uscc) => return Some(Code::Uscc(uscc)),
                Err(error) => errors.add("uscc", error.say(lang)),
            },
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> EnterpriseForm {
        EnterpriseForm {
            name: " 示例服饰有限公司 ".into(),
            uscc: "9135 0100 M000 100Y 43".into(),
            kind: "company".into(),
            scale: "above".into(),
            responsible_name: "王芳".into(),
            responsible_phone: "138 0013 8000".into(),
            ..EnterpriseForm::default()
        }
    }

    #[test]
    fn a_code_is_taken_with_blanks_and_a_wrong_digit_is_named() {
        let details = filled().parse(Lang::Zh).unwrap();
        assert_eq!(details.code.uscc(), Some("91350100M000100Y43"));
        assert_eq!(details.responsible_phone, "13800138000");
        let wrong = EnterpriseForm { uscc: "91350100M000100Y44".into(), ..filled() };
        let errors = wrong.parse(Lang::Zh).unwrap_err();
        assert!(errors.of("uscc").contains("应为 3，现为 4"), "{}", errors.of("uscc"));
    }

    #[test]
    fn a_shop_without_code_gives_a_reason_instead() {
        let stall =
            EnterpriseForm {
                uscc: String::new(), no_code_reason: "流动摊位".into(), ..filled()
            };
        assert_eq!(stall.parse(Lang::Zh).unwrap().code, Code::Without("流动摊位".into()));
        let neither = EnterpriseForm { uscc: String::new(), ..filled() };
        assert!(!neither.parse(Lang::En).unwrap_err().of("uscc").is_empty());
        let both = EnterpriseForm { no_code_reason: "流动摊位".into(), ..filled() };
        assert!(!both.parse(Lang::En).unwrap_err().of("no_code_reason").is_empty());
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let form = EnterpriseForm {
            name: "甲\u{202e}厂".into(),
            contact_phone: "二".into(),
            ..EnterpriseForm::default()
        };
        let errors = form.parse(Lang::Zh).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["name", "uscc", "kind", "scale", "responsible_name", "contact_phone"]);
    }
}
