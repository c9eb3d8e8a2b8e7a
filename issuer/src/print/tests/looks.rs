//! Faces as text: a change of layout shows as a difference that a reviewer can read. The pictures
//! were looked at; these hold them as they were found good.

use fugong_common::hex;
use sha2::{Digest, Sha256};

use super::samples::{cards, long, nasty, preview, short, signature};
use crate::print::{Code, Fonts, Placard, Sheet, face, pass_sheet_svg, placard_svg};

/// The SVG line by line, with each code's modules told by number and digest.
fn face_of(svg: &str) -> String {
    let mut out = String::new();
    for line in svg.replace("<path", "\n<path").replace("<circle", "\n<circle").lines() {
        match line.split_once(" d=\"").filter(|_| line.contains("crispEdges")) {
            Some((head, rest)) => {
                let (modules, tail) = rest.split_once('"').unwrap();
                let digest = hex::encode(&Sha256::digest(modules)[..6]);
                let bars = modules.matches('z').count();
                out.push_str(&format!("{head} d=\"({bars} bars, {digest})\"{tail}\n"));
            }
            None if line.trim().is_empty() => {}
            None => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

fn placard(placard: &Placard, sheet: Sheet) -> String {
    face_of(&placard_svg(&Fonts::built_in().unwrap(), sheet, placard).unwrap())
}

fn rare() -> Placard {
    Placard {
        enterprise: "㑇䶮镕喆珺頔（烟台）海参鲍鱼有限公司".into(),
        responsible: "阿卜杜热合曼·买买提明·图尔荪".into(),
        signatures: vec![signature("街道党工委书记", "镕喆"), signature("街道办主任", "Ünal Öz")],
        ..short()
    }
}

/// A stall without a code at the longest address that a form takes.
fn far_away() -> Placard {
    Placard {
        code: Code::None { reason: "流动摊位，执照办理中".into() },
        site: "山东省烟台市芝罘区毓璜顶街道南大街社区胜利路与西南河路交汇处向东二百米路北"
            .repeat(5),
        entrance: Some("胜利路东侧员工通道，货车走北门，夜间走南门值班室".into()),
        ..short()
    }
}

#[test]
fn an_ordinary_placard() {
    insta::assert_snapshot!(placard(&short(), Sheet::A4));
}

#[test]
fn the_same_placard_on_a3_is_the_same_face_on_larger_paper() {
    let (a4, a3) = (placard(&short(), Sheet::A4), placard(&short(), Sheet::A3));
    let size = |width, height| format!("width=\"{width}mm\" height=\"{height}mm\"");
    assert_eq!(a4.replace(&size(210, 297), &size(297, 420)), a3);
}

#[test]
fn a_placard_with_three_parties_and_conditions() {
    insta::assert_snapshot!(placard(&long(), Sheet::A4));
}

#[test]
fn a_preview() {
    insta::assert_snapshot!(placard(&preview(), Sheet::A4));
}

#[test]
fn rare_and_foreign_names() {
    insta::assert_snapshot!(placard(&rare(), Sheet::A4));
}

#[test]
fn a_stall_at_a_very_long_address() {
    insta::assert_snapshot!(placard(&far_away(), Sheet::A4));
}

#[test]
fn more_than_a_form_would_take() {
    insta::assert_snapshot!(placard(&nasty(), Sheet::A4));
}

#[test]
fn a_sheet_of_passes() {
    let svgs = pass_sheet_svg(&Fonts::built_in().unwrap(), &cards(4)).unwrap();
    insta::assert_snapshot!(face_of(&svgs[0]));
}

/// One to forty characters: how large the name is set, and where it is broken.
#[test]
fn names_of_every_length() {
    let fonts = Fonts::built_in().unwrap();
    let whole = "烟台经济技术开发区芝罘湾国际冷链物流与海洋生物食品精深加工产业园运营管理有限公司";
    let mut table = String::new();
    for length in 1..=40 {
        let name: String = whole.chars().take(length).collect();
        let placard = Placard { enterprise: name.clone(), ..short() };
        let canvas = face::lay_out(&fonts, &placard).unwrap();
        // The name stands between the red line and the strip of mode and validity.
        let lines: Vec<_> =
            canvas.runs.iter().filter(|run| run.bold() && (47.0..68.0).contains(&run.y)).collect();
        assert_eq!(lines.iter().map(|run| run.text.as_str()).collect::<String>(), name);
        let texts: Vec<&str> = lines.iter().map(|run| run.text.as_str()).collect();
        table.push_str(&format!("{length:2} {:5.2} mm {}\n", lines[0].size, texts.join(" / ")));
    }
    insta::assert_snapshot!(table);
}
