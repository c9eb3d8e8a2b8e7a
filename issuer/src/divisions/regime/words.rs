use fugong_common::words;

words! {
    /// Texts of the regimes' pages.
    pub struct RegimeWords {
        settings: "设置", "Settings";
        title: "管理办法", "Regimes";
        title_of: "{division}的管理办法", "Regimes of {division}";
        why: "管理办法规定复工方式、签字各方和各项数值，按日期生效；下级未自行规定的，适用最近上级的办法。数值可比上级严格，不得比上级宽松。", "A regime says how reopening is regulated, who signs, and the numbers. It holds from its day on; a division without its own takes the nearest above. Numbers may be stricter than those above, never laxer.";
        none: "本辖区没有自行规定。", "This division has none of its own.";
        from_above: "适用{division}的办法（规则版本 {version}）。", "The regime of {division} holds (rule version {version}).";
        by_default: "上级也没有规定，适用系统默认值。", "None above either: the built-in numbers hold.";
        add: "发布新办法", "Publish a new regime";
        version: "规则版本", "Rule version";
        kind: "方式", "Kind";
        starts: "生效日期", "Holds from";
        starts_help: "今天生效的自发布时起；已生效的办法不能改动，只能由新办法替代。同一天生效的，以版本高者为准。", "Today means from the moment of publishing. What holds can't be edited, only replaced; of two for one day the higher version counts.";
        state: "状态", "State";
        current: "现行", "holds";
        to_come: "未生效", "to come";
        replaced: "已被替代", "replaced";
        numbers: "数值", "Numbers";
        fever: "体温异常标准（℃，达到即不得进入）", "High temperature (℃, at or above it nobody goes in)";
        low: "读数偏低（℃，低于此值须重测）", "Reading too low (℃, below it measure again)";
        plausible_low: "可信读数下限（℃）", "Lowest plausible reading (℃)";
        plausible_high: "可信读数上限（℃）", "Highest plausible reading (℃)";
        permit_days: "许可有效期（天）", "Permit holds for (days)";
        temporary_suspension_hours: "临时暂停时限（小时，未经确认即解除）", "Temporary suspension (hours, lifted unless confirmed)";
        decide_within_days: "办结时限（工作日）", "Decide within (working days)";
        decide_green_within_days: "绿色通道办结时限（工作日）", "Green channel: decide within (working days)";
        status_usable_hours: "状态清单可用时限（小时）", "Status list usable for (hours)";
        offline_grace_hours: "离线宽限（小时）", "Offline grace (hours)";
        limit: "上级限值：{value}", "limit from above: {value}";
        texts: "文字", "Texts";
        placard_title: "公示牌标题", "Title of the placard";
        order_zh: "离线值守规定（中文）", "Offline order, in Chinese";
        order_en: "离线值守规定（英文）", "Offline order, in English";
        order_help: "门岗断网且超过状态清单可用时限时，向值守人员显示。", "Shown to the guard when the gate is offline and its status list is past its time.";
        routes: "签字各方", "Who signs";
        routes_why: "每一方由所选角色中的任一人签字；签字方选“无”即删去该行。", "Any holder of the chosen roles signs for a party. Choose none as the party to drop a row.";
        in_order: "按顺序签字", "Sign in this order";
        any_order: "不分先后", "in any order";
        party: "签字方", "Party";
        no_code: "无", "none";
        party_street: "街道（园区）", "sub-district";
        party_secretary: "书记", "secretary";
        party_director: "主任", "director";
        party_department: "主管部门", "competent department";
        party_leading_group: "领导小组", "leading group";
        name_zh: "中文名称", "Name in Chinese";
        name_en: "英文名称", "Name in English";
        roles: "可签字的角色", "Roles that may sign";
        preview: "预览影响", "See what it changes";
        publish: "发布", "Publish";
        preview_title: "预览：规则版本 {version}，{day}起施行", "Preview: rule version {version}, from {day}";
        affects: "影响企业 {count} 家（本辖区内未另行规定的）。", "It affects {count} enterprises: those here whose own division has no regime.";
        clamped: "以下辖区的数值比本办法宽松，生效后按本办法的限值执行：{names}。", "These divisions have laxer numbers; from then on the limits of this regime hold there: {names}.";
        was: "现行", "Now";
        becomes: "改为", "Becomes";
        no_change: "与现行办法相同。", "The same as what holds now.";
        edited_since: "预览后内容有改动，请核对后再次发布。", "Something has changed since the preview. Check it, then publish again.";
        bad_kind: "请选择方式。", "Choose a kind.";
        bad_start: "请填写今天或以后的日期。", "Give today or a later day.";
        bad_number: "请填写 {from} 至 {to} 之间的数值。", "Give a number from {from} to {to}.";
        bad_temperatures: "四个温度应依次为：可信下限 < 偏低 < 体温异常 < 可信上限。", "The four temperatures must rise: lowest plausible, too low, high, highest plausible.";
        green_longer: "绿色通道的时限不能长于一般时限。", "The green channel can't take longer than the ordinary one.";
        beyond: "上级（{division}）的限值为 {value}，本辖区不得更宽。", "The limit set by {division} is {value}; it may not be laxer here.";
        no_party: "至少要有一方签字。", "At least one party must sign.";
        bad_party: "签字方或角色无效，请重新选择。", "A party or role is not one of those offered. Choose again.";
        no_role: "每一方至少选择一个角色。", "Choose at least one role for each party.";
        no_title: "请填写每一方的中文和英文名称。", "Give each party its name in Chinese and in English.";
        party_twice: "同一签字方只能出现一次。", "A party may appear only once.";
        done_published: "已发布。", "Published.";
        published: "发布于", "Published";
        history: "操作记录", "What was done";
        division: "辖区", "Division";
        errors: "有 {count} 处需要修改", "{count} things to mend";
    }
}

#[cfg(test)]
mod tests {
    use super::RegimeWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(RegimeWords::PAIRS), Vec::<String>::new());
    }
}
