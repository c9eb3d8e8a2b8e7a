use std::collections::HashSet;

use fugong_common::uscc::Uscc;

use super::{ELSEWHERE, ZHIFU, district, nodes, settle};
use crate::authz::Reach;
use crate::divisions::Level;
use crate::enterprises::store::{Filter, count};
use crate::testing::{self, NOW};

#[test]
fn the_same_seed_gives_the_same_district() {
    assert_eq!(district(1, 50, NOW), district(1, 50, NOW));
    assert_ne!(district(1, 50, NOW), district(2, 50, NOW));
}

#[test]
fn every_name_says_sample_and_every_code_is_valid_and_its_own() {
    let town = district(7, 3000, NOW);
    let mut codes = HashSet::new();
    for row in &town.enterprises {
        assert!(row.name.starts_with("示例") && row.name.contains("样本"), "{}", row.name);
        match &row.uscc {
            Some(uscc) => {
                assert_eq!(Uscc::parse(uscc).unwrap().as_str(), uscc);
                assert!(codes.insert(uscc.clone()), "{uscc} twice");
            }
            None => assert_ne!(row.no_code_reason, ""),
        }
    }
    let sites: HashSet<i64> = town.premises.iter().map(|place| place.site_code).collect();
    assert_eq!(sites.len(), 3000);
    assert!(town.people.len() > 500);
}

#[test]
fn places_hang_together_as_their_codes_do() {
    for places in [ZHIFU, ELSEWHERE] {
        let nodes = nodes(places);
        let ids: HashSet<_> = nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids.len(), nodes.len());
        for node in &nodes {
            assert_eq!(node.code.len(), 12, "{}", node.name);
            match &node.parent {
                Some(parent) => {
                    assert!(node.id.starts_with(parent.as_str()) && ids.contains(parent.as_str()));
                }
                None => assert_eq!(node.level, Level::City, "{}", node.name),
            }
        }
    }
}

#[tokio::test]
async fn a_settled_district_is_found_by_its_streets() {
    let test = testing::app().await;
    let town = district(3, 400, NOW);
    settle(&test.app, &town, NOW).await.unwrap();
    let mut tx = test.app.db().read().await.unwrap();
    let all = Reach::Division("/3706/".into()).bounds();
    let street = Reach::Division("/3706/370602/370602001/".into()).bounds();
    let filter = |bounds| Filter { bounds, search: "", kind: "", scale: "", survey: "" };
    assert_eq!(count(&mut tx, &filter(&all)).await.unwrap(), 400);
    let in_street = town
        .enterprises
        .iter()
        .filter(|row| row.division_path.starts_with("/3706/370602/370602001/"))
        .count();
    assert!(in_street > 0);
    assert_eq!(count(&mut tx, &filter(&street)).await.unwrap(), i64::try_from(in_street).unwrap());
}
