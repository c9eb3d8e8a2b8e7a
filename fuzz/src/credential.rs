//! Everything that is signed, scanned, typed or sent between the services.

#![no_main]

mod bytes;
mod choice;
mod objects;
mod texts;
mod world;

use choice::Target;
use libfuzzer_sys::fuzz_target;

const TARGETS: &[(&str, Target)] = &[
    ("base64url", texts::base64url),
    ("batch", objects::batch),
    ("cbor", bytes::cbor),
    ("claim", objects::claim),
    ("delta", bytes::delta),
    ("digits", texts::digits),
    ("entry", bytes::entry),
    ("envelope", bytes::envelope),
    ("manifest", objects::manifest),
    ("pass", objects::pass),
    ("permit", objects::permit),
    ("records", bytes::records),
    ("serial", texts::serial),
    ("settings", bytes::settings),
    ("status", objects::status),
    ("text", texts::text),
    ("trust", objects::trust),
    ("typed", texts::typed),
];

fuzz_target!(init: choice::choose(TARGETS), |data: &[u8]| choice::run(data));
