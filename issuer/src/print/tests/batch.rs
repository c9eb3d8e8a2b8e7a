use super::reading::{count, pdf_text};
use super::samples::{cards, long, preview, short};
use crate::print::{
    Fonts, Placard, PrintError, Sheet, pass_sheet_pages, pass_sheet_pdf, placard_pdf, placards_pdf,
};

#[test]
fn a_batch_has_a_page_each_and_each_font_once() {
    let fonts = Fonts::built_in().unwrap();
    let placards: Vec<_> = (0..40)
        .map(|n| Placard { enterprise: format!("芝罘湾第{n}冷链有限公司"), ..short() })
        .collect();
    let pdf = placards_pdf(&fonts, Sheet::A4, "批量打印", &placards).unwrap();
    assert_eq!((count(&pdf, "/Type/Page"), count(&pdf, "/FontFile2")), (40, 2));
    let text = pdf_text(&pdf);
    for n in 0..40 {
        assert!(text.contains(&format!("芝罘湾第{n}冷链有限公司")), "{n}");
    }
}

#[test]
fn the_pdf_of_a_placard_can_be_copied_line_by_line_in_both_sizes() {
    let fonts = Fonts::built_in().unwrap();
    for (sheet, size) in [(Sheet::A4, "/MediaBox[0 0 595.27"), (Sheet::A3, "/MediaBox[0 0 841.88")]
    {
        let pdf = placard_pdf(&fonts, sheet, &long()).unwrap();
        let raw = String::from_utf8_lossy(&pdf);
        assert!(
            raw.contains(size),
            "{sheet:?}: {:?}",
            raw.find("/MediaBox").map(|at| raw[at..].chars().take(50).collect::<String>())
        );
        let text = pdf_text(&pdf);
        for line in [
            "生产经营单位准许复工公示牌",
            "2020年2月10日 至 2020年3月9日",
            "FG-7K2M4-Q9D3A-8WXYZ",
            "91370602MA3C4D5E6X",
            "省外返岗员工隔离期满后方可上岗",
        ] {
            assert!(text.lines().any(|copied| copied == line), "{line} in {text}");
        }
    }
}

#[test]
fn a_batch_names_the_placard_it_stumbles_over() {
    let fonts = Fonts::built_in().unwrap();
    let placards = [short(), Placard { site: "𠮷".into(), ..long() }];
    let error = placards_pdf(&fonts, Sheet::A3, "批量打印", &placards).unwrap_err();
    assert!(
        error.zh().starts_with("FG-7K2M4-Q9D3A-8WXYZ：") && error.zh().contains("场所地址"),
        "{}",
        error.zh()
    );
    assert!(matches!(placards_pdf(&fonts, Sheet::A4, "", &[]), Err(PrintError::Empty)));
}

#[test]
fn a_preview_keeps_its_watermark_in_a_batch_of_issued_placards() {
    let pdf = placards_pdf(
        &Fonts::built_in().unwrap(),
        Sheet::A4,
        "批量打印",
        &[short(), preview(), short()],
    )
    .unwrap();
    assert_eq!(count(&pdf, "/Type/Page"), 3);
    assert!(pdf_text(&pdf).contains("发牌后生成二维码"));
}

#[test]
fn passes_go_ten_to_a_page() {
    let fonts = Fonts::built_in().unwrap();
    for (number, pages) in [(1, 1), (10, 1), (11, 2), (23, 3)] {
        assert_eq!(pass_sheet_pages(number), pages);
        let pdf = pass_sheet_pdf(&fonts, "员工出入证", &cards(number)).unwrap();
        assert_eq!(count(&pdf, "/Type/Page"), pages);
        assert!(pdf_text(&pdf).contains(&format!("第 {pages} 页，共 {pages} 页")));
    }
}
