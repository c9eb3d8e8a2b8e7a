use fugong_common::words;

words! {
    /// Texts of an application's page and of the acts upon it.
    pub struct CaseWords {
        // Cards.
        facts: "申请内容", "What is applied for";
        findings: "核查结论", "Site check";
        meeting: "负责人见面", "Meeting with the responsible person";
        signatures: "签字", "Signatures";
        progress: "办理进度", "Progress";
        versions: "版本", "Revisions";
        history: "办理记录", "History";
        to_mend: "需要补正的事项", "To be mended";
        refusal: "不予批准决定", "Decision to refuse";
        // Check.
        col_item: "项目", "Item";
        col_result: "现场", "On site";
        col_note: "情况说明", "Note";
        g_mechanism: "防控机制到位", "Mechanism in place";
        g_people: "员工排查到位", "Staff screened";
        g_materials: "设施物资到位", "Facilities and supplies in place";
        g_management: "内部管理到位", "Internal management in place";
        h_mechanism: "负责人、方案、预案、专人到岗名单", "Responsible person, plans, named duties";
        h_people: "花名册、十四天行程、隔离名单、培训", "Roster, 14 days of travel, isolation list, training";
        h_materials: "口罩、测温、消毒、隔离观察室", "Masks, thermometers, disinfectant, isolation room";
        h_management: "入口登记、消毒、通风、分餐、每日报告", "Entrance, disinfection, airing, meals, daily report";
        r_meets: "符合", "meets";
        r_fails: "不符合", "does not meet";
        r_not_applicable: "不适用", "not applicable";
        attended: "到场", "attended";
        absent: "未到场", "did not attend";
        no_check_yet: "尚未核查。", "Not checked yet.";
        check_planned: "{name}，{day}上门核查", "{name} comes {day}";
        check_recorded: "{name} · {time}", "{name} · {time}";
        check_barred: "核查不符合或负责人未到场的，不得进入签字。", "Nobody may sign while something does not meet or the responsible person did not attend.";
        checks_before: "此前的核查", "Earlier checks";
        // Signatures.
        agreed: "同意", "signed";
        to_sign: "待签", "to sign";
        later: "未到", "later";
        void: "签字已失效", "signature void";
        your_turn: "等您签字", "Your signature is asked for";
        your_turn_last: "等您签字，同意后转入待发牌", "Your signature is asked for; with it the application is approved";
        nobody_holds: "尚无人担任，请联系系统管理员", "Nobody holds this post. Ask an administrator";
        signed_content: "签字内容摘要", "Digest of what is signed";
        void_before: "已失效的签字", "Void signatures";
        not_route_yet: "核查符合后进入会签，由{parties}签字。", "After the site check it is signed by {parties}.";
        // Progress.
        p_filed: "提交", "Filed";
        p_accepted: "受理", "Accepted";
        p_checked: "现场核查", "Site check";
        p_decided: "会签批准", "Approved";
        p_issued: "发牌", "Placard issued";
        left_over: "历时 {span}", "took {span}";
        // Revisions.
        revision_by: "第 {n} 版，{time}，{name}", "Revision {n}, {time}, {name}";
        compare: "与上一版对比", "Compare with the one before";
        compare_title: "版本对比", "Comparison of revisions";
        compare_of: "第 {a} 版与第 {b} 版", "Revision {a} and revision {b}";
        col_then: "第 {n} 版", "Revision {n}";
        nothing_changed: "两个版本的内容相同。", "The two revisions say the same.";
        voided_by_edit: "第 {n} 版提交后，此前的签字已失效。", "With revision {n} earlier signatures became void.";
        // Events.
        e_submit: "提交第 {n} 版", "submitted revision {n}";
        e_accept: "受理", "accepted";
        e_send_checker: "派人核查", "checker sent";
        e_record_check_meets: "核查符合，进入会签", "site check meets; signing begins";
        e_record_check_fails: "核查不符合", "site check does not meet";
        e_sign: "签字同意", "signed";
        e_return: "退回补正", "returned for correction";
        e_refuse: "不予批准", "refused";
        e_withdraw: "撤回申请", "withdrawn";
        e_amend: "修改为第 {n} 版", "changed to revision {n}";
        e_classify: "调整类别（第 {n} 版）", "class set (revision {n})";
        e_reroute: "规模变更，重新会签", "scale changed, signing begins anew";
        e_issue: "发牌", "placard issued";
        // Acts.
        accept: "受理", "Accept";
        send_checker: "派人核查", "Send checker";
        send_again: "再次派人核查", "Send checker again";
        resend: "改派", "Send somebody else";
        checker: "核查人员", "Checker";
        visit_on: "上门日期", "Day of the visit";
        send_later: "暂不指派", "Not yet";
        no_checker: "本辖区没有核查人员，请联系系统管理员。", "This division has no checker. Ask an administrator.";
        choose_checker: "请选择核查人员。", "Choose a checker.";
        bad_visit_day: "请填写今天或以后的日期。", "Give today's date or a later one.";
        record_check: "登记核查结果", "Record the site check";
        record_note: "总体说明", "General note";
        meeting_help: "负责人未到场的，一律不予复工。", "Without the responsible person there is no reopening.";
        meeting_note: "见面时间、地点和表态", "When, where, and what was said";
        choose_each: "请逐项选择核查结果。", "Choose a result for each item.";
        say_why: "不符合的，请说明情况。", "Say what does not meet.";
        save_check: "提交核查结果", "Submit the site check";
        sign: "签字同意", "Sign";
        sign_next: "签字并看下一件", "Sign and see next";
        return_it: "退回补正…", "Return…";
        refuse_it: "不予批准…", "Refuse…";
        issue: "发牌", "Issue";
        issue_why: "批准和发牌是两个步骤：发牌后许可生效，公示牌可以打印。", "Approval and issue are two acts: with issue the permit begins and the placard can be printed.";
        see_permit: "查看许可", "See the permit";
        edit_draft: "继续填写", "Go on";
        edit_returned: "补正…", "Mend…";
        amend: "修改申请…", "Amend…";
        withdraw_it: "撤回申请…", "Withdraw…";
        set_class: "调整类别", "Set the class";
        print_sheet: "打印审批表", "Print the approval sheet";
        back: "返回申请", "Back to the application";
        // Return.
        return_title: "退回补正", "Return for correction";
        return_help: "请一次性告知全部需要补正的事项。可勾选常用语并补充说明。", "Name everything that is to be mended at once. Tick stock phrases and add to them.";
        return_other: "其他事项，每行一项", "Anything else, one a line";
        return_note: "补充说明", "Note";
        return_do: "退回", "Return";
        return_empty: "请至少写明一项需要补正的事项。", "Name at least one thing to mend.";
        void_warning: "退回后，已有的 {n} 个签字失效。", "Signatures given so far: {n}. Returning voids them.";
        // Refuse.
        refuse_title: "不予批准", "Refuse";
        refuse_help: "不予批准后申请办结。可以补正的，请退回补正。", "A refusal ends the application. Return it if it can be mended.";
        reason: "理由", "Reason";
        basis: "依据", "Legal basis";
        complain: "救济途径", "How to complain";
        complain_default: "如不服本决定，可自收到之日起六十日内申请行政复议，也可拨打 {hotline} 反映。", "Within sixty days of receiving this decision you may ask for administrative review, or call {hotline}.";
        complain_default_plain: "如不服本决定，可自收到之日起六十日内申请行政复议。", "Within sixty days of receiving this decision you may ask for administrative review.";
        needed: "请填写。", "This is needed.";
        refuse_do: "不予批准", "Refuse";
        // Withdraw.
        withdraw_title: "撤回申请", "Withdraw the application";
        withdraw_help: "撤回后申请办结，可以重新提交新的申请。", "Withdrawing ends it; you may file anew.";
        withdraw_reason: "撤回原因", "Why";
        withdraw_do: "撤回", "Withdraw";
        // Conflicts and notices.
        quicker: "他人已先行处理，现在的状态是“{state}”。您的操作没有生效，请查看最新情况后再决定。", "Somebody was quicker: it is now “{state}”. Your act was not done; see how things stand, then decide.";
        quicker_kept: "他人已先行处理，现在的状态是“{state}”。您填写的内容保留在下面，请核对后再次提交。", "Somebody was quicker: it is now “{state}”. What you wrote is kept below; look at it, then send it again.";
        wrong_state: "当前状态“{state}”下不能进行此操作。", "This cannot be done in the state “{state}”.";
        not_a_party: "您当前的岗位不是本申请的签字方。", "Your present post signs for no party of this application.";
        another_line: "本企业由其他主管部门负责签字。", "Another department looks after this enterprise.";
        same_person: "您已对本申请签字。两方签字须由不同的人作出。", "You have signed this application already. Parties are signed for by different people.";
        party_has_signed: "{name} 已于 {time} 代表该方签字。", "{name} signed for this party at {time}.";
        not_yet: "按顺序签字，现在等待{parties}。", "Parties sign in order; now it waits for {parties}.";
        done_saved: "草稿已保存。", "The draft is saved.";
        done_submitted: "已提交，受理编号 {receipt}。", "Submitted. Receipt number {receipt}.";
        done_accepted: "已受理。", "Accepted.";
        done_sent: "已派人核查。", "The checker is sent.";
        done_checked: "核查结果已登记。", "The site check is recorded.";
        done_signed: "您的签字已记录。", "Your signature is recorded.";
        done_signed_next: "签字已记录，这是下一件。", "Recorded. This is the next one.";
        done_signed_last: "签字已记录，没有等您签字的申请了。", "Recorded. Nothing else waits for your signature.";
        done_returned: "已退回，企业会看到全部补正事项。", "Returned; the enterprise sees everything to mend.";
        done_refused: "已作出不予批准决定。", "The refusal is recorded.";
        done_withdrawn: "申请已撤回。", "The application is withdrawn.";
        done_classed: "类别已调整。", "The class is set.";
        done_issued: "已发牌。", "The permit is issued.";
        // Sheet.
        sheet_title: "复工审批表", "Reopening Approval Sheet";
        sheet_opinion: "{party}意见", "Opinion of {party}";
        sheet_signed: "同意。{name}（{post}）{time}", "Signed. {name} ({post}) {time}";
        sheet_sign_here: "签名：", "Signature:";
        sheet_date: "年　　月　　日", "Date:";
        sheet_seal: "（盖章）", "(seal)";
        sheet_check: "现场核查意见", "Site check";
        sheet_intake: "受理意见", "Intake";
        sheet_applicant: "申请单位承诺", "Undertaking of the applicant";
        sheet_pledge: "以上内容真实，严格落实疫情防控主体责任。", "The above is true; we carry the responsibility for epidemic control.";
        sheet_printed: "打印于 {time}", "Printed {time}";
        sheet_digest: "内容摘要 {digest}", "Digest {digest}";
        sheet_recorded: "系统内签字记录与本表一致；手写签批须由受理人员补录。", "Signatures recorded in the system agree with this sheet; handwritten ones are entered by the intake officer.";
        print: "打印", "Print";
    }
}

/// Stock phrases of a return: code, Chinese, English (domain B1, B2).
pub const PHRASES: [(&str, &str, &str); 13] = [
    ("roster", "员工花名册不完整", "The roster is incomplete"),
    ("travel", "员工十四天行程未查清", "Fourteen days of travel are not known for everyone"),
    ("isolation_list", "应隔离人员名单未附", "The list of those in isolation is missing"),
    ("plan", "防控方案没有落实到人、到岗", "The epidemic plan names no persons for its posts"),
    ("emergency", "缺少应急预案", "The emergency plan is missing"),
    (
        "commitment",
        "承诺书未由主要负责人签字",
        "The commitment is not signed by the responsible person",
    ),
    ("materials", "防护物资不足规定天数", "Supplies do not last the required days"),
    ("thermometers", "测温设备不足", "Too few thermometers"),
    ("isolation_room", "隔离观察场所不符合要求", "The isolation room does not meet the rules"),
    (
        "entrance",
        "入口登记、测温点未设置",
        "No place for registration and temperature at the entrance",
    ),
    ("canteen", "就餐未实行分餐错峰", "Meals are neither split nor staggered"),
    ("premises", "场所信息与实际不符", "The premises differ from what is filed"),
    ("people", "复工人数与花名册不一致", "The number of people differs from the roster"),
];

#[cfg(test)]
mod tests {
    use super::{CaseWords, PHRASES};
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(CaseWords::PAIRS), Vec::<String>::new());
        assert_eq!(faults(&PHRASES), Vec::<String>::new());
    }
}
