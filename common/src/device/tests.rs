use super::*;
use crate::trust::samples::key;

fn claim() -> DeviceClaim {
    DeviceClaim {
        method: "POST".to_owned(),
        path_and_query: "/api/gate/journal?x=1".to_owned(),
        body_sha256: DeviceClaim::digest_of(b"batch"),
        audience: "https://permits.example".to_owned(),
        nonce: "n1".to_owned(),
        gate_id: "gate-3".to_owned(),
    }
}

#[test]
fn a_signed_request_is_the_gates_own_and_no_other() {
    let header = claim().authorization(&key(60)).unwrap();
    let unverified = UnverifiedClaim::parse(&header).unwrap();
    assert_eq!(unverified.gate_id(), "gate-3");
    assert_eq!(unverified.clone().verify(&key(61).public_key()), Err(DeviceError::Signature));
    let verified = unverified.verify(&key(60).public_key()).unwrap();
    assert_eq!(verified, claim());
    let is_for =
        |method, path, body: &[u8], audience| verified.is_for(method, path, body, audience);
    let (path, audience) = ("/api/gate/journal?x=1", "https://permits.example");
    assert_eq!(is_for("POST", path, b"batch", audience), Ok(()));
    assert_eq!(is_for("PUT", path, b"batch", audience), Err(DeviceError::OtherRequest("method")));
    assert_eq!(
        is_for("POST", "/api/gate/journal", b"batch", audience),
        Err(DeviceError::OtherRequest("path"))
    );
    assert_eq!(is_for("POST", path, b"other", audience), Err(DeviceError::OtherRequest("body")));
    assert_eq!(
        is_for("POST", path, b"batch", "https://b"),
        Err(DeviceError::OtherRequest("audience"))
    );
}

#[test]
fn headers_in_another_form_are_refused() {
    let good = claim().authorization(&key(60)).unwrap();
    let long = format!("{AUTHORIZATION_SCHEME} {}", "A".repeat(MAX_HEADER_CHARACTERS + 1));
    for wrong in [
        "",
        "Bearer x",
        "Fugong-Device",
        "Fugong-Device ",
        "fugong-device x",
        &good[1..],
        &good[..good.len() - 1],
        &long,
    ] {
        assert_eq!(UnverifiedClaim::parse(wrong).unwrap_err(), DeviceError::Header, "{wrong:?}");
    }
    let journal = envelope::seal(Kind::Journal, &key(60), b"\xa0").unwrap();
    let other_kind = format!("{AUTHORIZATION_SCHEME} {}", base64url::encode(&journal));
    assert_eq!(UnverifiedClaim::parse(&other_kind).unwrap_err(), DeviceError::Header);
}
