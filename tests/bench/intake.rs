//! Journals into the issuer: signed batches taken in, interpreted and durable, on either database.

use fugong_common::clock::ClockState;
use fugong_common::entropy::{Entropy, SeededEntropy, bytes};
use fugong_common::journal::{Batch, Direction, Draft, EntryKind, Head, Known, Record, Sealed};
use fugong_common::keys::{Signer, SoftwareKey};
use fugong_common::serial::Serial;
use fugong_common::time::Millis;
use fugong_common::verdict::Verdict;
use fugong_common::wire::Hex;
use fugong_issuer::gates::{Intake, take_in};
use fugong_tests::stack::Stack;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::Scale;
use crate::say::{line, timed};
use crate::town::{add_gates, called, is_durable, kinds};

/// Gates that send at the same time.
const GATES: usize = 4;

pub fn run(scale: Scale) {
    let runtime = Runtime::new().expect("a runtime");
    for kind in kinds() {
        let stack = runtime.block_on(Stack::new(kind));
        let app = &stack.inside;
        let devices =
            runtime.block_on(add_gates(app, &stack.town.gate_id, GATES)).expect("gates are added");
        let batches = scale.of(20, 1);
        let of_each: Vec<Vec<Vec<u8>>> = devices
            .iter()
            .zip(1..)
            .map(|(device, seed)| journal(&device.key, seed, batches, &stack.town.enterprise_id))
            .collect();
        let entries = GATES * batches * Batch::MAX_RECORDS;
        let (taken, seconds) = timed(|| {
            runtime.block_on(async {
                let mut gates = JoinSet::new();
                for (device, batches) in devices.iter().cloned().zip(of_each.clone()) {
                    let app = app.clone();
                    gates.spawn(async move {
                        for batch in batches {
                            let key = device.key.public_key();
                            let intake = take_in(&app, &device.gate_id, &key, &batch).await;
                            assert!(
                                matches!(intake, Ok(Intake::Taken { duplicates: 0, .. })),
                                "{intake:?}"
                            );
                        }
                    });
                }
                gates.join_all().await.len()
            })
        });
        assert_eq!(taken, GATES);
        let how = if runtime.block_on(is_durable(app)) { "" } else { ", fsync off" };
        line(
            &format!("entries taken in on {}{how}", called(kind)),
            &format!("{:.0} /s", entries as f64 / seconds),
        );
        let bytes: usize = of_each.iter().flatten().map(Vec::len).sum();
        line("  bytes an entry on the line", &format!("{}", bytes / entries));
        runtime.block_on(async { drop(stack) });
    }
}

/// Batches of a gate's checks, as its verifier signs them.
fn journal(key: &SoftwareKey, seed: u64, batches: usize, enterprise_id: &str) -> Vec<Vec<u8>> {
    let entropy = SeededEntropy::new(seed);
    let id = Hex(bytes(&entropy));
    let mut head = Head::start(id);
    (0..batches)
        .map(|_| {
            let mut records = Vec::with_capacity(Batch::MAX_RECORDS);
            for _ in 0..Batch::MAX_RECORDS {
                let (record, next) = entry(&head, key, enterprise_id, &entropy);
                head = next;
                records.push(record);
            }
            Batch { id, records }.seal(key).expect("the device signs")
        })
        .collect()
}

fn entry(
    head: &Head,
    key: &SoftwareKey,
    enterprise_id: &str,
    entropy: &dyn Entropy,
) -> (Record, Head) {
    let draft = Draft {
        at: Millis(1_581_296_400_000),
        kind: EntryKind::Temperature,
        verdict: Some(Verdict::Valid),
        known: Known {
            key: Some(key.key_id()),
            list_seq: Some(7),
            rule_version: Some(1),
            clock: ClockState::Trusted,
        },
        cites: None,
    };
    let sealed = Sealed {
        permit: Some(Serial([1; 8])),
        pass: Some(Serial([2; 8])),
        enterprise_id: Some(enterprise_id.to_owned()),
        worker: Some("AB12C-0001".to_owned()),
        name: Some("王晓梅".to_owned()),
        last_four: Some("2147".to_owned()),
        temperature_tenths: Some(365),
        direction: Some(Direction::In),
        operator: Some("01900000-0000-7000-8000-000000000001".to_owned()),
        ..Sealed::default()
    };
    head.append(&draft, &sealed, bytes(entropy))
}
