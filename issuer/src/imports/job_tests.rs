use fugong_common::lang::Lang;
use fugong_common::status::Status;
use fugong_common::time::Clock;
use fugong_common::uscc::Uscc;
use rust_xlsxwriter::Workbook;

use super::columns::Subject;
use super::job::{self, JobError, Reading, Upload};
use super::plan::Policy;
use super::read;
use super::store::{self, Import, State};
use super::{taking, upkeep};
use crate::app::App;
use crate::authz::{Bounds, Reach};
use crate::enterprises::store::{Filter, count, find_by_uscc};
use crate::enterprises::tests::add as add_enterprise;
use crate::enterprises::timeline;
use crate::people::store as people;
use crate::permits::testing::Town;
use crate::premises;
use crate::testing::{self, NOW};

pub(super) fn code(n: usize) -> String {
    Uscc::complete(&format!("91370602MA3Q{n:05}")).unwrap().as_str().to_owned()
}

pub(super) fn sheet(rows: &[Vec<String>]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0_u32..).zip(rows) {
        for (at, cell) in (0_u16..).zip(cells) {
            sheet.write_string(row, at, cell).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

pub(super) fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

pub(super) fn upload(subject: Subject, enterprise: &str) -> Upload {
    Upload {
        subject,
        enterprise_id: enterprise.into(),
        division_id: if enterprise.is_empty() { "zf".into() } else { "zf-c1".into() },
        account_id: String::new(),
        file_name: "台账.xlsx".into(),
        lang: Lang::Zh,
    }
}

pub(super) async fn find(app: &App, id: &str) -> Import {
    let mut tx = app.db().read().await.unwrap();
    store::find(&mut tx, id).await.unwrap().unwrap()
}

/// Uploads, chooses, begins and runs; the finished import.
pub(super) async fn import(app: &App, upload: Upload, bytes: Vec<u8>, reading: Reading) -> Import {
    let id = job::prepare(app, upload, bytes).await.unwrap();
    let mut import = find(app, &id).await;
    let reading = Reading { header_row: import.summary.header_row.unwrap(), ..reading };
    job::read_again(app, &mut import, reading).await.unwrap();
    assert!(job::begin(app, &import).await.unwrap().is_some());
    taking::run(app, &id, |_| {}).await.unwrap();
    find(app, &id).await
}

fn everywhere() -> Bounds {
    Reach::Division("/".into()).bounds()
}

pub(super) async fn count_all(app: &App) -> i64 {
    let bounds = everywhere();
    let mut tx = app.db().read().await.unwrap();
    let filter = Filter { bounds: &bounds, search: "", kind: "", scale: "", survey: "" };
    count(&mut tx, &filter).await.unwrap()
}

pub(super) fn ledger(n: usize) -> Vec<Vec<String>> {
    let mut rows = vec![row(&[
        "企业名称",
        "统一社会信用代码",
        "街道",
        "社区",
        "经营地址",
        "联系人",
        "联系电话",
        "复工状态",
    ])];
    for n in 0..n {
        let phone = format!("1380000{n:04}");
        rows.push(row(&[
            &format!("示例{n:04}"),
            &code(n),
            "向阳",
            if n % 2 == 0 { "第一社区" } else { "" },
            if n % 3 == 0 { "示例路 1 号" } else { "" },
            "李示例",
            &phone,
            "待复工",
        ]));
    }
    rows
}

#[tokio::test]
async fn taking_the_same_sheet_again_changes_nothing() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let bytes = sheet(&ledger(30));
    let first =
        import(&test.app, upload(Subject::Enterprises, ""), bytes.clone(), Reading::default())
            .await;
    assert_eq!((first.summary.taken.added, first.summary.taken.premises), (30, 10));
    assert_eq!((first.state, first.bad, first.done), (State::Finished, 0, 30));
    for policy in Policy::ALL {
        let reading = Reading { policy, ..Reading::default() };
        let again =
            import(&test.app, upload(Subject::Enterprises, ""), bytes.clone(), reading).await;
        let taken = again.summary.taken;
        assert_eq!((taken.added, taken.changed, taken.same), (0, 0, 30), "{policy:?}");
    }
    assert_eq!(count_all(&test.app).await, 30);
    let mut tx = test.app.db().read().await.unwrap();
    let e = find_by_uscc(&mut tx, &code(3)).await.unwrap().unwrap();
    assert_eq!((e.division_id.as_str(), e.survey_state.as_str()), ("zf-xiangyang", "waiting"));
    let places = premises::store::list_of_enterprise(&mut tx, &e.id, NOW).await.unwrap();
    assert_eq!(places[0].address, "示例路 1 号");
    let events = timeline::list(&mut tx, &e.id, NOW.plus_days(1), 9, Lang::Zh).await.unwrap();
    assert_eq!(events[0].sentence, "随台账《台账.xlsx》导入，建立企业档案");
}

#[tokio::test]
async fn duplicates_are_merged_as_chosen_and_counted() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    import(&test.app, upload(Subject::Enterprises, ""), sheet(&ledger(4)), Reading::default())
        .await;
    let changed = sheet(&[
        row(&["企业名称", "统一社会信用代码", "联系人", "行业", "规模"]),
        row(&["新名", &code(0), "", "服装", "规上"]),
        row(&["示例0001", &code(1), "李示例", "", ""]),
    ]);
    for (policy, name, scale, industry) in [
        (Policy::Skip, "示例0000", "below", ""),
        (Policy::Keep, "示例0000", "below", "服装"),
        (Policy::Take, "新名", "above", "服装"),
    ] {
        let reading = Reading { policy, ..Reading::default() };
        let done =
            import(&test.app, upload(Subject::Enterprises, ""), changed.clone(), reading).await;
        assert_eq!(done.summary.taken.changed, i64::from(policy != Policy::Skip), "{policy:?}");
        let mut tx = test.app.db().read().await.unwrap();
        let e = find_by_uscc(&mut tx, &code(0)).await.unwrap().unwrap();
        assert_eq!(
            (e.name.as_str(), e.scale.as_str(), e.industry.as_str()),
            (name, scale, industry)
        );
        assert_eq!(e.contact_name, "李示例");
    }
    let mut tx = test.app.db().read().await.unwrap();
    let e = find_by_uscc(&mut tx, &code(0)).await.unwrap().unwrap();
    let scales = crate::enterprises::store::list_scales(&mut tx, &e.id).await.unwrap();
    let told: Vec<_> = scales.iter().map(|s| (s.scale.as_str(), s.evidence.as_str())).collect();
    assert_eq!(told, [("above", "台账.xlsx"), ("below", "台账.xlsx")]);
}

#[tokio::test]
async fn good_rows_are_kept_and_bad_ones_come_back_with_their_reasons_for_a_day() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let mut rows = ledger(3);
    rows.push(row(&["坏厂", "91370602MA3Q000019"]));
    rows.push(row(&["", &code(9)]));
    let done =
        import(&test.app, upload(Subject::Enterprises, ""), sheet(&rows), Reading::default()).await;
    assert_eq!((done.summary.taken.added, done.bad), (3, 2));
    let mut tx = test.app.db().write().await.unwrap();
    let bad = store::find_bad_sheet(&mut tx, &done.id).await.unwrap().unwrap();
    let book = read::read(&bad).unwrap();
    assert!(book.sheets[0].rows[1][0].text().contains("末位应为"));
    assert_eq!(book.sheets[0].rows[2][1].text(), "6");
    assert_eq!(store::find_rows(&mut tx, &done.id).await.unwrap(), None);
    assert_eq!(store::purge(&mut tx, NOW.plus_hours(23)).await.unwrap(), 0);
    assert_eq!(store::purge(&mut tx, NOW.plus_hours(24)).await.unwrap(), 1);
}

#[tokio::test]
async fn an_import_cut_off_half_way_goes_on_where_it_stopped() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let app = &test.app;
    let id =
        job::prepare(app, upload(Subject::Enterprises, ""), sheet(&ledger(4100))).await.unwrap();
    assert!(job::begin(app, &find(app, &id).await).await.unwrap().is_some());
    // The process ends after the first chunk: its task is dropped at the first sign of progress.
    let (cut, was_cut) = tokio::sync::oneshot::channel::<()>();
    let cut = std::sync::Mutex::new(Some(cut));
    {
        let running = taking::run(app, &id, move |_| {
            if let Some(cut) = cut.lock().unwrap().take() {
                let _ = cut.send(());
            }
        });
        tokio::select! { biased; _ = was_cut => {}, done = running => panic!("{done:?}") }
    }
    let half = find(app, &id).await;
    assert_eq!((half.state, half.done), (State::Running, 2000));
    assert_eq!(count_all(app).await, 2000);
    // Nobody takes it over while it may still be alive.
    assert_eq!(upkeep::tidy(app).await.unwrap(), Vec::<String>::new());
    test.clock.set(test.clock.now().plus_minutes(2));
    assert_eq!(upkeep::tidy(app).await.unwrap(), std::slice::from_ref(&id));
    taking::run(app, &id, |_| {}).await.unwrap();
    let done = find(app, &id).await;
    assert_eq!((done.state, done.summary.taken.added), (State::Finished, 4100));
    assert_eq!(count_all(app).await, 4100);
}

#[tokio::test]
async fn a_preview_is_gone_after_an_hour() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let app = &test.app;
    let id = job::prepare(app, upload(Subject::Enterprises, ""), sheet(&ledger(2))).await.unwrap();
    test.clock.set(NOW.plus_hours(1));
    upkeep::tidy(app).await.unwrap();
    let mut tx = app.db().read().await.unwrap();
    assert!(store::find(&mut tx, &id).await.unwrap().is_none());
    drop(tx);
    assert!(matches!(taking::run(app, &id, |_| {}).await, Err(JobError::Gone)));
}

#[tokio::test]
async fn a_file_of_another_division_is_neither_changed_nor_told_of() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    add_enterprise(&test.app, 1, ("zf-c2", "/zf/zf-xiangyang/zf-c2/")).await.unwrap();
    let mine = Upload { division_id: "zf-c1".into(), ..upload(Subject::Enterprises, "") };
    let bytes = sheet(&[row(&["企业名称", "统一社会信用代码"]), row(&["示例", &code(1)])]);
    let done =
        import(&test.app, mine, bytes, Reading { policy: Policy::Take, ..Reading::default() })
            .await;
    assert_eq!((done.summary.taken.changed, done.bad), (0, 1));
    let mut tx = test.app.db().read().await.unwrap();
    let bad = store::find_bad_sheet(&mut tx, &done.id).await.unwrap().unwrap();
    let reason = read::read(&bad).unwrap().sheets[0].rows[1][0].text();
    assert!(reason.contains("其他辖区") && !reason.contains("示例企业"), "{reason}");
}

#[tokio::test]
async fn a_mapping_chosen_once_is_known_for_the_same_headers() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let bytes = sheet(&[row(&["甲栏", "乙栏", "街道"]), row(&["示例", &code(1), "向阳"])]);
    let app = &test.app;
    let id = job::prepare(app, upload(Subject::Enterprises, ""), bytes.clone()).await.unwrap();
    let mut import = find(app, &id).await;
    assert_eq!(import.summary.header_row, None);
    let reading =
        |mapping: &[&str]| Reading { header_row: 0, mapping: row(mapping), ..Reading::default() };
    // The header row first, the columns then.
    job::read_again(app, &mut import, reading(&["name", "uscc", "street"])).await.unwrap();
    job::read_again(app, &mut import, reading(&["name", "uscc", "street"])).await.unwrap();
    assert_eq!(import.summary.preview.added, 1);
    assert!(job::begin(app, &import).await.unwrap().is_some());
    taking::run(app, &id, |_| {}).await.unwrap();
    let id = job::prepare(app, upload(Subject::Enterprises, ""), bytes).await.unwrap();
    let again = find(app, &id).await;
    assert!(again.summary.remembered);
    assert_eq!(again.summary.mapping, ["name", "uscc", "street"]);
}

pub(super) fn roster(names: &[&str]) -> Vec<u8> {
    let mut rows = vec![row(&["姓名", "工号", "返岗日期"])];
    rows.extend(
        names.iter().enumerate().map(|(n, name)| row(&[name, &format!("{:04}", n + 1), "2.9"])),
    );
    sheet(&rows)
}

#[tokio::test]
async fn only_a_whole_roster_marks_people_as_left_and_they_may_come_back() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    add_enterprise(&test.app, 1, ("zf-c1", "/zf/zf-xiangyang/zf-c1/")).await.unwrap();
    let app = &test.app;
    let people_of = |full| (upload(Subject::People, "e1"), Reading { full, ..Reading::default() });
    let (up, reading) = people_of(false);
    let first = import(app, up, roster(&["王小明", "李娜", "赵强"]), reading).await;
    assert_eq!(first.summary.taken.added, 3);
    let (up, reading) = people_of(false);
    let addition = import(app, up, roster(&["王小明"]), reading).await;
    assert_eq!((addition.summary.taken.same, addition.summary.taken.leaving), (1, 0));
    test.clock.set(NOW.plus_hours(1));
    let (up, reading) = people_of(true);
    let whole = import(app, up, roster(&["王小明"]), reading).await;
    assert!(whole.summary.preview.needs_confirmation());
    assert_eq!(whole.summary.taken.leaving, 2);
    test.clock.set(NOW.plus_hours(3));
    let (up, reading) = people_of(true);
    let again = import(app, up, roster(&["王小明", "李娜"]), reading).await;
    assert_eq!((again.summary.taken.changed, again.summary.taken.leaving), (1, 0));
    let mut tx = app.db().read().await.unwrap();
    let counts = people::counts(&mut tx, "e1", NOW).await.unwrap();
    assert_eq!((counts.on_roster, counts.left, counts.returned), (2, 1, 2));
    let kinds: Vec<String> = people::list_movements(&mut tx, "e1", NOW)
        .await
        .unwrap()
        .into_iter()
        .map(|(_, kind)| kind)
        .collect();
    assert_eq!(kinds, ["joined", "joined", "joined", "left", "left", "back"]);
    let events = timeline::list(&mut tx, "e1", NOW.plus_days(1), 9, Lang::En).await.unwrap();
    assert_eq!(events[0].sentence, "roster imported: 0 new, 1 changed, 0 left");
}

#[tokio::test]
async fn who_is_missing_from_a_whole_roster_takes_no_pass_along() {
    let town = Town::new().await;
    town.issued("a1").await;
    let app = &town.app;
    let up = || Upload { division_id: "yhd".into(), ..upload(Subject::People, "e1") };
    import(app, up(), roster(&["王小明", "李娜", "赵强"]), Reading::default()).await;
    let mut tx = app.db().write().await.unwrap();
    let everybody = people::list_on_roster(&mut tx, "e1").await.unwrap();
    let permits = crate::permits::store::list_current_of(&mut tx, "e1", app.now()).await.unwrap();
    let (given, change) = crate::passes::issue(app, &mut tx, &everybody, &permits).await.unwrap();
    app.commit(tx, change).await.unwrap();
    let mut tx = app.db().read().await.unwrap();
    let before = crate::status::find_token(&mut tx, &given[0].key_id).await.unwrap().unwrap().seq;
    drop(tx);
    town.later(3_600_000);
    let whole = Reading { full: true, ..Reading::default() };
    let taken = import(app, up(), roster(&["王小明"]), whole).await;
    assert_eq!((taken.state, taken.summary.taken.leaving), (State::Finished, 2));
    let mut tx = app.db().read().await.unwrap();
    let held = crate::passes::store::list_current(&mut tx, "e1").await.unwrap();
    let mine: Vec<_> = held.iter().map(|pass| pass.claims.name.to_string()).collect();
    assert_eq!(mine, ["王小明"]);
    for pass in &given {
        let mark = crate::status::find_mark(&mut tx, &pass.key_id, pass.status_index).await;
        let wanted = if pass.claims.name.to_string() == "王小明" {
            Status::Valid
        } else {
            Status::Revoked
        };
        assert_eq!(mark.unwrap(), wanted, "{}", pass.claims.name);
    }
    let after = crate::status::find_token(&mut tx, &given[0].key_id).await.unwrap().unwrap().seq;
    assert_eq!(after, before + 1, "the list is signed once for all of them");
}

#[tokio::test]
async fn a_taken_roster_leaves_no_rows_and_no_examples_behind() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    add_enterprise(&test.app, 1, ("zf-c1", "/zf/zf-xiangyang/zf-c1/")).await.unwrap();
    let done =
        import(&test.app, upload(Subject::People, "e1"), roster(&["王小明"]), Reading::default())
            .await;
    assert!(done.summary.samples.is_empty() && done.summary.bad_samples.is_empty());
    let mut tx = test.app.db().read().await.unwrap();
    assert_eq!(store::find_rows(&mut tx, &done.id).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_exported_comes_back_as_the_same() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let app = &test.app;
    import(app, upload(Subject::Enterprises, ""), sheet(&ledger(12)), Reading::default()).await;
    for lang in [Lang::Zh, Lang::En] {
        let bounds = everywhere();
        let table = crate::enterprises::export::collect(app.db(), &bounds, lang, NOW, |_| {})
            .await
            .unwrap();
        let bytes = crate::enterprises::export::xlsx(&table, "x").unwrap();
        let reading = Reading { policy: Policy::Take, ..Reading::default() };
        let again = import(app, upload(Subject::Enterprises, ""), bytes, reading).await;
        let taken = again.summary.taken;
        assert_eq!((taken.same, taken.changed, again.bad), (12, 0, 0), "{lang:?}");
    }
}

#[tokio::test]
async fn a_reason_that_cannot_be_taken_is_said_over_what_was_typed() {
    let town = Town::new().await;
    let intake = town.sign_in("intake", crate::accounts::Role::Intake).await;
    let own = Upload {
        division_id: "yhd".into(),
        account_id: "intake".into(),
        ..upload(Subject::Enterprises, "")
    };
    let rows = [row(&["单位名称", "备注"]), row(&["老李面馆", "示例路 3 号"])];
    let id = job::prepare(&town.app, own, sheet(&rows)).await.unwrap();
    let reason = "长".repeat(101);
    let form =
        format!("sheet=0&header_row=0&column_0=name&column_1=address&no_code_reason={reason}");
    let (status, page) = town.post(&format!("/imports/{id}"), &intake, &form).await;
    assert_eq!(status, 422);
    assert!(page.contains("内容过长") && page.contains(&format!("value=\"{reason}\"")), "{page}");
}
