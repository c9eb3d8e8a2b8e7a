//! A district on file: 40,736 enterprises imported, as many applications under way, and the pages that show them.

use fugong_common::lang::Lang;
use fugong_common::uscc::Uscc;
use fugong_issuer::app::App;
use fugong_issuer::imports::columns::{Field, Subject};
use fugong_issuer::imports::job::{self, Upload};
use fugong_issuer::imports::{store, taking};
use fugong_tests::person::Person;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::Stack;
use rust_xlsxwriter::Workbook;
use tokio::runtime::Runtime;

use crate::Scale;
use crate::say::{line, marked, median, timed};
use crate::town::{
    add_gates, apply_everywhere, called, is_durable, kinds, permit_everywhere, tidy,
};

pub fn run(scale: Scale) {
    let runtime = Runtime::new().expect("a runtime");
    let n = scale.of(40_736, 60);
    let sheet = sheet(n);
    for kind in kinds() {
        runtime.block_on(district(kind, &sheet, n, scale));
    }
}

async fn district(kind: Kind, sheet: &[u8], n: u32, scale: Scale) {
    let stack = Stack::new(kind).await;
    let app = &stack.inside;
    let how = if is_durable(app).await { "" } else { ", fsync off" };
    let begun = std::time::Instant::now();
    import(app, sheet, n).await;
    let seconds = begun.elapsed().as_secs_f64();
    let name = format!("import of {n} enterprises, {}{how}", called(kind));
    marked(&name, &format!("{seconds:.1} s"), "< 30 s", seconds < 30.0);
    apply_everywhere(app).await.expect("applications");
    permit_everywhere(app, &stack.town.permit_id, 10_000).await.expect("permits");
    add_gates(app, &stack.town.gate_id, scale.of(1000, 3)).await.expect("gates");
    tidy(app).await;
    let intake = stack.officer("intake").await;
    let secretary = stack.officer("secretary").await;
    let admin = stack.officer("admin").await;
    let nobody = Person::new(&stack.origin());
    let public = {
        let mut tx = app.db().read().await.expect("a transaction");
        let permit = fugong_issuer::permits::store::find(&mut tx, &stack.town.permit_id)
            .await
            .expect("it reads")
            .expect("the permit");
        format!("/v/{}", fugong_common::digits::encode(&permit.token))
    };
    let times = scale.of(25, 2);
    for (what, person, path) in [
        ("to-do list", &intake, "/"),
        ("queue", &intake, "/applications"),
        ("queue, one state", &intake, "/applications?state=submitted"),
        ("queue, by name", &intake, "/applications?q=%E7%AC%AC30000%E5%8F%B7"),
        ("queue of a signatory", &secretary, "/applications"),
        ("enterprises", &intake, "/enterprises"),
        ("enterprises, by part of the name", &intake, "/enterprises?q=30000%E5%8F%B7"),
        ("permits, 10,000", &intake, "/permits"),
        ("permits, valid", &intake, "/permits?state=valid"),
        ("permits, by name", &intake, "/permits?q=%E7%AC%AC300%E5%8F%B7"),
        ("gates, 1,000", &admin, "/gates"),
        ("public page of a placard", &nobody, public.as_str()),
    ] {
        let millis = opening(person, path, times).await;
        let name = format!("{what}, {}", called(kind));
        marked(&name, &format!("{millis:.1} ms"), "< 20 ms", millis < 20.0);
    }
}

/// Milliseconds that a page takes, the middle of several.
async fn opening(person: &Person, path: &str, times: usize) -> f64 {
    let mut took = Vec::new();
    for _ in 0..times {
        let begun = std::time::Instant::now();
        let answer = person.open(path).await;
        took.push(begun.elapsed().as_secs_f64() * 1000.0);
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.body);
    }
    median(took)
}

async fn import(app: &App, sheet: &[u8], n: u32) {
    let upload = Upload {
        subject: Subject::Enterprises,
        enterprise_id: String::new(),
        division_id: "zhifu".to_owned(),
        account_id: String::new(),
        file_name: "台账.xlsx".to_owned(),
        lang: Lang::Zh,
    };
    let id = job::prepare(app, upload, sheet.to_vec()).await.expect("it is read");
    let mut tx = app.db().read().await.expect("a transaction");
    let import = store::find(&mut tx, &id).await.expect("it reads").expect("the import");
    drop(tx);
    let before = job::begin(app, &import).await.expect("it begins");
    assert!(before.is_some_and(|before| before.is_empty()), "nothing stands in its way");
    taking::run(app, &id, |_| {}).await.expect("it runs");
    let mut tx = app.db().read().await.expect("a transaction");
    let import = store::find(&mut tx, &id).await.expect("it reads").expect("the import");
    assert_eq!(import.summary.taken.added, i64::from(n), "{:?}", import.summary.bad_samples);
}

/// A sheet as an office keeps it.
fn sheet(n: u32) -> Vec<u8> {
    use Field::{
        Address, Community, ContactName, ContactPhone, Industry, Name, ResponsibleName,
        ResponsiblePhone, Scale as Size, Street, SurveyStaff, Uscc as Code,
    };
    const COMMUNITIES: [&str; 3] = ["南通社区", "大海阳社区", "文化苑社区"];
    let fields = [
        Name,
        Code,
        Size,
        Industry,
        Street,
        Community,
        Address,
        ResponsibleName,
        ResponsiblePhone,
        ContactName,
        ContactPhone,
        SurveyStaff,
    ];
    let (bytes, seconds) = timed(|| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (column, field) in (0..).zip(fields) {
            sheet.write(0, column, field.title(Lang::Zh)).expect("a cell");
        }
        for row in 1..=n {
            let code = Uscc::complete(&format!("91370602MB{row:07}")).expect("a code");
            let texts = [
                format!("第{row}号商贸有限公司（示例）"),
                code.as_str().to_owned(),
                if row % 20 == 0 { "规上企业" } else { "规下企业" }.to_owned(),
                "加工制造".to_owned(),
                "毓璜顶街道".to_owned(),
                COMMUNITIES[row as usize % 3].to_owned(),
                format!("南大街示例路 {row} 号"),
                "云锦程".to_owned(),
                "13800000001".to_owned(),
                "白雪".to_owned(),
                "13800000002".to_owned(),
                format!("{}", row % 300),
            ];
            for (column, text) in (0..).zip(texts) {
                sheet.write(row, column, text).expect("a cell");
            }
        }
        book.save_to_buffer().expect("a file")
    });
    line("the sheet itself", &format!("{:.1} MB, {seconds:.1} s", bytes.len() as f64 / 1e6));
    bytes
}
