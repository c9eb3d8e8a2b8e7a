//! Archives over real databases: whatever server the tests were given, and the embedded one.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use fugong_common::entropy::SeededEntropy;
use fugong_common::time::Millis;

use super::archive::{Piece, Reader, Value, open};
use super::{BackupError, check, dump, load, write_file};
use crate::app::App;
use crate::db::{Db, Tx};
use crate::gates::{self, store::scans::Scan};
use crate::permits::testing::{NOW, Town};
use crate::{row, run};

fn scan(n: i64, received: Millis) -> Scan {
    Scan {
        enterprise_id: "e1".into(),
        received_at: received.0,
        journal_id: "j".into(),
        seq: n,
        gate_id: "g1".into(),
        at: received.0,
        kind: "check".into(),
        verdict: "valid".into(),
        direction: "in".into(),
        worker: "A0001".into(),
        name: "王芳".into(),
        vehicle: String::new(),
        tenths_celsius: (n % 2 == 0).then_some(364),
        operator: String::new(),
        note: String::new(),
        rule_version: 3,
        clock_certain: 1,
    }
}

/// A town with a permit and a record over three months.
async fn town() -> Town {
    let town = Town::new().await;
    town.issued("a1").await;
    crate::status::refresh(&town.app).await.unwrap();
    let scans: Vec<_> =
        (0..2_000).map(|n| scan(n, NOW.plus_hours(n))).chain([scan(9, Millis(0))]).collect();
    let mut tx = town.app.db().write().await.unwrap();
    gates::store::scans::insert(&mut tx, &scans).await.unwrap();
    tx.commit().await.unwrap();
    town
}

type Tables = BTreeMap<String, Vec<Vec<Value>>>;

fn tables_in<R: std::io::Read>(mut reader: Reader<R>) -> Tables {
    let (mut tables, mut at) = (Tables::new(), String::new());
    loop {
        match reader.next_piece().unwrap() {
            Piece::Table { name, columns } => {
                at.clone_from(&name);
                let columns = columns.into_iter().map(Value::Text).collect();
                tables.insert(name, vec![columns]);
            }
            Piece::Rows(mut rows) => tables.get_mut(&at).unwrap().append(&mut rows),
            Piece::End { .. } => break,
        }
    }
    for rows in tables.values_mut() {
        rows[1..].sort();
    }
    tables
}

async fn everything(app: &App) -> Tables {
    let (bytes, _, _) = dump(app, Vec::new(), |_, _| ()).await.unwrap();
    tables_in(Reader::begin(bytes.as_slice()).unwrap())
}

fn with(town: &Town, db: Db) -> App {
    let clock: Arc<dyn fugong_common::time::Clock> = town.clock.clone();
    App::new(db, clock, Arc::new(SeededEntropy::new(99)), town.app.config().clone())
}

async fn nothing(_: &mut Tx, _: &super::Contents) -> Result<(), crate::db::DbError> {
    Ok(())
}

/// An empty database of each kind there is.
async fn targets(folder: &std::path::Path) -> Vec<Db> {
    let file = format!("sqlite://{}", folder.join("target.db").display());
    let mut targets = vec![Db::open(Some(&file), folder).await.unwrap()];
    if let Ok(server) = std::env::var("FUGONG_TEST_POSTGRES") {
        let url = crate::testing::fresh_postgres(&server, folder).await;
        targets.push(Db::open(Some(&url), folder).await.unwrap());
    }
    targets
}

#[tokio::test]
async fn an_archive_fills_either_database_with_the_same_rows() {
    let town = town().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.backup");
    write_file(&town.app, &file, |_, _| ()).await.unwrap();
    let before = everything(&town.app).await;
    assert_eq!(before["permits"].len(), 2);
    assert_eq!(before["scans"].len(), 2_002);
    for target in targets(folder.path()).await {
        load(&file, &target, |_, _| (), nothing).await.unwrap();
        let app = with(&town, target);
        let after = everything(&app).await;
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        for (table, rows) in &before {
            assert!(after[table] == *rows, "{table} on {}", app.db().name());
        }
        // It works as one that grew there: months can be made ahead, references hold.
        gates::make_partitions_ahead(&app).await.unwrap();
        let mut tx = app.db().write().await.unwrap();
        let stray = "INSERT INTO occupancies (enterprise_id, premises_id, valid_from) VALUES ('nobody', 'nowhere', 0)";
        assert!(run!(&mut tx, stray).is_err());
        drop(tx);
        assert!(matches!(
            load(&file, app.db(), |_, _| (), nothing).await,
            Err(BackupError::NotEmpty(_))
        ));
    }
}

#[tokio::test]
async fn a_backup_is_one_instant_while_work_goes_on() {
    let town = town().await;
    let before = everything(&town.app).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.backup");
    let writing = write_file(&town.app, &file, |_, _| ());
    // Both at once; the archive holds the change wholly or not at all.
    let changing = async {
        let mut tx = town.app.db().write().await.unwrap();
        run!(&mut tx, "UPDATE enterprises SET name = 'x'").unwrap();
        let change = town.app.note_change(&mut tx, "enterprise", "e1").await.unwrap();
        town.app.commit(tx, change).await.unwrap();
    };
    let (written, ()) = tokio::join!(writing, changing);
    written.unwrap();
    let after = everything(&town.app).await;
    let held = tables_in(open(&file).unwrap());
    assert_ne!(before["enterprises"], after["enterprises"]);
    let whole = if held["enterprises"] == before["enterprises"] { &before } else { &after };
    for table in ["enterprises", "changes", "counters"] {
        assert_eq!(held[table], whole[table], "{table}");
    }
}

#[tokio::test]
async fn a_backup_is_its_owners_alone_and_no_file_is_overwritten() {
    let town = town().await;
    let folder = tempfile::tempdir().unwrap();
    let (path, header, rows) = write_file(&town.app, folder.path(), |_, _| ()).await.unwrap();
    assert_eq!(path.file_name().unwrap(), "fugong-2020-02-10-010000.backup");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let contents = check(&path).unwrap();
    assert_eq!((contents.rows, &contents.header), (rows, &header));
    let again = write_file(&town.app, folder.path(), |_, _| ()).await;
    assert!(matches!(again, Err(BackupError::Exists(_))), "{again:?}");
    // No private key in it, in any form that a file has.
    let bytes = dump(&town.app, Vec::new(), |_, _| ()).await.unwrap().0;
    let mut plain = Vec::new();
    let mut unpacked = flate2::read::GzDecoder::new(&bytes[16..]);
    std::io::Read::read_to_end(&mut unpacked, &mut plain).unwrap();
    for entry in std::fs::read_dir(town.app.config().keys_dir()).unwrap() {
        let key = crate::keys::disk::read(&entry.unwrap().path(), None).unwrap();
        let der = key.to_pkcs8_der().unwrap();
        let seed = &der.as_bytes()[der.as_bytes().len() - 32..];
        assert!(!plain.windows(32).any(|window| window == seed));
    }
}

#[tokio::test]
async fn an_archive_that_is_damaged_or_of_a_newer_program_changes_nothing() {
    let town = town().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.backup");
    write_file(&town.app, &file, |_, _| ()).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    for target in targets(folder.path()).await {
        let cut = folder.path().join("cut.backup");
        std::fs::write(&cut, &whole[..whole.len() - 9]).unwrap();
        let refused = load(&cut, &target, |_, _| (), nothing).await;
        assert!(matches!(refused, Err(BackupError::Damaged(_))), "{refused:?}");
        let newer = folder.path().join(format!("newer-{}.backup", target.name()));
        let mut header = open(&file).unwrap().header;
        header.schema = 9_999;
        let writer = super::archive::Writer::begin(Vec::new(), &header).unwrap();
        std::fs::write(&newer, writer.finish().unwrap().0).unwrap();
        let refused = load(&newer, &target, |_, _| (), nothing).await;
        assert!(matches!(refused, Err(BackupError::Newer { archive: 9_999, .. })), "{refused:?}");
        // What fails at the very end leaves nothing either, and can be tried again.
        let refused = load(
            &file,
            &target,
            |_, _| (),
            async |_: &mut Tx, _: &super::Contents| Err(crate::db::DbError::Duplicate),
        );
        assert!(refused.await.is_err());
        let mut tx = target.read().await.unwrap();
        let left = row!(&mut tx, (i64,), "SELECT COUNT(*) FROM permits").unwrap();
        assert_eq!(left, Some((0,)));
        drop(tx);
        load(&file, &target, |_, _| (), nothing).await.unwrap();
    }
}

#[tokio::test]
async fn an_archive_of_an_older_schema_is_brought_up_to_date() {
    let town = Town::new().await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("old.db").display());
    let old = with(&town, Db::open(Some(&url), folder.path()).await.unwrap());
    // The last schema before there were restores.
    old.db().migrate_to(7).await.unwrap();
    let mut tx = old.db().write().await.unwrap();
    run!(&mut tx, "INSERT INTO counters (name, value) VALUES ('of old', 42)").unwrap();
    tx.commit().await.unwrap();
    let file = folder.path().join("old.backup");
    let (_, header, _) = write_file(&old, &file, |_, _| ()).await.unwrap();
    assert_eq!(header.schema, 7);
    for target in targets(folder.path()).await {
        load(&file, &target, |_, _| (), nothing).await.unwrap();
        let mut tx = target.read().await.unwrap();
        assert_eq!(crate::db::applied(&mut tx).await.unwrap(), Some(crate::db::newest_migration()));
        let kept = row!(&mut tx, (i64,), "SELECT value FROM counters WHERE name = 'of old'");
        assert_eq!(kept.unwrap(), Some((42,)));
        let new = row!(&mut tx, (i64,), "SELECT COUNT(*) FROM restores").unwrap();
        assert_eq!(new, Some((0,)));
    }
}
