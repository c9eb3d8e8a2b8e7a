//! A page before it is a file: runs of text, lines and QR codes, already placed; millimetres from
//! the top left of A4. The same list becomes SVG (and from it pixels) and PDF.

use std::fmt;

use super::error::{Field, PrintError};
use super::fit::{self, LEADING, Step};
use super::fonts::{Fonts, Weight};
use super::qr::Qr;

/// A colour, as SVG writes it and as PDF counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shade(pub [u8; 3]);

impl fmt::Display for Shade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

pub const INK: Shade = Shade([0x16, 0x19, 0x1d]);
pub const LABEL: Shade = Shade([0x4b, 0x53, 0x5c]);
pub const FAINT: Shade = Shade([0x6b, 0x74, 0x7d]);
pub const LINE: Shade = Shade([0xb9, 0xbe, 0xc4]);
pub const SEAL_RED: Shade = Shade([0xa8, 0x16, 0x1c]);
pub const WHITE: Shade = Shade([0xff, 0xff, 0xff]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

impl Align {
    pub fn anchor(self) -> &'static str {
        match self {
            Self::Left => "start",
            Self::Centre => "middle",
            Self::Right => "end",
        }
    }
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub struct Ink {
    pub weight: Weight,
    pub fill: Shade,
    pub align: Align,
}

impl Ink {
    pub const fn plain(fill: Shade, align: Align) -> Self {
        Self { weight: Weight::Regular, fill, align }
    }

    pub const fn bold(fill: Shade, align: Align) -> Self {
        Self { weight: Weight::Bold, fill, align }
    }
}

/// One line of text on its baseline.
#[derive(Debug, Clone)]
pub struct Run {
    pub x: f32,
    pub y: f32,
    pub size: f32,
    /// The width it was fitted to.
    #[cfg(test)]
    pub room: f32,
    pub text: String,
    pub ink: Ink,
}

impl Run {
    pub fn bold(&self) -> bool {
        self.ink.weight == Weight::Bold
    }

    /// Where its first character begins.
    pub fn left(&self, fonts: &Fonts) -> f32 {
        let width = fonts.width(self.ink.weight, &self.text) * self.size;
        match self.ink.align {
            Align::Left => self.x,
            Align::Centre => self.x - width / 2.0,
            Align::Right => self.x - width,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// A straight line, horizontal or vertical.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub x1: f32,
    pub y1: f32,
    pub x2: f32,
    pub y2: f32,
}

/// A QR code: top left of its quiet zone, and the width of one module.
#[derive(Debug, Clone)]
pub struct Stamp {
    pub x: f32,
    pub y: f32,
    pub module: f32,
    pub qr: Qr,
}

/// Collects what is to be drawn; fitting texts is the only thing it decides.
#[derive(Debug)]
pub struct Canvas<'f> {
    pub fonts: &'f Fonts,
    pub runs: Vec<Run>,
    pub rules: Vec<Rule>,
    pub rule_width: f32,
    pub rule_stroke: Shade,
    pub stamps: Vec<Stamp>,
    /// SVG drawn beneath everything else, without text given by people.
    pub ground: String,
    /// SVG drawn above everything else, without text given by people.
    pub over: String,
}

impl<'f> Canvas<'f> {
    pub fn new(fonts: &'f Fonts) -> Self {
        Self {
            fonts,
            runs: Vec::new(),
            rules: Vec::new(),
            rule_width: 0.25,
            rule_stroke: LINE,
            stamps: Vec::new(),
            ground: String::new(),
            over: String::new(),
        }
    }

    /// A line already wrapped. Should it be wider than its room after all, it is set smaller, never
    /// across the edge.
    pub fn run(&mut self, at: (f32, f32), size: f32, room: f32, ink: Ink, text: impl Into<String>) {
        let text = text.into();
        if text.is_empty() {
            return;
        }
        let size = size.min(room / self.fonts.width(ink.weight, &text));
        self.runs.push(Run {
            x: thousandths(at.0),
            y: thousandths(at.1),
            size: thousandths(size),
            #[cfg(test)]
            room,
            text,
            ink,
        });
    }

    /// One line, shrunk as far as `least` and, if it must be, further.
    pub fn line(
        &mut self,
        field: Field,
        at: (f32, f32),
        sizes: (f32, f32),
        room: f32,
        ink: Ink,
        text: &str,
    ) -> Result<(), PrintError> {
        let step = Step { lines: 1, most: sizes.0, least: sizes.1 };
        let fitted = fit::fit(self.fonts, ink.weight, text, room, &[step])
            .ok_or(PrintError::TooMuchText(field))?;
        for line in fitted.lines {
            self.run(at, fitted.size, room, ink, line);
        }
        Ok(())
    }

    /// Lines centred vertically in an area; the steps must not be taller than it.
    pub fn block(
        &mut self,
        field: Field,
        area: Area,
        steps: &[Step],
        ink: Ink,
        text: &str,
    ) -> Result<(), PrintError> {
        let fitted = fit::fit(self.fonts, ink.weight, text, area.width, steps)
            .ok_or(PrintError::TooMuchText(field))?;
        let x = match ink.align {
            Align::Left => area.x,
            Align::Centre => area.x + area.width / 2.0,
            Align::Right => area.x + area.width,
        };
        let middle = area.y + area.height / 2.0;
        for (baseline, line) in
            baselines(middle, fitted.size, fitted.size * LEADING, fitted.lines.len())
                .zip(fitted.lines)
        {
            self.run((x, baseline), fitted.size, area.width, ink, line);
        }
        Ok(())
    }

    pub fn horizontal(&mut self, x: f32, y: f32, width: f32) {
        self.rules.push(Rule { x1: x, y1: y, x2: x + width, y2: y });
    }

    pub fn vertical(&mut self, x: f32, y: f32, height: f32) {
        self.rules.push(Rule { x1: x, y1: y, x2: x, y2: y + height });
    }
}

/// Distance from a baseline up to the middle of an ideograph, in sizes (they reach from −0.12 to
/// +0.88).
pub const MIDDLE: f32 = 0.38;

/// Baselines of `count` lines around a vertical middle.
pub fn baselines(middle: f32, size: f32, leading: f32, count: usize) -> impl Iterator<Item = f32> {
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    let first = middle - leading * f32::from(count.saturating_sub(1)) / 2.0 + size * MIDDLE;
    (0..count).map(move |line| first + leading * f32::from(line))
}

/// Keeps coordinates short in the file: a micrometre is finer than any printer.
pub fn thousandths(value: f32) -> f32 {
    (value * 1000.0).round() / 1000.0
}
