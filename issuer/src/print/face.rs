//! Geometry of the placard's face. All millimetres are those of A4; A3 is the same face, √2 larger.
//!
//! From top to bottom: title, document number, the enterprise's name, mode and validity (what a
//! guard compares), the table of facts, and at the foot the QR code beside check number and seal.

use askama::Template;

use super::canvas::{Align, Area, Canvas, FAINT, INK, Ink, LABEL, SEAL_RED, Stamp, thousandths};
use super::error::{Field, PrintError};
use super::facts::{Cell, Item, table};
use super::fit::Step;
use super::fonts::Fonts;
use super::placard::{Code, Contact, Placard, Stage};
use super::qr::{Correction, Qr};
use super::said::{self, Said};

const LEFT: f32 = 15.0;
const WIDTH: f32 = 180.0;
const MIDDLE: f32 = LEFT + WIDTH / 2.0;
const RIGHT: f32 = LEFT + WIDTH;

const TABLE: Area = Area { x: LEFT, y: 88.0, width: WIDTH, height: 82.0 };
/// Nothing else is printed here.
pub const QR: Area = Area { x: 14.0, y: 170.0, width: 104.0, height: 104.0 };
/// Printed width of the symbol without its quiet zone; at least 90 mm is asked.
const QR_SYMBOL: f32 = 91.0;
const SIDE: Area = Area { x: 125.0, y: 173.0, width: 70.0, height: 101.0 };
/// Official seals of sub-districts measure 42 mm, of counties and cities 45 mm (国发〔1999〕25号).
pub const SEAL: (f32, f32, f32) = (160.0, 243.0, 24.0);

/// Frame, tint, place for the seal; on a preview also an empty place for the QR code.
#[derive(Template)]
#[template(path = "print/placard_ground.svg")]
struct Ground {
    /// Centre and radius.
    seal: (f32, f32, f32),
    preview: bool,
}

#[derive(Template)]
#[template(path = "print/watermark.svg")]
struct Watermark {
    text: &'static str,
}

fn render(template: &impl Template) -> Result<String, PrintError> {
    template.render().map_err(|error| PrintError::Renderer(format!("template: {error}")))
}

pub fn lay_out<'f>(fonts: &'f Fonts, placard: &Placard) -> Result<Canvas<'f>, PrintError> {
    let mut canvas = Canvas::new(fonts);
    head(&mut canvas, placard)?;
    strip(&mut canvas, placard)?;
    table(&mut canvas, TABLE, &rows(placard))?;
    side(&mut canvas, placard)?;
    foot(&mut canvas, placard)?;
    let preview = match &placard.stage {
        Stage::Preview => {
            let middle = (QR.x + QR.width / 2.0, QR.y + QR.height / 2.0);
            canvas.run(middle, 5.0, QR_SYMBOL, Ink::plain(FAINT, Align::Centre), said::CODE_LATER);
            true
        }
        Stage::Issued(issue) => {
            let qr = Qr::new(&issue.qr, Correction::Q).map_err(|_| PrintError::QrTooLong)?;
            canvas.stamps.push(stamp(qr));
            false
        }
    };
    canvas.ground = render(&Ground { seal: SEAL, preview })?;
    if preview {
        canvas.over = render(&Watermark { text: said::PREVIEW })?;
    }
    Ok(canvas)
}

fn head(canvas: &mut Canvas, placard: &Placard) -> Result<(), PrintError> {
    let centre = Align::Centre;
    let title = Ink::bold(SEAL_RED, centre);
    canvas.line(Field::Title, (MIDDLE, 27.5), (13.4, 7.0), WIDTH, title, &placard.title.zh)?;
    canvas.line(
        Field::Title,
        (MIDDLE, 34.0),
        (4.0, 2.6),
        WIDTH,
        Ink::plain(LABEL, centre),
        &placard.title.en,
    )?;
    let half = WIDTH / 2.0 - 2.0;
    let number = format!("{}：{}", said::DOCUMENT_NUMBER.zh, placard.document_number);
    canvas.line(
        Field::DocumentNumber,
        (LEFT, 44.2),
        (4.2, 2.4),
        half,
        Ink::plain(INK, Align::Left),
        &number,
    )?;
    let class = format!("{}：{}", said::CLASS.zh, placard.class.zh);
    canvas.line(
        Field::Class,
        (RIGHT, 44.2),
        (4.2, 2.4),
        half,
        Ink::plain(INK, Align::Right),
        &class,
    )?;
    let name = Area { x: LEFT, y: 47.0, width: WIDTH, height: 21.0 };
    let steps = [
        Step { lines: 1, most: 12.5, least: 8.6 },
        Step { lines: 2, most: 7.6, least: 6.0 },
        Step { lines: 3, most: 5.0, least: 3.6 },
    ];
    canvas.block(Field::Enterprise, name, &steps, Ink::bold(INK, centre), &placard.enterprise)
}

/// Mode and validity: the two facts that decide at the gate, larger than the table.
fn strip(canvas: &mut Canvas, placard: &Placard) -> Result<(), PrintError> {
    const TOP: f32 = 70.0;
    const SPLIT: f32 = 76.0;
    let validity = format!("{} {} {}", placard.valid_from, said::UNTIL, placard.valid_until);
    let cells = [
        (Field::Mode, &said::MODE, &placard.mode.zh, &placard.mode.en, LEFT, SPLIT),
        (
            Field::Validity,
            &said::VALIDITY,
            &validity.into(),
            &"".into(),
            LEFT + SPLIT,
            WIDTH - SPLIT,
        ),
    ];
    for (field, label, value, english, x, width) in cells {
        let room = width - 7.0;
        let label = format!("{}  {}", label.zh, label.en);
        canvas.run((x + 3.5, TOP + 4.9), 2.9, room, Ink::plain(LABEL, Align::Left), label);
        canvas.line(
            field,
            (x + 3.5, TOP + 12.5),
            (6.0, 3.0),
            room,
            Ink::bold(INK, Align::Left),
            value,
        )?;
        let english_at = (x + width - 3.5, TOP + 4.9);
        canvas.line(
            field,
            english_at,
            (2.9, 1.8),
            room / 2.0,
            Ink::plain(LABEL, Align::Right),
            english,
        )?;
    }
    Ok(())
}

fn rows(placard: &Placard) -> Vec<Vec<Cell>> {
    let code = match &placard.code {
        Code::Uscc(code) => vec![Item::Whole(code.clone())],
        Code::None { reason } => vec![Item::Text(format!("{}（{reason}）", said::NO_CODE))],
    };
    let mut site = vec![Item::Text(placard.site.clone())];
    site.extend(
        placard
            .entrance
            .iter()
            .map(|entrance| Item::Text(format!("{}：{entrance}", said::ENTRANCE.zh))),
    );
    let mut approval = vec![Item::Text(placard.route.zh.to_string())];
    approval.push(Item::Flow(
        placard.signatures.iter().map(|s| format!("{} {}", s.post, s.person)).collect(),
    ));
    let conditions = match placard.conditions.as_slice() {
        [] => vec![Item::Text(said::NO_CONDITIONS.to_owned())],
        [only] => vec![Item::Text(only.clone())],
        several => (1..).zip(several).map(|(n, text)| Item::Numbered(n, text.clone())).collect(),
    };
    vec![
        vec![
            cell(&said::USCC, code),
            cell(&said::SUPERVISION, vec![Item::Whole(placard.supervision_phone.clone())]),
        ],
        vec![cell(&said::SITE, site)],
        vec![cell(&said::APPROVAL, approval)],
        vec![cell(&said::CONDITIONS, conditions)],
        vec![
            cell(&said::RESPONSIBLE, vec![Item::Whole(placard.responsible.clone())]),
            cell(&said::EPIDEMIC_OFFICER, contact(&placard.epidemic_officer)),
        ],
        vec![cell(&said::GRID_OFFICER, contact(&placard.grid_officer))],
    ]
}

fn cell(label: &Said, items: Vec<Item>) -> Cell {
    Cell { label: label.clone(), items }
}

fn contact(contact: &Contact) -> Vec<Item> {
    let pieces = std::iter::once(contact.name.clone()).chain(contact.phone.clone());
    vec![Item::Flow(pieces.collect())]
}

/// Check number, how to compare, and the place where name and date of the authority are sealed.
fn side(canvas: &mut Canvas, placard: &Placard) -> Result<(), PrintError> {
    let (serial, issued_on) = match &placard.stage {
        Stage::Preview => (said::SERIAL_LATER, ""),
        Stage::Issued(issue) => (issue.serial.as_str(), issue.issued_on.as_str()),
    };
    let label = format!("{}  {}", said::CHECK_NUMBER.zh, said::CHECK_NUMBER.en);
    canvas.run((SIDE.x, SIDE.y + 5.0), 2.9, SIDE.width, Ink::plain(LABEL, Align::Left), label);
    let bold = Ink::bold(INK, Align::Left);
    canvas.line(Field::Serial, (SIDE.x, SIDE.y + 12.8), (6.3, 3.0), SIDE.width, bold, serial)?;
    let compare = Area { x: SIDE.x, y: SIDE.y + 18.5, width: SIDE.width, height: 14.0 };
    let steps = [Step { lines: 2, most: 4.0, least: 3.0 }];
    canvas.block(
        Field::Facts,
        compare,
        &steps,
        Ink::plain(INK, Align::Left),
        said::COMPARE.zh.as_ref(),
    )?;
    let english = (SIDE.x, SIDE.y + 36.0);
    canvas.line(
        Field::Facts,
        english,
        (2.6, 2.0),
        SIDE.width,
        Ink::plain(FAINT, Align::Left),
        said::COMPARE.en.as_ref(),
    )?;

    let (x, y, radius) = SEAL;
    let mark = format!("{}  {}", said::SEAL.zh, said::SEAL.en);
    canvas.run((x, y - radius + 7.0), 2.4, radius * 1.2, Ink::plain(FAINT, Align::Centre), mark);
    let authority = Area { x: x - 20.0, y: y - 12.0, width: 40.0, height: 18.0 };
    let steps = [
        Step { lines: 1, most: 5.0, least: 4.4 },
        Step { lines: 2, most: 4.8, least: 4.2 },
        Step { lines: 3, most: 4.3, least: 3.0 },
        Step { lines: 4, most: 3.0, least: 2.4 },
    ];
    canvas.block(
        Field::Authority,
        authority,
        &steps,
        Ink::plain(INK, Align::Centre),
        &placard.authority,
    )?;
    canvas.line(
        Field::Issued,
        (x, y + 13.0),
        (4.8, 3.0),
        40.0,
        Ink::plain(INK, Align::Centre),
        issued_on,
    )
}

fn foot(canvas: &mut Canvas, placard: &Placard) -> Result<(), PrintError> {
    let centre = Align::Centre;
    canvas.run((MIDDLE, 278.4), 5.4, WIDTH, Ink::bold(SEAL_RED, centre), said::SCAN.zh.as_ref());
    canvas.run((MIDDLE, 282.3), 2.6, WIDTH, Ink::plain(LABEL, centre), said::SCAN.en.as_ref());
    let small_print = placard.small_print.as_deref().unwrap_or_default();
    canvas.line(
        Field::SmallPrint,
        (MIDDLE, 286.0),
        (2.4, 1.8),
        WIDTH,
        Ink::plain(FAINT, centre),
        small_print,
    )
}

/// The QR code in the middle of its area: as wide as [`QR_SYMBOL`], unless a very short text makes
/// so few and large modules that their quiet zone needs the room.
fn stamp(qr: Qr) -> Stamp {
    // 185 modules at most.
    #[allow(clippy::cast_precision_loss)]
    let (symbol, outer) = (qr.modules() as f32, qr.outer_modules() as f32);
    let module = (QR_SYMBOL / symbol).min(QR.width / outer);
    let side = module * outer;
    let (x, y) = (QR.x + (QR.width - side) / 2.0, QR.y + (QR.height - side) / 2.0);
    Stamp { x: thousandths(x), y: thousandths(y), module, qr }
}
