use super::*;

mod keys;
mod shown;
mod told;
mod verdicts;
mod world;

use world::{
    GATE, OTHER_SITE, PASS_INDEX, PERMIT_INDEX, REFERENCE, World, at, judge_text, newer_payload,
    pass, pass_code, permit, placard, placard_under, record, validity, verdict,
};
