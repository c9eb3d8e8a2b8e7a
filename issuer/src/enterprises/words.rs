use fugong_common::words;

words! {
    /// Texts of the enterprise pages.
    pub struct EnterpriseWords {
        title: "企业", "Enterprises";
        file: "企业档案", "Enterprise file";
        found: "共 {n} 家", "{n} found";
        coverage: "已摸排 {surveyed} / {total} 家：已复工 {reopened}，待复工 {waiting}，停业 {closed}", "{surveyed} of {total} surveyed: {reopened} reopened, {waiting} waiting, {closed} closed down";
        search: "名称或统一社会信用代码", "Name or credit code";
        any: "全部", "all";
        filter: "筛选", "Filter";
        add: "新建企业档案", "Open a file";
        import: "导入台账", "Import a sheet";
        export: "导出", "Export";
        none_found: "没有符合条件的企业", "No enterprise matches";
        none_found_why: "请换一个名称、代码或筛选条件。", "Try another name, code or filter.";
        none_yet: "还没有企业档案", "No files yet";
        none_yet_why: "可以逐家新建，也可以导入现有台账。", "Open them one by one, or import the sheet you have.";
        name: "单位名称", "Name";
        uscc: "统一社会信用代码", "Credit code";
        uscc_help: "18 位，见营业执照。", "18 characters, on the business licence.";
        no_code: "没有统一社会信用代码", "It has no credit code";
        no_code_reason: "没有代码的原因", "Why there is no code";
        no_code_help: "仅用于尚未办照的商铺，例如：流动摊位。有代码的请填代码。", "Only for shops without a licence, such as a stall. Where there is a code, give the code.";
        need_code_or_reason: "请填写统一社会信用代码；没有代码的，请填写原因", "Give the credit code, or say why there is none";
        not_both: "已填写代码，请删去没有代码的原因", "There is a code: delete the reason for having none";
        taken: "该代码已登记在“{name}”名下，请核对是否重复建档", "This code is on file for {name}: is it the same enterprise";
        taken_elsewhere: "该代码已在其他辖区建档，请联系该辖区受理人员", "This code is on file in another division: ask its intake officer";
        kind: "单位类型", "Kind";
        scale: "规模", "Scale";
        evidence: "规模依据", "Evidence of scale";
        evidence_help: "例如：四上企业名录、营业执照、统计报表。", "Such as the directory of above-scale enterprises, the licence, a statistics return.";
        industry: "行业", "Industry";
        line: "行业主管部门", "Department in charge";
        division: "所属区域", "Division";
        choose: "请选择", "choose";
        choose_division: "请选择企业所在的网格、社区或街道", "Choose the grid, community or sub-district it lies in";
        responsible: "主要负责人", "Responsible person";
        contact: "经办人", "Contact";
        officer: "防疫专员", "Epidemic officer";
        phone: "电话", "Telephone";
        optional: "选填", "optional";
        people_heading: "负责人员", "People";
        facts: "基本信息", "Facts";
        edit: "修改", "Edit";
        edit_title: "修改企业档案", "Edit the file";
        save_new: "保存并建档", "Save and open the file";
        faults: "有 {n} 处需要更正", "{n} fields need attention";
        saved: "已保存。", "Saved.";
        added: "企业档案已建立。", "The file is open.";
        noted: "已记入企业时间线。", "Noted on the timeline.";
        conflict: "刚刚有人修改了这份档案，您的修改未保存", "Somebody has just edited this file; your edit was not saved";
        premises: "经营场所", "Premises";
        no_premises: "尚未登记经营场所。没有场所，不能签发许可。", "No premises yet. Without them no permit can be issued.";
        site_code: "场所编号", "Site code";
        since: "自 {day} 起", "since {day}";
        occupy: "登记经营场所", "Add premises";
        occupy_help: "输入已登记场所的编号；新场所请先新建。", "Type the code of registered premises; register new ones first.";
        unknown_site: "没有这个场所编号，请核对，或先新建场所", "No premises have this code: check it, or register them first";
        already_there: "该场所已登记在本单位名下", "It works there already";
        leave: "迁出", "Has left";
        new_premises: "新建场所", "Register premises";
        roster: "员工花名册", "Roster";
        on_roster: "在册", "on the roster";
        returned: "已返岗", "returned";
        from_elsewhere: "外地返回", "came from elsewhere";
        not_let_in_yet: "暂不入场", "not let in yet";
        left: "已离职", "left";
        open_roster: "查看花名册", "Open the roster";
        timeline: "时间线", "Timeline";
        no_events: "还没有记录。", "Nothing yet.";
        earlier: "更早的记录", "Earlier";
        note: "记一笔", "Add to the timeline";
        note_kind: "事项", "What";
        note_text: "内容", "In words";
        note_help: "不得填写个人健康信息。", "Nothing about anybody's health.";
        note_save: "记入时间线", "Add";
        kind_policy: "政策宣传", "policy explained";
        kind_system: "建立防控体系", "epidemic control set up";
        kind_guidance: "上门指导", "guidance visit";
        kind_supervision: "督导", "supervision";
        kind_check: "抽查", "spot check";
        survey: "摸排", "Survey";
        survey_state: "复工状态", "State";
        survey_staff: "员工人数", "Staff";
        survey_planned: "计划复工日期", "Means to reopen on";
        survey_save: "保存摸排结果", "Save the survey";
        surveyed: "摸排于 {time}", "surveyed {time}";
        not_surveyed: "未摸排", "not surveyed";
        bad_staff: "员工人数应为 0 至 1000000 的整数", "Staff is a whole number up to 1,000,000";
        bad_day: "日期应为 2020-02-10 的形式", "A day is written 2020-02-10";
        scale_history: "规模记录", "Scale on record";
        scale_change: "变更规模", "Change the scale";
        scale_from: "生效日期", "Valid from";
        scale_same: "规模没有变化，请选择新的规模", "This is the present scale: choose another";
        scale_future: "生效日期不能晚于今天", "It can't begin later than today";
        new_application: "申报复工", "File an application";
        scale_reroute: "规模变更后，办理中的申请按新规模的程序办理。", "Open applications follow the route of the new scale.";
        in_charge: "属地负责", "In charge here";
        nobody_in_charge: "该区域尚无网格员或联络员，请在账号管理中设置岗位。", "No grid officer or liaison yet: give somebody the post.";
        applications: "申请", "Applications";
        permits: "许可与公示牌", "Permits";
        no_applications: "还没有申请。", "No applications yet.";
        no_permits: "还没有许可。", "No permits yet.";
        file_application: "新建申请", "New application";
        print: "打印", "Print";
        printed: "打印于 {time}", "printed {time}";
        fields_code: "代码", "code";
        fields_name: "名称", "name";
        fields_kind: "类型", "kind";
        fields_industry: "行业", "industry";
        fields_division: "所属区域", "division";
        fields_people: "负责人员", "people";
        no_file: "您的岗位还没有关联企业档案", "Your post isn't tied to an enterprise yet";
        no_file_why: "请联系所在街道的受理人员建立企业档案。", "Ask the intake officer of your sub-district to open the file.";
    }
}

#[cfg(test)]
mod tests {
    use super::EnterpriseWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(EnterpriseWords::PAIRS), Vec::<String>::new());
    }
}
