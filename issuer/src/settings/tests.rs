//! The settings' pages over the real router, as administrators use them.

use axum::body::Body;
use axum::http::{Request, header};

use crate::accounts::{Role, Secret, hash_password, store as accounts, verify_password};
use crate::divisions::store as divisions;
use crate::permits::testing::{NOW, Town, text};
use crate::{audit, run};

/// Somebody signed in with a post in a division.
async fn sign_in(town: &Town, name: &str, role: Role, division_id: &str) -> String {
    let mut tx = town.app.db().write().await.unwrap();
    let hash = hash_password(town.app.entropy(), name, "correct horse 1").unwrap();
    accounts::insert(&mut tx, name, name, name, &hash, NOW).await.unwrap();
    let post_id = format!("post-{name}");
    let post = accounts::NewPost {
        id: &post_id,
        account_id: name,
        role,
        division_id,
        enterprise_id: "",
        title: "",
        line: "",
        valid_from: NOW.plus_days(-1),
    };
    accounts::insert_post(&mut tx, post).await.unwrap();
    let secret = Secret::new(town.app.entropy());
    let end = NOW.plus_days(1);
    accounts::insert_session(&mut tx, &secret.sha256, name, &post_id, NOW, end).await.unwrap();
    tx.commit().await.unwrap();
    format!("fugong_issuer={}", secret.text)
}

async fn administrator(town: &Town) -> String {
    sign_in(town, "admin", Role::Administrator, "zf").await
}

async fn newest_act(town: &Town) -> String {
    let everywhere = crate::authz::Reach::Division("/".into()).bounds();
    let filter = audit::Filter {
        bounds: &everywhere,
        whole: true,
        account_id: "",
        subject: "",
        subject_id: "",
    };
    let mut tx = town.app.db().read().await.unwrap();
    let lines = audit::list(&mut tx, &filter, i64::MAX, 1).await.unwrap();
    lines.into_iter().next().unwrap().action
}

/// A form of the regime's page as a browser sends it back.
fn regime_form(fever: &str, starts: &str) -> String {
    let mut form = format!(
        "division=yhd&kind=filing&starts={starts}&fever={fever}&low=35.5&plausible_low=34.0&plausible_high=43.0\
         &permit_days=14&temporary_suspension_hours=48&decide_within_days=3&decide_green_within_days=1\
         &status_usable_hours=72&offline_grace_hours=24&placard_title=%E5%85%AC%E7%A4%BA%E7%89%8C\
         &order_zh=%E9%80%90%E4%BA%BA%E7%99%BB%E8%AE%B0&order_en=write%20down"
    );
    for scale in ["above", "below", "small"] {
        form += &format!(
            "&{scale}_0_code=street&{scale}_0_zh=%E8%A1%97%E9%81%93&{scale}_0_en=street&{scale}_0_role=director"
        );
    }
    form
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

#[tokio::test]
async fn the_home_shows_each_post_what_it_may_manage() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    let (status, page) = town.get("/settings", &admin).await;
    assert_eq!(status, 200);
    for href in ["/settings/accounts", "/settings/divisions", "/keys", "/settings/audit"] {
        assert!(page.contains(&format!("href=\"{href}\"")), "{href}");
    }
    // Tree, hotline, pattern and trust list are there; parties, regime, premises and gate aren't.
    assert!(page.contains("已完成 4 步，共 9 步。"), "{page}");
    let guard = sign_in(&town, "intake", Role::Intake, "yhd").await;
    let (status, page) = town.get("/settings", &guard).await;
    assert_eq!(status, 200);
    assert!(page.contains("/settings/password") && !page.contains("/settings/accounts"));
    assert_eq!(town.get("/settings/accounts", &guard).await.0, 403);
    assert_eq!(town.get("/settings/divisions", &guard).await.0, 403);
    assert_eq!(town.get("/settings/audit", &guard).await.0, 403);
}

#[tokio::test]
async fn a_new_password_needs_the_present_one_and_ends_other_sessions() {
    let town = Town::new().await;
    let first = administrator(&town).await;
    let form =
        |present: &str| format!("present={present}&password=a+new+sentence&again=a+new+sentence");
    let (status, page) = town.post("/settings/password", &first, &form("wrong")).await;
    assert_eq!(status, 422);
    assert!(page.contains("当前密码不正确"), "{page}");
    let (status, _) = town.post("/settings/password", &first, &form("correct+horse+1")).await;
    assert_eq!(status, 303);
    let mut tx = town.app.db().read().await.unwrap();
    let stored = accounts::find(&mut tx, "admin").await.unwrap().unwrap().password_hash;
    drop(tx);
    assert!(verify_password(&stored, "a new sentence"));
    assert_eq!(town.get("/settings", &first).await.0, 303, "the old session is over");
    assert_eq!(newest_act(&town).await, "account.change_password");
}

#[tokio::test]
async fn a_new_account_gets_a_post_and_a_link_that_is_shown_once() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    let faulty =
        "sign_in=li+hua&name=%E6%9D%8E%E5%8D%8E&phone=1380013800O&role=intake&division=yhd&line=x";
    let (status, page) = town.post("/settings/accounts/new", &admin, faulty).await;
    assert_eq!(status, 422);
    assert!(page.contains("value=\"li hua\"") && page.contains("李华"), "what was typed is kept");
    assert_eq!(page.matches("class=\"error\"").count(), 3, "{page}");
    let fine = "sign_in=Li.Hua&name=%E6%9D%8E%E5%8D%8E&role=intake&division=yhd";
    let (status, page) = town.post("/settings/accounts/new", &admin, fine).await;
    assert_eq!(status, 200);
    let link = between(&page, "<p class=\"mono once\">", "</p>");
    let path = link.split_once("/set-up/").unwrap().1;
    assert_eq!(town.get(&format!("/set-up/{path}"), "").await.0, 200);
    let mut tx = town.app.db().read().await.unwrap();
    let account = accounts::find_by_sign_in(&mut tx, "li.hua").await.unwrap().unwrap();
    drop(tx);
    let (_, page) = town.get(&format!("/settings/accounts/{}", account.id), &admin).await;
    assert!(!page.contains("/set-up/") && page.contains("受理人员"), "{page}");
    let (status, page) = town.post("/settings/accounts/new", &admin, fine).await;
    assert_eq!(status, 422);
    assert!(page.contains("该登录名已被使用"), "{page}");
}

#[tokio::test]
async fn the_last_administrator_stays_and_nobody_switches_himself_off() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    let own = town.post("/settings/accounts/admin/off", &admin, "").await;
    assert_eq!(own.0, 409);
    let deputy = sign_in(&town, "deputy", Role::Administrator, "zf").await;
    let path = "/settings/accounts/admin/posts/post-admin/end";
    assert_eq!(town.post(path, &admin, "").await.0, 409, "one's own post");
    assert_eq!(town.post("/settings/accounts/deputy/off", &admin, "").await.0, 303);
    assert_eq!(town.get("/settings", &deputy).await.0, 303, "signed out at once");
    assert_eq!(town.post("/settings/accounts/deputy/on", &admin, "").await.0, 303);
    let deputy_again = {
        let mut tx = town.app.db().write().await.unwrap();
        let secret = Secret::new(town.app.entropy());
        let end = NOW.plus_days(1);
        accounts::insert_session(&mut tx, &secret.sha256, "deputy", "post-deputy", NOW, end)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        format!("fugong_issuer={}", secret.text)
    };
    // The deputy has a password; once the administrator's is gone, the deputy is the last one.
    assert_eq!(town.post(path, &deputy_again, "").await.0, 303);
    let mut tx = town.app.db().write().await.unwrap();
    run!(&mut tx, "UPDATE posts SET valid_to = NULL WHERE id = 'post-admin'").unwrap();
    run!(&mut tx, "UPDATE accounts SET password_hash = '' WHERE id = 'admin'").unwrap();
    tx.commit().await.unwrap();
    let secret = sign_in(&town, "street", Role::Administrator, "yhd").await;
    let (status, page) =
        town.post("/settings/accounts/deputy/posts/post-deputy/end", &admin, "").await;
    assert_eq!(status, 409, "an administrator without a password does not count");
    assert!(page.contains("最后一个管理员岗位"), "{page}");
    // A street's administrator neither sees nor touches the district's accounts.
    assert_eq!(town.get("/settings/accounts/deputy", &secret).await.0, 404);
    assert_eq!(town.post("/settings/accounts/deputy/reset", &secret, "").await.0, 404);
}

#[tokio::test]
async fn a_community_that_no_list_holds_is_added_renamed_and_ended() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    let new = "child_name=%E6%96%B0%E7%9F%B3%E7%A4%BE%E5%8C%BA&level=community&code=";
    assert_eq!(town.post("/settings/divisions/yhd/below", &admin, new).await.0, 303);
    let (_, page) = town.get("/settings/divisions/yhd", &admin).await;
    assert!(page.contains("新石社区") && page.contains("370602001901"), "{page}");
    let (status, page) = town.post("/settings/divisions/yhd/below", &admin, new).await;
    assert_eq!(status, 422);
    assert!(page.contains("同级已有同名辖区"), "{page}");
    let foreign = "child_name=x&level=community&code=370602002001";
    assert_eq!(town.post("/settings/divisions/yhd/below", &admin, foreign).await.0, 422);

    let edit =
        "name=%E6%AF%93%E7%92%9C%E9%A1%B6&hotline=12345&pattern=%7Byear%7D-%7Bnumber%7D&revision=1";
    assert_eq!(town.post("/settings/divisions/yhd", &admin, edit).await.0, 303);
    let (status, page) = town.post("/settings/divisions/yhd", &admin, edit).await;
    assert_eq!(status, 409, "edited meanwhile");
    assert!(page.contains("value=\"{year}-{number}\"") && page.contains("value=\"2\""), "{page}");
    let bad = "name=x&hotline=12345&pattern=%7Byear%7D&revision=2";
    let (status, page) = town.post("/settings/divisions/yhd", &admin, bad).await;
    assert_eq!(status, 422);
    assert!(page.contains("value=\"{year}\""), "{page}");

    let (status, page) = town.post("/settings/divisions/yhd/end", &admin, "").await;
    assert_eq!(status, 409);
    assert!(page.contains("企业 2 家"), "{page}");
    let mut tx = town.app.db().read().await.unwrap();
    let street = divisions::find(&mut tx, "yhd").await.unwrap().unwrap();
    assert_eq!((street.valid_to, street.hotline.as_str()), (None, "12345"));
    let children = crate::divisions::tree::list_children(&mut tx, "yhd", NOW).await.unwrap();
    drop(tx);
    let community = &children.first().unwrap().id;
    town.later(1);
    let path = format!("/settings/divisions/{community}/end");
    assert_eq!(town.post(&path, &admin, "").await.0, 303);
    let (_, page) = town.get("/settings/divisions/yhd", &admin).await;
    assert!(!page.contains("新石社区"), "{page}");
}

#[tokio::test]
async fn a_list_of_divisions_is_taken_whole_or_not_at_all() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    let send = async |list: &str| {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
             Content-Type: text/csv\r\n\r\n{list}\r\n--b--\r\n"
        );
        let request = Request::post("/settings/divisions/zf/import")
            .header("cookie", admin.as_str())
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        text(town.send(request.body(Body::from(body)).unwrap()).await).await
    };
    let (status, page) =
        send("code,name,level\n370602002,东山街道,street\n370602003001,无上级,community\n").await;
    assert_eq!(status, 422);
    assert!(page.contains("第 3 行：找不到上级辖区"), "{page}");
    assert!(!page.contains("东山街道"), "{page}");
    let (status, page) =
        send("code,name,level\n370602002,东山街道,street\n370602001,毓璜顶街道,street\n").await;
    assert_eq!(status, 200);
    assert!(page.contains("已导入 1 个辖区，1 个已存在") && page.contains("东山街道"), "{page}");
}

#[tokio::test]
async fn a_regime_is_published_only_as_its_preview_showed_it() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    let form = regime_form("37.0", "2020-02-10");
    let (status, page) = town.post("/settings/regimes/new", &admin, &form).await;
    assert_eq!(status, 200);
    assert!(page.contains("影响企业 2 家") && page.contains("规则版本 1"), "{page}");
    let digest = between(&page, "name=\"previewed\" value=\"", "\"").to_owned();
    let edited = regime_form("36.9", "2020-02-10") + "&act=publish&previewed=" + &digest;
    let (status, page) = town.post("/settings/regimes/new", &admin, &edited).await;
    assert_eq!(status, 422);
    assert!(page.contains("预览后内容有改动"), "{page}");
    let before = town.app.watch_changes().borrow().to_owned();
    let sent = form.clone() + "&act=publish&previewed=" + &digest;
    assert_eq!(town.post("/settings/regimes/new", &admin, &sent).await.0, 303);
    assert!(town.app.watch_changes().borrow().to_owned() > before, "gates learn of it");
    assert_eq!(newest_act(&town).await, "regime.publish");
    let mut tx = town.app.db().read().await.unwrap();
    let regime = divisions::find_regime(&mut tx, &town.path, NOW).await.unwrap().unwrap();
    assert_eq!((regime.rule_version, regime.settings.fever_tenths), (1, 370));
    drop(tx);
    // The same preview does not publish a second time: it was made before version 1.
    let (status, page) = town.post("/settings/regimes/new", &admin, &sent).await;
    assert_eq!(status, 422);
    assert!(page.contains("规则版本 2"), "{page}");
    let (_, page) = town.get("/settings/regimes?division=yhd", &admin).await;
    assert!(page.contains("现行"), "{page}");
}

#[tokio::test]
async fn a_street_may_be_stricter_than_its_district_and_never_laxer() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    let publish = async |form: String| {
        let (status, page) = town.post("/settings/regimes/new", &admin, &form).await;
        if status != 200 {
            return (status, page);
        }
        let digest = between(&page, "name=\"previewed\" value=\"", "\"").to_owned();
        town.post("/settings/regimes/new", &admin, &(form + "&act=publish&previewed=" + &digest))
            .await
    };
    let of_district = |form: String| form.replace("division=yhd", "division=zf");
    assert_eq!(publish(of_district(regime_form("37.3", "2020-02-10"))).await.0, 303);
    let (status, page) = publish(regime_form("37.5", "2020-02-10")).await;
    assert_eq!(status, 422);
    assert!(page.contains("上级（芝罘区）的限值为 37.3"), "{page}");
    assert!(page.contains("value=\"37.5\""), "what was typed is kept");
    assert_eq!(publish(regime_form("37.2", "2020-02-10")).await.0, 303);
    // The district becomes stricter later: from then on its limit holds in the street too.
    let (_, page) = town
        .post("/settings/regimes/new", &admin, &of_district(regime_form("37.0", "2020-02-12")))
        .await;
    assert!(page.contains("毓璜顶街道"), "the preview names the laxer street");
    assert_eq!(publish(of_district(regime_form("37.0", "2020-02-12"))).await.0, 303);
    let mut tx = town.app.db().read().await.unwrap();
    let now = divisions::find_regime(&mut tx, &town.path, NOW).await.unwrap().unwrap();
    assert_eq!((now.settings.fever_tenths, now.rule_version), (372, 2));
    let later = divisions::find_regime(&mut tx, &town.path, NOW.plus_days(3)).await.unwrap();
    assert_eq!(later.unwrap().settings.fever_tenths, 370);
}

/// The log's page once the check that it asks for has ended.
async fn verified(town: &Town, admin: &str) -> String {
    assert_eq!(town.post("/settings/audit/verify", admin, "").await.0, 303);
    // A check that never ends is ended, and told of, by the runner's limit.
    loop {
        let (_, page) = town.get("/settings/audit", admin).await;
        if !page.contains("正在校验") {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_log_is_read_by_person_and_thing_and_its_chain_verified() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    let edit = "name=%E6%AF%93%E7%92%9C%E9%A1%B6&hotline=12345&pattern=&revision=1";
    assert_eq!(town.post("/settings/divisions/yhd", &admin, edit).await.0, 303);
    let (_, page) = town.get("/settings/audit?kind=division&subject=yhd", &admin).await;
    assert!(page.contains("修改辖区") && page.contains("毓璜顶街道 → 毓璜顶"), "{page}");
    let (_, page) = town.get("/settings/audit?who=admin&kind=permit", &admin).await;
    assert!(page.contains("没有符合条件的记录"), "{page}");
    let (_, page) = town.get("/settings/audit?who=nobody", &admin).await;
    assert!(page.contains("没有这个登录名"), "{page}");
    let page = verified(&town, &admin).await;
    assert!(page.contains("记录链完整"), "{page}");
    let mut tx = town.app.db().write().await.unwrap();
    run!(&mut tx, "UPDATE audit SET action = 'account.add' WHERE subject_id = 'yhd'").unwrap();
    tx.commit().await.unwrap();
    let page = verified(&town, &admin).await;
    assert!(page.contains("被改动，或与前一项不相连"), "{page}");
    let street = sign_in(&town, "street", Role::Command, "yhd").await;
    let (_, page) = town.get("/settings/audit", &street).await;
    assert!(page.contains("新增账号") && !page.contains("签发机构清单</td>"), "{page}");
}

#[tokio::test]
async fn titles_given_by_a_district_hold_in_its_streets() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    let form = "division=zf&title_intake=%E7%AA%97%E5%8F%A3%E4%BA%BA%E5%91%98&seen_intake=";
    assert_eq!(town.post("/settings/roles", &admin, form).await.0, 303);
    let clerk = sign_in(&town, "clerk", Role::Intake, "yhd").await;
    let (_, page) = town.get("/settings", &clerk).await;
    assert!(page.contains("窗口人员"), "{page}");
    // Somebody who saw the role without a title does not overwrite the new one.
    let stale = "division=zf&title_intake=x&seen_intake=";
    let (status, page) = town.post("/settings/roles", &admin, stale).await;
    assert_eq!(status, 409);
    assert!(page.contains("name=\"title_intake\" value=\"x\""), "what was typed stays: {page}");
    // Sent again from there, it is meant.
    assert!(page.contains("name=\"seen_intake\" value=\"窗口人员\""), "{page}");
    let knowing = "division=zf&title_intake=x&seen_intake=窗口人员";
    assert_eq!(town.post("/settings/roles", &admin, knowing).await.0, 303);
}

#[tokio::test]
async fn every_page_is_whole_in_english_too() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    for path in [
        "/settings",
        "/settings/password",
        "/settings/accounts",
        "/settings/accounts/new",
        "/settings/accounts/admin",
        "/settings/roles",
        "/settings/divisions",
        "/settings/divisions/yhd",
        "/settings/regimes",
        "/settings/regimes/new",
        "/settings/audit",
    ] {
        let (status, page) = town.get(&format!("{path}?lang=en"), &admin).await;
        assert_eq!(status, 200, "{path}");
        assert!(!page.contains("style=") && !page.contains("onclick"), "{path}");
        let main = page.split_once("<main").unwrap().1;
        assert!(main.contains("Settings"), "{path}: {main}");
    }
}

#[tokio::test]
async fn an_account_that_somebody_else_has_just_edited_keeps_what_was_typed() {
    let town = Town::new().await;
    let admin = administrator(&town).await;
    sign_in(&town, "clerk", Role::Intake, "yhd").await;
    let path = "/settings/accounts/clerk";
    assert_eq!(town.post(path, &admin, "name=李华&phone=12345&revision=1").await.0, 303);
    let late = "name=李桦&phone=0535-6881234&revision=1";
    let (status, page) = town.post(path, &admin, late).await;
    assert_eq!(status, 409);
    assert!(page.contains("value=\"李桦\"") && page.contains("value=\"0535-6881234\""), "{page}");
    assert!(page.contains("name=\"revision\" value=\"2\""), "{page}");
    let end = format!("{path}/posts/post-clerk/end");
    let (status, page) = town.post(&end, &admin, "until=2019-01-01").await;
    assert!(status == 422 && page.contains("value=\"2019-01-01\""), "{page}");
}
