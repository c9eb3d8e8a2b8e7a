use fugong_common::permit::{Category, Mode, Route};
use fugong_common::time::Millis;
use fugong_common::words;
use fugong_common::words::fill;

words! {
    /// Texts of permits, in the console and on paper.
    pub struct PermitWords {
        title: "许可与公示牌", "Permits";
        search_help: "单位名称、许可文号或核验编号", "Enterprise, document number or check number";
        search: "查找", "Search for";
        state: "状态", "State";
        all: "全部", "All";
        valid: "有效", "Valid";
        not_yet: "未生效", "Not yet valid";
        suspended: "已暂停", "Suspended";
        to_confirm: "临时暂停，待确认", "Suspended for now, to be confirmed";
        ends_soon: "两周内到期", "Ends within two weeks";
        valid_ends_soon: "有效，两周内到期", "Valid, ends within two weeks";
        expired: "已到期", "Expired";
        renew: "许可已到期，不能换发。请申请单位办理延续，经批准后发新牌。", "The permit has expired and is not reissued. The enterprise files a renewal; once approved, a new placard is issued.";
        revoked: "已撤销", "Revoked";
        superseded: "已换发，旧牌作废", "Superseded";
        suspended_for_now: "临时暂停", "Suspended for now";
        key_withdrawn_banner: "以下许可由已停用的密钥 {key} 签发，门岗不再认可，请逐批换发。", "These permits were signed by the withdrawn key {key}; gates no longer accept them. Reissue them in batches.";
        key_ended_banner: "以下许可由密钥 {key} 签发。该密钥不再签发新许可，门岗仍认可这些许可；如需更换，可分批换发。", "These permits were signed by key {key}, which signs no more. Gates still accept them; reissue them at leisure.";
        empty: "没有符合条件的许可。", "No permit matches.";
        empty_how: "申请获批准后，在申请页面发牌；已发的许可列在这里。", "After an application is approved, issue the permit on its page; permits issued are listed here.";
        document: "许可文号", "Document number";
        enterprise: "单位", "Enterprise";
        code: "统一社会信用代码", "Credit code";
        no_code: "无代码：{reason}", "None: {reason}";
        address: "地址", "Address";
        entrance: "出入口", "Entrance";
        serial: "核验编号", "Check number";
        term: "有效期", "Valid";
        until: "{from} 至 {to}", "{from} to {to}";
        class: "类别", "Class";
        mode: "方式", "Mode";
        route: "批准方式", "Route";
        conditions: "附加条件", "Conditions";
        responsible: "主要负责人", "Responsible person";
        officer: "防疫专员", "Epidemic officer";
        grid: "网格员", "Grid officer";
        approvals: "签批", "Approvals";
        issued: "发牌", "Issued";
        replaces: "换发自", "Replaces";
        copies: "已打印", "Printed";
        copies_n: "{n} 份", "{n} copies";
        status_list: "状态清单", "Status list";
        status_at: "密钥 {key}，序号 {index}", "key {key}, index {index}";
        file: "企业档案", "Enterprise file";
        application: "申请", "Application";
        history: "办理记录", "History";
        by: "{name}（{post}）", "{name} ({post})";
        by_system: "系统自动", "the service";
        print: "打印", "Print";
        print_selected: "打印所选", "Print selected";
        print_all: "打印全部查询结果", "Print all that match";
        sheet: "纸张", "Paper";
        format: "格式", "Format";
        copies_to_print: "份数", "Copies";
        bad_copies: "份数为 1 至 {most} 的整数，请核对。", "Copies are a whole number from 1 to {most}: check it.";
        preview: "预览", "Preview";
        preview_alt: "公示牌样张", "Specimen of the placard";
        preview_why: "预览为样张，不含二维码，不得张贴。", "The preview is a specimen without code and must not be posted.";
        no_print: "该许可目前无效，不能打印公示牌。", "This permit does not hold at present; its placard is not printed.";
        select: "选择", "Select";
        suspend: "暂停…", "Suspend…";
        suspend_now: "确认暂停", "Suspend it";
        suspend_why: "门岗随即拒绝放行，公示页面显示已暂停。", "Gates refuse at once and the public page shows it.";
        suspend_temporary: "门岗随即拒绝放行，公示页面显示已暂停。您的暂停为临时暂停，{hours} 小时内须由签批岗位确认，否则自动恢复。", "Gates refuse at once and the public page shows it. Yours is temporary: a signing post must confirm it within {hours} hours, or it lapses.";
        confirm: "确认暂停", "Confirm the suspension";
        confirm_why: "确认后一直暂停，直到恢复。", "It then lasts until it is resumed.";
        resume: "恢复…", "Resume…";
        resume_now: "确认恢复", "Resume it";
        resume_why: "整改复查合格后恢复，门岗随即放行。", "After mending and re-inspection; gates let people in again at once.";
        revoke: "撤销…", "Revoke…";
        revoke_now: "确认撤销", "Revoke it";
        revoke_why: "撤销后不能恢复，须重新申请。", "A revoked permit never comes back; the enterprise has to file anew.";
        reissue: "换发…", "Reissue…";
        reissue_now: "确认换发", "Reissue it";
        reissue_why: "生成新的核验编号，旧牌随即作废，请收回旧牌。", "A new check number is made and the old placard is void at once; take it back.";
        reissue_selected: "换发所选…", "Reissue selected…";
        reissue_next: "换发前 100 件…", "Reissue the first 100…";
        hand_over: "登记领取", "Note the hand-over";
        hand_over_to: "领取人", "Received by";
        handed_over: "已领取：{name}", "Handed over to {name}";
        reason: "理由", "Reason";
        reason_help: "写明事实和依据，将记入办理记录。", "Facts and basis; it goes into the history.";
        reason_missing: "请填写理由，4 至 300 个字。", "Give the reason, 4 to 300 characters.";
        name_missing: "请填写领取人姓名。", "Give the name of the person who took it.";
        nothing_selected: "请先选择许可。", "Select permits first.";
        too_many: "一次最多打印 {limit} 份，请缩小查询范围。", "At most {limit} placards at a time: narrow the search.";
        lapses: "{time} 前未确认的，自动恢复", "Lapses at {time} unless confirmed";
        since: "{time} 起", "since {time}";
        done_suspended: "已暂停，门岗和公示页面已更新。", "Suspended; gates and the public page know.";
        done_confirmed: "暂停已确认。", "The suspension is confirmed.";
        done_resumed: "已恢复，门岗和公示页面已更新。", "Resumed; gates and the public page know.";
        done_revoked: "已撤销，门岗和公示页面已更新。", "Revoked; gates and the public page know.";
        done_reissued: "已换发，旧牌作废。请打印新牌并收回旧牌。", "Reissued; the old placard is void. Print the new one and take the old one back.";
        done_batch: "已换发 {n} 件，旧牌作废。请打印新牌并收回旧牌。", "{n} reissued; the old placards are void. Print the new ones and take the old ones back.";
        done_batch_left: "已换发 {n} 件；另有 {left} 件未能换发，请逐件打开换发，查看原因。", "{n} reissued; {left} could not be. Open these one by one and reissue them to see why.";
        done_handed_over: "已登记领取。", "The hand-over is noted.";
        done_issued: "已发牌。请打印公示牌。", "Issued. Print the placard.";
        act_issue: "发牌", "issued";
        act_reissue: "换发", "reissued";
        act_print: "打印 {reason} 份", "printed, {reason} copies";
        act_hand_over: "领取：{reason}", "handed over to {reason}";
        act_suspend: "暂停", "suspended";
        act_suspend_for_now: "临时暂停", "suspended for now";
        act_confirm: "确认暂停", "suspension confirmed";
        act_resume: "恢复", "resumed";
        act_lapse: "临时暂停期满未确认，自动恢复", "temporary suspension lapsed";
        act_revoke: "撤销", "revoked";
        act_supersede: "换发，此牌作废", "replaced by a newer placard";
        class_ordinary: "一般", "Ordinary";
        class_green: "绿色通道", "Green channel";
        class_priority: "优先复工", "Priority";
        class_backbone: "重点骨干", "Backbone";
        mode_on_site: "现场复工", "On site";
        mode_partial: "限员复工（上限 {cap} 人）", "Partial (at most {cap})";
        mode_remote: "线上复工", "Remote only";
        route_tri_party: "三方联合审批", "Tri-party approval";
        route_dual: "双签字审批", "Dual signature";
        route_light: "简易程序", "Light route";
        route_filing: "备案制", "Filing";
        route_commitment: "告知承诺制", "Commitment";
    }
}

impl PermitWords {
    pub const fn class(&self, category: Category) -> &'static str {
        match category {
            Category::Ordinary => self.class_ordinary,
            Category::Green => self.class_green,
            Category::Priority => self.class_priority,
            Category::Backbone => self.class_backbone,
        }
    }

    pub fn mode(&self, mode: Mode) -> String {
        match mode {
            Mode::OnSite => self.mode_on_site.to_owned(),
            Mode::Partial { cap } => fill(self.mode_partial, &[("cap", &cap)]),
            Mode::RemoteOnly => self.mode_remote.to_owned(),
        }
    }

    pub const fn route(&self, route: Route) -> &'static str {
        match route {
            Route::TriParty => self.route_tri_party,
            Route::DualSignature => self.route_dual,
            Route::Light => self.route_light,
            Route::Filing => self.route_filing,
            Route::Commitment => self.route_commitment,
        }
    }

    /// What a suspension would do, and for how long where it lapses by itself.
    pub fn suspension(&self, lapses_at: Option<Millis>, now: Millis) -> String {
        match lapses_at.map(|at| at.since(now) / 3_600_000) {
            Some(hours) => fill(self.suspend_temporary, &[("hours", &hours)]),
            None => self.suspend_why.to_owned(),
        }
    }

    /// An entry of the history in words.
    pub fn act(&self, code: &str, reason: &str) -> String {
        let template = match code {
            "issue" => self.act_issue,
            "reissue" => self.act_reissue,
            "print" => return fill(self.act_print, &[("reason", &reason)]),
            "hand_over" => return fill(self.act_hand_over, &[("reason", &reason)]),
            "suspend" => self.act_suspend,
            "suspend_for_now" => self.act_suspend_for_now,
            "confirm" => self.act_confirm,
            "resume" => self.act_resume,
            "lapse" => self.act_lapse,
            "revoke" => self.act_revoke,
            _ => self.act_supersede,
        };
        template.to_owned()
    }
}

/// A reason as typed, tidied; `None` where it is missing, too long or holds control characters.
pub fn parse_reason(text: &str) -> Option<String> {
    // A browser counts a line's end as one character and sends two.
    let reason = text.trim().replace("\r\n", "\n");
    let length = reason.chars().count();
    let fine = reason.chars().all(|c| !c.is_control() || c == '\n');
    ((4..=300).contains(&length) && fine).then_some(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(PermitWords::PAIRS), Vec::<String>::new());
    }

    #[test]
    fn a_reason_says_something() {
        assert_eq!(parse_reason(" 消毒记录缺失\r\n"), Some("消毒记录缺失".into()));
        assert_eq!(parse_reason("无"), None);
        assert_eq!(parse_reason(&"长".repeat(301)), None);
        assert_eq!(parse_reason("四个字\u{7}了"), None);
    }
}
