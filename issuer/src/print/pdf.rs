//! Pages as PDF. Text is set glyph by glyph at the very advances it was measured with, a whole line
//! as one string: it can be searched and copied, and a page costs a few milliseconds. Fonts are
//! subset once for the whole document.

use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point, Rect, Size, Transform};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use krilla_svg::{SurfaceExt, SvgSettings};
use usvg::Tree;

use super::canvas::{Canvas, Run, Shade, Stamp};
use super::error::PrintError;
use super::fonts::Fonts;
use super::output::{Sheet, parse};

const POINTS_PER_INCH: f32 = 72.0;
/// Canvases are measured on A4.
const CANVAS: (f32, f32) = (210.0, 297.0);
const BLACK: Shade = Shade([0, 0, 0]);

pub struct Pdf {
    document: Document,
    sheet: Sheet,
    /// Grounds and overlays already parsed: a batch has the same one on every page.
    parsed: Vec<(String, Tree)>,
}

impl Pdf {
    pub fn new(sheet: Sheet, title: &str) -> Self {
        let mut document = Document::new();
        document
            .set_metadata(Metadata::new().title(title.to_owned()).language("zh-Hans".to_owned()));
        Self { document, sheet, parsed: Vec::new() }
    }

    pub fn page(&mut self, canvas: &Canvas<'_>) -> Result<(), PrintError> {
        let ground = self.parse(canvas.fonts, &canvas.ground)?;
        let over = self.parse(canvas.fonts, &canvas.over)?;
        let (width, height) = self.sheet.scaled(POINTS_PER_INCH);
        let settings = PageSettings::from_wh(width, height).ok_or_else(broken)?;
        let mut page = self.document.start_page_with(settings);
        let mut surface = page.surface();
        surface.push_transform(&Transform::from_scale(width / CANVAS.0, height / CANVAS.1));
        decorate(&mut surface, ground.as_ref())?;
        rules(&mut surface, canvas);
        for stamp in &canvas.stamps {
            draw_stamp(&mut surface, stamp);
        }
        for run in &canvas.runs {
            draw_run(&mut surface, canvas.fonts, run)?;
        }
        decorate(&mut surface, over.as_ref())?;
        surface.pop();
        surface.finish();
        page.finish();
        Ok(())
    }

    pub fn finish(self) -> Result<Vec<u8>, PrintError> {
        self.document.finish().map_err(|error| PrintError::Renderer(format!("PDF: {error:?}")))
    }

    fn parse(&mut self, fonts: &Fonts, fragment: &str) -> Result<Option<Tree>, PrintError> {
        if fragment.is_empty() {
            return Ok(None);
        }
        if let Some((_, tree)) = self.parsed.iter().find(|(known, _)| known == fragment) {
            return Ok(Some(tree.clone()));
        }
        let (width, height) = CANVAS;
        let svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="Noto Sans SC">{fragment}</svg>"#
        );
        let tree = parse(fonts, &svg)?;
        self.parsed.push((fragment.to_owned(), tree.clone()));
        Ok(Some(tree))
    }
}

fn decorate(surface: &mut Surface<'_>, tree: Option<&Tree>) -> Result<(), PrintError> {
    let Some(tree) = tree else { return Ok(()) };
    let size = Size::from_wh(CANVAS.0, CANVAS.1).ok_or_else(broken)?;
    surface.draw_svg(tree, size, SvgSettings::default()).ok_or_else(broken)
}

fn rules(surface: &mut Surface<'_>, canvas: &Canvas<'_>) {
    let mut path = PathBuilder::new();
    for rule in &canvas.rules {
        path.move_to(rule.x1, rule.y1);
        path.line_to(rule.x2, rule.y2);
    }
    let Some(path) = path.finish() else { return };
    let stroke = Stroke {
        paint: colour(canvas.rule_stroke).into(),
        width: canvas.rule_width,
        ..Stroke::default()
    };
    surface.set_fill(None);
    surface.set_stroke(Some(stroke));
    surface.draw_path(&path);
    surface.set_stroke(None);
}

fn draw_stamp(surface: &mut Surface<'_>, stamp: &Stamp) {
    let Some(path) = modules(stamp) else { return };
    surface.push_transform(&Transform::from_row(
        stamp.module,
        0.0,
        0.0,
        stamp.module,
        stamp.x,
        stamp.y,
    ));
    fill(surface, BLACK);
    surface.draw_path(&path);
    surface.pop();
}

fn modules(stamp: &Stamp) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (x, y, length) in stamp.qr.bars() {
        path.push_rect(Rect::from_xywh(x.into(), y.into(), length.into(), 1.0)?);
    }
    path.finish()
}

/// A line is one string, or as many as it takes fonts.
fn draw_run(surface: &mut Surface<'_>, fonts: &Fonts, run: &Run) -> Result<(), PrintError> {
    fill(surface, run.ink.fill);
    let mut x = run.left(fonts);
    let mut glyphs = Vec::with_capacity(run.text.len());
    let mut face = 0;
    for (at, ch) in run.text.char_indices() {
        // Coverage was asked before anything was laid out.
        let Some(glyph) = fonts.glyph(run.ink.weight, ch) else { continue };
        if glyph.face != face {
            x += set(surface, fonts, face, run, x, &mut glyphs)?;
            face = glyph.face;
        }
        let id = GlyphId::new(glyph.id.into());
        glyphs.push(KrillaGlyph::new(
            id,
            glyph.advance,
            0.0,
            0.0,
            0.0,
            at..at + ch.len_utf8(),
            None,
        ));
    }
    set(surface, fonts, face, run, x, &mut glyphs)?;
    Ok(())
}

/// Draws what has gathered in one face, and returns its width.
fn set(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    face: usize,
    run: &Run,
    x: f32,
    glyphs: &mut Vec<KrillaGlyph>,
) -> Result<f32, PrintError> {
    if glyphs.is_empty() {
        return Ok(0.0);
    }
    let font = fonts.embedded(face).ok_or_else(broken)?.clone();
    let width = glyphs.iter().map(|glyph| glyph.x_advance * run.size).sum();
    surface.draw_glyphs(Point::from_xy(x, run.y), glyphs, font, &run.text, run.size, false);
    glyphs.clear();
    Ok(width)
}

fn fill(surface: &mut Surface<'_>, shade: Shade) {
    surface.set_fill(Some(Fill { paint: colour(shade).into(), ..Fill::default() }));
}

fn colour(shade: Shade) -> rgb::Color {
    let [red, green, blue] = shade.0;
    rgb::Color::new(red, green, blue)
}

fn broken() -> PrintError {
    PrintError::Renderer("PDF: no such page or font".to_owned())
}
