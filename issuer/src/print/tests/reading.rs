//! The other end of print: reading pictures and PDFs back, without the code that made them.

use std::collections::HashMap;
use std::io::Read;
use std::iter::Peekable;
use std::str::Chars;

use image::GrayImage;

pub fn grey(png: &[u8]) -> GrayImage {
    image::load_from_memory(png).unwrap().into_luma8()
}

/// Every four by four pixels become one: what a camera sees from four times as far.
pub fn quarter(picture: &GrayImage) -> GrayImage {
    let (width, height) = (picture.width() / 4, picture.height() / 4);
    let mut sums = vec![0_u16; (width * height) as usize];
    for (y, row) in picture.rows().enumerate().take(height as usize * 4) {
        for (x, pixel) in row.enumerate().take(width as usize * 4) {
            sums[y / 4 * width as usize + x / 4] += u16::from(pixel.0[0]);
        }
    }
    let means = sums.into_iter().map(|sum| u8::try_from(sum / 16).unwrap()).collect();
    GrayImage::from_raw(width, height, means).unwrap()
}

/// Text of the one QR code in a picture.
pub fn qr_text(picture: &GrayImage) -> Option<String> {
    let (width, height) = picture.dimensions();
    rxing::helpers::detect_in_luma(
        picture.as_raw().clone(),
        width,
        height,
        Some(rxing::BarcodeFormat::QR_CODE),
    )
    .ok()
    .map(|result| result.getText().to_owned())
}

pub fn count(pdf: &[u8], name: &str) -> usize {
    let is_end = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    pdf.windows(name.len())
        .enumerate()
        .filter(|(at, window)| *window == name.as_bytes() && is_end(pdf.get(at + name.len())))
        .count()
}

/// Text of a PDF as a reader's copy gives it: the strings of every page, decoded by the fonts'
/// `ToUnicode` tables. Strings that decode by no table at all are left out.
pub fn pdf_text(pdf: &[u8]) -> String {
    let streams = streams(pdf);
    let tables: Vec<_> =
        streams.iter().filter(|s| s.contains("begincmap")).map(|s| to_unicode(s)).collect();
    let mut text = String::new();
    for content in streams.iter().filter(|s| s.contains("BT ")) {
        // Fonts are told apart by trying: each string is written once per table that knows all its
        // glyphs.
        for string in strings(content) {
            let glyphs: Vec<u16> =
                string.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            for table in &tables {
                if let Some(decoded) =
                    glyphs.iter().map(|glyph| table.get(glyph).cloned()).collect::<Option<String>>()
                {
                    text.push_str(&decoded);
                    text.push('\n');
                }
            }
        }
    }
    text
}

fn streams(pdf: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = pdf;
    while let Some(at) = find(rest, b"\nstream") {
        rest = &rest[at + 7..];
        let body = &rest[find(rest, b"\n").unwrap() + 1..];
        let body = &body[..find(body, b"endstream").unwrap()];
        let mut plain = Vec::new();
        if flate2::read::ZlibDecoder::new(body).read_to_end(&mut plain).is_ok() {
            found.push(plain.iter().map(|&byte| char::from(byte)).collect());
        }
    }
    found
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// `<0001> <751F>` of `beginbfchar` sections.
fn to_unicode(cmap: &str) -> HashMap<u16, String> {
    let pair = |line: &str| {
        let (glyph, text) = line.trim().strip_prefix('<')?.strip_suffix('>')?.split_once("> <")?;
        let units: Option<Vec<u16>> = (0..text.len() / 4)
            .map(|n| u16::from_str_radix(text.get(n * 4..n * 4 + 4)?, 16).ok())
            .collect();
        Some((u16::from_str_radix(glyph, 16).ok()?, String::from_utf16(&units?).ok()?))
    };
    cmap.lines().filter_map(pair).collect()
}

/// Literal and hexadecimal strings of a content stream that was read byte for char (ISO 32000-1,
/// 7.3.4).
fn strings(content: &str) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut chars = content.chars().peekable();
    while let Some(ch) = chars.next() {
        match ch {
            '(' => all.push(literal(&mut chars)),
            '<' => {
                let hex: String = chars.by_ref().take_while(|ch| *ch != '>').collect();
                let bytes = (0..hex.len() / 2)
                    .map(|n| u8::from_str_radix(&hex[n * 2..n * 2 + 2], 16).unwrap());
                all.push(bytes.collect());
            }
            _ => {}
        }
    }
    all
}

fn literal(chars: &mut Peekable<Chars<'_>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        match chars.next().unwrap() {
            ')' => return bytes,
            '\\' => {
                let mut octal = String::new();
                while octal.len() < 3 && chars.peek().is_some_and(|ch| ('0'..='7').contains(ch)) {
                    octal.extend(chars.next());
                }
                bytes.push(match octal.as_str() {
                    "" => match chars.next().unwrap() {
                        'n' => b'\n',
                        'r' => b'\r',
                        't' => b'\t',
                        'b' => 8,
                        'f' => 12,
                        other => u8::try_from(other).unwrap(),
                    },
                    digits => u8::from_str_radix(digits, 8).unwrap(),
                });
            }
            other => bytes.push(u8::try_from(other).unwrap()),
        }
    }
}
