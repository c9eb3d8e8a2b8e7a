//! A page as the printer laid it down, at several resolutions.

use std::sync::Arc;

use image::GrayImage;

/// Where a code is printed, in millimetres from the sheet's top left: its symbol without the quiet
/// zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Code {
    pub left: f32,
    pub top: f32,
    pub side: f32,
}

impl Code {
    pub fn middle(self) -> (f32, f32) {
        (self.left + self.side / 2.0, self.top + self.side / 2.0)
    }

    /// A place within the symbol, in shares of its side.
    pub fn at(self, x: f32, y: f32) -> (f32, f32) {
        (self.left + x * self.side, self.top + y * self.side)
    }
}

/// A rasterised page.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Each half as fine as the one before, by averaging.
    levels: Arc<Vec<GrayImage>>,
    /// Pixels a millimetre of the first.
    per_mm: f32,
    pub size: (f32, f32),
    pub code: Code,
    /// Modules on a side of the code.
    pub modules: f32,
}

impl Sheet {
    /// A picture of a whole sheet so many millimetres wide.
    pub fn new(picture: GrayImage, width: f32, code: Code, modules: f32) -> Self {
        let per_mm = picture.width() as f32 / width;
        let size = (width, picture.height() as f32 / per_mm);
        let mut levels = vec![picture];
        while let Some(finest) = levels.last().filter(|level| level.width() > 300) {
            levels.push(halved(finest));
        }
        Self { levels: Arc::new(levels), per_mm, size, code, modules }
    }

    /// The same sheet, looked at for another of its codes.
    #[must_use]
    pub fn with_code(&self, code: Code, modules: f32) -> Self {
        Self { code, modules, ..self.clone() }
    }

    /// The level whose pixels are the finest that a frame of so many pixels a millimetre can show.
    pub(super) fn level(&self, frame_per_mm: f32) -> usize {
        let finer = (self.per_mm / frame_per_mm).max(1.0).log2() + 0.01;
        (finer as usize).min(self.levels.len() - 1)
    }

    /// The shade at a place in millimetres, 0 to 255; `None` beside the sheet.
    pub(super) fn shade(&self, level: usize, x: f32, y: f32) -> Option<f32> {
        let picture = &self.levels[level];
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let per_mm = width as f32 / self.size.0;
        let (x, y) = (x * per_mm - 0.5, y * per_mm - 0.5);
        if x < -0.5 || y < -0.5 || x > width as f32 - 0.5 || y > height as f32 - 0.5 {
            return None;
        }
        let (x, y) = (x.max(0.0), y.max(0.0));
        let (column, row) = ((x as usize).min(width - 2), (y as usize).min(height - 2));
        let (right, down) = (x - column as f32, y - row as f32);
        let pixels = picture.as_raw();
        let at = row * width + column;
        let mix = |a: u8, b: u8| f32::from(a) + (f32::from(b) - f32::from(a)) * right;
        let upper = mix(pixels[at], pixels[at + 1]);
        let lower = mix(pixels[at + width], pixels[at + width + 1]);
        Some(upper + (lower - upper) * down)
    }
}

fn halved(picture: &GrayImage) -> GrayImage {
    let (width, height) = (picture.width() / 2, picture.height() / 2);
    let (stride, pixels) = (picture.width() as usize, picture.as_raw());
    let mut out = Vec::with_capacity(width as usize * height as usize);
    for row in 0..height as usize {
        let upper = &pixels[2 * row * stride..][..stride];
        let lower = &pixels[(2 * row + 1) * stride..][..stride];
        for (above, below) in upper.chunks_exact(2).zip(lower.chunks_exact(2)) {
            let sum: u16 = above.iter().chain(below).map(|pixel| u16::from(*pixel)).sum();
            out.push((sum / 4) as u8);
        }
    }
    GrayImage::from_raw(width, height, out).expect("the rows were counted")
}
