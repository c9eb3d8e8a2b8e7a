//! `issuer placard`: placards as files, for a print shop or a script.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fugong_common::serial::Serial;
use fugong_common::{aside, say};

use super::CommandError;
use crate::app::App;
use crate::permits::printing::{Format, draw, is_printable};
use crate::permits::{sheet, store};
use crate::print::Sheet;

#[derive(Debug, Args)]
pub(super) struct PlacardArgs {
    /// Check numbers as printed, e.g. FG-7K2M4-4Q9DX-01C7R
    #[arg(required = true)]
    serials: Vec<String>,
    /// Folder to write to; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[arg(long, value_enum, default_value_t = FileFormat::Pdf)]
    format: FileFormat,
    #[arg(long, value_enum, default_value_t = Paper::A4)]
    paper: Paper,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FileFormat {
    Pdf,
    Png,
    Svg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Paper {
    A4,
    A3,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Pdf => Self::Pdf,
            FileFormat::Png => Self::Png,
            FileFormat::Svg => Self::Svg,
        }
    }
}

pub(super) async fn command(app: &App, args: PlacardArgs) -> Result<(), CommandError> {
    let said = |text: String| CommandError::Said(text);
    std::fs::create_dir_all(&args.out).map_err(|error| {
        CommandError::Io(format!("cannot create {}", args.out.display()), error)
    })?;
    let (format, paper) = (
        Format::from(args.format),
        match args.paper {
            Paper::A4 => Sheet::A4,
            Paper::A3 => Sheet::A3,
        },
    );
    let total = args.serials.len();
    let progress = std::io::stderr().is_terminal() && total > 1;
    for (n, typed) in args.serials.iter().enumerate() {
        let serial =
            Serial::parse_typed(typed).map_err(|error| said(format!("{typed}: {error}")))?;
        let mut tx = app.db().read().await?;
        let permit = store::find_by_serial(&mut tx, serial)
            .await?
            .ok_or_else(|| said(format!("there is no permit with check number {serial}")))?;
        drop(tx);
        if !is_printable(&permit, app.now()) {
            return Err(said(format!(
                "{serial} is {} or has ended: its placard is not printed",
                permit.state.code()
            )));
        }
        let problem = |problem: fugong_common::service::problem::Problem| {
            let advice = problem.advice().map(|text| text.en.clone().into_owned());
            said(format!("{serial}: {}", advice.unwrap_or_default()))
        };
        let placard = sheet::placard(app, &permit).map_err(problem)?;
        let title = permit.facts.issue.title.clone();
        let bytes = draw(app, vec![placard], paper, format, title).await.map_err(problem)?;
        let path = args.out.join(format!("{serial}.{}", format.extension()));
        std::fs::write(&path, bytes)
            .map_err(|error| CommandError::Io(path.display().to_string(), error))?;
        if progress {
            fugong_common::service::say::aside(format_args!("\r{} of {total}", n + 1));
        } else {
            say!("{}", path.display());
        }
    }
    if progress {
        aside!("\rwritten {total} placards to {}", args.out.display());
    }
    Ok(())
}
