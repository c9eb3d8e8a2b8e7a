use super::*;
use crate::accounts::Role;
use crate::audit::{Act, append};
use crate::permits::testing::Town;

async fn write(town: &Town, entries: i64) {
    let mut tx = town.app.db().write().await.unwrap();
    for n in 0..entries {
        let act = Act {
            at: Millis(n),
            account_id: "wang",
            post_id: "",
            action: "permit.print",
            subject: "permit",
            subject_id: "p",
            division_id: "",
            detail: "two copies",
        };
        append(&mut tx, town.app.entropy(), act).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn asked(town: &Town) -> bool {
    let mut tx = town.app.db().write().await.unwrap();
    let begun = begin(&mut tx, "wang", town.app.now()).await.unwrap();
    tx.commit().await.unwrap();
    begun
}

async fn told(town: &Town) -> Check {
    let mut tx = town.app.db().read().await.unwrap();
    find(&mut tx, town.app.now()).await.unwrap().unwrap()
}

/// Does something to the database that no rule would have done.
async fn tamper(town: &Town, sql: &'static str) {
    let mut tx = town.app.db().write().await.unwrap();
    assert_eq!(run!(&mut tx, sql).unwrap(), 1);
    tx.commit().await.unwrap();
}

/// The outcome of a check of everything.
async fn outcome(town: &Town) -> Stand {
    assert!(asked(town).await);
    finish(&town.app, 4).await.unwrap();
    told(town).await.stand
}

#[tokio::test]
async fn a_long_chain_is_walked_step_by_step_and_its_result_stays() {
    let town = Town::new().await;
    write(&town, 20).await;
    let mut tx = town.app.db().read().await.unwrap();
    assert_eq!(find(&mut tx, town.app.now()).await.unwrap(), None);
    let total = head(&mut tx).await.unwrap().0;
    drop(tx);
    assert!(asked(&town).await);
    assert!(go_on(&town.app, 4).await.unwrap());
    let check = told(&town).await;
    assert_eq!((check.stand, check.at.seq, check.to.seq), (Stand::Running, 4, total));
    assert!(!asked(&town).await, "one at a time");
    // What is written meanwhile is for the next one.
    write(&town, 5).await;
    finish(&town.app, 4).await.unwrap();
    let check = told(&town).await;
    assert_eq!((check.stand, check.at.seq, check.to.seq), (Stand::Whole, total, total));
    assert!(!go_on(&town.app, 4).await.unwrap(), "it is over");
    assert_eq!(outcome(&town).await, Stand::Whole);
    assert_eq!(told(&town).await.to.seq, total + 5);
}

#[tokio::test]
async fn a_check_whose_process_is_gone_is_gone_on_with_where_it_stood() {
    let town = Town::new().await;
    write(&town, 20).await;
    assert!(asked(&town).await);
    assert!(go_on(&town.app, 4).await.unwrap());
    town.later(61_000);
    assert_eq!(told(&town).await.stand, Stand::CutOff);
    assert!(asked(&town).await);
    let check = told(&town).await;
    assert_eq!((check.stand, check.at.seq), (Stand::Running, 4));
    finish(&town.app, 4).await.unwrap();
    assert_eq!(told(&town).await.stand, Stand::Whole);
}

#[tokio::test]
async fn whatever_was_done_to_the_chain_shows() {
    let town = Town::new().await;
    write(&town, 20).await;
    assert_eq!(outcome(&town).await, Stand::Whole);
    let fault = |fault| Stand::Faulty(fault);

    tamper(&town, "UPDATE audit_sealed SET sealed = 'three copies' WHERE seq = 6").await;
    assert_eq!(outcome(&town).await, fault(ChainFault::DetailChanged { seq: 6 }));
    // Detail that was purged is no fault.
    tamper(&town, "DELETE FROM audit_sealed WHERE seq = 6").await;
    assert_eq!(outcome(&town).await, Stand::Whole);

    tamper(&town, "UPDATE audit SET account_id = 'li' WHERE seq = 8").await;
    assert_eq!(outcome(&town).await, fault(ChainFault::Broken { seq: 8 }));
    tamper(&town, "UPDATE audit SET account_id = 'wang' WHERE seq = 8").await;
    assert_eq!(outcome(&town).await, Stand::Whole);

    // The end goes while it is walked, and before it.
    assert!(asked(&town).await);
    let last = told(&town).await.to.seq;
    assert!(last > 9);
    tamper(&town, "DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)").await;
    finish(&town.app, 4).await.unwrap();
    assert_eq!(told(&town).await.stand, fault(ChainFault::HeadDiffers));
    assert_eq!(outcome(&town).await, fault(ChainFault::HeadDiffers));
    tamper(&town, "DELETE FROM audit WHERE seq = 9").await;
    assert_eq!(outcome(&town).await, fault(ChainFault::Gap { seq: 10 }));
}

#[tokio::test]
async fn the_page_shows_how_the_last_check_ended() {
    let town = Town::new().await;
    let cookie = town.sign_in("wang", Role::Administrator).await;
    let (status, page) = town.get("/settings/audit", &cookie).await;
    assert_eq!(status, 200);
    assert!(page.contains("尚未校验过"), "{page}");
    assert_eq!(town.get("/settings/audit/verify/progress", &cookie).await.0, 404);
    write(&town, 20).await;
    assert!(asked(&town).await);
    let (_, page) = town.get("/settings/audit", &cookie).await;
    assert!(page.contains("正在校验：0 / "), "{page}");
    let (_, told) = town.get("/settings/audit/verify/progress", &cookie).await;
    assert!(told.contains("\"running\""), "{told}");
    finish(&town.app, STEP).await.unwrap();
    for _ in 0..2 {
        let (_, page) = town.get("/settings/audit", &cookie).await;
        assert!(page.contains("记录链完整"), "{page}");
        assert!(page.contains("wang 于 2 月 10 日 09:00 发起校验"), "{page}");
    }
    let (status, _) = town.post("/settings/audit/verify", &cookie, "").await;
    assert_eq!(status, 303);
    // A check that never ends is ended, and told of, by the runner's limit.
    while !town.get("/settings/audit/verify/progress", &cookie).await.1.contains("\"over\"") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
