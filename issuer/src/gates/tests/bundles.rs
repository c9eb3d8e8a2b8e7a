//! What a gate is given: which changes make a new manifest, and how parts travel.

use std::io::Read as _;

use axum::http::{Method, header};
use fugong_common::permit::SiteCode;
use fugong_common::records::{self, Delta, RecordSet};
use fugong_common::wire::{PartName, part_path};

use super::gate::{ask, device, enrolled, fetch, many_people, part, pull, roster_changed, town};
use crate::authz::Bounds;
use crate::gates::{bundle, store};
use crate::permits::testing::{SITE, officer};
use crate::permits::{Event, State, acts};
use crate::run;

#[tokio::test]
async fn a_suspension_makes_a_new_manifest_and_leaves_the_roster_part_as_it_was() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    let (before, _) = pull(&town, &key, &answer).await;
    let (again, _) = pull(&town, &key, &answer).await;
    assert_eq!(before, again, "nothing changed, so the bytes are the same");
    let mut tx = town.app.db().read().await.unwrap();
    let permit = crate::permits::store::find_by_application(&mut tx, "a1").await.unwrap().unwrap();
    drop(tx);
    let mut tx = town.app.db().write().await.unwrap();
    let event = Event::Suspend { lapses_at: None };
    let (state, change) =
        acts::act(&town.app, &mut tx, &permit, event, &officer(), "私自扩大用工").await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    assert!(matches!(state, State::Suspended { .. }));
    let (after, _) = pull(&town, &key, &answer).await;
    assert!(after.seq > before.seq);
    let changed: Vec<_> =
        after.parts.iter().filter(|(name, sha)| before.parts.get(*name) != Some(sha)).collect();
    assert!(changed.iter().all(|(name, _)| name.starts_with("status/")), "{changed:?}");
    assert_eq!(changed.len(), 1);
}

#[tokio::test]
async fn a_change_of_the_roster_travels_as_a_delta() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    many_people(&town).await;
    let (before, parts) = pull(&town, &key, &answer).await;
    let old = RecordSet::from_bytes(part(&parts, PartName::Roster)).unwrap();
    let mut tx = town.app.db().write().await.unwrap();
    run!(&mut tx, "UPDATE people SET left_at = 1 WHERE id = 'w2'").unwrap();
    roster_changed(&town, tx, SITE.0).await;
    let (after, _) = pull(&town, &key, &answer).await;
    let (had, has) = (before.parts["roster"], after.parts["roster"]);
    assert_ne!(had, has);
    let path = part_path(PartName::Roster, &has, Some(&had));
    let (status, bytes) = ask(&town, &key, Method::GET, &path, Vec::new()).await;
    assert_eq!(status, 200);
    let new = records::apply(&old, &Delta::from_bytes(&bytes).unwrap()).unwrap();
    assert_eq!(new.digest(), has);
    assert!(bytes.len() < old.to_bytes().len() / 10, "{} of {}", bytes.len(), old.to_bytes().len());
    // A roster of people of another site changes nothing here.
    roster_changed(&town, town.app.db().write().await.unwrap(), 1).await;
    let (other, _) = pull(&town, &key, &answer).await;
    assert_eq!(other.parts, after.parts);
}

#[tokio::test]
async fn a_compressed_download_goes_on_where_it_broke_off() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    many_people(&town).await;
    let (manifest, parts) = pull(&town, &key, &answer).await;
    let plain = part(&parts, PartName::Roster);
    let path = part_path(PartName::Roster, &manifest.parts["roster"], None);

    let gzip = (header::ACCEPT_ENCODING, "gzip".to_owned());
    let whole = fetch(&town, &key, &path, std::slice::from_ref(&gzip)).await;
    assert_eq!((whole.status, whole.header("content-encoding")), (200, Some("gzip")));
    assert_eq!(whole.header("vary"), Some("accept-encoding"));
    assert!(whole.body.len() < plain.len() / 4, "{} of {}", whole.body.len(), plain.len());

    let broke_at = whole.body.len() / 3;
    let range = (header::RANGE, format!("bytes={broke_at}-"));
    let rest = fetch(&town, &key, &path, &[gzip, range]).await;
    let said = format!("bytes {broke_at}-{}/{}", whole.body.len() - 1, whole.body.len());
    assert_eq!((rest.status, rest.header("content-encoding")), (206, Some("gzip")));
    assert_eq!(rest.header("content-range"), Some(said.as_str()));
    let mut came = whole.body[..broke_at].to_vec();
    came.extend_from_slice(&rest.body);
    let mut read = Vec::new();
    flate2::read::GzDecoder::new(came.as_slice()).read_to_end(&mut read).unwrap();
    assert!(read == plain, "the same part");

    // Who doesn't read gzip gets the plain form, and its rest.
    let rest = fetch(&town, &key, &path, &[(header::RANGE, "bytes=100-".to_owned())]).await;
    assert_eq!((rest.status, rest.header("content-encoding")), (206, None));
    assert!(rest.body == plain[100..], "the rest of the plain form");
    let beyond = (header::RANGE, format!("bytes={}-", plain.len()));
    let again = fetch(&town, &key, &path, &[beyond]).await;
    assert_eq!((again.status, again.body.len()), (200, plain.len()), "begins anew");
}

#[tokio::test]
async fn a_gate_of_a_park_serves_the_shops_inside() {
    let town = town().await;
    let mut tx = town.app.db().write().await.unwrap();
    for (id, site, container) in [("shop", SITE.0 + 1, "p1"), ("stall", SITE.0 + 2, "shop")] {
        run!(
            &mut tx,
            "INSERT INTO premises (id, site_code, kind, name, address, division_id, division_path, container_id, created_at, updated_at) \
             VALUES ($1, $2, 'shop', $1, '', 'yhd', $3, $4, 0, 0)",
            id,
            i64::try_from(site).unwrap(),
            &town.path,
            container
        )
        .unwrap();
    }
    let sites = bundle::sites_of(&mut tx, "p1").await.unwrap();
    assert_eq!(sites, [SITE, SiteCode(SITE.0 + 1), SiteCode(SITE.0 + 2)]);
    let bounds =
        Bounds { from: town.path.clone(), to: format!("{}~", town.path), own: String::new() };
    assert_eq!(store::list(&mut tx, &bounds, "", 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_part_that_had_to_make_room_is_made_again_to_the_same_bytes() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    let (manifest, parts) = pull(&town, &key, &answer).await;
    for name in [PartName::Settings, PartName::Register, PartName::Roster] {
        town.app.bundles().crowd_out();
        let path = part_path(name, &manifest.parts[&name.to_string()], None);
        let again = fetch(&town, &key, &path, &[]).await;
        assert_eq!(again.status, 200, "{name}");
        assert!(again.body == part(&parts, name), "{name}");
    }
    // A change of status takes the large parts over as they are, where they are still there.
    town.app.bundles().crowd_out();
    let mut tx = town.app.db().write().await.unwrap();
    let change = town.app.note_change(&mut tx, "status", "").await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    let (after, again) = pull(&town, &key, &answer).await;
    assert!(after.seq > manifest.seq);
    assert_eq!(part(&again, PartName::Roster), part(&parts, PartName::Roster));
    // Of a part that is kept no longer nobody can tell what changed since: the whole one comes.
    town.app.bundles().crowd_out();
    let mut tx = town.app.db().write().await.unwrap();
    run!(&mut tx, "UPDATE people SET left_at = 1 WHERE id = 'w2'").unwrap();
    roster_changed(&town, tx, SITE.0).await;
    let (newest, newer) = pull(&town, &key, &answer).await;
    let (had, has) = (after.parts["roster"], newest.parts["roster"]);
    assert_ne!(had, has);
    let whole = fetch(&town, &key, &part_path(PartName::Roster, &has, Some(&had)), &[]).await;
    assert_eq!(whole.status, 200);
    assert!(whole.body == part(&newer, PartName::Roster));
}
