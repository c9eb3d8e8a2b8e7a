use fugong_common::words;

words! {
    /// Texts of the tree's pages.
    pub struct TreeWords {
        settings: "设置", "Settings";
        title: "辖区", "Divisions";
        level: "级别", "Level";
        code: "代码", "Code";
        name: "名称", "Name";
        zone: "时区", "Time zone";
        hotline: "热线电话", "Hotline";
        hotline_help: "印在公示牌和通知书上，并显示在公众核验页。不填则用上级的热线。", "Printed on placards and notices, shown on the public page. Left empty, the number from above is used.";
        pattern: "文号格式", "Pattern of document numbers";
        pattern_help: "须含年份 {year} 和序号 {number}。不填则用上级的格式。", "Holds {year} and {number}. Left empty, the pattern from above is used.";
        pattern_next: "例：{example}", "For example: {example}";
        inherited: "用上级的：{value}", "from above: {value}";
        missing: "未设置", "not set";
        children: "下级辖区", "Divisions below";
        no_children: "尚无下级辖区。", "Nothing lies below yet.";
        below: "下级数", "Below";
        enterprises: "企业数", "Enterprises";
        posts: "在任岗位", "Posts";
        edit: "修改", "Edit";
        add: "新增下级", "Add one below";
        add_why: "统计代码表中没有的社区（如新设社区），代码留空即可，由系统编号。网格和楼栋沿用所在社区的代码。", "A community that no list holds, a new one for example, needs no code: leave it empty and one is handed out. Grids and buildings share their community's.";
        optional: "选填", "optional";
        import: "批量导入", "Import a list";
        import_why: "CSV 文件，首行为“代码,名称,级别”；级别填区县、街道、社区、网格或楼栋。代码决定上下级，可乱序。任一行有误则全部不导入。最多 {rows} 行。", "A CSV file whose first line is code,name,level; level is district, street, community, grid or building. The codes say what lies below what, in any order. One wrong line, and nothing is imported. At most {rows} lines.";
        file: "CSV 文件", "CSV file";
        import_do: "导入", "Import";
        imported: "已导入 {added} 个辖区，{kept} 个已存在，未改动。", "{added} divisions imported; {kept} were there already and are unchanged.";
        import_faults: "未导入，请修改下列各行后重新上传", "Nothing was imported. Mend these lines and upload again";
        row_fault: "第 {row} 行：{what}", "Line {row}: {what}";
        more_faults: "另有 {count} 处。", "And {count} more.";
        end: "停用辖区…", "End the division…";
        end_why: "停用后不再出现在表单中，以往的记录保留。", "It no longer appears in forms; what was recorded stays.";
        ended: "已停用", "ended";
        since: "{from} 起", "since {from}";
        regimes: "管理办法", "Regimes";
        accounts_here: "在此新增账号", "Add an account here";
        titles: "岗位名称", "Role titles";
        history: "操作记录", "What was done";
        done_added: "已新增。", "Added.";
        done_saved: "已保存。", "Saved.";
        done_ended: "已停用。", "Ended.";
        bad_name: "请填写名称，最多 40 个字，不含不可见字符。", "Give a name of at most 40 characters without invisible ones.";
        bad_pattern: "文号格式须含 {year} 和 {number} 各一次，不含其他花括号，例如 芝复准〔{year}〕{number} 号。", "The pattern holds {year} and {number} once each and no other braces, for example No. {number} of {year}.";
        bad_level: "请选择可设在此处的级别。", "Choose a level that may lie here.";
        bad_code: "代码位数不对：区县 6 位，街道 9 位，社区 12 位数字。", "Wrong number of digits: a district has 6, a sub-district 9, a community 12.";
        code_outside: "代码不属于上级辖区：前几位须与上级代码相同。", "The code lies outside: its first digits must be those of the division above.";
        code_taken: "该代码已被使用。", "This code is in use.";
        code_full: "可分配的代码已用完，请填写统计代码。", "No code is left to hand out. Give the statistical one.";
        same_name: "同级已有同名辖区。", "A division of this name lies here already.";
        in_use: "尚不能停用", "It can't be ended yet";
        in_use_why: "仍有下级辖区 {below} 个、岗位 {posts} 个、企业 {enterprises} 家、场所 {premises} 处与其相关，请先迁移或终止。", "Still tied to it: {below} divisions below, {posts} posts, {enterprises} enterprises, {premises} premises. Move or end them first.";
        is_root: "这是您所在的辖区，不能停用。", "This is your own division; it can't be ended.";
        no_file: "请选择要导入的文件。", "Choose a file to import.";
        bad_header: "首行应为“代码,名称,级别”。", "The first line must be code,name,level.";
        too_many: "超过 {rows} 行，请分批导入。", "More than {rows} lines: import them in parts.";
        bad_row: "应有代码、名称、级别三列。", "Code, name and level are needed.";
        unknown_level: "级别应为 district、street、community、grid 或 building。", "The level must be district, street, community, grid or building.";
        no_parent: "找不到上级辖区：请先导入上级，或核对代码。", "The division above is missing: import it first, or check the code.";
        twice: "与前面某行的代码和级别重复。", "An earlier line has this code and level.";
    }
}

#[cfg(test)]
mod tests {
    use super::TreeWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        // What the machine reads is the same in every language: column names, levels, slots.
        let machine = ["import_why", "bad_header", "unknown_level", "bad_pattern", "pattern_help"];
        let faults: Vec<_> = faults(TreeWords::PAIRS)
            .into_iter()
            .filter(|fault| !machine.iter().any(|key| fault.starts_with(key)))
            .collect();
        assert_eq!(faults, Vec::<String>::new());
    }
}
