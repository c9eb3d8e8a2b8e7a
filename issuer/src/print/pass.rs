//! Worker passes, ten to an A4 sheet, each the size of a bank card (ISO/IEC 7810 ID-1).

use askama::Template;

use super::canvas::{Align, Area, Canvas, INK, Ink, LABEL, Rule, Stamp, WHITE, thousandths};
use super::error::{Field, PrintError};
use super::fit::Step;
use super::fonts::{Fonts, Missing, missing_glyphs};
use super::output::{self, Sheet};
use super::pdf::Pdf;
use super::qr::{Correction, Qr};
use super::said;

/// Two columns of five.
pub const CARDS_PER_SHEET: usize = 10;
const COLUMNS: u8 = 2;
const ROWS: u8 = 5;
const CARD: (f32, f32) = (85.6, 54.0);
const ORIGIN: (f32, f32) = ((210.0 - 2.0 * CARD.0) / 2.0, (297.0 - 5.0 * CARD.1) / 2.0);
/// A reference is typed, and read by slow keyboard scanners: more would not do.
const REFERENCE_CHARACTERS: usize = 20;

/// Everything printed on one pass. No identity number, no phone, no reason.
#[derive(Debug, Clone)]
pub struct PassCard {
    pub enterprise: String,
    pub name: String,
    pub worker_number: String,
    pub role: String,
    pub valid_from: String,
    pub valid_until: String,
    /// Pass text: the signed token in digits.
    pub qr: String,
    /// At most 20 characters, ASCII.
    pub reference: String,
}

impl PassCard {
    /// Every text given by people, with the field it stands in.
    pub fn texts(&self) -> [(Field, &str); 7] {
        [
            (Field::Enterprise, &self.enterprise),
            (Field::WorkerName, &self.name),
            (Field::WorkerNumber, &self.worker_number),
            (Field::WorkerRole, &self.role),
            (Field::Validity, &self.valid_from),
            (Field::Validity, &self.valid_until),
            (Field::Reference, &self.reference),
        ]
    }

    /// Characters that could not be printed: ask before signing.
    pub fn missing(&self, fonts: &Fonts) -> Vec<Missing<Field>> {
        missing_glyphs(fonts, self.texts())
    }
}

#[derive(Template)]
#[template(path = "print/passes_ground.svg")]
struct Ground<'a> {
    cards: &'a [Area],
}

/// Sheets needed for so many cards.
pub const fn pass_sheet_pages(cards: usize) -> usize {
    cards.div_ceil(CARDS_PER_SHEET)
}

/// One SVG per sheet.
///
/// # Errors
/// Refuses characters no font has, texts that fit no readable size, a reference of more than 20
/// characters, and too long a QR text, naming the card; [`PrintError::Empty`] for none.
pub fn pass_sheet_svg(fonts: &Fonts, cards: &[PassCard]) -> Result<Vec<String>, PrintError> {
    sheets(fonts, cards)?.iter().map(|sheet| output::svg(sheet, Sheet::A4)).collect()
}

/// One PNG at 300 dpi per sheet.
///
/// # Errors
/// As [`pass_sheet_svg`].
pub fn pass_sheet_png(fonts: &Fonts, cards: &[PassCard]) -> Result<Vec<Vec<u8>>, PrintError> {
    let svgs = pass_sheet_svg(fonts, cards)?;
    svgs.iter().map(|svg| output::png(&output::parse(fonts, svg)?, Sheet::A4)).collect()
}

/// One PDF with all sheets.
///
/// # Errors
/// As [`pass_sheet_svg`].
pub fn pass_sheet_pdf(
    fonts: &Fonts,
    title: &str,
    cards: &[PassCard],
) -> Result<Vec<u8>, PrintError> {
    let mut pdf = Pdf::new(Sheet::A4, title);
    for sheet in sheets(fonts, cards)? {
        pdf.page(&sheet)?;
    }
    pdf.finish()
}

pub(super) fn sheets<'f>(
    fonts: &'f Fonts,
    cards: &[PassCard],
) -> Result<Vec<Canvas<'f>>, PrintError> {
    if cards.is_empty() {
        return Err(PrintError::Empty);
    }
    let pages = pass_sheet_pages(cards.len());
    (1..)
        .zip(cards.chunks(CARDS_PER_SHEET))
        .map(|(page, cards)| lay_out(fonts, cards, page, pages))
        .collect()
}

fn lay_out<'f>(
    fonts: &'f Fonts,
    cards: &[PassCard],
    page: usize,
    pages: usize,
) -> Result<Canvas<'f>, PrintError> {
    let mut canvas = Canvas::new(fonts);
    (canvas.rules, canvas.rule_width, canvas.rule_stroke) = (cuts(), 0.15, INK);
    for (card, area) in cards.iter().zip(places()) {
        let which = || format!("{} {}", card.worker_number, card.name);
        face(&mut canvas, card, area)
            .map_err(|cause| PrintError::Item { which: which(), cause: Box::new(cause) })?;
    }
    // Beside the middle cut mark.
    let foot = (ORIGIN.0 + 2.0 * CARD.0 - 6.0, 289.5);
    canvas.run(
        foot,
        2.6,
        60.0,
        Ink::plain(LABEL, Align::Right),
        format!("第 {page} 页，共 {pages} 页"),
    );
    let areas: Vec<Area> = places().take(cards.len()).collect();
    let ground = Ground { cards: &areas }.render();
    canvas.ground = ground.map_err(|error| PrintError::Renderer(format!("template: {error}")))?;
    Ok(canvas)
}

fn places() -> impl Iterator<Item = Area> {
    let (width, height) = CARD;
    (0..ROWS).flat_map(move |row| {
        (0..COLUMNS).map(move |column| Area {
            x: ORIGIN.0 + width * f32::from(column),
            y: ORIGIN.1 + height * f32::from(row),
            width,
            height,
        })
    })
}

fn face(canvas: &mut Canvas, card: &PassCard, area: Area) -> Result<(), PrintError> {
    /// Left column: what people read.
    const ROOM: f32 = 37.5;
    let missing = card.missing(canvas.fonts);
    if !missing.is_empty() {
        return Err(PrintError::Missing(missing));
    }
    if card.reference.chars().count() > REFERENCE_CHARACTERS {
        return Err(PrintError::TooMuchText(Field::Reference));
    }
    let (left, top) = (area.x + 4.0, area.y);
    canvas.run((left, top + 6.6), 4.6, 30.0, Ink::bold(WHITE, Align::Left), said::PASS.zh.as_ref());
    let right = area.x + area.width - 4.0;
    canvas.run(
        (right, top + 6.3),
        2.8,
        30.0,
        Ink::plain(WHITE, Align::Right),
        said::PASS.en.as_ref(),
    );

    let enterprise = Area { x: left, y: top + 10.9, width: ROOM, height: 8.4 };
    let steps = [
        Step { lines: 1, most: 3.3, least: 3.0 },
        Step { lines: 2, most: 3.0, least: 2.3 },
        Step { lines: 3, most: 2.1, least: 1.6 },
    ];
    canvas.block(
        Field::Enterprise,
        enterprise,
        &steps,
        Ink::plain(INK, Align::Left),
        &card.enterprise,
    )?;
    let name = Area { x: left, y: top + 20.2, width: ROOM, height: 8.2 };
    let steps =
        [Step { lines: 1, most: 6.2, least: 3.8 }, Step { lines: 2, most: 3.0, least: 2.0 }];
    canvas.block(Field::WorkerName, name, &steps, Ink::bold(INK, Align::Left), &card.name)?;
    let plain = Ink::plain(INK, Align::Left);
    let number = format!("{} {}", said::WORKER_NUMBER, card.worker_number);
    canvas.line(Field::WorkerNumber, (left, top + 31.8), (2.8, 2.0), ROOM, plain, &number)?;
    let role = format!("{} {}", said::ROLE, card.role);
    canvas.line(Field::WorkerRole, (left, top + 35.6), (2.8, 2.0), ROOM, plain, &role)?;
    let validity =
        format!("{} {} {} {}", said::VALIDITY.zh, card.valid_from, said::UNTIL, card.valid_until);
    canvas.line(Field::Validity, (left, top + 39.4), (2.8, 2.0), ROOM, plain, &validity)?;

    let main = Qr::new(&card.qr, Correction::M).map_err(|_| PrintError::QrTooLong)?;
    canvas.stamps.push(stamp(main, area.x + 43.1, top + 11.5, 40.5));
    if !card.reference.is_empty() {
        let small = Qr::new(&card.reference, Correction::M).map_err(|_| PrintError::QrTooLong)?;
        canvas.stamps.push(stamp(small, left - 1.5, top + 40.4, 12.8));
        let beside = left + 12.6;
        canvas.run(
            (beside, top + 46.2),
            2.1,
            ROOM - 12.6,
            Ink::plain(LABEL, Align::Left),
            said::REFERENCE,
        );
        let bold = Ink::bold(INK, Align::Left);
        canvas.line(
            Field::Reference,
            (beside, top + 49.8),
            (2.9, 1.8),
            ROOM - 12.6,
            bold,
            &card.reference,
        )?;
    }
    Ok(())
}

fn stamp(qr: Qr, x: f32, y: f32, side: f32) -> Stamp {
    // 185 modules at most.
    #[allow(clippy::cast_precision_loss)]
    let module = side / qr.outer_modules() as f32;
    Stamp { x: thousandths(x), y: thousandths(y), module, qr }
}

/// Short marks outside the cards, where a ruler is laid.
fn cuts() -> Vec<Rule> {
    const GAP: f32 = 2.0;
    const LENGTH: f32 = 5.0;
    let (right, bottom) =
        (ORIGIN.0 + CARD.0 * f32::from(COLUMNS), ORIGIN.1 + CARD.1 * f32::from(ROWS));
    let mut cuts = Vec::new();
    for column in 0..=COLUMNS {
        let x = ORIGIN.0 + CARD.0 * f32::from(column);
        cuts.push(Rule { x1: x, y1: ORIGIN.1 - GAP - LENGTH, x2: x, y2: ORIGIN.1 - GAP });
        cuts.push(Rule { x1: x, y1: bottom + GAP, x2: x, y2: bottom + GAP + LENGTH });
    }
    for row in 0..=ROWS {
        let y = ORIGIN.1 + CARD.1 * f32::from(row);
        cuts.push(Rule { x1: ORIGIN.0 - GAP - LENGTH, y1: y, x2: ORIGIN.0 - GAP, y2: y });
        cuts.push(Rule { x1: right + GAP, y1: y, x2: right + GAP + LENGTH, y2: y });
    }
    cuts
}
