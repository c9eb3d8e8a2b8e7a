use super::reading::{count, pdf_text};
use super::samples::{cards, preview, short};
use super::tiny_font;
use crate::print::{
    Field, FontError, Fonts, Missing, Placard, PrintError, Sheet, missing_glyphs, pass_sheet_pdf,
    placard_pdf, placard_png, placard_svg,
};

fn rare() -> Placard {
    Placard { enterprise: "𠮷野家 㑇 䶮".into(), responsible: "田𠮷".into(), ..short() }
}

#[test]
fn a_character_without_a_glyph_is_named_with_its_field_before_anything_is_printed() {
    let fonts = Fonts::built_in().unwrap();
    let expected = vec![
        Missing { field: Field::Enterprise, ch: '𠮷' },
        Missing { field: Field::Responsible, ch: '𠮷' },
    ];
    assert_eq!(rare().missing(&fonts), expected);
    let error = placard_svg(&fonts, Sheet::A4, &rare()).unwrap_err();
    assert!(error.zh().contains("𠮷 (U+20BB7, 单位名称)"), "{}", error.zh());
    assert!(error.to_string().contains("𠮷 (U+20BB7, responsible person)"), "{error}");
    assert!(
        matches!(placard_pdf(&fonts, Sheet::A4, &rare()), Err(PrintError::Missing(missing)) if missing == expected)
    );
}

#[test]
fn a_preview_is_refused_like_the_placard() {
    let fonts = Fonts::built_in().unwrap();
    let placard = Placard { enterprise: "𠮷".into(), ..preview() };
    assert!(matches!(placard_png(&fonts, Sheet::A4, &placard), Err(PrintError::Missing(_))));
}

#[test]
fn a_pass_names_the_worker_whose_name_cannot_be_printed() {
    let mut cards = cards(3);
    cards[1].name = "丁𠮷".into();
    let error = pass_sheet_pdf(&Fonts::built_in().unwrap(), "出入证", &cards).unwrap_err();
    assert!(
        error.zh().starts_with("A0001 丁𠮷：") && error.zh().contains("(U+20BB7, 姓名)"),
        "{}",
        error.zh()
    );
}

#[test]
fn rare_characters_of_extension_a_and_the_last_basic_ones_are_covered() {
    let fonts = Fonts::built_in().unwrap();
    assert_eq!(
        missing_glyphs(&fonts, [("name", "㑇䶮镕喆珺頔"), ("address", "１２号 A座—“·〔2020〕")]),
        vec![]
    );
}

#[test]
fn invisible_characters_are_missing_even_where_a_font_has_them_and_white_space_never_is() {
    let fonts = Fonts::built_in().unwrap();
    for ch in ['\u{202e}', '\u{200b}', '\u{2066}', '\u{feff}', '\u{7}', '\u{fe0f}'] {
        let text = format!("甲{ch}乙");
        assert_eq!(missing_glyphs(&fonts, [((), text.as_str())]), vec![Missing { field: (), ch }]);
    }
    assert_eq!(missing_glyphs(&fonts, [((), "甲\t乙\n丙\u{3000}丁\u{a0}")]), vec![]);
}

#[test]
fn each_missing_character_is_named_once_per_field() {
    let fonts = Fonts::built_in().unwrap();
    assert_eq!(missing_glyphs(&fonts, [(1, "𠮷𠮷𡃁"), (2, "𠮷")]).len(), 3);
}

#[test]
fn an_extra_font_folder_extends_coverage_in_picture_and_pdf() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tiny.ttf"), tiny_font::with_20bb7()).unwrap();
    std::fs::write(folder.path().join("readme.txt"), "not looked at").unwrap();
    let fonts = Fonts::with_folder(folder.path()).unwrap();
    assert_eq!(rare().missing(&fonts), vec![]);

    let pdf = placard_pdf(&fonts, Sheet::A4, &rare()).unwrap();
    assert_eq!(count(&pdf, "/FontFile2"), 3);
    let text = pdf_text(&pdf);
    assert!(text.contains('𠮷') && text.contains("野家 㑇 䶮"), "{text}");

    let with = placard_png(&fonts, Sheet::A4, &rare()).unwrap();
    let without = placard_png(
        &fonts,
        Sheet::A4,
        &Placard {
            enterprise: "口野家 㑇 䶮".into(), responsible: "田口".into(), ..short()
        },
    );
    assert_ne!(with, without.unwrap());
}

#[test]
fn a_broken_file_in_the_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.otf"), b"no font").unwrap();
    let error = Fonts::with_folder(folder.path()).unwrap_err();
    assert!(matches!(&error, FontError::NotAFont(path) if path.ends_with("broken.otf")), "{error}");
    assert!(matches!(
        Fonts::with_folder(&folder.path().join("absent")),
        Err(FontError::Unreadable(..))
    ));
}
