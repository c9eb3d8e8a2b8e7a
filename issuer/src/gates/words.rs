use fugong_common::words;

words! {
    /// Texts of the gate pages.
    pub struct GateWords {
        title: "门岗", "Gates";
        none: "还没有门岗。先在企业场所中选择地点，再新建门岗。", "There is no gate yet. Choose premises and add one.";
        add: "新建门岗", "Add a gate";
        name: "门岗名称", "Name of the gate";
        name_help: "例如：3 号门。", "For example: Gate 3.";
        premises: "场所", "Premises";
        choose: "请选择", "Choose";
        capacity: "在场人数上限（可不填）", "Most people inside at once (optional)";
        grace: "离线宽限时长（小时，可不填）", "Offline grace in hours (optional)";
        grace_help: "状态清单过期后，门岗在此时长内只可有条件放行。不填则按辖区规定；填写的，不超过辖区规定。", "How long a gate may go on conditionally after its status list has ended. Empty: the division's rule, beyond which no gate goes.";
        state: "状态", "State";
        last_seen: "最近联系", "Last contact";
        never: "尚未联系", "never";
        bundle: "清单版本", "Bundle";
        current: "最新", "newest";
        behind: "落后", "behind";
        sites: "服务场所", "Sites served";
        software: "核验机程序", "Verifier software";
        fingerprint: "核验机指纹", "Device fingerprint";
        enrol: "注册核验机", "Enrol a verifier";
        enrol_why: "生成一次性注册码，15 分钟内在核验机上使用。", "Makes a one-time code, to be used on the verifier within 15 minutes.";
        make_code: "生成注册码", "Make a code";
        code_shown: "注册码只显示这一次", "This code is shown once only";
        code_how: "在核验机上运行下面的命令，或用核验机的设置页扫描二维码：", "Run this on the verifier, or scan the QR from its set-up page:";
        code_alt: "注册码二维码", "QR of the enrolment code";
        compare: "请与核验机屏幕上的指纹逐字核对，一致后再确认。", "Compare it, character by character, with the fingerprint on the verifier's screen, then confirm.";
        confirm: "指纹一致，启用门岗", "The fingerprint is the same: put into use";
        cut_off: "停用门岗…", "Cut off…";
        cut_off_why: "停用后，核验机在下次联系时清除名单；此后上传的记录将被隔离。", "On its next contact the verifier wipes what it holds; what it uploads later is quarantined.";
        reason: "原因", "Reason";
        renew: "更换核验机", "Replace the verifier";
        renew_why: "现用的核验机立即断开，未上传的记录此后也不再接收。请先让它联网传完；遗失或被盗的，应停用门岗。", "The verifier in use is let go at once, and what it has not uploaded yet is not taken any more: let it upload first. If it was lost or stolen, cut the gate off instead.";
        renew_now: "断开现用的，准备注册新机", "Let it go, and make ready for another";
        guards: "值守人员", "Guards";
        no_guards: "还没有值守人员。值守人员凭密码在门岗签到。", "There is no guard yet. Guards sign on at the gate with a PIN.";
        guard_name: "姓名", "Name";
        guard_role: "岗位", "Role";
        guard: "值守人员", "guard";
        shift_leader: "带班人员", "shift leader";
        pin: "密码（6 至 8 位数字）", "PIN (6 to 8 digits)";
        add_guard: "添加", "Add";
        end_guard: "停用", "End";
        bad_pin: "密码为 6 至 8 位数字，且不能全部相同或连续。", "A PIN has 6 to 8 digits, not all alike and not a run.";
        bad_name: "请填写名称，最多 40 个字，不含控制字符。", "Give a name of at most 40 characters.";
        bad_number: "请填写整数，或留空。", "Give a whole number, or leave it empty.";
        bad_premises: "请选择所辖范围内的场所。", "Choose premises within your division.";
        journals: "核验记录上传", "Journals";
        no_journals: "还没有收到核验记录。", "Nothing has been received yet.";
        journal: "记录册", "Journal";
        received: "已收条数", "Entries received";
        unread: "无法识别", "Not understood";
        restored: "系统刚从备份恢复，尚未恢复签发：正在等门岗上报所持清单。请系统管理员在服务器上完成恢复。", "This system was restored from a backup and signs nothing yet: it waits for gates to tell what they hold. An administrator finishes the restore on the server.";
        purged: "个人内容已在门岗删除", "Personal part already deleted at the gate";
        disputes: "有争议的上传", "Disputed uploads";
        dispute_why: "这些上传与已收记录不一致，已原样保留。请现场查明原因后销号。", "These contradict what was received, and are kept as they came. Find out why on site, then settle.";
        settle: "已查明，销号", "Settle";
        settled: "已销号", "settled";
        fork: "同一编号两份不同记录", "two histories under one number";
        broken: "记录被改动", "changed after it was written";
        cut_off_upload: "停用后上传", "sent after cut-off";
        unreadable: "无法读取", "unreadable";
        records: "核验记录", "Check records";
        no_records: "还没有核验记录。", "There is no record yet.";
        time: "时间", "Time";
        verdict: "结果", "Verdict";
        person: "人员", "Person";
        temperature: "体温", "Temperature";
        direction: "方向", "Direction";
        inward: "进", "in";
        outward: "出", "out";
        vehicle: "车辆", "Vehicle";
        operator: "值守人", "Guard on duty";
        enterprise: "单位", "Enterprise";
        gate: "门岗", "Gate";
        clock_uncertain: "时钟不可信", "clock uncertain";
        later: "补传", "sent later";
        unread_entry: "无法识别的记录，已保留", "not understood, kept";
        guard_refused: "值守人员不予放行", "Refused by the guard";
        gate_answered: "核验机显示：{word}", "the gate had answered: {word}";
        older: "更早的记录", "Older records";
        back: "返回门岗列表", "Back to the gates";
        done_added: "门岗已新建，请生成注册码。", "The gate is added. Make an enrolment code.";
        done_confirmed: "门岗已启用。", "The gate is in use.";
        done_saved: "已保存，门岗下次同步时生效。", "Saved; the gate learns of it on its next sync.";
        done_cut_off: "门岗已停用。", "The gate is cut off.";
        done_settled: "已销号。", "Settled.";
        changed_meanwhile: "核验机已更换，请重新核对指纹", "Another verifier has come meanwhile; compare again";
        no_root: "签发机构清单尚未签发，无法注册核验机", "There is no signed list of authorities yet, so no verifier can enrol";
        save: "保存", "Save";
        settings: "门岗设置", "Settings";
        status_codes: "当日状态码", "Today's status code";
        status_codes_why: "无网络的门岗像扫公示牌一样扫此码，状态即更新到签发时刻。可打印，也可发到值守人员手机上出示。", "A gate without network scans this like a placard, and its status is as new as the signing. Print it, or send it to a guard's phone.";
        no_status_codes: "还没有可用的许可状态清单。请先签发签发机构清单。", "There is no usable status list yet. Sign the list of signing authorities first.";
        code_of_permits: "许可", "Permits";
        code_of_passes: "员工出入证", "Worker passes";
        code_signed: "签发时间", "Signed";
        code_usable: "可用至", "Usable until";
        code_too_large: "清单过大，不能印成一个二维码。请让门岗联网同步。", "The list has outgrown one QR code. Let the gate sync over the network.";
        code_save: "保存图片", "Save the picture";
    }
}

#[cfg(test)]
mod tests {
    use super::GateWords;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(fugong_common::words::faults(GateWords::PAIRS), Vec::<String>::new());
    }
}
