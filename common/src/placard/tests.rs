use super::*;
use proptest::prelude::*;

fn some_token() -> Vec<u8> {
    [envelope::START.as_slice(), &[0x5a; 180]].concat()
}

fn origin() -> Origin {
    Origin::parse("https://fugong.zhifu.gov.cn").unwrap()
}

#[test]
fn our_own_texts_are_read_as_what_they_are() {
    let token = some_token();
    let placard = Scanned::Placard { host: "fugong.zhifu.gov.cn".to_owned(), token: token.clone() };
    assert_eq!(Scanned::read(&placard_url(&origin(), &token)), placard);
    assert_eq!(Scanned::read(&placard_url_base64(&origin(), &token)), placard);
    assert_eq!(Scanned::read(&pass_text(&token)), Scanned::Pass { token: token.clone() });
    assert_eq!(Scanned::read(&status_text(&token)), Scanned::TodayStatus(token.clone()));
    assert_eq!(Scanned::read(&digits::encode(&token)), Scanned::Bare(token.clone()));
    assert_eq!(Scanned::read(&base64url::encode(&token)), Scanned::Bare(token));
    let (serial, reference) = (Serial([3; 8]), PassReference([3; 8]));
    assert_eq!(Scanned::read(&serial.to_string()), Scanned::Serial(serial));
    assert_eq!(Scanned::read(&reference.to_string()), Scanned::PassReference(reference));
}

#[test]
fn a_placard_link_is_lower_case_and_ends_in_digits() {
    let url = placard_url(&origin(), &[0x61, 0x62, 0xff]);
    assert_eq!(url, "https://fugong.zhifu.gov.cn/v/16736865");
}

#[test]
fn a_scanner_with_caps_lock_and_white_space_around_are_forgiven() {
    let token = some_token();
    let url = placard_url(&origin(), &token);
    for text in [url.to_uppercase(), format!(" {url}\r\n")] {
        let host = "fugong.zhifu.gov.cn".to_owned();
        assert_eq!(Scanned::read(&text), Scanned::Placard { host, token: token.clone() });
    }
    let pass = pass_text(&token).to_lowercase();
    assert_eq!(Scanned::read(&pass), Scanned::Pass { token });
}

#[test]
fn the_port_belongs_to_the_host() {
    let origin = Origin::parse("https://192.168.1.5:8443").unwrap();
    let Scanned::Placard { host, .. } = Scanned::read(&placard_url(&origin, &some_token())) else {
        panic!("a placard was expected")
    };
    assert_eq!(host, "192.168.1.5:8443");
    assert_eq!(origin.host(), host);
}

#[test]
fn a_genuine_token_in_a_link_that_we_never_print_is_kept_apart() {
    let digits = digits::encode(&some_token());
    for link in [
        format!("https://fugong.zhifu.gov.cn/v/{digits}?from=wechat"),
        format!("https://fugong.zhifu.gov.cn/v/{digits}#top"),
        format!("https://fugong.zhifu.gov.cn/v/{digits}/"),
        format!("https://fugong.zhifu.gov.cn/x/{digits}"),
        format!("https://fugong.zhifu.gov.cn@evil.example/v/{digits}"),
        format!("https://evil.example/?u=/v/{digits}"),
        format!("http://fugong.zhifu.gov.cn/v/{digits}"),
        format!("https://Fugong.zhifu.gov.cn/v/{digits}"),
        format!("https://fugong.zhifu.gov.cn:443/v/{digits}"),
        format!("https://fugong.zhifu.gov.cn:0x50/v/{digits}"),
        format!("ftp://fugong.zhifu.gov.cn/v/{digits}"),
        format!("https://复工.中国/v/{digits}"),
    ] {
        assert_eq!(Scanned::read(&link), Scanned::OddLink { token: some_token() }, "{link}");
    }
}

#[test]
fn a_damaged_text_of_ours_is_not_taken_for_a_poster() {
    let digits = digits::encode(&some_token());
    let cut = &digits[..digits.len() - 1];
    for text in [format!("FG1:{cut}"), "FG1:".to_owned(), "FGS:nothing here".to_owned()] {
        assert_eq!(Scanned::read(&text), Scanned::Damaged, "{text}");
    }
    let damaged = Scanned::DamagedLink { host: "fugong.zhifu.gov.cn".to_owned() };
    for rest in [cut, ""] {
        assert_eq!(Scanned::read(&format!("https://fugong.zhifu.gov.cn/v/{rest}")), damaged);
    }
}

#[test]
fn other_texts_are_other() {
    for text in [
        "",
        "https://www.example.cn/policy",
        "https://u.wechat.example/AbCdEf",
        "weixin://contacts/profile/x",
        "13800138000",
        "110105194912310021",
        "91350100M000100Y43",
        "温馨提示",
        "FG-00000-00000-00001",
        "WIFI:S:office;P:secret;;",
    ] {
        assert_eq!(Scanned::read(text), Scanned::Other, "{text}");
    }
    assert_eq!(Scanned::read(&"1".repeat(MAX_TEXT_BYTES + 17)), Scanned::Other);
}

#[test]
fn an_origin_has_one_text() {
    for good in [
        "https://fugong.zhifu.gov.cn",
        "https://localhost:8443",
        "https://[2001:db8::1]:8443",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
    ] {
        assert_eq!(Origin::parse(good).unwrap().to_string(), good);
    }
    for bad in [
        "https://",
        "https://a.cn/",
        "https://a.cn/v",
        "https://a.cn?",
        "https://a.cn:443",
        "https://a.cn:08443",
        "https://a.cn:",
        "https://A.cn",
        "https://u@a.cn",
        "https://a..cn",
        "https://-a.cn",
        "https://[2001:DB8::1]",
        "https://[::1",
        "http://a.cn",
        "HTTPS://a.cn",
        "a.cn",
    ] {
        assert_eq!(Origin::parse(bad), Err(OriginError), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_token_is_read_back_from_every_text(tail in proptest::collection::vec(any::<u8>(), 1..500)) {
        let token = [envelope::START.as_slice(), &tail].concat();
        let host = "fugong.zhifu.gov.cn".to_owned();
        let placard = Scanned::Placard { host, token: token.clone() };
        prop_assert_eq!(Scanned::read(&placard_url(&origin(), &token)), placard.clone());
        prop_assert_eq!(Scanned::read(&placard_url_base64(&origin(), &token)), placard);
        prop_assert_eq!(Scanned::read(&pass_text(&token)), Scanned::Pass { token: token.clone() });
        prop_assert_eq!(Scanned::read(&base64url::encode(&token)), Scanned::Bare(token));
    }

    #[test]
    fn no_text_makes_the_reader_stumble(text in "(https?://|FG1:|FGS:|fg-|P-)?.{0,80}") {
        let _ = Scanned::read(&text);
    }
}
