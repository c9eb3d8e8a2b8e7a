//! A page as SVG, and the SVG as pixels.

use std::io::Cursor;

use askama::Template;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, RgbaImage};
use resvg::tiny_skia::{Pixmap, Transform};
use usvg::Tree;

use super::canvas::Canvas;
use super::error::PrintError;
use super::fonts::Fonts;

const DOTS_PER_INCH: f32 = 300.0;
const MILLIMETRES_PER_INCH: f32 = 25.4;

/// Paper, portrait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    A4,
    A3,
}

impl Sheet {
    /// Width and height in millimetres (ISO 216).
    pub const fn millimetres(self) -> (u16, u16) {
        match self {
            Self::A4 => (210, 297),
            Self::A3 => (297, 420),
        }
    }

    pub(super) fn scaled(self, per_inch: f32) -> (f32, f32) {
        let (width, height) = self.millimetres();
        (
            f32::from(width) * per_inch / MILLIMETRES_PER_INCH,
            f32::from(height) * per_inch / MILLIMETRES_PER_INCH,
        )
    }
}

#[derive(Template)]
#[template(path = "print/page.svg")]
struct PageSvg<'a> {
    width: u16,
    height: u16,
    canvas: &'a Canvas<'a>,
}

/// The page as a file of its own.
pub fn svg(canvas: &Canvas<'_>, sheet: Sheet) -> Result<String, PrintError> {
    let (width, height) = sheet.millimetres();
    let page = PageSvg { width, height, canvas };
    page.render().map_err(|error| PrintError::Renderer(format!("template: {error}")))
}

pub fn parse(fonts: &Fonts, svg: &str) -> Result<Tree, PrintError> {
    Tree::from_str(svg, fonts.options())
        .map_err(|error| PrintError::Renderer(format!("SVG: {error}")))
}

/// An opaque RGB picture at 300 dpi that says so, so that it prints at its true size.
pub fn png(tree: &Tree, sheet: Sheet) -> Result<Vec<u8>, PrintError> {
    let broken = |what: &str| PrintError::Renderer(format!("PNG: {what}"));
    let (width, height) = sheet.scaled(DOTS_PER_INCH);
    // A3 at 300 dpi is 3508 × 4961 pixels: far from the limits of u32.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let (columns, rows) = (width.round() as u32, height.round() as u32);
    let mut pixels = Pixmap::new(columns, rows).ok_or_else(|| broken("no memory for the page"))?;
    pixels.fill(resvg::tiny_skia::Color::WHITE);
    let size = tree.size();
    resvg::render(
        tree,
        Transform::from_scale(width / size.width(), height / size.height()),
        &mut pixels.as_mut(),
    );
    // The page is opaque, so premultiplied and straight colours are the same bytes.
    let picture = RgbaImage::from_raw(columns, rows, pixels.take())
        .ok_or_else(|| broken("size of the page"))?;
    let picture = DynamicImage::ImageRgba8(picture).into_rgb8();
    let mut file = Cursor::new(Vec::with_capacity(1 << 19));
    // Level 1 over rows' differences: 25 ms and 0.7 MB for A4; the default level takes 110 ms to
    // save 0.25 MB.
    PngEncoder::new_with_quality(&mut file, CompressionType::Level(1), FilterType::Up)
        .write_image(&picture, columns, rows, ExtendedColorType::Rgb8)
        .map_err(|error| broken(&error.to_string()))?;
    with_resolution(&file.into_inner()).ok_or_else(|| broken("no header"))
}

/// Puts a `pHYs` chunk after the header (PNG, third edition, 11.3.4.3): 11,811 pixels a metre are
/// 300 dpi.
fn with_resolution(png: &[u8]) -> Option<Vec<u8>> {
    const HEADER_BYTES: usize = 8 + 25;
    const PIXELS_PER_METRE: u32 = 11_811;
    let mut body = b"pHYs".to_vec();
    body.extend(PIXELS_PER_METRE.to_be_bytes());
    body.extend(PIXELS_PER_METRE.to_be_bytes());
    body.push(1);
    let mut crc = flate2::Crc::new();
    crc.update(&body);
    let (header, rest) = png.split_at_checked(HEADER_BYTES)?;
    let mut whole = header.to_vec();
    whole.extend(9_u32.to_be_bytes());
    whole.extend(body);
    whole.extend(crc.sum().to_be_bytes());
    whole.extend(rest);
    Some(whole)
}
