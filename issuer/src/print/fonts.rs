//! Which characters can be printed, and how wide they run.
//!
//! An unknown family makes text vanish and a missing glyph draws a box, so coverage is asked before
//! anything is signed or printed. The family covers 20,976 of 20,992 basic ideographs; a folder of
//! further fonts extends it (Extension B and beyond, rare surnames).

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ttf_parser::Face;
use usvg::fontdb;

static REGULAR: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Bold.ttf");

/// The family that every template asks for.
pub const FAMILY: &str = "Noto Sans SC";

/// The two weights we print in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

/// Parsed fonts, built once at start; cloning shares them.
#[derive(Clone)]
pub struct Fonts(Arc<Inner>);

struct Inner {
    regular: Face<'static>,
    bold: Face<'static>,
    /// Every character that only the extra folder covers.
    extra: HashMap<char, Glyph>,
    /// Regular, bold, then the extra faces, as the PDF embeds them.
    embedded: Vec<krilla::text::Font>,
    options: usvg::Options<'static>,
}

/// One character in one of the loaded faces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph {
    /// Index for [`Fonts::embedded`].
    pub face: usize,
    pub id: u16,
    /// Unkerned advance in em.
    pub advance: f32,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fonts {{ extra characters: {} }}", self.0.extra.len())
    }
}

/// Why fonts could not be loaded.
#[derive(Debug)]
pub enum FontError {
    /// The family compiled into the program does not parse: the build is broken.
    BuiltIn,
    /// The extra-fonts folder, or a file in it, cannot be read.
    Unreadable(PathBuf, std::io::Error),
    /// A `.ttf`, `.otf` or `.ttc` file that is no font.
    NotAFont(PathBuf),
}

impl fmt::Display for FontError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => {
                write!(f, "the font inside the program is damaged: install the program again")
            }
            Self::Unreadable(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::NotAFont(path) => {
                write!(f, "{} is not a usable font: remove or replace it", path.display())
            }
        }
    }
}

impl std::error::Error for FontError {}

impl Fonts {
    /// The family compiled into the program.
    ///
    /// # Errors
    /// [`FontError::BuiltIn`] if the program was built with a damaged font.
    pub fn built_in() -> Result<Self, FontError> {
        Self::assemble(Vec::new())
    }

    /// The built-in family, extended by every `.ttf`, `.otf` and `.ttc` file of a folder, in order
    /// of name.
    ///
    /// # Errors
    /// Names the folder or file that cannot be read or is no font.
    pub fn with_folder(folder: &Path) -> Result<Self, FontError> {
        let unreadable = |error| FontError::Unreadable(folder.to_owned(), error);
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
            if matches!(extension.as_deref(), Some("ttf" | "otf" | "ttc")) {
                paths.push(path);
            }
        }
        paths.sort();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let bytes =
                std::fs::read(&path).map_err(|error| FontError::Unreadable(path.clone(), error))?;
            files.push((path, bytes));
        }
        Self::assemble(files)
    }

    fn assemble(files: Vec<(PathBuf, Vec<u8>)>) -> Result<Self, FontError> {
        let regular = Face::parse(REGULAR, 0).map_err(|_| FontError::BuiltIn)?;
        let bold = Face::parse(BOLD, 0).map_err(|_| FontError::BuiltIn)?;
        let mut db = fontdb::Database::new();
        db.load_font_source(fontdb::Source::Binary(Arc::new(REGULAR)));
        db.load_font_source(fontdb::Source::Binary(Arc::new(BOLD)));
        let embed = |data, index| krilla::text::Font::new(data, index);
        let mut embedded = vec![
            embed(REGULAR.into(), 0).ok_or(FontError::BuiltIn)?,
            embed(BOLD.into(), 0).ok_or(FontError::BuiltIn)?,
        ];
        let mut extra = HashMap::new();
        for (path, bytes) in files {
            let before = (embedded.len(), extra.len());
            let bytes = Arc::new(bytes);
            for index in 0..ttf_parser::fonts_in_collection(&bytes).unwrap_or(1) {
                if let (Ok(face), Some(font)) =
                    (Face::parse(&bytes, index), embed(Arc::clone(&bytes).into(), index))
                {
                    note_coverage(&face, embedded.len(), &mut extra);
                    embedded.push(font);
                }
            }
            if embedded.len() == before.0 {
                return Err(FontError::NotAFont(path));
            }
            tracing::info!(font = %path.display(), characters = extra.len() - before.1, "extra font loaded");
            db.load_font_source(fontdb::Source::Binary(bytes));
        }
        extra.retain(|&ch, _| !(has(&regular, ch) && has(&bold, ch)));
        let options = usvg::Options {
            font_family: FAMILY.to_owned(),
            // Our templates hold no pictures: nothing in a name may make the renderer open a file.
            image_href_resolver: usvg::ImageHrefResolver {
                resolve_data: Box::new(|_, _, _| None),
                resolve_string: Box::new(|_, _| None),
            },
            fontdb: Arc::new(db),
            // Lines are fitted and the PDF is set without kerning: the picture shall be the same.
            style_sheet: Some("svg { font-kerning: none }".to_owned()),
            ..usvg::Options::default()
        };
        Ok(Self(Arc::new(Inner { regular, bold, extra, embedded, options })))
    }

    /// Whether this character can be printed in both weights (or by an extra font). Controls,
    /// bidirectional and other invisible characters never can: on paper nobody would see them.
    pub fn covers(&self, ch: char) -> bool {
        !invisible(ch)
            && ((has(&self.0.regular, ch) && has(&self.0.bold, ch))
                || self.0.extra.contains_key(&ch))
    }

    /// Where a character is found; `None` for one that no font covers.
    pub(super) fn glyph(&self, weight: Weight, ch: char) -> Option<Glyph> {
        let (face, index) = match weight {
            Weight::Regular => (&self.0.regular, 0),
            Weight::Bold => (&self.0.bold, 1),
        };
        glyph(face, index, ch).or_else(|| self.0.extra.get(&ch).copied())
    }

    /// Advance of one character in em; an uncovered one counts as a full square.
    pub(super) fn advance(&self, weight: Weight, ch: char) -> f32 {
        self.glyph(weight, ch).map_or(1.0, |glyph| glyph.advance)
    }

    /// The face behind a [`Glyph`].
    pub(super) fn embedded(&self, face: usize) -> Option<&krilla::text::Font> {
        self.0.embedded.get(face)
    }

    /// Unkerned width of a text in em.
    pub(super) fn width(&self, weight: Weight, text: &str) -> f32 {
        text.chars().map(|ch| self.advance(weight, ch)).sum()
    }

    pub(super) fn options(&self) -> &usvg::Options<'static> {
        &self.0.options
    }
}

/// A character that no loaded font can print, and the field it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing<F> {
    pub field: F,
    pub ch: char,
}

/// Every character of these texts that cannot be printed, each once per field, in order of
/// appearance. White space of any kind is printed as a space and never missing.
pub fn missing_glyphs<'a, F: Clone + PartialEq>(
    fonts: &Fonts,
    texts: impl IntoIterator<Item = (F, &'a str)>,
) -> Vec<Missing<F>> {
    let mut missing = Vec::new();
    for (field, text) in texts {
        for ch in text.chars().filter(|ch| !ch.is_whitespace() && !fonts.covers(*ch)) {
            let found = Missing { field: field.clone(), ch };
            if !missing.contains(&found) {
                missing.push(found);
            }
        }
    }
    missing
}

fn has(face: &Face<'_>, ch: char) -> bool {
    face.glyph_index(ch).is_some_and(|glyph| glyph.0 != 0)
}

fn glyph(face: &Face<'_>, index: usize, ch: char) -> Option<Glyph> {
    let id = face.glyph_index(ch).filter(|glyph| glyph.0 != 0)?;
    let units = face.glyph_hor_advance(id)?;
    Some(Glyph {
        face: index,
        id: id.0,
        advance: f32::from(units) / f32::from(face.units_per_em()),
    })
}

fn note_coverage(face: &Face<'_>, index: usize, extra: &mut HashMap<char, Glyph>) {
    let Some(cmap) = face.tables().cmap else { return };
    for subtable in cmap.subtables.into_iter().filter(ttf_parser::cmap::Subtable::is_unicode) {
        subtable.codepoints(|code| {
            if let Some(ch) = char::from_u32(code)
                && let Some(found) = glyph(face, index, ch)
            {
                extra.entry(ch).or_insert(found);
            }
        });
    }
}

fn invisible(ch: char) -> bool {
    const RANGES: [(char, char); 11] = [
        ('\u{ad}', '\u{ad}'),
        ('\u{61c}', '\u{61c}'),
        ('\u{180b}', '\u{180e}'),
        ('\u{200b}', '\u{200f}'),
        ('\u{202a}', '\u{202e}'),
        ('\u{2060}', '\u{206f}'),
        ('\u{3164}', '\u{3164}'),
        ('\u{fe00}', '\u{fe0f}'),
        ('\u{feff}', '\u{feff}'),
        ('\u{fff9}', '\u{fffb}'),
        ('\u{e0000}', '\u{e0fff}'),
    ];
    ch.is_control() || RANGES.iter().any(|&(first, last)| (first..=last).contains(&ch))
}
