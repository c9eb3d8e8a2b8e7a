use fugong_common::words;

words! {
    /// Texts of the import pages.
    pub struct ImportWords {
        enterprises_title: "导入企业台账", "Import a sheet of enterprises";
        people_title: "导入花名册", "Import a roster";
        for_enterprise: "导入到“{name}”的花名册", "Into the roster of {name}";
        file: "选择文件", "File";
        file_help: "XLSX、XLS 或 CSV，不超过 20 MB，最多 20 万行。表头中英文均可，顺序不限。", "XLSX, XLS or CSV, at most 20 MB and 200,000 rows. Headers in Chinese or English, in any order.";
        file_missing: "请选择文件", "Choose a file";
        division: "导入到区域", "Into division";
        division_help: "表中没有写明街道、社区的行放在这里。", "Rows that name no sub-district or community go here.";
        choose: "请选择", "choose";
        upload: "上传并预览", "Upload and preview";
        nothing_written: "上传后先预览，确认之前不会写入任何内容。原始文件不保存，解读出的内容最多保留一小时。", "You see a preview first; nothing is written until you confirm. The file itself is not kept, what was read from it for at most an hour.";
        template: "下载模板", "Download a template";
        recent: "最近的导入", "Recent imports";
        state_previewed: "待确认", "to be confirmed";
        state_running: "导入中", "running";
        state_finished: "已完成", "finished";
        state_failed: "未完成", "failed";
        preview_title: "导入预览", "Preview";
        sheet: "工作表", "Sheet";
        sheet_option: "{name}（{rows} 行）", "{name} ({rows} rows)";
        csv_sheet: "文本表格", "text table";
        header_row: "表头在第几行", "Headers are in row";
        columns: "各列的含义", "What the columns mean";
        column: "列", "Column";
        unnamed: "（无表头）", "(no header)";
        means: "对应项目", "Means";
        left_out: "不导入", "left out";
        remembered: "已按上次对这套表头的设置对应。", "Read as you read these headers last time.";
        read_again: "按以上设置重新解读", "Read again like this";
        no_headers: "没有认出表头。请核对是否选对了工作表和表头行，或在下方逐列指定。", "No headers were recognised. Check the sheet and the header row, or say below what each column means.";
        need_name: "请指定哪一列是“{field}”，否则无法导入。", "Say which column is “{field}”; without it nothing can be taken.";
        figures: "共 {total} 行", "{total} rows";
        added: "新增", "new";
        changed: "有变化", "changed";
        same: "与已有相同", "the same as on file";
        bad: "有问题，不导入", "bad, not taken";
        leaving: "将登记离职", "will be marked as left";
        premises: "将登记场所", "premises to register";
        premises_done: "登记场所", "premises registered";
        unplaced: "{n} 个地址没有登记场所：所在区域的场所编号已用完（每个社区最多 9,999 个）。企业档案已建立，请在表中写明街道和社区，或在企业页逐个登记场所。", "{n} addresses have no premises: their community's site numbers are used up (9,999 each). The enterprises are on file; name sub-district and community in the sheet, or register premises on an enterprise's page.";
        guessed: "{n} 处日期的年份或含义为推定，请核对下方蓝色标注。", "The year or meaning of {n} days was inferred: check those marked below.";
        formulas: "{n} 个单元格是公式，采用表格中最后一次计算的结果。", "{n} cells hold formulas; their last computed values are taken.";
        merged: "{n} 个单元格来自合并单元格，已按首格补全。", "{n} cells were merged; they are filled from the first of each.";
        understood: "解读结果（前几行）", "As understood (first rows)";
        row: "行", "Row";
        note_formula: "公式", "formula";
        note_merged: "合并", "merged";
        note_guessed: "推定", "inferred";
        bad_rows: "有问题的行（前几行）", "Bad rows (the first)";
        bad_rows_later: "导入后可下载全部问题行及原因，改好后再导入。", "After the import you can download all bad rows with their reasons, mend them and import them.";
        reason: "原因", "Why";
        choices: "导入方式", "How to take it";
        policy: "已有档案的处理", "Files that exist already";
        full_label: "这份名单是", "This list is";
        full_no: "增补：只新增和更新", "an addition: add and update only";
        full_yes: "全量：不在名单上的在册人员登记离职", "the whole roster: who isn't on it has left";
        no_code_label: "没有代码的行，登记原因为", "Reason for rows without a code";
        no_code_help: "留空则这些行列为问题行。", "Left empty, such rows are bad.";
        confirm_left: "确认将 {n} 人登记离职（在册 {on} 人）", "Yes, mark {n} people as left ({on} on the roster)";
        confirm_needed: "将有超过 5% 的在册人员登记离职，请核对名单后勾选确认", "More than 5% of the roster would be marked as left: check the list, then confirm";
        changed_first: "设置已改变，请先重新解读并核对结果，再导入", "The settings were changed: read again and check the figures, then import";
        start: "开始导入 {n} 行", "Import {n} rows";
        nothing_to_take: "没有可导入的行。", "There is nothing to take.";
        discard: "放弃", "Discard";
        discarded: "已放弃，内容已删除。", "Discarded and deleted.";
        running_title: "正在导入", "Importing";
        running: "已处理 {done} / {total} 行", "{done} of {total} rows";
        running_why: "可以离开此页，导入会继续；稍后在“最近的导入”中查看结果。", "You may leave this page; the import goes on, and its result is under “Recent imports”.";
        cut_off: "上次处理中断，已写入的行有效，其余尚未写入；服务运行期间会在两分钟内自动继续。", "It was cut off: the rows counted here are taken, the rest is not yet. While the service runs, it goes on by itself within two minutes.";
        finished_title: "导入完成", "Import finished";
        failed_title: "导入未完成", "Import failed";
        failed_why: "已写入的行不受影响。请重新上传同一文件，已导入的行会自动识别。", "Rows already written stay. Upload the same file again; rows that were taken are recognised.";
        replaced_why: "同一份名单或表格又开始了新的导入，这次导入到此为止，已写入的行不受影响。", "A later import of the same roster or file has begun and taken its place. Rows already written stay.";
        download_bad: "下载问题行（{n} 行）", "Download the bad rows ({n})";
        bad_until: "问题行仅您本人可下载，{time} 后删除。", "Only you can download them, until {time}.";
        to_list: "查看企业列表", "To the enterprises";
        to_roster: "查看花名册", "To the roster";
        another: "继续导入", "Import another";
        updated: "更新", "changed";
        left: "登记离职", "marked as left";
        gone: "这次导入已过期，请重新上传", "This import has expired: upload the file again";
        sheet_name: "表格", "sheet";
    }
}

#[cfg(test)]
mod tests {
    use super::ImportWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(ImportWords::PAIRS), Vec::<String>::new());
    }
}
