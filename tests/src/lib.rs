//! What the journeys stand on: the real binaries as processes, scratch databases, a browserless
//! person with a cookie jar.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a journey that cannot go on ends at once, saying why"
)]

pub mod browser;
pub mod camera;
pub mod crowd;
pub mod dice;
pub mod ledger;
pub mod markup;
pub mod patience;
pub mod person;
pub mod process;
pub mod proxy;
pub mod readers;
pub mod scratch;
pub mod small_disk;
pub mod stack;
