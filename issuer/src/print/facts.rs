//! The table of facts: one size for all values, the largest at which every row fits the height
//! given.

use super::canvas::{Align, Area, Canvas, FAINT, INK, Ink, LABEL, MIDDLE};
use super::error::{Field, PrintError};
use super::fit::{LEADING, SMALLEST, wrap};
use super::fonts::{Fonts, Weight};
use super::said::Said;

const LARGEST: f32 = 5.0;
/// Codes and phone numbers are torn only when even this size does not hold them in one piece.
const LEAST_WHOLE: f32 = 3.2;
/// The first label column holds 统一社会信用代码; the second one is shorter.
const LABEL_WIDTHS: [f32; 2] = [34.0, 27.0];
/// Share of the width that the first of two cells takes: with it a credit code fits one line.
const FIRST_SHARE: f32 = 0.525;
const PADDING: f32 = 2.8;
const LABEL_SIZE: f32 = 3.8;
const LEAST_LABEL_SIZE: f32 = 2.8;
/// English beneath a label, in label sizes.
const ENGLISH: f32 = 0.6;
/// A label's two lines and the air around them.
const LEAST_ROW: f32 = 8.6;

pub struct Cell {
    pub label: Said,
    pub items: Vec<Item>,
}

/// What a cell says, one beneath the other.
pub enum Item {
    Text(String),
    /// A code, number or name, to be compared or typed.
    Whole(String),
    /// With a hanging number.
    Numbered(u16, String),
    /// Pieces that are not torn while they fit a line: a post and its name, a name and its phone.
    Flow(Vec<String>),
}

struct Line {
    indent: f32,
    number: Option<String>,
    text: String,
}

/// Draws rows of one or two cells, filling the height.
pub fn table(canvas: &mut Canvas, area: Area, rows: &[Vec<Cell>]) -> Result<(), PrintError> {
    let mut size = LARGEST;
    let heights = loop {
        let heights: Vec<f32> =
            rows.iter().map(|row| row_height(canvas.fonts, area, row, size)).collect();
        let torn =
            size > LEAST_WHOLE && rows.iter().any(|row| tears(canvas.fonts, area, row, size));
        if !torn && heights.iter().sum::<f32>() <= area.height {
            break heights;
        }
        size *= 0.97;
        if size < SMALLEST {
            return Err(PrintError::TooMuchText(Field::Facts));
        }
    };
    let count = f32::from(u16::try_from(rows.len()).unwrap_or(1).max(1));
    let spare = (area.height - heights.iter().sum::<f32>()) / count;
    let mut y = area.y;
    for (row, height) in rows.iter().zip(heights) {
        let height = height + spare;
        canvas.horizontal(area.x, y, area.width);
        for (cell, (place, label)) in row.iter().zip(places(area, row.len())) {
            draw(canvas, cell, Area { y, height, ..place }, label, size);
        }
        y += height;
    }
    canvas.horizontal(area.x, area.y + area.height, area.width);
    canvas.vertical(area.x, area.y, area.height);
    canvas.vertical(area.x + area.width, area.y, area.height);
    Ok(())
}

/// Where a row's cells lie, and how wide their labels are.
fn places(area: Area, cells: usize) -> impl Iterator<Item = (Area, f32)> {
    let first = if cells > 1 { area.width * FIRST_SHARE } else { area.width };
    let xs = [(area.x, first), (area.x + first, area.width - first)];
    xs.into_iter()
        .zip(LABEL_WIDTHS)
        .map(move |((x, width), label)| (Area { x, width, ..area }, label))
}

fn value_room(place: Area, label_width: f32) -> f32 {
    place.width - label_width - 2.0 * PADDING
}

/// Whether something that should stay whole is wider than its cell.
fn tears(fonts: &Fonts, area: Area, row: &[Cell], size: f32) -> bool {
    row.iter().zip(places(area, row.len())).any(|(cell, (place, label))| {
        let room = value_room(place, label);
        cell.items.iter().any(|item| match item {
            Item::Whole(text) => wrap(fonts, Weight::Regular, text, room, size).len() > 1,
            _ => false,
        })
    })
}

fn row_height(fonts: &Fonts, area: Area, row: &[Cell], size: f32) -> f32 {
    let tallest = row
        .iter()
        .zip(places(area, row.len()))
        .map(|(cell, (place, label))| lines(fonts, cell, value_room(place, label), size).len())
        .max()
        .unwrap_or(0);
    let tallest = f32::from(u16::try_from(tallest).unwrap_or(u16::MAX));
    (tallest * size * LEADING + PADDING * 0.9).max(LEAST_ROW)
}

fn draw(canvas: &mut Canvas, cell: &Cell, place: Area, label_width: f32, size: f32) {
    let middle = place.y + place.height / 2.0;
    let label_x = place.x + label_width / 2.0;
    let room = label_width - 2.0;
    // A label is never louder than its value.
    let label_size = size.clamp(LEAST_LABEL_SIZE, LABEL_SIZE);
    let english_size = label_size * ENGLISH;
    let centre = Align::Centre;
    canvas.run(
        (label_x, middle - 0.1),
        label_size,
        room,
        Ink::plain(LABEL, centre),
        cell.label.zh.as_ref(),
    );
    canvas.run(
        (label_x, middle + 0.85 * label_size),
        english_size,
        room,
        Ink::plain(FAINT, centre),
        cell.label.en.as_ref(),
    );
    canvas.vertical(place.x, place.y, place.height);
    canvas.vertical(place.x + label_width, place.y, place.height);

    let room = value_room(place, label_width);
    let lines = lines(canvas.fonts, cell, room, size);
    let count = f32::from(u16::try_from(lines.len()).unwrap_or(u16::MAX));
    let leading = size * LEADING;
    let mut baseline = middle - leading * (count - 1.0) / 2.0 + size * MIDDLE;
    let x = place.x + label_width + PADDING;
    let ink = Ink::plain(INK, Align::Left);
    for line in lines {
        if let Some(number) = line.number {
            canvas.run((x, baseline), size, line.indent, ink, number);
        }
        canvas.run((x + line.indent, baseline), size, room - line.indent, ink, line.text);
        baseline += leading;
    }
}

fn lines(fonts: &Fonts, cell: &Cell, room: f32, size: f32) -> Vec<Line> {
    let plain = |text| Line { indent: 0.0, number: None, text };
    let mut lines = Vec::new();
    for item in &cell.items {
        match item {
            Item::Text(text) | Item::Whole(text) => {
                lines.extend(wrap(fonts, Weight::Regular, text, room, size).into_iter().map(plain));
            }
            Item::Flow(pieces) => {
                lines.extend(flow(fonts, pieces, room, size).into_iter().map(plain));
            }
            Item::Numbered(number, text) => {
                let number = format!("{number}.");
                let indent = (fonts.width(Weight::Regular, &number) + 0.4) * size;
                let mut number = Some(number);
                for text in wrap(fonts, Weight::Regular, text, room - indent, size) {
                    lines.push(Line { indent, number: number.take(), text });
                }
            }
        }
    }
    lines
}

fn flow(fonts: &Fonts, pieces: &[String], room: f32, size: f32) -> Vec<String> {
    const GAP: &str = "　";
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        let mut wrapped = wrap(fonts, Weight::Regular, piece, room, size);
        if let ([only], Some(line)) = (wrapped.as_slice(), lines.last_mut()) {
            let together = format!("{line}{GAP}{only}");
            if fonts.width(Weight::Regular, &together) * size * 1.01 <= room {
                *line = together;
                continue;
            }
        }
        lines.append(&mut wrapped);
    }
    lines
}
