//! The log in words: acts and things by their stable codes.

use fugong_common::lang::Lang;
use fugong_common::words;

words! {
    /// Texts of the log's page.
    pub struct AuditWords {
        title: "审计日志", "Audit log";
        intro: "每项操作按先后编号并与前一项相连，改动或删除任何一项都会在校验时显示。", "Every act is numbered and chained to the one before it, so that a changed or dropped entry shows.";
        settings: "设置", "Settings";
        seq: "序号", "Number";
        time: "时间", "Time";
        who: "操作人", "Who";
        act: "操作", "Act";
        subject: "对象", "Subject";
        detail: "内容", "Detail";
        by_service: "系统", "The service";
        unknown_account: "已不存在的账号", "An account that is gone";
        filter_who: "操作人登录名", "Sign-in name";
        filter_kind: "对象类别", "Kind of subject";
        all: "全部", "All";
        only_this: "仅显示一个对象的记录", "Only one subject's entries";
        its_entries: "全部记录", "All its entries";
        show_all: "显示全部", "Show all";
        no_such_account: "没有这个登录名，请核对。", "There is no such sign-in name. Check it.";
        none: "没有符合条件的记录。", "No entry fits.";
        older: "更早的记录", "Older entries";
        newest: "回到最新", "Back to the newest";
        verify: "校验整条记录链", "Verify the chain";
        verify_on: "继续校验", "Go on verifying";
        never_verified: "尚未校验过。", "It was never verified.";
        verifying: "正在校验：{done} / {total} 项", "Verifying: {done} of {total} entries";
        verifying_why: "可以离开本页，校验照常进行，结果保留在此处。", "You can leave this page: it goes on, and its result stays here.";
        cut_off: "校验在第 {done} 项处中断，共 {total} 项。此前各项逐项相连。", "The check was interrupted at entry {done} of {total}. Those before it follow from one another.";
        verified_by: "{who} 于 {time} 发起校验，范围为当时的 {count} 项；此后新增的记录不在其内。", "{who} began this check on {time}. It covers the {count} entries of that moment, none that was added since.";
        whole: "记录链完整，共 {count} 项，逐项相连，无缺失或改动。", "The chain is whole: {count} entries follow from one another, none is missing or changed.";
        fault_gap: "第 {seq} 项之前有缺失。请保留数据库原状，与最近一次备份比对。", "An entry is missing before number {seq}. Keep this database as it is and compare it with the last backup.";
        fault_broken: "第 {seq} 项被改动，或与前一项不相连。请保留数据库原状，与最近一次备份比对。", "Entry {seq} was changed or does not follow from the one before it. Keep this database as it is and compare it with the last backup.";
        fault_detail: "第 {seq} 项的内容与当时记录的不一致。请保留数据库原状，与最近一次备份比对。", "The detail of entry {seq} is not the one that was recorded. Keep this database as it is and compare it with the last backup.";
        fault_head: "记录链末端与最后一项不符（{seq}），末尾可能有缺失。请保留数据库原状，与最近一次备份比对。", "The stored end of the chain is not the last entry ({seq}): entries may be missing at its end. Keep this database as it is and compare it with the last backup.";
    }
}

/// Code of an act, what it is called in Chinese and in English.
pub(super) const ACTS: &[(&str, &str, &str)] = &[
    ("account.add", "新增账号", "account added"),
    ("account.edit", "修改账号资料", "account edited"),
    ("account.reset", "生成设置密码链接", "password link made"),
    ("account.set_password", "设置密码", "password set"),
    ("account.change_password", "修改密码", "password changed"),
    ("account.switch_off", "停用账号", "account switched off"),
    ("account.switch_on", "启用账号", "account switched on"),
    ("account.unlock", "解除登录限制", "account unlocked"),
    ("post.add", "授予岗位", "post given"),
    ("post.end", "终止岗位", "post ended"),
    ("role.title", "修改岗位名称", "role title changed"),
    ("division.add", "新增辖区", "division added"),
    ("division.edit", "修改辖区", "division edited"),
    ("division.end", "停用辖区", "division ended"),
    ("division.import", "导入辖区", "divisions imported"),
    ("regime.publish", "发布管理办法", "regime published"),
    ("enterprise.add", "建立企业档案", "enterprise filed"),
    ("enterprise.edit", "修改企业档案", "enterprise edited"),
    ("enterprise.import", "导入企业", "enterprises imported"),
    ("enterprise.export", "导出企业", "enterprises exported"),
    ("import.bad_rows", "下载问题行", "bad rows downloaded"),
    ("enterprise.scale", "认定企业规模", "scale recorded"),
    ("enterprise.survey", "摸排登记", "survey recorded"),
    ("enterprise.note", "企业档案记事", "note on the file"),
    ("premises.add", "新增场所", "premises added"),
    ("premises.edit", "修改场所", "premises edited"),
    ("premises.occupy", "企业入驻场所", "premises taken up"),
    ("premises.leave", "企业迁出场所", "premises left"),
    ("person.import", "导入花名册", "roster imported"),
    ("person.add", "新增人员", "person added"),
    ("person.edit", "修改人员", "person edited"),
    ("person.left", "登记离职", "person left"),
    ("person.back", "重新加入花名册", "person came back"),
    ("people.read", "查看人员信息", "personal data read"),
    ("person.read", "查看人员信息", "personal data read"),
    ("records.read", "查看核验记录", "check records read"),
    ("application.draft", "起草申请", "application drafted"),
    ("application.submit", "提交申请", "application submitted"),
    ("application.accept", "受理申请", "application accepted"),
    ("application.send_checker", "派人核查", "checker sent"),
    ("application.record_check", "登记核查结果", "site check recorded"),
    ("application.sign", "签字同意", "application signed"),
    ("application.return", "退回补正", "application returned"),
    ("application.refuse", "不予批准", "application refused"),
    ("application.withdraw", "申请人撤回", "application withdrawn"),
    ("application.amend", "补正申请", "application amended"),
    ("application.classify", "认定申请类别", "application classified"),
    ("application.reroute", "变更审批路线", "application re-routed"),
    ("application.issue", "申请转入已发牌", "application marked as issued"),
    ("permit.issue", "发牌", "permit issued"),
    ("permit.reissue", "换发许可", "permit reissued"),
    ("permit.print", "打印公示牌", "placard printed"),
    ("permit.hand_over", "登记领取公示牌", "placard handed over"),
    ("permit.suspend", "暂停许可", "permit suspended"),
    ("permit.suspend_for_now", "临时暂停许可", "permit suspended for now"),
    ("permit.confirm", "确认暂停", "suspension confirmed"),
    ("permit.resume", "恢复许可", "permit resumed"),
    ("permit.lapse", "临时暂停到期", "suspension lapsed"),
    ("permit.revoke", "撤销许可", "permit revoked"),
    ("permit.supersede", "旧牌作废", "placard superseded"),
    ("pass.issue", "制发出入证", "pass issued"),
    ("pass.revoke", "停用出入证", "pass revoked"),
    ("pass.print", "打印出入证", "passes printed"),
    ("trust.sign", "签发机构清单", "list of signing authorities signed"),
    ("key.new", "新建签发密钥", "signing key made"),
    ("key.retire", "签发密钥停止签发", "signing key signs no more"),
    ("key.withdraw", "停用签发密钥", "signing key withdrawn"),
    ("gate.add", "新增门岗", "gate added"),
    ("restore.begin", "从备份恢复", "restored from a backup"),
    ("restore.moved", "从备份迁移数据库", "moved to another database"),
    ("restore.finish", "恢复完成", "restore finished"),
    ("gate.change", "修改门岗", "gate changed"),
    ("gate.code", "生成注册码", "enrolment code made"),
    ("gate.confirm", "确认核验机", "verifier confirmed"),
    ("gate.cut_off", "停用门岗", "gate cut off"),
    ("gate.present", "核验机申请注册", "verifier presented itself"),
    ("gate.renew", "更换核验机", "verifier to be replaced"),
    ("gate.settle", "有争议的上传销号", "dispute settled"),
    ("guard.add", "新增值守人员", "guard added"),
    ("guard.end", "停用值守人员", "guard ended"),
    ("inspection.visit", "登记巡查", "inspection recorded"),
    ("report.handle", "处理举报", "report dealt with"),
];

const SUBJECTS: &[(&str, &str, &str)] = &[
    ("account", "账号", "account"),
    ("division", "辖区", "division"),
    ("regime", "管理办法", "regime"),
    ("enterprise", "企业", "enterprise"),
    ("premises", "场所", "premises"),
    ("person", "人员", "person"),
    ("application", "申请", "application"),
    ("permit", "许可", "permit"),
    ("pass", "出入证", "pass"),
    ("gate", "门岗", "gate"),
    ("key", "签发密钥", "signing key"),
    ("trust", "签发机构清单", "list of signing authorities"),
    ("report", "举报", "report"),
    ("import", "导入", "import"),
    ("database", "数据库", "database"),
];

fn find(table: &'static [(&str, &str, &str)], code: &str, lang: Lang) -> Option<&'static str> {
    table.iter().find(|(known, _, _)| *known == code).map(|(_, zh, en)| lang.of(*zh, *en))
}

/// An act in words; its code where it is newer than this table.
pub(super) fn say_act(code: &str, lang: Lang) -> String {
    find(ACTS, code, lang).map_or_else(|| code.to_owned(), str::to_owned)
}

/// A kind of thing in words.
pub(super) fn say_subject(code: &str, lang: Lang) -> String {
    find(SUBJECTS, code, lang).map_or_else(|| code.to_owned(), str::to_owned)
}

/// Kinds of things for the filter: code and words.
pub(super) fn subjects(lang: Lang) -> impl Iterator<Item = (&'static str, &'static str)> {
    SUBJECTS.iter().map(move |(code, zh, en)| (*code, lang.of(*zh, *en)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fugong_common::words::faults;
    use std::path::Path;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(AuditWords::PAIRS), Vec::<String>::new());
        assert_eq!(faults(ACTS), Vec::<String>::new());
        assert_eq!(faults(SUBJECTS), Vec::<String>::new());
    }

    fn is_act(text: &str) -> bool {
        let fits = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        text.split_once('.').is_some_and(|(thing, act)| fits(thing) && fits(act))
    }

    /// Codes that a source text records: the first text given to `record(`, and every text of an
    /// act's `action`, which may choose among several.
    fn recorded(source: &str) -> Vec<String> {
        let mut codes = Vec::new();
        for (mark, most) in [("record(", 1), ("action: ", 9)] {
            for (at, _) in source.match_indices(mark) {
                let behind: String = source[at + mark.len()..].chars().take(200).collect();
                let call = behind.split(';').next().unwrap_or_default();
                let call = call.split("\n        subject").next().unwrap_or_default();
                let texts = call.split('"').skip(1).step_by(2).take(most);
                codes.extend(texts.filter(|text| is_act(text)).map(str::to_owned));
            }
        }
        codes
    }

    fn collect(dir: &Path, codes: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, codes);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                codes.extend(recorded(&std::fs::read_to_string(&path).unwrap()));
            }
        }
    }

    #[test]
    fn every_act_that_the_source_records_has_words() {
        let mut codes = Vec::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut codes);
        for known in ["account.add", "person.import", "gate.present"] {
            assert!(codes.contains(&known.to_owned()), "{known}: {codes:?}");
        }
        let wordless: Vec<_> =
            codes.iter().filter(|code| find(ACTS, code, Lang::Zh).is_none()).collect();
        assert!(wordless.is_empty(), "give these words in audit/words.rs: {wordless:?}");
    }
}
