//! Finds QR codes in pictures and camera frames.
//!
//! Pictures come from strangers: their size is judged by the header before a single pixel is
//! decoded, and the decoder may not allocate beyond what that size needs.

use std::fmt;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::error::ImageError;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use rxing::common::{GlobalHistogramBinarizer, HybridBinarizer};
use rxing::multi::MultipleBarcodeReader;
use rxing::qrcode::QRCodeReader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BarcodeFormat, Binarizer, BinaryBitmap, DecodeHints, Luma8LuminanceSource, Reader};

use crate::lang::Lang;

/// What a picture may cost, and how hard to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLimits {
    pub bytes: usize,
    pub pixels: u64,
    /// Longer side.
    pub side: u32,
    /// Look at every scale, because nobody holds the camera any more and tries again.
    pub thorough: bool,
}

impl PictureLimits {
    /// One frame of a running camera: 1 MB, 1920×1080 either way up.
    pub const FRAME: Self =
        Self { bytes: 1 << 20, pixels: 1920 * 1080, side: 1920, thorough: false };
    /// A photo or scan: 12 MB, 12 megapixels (of 2²⁰, so that a phone's 4032×3024 fits).
    pub const UPLOAD: Self =
        Self { bytes: 12 << 20, pixels: 12 << 20, side: 16_384, thorough: true };
}

/// Largest picture that is looked at in every way; larger ones are, scaled down.
const HARD_PIXELS: usize = 4 << 20;
/// Largest picture whose speckles are closed.
const CLOSED_PIXELS: usize = 1 << 20;

/// Why no text came out of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureError {
    TooManyBytes {
        bytes: usize,
        limit: usize,
    },
    TooManyPixels {
        width: u32,
        height: u32,
        limit: u64,
    },
    /// Neither PNG nor JPEG, or damaged.
    NotAPicture,
    /// A sound picture without a readable QR code.
    NothingFound,
}

impl PictureError {
    /// Stable name for problem bodies.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooManyBytes { .. } => "picture_too_large",
            Self::TooManyPixels { .. } => "picture_too_many_pixels",
            Self::NotAPicture => "not_a_picture",
            Self::NothingFound => "no_code_found",
        }
    }

    /// What is wrong and what to do.
    pub fn say(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::TooManyBytes { limit, .. }, Lang::Zh) => {
                format!("图片文件过大，请上传不超过 {} MB 的图片。", limit >> 20)
            }
            (Self::TooManyBytes { limit, .. }, Lang::En) => {
                format!("The file is too large. Send a picture of at most {} MB.", limit >> 20)
            }
            (Self::TooManyPixels { width, height, .. }, Lang::Zh) => {
                format!("图片尺寸过大（{width}×{height}），请裁剪或缩小后重试。")
            }
            (Self::TooManyPixels { width, height, .. }, Lang::En) => {
                format!("The picture is too large ({width}×{height}). Crop it or scale it down.")
            }
            (Self::NotAPicture, Lang::Zh) => {
                "无法打开图片，请上传 PNG 或 JPEG 格式的图片。".to_owned()
            }
            (Self::NotAPicture, Lang::En) => {
                "Not a readable picture. Send a PNG or JPEG file.".to_owned()
            }
            (Self::NothingFound, Lang::Zh) => {
                "图中没有找到二维码。请靠近一些，对正拍清楚后重试。".to_owned()
            }
            (Self::NothingFound, Lang::En) => {
                "No QR code found. Go closer, hold straight, and take it again in focus.".to_owned()
            }
        }
    }
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Lang::En))
    }
}

impl std::error::Error for PictureError {}

/// All distinct texts of QR codes in a PNG or JPEG, in the order they were found; never empty.
///
/// Takes tens of milliseconds for a frame, and a second or two for a large photo without any code:
/// call it in a bounded pool of blocking threads.
///
/// # Errors
/// Too large (told before decoding), no picture, or no code in it.
pub fn read_picture(bytes: &[u8], limits: &PictureLimits) -> Result<Vec<String>, PictureError> {
    let picture = decode(bytes, limits)?;
    let mut texts = Vec::new();
    let scales = if limits.thorough { pyramid(&picture) } else { vec![picture.clone()] };
    for picture in &scales {
        look(picture, &mut texts);
    }
    if texts.is_empty() {
        look_harder(&scales, limits.thorough, &mut texts);
    }
    if texts.is_empty() { Err(PictureError::NothingFound) } else { Ok(texts) }
}

fn decode(bytes: &[u8], limits: &PictureLimits) -> Result<GrayImage, PictureError> {
    if bytes.len() > limits.bytes {
        return Err(PictureError::TooManyBytes { bytes: bytes.len(), limit: limits.bytes });
    }
    let Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) = image::guess_format(bytes) else {
        return Err(PictureError::NotAPicture);
    };
    // 4 bytes a pixel hold every 8-bit picture; a little more for the decoder's own rows.
    let mut allowed = Limits::default();
    allowed.max_alloc = Some(limits.pixels.saturating_mul(4).saturating_add(4 << 20));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(allowed);
    let decoder = reader.into_decoder().map_err(|_| PictureError::NotAPicture)?;
    let (width, height) = decoder.dimensions();
    let too_many = PictureError::TooManyPixels { width, height, limit: limits.pixels };
    if u64::from(width) * u64::from(height) > limits.pixels || width.max(height) > limits.side {
        return Err(too_many);
    }
    if width == 0 || height == 0 {
        return Err(PictureError::NotAPicture);
    }
    match DynamicImage::from_decoder(decoder) {
        Ok(picture) => Ok(on_white(picture)),
        Err(ImageError::Limits(_)) => Err(too_many),
        Err(_) => Err(PictureError::NotAPicture),
    }
}

/// Grey, with what is transparent shown as paper.
fn on_white(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let (width, height) = (picture.width(), picture.height());
    let both = picture.into_luma_alpha8();
    let mut grey = GrayImage::new(width, height);
    for (to, from) in grey.pixels_mut().zip(both.pixels()) {
        let [luma, alpha] = from.0.map(u16::from);
        let mixed = (luma * alpha + 255 * (255 - alpha)) / 255;
        to.0 = [u8::try_from(mixed).unwrap_or(u8::MAX)];
    }
    grey
}

/// The picture itself and smaller ones: a code that fills a large, slightly blurred or noisy photo
/// reads better when pixels are averaged; a small code in it needs them all.
fn pyramid(picture: &GrayImage) -> Vec<GrayImage> {
    let mut scales = vec![picture.clone()];
    for factor in [2, 3, 5] {
        let (width, height) = (picture.width() / factor, picture.height() / factor);
        if width.max(height) < 400 {
            break;
        }
        scales.push(averaged(picture, factor, width, height));
    }
    scales
}

fn averaged(picture: &GrayImage, factor: u32, width: u32, height: u32) -> GrayImage {
    let mut sums = vec![0_u32; width as usize];
    let mut out = Vec::with_capacity((width * height) as usize);
    let mut rows = picture.rows();
    for _ in 0..height {
        sums.fill(0);
        for row in rows.by_ref().take(factor as usize) {
            let mut pixels = row.map(|pixel| u32::from(pixel.0[0]));
            for sum in &mut sums {
                *sum += pixels.by_ref().take(factor as usize).sum::<u32>();
            }
        }
        let area = factor * factor;
        out.extend(sums.iter().map(|sum| u8::try_from(sum / area).unwrap_or(u8::MAX)));
    }
    GrayImage::from_raw(width, height, out).unwrap_or_else(|| picture.clone())
}

/// Both ways to tell dark from light: local thresholds cope with shadows, a global one with small
/// and crisp codes.
fn look(picture: &GrayImage, texts: &mut Vec<String>) {
    let Some(source) = source(picture) else { return };
    gather(HybridBinarizer::new(source.clone()), false, texts);
    gather(GlobalHistogramBinarizer::new(source), false, texts);
}

/// For pictures in which the usual look finds nothing: speckles closed, light on dark, tight crops,
/// tiny codes, and the older detector.
fn look_harder(scales: &[GrayImage], thorough: bool, texts: &mut Vec<String>) {
    for picture in scales.iter().filter(|picture| picture.len() <= HARD_PIXELS) {
        if let Some(source) = source(picture) {
            // Closing costs ten times the look itself; at full size averaging does its work.
            if thorough && picture.len() <= CLOSED_PIXELS {
                gather(HybridBinarizer::new(source.clone()), true, texts);
            }
            let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
            let found = attempt(|| QRCodeReader::new().decode_with_hints(&mut bitmap, &hints()));
            keep(found.as_ref().map(rxing::RXingResult::getText), texts);
        }
        let mut inverted = picture.clone();
        image::imageops::invert(&mut inverted);
        look(&inverted, texts);
        if !texts.is_empty() {
            return;
        }
    }
    if let Some(picture) = scales.first().filter(|_| thorough) {
        let (width, height) = picture.dimensions();
        let zoom = if width.max(height) < 500 { 3 } else { 1 };
        if width.max(height) <= 2000 {
            look(&framed(picture, zoom), texts);
        }
    }
}

/// Enlarged, with a white margin: a quiet zone for codes cropped to their edge.
fn framed(picture: &GrayImage, zoom: u32) -> GrayImage {
    use image::imageops::{FilterType, overlay, resize};
    let large =
        resize(picture, picture.width() * zoom, picture.height() * zoom, FilterType::Triangle);
    let margin = 24 * zoom;
    let (width, height) = (large.width() + 2 * margin, large.height() + 2 * margin);
    let mut sheet = GrayImage::from_pixel(width, height, image::Luma([255]));
    overlay(&mut sheet, &large, i64::from(margin), i64::from(margin));
    sheet
}

fn source(picture: &GrayImage) -> Option<Luma8LuminanceSource> {
    let (width, height) = picture.dimensions();
    Luma8LuminanceSource::new(picture.as_raw().clone(), width, height).ok()
}

fn hints() -> DecodeHints {
    DecodeHints {
        PossibleFormats: Some([BarcodeFormat::QR_CODE].into()),
        TryHarder: Some(true),
        ..DecodeHints::default()
    }
}

fn gather<B: Binarizer>(binarizer: B, closed: bool, texts: &mut Vec<String>) {
    let found = attempt(|| {
        let mut bitmap = BinaryBitmap::new(binarizer);
        if closed {
            bitmap.close()?;
        }
        QrReader.decode_multiple_with_hints(&mut bitmap, &hints())
    });
    keep(found.iter().flatten().map(rxing::RXingResult::getText), texts);
}

/// The detector is indexed arithmetic over whatever the picture holds. If it ever trips over one,
/// that attempt found nothing.
fn attempt<T>(work: impl FnOnce() -> rxing::common::Result<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()?.ok()
}

fn keep<'a>(found: impl IntoIterator<Item = &'a str>, texts: &mut Vec<String>) {
    for text in found {
        if !text.is_empty() && !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
