use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

fn set() -> impl Strategy<Value = RecordSet> {
    // Few distinct keys of different lengths, so that two sets overlap.
    btree_map(vec(0_u8..4, 0..3), vec(any::<u8>(), 0..4), 0..12).prop_map(|map| {
        let mut set = RecordSet::new();
        for (key, value) in map {
            set.put(key, value);
        }
        set
    })
}

proptest! {
    #[test]
    fn a_delta_turns_the_old_set_into_the_new_one(old in set(), new in set()) {
        let delta = Delta::from_bytes(&diff(&old, &new).to_bytes()).unwrap();
        let applied = apply(&old, &delta).unwrap();
        prop_assert_eq!(&applied, &new);
        prop_assert_eq!(applied.digest(), new.digest());
        prop_assert_eq!(apply_to_bytes(&old.to_bytes(), &delta), Ok(new.to_bytes()));
        prop_assert_eq!(delta.is_empty(), old == new);
    }

    #[test]
    fn a_set_has_one_byte_form(set in set()) {
        let bytes = set.to_bytes();
        prop_assert_eq!(RecordSet::from_bytes(&bytes).unwrap(), set);
    }

    #[test]
    fn two_sets_share_a_digest_only_if_they_are_equal(a in set(), b in set()) {
        prop_assert_eq!(a.digest() == b.digest(), a == b);
    }

    #[test]
    fn a_delta_applies_to_no_other_set(old in set(), new in set(), other in set()) {
        prop_assume!(old != other);
        let delta = diff(&old, &new);
        prop_assert_eq!(apply(&other, &delta), Err(RecordsError::OtherStart));
        prop_assert_eq!(apply_to_bytes(&other.to_bytes(), &delta), Err(RecordsError::OtherStart));
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_what_is_read_is_the_one_form(bytes in vec(any::<u8>(), 0..64)) {
        if let Ok(set) = RecordSet::from_bytes(&bytes) {
            prop_assert_eq!(set.to_bytes(), bytes.clone());
        }
        if let Ok(delta) = Delta::from_bytes(&bytes) {
            prop_assert_eq!(delta.to_bytes(), bytes);
        }
    }
}

#[test]
fn a_delta_that_lies_about_its_end_is_refused() {
    let (mut old, mut new) = (RecordSet::new(), RecordSet::new());
    old.put("a", "1");
    new.put("a", "2");
    let mut delta = diff(&old, &new);
    delta.put.put("b", "smuggled");
    assert_eq!(apply(&old, &delta), Err(RecordsError::OtherEnd));
    assert_eq!(apply_to_bytes(&old.to_bytes(), &delta), Err(RecordsError::OtherEnd));
}

#[test]
fn other_byte_forms_of_the_same_set_are_refused() {
    // {h'61': h'', h'62': h''}
    assert!(RecordSet::from_bytes(&[0xa2, 0x41, 0x61, 0x40, 0x41, 0x62, 0x40]).is_ok());
    for (other, why) in [
        (&[0xa2, 0x41, 0x62, 0x40, 0x41, 0x61, 0x40][..], RecordsError::NotDeterministic),
        (&[0xa2, 0x41, 0x61, 0x40, 0x41, 0x61, 0x40], RecordsError::NotDeterministic),
        (&[0xb8, 0x01, 0x41, 0x61, 0x40], RecordsError::NotDeterministic),
        (&[0xbf, 0x41, 0x61, 0x40, 0xff], RecordsError::NotDeterministic),
        (&[0xa1, 0x58, 0x01, 0x61, 0x40], RecordsError::NotDeterministic),
        (&[0xa1, 0x41, 0x61, 0x40, 0x00], RecordsError::NotDeterministic),
        (&[0xa1, 0x5f, 0x41, 0x61, 0xff, 0x40], RecordsError::NotDeterministic),
        (
            &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x41, 0x61, 0x40],
            RecordsError::Malformed,
        ),
        (&[0xa1, 0x41, 0x61], RecordsError::Malformed),
        (&[0x80], RecordsError::Malformed),
    ] {
        assert_eq!(RecordSet::from_bytes(other), Err(why), "{other:02x?}");
    }
}

#[test]
fn a_delta_of_a_later_version_asks_for_the_whole_part() {
    let mut bytes = diff(&RecordSet::new(), &RecordSet::new()).to_bytes();
    bytes[1] = 2;
    assert_eq!(Delta::from_bytes(&bytes), Err(RecordsError::UnknownVersion(2)));
}
