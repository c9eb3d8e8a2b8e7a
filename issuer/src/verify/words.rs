use fugong_common::words;

words! {
    /// Texts of the public page.
    pub struct VerifyWords {
        title: "公示牌核验", "Check a placard";
        head: "复工许可核验", "Reopening permit check";
        sample: "样本数据，不具效力", "Sample, void";
        compare: "请与公示牌和现场核对", "Compare with the placard and the place";
        enterprise: "单位", "Enterprise";
        code: "代码", "Code";
        no_code: "无统一社会信用代码", "No credit code";
        address: "地址", "Address";
        serial: "核验编号", "Check number";
        document: "许可文号", "Document number";
        term: "有效期", "Valid";
        until: "{from} 至 {to}", "{from} to {to}";
        responsible: "主要负责人", "Responsible person";
        mode: "方式", "Mode";
        conditions: "附加条件", "Conditions";
        copied: "名称、地址与牌上或现场不一致的，可能是复制的公示牌，请举报。", "If name or address differ from the placard or the place, it may be a copy: please report it.";
        signed: "签批与发牌", "Who signed";
        issued_by: "发牌：{authority}", "Issued by {authority}";
        oversight: "监督", "Oversight";
        visit: "最近巡查", "Last inspection";
        visit_none: "暂无巡查记录", "None on record";
        visit_fine: "{day} · 未发现问题", "{day} · all in order";
        visit_findings: "{day} · 发现 {n} 项问题", "{day} · {n} found wanting";
        age: "状态更新于", "Status updated";
        hotline: "监督电话", "Telephone";
        report: "我要举报", "Report a problem";
        other_number: "输入核验编号查询", "Check by number";
        why_suspended: "{time} 起暂停，整改复查合格前不得生产经营。", "Suspended since {time}; no operation until mended and re-inspected.";
        why_suspended_for_now: "{time} 起临时暂停，期间不得生产经营。", "Suspended for now since {time}; no operation meanwhile.";
        why_revoked: "{time} 撤销，不得生产经营。", "Revoked {time}; no operation.";
        why_superseded: "{time} 换发，此牌作废。", "Replaced {time}; this placard is void.";
        why_successor: "新牌核验编号", "New check number:";
        why_expired: "有效期至 {day}。", "It was valid to {day}.";
        why_not_yet: "{day}起生效。", "Valid from {day}.";
        why_key_withdrawn: "签发机构已更换密钥，请该单位到签发机构换发新牌。", "The issuer has changed its key. The enterprise must have its placard reissued.";
        pass_title: "这是员工出入证", "This is a worker pass";
        pass_why: "出入证由门岗核验，本页不显示持证人的任何信息。拾到出入证的，请交还所在单位或门岗。", "Passes are checked at gates; this page shows nothing about the holder. If you found one, hand it to the enterprise or a gate.";
        number_title: "核验编号查询", "Check by number";
        number_label: "核验编号", "Check number";
        number_help: "牌上印有编号，FG 开头，共 15 位字母和数字；不分大小写，可不输连字符。", "Printed on the placard: FG and 15 letters and digits, in either case, with or without dashes.";
        number_go: "查询", "Check";
        number_none: "没有可显示的结果", "Nothing to show";
        number_none_why: "请对照牌上的编号逐位核对后再试；多次查询不到的，请稍后再试，或拨打监督电话。", "Compare the number with the placard character by character and try again; after several tries wait a while, or call.";
        report_title: "举报", "Report a problem";
        report_about: "举报对象", "About";
        report_kind: "情况", "What is wrong";
        kind_mismatch: "单位或地址与牌上不一致", "Name or address differ from the placard";
        kind_still_open: "已暂停、撤销或到期，仍在经营", "Open although suspended, revoked or expired";
        kind_no_measures: "未落实防控措施", "Measures against the epidemic are not taken";
        kind_forged: "疑似伪造的公示牌", "The placard looks forged";
        kind_other: "其他", "Something else";
        report_place: "地点", "Where";
        report_place_help: "街道、门牌或明显的标志。", "Street and number, or a landmark.";
        report_text: "说明", "What you saw";
        report_contact: "联系方式", "How to reach you";
        optional: "选填", "optional";
        report_contact_help: "仅供核实情况，不公开。", "Only to ask back; never published.";
        report_send: "提交举报", "Send the report";
        report_text_missing: "请说明情况，4 至 500 个字。", "Say what you saw, in 4 to 500 characters.";
        report_place_missing: "请填写地点。", "Say where it is.";
        report_kind_missing: "请选择一项。", "Choose one.";
        report_too_long: "请控制在 100 个字以内。", "At most 100 characters.";
        report_too_often: "提交过于频繁，请 {seconds} 秒后再试，已填内容仍在本页。", "Too many at once. Try again in {seconds} s; what you wrote is still here.";
        report_done: "已收到", "Received";
        report_done_why: "举报编号 {number}。属地街道将安排核实。", "Report number {number}. The sub-district will look into it.";
        back: "返回核验", "Back to checking";
    }
}

#[cfg(test)]
mod tests {
    use super::VerifyWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(VerifyWords::PAIRS), Vec::<String>::new());
    }
}
