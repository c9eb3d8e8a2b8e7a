//! The placard: what stands on it (domain B6, A40, A41, A106) and how it becomes a file.

use super::canvas::Canvas;
use super::error::{Field, PrintError};
use super::face;
use super::fonts::{Fonts, Missing, missing_glyphs};
use super::output::{self, Sheet};
use super::pdf::Pdf;
use super::said::Said;

/// Everything printed on one placard, already in words. No personal identity number belongs here.
#[derive(Debug, Clone)]
pub struct Placard {
    /// The regime's name of the sheet, e.g. 生产经营单位准许复工公示牌.
    pub title: Said,
    /// Who issues it; stands under the seal.
    pub authority: String,
    pub document_number: String,
    pub enterprise: String,
    pub code: Code,
    pub site: String,
    pub entrance: Option<String>,
    pub class: Said,
    /// 现场复工 / 限员复工（上限 N 人） / 线上复工.
    pub mode: Said,
    /// 三方联合审批 / 双签字审批 / …
    pub route: Said,
    pub signatures: Vec<Signature>,
    pub conditions: Vec<String>,
    /// First valid day.
    pub valid_from: String,
    /// Last valid day.
    pub valid_until: String,
    /// 主要负责人: first answerable (A106).
    pub responsible: String,
    pub epidemic_officer: Contact,
    pub grid_officer: Contact,
    pub supervision_phone: String,
    /// One faint line at the foot, e.g. the rule version, or that this is sample data.
    pub small_print: Option<String>,
    pub stage: Stage,
}

/// Unified social credit code, or why there is none (shops, stalls).
#[derive(Debug, Clone)]
pub enum Code {
    Uscc(String),
    None { reason: String },
}

/// A post that signed and who holds it.
#[derive(Debug, Clone)]
pub struct Signature {
    pub post: String,
    pub person: String,
}

#[derive(Debug, Clone)]
pub struct Contact {
    pub name: String,
    pub phone: Option<String>,
}

/// A preview never carries a readable QR code, so that it cannot be hung up as a placard.
#[derive(Debug, Clone)]
pub enum Stage {
    Preview,
    Issued(Issue),
}

#[derive(Debug, Clone)]
pub struct Issue {
    /// Check number as typed at a gate, e.g. `FG-7K2M4-Q9D3A-BCDEF`.
    pub serial: String,
    /// Day of issue.
    pub issued_on: String,
    /// Placard text: an address with the signed token in digits.
    pub qr: String,
}

impl Placard {
    /// Every text given by people, with the field it stands in.
    pub fn texts(&self) -> Vec<(Field, &str)> {
        let mut texts = vec![
            (Field::Title, self.title.zh.as_ref()),
            (Field::Title, self.title.en.as_ref()),
            (Field::Authority, &self.authority),
            (Field::DocumentNumber, &self.document_number),
            (Field::Enterprise, &self.enterprise),
            (
                Field::Code,
                match &self.code {
                    Code::Uscc(code) => code,
                    Code::None { reason } => reason,
                },
            ),
            (Field::Site, &self.site),
            (Field::Class, self.class.zh.as_ref()),
            (Field::Class, self.class.en.as_ref()),
            (Field::Mode, self.mode.zh.as_ref()),
            (Field::Mode, self.mode.en.as_ref()),
            (Field::Route, self.route.zh.as_ref()),
            (Field::Route, self.route.en.as_ref()),
            (Field::Validity, &self.valid_from),
            (Field::Validity, &self.valid_until),
            (Field::Responsible, &self.responsible),
            (Field::EpidemicOfficer, &self.epidemic_officer.name),
            (Field::GridOfficer, &self.grid_officer.name),
            (Field::Supervision, &self.supervision_phone),
        ];
        let optional = [
            (Field::Entrance, &self.entrance),
            (Field::EpidemicOfficer, &self.epidemic_officer.phone),
            (Field::GridOfficer, &self.grid_officer.phone),
            (Field::SmallPrint, &self.small_print),
        ];
        texts.extend(
            optional.into_iter().filter_map(|(field, text)| Some((field, text.as_deref()?))),
        );
        texts.extend(self.conditions.iter().map(|text| (Field::Conditions, text.as_str())));
        for signature in &self.signatures {
            texts.push((Field::Signature, &signature.post));
            texts.push((Field::Signature, &signature.person));
        }
        if let Stage::Issued(issue) = &self.stage {
            texts.push((Field::Serial, &issue.serial));
            texts.push((Field::Issued, &issue.issued_on));
        }
        texts
    }

    /// Characters that could not be printed: ask before signing.
    pub fn missing(&self, fonts: &Fonts) -> Vec<Missing<Field>> {
        missing_glyphs(fonts, self.texts())
    }

    fn name(&self, cause: PrintError) -> PrintError {
        let which = match &self.stage {
            Stage::Issued(issue) => issue.serial.clone(),
            Stage::Preview => self.enterprise.clone(),
        };
        PrintError::Item { which, cause: Box::new(cause) }
    }
}

/// One placard as SVG.
///
/// # Errors
/// Refuses characters no font has, texts that fit no readable size, and too long a QR text.
pub fn placard_svg(fonts: &Fonts, sheet: Sheet, placard: &Placard) -> Result<String, PrintError> {
    output::svg(&lay_out(fonts, placard)?, sheet)
}

/// One placard as a PNG at 300 dpi.
///
/// # Errors
/// As [`placard_svg`].
pub fn placard_png(fonts: &Fonts, sheet: Sheet, placard: &Placard) -> Result<Vec<u8>, PrintError> {
    output::png(&output::parse(fonts, &placard_svg(fonts, sheet, placard)?)?, sheet)
}

/// One placard as a PDF of one page.
///
/// # Errors
/// As [`placard_svg`].
pub fn placard_pdf(fonts: &Fonts, sheet: Sheet, placard: &Placard) -> Result<Vec<u8>, PrintError> {
    let mut pdf = Pdf::new(sheet, &format!("{} {}", placard.title.zh, placard.enterprise));
    pdf.page(&lay_out(fonts, placard)?)?;
    pdf.finish()
}

/// Many placards as one PDF, a page each, fonts subset once.
///
/// # Errors
/// As [`placard_svg`], naming the placard; [`PrintError::Empty`] for none.
pub fn placards_pdf<'a>(
    fonts: &Fonts,
    sheet: Sheet,
    title: &str,
    placards: impl IntoIterator<Item = &'a Placard>,
) -> Result<Vec<u8>, PrintError> {
    let mut placards = placards.into_iter().peekable();
    placards.peek().ok_or(PrintError::Empty)?;
    let mut pdf = Pdf::new(sheet, title);
    for placard in placards {
        lay_out(fonts, placard)
            .and_then(|canvas| pdf.page(&canvas))
            .map_err(|cause| placard.name(cause))?;
    }
    pdf.finish()
}

fn lay_out<'f>(fonts: &'f Fonts, placard: &Placard) -> Result<Canvas<'f>, PrintError> {
    let missing = placard.missing(fonts);
    if !missing.is_empty() {
        return Err(PrintError::Missing(missing));
    }
    face::lay_out(fonts, placard)
}
