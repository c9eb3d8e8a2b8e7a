//! To whom this verifier belongs: the device's own key, the root that people compared, and what the issuer called the gate.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fugong_common::entropy::Entropy;
use fugong_common::keys::{Fingerprint, Signer, SoftwareKey};
use fugong_common::time::Millis;
use fugong_common::trust::{DemoRoots, TrustError, TrustStore};
use fugong_common::wire::{self, EnrolAnswer, EnrolRequest, Enrolment, GateProblem};

use crate::config::Config;
use crate::store::{self, Store, StoreError};
use crate::view::EnrolmentStatus;

/// Whether an administrator confirmed the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Waiting,
    Confirmed,
    CutOff,
}

impl Standing {
    const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Confirmed => "confirmed",
            Self::CutOff => "cut_off",
        }
    }

    fn from_code(code: &str) -> Result<Self, StoreError> {
        match code {
            "waiting" => Ok(Self::Waiting),
            "confirmed" => Ok(Self::Confirmed),
            "cut_off" => Ok(Self::CutOff),
            _ => Err(StoreError::Corrupt { table: "enrolment", column: "state" }),
        }
    }
}

/// An enrolled verifier.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// Scheme, host, port.
    pub issuer: String,
    pub gate_id: String,
    pub gate_name: String,
    pub audience: String,
    /// The root believed now.
    pub root: Fingerprint,
    pub standing: Standing,
    pub device: Arc<SoftwareKey>,
}

impl Enrolled {
    /// What was kept, if the verifier was ever enrolled.
    pub async fn load(store: &Store) -> Result<Option<Self>, StoreError> {
        type Row = (String, String, String, String, Vec<u8>, String);
        let row: Option<Row> = sqlx::query_as(
            "SELECT issuer, gate_id, gate_name, audience, root, state FROM enrolment WHERE one = 1",
        )
        .fetch_optional(store.pool())
        .await?;
        let Some((issuer, gate_id, gate_name, audience, root, state)) = row else {
            return Ok(None);
        };
        let standing = Standing::from_code(&state)?;
        let device = match (store::load_device_key(store.dir())?, standing) {
            (Some(key), _) => Arc::new(key),
            // Once cut off and rid of its last entries, a gate has no key any more: nothing is signed with this one.
            (None, Standing::CutOff) => Arc::new(SoftwareKey::from_seed(&[0; 32])),
            (None, _) => {
                return Err(StoreError::Corrupt { table: "enrolment", column: "device key" });
            }
        };
        let root = root
            .try_into()
            .map(Fingerprint)
            .map_err(|_| StoreError::Corrupt { table: "enrolment", column: "root" })?;
        Ok(Some(Self { issuer, gate_id, gate_name, audience, root, standing, device }))
    }

    /// Where the enrolment stands, as people are told.
    pub fn status(&self) -> EnrolmentStatus {
        let gate_name = self.gate_name.clone();
        let issuer = self.issuer.clone();
        let device_fingerprint = self.device_fingerprint().to_string();
        match self.standing {
            Standing::Waiting => EnrolmentStatus::Waiting { gate_name, issuer, device_fingerprint },
            Standing::Confirmed => {
                EnrolmentStatus::Enrolled { gate_name, issuer, device_fingerprint }
            }
            Standing::CutOff => EnrolmentStatus::CutOff,
        }
    }

    /// Fingerprint that the administrator compares.
    pub fn device_fingerprint(&self) -> Fingerprint {
        self.device.public_key().fingerprint()
    }

    async fn save(&self, store: &Store, now: Millis) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO enrolment (one, issuer, gate_id, gate_name, audience, root, state, enrolled_at) \
             VALUES (1, $1, $2, $3, $4, $5, $6, $7) ON CONFLICT (one) DO UPDATE SET \
             issuer = excluded.issuer, gate_id = excluded.gate_id, gate_name = excluded.gate_name, \
             audience = excluded.audience, root = excluded.root, state = excluded.state, \
             enrolled_at = excluded.enrolled_at",
        )
        .bind(&self.issuer)
        .bind(&self.gate_id)
        .bind(&self.gate_name)
        .bind(&self.audience)
        .bind(self.root.0.as_slice())
        .bind(self.standing.code())
        .bind(now.0)
        .execute(store.pool())
        .await?;
        Ok(())
    }

    /// Notes what the issuer says of this gate.
    pub async fn set_standing(store: &Store, standing: Standing) -> Result<(), StoreError> {
        sqlx::query("UPDATE enrolment SET state = $1 WHERE one = 1")
            .bind(standing.code())
            .execute(store.pool())
            .await?;
        Ok(())
    }
}

/// Why enrolling failed.
#[derive(Debug)]
pub enum EnrolError {
    /// The issuer can't be reached.
    Unreachable(String),
    /// The issuer said no.
    Refused(String),
    /// Another root than the one that people compared.
    OtherRoot {
        told: Fingerprint,
        found: Fingerprint,
    },
    Trust(TrustError),
    Store(StoreError),
    /// Belongs to somebody already.
    AlreadyEnrolled(String),
}

impl fmt::Display for EnrolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => {
                write!(f, "the issuer cannot be reached ({error}); check address and network")
            }
            Self::Refused(detail) => write!(
                f,
                "the issuer refused: {detail}; codes work once, for 15 minutes, so have a new one made if in doubt"
            ),
            Self::OtherRoot { told, found } => write!(
                f,
                "the issuer's root key is {found}, but {told} was expected: somebody may be in between. Compare the fingerprint with the administrator and do not enrol until it fits"
            ),
            Self::Trust(error) => write!(f, "{error}"),
            Self::Store(error) => write!(f, "{error}"),
            Self::AlreadyEnrolled(gate) => write!(
                f,
                "this data directory belongs to gate {gate} already; give the new gate a data directory of its own"
            ),
        }
    }
}

impl std::error::Error for EnrolError {}

impl From<StoreError> for EnrolError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<TrustError> for EnrolError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}

/// Whether roots of sample towns are believed.
pub const fn demo_roots(config: &Config) -> DemoRoots {
    if config.accept_sample { DemoRoots::Accept } else { DemoRoots::Refuse }
}

/// Presents a one-time code to the issuer with a key made here, and believes the answer only under the root that was told.
///
/// # Errors
/// [`EnrolError`]; nothing is kept then.
pub async fn enrol(
    store: &Store,
    config: &Config,
    http: &reqwest::Client,
    entropy: &dyn Entropy,
    enrolment: &Enrolment,
    now: Millis,
) -> Result<Enrolled, EnrolError> {
    if let Some(known) = Enrolled::load(store).await?
        && known.standing != Standing::CutOff
    {
        return Err(EnrolError::AlreadyEnrolled(known.gate_name));
    }
    let device = SoftwareKey::generate(entropy);
    let request = EnrolRequest {
        code: enrolment.code.clone(),
        device_key: device.public_key(),
        software: format!("fugong-verifier {}", env!("CARGO_PKG_VERSION")),
    };
    let unreachable = |error: reqwest::Error| EnrolError::Unreachable(error.to_string());
    let response = http
        .post(format!("{}{}", enrolment.issuer, wire::ENROL))
        .timeout(Duration::from_secs(30))
        .json(&request)
        .send()
        .await
        .map_err(unreachable)?;
    if !response.status().is_success() {
        let status = response.status();
        let problem = response.json::<GateProblem>().await;
        let detail =
            problem.map_or_else(|_| status.to_string(), |p| format!("{} ({})", p.detail, p.code));
        return Err(EnrolError::Refused(detail));
    }
    let answer: EnrolAnswer = response.json().await.map_err(unreachable)?;
    let found = answer.root_key.fingerprint();
    if found != enrolment.root {
        return Err(EnrolError::OtherRoot { told: enrolment.root, found });
    }
    let trust = TrustStore::new(enrolment.root, demo_roots(config)).accept(&answer.trust_list.0)?;
    store::save_device_key(store.dir(), &device)?;
    let enrolled = Enrolled {
        issuer: enrolment.issuer.clone(),
        gate_id: answer.gate_id,
        gate_name: answer.gate_name,
        audience: answer.audience,
        root: trust.store.root(),
        standing: Standing::Waiting,
        device: Arc::new(device),
    };
    enrolled.save(store, now).await?;
    Ok(enrolled)
}
