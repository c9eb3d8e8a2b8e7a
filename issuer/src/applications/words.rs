use fugong_common::words;

words! {
    /// Texts of applications: form, queue, page, approval sheet.
    pub struct ApplicationWords {
        applications: "申请", "Applications";
        application: "复工申请", "Application";
        my_filing: "我的申请", "My filing";
        new_application: "新建申请", "New application";
        file_for: "为企业代办申请", "File on behalf of an enterprise";
        on_behalf: "窗口代办", "entered at the counter";
        on_behalf_by: "由 {name} 代为填报", "entered on behalf by {name}";
        receipt: "受理编号", "Receipt number";
        revision_n: "第 {n} 版", "Revision {n}";
        // Facts.
        f_enterprise: "申请单位", "Enterprise";
        f_uscc: "统一社会信用代码", "Credit code";
        no_code: "无代码", "none";
        f_scale: "规模", "Scale";
        f_premises: "经营场所", "Premises";
        f_kind: "申请类型", "Kind";
        f_planned_on: "计划复工日期", "Planned date";
        f_term_days: "申请有效期", "Term";
        f_people: "复工人数", "People";
        f_class: "类别", "Class";
        f_class_reason: "类别理由", "Reason for the class";
        f_mode: "复工方式", "Mode";
        f_cap: "人数上限", "At most";
        f_conditions: "附带条件", "Conditions";
        f_responsible: "主要负责人", "Responsible person";
        f_epidemic: "防疫专员", "Epidemic officer";
        f_name: "姓名", "Name";
        f_phone: "电话", "Phone";
        days: " 天", " days";
        persons: " 人", " people";
        // Form.
        part_what: "申请什么", "What";
        part_where: "场所和时间", "Where and when";
        part_how: "方式和人数", "How and how many";
        part_who: "责任人", "Who is responsible";
        help_premises: "复工的具体地点，公示牌张贴在这里。", "Where work resumes; the placard hangs here.";
        help_planned_on: "公示牌最早从这一天起有效。", "The placard holds from this day at the earliest.";
        help_term: "最长 {days} 天，到期前可申请延续。", "At most {days} days; it can be renewed.";
        help_class: "绿色通道为防护用品生产企业；优先复工为保障群众生活的企业。审批部门可以调整。", "Green channel is for makers of protective goods, priority for what daily life needs. The office may change it.";
        help_conditions: "例如分批返岗、错峰就餐。没有可以不填。", "Such as returning in batches or staggered meals. May stay empty.";
        help_cap: "同一时间场所内的最多人数。", "Most people inside at a time.";
        optional: "选填", "optional";
        save_draft: "保存草稿", "Save draft";
        submit: "提交", "Submit";
        resubmit: "补正后重新提交", "Resubmit";
        amend: "修改申请…", "Amend…";
        amend_submit: "提交修改", "Submit the change";
        amend_warning: "修改后成为新的版本，须重新受理和核查；已有的签字失效。", "The change makes a new revision that is accepted and checked again; signatures given so far become void.";
        form_faults: "有 {n} 处需要补充或更正，已填写的内容均已保留。", "{n} fields need attention. Everything you typed is kept.";
        choose: "请选择一项。", "Choose one.";
        please_choose: "请选择", "Choose";
        already_open: "这一场所已有在办的申请（{receipt}）。同一场所一次只办一件：请在那一件上修改，多填的这一件请撤回。", "An application for these premises is open already ({receipt}). There is one at a time: change that one, and withdraw this.";
        no_premises: "企业档案中还没有经营场所，请先登记场所。", "The file names no premises yet. Add one first.";
        bad_number: "请填写 1 至 {most} 的整数。", "Give a whole number from 1 to {most}.";
        bad_date: "请填写日期，例如 2020-02-10。", "Give a date such as 2020-02-10.";
        date_past: "计划日期不能早于今天。", "The date lies in the past.";
        date_far: "计划日期不能晚于一年以后。", "The date lies more than a year ahead.";
        bad_name: "请填写姓名，最多 40 个字。", "Give a name of at most 40 characters.";
        bad_phone: "请填写联系电话，5 至 20 位数字。", "Give a phone number of 5 to 20 digits.";
        too_long: "最多 {most} 个字。", "At most {most} characters.";
        bad_characters: "含有不可见的控制字符，请重新输入。", "Contains invisible control characters. Type it again.";
        class_needs_reason: "请说明属于该类别的理由。", "Say why this class applies.";
        regime_abolished: "本辖区已取消复工审批，无需提交申请，请按防控要求直接复工。", "This division has abolished approval. Nothing needs to be filed; reopen under the epidemic rules.";
        no_regime: "本辖区尚未设置审批规则，请联系系统管理员。", "No rules are set for this division yet. Ask an administrator.";
        no_route: "本辖区的审批规则没有设置签字方，请联系系统管理员。", "The rules of this division name nobody to sign. Ask an administrator.";
        // States.
        s_draft: "草稿", "draft";
        s_submitted: "已提交，待受理", "submitted";
        s_held: "暂存，未到开放日期", "held until the sector opens";
        s_site_check: "待现场核查", "awaiting site check";
        s_check_failed: "核查不符合", "site check failed";
        s_signing: "会签中（已签 {given}，应签 {all}）", "signing ({given} of {all} signed)";
        s_signing_plain: "会签中", "signing";
        s_returned: "退回补正", "returned for correction";
        s_approved: "已批准，待发牌", "approved, placard to be issued";
        s_issued: "已发牌", "issued";
        s_refused: "不予批准", "refused";
        s_withdrawn: "申请人已撤回", "withdrawn";
        // What it waits for.
        w_accept: "待受理", "to be accepted";
        w_send: "待派核查人员", "nobody sent yet";
        w_resend: "核查不符合，待复核或退回", "check failed: send again or return";
        w_check: "{name} {day}上门", "{name} comes {day}";
        w_check_due: "{name} 今日上门", "{name} comes today";
        w_check_late: "{name} 应于{day}上门，未登记结果", "{name} was due {day}, no result yet";
        w_sign: "待{parties}签字", "awaits {parties}";
        w_issue: "待发牌", "to be issued";
        w_mend: "待企业补正 {n} 项", "{n} to be mended by the enterprise";
        w_finish: "未提交", "not submitted";
        // Clock.
        elapsed: "已用时 {span}", "elapsed {span}";
        overdue: "已超期 {span}", "overdue by {span}";
        due_today: "今日须办结", "due today";
        due_on: "{day}前办结", "due {day}";
        submitted_at: "提交 {time}", "submitted {time}";
        // Queue.
        all_open: "在办", "Open";
        all_closed: "已办结", "Closed";
        count_of: "{n} 件", "{n}";
        more_than: "{n} 件以上", "{n} or more";
        f_state: "状态", "State";
        f_division: "辖区", "Division";
        f_search: "单位名称或受理编号", "Enterprise or receipt number";
        any: "全部", "All";
        col_elapsed: "用时", "Elapsed";
        col_waits: "等什么", "Waits for";
        nothing_found: "没有符合条件的申请", "No application matches";
        nothing_found_why: "请放宽筛选条件，或清除查询内容。", "Widen the filters or clear the search.";
        clear: "清除条件", "Clear";
        none_yet: "还没有申请", "No application yet";
        none_yet_own: "填写一次即可提交，过程可随时查看。", "Fill it in once; you can follow it all the way.";
        by_name: "企业名称或统一社会信用代码", "Name or credit code";
        find_enterprise: "查找企业", "Find the enterprise";
        no_enterprise: "没有找到，请核对名称或代码。", "Not found. Check the name or code.";
    }
}

#[cfg(test)]
mod tests {
    use super::ApplicationWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(ApplicationWords::PAIRS), Vec::<String>::new());
    }
}
