use axum::body::Body;
use axum::http::{Request, header};
use fugong_common::digits;

use crate::accounts::Role;
use crate::permits::State;
use crate::permits::testing::{Town, text};

/// Sends the scan form as a browser does; returns status and where it leads, or the page.
async fn look(town: &Town, cookie: &str, parts: &[(&str, &[u8])]) -> (u16, String) {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let file = if *name == "picture" { "; filename=\"a.png\"" } else { "" };
        body.extend(
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
        );
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--x--\r\n");
    let request = Request::post("/inspections/look")
        .header("cookie", cookie)
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=x");
    let response = town.send(request.body(Body::from(body)).unwrap()).await;
    match response.headers().get(header::LOCATION) {
        Some(to) => (response.status().as_u16(), to.to_str().unwrap().to_owned()),
        None => text(response).await,
    }
}

#[tokio::test]
async fn an_inspector_scans_sees_the_file_notes_a_visit_and_the_public_page_shows_it() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let inspector = town.sign_in("inspector", Role::Inspector).await;
    let link = format!("http://127.0.0.1:8080/v/{}", digits::encode(&permit.token));
    let (status, to) =
        look(&town, &inspector, &[("text", link.as_bytes()), ("picture", b"")]).await;
    assert_eq!(status, 303);
    let (_, page) = town.get(&to, &inspector).await;
    assert!(
        page.contains("云锦服饰有限公司") && page.contains("刘芳") && page.contains("暂停该许可…")
    );
    let other = town.sign_in("other", Role::Inspector).await;
    assert_eq!(town.get(&to, &other).await.0, 404, "scans are one's own");
    let visit = format!("/inspections/visits/{}", permit.id);
    assert_eq!(town.post(&visit, &inspector, "findings=x").await.0, 422);
    let scan = to.rsplit('/').next().unwrap();
    let slip = format!("scan={scan}&findings=200&note=食堂未分餐");
    let (status, page) = town.post(&visit, &inspector, &slip).await;
    assert_eq!(status, 422);
    assert!(page.contains("食堂未分餐</textarea>") && page.contains("value=\"200\""), "{page}");
    assert!(page.contains("name=\"posted\" value=\"1\">"), "not ticked, and stays so: {page}");
    let form = "findings=2&posted=1&note=未分餐";
    assert_eq!(town.post(&visit, &inspector, form).await.0, 303);
    let (_, public) = town.get(&format!("/v/{}", digits::encode(&permit.token)), "").await;
    assert!(public.contains("2 月 10 日 · 发现 2 项问题"));
    let (_, page) = town.get("/inspections", &inspector).await;
    assert!(page.contains("云锦服饰有限公司"));
    // Two taps and a reason.
    let suspend = format!("/permits/{}/suspend", permit.id);
    assert_eq!(town.post(&suspend, &inspector, "reason=未分餐&revision=1").await.0, 422);
    assert_eq!(town.post(&suspend, &inspector, "reason=食堂未分餐&revision=1").await.0, 303);
    assert!(matches!(town.find(&permit.id).await.state, State::Suspended { .. }));
}

#[tokio::test]
async fn a_photo_of_a_placard_is_read_and_a_picture_without_code_says_so() {
    let town = Town::new().await;
    let permit = town.issued("a1").await;
    let inspector = town.sign_in("inspector", Role::Inspector).await;
    let link = format!("http://127.0.0.1:8080/v/{}", digits::encode(&permit.token));
    let png = crate::print::qr_png(&link, crate::print::Correction::Q, 4).unwrap();
    let (status, to) = look(&town, &inspector, &[("text", b""), ("picture", &png)]).await;
    assert_eq!(status, 303);
    assert!(town.get(&to, &inspector).await.1.contains("许可有效"));
    let (status, page) = look(&town, &inspector, &[("picture", b"hello")]).await;
    assert!(status == 422 && page.contains("无法打开图片"));
    let (status, page) = look(&town, &inspector, &[("text", b"")]).await;
    assert!(status == 422 && page.contains("请输入编号"));
    let request = Request::post("/inspections/frames").header("cookie", &inspector);
    let (status, body) = text(town.send(request.body(Body::from(png)).unwrap()).await).await;
    assert!(status == 200 && body.contains(&link));
}

#[tokio::test]
async fn what_is_none_of_ours_is_noted_without_a_permit() {
    let town = Town::new().await;
    town.issued("a1").await;
    let inspector = town.sign_in("inspector", Role::Inspector).await;
    let (_, to) = look(&town, &inspector, &[("text", b"https://www.example.cn/policy")]).await;
    let (_, page) = town.get(&to, &inspector).await;
    assert!(page.contains("不是复工许可") && !page.contains("登记巡查结果"));
}

#[tokio::test]
async fn a_report_is_dealt_with_once() {
    let town = Town::new().await;
    town.post("/report", "", "kind=forged&place=示例路 3 号&text=牌子是打印的").await;
    let inspector = town.sign_in("inspector", Role::Inspector).await;
    // Without a placard it belongs to the district, above this street.
    assert!(!town.get("/inspections/reports", &inspector).await.1.contains("牌子是打印的"));
    let permit = town.issued("a1").await;
    let path = format!("/report/{}", permit.serial.to_hex());
    town.post(&path, "", "kind=other&text=消毒水味很大").await;
    let (_, page) = town.get("/inspections/reports", &inspector).await;
    assert!(page.contains("消毒水味很大"));
    let id = page.split("/inspections/reports/").find_map(|s| s.split_once("/handle")).unwrap().0;
    let handle = format!("/inspections/reports/{id}/handle");
    let (status, page) = town.post(&handle, &inspector, "note=无").await;
    assert!(status == 422 && page.contains(">无</textarea>"), "{page}");
    assert_eq!(town.post(&handle, &inspector, "note=已到场核实").await.0, 303);
    let (status, page) = town.post(&handle, &inspector, "note=再次核实过").await;
    assert_eq!(status, 409);
    assert!(page.contains("举报已由他人处理") && page.contains("再次核实过"), "{page}");
    assert!(page.contains("已到场核实"), "and what the other one wrote: {page}");
    let (_, page) = town.get("/inspections/reports?handled=1", &inspector).await;
    assert!(page.contains("已到场核实") && page.contains("inspector"));
}
