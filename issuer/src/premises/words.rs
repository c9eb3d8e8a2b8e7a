use fugong_common::words;

words! {
    /// Texts of the premises pages.
    pub struct PremisesWords {
        title: "经营场所", "Premises";
        add: "新建场所", "Register premises";
        edit: "修改", "Edit";
        add_gate: "新建门岗", "Add a gate";
        edit_title: "修改场所", "Edit premises";
        search: "名称或地址", "Name or address";
        any: "全部", "all";
        filter: "筛选", "Filter";
        none_found: "没有符合条件的场所", "No premises match";
        none_found_why: "请换一个名称、地址或类型；新的场所请新建。", "Try another name, address or kind, or register new premises.";
        name: "场所名称", "Name";
        kind: "类型", "Kind";
        address: "地址", "Address";
        entrance: "出入口", "Entrance";
        entrance_help: "张贴公示牌和设门岗的出入口，例如：东门。", "Where the placard hangs and the gate stands, such as: east gate.";
        division: "所属区域", "Division";
        division_help: "尽量选到网格。场所编号由所在社区编排，建好后不变。", "Choose the grid where you can. The site code comes from its community and never changes.";
        container: "所在园区、楼宇或市场", "Lies in";
        container_none: "独立场所", "nothing else";
        bad_container: "场所不能位于自身之内，请重新选择", "Premises can't lie in themselves: choose another";
        site_code: "场所编号", "Site code";
        tenants: "入驻单位", "Who works here";
        tenants_n: "{n} 家", "{n}";
        no_tenants: "还没有单位登记在此。", "Nobody is registered here yet.";
        inside: "内部场所", "Premises inside";
        since: "登记于", "Since";
        enterprise: "单位", "Enterprise";
        place: "位置", "Where";
        contact: "联系人", "Contact";
        scale: "规模", "Scale";
        in_charge: "属地负责", "In charge here";
        nobody_in_charge: "该区域尚无网格员或联络员，请在账号管理中设置岗位。", "No grid officer or liaison yet: give somebody the post.";
        facts: "基本信息", "Facts";
        saved: "已保存。", "Saved.";
        added: "场所已登记，编号 {code}。", "Registered under site code {code}.";
        number_taken: "刚刚有人在同一辖区登记了场所，请再保存一次", "Somebody has just added premises in the same division: save once more";
        conflict: "刚刚有人修改了这个场所，您的修改未保存；核对后可再次保存", "Somebody has just edited these premises; your edit was not saved. Compare, then save again";
        choose: "请选择", "choose";
        optional: "选填", "optional";
        faults: "有 {n} 处需要更正", "{n} fields need attention";
        for_enterprise: "登记为“{name}”的经营场所", "Premises of {name}";
    }
}

#[cfg(test)]
mod tests {
    use super::PremisesWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(PremisesWords::PAIRS), Vec::<String>::new());
    }
}
