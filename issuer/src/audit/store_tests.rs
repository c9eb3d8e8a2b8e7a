use super::*;
use crate::authz::Reach;
use crate::permits::testing::Town;
use crate::testing::plan;

fn act<'a>(
    n: i64,
    account_id: &'a str,
    thing: (&'a str, &'a str),
    division_id: &'a str,
) -> Act<'a> {
    Act {
        at: Millis(n),
        account_id,
        post_id: "",
        action: "permit.print",
        subject: thing.0,
        subject_id: thing.1,
        division_id,
        detail: "",
    }
}

async fn know_sizes(tx: &mut Tx) {
    if matches!(tx, Tx::Postgres(_)) {
        run!(tx, "ANALYZE audit").unwrap();
    }
}

#[tokio::test]
async fn the_entries_of_one_person_or_one_thing_are_found_without_reading_the_log() {
    let town = Town::new().await;
    let mut tx = town.app.db().write().await.unwrap();
    for n in 0..3_000 {
        let (account, thing) = (format!("a{}", n % 300), format!("t{n}"));
        let kind = if n % 300 == 7 { "rare" } else { "permit" };
        append(&mut tx, town.app.entropy(), act(n, &account, (kind, &thing), "")).await.unwrap();
    }
    know_sizes(&mut tx).await;
    let bounds = Reach::Division("/".into()).bounds();
    let all = Filter { bounds: &bounds, whole: true, account_id: "", subject: "", subject_id: "" };
    for (filter, index, found) in [
        (Filter { account_id: "a12", ..all.clone() }, "audit_by_account", 10),
        (Filter { subject: "permit", subject_id: "t12", ..all.clone() }, "audit_by_subject", 1),
        (Filter { subject: "rare", ..all.clone() }, "audit_by_kind", 10),
        (Filter { account_id: "a12", subject: "permit", ..all.clone() }, "audit_by_account", 10),
    ] {
        let (low, high) = (&filter.bounds.from, &filter.bounds.to);
        let (kind, thing, account) = (filter.subject, filter.subject_id, filter.account_id);
        let sql = narrowed(&filter).unwrap();
        let plan = plan!(&mut tx, sql, i64::MAX, low, high, 1_i64, 50_i64, kind, thing, account);
        assert!(plan.contains(index), "{filter:?}: {plan}");
        let lines = list(&mut tx, &filter, i64::MAX, 50).await.unwrap();
        assert_eq!(lines.len(), found, "{filter:?}");
    }
    assert_eq!(list(&mut tx, &all, i64::MAX, 50).await.unwrap().len(), 50);
}

#[tokio::test]
async fn a_small_divisions_old_entries_are_found_without_reading_everybodys() {
    let town = Town::new().await;
    let mut tx = town.app.db().write().await.unwrap();
    let before = head(&mut tx).await.unwrap().0;
    for n in 0..2_000 {
        // The street acts seldom, and long ago; the district and the service all the time.
        let division = match n {
            0..40 if n % 4 == 0 => "yhd",
            _ if n % 2 == 0 => "zf",
            _ => "",
        };
        append(&mut tx, town.app.entropy(), act(n, "wang", ("permit", "p"), division))
            .await
            .unwrap();
    }
    know_sizes(&mut tx).await;
    let of = |path: &str| Reach::Division(path.to_owned()).bounds();
    let street = of(&town.path);
    let at_street =
        Filter { bounds: &street, whole: false, account_id: "", subject: "", subject_id: "" };
    let numbers = |lines: Vec<Line>| lines.into_iter().map(|l| l.seq - before).collect::<Vec<_>>();
    let found = list_by(&mut tx, &at_street, i64::MAX, 6, 100).await.unwrap();
    assert_eq!(numbers(found), [37, 33, 29, 25, 21, 17]);
    let older = list_by(&mut tx, &at_street, before + 17, 6, 100).await.unwrap();
    assert_eq!(numbers(older), [13, 9, 5, 1]);
    let sql = far_back(&tx);
    let plan = plan!(&mut tx, sql, i64::MAX, &street.from, &street.to, 0_i64, 50_i64);
    assert!(plan.contains("audit_by_division"), "{plan}");

    // Whoever sees nearly all of it finds enough among the newest, and the same further back.
    let district = of("/zf/");
    let all = Filter { bounds: &district, whole: true, ..at_street };
    let found = list_by(&mut tx, &all, i64::MAX, 3, 100).await.unwrap();
    assert_eq!(numbers(found), [2_000, 1_999, 1_998]);
    let own = Filter { whole: false, ..all.clone() };
    let found = list_by(&mut tx, &own, i64::MAX, 3, 4).await.unwrap();
    assert_eq!(numbers(found), [1_999, 1_997, 1_995], "more than the newest four hold");
}
