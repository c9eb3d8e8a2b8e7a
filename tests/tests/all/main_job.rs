//! The main job from end to end, on either database: officers have signed, the placard hangs, the
//! gate checks it without the issuer, the record grows, an inspector suspends, the gate refuses.

use fugong_common::placard::{Origin, placard_url};
use fugong_issuer::passes;
use fugong_issuer::people::gate_number;
use fugong_issuer::permits::store as permits;
use fugong_tests::patience::until;
use fugong_tests::person::Person;
use fugong_tests::process::run;
use fugong_tests::scratch::Kind;
use fugong_tests::stack::{Stack, measure, scan};
use serde_json::Value;

/// What the QR of the town's first placard says.
pub async fn placard_text(stack: &Stack) -> String {
    let mut tx = stack.inside.db().read().await.unwrap();
    let permit = permits::find(&mut tx, &stack.town.permit_id).await.unwrap().unwrap();
    placard_url(&Origin::parse(&stack.origin()).unwrap(), &permit.token)
}

/// Lets a worker in under the first placard; the last answer.
pub async fn let_in(
    stack: &Stack,
    guard: &Person,
    placard: &str,
    number: &str,
    tenths: i16,
) -> Value {
    let answer = scan(guard, placard, "in").await;
    assert_eq!(answer["step"], "choose_person", "{answer}");
    let session = answer["session"].as_str().unwrap();
    let worker = gate_number(&stack.town.enterprise_id, number);
    let chosen = guard
        .send("/people/choose", &[("worker", &worker), ("session", session), ("direction", "in")])
        .await;
    assert!(chosen.status.is_success(), "{}", chosen.body);
    measure(guard, &answer["session"], tenths).await
}

/// Lets a worker out again; leaving asks for no temperature.
pub async fn let_out(stack: &Stack, guard: &Person, placard: &str, number: &str) {
    let answer = scan(guard, placard, "out").await;
    let session = answer["session"].as_str().unwrap();
    let worker = gate_number(&stack.town.enterprise_id, number);
    let chosen = guard
        .send("/people/choose", &[("worker", &worker), ("session", session), ("direction", "out")])
        .await;
    assert!(chosen.status.is_success(), "{}", chosen.body);
}

async fn records(person: &Person, stack: &Stack) -> String {
    person.open(&format!("/enterprises/{}/records", stack.town.enterprise_id)).await.body
}

async fn the_main_job(kind: Kind) {
    let mut stack = Stack::new(kind).await;
    // Whatever the gate learns of the issuer while both run, it learns by hints.
    stack.pull_seconds = Some(3600);
    stack.enrol().await;
    let guard = stack.guard().await;
    let placard = placard_text(&stack).await;

    // The gate has not seen the network since its last sync.
    stack.kill_issuer().await;
    let answer = let_in(&stack, &guard, &placard, "0001", 365).await;
    assert_eq!(answer["verdict"], "valid", "{answer}");
    assert_eq!(answer["recorded"]["state"], "yes", "{answer}");
    let high = let_in(&stack, &guard, &placard, "0002", 376).await;
    assert_eq!(high["verdict"], "fever", "{high}");
    let again = measure(&guard, &high["session"], 375).await;
    assert_eq!(again["verdict"], "fever", "{again}");

    // The entries stand in the enterprise's record once the issuer is back.
    stack.start_issuer().await;
    let officer = stack.officer("intake").await;
    until("36.5 stands in the record", async || records(&officer, &stack).await.contains("36.5"))
        .await;
    let page = records(&officer, &stack).await;
    assert!(page.contains("37.6") && page.contains("37.5") && page.contains("邱实"), "{page}");

    // An inspector suspends; the gate refuses at the hint, and a passer-by reads the truth.
    let path = placard.strip_prefix(&stack.origin()).unwrap().to_owned();
    let passer_by = Person::new(&stack.origin());
    let before = passer_by.open(&path).await;
    assert!(before.status.is_success() && before.body.contains("许可有效"), "{}", before.body);
    assert!(before.body.contains("限员复工：同时到场不超过 400 人"), "{}", before.body);
    until("the gate is online again", async || {
        guard.open("/api/status").await.body.contains("\"online\":true")
    })
    .await;
    let inspector = stack.officer("inspector").await;
    let suspended = inspector
        .send(
            &format!("/permits/{}/suspend", stack.town.permit_id),
            &[("reason", "入口无人测温，人员未登记")],
        )
        .await;
    assert!(suspended.status.is_success(), "{}", suspended.body);
    until("the gate refuses", async || {
        scan(&guard, &placard, "in").await["verdict"] == "suspended"
    })
    .await;
    let after = passer_by.open(&path).await;
    assert!(after.body.contains("已暂停"), "{}", after.body);
    let english = passer_by.open(&format!("{path}?lang=en")).await;
    assert!(english.body.contains("suspended"), "{}", english.body);

    // Off the network altogether, the command line says the same of the same placard.
    let data = stack.gate_data().display().to_string();
    let gate = stack.gate.take().unwrap();
    gate.stop().await;
    stack.kill_issuer().await;
    let (status, output) =
        run("verifier", &["check", &placard, "--accept-sample", "--data", &data, "--json"], &[])
            .await;
    assert_eq!(status, 1, "{output}");
    assert!(output.contains("suspended"), "{output}");
    let (status, output) = run("verifier", &["journal", "verify", "--data", &data], &[]).await;
    assert_eq!(status, 0, "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_on_sqlite() {
    the_main_job(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_on_postgres() {
    the_main_job(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placard_of_another_site_opens_nothing_here() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let guard = stack.guard().await;
    let mut tx = stack.inside.db().read().await.unwrap();
    let everywhere =
        fugong_issuer::authz::Bounds { from: String::new(), to: "~".into(), own: String::new() };
    let enterprises =
        fugong_issuer::enterprises::store::list_rows(&mut tx, &everywhere, "", 100).await.unwrap();
    let mut seen = 0;
    for enterprise in enterprises.iter().filter(|e| e.id != stack.town.enterprise_id) {
        for permit in
            permits::list_current_of(&mut tx, &enterprise.id, stack.inside.now()).await.unwrap()
        {
            let url = placard_url(&Origin::parse(&stack.origin()).unwrap(), &permit.token);
            let verdict = scan(&guard, &url, "in").await["verdict"].clone();
            assert!(
                verdict != "valid" && verdict != "measure",
                "{verdict} for {}",
                enterprise.name
            );
            if permit.state.code() == "issued" && enterprise.name.contains("口罩") {
                assert_eq!(verdict, "wrong_site");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_pass_opens_the_gate_until_it_is_revoked() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    // What is new to the gate it learns by a hint.
    stack.pull_seconds = Some(3600);
    stack.enrol().await;
    let guard = stack.guard().await;
    let app = &stack.inside;
    let mut tx = app.db().write().await.unwrap();
    let people = fugong_issuer::people::store::list_on_roster(&mut tx, &stack.town.enterprise_id)
        .await
        .unwrap();
    let current =
        permits::list_current_of(&mut tx, &stack.town.enterprise_id, app.now()).await.unwrap();
    let (issued, change) = passes::issue(app, &mut tx, &people, &current).await.unwrap();
    app.commit(tx, change).await.unwrap();
    assert_eq!(issued.len(), people.len(), "also who starts only in some days");
    let text = fugong_common::placard::pass_text(&issued[0].token);
    until("the gate knows the pass", async || {
        scan(&guard, &text, "in").await["verdict"] == "measure"
    })
    .await;
    let answer = scan(&guard, &text, "in").await;
    assert!(answer["person"].to_string().contains(&people[0].name), "{answer}");
    let done = measure(&guard, &answer["session"], 364).await;
    assert_eq!(done["verdict"], "valid", "{done}");
    // The small code on the pass, as a slow scanner types it.
    let typed = issued[1].reference.to_string();
    assert_eq!(scan(&guard, &typed, "in").await["verdict"], "measure");
    let mut tx = app.db().write().await.unwrap();
    let by = fugong_issuer::permits::By::default();
    let change =
        passes::revoke_of(app, &mut tx, &people[1], &by, "yuhuangding", "离职").await.unwrap();
    app.commit(tx, change).await.unwrap();
    let revoked = fugong_common::placard::pass_text(&issued[1].token);
    until("the revoked pass is refused", async || {
        let answer = scan(&guard, &revoked, "in").await;
        println!("{answer}");
        answer["verdict"] == "pass_lost"
    })
    .await;
    assert_ne!(scan(&guard, &typed, "in").await["verdict"], "measure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placard_ends_with_its_last_day() {
    let mut stack = Stack::new(Kind::Sqlite).await;
    stack.enrol().await;
    let _guard = stack.guard().await;
    let placard = placard_text(&stack).await;
    let data = stack.gate_data().display().to_string();
    let (status, output) =
        run("verifier", &["check", &placard, "--accept-sample", "--data", &data, "--json"], &[])
            .await;
    assert_eq!(status, 0, "{output}");
    let mut tx = stack.inside.db().read().await.unwrap();
    let permit = permits::find(&mut tx, &stack.town.permit_id).await.unwrap().unwrap();
    let end = fugong_common::time::Millis::from_seconds(permit.claims.validity.expires());
    let utc = fugong_common::time::Zone::utc();
    let later = format!("{}T{}Z", utc.date(end), utc.clock_time(end));
    let (status, output) = run(
        "verifier",
        &["check", &placard, "--accept-sample", "--data", &data, "--json", "--at", &later],
        &[],
    )
    .await;
    assert_eq!(status, 1, "{output}");
    assert!(output.contains("expired"), "{output}");
}
