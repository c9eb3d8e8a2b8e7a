//! What the gate's pages say.

fugong_common::words! {
    /// What stands around every page.
    pub struct FrameWords {
        product: "复工核验", "Gate checks";
        skip: "跳到正文", "Skip to content";
        menu: "菜单", "Menu";
        nav_check: "核验", "Check";
        nav_people: "人员查询", "Look up";
        nav_inside: "在场名单", "Inside now";
        nav_records: "记录", "Records";
        nav_shift: "交接班", "Hand-over";
        nav_device: "本机", "This verifier";
        online: "在线", "online";
        offline: "离线", "offline";
        offline_for: "离线 {span}", "offline {span}";
        never_online: "尚未联网", "never online";
        to_send: "待上传 {n}", "{n} to send";
        all_sent: "已全部上传", "all sent";
        status_updated: "状态更新于 {ago}", "status updated {ago}";
        status_none: "尚无状态清单", "no status list yet";
        inside: "在场 {n} / 上限 {cap}", "inside {n} / at most {cap}";
        inside_no_cap: "在场 {n}", "inside {n}";
        on_duty: "值守：{name}", "On duty: {name}";
        not_recorded: "未能记录", "NOT RECORDED";
        not_recorded_why: "磁盘已满或写入失败，{n} 条核验未能记录。请手工登记，并报告带班人员。", "The disk is full or writing failed; {n} checks were not recorded. Write them down and tell the shift leader.";
        not_recorded_now: "未能记录，不得放行。请重试；仍不成功的，手工登记并报告带班人员。", "Not recorded: do not let in. Try again; if it fails again, write it down and tell the shift leader.";
        clock_banner: "时钟待校准", "Clock uncertain";
        clock_why: "本机时间不可信，不会判为放行。联网同步，或请管理员校时。", "This verifier's time cannot be trusted; nothing will be answered with \"go in\". Sync, or have an administrator set it.";
        lost: "与核验机的连接已中断", "Connection to the verifier lost";
        lost_why: "此时的操作不会被记录，请勿放行。正在重新连接。", "Nothing you do now is recorded; do not let anyone in. Reconnecting.";
        drill: "演练", "drill";
        sample: "样本数据", "sample data";
        loading: "正在载入", "Loading";
        back_to_check: "返回核验", "Back to checking";
        no_script: "浏览器未启用脚本：可以输入编号、上传照片并登记体温；摄像头、提示音和自动记录不可用。", "Scripts are off: you can type numbers, upload photos and enter temperatures; camera, sounds and automatic recording are not available.";
        saved: "已保存", "Saved";
        time_of_answer: "截至 {time}", "As of {time}";
    }
}

fugong_common::words! {
    /// The page of all pages.
    pub struct ScanWords {
        title: "核验", "Check";
        ready: "请扫码", "Ready to scan";
        ready_why: "公示牌、员工出入证，或当日状态码", "A placard, a worker pass, or today's status code";
        ready_do: "对准摄像头或扫码枪；扫不出的，输入编号。", "Hold it to the camera or the scanner; if it won't scan, type its number.";
        checking: "正在核验", "Checking";
        recording: "正在记录", "Recording";
        typed_label: "核验编号或出入证编号", "Check number or pass number";
        typed_do: "核验", "Check";
        photo: "上传照片", "Upload a photo";
        photo_do: "读取照片", "Read the photo";
        photo_several: "照片中有多个不同的许可，请逐个拍摄。", "The photo shows several different permits. Take them one at a time.";
        camera: "打开摄像头", "Open the camera";
        camera_starting: "正在打开摄像头", "Opening the camera";
        camera_aim: "将二维码对准框内", "Hold the QR code in the frame";
        camera_denied: "浏览器未允许使用摄像头。请在地址栏旁允许，或改用扫码枪、照片、手工输入。", "The browser did not allow the camera. Allow it beside the address bar, or use a scanner, a photo or typing.";
        camera_insecure: "此地址不是安全连接，浏览器不开放摄像头。请用本机浏览器，或给核验机装证书；也可上传照片。", "The browser opens no camera on this address, since it is not a secure connection. Use the browser on the box, install a certificate, or upload a photo.";
        camera_missing: "没有找到摄像头。请用扫码枪、照片或手工输入。", "No camera found. Use a scanner, a photo or typing.";
        camera_busy: "摄像头正被其他程序使用，或已断开。请关闭其他程序后重试。", "The camera is used by another program or was unplugged. Close the other program and try again.";
        camera_unreachable: "与核验机的连接已中断，画面暂时无法读取。", "Connection to the verifier lost; the picture can't be read now.";
        camera_several: "画面中有多个不同的许可，请选择一个。", "Several different permits in view. Choose one.";
        camera_nth: "第 {n} 个", "No. {n}";
        camera_again: "都不是，重新扫", "None of them, scan again";
        camera_torch: "补光", "Light";
        camera_off: "关闭摄像头", "Close the camera";
        direction: "方向", "Direction";
        way_in: "进", "In";
        way_out: "出", "Out";
        temperature: "体温", "Temperature";
        temperature_field: "体温（三位数字，如 365 即 36.5 ℃）", "Temperature (three digits: 365 is 36.5 ℃)";
        normal_below: "正常 < {limit}", "normal < {limit}";
        clear: "清除", "Clear";
        back: "退格", "Backspace";
        implausible: "读数不合理，请重新测量。", "Not a possible reading. Measure again.";
        fever_typed: "{reading} ℃，达到 {limit} ℃：不予放行。核对读数后记录。", "{reading} ℃, at or above {limit} ℃: do not let in. Check the reading, then record it.";
        low_typed: "{reading} ℃，低于 {limit} ℃：请到室内或测手腕后重测，不得估填。", "{reading} ℃, below {limit} ℃: measure again indoors or at the wrist. Never guess.";
        record_admit: "记录并放行", "Record and let in";
        record_out: "记录离场", "Record leaving";
        record_fever: "记录体温异常", "Record the high temperature";
        record_low: "记录并重测", "Record and measure again";
        refuse: "不予放行", "Do not let in";
        refused_do: "已记录不予放行；请说明理由，并告知带班人员。", "Refusal recorded. Give the reason and tell the shift leader.";
        remeasure: "复测", "Re-measure";
        park: "转临时观察区", "To waiting area";
        correct: "更正", "Correct";
        correct_do: "更正并记录", "Correct and record";
        correct_which: "重新输入体温，或选择：", "Type the reading again, or choose:";
        was_in: "应为“进”", "It was in";
        was_out: "应为“出”", "It was out";
        not_passed: "未通过门岗", "They did not pass";
        correct_for: "更正（{n} 秒内）", "Correct (within {n} s)";
        next: "下一位", "Next";
        next_or_scan: "下一位（或直接扫码）", "Next (or just scan)";
        override_do: "双人核准放行…", "Two-person override…";
        override_title: "双人核准放行", "Two-person override";
        override_why: "由另一名带班人员输入密码，并写明理由。此次放行记为有条件放行。", "Another person, a shift leader, enters the PIN and gives the reason. It is recorded as a conditional admission.";
        override_none: "没有其他带班人员，无法双人核准。", "There is no other shift leader; no override is possible.";
        override_go: "双人核准，记录并放行", "Approve, record and let in";
        override_second: "带班人员", "Shift leader";
        override_reason: "理由", "Reason";
        condition_met: "符合条件，记录并放行", "Condition met: record and let in";
        visitor_do: "来访登记", "Visitor";
        look_up_do: "人员查询", "Look up";
        recorded_at: "已记录 {time}", "recorded {time}";
        answer_recorded_at: "核验结果已记录 {time}", "answer recorded {time}";
        choose_word: "许可有效", "Permit valid";
        choose_word_only_if: "有条件有效", "Valid on a condition";
        choose_word_out: "登记离场", "Leaving";
        choose_do_out: "查人员，记录离场。", "Look the person up and record the leaving.";
        cap_said: "限员复工：同时到场不超过 {cap} 人，现有 {n} 人", "Partial reopening: at most {cap} people on site at a time, {n} now";
        choose_do: "查人员或登记来访，再测温。", "Look the person up or register a visitor, then measure.";
        status_taken: "状态已更新", "Status updated";
        status_taken_do: "请再扫公示牌或出入证。", "Now scan the placard or pass again.";
        recheck_do: "请到临时观察区，换一支体温计复测；仍达 {limit} ℃ 的，不予放行并立即报告。下一位可直接扫码。", "To the waiting area, re-measure with another thermometer; if still {limit} ℃ or more, do not let in, report. The next person can be scanned now.";
        measure_out: "离场可登记体温。", "The temperature may be taken on leaving.";
        left_do: "离场已记录。", "Leaving is on record.";
        compare_last_four: "证件后四位 {digits}，核对姓名和面容", "last four {digits}: compare name and face";
        if_status_old: "状态已 {age}未更新，按离线值守规定办理", "Status is {age} old: follow the offline order";
        if_compare: "按编号查到，请核对证件、姓名和面容", "Found by its number: compare document, name and face";
        if_premises_full: "场所人数已满：在场 {n}，上限 {cap}", "The premises are full: {n} inside, at most {cap}";
        if_enterprise_full: "该单位人数已满：在场 {n}，上限 {cap}", "The enterprise is full: {n} inside, at most {cap}";
        if_already_inside: "{since} 已进入，没有离场记录", "Went in at {since}, not seen to leave";
        worker_number: "工号 {n}", "No. {n}";
        if_other_site: "此人登记在同一许可的其他场所", "This person is registered at another site of the permit";
        if_leaving: "离场；该证状态：{word}", "Leaving; state of this document: {word}";
        parked: "临时观察区", "Waiting area";
        resume: "复测", "Re-measure";
        recent: "最近核验", "Last checks";
        recent_none: "本班次还没有核验记录。", "No checks in this shift yet.";
        sound_on: "提示音：开", "Sound: on";
        sound_off: "提示音：关", "Sound: off";
        sound_wake: "点一下页面以启用提示音", "Tap the page once to enable sounds";
        keys: "键盘", "Keyboard";
        key_enter: "回车", "Enter";
        key_escape: "退出键", "Escape";
        key_does_enter: "执行蓝色按钮", "the blue button";
        key_does_escape: "下一位", "next";
        key_does_digits: "输入体温，第三位自动记录正常值", "temperature; the third digit records a normal one";
        key_does_back: "删一位", "delete one digit";
        key_does_plus: "进 / 出", "in / out";
        key_back: "退格", "Backspace";
        failed: "核验没有完成", "The check was not completed";
        failed_do: "没有记录，请勿放行。请重试。", "Nothing was recorded; do not let in. Try again.";
        purpose: "事由", "Purpose";
        visitor_title: "来访登记", "Visitor";
        visitor_why: "姓名、电话和车牌只存在本门岗的密封记录中，到期清除。", "Name, phone and plate go into this gate's sealed record only and are purged when due.";
        name: "姓名", "Name";
        phone: "联系电话", "Phone";
        plate: "车牌（没有可不填）", "Number plate (if any)";
        visit_to: "到访单位或人员", "Whom they visit";
        visitor_no_host: "登记册中没有可到访的单位。请先扫该单位的公示牌，或联网同步。", "The register holds no enterprise to visit. Scan its placard first, or sync.";
        visit_choose: "请选择", "Choose";
        visitor_go: "登记并测温", "Register, then measure";
        visitor: "来访", "Visitor";
    }
}

fugong_common::words! {
    /// Look-up, inside now, records.
    pub struct PeopleWords {
        look_up: "人员查询", "Look up";
        look_up_why: "输入姓名、证件后四位、工号或出入证编号。每次查询都会记录。", "Type a name, the last four of a document, a worker number or a pass number. Every look-up is recorded.";
        look_up_label: "姓名、后四位或编号", "Name, last four, or number";
        look_up_do: "查询", "Look up";
        look_up_short: "请至少输入两个字，或四位数字。", "Type at least two characters or four digits.";
        look_up_none: "花名册中没有找到。核对姓名和证件后四位；确不在册的，按来访登记。", "Not found on the roster. Check the name and the last four; otherwise a visitor.";
        look_up_more: "符合的人多于五名，请输入得更完整。", "More than five people match. Type more.";
        look_up_choose: "选择", "Choose";
        look_up_no_roster: "本机还没有花名册。联网同步后再查，或按来访登记。", "This verifier has no roster yet. Sync first, or register a visitor.";
        last_four: "后四位 {digits}", "last four {digits}";
        from: "{day}起可进入", "may enter from {day}";
        person: "人员", "Person";
        enterprise: "单位", "Enterprise";
        role: "岗位", "Role";
        inside_title: "在场名单", "Inside now";
        inside_why: "按本门岗的进出记录推算，其他门岗的进出联网后才会计入。", "Reckoned from this gate's records; other gates count once synced.";
        inside_none: "现在没有人在场。", "Nobody is inside now.";
        inside_since: "进入时间", "Since";
        inside_age: "已 {span}", "{span}";
        inside_stale: "人数更新于 {ago}", "count updated {ago}";
        leave_do: "登记离场", "Record leaving";
        records: "记录", "Records";
        records_today: "今日核验记录", "Today's checks";
        records_none: "今天还没有这一类记录。", "No such records today.";
        records_partial: "部分记录的密封内容已到期清除，只显示结果。", "The sealed part of some records has been purged; only the verdict is shown.";
        records_failed: "记录暂时无法读取。核验不受影响；请稍后重试。", "Records can't be read right now. Checks go on; try again later.";
        all_verdicts: "全部", "All";
        filter: "按结果", "By verdict";
        filter_do: "筛选", "Filter";
        time: "时间", "Time";
        verdict: "结果", "Verdict";
        who: "人员或车辆", "Person or vehicle";
        reading: "体温", "Temperature";
        way: "方向", "Direction";
        operator: "值守人员", "Guard";
        seq: "序号", "No.";
        sent: "上传", "Sent";
        sent_yes: "已上传", "sent";
        sent_no: "待上传", "to send";
        older: "更早", "Older";
        newer: "更新", "Newer";
        page_of: "第 {a}–{b} 条，共 {n} 条", "{a}–{b} of {n}";
        purged: "已清除", "purged";
    }
}

fugong_common::words! {
    /// Enrolment, pairing, sign-on, hand-over.
    pub struct AccessWords {
        enrol_title: "本机尚未注册", "This verifier is not enrolled";
        enrol_why: "注册后才能核验。由系统管理员在签发系统中新建门岗，得到地址、一次性注册码和根指纹。", "Checks start after enrolment. An administrator creates the gate in the issuer and gets its address, a one-time code and the root fingerprint.";
        enrol_step_1: "在签发系统的“门岗”中新建门岗，显示注册码二维码。", "In the issuer, under Gates, create the gate and show its enrolment QR.";
        enrol_step_2: "在本机终端运行下面的命令，注册码十五分钟内有效，只能用一次。", "Run the command below in this machine's terminal. The code works once, for fifteen minutes.";
        enrol_step_3: "管理员核对本机指纹后确认，本页自动继续。", "The administrator compares this machine's fingerprint and confirms; this page goes on by itself.";
        enrol_command: "注册命令", "Enrolment command";
        enrol_url: "签发系统地址", "ISSUER-ADDRESS";
        enrol_code: "注册码", "CODE";
        enrol_root: "根指纹", "ROOT-FINGERPRINT";
        waiting_title: "等待管理员确认", "Waiting for confirmation";
        waiting_why: "本机已注册。请管理员在签发系统的“门岗”中核对下面的指纹，一致的予以确认。", "This verifier is enrolled. Ask the administrator to compare this fingerprint under Gates in the issuer and to confirm it.";
        waiting_partial: "已确认，正在下载清单和花名册。", "Confirmed. Fetching lists and roster.";
        cut_title: "本机已被停用", "This verifier was cut off";
        cut_why: "管理员已停用本机，本机数据已清除。需要继续使用的，请重新注册。", "An administrator cut this verifier off and its data has been wiped. Enrol it again to use it.";
        fingerprint: "本机指纹", "Fingerprint of this verifier";
        refresh: "刷新", "Refresh";
        pair_title: "配对本浏览器", "Pair this browser";
        pair_why: "只有配对过的浏览器才能核验。一次性配对码显示在核验机的终端上，也可在已配对浏览器的“本机”页生成。", "Only paired browsers may check. The one-time code is shown in the verifier's terminal, or made under This verifier in a browser that is already paired.";
        pair_code: "配对码", "Pairing code";
        pair_name: "本浏览器名称", "Name of this browser";
        pair_name_hint: "例：东侧通道手机", "e.g. phone at the east lane";
        pair_do: "配对", "Pair";
        pair_wrong: "配对码不正确、已用过或已过期。请重新生成。", "The code is wrong, used or expired. Make a new one.";
        pair_many: "尝试过于频繁，请 {n} 秒后再试。", "Too many attempts. Try again in {n} s.";
        sign_on_title: "值守签到", "Sign on";
        sign_on_why: "选择姓名，输入密码。签到后的每一条记录都署名。", "Choose your name and enter your PIN. Every record afterwards bears your name.";
        sign_on_none: "本门岗还没有值守人员。请管理员在签发系统的“门岗”中添加，然后同步。", "This gate has no guards yet. Ask the administrator to add them under Gates in the issuer, then sync.";
        sign_on_choose: "换一个人", "Someone else";
        pin: "密码", "PIN";
        pin_do: "签到", "Sign on";
        pin_wrong: "密码不正确。", "Wrong PIN.";
        pin_locked: "密码错误次数过多，已锁定，{span}后再试；急用的，请带班人员处理。", "Too many wrong PINs. Locked; try again in {span}, or ask the shift leader.";
        pin_for: "{name}的密码", "PIN of {name}";
        leader: "带班人员", "shift leader";
        guard: "值守人员", "guard";
        shift_title: "交接班", "Hand-over";
        shift_why: "接班人员选择姓名并输入密码；交班情况写入记录。", "The next guard chooses the name and enters the PIN; the hand-over goes on record.";
        shift_since: "{name}，{time}签到，已 {span}", "{name}, signed on {time}, {span}";
        shift_checks: "本班核验 {n} 次，放行 {go}，不予放行 {stop}", "{n} checks this shift: {go} let in, {stop} not";
        shift_inside: "在场 {n} 人", "{n} inside";
        shift_parked: "临时观察区 {n} 人，请当面交接", "{n} in the waiting area: hand them over in person";
        shift_parked_none: "临时观察区无人", "Nobody in the waiting area";
        shift_to_send: "待上传 {n} 条", "{n} to send";
        shift_note: "交班情况（可不填）", "Note for the next guard (optional)";
        shift_next: "接班人员", "Next guard";
        shift_do: "交班并签到", "Hand over and sign on";
        sign_off: "只签退，不交班", "Sign off without handing over";
        forbidden_title: "无权办理", "Not allowed";
        forbidden_why: "此页仅限带班人员。请带班人员签到后办理。", "This page is for the shift leader. Ask the shift leader to sign on.";
        text_wrong: "内容过长或含有无法识别的字符。", "Too long, or it has characters that can't be read.";
    }
}

fugong_common::words! {
    /// The machine itself.
    pub struct DeviceWords {
        title: "本机", "This verifier";
        enrolment: "注册", "Enrolment";
        gate: "门岗", "Gate";
        issuer: "签发系统", "Issuer";
        gate_id: "门岗编号", "Gate id";
        state: "状态", "State";
        state_working: "已确认", "confirmed";
        state_waiting: "等待管理员确认", "waiting for confirmation";
        root: "根指纹", "Root fingerprint";
        lists: "清单", "Lists";
        manifest: "最近清单", "Last manifest";
        manifest_none: "还没有收到清单。", "No manifest received yet.";
        manifest_seq: "第 {n} 号，{ago}签发", "no. {n}, issued {ago}";
        trust_version: "签发机构清单", "List of signing authorities";
        version: "第 {n} 版", "version {n}";
        status_seq: "状态清单", "Status lists";
        status_row: "第 {n} 号，更新于 {ago}", "no. {n}, updated {ago}";
        roster: "花名册", "Roster";
        people_n: "{n} 人", "{n} people";
        sync_now: "立即同步", "Sync now";
        sync_started: "已开始同步。", "Sync has started.";
        sync_failed: "同步没有成功：{why}", "Sync failed: {why}";
        synced: "上次同步", "Last sync";
        sync_never: "本次启动后还没有同步。", "Not since this start.";
        journal: "核验日志", "Journal";
        journal_id: "日志编号", "Journal id";
        journal_head: "日志末端", "Journal head";
        journal_next: "下一序号", "Next number";
        to_send: "待上传", "To send";
        entries_n: "{n} 条", "{n} entries";
        clock: "时钟", "Clock";
        clock_good: "可信", "trusted";
        clock_set: "校准时间", "Set the time";
        clock_field: "现在的日期和时间（{zone}）", "Date and time now ({zone})";
        clock_why: "按可靠的钟表或手机校准，写入记录。联网同步后自动恢复可信，无须校准。", "Set it by a watch or phone you trust; it goes on record. A sync makes the clock trusted again by itself.";
        clock_wrong: "请按日期和时间填写，如 2020-02-24 08:12。", "Give date and time, such as 2020-02-24 08:12.";
        clock_done: "时间已校准。", "The time is set.";
        clock_bad: "待校准", "uncertain";
        now: "本机时间", "Time here";
        browsers: "已配对浏览器", "Paired browsers";
        browsers_none: "没有其他已配对的浏览器。", "No other browser is paired.";
        browser_this: "本浏览器", "this browser";
        browser_seen: "最近使用 {ago}", "last used {ago}";
        unpair: "解除配对…", "Unpair…";
        unpair_ask: "解除后，该浏览器须重新配对才能核验。", "That browser must be paired again before it may check.";
        unpair_do: "确认解除", "Unpair it";
        pair_new: "生成配对码", "Make a pairing code";
        pair_show: "用另一台设备扫描，或在其浏览器中打开地址并输入配对码。", "Scan it with the other device, or open the address there and type the code.";
        pair_valid: "{span}内有效，只能用一次。", "Works once, within {span}.";
        pair_qr: "配对二维码", "Pairing QR";
        address: "地址", "Address";
        fingerprint: "本机指纹", "Fingerprint of this verifier";
        disk: "磁盘", "Disk";
        disk_good: "可写", "writable";
        disk_bad: "写入失败", "writing fails";
        unsaved: "未能记录的核验", "Checks not recorded";
        software: "程序版本", "Program version";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogues_have_no_faults() {
        for pairs in [
            FrameWords::PAIRS,
            ScanWords::PAIRS,
            PeopleWords::PAIRS,
            AccessWords::PAIRS,
            DeviceWords::PAIRS,
        ] {
            assert_eq!(fugong_common::words::faults(pairs), Vec::<String>::new());
        }
    }

    #[test]
    fn a_guard_is_never_told_of_fever_or_suspicion_and_nothing_is_shouted() {
        for (key, zh, en) in [
            FrameWords::PAIRS,
            ScanWords::PAIRS,
            PeopleWords::PAIRS,
            AccessWords::PAIRS,
            DeviceWords::PAIRS,
        ]
        .concat()
        {
            assert!(!zh.contains("发热") && !zh.contains("疑似") && !zh.contains("吊销"), "{key}");
            assert!(!zh.contains(['！', '!']) && !en.contains('!'), "{key}");
        }
    }
}
