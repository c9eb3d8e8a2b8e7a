use fugong_common::words;

words! {
    /// Texts of the settings' home.
    pub struct SettingsWords {
        title: "设置", "Settings";
        own: "本人", "Yours";
        name: "姓名", "Name";
        sign_in: "登录名", "Sign-in name";
        post: "当前岗位", "Acting as";
        password: "修改密码", "Change your password";
        language: "界面语言", "Language";
        this_language: "中文", "English";
        manage: "管理", "Administration";
        accounts: "账号与岗位", "Accounts and posts";
        accounts_why: "新增账号、授予和终止岗位、重置密码、停用。", "Add accounts, give and end posts, reset passwords, switch off.";
        divisions: "辖区", "Divisions";
        divisions_why: "街道、社区、网格和楼栋，热线电话和文号格式。", "Sub-districts, communities, grids, buildings; hotline and document numbers.";
        regimes: "管理办法", "Regimes";
        regimes_why: "审批方式、签字各方、温度标准、有效期和时限。", "How reopening is regulated, who signs, temperatures, terms and times.";
        roles: "岗位名称", "Role titles";
        roles_why: "各角色在本地的叫法。", "What roles are called here.";
        keys: "签发密钥与签发机构", "Keys and signing authorities";
        keys_why: "签发密钥、签发机构清单及其期限。", "Signing keys, the list of authorities, and until when they hold.";
        audit: "审计日志", "Audit log";
        audit_why: "谁在何时做了什么，并可校验记录链。", "Who did what and when; the chain can be verified.";
        set_up: "启用步骤", "Setting up";
        set_up_done: "已完成 {done} 步，共 {all} 步。", "{done} of {all} steps are done.";
        set_up_whole: "全部 {all} 步已完成。", "All {all} steps are done.";
        done: "已完成", "done";
        next: "下一步", "next";
        open: "待办", "to do";
        tree: "建立辖区：街道、社区、网格", "Enter the divisions: sub-districts, communities, grids";
        tree_count: "已有下级辖区 {count} 个", "{count} divisions below";
        hotline: "填写热线电话", "Give the hotline";
        pattern: "设置文号格式", "Set the pattern of document numbers";
        regime: "发布管理办法", "Publish the regime";
        regime_open: "尚未发布，发布前不能申报。", "None is published; nothing can be filed before.";
        parties: "为签字各方设立账号", "Give every signing party an account";
        parties_open: "以下各方尚无可登录的人员：{parties}", "Nobody can sign yet for: {parties}";
        trust: "生成签发密钥，签署签发机构清单", "Make keys, sign the list of signing authorities";
        trust_open: "在服务器上运行密钥和清单的命令，见运行手册。", "Run the commands for keys and the list on the server; the operations manual has them.";
        premises: "登记场所", "Enter premises";
        gate: "新建门岗，注册并确认核验机", "Add a gate, enrol and confirm its verifier";
        permit: "签发第一份许可", "Issue the first permit";
        password_done: "密码已修改，其他设备上的登录已退出。", "The password is changed; every other device is signed out.";
    }
}

#[cfg(test)]
mod tests {
    use super::SettingsWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(SettingsWords::PAIRS), Vec::<String>::new());
    }
}
