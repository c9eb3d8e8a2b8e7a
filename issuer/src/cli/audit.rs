//! `issuer audit`: the log from the server's own terminal.

use std::process::ExitCode;

use clap::Subcommand;
use fugong_common::lang::Lang;
use fugong_common::say;

use super::CommandError;
use crate::app::App;
use crate::audit;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Walk the whole log; exit status 0 only when every entry follows from the one before it
    #[command(after_help = "Example:\n  issuer audit verify --data /var/lib/fugong/issuer")]
    Verify,
}

pub(super) async fn command(app: &App, command: AuditCommand) -> Result<ExitCode, CommandError> {
    match command {
        AuditCommand::Verify => verify(app).await,
    }
}

async fn verify(app: &App) -> Result<ExitCode, CommandError> {
    let mut tx = app.db().snapshot().await?;
    match audit::verify(&mut tx).await? {
        Ok(count) => {
            let (_, head) = audit::head(&mut tx).await?;
            let head = fugong_common::hex::encode(&head);
            say!("{count} entries follow from one another.\nThe chain ends in {head}");
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            say!("{}", fault.say(Lang::En));
            Ok(ExitCode::FAILURE)
        }
    }
}
