//! Enterprises as a spreadsheet, under the headers that an import knows: what goes out can come
//! back in.

use std::collections::HashMap;

use axum::extract::Query;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::Millis;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Deserialize;

use super::store::{self, Enterprise};
use super::{Kind, SurveyState};
use crate::authz::{Action, Bounds, Place};
use crate::db::{Db, DbError};
use crate::divisions::{self, Scale};
use crate::imports::columns::{Field, Subject};
use crate::premises;
use crate::web::Page;

/// Rows read at once.
const ROWS: i64 = 2000;

/// A table ready to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub headers: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// The enterprises within bounds, by the fields of an import; `progress` is told how many were read.
pub async fn collect(
    db: &Db,
    bounds: &Bounds,
    lang: Lang,
    now: Millis,
    progress: impl Fn(usize),
) -> Result<Table, DbError> {
    let fields = Subject::Enterprises.fields();
    let mut table =
        Table { headers: fields.iter().map(|field| field.title(lang)).collect(), rows: Vec::new() };
    // One consistent view from the first row to the last.
    let mut tx = db.read().await?;
    let everything = Bounds { from: String::new(), to: "\u{10ffff}".into(), own: String::new() };
    let nodes: HashMap<String, (String, String)> =
        divisions::store::list_within(&mut tx, &everything, now)
            .await?
            .into_iter()
            .map(|node| (node.id, (node.level, node.name)))
            .collect();
    let mut after = String::new();
    loop {
        let page = store::list_rows(&mut tx, bounds, &after, ROWS).await?;
        let Some(last) = page.last() else { return Ok(table) };
        let addresses: HashMap<String, String> =
            premises::store::list_addresses(&mut tx, &after, &last.id, now)
                .await?
                .into_iter()
                .rev()
                .collect();
        after.clone_from(&last.id);
        for row in &page {
            let places = Levels::of(&row.division_path, &nodes);
            let address = addresses.get(&row.id).map_or("", String::as_str);
            table.rows.push(
                fields.iter().map(|field| value(*field, row, &places, address, lang)).collect(),
            );
        }
        progress(table.rows.len());
    }
}

#[derive(Default)]
struct Levels<'a> {
    street: &'a str,
    community: &'a str,
    grid: &'a str,
}

impl<'a> Levels<'a> {
    fn of(path: &str, nodes: &'a HashMap<String, (String, String)>) -> Self {
        let mut levels = Self::default();
        for (level, name) in path.split('/').filter_map(|id| nodes.get(id)) {
            match level.as_str() {
                "street" => levels.street = name,
                "community" => levels.community = name,
                "grid" => levels.grid = name,
                _ => {}
            }
        }
        levels
    }
}

fn value(field: Field, row: &Enterprise, places: &Levels<'_>, address: &str, lang: Lang) -> String {
    let surveyed = row.surveyed_at > 0;
    match field {
        Field::Name => &row.name,
        Field::Uscc => return row.uscc.clone().unwrap_or_default(),
        Field::NoCodeReason => &row.no_code_reason,
        Field::Kind => return Kind::say(&row.kind, lang),
        Field::Scale => {
            return Scale::parse(&row.scale).map_or("", |scale| scale.title(lang)).to_owned();
        }
        Field::Industry => &row.industry,
        Field::Line => &row.line,
        Field::Street => places.street,
        Field::Community => places.community,
        Field::Grid => places.grid,
        Field::Address => address,
        Field::ResponsibleName => &row.responsible_name,
        Field::ResponsiblePhone => &row.responsible_phone,
        Field::ContactName => &row.contact_name,
        Field::ContactPhone => &row.contact_phone,
        Field::EpidemicOfficer => &row.epidemic_officer,
        Field::EpidemicPhone => &row.epidemic_phone,
        Field::SurveyState => {
            let state = SurveyState::parse(&row.survey_state);
            return state.map_or("", |state| state.title(lang)).to_owned();
        }
        Field::SurveyStaff if surveyed => return row.survey_staff.to_string(),
        Field::SurveyPlannedOn => &row.survey_planned_on,
        _ => "",
    }
    .to_owned()
}

/// A table as XLSX. Every cell is a text: nothing in it is ever computed.
pub fn xlsx(table: &Table, sheet_name: &str) -> Result<Vec<u8>, XlsxError> {
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(sheet_name)?;
    sheet.set_freeze_panes(1, 1)?;
    for (at, header) in (0_u16..).zip(&table.headers) {
        sheet.write_string_with_format(0, at, *header, &bold)?;
        sheet.set_column_width(at, 20)?;
    }
    for (row, cells) in (1_u32..).zip(&table.rows) {
        for (at, cell) in (0_u16..).zip(cells) {
            if !cell.is_empty() {
                sheet.write_string_with_format(row, at, cell, &text)?;
            }
        }
    }
    workbook.save_to_buffer()
}

/// A table as CSV in UTF-8 with a mark, as spreadsheet programs expect it. A cell that a program
/// would compute begins with an apostrophe.
pub fn csv(table: &Table) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(vec![0xef, 0xbb, 0xbf]);
    writer.write_record(&table.headers)?;
    for row in &table.rows {
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportQuery {
    division: String,
}

pub(super) async fn download(
    page: Page,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let chosen =
        if query.division.is_empty() { &page.actor.post.division_id } else { &query.division };
    let mut tx = page.app.db().write().await?;
    let division = divisions::store::find(&mut tx, chosen).await?.ok_or_else(Problem::not_found)?;
    let place = Place::in_division(&division.path);
    page.require(Action::ImportEnterprises, place)?;
    page.record(&mut tx, "enterprise.export", ("division", &division.id), &division.id, "").await?;
    tx.commit().await?;
    let bounds = crate::authz::Reach::Division(division.path).bounds();
    let table = collect(page.app.db(), &bounds, page.lang, page.now, |_| {}).await?;
    let name = page.lang.of("企业台账", "Enterprises");
    let bytes = tokio::task::spawn_blocking(move || xlsx(&table, name))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)?;
    let mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok((
        [
            (header::CONTENT_TYPE, mime),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"enterprises.xlsx\""),
            (header::CACHE_CONTROL, "no-store"),
        ],
        bytes,
    )
        .into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_csv_file_computes() {
        let table = Table {
            headers: vec!["单位名称"],
            rows: vec![
                vec!["=HYPERLINK(\"x\")".into()],
                vec!["+8613800000000".into()],
                vec!["示例".into()],
            ],
        };
        let bytes = csv(&table).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines, ["单位名称", "\"'=HYPERLINK(\"\"x\"\")\"", "'+8613800000000", "示例"]);
    }
}
