//! `issuer key` and `issuer trust`: signing keys, and the list by which the root vouches for them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fugong_common::keys::{KeyId, Role, Signer as _, SoftwareKey};
use fugong_common::say;
use fugong_common::time::{Millis, Zone};

use super::CommandError;
use crate::app::App;
use crate::audit::Act;
use crate::divisions::{self, site_range};
use crate::keys::bootstrap::{Terms, make_key};
use crate::keys::disk::{self, read_passphrase};
use crate::keys::{EVERYWHERE, LIST_DAYS, parse_role, role_code, store, trust};

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a signing key, or with `--root FILE` a root key to be kept apart from this machine
    #[command(
        after_help = "Examples:\n  issuer key new --root /media/stick/root.pem --root-passphrase /media/stick/phrase\n  issuer key new permit --division 370602\n  issuer key new status\nThen list it: issuer trust sign --root /media/stick/root.pem"
    )]
    New {
        /// What it signs: permit, pass, status or manifest
        #[arg(value_parser = role, required_unless_present = "root")]
        role: Option<Role>,
        #[command(flatten)]
        root: OptionalRoot,
        /// Code or id of the division whose sites it may sign for; everywhere without it
        #[arg(long)]
        division: Option<String>,
        /// Days during which it signs
        #[arg(long, default_value_t = crate::keys::SIGN_DAYS)]
        sign_days: i64,
        /// Days after which nothing it signed counts any more
        #[arg(long, default_value_t = crate::keys::KEY_DAYS)]
        days: i64,
    },
    /// List keys: role, state, term, permits in force
    #[command(after_help = "Example:\n  issuer key list")]
    List,
    /// Let a key sign no more; with `--withdraw REASON` nothing it signed counts any more
    #[command(
        after_help = "Examples:\n  issuer key retire 1a2b3c4d\n  issuer key retire 1a2b3c4d --withdraw \"the server was stolen\"\nThen publish it: issuer trust sign --root /media/stick/root.pem"
    )]
    Retire {
        /// Key id, 8 hexadecimal characters; see `issuer key list`
        id: KeyId,
        /// Why it is withdrawn: lost, copied, misused
        #[arg(long, value_name = "REASON")]
        withdraw: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TrustCommand {
    /// Sign the next version of the trust list over the keys of the database
    #[command(
        after_help = "Examples:\n  issuer trust sign --root /media/stick/root.pem\nTo change the root, sign with the new one and let the old one consent:\n  issuer trust sign --root new.pem --old-root old.pem"
    )]
    Sign {
        #[command(flatten)]
        root: Root,
        /// The root in force until now, for a change of root
        #[arg(long, value_name = "FILE")]
        old_root: Option<PathBuf>,
        /// File with the passphrase of the old root
        #[arg(long, value_name = "FILE")]
        old_root_passphrase: Option<PathBuf>,
        /// Days for which the list holds
        #[arg(long, default_value_t = LIST_DAYS)]
        days: i64,
    },
    /// Print the newest trust list
    #[command(after_help = "Example:\n  issuer trust show")]
    Show {
        /// Write the signed chain to a file instead, for `verifier check --trust FILE`
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Root {
    /// The root key's file
    #[arg(long, value_name = "FILE")]
    root: PathBuf,
    /// File with its passphrase
    #[arg(long, value_name = "FILE")]
    root_passphrase: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct OptionalRoot {
    /// Make a root key in this file instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["role", "division"])]
    root: Option<PathBuf>,
    /// File with the passphrase that the root key is to be encrypted with
    #[arg(long, value_name = "FILE", requires = "root")]
    root_passphrase: Option<PathBuf>,
}

fn role(code: &str) -> Result<Role, String> {
    parse_role(code).ok_or_else(|| "one of permit, pass, status, manifest".to_owned())
}

fn said(error: &impl std::fmt::Display) -> CommandError {
    CommandError::Said(error.to_string())
}

fn open_key(
    path: &std::path::Path,
    passphrase: Option<&PathBuf>,
) -> Result<SoftwareKey, CommandError> {
    let passphrase =
        passphrase.map(|file| read_passphrase(file)).transpose().map_err(|e| said(&e))?;
    disk::read(path, passphrase.as_deref()).map_err(|error| said(&error))
}

pub(super) async fn key(app: &App, command: KeyCommand) -> Result<(), CommandError> {
    match command {
        KeyCommand::New { role, root, division, sign_days, days } => {
            if let Some(path) = root.root {
                return new_root(app, &path, root.root_passphrase.as_ref());
            }
            let Some(role) = role else { return Ok(()) };
            new(app, role, division, sign_days, days).await
        }
        KeyCommand::List => list(app).await,
        KeyCommand::Retire { id, withdraw } => retire(app, id, withdraw).await,
    }
}

fn new_root(
    app: &App,
    path: &std::path::Path,
    passphrase: Option<&PathBuf>,
) -> Result<(), CommandError> {
    let key = SoftwareKey::generate(app.entropy());
    let passphrase =
        passphrase.map(|file| read_passphrase(file)).transpose().map_err(|e| said(&e))?;
    disk::write(path, &key, passphrase.as_deref(), app.entropy()).map_err(|error| said(&error))?;
    say!("Root key written to {}.", path.display());
    say!("Its fingerprint, to be compared when a gate is enrolled:");
    say!("  {}", key.public_key().fingerprint());
    if path.starts_with(&app.config().data_dir) {
        say!("Move it away from this machine: who holds it can make signing keys.");
    }
    Ok(())
}

async fn new(
    app: &App,
    role: Role,
    division: Option<String>,
    sign_days: i64,
    days: i64,
) -> Result<(), CommandError> {
    if sign_days < 1 || days < sign_days {
        let what = "a key signs for at least a day, and counts no shorter than it signs";
        return Err(CommandError::Said(what.to_owned()));
    }
    let scope = match division {
        None => vec![EVERYWHERE],
        Some(text) => {
            let mut tx = app.db().read().await?;
            let found = divisions::store::find_by_code_or_id(&mut tx, &text).await?;
            let found = found.ok_or_else(|| said(&format!(
                "there is no division {text}; add it in the console (the first with the set-up link that `issuer serve` prints), or leave --division out: the key then signs for every site"
            )))?;
            vec![site_range(found.level()?, &found.code).ok_or_else(|| {
                said(&format!("the code of {} is not one that sites have", found.name))
            })?]
        }
    };
    let from = Millis::from_seconds(app.now().seconds());
    let terms = Terms {
        // A permit that begins today began at midnight.
        nbf: from.plus_days(-1),
        sign_until: from.plus_days(sign_days),
        exp: from.plus_days(days),
        scope,
    };
    let entry = make_key(app, role, terms).await.map_err(|error| said(&error))?;
    record(app, "key.new", entry.id(), role_code(role)).await?;
    say!("Key {} for {} signatures made.", entry.id(), role_code(role));
    say!("It signs once the root has listed it:\n  issuer trust sign --root FILE");
    Ok(())
}

async fn list(app: &App) -> Result<(), CommandError> {
    let now = app.now();
    let utc = Zone::utc();
    let mut tx = app.db().read().await?;
    let newest = store::newest(&mut tx).await?.map(|stored| stored.list);
    for own in store::list(&mut tx).await? {
        let entry = own.entry;
        let listed = newest.as_ref().is_some_and(|list| list.find_key(entry.id()).is_some());
        let state = match (entry.revoked, listed) {
            (Some(_), _) => "withdrawn",
            (None, false) => "not listed yet",
            (None, true) if now.seconds() >= entry.exp => "ended",
            (None, true) if now.seconds() > entry.sign_until => "verifies only",
            (None, true) => "signs",
        };
        let here = match app.keys().signer(entry.role, entry.id()) {
            Some(_) => "here",
            None => "not on this machine",
        };
        let day = |seconds| utc.date(Millis::from_seconds(seconds));
        let permits = crate::permits::store::count_by_key(&mut tx, &entry.id().to_string()).await?;
        say!(
            "{} {:<9} {state:<15} signs {} to {}, counts to {}  {here}  {permits} permits  {}",
            entry.id(),
            role_code(entry.role),
            day(entry.nbf),
            day(entry.sign_until),
            day(entry.exp),
            own.revoked_reason
        );
    }
    Ok(())
}

async fn retire(app: &App, id: KeyId, withdraw: Option<String>) -> Result<(), CommandError> {
    let at = Millis::from_seconds(app.now().seconds());
    let mut tx = app.db().write().await?;
    if store::find(&mut tx, id).await?.is_none() {
        return Err(said(&format!("there is no key {id}; see `issuer key list`")));
    }
    let done = match &withdraw {
        Some(reason) => store::withdraw(&mut tx, id, at, reason).await?,
        None => store::stop_signing(&mut tx, id, at).await?,
    };
    if !done {
        return Err(said(&format!("key {id} is retired already")));
    }
    tx.commit().await?;
    let (action, detail) = match &withdraw {
        Some(reason) => ("key.withdraw", reason.as_str()),
        None => ("key.retire", ""),
    };
    record(app, action, id, detail).await?;
    say!("Key {id} is retired. Publish it:\n  issuer trust sign --root FILE");
    if withdraw.is_some() {
        let mut tx = app.db().read().await?;
        let permits = crate::permits::store::count_by_key(&mut tx, &id.to_string()).await?;
        say!("{permits} permits have to be reissued: open /permits?key={id} in the console.");
    }
    Ok(())
}

async fn record(app: &App, action: &str, id: KeyId, detail: &str) -> Result<(), CommandError> {
    let mut tx = app.db().write().await?;
    let act = Act {
        at: app.now(),
        account_id: "",
        post_id: "",
        action,
        subject: "key",
        subject_id: &id.to_string(),
        division_id: "",
        detail,
    };
    app.record(&mut tx, act).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn trust(app: &App, command: TrustCommand) -> Result<(), CommandError> {
    match command {
        TrustCommand::Sign { root, old_root, old_root_passphrase, days } => {
            let key = open_key(&root.root, root.root_passphrase.as_ref())?;
            let old =
                old_root.map(|path| open_key(&path, old_root_passphrase.as_ref())).transpose()?;
            let mut tx = app.db().read().await?;
            let demo = store::newest(&mut tx).await?.is_some_and(|stored| stored.list.demo);
            drop(tx);
            let old = old.as_ref().map(|key| key as &dyn fugong_common::keys::Signer);
            // A new root ends a sample town's mark; under the old one it stays.
            let demo = demo && old.is_none();
            let stored =
                trust::sign(app, &key, old, days, demo).await.map_err(|error| said(&error))?;
            let list = stored.list;
            say!(
                "Version {} with {} keys is signed and published, and holds to {}.",
                list.version,
                list.keys.len(),
                Zone::utc().date(Millis::from_seconds(list.exp))
            );
            Ok(())
        }
        TrustCommand::Show { out } => show(app, out).await,
    }
}

async fn show(app: &App, out: Option<PathBuf>) -> Result<(), CommandError> {
    let mut tx = app.db().read().await?;
    let stored = store::newest(&mut tx)
        .await?
        .ok_or_else(|| said(&"no trust list is signed yet: `issuer trust sign --root FILE`"))?;
    if let Some(path) = out {
        return std::fs::write(&path, &stored.chain)
            .map_err(|error| CommandError::Io(path.display().to_string(), error));
    }
    let list = stored.list;
    let day = |seconds| Zone::utc().date(Millis::from_seconds(seconds));
    say!("version {}, {} to {}", list.version, day(list.iat), day(list.exp));
    say!("root    {} (number {})", list.root.fingerprint(), list.root_number);
    say!("hosts   {}", list.hosts.join(", "));
    if list.demo {
        say!("a sample town's list: enrolled gates refuse it");
    }
    for key in &list.keys {
        let scope: Vec<_> = key.scope.iter().map(|(from, to)| format!("{from}–{to}")).collect();
        let withdrawn = key.revoked.map(|at| format!(", withdrawn {}", day(at)));
        say!(
            "{} {:<9} signs {} to {}, counts to {}{}  sites {}",
            key.id(),
            role_code(key.role),
            day(key.nbf),
            day(key.sign_until),
            day(key.exp),
            withdrawn.unwrap_or_default(),
            scope.join(", ")
        );
    }
    Ok(())
}
