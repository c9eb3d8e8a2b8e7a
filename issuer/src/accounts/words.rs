use fugong_common::words;

words! {
    /// Texts of sign-in, set-up and account pages.
    pub struct AccountWords {
        settings: "设置", "Settings";
        change_password: "修改密码", "Change your password";
        change_why: "修改后，其他设备上的登录全部退出。", "Afterwards every other device is signed out.";
        present_password: "当前密码", "Present password";
        wrong_present: "当前密码不正确。", "The present password is wrong.";
        same_password: "新密码与当前密码相同，请换一个。", "The new password is the present one. Choose another.";
        new_password: "新密码", "New password";
        sign_in: "登录", "Sign in";
        name: "登录名", "Sign-in name";
        password: "密码", "Password";
        password_again: "再输入一次密码", "Password once more";
        wrong: "登录名或密码不正确。", "The sign-in name or password is wrong.";
        resting: "连续输错次数过多，请 {minutes} 分钟后再试，或联系系统管理员重置密码。", "Too many wrong passwords in a row. Try again in {minutes} min, or ask an administrator for a reset.";
        no_post: "您的账号没有有效岗位，请联系系统管理员。", "Your account holds no post at present. Ask an administrator.";
        too_often: "尝试过于频繁，请 {seconds} 秒后再试。", "Too many attempts. Try again in {seconds} s.";
        ended: "登录已过期。重新登录后可继续提交，已填写的内容不会丢失。", "Your session has ended. Sign in again to go on; what you filled in is kept.";
        ended_without_form: "登录已过期，请重新登录后再操作。", "Your session has ended. Sign in again, then repeat the step.";
        go_on: "继续提交", "Go on and send";
        kept: "已保留您填写的 {count} 项内容。", "{count} fields that you filled in are kept.";
        set_up: "首次设置", "First set-up";
        set_up_why: "请设置第一个系统管理员和所辖区域。此链接只能使用一次。", "Name the first administrator and the division. This link works once.";
        choose_password: "设置密码", "Set your password";
        choose_password_for: "为账号 {name} 设置密码。此链接只能使用一次。", "Set the password of {name}. This link works once.";
        link_dead: "链接已失效", "This link no longer works";
        link_dead_why: "链接只能使用一次，48 小时内有效。请联系系统管理员重新发送，或在服务器上运行重置命令。", "A link works once and for 48 hours. Ask an administrator for a new one, or run the reset command on the server.";
        full_name: "姓名", "Name";
        division_name: "辖区名称", "Name of the division";
        division_code: "行政区划代码（6 位）", "Division code (6 digits)";
        zone: "时区", "Time zone";
        save: "保存并登录", "Save and sign in";
        rule: "至少 10 个字符，可用一句话。", "At least 10 characters; a sentence is fine.";
        too_short: "密码至少 10 个字符。", "A password has at least 10 characters.";
        too_long: "密码最多 200 个字符。", "A password has at most 200 characters.";
        too_plain: "密码过于简单，请换一个不易猜到的。", "Anybody would guess this password. Choose another.";
        differ: "两次输入的密码不一致。", "The two passwords differ.";
        bad_sign_in: "登录名为 2 至 40 个字符，不含空格。", "A sign-in name has 2 to 40 characters and no blanks.";
        taken: "该登录名已被使用，请换一个。", "This sign-in name is taken. Choose another.";
        bad_name: "请填写姓名，不含控制字符，最多 40 个字。", "Give a name of at most 40 characters.";
        bad_code: "区划代码为 6 位数字，例如 370602。", "A division code has 6 digits, for example 370602.";
        bad_zone: "没有这个时区，请填写如 Asia/Shanghai 的名称。", "There is no such time zone. Use a name such as Asia/Shanghai.";
    }
}

#[cfg(test)]
mod tests {
    use super::AccountWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        // The IANA name is the same in every language.
        let faults: Vec<_> = faults(AccountWords::PAIRS)
            .into_iter()
            .filter(|fault| !fault.starts_with("bad_zone"))
            .collect();
        assert_eq!(faults, Vec::<String>::new());
    }
}
