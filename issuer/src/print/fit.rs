//! Text into boxes: measured, wrapped by the rules of Chinese typesetting, shrunk until it fits.
//! Nothing here draws; lengths are millimetres, widths of text are em until a size is chosen.

use super::fonts::{Fonts, Weight};

/// Height of a line of wrapped text, in sizes.
pub const LEADING: f32 = 1.38;
/// Kerning and hinting may widen a line over the sum of its advances: never count on the last
/// hundredth.
const SLACK: f32 = 1.01;
/// Below this size (about 4.5 pt) print on a wall is no longer print.
pub const SMALLEST: f32 = 1.6;

/// Lines of one size that fit the box they were made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub size: f32,
    pub lines: Vec<String>,
}

/// One attempt: so many lines, at the largest size between `most` and `least` that holds the text.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub lines: usize,
    pub most: f32,
    pub least: f32,
}

/// Takes the first step that holds the text; if none does, the last one shrinks further.
/// `None` when it would have to shrink below [`SMALLEST`].
pub fn fit(fonts: &Fonts, weight: Weight, text: &str, room: f32, steps: &[Step]) -> Option<Fitted> {
    let units = units(fonts, weight, &tidy(text));
    let last = steps.last()?;
    let stretched = Step { least: SMALLEST, ..*last };
    steps.iter().chain(std::iter::once(&stretched)).find_map(|step| attempt(&units, room, *step))
}

fn attempt(units: &[Unit], room: f32, step: Step) -> Option<Fitted> {
    let mut size = step.most;
    while size >= step.least {
        let lines = fill(units, room / size);
        if lines.len() <= step.lines {
            return Some(Fitted { size, lines: balance(units, room / size, lines) });
        }
        // A single line needs no search: its size follows from its width.
        let exact = if step.lines == 1 { room / (width(units) * SLACK) } else { size };
        size = exact.min(size * 0.98);
    }
    None
}

/// Wraps at one given size.
pub fn wrap(fonts: &Fonts, weight: Weight, text: &str, room: f32, size: f32) -> Vec<String> {
    fill(&units(fonts, weight, &tidy(text)), room / size)
}

/// White space of any kind becomes one space; ends are trimmed.
pub fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is never torn apart: one ideograph with its punctuation, one Latin word, a number with its
/// measure word.
struct Unit {
    text: String,
    /// The advance of each character, for the emergency of a unit longer than a line.
    advances: Vec<f32>,
}

impl Unit {
    fn width(&self) -> f32 {
        self.advances.iter().sum()
    }

    /// Without the space that a line may end on.
    fn width_at_end(&self) -> f32 {
        let trailing = usize::from(self.text.ends_with(' '));
        self.advances.iter().take(self.advances.len() - trailing).sum()
    }
}

fn width(units: &[Unit]) -> f32 {
    units.iter().map(Unit::width).sum()
}

fn units(fonts: &Fonts, weight: Weight, text: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut previous = None;
    for ch in text.chars() {
        let advance = fonts.advance(weight, ch);
        match (units.last_mut(), previous) {
            (Some(unit), Some(before)) if !may_break(before, ch) => {
                unit.text.push(ch);
                unit.advances.push(advance);
            }
            _ => units.push(Unit { text: ch.to_string(), advances: vec![advance] }),
        }
        previous = Some(ch);
    }
    units
}

/// 禁则: closing punctuation does not begin a line, opening punctuation does not end one (GB/T
/// 15834-2011, 5.1).
fn may_break(before: char, after: char) -> bool {
    const NOT_FIRST: &str = "，。、；：？！）》〉】〕」』”’…—～·%‰℃°,.;:?!)]}/";
    const NOT_LAST: &str = "（《〈【〔「『“‘([{￥¥$";
    const MEASURES: &str = "年月日号楼层室幢栋座区单元门人名户个天时分";
    if before == ' ' {
        return true;
    }
    if after == ' ' || NOT_FIRST.contains(after) || NOT_LAST.contains(before) {
        return false;
    }
    let latin = |ch: char| ch.is_ascii_graphic() || ('\u{c0}'..='\u{24f}').contains(&ch);
    !((latin(before) && latin(after)) || (before.is_ascii_digit() && MEASURES.contains(after)))
}

fn fill(units: &[Unit], room_em: f32) -> Vec<String> {
    let room = room_em / SLACK;
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0.0;
    for unit in units {
        if used + unit.width_at_end() > room && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            used = 0.0;
        }
        if unit.width_at_end() <= room {
            line.push_str(&unit.text);
            used += unit.width();
            continue;
        }
        for (ch, advance) in unit.text.chars().zip(&unit.advances) {
            if used + advance > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            line.push(ch);
            used += advance;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// The same number of lines, as even as they can be: no last line of one lonely character.
fn balance(units: &[Unit], room_em: f32, lines: Vec<String>) -> Vec<String> {
    if lines.len() < 2 {
        return lines;
    }
    let (mut narrow, mut wide, mut best) = (0.0, room_em, lines);
    for _ in 0..12 {
        let middle = f32::midpoint(narrow, wide);
        let tried = fill(units, middle);
        if tried.len() <= best.len() {
            wide = middle;
            best = tried;
        } else {
            narrow = middle;
        }
    }
    best
}
