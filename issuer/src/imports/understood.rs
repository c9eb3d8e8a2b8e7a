//! The figures and examples of a preview: what would be done with a sheet, as understood.

use super::grid::Book;
use super::job::JobError;
use super::plan::{Counts, Sample};
use super::rows::{Read, Rows, evaluate, ground, under_enterprises, under_people};
use super::store::Import;
use super::{columns, take_enterprises, take_people, values};
use crate::app::App;

/// Rows shown as understood, and bad rows shown with their reasons.
const SAMPLES: usize = 8;

/// Computes the figures and examples of a preview.
pub(super) async fn understand(app: &App, import: &mut Import, book: Book) -> Result<(), JobError> {
    let mut tx = app.db().read().await?;
    let ground = ground(app, &mut tx, import).await?;
    drop(tx);
    let mut read = evaluate(import, book, ground).await?;
    let mut tx = app.db().read().await?;
    let (counts, bad, good) = match &mut read.rows {
        Rows::Enterprises(rows) => {
            let under = under_enterprises(import, &read.ground, app.now());
            let steps = take_enterprises::decide(&mut tx, &rows.records, &under).await?;
            let (counts, more) = take_enterprises::count(&rows.records, &steps);
            rows.bad.extend(more);
            let good: Vec<usize> = rows.records.iter().map(|record| record.row).collect();
            (counts, std::mem::take(&mut rows.bad), good)
        }
        Rows::People(rows) => {
            let under = under_people(import, app.now());
            let change = take_people::decide_in(app, &mut tx, &rows.records, &under).await?;
            rows.bad.extend(change.bad);
            let good: Vec<usize> = rows.records.iter().map(|record| record.row).collect();
            (change.counts, std::mem::take(&mut rows.bad), good)
        }
    };
    drop(tx);
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    import.bad = length(bad.len());
    import.total = length(good.len()) + import.bad;
    import.summary.preview = Counts { bad: import.bad, ..counts };
    let lang = import.summary.lang.unwrap_or_default();
    let mapping = columns::from_codes(import.subject, &import.summary.mapping);
    let sample = |row: usize, faults: Vec<String>| sample(&read, &mapping, row, faults);
    import.summary.samples =
        good.iter().take(SAMPLES).map(|row| sample(*row, Vec::new())).collect();
    import.summary.bad_samples = bad
        .iter()
        .take(SAMPLES)
        .map(|bad| sample(bad.row, bad.faults.iter().map(|fault| fault.say(lang)).collect()))
        .collect();
    Ok(())
}

/// A row as understood, column by mapped column.
fn sample(
    read: &Read,
    mapping: &[Option<columns::Field>],
    row: usize,
    faults: Vec<String>,
) -> Sample {
    use columns::Field;
    let cells = read.sheet.rows.get(row.saturating_sub(1));
    let mut shown = Vec::new();
    for (at, field) in mapping.iter().enumerate() {
        let Some(field) = field else { continue };
        let cell = cells.and_then(|cells| cells.get(at)).cloned().unwrap_or_default();
        let day = match field {
            Field::ReturnedOn | Field::NotBefore | Field::SurveyPlannedOn => {
                values::day(&cell, read.ground.today).ok().flatten()
            }
            _ => None,
        };
        let note = match &day {
            Some(day) if day.guessed => "guessed",
            _ if cell.formula => "formula",
            _ if cell.merged => "merged",
            _ => "",
        };
        shown.push((day.map_or_else(|| cell.text(), |day| day.day), note.to_owned()));
    }
    Sample { row, cells: shown, faults }
}
