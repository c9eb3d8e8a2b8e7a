//! From plain strings to paper: placards, worker passes, QR codes, as SVG, PNG and PDF.
//!
//! Nothing here knows a permit, a database or a clock. Texts arrive as they shall be read (dates
//! already said in the division's time zone); the renderer measures them, wraps them, and refuses
//! what it cannot print.
//!
//! `placard`, `pass` say what is printed; `face`, `facts`, `fit` place it; the page so made
//! (`canvas`) becomes SVG and, by `resvg` at 300 dpi, PNG (`output`), or PDF with text that can be
//! searched and copied (`pdf`).

mod canvas;
mod error;
mod face;
mod facts;
mod fit;
mod fonts;
mod output;
mod pass;
mod pdf;
mod placard;
mod qr;
mod said;

#[cfg(test)]
mod tests;

pub use error::{Field, PrintError};
pub use fonts::{FontError, Fonts, Missing, missing_glyphs};
pub use output::Sheet;
pub use pass::{
    CARDS_PER_SHEET, PassCard, pass_sheet_pages, pass_sheet_pdf, pass_sheet_png, pass_sheet_svg,
};
pub use placard::{
    Code, Contact, Issue, Placard, Signature, Stage, placard_pdf, placard_png, placard_svg,
    placards_pdf,
};
pub use qr::{Correction, Qr, TooLong, qr_png, qr_svg};
pub use said::Said;
