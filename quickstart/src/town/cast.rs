//! Who is in the town, and where each application comes to rest.

use fugong_issuer::divisions::Scale;
use fugong_issuer::enterprises::Kind;
use fugong_issuer::premises;

/// Where an application comes to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    Draft,
    Submitted,
    SiteCheck,
    CheckFailed,
    Signing,
    Approved,
    Returned,
    Refused,
    Withdrawn,
    Issued,
    Suspended,
    Temporarily,
    Revoked,
    Replaced,
    Expired,
}

impl Rest {
    /// A permit was issued on the way there.
    pub const fn has_permit(self) -> bool {
        matches!(
            self,
            Self::Issued
                | Self::Suspended
                | Self::Temporarily
                | Self::Revoked
                | Self::Replaced
                | Self::Expired
        )
    }
}

pub struct Cast {
    pub name: &'static str,
    /// 17 characters of a code, or why there is none.
    pub code: Result<&'static str, &'static str>,
    pub kind: Kind,
    pub scale: Scale,
    pub industry: &'static str,
    pub place: &'static str,
    pub place_kind: premises::Kind,
    pub community: &'static str,
    pub responsible: &'static str,
    pub people: u32,
    pub class: (&'static str, &'static str),
    pub mode: (&'static str, &'static str),
    pub conditions: &'static str,
    pub rest: Rest,
}

const PLANT: Cast = Cast {
    name: "云锦服饰有限公司（示例）",
    code: Ok("91370602MA3CX0001"),
    kind: Kind::Company,
    scale: Scale::Above,
    industry: "服装制造",
    place: "南大街示例路 12 号",
    place_kind: premises::Kind::Plant,
    community: "c-dahaiyang",
    responsible: "云锦程",
    people: 126,
    class: ("priority", "生产防护服面料，保障城市运行。"),
    mode: ("partial", "400"),
    conditions: "食堂分餐错峰就餐\n车间每日消毒两次",
    rest: Rest::Issued,
};

/// Everybody, in the order in which they come; the first is the plant with the gate.
pub fn all() -> Vec<Cast> {
    let company = |name, code, place, rest| Cast { name, code: Ok(code), place, rest, ..PLANT };
    let below = |name, code, place, rest| Cast {
        scale: Scale::Below,
        people: 42,
        class: ("ordinary", ""),
        mode: ("on_site", ""),
        conditions: "",
        industry: "加工制造",
        community: "c-wenhuayuan",
        responsible: "苗青",
        ..company(name, code, place, rest)
    };
    let shop = |name, place, rest| Cast {
        code: Err("个体摊位，尚未办理执照。"),
        kind: Kind::Shop,
        scale: Scale::Small,
        people: 4,
        industry: "零售",
        place_kind: premises::Kind::Shop,
        community: "c-nantong",
        responsible: "卫民",
        ..below(name, "", place, rest)
    };
    vec![
        PLANT,
        Cast {
            class: ("green", "生产医用口罩。"),
            mode: ("on_site", ""),
            industry: "医疗器械",
            responsible: "甄平安",
            ..company(
                "平安口罩厂有限公司（示例）",
                "91370602MA3CX0002",
                "黄山路示例巷 3 号",
                Rest::Replaced,
            )
        },
        company(
            "港城物流有限公司（示例）",
            "91370602MA3CX0003",
            "海港路示例 88 号",
            Rest::Suspended,
        ),
        company("德新电子有限公司（示例）", "91370602MA3CX0004", "德新街示例 5 号", Rest::Revoked),
        company(
            "海阳饮料有限公司（示例）",
            "91370602MA3CX0005",
            "大海阳路示例 66 号",
            Rest::Signing,
        ),
        below("金沙印刷有限公司（示例）", "91370602MA3CX0006", "文化路示例 21 号", Rest::Approved),
        below("芝罘湾机械有限公司（示例）", "91370602MA3CX0007", "西大街示例 9 号", Rest::Signing),
        Cast {
            mode: ("remote", ""),
            place_kind: premises::Kind::Office,
            industry: "软件开发",
            ..below(
                "翡翠软件有限公司（示例）",
                "91370602MA3CX0008",
                "翡翠路示例大厦 8 层",
                Rest::Issued,
            )
        },
        below("文苑培训中心（示例）", "91370602MA3CX0009", "文化苑示例 2 号楼", Rest::Returned),
        below("黄山建材有限公司（示例）", "91370602MA3CX0010", "黄山路示例 31 号", Rest::Refused),
        below(
            "南洪包装有限公司（示例）",
            "91370602MA3CX0011",
            "南洪街示例 14 号",
            Rest::Temporarily,
        ),
        below(
            "北马家具有限公司（示例）",
            "91370602MA3CX0012",
            "毓璜顶东路示例 7 号",
            Rest::Expired,
        ),
        below("海防纸业有限公司（示例）", "91370602MA3CX0013", "海防营示例 10 号", Rest::SiteCheck),
        below(
            "大成五金有限公司（示例）",
            "91370602MA3CX0014",
            "西南河路示例 40 号",
            Rest::CheckFailed,
        ),
        shop("毓璜顶便民超市（示例）", "毓西路示例 1 号", Rest::Issued),
        shop("老灶面馆（示例）", "南通路示例 17 号", Rest::Submitted),
        shop("春风理发店（示例）", "南通路示例 19 号", Rest::Withdrawn),
        shop("顺手五金店（示例）", "南通路示例 23 号", Rest::Draft),
    ]
}
