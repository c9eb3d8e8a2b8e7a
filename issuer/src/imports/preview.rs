//! One import's page: as understood, running, or what became of it.

use askama::Template;
use axum::extract::{Form, Path};
use axum::response::Response;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;

use super::ImportWords;
use super::columns::{Field, Subject};
use super::job::{self, Reading};
use super::pages::{find, form_of, problem};
use super::plan::{Failure, Policy, Sample};
use super::store::{Import, State};
use super::upkeep;
use crate::enterprises::choices::Choice;
use crate::fields::{self, Sent};
use crate::web::{Frame, Nav, Page, html, html_form, see_other};

/// Rows offered as header rows.
const HEADER_ROWS: usize = 20;

struct Column {
    at: usize,
    header: String,
    choices: Vec<Choice>,
}

struct Shown {
    row: usize,
    cells: Vec<ShownCell>,
    faults: Vec<String>,
}

struct ShownCell {
    /// The column's title, beside the value on a phone.
    title: &'static str,
    text: String,
    note: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "imports/preview.html")]
struct PreviewPage {
    frame: Frame,
    w: &'static ImportWords,
    import: Import,
    is_people: bool,
    sheets: Vec<Choice>,
    header_rows: Vec<Choice>,
    columns: Vec<Column>,
    titles: Vec<&'static str>,
    samples: Vec<Shown>,
    bad_samples: Vec<Shown>,
    policies: Vec<Choice>,
    figures: String,
    notes: Vec<String>,
    warning: String,
    error: String,
    needs_confirmation: bool,
    confirm: String,
    start: String,
    may_start: bool,
}

#[derive(Template)]
#[template(path = "imports/progress.html")]
struct ProgressPage {
    frame: Frame,
    w: &'static ImportWords,
    import: Import,
    total: i64,
    running: String,
    cut_off: bool,
}

#[derive(Template)]
#[template(path = "imports/result.html")]
struct ResultPage {
    frame: Frame,
    w: &'static ImportWords,
    import: Import,
    is_people: bool,
    failed: &'static str,
    unplaced: String,
    download: String,
    until: String,
    form: String,
}

pub(super) async fn show(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut tx = page.app.db().read().await?;
    let import = find(&page, &mut tx, &id).await?;
    drop(tx);
    render(&page, import, "")
}

fn nav(import: &Import) -> Nav {
    match import.subject {
        Subject::Enterprises => Nav::Enterprises,
        Subject::People => Nav::People,
    }
}

fn render(page: &Page, import: Import, error: &str) -> Result<Response, Problem> {
    let w = ImportWords::of(page.lang);
    let frame = page.frame(nav(&import));
    match import.state {
        State::Previewed => html_form(&preview(page, frame, import, error), !error.is_empty()),
        State::Running => {
            let total = import.total - import.bad;
            let running = fill(w.running, &[("done", &import.done), ("total", &total)]);
            let cut_off = import.is_cut_off(page.now);
            html(&ProgressPage { frame, w, import, total, running, cut_off })
        }
        State::Finished | State::Failed => html(&ResultPage {
            frame,
            w,
            is_people: import.subject == Subject::People,
            failed: why_failed(&import, w),
            unplaced: match import.summary.taken.unplaced {
                0 => String::new(),
                n => fill(w.unplaced, &[("n", &n)]),
            },
            download: fill(w.download_bad, &[("n", &import.bad)]),
            until: fill(
                w.bad_until,
                &[("time", &page.zone().say_time(page.lang, import.expires_at, page.now))],
            ),
            form: form_of(&import),
            import,
        }),
    }
}

/// Why an import ended before its end; empty if it didn't.
fn why_failed(import: &Import, w: &'static ImportWords) -> &'static str {
    match (import.state, import.summary.failure) {
        (State::Failed, Failure::Replaced) => w.replaced_why,
        (State::Failed, _) => w.failed_why,
        _ => "",
    }
}

fn preview(page: &Page, frame: Frame, import: Import, error: &str) -> PreviewPage {
    let (w, lang) = (ImportWords::of(page.lang), page.lang);
    let summary = &import.summary;
    let counts = summary.preview;
    let info = summary.sheets.get(summary.sheet);
    let sheets = summary
        .sheets
        .iter()
        .enumerate()
        .map(|(at, sheet)| {
            let name = if sheet.name.is_empty() { w.csv_sheet } else { &sheet.name };
            let label = fill(w.sheet_option, &[("name", &name), ("rows", &sheet.rows)]);
            Choice::new(at.to_string(), label, &summary.sheet.to_string())
        })
        .collect();
    let header_row = summary.header_row.unwrap_or(0).to_string();
    let rows = info.map_or(1, |info| info.rows).min(HEADER_ROWS);
    let header_rows = (0..rows)
        .map(|at| Choice::new(at.to_string(), (at + 1).to_string(), &header_row))
        .collect();
    let columns = summary
        .headers
        .iter()
        .enumerate()
        .map(|(at, header)| {
            let chosen = summary.mapping.get(at).map_or("", String::as_str);
            let fields = import
                .subject
                .fields()
                .iter()
                .map(|field| Choice::new(field.code(), field.title(lang), chosen));
            let none = Choice::new("", w.left_out, chosen);
            Column {
                at,
                header: header.clone(),
                choices: [none].into_iter().chain(fields).collect(),
            }
        })
        .collect();
    let titles: Vec<_> = summary
        .mapping
        .iter()
        .filter_map(|code| Field::parse(code))
        .map(|field| field.title(lang))
        .collect();
    let name = match import.subject {
        Subject::Enterprises => Field::Name,
        Subject::People => Field::PersonName,
    };
    let has_name = summary.mapping.iter().any(|code| code == name.code());
    let warning = if has_name {
        String::new()
    } else if summary.header_row.is_none() {
        w.no_headers.to_owned()
    } else {
        fill(w.need_name, &[("field", &name.title(lang))])
    };
    let mut notes = Vec::new();
    for (n, note) in [
        (usize::try_from(counts.guessed).unwrap_or_default(), w.guessed),
        (info.map_or(0, |info| info.formulas), w.formulas),
        (info.map_or(0, |info| info.merged), w.merged),
    ] {
        if n > 0 {
            notes.push(fill(note, &[("n", &n)]));
        }
    }
    if summary.remembered {
        notes.push(w.remembered.to_owned());
    }
    let to_take = counts.added + counts.changed + counts.same;
    PreviewPage {
        frame,
        w,
        is_people: import.subject == Subject::People,
        sheets,
        header_rows,
        columns,
        samples: summary.samples.iter().map(|sample| shown(sample, &titles, w)).collect(),
        bad_samples: summary.bad_samples.iter().map(|sample| shown(sample, &titles, w)).collect(),
        titles,
        policies: Policy::ALL
            .iter()
            .map(|policy| Choice::new(policy.code(), policy.title(lang), summary.policy.code()))
            .collect(),
        figures: fill(w.figures, &[("total", &import.total)]),
        notes,
        warning,
        error: error.to_owned(),
        needs_confirmation: counts.needs_confirmation(),
        confirm: fill(w.confirm_left, &[("n", &counts.leaving), ("on", &counts.on_roster)]),
        start: fill(w.start, &[("n", &to_take)]),
        may_start: has_name && to_take > 0,
        import,
    }
}

fn shown(sample: &Sample, titles: &[&'static str], w: &'static ImportWords) -> Shown {
    let titles = titles.iter().copied().chain(std::iter::repeat(""));
    let cells = sample
        .cells
        .iter()
        .zip(titles)
        .map(|((text, note), title)| {
            let (note, tone) = match note.as_str() {
                "formula" => (w.note_formula, "unk"),
                "merged" => (w.note_merged, "unk"),
                "guessed" => (w.note_guessed, "step"),
                _ => ("", ""),
            };
            ShownCell { title, text: text.clone(), note, tone }
        })
        .collect();
    Shown { row: sample.row, cells, faults: sample.faults.clone() }
}

/// The preview's form as sent: `column_3` names the fourth column's field.
fn reading(import: &Import, sent: &Sent) -> Reading {
    let summary = &import.summary;
    Reading {
        sheet: sent.value("sheet").parse().unwrap_or(summary.sheet),
        header_row: sent.value("header_row").parse().unwrap_or(summary.header_row.unwrap_or(0)),
        mapping: (0..summary.headers.len())
            .map(|at| sent.value(&format!("column_{at}")).to_owned())
            .collect(),
        policy: Policy::parse(sent.value("policy")).unwrap_or_default(),
        full: sent.value("full") == "yes",
        no_code_reason: fields::line(sent.value("no_code_reason")).unwrap_or_default(),
    }
}

fn is_unchanged(import: &Import, reading: &Reading) -> bool {
    let summary = &import.summary;
    reading.sheet == summary.sheet
        && reading.header_row == summary.header_row.unwrap_or(0)
        && reading.mapping == summary.mapping
        && reading.policy == summary.policy
        && reading.full == summary.full
        && reading.no_code_reason == summary.no_code_reason
}

/// Reads the sheet again as chosen, or begins to take it in: only what was shown is taken.
pub(super) async fn choose(
    page: Page,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let w = ImportWords::of(page.lang);
    let mut tx = page.app.db().read().await?;
    let mut import = find(&page, &mut tx, &id).await?;
    drop(tx);
    let here = format!("/imports/{id}");
    if import.state != State::Previewed {
        return Ok(see_other(&here));
    }
    let reading = reading(&import, &sent);
    // What can't be read of the reason is said over what was typed; the rest is as chosen.
    if let Err(error) = fields::line(sent.value("no_code_reason")) {
        job::read_again(&page.app, &mut import, reading).await.map_err(problem)?;
        sent.value("no_code_reason").clone_into(&mut import.summary.no_code_reason);
        return render(&page, import, &error.say(page.lang));
    }
    let unchanged = is_unchanged(&import, &reading);
    if !sent.has("start") || !unchanged {
        job::read_again(&page.app, &mut import, reading).await.map_err(problem)?;
        if sent.has("start") {
            return render(&page, import, w.changed_first);
        }
        return Ok(see_other(&here));
    }
    if import.summary.preview.needs_confirmation() && !sent.has("confirm_left") {
        return render(&page, import, w.confirm_needed);
    }
    if job::begin(&page.app, &import).await?.is_some() {
        upkeep::spawn(&page.app, id);
    }
    Ok(see_other(&here))
}
