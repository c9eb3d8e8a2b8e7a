//! Imports whose process is killed: what was counted as done stays, the rest is not taken, and doing
//! it again makes nothing twice.

use std::path::Path;
use std::time::{Duration, Instant};

use fugong_common::uscc::Uscc;
use fugong_issuer::authz::Bounds;
use fugong_issuer::enterprises::store as enterprises;
use fugong_issuer::imports::columns::Subject;
use fugong_issuer::imports::plan::Failure;
use fugong_issuer::imports::store::{self as imports, Import, State};
use fugong_issuer::people::store as people;
use fugong_tests::patience::{PATIENCE, until};
use fugong_tests::person::{Answer, Person, attribute};
use fugong_tests::process::{binary, run};
use fugong_tests::scratch::Kind;
use fugong_tests::stack::Stack;
use rust_xlsxwriter::Workbook;
use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection};
use tokio::process::Command;
use tokio::time::sleep;

const ROWS: usize = 9_000;
/// Records of one transaction.
const CHUNK: i64 = 2_000;

fn workbook(headers: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let headers = headers.iter().map(|header| (*header).to_owned()).collect();
    for (row, cells) in (0_u32..).zip(std::iter::once(headers).chain(rows)) {
        for (at, cell) in (0_u16..).zip(cells) {
            sheet.write_string(row, at, cell).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn ledger() -> Vec<u8> {
    let row = |n: usize| {
        let code = Uscc::complete(&format!("91370602MA3Q{n:05}")).unwrap();
        let address = format!("示例路 {n} 号");
        vec![format!("断电示例{n:05}"), code.as_str().to_owned(), address, "待复工".to_owned()]
    };
    workbook(&["企业名称", "统一社会信用代码", "经营地址", "复工状态"], (0..ROWS).map(row))
}

fn roster() -> Vec<u8> {
    let row = |n: usize| vec![format!("王示例{n}"), format!("9{n:05}"), "缝纫工".to_owned()];
    workbook(&["姓名", "工号", "岗位"], (0..ROWS).map(row))
}

fn everywhere() -> Bounds {
    Bounds { from: String::new(), to: "~".into(), own: String::new() }
}

/// Enterprises of the ledger that are on file.
async fn on_file(stack: &Stack) -> i64 {
    let bounds = everywhere();
    let mut tx = stack.inside.db().read().await.unwrap();
    let filter = enterprises::Filter {
        bounds: &bounds,
        search: "断电示例",
        kind: "",
        scale: "",
        survey: "",
    };
    enterprises::count(&mut tx, &filter).await.unwrap()
}

async fn on_roster(stack: &Stack) -> Vec<String> {
    let mut tx = stack.inside.db().read().await.unwrap();
    let all = people::list_all(&mut tx, &stack.town.enterprise_id).await.unwrap();
    all.into_iter().filter(|p| p.job == "缝纫工").map(|p| p.worker_number).collect()
}

async fn find(stack: &Stack, id: &str) -> Import {
    let mut tx = stack.inside.db().read().await.unwrap();
    imports::find(&mut tx, id).await.unwrap().unwrap()
}

async fn running(stack: &Stack, subject: Subject, enterprise: &str) -> Option<Import> {
    let mut tx = stack.inside.db().read().await.unwrap();
    imports::list_running(&mut tx, subject, enterprise).await.unwrap().pop()
}

/// The division that the whole town lies in.
async fn division(stack: &Stack) -> String {
    let mut tx = stack.inside.db().read().await.unwrap();
    let all = enterprises::list_rows(&mut tx, &everywhere(), "", 1).await.unwrap();
    all[0].division_path.split('/').find(|part| !part.is_empty()).unwrap().to_owned()
}

/// Uploads a ledger at the console; the preview's page.
async fn upload(officer: &Person, division: &str, ledger: &[u8]) -> Answer {
    let file = ("file", "台账.xlsx", ledger.to_vec());
    let page = officer.upload("/enterprises/import", &[("division", division)], file).await;
    assert!(page.path.starts_with("/imports/"), "{} {}", page.path, page.body);
    page
}

/// Presses the button that begins, leaving everything as it is shown.
async fn start(officer: &Person, page: &Answer) -> Answer {
    let chosen = |name: &str| {
        let select = page.body.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_default();
        let select = select.split("</select>").next().unwrap_or_default();
        attribute(select, " selected", "value").unwrap_or_default()
    };
    let columns: Vec<String> = (0..4).map(|at| format!("column_{at}")).collect();
    let names = ["sheet", "header_row"].into_iter().chain(columns.iter().map(String::as_str));
    let mut form: Vec<(&str, String)> = names.map(|name| (name, chosen(name))).collect();
    form.push(("policy", "keep".to_owned()));
    form.push(("start", "yes".to_owned()));
    let form: Vec<(&str, &str)> =
        form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let begun = officer.send(&page.path, &form).await;
    assert!(begun.status.is_success() && begun.body.contains("正在导入"), "{}", begun.body);
    begun
}

async fn progress(officer: &Person, page: &Answer) -> Value {
    let answer = officer.open(&format!("{}/progress", page.path)).await;
    serde_json::from_str(&answer.body).unwrap()
}

async fn wait_until_done(stack: &Stack, id: &str) -> Import {
    until("the import ends", async || find(stack, id).await.state != State::Running).await;
    find(stack, id).await
}

fn id_of(page: &Answer) -> String {
    page.path.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_at_the_console_survives_the_death_of_the_service() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    let officer = stack.officer("admin").await;
    let (division, ledger) = (division(&stack).await, ledger());
    let page = upload(&officer, &division, &ledger).await;
    let id = id_of(&page);
    assert_eq!(on_file(&stack).await, 0, "a preview writes nothing");
    start(&officer, &page).await;
    until("the first rows are taken", async || {
        progress(&officer, &page).await["done"].as_i64() >= Some(CHUNK)
    })
    .await;
    stack.kill_issuer().await;

    // What was counted is there, to the row, and nothing beyond it.
    let cut = find(&stack, &id).await;
    assert_eq!(cut.state, State::Running);
    assert!(cut.done >= CHUNK && cut.done < 9_000, "killed in the middle: {}", cut.done);
    assert_eq!(on_file(&stack).await, cut.done);

    // A minute and a half later the next process takes it over and goes on to the end.
    let file = stack.issuer_data().join("issuer.db").display().to_string();
    let mut raw = SqliteConnection::connect(&format!("sqlite://{file}")).await.unwrap();
    let touched = "UPDATE imports SET touched_at = touched_at - 91000";
    sqlx::query(touched).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
    stack.start_issuer().await;
    let done = wait_until_done(&stack, &id).await;
    assert_eq!((done.state, done.done, done.bad), (State::Finished, 9_000, 0));
    assert_eq!(done.summary.taken.added, 9_000);
    assert_eq!(on_file(&stack).await, 9_000);

    // The same file once more changes nothing.
    let again = upload(&officer, &division, &ledger).await;
    let preview = find(&stack, &id_of(&again)).await.summary.preview;
    assert_eq!((preview.added, preview.changed, preview.same), (0, 0, 9_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_again_takes_the_place_of_an_import_that_was_killed() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    let officer = stack.officer("admin").await;
    let (division, ledger) = (division(&stack).await, ledger());
    let first = upload(&officer, &division, &ledger).await;
    start(&officer, &first).await;
    until("the first rows are taken", async || {
        progress(&officer, &first).await["done"].as_i64() >= Some(CHUNK)
    })
    .await;
    stack.kill_issuer().await;
    let cut = find(&stack, &id_of(&first)).await;
    stack.start_issuer().await;

    let second = upload(&officer, &division, &ledger).await;
    let preview = find(&stack, &id_of(&second)).await.summary.preview;
    assert_eq!((preview.same, preview.added), (cut.done, 9_000 - cut.done));
    start(&officer, &second).await;
    let done = wait_until_done(&stack, &id_of(&second)).await;
    assert_eq!((done.state, on_file(&stack).await), (State::Finished, 9_000));
    let ended = find(&stack, &id_of(&first)).await;
    assert_eq!((ended.state, ended.summary.failure), (State::Failed, Failure::Replaced));
    assert_eq!(ended.done, cut.done, "it has not gone on");
    let page = officer.open(&first.path).await;
    assert!(page.body.contains("又开始了新的导入"), "{}", page.body);
}

fn environment(stack: &Stack, database: Option<&str>) -> Vec<(&'static str, String)> {
    let mut env = vec![
        ("FUGONG_DATA", stack.issuer_data().display().to_string()),
        ("FUGONG_ORIGIN", stack.origin()),
    ];
    env.extend(database.map(|url| ("DATABASE_URL", url.to_owned())));
    env
}

async fn command(args: &[&str], env: &[(&'static str, String)]) -> String {
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, output) = run("issuer", args, &env).await;
    assert_eq!(status, 0, "{output}");
    output
}

/// Starts a command and kills it once `ripe` holds.
async fn kill_when<F: AsyncFn() -> bool>(args: &[&str], env: &[(&'static str, String)], ripe: F) {
    let mut child = Command::new(binary("issuer"))
        .args(args)
        .envs(env.iter().map(|(name, value)| (*name, value.as_str())))
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !ripe().await {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        assert!(begun.elapsed() < PATIENCE, "it never came so far");
        sleep(Duration::from_millis(5)).await;
    }
    child.kill().await.unwrap();
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

async fn a_command_that_is_killed(kind: Kind) {
    let mut stack = Stack::new(kind).await;
    stack.kill_issuer().await;
    let env = environment(&stack, stack.database_url());
    let division = division(&stack).await;
    let sheet = write(stack.dir.path(), "ledger.xlsx", &ledger());
    let args = ["import", "enterprises", &sheet, "--division", &division];
    kill_when(&args, &env, async || {
        running(&stack, Subject::Enterprises, "").await.is_some_and(|import| import.done >= CHUNK)
    })
    .await;
    let cut = running(&stack, Subject::Enterprises, "").await.unwrap();
    assert!(cut.done < 9_000, "killed in the middle: {}", cut.done);
    assert_eq!(on_file(&stack).await, cut.done);
    let output = command(&args, &env).await;
    assert!(output.contains(&format!("had come to row {} of 9000", cut.done)), "{output}");
    assert!(output.contains(&format!("{} added", 9_000 - cut.done)), "{output}");
    assert_eq!(on_file(&stack).await, 9_000);

    // A roster is taken whole or not at all.
    let enterprise = stack.town.enterprise_id.clone();
    let sheet = write(stack.dir.path(), "roster.xlsx", &roster());
    let args = ["import", "people", &sheet, "--enterprise", &enterprise];
    kill_when(&args, &env, async || running(&stack, Subject::People, &enterprise).await.is_some())
        .await;
    assert_eq!(on_roster(&stack).await, Vec::<String>::new(), "killed before its one commit");
    command(&args, &env).await;
    let mut numbers = on_roster(&stack).await;
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), ROWS);
    let output = command(&args, &env).await;
    assert!(output.contains("0 new, 0 changed, 9000 the same as on file"), "{output}");
    assert_eq!(on_roster(&stack).await.len(), ROWS);
    assert!(running(&stack, Subject::People, &enterprise).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_killed_is_simply_given_again_on_sqlite() {
    a_command_that_is_killed(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_killed_is_simply_given_again_on_postgres() {
    a_command_that_is_killed(Kind::Postgres).await;
}
