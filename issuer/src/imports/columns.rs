//! Which column means what: headers in Chinese or English, as offices write them.

use fugong_common::lang::Lang;
use sha2::{Digest, Sha256};

use super::grid::{Cell, Sheet};
use crate::fields::name_key;

/// What a sheet is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Enterprises,
    People,
}

impl Subject {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Enterprises => "enterprises",
            Self::People => "people",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        [Self::Enterprises, Self::People].into_iter().find(|subject| subject.code() == code)
    }

    /// The fields a sheet on this subject may have, in the template's order.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Enterprises => &[
                Field::Name,
                Field::Uscc,
                Field::NoCodeReason,
                Field::Kind,
                Field::Scale,
                Field::Industry,
                Field::Line,
                Field::Street,
                Field::Community,
                Field::Grid,
                Field::Address,
                Field::ResponsibleName,
                Field::ResponsiblePhone,
                Field::ContactName,
                Field::ContactPhone,
                Field::EpidemicOfficer,
                Field::EpidemicPhone,
                Field::SurveyState,
                Field::SurveyStaff,
                Field::SurveyPlannedOn,
            ],
            Self::People => &[
                Field::PersonName,
                Field::WorkerNumber,
                Field::Phone,
                Field::IdNumber,
                Field::Job,
                Field::CameFrom,
                Field::ReturnedOn,
                Field::NotBefore,
            ],
        }
    }
}

macro_rules! fields {
    ($($field:ident $code:literal $zh:literal $en:literal [$($alias:literal),*];)*) => {
        /// A column's meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $($field,)* }

        impl Field {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$field,)*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$field => $code,)* }
            }

            pub const fn title(self, lang: Lang) -> &'static str {
                match self { $(Self::$field => lang.of($zh, $en),)* }
            }

            /// Other headers that mean it, folded as by [`fold`].
            const fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$field => &[$($alias),*],)* }
            }

            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$field),)* _ => None }
            }
        }
    };
}

fields! {
    Name "name" "单位名称" "Enterprise" ["企业名称", "公司名称", "名称", "企业", "单位", "商户名称", "店名", "商铺名称", "店铺名称", "字号", "企业全称", "单位全称", "市场主体名称", "name", "company", "companyname", "enterprisename"];
    Uscc "uscc" "统一社会信用代码" "Credit code" ["社会信用代码", "信用代码", "统一信用代码", "统一代码", "营业执照号", "营业执照编号", "营业执照注册号", "执照号", "注册号", "机构代码", "uscc", "unifiedsocialcreditcode", "licence", "license", "licenseno"];
    NoCodeReason "no_code_reason" "没有代码的原因" "Why no code" ["无代码原因", "无照原因", "reasonfornocode", "nocodereason"];
    Kind "kind" "单位类型" "Kind" ["类型", "企业类型", "主体类型", "单位性质", "场所类型", "类别", "type"];
    Scale "scale" "规模" "Scale" ["企业规模", "规模类型", "规上规下", "是否规上", "是否规上企业", "是否四上", "size", "abovescale"];
    Industry "industry" "行业" "Industry" ["所属行业", "行业类别", "行业类型", "经营范围", "主营业务", "sector"];
    Line "line" "行业主管部门" "Department in charge" ["主管部门", "行业部门", "部门条线", "条线", "department"];
    Street "street" "街道（园区）" "Sub-district" ["街道", "镇街", "乡镇", "乡镇街道", "街道乡镇", "园区", "所属街道", "所在街道", "属地街道", "属地", "street", "subdistrict", "town"];
    Community "community" "社区" "Community" ["所属社区", "所在社区", "村居", "村社区", "社区村", "居委会", "village"];
    Grid "grid" "网格" "Grid" ["所属网格", "所在网格", "网格名称", "网格编号"];
    Address "address" "经营地址" "Address" ["地址", "经营场所", "经营场所地址", "生产经营地址", "实际经营地址", "场所地址", "厂址", "详细地址", "单位地址", "企业地址", "注册地址", "住所", "siteaddress"];
    ResponsibleName "responsible_name" "主要负责人" "Responsible person" ["负责人", "法定代表人", "法人", "法人代表", "企业负责人", "单位负责人", "经营者", "业主", "店主", "负责人姓名", "responsible", "owner", "legalrepresentative"];
    ResponsiblePhone "responsible_phone" "负责人电话" "Responsible person's telephone" ["负责人联系电话", "负责人手机", "负责人联系方式", "法人电话", "法人联系电话", "经营者电话", "业主电话", "ownerphone", "responsiblephone"];
    ContactName "contact_name" "经办人" "Contact" ["联系人", "联络人", "联络员", "企业联系人", "联系人姓名", "填报人", "contactname", "contactperson"];
    ContactPhone "contact_phone" "经办人电话" "Contact's telephone" ["联系电话", "联系方式", "电话", "手机", "手机号", "联系人电话", "联系人手机", "联系人联系电话", "联系人联系方式", "phone", "telephone", "mobile", "tel", "contactphone"];
    EpidemicOfficer "epidemic_officer" "防疫专员" "Epidemic officer" ["防疫负责人", "疫情防控负责人", "防控负责人", "防疫责任人", "卫生员", "epidemicofficer"];
    EpidemicPhone "epidemic_phone" "防疫专员电话" "Epidemic officer's telephone" ["防疫负责人电话", "防控负责人电话", "防疫专员手机", "epidemicphone"];
    SurveyState "survey_state" "复工状态" "State" ["复工情况", "是否复工", "复工复产情况", "复工复产状态", "营业状态", "经营状态", "状态", "status"];
    SurveyStaff "survey_staff" "员工人数" "Staff" ["人数", "职工人数", "员工总数", "职工总数", "从业人数", "用工人数", "在职人数", "员工数", "employees", "headcount"];
    SurveyPlannedOn "survey_planned_on" "计划复工日期" "Means to reopen on" ["拟复工日期", "拟复工时间", "计划复工时间", "预计复工时间", "预计复工日期", "复工日期", "复工时间", "planneddate", "plannedreopening"];
    PersonName "person_name" "姓名" "Name" ["员工姓名", "人员姓名", "职工姓名", "员工", "名字", "fullname", "employee", "employeename"];
    WorkerNumber "worker_number" "工号" "Worker number" ["员工编号", "员工号", "职工号", "人员编号", "编号", "职号", "employeeid", "employeeno", "staffid", "workerno", "id"];
    Phone "phone" "手机" "Telephone" ["手机号", "手机号码", "联系电话", "电话", "联系方式", "电话号码", "本人电话", "phone", "mobile", "tel", "phonenumber"];
    IdNumber "id_number" "证件号码" "Identity number" ["身份证", "身份证号", "身份证号码", "居民身份证号码", "证件号", "公民身份号码", "idcard", "idno", "identitycard"];
    Job "job" "岗位" "Job" ["职务", "工种", "部门岗位", "部门", "岗位职务", "工作岗位", "车间", "position", "title", "role", "post"];
    CameFrom "came_from" "返岗前所在地" "Stayed before in" ["来自", "返回前所在地", "返岗前居住地", "出发地", "返程出发地", "春节期间所在地", "假期所在地", "何地返回", "从何地返回", "旅居地", "from", "camefrom"];
    ReturnedOn "returned_on" "返岗日期" "Returned on" ["返岗时间", "返回日期", "返回时间", "返程日期", "返程时间", "返烟日期", "返深日期", "到达日期", "到岗日期", "上岗日期", "returndate", "returned", "returnedon"];
    NotBefore "not_before" "可入场日期" "Let in from" ["允许入场日期", "隔离期满日期", "解除隔离日期", "可上岗日期", "可返岗日期", "notbefore", "letinfrom"];
}

/// A header folded for comparison: no blanks, marks or remarks in brackets, lower case.
pub fn fold(header: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for c in name_key(header).chars() {
        match c {
            '(' | '[' | '【' | '〔' => depth += 1,
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            _ if depth == 0 && c.is_alphanumeric() => out.push(c),
            _ => {}
        }
    }
    out
}

/// The field a header names, if any.
pub fn field_of(subject: Subject, header: &str) -> Option<Field> {
    let folded = fold(header);
    if folded.is_empty() {
        return None;
    }
    subject.fields().iter().copied().find(|field| {
        folded == fold(field.title(Lang::Zh))
            || folded == fold(field.title(Lang::En))
            || field.aliases().contains(&folded.as_str())
    })
}

/// Rows searched for headers: titles, remarks and blank lines stand above them.
const SEARCHED_ROWS: usize = 15;

/// The row (from 0) in which most headers are known; `None` if none has two, or one alone.
pub fn find_header_row(subject: Subject, sheet: &Sheet) -> Option<usize> {
    let known = |row: &[Cell]| {
        let mut found: Vec<Field> =
            row.iter().filter_map(|cell| field_of(subject, &cell.text())).collect();
        found.sort_unstable();
        found.dedup();
        found.len()
    };
    sheet
        .rows
        .iter()
        .take(SEARCHED_ROWS)
        .enumerate()
        .map(|(at, row)| (known(row), at, row.len()))
        .filter(|(known, _, width)| *known >= 2 || (*known == 1 && *width == 1))
        .max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)))
        .map(|(_, at, _)| at)
}

/// Column by column, what it means. No field is given twice: the first column has it.
pub fn guess(subject: Subject, headers: &[String]) -> Vec<Option<Field>> {
    let mut taken = Vec::new();
    headers
        .iter()
        .map(|header| {
            let field = field_of(subject, header).filter(|field| !taken.contains(field))?;
            taken.push(field);
            Some(field)
        })
        .collect()
}

/// Headers of a sheet at a row, one for each column that holds anything.
pub fn headers(sheet: &Sheet, header_row: usize) -> Vec<String> {
    let width = sheet.rows.iter().skip(header_row).map(Vec::len).max().unwrap_or(0);
    let row = sheet.rows.get(header_row);
    (0..width)
        .map(|at| row.and_then(|row| row.get(at)).map(Cell::text).unwrap_or_default())
        .collect()
}

/// What a set of headers is remembered by.
pub fn digest(headers: &[String]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for header in headers {
        let folded = fold(header);
        hash.update(folded.len().to_be_bytes());
        hash.update(folded.as_bytes());
    }
    hash.finalize().to_vec()
}

/// A mapping as stored: codes by column, empty where a column is left out.
pub fn to_codes(mapping: &[Option<Field>]) -> Vec<String> {
    mapping.iter().map(|field| field.map_or("", Field::code).to_owned()).collect()
}

/// A stored or chosen mapping for a subject; unknown codes and repetitions are left out.
pub fn from_codes(subject: Subject, codes: &[String]) -> Vec<Option<Field>> {
    let mut taken = Vec::new();
    codes
        .iter()
        .map(|code| {
            let field = Field::parse(code)
                .filter(|field| subject.fields().contains(field) && !taken.contains(field))?;
            taken.push(field);
            Some(field)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::grid::Value;

    fn sheet(rows: &[&[&str]]) -> Sheet {
        let cell = |text: &&str| Cell::of(Value::Text((*text).to_owned()));
        Sheet {
            rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
            ..Sheet::default()
        }
    }

    #[test]
    fn every_field_is_found_by_its_own_titles_and_no_alias_means_two() {
        for subject in [Subject::Enterprises, Subject::People] {
            let mut seen = Vec::new();
            for field in subject.fields() {
                assert_eq!(field_of(subject, field.title(Lang::Zh)), Some(*field));
                assert_eq!(field_of(subject, field.title(Lang::En)), Some(*field));
                for alias in field.aliases() {
                    assert_eq!(*alias, fold(alias), "aliases are written folded");
                    assert_eq!(field_of(subject, alias), Some(*field), "{alias}");
                    assert!(!seen.contains(alias), "{alias}");
                    seen.push(*alias);
                }
            }
        }
        assert_eq!(Field::ALL.len(), 28);
    }

    #[test]
    fn remarks_marks_and_blanks_in_headers_do_not_matter() {
        for header in ["企业名称（全称，必填）", "*企业 名称：", "企业名称\n", "【必填】企业名称"]
        {
            assert_eq!(field_of(Subject::Enterprises, header), Some(Field::Name), "{header}");
        }
        assert_eq!(field_of(Subject::Enterprises, "备注"), None);
        assert_eq!(field_of(Subject::People, " E-mail "), None);
    }

    #[test]
    fn headers_are_found_below_titles_and_remarks() {
        let sheet = sheet(&[
            &["芝罘区企业复工台账"],
            &["填报单位：", "", "名称"],
            &["序号", "企业名称", "统一社会信用代码", "联系电话"],
            &["1", "示例", "x", "y"],
        ]);
        assert_eq!(find_header_row(Subject::Enterprises, &sheet), Some(2));
        let headers = headers(&sheet, 2);
        assert_eq!(
            guess(Subject::Enterprises, &headers),
            [None, Some(Field::Name), Some(Field::Uscc), Some(Field::ContactPhone)]
        );
    }

    #[test]
    fn a_sheet_without_known_headers_has_no_header_row() {
        let sheet = sheet(&[&["a", "b"], &["c", "d"]]);
        assert_eq!(find_header_row(Subject::People, &sheet), None);
    }

    #[test]
    fn a_mapping_survives_being_stored_and_gives_no_field_twice() {
        let codes = ["name", "", "uscc", "name", "phone", "nonsense"].map(str::to_owned);
        let mapping = from_codes(Subject::Enterprises, &codes);
        assert_eq!(mapping, [Some(Field::Name), None, Some(Field::Uscc), None, None, None]);
        assert_eq!(from_codes(Subject::Enterprises, &to_codes(&mapping)), mapping);
    }

    #[test]
    fn the_same_headers_are_known_again() {
        let headers =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            digest(&headers(&["企业名称*", "代码"])),
            digest(&headers(&["企业 名称", "代码"]))
        );
        assert_ne!(digest(&headers(&["ab", "c"])), digest(&headers(&["a", "bc"])));
    }
}
