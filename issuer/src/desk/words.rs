use fugong_common::words;

words! {
    /// Texts of the to-do page.
    pub struct DeskWords {
        to_do: "待办", "To do";
        t_finish: "草稿待提交", "Drafts to submit";
        t_mend: "待补正", "To be mended";
        t_accept: "待受理", "To accept";
        t_send: "待派核查人员", "To send a checker";
        t_resend: "核查不符合，待处理", "Check failed, to decide";
        t_check: "待现场核查", "To check on site";
        t_sign: "待我签字", "To sign";
        t_issue: "待发牌", "To issue";
        t_confirm: "临时暂停待确认", "Temporary suspensions to confirm";
        lapses: "{span}后自动恢复", "lapses in {span}";
        suspended_by: "临时暂停", "suspended for now";
        due_today: "今日须办结", "due today";
        overdue: "已超期", "overdue";
        under_way: "在办申请", "Under way";
        all_of_them: "查看全部 {n} 件", "See all {n}";
        nothing: "没有等您办理的事项", "Nothing waits for you";
        nothing_why: "有新的事项时会出现在这里。", "New cases appear here.";
        last_signed: "签字已记录，没有等您签字的申请了。", "Recorded. Nothing else waits for your signature.";
        shown_first: "按类别和提交先后排列，显示前 {n} 件。", "By class and age; the first {n} are shown.";
        as_of: "截至 {time}", "as of {time}";
        my_applications: "我的申请", "My applications";
        start: "开始签字", "Begin signing";
    }
}

#[cfg(test)]
mod tests {
    use super::DeskWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(DeskWords::PAIRS), Vec::<String>::new());
    }
}
