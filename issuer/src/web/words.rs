use fugong_common::words;

words! {
    /// Texts of the layout.
    pub struct WebWords {
        product: "复工许可与门岗核验系统", "Reopening Permits and Gate Checks";
        product_short: "复工核验", "Reopening checks";
        skip: "跳到正文", "Skip to content";
        nav_label: "主导航", "Main navigation";
        menu: "菜单", "Menu";
        colon: "：", ": ";
        nav_to_do: "待办", "To do";
        nav_applications: "申请", "Applications";
        nav_my_filing: "我的申请", "My filing";
        nav_enterprises: "企业", "Enterprises";
        nav_my_file: "企业档案", "My file";
        nav_permits: "许可与公示牌", "Permits";
        nav_placard: "公示牌", "Placard";
        nav_people: "人员与隔离", "People";
        nav_roster: "花名册", "Roster";
        nav_gates: "门岗", "Gates";
        nav_inspections: "巡查整改", "Inspections";
        nav_settings: "设置", "Settings";
        sign_out: "退出登录", "Sign out";
        acting_as: "当前岗位", "Acting as";
        switch_post: "切换", "Switch";
        sample_data: "样本数据", "Sample data";
        sample_data_why: "本系统内的单位和人员均为虚构，签发的许可不具效力。", "All enterprises and people here are invented; permits signed here are void.";
        problem_number: "编号", "Number";
        back_to_start: "返回首页", "Back to the start";
        next_page: "下一页", "Next page";
        first_page: "回到第一页", "First page";
        search: "查询", "Search";
        save: "保存", "Save";
        look_at_fields: "有内容需要修改，见字段旁的说明。", "Something needs attention: see beside the fields.";
        kept_below: "页面已是最新情况，您填写的内容仍在。", "The page shows how things stand now, and what you filled in is kept.";
        kept_title: "您填写的内容（未保存）", "What you filled in (not saved)";
        cancel: "取消", "Cancel";
    }
}
