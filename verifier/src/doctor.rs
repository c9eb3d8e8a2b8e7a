//! `verifier doctor`: what is wrong with this gate, and how to mend it. Reads the data directory beside a running `serve`,
//! and changes nothing there.

use fugong_common::clock::ClockState;
use fugong_common::lang::Lang;
use fugong_common::time::{Millis, say_span};

use crate::bundle::{Bundle, Recipient};
use crate::clock::{GateClock, Reading};
use crate::config::Config;
use crate::enrol::{Enrolled, demo_roots};
use crate::issuer::{Issuer, client};
use crate::journal::Journal;
use crate::pull::stored_bundle;
use crate::store::{NotRecordedCount, Store, StoreError};
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
///
/// # Errors
/// The data directory or its database cannot be read at all.
pub async fn examine(config: &Config, wall: Millis) -> Result<Vec<Finding>, StoreError> {
    let store = Store::open_reading(&config.data_dir).await?;
    let enrolled = Enrolled::load(&store).await?;
    let mut clock = GateClock::resume(crate::clock::load(&store).await?, 0);
    let mut findings = vec![enrolment(enrolled.as_ref())];
    if let Some(enrolled) = &enrolled {
        let now = clock.read(wall, 0).now;
        let recipient = Recipient {
            root: enrolled.root,
            demo: demo_roots(config),
            audience: &enrolled.audience,
            now: now.max(clock.floor()),
        };
        match stored_bundle(&store, recipient).await? {
            Some(Ok(bundle)) => {
                clock.raise_floor(bundle.newest_iat(), 0);
                findings.push(roster(&bundle, now));
            }
            Some(Err(error)) => findings.push(finding(
                Weight::Bad,
                format!("the bundle cannot be used ({error}): `verifier serve` fetches it anew"),
            )),
            None if matches!(enrolled.status(), EnrolmentStatus::Enrolled { .. }) => {
                findings.push(finding(
                    Weight::Bad,
                    "no bundle yet: start `verifier serve` with network once",
                ));
            }
            None => {}
        }
    }
    let Reading { now, state, .. } = clock.read(wall, 0);
    findings.push(match state {
        ClockState::Trusted => finding(Weight::Good, "the clock is plausible"),
        ClockState::Uncertain => finding(
            Weight::Bad,
            "the clock is behind what the issuer has signed: set the machine's time, or connect to the issuer",
        ),
    });
    let missed = NotRecordedCount::peek(store.dir())?;
    if missed > 0 {
        findings.push(finding(
            Weight::Bad,
            format!("{missed} answers were not recorded: look at the disk's free space"),
        ));
    }
    findings.extend(journals(&store).await?);
    if let Some(enrolled) = enrolled.filter(|it| it.status() != EnrolmentStatus::CutOff) {
        findings.push(issuer(config, &enrolled, now).await);
    }
    let pairs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pairs").fetch_one(store.pool()).await?;
    if pairs == 0 {
        findings.push(finding(
            Weight::Look,
            "no browser is paired: `verifier pair` makes a code, also beside a running `verifier serve`",
        ));
    }
    store.close().await;
    Ok(findings)
}

fn enrolment(enrolled: Option<&Enrolled>) -> Finding {
    match enrolled.map_or(EnrolmentStatus::NotEnrolled, Enrolled::status) {
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
    }
}

fn roster(bundle: &Bundle, now: Millis) -> Finding {
    let age = now.seconds().saturating_sub(bundle.manifest.iat);
    let said = say_span(Lang::En, i64::try_from(age).unwrap_or(i64::MAX));
    let weight = if age > 86_400 { Weight::Look } else { Weight::Good };
    finding(weight, format!("bundle of {} people, {said} old", bundle.roster.len()))
}

async fn journals(store: &Store) -> Result<Vec<Finding>, StoreError> {
    let mut findings: Vec<_> = Journal::verify_all(store)
        .await?
        .into_iter()
        .map(|checked| match checked.fault {
            None => finding(
                Weight::Good,
                format!("journal {}: {} entries, chain whole", checked.id, checked.entries),
            ),
            Some(fault) => finding(
                Weight::Bad,
                format!(
                    "journal {}: {fault}; keep the data directory and tell the issuer's administrator",
                    checked.id
                ),
            ),
        })
        .collect();
    let to_send: i64 = sqlx::query_scalar(
        "SELECT COALESCE(sum(next_seq - sent_seq), 0) FROM journals WHERE forked = 0",
    )
    .fetch_one(store.pool())
    .await?;
    let weight = if to_send > 10_000 { Weight::Look } else { Weight::Good };
    findings.push(finding(weight, format!("{to_send} entries to send")));
    Ok(findings)
}

async fn issuer(config: &Config, enrolled: &Enrolled, now: Millis) -> Finding {
    let reached = match client(config) {
        Ok(http) => Issuer::new(http).fresh_nonce(enrolled).await.map_err(|e| e.to_string()),
        Err(error) => Err(error),
    };
    match reached {
        Ok(theirs) => {
            let off = theirs.since(now).abs() / 1000;
            let weight = if off > 120 { Weight::Look } else { Weight::Good };
            finding(weight, format!("the issuer answers; clocks differ by {off} s"))
        }
        Err(error) => {
            finding(Weight::Look, format!("{error}; the gate works on for days without it"))
        }
    }
}
