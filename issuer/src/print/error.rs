//! What can go wrong between text and paper, said to the person who can mend it.

use std::fmt;

use super::fonts::Missing;

/// A place on the sheet, so that an error names what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Title,
    Authority,
    DocumentNumber,
    Serial,
    Issued,
    Enterprise,
    Code,
    Site,
    Entrance,
    Class,
    Mode,
    Route,
    Signature,
    Validity,
    Conditions,
    Responsible,
    EpidemicOfficer,
    GridOfficer,
    Supervision,
    SmallPrint,
    /// The facts in the middle of the placard taken together.
    Facts,
    QrCode,
    WorkerName,
    WorkerNumber,
    WorkerRole,
    Reference,
}

impl Field {
    /// (Chinese, English) name of the field, as forms call it.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Title => ("公示牌名称", "title"),
            Self::Authority => ("发牌单位", "issuing authority"),
            Self::DocumentNumber => ("许可文号", "document number"),
            Self::Serial => ("核验编号", "check number"),
            Self::Issued => ("发牌日期", "date of issue"),
            Self::Enterprise => ("单位名称", "enterprise name"),
            Self::Code => ("统一社会信用代码", "credit code"),
            Self::Site => ("场所地址", "site address"),
            Self::Entrance => ("出入口", "entrance"),
            Self::Class => ("复工类别", "class"),
            Self::Mode => ("复工方式", "mode"),
            Self::Route => ("批准方式", "approval route"),
            Self::Signature => ("签批岗位和姓名", "signing posts and names"),
            Self::Validity => ("有效期", "validity"),
            Self::Conditions => ("附加条件", "conditions"),
            Self::Responsible => ("主要负责人", "responsible person"),
            Self::EpidemicOfficer => ("防疫专员", "epidemic officer"),
            Self::GridOfficer => ("网格员", "grid officer"),
            Self::Supervision => ("监督举报电话", "supervision phone"),
            Self::SmallPrint => ("牌底说明", "small print"),
            Self::Facts => ("公示内容", "facts on the placard"),
            Self::QrCode => ("二维码", "QR code"),
            Self::WorkerName => ("姓名", "name"),
            Self::WorkerNumber => ("工号", "worker number"),
            Self::WorkerRole => ("岗位", "role"),
            Self::Reference => ("证件编号", "pass reference"),
        }
    }
}

/// Why a page was not made. Nothing half-made is ever returned.
#[derive(Debug)]
pub enum PrintError {
    /// Characters that no loaded font has.
    Missing(Vec<Missing<Field>>),
    /// More text than the box holds at a readable size.
    TooMuchText(Field),
    /// More bytes than a QR code holds.
    QrTooLong,
    /// One item of a batch; `which` is its check number or reference.
    Item { which: String, cause: Box<PrintError> },
    /// A batch of nothing.
    Empty,
    /// A fault of the renderer itself, for the log.
    Renderer(String),
}

impl PrintError {
    /// What happened and what to do, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Missing(missing) => {
                let list = name_characters(missing, "、", |(zh, _)| zh);
                format!(
                    "字库中没有这些字，无法打印：{list}。请核对用字，或由管理员添加字体后重试。"
                )
            }
            Self::TooMuchText(field) => {
                format!("“{}”内容过长，牌面放不下，请删减后重试。", field.names().0)
            }
            Self::QrTooLong => "二维码内容过长，请缩短单位名称后重试。".to_owned(),
            Self::Item { which, cause } => format!("{which}：{}", cause.zh()),
            Self::Empty => "没有要打印的内容，请先选择。".to_owned(),
            Self::Renderer(_) => "打印文件生成失败，请重试；仍然失败的，请联系管理员。".to_owned(),
        }
    }
}

impl fmt::Display for PrintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(missing) => {
                let list = name_characters(missing, ", ", |(_, en)| en);
                write!(
                    f,
                    "no font has these characters: {list}. Check the spelling, or have an administrator add a font."
                )
            }
            Self::TooMuchText(field) => write!(
                f,
                "the {} does not fit the sheet: shorten it and try again.",
                field.names().1
            ),
            Self::QrTooLong => write!(
                f,
                "the QR code cannot hold this much: shorten the enterprise name and try again."
            ),
            Self::Item { which, cause } => write!(f, "{which}: {cause}"),
            Self::Empty => write!(f, "nothing to print: choose something first."),
            Self::Renderer(cause) => write!(f, "the page could not be made: {cause}"),
        }
    }
}

impl std::error::Error for PrintError {}

/// `䶮 (U+4DAE, 单位名称)`: the code point, because the screen may not show the character either.
fn name_characters(
    missing: &[Missing<Field>],
    comma: &str,
    name: fn((&'static str, &'static str)) -> &'static str,
) -> String {
    let one = |found: &Missing<Field>| {
        let code = u32::from(found.ch);
        let shown = if found.ch.is_control() { String::new() } else { format!("{} ", found.ch) };
        format!("{shown}(U+{code:04X}, {})", name(found.field.names()))
    };
    missing.iter().map(one).collect::<Vec<_>>().join(comma)
}
