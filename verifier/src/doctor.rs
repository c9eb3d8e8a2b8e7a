//! `verifier doctor`: what is wrong with this gate, and how to mend it.

use fugong_common::clock::ClockState;
use fugong_common::lang::Lang;
use fugong_common::time::say_span;

use crate::engine::Gate;
use crate::issuer::{Issuer, client};
use crate::journal::Journal;
use crate::view::EnrolmentStatus;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Good,
    Look,
    Bad,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub weight: Weight,
    pub text: String,
}

fn finding(weight: Weight, text: impl Into<String>) -> Finding {
    Finding { weight, text: text.into() }
}

/// Looks at everything; contacts the issuer only to see whether it answers.
pub async fn examine(gate: &Gate) -> Vec<Finding> {
    let status = gate.status();
    let mut findings = vec![match &status.enrolment {
        EnrolmentStatus::NotEnrolled => finding(
            Weight::Bad,
            "not enrolled: create a gate in the console and run `verifier enrol URL CODE --root FINGERPRINT`",
        ),
        EnrolmentStatus::Waiting { device_fingerprint, .. } => finding(
            Weight::Bad,
            format!(
                "waiting: compare this fingerprint in the console and confirm: {device_fingerprint}"
            ),
        ),
        EnrolmentStatus::Enrolled { gate_name, issuer, .. } => {
            finding(Weight::Good, format!("enrolled as {gate_name} at {issuer}"))
        }
        EnrolmentStatus::CutOff => {
            finding(Weight::Bad, "cut off by the issuer: enrol again with a new code")
        }
    }];
    if let Some(age) = status.roster_age_seconds {
        let said = say_span(Lang::En, i64::try_from(age).unwrap_or(i64::MAX));
        let weight = if age > 86_400 { Weight::Look } else { Weight::Good };
        findings
            .push(finding(weight, format!("bundle of {} people, {said} old", status.roster_len)));
    } else if matches!(status.enrolment, EnrolmentStatus::Enrolled { .. }) {
        findings
            .push(finding(Weight::Bad, "no bundle yet: start `verifier serve` with network once"));
    }
    findings.push(match status.clock {
        ClockState::Trusted => finding(Weight::Good, "the clock is plausible"),
        ClockState::Uncertain => finding(
            Weight::Bad,
            "the clock is behind what the issuer has signed: set the machine's time, or connect to the issuer",
        ),
    });
    if status.not_recorded > 0 {
        findings.push(finding(
            Weight::Bad,
            format!(
                "{} answers were not recorded: look at the disk's free space",
                status.not_recorded
            ),
        ));
    }
    match Journal::verify_all(gate.store()).await {
        Ok(journals) => findings.extend(journals.into_iter().map(|checked| match checked.fault {
            None => finding(Weight::Good, format!("journal {}: {} entries, chain whole", checked.id, checked.entries)),
            Some(fault) => finding(
                Weight::Bad,
                format!("journal {}: {fault}; keep the data directory and tell the issuer's administrator", checked.id),
            ),
        })),
        Err(error) => findings.push(finding(Weight::Bad, error.to_string())),
    }
    findings.push(finding(
        if status.to_send > 10_000 { Weight::Look } else { Weight::Good },
        format!("{} entries to send", status.to_send),
    ));
    if let Some(enrolled) = gate.enrolled() {
        let reached = match client(gate.config()) {
            Ok(http) => Issuer::new(http).fresh_nonce(&enrolled).await.map_err(|e| e.to_string()),
            Err(error) => Err(error),
        };
        findings.push(match reached {
            Ok(now) => {
                let off = now.since(gate.status().now).abs() / 1000;
                let weight = if off > 120 { Weight::Look } else { Weight::Good };
                finding(weight, format!("the issuer answers; clocks differ by {off} s"))
            }
            Err(error) => {
                finding(Weight::Look, format!("{error}; the gate works on for days without it"))
            }
        });
    }
    if gate.wants_pairing() {
        findings.push(finding(
            Weight::Look,
            "no browser is paired: `verifier serve` prints a code at its start",
        ));
    }
    findings
}
