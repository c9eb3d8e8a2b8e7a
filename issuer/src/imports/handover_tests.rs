//! Imports that end one another, and what an import says it could not do.

use super::columns::Subject;
use super::job::{self, Reading};
use super::job_tests::{code, count_all, find, import, ledger, roster, row, sheet, upload};
use super::plan::Failure;
use super::store::State;
use super::taking;
use crate::app::App;
use crate::divisions::store::take_site_numbers;
use crate::enterprises::tests::add as add_enterprise;
use crate::people::store as people;
use crate::testing::{self, NOW};

/// A prepared import that has begun, and whose process then died.
async fn begun(app: &App, subject: Subject, enterprise: &str, bytes: Vec<u8>) -> String {
    let id = job::prepare(app, upload(subject, enterprise), bytes).await.unwrap();
    assert!(job::begin(app, &find(app, &id).await).await.unwrap().is_some());
    id
}

#[tokio::test]
async fn an_older_roster_never_comes_back_over_a_newer_one() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    add_enterprise(&test.app, 1, ("zf-c1", "/zf/zf-xiangyang/zf-c1/")).await.unwrap();
    let app = &test.app;
    let older = begun(app, Subject::People, "e1", roster(&["王小明", "李娜"])).await;
    let newer = import(
        app,
        upload(Subject::People, "e1"),
        roster(&["王晓明"]),
        Reading { full: true, ..Reading::default() },
    )
    .await;
    assert_eq!((newer.state, newer.summary.taken.added), (State::Finished, 1));
    // Whoever goes on with the older one now writes nothing.
    taking::run(app, &older, |_| {}).await.unwrap();
    let ended = find(app, &older).await;
    assert_eq!((ended.state, ended.summary.failure), (State::Failed, Failure::Replaced));
    let mut tx = app.db().read().await.unwrap();
    let names: Vec<String> =
        people::list_all(&mut tx, "e1").await.unwrap().into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["王晓明"]);
    assert_eq!(super::store::find_rows(&mut tx, &older).await.unwrap(), None);
}

#[tokio::test]
async fn the_same_file_again_ends_its_earlier_import_but_other_files_go_on() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let app = &test.app;
    let (file, other) = (sheet(&ledger(5)), sheet(&ledger(3)));
    let first = begun(app, Subject::Enterprises, "", file.clone()).await;
    let beside = begun(app, Subject::Enterprises, "", other).await;
    let again = begun(app, Subject::Enterprises, "", file).await;
    assert_eq!(find(app, &first).await.summary.failure, Failure::Replaced);
    assert_eq!(find(app, &beside).await.state, State::Running);
    for id in [&first, &beside, &again] {
        taking::run(app, id, |_| {}).await.unwrap();
    }
    assert_eq!(count_all(app).await, 5);
    for (id, added) in [(&first, 0), (&beside, 3), (&again, 2)] {
        assert_eq!(find(app, id).await.summary.taken.added, added);
    }
}

#[tokio::test]
async fn addresses_that_find_no_site_number_are_counted_and_their_enterprises_kept() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let app = &test.app;
    let mut tx = app.db().write().await.unwrap();
    take_site_numbers(&mut tx, "zf-xiangyang", 9_990).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let mut rows = vec![row(&["企业名称", "统一社会信用代码", "街道", "经营地址"])];
    rows.extend((0..20).map(|n| row(&[&format!("示例{n}"), &code(n), "向阳", "示例路 1 号"])));
    let done =
        import(app, upload(Subject::Enterprises, ""), sheet(&rows), Reading::default()).await;
    let taken = done.summary.taken;
    assert_eq!((taken.added, taken.premises, taken.unplaced), (20, 9, 11));
    assert_eq!(done.created_at, NOW);
}
