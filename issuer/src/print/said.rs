//! The fixed words of paper: Chinese first, English small beneath.

use std::borrow::Cow;

/// One thing said in both languages; an empty English is simply not printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    pub zh: Cow<'static, str>,
    pub en: Cow<'static, str>,
}

impl Said {
    pub fn new(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    pub(super) const fn word(zh: &'static str, en: &'static str) -> Self {
        Self { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }
}

pub(super) const DOCUMENT_NUMBER: Said = Said::word("许可文号", "Document number");
pub(super) const CHECK_NUMBER: Said = Said::word("核验编号", "Check number");
pub(super) const MODE: Said = Said::word("复工方式", "Mode");
pub(super) const VALIDITY: Said = Said::word("有效期", "Valid");
pub(super) const USCC: Said = Said::word("统一社会信用代码", "Credit code (USCC)");
pub(super) const CLASS: Said = Said::word("复工类别", "Class");
pub(super) const SITE: Said = Said::word("场所地址", "Site");
pub(super) const ENTRANCE: Said = Said::word("出入口", "Entrance");
pub(super) const APPROVAL: Said = Said::word("批准方式", "Approved by");
pub(super) const CONDITIONS: Said = Said::word("附加条件", "Conditions");
pub(super) const RESPONSIBLE: Said = Said::word("主要负责人", "Responsible person");
pub(super) const EPIDEMIC_OFFICER: Said = Said::word("防疫专员", "Epidemic officer");
pub(super) const GRID_OFFICER: Said = Said::word("网格员", "Grid officer");
pub(super) const SUPERVISION: Said = Said::word("监督举报电话", "Report a problem");
pub(super) const NO_CODE: &str = "无代码";
pub(super) const NO_CONDITIONS: &str = "无";
pub(super) const UNTIL: &str = "至";
pub(super) const SEAL: Said = Said::word("盖章处", "Seal");
pub(super) const COMPARE: Said = Said::word(
    "用手机扫描左侧二维码，核对网页与本牌的单位名称、地址是否一致。",
    "Scan, then compare name and address with this sheet.",
);
pub(super) const SCAN: Said = Said::word(
    "扫码核验：有效 / 暂停 / 撤销；发现问题请举报",
    "Scan to see whether this permit is valid, suspended or revoked. Please report problems.",
);
pub(super) const PREVIEW: &str = "样张 无效";
pub(super) const CODE_LATER: &str = "发牌后生成二维码";
pub(super) const SERIAL_LATER: &str = "发牌后编号";
pub(super) const PASS: Said = Said::word("员工出入证", "Worker pass");
pub(super) const WORKER_NUMBER: &str = "工号";
pub(super) const ROLE: &str = "岗位";
pub(super) const REFERENCE: &str = "证件编号";
