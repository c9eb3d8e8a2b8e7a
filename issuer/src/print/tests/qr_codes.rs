use qrcode::Version;
use qrcode::optimize::Parser;
use qrcode::types::Mode;

use super::reading::{grey, qr_text};
use super::samples::placard_text;
use crate::print::{Correction, Qr, qr_png, qr_svg};

#[test]
fn digits_of_a_placard_run_in_numeric_mode_behind_a_prefix_in_byte_mode() {
    for prefix in [
        "https://fugong.example.gov.cn/v/",
        "https://fugong.example.gov.cn:8443/v/",
        "https://10.0.0.7:8443/v/",
    ] {
        let text = placard_text(3).replace("https://fugong.example.gov.cn/v/", prefix);
        let segments: Vec<_> = Parser::new(text.as_bytes()).optimize(Version::Normal(13)).collect();
        let last = segments.last().unwrap();
        assert_eq!((last.mode, last.begin, last.end), (Mode::Numeric, prefix.len(), text.len()));
        assert!(segments[..segments.len() - 1].iter().all(|segment| segment.mode != Mode::Numeric));
        assert_eq!(segments[0].mode, Mode::Byte);
    }
}

#[test]
fn a_token_of_185_bytes_makes_version_13_with_correction_q() {
    let qr = Qr::new(&placard_text(5), Correction::Q).unwrap();
    assert_eq!(qr.modules(), 17 + 4 * 13);
    assert_eq!(qr.outer_modules(), qr.modules() + 8);
}

#[test]
fn a_code_is_surrounded_by_four_light_modules() {
    let picture = grey(&qr_png("FG-7K2M4-Q9D3A-8WXYZ", Correction::M, 1).unwrap());
    let dark: Vec<_> = picture
        .enumerate_pixels()
        .filter(|(_, _, pixel)| pixel.0[0] == 0)
        .map(|(x, y, _)| (x, y))
        .collect();
    let last = picture.width() - 1;
    assert!(dark.iter().all(|(x, y)| (4..=last - 4).contains(x) && (4..=last - 4).contains(y)));
    assert!(
        dark.contains(&(4, 4)) && dark.contains(&(last - 4, 4)) && dark.contains(&(4, last - 4))
    );
}

#[test]
fn what_a_page_shows_reads_back() {
    for text in [
        "https://127.0.0.1:8080/v/0123456789",
        "FG1:00112233445566778899",
        "复工 verify 试",
        "P7K2M4Q9D3A8WX01",
    ] {
        let picture = grey(&qr_png(text, Correction::M, 4).unwrap());
        assert_eq!(qr_text(&picture).as_deref(), Some(text));
    }
}

#[test]
fn the_svg_for_pages_carries_neither_style_nor_script_nor_its_text() {
    let svg = qr_svg("https://127.0.0.1:8081/pair#secret", Correction::M).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains(r#"viewBox="0 0 37 37""#), "{svg}");
    for absent in ["style", "script", "secret"] {
        assert!(!svg.contains(absent));
    }
}

#[test]
fn a_text_beyond_the_largest_code_is_refused() {
    assert!(qr_svg(&"7".repeat(4_000), Correction::Q).is_err());
    assert!(qr_svg(&"复".repeat(1_000), Correction::Q).is_err());
}
