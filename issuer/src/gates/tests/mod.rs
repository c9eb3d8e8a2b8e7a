//! A gate's life at the issuer, over the real router with real signatures.

mod bundles;
mod concern;
mod enrolment;
mod events;
mod gate;
mod journals;
mod park;
mod refusals;
mod status_codes;
