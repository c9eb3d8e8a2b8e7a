//! Placards and passes from plain to nasty.

use crate::print::{Code, Contact, Issue, PassCard, Placard, Said, Signature, Stage};

/// As long as a token of 185 bytes in digits.
pub fn placard_text(seed: u64) -> String {
    let digits: String = (0..450_u64)
        .map(|n| char::from(b'0' + u8::try_from((seed * 31 + n * n * 7 + n) % 10).unwrap()))
        .collect();
    format!("https://fugong.example.gov.cn/v/{digits}")
}

pub fn short() -> Placard {
    Placard {
        title: Said::new(
            "生产经营单位准许复工公示牌",
            "Reopening placard: this unit is approved to reopen",
        ),
        authority: "芝罘区毓璜顶街道办事处".into(),
        document_number: "芝毓复准〔2020〕12 号".into(),
        enterprise: "老王面馆".into(),
        code: Code::Uscc("91370602MA3C4D5E6X".into()),
        site: "芝罘区南大街 158 号".into(),
        entrance: Some("东门".into()),
        class: Said::new("优先复工", "Priority"),
        mode: Said::new("限员复工（上限 120 人）", "Partial, at most 120"),
        route: Said::new("双签字审批", "Dual signature"),
        signatures: vec![signature("街道党工委书记", "王建国"), signature("街道办主任", "李晓敏")],
        conditions: Vec::new(),
        valid_from: "2020年2月10日".into(),
        valid_until: "2020年3月9日".into(),
        responsible: "张卫东".into(),
        epidemic_officer: Contact { name: "刘芳".into(), phone: Some("0535-6200001".into()) },
        grid_officer: Contact { name: "陈志强".into(), phone: Some("138 0000 0000".into()) },
        supervision_phone: "0535-12345".into(),
        small_print: Some("样本数据 · 规则第 3 版".into()),
        stage: Stage::Issued(Issue {
            serial: "FG-7K2M4-Q9D3A-8WXYZ".into(),
            issued_on: "2020年2月9日".into(),
            qr: placard_text(1),
        }),
    }
}

/// A name of 40 characters, an address of two lines, three parties, three conditions.
pub fn long() -> Placard {
    Placard {
        enterprise: "烟台经济技术开发区芝罘湾国际冷链物流与海洋生物食品精深加工产业园运营管理有限公司".into(),
        site: "山东省烟台市芝罘区毓璜顶街道南大街社区胜利路与西南河路交汇处向东二百米路北芝罘湾国际商务广场\
               （原第二纺织机械厂老厂区）A 座裙楼三层 3015—3028 号及地下一层仓储区"
            .into(),
        entrance: Some("胜利路东侧员工通道（货车走北门）".into()),
        class: Said::new("重点骨干", "Backbone"),
        mode: Said::new("现场复工", "On site"),
        route: Said::new("三方联合审批", "Tri-party"),
        signatures: vec![
            signature("毓璜顶街道党工委", "王建国"),
            signature("区工业和信息化局", "欧阳明德"),
            signature("区统筹推进疫情防控和经济运行工作领导小组", "李敏"),
        ],
        conditions: vec![
            "每日 10:00 前上报员工健康状况，消毒记录保存备查".into(),
            "食堂不得堂食，分餐错峰；会议一律改为视频会议，确需集中的不超过 10 人，间隔 1 米以上".into(),
            "省外返岗员工隔离期满后方可上岗".into(),
        ],
        authority: "芝罘区统筹推进疫情防控和经济运行工作领导小组办公室".into(),
        ..short()
    }
}

/// Nothing a form would accept, but the sheet must still hold it or refuse it.
pub fn nasty() -> Placard {
    Placard {
        enterprise: "W".repeat(120),
        site: "南".repeat(200),
        entrance: Some("x".repeat(90)),
        code: Code::None {
            reason: "营业执照正在变更，登记机关已受理，受理通知书编号见附件".into(),
        },
        mode: Said::new("限员复工（上限 1,234,567 人）", "Partial, at most 1,234,567"),
        conditions: vec!["（".repeat(60), "，".repeat(60), "通风，".repeat(40)],
        signatures: (0..9)
            .map(|n| {
                signature(
                    "统筹推进疫情防控和经济运行工作领导小组办公室常务副主任",
                    &format!("阿卜杜热合曼·买买提明{n}"),
                )
            })
            .collect(),
        responsible: "阿卜杜热合曼·买买提明·图尔荪".into(),
        authority: "某某某某".repeat(12),
        supervision_phone: "0535-12345 转 8001，夜间 0535-62000012 转 8002".into(),
        ..short()
    }
}

pub fn preview() -> Placard {
    Placard {
        code: Code::None { reason: "个体摊位，执照办理中".into() },
        stage: Stage::Preview,
        ..short()
    }
}

pub fn signature(post: &str, person: &str) -> Signature {
    Signature { post: post.into(), person: person.into() }
}

pub fn cards(count: usize) -> Vec<PassCard> {
    let names = ["王芳", "欧阳明德", "阿卜杜热合曼·买买提明", "李"];
    let enterprises = [
        "芝罘湾冷链物流有限公司",
        "烟台经济技术开发区芝罘湾国际冷链物流与海洋生物食品精深加工产业园运营管理有限公司",
    ];
    (0..count)
        .map(|n| PassCard {
            enterprise: enterprises[n % 2].into(),
            name: names[n % 4].into(),
            worker_number: format!("A{n:04}"),
            role: "设备维修（外协）".into(),
            valid_from: "2020-02-10".into(),
            valid_until: "2020-03-09".into(),
            qr: placard_text(n as u64).replace("https://fugong.example.gov.cn/v/", "FG1:"),
            reference: format!("P7K2M4Q9D3A8WX{n:02}"),
        })
        .collect()
}
