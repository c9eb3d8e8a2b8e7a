//! What is wrong with keys and trust list, and how to mend it.

use std::path::{Path, PathBuf};

use fugong_common::keys::Signer as _;
use fugong_common::time::{Millis, Zone};

use super::{ROLES, disk, role_code, store};
use crate::app::App;
use crate::cli::doctor::Finding;
use crate::db::{DbError, Tx};

/// Warn this long before something ends.
const SOON_DAYS: i64 = 30;
/// Files looked at when the root is searched for in the data directory.
const MOST_FILES: usize = 10_000;

/// Findings about signing, for `issuer doctor`.
pub(crate) async fn findings(app: &App, tx: &mut Tx) -> Result<Vec<Finding>, DbError> {
    let mut findings = Vec::new();
    let (now, utc) = (app.now(), Zone::utc());
    if let Err(error) = app.keys().load() {
        findings.push(Err(error.to_string()));
    }
    let Some(list) = store::newest(tx).await?.map(|stored| stored.list) else {
        findings.push(Err("no trust list: make keys with `issuer key new` and sign them with `issuer trust sign --root FILE`".into()));
        return Ok(findings);
    };
    let until = utc.date(Millis::from_seconds(list.exp));
    findings.push(if list.exp <= now.plus_days(SOON_DAYS).seconds() {
        Err(format!(
            "the trust list holds to {until} only: sign a new one with `issuer trust sign --root FILE`"
        ))
    } else {
        Ok(format!("trust list {} holds to {until}", list.version))
    });
    if !list.names_host(app.config().host()) {
        findings.push(Err(format!(
            "the trust list does not name {}: gates call placards under it foreign. Sign a new list",
            app.config().host()
        )));
    }
    for role in ROLES {
        let best = list
            .keys
            .iter()
            .filter(|key| key.role == role && key.revoked.is_none())
            .filter(|key| app.keys().signer(role, key.id()).is_some())
            .map(|key| key.sign_until)
            .max();
        let code = role_code(role);
        findings.push(match best {
            None => Err(format!(
                "no listed {code} key is on this machine: `issuer key new {code}`, then `issuer trust sign`"
            )),
            Some(end) if end <= now.plus_days(SOON_DAYS).seconds() => Err(format!(
                "the {code} key signs to {} only: add its successor with `issuer key new {code}`, then `issuer trust sign`",
                utc.date(Millis::from_seconds(end))
            )),
            Some(end) => {
                Ok(format!("the {code} key signs to {}", utc.date(Millis::from_seconds(end))))
            }
        });
    }
    let folder = &app.config().data_dir;
    if let Some(path) = find_root(folder, &list.root) {
        findings.push(Err(format!(
            "the root key lies beside the data, in {}: who takes this machine can make keys. Move it to a medium that is kept locked away",
            path.display()
        )));
    }
    for path in open_key_files(&app.config().keys_dir()) {
        findings.push(Err(format!("others may read {}: chmod 600 it", path.display())));
    }
    Ok(findings)
}

fn pem_files(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut found, mut seen) = (vec![folder.to_owned()], Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST_FILES {
                return found;
            }
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() && path.extension().is_some_and(|e| e == "pem") => {
                    found.push(path);
                }
                _ => {}
            }
        }
    }
    found
}

/// A file below the folder that holds the root's private key. An encrypted one is suspected by its
/// name.
fn find_root(folder: &Path, root: &fugong_common::keys::PublicKey) -> Option<PathBuf> {
    pem_files(folder).into_iter().find(|path| match disk::read(path, None) {
        Ok(key) => key.public_key() == *root,
        Err(disk::DiskError::Locked(_)) => {
            path.file_stem().is_some_and(|name| name.to_string_lossy().contains("root"))
        }
        Err(_) => false,
    })
}

fn open_key_files(folder: &Path) -> Vec<PathBuf> {
    let files = pem_files(folder).into_iter();
    files.filter(|path| disk::is_open_to_others(path) == Some(true)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permits::testing::Town;

    async fn complaints(town: &Town) -> Vec<String> {
        let mut tx = town.app.db().read().await.unwrap();
        let found = findings(&town.app, &mut tx).await.unwrap();
        found.into_iter().filter_map(Result::err).collect()
    }

    #[tokio::test]
    async fn a_fresh_installation_has_nothing_to_mend_until_the_root_lies_in_the_data_directory() {
        let town = Town::new().await;
        assert_eq!(complaints(&town).await, Vec::<String>::new());
        let inside = town.app.config().data_dir.join("backup/old");
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::copy(town.root(), inside.join("mine.pem")).unwrap();
        let complaints = complaints(&town).await;
        assert!(complaints[0].contains("mine.pem"), "{complaints:?}");
    }

    #[tokio::test]
    async fn keys_and_lists_that_run_out_are_named_in_time() {
        let town = Town::new().await;
        town.later(160 * 86_400_000);
        let complaints = complaints(&town).await;
        assert_eq!(complaints.len(), 4, "one for each key: {complaints:?}");
        assert!(complaints.iter().all(|text| text.contains("issuer key new")));
    }
}
