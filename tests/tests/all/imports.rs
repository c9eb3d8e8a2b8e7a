//! Imports whose process is killed: what was counted as done stays, the rest is not taken, and doing
//! it again makes nothing twice.

use std::path::Path;
use std::time::Duration;

use fugong_common::uscc::Uscc;
use fugong_issuer::authz::Bounds;
use fugong_issuer::enterprises::store as enterprises;
use fugong_issuer::imports::columns::Subject;
use fugong_issuer::imports::store::{self as imports, Import};
use fugong_issuer::people::store as people;
use fugong_tests::process::{binary, run};
use fugong_tests::scratch::Kind;
use fugong_tests::stack::Stack;
use rust_xlsxwriter::Workbook;
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
    for _ in 0..20_000 {
        if ripe().await {
            child.kill().await.unwrap();
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came so far");
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
