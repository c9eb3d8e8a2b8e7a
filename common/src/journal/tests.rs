use proptest::prelude::*;

use super::*;
use crate::clock::ClockState;
use crate::keys::{KeyId, Signer};
use crate::serial::Serial;
use crate::time::Millis;
use crate::trust::samples::{NOW, key};
use crate::verdict::Verdict;

const ID: JournalId = Hex([4; 16]);

fn draft(number: u64) -> Draft {
    Draft {
        at: NOW.plus_seconds(i64::try_from(number).unwrap()),
        kind: if number == 0 { EntryKind::Opened } else { EntryKind::Check },
        verdict: (number > 0).then_some(Verdict::Valid),
        known: Known {
            key: Some(KeyId([1, 2, 3, 4])),
            list_seq: Some(9),
            rule_version: Some(3),
            clock: ClockState::Trusted,
        },
        cites: (number == 0).then_some([6; 32]),
    }
}

fn sealed(number: u64) -> Sealed {
    Sealed {
        permit: Some(Serial([1; 8])),
        name: Some("张某某".to_owned()),
        direction: Some(Direction::In),
        temperature_tenths: Some(365),
        about_seq: Some(number),
        ..Sealed::default()
    }
}

/// A journal of so many entries.
fn journal(entries: u64) -> (Vec<Record>, Head) {
    let mut head = Head::start(ID);
    let mut records = Vec::new();
    for number in 0..entries {
        let (record, next) =
            head.append(&draft(number), &sealed(number), [u8::try_from(number).unwrap(); 16]);
        records.push(record);
        head = next;
    }
    (records, head)
}

fn hashes(records: &[Record]) -> impl Fn(u64) -> Option<[u8; 32]> {
    move |seq| records.get(usize::try_from(seq).unwrap()).map(Record::hash)
}

#[test]
fn an_entry_says_what_was_written() {
    let (records, head) = journal(2);
    let entry = Entry::decode(&records[1].chained).unwrap();
    assert_eq!((entry.seq, entry.previous, entry.draft), (1, records[0].hash(), draft(1)));
    let part = records[1].sealed.as_ref().unwrap();
    assert_eq!(entry.sealed_digest, part.digest());
    assert_eq!(Sealed::from_bytes(&part.bytes), Ok(sealed(1)));
    assert_eq!(Head::verify(ID, &records), Ok(head));
}

#[test]
fn the_chained_bytes_hold_nothing_about_the_person() {
    let (records, _) = journal(2);
    let chained = &records[1].chained;
    for part in ["张某某".as_bytes(), &[1; 8]] {
        assert!(!chained.windows(part.len()).any(|window| window == part));
    }
    assert!(!format!("{:?}", records[1]).contains("张某某"));
}

#[test]
fn every_kind_and_direction_is_found_by_its_code() {
    for kind in EntryKind::ALL {
        assert_eq!(EntryKind::from_code(kind.code()), Some(*kind));
    }
    for direction in Direction::ALL {
        assert_eq!(Direction::from_code(direction.code()), Some(*direction));
    }
}

#[test]
fn a_journal_under_another_name_does_not_verify() {
    let (records, _) = journal(1);
    assert_eq!(Head::verify(Hex([5; 16]), &records), Err(ChainFault::Broken { seq: 0 }));
}

#[test]
fn repeating_a_batch_counts_nothing_twice() {
    let (records, head) = journal(6);
    let at_four = Head::verify(ID, &records[..4]).unwrap();
    let followed = at_four.follow(&records[2..], hashes(&records)).unwrap();
    assert_eq!(followed, Followed { head, duplicates: 2 });
    assert_eq!(head.follow(&records, hashes(&records)), Ok(Followed { head, duplicates: 6 }));
    assert_eq!(head.follow(&[], hashes(&records)), Ok(Followed { head, duplicates: 0 }));
}

#[test]
fn a_restored_gate_that_writes_another_history_is_a_fork() {
    let (records, head) = journal(6);
    let back = Head::verify(ID, &records[..4]).unwrap();
    let (other, after) = back.append(&draft(77), &sealed(77), [9; 16]);
    let (later, _) = after.append(&draft(78), &sealed(78), [9; 16]);
    let (last, _) =
        Head { next_seq: 6, hash: later.hash(), ..after }.append(&draft(79), &sealed(79), [9; 16]);
    assert_eq!(head.follow(&[other, later], hashes(&records)), Err(ChainFault::Fork { seq: 4 }));
    // Sent from where the issuer stands, the difference shows in what the next entry cites.
    assert_eq!(head.follow(&[last], hashes(&records)), Err(ChainFault::Fork { seq: 5 }));
}

#[test]
fn entries_behind_the_head_leave_a_gap() {
    let (records, _) = journal(6);
    let at_two = Head::verify(ID, &records[..2]).unwrap();
    assert_eq!(
        at_two.follow(&records[3..], hashes(&records[..2])),
        Err(ChainFault::Gap { expected: 2, found: 3 })
    );
}

#[test]
fn an_entry_of_a_later_version_keeps_its_place_in_the_chain() {
    use crate::cbor::Value;
    let (mut records, head) = journal(1);
    let digest = SealedPart { salt: [0; 16], bytes: vec![1] };
    let chained = Value::Array(vec![
        2_u64.into(),
        1_u64.into(),
        head.hash.into(),
        digest.digest().into(),
        "something new".into(),
    ])
    .encode();
    assert_eq!(Entry::decode(&chained), Err(EntryError::UnknownVersion(2)));
    records.push(Record { chained, sealed: Some(digest) });
    assert_eq!(Head::verify(ID, &records).unwrap().next_seq, 2);
    records.push(Record { chained: b"junk".to_vec(), sealed: None });
    assert_eq!(Head::verify(ID, &records), Err(ChainFault::Unreadable { place: 2 }));
}

#[test]
fn a_batch_is_read_back_under_the_device_key_only() {
    let (mut records, _) = journal(3);
    records[1].sealed = None;
    let batch = Batch { id: ID, records };
    let bytes = batch.seal(&key(60)).unwrap();
    assert_eq!(Batch::open(&bytes, &key(60).public_key()), Ok(batch));
    assert_eq!(Batch::signer(&bytes), Ok(key(60).key_id()));
    assert!(matches!(Batch::open(&bytes, &key(61).public_key()), Err(BatchError::Envelope(_))));
}

#[test]
fn instants_before_1970_are_recorded_too() {
    let early = Draft { at: Millis(-5), ..draft(1) };
    let (record, _) = Head::start(ID).append(&early, &sealed(1), [0; 16]);
    assert_eq!(Entry::decode(&record.chained).unwrap().draft, early);
}

proptest! {
    #[test]
    fn a_dropped_entry_is_detected(entries in 1_u64..9, at in any::<prop::sample::Index>()) {
        let (mut records, head) = journal(entries);
        records.remove(at.index(records.len()));
        prop_assert_ne!(Head::verify(ID, &records), Ok(head));
    }

    #[test]
    fn a_changed_byte_is_detected(entries in 1_u64..9, at in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let (mut records, head) = journal(entries);
        let record = at.index(records.len());
        let chained = &mut records[record].chained;
        let byte = byte.index(chained.len());
        chained[byte] ^= 1 << bit;
        prop_assert_ne!(Head::verify(ID, &records), Ok(head));
    }

    #[test]
    fn two_exchanged_entries_are_detected(entries in 2_u64..9, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (mut records, _) = journal(entries);
        let (a, b) = (a.index(records.len()), b.index(records.len()));
        prop_assume!(a != b);
        records.swap(a, b);
        prop_assert!(Head::verify(ID, &records).is_err());
    }

    #[test]
    fn a_changed_sealed_part_or_salt_is_detected(entries in 1_u64..9, at in any::<prop::sample::Index>(), salt in any::<bool>()) {
        let (mut records, _) = journal(entries);
        let at = at.index(records.len());
        let part = records[at].sealed.as_mut().unwrap();
        if salt { part.salt[0] ^= 1 } else { part.bytes[3] ^= 1 }
        prop_assert_eq!(Head::verify(ID, &records), Err(ChainFault::SealedPart { seq: at as u64 }));
    }

    #[test]
    fn purging_sealed_parts_leaves_the_chain_whole(entries in 1_u64..9, purged in proptest::collection::vec(any::<bool>(), 9)) {
        let (mut records, head) = journal(entries);
        for (record, purge) in records.iter_mut().zip(purged) {
            if purge {
                record.sealed = None;
            }
        }
        prop_assert_eq!(Head::verify(ID, &records), Ok(head));
    }
}
