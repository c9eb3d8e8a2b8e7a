use fugong_common::words;

words! {
    /// Texts of worker passes.
    pub struct PassWords {
        title: "员工出入证", "Worker passes";
        roster: "花名册", "Roster";
        file: "企业档案", "Enterprise file";
        number: "工号", "Number";
        name: "姓名", "Name";
        job: "岗位", "Trade";
        pass: "出入证", "Pass";
        reference: "证件编号", "Reference";
        term: "有效期", "Valid";
        until: "{from} 至 {to}", "{from} to {to}";
        none: "未发", "none";
        issued: "已发，待打印", "issued, not printed";
        printed: "已发", "issued";
        waiting: "{day} 起到岗", "starts {day}";
        select: "选择", "Select";
        issue_missing: "为全部未领人员发证", "Issue for everybody without one";
        issue_selected: "为所选人员发证", "Issue for those selected";
        print_selected: "打印所选", "Print selected";
        print_all: "打印全部", "Print all";
        revoke: "停用…", "Revoke…";
        revoke_now: "确认停用", "Revoke it";
        revoke_why: "遗失、离职或转借的，应立即停用；门岗随即不再认可。", "When lost, left or lent, revoke at once; gates no longer accept it.";
        reason: "理由", "Reason";
        reason_missing: "请填写理由，4 至 300 个字。", "Give the reason, 4 to 300 characters.";
        empty: "花名册中没有人员。", "The roster is empty.";
        empty_how: "请先录入或导入花名册，再发放出入证。", "Enter or import the roster first.";
        no_permit: "该单位没有有效的复工许可，不能发放出入证。请先取得或恢复许可。", "The enterprise has no permit in force. Have one issued or resumed first.";
        too_late: "{name} 的到岗日期晚于许可有效期，不能发放出入证。请在花名册中更正日期，或先换发许可。", "{name} starts after the permit has ended. Correct the date in the roster, or have the permit reissued first.";
        bad_person: "{name} 的姓名、工号或岗位含有不能使用的字符，请在花名册中更正。", "Name, number or trade of {name} hold characters that can't be used. Correct the roster.";
        nothing_selected: "请先选择人员。", "Select people first.";
        nothing_to_print: "所选人员没有有效的出入证。", "Those selected have no pass in force.";
        done_issued: "已发放 {n} 张出入证。", "{n} passes issued.";
        done_revoked: "出入证已停用，门岗已更新。", "The pass is revoked; gates know.";
        many_why: "重新发证后，原证随即作废。", "A new pass replaces the one before.";
    }
}

#[cfg(test)]
mod tests {
    use super::PassWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(PassWords::PAIRS), Vec::<String>::new());
    }
}
