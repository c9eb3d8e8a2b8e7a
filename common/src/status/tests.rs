use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::hex;
use crate::keys::Role;
use crate::trust::KeyRefusal;
use crate::trust::samples::{DAY, NOW, T, entry, key, list, permit_key, status_key};

fn claims(seq: u64) -> StatusClaims {
    let mut states = StatusList::new(10);
    states.set(3, Status::Suspended).unwrap();
    let uri = entry(&permit_key(), Role::Permit).list_uri.unwrap();
    StatusClaims {
        uri,
        iat: T,
        exp: T + DEFAULT_LIFETIME_SECONDS,
        ttl: DEFAULT_TTL_SECONDS,
        seq,
        list: states,
    }
}

fn permit_entry() -> TrustedKey {
    entry(&permit_key(), Role::Permit)
}

/// The two entries of the draft's map, by name.
fn draft_map(bytes: &[u8]) -> (u64, Vec<u8>) {
    let mut decoder = minicbor::Decoder::new(bytes);
    assert_eq!(decoder.map().unwrap(), Some(2));
    assert_eq!(decoder.str().unwrap(), "bits");
    let bits = decoder.u64().unwrap();
    assert_eq!(decoder.str().unwrap(), "lst");
    (bits, decoder.bytes().unwrap().to_vec())
}

#[test]
fn the_vectors_of_the_draft_are_read_and_written() {
    for (bits, packed, map) in [
        (1, "b9a3", "a2646269747301636c73744a78dadbb918000217015d"),
        (2, "c944f9", "a2646269747302636c73744b78da3be9f2130003df0207"),
    ] {
        let packed = hex::decode(packed).unwrap();
        let (bits_there, deflated) = draft_map(&hex::decode(map).unwrap());
        assert_eq!(bits_there, bits);
        assert_eq!(StatusList::inflate(&deflated, packed.len()), Some(packed.clone()));
        assert_eq!(StatusList::deflate(&packed), deflated);
        // The same two entries, sorted as RFC 8949 §4.2.1 wants them.
        let (entry_bits, entry_lst) = (&map[2..14], &map[14..]);
        let sorted = format!("a2{entry_lst}{entry_bits}");
        assert_eq!(hex::encode(&StatusList::to_value(bits, &packed).encode()), sorted);
    }
}

#[test]
fn the_draft_example_reads_entry_by_entry() {
    // §4.1 of the draft: c9 44 f9 holds 1 2 0 3 0 1 0 1 1 2 3 3.
    let list = StatusList { entries: 12, packed: vec![0xc9, 0x44, 0xf9] };
    let states: Vec<_> = (0..12).map(|index| list.get(index).unwrap().bits()).collect();
    assert_eq!(states, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
}

#[test]
fn an_index_behind_the_end_is_refused_even_inside_the_last_byte() {
    let mut list = StatusList::new(10);
    assert_eq!(list.get(9), Ok(Status::Valid));
    assert_eq!(list.get(10), Err(OutOfRange { index: 10, entries: 10 }));
    assert_eq!(list.set(10, Status::Valid), Err(OutOfRange { index: 10, entries: 10 }));
    assert!(StatusList::new(0).get(0).is_err());
    assert_eq!(list.get(u32::MAX), Err(OutOfRange { index: u32::MAX, entries: 10 }));
}

#[test]
fn revoked_and_superseded_are_final() {
    use Status::{Revoked, Superseded, Suspended, Valid};
    for (from, to, may) in [
        (Valid, Suspended, true),
        (Valid, Revoked, true),
        (Valid, Superseded, true),
        (Suspended, Valid, true),
        (Suspended, Revoked, true),
        (Suspended, Superseded, true),
        (Valid, Valid, false),
        (Revoked, Valid, false),
        (Revoked, Superseded, false),
        (Superseded, Valid, false),
        (Superseded, Revoked, false),
    ] {
        assert_eq!(from.may_become(to), may, "{from:?} → {to:?}");
    }
}

#[test]
fn a_signed_list_is_read_back() {
    let token = claims(5).seal(&status_key()).unwrap();
    assert_eq!(StatusClaims::open(&token, &list(), &permit_entry(), NOW), Ok(claims(5)));
}

#[test]
fn a_list_is_refused_from_the_wrong_signer_or_in_the_wrong_place() {
    let open =
        |token: &[u8], trust: &TrustList| StatusClaims::open(token, trust, &permit_entry(), NOW);
    let by_permit_key = claims(5).seal(&permit_key()).unwrap();
    assert_eq!(
        open(&by_permit_key, &list()),
        Err(StatusError::Key(KeyRefusal::OtherRole(Role::Permit)))
    );
    let by_stranger = claims(5).seal(&key(99)).unwrap();
    assert_eq!(open(&by_stranger, &list()), Err(StatusError::UnknownKey));
    let elsewhere =
        StatusClaims { uri: "https://permits.example/status/other".to_owned(), ..claims(5) };
    let elsewhere = elsewhere.seal(&status_key()).unwrap();
    assert!(matches!(open(&elsewhere, &list()), Err(StatusError::OtherList(_))));
    let mut narrow = list();
    for entry in &mut narrow.keys {
        if entry.role == Role::Status {
            entry.scope = vec![(4403_0900_0000_0000, 4403_0999_9999_9999)];
        }
    }
    let token = claims(5).seal(&status_key()).unwrap();
    assert_eq!(open(&token, &narrow), Err(StatusError::Key(KeyRefusal::OutOfScope)));
}

#[test]
fn inflation_stops_at_the_declared_size() {
    let bomb = StatusList::deflate(&vec![0; 8 << 20]);
    assert!(bomb.len() < 16 << 10);
    assert_eq!(StatusList::inflate(&bomb, 3), None);
    assert_eq!(
        StatusList::inflate(&StatusList::deflate(&[0; 2]), 3),
        None,
        "nor may it be shorter"
    );
    assert_eq!(StatusList::inflate(b"not zlib", 3), None);
    let value = StatusList::to_value(2, &[0; 4]);
    assert_eq!(StatusList::from_value(value, u32::MAX), Err(StatusError::TooLarge(u32::MAX)));
}

#[test]
fn a_lower_seq_is_refused_and_an_equal_one_on_other_bytes_raises_the_alarm() {
    let (old, new) = (claims(5), claims(6));
    let twin = StatusClaims { iat: T + 1, ..claims(5) };
    assert_eq!(old.follows(b"5", None), Ok(Arrival::Newer));
    assert_eq!(new.follows(b"6", Some((&old, b"5"))), Ok(Arrival::Newer));
    assert_eq!(old.follows(b"5", Some((&old, b"5"))), Ok(Arrival::Same));
    assert_eq!(old.follows(b"5", Some((&new, b"6"))), Err(StatusError::Older { held: 6, got: 5 }));
    assert_eq!(twin.follows(b"5'", Some((&old, b"5"))), Err(StatusError::SameSeqOtherBytes(5)));
}

#[test]
fn age_passes_from_fresh_to_too_old() {
    let list = claims(1);
    let week = 7 * DAY;
    let lifetime = DEFAULT_LIFETIME_SECONDS;
    for (age, band) in [
        (0, AgeBand::Fresh),
        (300, AgeBand::Fresh),
        (301, AgeBand::Usable),
        (lifetime, AgeBand::Usable),
        (lifetime + 1, AgeBand::Grace),
        (week, AgeBand::Grace),
        (week + 1, AgeBand::TooOld),
    ] {
        assert_eq!(list.band(age, week), band, "{age}");
    }
    assert_eq!(list.band(lifetime + 1, 0), AgeBand::TooOld, "the public page has no grace");
    let brief = StatusClaims { exp: T + 60, ..claims(1) };
    assert_eq!(brief.band(61, 0), AgeBand::TooOld, "fresh never outlasts exp");
}

#[test]
fn age_is_what_the_clock_or_the_machine_counted_whichever_is_more() {
    let list = claims(1);
    assert_eq!(list.age_seconds(Millis::from_seconds(T + 100), 40), 100);
    assert_eq!(list.age_seconds(Millis::from_seconds(T + 100), 4000), 4000);
    assert_eq!(
        list.age_seconds(Millis::from_seconds(T - 100), 40),
        40,
        "a clock set back makes nothing young"
    );
}

fn any_status() -> impl Strategy<Value = Status> {
    (0_u8..4).prop_map(Status::from_bits)
}

proptest! {
    #[test]
    fn what_is_set_is_got_and_nothing_else_moves(states in vec(any_status(), 1..60), at in 0_usize..60, status in any_status()) {
        let entries = u32::try_from(states.len()).unwrap();
        let mut list = StatusList::new(entries);
        for (index, state) in (0..).zip(&states) {
            list.set(index, *state).unwrap();
        }
        let mut expected = states.clone();
        let at = at % states.len();
        expected[at] = status;
        list.set(u32::try_from(at).unwrap(), status).unwrap();
        let got: Vec<_> = (0..entries).map(|index| list.get(index).unwrap()).collect();
        prop_assert_eq!(got, expected);
        let read = StatusList::from_value(StatusList::to_value(2, &list.packed), entries).unwrap();
        prop_assert_eq!(read, list);
    }
}

#[test]
fn what_is_final_stays_final_whatever_number_a_list_has() {
    let with = |seq, marks: &[(u32, Status)]| {
        let mut claims = claims(seq);
        for (index, status) in marks {
            claims.list.set(*index, *status).unwrap();
        }
        claims
    };
    let held = with(7, &[(5, Status::Revoked), (9, Status::Superseded)]);
    let forgetful = with(1000, &[(9, Status::Superseded)]);
    let held_side = Some((&held, b"held".as_slice()));
    assert_eq!(forgetful.follows(b"new", held_side), Err(StatusError::Revived { index: 5 }));
    // The other way round, after a restart on the forgetful list: the one that knows more comes back.
    assert_eq!(held.follows(b"held", Some((&forgetful, b"new"))), Ok(Arrival::Newer));
    // Lifting a suspension and replacing one end by the other are no forgetting.
    let later = with(1001, &[(5, Status::Superseded), (9, Status::Revoked), (3, Status::Valid)]);
    assert_eq!(later.follows(b"later", held_side), Ok(Arrival::Newer));
    assert!(matches!(with(6, &[]).follows(b"old", held_side), Err(StatusError::Older { .. })));
}
