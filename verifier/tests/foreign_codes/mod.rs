//! Whatever else a phone shows at the gate.

use serde_json::{Value, json};

use super::Lane;

#[tokio::test]
async fn other_peoples_codes_are_no_permits_and_open_no_session() {
    let lane = Lane::manned().await;
    let file = include_str!("../../../tests/vectors/foreign-texts.json");
    let file: Value = serde_json::from_str(file).unwrap();
    for specimen in file["texts"].as_array().unwrap() {
        let answer = lane.ask("/api/scan", json!({ "text": specimen["text"] })).await;
        assert_eq!(answer.status, 200, "{}", specimen["what"]);
        let answer = answer.json();
        assert_eq!(answer["verdict"], "not_permit", "{}", specimen["what"]);
        assert_eq!(answer["panel"]["word"], "不是复工许可", "{}", specimen["what"]);
    }
    assert_eq!(lane.gate.status().inside, 0);
}
