//! A list of divisions from a file: all of it, or nothing.

use std::collections::{HashMap, HashSet};

use fugong_common::lang::Lang;
use fugong_common::person::clean_name;
use fugong_common::time::Millis;

use super::node::has_own_code;
use super::store::{self, Division, NewDivision};
use super::words::TreeWords;
use super::{Level, parse_code};
use crate::app::App;
use crate::authz::Bounds;
use crate::db::{DbError, Tx};

/// More rows than any city has communities.
pub const MOST_ROWS: usize = 20_000;

/// Why a row, or the whole file, is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Header,
    TooMany,
    Row,
    Level,
    Code,
    Name,
    NoParent,
    Twice,
}

impl Fault {
    pub(super) fn say(self, lang: Lang) -> String {
        let w = TreeWords::of(lang);
        match self {
            Self::TooMany => fugong_common::words::fill(w.too_many, &[("rows", &MOST_ROWS)]),
            Self::Header => w.bad_header.to_owned(),
            Self::Row => w.bad_row.to_owned(),
            Self::Level => w.unknown_level.to_owned(),
            Self::Code => w.bad_code.to_owned(),
            Self::Name => w.bad_name.to_owned(),
            Self::NoParent => w.no_parent.to_owned(),
            Self::Twice => w.twice.to_owned(),
        }
    }
}

/// A row as it may become a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Line of the file, from 1.
    pub line: usize,
    pub level: Level,
    pub code: String,
    pub name: String,
}

/// Where something is wrong: line of the file (1 for the file as a whole), and what.
pub(super) type Faults = Vec<(usize, Fault)>;

/// Reads the file's rows; UTF-8 with or without mark, or GB18030 as older spreadsheets write it.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Row>, Faults> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_or_else(
        |_| encoding_rs::GB18030.decode_without_bom_handling(bytes).0,
        std::borrow::Cow::Borrowed,
    );
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    let mut records = reader.records();
    let header = records.next().and_then(Result::ok);
    let Some(columns) = header.as_ref().and_then(Columns::find) else {
        return Err(vec![(1, Fault::Header)]);
    };
    for (at, record) in records.enumerate() {
        if at >= MOST_ROWS {
            return Err(vec![(1, Fault::TooMany)]);
        }
        let line = record
            .as_ref()
            .ok()
            .and_then(csv::StringRecord::position)
            .map_or(at + 2, |place| usize::try_from(place.line()).unwrap_or(at + 2));
        match record.map_err(|_| Fault::Row).and_then(|record| columns.read(line, &record)) {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push((line, fault)),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}

/// Where code, name and level stand, by their titles in either language.
struct Columns {
    code: usize,
    name: usize,
    level: usize,
}

impl Columns {
    fn find(header: &csv::StringRecord) -> Option<Self> {
        let of = |titles: [&str; 2]| {
            header.iter().position(|title| titles.contains(&title.to_ascii_lowercase().as_str()))
        };
        Some(Self {
            code: of(["代码", "code"])?,
            name: of(["名称", "name"])?,
            level: of(["级别", "level"])?,
        })
    }

    fn read(&self, line: usize, record: &csv::StringRecord) -> Result<Row, Fault> {
        let cell = |at| record.get(at).ok_or(Fault::Row);
        let (code, name) = (cell(self.code)?, cell(self.name)?);
        let level = level_of(cell(self.level)?).ok_or(Fault::Level)?;
        let code = parse_code(level, code).ok_or(Fault::Code)?;
        let name = clean_name(name).map_err(|_| Fault::Name)?;
        Ok(Row { line, level, code, name: name.as_str().to_owned() })
    }
}

/// A level by its code or its title, with or without what the title adds in brackets.
fn level_of(text: &str) -> Option<Level> {
    let plain = |title: &'static str| title.split('（').next().unwrap_or(title);
    Level::parse(&text.to_ascii_lowercase()).or_else(|| {
        Level::ALL.into_iter().find(|level| {
            let title = level.title(Lang::Zh);
            text == title || text == plain(title) || text == level.title(Lang::En)
        })
    })
}

/// A node that the file adds: its parent stands in the tree, or earlier in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub row: Row,
    /// Place of the parent: in the tree by its id, or among the planned nodes.
    pub parent: Parent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parent {
    Known(String),
    Planned(usize),
}

/// What a file would do to a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub added: Vec<Planned>,
    /// Rows that the tree holds already.
    pub kept: usize,
}

/// Level and code of what a row lies below; the code says it. A building of a list lies below its
/// community: grids share their code, so a list cannot name one.
fn parent_place(level: Level, code: &str) -> Option<(Level, String)> {
    let parent = match level {
        Level::City => return None,
        Level::District => Level::City,
        Level::Street => Level::District,
        Level::Community => Level::Street,
        Level::Grid | Level::Building => Level::Community,
    };
    let head = code.get(..parent.code_digits())?;
    Some((parent, format!("{head:0<12}")))
}

/// Finds each row's parent by its code; `tree` are the running nodes within reach.
pub(super) fn plan(mut rows: Vec<Row>, tree: &[Division]) -> Result<Plan, Faults> {
    rows.sort_by(|a, b| (a.level, &a.code, a.line).cmp(&(b.level, &b.code, b.line)));
    // Grids and buildings share codes, so their names tell them apart.
    let key = |level: Level, code: &str, name: &str| {
        (level, code.to_owned(), if has_own_code(level) { String::new() } else { name.to_owned() })
    };
    let known: HashSet<_> = tree
        .iter()
        .filter_map(|node| Some(key(node.level().ok()?, &node.code, &node.name)))
        .collect();
    let mut places: HashMap<(Level, String), Parent> = tree
        .iter()
        .filter_map(|node| {
            let level = node.level().ok().filter(|level| has_own_code(*level))?;
            Some(((level, node.code.clone()), Parent::Known(node.id.clone())))
        })
        .collect();
    let (mut plan, mut faults) = (Plan::default(), Vec::new());
    let mut planned = HashSet::new();
    for row in rows {
        let own = key(row.level, &row.code, &row.name);
        if known.contains(&own) {
            plan.kept += 1;
            continue;
        }
        if !planned.insert(own) {
            faults.push((row.line, Fault::Twice));
            continue;
        }
        let Some(parent) =
            parent_place(row.level, &row.code).and_then(|at| places.get(&at)).cloned()
        else {
            faults.push((row.line, Fault::NoParent));
            continue;
        };
        if has_own_code(row.level) {
            places.insert((row.level, row.code.clone()), Parent::Planned(plan.added.len()));
        }
        plan.added.push(Planned { row, parent });
    }
    faults.sort_by_key(|(line, _)| *line);
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// Adds a plan's nodes in the caller's transaction.
pub(super) async fn apply(
    app: &App,
    tx: &mut Tx,
    plan: &Plan,
    tree: &[Division],
    now: Millis,
) -> Result<(), DbError> {
    let known: HashMap<&str, &Division> =
        tree.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut made: Vec<Division> = Vec::with_capacity(plan.added.len());
    for planned in &plan.added {
        let parent = match &planned.parent {
            Parent::Known(id) => known.get(id.as_str()).copied(),
            Parent::Planned(at) => made.get(*at),
        };
        let parent = parent.cloned().ok_or(DbError::Reference)?;
        let id = app.new_id();
        let new = NewDivision {
            id: &id,
            parent: Some(&parent),
            level: planned.row.level,
            code: &planned.row.code,
            name: &planned.row.name,
            zone: &parent.zone,
            hotline: "",
            document_pattern: "",
            valid_from: now,
        };
        store::insert(tx, new).await?;
        made.push(Division {
            path: format!("{}{id}/", parent.path),
            id,
            parent_id: Some(parent.id),
            level: planned.row.level.code().to_owned(),
            code: planned.row.code.clone(),
            name: planned.row.name.clone(),
            ..parent
        });
    }
    Ok(())
}

/// The running nodes that rows may hang below.
pub(super) async fn tree(
    tx: &mut Tx,
    bounds: &Bounds,
    now: Millis,
) -> Result<Vec<Division>, DbError> {
    store::list_within(tx, bounds, now).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::Reach;
    use crate::testing;

    const LIST: &str = "code,name,level\n370602002001,西山社区,community\n370602002,东山街道,street\n\
                        370602002001,第一网格,grid\n370602001001,第一社区,community\n";

    #[tokio::test]
    async fn a_list_in_any_order_becomes_nodes_below_each_other() {
        let t = testing::app().await;
        testing::divisions(&t.app).await;
        let bounds = Reach::Division("/zf/".into()).bounds();
        let mut tx = t.app.db().write().await.unwrap();
        let known = tree(&mut tx, &bounds, testing::NOW).await.unwrap();
        let plan = plan(parse(LIST.as_bytes()).unwrap(), &known).unwrap();
        assert_eq!((plan.added.len(), plan.kept), (3, 1));
        apply(&t.app, &mut tx, &plan, &known, testing::NOW).await.unwrap();
        let now = tree(&mut tx, &bounds, testing::NOW).await.unwrap();
        let grid = now.iter().find(|n| n.level == "grid" && n.code == "370602002001").unwrap();
        let names: Vec<_> = store::ancestry(&mut tx, &grid.path).await.unwrap();
        let names: Vec<_> = names.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["芝罘区", "东山街道", "西山社区", "第一网格"]);
    }

    #[test]
    fn every_faulty_line_is_named_by_its_number() {
        let text = "code,name,level\n37060200,短,street\n370602003,甲街道,town\n,,\n370602004,\u{202e},street\n";
        assert_eq!(
            parse(text.as_bytes()).unwrap_err(),
            [(2, Fault::Code), (3, Fault::Level), (4, Fault::Level), (5, Fault::Name)]
        );
        assert_eq!(parse(b"a,b\n").unwrap_err(), [(1, Fault::Header)]);
        let rows = parse(b"code,name,level\n370602009001,x,community\n").unwrap();
        assert_eq!(plan(rows, &[]).unwrap_err(), [(2, Fault::NoParent)]);
    }

    #[test]
    fn titles_and_levels_are_understood_in_either_language_and_in_any_order() {
        let chinese = "名称,级别,代码\n东山街道,街道,370602002\n西山社区,社区,370602002001\n";
        let english =
            "Code,Name,Level\n370602002,东山街道,street\n370602002001,西山社区,Community\n";
        assert_eq!(parse(chinese.as_bytes()).unwrap(), parse(english.as_bytes()).unwrap());
        let whole = "代码,名称,级别\n370602002,东山街道,街道（园区）\n";
        assert_eq!(parse(whole.as_bytes()).unwrap()[0].level, Level::Street);
    }

    #[test]
    fn files_of_older_spreadsheets_are_read_too() {
        let (bytes, _, _) =
            encoding_rs::GB18030.encode("code,name,level\n370602003,东山街道,street\n");
        assert_eq!(parse(&bytes).unwrap().first().unwrap().name, "东山街道");
    }

    #[test]
    fn a_list_without_end_is_refused() {
        let mut text = String::from("code,name,level\n");
        for _ in 0..=MOST_ROWS {
            text.push_str("370602003,甲,street\n");
        }
        assert_eq!(parse(text.as_bytes()).unwrap_err(), [(1, Fault::TooMany)]);
    }
}
