//! What people and machines get wrong, through the real services: a clear word in the reader's
//! language under the right status, nothing lost of what was typed, nothing half written.

use std::io::{Cursor, Write};

use fugong_issuer::applications::store as applications;
use fugong_issuer::enterprises::store::{self as enterprises, Filter};
use fugong_issuer::people::store as people;
use fugong_tests::person::{Answer, Person, attribute};
use fugong_tests::process::run;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::{PASSWORD, Stack, scan};
use rust_xlsxwriter::{Format, Formula, Workbook};
use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::main_job::placard_text;

const LANGUAGES: [&str; 2] = ["zh", "en"];

fn in_language(path: &str, lang: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}lang={lang}")
}

/// Says this in Chinese or that in English, under a status.
fn says(answer: &Answer, status: u16, lang: &str, zh: &str, en: &str) {
    let wanted = if lang == "zh" { zh } else { en };
    assert_eq!(answer.status.as_u16(), status, "{lang}: {}", answer.body);
    assert!(answer.body.contains(wanted), "{lang}: no {wanted:?} in\n{}", answer.body);
    let tag = if lang == "zh" { "lang=\"zh-Hans\"" } else { "lang=\"en\"" };
    assert!(answer.body.contains(tag), "{lang}: {}", answer.body);
}

/// Enterprises and people in the town.
async fn counted(stack: &Stack) -> (i64, usize) {
    let bounds = fugong_issuer::authz::Reach::Division("/".into()).bounds();
    let filter = Filter { bounds: &bounds, search: "", kind: "", scale: "", survey: "" };
    let mut tx = stack.inside.db().read().await.unwrap();
    let enterprises = enterprises::count(&mut tx, &filter).await.unwrap();
    let people = people::list_all(&mut tx, &stack.town.enterprise_id).await.unwrap().len();
    (enterprises, people)
}

/// A picture whose header promises 10,000 × 10,000 pixels.
fn hundred_megapixels() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], data: &[u8]| {
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let body = [kind, data].concat();
        png.extend(&body);
        png.extend(crc(&body).to_be_bytes());
    };
    let side = 10_000_u32.to_be_bytes();
    chunk(b"IHDR", &[&side[..], &side[..], &[8, 0, 0, 0, 0]].concat());
    chunk(b"IDAT", &[0x78, 0x9c, 0x03, 0, 0, 0, 0, 1]);
    chunk(b"IEND", &[]);
    png
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_megabyte_and_a_picture_of_a_hundred_megapixels_are_refused_in_words() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let passer_by = Person::new(&stack.origin());
    let inspector = stack.officer("inspector").await;
    let token = "7".repeat(1 << 20);
    let picture = hundred_megapixels();
    for lang in LANGUAGES {
        for (who, path) in [(&passer_by, "/v"), (&guard, "/scan")] {
            let path = in_language(path, lang);
            let answer = who.send(&path, &[("text", &token), ("number", &token)]).await;
            says(&answer, 413, lang, "内容过大", "Too large");
        }
        // Within the limit of bodies, beyond that of codes: not a permit, and no trouble.
        let long = "7".repeat(200_000);
        let answer = passer_by.send(&in_language("/v", lang), &[("number", &long)]).await;
        assert!(matches!(answer.status.as_u16(), 200 | 404 | 422), "{}", answer.status);
        let answer = guard.send(&in_language("/scan", lang), &[("text", &long)]).await;
        let word = if lang == "zh" { "不是复工许可" } else { "Not a permit" };
        assert!(answer.status.is_success() && answer.body.contains(word), "{}", answer.body);

        let file = ("photo", "photo.png", picture.clone());
        let answer = guard.upload(&in_language("/photo", lang), &[("direction", "in")], file).await;
        says(&answer, 413, lang, "图片尺寸过大", "The picture is too large");
        let file = ("picture", "photo.png", picture.clone());
        let answer = inspector.upload(&in_language("/inspections/look", lang), &[], file).await;
        says(&answer, 422, lang, "图片尺寸过大", "The picture is too large");
    }
    for (path, text) in [("/api/scan", "text"), ("/api/verify", "text")] {
        let who = if path == "/api/scan" { &guard } else { &passer_by };
        let (status, body) = who.post_json(path, &json!({ text: token })).await;
        assert_eq!((status.as_u16(), body["code"].as_str()), (413, Some("too_large")), "{body}");
    }
    let answer = scan(&guard, &placard_text(&stack).await, "in").await;
    assert_eq!(answer["step"], "choose_person", "{answer}");
}

fn workbook(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(&mut workbook);
    workbook.save_to_buffer().unwrap()
}

fn zip_bomb() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let zeros = vec![b'0'; 64 << 20];
    for (name, bytes) in [("xl/workbook.xml", &b"<x/>"[..]), ("xl/worksheets/sheet1.xml", &zeros)] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn sheets_that_cannot_be_taken_in_say_why_and_leave_nothing_behind() {
    let stack = Stack::new(Kind::Sqlite).await;
    let intake = stack.officer("intake").await;
    let before = counted(&stack).await;
    let division = [("division", "yuhuangding")];
    let wrong = workbook(|book| {
        book.add_worksheet().set_name("说明").unwrap().write_string(0, 0, "填表说明").unwrap();
    });
    let cases: [(&str, Vec<u8>, u16, &str, &str); 5] = [
        ("bomb.xlsx", zip_bomb(), 422, "解压后过大", "inflates beyond measure"),
        (
            "page.xlsx",
            b"<html><table></table></html>".to_vec(),
            422,
            "这是网页",
            "This is a web page",
        ),
        ("photo.xlsx", hundred_megapixels(), 422, "这不是电子表格", "This is not a spreadsheet"),
        ("torn.xlsx", wrong[..wrong.len() / 2].to_vec(), 422, "文件已损坏", "The file is damaged"),
        ("large.xlsx", vec![b'7'; 21 << 20], 413, "文件超过 20 MB", "larger than 20 MB"),
    ];
    for lang in LANGUAGES {
        let path = in_language("/enterprises/import", lang);
        for (name, bytes, status, zh, en) in &cases {
            let answer = intake.upload(&path, &division, ("file", name, bytes.clone())).await;
            says(&answer, *status, lang, zh, en);
        }
        // A sheet of another kind is shown as understood, and has nothing to take in.
        let answer = intake.upload(&path, &division, ("file", "wrong.xlsx", wrong.clone())).await;
        assert!(
            answer.status.is_success() && answer.path.starts_with("/imports/"),
            "{}",
            answer.path
        );
    }
    assert_eq!(before, counted(&stack).await, "nothing was taken in");

    // Formulas count as what they show, cells merged downwards as what they mean; both are told.
    let plain = Format::new();
    let good = workbook(|book| {
        let sheet = book.add_worksheet();
        for (column, head) in ["企业名称", "所属街道", "负责人", "联系电话"].iter().enumerate()
        {
            sheet.write_string(0, u16::try_from(column).unwrap(), *head).unwrap();
        }
        sheet.merge_range(1, 1, 2, 1, "毓璜顶街道", &plain).unwrap();
        for row in 1..=2 {
            let name =
                Formula::new("=\"示例\"&ROW()").set_result(format!("公式商店{row}号（示例）"));
            sheet.write_formula(row, 0, name).unwrap();
            sheet.write_string(row, 2, "卫民").unwrap();
            sheet.write_string(row, 3, "13800000009").unwrap();
        }
    });
    let answer = intake.upload("/enterprises/import", &division, ("file", "good.xlsx", good)).await;
    assert!(answer.path.starts_with("/imports/"), "{} {}", answer.path, answer.body);
    assert!(answer.body.contains("公式商店1号"), "{}", answer.body);
    assert!(answer.body.contains("公式") && answer.body.contains("合并"), "{}", answer.body);
    assert_eq!(before, counted(&stack).await, "looking takes nothing in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_turns_or_hides_is_refused_and_the_form_comes_back() {
    let stack = Stack::new(Kind::Sqlite).await;
    let intake = stack.officer("intake").await;
    let before = counted(&stack).await;
    let people = format!("/enterprises/{}/people/new", stack.town.enterprise_id);
    for lang in LANGUAGES {
        for name in ["王\u{202e}芳", "王\u{0007}芳", "王\u{200b}芳\u{2066}"] {
            let fields = [
                ("name", name),
                ("kind", "shop"),
                ("scale", "small"),
                ("division", "c-nantong"),
                ("no_code_reason", "尚未办理执照"),
                ("responsible_name", "卫民"),
                ("responsible_phone", "13800000077"),
            ];
            let answer = intake.send(&in_language("/enterprises/new", lang), &fields).await;
            says(&answer, 422, lang, "会改变文字方向", "turns the text around");
            for kept in ["13800000077", "尚未办理执照"] {
                assert!(answer.body.contains(kept), "{kept} is lost:\n{}", answer.body);
            }
            let fields = [("name", name), ("phone", "13800000078"), ("job", "缝制工")];
            let answer = intake.send(&in_language(&people, lang), &fields).await;
            says(&answer, 422, lang, "会改变文字方向", "turns the text around");
            assert!(answer.body.contains("13800000078"), "{}", answer.body);
        }
    }
    assert_eq!(before, counted(&stack).await, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_used_is_worth_nothing_a_second_time() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    let administrator = stack.officer("admin").await;
    let page = administrator.send(&format!("/gates/{}/code", stack.town.gate_id), &[]).await;
    let command = page.body.split("<pre class=\"code\">").nth(1).unwrap();
    let command = command.split("</pre>").next().unwrap();
    let words: Vec<String> = command.split_whitespace().skip(1).map(str::to_owned).collect();
    let enrol = |data: &str| {
        let data = stack.dir.path().join(data).display().to_string();
        let mut args = vec!["--accept-sample".to_owned(), "--data".to_owned(), data];
        args.extend(words.clone());
        args
    };
    let (status, output) = run("verifier", &enrol("first"), &[]).await;
    assert_eq!(status, 0, "{output}");
    let (status, output) = run("verifier", &enrol("second"), &[]).await;
    assert_ne!(status, 0, "{output}");
    assert!(output.contains("code"), "{output}");

    // A new code for the same gate, and its pairing code twice.
    stack.enrol().await;
    let code = stack.pairing_code().await;
    let first = Person::new(&stack.gate_origin());
    let paired = first.send("/pair", &[("code", code.as_str()), ("label", "first")]).await;
    assert!(paired.status.is_success() && paired.path == "/sign-on", "{}", paired.body);
    for lang in LANGUAGES {
        let second = Person::new(&stack.gate_origin());
        let fields = [("code", code.as_str()), ("label", "second")];
        let answer = second.send(&in_language("/pair", lang), &fields).await;
        says(&answer, 403, lang, "配对码不正确", "The code is wrong, used or expired");
        assert!(answer.body.contains("second"), "what was typed stays: {}", answer.body);
    }

    // A link by which somebody sets a password.
    let new =
        [("sign_in", "novice"), ("name", "新人"), ("role", "intake"), ("division", "yuhuangding")];
    let made = administrator.send("/settings/accounts/new", &new).await;
    let link = made.body.split("/set-up/").nth(1).unwrap_or_else(|| panic!("{}", made.body));
    let secret: String =
        link.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    let path = format!("/set-up/{secret}");
    let password = [("password", "long enough 7"), ("again", "long enough 7")];
    let novice = Person::new(&stack.origin());
    assert_eq!(novice.send(&path, &password).await.path, "/");
    for lang in LANGUAGES {
        let thief = Person::new(&stack.origin());
        let answer = thief.send(&in_language(&path, lang), &password).await;
        says(&answer, 404, lang, "链接", "link");
    }

    // A social credit code that another file has.
    let mut tx = stack.inside.db().read().await.unwrap();
    let taken = enterprises::find(&mut tx, &stack.town.enterprise_id).await.unwrap().unwrap();
    drop(tx);
    let before = counted(&stack).await;
    let intake = stack.officer("intake").await;
    for lang in LANGUAGES {
        let fields = [
            ("name", "另一家有限公司（示例）"),
            ("uscc", taken.uscc.as_deref().unwrap()),
            ("kind", "company"),
            ("scale", "below"),
            ("evidence", "示例"),
            ("division", "c-nantong"),
            ("responsible_name", "卫民"),
            ("responsible_phone", "13800000077"),
        ];
        let answer = intake.send(&in_language("/enterprises/new", lang), &fields).await;
        assert!(matches!(answer.status.as_u16(), 409 | 422), "{}", answer.body);
        assert!(answer.body.contains("另一家有限公司"), "what was typed stays: {}", answer.body);
    }
    assert_eq!(before, counted(&stack).await);
}

/// The first application that somebody's queue shows in a state.
async fn first_case(person: &Person, state: &str) -> String {
    let page = person.open(&format!("/applications?state={state}")).await;
    let id = page.body.split("href=\"/applications/").skip(1).find_map(|rest| {
        let id: String = rest.chars().take_while(|c| *c != '"' && *c != '?').collect();
        (id.len() == 36).then_some(id)
    });
    id.unwrap_or_else(|| panic!("nothing is {state}:\n{}", page.body))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_officers_on_one_case_at_once_one_acts_and_the_other_is_told() {
    let stack = Stack::new(Kind::Sqlite).await;
    let first = stack.officer("intake").await;
    let second = stack.officer("intake").await;
    let id = first_case(&first, "submitted").await;
    let page = first.open(&format!("/applications/{id}")).await;
    let revision = attribute(&page.body, "name=\"seen_revision\"", "value").unwrap();
    let seen = [("seen_state", "submitted"), ("seen_revision", revision.as_str())];
    let accept = format!("/applications/{id}/accept");
    let back = format!("/applications/{id}/return");
    let faults = [seen[0], seen[1], ("other", "请附租赁合同")];
    let (one, other) = tokio::join!(first.send(&accept, &seen), second.send(&back, &faults));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{}\n{}", one.body, other.body);
    for lang in LANGUAGES {
        let late = second.send(&in_language(&accept, lang), &seen).await;
        says(&late, 409, lang, "他人已先行处理", "Somebody was quicker");
    }
    let mut tx = stack.inside.db().read().await.unwrap();
    let now = applications::find(&mut tx, &id).await.unwrap().unwrap();
    let wanted = if one.status.is_success() { "site_check" } else { "returned" };
    assert_eq!(now.state().code(), wanted, "one act stands, whole");

    // The same with a permit: a suspension and a revocation against the revision both saw.
    let (director, secretary) = (stack.officer("director").await, stack.officer("secretary").await);
    let path = format!("/permits/{}", stack.town.permit_id);
    let form = [("reason", "消毒不到位"), ("revision", "1")];
    let (suspend, revoke) = (format!("{path}/suspend"), format!("{path}/revoke"));
    let (one, other) = tokio::join!(director.send(&suspend, &form), secretary.send(&revoke, &form));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{}\n{}", one.body, other.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_outlives_the_session_it_was_begun_in() {
    let stack = Stack::new(Kind::Sqlite).await;
    let before = counted(&stack).await;
    let path = format!("/enterprises/{}/people/new", stack.town.enterprise_id);
    for (lang, number) in LANGUAGES.into_iter().zip(["0801", "0802"]) {
        let somebody = Person::new(&stack.origin());
        let fields = [
            ("worker_number", number),
            ("name", "韩“小”燕 & 子"),
            ("phone", "13800000079"),
            ("job", "裁剪工"),
        ];
        let stopped = somebody.send(&in_language(&path, lang), &fields).await;
        says(&stopped, 401, lang, "登录已过期", "Your session has ended");
        let target = attribute(&stopped.body, "name=\"kept_target\"", "value").unwrap();
        let body = attribute(&stopped.body, "name=\"kept_body\"", "value").unwrap();
        let (target, body) = (target.replace("&#38;", "&"), body.replace("&#38;", "&"));
        // A wrong password loses nothing either.
        let wrong = [
            ("name", "intake"),
            ("password", "not the password"),
            ("kept_target", target.as_str()),
            ("kept_body", body.as_str()),
        ];
        let refused = somebody.send(&in_language("/sign-in", lang), &wrong).await;
        assert_eq!(refused.status, 401, "{}", refused.body);
        assert!(refused.body.contains("13800000079"), "{}", refused.body);
        let right = [wrong[0], ("password", PASSWORD), wrong[2], wrong[3]];
        let kept = somebody.send(&in_language("/sign-in", lang), &right).await;
        says(&kept, 200, lang, "已保留您填写的", "that you filled in are kept");
        for value in [number, "13800000079", "裁剪工"] {
            assert!(kept.body.contains(&format!("value=\"{value}\"")), "{}", kept.body);
        }
        let sent = somebody.send(&target, &fields).await;
        assert!(sent.status.is_success(), "{}", sent.body);
    }
    let (enterprises, people) = counted(&stack).await;
    assert_eq!((enterprises, people), (before.0, before.1 + 2));
}
