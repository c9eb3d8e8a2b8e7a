//! The papers that frames are taken of: a placard and a sheet of passes with real tokens.

use std::path::Path;
use std::process::Command;

use fugong_common::entropy::SeededEntropy;
use fugong_common::envelope;
use fugong_common::keys::{Kind, SoftwareKey};
use fugong_common::pass::{self, Pass, WorkerNumber};
use fugong_common::permit::{
    Approval, Category, Mode, Permit, PostKind, Route, SiteCode, Subject, Validity,
};
use fugong_common::person::Name;
use fugong_common::placard::{Origin, pass_text, placard_url, placard_url_base64};
use fugong_common::serial::{PassReference, Serial};
use fugong_common::uscc::Uscc;
use fugong_issuer::print::{
    Code as CreditCode, Contact, Correction, Fonts, Issue, PassCard, Placard, Qr, Said, Signature,
    Stage,
};
use image::GrayImage;

use super::sheet::{Code, Sheet};

/// Where the placard's symbol is printed, without its quiet zone.
pub const PLACARD_CODE: Code = Code { left: 20.5, top: 176.5, side: 91.0 };
/// Dots an inch of printed pictures.
pub const PRINT_DPI: f32 = 300.0;

/// How a token is written into the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    Digits,
    Base64url,
}

/// The signed token of an ordinary permit: a name of twelve characters.
pub fn permit_token() -> Vec<u8> {
    let entropy = SeededEntropy::new(41);
    let permit = Permit {
        subject: Subject::Coded(Uscc::parse("91350100M000100Y43").expect("a code")),
        serial: Serial::new(&entropy),
        validity: Validity::new(1_581_264_000, 1_583_769_600).expect("in order"),
        name: Name::parse("大浪新石时尚服饰有限公司").expect("a name"),
        site: SiteCode::new(440_309_004_001, 1).expect("a site"),
        category: Category::Priority,
        status_index: 40_735,
        mode: Mode::Partial { cap: 120 },
        approval: Approval {
            route: Route::TriParty,
            posts: [PostKind::Secretary, PostKind::Department, PostKind::LeadingGroup].into(),
            rule_version: 3,
        },
        evidence: fugong_common::entropy::bytes(&entropy),
    };
    envelope::seal(Kind::Permit, &SoftwareKey::generate(&entropy), &permit.encode())
        .expect("a software key signs")
}

/// What the placard's code says.
pub fn placard_text(writing: Writing) -> String {
    let origin = Origin::parse("https://fugong.example.gov.cn").expect("an origin");
    match writing {
        Writing::Digits => placard_url(&origin, &permit_token()),
        Writing::Base64url => placard_url_base64(&origin, &permit_token()),
    }
}

/// An ordinary placard.
pub fn placard(writing: Writing) -> Placard {
    let signed = |post: &str, person: &str| Signature { post: post.into(), person: person.into() };
    let contact =
        |name: &str, phone: &str| Contact { name: name.into(), phone: Some(phone.into()) };
    Placard {
        title: Said::new("生产经营单位准许复工公示牌", "Reopening placard: approved to reopen"),
        authority: "龙华区大浪街道办事处".into(),
        document_number: "龙华大浪复准〔2020〕12 号".into(),
        enterprise: "大浪新石时尚服饰有限公司".into(),
        code: CreditCode::Uscc("91350100M000100Y43".into()),
        site: "龙华区大浪街道新石社区时尚路 8 号 3 栋".into(),
        entrance: Some("东门".into()),
        class: Said::new("优先复工", "Priority"),
        mode: Said::new("限员复工（上限 120 人）", "Partial, at most 120"),
        route: Said::new("三方联合审批", "Tri-party"),
        signatures: vec![
            signed("街道党工委书记", "郑国栋"),
            signed("区工业和信息化局", "曹阳"),
            signed("区领导小组", "顾海涛"),
        ],
        conditions: vec!["分餐错峰，会议一律改为视频会议".into()],
        valid_from: "2020年2月10日".into(),
        valid_until: "2020年3月9日".into(),
        responsible: "云锦程".into(),
        epidemic_officer: contact("白雪", "0755-0000 0001"),
        grid_officer: contact("陶静", "0755-0000 0002"),
        supervision_phone: "0755-0000 0003".into(),
        small_print: Some("样本数据，不具效力 · 依据本辖区复工规则第 3 版签发".into()),
        stage: Stage::Issued(Issue {
            serial: Serial::new(&SeededEntropy::new(41)).to_string(),
            issued_on: "2020年2月9日".into(),
            qr: placard_text(writing),
        }),
    }
}

/// Modules on a side of a code.
pub fn modules(text: &str, correction: Correction) -> f32 {
    let qr = Qr::new(text, correction).expect("it fits a code");
    f32::from(u8::try_from(qr.modules()).expect("at most 177"))
}

/// The placard as a sheet, from its PNG.
pub fn placard_sheet(fonts: &Fonts, writing: Writing) -> Sheet {
    let png = fugong_issuer::print::placard_png(
        fonts,
        fugong_issuer::print::Sheet::A4,
        &placard(writing),
    )
    .expect("an ordinary placard can be printed");
    of_placard(decode(&png), writing)
}

/// The placard as a sheet, from a picture of it.
pub fn of_placard(picture: GrayImage, writing: Writing) -> Sheet {
    let modules = modules(&placard_text(writing), Correction::Q);
    Sheet::new(picture, 210.0, PLACARD_CODE, modules)
}

/// A page of a PDF as a printer's driver sees it, by poppler's `pdftoppm`.
///
/// # Panics
/// Where `pdftoppm` is missing: `scripts/test` installs it.
pub fn rasterised(pdf: &[u8], dots_per_inch: u32, scratch: &Path) -> GrayImage {
    let (file, page) = (scratch.join("page.pdf"), scratch.join("page"));
    std::fs::write(&file, pdf).expect("the scratch folder can be written");
    let status = Command::new("pdftoppm")
        .args(["-gray", "-singlefile", "-png", "-r", &dots_per_inch.to_string()])
        .args([&file, &page])
        .status()
        .expect("pdftoppm runs: scripts/test installs poppler-utils");
    assert!(status.success(), "pdftoppm ended with {status}");
    decode(&std::fs::read(page.with_extension("png")).expect("pdftoppm wrote a page"))
}

pub fn decode(png: &[u8]) -> GrayImage {
    image::load_from_memory(png).expect("a picture").into_luma8()
}

/// So many passes with tokens and references of their own.
pub fn cards(count: usize) -> Vec<PassCard> {
    let names = ["王芳", "欧阳明德", "阿卜杜热合曼·买买提明", "李秀兰"];
    (0_u64..)
        .zip(names.into_iter().cycle())
        .take(count)
        .map(|(n, name)| {
            let entropy = SeededEntropy::new(n);
            let pass = Pass {
                worker: WorkerNumber::parse(&format!("W7K2M4Q9{n:02}")).expect("a number"),
                serial: Serial::new(&entropy),
                validity: Validity::new(1_581_264_000, 1_583_769_600).expect("in order"),
                name: Name::parse(name).expect("a name"),
                role: Name::parse("缝纫工").expect("a role"),
                status_index: u32::try_from(n).expect("few passes"),
                lineage: pass::Lineage::starting_with(Serial::new(&entropy)),
                sites: [SiteCode::new(440_309_004_001, 1).expect("a site")].into(),
            };
            let token =
                envelope::seal(Kind::Pass, &SoftwareKey::generate(&entropy), &pass.encode())
                    .expect("a software key signs");
            PassCard {
                enterprise: "大浪新石时尚服饰有限公司".into(),
                name: name.into(),
                worker_number: format!("{n:04}"),
                role: "缝纫工".into(),
                valid_from: "2020-02-10".into(),
                valid_until: "2020-03-09".into(),
                qr: pass_text(&token),
                reference: PassReference::new(&entropy).to_string(),
            }
        })
        .collect()
}

/// Where the two symbols of a card are printed, without their quiet zones: the token's, and the
/// short reference's.
pub fn card_codes(card: &PassCard, at: usize) -> [(Code, f32); 2] {
    let (column, row) = ((at % 2) as f32, (at / 2) as f32);
    let (x, y) = (19.4 + 85.6 * column, 13.5 + 54.0 * row);
    let symbol = |text: &str, left: f32, top: f32, outer: f32| {
        let modules = modules(text, Correction::M);
        let module = outer / (modules + 8.0);
        let code =
            Code { left: left + 4.0 * module, top: top + 4.0 * module, side: modules * module };
        (code, modules)
    };
    [symbol(&card.qr, x + 43.1, y + 11.5, 40.5), symbol(&card.reference, x + 2.5, y + 40.4, 12.8)]
}
