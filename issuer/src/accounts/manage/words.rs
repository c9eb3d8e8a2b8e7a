use fugong_common::words;

words! {
    /// Texts of the pages on which administrators look after accounts.
    pub struct ManageWords {
        settings: "设置", "Settings";
        accounts: "账号与岗位", "Accounts and posts";
        add: "新增账号", "Add an account";
        search_help: "登录名或姓名", "Sign-in name or name";
        none: "没有符合条件的账号。", "No account fits.";
        sign_in: "登录名", "Sign-in name";
        sign_in_help: "2 至 40 个字符，不含空格，登录时不区分大小写。", "2 to 40 characters without blanks; capitals make no difference.";
        name: "姓名", "Name";
        phone: "电话", "Telephone";
        optional: "选填", "optional";
        state: "状态", "State";
        posts: "岗位", "Posts";
        active: "正常", "active";
        off: "已停用", "switched off";
        waiting: "尚未设置密码", "no password yet";
        resting: "登录受限", "sign-in resting";
        no_post: "没有在任岗位", "holds no post";
        post: "岗位", "Post";
        role: "角色", "Role";
        division: "辖区", "Division";
        division_help: "岗位的权限限于所选辖区及其下级。网格和楼栋请从辖区页面进入。", "The post reaches the division and all below it. For grids and buildings start from the division's page.";
        choose: "请选择", "Choose";
        enterprise: "申请单位", "Enterprise";
        enterprise_help: "仅经办人和主要负责人填写：统一社会信用代码。", "For contact and responsible person only: the enterprise's credit code.";
        post_title: "岗位名称", "Title of the post";
        post_title_help: "不填则用本辖区的岗位名称。", "Left empty, the division's title for the role is used.";
        line: "条线", "Department line";
        line_help: "仅主管部门填写，例如市场监管。", "For the competent department only, for example market supervision.";
        from: "自", "From";
        from_help: "不填则即时生效。", "Left empty, it begins at once.";
        until: "至", "Until";
        until_help: "最后一日，不填则长期。", "Last day; left empty, it has no end.";
        since: "{from} 起", "since {from}";
        between: "{from} 至 {to}", "{from} to {to}";
        held: "在任", "held";
        to_come: "未开始", "to begin";
        ended: "已终止", "ended";
        give: "授予岗位", "Give the post";
        give_another: "授予另一岗位", "Give another post";
        end_post: "终止岗位…", "End the post…";
        end_at: "终止日（含当日），不填则即时终止", "Last day of the post; left empty, it ends at once";
        link_title: "一次性链接", "One-time link";
        link_why: "请将此链接交给 {name} 本人，由其设置密码。链接只显示这一次，48 小时内有效，只能使用一次。", "Give this link to {name}, who sets a password with it. It is shown this once, works once, and for 48 hours.";
        reset: "生成设置密码链接…", "Make a password link…";
        reset_why: "原密码在设置新密码之前仍然有效。以前未用的链接随即失效。", "The old password works until a new one is set. Earlier unused links end now.";
        switch_off: "停用账号…", "Switch off…";
        switch_off_why: "该账号立即退出登录，不能再登录。以前的签字和记录保留。", "The account is signed out at once and can't sign in. What it signed and recorded stays.";
        switch_on: "启用账号", "Switch on";
        unlock: "解除登录限制", "Let them sign in again";
        edit: "修改资料", "Edit";
        manage: "账号管理", "Managing the account";
        beyond: "该账号在您的辖区之外另有岗位，其账号由上级管理员管理。您可以管理其在本辖区的岗位。", "The account also holds a post outside your division and is managed from above. You may manage its posts within your division.";
        created: "建立于", "Added";
        history: "操作记录", "What was done";
        done_saved: "已保存。", "Saved.";
        done_post: "已授予岗位。", "The post is given.";
        done_end: "岗位已终止。", "The post is ended.";
        done_off: "账号已停用，其登录已全部退出。", "The account is switched off and signed out everywhere.";
        done_on: "账号已启用。", "The account is switched on.";
        done_unlock: "已解除登录限制。", "They may sign in again.";
        done_titles: "岗位名称已保存。", "The titles are saved.";
        bad_sign_in: "登录名为 2 至 40 个字符，不含空格。", "A sign-in name has 2 to 40 characters and no blanks.";
        taken: "该登录名已被使用，请换一个。", "This sign-in name is taken. Choose another.";
        bad_name: "请填写姓名，最多 40 个字，不含不可见字符。", "Give a name of at most 40 characters without invisible ones.";
        bad_role: "请选择角色。", "Choose a role.";
        bad_division: "请选择辖区。", "Choose a division.";
        bad_enterprise: "没有这个申请单位，或不在您的辖区。请核对统一社会信用代码，未建档的请先建档。", "There is no such enterprise within your reach. Check the code, or file the enterprise first.";
        no_enterprise: "只有经办人和主要负责人需要填写申请单位，请清空此项或改选角色。", "Only contact and responsible person belong to an enterprise. Empty this field, or choose another role.";
        no_line: "只有主管部门填写条线，请清空此项或改选角色。", "Only the competent department has a line. Empty this field, or choose another role.";
        bad_from: "请填写今天或以后的日期。", "Give today or a later day.";
        bad_until: "终止日不能早于开始日和今天。", "The last day can't be before the first one, nor before today.";
        same_post: "该账号已有相同的岗位。", "The account holds this post already.";
        last_title: "这是最后一个管理员岗位", "This is the last administrator's post";
        last_why: "终止后将无人管理该辖区的账号。请先让另一人担任系统管理员并设置好密码。", "Nobody would be left to manage the division's accounts. First give somebody else the administrator's post, and have the password set.";
        own_title: "不能对自己进行此操作", "You can't do this to yourself";
        own_why: "请由另一位系统管理员操作。", "Ask another administrator.";
        beyond_title: "该账号不由您管理", "This account is not yours to manage";
        titles: "岗位名称", "Role titles";
        titles_why: "为各角色填写本地叫法，用于本辖区及下级未另行规定的辖区。权限由角色决定，不随名称改变。", "Give roles their local titles. They hold here and below, unless a lower division gives its own. What a role may do does not change with its title.";
        usual: "通用名称", "Usual title";
        local: "本地名称", "Local title";
        bad_title: "名称过长或含不可见字符，请修改。", "Too long, or with invisible characters. Change it.";
        titles_of: "{division}的岗位名称", "Role titles of {division}";
        show_of: "查看", "Show";
    }
}

#[cfg(test)]
mod tests {
    use super::ManageWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(ManageWords::PAIRS), Vec::<String>::new());
    }
}
