//! Signatures, placards as pictures, placards as pages.

use fugong_common::digits;
use fugong_common::entropy::{SeededEntropy, bytes};
use fugong_common::keys::{Signer, SoftwareKey};
use fugong_issuer::print::{
    Code, Contact, Fonts, Issue, Placard, Said, Sheet, Signature, Stage, placard_png, placards_pdf,
};

use crate::Scale;
use crate::say::{line, marked, peak, resident, timed};

pub fn run(scale: Scale) {
    signatures(scale);
    let fonts = Fonts::built_in().expect("the fonts are built in");
    let pages = scale.of(1000, 3);
    let placards: Vec<Placard> = (0..pages).map(placard).collect();
    let pictures = scale.of(20, 1);
    let ((), seconds) = timed(|| {
        for placard in placards.iter().take(pictures) {
            placard_png(&fonts, Sheet::A4, placard).expect("a picture");
        }
    });
    line(
        "placards as PNG, A4 at 300 dpi, one core",
        &format!("{:.1} /s", pictures as f64 / seconds),
    );
    let own = std::process::id();
    let before = resident(own);
    let (file, seconds) =
        timed(|| placards_pdf(&fonts, Sheet::A4, "公示牌", &placards).expect("a file"));
    line("placards as PDF pages, one core", &format!("{:.0} /s", pages as f64 / seconds));
    line("1,000 placards in one PDF: bytes", &format!("{:.1} MB", file.len() as f64 / 1e6));
    line("1,000 placards in one PDF: memory at most", &format!("{:.0} MB", peak(own) - before));
    marked("1,000 placards in one PDF", &format!("{seconds:.1} s"), "< 15 s", seconds < 15.0);
}

fn signatures(scale: Scale) {
    let key = SoftwareKey::from_seed(&[5; 32]);
    let public = key.public_key();
    let message = [3_u8; 180];
    let times = scale.of(20_000, 10);
    let (signature, seconds) = timed(|| {
        let mut last = [0; 64];
        for _ in 0..times {
            last = key.sign(&message).expect("it signs");
        }
        last
    });
    line("signatures, one core", &format!("{:.0} /s", f64::from(times) / seconds));
    let (good, seconds) = timed(|| (0..times).all(|_| public.verifies(&message, &signature)));
    assert!(good);
    line("strict signature checks, one core", &format!("{:.0} /s", f64::from(times) / seconds));
}

fn placard(n: usize) -> Placard {
    // A token as long as a permit's; its content is nothing to the printer.
    let mut token = Vec::new();
    for part in 0..12 {
        let seed = u64::try_from(n * 16 + part).expect("fits");
        token.extend(bytes::<16>(&SeededEntropy::new(seed)));
    }
    let said = |zh: &str, en: &str| Said::new(zh.to_owned(), en.to_owned());
    let contact =
        |name: &str| Contact { name: name.to_owned(), phone: Some("0535-6200001".into()) };
    let signature =
        |post: &str, person: &str| Signature { post: post.to_owned(), person: person.to_owned() };
    Placard {
        title: said("生产经营单位准许复工公示牌", "Reopening placard: approved to reopen"),
        authority: "芝罘区毓璜顶街道办事处".to_owned(),
        document_number: format!("芝复准〔2020〕{n} 号"),
        enterprise: format!("第{n}服饰有限公司（示例）"),
        code: Code::Uscc("91370602MA3CX00010".to_owned()),
        site: "芝罘区毓璜顶街道南大街示例路 12 号".to_owned(),
        entrance: Some("3 号门".to_owned()),
        class: said("优先复工", "priority"),
        mode: said("限员复工（上限 400 人）", "partial (at most 400)"),
        route: said("双签字审批", "dual signature"),
        signatures: vec![signature("街道党工委书记", "郑国栋"), signature("街道办主任", "韩梅")],
        conditions: vec!["食堂分餐错峰就餐".to_owned(), "车间每日消毒两次".to_owned()],
        valid_from: "2020年2月10日".to_owned(),
        valid_until: "2020年3月9日".to_owned(),
        responsible: "云锦程".to_owned(),
        epidemic_officer: contact("方安"),
        grid_officer: contact("陶静"),
        supervision_phone: "0535-0000000".to_owned(),
        small_print: Some("依据本辖区复工规则第 1 版签发".to_owned()),
        stage: Stage::Issued(Issue {
            serial: "FG-7K2M4-Q9D3A-BCDEF".to_owned(),
            issued_on: "2020年2月10日".to_owned(),
            qr: format!("https://permits.example/v/{}", digits::encode(&token)),
        }),
    }
}
