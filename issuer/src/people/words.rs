use fugong_common::words;

words! {
    /// Texts of rosters and person files.
    pub struct PeopleWords {
        title: "人员", "People";
        passes: "员工出入证", "Worker passes";
        roster: "员工花名册", "Roster";
        person_file: "人员档案", "Person file";
        search: "姓名、工号或证件后四位", "Name, worker number or last four";
        search_everywhere: "姓名（从姓开始）", "Name, from its beginning";
        search_why: "按姓名查找辖区内各单位的在册人员。每次查看人员档案都会记录。", "Find people on the rosters of your division by name. Each look at a person file is recorded.";
        find: "查找", "Find";
        none_found: "没有找到", "Nobody found";
        none_found_why: "请核对姓名，或请单位先登记花名册。", "Check the name, or ask the enterprise to enter its roster first.";
        none_yet: "花名册还是空的", "The roster is empty";
        none_yet_why: "可以逐人添加，也可以导入现有名单。", "Add people one by one, or import the list you have.";
        add: "添加人员", "Add a person";
        import: "导入花名册", "Import a roster";
        edit: "修改", "Edit";
        edit_title: "修改人员档案", "Edit the person file";
        back_to_enterprise: "返回企业档案", "To the enterprise";
        shown: "范围", "Show";
        on_roster: "在册", "on the roster";
        left: "已离职", "left";
        waiting: "暂不入场", "not let in yet";
        returned: "已返岗", "returned";
        from_elsewhere: "外地返回", "came from elsewhere";
        worker_number: "工号", "Worker number";
        worker_number_help: "印在出入证上，最多 20 位字母或数字；留空则自动编号。", "Printed on the pass, at most 20 letters or digits; left empty, the next number is given.";
        bad_worker_number: "工号为 1 至 20 位字母、数字或短横线", "A worker number has 1 to 20 letters, digits or dashes";
        taken: "该工号已用于另一人，请换一个", "This worker number is another person's: choose another";
        name: "姓名", "Name";
        phone: "手机", "Telephone";
        id_number: "证件号码", "Identity number";
        id_help: "选填。门岗只收到后四位。", "Optional. Gates are told the last four only.";
        id_last_four: "证件后四位", "Last four";
        job: "岗位", "Job";
        came_from: "返岗前所在地", "Stayed before in";
        came_from_help: "只填到过的外地（省、市），不填籍贯。", "Places stayed in elsewhere, not where somebody was born.";
        returned_on: "返岗日期", "Returned on";
        not_before: "可入场日期", "Let in from";
        not_before_help: "门岗只收到日期，不收到原因。", "The gate is told the day, never the reason.";
        bad_day: "日期应为 2020-02-10 的形式", "A day is written 2020-02-10";
        optional: "选填", "optional";
        faults: "有 {n} 处需要更正", "{n} fields need attention";
        saved: "已保存。", "Saved.";
        added: "已加入花名册，工号 {number}。", "On the roster as {number}.";
        conflict: "刚刚有人修改了这份档案，您的修改未保存；核对后可再次保存", "Somebody has just edited this file; your edit was not saved. Compare, then save again";
        mark_left: "登记离职", "Mark as left";
        left_on: "离职日期", "Left on";
        left_since: "{day} 离职", "left on {day}";
        left_future: "离职日期不能晚于今天", "The day can't be later than today";
        bring_back: "重新加入花名册", "Put back on the roster";
        left_done: "已登记离职，出入证随即停用。", "Marked as left; the pass stops working.";
        back_done: "已重新加入花名册。", "Back on the roster.";
        viewed: "本次查看已记录。", "This look has been recorded.";
        enterprise: "单位", "Enterprise";
        state: "状态", "State";
        movement: "人员流动（近 14 天）", "Movement, last 14 days";
        day: "日期", "Day";
        joined: "入职", "joined";
        went: "离职", "left";
        back: "返回", "back";
        no_movement: "近 14 天没有变动。", "Nobody came or went.";
        may_enter: "可入场", "may enter";
        facts: "基本信息", "Facts";
        not_given: "未填", "not given";
    }
}

#[cfg(test)]
mod tests {
    use super::PeopleWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(PeopleWords::PAIRS), Vec::<String>::new());
    }
}
