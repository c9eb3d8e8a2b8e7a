use fugong_common::words;
use fugong_common::words::fill;

words! {
    /// Texts of inspections.
    pub struct InspectionWords {
        title: "巡查整改", "Inspections";
        scan: "扫牌核验", "Scan a placard";
        scan_intro: "扫描牌上的二维码；不会打开牌上的链接。", "Scan the code on the placard. The link on it is never opened.";
        text: "核验编号或扫描枪内容", "Check number, or what a scanner reads";
        text_help: "牌上 FG 开头的编号，或二维码内容。", "The number on the placard that begins with FG, or the text of its code.";
        picture: "或上传公示牌照片", "Or send a photo of the placard";
        picture_help: "PNG 或 JPEG，不超过 12 MB。", "PNG or JPEG, at most 12 MB.";
        look: "核验", "Check";
        nothing: "请输入编号，或选择一张照片。", "Type a number or choose a photo.";
        pass: "这是员工出入证，请在门岗核验。", "This is a worker pass: it is checked at a gate.";
        several: "照片里有多个二维码，请选择要核验的一个。", "There are several codes in the photo. Choose one.";
        nth: "第 {n} 个：{what}", "No. {n}: {what}";
        recent: "我的最近核验", "My latest checks";
        recent_none: "还没有核验记录。", "None yet.";
        reports: "群众举报", "Reports from the public";
        reports_open: "待处理", "To be dealt with";
        reports_done: "已处理", "Dealt with";
        reports_none: "没有待处理的举报。", "No report is waiting.";
        reports_none_done: "还没有处理过的举报。", "No report was dealt with yet.";
        number: "举报 {number}", "Report {number}";
        about: "举报对象", "About";
        unknown_placard: "未提供公示牌", "No placard given";
        place: "地点", "Where";
        contact: "联系方式", "Contact";
        handle: "处理完毕…", "Dealt with…";
        handle_now: "登记处理结果", "Note the outcome";
        outcome: "处理结果", "Outcome";
        outcome_missing: "请填写处理结果，4 至 300 个字。", "Give the outcome, 4 to 300 characters.";
        handled_by: "{name}，{time}", "{name}, {time}";
        kind_mismatch: "单位或地址不符", "Name or address differ";
        kind_still_open: "停业期间仍在经营", "Open although not permitted";
        kind_no_measures: "未落实防控措施", "No measures taken";
        kind_forged: "疑似伪造", "Looks forged";
        kind_other: "其他", "Other";
        checked_at: "{time} 核验", "checked {time}";
        now_is: "当前状态", "Now";
        open_permit: "查看许可", "Open the permit";
        again: "继续扫牌", "Scan the next";
        visit: "登记巡查结果", "Note the visit";
        visit_why: "公示页面会显示最近一次巡查的日期和问题数。", "The public page shows the day and the number of findings of the latest visit.";
        findings: "发现问题（项）", "Found wanting";
        posted: "公示牌已张贴在醒目位置", "The placard hangs where everybody sees it";
        note: "巡查记录", "Note";
        visit_save: "保存巡查结果", "Save the visit";
        visits: "巡查记录", "Visits";
        visits_none: "暂无巡查记录。", "None on record.";
        visit_fine: "未发现问题", "all in order";
        visit_findings: "发现 {n} 项问题", "{n} found wanting";
        not_posted: "未见公示牌", "placard not posted";
        findings_wrong: "问题数为 0 至 99 的整数。", "A whole number from 0 to 99.";
        done_visited: "巡查结果已保存，公示页面已更新。", "The visit is saved; the public page shows it.";
        done_handled: "处理结果已登记。", "The outcome is noted.";
        outside: "该许可不在您的辖区，只能查看公示内容。", "This permit is not of your division: only what is public is shown.";
        suspend: "暂停该许可…", "Suspend this permit…";
        say_starting: "正在打开摄像头…", "Opening the camera…";
        say_aim: "将二维码放入框内", "Hold the code in the frame";
        say_no_https: "当前地址不是加密连接，浏览器不允许使用摄像头。请输入编号或上传照片。", "The browser opens cameras over HTTPS only. Type the number or send a photo.";
        say_no_permission: "未获准使用摄像头。请在浏览器设置中允许，或输入编号、上传照片。", "The camera is not allowed. Allow it in the browser's settings, or type the number or send a photo.";
        say_no_camera: "没有找到摄像头。请输入编号或上传照片。", "No camera found. Type the number or send a photo.";
        say_busy: "摄像头被占用或已断开，请关闭其他程序后重试。", "The camera is in use or gone. Close other programs and try again.";
        say_unreachable: "网络不通，暂时无法识别。", "No network: codes can't be read just now.";
        say_two: "画面中有多个二维码，请选择。", "Several codes are in view. Choose one.";
        say_nth: "第 {n} 个", "No. {n}";
        say_again: "重新扫描", "Scan again";
        say_torch: "手电", "Light";
        camera_start: "打开摄像头", "Open the camera";
        retry_later: "识别繁忙，请稍后重试。", "Too many pictures at once. Try again.";
    }
}

impl InspectionWords {
    pub fn kind(&self, code: &str) -> &'static str {
        match code {
            "mismatch" => self.kind_mismatch,
            "still_open" => self.kind_still_open,
            "no_measures" => self.kind_no_measures,
            "forged" => self.kind_forged,
            _ => self.kind_other,
        }
    }

    /// What a visit found.
    pub fn visit(&self, findings: i64) -> String {
        match findings {
            0 => self.visit_fine.to_owned(),
            n => fill(self.visit_findings, &[("n", &n)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InspectionWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(InspectionWords::PAIRS), Vec::<String>::new());
    }
}
