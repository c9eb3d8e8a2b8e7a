use fugong_common::person::Name;
use fugong_common::time::Millis;
use fugong_common::uscc::Uscc;
use serde_json::json;

use super::store::{self, Filter, NewEnterprise, NewScale};
use super::{Code, Details, Kind, Survey, SurveyState, timeline};
use crate::app::App;
use crate::authz::{Bounds, Reach};
use crate::db::DbError;
use crate::divisions::Scale;
use crate::testing::{self, NOW};

pub(crate) fn details(n: usize) -> Details {
    Details {
        code: Code::Uscc(Uscc::complete(&format!("91370602MA3Q{n:05}")).unwrap()),
        name: Name::parse(&format!("示例企业{n:03}")).unwrap(),
        kind: Kind::Company,
        scale: Scale::Below,
        industry: "制造业".into(),
        line: String::new(),
        responsible_name: "王芳".into(),
        responsible_phone: "13800138000".into(),
        contact_name: String::new(),
        contact_phone: String::new(),
        epidemic_officer: String::new(),
        epidemic_phone: String::new(),
    }
}

pub(crate) async fn add(app: &App, n: usize, division: (&str, &str)) -> Result<String, DbError> {
    let id = format!("e{n}");
    let mut tx = app.db().write().await?;
    let details = details(n);
    let new = NewEnterprise {
        id: &id,
        details: &details,
        division_id: division.0,
        division_path: division.1,
        evidence: "营业执照",
        by: "",
        now: NOW,
    };
    store::insert(&mut tx, new).await?;
    tx.commit().await?;
    Ok(id)
}

const C1: (&str, &str) = ("zf-c1", "/zf/zf-xiangyang/zf-c1/");
const C2: (&str, &str) = ("zf-c2", "/zf/zf-xiangyang/zf-c2/");

fn everywhere() -> Bounds {
    Reach::Division("/zf/".into()).bounds()
}

fn all(bounds: &Bounds) -> Filter<'_> {
    Filter { bounds, search: "", kind: "", scale: "", survey: "" }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_overlap_while_others_are_added() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    for n in 0..25 {
        add(&test.app, n, if n % 2 == 0 { C1 } else { C2 }).await.unwrap();
    }
    let bounds = everywhere();
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let mut tx = test.app.db().read().await.unwrap();
        let page = store::list(&mut tx, &all(&bounds), &after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        if seen.is_empty() {
            drop(tx);
            // Two enterprises arrive, one before and one behind the reader's place.
            for (n, name) in [(500, "示例企业000甲"), (501, "示例企业099")] {
                let renamed = Details { name: Name::parse(name).unwrap(), ..details(n) };
                let mut tx = test.app.db().write().await.unwrap();
                let id = format!("late{n}");
                let new = NewEnterprise {
                    id: &id,
                    details: &renamed,
                    division_id: C1.0,
                    division_path: C1.1,
                    evidence: "",
                    by: "",
                    now: NOW,
                };
                store::insert(&mut tx, new).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        seen.extend(page.into_iter().map(|line| line.name));
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(seen, sorted);
    assert_eq!(seen.len(), 26);
    assert!(seen.contains(&"示例企业099".to_owned()));
}

#[tokio::test]
async fn a_list_shows_what_lies_within_reach_and_matches() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    for n in 0..4 {
        add(&test.app, n, if n == 3 { C2 } else { C1 }).await.unwrap();
    }
    let mut tx = test.app.db().read().await.unwrap();
    let street = Reach::Division(C1.1.into()).bounds();
    let found = store::list(&mut tx, &all(&street), "", 50).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].division_name, "第一社区");
    let own = Reach::Enterprise("e3".into()).bounds();
    let found = store::list(&mut tx, &all(&own), "", 50).await.unwrap();
    assert_eq!(found.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["e3"]);

    let bounds = everywhere();
    let code = details(2).code.uscc().unwrap().to_owned();
    for (search, count) in [
        ("企业002", 1),
        ("企业 00", 4),
        (&code[..17], 1),
        (&code.to_lowercase(), 1),
        ("没有", 0),
        ("%", 4),
    ] {
        let filter = Filter { search, ..all(&bounds) };
        assert_eq!(store::count(&mut tx, &filter).await.unwrap(), count, "{search}");
        let listed = store::list(&mut tx, &filter, "", 50).await.unwrap().len();
        assert_eq!(i64::try_from(listed).unwrap(), count, "{search}");
    }
    let filter = Filter { kind: "shop", ..all(&bounds) };
    assert_eq!(store::count(&mut tx, &filter).await.unwrap(), 0);
    let filter = Filter { survey: "none", scale: "below", ..all(&bounds) };
    assert_eq!(store::count(&mut tx, &filter).await.unwrap(), 4);
}

#[tokio::test]
async fn an_edit_that_saw_an_older_revision_is_refused() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let id = add(&test.app, 1, C1).await.unwrap();
    let mut tx = test.app.db().write().await.unwrap();
    let changed = Details { industry: "服装".into(), ..details(1) };
    assert!(store::update(&mut tx, &id, 1, &changed, C2, NOW).await.unwrap());
    assert!(!store::update(&mut tx, &id, 1, &details(1), C1, NOW).await.unwrap());
    let found = store::find(&mut tx, &id).await.unwrap().unwrap();
    assert_eq!((found.revision, found.industry.as_str()), (2, "服装"));
    assert_eq!(found.division_id, "zf-c2");
}

#[tokio::test]
async fn one_code_belongs_to_one_enterprise() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    add(&test.app, 1, C1).await.unwrap();
    let mut tx = test.app.db().write().await.unwrap();
    let details = details(1);
    let new = NewEnterprise {
        id: "other",
        details: &details,
        division_id: C1.0,
        division_path: C1.1,
        evidence: "",
        by: "",
        now: NOW,
    };
    assert!(matches!(store::insert(&mut tx, new).await, Err(DbError::Duplicate)));
}

#[tokio::test]
async fn scale_is_a_dated_fact_with_its_evidence() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let id = add(&test.app, 1, C1).await.unwrap();
    let mut tx = test.app.db().write().await.unwrap();
    let new = |revision| NewScale {
        id: if revision == 1 { "s2" } else { "s3" },
        scale: Scale::Above,
        evidence: "四上企业名录",
        valid_from: NOW,
        by: "",
    };
    assert!(store::set_scale(&mut tx, &id, 1, new(1), NOW).await.unwrap());
    assert!(!store::set_scale(&mut tx, &id, 1, new(2), NOW).await.unwrap());
    let found = store::find(&mut tx, &id).await.unwrap().unwrap();
    assert_eq!(found.scale().unwrap(), Scale::Above);
    let scales = store::list_scales(&mut tx, &id).await.unwrap();
    let told: Vec<_> = scales.iter().map(|s| (s.scale.as_str(), s.evidence.as_str())).collect();
    assert_eq!(told, [("above", "四上企业名录"), ("below", "营业执照")]);
}

#[tokio::test]
async fn a_survey_counts_towards_coverage() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    for n in 0..3 {
        add(&test.app, n, C1).await.unwrap();
    }
    let mut tx = test.app.db().write().await.unwrap();
    let survey = Survey { state: SurveyState::Reopened, staff: 12, planned_on: String::new() };
    assert!(store::set_survey(&mut tx, "e1", &survey, NOW).await.unwrap());
    assert!(!store::set_survey(&mut tx, "nobody", &survey, NOW).await.unwrap());
    let coverage = store::coverage(&mut tx, &everywhere()).await.unwrap();
    assert_eq!(
        (coverage.total, coverage.surveyed, coverage.reopened, coverage.waiting),
        (3, 1, 1, 0)
    );
}

#[tokio::test]
async fn the_timeline_tells_an_event_once_and_the_newest_first() {
    let test = testing::app().await;
    testing::divisions(&test.app).await;
    let id = add(&test.app, 1, C1).await.unwrap();
    let mut tx = test.app.db().write().await.unwrap();
    for _ in 0..2 {
        timeline::note(&mut tx, &id, NOW, "enterprise.added", &json!({}), "").await.unwrap();
    }
    let later = NOW.plus_hours(2);
    let facts = json!({"text": "口罩、测温枪到位"});
    timeline::note(&mut tx, &id, later, "note.check", &facts, "").await.unwrap();
    let lang = fugong_common::lang::Lang::Zh;
    let events = timeline::list(&mut tx, &id, Millis(i64::MAX), 10, lang).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| event.sentence.as_str()).collect();
    assert_eq!(told, ["抽查：口罩、测温枪到位", "建立企业档案"]);
    let earlier = timeline::list(&mut tx, &id, later, 10, lang).await.unwrap();
    assert_eq!(earlier.len(), 1);
}
