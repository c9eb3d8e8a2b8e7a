//! A park with many tenants: its gate is given what it would be given if each of them were asked for by itself.

use std::collections::{BTreeMap, HashMap};

use fugong_common::claims::Lineage;
use fugong_common::permit::SiteCode;
use fugong_common::records::RecordSet;
use fugong_common::time::Millis;
use fugong_common::wire::{PassLink, PermitRecord, PersonRecord};

use super::gate::town;
use crate::db::{KEYS, Tx};
use crate::gates::{bundle, register};
use crate::people::gate_number;
use crate::permits::testing::{SITE, Town};
use crate::{passes, people, permits, run};

const TENANTS: i64 = 120;

/// Numbers from 1 to `$1`, in front of a question.
macro_rules! numbered {
    ($head:literal, $select:expr) => {
        concat!(
            $head,
            " WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) ",
            $select
        )
    };
}

/// A permit of each tenant as the first enterprise's is, under other numbers: `$kind` begins its id and
/// its digits, for some of them only.
macro_rules! permits {
    ($kind:literal, $digit:literal, $state:literal, $site:literal, $exp:literal, $which:literal) => {
        numbered!(
            "INSERT INTO permits (id, serial, lineage, application_id, enterprise_id, premises_id, site_code, division_id, \
             division_path, document_number, name_key, facts, key_id, status_index, token, nbf, exp, state, state_at, \
             issued_at)",
            concat!(
                "SELECT '", $kind, "' || i, '", $digit, "00000000000' || (1000 + i), '", $digit,
                "10000000000' || (1000 + i), 'a", $kind, "' || i, 't' || i, 'q' || i, ", $site,
                ", division_id, division_path, document_number, name_key, facts, key_id, ", $digit,
                "000 + i, token, 0, ", $exp, ", '", $state,
                "', state_at, issued_at FROM n, permits WHERE application_id = 'a1' AND ", $which
            )
        )
    };
}

/// A hundred and twenty tenants. Every third was here under a permit before, which ended long ago for
/// some; every fifth had one elsewhere before that. Two people each, of whom some have left and some have
/// a pass.
async fn fill(town: &Town) {
    let mut writing = town.app.db().write().await.unwrap();
    let tx = &mut writing;
    let e1 = permits::store::list_current_of(tx, "e1", town.app.now()).await.unwrap();
    let people = people::store::list_on_roster(tx, "e1").await.unwrap();
    passes::issue(&town.app, tx, &people, &e1).await.unwrap();
    // The second half lies across the end of the first list of sites.
    let gap = i64::try_from(KEYS).unwrap() - 90;
    let site = i64::try_from(SITE.0).unwrap();
    run!(
        tx,
        numbered!(
            "INSERT INTO enterprises (id, no_code_reason, name, name_key, kind, scale, division_id, division_path, \
             responsible_name, created_at, updated_at)",
            "SELECT 't' || i, '摊位', 't' || i, 't' || i, 'company', 'small', 'yhd', CAST($2 AS TEXT), '', 0, 0 FROM n"
        ),
        TENANTS,
        &town.path
    )
    .unwrap();
    run!(
        tx,
        numbered!(
            "INSERT INTO premises (id, site_code, kind, name, address, division_id, division_path, container_id, created_at, \
             updated_at)",
            "SELECT 'q' || i, $2 + i + CASE WHEN i <= 60 THEN 0 ELSE $3 END, 'shop', '', '', 'yhd', CAST($4 AS TEXT), \
             CASE WHEN i % 10 = 0 THEN 'q' || (i - 1) ELSE 'p1' END, 0, 0 FROM n"
        ),
        TENANTS,
        site,
        gap,
        &town.path
    )
    .unwrap();
    let there = permits!(
        "x",
        "4",
        "issued",
        "(SELECT site_code FROM premises WHERE id = 'q' || i)",
        "exp",
        "i % 11 <> 0"
    );
    let before = permits!(
        "w",
        "3",
        "superseded",
        "(SELECT site_code FROM premises WHERE id = 'q' || i)",
        "CASE WHEN i % 2 = 0 THEN 1 ELSE exp END",
        "i % 3 = 0"
    );
    let elsewhere = permits!("v", "2", "revoked", "7 + i", "exp", "i % 5 = 0");
    for sql in [there, before, elsewhere] {
        assert!(run!(tx, sql, TENANTS).unwrap() > 20);
    }
    for (prefix, every) in [("A", 4_i64), ("a", 6)] {
        run!(
            tx,
            numbered!(
                "INSERT INTO people (id, enterprise_id, worker_number, name, name_key, job, not_before, left_at, created_at, \
                 updated_at)",
                "SELECT CAST($2 AS TEXT) || i, 't' || i, CAST($2 AS TEXT) || i, '王芳', '王芳', '', i, \
                 CASE WHEN i % $3 = 0 THEN 1 END, 0, 0 FROM n"
            ),
            TENANTS,
            prefix,
            every
        )
        .unwrap();
    }
    run!(
        tx,
        numbered!(
            "INSERT INTO passes (id, serial, reference, person_id, enterprise_id, lineage, key_id, status_index, token, nbf, \
             exp, state, state_at, issued_at)",
            "SELECT 'g' || i, '500000000000' || (1000 + i), '600000000000' || (1000 + i), 'A' || i, 't' || i, lineage, key_id, \
             5000 + i, token, nbf, exp, 'issued', state_at, issued_at FROM n, passes WHERE person_id = 'w1' AND i % 2 = $2"
        ),
        TENANTS,
        0_i64
    )
    .unwrap();
    writing.commit().await.unwrap();
}

/// The register and the roster, one site and one enterprise at a time.
async fn one_by_one(tx: &mut Tx, sites: &[SiteCode], since: Millis) -> (RecordSet, RecordSet) {
    let (mut register, mut roster) = (RecordSet::new(), RecordSet::new());
    let mut newest: BTreeMap<String, (String, String, Lineage)> = BTreeMap::new();
    for site in sites {
        for permit in permits::store::list_for_sites(tx, &[*site], since).await.unwrap() {
            let id = permit.place.enterprise_id.clone();
            let record = PermitRecord {
                serial: permit.serial,
                enterprise_id: id.clone(),
                enterprise: permit.claims.name.as_str().to_owned(),
                lineage: permits::store::first_lineage(tx, &id).await.unwrap().unwrap(),
                status_index: u32::try_from(permit.status_index).unwrap(),
                key: permit.key_id.parse().unwrap(),
                validity: permit.claims.validity,
                site: permit.claims.site,
                mode: permit.claims.mode,
            };
            register.put(record.key(), record.to_bytes());
            if newest.get(&id).is_none_or(|(known, ..)| *known < permit.id) {
                newest.insert(id, (permit.id, record.enterprise, record.lineage));
            }
        }
    }
    for (enterprise_id, (_, enterprise, lineage)) in newest {
        let held = passes::store::list_current(tx, &enterprise_id).await.unwrap();
        let held: HashMap<String, passes::store::Pass> =
            held.into_iter().map(|pass| (pass.person_id.clone(), pass)).collect();
        for person in people::store::list_on_roster(tx, &enterprise_id).await.unwrap() {
            let pass = held.get(&person.id);
            let record = PersonRecord {
                worker: gate_number(&enterprise_id, &person.worker_number),
                name: person.name,
                last_four: (!person.id_last_four.is_empty()).then_some(person.id_last_four),
                role: person.job,
                enterprise_id: enterprise_id.clone(),
                enterprise: enterprise.clone(),
                lineage,
                not_before: (person.not_before > 0).then(|| Millis(person.not_before).seconds()),
                isolating_until: None,
                reference: pass.map(|pass| pass.reference),
                pass: pass.map(|pass| PassLink {
                    serial: pass.serial,
                    status_index: u32::try_from(pass.status_index).unwrap(),
                    key: pass.key_id.parse().unwrap(),
                }),
                sites: Vec::new(),
                left: false,
            };
            roster.put(record.key(), record.to_bytes());
        }
    }
    (register, roster)
}

#[tokio::test]
async fn all_tenants_of_a_park_together_are_the_same_to_the_byte_as_one_by_one() {
    let town = town().await;
    fill(&town).await;
    let mut tx = town.app.db().read().await.unwrap();
    let mut inside = bundle::sites_of(&mut tx, "p1").await.unwrap();
    assert_eq!(inside.len(), 121);
    assert!(inside.is_sorted());
    // As many sites again that nobody was ever permitted at.
    let last = SITE.0 + u64::try_from(KEYS).unwrap() + 100;
    inside.extend((SITE.0..last).map(SiteCode));
    inside.sort_unstable();
    inside.dedup();
    assert!(inside.len() > KEYS);
    let hour = town.app.now();
    let (register, roster) = register::read(&mut tx, &inside, hour).await.unwrap();
    let (register_by_one, roster_by_one) = one_by_one(&mut tx, &inside, hour.plus_days(-30)).await;
    assert!(register.to_bytes() == register_by_one.to_bytes(), "the register");
    assert!(roster.to_bytes() == roster_by_one.to_bytes(), "the roster");
    // 110 tenants have one, 20 more had one that has not ended long ago, and there is the first enterprise.
    assert_eq!(register.iter().count(), 110 + 20 + 1);
    assert!(roster.iter().count() > 150);
}
