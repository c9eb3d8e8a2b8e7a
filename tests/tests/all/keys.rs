//! Keys change hands: a new one beside the old, then the old one withdrawn.

use fugong_tests::patience::until;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::{Stack, scan};

use crate::main_job::placard_text;

async fn issuer(stack: &Stack, args: &[&str]) -> String {
    stack.issuer_does(args).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placard_outlives_the_change_of_keys_but_not_the_withdrawal_of_its_own() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    let mut tx = stack.inside.db().read().await.unwrap();
    let permit =
        fugong_issuer::permits::store::find(&mut tx, &stack.town.permit_id).await.unwrap().unwrap();
    drop(tx);
    let root = stack.dir.path().join("root.pem").display().to_string();

    issuer(&stack, &["key", "new", "permit"]).await;
    issuer(&stack, &["trust", "sign", "--root", &root]).await;
    let listed = issuer(&stack, &["key", "list"]).await;
    assert!(listed.contains(&permit.key_id), "{listed}");
    // Both keys count while they overlap.
    let answer = scan(&guard, &placard, "in").await;
    assert_eq!(answer["step"], "choose_person", "{answer}");

    issuer(&stack, &["key", "retire", &permit.key_id, "--withdraw", "the server was stolen"]).await;
    issuer(&stack, &["trust", "sign", "--root", &root]).await;
    until("the gate refuses the old key", async || {
        scan(&guard, &placard, "in").await["verdict"] == "key_withdrawn"
    })
    .await;
}
