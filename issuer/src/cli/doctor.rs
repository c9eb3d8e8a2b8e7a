//! `issuer doctor`: what is wrong with an installation, and how to mend it.

use fugong_common::say;
use std::process::ExitCode;

use super::{CommandError, open};
use crate::accounts::store;
use crate::audit;
use crate::config::Config;

/// One finding: fine, or what to do.
pub(crate) type Finding = Result<String, String>;

pub(super) async fn command(config: Config) -> Result<ExitCode, CommandError> {
    let mut findings: Vec<Finding> = Vec::new();
    let local = config.origin.contains("127.0.0.1") || config.origin.contains("localhost");
    findings.push(match (config.is_https(), local) {
        (true, _) => Ok(format!("placards point to {} over HTTPS", config.origin)),
        (false, true) => Ok(format!("{} is for this machine only", config.origin)),
        (false, false) => Err(format!(
            "{} is not HTTPS: phones open cameras and keep sessions only over HTTPS. Set tls_certificate and \
             tls_key, or put a TLS proxy in front and set origin to its address",
            config.origin
        )),
    });
    match open(config).await {
        Err(error) => findings.push(Err(format!("database: {error}"))),
        Ok(app) => {
            findings.push(Ok(format!("{} answers and its schema is up to date", app.db().name())));
            let mut tx = app.db().read().await?;
            findings.push(match store::count(&mut tx).await? {
                0 => Err("nobody has an account: start `issuer serve` and open the link it prints"
                    .into()),
                n => Ok(format!("{n} accounts")),
            });
            if let Some(restore) = crate::restores::gathering(&mut tx).await? {
                let tally = crate::restores::tally(&mut tx, &restore.id).await?;
                findings.push(Err(format!(
                    "this issuer was restored from a backup and signs no list or manifest yet: {} gates have told what they \
                     hold, {} have not. `issuer restore --status`, then `issuer restore --finish`",
                    tally.told,
                    tally.missing.len()
                )));
            }
            findings.extend(crate::keys::doctor::findings(&app, &mut tx).await?);
            findings.push(match audit::verify(&mut tx).await? {
                Ok(n) => Ok(format!("the audit log's {n} entries follow from one another")),
                Err(fault) => Err(format!(
                    "the audit log is not what was written: {fault:?}. Keep this database as it is and compare it \
                     with the last backup"
                )),
            });
        }
    }
    let mut code = ExitCode::SUCCESS;
    for finding in findings {
        match finding {
            Ok(text) => say!("ok    {text}"),
            Err(text) => {
                say!("mend  {text}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
