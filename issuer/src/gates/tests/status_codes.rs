//! Today's status codes (当日状态码).

use axum::body::{Body, to_bytes};
use axum::http::Request;
use fugong_common::placard::Scanned;
use fugong_common::reader::{PictureLimits, read_picture};
use fugong_common::status::StatusClaims;

use super::gate::town;
use crate::accounts::Role;
use crate::keys;
use crate::permits::testing::NOW;

#[tokio::test]
async fn todays_status_code_is_a_picture_that_a_gate_without_network_can_take() {
    let town = town().await;
    let intake = town.sign_in("intake", Role::Intake).await;
    let (status, page) = town.get("/gates/status-codes", &intake).await;
    assert_eq!(status, 200, "{page}");
    let (_, rest) = page.split_once("href=\"/gates/status-codes/").expect("a code to save");
    let key = rest.split('"').next().unwrap();
    let path = format!("/gates/status-codes/{key}");
    let request = Request::get(&path).header("cookie", &intake).body(Body::empty()).unwrap();
    let answer = town.send(request).await;
    assert_eq!(answer.headers()["content-type"], "image/png");
    let png = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let texts = read_picture(&png, &PictureLimits::UPLOAD).unwrap();
    let Scanned::TodayStatus(token) = Scanned::read(&texts[0]) else { panic!("{texts:?}") };
    let mut tx = town.app.db().read().await.unwrap();
    let trust = keys::store::newest(&mut tx).await.unwrap().unwrap().list;
    let of = trust.find_key(key.parse().unwrap()).unwrap();
    assert!(StatusClaims::open(&token, &trust, of, NOW).is_ok());
}
