//! QR codes: as SVG path data for placards, cards and pages, and as a PNG.

use std::fmt::{self, Write as _};
use std::io::Cursor;

use qrcode::bits::Bits;
use qrcode::types::QrError;
use qrcode::{EcLevel, QrCode, Version};

/// Width of the light margin on every side, in modules (ISO/IEC 18004:2015, 9.1).
pub const QUIET_ZONE: u8 = 4;

/// Error correction: how much of the symbol may be dirty or torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// About 15 %: screens and cards.
    M,
    /// About 25 %: placards, which hang in wind and rain.
    Q,
}

impl Correction {
    fn level(self) -> EcLevel {
        match self {
            Self::M => EcLevel::M,
            Self::Q => EcLevel::Q,
        }
    }
}

/// The text is longer than the largest QR code holds at this level of correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is too long for one QR code")
    }
}

impl std::error::Error for TooLong {}

/// An encoded symbol.
#[derive(Clone)]
pub struct Qr {
    code: QrCode,
}

impl fmt::Debug for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Qr {{ {} modules }}", self.modules())
    }
}

impl Qr {
    /// Encodes in the cheapest mixture of modes: digits of a placard run in numeric mode, its
    /// lower-case prefix in byte mode.
    ///
    /// # Errors
    /// [`TooLong`] beyond version 40.
    pub fn new(text: &str, correction: Correction) -> Result<Self, TooLong> {
        let level = correction.level();
        let bits = if text.is_ascii() {
            qrcode::bits::encode_auto(text.as_bytes(), level).map_err(|_| TooLong)?
        } else {
            utf8_bits(text, level)?
        };
        let code = QrCode::with_bits(bits, level).map_err(|_| TooLong)?;
        Ok(Self { code })
    }

    /// Modules on a side, without quiet zone.
    pub fn modules(&self) -> usize {
        self.code.width()
    }

    /// Modules on a side, with quiet zone.
    pub fn outer_modules(&self) -> usize {
        self.modules() + 2 * usize::from(QUIET_ZONE)
    }

    /// SVG path data of the dark modules; one unit is one module, the quiet zone is included, so
    /// the path lives in a square of [`Self::outer_modules`].
    pub fn path(&self) -> String {
        let mut path = String::new();
        for (x, y, length) in self.bars() {
            // Writing to a String cannot fail.
            let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
        }
        path
    }

    /// Horizontal runs of dark modules: (x, y, length), quiet zone included in x and y.
    pub(super) fn bars(&self) -> Vec<(u8, u8, u8)> {
        let mut bars = Vec::new();
        // At most 177 + 8 modules.
        let side = u8::try_from(self.modules()).unwrap_or(u8::MAX);
        for y in 0..side {
            let mut x = 0;
            while x < side {
                let length =
                    (x..side).take_while(|&x| self.dark(x.into(), y.into())).fold(0, |n, _| n + 1);
                if length > 0 {
                    bars.push((x + QUIET_ZONE, y + QUIET_ZONE, length));
                }
                x += length.max(1);
            }
        }
        bars
    }

    fn dark(&self, x: usize, y: usize) -> bool {
        self.code[(x, y)] == qrcode::Color::Dark
    }
}

/// Text outside ASCII goes in one UTF-8 byte segment under its ECI, because readers guess otherwise
/// and take some of its bytes for Shift-JIS.
fn utf8_bits(text: &str, level: EcLevel) -> Result<Bits, TooLong> {
    const ECI_UTF_8: u32 = 26;
    for version in 1..=40 {
        let mut bits = Bits::new(Version::Normal(version));
        let pushed = bits
            .push_eci_designator(ECI_UTF_8)
            .and_then(|()| bits.push_byte_data(text.as_bytes()))
            .and_then(|()| bits.push_terminator(level));
        match pushed {
            Ok(()) => return Ok(bits),
            Err(QrError::DataTooLong) => {}
            Err(_) => return Err(TooLong),
        }
    }
    Err(TooLong)
}

/// A whole SVG document with a QR code, for pages: no style, no script, scales to its box.
///
/// # Errors
/// [`TooLong`] beyond version 40.
pub fn qr_svg(text: &str, correction: Correction) -> Result<String, TooLong> {
    let qr = Qr::new(text, correction)?;
    let side = qr.outer_modules();
    Ok(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path d="{}"/></svg>"##,
        qr.path()
    ))
}

/// A PNG (8-bit grey) with `scale` pixels to a module.
///
/// # Errors
/// [`TooLong`] beyond version 40.
pub fn qr_png(text: &str, correction: Correction, scale: u8) -> Result<Vec<u8>, TooLong> {
    let qr = Qr::new(text, correction)?;
    let scale = usize::from(scale.max(1));
    let inside = |at: usize| {
        (at / scale).checked_sub(QUIET_ZONE.into()).filter(|&module| module < qr.modules())
    };
    let side = qr.outer_modules() * scale;
    let mut grey = Vec::with_capacity(side * side);
    for y in 0..side {
        for x in 0..side {
            let dark = inside(x).zip(inside(y)).is_some_and(|(x, y)| qr.dark(x, y));
            grey.push(if dark { 0 } else { 255 });
        }
    }
    // At most 185 modules × 255 pixels: fits u32, and a PNG in memory cannot fail for another
    // reason.
    let side = u32::try_from(side).map_err(|_| TooLong)?;
    let mut png = Cursor::new(Vec::new());
    image::write_buffer_with_format(
        &mut png,
        &grey,
        side,
        side,
        image::ExtendedColorType::L8,
        image::ImageFormat::Png,
    )
    .map_err(|_| TooLong)?;
    Ok(png.into_inner())
}
