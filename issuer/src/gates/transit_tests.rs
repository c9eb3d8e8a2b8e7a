//! Parts on the line: compressed for who reads that, and going on where a download broke off.

use std::io::Read as _;

use axum::http::header;
use fugong_common::wire::{PartName, part_path};

use super::tests::{device, enrolled, fetch, part, pull, town};
use crate::permits::testing::SITE;
use crate::run;

#[tokio::test]
async fn a_compressed_download_goes_on_where_it_broke_off() {
    let town = town().await;
    let key = device(1);
    let answer = enrolled(&town, &key).await;
    let mut tx = town.app.db().write().await.unwrap();
    for n in 100..300 {
        run!(
            &mut tx,
            "INSERT INTO people (id, enterprise_id, worker_number, name, name_key, created_at, updated_at) \
             VALUES ($1, 'e1', $1, '工友', '工友', 0, 0)",
            format!("x{n}")
        )
        .unwrap();
    }
    let change = town.app.note_change(&mut tx, "roster", &SITE.0.to_string()).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
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
    let change = town.app.note_change(&mut tx, "roster", &SITE.0.to_string()).await.unwrap();
    town.app.commit(tx, change).await.unwrap();
    let (newest, newer) = pull(&town, &key, &answer).await;
    let (had, has) = (after.parts["roster"], newest.parts["roster"]);
    assert_ne!(had, has);
    let whole = fetch(&town, &key, &part_path(PartName::Roster, &has, Some(&had)), &[]).await;
    assert_eq!(whole.status, 200);
    assert!(whole.body == part(&newer, PartName::Roster));
}
